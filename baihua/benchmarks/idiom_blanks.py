"""Texts with several blanks, one question a blank: the blank asked for is marked once, the others are masked (CHID).

A record has sentences, each with blanks ``#idiomNNNNNN#``, and one list of idioms for all of them. Each blank is a question of
its own: [CLS] idiom [SEP] text [SEP], where one marker stands for the blank asked for and four [MASK] for each other. The text
is cut at both ends so that the marker stays in the middle.

Source:
    https://kexue.fm/archives/8739 and ``src/chid.py`` of https://github.com/bojone/CLUE-bert4keras.
"""

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from baihua.checks import InvalidValue

Token = TypeVar("Token")

BLANK = re.compile(r"#idiom\d{6}#")
IDIOM_LENGTH = 4  # tokens of an idiom, and of a blank not asked for
MAX_LENGTH = 64
NUM_SPECIAL = 3  # [CLS] idiom [SEP] text [SEP]


@dataclass(frozen=True)
class IdiomQuestion:
    """One blank of a sentence.

    Args:
        blank: its name, as it is handed in.
        pieces: the text between the blanks of the sentence, one more than there are blanks; some may be empty.
        place: which of the blanks is asked for, from 0.
    """

    blank: str
    pieces: tuple[str, ...]
    place: int


def split_blanks(sentences: Iterable[str]) -> list[IdiomQuestion]:
    """Return one question per blank, in the order of the text.

    Example:
        >>> questions = split_blanks(["他#idiom000001#，又#idiom000002#。", "她#idiom000003#。"])
        >>> questions[1]
        IdiomQuestion(blank='#idiom000002#', pieces=('他', '，又', '。'), place=1)
        >>> len(questions)
        3
    """
    return [
        IdiomQuestion(blank, tuple(BLANK.split(sentence)), place)
        for sentence in sentences
        for place, blank in enumerate(BLANK.findall(sentence))
    ]


def text_budget(max_length: int = MAX_LENGTH) -> int:
    """Return how many tokens are left for a text, its marker included, beside an idiom and three special tokens.

    Example:
        >>> text_budget()
        57
    """
    return max_length - NUM_SPECIAL - IDIOM_LENGTH


def mark_blank(
    pieces: Sequence[Sequence[Token]],
    place: int,
    *,
    marker: Token,
    mask: Token,
    budget: int,
) -> list[Token]:
    """Return the tokens of a text with one blank marked and the others masked, cut to a budget.

    What is farthest from the marker goes first, on the longer side, of equal ones on the right; of a masked blank all goes or
    nothing. So the marker is never lost and stands in the middle of what is left, unless the text ends near it.

    Args:
        pieces: the tokens between the blanks, see `IdiomQuestion`.
        place: which blank is asked for, from 0.
        marker: the token that stands for it, ``[unused1]`` in the article's code.
        mask: the token of which `IDIOM_LENGTH` stand for each other blank.
        budget: how many tokens may be left, see `text_budget`.

    Returns:
        The tokens; the marker is among them once.

    Raises:
        InvalidValue: when there is no such blank, or no room for the marker.

    Example:
        >>> "".join(mark_blank(["他真是", "，又", "。"], 1, marker="?", mask="_", budget=9))
        '是____，又?。'
    """
    if budget < 1 or not 0 <= place < len(pieces) - 1:
        raise InvalidValue(
            zh=f"没有第 {place} 个空（从 0 数，共 {len(pieces) - 1} 个），或者 {budget} 个词元放不下标记。",
            en=f"There is no blank {place} (from 0) among {len(pieces) - 1}, or a budget of {budget} tokens has no room for the "
            "marker.",
        )
    masked = [mask] * IDIOM_LENGTH
    left, right = _units(pieces[: place + 1], masked), _units(pieces[place + 1 :], masked)
    num_left, num_right = sum(map(len, left)), sum(map(len, right))
    while num_left + 1 + num_right > budget:
        if num_left > num_right:
            num_left -= len(left.popleft())
        else:
            num_right -= len(right.pop())
    return [*_flat(left), marker, *_flat(right)]


def _units(pieces: Sequence[Sequence[Token]], masked: list[Token]) -> deque[list[Token]]:
    """Return what can be cut off one by one: a token, or all of a masked blank."""
    units: deque[list[Token]] = deque()
    for number, piece in enumerate(pieces):
        units.extend([masked] if number else [])
        units.extend([token] for token in piece)
    return units


def _flat(units: Iterable[Sequence[Token]]) -> list[Token]:
    return [token for unit in units for token in unit]
