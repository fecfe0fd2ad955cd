"""The numbers of a contrastive training."""

from dataclasses import dataclass

from baihua.checks import InvalidValue, check_choice

PARTS = ("all", "projection")


@dataclass(frozen=True)
class ContrastiveSettings:
    """The numbers of a contrastive training; the defaults are the article's for a small set of one's own sentences.

    Args:
        num_sentences: a random sample of so many distinct texts is trained on; None for all. The article found both more
            and fewer than 10 000 worse.
        epochs: times that these are gone through.
        batch_size: sentences of a batch.
        learning_rate: constant; None for 1e-5, the article's, from width 768 on, and 1e-4 for smaller encoders.
        max_length: tokens kept of a text in training.
        symmetric: which form of `baihua.nn.losses.info_nce`.
        train: ``"all"`` weights of the encoder, or a ``"projection"`` alone: one linear layer after a frozen encoder.
        chunk: rows run at once, where a batch does not fit into memory; see
            `baihua.encoders.sentence_model.SentenceModel`.
        guard_every: steps between two looks of the `CollapseGuard`; 0 for none.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of the sample, the order and dropout.
    """

    num_sentences: int | None = 10_000
    epochs: int = 1
    batch_size: int = 64
    learning_rate: float | None = None
    max_length: int = 64
    symmetric: bool = True
    train: str = "all"
    chunk: int | None = None
    guard_every: int = 40
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("train", self.train, PARTS)
        for name, least in (("num_sentences", 2), ("epochs", 1), ("batch_size", 2), ("max_length", 3), ("chunk", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidValue(
                    zh=f"{name} 至少为 {least}，收到 {value}。",
                    en=f"{name} must be at least {least}, but received {value}.",
                )

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 1e-5 if width >= 768 else 1e-4
