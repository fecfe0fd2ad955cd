"""The files of CHID: sentences with blanks that share ten idioms, and the answers in a file of their own.

FewCLUE's records have one text, one blank ``#idiom#`` and seven idioms, the answer beside them; the blank is given the name that
CLUE's form would have, by the record's id.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_fields import JsonDocument, Seen, id_in, read_objects, text_in, texts_in, whole_number
from baihua.benchmarks.clue_records import IdiomExample
from baihua.benchmarks.fewclue_records import BLANK as FEWCLUE_BLANK
from baihua.benchmarks.fewclue_records import NUM_CANDIDATES as FEWCLUE_CANDIDATES
from baihua.benchmarks.fewclue_records import Line
from baihua.benchmarks.idiom_blanks import BLANK

NUM_CANDIDATES = 10
_ANY_BLANK = re.compile("#idiom")


def read_idioms(path: Path, answers: Path | None = None) -> list[IdiomExample]:
    """Read a file of CHID.

    Args:
        path: the sentences.
        answers: one JSON object, ``{"#idiomNNNNNN#": 0…9}``; None for a test.

    Returns:
        One example per line.

    Raises:
        InvalidValue: for a line that is no record, a blank that is none or stands there twice, a blank without an answer or with
            one that is no place of an idiom, naming the line.
        FileProblem: when a file cannot be read.
    """
    known = _read_answers(answers) if answers is not None else None
    examples: list[IdiomExample] = []
    seen = Seen("blank")
    for record, line in read_objects(path):
        sentences = texts_in(record, "content", line)
        candidates = _candidates(record, NUM_CANDIDATES, line)
        blanks = [blank for sentence in sentences for blank in BLANK.findall(sentence)]
        if len(blanks) != sum(len(_ANY_BLANK.findall(sentence)) for sentence in sentences):
            raise line.broken(
                "有写错的空；空应写作 #idiom 加六位数字加 #",
                "has a blank that is none; a blank is #idiom, six digits and #",
            )
        for blank in blanks:
            seen.add(blank, line)
        right = None if known is None else tuple(_answer(known, blank, line) for blank in blanks)
        examples.append(IdiomExample(str(line.number - 1), sentences, candidates, tuple(blanks), right))
    return examples


def read_fewclue_idioms(path: Path) -> list[IdiomExample]:
    """Read a labelled file of FewCLUE's CHID.

    Raises:
        InvalidValue: for a line that is no record, naming it.
        FileProblem: when the file cannot be read.
    """
    examples: list[IdiomExample] = []
    seen = Seen()
    for record, line in read_objects(path):
        mine = id_in(record, line, needed=True)
        seen.add(mine, line)
        text, candidates = text_in(record, "content", line), _candidates(record, FEWCLUE_CANDIDATES, line)
        answer = whole_number(record.get("answer"))
        if text.count(FEWCLUE_BLANK) != 1 or not mine.isdecimal():
            raise line.broken(
                f"应有数字 id 和一处 {FEWCLUE_BLANK}", f"must have a number for an id and {FEWCLUE_BLANK} once"
            )
        if answer is None or not 0 <= answer < len(candidates):
            raise line.broken(
                f"的答案 {record.get('answer')!r} 不是成语的序号", f"has {record.get('answer')!r} for an answer"
            )
        blank = f"#idiom{int(mine):06d}#"
        examples.append(IdiomExample(mine, (text.replace(FEWCLUE_BLANK, blank),), candidates, (blank,), (answer,)))
    return examples


def _candidates(record: Mapping[str, Any], count: int, line: Line) -> tuple[str, ...]:
    candidates = texts_in(record, "candidates", line)
    if len(candidates) != count:
        raise line.broken(
            f"有 {len(candidates)} 个候选成语，应是 {count} 个",
            f"has {len(candidates)} idioms to choose from, where {count} are expected",
        )
    return candidates


def _read_answers(path: Path) -> dict[str, Any]:
    document = JsonDocument(path)
    if not isinstance(document.value, dict):
        raise document.line().broken("不是 JSON 对象", "is not the beginning of a JSON object")
    return document.value


def _answer(known: Mapping[str, Any], blank: str, line: Line) -> int:
    answer = whole_number(known.get(blank))
    if blank not in known:
        raise line.broken(f"的空 {blank} 没有答案", f"has the blank {blank}, to which there is no answer")
    if answer is None or not 0 <= answer < NUM_CANDIDATES:
        raise line.broken(
            f"的空 {blank} 的答案是 {known[blank]!r}，应是 0 到 {NUM_CANDIDATES - 1}",
            f"has the blank {blank}, whose answer is {known[blank]!r} where 0 to {NUM_CANDIDATES - 1} is expected",
        )
    return answer
