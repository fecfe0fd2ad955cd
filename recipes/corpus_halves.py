"""`baihua compare`: does it see a difference that is there, none that is not, and is it better with or without whitening?

Task: (a) positive against negative reviews. (b) Random halves of 1 000 negative reviews (200 with sinkhorn), 200 times, and
    1 000 times with the energy distance, which is fast: a test at 5 % should reject 5 % of them. (c) 100 negative reviews against
    100 of which a share are positive, 200 times, on vectors as they are and whitened in full (fitted on 1 000 reviews of each
    kind): how often is the difference seen?
Data: the training part of waimai_10k (BAIHUA_DATA or `baihua data download waimai_10k`).
Command: python recipes/corpus_halves.py [--parts a b c] [--draws 200]
Score: distance and p-value (a), share of the tests with p <= 0.05 (b, c); see results/compare.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua import SentenceEmbedder, Whitening
from baihua.benchmarks.classification import read_labelled
from baihua.results import Result
from baihua.tasks.compare_corpora import CorporaSettings, compare_corpora
from baihua.tasks.other_half import unit_rows

ENCODER = "bundled"
LEVEL = 0.05
# Texts split in halves, permutations of each, and times more draws, by distance: a divergence is computed anew for every
# permutation.
HALVES = {"energy": (1000, 999, 5), "sliced": (1000, 999, 1), "sinkhorn": (200, 199, 1)}
SIDE, SHARES, PERMUTATIONS = 100, (0.1, 0.2, 0.3), 199
POOL = 1000  # of each kind, encoded once
SEED = 0

Vectors = npt.NDArray[np.float32]
Draw = Callable[[np.random.Generator], tuple[Vectors, Vectors]]

READ = read_labelled("waimai_10k", "train")
NEGATIVE, POSITIVE = (
    [text for text, label in zip(READ.texts, READ.labels, strict=True) if label == kind] for kind in ("0", "1")
)


def save(name: str, metric: str, value: float, num_examples: int, seconds: float, settings: dict[str, Any]) -> None:
    """Print and save one number."""
    Result(
        name=f"compare/waimai_10k/{name}",
        metric=metric,
        values=(value,),
        seeds=(SEED,),
        settings={"encoder": ENCODER, **settings},
        data={READ.file: f"sha256:{READ.revision}"},
        num_examples=num_examples,
        seconds=seconds,
        command=f"python recipes/corpus_halves.py --parts {name[0]}",
    ).save("results")
    print(f"{name:50} {metric} {value:.4g}   {seconds:.1f} s", flush=True)


def all_of_both(embedder: SentenceEmbedder) -> None:
    """Compare positive and negative reviews as a user would, with every distance."""
    for distance in HALVES:
        started = time.perf_counter()
        found = compare_corpora(POSITIVE, NEGATIVE, embedder, distance=distance, settings=CorporaSettings(seed=SEED))
        settings = {
            "distance": distance,
            "value": found.distance,
            "chance_mean": found.chance_mean,
            "chance_high": found.chance_high,
            "told_apart": found.told_apart,
            "permutations": len(found.test.permuted),
            "compared": [len(side.rows) for side in (found.first, found.second)],
            "keywords": [list(side.keywords) for side in (found.first, found.second)],
        }
        num = len(POSITIVE) + len(NEGATIVE)
        save(
            f"a_positive_against_negative/{distance}",
            "p_value",
            found.p_value,
            num,
            time.perf_counter() - started,
            settings,
        )


def rejections(
    name: str, draw: Draw, distance: str, permutations: int, num_draws: int, settings: dict[str, Any]
) -> None:
    """Draw two sides again and again and save how often they are said to differ."""
    started = time.perf_counter()
    p_values = []
    for number in range(num_draws):
        first, second = draw(np.random.default_rng([SEED, number]))
        found = compare_corpora(
            first,
            second,
            distance=distance,
            num_permutations=permutations,
            most=0,
            settings=CorporaSettings(seed=number),
        )
        p_values.append(found.p_value)
    share = float(np.mean(np.array(p_values) <= LEVEL))
    settings = {
        "distance": distance,
        "permutations": permutations,
        "draws": num_draws,
        **settings,
        "rate_of_the_first_200": float(np.mean(np.array(p_values[:200]) <= LEVEL)),
        "p_values": [round(value, 6) for value in p_values],
    }
    save(name, "rejection_rate", share, len(first) + len(second), time.perf_counter() - started, settings)


def halves_of_one(negative: Vectors, num_draws: int) -> None:
    """Split one set in two at random, again and again."""
    for distance, (num, permutations, more) in HALVES.items():
        mine = negative[:num]

        def draw(rng: np.random.Generator, mine: Vectors = mine) -> tuple[Vectors, Vectors]:
            order = rng.permutation(len(mine))
            return mine[order[: len(mine) // 2]], mine[order[len(mine) // 2 :]]

        rejections(f"b_halves/{distance}", draw, distance, permutations, num_draws * more, {"of": num})


def mixtures(negative: Vectors, positive: Vectors, num_draws: int) -> None:
    """Put a share of positive reviews into one of two sets of negative ones, with whitening and without."""
    raw = np.concatenate([negative, positive])
    kinds = {"off": raw, "full": unit_rows(Whitening().fit(raw).transform(raw)).astype(np.float32)}
    for whitening, vectors in kinds.items():
        for distance in ("energy", "sliced"):
            for share in SHARES:
                num_other = round(share * SIDE)

                def draw(rng: np.random.Generator, vectors=vectors, num_other=num_other) -> tuple[Vectors, Vectors]:
                    usual = rng.permutation(len(negative))[: 2 * SIDE]
                    other = len(negative) + rng.permutation(len(positive))[:num_other]
                    return vectors[usual[:SIDE]], vectors[np.append(usual[SIDE : 2 * SIDE - num_other], other)]

                name = f"c_mixture/{whitening}/{distance}/{share:g}"
                settings = {"whitening": whitening, "share": share, "side": SIDE}
                rejections(name, draw, distance, PERMUTATIONS, num_draws, settings)


def main() -> None:
    """Encode once, then test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=["a", "b", "c"], default=["a", "b", "c"])
    parser.add_argument("--draws", type=int, default=200)
    given = parser.parse_args()
    embedder = SentenceEmbedder(ENCODER)
    if "a" in given.parts:
        all_of_both(embedder)
    rng = np.random.default_rng(SEED)
    drawn = [[texts[place] for place in rng.permutation(len(texts))[:POOL]] for texts in (NEGATIVE, POSITIVE)]
    if {"b", "c"} & set(given.parts):
        negative, positive = (embedder.encode(texts) for texts in drawn)
        if "b" in given.parts:
            halves_of_one(negative, given.draws)
        if "c" in given.parts:
            mixtures(negative, positive, given.draws)


if __name__ == "__main__":
    main()
