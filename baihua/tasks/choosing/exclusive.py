"""Questions that share their choices and no answer: they choose together."""

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue
from baihua.maths.assignment import assign, independent


def choose_exclusively(scores: Sequence[npt.NDArray[np.float64]], groups: Sequence[Hashable]) -> list[int]:
    """Return the place of the choice of each question, no two questions of a group having the same.

    The total of the log probabilities is highest, so that a question whose own best is far ahead of its others has its way.

    Args:
        scores: of the choices of each question, shape ``(num_choices,)``.
        groups: the name of each question's group. One of more questions than choices cannot differ throughout: there each
            question chooses for itself.

    Raises:
        InvalidValue: for another number of groups than of questions, or a group whose questions have different numbers of
            choices.

    Example:
        >>> choose_exclusively([np.array([3.0, 2.9, 0.0]), np.array([3.0, 0.0, 0.0])], ["a", "a"])
        [1, 0]
    """
    if len(groups) != len(scores):
        raise InvalidValue(
            zh=f"有 {len(scores)} 道题，却有 {len(groups)} 个组名；应一题一个。",
            en=f"There are {len(scores)} questions but {len(groups)} names of groups. Give one for each.",
        )
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    chosen = [0] * len(scores)
    for group, places in members.items():
        if len({len(scores[place]) for place in places}) > 1:
            raise InvalidValue(
                zh=f"组 {group!r:.40} 的题选项数不同；同组的题应有相同的选项。",
                en=f"Questions of group {group!r:.40} have different numbers of choices. They must have the same choices.",
            )
        table = np.stack([scores[place] for place in places])  # (num_questions, num_choices)
        best = assign(table) if len(places) <= table.shape[1] else independent(table)
        for place, choice in zip(places, best, strict=True):
            chosen[place] = int(choice)
    return chosen
