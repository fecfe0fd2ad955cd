"""``baihua data``: the public data sets, where they come from, and getting hold of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.root import app
from baihua.cli.verb import verb, verb_group
from baihua.language import language, say

group = verb_group(
    zh="公开数据集：列出、下载，或收下自己取来的文件。",
    en="Public data sets: list them, download one, or add a file fetched by other means.",
)
app.add_typer(group, name="data")

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help=both(zh="数据集的名字；不给则全部。", en="Names of sets; all if not given.")),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help=both(zh="数据集的名字。", en="The set's name."))]
File = Annotated[
    str, typer.Argument(metavar="FILE", help=both(zh="取来的文件或 zip。", en="The file or zip you have."))
]
Folder = Annotated[
    str | None,
    typer.Option(
        "--folder", metavar="FOLDER", help=both(zh="放到哪里；不给则放进缓存。", en="Where to put it; else the cache.")
    ),
]


@verb(
    group,
    "list",
    zh="列出每个文件的地址、大小、sha256、许可与可否商用。",
    en="List every file with its address, size, sha256, licence and whether commercial use is allowed.",
)
def list_sets(names: Names = None) -> None:
    """List the recorded files."""
    from baihua.benchmarks.data import list_files
    from baihua.benchmarks.datasets import DATASETS

    files = list_files(names or None)
    use = {"yes": say(zh="可", en="yes"), "no": say(zh="否", en="no"), "unclear": say(zh="不明", en="unclear")}
    blocks = []
    for name in dict.fromkeys(str(file["name"]) for file in files):
        record = DATASETS[name]
        heading = f"{name}: {record.title[language()]}"
        licence = say(
            zh=f"  许可：{record.licence['zh']}；可否商用：{use[record.commercial_use]}",
            en=f"  licence: {record.licence['en']}; commercial use: {use[record.commercial_use]}",
        )
        rows = [
            (
                "  " + str(file["file"]),
                f"{file['bytes']:,}",
                str(file["sha256"])[:12],
                say(zh="已有", en="here") if file["here"] else say(zh="未有", en="not here"),
                str(file["address"] or say(zh="无公开地址", en="no public address")),
            )
            for file in files
            if file["name"] == name
        ]
        blocks.append("\n".join([heading, licence, console.align(rows, right=[1])]))
    console.answer({"files": files}, "\n\n".join(blocks))


@verb(
    group,
    "download",
    zh="从固定的地址下载一个数据集，并核对 sha256。",
    en="Download a set from its pinned addresses and verify its checksums.",
)
def download_set(name: Name, folder: Folder = None) -> None:
    """Download a set."""
    from baihua.benchmarks.data import download

    _say_where(download(name, folder=folder))


@verb(
    group,
    "add",
    zh="收下自己取来的文件或 zip；按内容认出是哪个数据集，与文件名无关。",
    en="Keep a file or zip fetched by other means; it is recognised by its content, whatever its name.",
)
def add_file(file: File) -> None:
    """Add a file."""
    from baihua.benchmarks.data import add

    _say_where(add(file))


def _say_where(paths: Sequence[Path]) -> None:
    names = [str(path) for path in paths]
    console.answer(
        {"files": names}, say(zh=f"收好 {len(names)} 个文件：\n", en=f"{len(names)} files kept:\n") + "\n".join(names)
    )
