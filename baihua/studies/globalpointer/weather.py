"""A made-up weather report, many short entities with little between them, to see what position is good for.

"Beijing 21°; Shanghai 22°; …": all places look alike to the head, so that without a sense of distance the first character of
one goes as well with the last character of another as with its own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.globalpointer.exact import ARTICLE
from baihua.studies.globalpointer.heat_maps import score_maps
from baihua.studies.plots import label
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.text.entities import Entity, EntityTexts
from baihua.training.span_metrics import score_entities

LEARNED = ("北京", "上海", "广州", "深圳", "天津", "重庆", "成都", "武汉", "西安", "南京", "杭州", "哈尔滨", "石家庄")
UNSEEN = ("沈阳", "大连", "宁波", "厦门", "济南", "昆明", "福州", "无锡", "合肥", "南昌", "贵阳", "秦皇岛", "张家口")
SKIES = ("晴", "阴", "多云", "小雨", "有雾")
PLACE, TEMPERATURE = "地点", "温度"
NUM_TEST = 200
FEW = 0.2  # the gap that decides, in F1


def make_reports(num: int, places: Sequence[str], seed: int, per_text: int) -> EntityTexts:
    """Write reports of several places each, with places and temperatures marked.

    Args:
        num: how many.
        places: names to draw from.
        seed: of all that is drawn.
        per_text: places of each report.

    Example:
        >>> reports = make_reports(1, ["北京"], 0, 1)
        >>> [reports.texts[0][entity.start : entity.end] for entity in reports.entities[0]][0]
        '北京'
    """
    rng = np.random.default_rng(seed)
    texts, entities = [], []
    for _ in range(num):
        text, marked = "", []
        for place in rng.choice(places, min(per_text, len(places)), replace=False):
            degrees = f"{rng.integers(-20, 40)}度"
            middle = str(rng.choice(SKIES))
            start = len(text)
            text += f"{place}{middle}{degrees}；"
            marked.append(Entity(start, start + len(place), PLACE))
            marked.append(Entity(start + len(place) + len(middle), len(text) - 1, TEMPERATURE))
        texts.append(text)
        entities.append(marked)
    return EntityTexts(texts, entities)


def train_on_reports(setting: Setting, seed: int, *, rotary: bool) -> EntityExtractor:
    """Train an extractor on a few reports."""
    train = make_reports(setting["num_train"], LEARNED, 1000 + seed, setting["places"])
    settings = ExtractionSettings(epochs=setting["epochs"], rotary=rotary, seed=seed, batch_size=8)
    extractor = EntityExtractor(setting["encoder"], setting["head"], settings=settings, device="cpu")
    return extractor.fit(train.texts, train.entities, show_progress=False)


def position_is_essential(setting: Setting) -> Measurement:
    """With rotary positions F1 on places never seen is higher by 20 points, and the pairs that go wrong without are crossed."""
    test = make_reports(NUM_TEST, UNSEEN, 0, setting["places"])
    f1: dict[bool, list[float]] = {True: [], False: []}
    crossed: list[float] = []
    last: dict[bool, EntityExtractor] = {}
    for seed in setting["seeds"]:
        for rotary in (True, False):
            last[rotary] = train_on_reports(setting, seed, rotary=rotary)
            found = last[rotary].predict(test.texts, show_progress=False)
            f1[rotary].append(score_entities(found, test.entities).f1)
            if not rotary:
                crossed.append(share_crossed(found, test.entities))
    results = tuple(
        _result(("with" if rotary else "without") + "-rotary", f1[rotary], setting) for rotary in (True, False)
    )
    gap = results[0].mean - results[1].mean
    reason = {
        "zh": f"{setting['num_train']} 条训练，没见过的地名上的 F1：有 RoPE {100 * results[0].mean:.1f} ± {100 * results[0].spread:.1f}，"
        f"没有 {100 * results[1].mean:.1f} ± {100 * results[1].spread:.1f}；没有时错找的片段有 {100 * np.mean(crossed):.0f}% "
        "是一个实体的头接另一个实体的尾。",
        "en": f"{setting['num_train']} reports to learn from, F1 on places never seen: {100 * results[0].mean:.1f} ± "
        f"{100 * results[0].spread:.1f} with rotary positions, {100 * results[1].mean:.1f} ± {100 * results[1].spread:.1f} without; "
        f"of the wrong spans found without, {100 * np.mean(crossed):.0f} % join one entity's start to another's end.",
    }
    return Measurement(gap >= FEW, reason, results, lambda path: _draw(last, path))


def share_crossed(found: list[list[Entity]], gold: list[list[Entity]]) -> float:
    """Return how many of the wrong spans begin where an entity of their type does and end where another does."""
    wrong = crossed = 0
    for mine, right in zip(found, gold, strict=True):
        for entity in set(mine) - set(right):
            wrong += 1
            starts = {other.start for other in right if other.type == entity.type}
            ends = {other.end for other in right if other.type == entity.type}
            crossed += entity.start in starts and entity.end in ends
    return crossed / max(wrong, 1)


def _draw(extractors: dict[bool, EntityExtractor], path: Path) -> None:
    """Draw the scores of all spans of one report as places, with and without rotary positions."""
    report = make_reports(1, UNSEEN, 5, 4)
    text, maps = report.texts[0], {}
    tokens: list[tuple[int, int]] = []
    for rotary, extractor in extractors.items():
        tokens, scores = extractor.span_scores(text)
        maps[label(zh="有 RoPE", en="with RoPE") if rotary else label(zh="没有 RoPE", en="without RoPE")] = scores[
            PLACE
        ]
    starts, ends = zip(*tokens, strict=True)
    boxed = [(starts.index(one.start), ends.index(one.end)) for one in report.entities[0] if one.type == PLACE]
    score_maps(maps, [text[start:end] for start, end in tokens], boxed, path)


def _result(name: str, values: list[float], setting: Setting) -> Result:
    return Result(f"globalpointer/weather/{name}", "f1", tuple(values), tuple(setting["seeds"]), dict(setting.knobs))


CLAIMS = (
    Claim(
        "globalpointer",
        6,
        {
            "zh": "没有相对位置，一个实体的头会接上另一个实体的尾（天气预报的例子）。判据：没见过的地名上，没有 RoPE 时 F1 低 20 点以上。",
            "en": "Without relative positions the start of one entity goes with the end of another, as in a weather report. Decided by: on "
            "places never seen F1 is at least 20 points lower without.",
        },
        ARTICLE,
        "in words: Beijing: 21°; Shanghai: 22°; …",
        {
            "encoder": "bundled",
            "head": "global_pointer",
            "num_train": 60,
            "places": 6,
            "epochs": 10,
            "seeds": (0, 1, 2),
        },
        position_is_essential,
    ),
)
