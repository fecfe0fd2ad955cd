"""What the claims of the study have in common: scale, intervals, rows of figures, bars."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from baihua.maths.mean_interval import t_interval
from baihua.studies.claims import Setting
from baihua.studies.plots import COLOURS, new_figure, save_figure

ARTICLE = "https://kexue.fm/archives/8244"
STANCZUK = "https://arxiv.org/abs/2103.01678"
MALLASTO = "https://arxiv.org/abs/1910.03875"
SMALL = 6  # at the small scale one step of so many is taken


def steps_of(setting: Setting) -> int:
    """Return the steps to train for."""
    steps: int = setting["steps"]
    return max(1, steps // SMALL) if setting.scale == "small" else steps


def seeds_of(setting: Setting) -> tuple[int, ...]:
    """Return the seeds, all of them at either scale: they are trained side by side."""
    seeds: tuple[int, ...] = setting["seeds"]
    return seeds


def mean(values: Sequence[float]) -> float:
    """Return the mean over seeds."""
    return statistics.fmean(values)


def interval(values: Sequence[float], digits: int = 3) -> str:
    """Return mean and half the width of its 95 % interval over seeds (Student), as words.

    Example:
        >>> interval([1.0, 2.0, 3.0])
        '2.000 ± 2.484'
    """
    ends = t_interval(values)
    return f"{mean(values):.{digits}f}" + (f" ± {(ends[1] - ends[0]) / 2:.{digits}f}" if ends else "")


def listed(row: Mapping[str, Sequence[float]], digits: int = 3) -> str:
    """Return names and intervals in a row."""
    return ", ".join(f"{name} {interval(values, digits)}" for name, values in row.items())


def bars(
    table: Mapping[str, Mapping[str, Sequence[float]]],
    path: Path,
    *,
    y_label: str,
    title: str,
    line: float | None = None,
) -> None:
    """Draw groups of bars with every seed as a dot.

    Args:
        table: values per group and name; each group has the same names.
        path: where to.
        y_label: of the axis.
        title: of the figure.
        line: where a dashed line goes, if one does.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure()
    axes = figure.subplots()
    names = list(next(iter(table.values())))
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        for group, row in enumerate(table.values()):
            at = group + (place - (len(names) - 1) / 2) * width
            words = name if group == 0 else None
            axes.bar(at, mean(row[name]), width, color=COLOURS[place], alpha=0.6, label=words)
            axes.plot([at] * len(row[name]), row[name], ".", color="black", markersize=3)
    if line is not None:
        axes.axhline(line, color="black", linestyle="--", linewidth=1)
    axes.set_xticks(range(len(table)), list(table))
    axes.set_ylabel(y_label)
    axes.set_title(title)
    axes.legend()
    save_figure(figure, path)
