"""Small plots for the tour and the studies: drawn without a screen, written whole, and never with boxes for letters.

matplotlib comes with the ``plot`` extra and is imported on first use. Figures are plain `Figure` objects, so nothing
of matplotlib's global state is touched.
"""

import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from baihua.checks import check_choice, check_same_length, need_package
from baihua.files import replacing
from baihua.language import say

# Families that hold the everyday Chinese characters, in the order tried: Linux, Windows, macOS, then the rest.
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Noto Sans CJK JP",  # the family matplotlib sees in the one file that holds all five regions
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Microsoft YaHei",
    "SimHei",
    "DengXian",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "Heiti TC",
    "Arial Unicode MS",
    "Noto Serif CJK SC",
    "Songti SC",
    "SimSun",
)
LATIN_FONT = "DejaVu Sans"  # comes with matplotlib, so it is always there

# Colours told apart by colour-blind readers too (Okabe and Ito, "Color universal design", 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def figure_size(panels: int = 1) -> tuple[float, float]:
    """Return the width and height, in inches, of a figure with that many panels side by side.

    Example:
        >>> figure_size()
        (7.0, 4.2)
    """
    return (7.0 * panels, 4.2)


def chinese_font() -> str | None:
    """Return the family of an installed font that can write Chinese, or None when there is none.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    installed = {font.name for font in _matplotlib("font_manager").fontManager.ttflist}
    return next((family for family in CHINESE_FONTS if family in installed), None)


def label(*, zh: str, en: str) -> str:
    """Return the words to write in a figure: Chinese when that is the language and a font can write it, else English.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    return say(zh=zh, en=en) if chinese_font() else en


def new_figure(panels: int = 1) -> Any:
    """Return an empty `matplotlib.figure.Figure` of the usual size.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    return _matplotlib("figure").Figure(figsize=figure_size(panels), layout="constrained")


def save_figure(figure: Any, path: str | Path) -> Path:
    """Write a figure, whole or not at all, in the format its suffix names (.png, .svg, .pdf).

    Args:
        figure: a `matplotlib.figure.Figure`.
        path: the file to write; without a suffix it is a PNG.

    Returns:
        The path.

    Raises:
        InvalidValue: for a suffix matplotlib cannot write.
        FileProblem: when it cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lstrip(".").lower() or "png"
    check_choice("format", kind, sorted(figure.canvas.get_supported_filetypes()))
    with replacing(target) as temporary:
        figure.savefig(temporary, format=kind, dpi=150)
    return target


def cosine_histograms(before: np.ndarray, after: np.ndarray, path: str | Path, *, title: str) -> Path:
    """Draw how the cosines of pairs are spread before and after whitening, one histogram over the other.

    Args:
        before: cosines of pairs before whitening, any shape.
        after: cosines of pairs after whitening, any shape; need not be as many.
        path: the file to write.
        title: the title of the figure; see `label`.

    Returns:
        The path.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure()
    axes = figure.subplots()
    edges = np.linspace(-1.0, 1.0, 101)
    names = (label(zh="白化前", en="before whitening"), label(zh="白化后", en="after whitening"))
    for name, cosines, colour in zip(names, (before, after), COLOURS, strict=False):
        # Rounding may put the cosine of a vector with itself a hair above 1, where no bin would count it.
        flat = np.clip(np.asarray(cosines, dtype=np.float64).ravel(), -1.0, 1.0)
        mean = round(float(flat.mean()), 2) + 0.0  # adding 0 turns -0.0 into 0.0
        legend = label(zh=f"{name}，均值 {mean:.2f}", en=f"{name}, mean {mean:.2f}")
        axes.hist(flat, bins=edges, density=True, color=colour, alpha=0.6, label=drawable(legend))
    axes.set_xlim(-1.0, 1.0)
    _dress(axes, label(zh="两句的余弦", en="cosine of a pair"), label(zh="密度", en="density"), title)
    return save_figure(figure, path)


def curves(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    path: str | Path,
    *,
    x_label: str,
    y_label: str,
    title: str,
    log_x: bool = False,
) -> Path:
    """Draw one line per series over the same points.

    Args:
        x: the points of the horizontal axis.
        series: the name of each line and its values, one per point; NaN leaves a gap.
        path: the file to write.
        x_label: what the horizontal axis is; see `label`.
        y_label: what the vertical axis is.
        title: the title of the figure.
        log_x: whether the horizontal axis doubles at each tick (for sizes such as 16, 32, 64).

    Returns:
        The path.

    Raises:
        InvalidValue: when a series has another length than ``x``.
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure()
    axes = figure.subplots()
    for number, (name, values) in enumerate(series.items()):
        check_same_length(x, values, ("x", name))
        style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
        axes.plot(x, values, label=drawable(name) or f"#{number + 1}", markersize=4, **style)
    if log_x:
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(x), [f"{point:g}" for point in x])
        axes.minorticks_off()
    _dress(axes, x_label, y_label, title)
    return save_figure(figure, path)


def plane(
    points: Mapping[str, tuple[float, float]], path: str | Path, *, x_label: str, y_label: str, title: str
) -> Path:
    """Draw named points in a plane.

    Args:
        points: the name of each point and where it lies.
        path: the file to write.
        x_label: what the horizontal axis is; see `label`.
        y_label: what the vertical axis is.
        title: the title of the figure.

    Returns:
        The path.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    figure = new_figure()
    axes = figure.subplots()
    for number, (name, (x, y)) in enumerate(points.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
        axes.plot([x], [y], linestyle="none", label=drawable(name) or f"#{number + 1}", markersize=8, **style)
    _dress(axes, x_label, y_label, title)
    return save_figure(figure, path)


def _matplotlib(part: str) -> Any:
    """Import one module of matplotlib, which is optional and slow to import."""
    need_package("matplotlib", "plot")
    return importlib.import_module(f"matplotlib.{part}")


def _families() -> list[str]:
    """The font families to write with, in order."""
    chinese = chinese_font()
    return [chinese, LATIN_FONT] if chinese else [LATIN_FONT]


def letters() -> Any:
    """Return the font properties to write labels with.

    Raises:
        MissingPackage: when matplotlib is not installed.
    """
    return _matplotlib("font_manager").FontProperties(family=_families())


@lru_cache(maxsize=8)
def _characters(family: str) -> frozenset[int]:
    """The code points an installed font family has a shape for."""
    manager = _matplotlib("font_manager")
    return frozenset(manager.get_font(manager.findfont(family)).get_charmap())


def drawable(text: str) -> str:
    """Return a text without the characters no installed font has a shape for, which would come out as boxes."""
    known = frozenset().union(*(_characters(family) for family in _families()))
    return "".join(character for character in text if character == "\n" or ord(character) in known).strip()


def _dress(axes: Any, x_label: str, y_label: str, title: str) -> None:
    """Write the labels, title and legend, and take away the frame nobody reads."""
    font = letters()
    axes.set_xlabel(drawable(x_label), fontproperties=font)
    axes.set_ylabel(drawable(y_label), fontproperties=font)
    axes.set_title(drawable(title), fontproperties=font)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    num_entries = len(axes.get_legend_handles_labels()[0])
    if num_entries > 3:  # would cover the lines
        axes.figure.legend(loc="outside right upper", prop=font, frameon=False)
    elif num_entries:
        axes.legend(prop=font, frameon=False)
