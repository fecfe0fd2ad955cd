"""Models trained for the claims, each trained once, and what is measured on them."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits

from baihua.benchmarks.classification import read_labelled
from baihua.checks import FileProblem, check_choice
from baihua.results import Result
from baihua.studies.claims import Setting
from baihua.studies.tour.examples import load_sentences
from baihua.tasks.generate import AutoencoderSettings, VariationalAutoencoder
from baihua.tasks.seeded import seeded

CORPORA = ("auto", "own", "waimai_10k")
LEAST_CHARACTERS, MOST_CHARACTERS = 4, 16  # of a text, so that a training takes seconds
HELD_OUT_EVERY = 8  # of the package's own sentences
NUM_TRAINING_DIGITS = 1400
LEAST_VARIANCE = (
    0.01  # of the posterior's mean over the data, in a coordinate that counts as active (Burda et al. 2016)
)
TEXT_RATE = 5e-3
SMALL_IMAGES, SMALL_TEXTS = 4, 2  # one step of so many is taken at the small scale, and the first of the seeds


@dataclass(frozen=True)
class Kind:
    """A latent to train, with what belongs to it: its settings beside those of all."""

    latent: str
    width: int
    concentration: float | None = None
    changes: tuple[tuple[str, float], ...] = ()

    @property
    def name(self) -> str:
        """A short name for tables and plots."""
        kappa = "" if self.concentration is None else f"/kappa-{self.concentration:g}"
        return f"{self.latent}/width-{self.width}{kappa}" + "".join(
            f"/{name}-{value:g}" for name, value in self.changes
        )


@dataclass(frozen=True)
class Digits:
    """scikit-learn's 8 × 8 digits, cut once and for all: images from 0 to 1 and their labels."""

    train: np.ndarray
    held_out: np.ndarray
    train_labels: np.ndarray
    held_out_labels: np.ndarray


@dataclass(frozen=True)
class Corpus:
    """Short texts, and where they are from."""

    name: str
    train: tuple[str, ...]
    held_out: tuple[str, ...]
    revision: str


@dataclass(frozen=True)
class Swap:
    """What a decoder makes of codes that are not its input's.

    Args:
        gain: how many nats its loss is lower under the right code than under another input's.
        active: coordinates of the code that move with the input.
    """

    gain: float
    active: int


@lru_cache(maxsize=1)
def digits() -> Digits:
    """Return the digits, in an order of their own."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.images))
    images, labels = data.images[order] / 16, data.target[order]
    num = NUM_TRAINING_DIGITS
    return Digits(images[:num], images[num:], labels[:num], labels[num:])


@lru_cache(maxsize=3)
def corpus(name: str) -> Corpus:
    """Return short texts: take-away reviews (waimai_10k) or the package's own sentences.

    Args:
        name: one of `CORPORA`; ``"auto"`` takes the reviews where they are at hand.

    Raises:
        FileProblem: when the reviews are asked for by name and are not here.
    """
    if check_choice("corpus", name, CORPORA) == "own":
        texts = [sentence.text for sentence in load_sentences()]
        train = _short(text for number, text in enumerate(texts) if number % HELD_OUT_EVERY)
        return Corpus("own", train, _short(texts[::HELD_OUT_EVERY]), "baihua/studies/tour/sentences.jsonl")
    try:
        train_split, dev_split = (read_labelled("waimai_10k", split) for split in ("train", "dev"))
    except FileProblem:
        if name == "auto":
            return corpus("own")
        raise
    return Corpus("waimai_10k", _short(train_split.texts), _short(dev_split.texts), train_split.revision)


def _short(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the short ones, each once."""
    stripped = dict.fromkeys(text.strip() for text in texts)
    return tuple(text for text in stripped if LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS)


def corpus_of(setting: Setting) -> Corpus:
    """Return the texts a claim is measured on: at the small scale always the package's own."""
    return corpus("own" if setting.scale == "small" and setting["corpus"] == "auto" else setting["corpus"])


