"""The numbers of an answer finder and of its training."""

from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidValue
from baihua.tasks.classification.settings import check_numbers


@dataclass(frozen=True)
class AnswerSettings:
    """How an answer finder is built and trained.

    Args:
        epochs: times that the windows are gone through.
        least_steps: optimizer steps at least: of few windows there are as many more epochs.
        batch_size: windows of a batch.
        learning_rate: the highest, after a warm-up and before a linear decay; None for 2e-5 from width 768 on, and 2e-4 for
            smaller encoders.
        head_rate: the learning rate of the head, times that of the encoder.
        max_length: tokens of a window with its question, special ones included; None for as many as the encoder takes.
        stride: tokens from one window of a long context to the next.
        max_question: tokens of a question; more are cut off.
        max_answer: tokens of the longest answer that is looked for; None for any.
        head_size: of queries and keys, an even number.
        dropout: in training.
        patience: looks at dev that bring nothing better, after which training stops.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of the head's weights, the order and dropout.
        save_every: seconds between checkpoints, where a folder is given for them.
    """

    epochs: int = 3
    least_steps: int = 100
    batch_size: int = 16
    learning_rate: float | None = None
    head_rate: float = 5.0
    max_length: int | None = 512
    stride: int = 128
    max_question: int = 64
    max_answer: int | None = None
    head_size: int = 64
    dropout: float = 0.1
    patience: int = 3
    precision: str = "float32"
    seed: int = 0
    save_every: float = 300.0

    def __post_init__(self) -> None:
        check_numbers(self, {"least_steps": 1, "stride": 1, "max_question": 1, "max_answer": 1, "head_size": 2})
        if self.head_size % 2 or not 0 < self.head_rate <= 1000:
            raise InvalidValue(
                zh=f"head_size 应是偶数，head_rate 应大于 0、不超过 1000，收到 {self.head_size} 与 {self.head_rate}。",
                en="head_size must be even, and head_rate above 0 and at most 1000, but received "
                f"{self.head_size} and {self.head_rate}.",
            )

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 2e-5 if width >= 768 else 2e-4

    def chosen(self, width: int) -> dict[str, Any]:
        """Return what is left to the settings to choose, for an encoder of some width, as a record has it."""
        return {"rates": self.rate(width)}
