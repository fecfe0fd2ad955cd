"""The numbers of a text classifier and of its training."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidValue, check_choice

METHODS = ("linear", "fine_tune", "contrastive")
METHOD_ALIASES = {"finetune": "fine_tune", "fine-tune": "fine_tune", "setfit": "contrastive", "probe": "linear"}
POOLINGS = ("cls", "mean", "max")


@dataclass(frozen=True)
class ClassificationSettings:
    """How a classifier is trained. ``"linear"`` has no training but that of its last layer, and uses the seed alone.

    Args:
        epochs: times that the texts are gone through.
        least_steps: optimizer steps at least: of few texts there are as many more epochs.
        batch_size: texts of a batch, or, for ``"contrastive"``, pairs to compare.
        learning_rate: the highest, after a warm-up and before a linear decay; None for 2e-5 from width 768 on, and 1e-4 for
            smaller encoders: with 5e-4, which is good for their entities, a handful of texts is soon known by heart.
        head_rate: the learning rate of the last layer of ``"fine_tune"``, times that of the encoder, whose weights are no
            longer random.
        max_length: tokens of a text, or of a pair, special ones included; None for as many as the encoder takes. The vectors
            of ``"linear"``, and those ``"contrastive"`` ends with, are of as many as it takes in any case.
        pooling: of ``"fine_tune"``: ``"cls"``, ``"mean"`` or ``"max"``; the others have the encoder's own. A [CLS] that no
            task has trained says little.
        dropout: in training.
        patience: looks at dev that bring neither a better accuracy nor a lower loss, after which training stops.
        num_pairs: that ``"contrastive"`` draws, half of them of texts with the same label; None for 40 times the number of
            texts, but at least 1000 and at most 20 000.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of the head's weights, the order, the pairs and dropout; for ``"linear"`` of the folds.
        save_every: seconds between checkpoints, where a folder is given for them.
    """

    epochs: int = 10
    least_steps: int = 200
    batch_size: int = 16
    learning_rate: float | None = None
    head_rate: float = 5.0
    max_length: int | None = 256
    pooling: str = "mean"
    dropout: float = 0.1
    patience: int = 5
    num_pairs: int | None = None
    precision: str = "float32"
    seed: int = 0
    save_every: float = 300.0

    def __post_init__(self) -> None:
        check_choice("pooling", self.pooling, POOLINGS)
        check_numbers(self, {"least_steps": 1, "num_pairs": 2})
        if not 0 < self.head_rate <= 1000:
            raise InvalidValue(
                zh=f"head_rate 应大于 0，不超过 1000，收到 {self.head_rate}。",
                en=f"head_rate must be above 0 and at most 1000, but received {self.head_rate}.",
            )

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 2e-5 if width >= 768 else 1e-4

    def chosen(self, width: int) -> dict[str, Any]:
        """Return what is left to the settings to choose, for an encoder of some width, as a record has it."""
        return {"rates": self.rate(width)}


def check_numbers(settings: Any, least: Mapping[str, float]) -> None:
    """Refuse settings of a training that make no sense.

    Args:
        settings: has ``epochs``, ``batch_size``, ``max_length``, ``patience``, ``save_every``, ``seed``, ``learning_rate``,
            ``dropout`` and ``precision``.
        least: the least that other fields may be.

    Raises:
        InvalidValue: naming the field.
    """
    check_choice("precision", settings.precision, ("float32", "bfloat16"))
    usual = {"epochs": 1, "batch_size": 1, "max_length": 8, "patience": 1, "save_every": 0, "seed": 0}
    for name, low in {**usual, **least}.items():
        value = getattr(settings, name)
        if value is not None and not value >= low:
            raise InvalidValue(
                zh=f"{name} 至少为 {low}，收到 {value}。",
                en=f"{name} must be at least {low}, but received {value}.",
            )
    if not 0 <= settings.dropout < 1:
        raise InvalidValue(
            zh=f"dropout 应在 0（含）与 1（不含）之间，收到 {settings.dropout}。",
            en=f"dropout must lie from 0 to below 1, but received {settings.dropout}.",
        )
    if settings.learning_rate is not None and not 0 < settings.learning_rate < 1:
        raise InvalidValue(
            zh=f"learning_rate 应在 0 与 1 之间，收到 {settings.learning_rate}。",
            en=f"learning_rate must lie between 0 and 1, but received {settings.learning_rate}.",
        )
