"""One record of a FewCLUE file as text: how each kind of task is put into one text or a pair.

=============  ==============================  =============================================  =====================
kind           first text                      second text                                    label
=============  ==============================  =============================================  =====================
single text    the text                        none                                           as in the file
pair           the first sentence              the second sentence                            as in the file
keywords       the keywords, joined by "；"     the abstract                                   ``"1"``: all are true
idiom choice   what stands before the blank    what stands after the blank                    place in ``candidates``
coreference    the passage, the noun written   the claim, as in 他指的是张浃: the pronoun stands  ``"true"``: it does
               ``_张浃_``, the pronoun ``[他]``  for the noun
=============  ==============================  =============================================  =====================

Labels are strings everywhere: TNEWS and IFLYTEK number theirs in the files, CHID has a number where others have a word.
A label is read from ``label`` (CHID: ``answer``) alone, never from ``label_desc`` or ``label_des``, which only name it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baihua.benchmarks.fewclue_tasks import FewClueTask
from baihua.checks import InvalidValue

BLANK = "#idiom#"
UNDECIDED = "-"  # OCNLI, where annotators did not agree
NUM_CANDIDATES = 7


@dataclass(frozen=True)
class Example:
    """One question of a task.

    Args:
        id: as in its file, where TNEWS has strings in ``test.json``; files count from 0 each, so ids of several may meet.
        text_a: the first text.
        text_b: the second text; None for a task on single texts.
        label: one of the task's labels; None where it is not known.
        candidates: of CHID, the seven idioms that could stand between the two texts.
        spans: of CLUEWSC, where noun and pronoun stand in the first text, half-open, marks left out.
    """

    id: int | str
    text_a: str
    text_b: str | None
    label: str | None
    candidates: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def fields(self) -> dict[str, str]:
        """The texts by the names a template knows them by.

        Example:
            >>> Example(0, "屏幕很清晰", None, "Positive").fields
            {'text': '屏幕很清晰'}
        """
        return {"text": self.text_a} if self.text_b is None else {"text_a": self.text_a, "text_b": self.text_b}

    @property
    def key(self) -> tuple[str, str]:
        """What makes two records the same question: their texts; marks tell questions on one passage apart."""
        return self.text_a, self.text_b or ""


@dataclass(frozen=True)
class Line:
    """A line of a file, for the sentence on what is wrong with it.

    Args:
        path: the file.
        number: of the line, from 1.
    """

    path: Path
    number: int

    def broken(self, zh: str, en: str) -> InvalidValue:
        """Return the mistake that says what is wrong and where."""
        return InvalidValue(
            zh=f"{self.path} 第 {self.number} 行{zh}；请改正这一行或取原始文件。",
            en=f"Line {self.number} of {self.path} {en}. Mend the line or fetch the raw file.",
        )


@dataclass(frozen=True)
class _Texts:
    text_a: str
    text_b: str | None = None
    candidates: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def read_record(task: FewClueTask, written: str, line: Line, *, labelled: bool) -> Example | None:
    """Read one line of a file.

    Args:
        task: whose file it is.
        written: the line, a JSON object.
        line: where it stands.
        labelled: whether a label has to be there; else it is left unread.

    Returns:
        The example; None for one whose annotators did not agree (OCNLI, label ``"-"``).

    Raises:
        InvalidValue: for a line that is no record of this task, saying what is wrong with it.
    """
    try:
        record = json.loads(written)
    except ValueError as error:
        raise line.broken("不是 JSON", "is no JSON") from error
    if not isinstance(record, dict):
        raise line.broken("不是 JSON 对象", "is no JSON object")
    label = _label(task, record, line) if labelled else None
    if label == UNDECIDED:
        return None
    texts = _READERS[task.kind](task, record, line)
    return Example(_id(record, line), texts.text_a, texts.text_b, label, texts.candidates, texts.spans)


def _label(task: FewClueTask, record: Mapping[str, Any], line: Line) -> str:
    value = record.get(task.label_field)
    label = str(value).lower() if isinstance(value, bool) else str(value)
    undecided = task.name == "OCNLI" and label == UNDECIDED
    if label not in task.words and not undecided:
        shown = ", ".join(task.labels[:3]) + (", …" if len(task.labels) > 3 else "")
        raise line.broken(
            f"的 {task.label_field} 是 {value!r}，不是 {task.name} 的标签（{shown}）",
            f"has the {task.label_field} {value!r}, which is no label of {task.name} ({shown})",
        )
    return label


def _id(record: Mapping[str, Any], line: Line) -> int | str:
    """CLUEWSC calls it ``idx`` where there are labels, ``id`` in ``test.json``."""
    value = record.get("id", record.get("idx"))
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise line.broken("没有 id", "has no id")
    return value


def _text(record: Mapping[str, Any], field: str, line: Line) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value.strip():
        raise line.broken(f"的 {field} 不是文本", f"has no text in {field}")
    return value.strip()


def _words(record: Mapping[str, Any], field: str, line: Line) -> tuple[str, ...]:
    value = record.get(field)
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and word.strip() for word in value):
        raise line.broken(f"的 {field} 不是一列词", f"has no list of words in {field}")
    return tuple(word.strip() for word in value)


def _single(task: FewClueTask, record: Mapping[str, Any], line: Line) -> _Texts:
    return _Texts(_text(record, task.fields[0], line))


def _pair(task: FewClueTask, record: Mapping[str, Any], line: Line) -> _Texts:
    return _Texts(_text(record, task.fields[0], line), _text(record, task.fields[1], line))


def _keywords(task: FewClueTask, record: Mapping[str, Any], line: Line) -> _Texts:
    return _Texts("；".join(_words(record, task.fields[1], line)), _text(record, task.fields[0], line))


def _idiom_choice(task: FewClueTask, record: Mapping[str, Any], line: Line) -> _Texts:
    """The blank must be there once, or it is not known which one is asked for."""
    pieces = _text(record, task.fields[0], line).split(BLANK)
    candidates = _words(record, task.fields[1], line)
    if len(pieces) != 2:
        count = len(pieces) - 1
        raise line.broken(f"有 {count} 处 {BLANK}，应是 1 处", f"has {BLANK} {count} times, where once is expected")
    if len(set(candidates)) != NUM_CANDIDATES or len(candidates) != NUM_CANDIDATES:
        raise line.broken(
            f"应有 {NUM_CANDIDATES} 个不同的候选成语", f"must have {NUM_CANDIDATES} different idioms to choose from"
        )
    return _Texts(pieces[0].strip(), pieces[1].strip(), candidates)


def _coreference(task: FewClueTask, record: Mapping[str, Any], line: Line) -> _Texts:
    """Positions count from the text as it stands in the file, so that it is stripped of nothing before they are used."""
    target = record.get(task.fields[1])
    text = record.get(task.fields[0])
    if not isinstance(target, dict) or not isinstance(text, str):
        raise line.broken("没有 text 与 target", "lacks text and target")
    noun, pronoun = (_span(target, which, text, line) for which in ("span1", "span2"))
    if noun[0] < pronoun[1] and pronoun[0] < noun[1]:
        raise line.broken("的名词与代词重叠", "has a noun and a pronoun that overlap")
    places = [(noun, "_", "_"), (pronoun, "[", "]")]
    for (start, end), left, right in sorted(places, reverse=True):  # from the right, so that what is left of it stays
        text = f"{text[:start]}{left}{text[start:end]}{right}{text[end:]}"
    spans = tuple(
        (start + 1 + 2 * (start > other), end + 1 + 2 * (start > other))
        for (start, end), other in ((noun, pronoun[0]), (pronoun, noun[0]))
    )
    return _Texts(text, f"{target['span2_text']}指的是{target['span1_text']}", spans=spans)


def _span(target: Mapping[str, Any], which: str, text: str, line: Line) -> tuple[int, int]:
    """Return where a span stands, which must be what the record says stands there."""
    words = _text(target, f"{which}_text", line)
    start = target.get(f"{which}_index")
    if not isinstance(start, int) or isinstance(start, bool) or start < 0 or not text.startswith(words, start):
        raise line.broken(f"的 {words!r} 不在第 {start} 个字处", f"has no {words!r} at character {start}")
    return start, start + len(words)


_READERS: Mapping[str, Callable[[FewClueTask, Mapping[str, Any], Line], _Texts]] = {
    "single text": _single,
    "pair": _pair,
    "keywords": _keywords,
    "idiom choice": _idiom_choice,
    "coreference": _coreference,
}
