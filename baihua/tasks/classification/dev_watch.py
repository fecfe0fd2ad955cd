"""Watching the training of a classifier: the weights with the best accuracy on texts held aside are kept."""

from dataclasses import dataclass

from baihua.training.dev_watch import BEST, LOOKS, EpochLook, EpochWatch

__all__ = ["BEST", "LOOKS", "DevWatch", "Look"]

# A loss less below the lowest than this is not lower: that of a model right throughout falls for ever.
LEAST_GAIN = 1e-3


@dataclass(frozen=True)
class Look(EpochLook):
    """How a training stood after an epoch.

    Args:
        epoch: epochs done.
        accuracy: on the texts held aside, a fraction.
        loss: mean log loss there, of those whose label is known.
    """

    accuracy: float
    loss: float


class DevWatch(EpochWatch[Look]):
    """Keep the weights with the best accuracy; of equals, those with the lowest loss.

    Args:
        weights: the module that is trained.
        score: returns accuracy and loss of the module as it is.
        patience: looks that bring neither a better accuracy nor a lower loss, after which it is enough. While the loss still
            falls, a model of many labels that gets none right yet is learning.
        folder: where the looks and the best weights are kept too, so that a training that was cut off can go on; or None.
    """

    look_type = Look
    least_gains = (0.0, LEAST_GAIN)

    def figures(self, look: Look) -> tuple[float, ...]:
        """Return accuracy and negative loss."""
        return look.accuracy, -look.loss
