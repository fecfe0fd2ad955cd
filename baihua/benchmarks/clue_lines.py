"""The tasks of CLUE whose files have a record a line: classification, and entities.

The test files of WSC call ``id`` what others call ``idx``; AFQMC and CMNLI have no ids where there are labels, and the number of
the line stands for one. TNEWS of DataCLUE numbers its classes anew, from 0; they are given their official numbers.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_fields import Seen, check_label, id_in, read_objects, text_in, texts_in, whole_number
from baihua.benchmarks.clue_inputs import Span, join_keywords, mark_spans
from baihua.benchmarks.clue_labels import TNEWS_OF_DATACLUE, UNDECIDED
from baihua.benchmarks.clue_records import ClueExample, EntityExample
from baihua.benchmarks.clue_tasks import ClueTask
from baihua.benchmarks.fewclue_records import Line
from baihua.text.entities import Entity
from baihua.text.entity_json import read_cluener_lines
from baihua.text.entity_records import keep_sound
from baihua.text.json_records import JsonRecord

Texts = tuple[str, str | None, tuple[Span, ...]]


def read_classified(task: ClueTask, path: Path, *, labelled: bool) -> tuple[list[ClueExample], int]:
    """Read a file of a classification task.

    Args:
        task: whose file it is.
        path: the file.
        labelled: whether labels have to be there; else they are left unread.

    Returns:
        The examples in the order of the file, and how many more had no agreed label (OCNLI and CMNLI, ``"-"``).

    Raises:
        InvalidValue: for a line that is no record of this task, saying what is wrong with it.
        FileProblem: when the file cannot be read.
    """
    examples: list[ClueExample] = []
    seen, num_undecided = Seen(), 0
    for record, line in read_objects(path):
        mine = id_in(record, line, needed=not labelled)
        seen.add(mine, line)
        label = _label(task, record, line) if labelled else None
        text_a, text_b, spans = _READERS[task.kind](record, line)
        if label == UNDECIDED:
            num_undecided += 1
        else:
            examples.append(ClueExample(mine, text_a, text_b, label, spans))
    return examples, num_undecided


def read_entities(task: ClueTask, path: Path, *, labelled: bool) -> list[EntityExample]:
    """Read a file of CLUENER.

    Args:
        task: whose labels are the types.
        path: the file.
        labelled: whether entities have to be there; else they are left unread.

    Raises:
        InvalidValue: for a line that is no record, an unknown type, or an entity that is not where it is said to be.
        FileProblem: when the file cannot be read.
    """
    examples = []
    seen = Seen()
    for record, line in read_objects(path):
        mine, text = id_in(record, line, needed=not labelled), text_in(record, "text", line)
        seen.add(mine, line)
        examples.append(EntityExample(mine, text, _entities(task, record, line) if labelled else None))
    return examples


def _label(task: ClueTask, record: Mapping[str, Any], line: Line) -> str:
    value = record.get("label")
    if value == UNDECIDED and task.name in ("OCNLI", "CMNLI"):
        return UNDECIDED
    if task.name == "TNEWS" and str(value) in TNEWS_OF_DATACLUE:
        return TNEWS_OF_DATACLUE[str(value)]
    return check_label(value, task.labels, task.descriptions, line)


def _entities(task: ClueTask, record: dict[str, Any], line: Line) -> tuple[Entity, ...]:
    marked = record.get("label")
    if not isinstance(marked, dict):
        raise line.broken("没有 label", "has no label")
    unknown = next((name for name in marked if name not in task.words), None)
    if unknown is not None:
        listed = ", ".join(task.labels)
        raise line.broken(f"有类型 {unknown!r}，类型只有 {listed}", f"has the type {unknown!r}; the types are {listed}")
    sound, problems = keep_sound(read_cluener_lines([JsonRecord(line.number, record)]).records)
    if problems:
        detail = problems[0].detail.rstrip("。.")
        raise line.broken(f"：{detail}", f"is wrong: {detail}")
    return tuple(sound.entities[0])


def _single(record: Mapping[str, Any], line: Line) -> Texts:
    return text_in(record, "sentence", line).strip(), None, ()


def _pair(record: Mapping[str, Any], line: Line) -> Texts:
    return text_in(record, "sentence1", line).strip(), text_in(record, "sentence2", line).strip(), ()


def _keywords(record: Mapping[str, Any], line: Line) -> Texts:
    return join_keywords(texts_in(record, "keyword", line)), text_in(record, "abst", line).strip(), ()


def _marked(record: Mapping[str, Any], line: Line) -> Texts:
    """Places count from the text as it stands in the file, so that it is stripped of nothing."""
    text, target = text_in(record, "text", line), record.get("target")
    if not isinstance(target, dict):
        raise line.broken("没有 target", "has no target")
    noun, pronoun = (_span(target, which, text, line) for which in ("span1", "span2"))
    if noun[0] < pronoun[1] and pronoun[0] < noun[1]:
        raise line.broken("的名词与代词重叠", "has a noun and a pronoun that overlap")
    marked, spans = mark_spans(text, noun, pronoun)
    return marked, None, spans


def _span(target: Mapping[str, Any], which: str, text: str, line: Line) -> Span:
    """Return where a span stands, which must be what the record says stands there."""
    words, start = text_in(target, f"{which}_text", line), whole_number(target.get(f"{which}_index"))
    if start is None or start < 0 or not words or not text.startswith(words, start):
        given = target.get(f"{which}_index")
        raise line.broken(f"的 {words!r} 不在第 {given} 个字处", f"has no {words!r} at character {given}")
    return start, start + len(words)


_READERS: Mapping[str, Callable[[Mapping[str, Any], Line], Texts]] = {
    "single text": _single,
    "pair": _pair,
    "keywords": _keywords,
    "spans marked": _marked,
}
