"""``baihua evaluate fewclue``: nine tasks learned from a handful of examples, as a table, as records, as a submission."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.cli import console
from baihua.cli.evaluate import group
from baihua.cli.help import both
from baihua.cli.options import EncoderName, SaveFolder
from baihua.cli.verb import verb
from baihua.language import say

if TYPE_CHECKING:
    from baihua.benchmarks.fewclue_methods import FewClueRow
    from baihua.results import Result

Tasks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TASK",
        help=both(
            zh="EPRSTMT CSLDCP TNEWS IFLYTEK OCNLI BUSTM CSL CHID CLUEWSC；不给则全部。",
            en="EPRSTMT CSLDCP TNEWS IFLYTEK OCNLI BUSTM CSL CHID CLUEWSC; all if not given.",
        ),
    ),
]
Methods = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="METHOD",
        help=both(
            zh="zero_shot、linear、contrastive、fine_tune、pet、p_tuning（只学软词元）、p_tuning_all（模型也学），可多次给出；"
            "不给则除 contrastive 外全部。",
            en="zero_shot, linear, contrastive, fine_tune, pet, p_tuning (soft tokens alone), p_tuning_all (the model too); may be "
            "given several times; all but contrastive if not given.",
        ),
    ),
]
Splits = Annotated[
    list[int] | None,
    typer.Option(
        "--split",
        metavar="0…4",
        help=both(
            zh="哪一份训练数据，可多次给出；不给则该任务的全部。",
            en="Which training file, may be given several times; all of a task if not given.",
        ),
    ),
]
Submission = Annotated[
    str | None,
    typer.Option(
        "--submission",
        metavar="FOLDER",
        help=both(
            zh="不打分，而是回答 test.json，把提交文件写进文件夹（只给一个 --method）；九个任务齐了就打包。",
            en="Do not score but answer test.json and write the files for the leaderboard into a folder (with one --method); all "
            "nine tasks are packed into a zip.",
        ),
    ),
]
BY_DEFAULT = ("zero_shot", "linear", "fine_tune", "pet", "p_tuning", "p_tuning_all")


@verb(
    group,
    "fewclue",
    zh="FewCLUE 九个任务：从每类 16 条学，在留出的题上打分（均值 ± 各份之间的标准差，×100）。",
    en="FewCLUE, nine tasks: learned from 16 examples a class, scored on held-out ones (mean ± deviation over splits, ×100).",
)
def evaluate_fewclue_verb(
    tasks: Tasks = None,
    method: Methods = None,
    split: Splits = None,
    encoder: EncoderName = "bundled",
    save: SaveFolder = None,
    submission: Submission = None,
) -> None:
    """Run FewCLUE."""
    from baihua.benchmarks.fewclue import evaluate_fewclue
    from baihua.benchmarks.fewclue_methods import FewClueRow
    from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, find_task
    from baihua.progress import progress

    names = [find_task(name).name for name in tasks or FEWCLUE_TASKS]
    rows = [FewClueRow(one, encoder) for one in method or BY_DEFAULT]
    if submission is not None:
        _submit(names, rows, split, submission)
        return
    results: dict[tuple[str, str], Result] = {}
    with progress("FewCLUE", len(names) * len(rows)) as advance:
        for name in names:
            for row in rows:
                (results[name, row.method],) = evaluate_fewclue([name], row, splits=split, folder=save)
                advance(1)
    record = [_record(name, row, result) for (name, row), result in results.items()]
    console.answer({"results": record}, _table(names, [row.method for row in rows], results))
    _say_what_is_compared(results.values())


def _record(task: str, method: str, result: "Result") -> dict[str, Any]:
    return {
        "task": task,
        "method": method,
        "accuracy": result.mean,
        "spread": result.spread if len(result.values) > 1 else None,
        "splits": list(result.seeds),
        "num_examples": result.num_examples,
        "published": result.published,
    }


def _table(names: Sequence[str], methods: Sequence[str], results: dict[tuple[str, str], "Result"]) -> str:
    """A row per method, a column per task; chance and the number of questions first."""
    from baihua.benchmarks.fewclue_tasks import find_task

    first = [results[name, methods[0]] for name in names]
    heading = [say(zh="方法", en="method"), *names]
    rows = [
        [say(zh="题数", en="questions"), *(str(one.num_examples) for one in first)],
        [say(zh="瞎猜", en="chance"), *(f"{100 * find_task(name).chance:.1f}" for name in names)],
        *([method, *(_score(results[name, method]) for name in names)] for method in methods),
    ]
    return console.align([heading, *rows], right=range(1, len(heading)))


def _score(result: "Result") -> str:
    spread = f" ± {100 * result.spread:.1f}" if len(result.values) > 1 else ""
    return f"{100 * result.mean:.1f}{spread}"


def _say_what_is_compared(results: Any) -> None:
    from baihua.maths.proportion import wilson_interval

    one = next(iter(results))
    num = one.num_examples or 1
    low, high = wilson_interval(round(one.mean * num), num)
    console.note(
        say(
            zh=f"题不多：单独一份的 95% 区间宽约 ±{50 * (high - low):.0f} 个百分点；各份的题大多相同，平均也不会窄多少。",
            en=f"There are few questions: the 95 % interval of one split is about ± {50 * (high - low):.0f} points wide, and as the "
            "splits share most of their questions, that of the mean is hardly narrower.",
        )
    )


def _submit(names: Sequence[str], rows: Sequence["FewClueRow"], splits: Sequence[int] | None, folder: str) -> None:
    """Answer the test files of some tasks.

    Raises:
        InvalidValue: for several methods.
    """
    from baihua.benchmarks.fewclue import answer_test
    from baihua.benchmarks.fewclue_submission import pack_submission
    from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, find_task
    from baihua.checks import InvalidValue
    from baihua.progress import progress

    if len(rows) != 1:
        raise InvalidValue(
            zh=f"一次提交只用一种方法，收到 {len(rows)} 种；请给一个 --method。",
            en=f"A submission is of one method, but received {len(rows)}. Give one --method.",
        )
    several = splits is not None
    wanted = [(name, one) for name in names for one in (splits or [0]) if one in find_task(name).splits]
    files = []
    with progress("FewCLUE", len(wanted)) as advance:
        for name, one in wanted:
            files.append(str(answer_test(name, rows[0], folder, one, several=several)))
            advance(1)
    if not several and set(names) == set(FEWCLUE_TASKS):
        files.append(str(pack_submission(folder)))
    console.answer({"files": files}, "\n".join(files))
