"""The nine files the FewCLUE leaderboard takes, checked, and the zip of them.

One JSON object per line, ``{"id": …, "label": "…"}``, in the order of ``test.json`` and with its ids as they stand there: BUSTM
and CHID count from 3000, CLUEWSC from 1, EPRSTMT and CSL in no order, TNEWS in strings, CSLDCP leaves one out. Labels are
strings but for CHID, whose lines are ``{"id": …, "answer": 2}``. On the board for several splits each name carries ``_0`` to
``_4`` or ``_all``.

Source:
    https://github.com/CLUEbenchmark/FewCLUE, ``resources/fewclue_submit_examples`` and ``fewclue_m_submit_examples``.
"""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_records import Line
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, FewClueTask, find_task
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import FileProblem, InvalidValue, check_same_length
from baihua.files import replacing, write_text

SPLITS = (0, 1, 2, 3, 4, "few_all")  # of the board for several
STEMS = {
    "CHID": "chidf",
    "CLUEWSC": "cluewscf",
    "CSL": "cslf",
    "IFLYTEK": "iflytekf",
    "OCNLI": "ocnlif",
    "TNEWS": "tnewsf",
}
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip, so that equal files make equal zips


@dataclass(frozen=True)
class Answers:
    """What is answered for one task.

    Args:
        task: the name of the task.
        ids: the ids of ``test.json``, in its order.
        labels: the label of each.
    """

    task: str
    ids: tuple[int | str, ...]
    labels: tuple[str, ...]


def submission_name(task: str, split: int | str | None = None) -> str:
    """Return the name of a task's file.

    Args:
        task: one of the nine.
        split: None for the board of one answer per task; 0 to 4 or ``"few_all"`` for the board of several splits.

    Raises:
        InvalidValue: for an unknown task or split.

    Example:
        >>> submission_name("tnews"), submission_name("eprstmt", "few_all")
        ('tnewsf_predict.json', 'eprstmt_predict_all.json')
    """
    record = find_task(task)
    if split is not None and split not in SPLITS:
        listed = ", ".join(map(str, SPLITS))
        raise InvalidValue(
            zh=f"提交文件的 split 可选 {listed}，收到 {split!r}。",
            en=f"The split of a submission file is one of {listed}, but received {split!r}.",
        )
    end = "" if split is None else "_all" if split == "few_all" else f"_{split}"
    return f"{STEMS.get(record.name, record.folder)}_predict{end}.json"


def write_answers(
    folder: str | Path, task: str, ids: Sequence[int | str], labels: Sequence[str], split: int | str | None = None
) -> Path:
    """Write the file of one task, whole or not at all.

    Args:
        folder: where to.
        task: one of the nine.
        ids: of the texts answered: all of ``test.json``, in its order.
        labels: the label of each; of CHID the place of the idiom, ``"0"`` to ``"6"``.
        split: see `submission_name`.

    Returns:
        The file's path.

    Raises:
        InvalidValue: for an unknown task or label, an id that is missing, unknown, twice there or out of order.
        FileProblem: when ``test.json`` is not on this machine, saying how to get it, or the file cannot be written.
    """
    record = find_task(task)
    check_same_length(ids, labels, ("ids", "labels"))
    for number, label in enumerate(labels):
        if label not in record.words:
            raise InvalidValue(
                zh=f"labels 的第 {number} 项（从 0 数）{label!r} 不是 {record.name} 的标签。",
                en=f"Item {number} of labels, {label!r}, is no label of {record.name}.",
            )
    _check_ids(record, ids)
    path = Path(folder) / submission_name(task, split)
    lines = [
        json.dumps({"id": one, record.label_field: _as_written(record, label)}, ensure_ascii=False)
        for one, label in zip(ids, labels, strict=True)
    ]
    write_text(path, "".join(f"{line}\n" for line in lines))
    return path


def read_answers(path: str | Path, task: str) -> Answers:
    """Read a file back, as a scorer would.

    Raises:
        InvalidValue: for a line that is no answer, or a label the task does not have, naming the line.
        FileProblem: when it cannot be read.
    """
    record = find_task(task)
    path = Path(path)
    with open_raw(path) as stream:
        rows = [_read_line(record, written, Line(path, number)) for number, written in enumerate(stream, start=1)]
    return Answers(record.name, tuple(one for one, _ in rows), tuple(label for _, label in rows))


