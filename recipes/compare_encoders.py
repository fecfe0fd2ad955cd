"""One table for every encoder: random weights, the static one, TF-IDF, the bundled one and others, on every job.

Task: sentence similarity, retrieval, linear probes, names, and hidden characters of held-out text.
Data: the STS sets, TNEWS-DataCLUE, waimai_10k, CLUENER (BAIHUA_DATA or `baihua data download`); text for --corpus.
Command: python recipes/compare_encoders.py [--corpus FOLDER] [--beside NAME=FOLDER …] [--only NAME …] [--jobs JOB …]
Score: see docs/encoder.md, which recipes/encoder_page.py writes from results/encoder.

Each result is saved as soon as it is measured. One already there, of an encoder with the same fingerprint, is not
measured again, so that an interrupted run goes on where it was.
"""

import argparse
import dataclasses
import hashlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from encoder_contenders import NAMES, SEEDS, Contender, make_contender, tfidf
from sklearn.preprocessing import normalize

from baihua.benchmarks.agreement import spearman
from baihua.benchmarks.classification import read_labelled
from baihua.benchmarks.masked_characters import score_masked_characters
from baihua.benchmarks.pairs import STS_SETS, read_pairs
from baihua.benchmarks.probe import probe_accuracy
from baihua.benchmarks.retrieval import distinct_questions, retrieval_scores
from baihua.benchmarks.sts import evaluate_sts
from baihua.benchmarks.token_head import evaluate_token_head, read_cluener
from baihua.encoders.pretraining.held_out import held_out_lines
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.text.corpus import corpus_files

JOBS = ("sts", "retrieval", "probe", "masked", "cluener")
RETRIEVAL_SETS, PROBE_SETS = ("LCQMC", "BQ"), ("TNEWS-DataCLUE", "waimai_10k")
MOST_LINES = 3000
# Chosen on the last 1 343 texts of CLUENER's train file: a table of vectors wants a higher rate than a network.
TOKEN_HEAD_RATE = {"static": 5e-3}
TOKEN_HEAD_RATE_OTHERWISE = 5e-4


@dataclasses.dataclass(frozen=True)
class Measured:
    """Values of one result, and what there is to say about it."""

    values: Sequence[float]
    data: dict[str, str]
    num_examples: int
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)
    seeds: Sequence[int] = ()


# One function per job: it yields names and what was measured, and asks first whether that is wanted.
Jobs = Iterator[tuple[str, Measured]]
Wanted = Callable[[Sequence[str]], bool]


def measure_sts(who: Contender, wanted: Wanted) -> Jobs:
    """Spearman of the cosine with the labels on the five sets, raw and whitened at full width on the same sentences."""
    ways = ("raw", "full") if who.encoders else ("raw",)
    for name in STS_SETS:
        if not wanted([f"sts/{name}/{way}/spearman" for way in ways]):
            continue
        pairs = read_pairs(name)
        facts = {"split": "valid", "fit_on": "target"}
        if not who.encoders:
            unit = normalize(tfidf().fit_transform([*pairs.first, *pairs.second]))
            cosines = np.asarray(unit[: len(pairs)].multiply(unit[len(pairs) :]).sum(axis=1)).ravel().round(9)
            values = {"raw": [spearman(cosines, pairs.labels)]}
        else:
            found = [
                evaluate_sts(encoder, [name], poolings=[encoder.pooling], n_components=ways) for encoder in who.encoders
            ]
            values = {way: [results[place].mean for results in found] for place, way in enumerate(ways)}
        for way in ways:
            data = {pairs.file: f"sha256:{pairs.revision}"}
            yield f"sts/{name}/{way}/spearman", Measured(values[way], data, len(pairs), {**facts, "whitening": way})


