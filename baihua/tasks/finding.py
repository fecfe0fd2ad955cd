"""One line of what `baihua.tasks.doctor` finds."""

from collections.abc import Sized
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something looked for in a file, and how often it was found.

    Args:
        name: what was looked for, such as ``"label_conflicts"``.
        count: how often it was found; for ``"longest"`` the number of tokens.
        share: the count as a part of all ``of``, a fraction; None where that makes no sense.
        examples: a few cases.
        serious: whether training on it would mislead.
        where: ``"train"`` or ``"dev"``.
        of: what is counted: ``"rows"``, ``"characters"`` or ``"tokens"``.
    """

    name: str
    count: int
    share: float | None
    examples: tuple[str, ...]
    serious: bool
    where: str = "train"
    of: str = "rows"


def share_of(found: Sized, everything: Sized) -> float:
    """Return how large a part of everything was found; 0 of nothing.

    Example:
        >>> share_of([1], [1, 2, 3, 4])
        0.25
    """
    return len(found) / max(len(everything), 1)
