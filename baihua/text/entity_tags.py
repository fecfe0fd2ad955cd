"""Entities as one tag for each token, and back: BIO, BIOES and BMES."""

import re
from collections.abc import Iterable, Sequence

from baihua.checks import InvalidValue, check_choice

SCHEMES = {"bio": "BIIB", "bioes": "BIES", "bmes": "BMES"}  # first, inner, last and only token of an entity
_TAG = re.compile(r"O|[BIMES]-\S+")


def is_tag(word: str) -> bool:
    """Say whether a word is a tag of any of the schemes.

    Example:
        >>> is_tag("B-PER.NAM"), is_tag("O"), is_tag("B_PER")
        (True, True, False)
    """
    return _TAG.fullmatch(word) is not None


def scheme_of(tags: Iterable[str]) -> str:
    """Return the scheme that tags are written in; tags of two schemes at once count as the richer one.

    Args:
        tags: all tags of a file.

    Returns:
        ``"bmes"`` when one begins with M, else ``"bioes"`` when one begins with E or S, else ``"bio"``.

    Example:
        >>> scheme_of(["O", "B-PER", "E-PER"])
        'bioes'
    """
    letters = {tag[0] for tag in tags}
    if "M" in letters:
        return "bmes"
    return "bioes" if letters & {"E", "S"} else "bio"


def spell_tags(num_tokens: int, spans: Iterable[tuple[int, int, str]], scheme: str = "bio") -> list[str]:
    """Return the tags of some tokens.

    Args:
        num_tokens: how many there are.
        spans: first token, the one after the last, and type of each entity; no two may share a token.
        scheme: ``"bio"``, ``"bioes"`` or ``"bmes"``.

    Returns:
        One tag for each token.

    Raises:
        InvalidValue: for another scheme, spans that share a token or reach beyond the tokens.

    Example:
        >>> spell_tags(4, [(0, 2, "人"), (3, 4, "地")], "bmes")
        ['B-人', 'E-人', 'O', 'S-地']
        >>> spell_tags(4, [(0, 2, "人"), (3, 4, "地")])
        ['B-人', 'I-人', 'O', 'B-地']
    """
    check_choice("scheme", scheme, SCHEMES)
    first, inner, last, only = tuple(SCHEMES[scheme])
    tags = ["O"] * num_tokens
    for start, end, kind in spans:
        if not 0 <= start < end <= num_tokens or any(tag != "O" for tag in tags[start:end]):
            raise InvalidValue(
                zh=f"{kind} 从 {start} 到 {end}（不含）与别的实体重叠或越界，每个词元只能有一个标签；请先去掉重叠的实体。",
                en=f"{kind} from {start} to {end} (exclusive) overlaps with another entity or reaches beyond the tokens, "
                "each of which has one tag. Remove entities that overlap first.",
            )
        letters = only if end - start == 1 else first + inner * (end - start - 2) + last
        tags[start:end] = [f"{letter}-{kind}" for letter in letters]
    return tags


def read_tags(tags: Sequence[str]) -> tuple[list[tuple[int, int, str]], int]:
    """Return the entities that tags spell, in any of the schemes.

    An inner or last tag with no entity of its type before it begins one, as in the CoNLL script, and an entity ends
    wherever its type does.

    Args:
        tags: one for each token.

    Returns:
        First token, the one after the last, and type of each entity; and how many tags began one out of order.

    Example:
        >>> read_tags(["B-人", "I-人", "O", "I-地", "B-地"])
        ([(0, 2, '人'), (3, 4, '地'), (4, 5, '地')], 1)
        >>> read_tags(["B-人", "M-人", "E-人", "S-人"])
        ([(0, 3, '人'), (3, 4, '人')], 0)
    """
    spans: list[tuple[int, int, str]] = []
    open_type: str | None = None
    out_of_order = 0
    for place, tag in enumerate(tags):
        letter, _, kind = tag.partition("-")
        if letter == "O":
            open_type = None
            continue
        if letter in "IME" and kind == open_type:
            spans[-1] = (spans[-1][0], place + 1, kind)
        else:
            out_of_order += letter in "IME"
            spans.append((place, place + 1, kind))
        open_type = None if letter in "ES" else kind
    return spans, out_of_order
