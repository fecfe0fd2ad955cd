"""Files of questions: with a context that holds the answer, or with choices of which one is right.

Tables with a row for each question, JSON Lines, a JSON array, and the nested JSON of SQuAD and CMRC2018. Columns and fields go by
their usual names, Chinese or English.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.text.choices import ChoiceQuestion
from baihua.text.encodings import decode, read_bytes
from baihua.text.json_records import read_json_records
from baihua.text.reading import Answer
from baihua.text.tables import read_table

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
USUAL = {
    "context": "context contexts passage paragraph article document text contexttext 上下文 段落 文章 原文 材料 正文 文本",
    "question": "question questions query querytext q 问题 提问 题目 题干 问",
    "answer": "answer answers gold label 答案 回答 正确答案 正确选项 标签",
    "choices": "choices choice options option candidates 选项 候选 备选",
    "id": "id qid queryid uid no 编号 序号 题号",
}
NAMES = {role: names.split() for role, names in USUAL.items()}
_LETTER = re.compile(r"(?:choice|option|选项|候选)?([a-j]|\d{1,2})")  # a column of one choice, as `_folded` leaves it
WORDS = {"context": "上下文", "question": "问题", "answer": "答案", "choices": "选项"}


@dataclass(frozen=True)
class ReadingFile:
    """Questions with their contexts.

    Args:
        ids: of the questions; their numbers from 1 where the file has none.
        contexts: one per question.
        questions: the questions.
        answers: of each, all that are right, the first to be learned; none where the context has no answer.
        marked: whether the file says what is right.
    """

    ids: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    answers: list[tuple[Answer, ...]] = field(default_factory=list)
    marked: bool = True

    def __len__(self) -> int:
        return len(self.questions)


@dataclass(frozen=True)
class ChoiceFile:
    """Questions with choices.

    Args:
        ids: of the questions.
        questions: with their choices.
        answers: the place of the right choice of each; empty where the file does not say.
    """

    ids: list[str]
    questions: list[ChoiceQuestion]
    answers: list[int]


def read_reading_file(path: str | Path) -> ReadingFile:
    """Read questions and contexts.

    Args:
        path: a table (context, question and answer of each row, an empty answer meaning that there is none), JSON Lines or a JSON
            array of the same, or the nested JSON of SQuAD or CMRC2018.

    Returns:
        The questions, in the order of the file.

    Raises:
        FileProblem: when it is missing or unreadable.
        InvalidValue: when a column is missing, or an answer does not stand in its context, naming the line.
    """
    name, rows = Path(path).name, list(_rows(path))
    nested = any(key in row for _, row in rows for key in ("data", "paragraphs", "qas"))
    flat = list(_flattened(rows)) if nested else [(line, _by_role(row)) for line, row in rows]
    found = ReadingFile(marked=any("answer" in row for _, row in flat))
    for number, (line, row) in enumerate(flat, start=1):
        for role in ("context", "question"):
            if not str(row.get(role) or "").strip():
                raise _missing(name, line, role, row)
        context = str(row["context"])
        found.ids.append(str(row.get("id") or number))
        found.contexts.append(context)
        found.questions.append(str(row["question"]))
        found.answers.append(tuple(_answers(row.get("answer"), context, f"{name}:{line}")))
    return _some(found, name)


def read_choice_file(path: str | Path) -> ChoiceFile:
    """Read questions with choices.

    Args:
        path: a table with a question, perhaps a context, the choices (columns A, B, C, … or 选项1, 选项2, …, or one column with
            ``|`` between them) and the answer (a letter, a number from 1, or the choice itself); or JSON with ``"choices"`` as a
            list, and ``"answer"`` as a letter, the choice itself, or its place from 0.

    Returns:
        The questions, in the order of the file.

    Raises:
        FileProblem: when it is missing or unreadable.
        InvalidValue: when something is missing, or an answer is none of the choices, naming the line.
    """
    name, rows = Path(path).name, list(_rows(path))
    in_json = Path(path).suffix.lower() in JSON_SUFFIXES
    ids, questions, answers = [], [], []
    for number, (line, raw) in enumerate(rows, start=1):
        row = _by_role(raw)
        choices = _choices(row, raw)
        if len(choices) < 2 or not str(row.get("question") or "").strip():
            raise _missing(name, line, "choices" if len(choices) < 2 else "question", row)
        parts = [str(row[role]) for role in ("context", "question") if str(row.get(role) or "").strip()]
        ids.append(str(row.get("id") or number))
        questions.append(ChoiceQuestion(tuple(parts), tuple(choices)))
        if "answer" in row:
            answers.append(_place(row["answer"], choices, f"{name}:{line}", first=0 if in_json else 1))
    if not questions or (answers and len(answers) != len(questions)):
        raise InvalidValue(
            zh=f"{name} 里没有选择题，或只有一部分有答案；请补全。",
            en=f"{name} holds no questions, or only some of them have answers. Complete it.",
        )
    return ChoiceFile(ids, questions, answers)


def _rows(path: str | Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the line, or place, of each record, and its fields."""
    if Path(path).suffix.lower() in JSON_SUFFIXES:
        text = decode(read_bytes(path), str(path))[0]
        for record in read_json_records(text, Path(path).name)[0]:
            yield record.line, record.fields
        return
    table = read_table(path)
    for number, row in enumerate(table.rows, start=2):
        yield number, dict(zip(table.columns, row, strict=True))


