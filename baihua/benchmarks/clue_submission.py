"""The files that the CLUE boards take, and the zip of them.

==========================  ===========================================================  ==============================
tasks                       a file                                                       an answer
==========================  ===========================================================  ==============================
classification, C3          a line each, ``{"id": "0", "label": "100"}``, in the test's   a label; of C3 the place of the
                            order, which is how rows are scored                          choice, ``"0"`` to ``"3"``
CMRC2018                    one object, ``{"TEST_0_QUERY_0": "…"}``                      a text
CHID                        one object, ``{"#idiom000378#": 3}``                         the place of the idiom, 0 to 9
CLUENER                     the records of the test, each with ``label``, ends inclusive  the entities
==========================  ===========================================================  ==============================

Source:
    https://github.com/bojone/CLUE-bert4keras, whose files the board has scored.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_records import EntityExample
from baihua.benchmarks.clue_tasks import ClueTask, find_task
from baihua.benchmarks.clue_validator import check_submission
from baihua.benchmarks.submission_zip import zip_at_root
from baihua.checks import InvalidValue, check_same_length
from baihua.files import write_text
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_json import cluener_lines

ZIP = "submit.zip"


def write_answers(folder: str | Path, test: ClueExamples, answers: Sequence[Any]) -> Path:
    """Write the file of one task, whole or not at all.

    Args:
        folder: where to; the file goes by its official name.
        test: the texts answered, as `baihua.benchmarks.clue_reader.read_clue` gives the test of a version.
        answers: one for each of ``test.ids``, in their order: a label; of C3 and CHID the place of the choice, a number or the
            label that is it; of CMRC2018 a text; of CLUENER the entities of a text, ends exclusive.

    Returns:
        The file's path.

    Raises:
        InvalidValue: for a part that is no test, another number of answers, or an answer the task does not have.
        FileProblem: when it cannot be written.
    """
    task = find_task(test.task)
    if test.part != "test":
        raise InvalidValue(
            zh=f"提交的是 test 的答案，收到的是 {test.part}；请用 read_clue(…, 'test')。",
            en=f"Answers to the test are handed in, but this is the {test.part} part. Use read_clue(…, 'test').",
        )
    ids = test.ids
    check_same_length(answers, ids, ("answers", "ids"))
    if task.kind == "entities":
        text = "".join(_entity_line(task, one, mine) for one, mine in zip(test.examples, answers, strict=True))
    elif task.kind in ("reading", "idioms"):
        known = {one: _answer(task, number, answers[number]) for number, one in enumerate(ids)}
        text = json.dumps(known, ensure_ascii=False, indent=1) + "\n"
    else:
        lines = [{"id": one, "label": _answer(task, number, answers[number])} for number, one in enumerate(ids)]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path = Path(folder) / task.submission(test.version).name
    write_text(path, text)
    return path


def build_submission(folder: str | Path, version: str = "1.1", tasks: Iterable[str] | None = None) -> Path:
    """Check the files in a folder and put those of a version into ``submit.zip``, at its root.

    Args:
        folder: where `write_answers` wrote them; the zip is written there too.
        version: of the board.
        tasks: those to hand in; None for all that the board asks for, and CLUENER where it is there.

    Returns:
        The zip's path.

    Raises:
        InvalidValue: for an unknown version or task, or files that could not be handed in, saying what is wrong with them; see
            `baihua.benchmarks.clue_validator.check_submission` for all of it.
        FileProblem: when the zip cannot be written.
    """
    folder = Path(folder)
    named = None if tasks is None else [find_task(name).name for name in tasks]
    report = check_submission(folder, version, named)
    if not report.accepted:
        raise InvalidValue(zh=str(report), en=str(report))
    wanted = report.files if named is None else [find_task(name).submission(version).name for name in named]
    return zip_at_root(folder / ZIP, [folder / name for name in wanted])


def _answer(task: ClueTask, number: int, answer: Any) -> str | int:
    """Return an answer as it is written."""
    if task.kind == "reading":
        if not isinstance(answer, str):
            raise InvalidValue(
                zh=f"answers 的第 {number} 项（从 0 数）应是文本，收到 {answer!r:.40}。",
                en=f"Item {number} (from 0) of answers must be a text, not {answer!r:.40}.",
            )
        return answer
    label = str(answer)
    if label not in task.words:
        raise InvalidValue(
            zh=f"answers 的第 {number} 项（从 0 数）{answer!r:.40} 不是 {task.name} 的标签。",
            en=f"Item {number} (from 0) of answers, {answer!r:.40}, is no label of {task.name}.",
        )
    return int(label) if task.kind == "idioms" else label


def _entity_line(task: ClueTask, example: EntityExample, entities: Sequence[Entity]) -> str:
    """Return a record of CLUENER; its id is a number in the test."""
    for entity in entities:
        if entity.type not in task.words or entity.end > len(example.text):
            raise InvalidValue(
                zh=f"id {example.id} 的实体 {entity} 类型不对，或超出了 {len(example.text)} 个字的文本。",
                en=f"The entity {entity} of id {example.id} has an unknown type, or reaches beyond its text of "
                f"{len(example.text)} characters.",
            )
    record = json.loads(cluener_lines(EntityTexts([example.text], [sorted(entities)])))
    mine = int(example.id) if example.id.isdecimal() else example.id
    return json.dumps({"id": mine, **record}, ensure_ascii=False) + "\n"
