"""TNEWS trained with the article's optimizer, AdaFactor at a constant rate, and with AdamW, a warm-up and a linear decay."""

from collections.abc import Callable
from dataclasses import replace

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes import tnews
from baihua.benchmarks.clue_recipes.lesson import Lesson
from baihua.encoders.load import load_encoder
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.cells import Judged, Way, cells, judged, numbers_of
from baihua.studies.clue.paired import HALF_A_POINT, difference, judgement, learned, result_of, seconds_of, spread, what
from baihua.tasks.contrastive.trained_part import trainable

TASK = "TNEWS"
CODE = "https://github.com/bojone/CLUE-bert4keras"  # its README gives the reason, the article only the rate


def learn(lesson: Lesson) -> Callable[[ClueExamples], Judged]:
    """Train by the recipe, and return what answers a part and judges the answers."""
    return judged(tnews.learn(lesson), lambda part: part.labels)


def ways_of(setting: Setting) -> tuple[Way, Way]:
    """Return both ways: rate, schedule and the head's rate are each one's own, all else is alike.

    Both keep the weights of the epoch that is best on dev, as the article does: a constant rate ends at no particular place.
    """
    article, modern = (numbers_of(TASK, setting, name) for name in ("article", "modern"))
    ours = replace(article, pooling=modern.pooling)
    theirs = replace(modern, patience=article.patience)  # all epochs are gone through
    return Way("adafactor", TASK, ours, learn, watched=True), Way("adamw", TASK, theirs, learn, watched=True)


def adafactor_is_as_good(setting: Setting) -> Measurement:
    """The mean accuracies are at most half a point apart."""
    ways = ways_of(setting)
    ours, theirs = (cells(way, setting) for way in ways)
    apart = difference(ours, theirs)
    results = tuple(result_of(way, mine, setting) for way, mine in zip(ways, (ours, theirs), strict=True))
    one, other = map(spread, results)
    width = trainable(load_encoder(str(setting["encoder"]))).width
    rates = [f"{way.settings.rate(width):g}" for way in ways]
    begin, seconds = what(ways[0], ours, setting), [f"{seconds_of(mine):.0f}" for mine in (ours, theirs)]
    reason = {
        "zh": f"{begin['zh']}，正确率（取开发题上最好的一轮）：AdaFactor {rates[0]} {one}，AdamW {rates[1]} {other}；前者减去后者 "
        f"{apart.spell('zh')}。训练 {seconds[0]} 与 {seconds[1]} 秒。",
        "en": f"{begin['en']}; accuracy, of the epoch that is best on them: AdaFactor at {rates[0]} {one}, AdamW at {rates[1]} {other}; "
        f"the first less the second {apart.spell('en')}. Trainings take {seconds[0]} and {seconds[1]} seconds.",
    }
    return judgement(abs(apart.mean) <= HALF_A_POINT, reason, results, known=learned(ours, theirs))


CLAIMS = (
    Claim(
        "clue",
        10,
        {
            "zh": "AdaFactor 用固定的学习率 5e-4，不预热也不衰减，与精心安排学习率的 AdamW 一样好。判据：TNEWS 开发题上，轮数、"
            "批大小与池化相同（AdamW 带预热与线性衰减，窄的编码器用 1e-4），平均正确率相差不超过 0.5 点。",
            "en": "AdaFactor at a constant 5e-4, without warm-up and decay, is as good as AdamW with a careful schedule. Decided by: on "
            "dev of TNEWS with the same epochs, batches and pooling (AdamW with warm-up and linear decay, at 1e-4 for narrow encoders), "
            "the mean accuracies are at most 0.5 points apart.",
        },
        CODE,
        "in words: AdaFactor adapts its steps to the weights",
        {
            "encoder": "bundled",
            "seeds": (0, 1, 2),
            "subset": 4000,
            "questions": 2000,
            "epochs": 4,
            "batch_size": 32,
            "max_length": 64,
        },
        adafactor_is_as_good,
    ),
)
