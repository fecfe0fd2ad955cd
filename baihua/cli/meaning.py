"""What a score means, as cells of a table on the screen and as one sentence about them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from baihua.cli import console
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.calibration_file import Calibration

PROBABILITY = ("probability", "probability_low", "probability_high")
NAMES = ("expected_false", "false_match_rate", *PROBABILITY)


def headings(names: Sequence[str]) -> list[str]:
    """Return the headings of the columns that `cells` makes of these values.

    Example:
        >>> from baihua.language import set_language
        >>> set_language("en")
        >>> headings(["expected_false", "probability", "probability_low", "probability_high"])
        ['expected false', 'probability']
        >>> set_language(None)
    """
    known = {
        "expected_false": say(zh="预计误配", en="expected false"),
        "false_match_rate": say(zh="误配率", en="false match rate"),
        "probability": say(zh="同义概率", en="probability"),
    }
    return [known[name] for name in names if name in known]


def cells(values: Mapping[str, float]) -> list[str]:
    """Return what a score means in a few characters each.

    Args:
        values: as `Calibration.explain` gives them.

    Example:
        >>> cells({"expected_false": 0.0312, "probability": 0.93, "probability_low": 0.88, "probability_high": 0.96})
        ['0.031', '93 % (88–96)']
        >>> cells({"false_match_rate": 0.00042}), cells({"expected_false": 1234.5})
        (['0.042 %'], ['1 234'])
    """
    found = []
    if "expected_false" in values:
        found.append(few(values["expected_false"]))
    if "false_match_rate" in values:
        share = 100 * values["false_match_rate"]
        found.append("< 0.0001 %" if share < 0.0001 else f"{share:.2g} %" if share < 99.5 else "100 %")
    if "probability" in values:
        middle, low, high = (f"{100 * values[name]:.0f}" for name in PROBABILITY)
        found.append(f"{middle} % ({low}–{high})")
    return found


def few(number: float) -> str:
    """Return an expected number with two digits, or as a whole number from ten on.

    Example:
        >>> few(0.00001), few(0.5), few(9.8), few(12345.6)
        ('< 0.001', '0.5', '9.8', '12 346')
    """
    if number < 0.001:
        return "< 0.001"
    return f"{number:.2g}" if number < 9.95 else f"{number:,.0f}".replace(",", " ")


def say_what_it_means(calibration: "Calibration", *, searched: bool) -> None:
    """Say once what the cells beside the scores are.

    Args:
        calibration: what they come from.
        searched: whether the scores are those of a search, else of pairs.
    """
    if searched:
        sentence = say(
            zh="预计误配：查一次，平均碰上几条得分这么高的无关文本；不是概率。",
            en="expected false: how many unrelated texts a query meets, on average, at such a score or above. It is no "
            "probability.",
        )
    else:
        sentence = say(
            zh="误配率：得分这么高的对在无关文本对里占多少；不是概率。",
            en="false match rate: the share of unrelated pairs that score so high. It is no probability.",
        )
    if calibration.match is not None:
        prior = f"{100 * calibration.match.prior:.2g} %"
        sentence += say(
            zh=f" 同义概率（括号里是 95 % 区间）：前提是所问的对里有 {prior} 同义。",
            en=f" probability: of the same meaning, with its 95 % interval, if {prior} of the pairs asked about mean the same.",
        )
    console.note(sentence)
