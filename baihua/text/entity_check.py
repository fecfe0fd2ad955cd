"""What a training would stumble over in texts with entities, found before it starts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from baihua.checks import check_same_length
from baihua.language import say
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_records import Problem, excerpt

Offsets = Sequence[Sequence[tuple[int, int]]]  # of each text, first character and the one after the last of each token

KINDS = (
    "out_of_range",
    "duplicate",
    "crossing",
    "nested",
    "whitespace_edge",
    "unalignable",
    "too_wide",
    "conflict",
)


def check_entities(
    texts: EntityTexts,
    offsets: Offsets | Callable[[list[str]], Offsets] | None = None,
    most_tokens: int | None = None,
) -> list[Problem]:
    """Look for what is wrong, or worth knowing, before anything is learned from texts.

    The kinds: ``"out_of_range"`` (reaches beyond its text), ``"duplicate"`` (marked twice with the same type),
    ``"crossing"`` (two share characters and neither holds the other), ``"nested"`` (one holds another: no mistake, but
    beyond a flat method), ``"whitespace_edge"`` (begins or ends with white space), ``"unalignable"`` (an edge that is no
    edge of a token), ``"too_wide"`` (of more tokens than a method can see), ``"conflict"`` (the same text again with
    other entities).

    Args:
        texts: the texts.
        offsets: where the tokens of each text begin and end, or what tells it from the texts; without it no edge is
            compared with tokens, and every character counts as one token.
        most_tokens: how many tokens an entity may have; None allows any number.

    Returns:
        The problems, by text and then by kind.

    Raises:
        InvalidValue: when there are not as many lists of entities, of offsets or lines as texts.

    Example:
        >>> texts = EntityTexts(["北京大学 "], [[Entity(0, 4, "组织"), Entity(0, 2, "地点"), Entity(3, 5, "词")]])
        >>> [problem.kind for problem in check_entities(texts, offsets=[[(0, 2), (2, 4)]])]
        ['crossing', 'nested', 'whitespace_edge', 'unalignable']
    """
    check_same_length(texts.texts, texts.entities, ("texts", "entities"))
    lines = texts.lines or list(range(1, len(texts.texts) + 1))
    check_same_length(texts.texts, lines, ("texts", "lines"))
    tokens = offsets(texts.texts) if callable(offsets) else offsets
    if tokens is not None:
        check_same_length(texts.texts, tokens, ("texts", "offsets"))
    problems: list[Problem] = []
    seen: dict[str, tuple[int, set[Entity]]] = {}
    for number, (text, mine, line) in enumerate(zip(texts.texts, texts.entities, lines, strict=True)):
        own = None if tokens is None else tokens[number]
        found = [*_about_pairs(mine), *_about_places(text, mine), *_about_tokens(mine, own, most_tokens)]
        first_line, first = seen.setdefault(text, (line, set(mine)))
        if set(mine) != first:
            found.append(("conflict", 0, _conflict(first_line)))
        found.sort(key=lambda one: KINDS.index(one[0]))
        problems += [Problem(kind, line, excerpt(text, place), detail) for kind, place, detail in found]
    return problems


def count_problems(problems: Iterable[Problem]) -> dict[str, int]:
    """Return how many problems there are of each kind, the commonest first.

    Example:
        >>> texts = EntityTexts(["北京", "北京"], [[Entity(0, 2, "地点")], []])
        >>> count_problems(check_entities(texts))
        {'conflict': 1}
    """
    return dict(Counter(problem.kind for problem in problems).most_common())


_Found = tuple[str, int, str]  # kind, place in the text, detail


def _about_pairs(mine: Sequence[Entity]) -> Iterator[_Found]:
    for entity, times in Counter(mine).items():
        if times > 1:
            said = say(zh=f"{_name(entity)} 标了 {times} 次。", en=f"{_name(entity)} is marked {times} times.")
            yield "duplicate", entity.start, said
    ordered = sorted(set(mine))
    for position, one in enumerate(ordered):
        for other in ordered[position + 1 :]:
            if other.start >= one.end:
                break
            names = f"{_name(one)}, {_name(other)}"
            if one.start == other.start or other.end <= one.end:
                yield (
                    "nested",
                    one.start,
                    say(zh=f"一个在另一个之内：{names}。", en=f"One lies within the other: {names}."),
                )
            else:
                said = say(
                    zh=f"有共同的字，却互不包含：{names}。",
                    en=f"They share characters, but none holds the other: {names}.",
                )
                yield "crossing", one.start, said


def _about_places(text: str, mine: Iterable[Entity]) -> Iterator[_Found]:
    for entity in sorted(set(mine)):
        surface = text[entity.start : entity.end]
        if entity.end > len(text):
            said = say(
                zh=f"{_name(entity)} 超出了 {len(text)} 个字符的文本。",
                en=f"{_name(entity)} reaches beyond the {len(text)} characters of the text.",
            )
            yield "out_of_range", entity.start, said
        elif surface != surface.strip():
            said = say(
                zh=f"{_name(entity)} 是 {surface!r}，首尾有空白。",
                en=f"{_name(entity)} is {surface!r}, with white space at an edge.",
            )
            yield "whitespace_edge", entity.start, said


def _about_tokens(
    mine: Iterable[Entity], tokens: Sequence[tuple[int, int]] | None, most_tokens: int | None
) -> Iterator[_Found]:
    real = [token for token in tokens or [] if token[1] > token[0]]  # special tokens have no characters
    starts, ends = {start for start, _ in real}, {end for _, end in real}
    for entity in sorted(set(mine)):
        if tokens is not None and (entity.start not in starts or entity.end not in ends):
            said = say(
                zh=f"{_name(entity)} 的边界不是词元的边界。", en=f"An edge of {_name(entity)} is no edge of a token."
            )
            yield "unalignable", entity.start, said
        width = entity.end - entity.start
        if tokens is not None:
            width = sum(start < entity.end and end > entity.start for start, end in real)
        if most_tokens is not None and width > most_tokens:
            said = say(
                zh=f"{_name(entity)} 有 {width} 个词元，最多可有 {most_tokens} 个。",
                en=f"{_name(entity)} has {width} tokens, more than the {most_tokens} that are allowed.",
            )
            yield "too_wide", entity.start, said


def _conflict(first_line: int) -> str:
    return say(
        zh=f"与第 {first_line} 行的文本相同，实体却不同。",
        en=f"The same text as in line {first_line}, but with other entities.",
    )


def _name(entity: Entity) -> str:
    return f"{entity.type} [{entity.start}, {entity.end})"
