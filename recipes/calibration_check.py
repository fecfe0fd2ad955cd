"""Does a calibrated score keep its promise on texts it was not calibrated on?

Task: fit false-match rates on half of the sentences of a set, ask for the threshold of a wished rate, and count how
    many random pairs of the other half reach it. Fit match probabilities on half of the labelled pairs, and lay the
    predictions for the other half beside their labels.
Data: LCQMC, BQ and ATEC valid, 4 000 pairs of each, evenly spread (BAIHUA_DATA or `baihua data download LCQMC`).
Command: python recipes/calibration_check.py [ENCODER]
Score: measured rate over wished rate, from 200 000 and from 2 000 background pairs (with 2 000, 1 % and below are the
    fitted tail's); expected calibration error and Brier score; five random halves each. See results/calibration.
"""

import sys

import numpy as np

from baihua import SentenceEmbedder
from baihua.benchmarks.sts import read_pairs
from baihua.maths.cosines import cosines_of_pairs
from baihua.results import Result
from baihua.tasks.calibrate import calibrate_on_vectors
from baihua.training.background import background_pairs
from baihua.training.calibration import MatchCalibration, expected_calibration_error, reliability_table

SETS = ("LCQMC", "BQ", "ATEC")
SEEDS = (0, 1, 2, 3, 4)
NUM_LABELLED = 4000
NUM_BACKGROUND = (200_000, 2_000)
RATES = (0.01, 0.001, 0.0001)
NUM_MEASURED = 500_000


def measure_rates(vectors, seed):
    """Fit on half of the texts; return (num_background, rate, threshold, rate measured on the other half) for each."""
    order = np.random.default_rng(seed).permutation(len(vectors))
    fitted, measured = vectors[order[::2]], vectors[order[1::2]]
    scores = np.sort(cosines_of_pairs(measured, background_pairs(len(measured), NUM_MEASURED, seed)))
    rows = []
    for num_background in NUM_BACKGROUND:
        background = calibrate_on_vectors(fitted, num_background, seed)
        for rate in RATES:
            threshold = background.threshold(rate)
            reached = len(scores) - np.searchsorted(scores, threshold)
            rows.append((num_background, rate, round(threshold, 4), reached / len(scores)))
    return rows


def hold_aside(scores, labels, seed):
    """Return calibration error, Brier score and reliability table of the half of the pairs the curve never saw."""
    order = np.random.default_rng(seed).permutation(len(scores))
    found = MatchCalibration.fit(scores[order[::2]], labels[order[::2]])
    aside = order[1::2]
    predictions = np.array([found.probability(score) for score in scores[aside]])
    table = reliability_table(predictions, labels[aside])
    return expected_calibration_error(table), float(np.square(predictions - labels[aside]).mean()), table


def check_set(embedder, name, set_name):
    """Measure one set with one encoder, print and save."""
    pairs = read_pairs(set_name).thin(NUM_LABELLED)
    texts = list(dict.fromkeys([*pairs.first, *pairs.second]))
    row = {text: number for number, text in enumerate(texts)}
    vectors = embedder.encode(texts)
    rows = np.array([(row[first], row[second]) for first, second in zip(pairs.first, pairs.second, strict=True)])
    scores = cosines_of_pairs(vectors, rows)
    settings = {"encoder": name, "pooling": embedder.encoder.pooling, "whitening": "off", "labelled_pairs": len(pairs)}
    record = {
        "seeds": SEEDS,
        "data": {pairs.file: f"sha256:{pairs.revision}"},
        "command": f"python recipes/calibration_check.py {name}",
    }
    for cells in zip(*(measure_rates(vectors, seed) for seed in SEEDS), strict=True):
        num_background, rate = cells[0][:2]
        thresholds, values = [cell[2] for cell in cells], [cell[3] for cell in cells]
        factors = " ".join(f"{value / rate:.2f}" for value in values)
        print(f"{set_name:6} {num_background:7} background pairs, wished {rate:.2%}: measured / wished {factors}")
        Result(
            name=f"calibration/{set_name}/{name}/rate_{rate}/{num_background}",
            metric="false-match rate",
            values=values,
            settings=settings | {"wished": rate, "background_pairs": num_background, "thresholds": thresholds},
            num_examples=NUM_MEASURED,
            **record,
        ).save("results")
    errors, briers, tables = zip(*(hold_aside(scores, pairs.labels, seed) for seed in SEEDS), strict=True)
    base = float(pairs.labels.mean() * (1 - pairs.labels.mean()))
    print(
        f"{set_name:6} calibration error {np.mean(errors):.3f}, Brier {np.mean(briers):.3f} (the share alone {base:.3f})"
    )
    for item in tables[0]:
        print(f"       predicted {item.predicted:.3f}  observed {item.observed:.3f}  pairs {item.count}")
    curve = [[round(item.predicted, 4), round(item.observed, 4), item.count] for item in tables[0]]
    settings |= {"curve_of_seed_0": curve, "brier_of_the_share_alone": round(base, 4)}
    for metric, values in {"expected calibration error": errors, "brier": briers}.items():
        path = f"calibration/{set_name}/{name}/{metric.replace(' ', '_')}"
        Result(path, metric, values, settings=settings, num_examples=len(pairs) // 2, **record).save("results")


def main() -> None:
    """Check each set."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    embedder = SentenceEmbedder(name)
    for set_name in SETS:
        check_set(embedder, name, set_name)


if __name__ == "__main__":
    main()
