"""Splitting a document in two, so that finding the other half tests an encoder without any labels."""

import re
import unicodedata
from itertools import islice, takewhile

FEWEST_VISIBLE = 8
# A stop of a sentence or clause with whatever closes after it. An ASCII stop between letters or digits, as in 3.14
# or baihua.text, ends nothing.
_STOP = re.compile(r"(?:[。！？；，、：…\n]|[.!?;,:](?![0-9A-Za-z]))+[”’』」》）】\"')\]]*")

_JOINTS = ".,:'’@_/-"


def split_in_halves(text: str) -> tuple[str, str] | None:
    """Split a text at the punctuation nearest its middle.

    Where none stands within the middle half, the text is split at its middle character, but not within a word of
    Latin letters or digits nor between a character and the marks that combine with it, if that can be avoided.

    Args:
        text: any text; white space around it and around the cut is dropped.

    Returns:
        Both halves, neither empty, or None when fewer than 8 characters are visible.

    Example:
        >>> split_in_halves("昨天买的手机，今天就充不进电了。")
        ('昨天买的手机，', '今天就充不进电了。')
        >>> split_in_halves("太短了") is None
        True
    """
    text = text.strip()
    if len(list(islice(filter(_is_visible, text), FEWEST_VISIBLE))) < FEWEST_VISIBLE:
        return None
    cut = _stop_near_middle(text) or _gap_near_middle(text)
    return text[:cut].rstrip(), text[cut:].lstrip()


def _stop_near_middle(text: str) -> int | None:
    middle = len(text) / 2
    first, last = len(text) // 4, len(text) - len(text) // 4
    found = takewhile(lambda stop: stop.start() < last, _STOP.finditer(text, first))
    cuts = (stop.end() for stop in found if stop.end() <= last)
    return min(cuts, key=lambda cut: abs(cut - middle), default=None)


def _gap_near_middle(text: str) -> int:
    """Return the place nearest the middle that breaks no word, else one that breaks no character."""
    middle = len(text) // 2
    places = sorted(range(1, len(text)), key=lambda place: abs(place - middle))
    for breaks in (_breaks_word, _breaks_character):
        for place in places:
            if not breaks(text, place):
                return place
    return middle


def _breaks_word(text: str, place: int) -> bool:
    """Say whether a cut would part a word, a number such as 3.14 or a name such as baihua.text."""
    before, after = text[place - 1], text[place]
    if before in _JOINTS and place >= 2:
        before = text[place - 2]
    elif after in _JOINTS:
        after = text[place + 1 : place + 2] or " "
    return (_is_in_word(before) and _is_in_word(after)) or _breaks_character(text, place)


def _breaks_character(text: str, place: int) -> bool:
    """Say whether a cut would part a character from a mark, variation, skin tone or joiner that belongs to it."""
    before, after, joiner = text[place - 1], text[place], "\u200d"
    if before == joiner or after == joiner or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff":  # the two letters of a flag
        return True
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return True
    return unicodedata.category(after) in ("Mn", "Mc", "Me")


def _is_in_word(character: str) -> bool:
    """Say whether a character is a letter or digit of a script with spaces between words (full width included)."""
    return character.isalnum() and (character < "\u2e80" or "\uff10" <= character <= "\uff5a")


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cc", "Cf", "Mn", "Me")
