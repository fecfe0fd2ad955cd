"""``baihua convert``: turn an old checkpoint into safetensors, once."""

from typing import Annotated

import typer

from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.root import app
from baihua.cli.verb import verb
from baihua.language import say

Folder = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER",
        help=both(zh="含 pytorch_model.bin 的文件夹。", en="A folder with a pytorch_model.bin."),
    ),
]


@verb(
    app,
    "convert",
    zh="把文件夹里的 pytorch_model.bin 转成 safetensors，旧参数名一并改好，缺的、多的都列出来。",
    en="Turn a folder's pytorch_model.bin into safetensors, mending old names and listing what is missing or unused.",
)
def convert(folder: Folder) -> None:
    """Convert a folder and say what was renamed, missing and unexpected."""
    from baihua.encoders.convert import convert_folder

    done = convert_folder(folder)
    renamed, missing, unexpected = dict(done.renamed), list(done.missing), list(done.unexpected)
    lines = [say(zh=f"写好了 {done.path}", en=f"Written: {done.path}")]
    for words, names in (
        (say(zh="改名", en="renamed"), [f"{old} -> {new}" for old, new in renamed.items()]),
        (say(zh="缺少", en="missing"), missing),
        (say(zh="用不到", en="unexpected"), unexpected),
    ):
        lines.append(say(zh=f"{words}：{len(names)} 个", en=f"{words}: {len(names)}"))
        lines += [f"  {name}" for name in names]
    record = {"path": str(done.path), "renamed": renamed, "missing": missing, "unexpected": unexpected}
    console.answer(record, "\n".join(lines))
