"""The numbers of a training on CLUE: the article's, the official baselines', and today's, in one visible record per task.

``article``   AdaFactor at a constant rate, no warm-up, ten epochs, weights chosen on dev after each (kexue.fm 8739)
``official``  AdamW with the batch, length, epochs and rate of CLUE's own scripts (github.com/CLUEbenchmark/CLUE)
``modern``    AdamW with a warm-up and a linear decay, batches of 32, a few epochs, weights chosen on dev

The article's and the official numbers are for encoders of width 768. Narrower ones need larger steps of AdamW; AdaFactor's are
relative to the weights, and stay as they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from baihua.benchmarks.clue_tasks import find_task
from baihua.checks import InvalidValue, check_choice
from baihua.training.fit import FitSettings
from baihua.training.schedules import Schedule

NAMES = ("article", "official", "modern")
WIDE = 768
NARROW_FACTOR = 5.0  # from 2e-5 to 1e-4, as `baihua.tasks.classification.settings` has it


@dataclass(frozen=True)
class ClueSettings:
    """The numbers of one training.

    Args:
        max_length: tokens of a row.
        batch_size: rows of a batch; of questions with choices, questions; of CMRC2018, windows.
        epochs: times that the training part is gone through.
        learning_rate: the highest, for an encoder of width 768.
        optimizer: ``"adafactor"`` or ``"adamw"``.
        accumulation: batches whose gradients make one step.
        warmup: share of the steps over which the rate rises.
        decay: ``"constant"`` or ``"linear"``.
        weight_decay: of matrices, with AdamW.
        head_rate: the rate of the new layer, times that of the encoder.
        pooling: of the states that a text is classified by: ``"cls"``, ``"mean"`` or ``"max"``.
        dropout: of the encoder in training.
        patience: epochs without a better score on dev after which training stops; as many as there are to go through all.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of the head, the order and dropout.
    """

    max_length: int
    batch_size: int
    epochs: int
    learning_rate: float
    optimizer: str = "adamw"
    accumulation: int = 1
    warmup: float = 0.0
    decay: str = "constant"
    weight_decay: float = 0.01
    head_rate: float = 1.0
    pooling: str = "cls"
    dropout: float = 0.1
    patience: int = 1000
    precision: str = "float32"
    seed: int = 0
    least_steps: int | None = None
    save_every: float = 300.0

    def rate(self, width: int) -> float:
        """Return the learning rate for an encoder of some width.

        Example:
            >>> modern = settings_of("TNEWS", "modern")
            >>> modern.rate(768), modern.rate(312)
            (2e-05, 0.0001)
        """
        narrow = width < WIDE and self.optimizer != "adafactor"
        return self.learning_rate * NARROW_FACTOR if narrow else self.learning_rate

    def fit_settings(self, width: int, num_batches: int) -> FitSettings:
        """Return what `baihua.training.fit.fit` needs.

        Args:
            width: of the encoder.
            num_batches: that a process takes in the whole training.
        """
        adafactor = self.optimizer == "adafactor"
        return FitSettings(
            Schedule(steps=max(1, num_batches // self.accumulation), warmup=self.warmup, decay=self.decay),
            learning_rate=self.rate(width),
            optimizer=self.optimizer,
            weight_decay=0.0 if adafactor else self.weight_decay,
            accumulation=self.accumulation,
            max_norm=math.inf if adafactor else 1.0,  # the article shortens no gradient: AdaFactor bounds its own steps
            precision=self.precision,
            save_every=self.save_every,
            rate_factors={"head.": self.head_rate},
        )


def settings_of(task: str, name: str = "article") -> ClueSettings:
    """Return the numbers of a task.

    Args:
        task: of CLUE; capitals do not matter.
        name: one of `NAMES`.

    Raises:
        InvalidValue: for an unknown task or name, naming the nearest.

    Example:
        >>> settings_of("wsc").epochs, settings_of("wsc", "official").epochs
        (30, 50)
    """
    table = {"article": ARTICLE, "official": OFFICIAL, "modern": MODERN}
    return table[check_choice("settings", name, NAMES)][find_task(task).name]


def parse_changes(assignments: Sequence[str]) -> dict[str, Any]:
    """Read words such as ``"epochs=3"`` into numbers of the kind each has.

    Raises:
        InvalidValue: for a word without ``=``, an unknown name (naming the nearest), or a value of another kind.

    Example:
        >>> parse_changes(["epochs=3", "learning_rate=1e-4", "precision=bfloat16"])
        {'epochs': 3, 'learning_rate': 0.0001, 'precision': 'bfloat16'}
    """
    kinds = {field.name: type(getattr(_SHORT, field.name)) for field in fields(ClueSettings)}
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        name = check_choice("--set", name.strip(), kinds)
        try:
            found[name] = (int if name == "least_steps" else kinds[name])(text.strip() if equals else "")
        except ValueError:
            raise InvalidValue(
                zh=f"--set 应写成 名字=值，{name} 应是 {kinds[name].__name__}，收到 {assignment!r}。",
                en=f"--set takes name=value, and {name} must be of the kind {kinds[name].__name__}, not {assignment!r}.",
            ) from None
    return found


_SHORT = ClueSettings(128, 32, 10, 5e-4, optimizer="adafactor")
ARTICLE = {
    "AFQMC": _SHORT,
    "TNEWS": _SHORT,
    "IFLYTEK": _SHORT,
    "CMNLI": _SHORT,
    "OCNLI": _SHORT,
    "WSC": replace(_SHORT, epochs=30),
    "CSL": _SHORT,
    "CMRC2018": replace(_SHORT, max_length=512, batch_size=16, accumulation=2),
    "CHID": replace(_SHORT, max_length=64, batch_size=12, epochs=5, accumulation=2),
    "C3": replace(_SHORT, max_length=512, batch_size=4, accumulation=4),
    "CLUENER": replace(_SHORT, max_length=256),
}
_PLAIN = ClueSettings(128, 16, 3, 2e-5, decay="linear", warmup=0.1)
OFFICIAL = {
    "AFQMC": _PLAIN,
    "TNEWS": _PLAIN,
    "IFLYTEK": replace(_PLAIN, batch_size=32),
    "CMNLI": replace(_PLAIN, batch_size=64, epochs=2, learning_rate=3e-5),
    "OCNLI": _PLAIN,  # not among the baselines of CLUE 1.0: those of AFQMC
    "WSC": replace(_PLAIN, batch_size=8, epochs=50),
    "CSL": replace(_PLAIN, batch_size=4, max_length=256, epochs=5, learning_rate=1e-5),
    "CMRC2018": replace(_PLAIN, batch_size=32, max_length=512, epochs=2, learning_rate=3e-5),
    "CHID": replace(_PLAIN, batch_size=24, max_length=64, warmup=0.06),
    "C3": replace(_PLAIN, batch_size=24, max_length=512, epochs=8),
    "CLUENER": replace(_PLAIN, max_length=256),  # nor this one
}
_TODAY = ClueSettings(128, 32, 5, 2e-5, decay="linear", warmup=0.1, head_rate=5.0, pooling="mean", patience=2)
MODERN = {
    "AFQMC": _TODAY,
    "TNEWS": _TODAY,
    "IFLYTEK": replace(_TODAY, max_length=256, epochs=8),
    "CMNLI": replace(_TODAY, epochs=3),
    "OCNLI": _TODAY,
    "WSC": replace(_TODAY, batch_size=16, epochs=30, patience=10),
    "CSL": replace(_TODAY, max_length=256),
    "CMRC2018": replace(_TODAY, max_length=512, batch_size=16, epochs=3, learning_rate=3e-5),
    "CHID": replace(_TODAY, max_length=64, epochs=3),
    "C3": replace(_TODAY, max_length=512, batch_size=8, epochs=5),
    "CLUENER": replace(_TODAY, max_length=256, epochs=10),
}