def measure_retrieval(who: Contender, wanted: Wanted) -> Jobs:
    """Accuracy at 1 and MRR at 10 of questions that mean the same, raw and whitened on the collection."""
    ways = ("raw", "full") if who.encoders else ("raw",)
    for name in RETRIEVAL_SETS:
        if not wanted([f"retrieval/{name}/{way}/{metric}" for way in ways for metric in ("accuracy_at_1", "mrr@10")]):
            continue
        pairs = read_pairs(name)
        questions = distinct_questions(pairs)
        vectors = [encoder.encode(questions) for encoder in who.encoders] or [tfidf().fit_transform(questions)]
        for way in ways:
            scores = [retrieval_scores(whitened(x) if way == "full" else x, pairs) for x in vectors]
            data = {pairs.file: f"sha256:{pairs.revision}"}
            facts = {"split": "valid", "whitening": way, "num_questions": len(questions)}
            for metric, field in {"accuracy_at_1": "accuracy", "mrr@10": "mrr"}.items():
                values = [getattr(score, field) for score in scores]
                yield f"retrieval/{name}/{way}/{metric}", Measured(values, data, scores[0].num_questions, facts)


def whitened(vectors: np.ndarray) -> np.ndarray:
    """Whiten at full width; that layer normalisation leaves one direction empty is known and needs no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyDirections)
        return Whitening().fit(vectors).transform(vectors)


def measure_probe(who: Contender, wanted: Wanted) -> Jobs:
    """Accuracy of logistic regression on raw vectors, fitted on train and scored on dev."""
    for name in PROBE_SETS:
        if not wanted([f"probe/{name}/accuracy"]):
            continue
        train, dev = read_labelled(name, "train"), read_labelled(name, "dev")
        sides = [(encoder.encode(train.texts), encoder.encode(dev.texts)) for encoder in who.encoders]
        if not sides:
            vectorizer = tfidf()
            sides = [(vectorizer.fit_transform(train.texts), vectorizer.transform(dev.texts))]
        scores = [probe_accuracy(known, train.labels, asked, dev.labels) for known, asked in sides]
        data = {f"{name}/{part.file}": f"sha256:{part.revision}" for part in (train, dev)}
        facts = {"split": "dev", "num_train": len(train), "C": 1.0, "converged": [score.converged for score in scores]}
        yield f"probe/{name}/accuracy", Measured([score.accuracy for score in scores], data, len(dev), facts)


def measure_masked(who: Contender, wanted: Wanted, lines: Sequence[str]) -> Jobs:
    """Loss and accuracy on hidden characters of held-out lines, the same characters for every model."""
    metrics = {"loss": "nats", "bits": "bits per character", "accuracy": "accuracy"}
    if not who.masked or not lines or not wanted([f"masked/{metric}" for metric in metrics]):
        return
    scores = [score_masked_characters(model, tokenizer, lines) for model, tokenizer in who.masked]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    facts = {"rate": 0.15, "seed": 0, "max_length": 128, "num_lines": len(lines), "num_unknown": scores[0].num_unknown}
    for metric, unit in metrics.items():
        values = [getattr(score, metric) for score in scores]
        data = {"held-out lines": f"sha256:{digest}"}
        yield f"masked/{metric}", Measured(values, data, scores[0].num_characters, {**facts, "unit": unit})


def measure_cluener(who: Contender, wanted: Wanted, seeds: Sequence[int]) -> Jobs:
    """F1 of names on CLUENER dev with a plain token head after three epochs."""
    metrics = ("f1", "precision", "recall")
    if not who.encoders or not wanted([f"cluener/{metric}" for metric in metrics]):
        return
    train, dev = read_cluener("train"), read_cluener("dev")
    rate = TOKEN_HEAD_RATE.get(who.name, TOKEN_HEAD_RATE_OTHERWISE)
    scores = []
    for seed in seeds:
        encoder = who.encoders[seed % len(who.encoders)]
        scores.append(evaluate_token_head(encoder, train, dev, epochs=3, learning_rate=rate, seed=seed))
        say(f"  {who.name}: CLUENER, seed {seed}: F1 {scores[-1].f1:.4f}")
    data = {f"CLUENER/{part.file}": f"sha256:{part.revision}" for part in (train, dev)}
    facts = {"split": "dev", "epochs": 3, "learning_rate": rate, "batch_size": 16, "training_length": 64}
    for metric in metrics:
        values = [getattr(score, metric) for score in scores]
        yield f"cluener/{metric}", Measured(values, data, scores[0].num_gold, facts, seeds)


def read_held_out(folder: str) -> list[str]:
    """Return the lines that pre-training on this folder keeps apart, at most 3 000, evenly spread."""
    lines = list(held_out_lines(corpus_files(folder)))
    kept = np.linspace(0, len(lines) - 1, min(MOST_LINES, len(lines))).astype(int)
    return [lines[place] for place in kept]


def say(text: str) -> None:
    """Tell how far things are."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def run_job(who: Contender, job: str, lines: Sequence[str], folder: str, head_seeds: Sequence[int]) -> None:
    """Measure what is missing of a job and save each result."""

    def wanted(names: Sequence[str]) -> bool:
        paths = [Path(folder) / f"encoder/{who.name}/{name}.json" for name in names]
        return not all(path.is_file() and fingerprint_in(path) == who.fingerprint for path in paths)

    measure = {
        "sts": measure_sts,
        "retrieval": measure_retrieval,
        "probe": measure_probe,
        "masked": partial(measure_masked, lines=lines),
        "cluener": partial(measure_cluener, seeds=head_seeds),
    }
    found = measure[job](who, wanted)
    started = time.perf_counter()
    for name, measured in found:
        pooling = who.encoders[0].pooling if who.encoders else None
        length = who.encoders[0].max_length if who.encoders else None
        facts = {"encoder": who.name, "fingerprint": who.fingerprint, "pooling": pooling, "max_length": length}
        result = Result(
            name=f"encoder/{who.name}/{name}",
            metric=name.rsplit("/", 1)[1],
            values=tuple(measured.values),
            seeds=tuple(measured.seeds) or who.seeds,
            settings={**facts, **measured.settings},
            data=measured.data,
            num_examples=measured.num_examples,
            seconds=round(time.perf_counter() - started, 1),
            command=command(who.name, job),
        )
        result.save(folder)
        say(f"{result.name}: {result.mean:.4f}" + (f" ± {result.spread:.4f}" if result.seeds else ""))


