"""The tour's own sentences, queries and short documents, written for this project in eight everyday domains."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Sentence:
    """An everyday sentence.

    Args:
        id: its name, such as ``"phone-01"``.
        domain: the domain's Chinese name.
        text: the sentence.
        group: the sentences of a group mean the same thing in other words; None for a sentence that stands alone.
        contrast: the sentences of a contrast look much alike and mean different things (怎么开通…, 怎么关闭…).
    """

    id: str
    domain: str
    text: str
    group: str | None = None
    contrast: str | None = None


@dataclass(frozen=True)
class Query:
    """A question in words of its own, with the ids of every sentence that answers to it."""

    id: str
    domain: str
    text: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """A short text of a few sentences about one thing."""

    id: str
    domain: str
    text: str


def load_sentences() -> list[Sentence]:
    """Return the tour's sentences.

    Example:
        >>> load_sentences()[0].text
        '手机插上充电器没反应，电量一直不涨'
    """
    return [Sentence(**record) for record in _records("sentences.jsonl")]


def load_queries() -> list[Query]:
    """Return the tour's queries.

    Example:
        >>> load_queries()[0].answers
        ('phone-01', 'phone-02', 'phone-03')
    """
    return [Query(**{**record, "answers": tuple(record["answers"])}) for record in _records("queries.jsonl")]


def load_documents() -> list[Document]:
    """Return the tour's short documents.

    Example:
        >>> len(load_documents())
        40
    """
    return [Document(**record) for record in _records("documents.jsonl")]


def _records(name: str) -> list[dict[str, Any]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]
