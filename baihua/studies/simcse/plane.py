"""Alignment against uniformity: what should be close is close, and all in all the vectors spread evenly."""

import time
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.encoders.load import load_encoder
from baihua.encoders.protocol import Encoder
from baihua.maths.isotropy import alignment, average_cosine, uniformity
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.plots import label, plane
from baihua.studies.simcse.trained import MAX_PAIRS, MOST_SENTENCES
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.simcse import train_simcse
from baihua.tasks.contrastive.trained_part import trainable

SOURCE = "https://arxiv.org/abs/2104.08821, figure 2; measures of https://arxiv.org/abs/2005.10242"

Vectors = npt.NDArray[np.float32]
Place = tuple[float, float, float]  # uniformity, alignment, mean squared distance of any two


def evener_and_still_aligned(setting: Setting) -> Measurement:
    """Vectors become more uniform, and pairs of one meaning lie closer for how far apart any two are."""
    pairs = read_pairs(setting["dataset"]).thin(MAX_PAIRS[setting.scale])
    started = time.perf_counter()
    encoder = trainable(load_encoder(setting["encoder"], pooling=setting["pooling"]))
    raw = _both_sides(encoder, pairs)
    most = MOST_SENTENCES[setting.scale]
    settings = ContrastiveSettings(most or setting["num_sentences"], guard_every=0, seed=setting["seed"])
    train_simcse(encoder, [*pairs.first, *pairs.second], settings)
    trained = _both_sides(encoder, pairs)
    ways = {"raw": raw, "whitened": _whitened(raw), "SimCSE": trained, "SimCSE, whitened": _whitened(trained)}
    alike = pairs.labels >= setting["alike"]
    places = {name: _place(vectors, alike) for name, vectors in ways.items()}
    seconds = round(time.perf_counter() - started, 1)
    results = tuple(_result(name, place, pairs, setting, seconds) for name, place in places.items())
    before, after = places["raw"], places["SimCSE"]
    holds = after[0] < before[0] and after[1] / after[2] < before[1] / before[2]

    def draw(path: Path) -> None:
        plane(
            {name: place[:2] for name, place in places.items()},
            path,
            x_label=label(zh="均匀（越低越匀）", en="uniformity (lower is more even)"),
            y_label=label(zh="对齐（越低越近）", en="alignment (lower is closer)"),
            title=label(zh=f"对齐与均匀，{pairs.name}", en=f"Alignment and uniformity, {pairs.name}"),
        )

    return Measurement(holds, _reason(places, pairs.name), results, draw)


def _both_sides(encoder: Encoder, pairs: Pairs) -> tuple[Vectors, Vectors]:
    vectors = encoder.encode([*pairs.first, *pairs.second])
    return vectors[: len(pairs)], vectors[len(pairs) :]


def _whitened(sides: tuple[Vectors, Vectors]) -> tuple[Vectors, Vectors]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyDirections)
        whitening = Whitening().fit(np.concatenate(sides))
    first, second = (whitening.transform(side) for side in sides)
    return first, second


def _place(sides: tuple[Vectors, Vectors], alike: npt.NDArray[np.bool_]) -> Place:
    first, second = sides
    distinct = np.unique(first, axis=0)  # a sentence that stands there twice would count as two at distance 0
    return uniformity(distinct), alignment(first[alike], second[alike]), 2 * (1 - average_cosine(distinct))


def _reason(places: dict[str, Place], dataset: str) -> dict[str, str]:
    listed = ", ".join(
        f"{name} {place[0]:.2f} / {place[1]:.3f} / {place[1] / place[2]:.3f}" for name, place in places.items()
    )
    return {
        "zh": f"{dataset}，均匀 / 同义对的对齐 / 对齐与任两句距离之比：{listed}。",
        "en": f"{dataset}, uniformity / alignment of pairs of one meaning / its share of any two's distance: {listed}.",
    }


def _result(name: str, place: Place, pairs: Pairs, setting: Setting, seconds: float) -> Result:
    return Result(
        name=f"simcse/plane/{name}",
        metric="uniformity",
        values=(place[0],),
        settings={**setting.knobs, "scale": setting.scale, "alignment": place[1], "distance_of_any_two": place[2]},
        data={pairs.file: f"sha256:{pairs.revision}"},
        num_examples=len(pairs),
        seconds=seconds,
    )


CLAIMS = (
    Claim(
        "simcse",
        16,
        {
            "zh": "SimCSE 让向量分布得更均匀，而同义的仍相近。判据：均匀度下降，同义对的距离与任两句距离之比也下降。",
            "en": "SimCSE spreads the vectors more evenly while what means the same stays close. Decided by: uniformity falls, and so does "
            "the distance of pairs of one meaning as a share of that of any two.",
        },
        SOURCE,
        "in a figure: uniformity falls, alignment holds",
        {
            "encoder": "bundled",
            "pooling": "cls",
            "dataset": "STS-B",
            "alike": 4.0,
            "num_sentences": 10_000,
            "seed": 0,
        },
        evener_and_still_aligned,
    ),
)
