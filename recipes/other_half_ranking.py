"""Does finding the other half rank poolings and whitenings as labelled pairs do?

Task: order 18 ways of making vectors (two encoders, their poolings, raw, whitened, whitened to 128) without labels.
Data: the sentences of the five similarity sets' valid splits as documents; the scores with labels from results/sts.
Command: python recipes/other_half_ranking.py        (BAIHUA_DATA or `baihua data download`; about three minutes)
Score: Spearman of the two orders, per set and on the means, with seed 0; see results/other_half.
"""

import sys
import time
import warnings

import numpy as np
from scipy.stats import spearmanr

from baihua import Whitening, load_encoder
from baihua.benchmarks.sts import STS_SETS, read_pairs
from baihua.results import Result, load_records
from baihua.tasks.other_half import cut_documents
from baihua.tasks.whitening_advice import advise

WHITENINGS = {"full": None, "128": 128}


def other_half_scores(encoder_name: str, texts: list[str]) -> dict[str, float]:
    """Score every pooling of an encoder raw and whitened: ``"encoder/pooling/whitening"`` → MRR@10."""
    encoder = load_encoder(encoder_name)
    cut = cut_documents(texts)
    needed = list(dict.fromkeys([*cut.documents, *cut.firsts, *cut.seconds]))
    place = {text: number for number, text in enumerate(needed)}
    scores = {}
    for pooling, vectors in encoder.encode_poolings(needed, encoder.poolings).items():

        def look_up(wanted, vectors=vectors):
            return vectors[[place[text] for text in wanted]]

        for name, size in WHITENINGS.items():
            advice = advise(look_up, Whitening(size), cut.documents)
            assert advice is not None
            scores[f"{encoder_name}/{pooling}/{name}"] = advice.whitened
            scores[f"{encoder_name}/{pooling}/raw"] = advice.raw
    return scores


def main() -> None:
    """Score without labels, compare with the recorded scores with labels, save the correlation."""
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    labelled = {result.name: result.mean for result in load_records("results/sts")[0]}
    without: dict[str, list[float]] = {}
    for dataset in STS_SETS:
        pairs = read_pairs(dataset)
        texts = list(dict.fromkeys([*pairs.first, *pairs.second]))
        for encoder in ("bundled", "static"):
            for way, score in other_half_scores(encoder, texts).items():
                without.setdefault(way, []).append(score)
    ways = sorted(without)
    free = np.array([without[way] for way in ways])  # (ways, sets)
    paid = np.array([[labelled[f"sts/{dataset}/valid/{way}"] for dataset in STS_SETS] for way in ways])
    print(f"{'way':34} {'other half':>10} {'labelled':>9}   (means over the sets, x100)")
    for way, first, second in zip(ways, free.mean(axis=1) * 100, paid.mean(axis=1) * 100, strict=True):
        print(f"{way:34} {first:10.1f} {second:9.1f}")
    groups = {"all": ways, "bundled": [way for way in ways if way.startswith("bundled")]}
    columns = {name: [number] for number, name in enumerate(STS_SETS)} | {"mean": list(range(len(STS_SETS)))}
    for group, members in groups.items():
        rows = [ways.index(way) for way in members]
        for name, chosen in columns.items():
            value = spearmanr(free[rows][:, chosen].mean(axis=1), paid[rows][:, chosen].mean(axis=1)).statistic
            print(f"{group:8} {name:8} Spearman of the two orders {value:.3f} over {len(rows)} ways")
            Result(
                name=f"other_half/{group}/{name}",
                metric="spearman of two rankings",
                values=(float(value),),
                seeds=(0,),
                settings={
                    "documents": 2000,
                    "ways": members,
                    "other_half": free[rows][:, chosen].mean(axis=1).tolist(),
                },
                data={dataset: read_pairs(dataset).revision for dataset in STS_SETS},
                num_examples=len(rows),
                seconds=time.perf_counter() - started,
                command=f"python {sys.argv[0]}",
            ).save("results")


if __name__ == "__main__":
    main()
