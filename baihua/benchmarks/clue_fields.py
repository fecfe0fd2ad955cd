"""Taking a record of CLUE apart: each field as what it must be, or one sentence with file and line on why it is not."""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from baihua.benchmarks.fewclue_records import Line
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidValue


def parse_object(written: str, line: Line) -> dict[str, Any]:
    """Return the JSON object that a line is.

    Raises:
        InvalidValue: when it is none.
    """
    try:
        record = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise line.broken("不是 JSON", "is no JSON") from error
    if not isinstance(record, dict):
        raise line.broken("不是 JSON 对象", "is no JSON object")
    return record


def text_in(record: Mapping[str, Any], field: str, line: Line) -> str:
    """Return the text in a field, which may be empty, untouched.

    Raises:
        InvalidValue: when the field is missing or holds something else.
    """
    value = record.get(field)
    if not isinstance(value, str):
        raise line.broken(f"没有文本 {field}", f"has no text in {field}")
    return value


def texts_in(record: Mapping[str, Any], field: str, line: Line) -> tuple[str, ...]:
    """Return the texts in a field, one or more.

    Raises:
        InvalidValue: when the field is missing or holds something else.
    """
    value = record.get(field)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise line.broken(f"的 {field} 不是一列文本", f"has no list of texts in {field}")
    return tuple(value)


def whole_number(value: Any) -> int | None:
    """Return a whole number, or None for what is none; true and false are none.

    Example:
        >>> whole_number(3), whole_number(True), whole_number("3")
        (3, None, None)
    """
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def id_in(record: Mapping[str, Any], line: Line, *, needed: bool) -> str:
    """Return the id as a string: ``id``, in WSC ``idx`` where there are labels, else the number of the line from 0.

    Args:
        record: the record.
        line: where it stands.
        needed: whether it must have one of its own, as in a test.

    Raises:
        InvalidValue: when it lacks one, or has one that is neither number nor string.

    Example:
        >>> id_in({"idx": 7}, Line(Path("a.json"), 1), needed=True), id_in({}, Line(Path("a.json"), 3), needed=False)
        ('7', '2')
    """
    value = record.get("id", record.get("idx"))
    if value is None and not needed:
        return str(line.number - 1)
    if not isinstance(value, str) and whole_number(value) is None:
        raise line.broken("没有 id", "has no id")
    return str(value)


class Seen:
    """What has stood in a file, so that nothing stands there twice.

    Args:
        what: the name of it, as in a message.
    """

    def __init__(self, what: str = "id") -> None:
        self._what = what
        self._lines: dict[str, int] = {}

    def add(self, name: str, line: Line) -> None:
        """Note that something stands at a line.

        Raises:
            InvalidValue: when it has stood before, naming both lines.
        """
        if name in self._lines:
            first = self._lines[name]
            raise line.broken(
                f"的 {self._what} {name!r} 与第 {first} 行的重复",
                f"has the {self._what} {name!r}, as line {first} has",
            )
        self._lines[name] = line.number


def read_objects(path: Path) -> Iterator[tuple[dict[str, Any], Line]]:
    """Yield the objects of a file of JSON Lines, and the line of each; empty lines are passed over.

    Raises:
        FileProblem: when the file cannot be read.
        InvalidValue: for a line that is no object, or a file that is not UTF-8.
    """
    with open_raw(path) as stream:
        for number, written in enumerate(stream, start=1):
            if written.strip():
                line = Line(path, number)
                yield parse_object(written, line), line


class JsonDocument:
    """A file that is one JSON value, read so that each part of it can be told by its line.

    Args:
        path: the file.

    Raises:
        FileProblem: when it cannot be read.
        InvalidValue: when it is no JSON, naming the line, or not UTF-8.
    """

    def __init__(self, path: Path) -> None:
        with open_raw(path) as stream:
            self.text = stream.read()
        self._path = path
        self._ends = [found.start() for found in re.finditer("\n", self.text)]
        try:
            self.value: Any = json.loads(self.text)
        except json.JSONDecodeError as error:
            raise Line(path, error.lineno).broken("不是完整的 JSON", "is where the JSON goes wrong") from error
        except RecursionError as error:
            raise Line(path, 1).broken("不是完整的 JSON", "is where the JSON goes wrong") from error

    def line(self, offset: int = 0) -> Line:
        """Return the line of a character."""
        return Line(self._path, bisect_left(self._ends, offset) + 1)

    def items(self, start: int) -> Iterator[tuple[Any, int, int]]:
        """Yield the items of the array that begins at a character, and where each begins and ends.

        Args:
            start: the place of its ``[``.
        """
        decoder, place = json.JSONDecoder(), start + 1
        while True:
            while self.text[place] in " \t\r\n,":
                place += 1
            if self.text[place] == "]":
                return
            item, end = decoder.raw_decode(self.text, place)
            yield item, place, end
            place = end

    def find(self, word: str, start: int, end: int) -> int:
        """Return where a word stands first in a stretch of the file, or the beginning of the stretch."""
        return max(start, self.text.find(word, start, end))


def check_label(value: Any, labels: Sequence[str], descriptions: Mapping[str, str], line: Line) -> str:
    """Return a label as a string.

    Args:
        value: as it stands in the file, where some are numbers.
        labels: those of the task.
        descriptions: what the files call each label beside its number.
        line: where it stands.

    Raises:
        InvalidValue: for what is no label; of a description it tells the label.
    """
    label = str(value).lower() if isinstance(value, bool) else str(value)
    if label in labels and value is not None:
        return label
    meant = next((number for number, name in descriptions.items() if name == label), None)
    if meant is not None:
        raise line.broken(
            f"的 label 是 {label!r}，那是 label_desc；标签是 {meant!r}",
            f"has the label {label!r}, which is its label_desc; the label is {meant!r}",
        )
    shown = ", ".join(labels[:3]) + (", …" if len(labels) > 3 else "")
    raise line.broken(
        f"的 label 是 {value!r}，不是标签（{shown}）", f"has the label {value!r}, which is none ({shown})"
    )


def nothing_in(path: Path) -> InvalidValue:
    """Return the mistake of a file without a record."""
    return InvalidValue(zh=f"{path} 里没有一条记录；请取原始文件。", en=f"{path} has no records. Fetch the raw file.")
