"""The tasks of CLUE whose files are one JSON value: CMRC2018, as SQuAD has it, and C3.

Places of answers in CMRC2018 count UTF-16 units: where a rare character stands before an answer, written as two, they are one
too high for each. They are counted anew. An answer at -1 does not stand in the passage word for word.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_fields import JsonDocument, Seen, text_in, texts_in, whole_number
from baihua.benchmarks.clue_records import ChoiceExample, ReadingAnswer, ReadingExample, ReadingQuestion
from baihua.benchmarks.fewclue_records import Line

_DATA = re.compile(r'"data"\s*:\s*\[')


def read_passages(path: Path, *, labelled: bool) -> list[ReadingExample]:
    """Read a file of CMRC2018.

    Args:
        path: the file.
        labelled: whether answers have to be there; else they are left unread, since tests hold made-up ones.

    Returns:
        The passages, in the order of the file.

    Raises:
        InvalidValue: for what is no such file, a question without answer or an answer that is not where it is said to be,
            naming the line.
        FileProblem: when the file cannot be read.
    """
    document = JsonDocument(path)
    array = _DATA.search(document.text)
    if not isinstance(document.value, dict) or not isinstance(document.value.get("data"), list) or array is None:
        raise document.line().broken(
            "不是 SQuAD 式的文件：没有 data", "is not the beginning of a file like SQuAD's, with data"
        )
    examples: list[ReadingExample] = []
    seen = Seen("question id")
    for article, start, end in document.items(array.end() - 1):
        line, place = document.line(start), start
        for number, passage in enumerate(_objects(article, "paragraphs", line)):
            context = text_in(passage, "context", line)
            questions = []
            for asked in _objects(passage, "qas", line):
                place = document.find(f'"{asked.get("id")}"', place + 1, end)
                here = document.line(place)
                mine = text_in(asked, "id", here)
                seen.add(mine, here)
                answers = tuple(_answers(asked, context, here)) if labelled else ()
                questions.append(ReadingQuestion(mine, text_in(asked, "question", here), answers))
            name = passage.get("id", f"{len(examples)}-{number}")
            examples.append(ReadingExample(str(name), context, tuple(questions)))
    return examples


def read_choices(path: Path, *, labelled: bool) -> list[ChoiceExample]:
    """Read a file of C3, a list of ``[[utterances], [{"question", "choice", "answer"}], id]``.

    Args:
        path: the file. Its name tells dialogues from texts, ``d-train.json`` and ``m-train.json``, some of which share ids.
        labelled: whether answers have to be there; else they are left unread, and each question has an id of its own.

    Returns:
        One example per question, in the order of the file.

    Raises:
        InvalidValue: for what is no such file or record, or an answer that is no choice, naming the line.
        FileProblem: when the file cannot be read.
    """
    document = JsonDocument(path)
    if not isinstance(document.value, list):
        raise document.line().broken("不是列表", "is not the beginning of a list")
    genre = path.stem.removeprefix("c3-")[0]
    examples: list[ChoiceExample] = []
    seen = Seen()
    for item, start, end in document.items(document.text.index("[")):
        line = document.line(start)
        if not isinstance(item, list) or len(item) < 2 or not isinstance(item[1], list):
            raise line.broken("不是 [文章, 问题, id]", "is not [passage, questions, id]")
        passage = texts_in({"passage": item[0]}, "passage", line)
        place = start
        for number, asked in enumerate(item[1]):
            place = document.find('"question"', place + 1, end)
            here = document.line(place)
            if not isinstance(asked, dict):
                raise here.broken("的问题不是对象", "has a question that is no object")
            fallback = f"{genre}-{item[2]}-{number}" if labelled and len(item) > 2 else None
            mine = asked.get("id", fallback)
            if not isinstance(mine, str) and whole_number(mine) is None:
                raise here.broken("没有 id", "has no id")
            seen.add(str(mine), here)
            question, choices = text_in(asked, "question", here), texts_in(asked, "choice", here)
            answer = _place_of_answer(asked, choices, here) if labelled else None
            examples.append(ChoiceExample(str(mine), passage, question, choices, answer))
    return examples


def _objects(record: Any, field: str, line: Line) -> list[dict[str, Any]]:
    value = record.get(field) if isinstance(record, dict) else None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise line.broken(f"没有一列 {field}", f"has no list of {field}")
    return value


def _answers(asked: Mapping[str, Any], context: str, line: Line) -> Iterator[ReadingAnswer]:
    answers = _objects(asked, "answers", line)
    if not answers:
        raise line.broken(f"的问题 {asked['id']} 没有答案", f"has no answer to the question {asked['id']}")
    for answer in answers:
        text, given = text_in(answer, "text", line), whole_number(answer.get("answer_start"))
        start = -1 if given is None else _recounted(context, text, given)
        if start is None or given is None or not text:
            raise line.broken(
                f"的问题 {asked['id']}：答案 {text[:20]!r} 不在文章第 {given} 个字处",
                f"has, for the question {asked['id']}, an answer {text[:20]!r} that is not at character {given} of its passage",
            )
        yield ReadingAnswer(text, None if start < 0 else start)


def _recounted(context: str, text: str, given: int) -> int | None:
    """Return where an answer stands in characters, -1 where it does not stand word for word, None when the place is wrong."""
    if given == -1 or (given >= 0 and context.startswith(text, given)):
        return given
    units = context.encode("utf-16-le", errors="surrogatepass")[: 2 * max(given, 0)]
    start = len(units.decode("utf-16-le", errors="replace"))
    return start if given >= 0 and context.startswith(text, start) else None


def _place_of_answer(asked: Mapping[str, Any], choices: tuple[str, ...], line: Line) -> int:
    answer = text_in(asked, "answer", line)
    if answer not in choices:
        raise line.broken(f"的答案 {answer!r} 不在选项之中", f"has the answer {answer!r}, which is none of the choices")
    return choices.index(answer)
