"""Accuracies as strips: a row per way, a point per sample, a bar at the mean."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from baihua.studies.plots import COLOURS, drawable, letters, new_figure, save_figure


def strips(rows: Mapping[str, Sequence[float]], path: str | Path, *, x_label: str, title: str) -> Path:
    """Draw one row of points per name, the first at the top.

    Args:
        rows: the name of each row and its values.
        path: the file to write.
        x_label: what the values are; see `baihua.studies.plots.label`.
        title: the title of the figure.

    Returns:
        The path.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure()
    axes, font = figure.subplots(), letters()
    for number, values in enumerate(rows.values()):
        row = len(rows) - 1 - number
        colour = COLOURS[number % len(COLOURS)]
        shift = np.linspace(-0.2, 0.2, len(values)) if len(values) > 1 else np.zeros(1)  # equal values stay apart
        axes.plot(list(values), row + shift, linestyle="none", marker="o", markersize=4, color=colour, alpha=0.6)
        axes.plot([float(np.mean(values))] * 2, [row - 0.35, row + 0.35], color=colour, linewidth=2)
    names = [drawable(name) or f"#{number + 1}" for number, name in enumerate(rows)]
    axes.set_yticks(range(len(rows)), names[::-1], fontproperties=font)
    axes.set_xlabel(drawable(x_label), fontproperties=font)
    axes.set_title(drawable(title), fontproperties=font)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)
    return save_figure(figure, path)
