"""The picture of a permutation test: the distances of random splits, and where the observed one lies."""

from pathlib import Path
from typing import TYPE_CHECKING

from baihua.checks import InvalidValue, need_package

if TYPE_CHECKING:
    from baihua.tasks.corpus_comparison import CorpusComparison

SUFFIXES = (".png", ".svg", ".pdf")
BINS = 40


def check_plot(plot: str | None, output: str | None, files: tuple[str, str]) -> None:
    """Refuse, before any work, a picture that cannot be drawn or would take the place of another file.

    Raises:
        InvalidValue: for another suffix, or a file that is read or written as well.
        MissingPackage: when matplotlib is not installed.
    """
    if plot is None:
        return
    if Path(plot).suffix.lower() not in SUFFIXES:
        listed = ", ".join(SUFFIXES)
        raise InvalidValue(
            zh=f"看不出 {plot!r} 要画成什么图：后缀可用 {listed}。",
            en=f"Cannot tell what picture {plot!r} is to be. Use one of the suffixes {listed}.",
        )
    if Path(plot).resolve() in {Path(path).resolve() for path in (*files, output) if path is not None}:
        raise InvalidValue(
            zh=f"--plot 不能是另一个文件 {plot}；请换一个名字。",
            en=f"--plot must not be another file, {plot}. Choose a new name.",
        )
    need_package("matplotlib", "plot")


def draw_plot(found: "CorpusComparison", path: str) -> None:
    """Draw the histogram of the permuted distances with a line at the observed one."""
    from baihua.studies.plots import COLOURS, drawable, label, letters, new_figure, save_figure

    figure = new_figure()
    axes = figure.subplots()
    splits = label(zh="随机分成两半", en="random splits of both together")
    observed = label(zh=f"实际：p = {found.p_value:.4g}", en=f"observed: p = {found.p_value:.4g}")
    axes.hist(found.test.permuted, bins=BINS, color=COLOURS[0], alpha=0.6, label=drawable(splits))
    axes.axvline(found.distance, color=COLOURS[1], linewidth=2, label=drawable(observed))
    name = found.distance_name
    axes.set_xlabel(drawable(label(zh=f"距离（{name}）", en=f"distance ({name})")), fontproperties=letters())
    axes.set_ylabel(drawable(label(zh="分法", en="splits")), fontproperties=letters())
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(prop=letters(), frameon=False)
    save_figure(figure, path)