def seeds_of(setting: Setting) -> tuple[int, ...]:
    """Return the seeds to train with."""
    seeds: tuple[int, ...] = setting["seeds"]
    return seeds[:1] if setting.scale == "small" else seeds


def steps_of(setting: Setting) -> int:
    """Return the steps to train for."""
    steps: int = setting["steps"]
    fewer = max(1, steps // (SMALL_TEXTS if "corpus" in setting.knobs else SMALL_IMAGES))
    return fewer if setting.scale == "small" else steps


def image_model(setting: Setting, kind: Kind, seed: int) -> VariationalAutoencoder:
    """Return a model of the digits."""
    return _image_model(kind, seed, steps_of(setting), setting["hidden_size"])


def text_model(setting: Setting, kind: Kind, seed: int) -> VariationalAutoencoder:
    """Return a model of the texts."""
    return _text_model(kind, seed, steps_of(setting), setting["hidden_size"], corpus_of(setting))


@lru_cache(maxsize=256)  # of 150 kB
def _image_model(kind: Kind, seed: int, steps: int, hidden_size: int) -> VariationalAutoencoder:
    changes: dict[str, Any] = dict(kind.changes)
    settings = AutoencoderSettings(
        hidden_size=hidden_size, steps=steps, batch_size=64, learning_rate=3e-3, seed=seed, **changes
    )
    model = VariationalAutoencoder(kind.latent, kind.width, kind.concentration, settings=settings)
    return model.fit(digits().train, show_progress=False)


@lru_cache(maxsize=64)  # of 1 MB
def _text_model(kind: Kind, seed: int, steps: int, hidden_size: int, texts: Corpus) -> VariationalAutoencoder:
    changes: dict[str, Any] = dict(kind.changes)
    sizes: dict[str, Any] = {"hidden_size": hidden_size, "embedding_size": 32, "max_length": 32, "batch_size": 32}
    settings = AutoencoderSettings(**sizes, steps=steps, learning_rate=TEXT_RATE, seed=seed, **changes)
    model = VariationalAutoencoder(kind.latent, kind.width, kind.concentration, settings=settings)
    return model.fit(texts.train, show_progress=False)


def swap(model: VariationalAutoencoder, x: Any) -> Swap:
    """Give each input's decoder the code of its neighbour, and see what is lost.

    A constant divergence alone does not prove that the code is used; this does.

    Args:
        model: trained.
        x: texts or images, no two neighbours the same.
    """
    loss = model.loss_
    rows = model.rows(x)
    with torch.no_grad(), seeded(0):
        posterior = loss.posterior(rows)
        codes = posterior.rsample()
        right = loss.decoder.loss(codes, rows)
        wrong = loss.decoder.loss(codes.roll(1, dims=0), rows)
        active = (posterior.mean.var(dim=0) > LEAST_VARIANCE).sum()
    return Swap(float((wrong - right).mean()), int(active))


def over_seeds(
    setting: Setting, kinds: Sequence[Kind], measure: Callable[[Kind, int], float]
) -> dict[Kind, list[float]]:
    """Measure each kind with each seed."""
    return {kind: [measure(kind, seed) for seed in seeds_of(setting)] for kind in kinds}


def results_of(
    setting: Setting, found: Mapping[Kind, Sequence[float]], metric: str, data: Corpus | None = None
) -> tuple[Result, ...]:
    """Return a result per kind, over the seeds."""
    settings = {**setting.knobs, "steps": steps_of(setting), "scale": setting.scale}
    on = "digits" if data is None else data.name
    source = {"scikit-learn digits": "bundled with scikit-learn"} if data is None else {data.name: data.revision}
    return tuple(
        Result(
            f"vmf-vae/{on}/{kind.name}/{metric}",
            metric,
            tuple(values),
            seeds=seeds_of(setting),
            settings=settings,
            data=source,
            num_examples=len(digits().held_out) if data is None else len(data.held_out),
        )
        for kind, values in found.items()
    )


def mean(values: Sequence[float]) -> float:
    """Return the mean over seeds."""
    return statistics.fmean(values)
