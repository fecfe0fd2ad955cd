"""Two ways compared on the same questions with the same seeds: how far apart, how sure, and in words."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from baihua.maths.mean_interval import t_interval
from baihua.maths.proportion import wilson_interval
from baihua.results import Result
from baihua.studies.claims import Measurement, Setting
from baihua.studies.clue.cells import FOLDER, Cell, Way, sizes_of

HALF_A_POINT = 0.005


@dataclass(frozen=True)
class Difference:
    """How much more accurate one way is than another.

    Args:
        mean: the first less the second, a fraction, the mean over seeds.
        over_seeds: its 95 % interval over seeds (another draw of examples, another order); None with one seed.
        over_questions: its 95 % interval over questions, each with the mean of its seeds; None with one question. Questions are
            taken as independent, which those on one passage are not quite.
    """

    mean: float
    over_seeds: tuple[float, float] | None
    over_questions: tuple[float, float] | None

    @property
    def low(self) -> float:
        """The lowest end of the intervals."""
        known = [interval[0] for interval in (self.over_seeds, self.over_questions) if interval is not None]
        return min(known, default=-math.inf)

    def spell(self, language: str) -> str:
        """Return it in points, with its intervals, in one of the two languages."""
        zh = language == "zh"
        words = [f"{100 * self.mean:+.2f}"]
        if self.over_seeds:
            words.append(_ends(self.over_seeds, "对种子" if zh else "over seeds"))
        if self.over_questions:
            words.append(_ends(self.over_questions, "对题目" if zh else "over questions"))
        return " ".join(words)


def difference(first: Sequence[Cell], second: Sequence[Cell]) -> Difference:
    """Compare two ways on the same questions.

    Args:
        first: cells of the one, seed by seed.
        second: cells of the other, in the same order.

    Returns:
        The first less the second.

    Example:
        >>> one, other = ([Cell(np.array(right), 0.5, 1.0, 1.0)] for right in ([True, True], [True, False]))
        >>> difference(one, other).mean
        0.5
    """
    pairs = list(zip(first, second, strict=True))
    apart = np.stack([one.right.astype(float) - other.right for one, other in pairs])  # (num_seeds, num_questions)
    of_seeds, of_questions = apart.mean(axis=1).tolist(), apart.mean(axis=0).tolist()
    return Difference(statistics.fmean(of_seeds), t_interval(of_seeds), t_interval(of_questions))


def learned(*ways: Sequence[Cell]) -> bool:
    """Return whether any of the ways has learned something: its accuracy is above what one gets right without reading.

    Above means that the lower end of Wilson's 95 % interval over questions is. What has learned nothing is neither better nor as
    good as anything.

    Example:
        >>> learned([Cell(np.array([True] * 9), 0.5, 1.0, 1.0)]), learned([Cell(np.array([True, True]), 0.5, 1.0, 1.0)])
        (True, False)
    """
    for cells in ways:
        num, accuracy = len(cells[0].right), statistics.fmean(cell.accuracy for cell in cells)
        if wilson_interval(accuracy * num, num)[0] > statistics.fmean(cell.baseline for cell in cells):
            return True
    return False


def judgement(holds: bool, reason: Mapping[str, str], results: Sequence[Result], *, known: bool) -> Measurement:
    """Return a measurement, which is undecided where nothing was learned.

    Args:
        holds: whether the claim holds, if something was learned.
        reason: the figures.
        results: likewise.
        known: whether enough was learned to compare, see `learned`.
    """
    if known:
        return Measurement(holds, reason, tuple(results))
    unlearned = {
        "zh": "两种做法都还没有学到东西，无从比较；请用更多例子与轮数（--scale full，subset，epochs）。",
        "en": " Neither way has learned anything yet, so there is nothing to compare. Use more examples and epochs (--scale full, "
        "subset, epochs).",
    }
    return Measurement(None, {language: reason[language] + unlearned[language] for language in reason}, tuple(results))


def result_of(way: Way, cells: Sequence[Cell], setting: Setting, metric: str = "accuracy") -> Result:
    """Return what a way came to as a result, a value per seed."""
    return Result(
        name=f"{FOLDER}/{way.task.lower()}/{way.name}",
        metric=metric,
        values=tuple(cell.accuracy for cell in cells),
        seeds=tuple(setting["seeds"][: len(cells)]),
        settings={**setting.knobs, "scale": setting.scale},
        num_examples=len(cells[0].right),
        seconds=round(sum(cell.seconds + cell.seconds_answering for cell in cells), 1),
    )


def spread(result: Result) -> str:
    """Return a share ×100, with the standard deviation where there are several seeds."""
    deviation = f" ± {100 * result.spread:.2f}" if len(result.values) > 1 else ""
    return f"{100 * result.mean:.2f}{deviation}"


def seconds_of(cells: Sequence[Cell]) -> float:
    """Return the mean seconds of a training."""
    return statistics.fmean(cell.seconds for cell in cells)


def what(way: Way, cells: Sequence[Cell], setting: Setting) -> Mapping[str, str]:
    """Return what was measured, in both languages, as the beginning of a reason."""
    task, epochs, most = way.task, way.settings.epochs, sizes_of(setting)[0]
    num, seeds, guess = len(cells[0].right), len(cells), 100 * statistics.fmean(cell.baseline for cell in cells)
    return {
        "zh": f"{task}，至多 {most} 例学 {epochs} 轮，{num} 道开发题，{seeds} 个种子，不读文本的基线 {guess:.2f}",
        "en": f"{task}, at most {most} examples, epochs: {epochs}, questions of dev: {num}, seeds: {seeds}, without reading {guess:.2f}",
    }


def _ends(interval: tuple[float, float], what: str) -> str:
    return f"[{100 * interval[0]:+.2f}, {100 * interval[1]:+.2f}] ({what})"
