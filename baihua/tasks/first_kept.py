"""Which rows are kept: each one, in order, unless one kept before it says the same."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from baihua.tasks.near_pairs import BLOCK, NearPairs

REVIEW_PER_ROW = 5  # a message template with a code in it is near thousands of others; a few show what it is

Numbers = npt.NDArray[np.int64]


@dataclass
class Choice:
    """What became of every row.

    Args:
        keepers: for each row the kept row that stands for it; itself when it is kept. Shape ``(num,)``.
        scores: the cosine with it; NaN where no cosine decided.
        review: pairs of kept rows that are near but not harmless, at most five of each later row.
        num_left_out: how many more such pairs there are.
    """

    keepers: Numbers
    scores: npt.NDArray[np.float32]
    review: NearPairs = field(default_factory=lambda: NearPairs.joined([]))
    num_left_out: int = 0


def keep_first(tiles: Iterator[NearPairs], forms: Numbers, marks: Numbers) -> Choice:
    """Go through the rows in order and keep each, unless a kept row has the same form or is near and harmless.

    Every removed row is compared with the kept row itself: there are no chains, in which a row falls because it is
    near one that is near another. A near pair is harmless when its marks are equal.

    Args:
        tiles: what `near_pairs` yields for these rows.
        forms: a number per row; rows of the same form say the same. Shape ``(num,)``.
        marks: a number per row; rows of different marks are never removed for being near. Shape ``(num,)``.

    Returns:
        The choice. A row near several kept rows goes to the nearest of them.

    Example:
        >>> near = NearPairs(np.array([1, 2]), np.array([0, 1]), np.array([0.9, 0.9], dtype=np.float32))
        >>> keep_first(iter([near]), np.array([0, 1, 2]), np.array([7, 7, 7])).keepers.tolist()  # 2 is near 1 alone
        [0, 0, 2]
    """
    num = len(forms)
    choice = Choice(np.arange(num), np.full(num, np.nan, dtype=np.float32))
    kept = np.zeros(num, dtype=np.bool_)
    keeper_of_form: dict[int, int] = {}
    review = []
    for start in range(0, num, BLOCK):
        block = range(start, min(start + BLOCK, num))
        nearest, risky, counts = _against_earlier(tiles, start // BLOCK, kept, marks, block)
        inside = next(tiles)
        same = marks[inside.rows] == marks[inside.others]
        _decide(block, [nearest, inside.where(same)], forms, kept, keeper_of_form, choice)
        odd = inside.where(~same & kept[inside.others])
        found = NearPairs.joined([*risky, odd])
        found = found.where(kept[found.rows]).best(REVIEW_PER_ROW)
        counts += np.bincount(odd.rows - start, minlength=len(block))
        choice.num_left_out += int(counts[kept[block.start : block.stop]].sum()) - len(found)
        review.append(found)
    choice.review = NearPairs.joined(review)
    return choice


def _against_earlier(
    tiles: Iterator[NearPairs], num_tiles: int, kept: npt.NDArray[np.bool_], marks: Numbers, block: range
) -> tuple[NearPairs, list[NearPairs], Numbers]:
    """Look at the blocks before this one: the nearest harmless kept row of each row, and the others for review."""
    nearest = NearPairs.joined([])
    risky = []
    counts = np.zeros(len(block), dtype=np.int64)
    for _ in range(num_tiles):
        tile = next(tiles)
        tile = tile.where(kept[tile.others])
        same = marks[tile.rows] == marks[tile.others]
        nearest = NearPairs.joined([nearest, tile.where(same).best(1)]).best(1)
        odd = tile.where(~same)
        counts += np.bincount(odd.rows - block.start, minlength=len(block))
        risky.append(odd.best(REVIEW_PER_ROW))
    return nearest, risky, counts


def _decide(
    block: range,
    harmless: list[NearPairs],
    forms: Numbers,
    kept: npt.NDArray[np.bool_],
    keeper_of_form: dict[int, int],
    choice: Choice,
) -> None:
    """Decide on the rows of one block, one after the other."""
    pairs = NearPairs.joined(harmless).best(len(kept))
    begins = np.searchsorted(pairs.rows, np.arange(block.start, block.stop + 1)).tolist()
    for row, first, last in zip(block, begins, begins[1:], strict=False):
        form = int(forms[row])
        if form in keeper_of_form:
            choice.keepers[row] = keeper_of_form[form]
            continue
        place = next((place for place in range(first, last) if kept[pairs.others[place]]), None)
        if place is None:
            kept[row] = True
            keeper_of_form[form] = row
        else:
            choice.keepers[row], choice.scores[row] = pairs.others[place], pairs.scores[place]
