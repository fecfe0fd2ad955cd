"""How well entities were found, as a table: fractions as percentages beside the counts they come from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from baihua.cli import console
from baihua.language import say

if TYPE_CHECKING:
    from baihua.training.span_metrics import PrecisionRecall, SpanScores

Sections = dict[str, Mapping[str, "PrecisionRecall"]]


def overview(scores: "SpanScores") -> str:
    """Return the strict scores over all entities and of each type, as a table."""
    return _table({say(zh="类型", en="type"): {say(zh="全部", en="all"): scores.strict, **scores.per_type}})


def full_table(scores: "SpanScores") -> str:
    """Return everything `baihua.training.span_metrics` measures, as a table of several parts."""
    ways = {
        say(zh="位置与类型都对", en="strict"): scores.strict,
        say(zh="位置对", en="boundary"): scores.boundary,
        say(zh="类型对、有共同的字", en="type"): scores.type_only,
        say(zh="位置部分对算一半", en="partial"): scores.partial,
    }
    depths = {str(depth): counts for depth, counts in scores.by_depth.items()}
    return _table(
        {
            say(zh="怎样算对", en="counted as right"): ways,
            say(zh="类型", en="type"): scores.per_type,
            say(zh="外面套着几层", en="wider ones around it"): depths,
            say(zh="字数", en="characters"): scores.by_length,
        }
    )


def _table(sections: Sections) -> str:
    heads = say(zh="精确率\t召回率\tF1\t对\t找到\t应有", en="precision\trecall\tF1\tright\tfound\tgold").split("\t")
    rows: list[list[str]] = []
    for title, counts in sections.items():
        rows += [[""] * 7] if rows else []
        rows.append([title, *heads])
        rows += [[name, *_numbers(one)] for name, one in counts.items()]
    return console.align(rows, right=range(1, 7))


def _numbers(counts: "PrecisionRecall") -> list[str]:
    fractions = (counts.precision, counts.recall, counts.f1)
    return [*(f"{100 * value:.2f}" for value in fractions), f"{counts.right:g}", str(counts.found), str(counts.gold)]
