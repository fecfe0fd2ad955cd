"""Raw cosines are bunched: unrelated sentences look alike. Whitening brings them back to zero."""

from pathlib import Path

import numpy as np

from baihua.benchmarks.agreement import pair_cosines
from baihua.maths.isotropy import average_cosine
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import cosine_histograms, label
from baihua.studies.whitening.scoring import (
    PREDECESSOR,
    Treatment,
    Vectors,
    pair_vectors,
)

# Two sentences that have nothing to do with each other should have a cosine near 0. From 0.3 on average they are
# called bunched; within 0.05 of 0 they are not.
BUNCHED = 0.3
NEAR_ZERO = 0.05

NUM_RANDOM_PAIRS = 20_000


def unbunches_cosines(setting: Setting) -> Measurement:
    """The average cosine of unrelated sentences is high before whitening and near 0 after it."""
    row = (setting["encoder"], setting["pooling"])
    pairs = pair_vectors(row, setting["dataset"], setting)
    raw = pairs.sentences[np.abs(pairs.sentences).any(axis=1)]  # a sentence without a known token has no direction
    white = Treatment(setting["k"], setting["centering"], setting["scaling"]).fit(raw).transform(raw)
    before, after = average_cosine(raw), average_cosine(white)
    random = np.random.default_rng(setting["seed"])
    drawn = random.integers(len(raw), size=(2, NUM_RANDOM_PAIRS))
    before_pairs, after_pairs = _unrelated(raw, drawn), _unrelated(white, drawn)
    reason = {
        "zh": f"无关句子的平均余弦 {before:.3f} → {abs(after):.3f}；标准差 {before_pairs.std():.3f} → {after_pairs.std():.3f}。",
        "en": f"Average cosine of unrelated sentences {before:.3f} → {abs(after):.3f}; "
        f"standard deviation {before_pairs.std():.3f} → {after_pairs.std():.3f}.",
    }
    results = tuple(
        Result(
            name=f"spread/{setting['dataset']}/{row[1]}/{treatment}",
            metric="average_cosine",
            values=(value,),
            settings={**setting.knobs, "scale": setting.scale},
            data=dict(pairs.data),
            num_examples=len(raw),
        )
        for treatment, value in (("raw", before), ("whitened", after))
    )

    def draw(path: Path) -> None:
        title = label(
            zh=f"{setting['dataset']} 随机句对的余弦，{row[0]} / {row[1]}",
            en=f"Cosines of random pairs of {setting['dataset']}, {row[0]} / {row[1]}",
        )
        cosine_histograms(before_pairs, after_pairs, path, title=title)

    return Measurement(before >= BUNCHED and abs(after) <= NEAR_ZERO, reason, results, draw)


def _unrelated(vectors: Vectors, drawn: np.ndarray) -> np.ndarray:
    """Cosines of randomly drawn sentences; a sentence drawn with itself is left out."""
    first, second = drawn
    different = first != second
    return pair_cosines(vectors, first[different], second[different])


CLAIMS = (
    Claim(
        "whitening",
        8,
        {
            "zh": "原始向量挤在一个窄锥里，不相干的句子余弦也很高；白化把它们拉回 0 附近。"
            "判据：平均余弦白化前至少 0.3，白化后绝对值至多 0.05。",
            "en": "Raw vectors crowd into a narrow cone, so that unrelated sentences have high cosines; whitening "
            "brings these back to 0. Decided by: average cosine at least 0.3 before, at most 0.05 in size after.",
        },
        PREDECESSOR,
        None,
        {
            "encoder": "bundled",
            "pooling": "first_last_mean",
            "dataset": "LCQMC",
            "k": 256,
            "centering": 1.0,
            "scaling": 1.0,
            "seed": 0,
        },
        unbunches_cosines,
    ),
)
