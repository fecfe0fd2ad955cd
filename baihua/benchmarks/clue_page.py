"""What was measured on CLUE as a page: the scores beside baseline and published figure, confusions, and the hardest items.

Confusions and items need the answers that `baihua.benchmarks.clue_answers` keeps, and the files of the task; the scores do not.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_answers import KeptAnswers, answers_path, facts_of, find_answers
from baihua.benchmarks.clue_mistakes import Confusion, HardItem, confusions, hardest
from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.seed_cells import OF_EACH_SEED
from baihua.checks import FileProblem
from baihua.files import write_text
from baihua.pages import Cell, Table, to_html, to_markdown
from baihua.results import Result

TITLE = "CLUE: 测得的分 · scores"
MOST_CONFUSIONS = 15
COLUMNS = (
    "任务 · task",
    "训练 · train",
    "验证 · dev",
    "做法 · settings",
    "指标 · metric",
    "基线 · baseline",
    "得分 · score",
    "种子 · seeds",
    "公布 · published",
    "秒 · seconds",
)


def write_clue_page(results: Sequence[Result], folder: str | Path, records: str | Path | None = None) -> list[Path]:
    """Write ``clue.md``, ``clue.html`` and ``clue.json`` into a folder.

    Args:
        results: of `baihua.benchmarks.clue.evaluate_clue`.
        folder: where the page goes; it is made.
        records: the folder of records beside which the answers lie; None to show the scores alone.

    Returns:
        The three paths.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mistakes = {} if records is None else {task_of(one): _mistakes(one, records) for one in results}
    tables = [score_table(results), _versions_table(results)]
    for task, (confused, items, _) in mistakes.items():
        tables += [_confusion_table(task, confused)] if confused else []
        tables += [_hardest_table(task, items)] if items else []
    plain = [
        {
            **json.loads(one.to_json()),
            "confusions": [asdict(pair) for pair in mistakes.get(task_of(one), ((), (), 0))[0]],
            "hardest": [asdict(item) for item in mistakes.get(task_of(one), ((), (), 0))[1]],
            "answers_of_seeds": mistakes.get(task_of(one), ((), (), 0))[2],
        }
        for one in results
    ]
    paths = [folder / f"clue.{ending}" for ending in ("md", "html", "json")]
    texts = (to_markdown(tables, TITLE), to_html(tables, TITLE), json.dumps(plain, ensure_ascii=False, indent=1))
    for path, text in zip(paths, texts, strict=True):
        write_text(path, text)
    return paths


def task_of(result: Result) -> str:
    """Return the task of a record, ``clue/SETTINGS/TASK/dev/ENCODER``."""
    return result.name.split("/")[2]


def score_table(results: Sequence[Result]) -> Table:
    """Return a row per task: the settings, the score over seeds ×100, the majority baseline and what is published."""
    return Table("得分 · scores, × 100", COLUMNS, tuple(_row(one) for one in results))


def _row(result: Result) -> tuple[Cell, ...]:
    settings: dict[str, Any] = dict(result.settings)
    spread = f" ± {100 * result.spread:.1f}" if len(result.values) > 1 else ""
    numbers = (
        f"{settings['settings']}: {settings['optimizer']} {settings['rate']:g}, {settings['epochs']} × batches of "
        f"{settings['batch_size'] * settings['accumulation']}, length {settings['max_length']}, {settings['precision']}"
    )
    return (
        (task_of(result),),
        (str(settings["num_train"]),),
        (str(result.num_examples),),
        (numbers, f"encoder {settings['encoder']}"),
        (result.metric, *_others(result)[0]),
        (f"{100 * settings['baseline']:.1f}",),
        (f"{100 * result.mean:.1f}{spread}", *_others(result)[1]),
        (", ".join(map(str, result.seeds)),),
        ("–",) if result.published is None else (f"{100 * result.published:.1f}", result.source or ""),
        (f"{result.seconds or 0:.0f}",),
    )


def _others(result: Result) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names and the means of the scores beside the main one, such as the F1 of CMRC2018."""
    cells = list(result.settings[OF_EACH_SEED].values())
    names = tuple(name for name in cells[0] if name != result.metric and not name.endswith("seconds"))
    return names, tuple(f"{100 * sum(cell[name] for cell in cells) / len(cells):.1f}" for name in names)


def _versions_table(results: Sequence[Result]) -> Table:
    """Return the versions of packages, of which records measured at different times may have several."""
    versions = sorted({pair for one in results for pair in one.versions.items()})
    return Table(
        "版本 · versions", ("包 · package", "版本 · version"), tuple(((name,), (one,)) for name, one in versions)
    )


def _mistakes(result: Result, records: str | Path) -> tuple[list[Confusion], list[HardItem], int]:
    """Return confusions, hardest items, and over how many trainings; nothing where answers or files are not here."""
    trainings = [one for seed in result.seeds if (one := _kept(result, seed, records)) is not None]
    try:
        dev = read_clue(task_of(result), "dev") if trainings else None
    except FileProblem:
        dev = None
    if dev is None or not dev.data.items() <= result.data.items():  # the files here are others by now
        return [], [], 0
    return confusions(dev, trainings)[:MOST_CONFUSIONS], hardest(dev, trainings), len(trainings)


def _kept(result: Result, seed: int, records: str | Path) -> KeptAnswers | None:
    facts = {key: value for key, value in result.settings.items() if key != OF_EACH_SEED}
    return find_answers(answers_path(records, result.name, seed), facts_of(facts, result.data, seed))


def _confusion_table(task: str, confused: Sequence[Confusion]) -> Table:
    columns = ("应为 · right", "答成 · taken for", "次 · times", "占比 · share of the label, %")
    rows = tuple(((one.right,), (one.answer,), (str(one.count),), (f"{100 * one.share:.1f}",)) for one in confused)
    return Table(f"{task}: 最常见的混淆 · commonest confusions", columns, rows)


def _hardest_table(task: str, items: Sequence[HardItem]) -> Table:
    columns = (
        "编号 · id",
        "题 · item",
        "应为 · right",
        "答成 · answer",
        "几次训练答错 · trainings wrong",
        "把握 · sureness, %",
    )
    rows = tuple(
        (
            (one.id,),
            (one.text,),
            (one.right,),
            (one.answer,),
            (str(one.wrong),),
            ("–" if one.sure is None else f"{100 * one.sure:.0f}",),
        )
        for one in items
    )
    return Table(f"{task}: 最难的题 · hardest items", columns, rows)
