"""What the claims about ways to classify have in common: accuracies as results, words and points."""

from collections.abc import Mapping, Sequence

from baihua.results import Result
from baihua.studies.claims import Measurement, Setting
from baihua.studies.ptuning.cells import cells, scored_texts
from baihua.studies.ptuning.differences import Difference, difference
from baihua.studies.ptuning.record import Cell
from baihua.studies.ptuning.ways import Way

Table = Mapping[str, list[Cell]]  # by name of the way

KNOBS = {"encoder": "bundled", "per_label": 16, "samples": tuple(range(10))}
HALF = {**KNOBS, "samples": tuple(range(5))}
FEW = {**KNOBS, "samples": tuple(range(3))}
TWIN = "causal-twin"  # the folder of a causal model of one's own


def results_of(table: Table, setting: Setting) -> tuple[Result, ...]:
    """Return a result per way, with a value per sample."""
    return tuple(result_of(name, cells, setting) for name, cells in table.items())


def result_of(name: str, cells: Sequence[Cell], setting: Setting, samples: Sequence[int] | None = None) -> Result:
    """Return the accuracies of a way as a result.

    Args:
        name: what it is called.
        cells: one per sample.
        setting: what they were measured with.
        samples: their numbers; None for the setting's.
    """
    texts = scored_texts(setting.scale)
    numbers = tuple(setting["samples"] if samples is None else samples)[: len(cells)]
    return Result(
        name=f"ptuning/{name}",
        metric="accuracy",
        values=tuple(cell.accuracy for cell in cells),
        seeds=numbers,
        settings={**setting.knobs, "scale": setting.scale},
        data=texts.data,
        num_examples=len(texts.dev),
        seconds=round(sum(cell.seconds for cell in cells), 1),
    )


def spread(result: Result) -> str:
    """Return accuracy ×100, with the standard deviation where there are several samples."""
    deviation = f" ± {100 * result.spread:.2f}" if len(result.values) > 1 else ""
    return f"{100 * result.mean:.2f}{deviation}"


def listed(results: Sequence[Result]) -> str:
    """Return names and accuracies in a row."""
    return ", ".join(f"{result.name.removeprefix('ptuning/')} {spread(result)}" for result in results)


def what(setting: Setting, num_samples: int) -> dict[str, str]:
    """Return what was measured, in both languages, as the beginning of a reason."""
    num = len(scored_texts(setting.scale).dev)
    per_label = setting["per_label"]
    return {
        "zh": f"waimai_10k，每类 {per_label} 条标注，{num_samples} 个样本，{num} 条评论上的正确率",
        "en": f"waimai_10k, {per_label} labelled reviews of each kind, samples: {num_samples}, accuracy on {num} others",
    }


def reason_of(
    results: Sequence[Result], apart: Mapping[tuple[str, str], Difference], setting: Setting
) -> Mapping[str, str]:
    """Return accuracies and differences in words.

    Args:
        results: the accuracies.
        apart: the differences, by what is less what.
        setting: what they were measured with.
    """
    begin = what(setting, max(len(result.values) for result in results))
    less = {
        "zh": "；".join(f"{first} 减去 {second}：{one.spell('zh')}" for (first, second), one in apart.items()),
        "en": "; ".join(f"{first} less {second}: {one.spell('en')}" for (first, second), one in apart.items()),
    }
    return {
        "zh": f"{begin['zh']}：{listed(results)}。{less['zh']}。",
        "en": f"{begin['en']}: {listed(results)}. {less['en']}.",
    }


def at_least(first: Way, second: Way, setting: Setting, *, below: float = 0.0) -> Measurement:
    """Judge by whether a way's mean accuracy is at least that of another, or so much below at most."""
    table = {way.name: cells(way, setting) for way in (first, second)}
    apart, results = difference(table[first.name], table[second.name]), results_of(table, setting)
    reason = reason_of(results, {(first.name, second.name): apart}, setting)
    return Measurement(apart.mean >= -below, reason, results)
