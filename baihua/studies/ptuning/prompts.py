"""What of a prompt matters: the auxiliary loss, where the soft tokens stand, and how many there are."""

from pathlib import Path

from baihua.checks import InvalidValue
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import curves, label
from baihua.studies.ptuning.cells import cells
from baihua.studies.ptuning.compared import FEW, HALF, TWIN, at_least, reason_of, results_of
from baihua.studies.ptuning.differences import difference
from baihua.studies.ptuning.ways import (
    AROUND,
    ARTICLE,
    CAUSAL,
    CAUSAL_PREFIX,
    CAUSAL_SUFFIX,
    P_TUNING,
    SUFFIX,
    Way,
    soft_tokens,
)
from baihua.tasks.prompting.settings import PromptSettings

EQUAL = 0.01  # as good as: at most one point below
THE_ARTICLES = 8
BEHIND = Way("suffix", "p_tuning", SUFFIX, "prompt")
AT_BOTH_ENDS = Way("both-ends", "p_tuning", AROUND, "prompt")
CAUSAL_BEFORE = Way("causal-prefix", "p_tuning", CAUSAL_PREFIX, "prompt", causal=True)
CAUSAL_BEHIND = Way("causal-suffix", "p_tuning", CAUSAL_SUFFIX, "prompt", causal=True)


def with_auxiliary(on: bool) -> Way:
    """Return P-tuning with the auxiliary loss or without, whichever of the two is the classifier's own."""
    if PromptSettings().auxiliary == on:
        return P_TUNING
    name = "p_tuning-auxiliary" if on else "p_tuning-no-auxiliary"
    return Way(name, "p_tuning", P_TUNING.template, "prompt", changes={"auxiliary": on})


def auxiliary_loss_helps(setting: Setting) -> Measurement:
    """To fill in 15 % of the other tokens too makes it no worse."""
    return at_least(with_auxiliary(True), with_auxiliary(False), setting)


def before_the_text(setting: Setting) -> Measurement:
    """A masked model's blank does no worse before the text than behind it."""
    return _places((P_TUNING, BEHIND, AT_BOTH_ENDS), setting)


def _places(ways: tuple[Way, ...], setting: Setting) -> Measurement:
    """Compare the first way with the others and judge by the second."""
    table = {way.name: cells(way, setting) for way in ways}
    first, second, *_ = ways
    apart = {(first.name, way.name): difference(table[first.name], table[way.name]) for way in ways[1:]}
    results = results_of(table, setting)
    return Measurement(apart[first.name, second.name].mean >= 0, reason_of(results, apart, setting), results)


def causal_needs_a_prefix(setting: Setting) -> Measurement:
    """A causal model with soft tokens behind the text alone is clearly below one that has them at both ends."""
    table = {way.name: cells(way, setting) for way in (CAUSAL_BEHIND, CAUSAL, CAUSAL_BEFORE)}
    pairs = ((CAUSAL_BEHIND.name, CAUSAL.name), (CAUSAL_BEFORE.name, CAUSAL.name))
    apart = {pair: difference(table[pair[0]], table[pair[1]]) for pair in pairs}
    results = results_of(table, setting)
    return Measurement(apart[pairs[0]].interval[1] < 0, reason_of(results, apart, setting), results)


def eight_are_enough(setting: Setting) -> Measurement:
    """With the article's eight soft tokens it is at most one point below the best of several numbers of them."""
    numbers = tuple(sorted(setting["numbers"]))
    if min(numbers) < 1 or THE_ARTICLES not in numbers:
        raise InvalidValue(
            zh=f"numbers 是软词元的个数，至少为 1，其中要有 {THE_ARTICLES}；收到 {numbers}。",
            en=f"numbers are numbers of soft tokens, at least 1 and {THE_ARTICLES} among them; received {numbers}.",
        )
    table = {f"soft={num}": cells(soft_tokens(num), setting) for num in numbers}
    results = results_of(table, setting)
    means = {num: result.mean for num, result in zip(numbers, results, strict=True)}
    best = max(numbers, key=means.__getitem__)
    pair = (f"soft={THE_ARTICLES}", f"soft={best}")
    reason = reason_of(results, {pair: difference(table[pair[0]], table[pair[1]])}, setting)

    def draw(path: Path) -> None:
        most = max(len(result.values) for result in results)
        series = {f"#{place}": [100 * result.values[place] for result in results] for place in range(most)}
        series[label(zh="均值", en="mean")] = [100 * result.mean for result in results]
        x_label, y_label = label(zh="软词元", en="soft tokens"), label(zh="正确率 ×100", en="accuracy x 100")
        curves(numbers, series, path, x_label=x_label, y_label=y_label, title="", log_x=True)

    return Measurement(means[THE_ARTICLES] >= means[best] - EQUAL, reason, results, draw)


CLAIMS = (
    Claim(
        "ptuning",
        10,
        {
            "zh": "辅助的语言模型损失（其余词元也遮住 15% 来猜）有帮助。判据：有它时平均正确率不低于没有。",
            "en": "The auxiliary language-model loss, to guess 15 % of the other tokens too, helps. Decided by: the mean accuracy with it "
            "is at least that without.",
        },
        ARTICLE,
        "in words: better than the task's loss alone",
        HALF,
        auxiliary_loss_helps,
    ),
    Claim(
        "ptuning",
        11,
        {
            "zh": "掩码模型的空位放在文本前面通常更好。判据：软词元与空位在前的平均正确率不低于在后。",
            "en": "For a masked model before the text is usually better than behind it. Decided by: with soft tokens and blank before the "
            "text the mean accuracy is at least that with both behind.",
        },
        ARTICLE,
        "in words; PET few-shot, test: P2, its blank behind, 82.76, the others 88.75 to 89.18",
        HALF,
        before_the_text,
    ),
    Claim(
        "ptuning",
        12,
        {
            "zh": "从左到右的模型必须有前缀。判据：软词元全在文本后面，明显低于前后都有（差的 95% 区间整个小于 0）。",
            "en": "A causal model needs a prefix. Decided by: with all soft tokens behind the text it is clearly below soft tokens at both "
            "ends (the 95 % interval of the difference lies below 0).",
        },
        ARTICLE,
        "in words: suffix alone clearly worse",
        {**HALF, "causal": TWIN},
        causal_needs_a_prefix,
    ),
    Claim(
        "ptuning",
        15,
        {
            "zh": "八个软词元就够。判据：比几种个数里平均最高的最多低 1 点。",
            "en": "Eight soft tokens are enough. Decided by: at most one point below the number of them whose mean is highest.",
        },
        f"{ARTICLE} (it takes 8 without a search; the other numbers are ours)",
        None,
        {**FEW, "numbers": (1, 2, 4, 8, 16)},
        eight_are_enough,
    ),
)
