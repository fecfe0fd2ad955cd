"""The numbers of a variational autoencoder that are seldom touched."""

from dataclasses import dataclass

from baihua.checks import InvalidValue

# A batch of one has no spread to normalise by.
LEAST = {"hidden_size": 1, "embedding_size": 1, "max_length": 1, "steps": 1, "batch_size": 2, "seed": 0}


@dataclass(frozen=True)
class AutoencoderSettings:
    """The size of the model and how it is trained.

    Args:
        hidden_size: of the encoder's and the decoder's hidden layer or GRU.
        embedding_size: of a token, for texts.
        max_length: tokens kept of a text, its end included.
        word_dropout: share of the tokens hidden from a text's decoder in training; more makes it need the code.
        weight: of the divergence in the loss; 1 is the evidence lower bound.
        free_nats: divergence that costs nothing ("free bits").
        annealing: share of the training over which the weight rises from 0.
        steps: of the training.
        batch_size: rows of a step, at least 2.
        learning_rate: the highest.
        seed: of everything random, 0 or more.

    Raises:
        InvalidValue: for a number out of its range.
    """

    hidden_size: int = 256
    embedding_size: int = 64
    max_length: int = 32
    word_dropout: float = 0.0
    weight: float = 1.0
    free_nats: float = 0.0
    annealing: float = 0.0
    steps: int = 2000
    batch_size: int = 64
    learning_rate: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise InvalidValue(
                    zh=f"{name} 应是不小于 {least} 的整数，收到 {value!r}。",
                    en=f"{name} must be a whole number of at least {least}, but received {value!r}.",
                )
        for name in ("word_dropout", "annealing"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidValue(
                    zh=f"{name} 是几分之几，应在 0 与 1 之间，收到 {getattr(self, name)}。",
                    en=f"{name} is a share, from 0 to 1, but received {getattr(self, name)}.",
                )
        for name in ("weight", "free_nats", "learning_rate"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InvalidValue(
                    zh=f"{name} 应不小于 0，收到 {getattr(self, name)}。",
                    en=f"{name} must be 0 or more, but received {getattr(self, name)}.",
                )

    @property
    def annealing_batches(self) -> int:
        """Steps over which the weight rises."""
        return round(self.annealing * self.steps)
