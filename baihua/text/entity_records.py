"""What the readers of entity files find, before anybody has seen whether it fits, and what was wrong with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from baihua.language import say
from baihua.text.entities import Entity, EntityTexts

_EXCERPT = 30  # characters


@dataclass(frozen=True)
class Problem:
    """Something wrong with one text or one entity of a file.

    ``dataclasses.asdict`` makes it ready for JSON.

    Args:
        kind: a word for programs, such as ``"out_of_range"``; `baihua.text.entity_check.KINDS` lists those of the check.
        line: the line (or item) of the file, from 1.
        text: the beginning of the text, or what stands around the entity.
        detail: what is wrong, as a sentence.
    """

    kind: str
    line: int
    text: str
    detail: str


@dataclass(frozen=True)
class MarkedSpan:
    """A span as the file gives it: its numbers may lie outside the text, or not fit what it is said to say.

    Args:
        start: place of the first character, from 0.
        end: the place after the last one; readers of formats that count otherwise have converted it.
        type: never empty.
        surface: what the file says stands there, or None where it says nothing.
        score: 0 to 1.
    """

    start: int
    end: int
    type: str
    surface: str | None = None
    score: float = 1.0


@dataclass(frozen=True)
class MarkedText:
    """A text with its spans, and the line (or item) of the file it stands at, from 1."""

    text: str
    line: int
    spans: list[MarkedSpan]


@dataclass(frozen=True)
class Reading:
    """What a reader found: each record as a text or as the problem that it is, and what the user should know."""

    records: list[MarkedText | Problem]
    notes: list[str] = field(default_factory=list)


def keep_sound(records: Iterable[MarkedText | Problem]) -> tuple[EntityTexts, list[Problem]]:
    """Part the texts whose spans all fit from those with one that does not.

    A text is left out whole: to drop the one wrong span would teach a model that nothing stands there.

    Args:
        records: as a reader gives them.

    Returns:
        The texts that can be used, and one problem for each record that cannot.

    Example:
        >>> good = MarkedText("北京欢迎你", 1, [MarkedSpan(0, 2, "地点", "北京")])
        >>> wrong = MarkedText("上海", 2, [MarkedSpan(0, 1, "地点", "上海")])
        >>> texts, left_out = keep_sound([good, wrong])
        >>> texts.entities, left_out[0].kind, left_out[0].line
        ([[Entity(start=0, end=2, type='地点', score=1.0)]], 'wrong_text', 2)
    """
    sound = EntityTexts([], [], [])
    left_out: list[Problem] = []
    for record in records:
        problem = record if isinstance(record, Problem) else _first_problem(record)
        if problem is not None:
            left_out.append(problem)
        elif isinstance(record, MarkedText):
            sound.texts.append(record.text)
            sound.lines.append(record.line)
            sound.entities.append(sorted(Entity(span.start, span.end, span.type, span.score) for span in record.spans))
    return sound, left_out


def excerpt(text: str, start: int = 0) -> str:
    r"""Return a few characters of a text around a place, on one line.

    Example:
        >>> excerpt("一\r\n二")
        '一 二'
    """
    begin = max(0, min(start, len(text)) - _EXCERPT // 3)
    shown = " ".join(text[begin : begin + _EXCERPT].split())
    return ("…" if begin else "") + shown + ("…" if begin + _EXCERPT < len(text) else "")


def _first_problem(record: MarkedText) -> Problem | None:
    text, length = record.text, len(record.text)
    for span in record.spans:
        here = excerpt(text, span.start)
        if not 0 <= span.start < span.end <= length:
            said = say(
                zh=f"{span.type} 从 {span.start} 到 {span.end}（不含），不在 {length} 个字符的文本之内，或者是空的。",
                en=f"{span.type} from {span.start} to {span.end} (exclusive) is empty or not within the {length} "
                "characters of the text.",
            )
            return Problem("out_of_range", record.line, here, said)
        found = text[span.start : span.end]
        if span.surface is not None and span.surface != found:
            said = say(
                zh=f"{span.type} 从 {span.start} 到 {span.end}（不含）应是 {span.surface!r}，文本里却是 {found!r}。",
                en=f"{span.type} from {span.start} to {span.end} (exclusive) should be {span.surface!r}, but the text "
                f"has {found!r} there.",
            )
            return Problem("wrong_text", record.line, here, said)
    return None