def _by_role(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields by what they are; the first of several of a role."""
    found: dict[str, Any] = {}
    for role, names in NAMES.items():
        for column, value in row.items():
            if _folded(column) in names:
                found.setdefault(role, value)
    return found


def _flattened(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the questions within the nested JSON of SQuAD ("data", "paragraphs", "qas") or of CMRC2018 ("qas")."""
    for line, row in rows:
        for inner in ("data", "paragraphs"):
            if isinstance(row.get(inner), list):
                yield from _flattened([(line, item) for item in row[inner] if isinstance(item, dict)])
        if isinstance(row.get("qas"), list):
            context = _by_role({key: value for key, value in row.items() if key != "qas"}).get("context")
            for question in row["qas"]:
                yield line, {**_by_role(question), "context": context}


def _answers(given: Any, context: str, where: str) -> Iterator[Answer]:
    items = given if isinstance(given, list) else [given]
    for item in items:
        text, start = (item.get("text"), item.get("answer_start")) if isinstance(item, dict) else (item, None)
        if text is None or not str(text).strip():
            continue
        try:
            yield Answer.of(context, str(text), start if isinstance(start, int) and start >= 0 else None)
        except InvalidValue as error:
            raise InvalidValue(zh=f"{where} 处：{error.zh}", en=f"{where}: {error.en}") from error


def _choices(row: Mapping[str, Any], raw: Mapping[str, Any]) -> list[str]:
    given = row.get("choices")
    if isinstance(given, list):
        return [str(one) for one in given]
    if isinstance(given, str) and given.strip():
        return [one.strip() for one in given.split("|")]
    alone = [value for column, value in raw.items() if _LETTER.fullmatch(_folded(column))]
    return [str(value) for value in alone if value is not None and str(value).strip()]


def _place(given: Any, choices: Sequence[str], where: str, first: int) -> int:
    """Return which choice is meant: by its text, by a letter, or by a number counted from ``first``."""
    text = str(given).strip()
    if text in choices:
        return choices.index(text)
    if len(text) == 1 and 0 <= ord(text.upper()) - ord("A") < len(choices):
        return ord(text.upper()) - ord("A")
    if text.isdecimal() and 0 <= int(text) - first < len(choices):
        return int(text) - first
    listed = " | ".join(choices)
    raise InvalidValue(
        zh=f"{where}：答案 {text!r:.40} 不是选项之一（{listed:.80}），也不是它们的字母或序号。",
        en=f"{where}: the answer {text!r:.40} is none of the choices ({listed:.80}), nor the letter or number of one.",
    )


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-.]", "", unicodedata.normalize("NFKC", str(name)).lower())


def _missing(name: str, line: int, role: str, row: Mapping[str, Any]) -> InvalidValue:
    listed, usual = ", ".join(row) or "–", ", ".join(NAMES[role][:4])
    return InvalidValue(
        zh=f"{name}:{line} 没有{WORDS[role]}（认得的列名如 {usual}；这里认出的有 {listed}）。",
        en=f"{name}:{line} has no {role} (usual names of it: {usual}; recognised here: {listed}).",
    )


def _some(found: ReadingFile, name: str) -> ReadingFile:
    if not found.questions:
        raise InvalidValue(zh=f"{name} 里一个问题也没有。", en=f"{name} holds no question.")
    return found