def pack_submission(folder: str | Path, *, several: bool = False, name: str = "submit.zip") -> Path:
    """Check the files of all nine tasks and put them into one zip.

    Args:
        folder: where `write_answers` wrote them; the zip is written there too.
        several: for the board of several splits, six files a task.
        name: of the zip.

    Returns:
        Its path. The files stand at its root.

    Raises:
        FileProblem: when a file or a ``test.json`` is not there, naming what is missing.
        InvalidValue: when a file is not a complete answer.
    """
    folder = Path(folder)
    splits: Sequence[int | str | None] = SPLITS if several else (None,)
    paths = {folder / submission_name(task, split): task for task in FEWCLUE_TASKS for split in splits}
    missing = ", ".join(path.name for path in paths if not path.is_file())
    if missing:
        raise FileProblem(
            zh=f"{folder} 里缺 {missing}；九个任务齐了才能打包。",
            en=f"{folder} lacks {missing}. A submission holds all nine tasks.",
        )
    for path, task in paths.items():
        _check_ids(find_task(task), read_answers(path, task).ids)
    target = folder / name
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            archive.writestr(zipfile.ZipInfo(path.name, _LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def _as_written(task: FewClueTask, label: str) -> str | int:
    return int(label) if task.kind == "idiom choice" else label


def _read_line(task: FewClueTask, written: str, line: Line) -> tuple[int | str, str]:
    """Return id and label. The keys are exactly those of an answer, and a label is of the type a scorer expects."""
    try:
        answer = json.loads(written)
    except ValueError as error:
        raise line.broken("不是 JSON", "is no JSON") from error
    keys = {"id", task.label_field}
    if not isinstance(answer, dict) or set(answer) != keys:
        listed = ", ".join(sorted(keys, reverse=True))
        raise line.broken(f"应只有 {listed}", f"must have {listed} and nothing else")
    label, one = answer[task.label_field], answer["id"]
    if isinstance(one, bool) or not isinstance(one, (int, str)):
        raise line.broken("的 id 应是数字或字符串", "must have an id that is a number or a string")
    if isinstance(label, bool) or str(label) not in task.words or label != _as_written(task, str(label)):
        raise line.broken(f"的 {label!r} 不是 {task.name} 的标签", f"has {label!r}, which is no label of {task.name}")
    return one, str(label)


def _check_ids(task: FewClueTask, ids: Sequence[int | str]) -> None:
    """Refuse ids that are not those of ``test.json`` in its order, saying what is wrong with them first."""
    expected = [example.id for example in read_fewclue(task.name, "test").examples]
    if list(ids) == expected:
        return
    known, given = set(expected), set(ids)
    missing, unknown = [one for one in expected if one not in given], [one for one in ids if one not in known]
    if missing or unknown:
        first_missing, first_unknown = missing[:3], unknown[:3]
        raise InvalidValue(
            zh=f"{task.name} 应回答 test.json 的 {len(expected)} 条：缺 {len(missing)} 个 id {first_missing}，"
            f"多 {len(unknown)} 个 {first_unknown}。",
            en=f"{task.name} has {len(expected)} texts to answer in test.json: {len(missing)} ids are missing {first_missing}, "
            f"{len(unknown)} are not there {first_unknown}.",
        )
    if len(ids) != len(expected):
        raise InvalidValue(
            zh=f"{task.name} 有 {len(ids) - len(expected)} 个 id 重复；每条只回答一次。",
            en=f"{task.name} has {len(ids) - len(expected)} ids twice. Answer each text once.",
        )
    place = next(place for place, (one, other) in enumerate(zip(ids, expected, strict=True)) if one != other)
    raise InvalidValue(
        zh=f"{task.name} 的 id 顺序与 test.json 不同：第 {place} 个（从 0 数）是 {ids[place]!r}，应是 {expected[place]!r}。",
        en=f"The ids of {task.name} are not in the order of test.json: number {place} (from 0) is {ids[place]!r}, "
        f"where {expected[place]!r} is expected.",
    )
