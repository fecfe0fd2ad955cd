"""``baihua report``: results to tables."""

from pathlib import Path
from typing import Annotated

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import ResultsFolder
from baihua.cli.root import app
from baihua.cli.verb import verb
from baihua.language import say

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="STEM",
        help=both(zh="写到 STEM.md 与 STEM.html。", en="Write STEM.md and STEM.html."),
    ),
]
Readme = Annotated[
    list[str] | None,
    typer.Option(
        "--readme",
        metavar="FILE",
        help=both(
            zh="改为重写这个文件里 report:begin 与 report:end 之间的表；可多次给出。",
            en="Rewrite the tables between report:begin and report:end in this file instead; "
            "may be given several times.",
        ),
    ),
]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help=both(zh="只检查表是否过时，过时则退出码为 1。", en="Only check; exit with 1 if a table is out of date."),
    ),
]


@verb(
    app,
    "report",
    zh="把测得的数与结论做成一页 Markdown 和一页 HTML，或填进 README 的表里。",
    en="Turn measured numbers and verdicts into one Markdown and one HTML page, or fill the tables of a README.",
)
def report(
    results: ResultsFolder = "results",
    output: Output = "docs/report",
    readme: Readme = None,
    check: Check = False,
) -> None:
    """Write the report, or the tables of READMEs."""
    if readme:
        _fill_readmes(results, [console.existing_file(path) for path in readme], check)
        return
    from baihua.studies.report import write_report

    paths = [str(path) for path in write_report(results, output)]
    console.answer({"written": paths}, say(zh=f"写好了：{'、'.join(paths)}", en=f"Written: {', '.join(paths)}"))


def _fill_readmes(results: str, paths: list[Path], check: bool) -> None:
    from baihua.files import write_text
    from baihua.results import load_records
    from baihua.studies.report import fill_readme

    records = load_records(results)
    stale = []
    for path in paths:
        old = path.read_text(encoding="utf-8")
        new = fill_readme(old, *records)
        if new != old:
            stale.append(str(path))
            if not check:
                write_text(path, new)
    listed = ", ".join(stale)
    if not stale:
        text = say(zh="表都是新的。", en="The tables are up to date.")
    elif check:
        text = say(zh=f"表过时了：{listed}。请去掉 --check 再运行。", en=f"Out of date: {listed}. Run without --check.")
    else:
        text = say(zh=f"重写了：{listed}", en=f"Rewritten: {listed}")
    console.answer({"changed": stale, "checked_only": check}, text)
    if check and stale:
        raise typer.Exit(1)
