"""``baihua compare``: do two files of texts differ more than chance explains, and which texts make the difference?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from baihua.checks import InvalidValue, check_choice
from baihua.cli import console
from baihua.cli.compare_plot import check_plot, draw_plot
from baihua.cli.help import both
from baihua.cli.options import Device, EncoderName, Pooling, Precision, TextColumn, WhiteningChoice
from baihua.cli.root import app
from baihua.cli.table_output import check_table_output, shorten
from baihua.cli.tables import open_table, take_column
from baihua.cli.verb import verb
from baihua.cli.whitening import set_whitening
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.corpus_comparison import ComparedCorpus, CorpusComparison

SIDES = ("A", "B")
DISTANCES = ("energy", "sliced", "sinkhorn")

FirstFile = Annotated[
    str,
    typer.Argument(
        metavar="A",
        help=both(
            zh="一批文本：表格（.csv .tsv .xlsx .jsonl）或一行一句的文本。",
            en="One set of texts: a table (.csv .tsv .xlsx .jsonl) or text, one per line.",
        ),
    ),
]
SecondFile = Annotated[
    str, typer.Argument(metavar="B", help=both(zh="另一批，写法同上。", en="Another one, likewise."))
]
Distance = Annotated[
    str,
    typer.Option(
        "--distance",
        metavar="energy|sliced|sinkhorn",
        help=both(
            zh="用哪种距离：energy（能量距离）、sliced（切片 Wasserstein 距离）、sinkhorn（Sinkhorn 散度，慢，比的条数少）。",
            en="Which distance: energy, sliced (Wasserstein, over directions), or sinkhorn (the divergence: slower, of fewer "
            "texts).",
        ),
    ),
]
Permutations = Annotated[
    str,
    typer.Option(
        "--permutations",
        metavar="N",
        help=both(zh="随机重分多少次；p 值最小是 1/(1+N)。", en="How many random splits; p-values begin at 1/(1+N)."),
    ),
]
Most = Annotated[
    str,
    typer.Option(
        "--most",
        metavar="N",
        help=both(
            zh="每边列出几条最有代表差别的文本。", en="How many of the texts that drive it to list on each side."
        ),
    ),
]
MaxTexts = Annotated[
    str | None,
    typer.Option(
        "--max-texts",
        metavar="N",
        help=both(
            zh="每边最多比几条，再多就随机取样；不给则 5000，sinkhorn 为 300。",
            en="How many texts of each side to compare at most, drawn at random; 5000 if not given, 300 with sinkhorn.",
        ),
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help=both(zh="随机种子。", en="The seed."))]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help=both(
            zh="把比过的每一条写成表：哪一边、第几行、文本、它偏向自己一边多少（.csv .tsv .xlsx .jsonl）。",
            en="Where to write every text compared: its side, row, text, and how much it leans to its own side (.csv .tsv .xlsx "
            ".jsonl).",
        ),
    ),
]
Plot = Annotated[
    str | None,
    typer.Option(
        "--plot",
        metavar="FILE",
        help=both(
            zh="画一张图：随机重分的距离，与实际的距离（.png .svg .pdf）。",
            en="Draw the distances of the random splits and the observed one (.png .svg .pdf).",
        ),
    ),
]


@verb(
    app,
    "compare",
    zh="两批文本有没有差别（上月与本月的提问、合成的与真实的数据）：距离、置换检验、最有代表差别的文本。",
    en="Whether two sets of texts differ (last month's queries and this month's, synthetic and real data): their distance, a "
    "permutation test, and the texts that drive it.",
)
def compare(
    first: FirstFile,
    second: SecondFile,
    distance: Distance = "energy",
    permutations: Permutations = "999",
    most: Most = "5",
    max_texts: MaxTexts = None,
    seed: Seed = 0,
    output: Output = None,
    plot: Plot = None,
    encoder: EncoderName = "bundled",
    pooling: Pooling = "auto",
    whitening: WhiteningChoice = "off",
    text_column: TextColumn = None,
    dtype: Precision = "float32",
    device: Device = None,
) -> None:
    """Compare two files, on vectors as they are unless asked.

    Whitening in full hides a difference behind the noise of all other directions (results/compare).
    """
    check_choice("--distance", distance, DISTANCES)
    num, listed = _number("--permutations", permutations, 19), _number("--most", most, 0)
    size = console.whole_number("--max-texts", max_texts, least=2)
    for file in (first, second):
        check_table_output(file, output)
    check_plot(plot, output, (first, second))
    one, other = (_texts(file, text_column) for file in (first, second))
    from baihua.tasks.compare_corpora import CorporaSettings, compare_corpora
    from baihua.tasks.embed import SentenceEmbedder

    settings = CorporaSettings(max_texts=size, seed=seed)
    embedder = SentenceEmbedder(encoder, pooling=pooling, device=device, dtype=dtype)
    set_whitening(embedder, whitening, [text for text in [*one, *other] if text.strip()])
    found = compare_corpora(
        one, other, embedder, distance=distance, num_permutations=num, most=listed, settings=settings
    )
    if output is not None:
        _write((one, other), found, output)
    if plot is not None:
        draw_plot(found, plot)
    record = {"files": [first, second], "encoder": embedder.encoder.name, "pooling": embedder.encoder.pooling}
    written = {"output": output, "plot": plot}
    console.answer({**record, **_record(found), **written}, _shown((first, second), found, written))


def _number(option: str, text: str, least: int) -> int:
    found = console.whole_number(option, text, least=least)
    assert found is not None
    return found


def _texts(file: str, column: str | None) -> list[str]:
    """Read the texts of one file; blank ones stay, so that rows can be counted."""
    table = open_table(file)
    cells = table.column(take_column(table, "text", column))
    filled = sum(bool(cell.strip()) for cell in cells)
    if filled < 2:
        raise InvalidValue(
            zh=f"{file} 里不是空白的文本只有 {filled} 条；每边至少要 2 条，几十条以上才看得出差别。",
            en=f"{file} has {filled} texts that are not blank. At least 2 are needed on each side, and some dozens to see a "
            "difference.",
        )
    return cells


def _write(texts: tuple[list[str], list[str]], found: "CorpusComparison", output: str) -> None:
    """Write one row per text compared, the sides one after the other. Rows are counted from 1."""
    from baihua.text.tables import Table, write_table

    rows = [
        (name, row + 1, cells[row], round(leaning, 6))
        for name, cells, side in zip(SIDES, texts, (found.first, found.second), strict=True)
        for row, leaning in zip(side.rows, side.leaning.tolist(), strict=True)
    ]
    write_table(Table(("side", "row", "text", "leaning"), tuple(rows)), output)


def _record(found: "CorpusComparison") -> dict[str, Any]:
    sides = (found.first, found.second)
    return {
        "texts": [side.num_texts for side in sides],
        "blank": [side.num_blank for side in sides],
        "repeated": [side.num_repeated for side in sides],
        "compared": [len(side.rows) for side in sides],
        "shared": found.num_shared,
        "same": found.same,
        "distance": found.distance_name,
        "value": found.distance,
        "chance_mean": found.chance_mean,
        "chance_high": found.chance_high,
        "p_value": found.p_value,
        "permutations": len(found.test.permuted),
        "told_apart": found.told_apart,
        "differs": found.differs,
        "verdict": found.verdict,
        "notes": found.notes,
        "driving": [[vars(text) for text in side.driving] for side in sides],
        "keywords": [list(side.keywords) for side in sides],
    }


def _shown(files: tuple[str, str], found: "CorpusComparison", written: dict[str, str | None]) -> str:
    sides = (found.first, found.second)
    blocks = [found.verdict, _sizes(files, sides), _numbers(found)]
    if any(side.driving for side in sides):
        blocks.append(_driving(sides, found.differs))
    blocks.append("\n".join(found.notes))
    targets = [path for path in written.values() if path is not None]
    if targets:
        listed = ", ".join(targets)
        blocks.append(say(zh=f"写到 {listed}", en=f"Written to {listed}"))
    return "\n\n".join(blocks)


def _sizes(files: tuple[str, str], sides: "tuple[ComparedCorpus, ComparedCorpus]") -> str:
    heading = say(zh="|条数|比了|重复|关键词|文件", en="|texts|compared|repeated|keywords|file").split("|")
    rows = [
        [name, str(side.num_texts), str(len(side.rows)), str(side.num_repeated), " ".join(side.keywords) or "–", file]
        for name, side, file in zip(SIDES, sides, files, strict=True)
    ]
    return console.align([heading, *rows], right=[1, 2, 3])


def _numbers(found: "CorpusComparison") -> str:
    name, num = found.distance_name, len(found.test.permuted)
    heading = say(zh="距离|数值|偶然的平均|偶然的 95 % 以下|p|置换", en="distance|value|by chance|95 % below|p|splits")
    values = [f"{value:.4g}" for value in (found.distance, found.chance_mean, found.chance_high, found.p_value)]
    return console.align([heading.split("|"), [name, *values, str(num)]], right=range(1, 6))


def _driving(sides: "tuple[ComparedCorpus, ComparedCorpus]", differs: bool) -> str:
    title = (
        say(zh="最有代表差别的文本：", en="Texts that drive it:")
        if differs
        else say(
            zh="最偏向自己一边的文本（可能只是偶然）：", en="Texts that lean most to their own side (maybe by chance):"
        )
    )
    heading = say(zh="|行|偏向|文本", en="|row|leaning|text").split("|")
    rows = [
        [name, str(text.row + 1), f"{text.leaning:.4f}", shorten(text.text or "")]
        for name, side in zip(SIDES, sides, strict=True)
        for text in side.driving
    ]
    return title + "\n" + console.align([heading, *rows], right=[1, 2])
