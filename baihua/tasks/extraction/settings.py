"""The numbers of an entity extractor and of its training."""

from dataclasses import dataclass

from baihua.checks import InvalidValue, check_choice

HEADS = ("efficient_global_pointer", "global_pointer", "crf")


@dataclass(frozen=True)
class ExtractionSettings:
    """How an extractor is built and trained.

    Args:
        epochs: times that the texts are gone through, at most.
        batch_size: windows of a batch.
        learning_rate: the highest, after a warm-up and before a linear decay; None for 2e-5, the article's, from width 768
            on, and 5e-4 for smaller encoders.
        head_rate: the learning rate of the head, times that of the encoder, whose weights are no longer random. 5 did better
            than 1 for each head in a trial with one seed, on training texts of CMeEE held aside.
        max_length: tokens of a window in training, special ones included; None for as many as the encoder takes.
        head_size: of queries and keys; even with rotary positions.
        rotary: let scores know how far apart first and last token are; without it see the article.
        max_width: tokens of the widest entity that can be found; None for any.
        dropout: of the encoder in training.
        patience: epochs without a better F1 on dev after which training stops.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of the head's weights, the order and dropout.
        save_every: seconds between checkpoints, where a folder is given for them.
    """

    epochs: int = 10
    batch_size: int = 16
    learning_rate: float | None = None
    head_rate: float = 5.0
    max_length: int | None = 256
    head_size: int = 64
    rotary: bool = True
    max_width: int | None = 64
    dropout: float = 0.1
    patience: int = 3
    precision: str = "float32"
    seed: int = 0
    save_every: float = 300.0

    def __post_init__(self) -> None:
        check_choice("precision", self.precision, ("float32", "bfloat16"))
        least = {
            "epochs": 1,
            "batch_size": 1,
            "max_length": 8,
            "head_size": 2,
            "max_width": 1,
            "patience": 1,
            "save_every": 0,
        }
        for name, low in least.items():
            value = getattr(self, name)
            if value is not None and value < low:
                raise InvalidValue(
                    zh=f"{name} 至少为 {low}，收到 {value}。",
                    en=f"{name} must be at least {low}, but received {value}.",
                )
        if self.rotary and self.head_size % 2:
            raise InvalidValue(
                zh=f"旋转位置要求 head_size 为偶数，收到 {self.head_size}。",
                en=f"Rotary positions need an even head_size, but received {self.head_size}.",
            )
        if not 0 <= self.dropout < 1:
            raise InvalidValue(
                zh=f"dropout 应在 0（含）与 1（不含）之间，收到 {self.dropout}。",
                en=f"dropout must lie from 0 to below 1, but received {self.dropout}.",
            )
        if not 0 < self.head_rate <= 1000:
            raise InvalidValue(
                zh=f"head_rate 应大于 0，不超过 1000，收到 {self.head_rate}。",
                en=f"head_rate must be above 0 and at most 1000, but received {self.head_rate}.",
            )
        if self.learning_rate is not None and not 0 < self.learning_rate < 1:
            raise InvalidValue(
                zh=f"learning_rate 应在 0 与 1 之间，收到 {self.learning_rate}。",
                en=f"learning_rate must lie between 0 and 1, but received {self.learning_rate}.",
            )

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 2e-5 if width >= 768 else 5e-4
