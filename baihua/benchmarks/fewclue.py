"""FewCLUE: how well a method answers after a handful of examples, task by task and split by split, with records."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from baihua.benchmarks.fewclue_methods import FewClueRow, answer
from baihua.benchmarks.fewclue_published import SOURCE, published_fewclue
from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_submission import write_answers
from baihua.benchmarks.fewclue_tasks import FewClueTask, check_split, find_task
from baihua.benchmarks.seed_cells import SeedCell, SeedRecord, as_json
from baihua.encoders.load import load_encoder
from baihua.results import Result

PUBLISHED_AS = {"zero_shot": "zero_shot", "fine_tune": "fine_tuning", "pet": "pet", "p_tuning_all": "p_tuning"}
WITHOUT_EFFECT = ("save_every", "seed")  # settings that change no score, or are the split


def evaluate_fewclue(
    tasks: Sequence[str],
    row: FewClueRow,
    *,
    splits: Sequence[int] | None = None,
    folder: str | Path | None = None,
) -> list[Result]:
    """Learn each task from its training file and score it on what is held out, split by split.

    The seed of a training is the number of its split. What is held out is no ``test_public.json``, see
    `baihua.benchmarks.fewclue_reader`, so that the published figures, given beside, are over other texts.

    Args:
        tasks: which of the nine; capitals do not matter.
        row: what answers.
        splits: which of 0 to 4; None for all those of a task (CSLDCP, IFLYTEK: 0).
        folder: where records are kept, written after each split. A split that a record with the same settings there has is
            not run again.

    Returns:
        One result per task, named ``fewclue/TASK/held/ENCODER/METHOD``, accuracy as a fraction; of each split the settings
        have the number of questions, and which were answered rightly, as a string of 0 and 1 in their order.

    Raises:
        InvalidValue: for an unknown task or split, or a record that is not whole.
        FileProblem: when a task is not on this machine, saying how to get it.
    """
    encoder: Any = load_encoder(row.encoder)
    known = {"fingerprint": encoder.fingerprint(), **row.settings.chosen(encoder.width)}
    results = []
    for name in tasks:
        task = find_task(name)
        wanted = [int(check_split(task, split)) for split in (task.splits if splits is None else splits)]
        record = _record(task, row, known)
        cells = record.known(folder)
        for split in wanted:
            if split in cells:
                continue
            cells[split] = _run(task, row, split)
            if folder is not None:
                _result(record, cells).save(folder)
        results.append(_result(record, {split: cells[split] for split in wanted}))
    return results


def answer_test(task: str, row: FewClueRow, folder: str | Path, split: int | str = 0, *, several: bool = False) -> Path:
    """Learn a task from its training file and write the answers to ``test.json``, for the leaderboard.

    Args:
        task: one of the nine.
        row: what answers.
        folder: where to, see `baihua.benchmarks.fewclue_submission.write_answers`.
        split: 0 to 4 (CSLDCP, IFLYTEK: 0), or ``"few_all"``.
        several: name the file by its split, for the board of several.

    Returns:
        The file's path.
    """
    found = find_task(task)
    train, dev, test = (read_fewclue(found.name, part, split) for part in ("train", "dev", "test"))
    seed = split if isinstance(split, int) else 0
    labels = answer(row, found, test.examples, train, dev, seed)
    return write_answers(folder, found.name, [one.id for one in test.examples], labels, split if several else None)


def _run(task: FewClueTask, row: FewClueRow, split: int) -> SeedCell:
    train, dev, held = (read_fewclue(task.name, part, split) for part in ("train", "dev", "held"))
    started = time.perf_counter()
    found = answer(row, task, held.examples, train, dev, split)
    right = [mine == one.label for mine, one in zip(found, held.examples, strict=True)]
    more = {
        "num": len(right),
        "right": "".join(str(int(one)) for one in right),
        "seconds": round(time.perf_counter() - started, 1),
    }
    return SeedCell(sum(right) / len(right), more)


def _record(task: FewClueTask, row: FewClueRow, known: Mapping[str, Any]) -> SeedRecord:
    numbers = {key: value for key, value in asdict(row.settings).items() if key not in WITHOUT_EFFECT}
    facts: dict[str, Any] = {"encoder": row.encoder, "method": row.method, **numbers, **known}
    published = PUBLISHED_AS.get(row.method)
    return SeedRecord(
        name="/".join(["fewclue", task.name, "held", Path(row.encoder).name, row.method]),
        metric=task.metric,
        facts=as_json(facts),
        data=_files(task),
        command=f"baihua evaluate fewclue {task.name} --method {row.method} --encoder {row.encoder}",
        published=None if published is None else published_fewclue(published, task.name),
        source=None if published is None else SOURCE,
    )


def _files(task: FewClueTask) -> Mapping[str, str]:
    """Return all files of labelled texts, each with its sha256, whichever splits are run."""
    parts = [read_fewclue(task.name, part, split) for split in task.splits for part in ("train", "dev")]
    return {file: sha for part in parts for file, sha in part.data.items()}


def _result(record: SeedRecord, cells: Mapping[int, SeedCell]) -> Result:
    num = round(sum(cell.more["num"] for cell in cells.values()) / len(cells))
    return record.result(cells, num, round(sum(cell.more["seconds"] for cell in cells.values()), 1))
