"""The vectors of an STS set, raw and whitened, and which sentences a whitening or a training learns from."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.checks import check_choice, check_texts
from baihua.encoders.protocol import Encoder
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening

FIT_SETS = {
    "target": "all sentences of the scored pairs, both sides, with repeats; labels not used",
    "train": "all sentences of the train split, both sides, with repeats; labels not used",
}

Vectors = npt.NDArray[np.floating]


@dataclass(frozen=True)
class FitTexts:
    """Sentences from elsewhere that a whitening or a training learns from, such as the text of a pre-training.

    Args:
        name: what to call them in records and tables.
        texts: the sentences.
        revision: tells one version of them from another, such as a sha256.
    """

    name: str
    texts: Sequence[str]
    revision: str = ""


FitOn = str | FitTexts  # a name of `FIT_SETS`, or sentences from elsewhere


@dataclass(frozen=True, eq=False)
class FitSet:
    """The sentences that are learned from: how they are called and described, and what is known of their file."""

    name: str
    spelled: str
    texts: Sequence[str]
    data: dict[str, str]


def check_fit_on(fit_on: FitOn) -> FitOn:
    """Return what to learn from as `FIT_SETS` spells it, or the sentences from elsewhere, checked.

    Raises:
        InvalidValue: for another name.
    """
    if isinstance(fit_on, FitTexts):
        return FitTexts(fit_on.name, check_texts(fit_on.texts), fit_on.revision)
    return check_choice("fit_on", fit_on, FIT_SETS)


def read_fit_set(pairs: Pairs, fit_on: FitOn) -> FitSet:
    """Return the sentences to learn from for a set.

    Args:
        pairs: the pairs that will be scored.
        fit_on: as `check_fit_on` returns it.

    Raises:
        InvalidValue: when the set has no train split.
        FileProblem: when that is not on this machine.
    """
    if isinstance(fit_on, FitTexts):
        data = {fit_on.name: fit_on.revision} if fit_on.revision else {}
        return FitSet(fit_on.name, f"the sentences of {fit_on.name}; labels not used", fit_on.texts, data)
    used = read_pairs(pairs.name, "train") if fit_on == "train" else pairs
    return FitSet(fit_on, FIT_SETS[fit_on], [*used.first, *used.second], {used.file: f"sha256:{used.revision}"})


@dataclass(frozen=True, eq=False)
class SetVectors:
    """The pairs of a set, what a whitening is fitted on, and the vectors of all their distinct sentences."""

    pairs: Pairs
    fit_set: FitSet
    vectors: dict[str, Vectors]
    seconds: float
    rows: dict[str, int] = field(repr=False)

    def rows_of(self, texts: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return where the vectors of some sentences stand, shape ``(num_texts,)``."""
        return np.array([self.rows[text] for text in texts], dtype=np.intp)


def encode_set(encoder: Encoder, pairs: Pairs, fit_set: FitSet, poolings: Sequence[str]) -> SetVectors:
    """Encode the distinct sentences of a set and of what a whitening is fitted on, all poolings in one pass."""
    texts = list(dict.fromkeys([*pairs.first, *pairs.second, *fit_set.texts]))
    start = time.perf_counter()
    vectors = encoder.encode_poolings(texts, poolings)
    seconds = time.perf_counter() - start
    return SetVectors(pairs, fit_set, dict(vectors), seconds, {text: row for row, text in enumerate(texts)})


def whiten(
    vectors: Vectors, fit_vectors: Vectors, n_components: Sequence[str | int]
) -> tuple[dict[str | int, Vectors], int | None]:
    """Return the vectors raw, whitened in full and to k components, as asked, and the effective rank.

    The first k components are whitening-k, since they come in falling order of variance; so one fit serves every k.
    That "full" keeps more directions than there are is as asked (an encoder that ends in layer normalisation always
    lacks one), so the rank goes into the record in place of a warning.

    Args:
        vectors: shape ``(num_texts, width)``.
        fit_vectors: what is fitted on, shape ``(num_fit_texts, width)``.
        n_components: ``"raw"``, ``"full"`` or numbers.
    """
    asked = [item for item in n_components if item != "raw"]
    if not asked:
        return dict.fromkeys(n_components, vectors), None
    whitening = Whitening(None if "full" in asked else max(int(item) for item in asked))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EmptyDirections)
        white: Vectors = whitening.fit(fit_vectors).transform(vectors)
    kept = {item: white if item == "full" else white[:, : int(item)] for item in asked}
    return {item: kept.get(item, vectors) for item in n_components}, int(whitening.effective_rank_)
