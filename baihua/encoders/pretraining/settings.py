"""The numbers of a pre-training."""

from dataclasses import dataclass

from baihua.checks import InvalidValue, check_choice
from baihua.encoders.pretraining.masking import UNITS
from baihua.encoders.pretraining.objectives import OBJECTIVES
from baihua.training.optimizers import OPTIMIZERS
from baihua.training.schedules import Schedule


@dataclass(frozen=True)
class PretrainSettings:
    """The numbers of a pre-training.

    Args:
        schedule: its length, in steps or minutes.
        objective: ``"masked"``, ``"replaced"`` (hidden tokens, and which tokens its own guesses replaced) or ``"causal"``.
        length: tokens of a row, special ones included.
        batch_size: rows of a batch.
        optimizer: ``"adamw"`` or ``"muon"``.
        learning_rate: the highest, after the warm-up.
        unit: what is hidden together: ``"token"``, ``"word"`` or ``"span"``.
        rate: share of the tokens hidden.
        shifted: share of the batches that stand at positions drawn at random from all the model has, not at its first;
            so positions beyond ``length`` are trained too (Kiyono et al. 2021, arXiv 2109.05644, shifts every batch).
        long: share of the batches whose rows are as long as the model reads, in as many tokens as the others; what
            stands far apart in a text is met in these alone.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of order and masks.
    """

    schedule: Schedule
    objective: str = "masked"
    length: int = 128
    batch_size: int = 16
    optimizer: str = "adamw"
    learning_rate: float = 3e-4
    unit: str = "token"
    rate: float = 0.15
    shifted: float = 0.0
    long: float = 0.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("objective", self.objective, OBJECTIVES)
        check_choice("unit", self.unit, UNITS)
        check_choice("optimizer", self.optimizer, OPTIMIZERS)
        for name in ("shifted", "long"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise InvalidValue(
                    zh=f"{name} 是批次的比例，应在 0 与 1 之间，收到 {share}。",
                    en=f"{name}, a share of the batches, must lie between 0 and 1, but received {share}.",
                )
        if self.length < 8 or self.batch_size < 1:
            raise InvalidValue(
                zh=f"length 至少 8，batch_size 至少 1，收到 {self.length} 与 {self.batch_size}。",
                en=f"length must be at least 8 and batch_size at least 1, but received {self.length} and {self.batch_size}.",
            )
