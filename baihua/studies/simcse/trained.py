"""Scores before and after a training, each measured once per process, at the size that the scale allows."""

import statistics
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from baihua.benchmarks.sts import evaluate_sts
from baihua.benchmarks.sts_simcse import SimCSERow, evaluate_simcse
from baihua.encoders.load import load_encoder
from baihua.results import Result
from baihua.studies.claims import Setting
from baihua.tasks.contrastive.settings import ContrastiveSettings

# At the small scale a training takes ten steps and some fifteen seconds on two cores.
MOST_SENTENCES = {"small": 640, "full": None}
MAX_PAIRS = {"small": 500, "full": None}
ARTICLE_SENTENCES = 10_000


@dataclass(frozen=True)
class Training:
    """What is trained, on how much, and how; the defaults are the article's.

    Args:
        dataset: one of the five sets.
        pooling: of training and scoring alike.
        train: ``"all"``, or ``"projection"`` for the control.
        num_sentences: of the set, at random.
        batch_size: sentences of a batch.
        epochs: times that they are gone through.
        hidden_dropout: of hidden states.
        temperature: τ.
    """

    dataset: str
    pooling: str = "cls"
    train: str = "all"
    num_sentences: int = ARTICLE_SENTENCES
    batch_size: int = 64
    epochs: int = 1
    hidden_dropout: float = 0.3
    temperature: float = 0.05


def before(dataset: str, pooling: str, setting: Setting) -> dict[str, Result]:
    """Return the scores of an encoder as it is, by ``"raw"`` and ``"full"``."""
    return _before(setting["encoder"], dataset, pooling, setting.scale)


def after(training: Training, setting: Setting) -> dict[str, Result]:
    """Return the scores after a training, by ``"raw"`` and ``"full"`` (whitened), each with a value per seed of the setting.

    With the article's numbers these are cells of the similarity table, which are not filled twice.
    """
    most = MOST_SENTENCES[setting.scale]
    if most is not None:
        training = replace(training, num_sentences=min(training.num_sentences, most))
    in_table = training == Training(training.dataset, training.pooling, training.train)
    folder = setting.record_folder if in_table else None
    runs = [_after(setting["encoder"], training, setting.scale, seed, folder) for seed in setting["seeds"]]
    return {way: _joined([run[way] for run in runs]) for way in ("raw", "full")}


def mean_of(results: list[Result]) -> float:
    """Return the mean over sets of the means over seeds."""
    return statistics.fmean(result.mean for result in results)


def _joined(results: list[Result]) -> Result:
    """Put the values of several seeds into one record."""
    values, seeds = [result.values[0] for result in results], [result.seeds[0] for result in results]
    seconds = sum(result.seconds or 0.0 for result in results)
    return replace(results[0], values=tuple(values), seeds=tuple(seeds), seconds=round(seconds, 1))


@lru_cache(maxsize=256)
def _before(encoder: str, dataset: str, pooling: str, scale: str) -> dict[str, Result]:
    found = evaluate_sts(
        load_encoder(encoder, pooling=pooling),
        [dataset],
        poolings=[pooling],
        n_components=["raw", "full"],
        max_pairs=MAX_PAIRS[scale],
    )
    return {result.settings["whitening"]: result for result in found}


@lru_cache(maxsize=1024)
def _after(encoder: str, training: Training, scale: str, seed: int, folder: str | Path | None) -> dict[str, Result]:
    settings = ContrastiveSettings(
        training.num_sentences, training.epochs, training.batch_size, train=training.train, guard_every=0
    )
    row = SimCSERow(
        pooling=training.pooling,
        seeds=(seed,),
        n_components=("raw", "full"),
        settings=settings,
        temperature=training.temperature,
        hidden_dropout=training.hidden_dropout,
        max_pairs=MAX_PAIRS[scale],
    )
    return {
        result.settings["whitening"]: result
        for result in evaluate_simcse(encoder, [training.dataset], row, folder=folder)
    }
