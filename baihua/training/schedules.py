"""How the learning rate moves while training goes on, by steps or by time."""

import math
from dataclasses import dataclass

from baihua.checks import InvalidValue, check_choice

SHAPES = ("constant", "linear", "cosine")


@dataclass(frozen=True)
class Schedule:
    """A warm-up and a decay over one training, whose length is a number of steps or of minutes.

    Args:
        steps: how many optimizer steps to take, or None.
        minutes: how long to train, or None. One of the two is given; a resumed training counts what it has had.
        warmup: share of the length over which the rate rises from 0.
        decay: ``"constant"``, ``"linear"`` (to 0) or ``"cosine"`` (to 0).

    Raises:
        InvalidValue: when none or both lengths are given, or a number makes no sense.

    Example:
        >>> schedule = Schedule(steps=100, warmup=0.1, decay="linear")
        >>> [round(schedule.factor(step, seconds=0), 2) for step in (0, 5, 10, 55, 100)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    steps: int | None = None
    minutes: float | None = None
    warmup: float = 0.1
    decay: str = "linear"

    def __post_init__(self) -> None:
        check_choice("decay", self.decay, SHAPES)
        lengths = [length for length in (self.steps, self.minutes) if length is not None]
        if len(lengths) != 1 or lengths[0] <= 0:
            raise InvalidValue(
                zh=f"训练长度要么给步数，要么给分钟数，且大于 0；收到 steps={self.steps}，minutes={self.minutes}。",
                en="Give the length of a training either in steps or in minutes, above 0; "
                f"received steps={self.steps}, minutes={self.minutes}.",
            )
        if not 0 <= self.warmup < 1:
            raise InvalidValue(
                zh=f"warmup 是总长的几分之几，应在 0 与 1 之间，收到 {self.warmup}。",
                en=f"warmup is a share of the length, from 0 to below 1, but received {self.warmup}.",
            )

    def done(self, step: int, seconds: float) -> float:
        """Return how much of the training is behind us, 0 to 1."""
        share = step / self.steps if self.steps is not None else seconds / 60 / (self.minutes or math.inf)
        return min(share, 1.0)

    def factor(self, step: int, seconds: float) -> float:
        """Return what to multiply the highest learning rate by.

        Args:
            step: optimizer steps taken.
            seconds: time trained.
        """
        done = self.done(step, seconds)
        if done < self.warmup:
            return done / self.warmup
        rest = (1 - done) / (1 - self.warmup)  # 1 after the warm-up, 0 at the end
        if self.decay == "constant":
            return 1.0
        return rest if self.decay == "linear" else (1 - math.cos(math.pi * rest)) / 2
