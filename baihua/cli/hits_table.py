"""What a search found: lines on the screen, records for JSON, rows of a table."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from baihua.cli import console, meaning
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.search import Hit
    from baihua.text.tables import Table

SHOWN = 60  # characters of a text on the screen
DIGITS = 6  # of a score in a table: what float32 vectors give


def record_of(query: str, hits: Sequence["Hit"]) -> dict[str, Any]:
    """Return a query and its hits for JSON; what scores mean is left out of a library that is not calibrated."""
    listed = [
        {name: value for name, value in vars(hit).items() if value is not None or name not in meaning.NAMES}
        for hit in hits
    ]
    record: dict[str, Any] = {"query": query, "hits": listed}
    if _meanings(hits):
        record["no_better_than_chance"] = _is_chance(hits)
    return record


def listing(hits: Sequence["Hit"]) -> str:
    """Return the hits, one per line; with a heading where the library says what scores mean."""
    if not hits:
        return say(zh="没有找到。", en="Nothing found.")
    values = _values(hits)
    rows = [
        (str(hit.rank), f"{hit.score:.4f}", *meaning.cells(value), _shorten(hit.passage), _shorten(_beside(hit)))
        for hit, value in zip(hits, values, strict=True)
    ]
    named = meaning.headings(list(values[0]))
    if named:
        rows.insert(0, ("", say(zh="得分", en="score"), *named, say(zh="文本", en="text"), ""))
    lines = [console.align(rows, right=range(2 + len(named)))]
    if _is_chance(hits):
        expected = meaning.few(min(value["expected_false"] for value in values))
        lines.append(
            say(
                zh=f"只看得分，没有一条好过巧合：得分像其中最高的那么高的无关文本，查一次平均就碰上 {expected} 条。",
                en=f"Going by the score, no hit is better than chance: a query meets, on average, {expected} unrelated texts "
                "that score as high as the best.",
            )
        )
    return "\n".join(lines)


def with_hits(table: "Table", answers: Sequence[Sequence["Hit"]]) -> "Table":
    """Return the table with each row repeated for each of its hits, and columns that say what they are."""
    from baihua.text.tables import Table

    pairs = [(row, hit) for row, hits in enumerate(answers) for hit in (*hits, *([] if hits else [None]))]
    result = Table(table.columns, tuple(table.rows[row] for row, _ in pairs), table.encoding)
    hits = [hit for _, hit in pairs]
    result = result.with_column("rank", [hit and hit.rank for hit in hits])
    result = result.with_column("score", [hit and round(hit.score, DIGITS) for hit in hits])
    for name in _meanings([hit for hit in hits if hit]):
        result = result.with_column(name, [hit and float(f"{getattr(hit, name):.{DIGITS}g}") for hit in hits])
    result = result.with_column("match", [hit and hit.text for hit in hits])
    if any(hit and hit.passage != hit.text for hit in hits):
        result = result.with_column("passage", [hit and hit.passage for hit in hits])
    for name in dict.fromkeys(name for hit in hits if hit for name in hit.metadata):
        result = result.with_column(name, [hit and hit.metadata.get(name) for hit in hits])
    return result


def count_chance(answers: Sequence[Sequence["Hit"]]) -> int | None:
    """Return how many answers are no better than chance, None where the library does not say what scores mean."""
    if not any(_meanings(hits) for hits in answers):
        return None
    return sum(_is_chance(hits) for hits in answers)


def _meanings(hits: Sequence["Hit"]) -> list[str]:
    """Return the names under which the hits say what their scores mean; all of one search have the same."""
    return [name for name in meaning.NAMES if hits and getattr(hits[0], name, None) is not None]


def _values(hits: Sequence["Hit"]) -> list[dict[str, float]]:
    names = _meanings(hits)
    return [{name: getattr(hit, name) for name in names} for hit in hits]


def _is_chance(hits: Sequence["Hit"]) -> bool:
    from baihua.tasks.index.calibration import no_better_than_chance

    return no_better_than_chance(hits)


def _beside(hit: "Hit") -> str:
    from baihua.text.grids import cell_text

    return "  ".join(f"{name}: {cell_text(value)}" for name, value in hit.metadata.items() if cell_text(value))


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
