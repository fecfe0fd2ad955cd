"""More labels: where a frozen model has reached its ceiling, and whether label words should then be learned."""

from pathlib import Path

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.ptuning.cells import ALL, SMALL_LABELS, cells, scored_texts
from baihua.studies.ptuning.compared import FEW, HALF, listed, result_of, spread
from baihua.studies.ptuning.differences import difference
from baihua.studies.ptuning.record import Cell
from baihua.studies.ptuning.ways import ARTICLE, P_TUNING, P_TUNING_ALL, PREFIX, Way

PAPER_ISSUE = "https://github.com/THUDM/P-tuning/issues/5"


def on_all(way: Way, setting: Setting) -> list[Cell]:
    """Measure a way on all training reviews, which are gone through only so often; a sample is then a seed alone."""
    changed = Way(
        way.name, way.method, way.template, way.tune, way.learned_words, changes={"epochs": setting["epochs"]}
    )
    return cells(changed, setting, ALL, setting["seeds"])


def frozen_has_a_ceiling(setting: Setting) -> Measurement:
    """On all training reviews tuning everything is clearly above the soft tokens alone; both are drawn against the labels."""
    full = setting.scale == "full"
    sizes = [*(size for size in sorted(setting["sizes"]) if full or size < SMALL_LABELS), ALL]
    table: dict[str, list[list[Cell]]] = {
        way.name: [on_all(way, setting) if size == ALL else cells(way, setting, size) for size in sizes]
        for way in (P_TUNING, P_TUNING_ALL)
    }
    apart = difference(table[P_TUNING_ALL.name][-1], table[P_TUNING.name][-1])
    results = {
        name: [_result(name, size, mine, setting) for size, mine in zip(sizes, row, strict=True)]
        for name, row in table.items()
    }
    rows = "; ".join(f"{name}: {' / '.join(spread(result) for result in row)}" for name, row in results.items())
    words = " / ".join(_labels(size, setting) for size in sizes)
    num = len(scored_texts(setting.scale).dev)
    reason = {
        "zh": f"waimai_10k，{num} 条评论上的正确率，每类标注 {words}：{rows}。全部标注时，全调减去只学软词元：{apart.spell('zh')}。",
        "en": f"waimai_10k, accuracy on {num} reviews, labels of each kind {words}: {rows}. With all labels, everything less soft tokens "
        f"alone: {apart.spell('en')}.",
    }

    def draw(path: Path) -> None:
        most = len(scored_texts(setting.scale).train) if full else 2 * SMALL_LABELS
        num_texts = [2 * size for size in sizes[:-1]] + [most]
        series = {name: [100 * result.mean for result in row] for name, row in results.items()}
        x_label, y_label = label(zh="标注的评论", en="labelled reviews"), label(zh="正确率 ×100", en="accuracy x 100")
        curves(num_texts, series, path, x_label=x_label, y_label=y_label, title="", log_x=True)

    return Measurement(apart.interval[0] > 0, reason, tuple(result for row in results.values() for result in row), draw)


def words_by_hand_or_learned(setting: Setting) -> Measurement:
    """With few labels words chosen by hand are no worse than learned ones; with all labels it is the other way round."""
    few_learned = Way("p_tuning-learned-words", "p_tuning", PREFIX, "prompt", learned_words=True)
    all_learned = Way("p_tuning-all-learned-words", "p_tuning", PREFIX, "all", learned_words=True)
    few = {way.name: cells(way, setting) for way in (P_TUNING, few_learned)}
    many = {way.name: on_all(way, setting) for way in (P_TUNING_ALL, all_learned)}
    at_few = difference(few[P_TUNING.name], few[few_learned.name])
    at_all = difference(many[all_learned.name], many[P_TUNING_ALL.name])
    results = (
        *(_result(name, setting["per_label"], mine, setting) for name, mine in few.items()),
        *(_result(name, ALL, mine, setting) for name, mine in many.items()),
    )
    num = len(scored_texts(setting.scale).dev)
    reason = {
        "zh": f"waimai_10k，{num} 条评论上的正确率：{listed(results)}。标注少时手选减去学来：{at_few.spell('zh')}；"
        f"全部标注时学来减去手选：{at_all.spell('zh')}。",
        "en": f"waimai_10k, accuracy on {num} reviews: {listed(results)}. With few labels by hand less learned: {at_few.spell('en')}; with "
        f"all labels learned less by hand: {at_all.spell('en')}.",
    }
    return Measurement(at_few.mean >= 0 and at_all.mean >= 0, reason, results)


def _result(name: str, per_label: int, mine: list[Cell], setting: Setting) -> Result:
    samples = setting["seeds"] if per_label == ALL else None
    return result_of(f"{name}/{_labels(per_label, setting)}", mine, setting, samples)


def _labels(per_label: int, setting: Setting) -> str:
    """Return how many labels of each kind; all there are is a number too at the small scale."""
    every = "all" if setting.scale == "full" else str(SMALL_LABELS)
    return every if per_label == ALL else str(per_label)


CLAIMS = (
    Claim(
        "ptuning",
        13,
        {
            "zh": "标注多时，只学软词元会欠拟合，应连模型一起调。判据：用全部训练评论时，全调明显更高（差的 95% 区间整个大于 0）。",
            "en": "With many labels the soft tokens alone underfit, and the model is to be tuned too. Decided by: on all training reviews "
            "tuning everything is clearly higher (the 95 % interval of the difference lies above 0).",
        },
        f"{ARTICLE}; {PAPER_ISSUE}",
        "in words",
        {**FEW, "sizes": (16, 64, 256), "epochs": 2, "seeds": (0,)},
        frozen_has_a_ceiling,
    ),
    Claim(
        "ptuning",
        14,
        {
            "zh": "标签词，标注少时手选较好，标注多时用 [unused*] 学来较好。判据：标注少时手选不低于学来，用全部标注全调时学来不低于手选。",
            "en": "Label words chosen by hand are better with few labels, [unused*] ones that are learned with many. Decided by: by hand "
            "at least as accurate with few labels, learned at least as accurate with all labels and everything tuned.",
        },
        ARTICLE,
        "in words",
        {**HALF, "epochs": 2, "seeds": (0,)},
        words_by_hand_or_learned,
    ),
)
