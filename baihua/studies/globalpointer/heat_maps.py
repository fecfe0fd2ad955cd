"""Score matrices as pictures: each span a cell, first token down, last token across, entities boxed."""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from baihua.studies.plots import drawable, label, letters, new_figure, save_figure

Cell = tuple[int, int]  # first and last token


def score_maps(maps: Mapping[str, np.ndarray], tokens: Sequence[str], boxed: Sequence[Cell], path: Path) -> Path:
    """Draw score matrices side by side.

    Args:
        maps: the title of each and its scores, shape ``(length, length)``, −inf where there is no span.
        tokens: what the tokens say, written along the axes where a font can.
        boxed: the right spans.
        path: the file to write.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure(len(maps))
    top = max(float(scores.max()) for scores in maps.values())  # far below 0 is as good as just below
    patches = importlib.import_module("matplotlib.patches")
    font = letters()
    ticks = [drawable(token) for token in tokens]
    for axes, (title, scores) in zip(np.atleast_1d(figure.subplots(1, len(maps))), maps.items(), strict=True):
        shown = np.ma.masked_invalid(scores)
        image = axes.imshow(shown, cmap="RdBu_r", vmin=-top, vmax=top)
        for first, last in boxed:
            axes.add_patch(
                patches.Rectangle((last - 0.5, first - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=1.5)
            )
        axes.set_title(title, fontproperties=font)
        axes.set_xlabel(label(zh="尾", en="last token"), fontproperties=font)
        axes.set_ylabel(label(zh="头", en="first token"), fontproperties=font)
        if all(ticks):
            axes.set_xticks(range(len(ticks)), ticks, fontproperties=font, fontsize=6)
            axes.set_yticks(range(len(ticks)), ticks, fontproperties=font, fontsize=6)
        figure.colorbar(image, ax=axes, shrink=0.8)
    return save_figure(figure, path)
