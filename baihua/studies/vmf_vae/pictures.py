"""Pictures of codes on the sphere in three dimensions, and of images in rows."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baihua.studies.plots import LATIN_FONT, chinese_font, new_figure, save_figure

VIEWS = ((20, 30), (-20, 210))  # from two opposite sides: height and direction in degrees
TEN_COLOURS = "tab10"
LEAST_SHARE = 0.3  # of a digit's points on one side, for its name to stand there


def draw_sphere(codes: np.ndarray, labels: np.ndarray, path: Path, title: str) -> Path:
    """Draw points of the sphere from two opposite sides, each in the colour of its label and with it written beside.

    Args:
        codes: unit vectors, shape ``(num, 3)``.
        labels: whole numbers from 0 to 9, shape ``(num,)``.
        path: the file to write.
        title: of the figure; see `baihua.studies.plots.label`.
    """
    figure = new_figure(panels=2)
    for place, (height, direction) in enumerate(VIEWS, start=1):
        axes = figure.add_subplot(1, len(VIEWS), place, projection="3d")
        axes.view_init(elev=height, azim=direction)
        up, round_it = np.radians(height), np.radians(direction)
        towards = np.array([np.cos(up) * np.cos(round_it), np.cos(up) * np.sin(round_it), np.sin(up)])
        near = codes @ towards > 0
        axes.plot(*_outline(towards), color="0.8", linewidth=1)
        axes.scatter(*codes[near].T, c=labels[near], cmap=TEN_COLOURS, vmin=-0.5, vmax=9.5, s=8, alpha=0.7)
        for digit in [digit for digit in np.unique(labels) if near[labels == digit].mean() > LEAST_SHARE]:
            middle = codes[near & (labels == digit)].mean(axis=0)
            axes.text(*(1.15 * middle / np.linalg.norm(middle)), str(digit), fontsize=12)
        axes.set_box_aspect((1, 1, 1), zoom=1.5)
        axes.set_axis_off()
    figure.suptitle(title, fontfamily=_families())
    return save_figure(figure, path)


def draw_images(rows: Sequence[tuple[str, np.ndarray]], path: Path) -> Path:
    """Draw rows of grey images, each with its name before it.

    Args:
        rows: names and images, each ``(num, height, width)`` with as many of them.
        path: the file to write.
    """
    figure = new_figure()
    panels = figure.subplots(len(rows), len(rows[0][1]), squeeze=False)
    for line, (name, images) in zip(panels, rows, strict=True):
        for axes, image in zip(line, images, strict=True):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontfamily=_families())
    return save_figure(figure, path)


def _outline(towards: np.ndarray) -> np.ndarray:
    """Return the circle of the sphere that is seen edge on from a direction, shape ``(3, num)``."""
    side = np.cross(towards, [0.0, 0.0, 1.0])
    side /= np.linalg.norm(side)
    angle = np.linspace(0, 2 * np.pi, 100)
    return np.outer(side, np.cos(angle)) + np.outer(np.cross(towards, side), np.sin(angle))


def _families() -> list[str]:
    chinese = chinese_font()
    return [chinese, LATIN_FONT] if chinese else [LATIN_FONT]
