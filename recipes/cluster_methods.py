"""Which way of grouping sentence vectors finds real groups best? What the choice in `baihua.tasks.cluster` rests on.

Task: put texts into groups without their labels and compare the groups with the labels. The vectors are as they are or
    whitened (in full, fitted on the texts), and of length 1. Spherical k-means as `baihua cluster` uses it, against
    mixtures of von Mises–Fisher laws (a text belongs to its most probable law) with a concentration of each law's own and
    with one for all; each keeps the best of the same number of starts.
Data: the first 2 000 texts of TNEWS-DataCLUE dev (15 topics), and of waimai_10k train the first 1 000 reviews of each
    sentiment (BAIHUA_DATA or `baihua data download TNEWS-DataCLUE waimai_10k`).
Command: python recipes/cluster_methods.py [--encoder static bundled] [--whitening off full] [--seeds 0 1 2]
        [--methods spherical_k_means mixture_own mixture_shared]
    Cells that are there are left alone.
Score: adjusted mutual information with the labels (0 by chance, 1 if equal), with as many groups as there are labels and
    with the number `baihua cluster` takes by itself, and the processor seconds of a run; see results/cluster.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import adjusted_mutual_info_score

from baihua import SentenceEmbedder, Whitening
from baihua.benchmarks.classification import Labelled, read_labelled
from baihua.maths.von_mises_fisher_mixture import VonMisesFisherMixture
from baihua.results import Result
from baihua.tasks.cluster import STARTS, _check_number, spherical_k_means
from baihua.tasks.other_half import unit_rows
from baihua.text.normal_form import normal_form

SIZE = 2000
RESULTS = Path("results")
Vectors = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


def mixture(vectors: Vectors, num_groups: int, seed: int, shared: bool) -> Labels:
    """Group vectors by their most probable law."""
    laws = VonMisesFisherMixture(num_groups, shared_concentration=shared, n_init=STARTS, random_state=seed)
    return laws.fit_predict(vectors)


METHODS: dict[str, Callable[[Vectors, int, int], Labels]] = {
    "spherical_k_means": lambda vectors, num, seed: spherical_k_means(vectors, num, seed=seed)[0],
    "mixture_own": lambda vectors, num, seed: mixture(vectors, num, seed, shared=False),
    "mixture_shared": lambda vectors, num, seed: mixture(vectors, num, seed, shared=True),
}


def texts_with_labels(name: str) -> tuple[Labelled, list[str], list[str]]:
    """Return a set, the texts taken from it and their labels."""
    if name == "TNEWS-DataCLUE":
        found = read_labelled(name, "dev")
        return found, found.texts[:SIZE], found.labels[:SIZE]
    found = read_labelled(name, "train")
    kinds = sorted(set(found.labels))
    rows = [[row for row, label in enumerate(found.labels) if label == kind][: SIZE // len(kinds)] for kind in kinds]
    taken = sorted(row for some in rows for row in some)
    return found, [found.texts[row] for row in taken], [found.labels[row] for row in taken]


def measure(name: str, encoder: str, whitening: str, methods: list[str], seeds: list[int]) -> None:
    """Group one set on the vectors of one encoder in all ways, print and save what is not there yet."""
    read, texts, labels = texts_with_labels(name)
    usual = _check_number(None, len({normal_form(text) for text in texts}))
    cells = [
        (f"cluster/{name}/{encoder}/{whitening}/{num_groups}/{method}", num_groups, method)
        for method in methods
        for num_groups in (len(set(labels)), usual)
    ]
    missing = [cell for cell in cells if not (RESULTS / f"{cell[0]}.json").exists()]
    if not missing:
        return
    embedder = SentenceEmbedder(encoder)
    raw = embedder.encode(texts, normalize=False)
    vectors = unit_rows(raw if whitening == "off" else Whitening().fit(raw).transform(raw)).astype(np.float32)
    for cell, num_groups, method in missing:
        scores, seconds = [], []
        for seed in seeds:
            started = time.process_time()
            found = METHODS[method](vectors, num_groups, seed)
            seconds.append(time.process_time() - started)
            scores.append(float(adjusted_mutual_info_score(labels, found)))
        result = Result(
            name=cell,
            metric="adjusted_mutual_information",
            values=tuple(scores),
            seeds=tuple(seeds),
            settings={
                "encoder": encoder,
                "pooling": embedder.encoder.pooling,
                "whitening": whitening,
                "groups": num_groups,
                "starts": STARTS,
                "median_processor_seconds_of_a_run": statistics.median(seconds),
            },
            data={read.file: f"sha256:{read.revision}"},
            num_examples=len(texts),
            command=f"python recipes/cluster_methods.py --encoder {encoder} --whitening {whitening}",
        )
        result.save(RESULTS)
        print(f"{cell:60} {result.mean:.4f} ± {result.spread:.4f}   {statistics.median(seconds):7.2f} s", flush=True)


def main() -> None:
    """Measure both sets with every encoder."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--encoder", nargs="+", default=["static", "bundled"])
    options.add_argument("--whitening", nargs="+", default=["off", "full"], choices=["off", "full"])
    options.add_argument("--methods", nargs="+", default=list(METHODS), choices=list(METHODS))
    options.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = options.parse_args()
    for whitening in given.whitening:
        for name in ("TNEWS-DataCLUE", "waimai_10k"):
            for encoder in given.encoder:
                measure(name, encoder, whitening, given.methods, given.seeds)


if __name__ == "__main__":
    main()