def fingerprint_in(path: Path) -> str:
    """The fingerprint of the encoder that a saved result is of."""
    return json.loads(path.read_text(encoding="utf-8"))["settings"]["fingerprint"]


def command(name: str, job: str) -> str:
    """The command that measures a job again; folders are left to whoever types it."""
    more = ("" if name in NAMES else f" --beside {name}=FOLDER") + (" --corpus FOLDER" if job == "masked" else "")
    return f"python recipes/compare_encoders.py --only {name} --jobs {job}{more}"


def main() -> None:
    """Read the options, then go through rows and jobs."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--corpus", help="folder of the pre-training text, for the held-out lines")
    options.add_argument("--beside", nargs="+", default=[], metavar="NAME=FOLDER", help="more masked language models")
    options.add_argument("--only", nargs="+", help="which encoders; all without it")
    options.add_argument("--jobs", nargs="+", choices=JOBS, default=JOBS, help="which jobs")
    options.add_argument("--results", default="results", help="where the results go")
    options.add_argument("--head-seeds", type=int, default=len(SEEDS), help="how often the token head is trained")
    chosen = options.parse_args()
    folders = dict(given.split("=", 1) for given in chosen.beside)
    lines = read_held_out(chosen.corpus) if chosen.corpus and "masked" in chosen.jobs else []
    for job in chosen.jobs:
        if job == "masked" and not lines:
            say("masked: left out, since there is no --corpus")
            continue
        for name in chosen.only or [*NAMES, *folders]:
            say(f"{job}: {name}")
            run_job(make_contender(name, folders), job, lines, chosen.results, range(chosen.head_seeds))


if __name__ == "__main__":
    main()
