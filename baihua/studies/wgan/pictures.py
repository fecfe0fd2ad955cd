"""Pictures of the study: what generators make, and what critics say on the way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from baihua.studies.plots import COLOURS, label, new_figure, save_figure
from baihua.studies.wgan.data import digits

SIDE = 8
COLUMNS, ROWS = 8, 6

Looks = Sequence[tuple[int, tuple[float, ...], tuple[float, ...]]]


def draw_images(images: Mapping[str, Sequence[Sequence[int]]], path: Path) -> None:
    """Draw digits of each generator in a panel, after a panel of real ones.

    Args:
        images: rows of 64 numbers from 0 to 255, by name.
        path: where to.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    real = (digits().held_out[: COLUMNS * ROWS] * 255).round().int().tolist()
    panels = {label(zh="真实", en="real"): real, **images}
    figure = new_figure(2)
    axes = np.atleast_1d(figure.subplots(1, len(panels)))
    for place, (name, rows) in zip(axes, panels.items(), strict=True):
        place.imshow(_sheet(rows), cmap="gray_r", vmin=0, vmax=255)
        place.set_title(name)
        place.set_axis_off()
    save_figure(figure, path)


def draw_tracks(looks: Mapping[str, Looks], path: Path) -> None:
    """Draw estimate and exact distance along the training, a panel per generator, the mean over seeds with their range.

    Args:
        looks: step, estimates and exact distances, by name.
        path: where to.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure(2)
    axes = np.atleast_1d(figure.subplots(1, len(looks), sharey=True))
    for place, (name, mine) in zip(axes, looks.items(), strict=True):
        steps = [look[0] for look in mine]
        for part, words in (
            (1, label(zh="评判网络的估计", en="critic's estimate")),
            (2, label(zh="精确 W1", en="exact W1")),
        ):
            values = np.array([look[part] for look in mine])
            place.plot(steps, values.mean(axis=1), color=COLOURS[part], label=words)
            place.fill_between(steps, values.min(axis=1), values.max(axis=1), color=COLOURS[part], alpha=0.2)
        place.set_title(name)
        place.set_xlabel(label(zh="生成器步数", en="generator steps"))
    axes[0].set_ylabel(label(zh="一批 64 个之间", en="between batches of 64"))
    axes[0].legend()
    save_figure(figure, path)


def _sheet(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Lay images of 8 × 8 out in a sheet with a white rim around each, shape ``(rows · 10, columns · 10)``."""
    kept = np.array(rows[: COLUMNS * ROWS]).reshape(ROWS, COLUMNS, SIDE, SIDE)
    rimmed = np.pad(kept, [(0, 0), (0, 0), (1, 1), (1, 1)])  # (rows, columns, side, side)
    side = rimmed.shape[-1]
    return rimmed.transpose(0, 2, 1, 3).reshape(ROWS * side, COLUMNS * side)
