"""``baihua evaluate clue`` and ``baihua submit clue``: the eleven tasks trained and scored, and what is handed in checked first."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.evaluate import group
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, SaveFolder
from baihua.cli.root import app
from baihua.cli.verb import verb, verb_group
from baihua.language import say

if TYPE_CHECKING:
    from baihua.benchmarks.clue import ClueRun
    from baihua.results import Result

WORTH_SAYING = 1.3  # times as fast

submit_group = verb_group(zh="检查并打包要提交到榜上的答案。", en="Check and pack answers for a leaderboard.")
app.add_typer(submit_group, name="submit")

Tasks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TASK",
        help=both(
            zh="AFQMC TNEWS IFLYTEK CMNLI OCNLI WSC CSL CMRC2018 CHID C3 CLUENER；不给则本机有数据的全部。",
            en="AFQMC TNEWS IFLYTEK CMNLI OCNLI WSC CSL CMRC2018 CHID C3 CLUENER; all that are on this machine if not given.",
        ),
    ),
]
Settings = Annotated[
    str,
    typer.Option(
        "--settings",
        metavar="article|official|modern",
        help=both(
            zh="训练的数：article（文章的 AdaFactor）、official（CLUE 官方脚本）、modern（AdamW，预热与线性衰减）。",
            en="The numbers of the training: article (its AdaFactor), official (CLUE's own scripts), modern (AdamW, warm-up, linear "
            "decay).",
        ),
    ),
]
Seeds = Annotated[int, typer.Option("--seeds", metavar="N", help=both(zh="几个种子。", en="How many seeds."))]
Subset = Annotated[
    int | None,
    typer.Option(
        "--subset",
        metavar="N",
        help=both(zh="训练集只取前 N 条（笔记本模式）。", en="Learn from the first N examples only, for laptops."),
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help=both(
            zh="改一个数，可多次给出，例如 epochs=3、batch_size=16、precision=bfloat16。",
            en="Change a number, may be given several times, such as epochs=3, batch_size=16, precision=bfloat16.",
        ),
    ),
]
Submission = Annotated[
    str | None,
    typer.Option(
        "--submission",
        metavar="FOLDER",
        help=both(
            zh="训练之后回答测试集，把提交文件写进文件夹；再用 submit clue 打包。",
            en="Answer the tests after the training and write the files into a folder, for submit clue.",
        ),
    ),
]
Page = Annotated[
    str | None,
    typer.Option(
        "--page",
        metavar="FOLDER",
        help=both(
            zh="把结果写成 clue.md、clue.html、clue.json；与 --save 同用时还有混淆与最难的题。",
            en="Write the results as clue.md, clue.html and clue.json; with --save, confusions and the hardest items too.",
        ),
    ),
]
BoardVersion = Annotated[
    str, typer.Option("--version-of-test", metavar="1.0|1.1", help=both(zh="测试集的版本。", en="Version of the test."))
]
Folder = Annotated[
    str,
    typer.Argument(
        metavar="DIR|ZIP",
        help=both(
            zh="装着各任务提交文件的文件夹（打成 submit.zip），或已打好的 zip（只检查）。",
            en="The folder with the files of the tasks (packed into submit.zip), or a zip (checked only).",
        ),
    ),
]


@verb(
    group,
    "clue",
    zh="CLUE 十一个任务：各按一页长的做法训练，在验证集上打分；中断后接着来。",
    en="CLUE, eleven tasks: each trained by a recipe of one screen and scored on dev; goes on where it was cut off.",
)
def evaluate_clue_verb(
    tasks: Tasks = None,
    encoder: EncoderName = "bundled",
    settings: Settings = "article",
    seeds: Seeds = 1,
    subset: Subset = None,
    changes: Changes = None,
    save: SaveFolder = None,
    submission: Submission = None,
    version: BoardVersion = "1.1",
    page: Page = None,
    device: Device = None,
) -> None:
    """Train and score tasks of CLUE."""
    from baihua.benchmarks.clue import ClueRun, evaluate_clue
    from baihua.benchmarks.clue_page import write_clue_page
    from baihua.benchmarks.clue_settings import parse_changes
    from baihua.benchmarks.clue_tasks import find_task

    run = ClueRun(encoder, settings, subset, parse_changes(changes or []), device, version)
    run.numbers("TNEWS")  # refuses unknown settings before anything is read
    names = [find_task(name).name for name in tasks] if tasks else _here()
    if seeds < 1:
        raise InvalidValue(zh=f"--seeds 至少为 1，收到 {seeds}。", en=f"--seeds must be at least 1, not {seeds}.")
    _say_cost(names, run, seeds, save)
    results = []
    for name in names:
        console.note(say(zh=f"{name}：开始训练。", en=f"{name}: training begins."))
        results += evaluate_clue([name], run, seeds=range(seeds), folder=save, submission=submission)
    record: dict[str, Any] = {"results": [_record(*one) for one in zip(names, results, strict=True)]}
    if page is not None:
        record["page"] = [str(path) for path in write_clue_page(results, page, save)]
    console.answer(record, "\n".join([_table(names, results), *record.get("page", [])]))


@verb(
    submit_group,
    "clue",
    zh="检查 CLUE 的提交文件（条数、编号、标签、文件名、版本……），没有问题才打成 submit.zip；一处不对就指出来。",
    en="Check files for CLUE (counts, ids, labels, names, versions, …) and pack them into submit.zip only if nothing is wrong; "
    "otherwise say what is.",
)
def submit_clue(folder: Folder, task: Tasks = None, version: BoardVersion = "1.1") -> None:
    """Check and pack a submission."""
    from pathlib import Path

    from baihua.benchmarks.clue_submission import build_submission
    from baihua.benchmarks.clue_validator import check_submission

    report = check_submission(folder, version, task)
    record: dict[str, Any] = {"accepted": report.accepted, "findings": [str(one) for one in report.findings]}
    record |= {"notes": list(report.notes), "file": None}
    if not report.accepted:
        raise InvalidValue(zh=str(report), en=str(report))
    if Path(folder).is_dir():
        record["file"] = str(build_submission(folder, version, task))
    console.answer(record, str(record["file"] or report))


def _say_cost(names: Sequence[str], run: "ClueRun", seeds: int, folder: str | None) -> None:
    """Say how long what is still to be trained will take and with how much memory, from a short trial of each task."""
    from baihua.benchmarks.clue import cost_of, seeds_left
    from baihua.benchmarks.clue_cost import spell_cost

    words, seconds, memory, gains = [], 0.0, 0, []
    for name in names:
        left = len(seeds_left(name, run, range(seeds), folder))
        if left:
            cost = cost_of(name, run)
            seconds, memory = seconds + left * cost.seconds, max(memory, cost.memory)
            words.append((name, left, spell_cost(left * cost.seconds, cost.memory)))
            gains.append(cost.bfloat16)
    whole = spell_cost(seconds, memory)
    if words:
        zh = "；".join(f"{name} 训练 {left} 次{one['zh']}" for name, left, one in words)
        en = "; ".join(f"{name} × {left} {one['en']}" for name, left, one in words)
        console.note(say(zh=f"估计：{zh}。共{whole['zh']}。", en=f"Estimated: {en}. In all {whole['en']}."))
    if words and min(gains) >= WORTH_SAYING:
        console.note(
            say(
                zh=f"这台机器用 bfloat16 训练，速度至少是 {min(gains):.1f} 倍：--set precision=bfloat16。",
                en=f"In bfloat16 this machine is at least {min(gains):.1f} times as fast: --set precision=bfloat16.",
            )
        )


def _here() -> list[str]:
    """Return the tasks whose training and development parts are on this machine; the others are named.

    Raises:
        InvalidValue: when there is none.
    """
    from baihua.benchmarks.clue_files import find_clue_files
    from baihua.benchmarks.clue_tasks import CLUE_TASKS
    from baihua.checks import FileProblem

    names = []
    for name, task in CLUE_TASKS.items():
        try:
            for part in ("train", "dev"):
                find_clue_files(task, part, "1.1")
        except FileProblem as missing:
            console.note(say(zh=f"{name} 跳过：{missing.zh}", en=f"{name} is skipped: {missing.en}"))
        else:
            names.append(name)
    if not names:
        raise InvalidValue(
            zh="本机没有 CLUE 的数据；请用 baihua data add 加入官方压缩包。",
            en="There is no data of CLUE on this machine. Add the official zips with baihua data add.",
        )
    return names


def _record(task: str, result: "Result") -> dict[str, Any]:
    settings = result.settings
    return {
        "task": task,
        "metric": result.metric,
        "score": result.mean,
        "spread": result.spread if len(result.values) > 1 else None,
        "baseline": settings["baseline"],
        "num_train": settings["num_train"],
        "num_dev": result.num_examples,
        "published": result.published,
        "seconds": result.seconds,
    }


def _table(names: Sequence[str], results: Sequence["Result"]) -> str:
    heading = say(
        zh="任务|训练|验证|指标|基线|得分|公布|秒", en="task|train|dev|metric|baseline|score|published|seconds"
    ).split("|")
    rows = []
    for name, one in zip(names, results, strict=True):
        spread = f" ± {100 * one.spread:.1f}" if len(one.values) > 1 else ""
        published = "–" if one.published is None else f"{100 * one.published:.1f}"
        sizes = [str(one.settings["num_train"]), str(one.num_examples), one.metric]
        scores = [f"{100 * one.settings['baseline']:.1f}", f"{100 * one.mean:.1f}{spread}", published]
        rows.append([name, *sizes, *scores, f"{one.seconds or 0:.0f}"])
    return console.align([heading, *rows], right=[1, 2, 4, 5, 6, 7])
