"""Labelled pairs as vectors, encoded once per process, and how well cosines agree with the labels."""

import math
import time
import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from baihua.benchmarks.agreement import pair_cosines, spearman
from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.checks import check_choice
from baihua.encoders.load import load_encoder
from baihua.encoders.pooling import ALIASES
from baihua.encoders.protocol import Encoder
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.studies.claims import Setting

PREDECESSOR = "https://kexue.fm/archives/8069"
ARTICLE = "https://kexue.fm/archives/8321"
FOLLOW_UP = "https://kexue.fm/archives/9079"
PAPER = "https://arxiv.org/abs/2103.15316"

# The poolings of the article, P1 to P4. An encoder takes part with those it has.
ARTICLE_POOLINGS = ("cls", "pooler", "mean", "first_last_mean")

# At most this many pairs of a set at each scale: 2 000 keep a claim under two minutes on two cores.
MAX_PAIRS = {"small": 2000, "full": None}

Vectors = npt.NDArray[np.floating]
Row = tuple[str, str]  # encoder, pooling: a row of the article's table


@dataclass(frozen=True, eq=False)
class PairVectors:
    """Labelled pairs of sentences as vectors.

    Args:
        sentences: all first sentences, then all second ones (2 num_pairs, width): what the article fits on.
        labels: how alike the two of each pair are (num_pairs,).
        data: the file they are from, with its revision; empty for made-up vectors.
    """

    sentences: Vectors
    labels: Vectors
    data: tuple[tuple[str, str], ...] = ()

    @property
    def width(self) -> int:
        """The number of components of a vector."""
        return int(self.sentences.shape[1])

    def cosines(self, whitening: Whitening | None = None) -> npt.NDArray[np.float64]:
        """Return the cosine of each pair (num_pairs,), after a whitening if one is given."""
        vectors = self.sentences if whitening is None else whitening.transform(self.sentences)
        first = np.arange(len(self.labels))
        return pair_cosines(vectors, first, first + len(self.labels))

    def spearman(self, whitening: Whitening | None = None) -> float:
        """Return Spearman's correlation of cosines and labels, after a whitening if one is given."""
        return spearman(self.cosines(whitening), self.labels)


@dataclass(frozen=True)
class Treatment:
    """A whitening fitted on both sentences of every pair: k components (None for all), and how hard it works.

    Example:
        >>> Treatment().name, Treatment(85).name, Treatment(85, centering=0.0, scaling=0.5).name
        ('full', '85', '85-centering-0-scaling-0.5')
    """

    n_components: int | None = None
    centering: float = 1.0
    scaling: float = 1.0

    @property
    def name(self) -> str:
        """How records call it."""
        size = "full" if self.n_components is None else str(self.n_components)
        usual = self.centering == 1 and self.scaling == 1
        return size if usual else f"{size}-centering-{self.centering:g}-scaling-{self.scaling:g}"

    def fit(self, sentences: Vectors) -> Whitening:
        """Return the whitening fitted on vectors (num, width).

        The warning about directions that carry no information is left out: the article keeps the full width whatever
        the rank, and the last layer norm of a transformer alone takes one direction away.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EmptyDirections)
            return Whitening(self.n_components, centering=self.centering, scaling=self.scaling).fit(sentences)


def pair_vectors(row: Row, dataset: str, setting: Setting, split: str = "valid") -> PairVectors:
    """Return the pairs of a set under an encoder and a pooling, from the process's own store after the first time.

    Args:
        row: encoder, as `load_encoder` takes it, and pooling; the article's P1 to P4 are understood.
        dataset: one of `STS_SETS`.
        setting: says the scale and whether to show progress.
        split: ``"valid"``, or ``"train"`` for STS-B.

    Raises:
        InvalidValue: for a pooling the encoder does not have.
        FileProblem: when the set is not on this machine, saying how to get it.
    """
    encoder, pooling = row
    pairs = _pairs(dataset, split, MAX_PAIRS[setting.scale])
    name = check_choice("pooling", pooling, _encoder(encoder).poolings, ALIASES)
    vectors = _encoded(encoder, dataset, split, MAX_PAIRS[setting.scale], setting.show_progress)[name]
    return PairVectors(vectors, pairs.labels, ((pairs.file, f"sha256:{pairs.revision}"),))


def rows_of(encoders: tuple[str, ...]) -> list[Row]:
    """Return every encoder with each of the article's poolings it has: the rows of its table."""
    return [(name, pooling) for name in encoders for pooling in ARTICLE_POOLINGS if pooling in _encoder(name).poolings]


def score(row: Row, dataset: str, treatment: Treatment | None, setting: Setting) -> Result:
    """Return one cell of the table, measured once per process.

    Args:
        row: encoder and pooling.
        dataset: one of `STS_SETS`.
        treatment: how the vectors are whitened; None for raw cosines.
        setting: says the scale and whether to show progress.
    """
    return _score(row, dataset, treatment, setting.scale, setting.show_progress)


def points(correlation: float) -> str:
    """Return a correlation or a difference of two as it stands in the article's tables, times 100.

    Example:
        >>> points(0.61662)
        '61.66'
    """
    return f"{100 * correlation:.2f}" if math.isfinite(correlation) else "–"


@lru_cache(maxsize=1024)
def _score(row: Row, dataset: str, treatment: Treatment | None, scale: str, show_progress: bool | None) -> Result:
    pairs = pair_vectors(row, dataset, Setting({}, scale, show_progress))
    start = time.perf_counter()
    value = pairs.spearman(treatment.fit(pairs.sentences) if treatment else None)
    encoder, pooling = row
    name = treatment.name if treatment else "raw"
    spelled = encoder.replace("\\", "/").strip("/").replace("/", "_").replace(":", "_")
    return Result(
        name=f"sts/{dataset}/valid/{spelled}/{pooling}/{name}",
        metric="spearman",
        values=(value,),
        settings={
            "encoder": encoder,
            "fingerprint": _fingerprint(encoder),
            "pooling": pooling,
            "whitening": name,
            "split": "valid",
            "max_pairs": MAX_PAIRS[scale],
        },
        data=dict(pairs.data),
        num_examples=len(pairs.labels),
        seconds=round(time.perf_counter() - start, 3),
    )


@lru_cache(maxsize=4)
def _encoder(name: str) -> Encoder:
    return load_encoder(name)


@lru_cache(maxsize=4)
def _fingerprint(encoder: str) -> str:
    return _encoder(encoder).fingerprint()


@lru_cache(maxsize=24)
def _pairs(dataset: str, split: str, max_pairs: int | None) -> Pairs:
    return read_pairs(dataset, split).thin(max_pairs)


@lru_cache(maxsize=24)
def _encoded(
    encoder: str, dataset: str, split: str, max_pairs: int | None, show_progress: bool | None
) -> dict[str, Vectors]:
    """All poolings of both sentences of every pair, in one pass over them."""
    pairs = _pairs(dataset, split, max_pairs)
    loaded = _encoder(encoder)
    return dict(loaded.encode_poolings([*pairs.first, *pairs.second], loaded.poolings, show_progress=show_progress))
