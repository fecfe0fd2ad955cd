"""Do two corpora differ, by how much, and through which texts? Distances of their sentence vectors, tested by permutation.

For drift between last month's queries and this month's, or synthetic texts against real ones. The test asks whether both could
be samples of one corpus; whether a difference matters is another question, which `CorpusComparison.told_apart` helps with.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from baihua.checks import InvalidType, InvalidValue, check_choice, check_texts
from baihua.maths.energy_distance import left_out_witness, median_distance
from baihua.maths.permutation_test import PermutationTest, energy_test, permutation_test, sliced_test
from baihua.maths.sinkhorn import sinkhorn_divergence
from baihua.maths.vectors import check_vectors, is_tensor, to_numpy
from baihua.tasks.corpus_comparison import ComparedCorpus, CorpusComparison
from baihua.tasks.driving_texts import DrivingText, driving_places, share_told_apart
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.unit_vectors import Embeds, unit_vectors
from baihua.text.keywords import keywords_of_groups

# Each distance with the texts of a side that are compared unless told otherwise; the work grows with their square or faster.
MOST_TEXTS = {"energy": 5000, "sliced": 5000, "sinkhorn": 300}
FEWEST_PERMUTATIONS, MOST_PERMUTATIONS = 19, 100_000  # with fewer no p-value reaches 0.05

Corpus = Sequence[str] | npt.NDArray[Any] | torch.Tensor
Vectors = npt.NDArray[np.floating]


@dataclass(frozen=True)
class CorporaSettings:
    """How corpora are compared.

    Args:
        max_texts: of each side; of more a random sample is compared. None for `MOST_TEXTS`.
        num_directions: of the sliced distance.
        epsilon: of the Sinkhorn divergence, as a share of the median distance between two texts.
        seed: of the samples, the permutations and the directions.
        show_progress: show bars on standard error; None to show them on a terminal.

    Raises:
        InvalidValue: for numbers that cannot be.
    """

    max_texts: int | None = None
    num_directions: int = 128
    epsilon: float = 0.5
    seed: int = 0
    show_progress: bool | None = None

    def __post_init__(self) -> None:
        if self.max_texts is not None and self.max_texts < 2:
            raise InvalidValue(
                zh=f"max_texts 至少为 2，收到 {self.max_texts}。",
                en=f"max_texts must be at least 2, not {self.max_texts}.",
            )
        if self.seed < 0:
            raise InvalidValue(
                zh=f"seed 不能小于 0，收到 {self.seed}。", en=f"seed must not be below 0, not {self.seed}."
            )


def compare_corpora(
    first: Corpus,
    second: Corpus,
    embedder: str | Embeds = "bundled",
    *,
    distance: str = "energy",
    num_permutations: int = 999,
    most: int = 5,
    settings: CorporaSettings | None = None,
) -> CorpusComparison:
    """Compare two corpora by the distance between their sentence vectors.

    Identical texts count as often as they come. Blank ones are left out.

    Args:
        first: the texts of one corpus, or their vectors, shape ``(num_texts, width)``, which are taken as they are.
        second: likewise of the other.
        embedder: the name of an encoder, or anything whose ``encode`` gives one vector per text. It is not used on vectors.
        distance: ``"energy"``, the squared energy distance without bias; ``"sliced"``, the Wasserstein distance over
            directions; or ``"sinkhorn"``, the Sinkhorn divergence, with which fewer texts are compared. All see any difference,
            given enough texts.
        num_permutations: random splits of all texts that the observed one is compared with.
        most: how many driving texts and keywords to find on each side.
        settings: sample size, seed, and the numbers of single distances; None for those of `CorporaSettings`.

    Returns:
        The distance, what chance makes of it, the p-value, and the texts that drive it. The same texts twice have p = 1.

    Raises:
        InvalidType: for a single string, or something that is neither text nor vector.
        InvalidValue: for fewer than two texts on a side, vectors of different widths, an unknown distance, or numbers that
            cannot be.

    Source:
        Székely and Rizzo (2004) for the test; Gretton et al., "A kernel two-sample test", JMLR 13 (2012), for the witness, which
        says where two samples differ; Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (2017), for how often a text's
        side can be told as a measure of difference.

    Example:
        >>> may = ["信用卡怎么还款", "信用卡还款日", "信用卡年费多少", "信用卡怎么还", "怎么还信用卡"]
        >>> june = ["快递到哪里了", "快递几天能到", "快递丢了", "快递多久到", "我的快递呢"]
        >>> found = compare_corpora(may, june, "static", most=1)
        >>> found.p_value < 0.05, found.told_apart, found.first.keywords, found.second.keywords
        (True, 1.0, ('信用卡',), ('快递',))
    """
    chosen = settings or CorporaSettings()
    check_choice("distance", distance, MOST_TEXTS)
    _check_counts(num_permutations, most)
    sides = (_read(first, "first"), _read(second, "second"))
    same = Counter(sides[0].keys) == Counter(sides[1].keys)
    size = chosen.max_texts or MOST_TEXTS[distance]
    samples = [side.sample(size, (chosen.seed, number)) for number, side in enumerate(sides)]
    if same:
        samples[1] = samples[0]  # else two samples of one corpus would be compared
    x, y = _vectors(samples, embedder)
    test = _test(distance, x, y, num_permutations, chosen)
    of_x, of_y = (np.asarray(one, dtype=np.float64) for one in left_out_witness(x, y))
    median = median_distance(x, y)
    words = _keywords(samples, most)
    compared = [
        _compared(side, sample, leaning, driving_places(sample.keys, leaning, vectors, most, median), names)
        for side, sample, leaning, vectors, names in zip(sides, samples, (of_x, -of_y), (x, y), words, strict=True)
    ]
    shared = len(set(sides[0].keys) & set(sides[1].keys))
    return CorpusComparison(distance, test, share_told_apart(of_x, of_y), compared[0], compared[1], shared, same)


@dataclass(frozen=True)
class _Side:
    """One corpus as it was given.

    Args:
        rows: positions of what is not blank.
        keys: the text at each of these rows, or the bytes of the vector.
        vectors: of these rows; None for texts.
        num_blank: how many are left out.
    """

    rows: list[int]
    keys: list[Hashable]
    vectors: Vectors | None
    num_blank: int = field(default=0)

    def sample(self, size: int, seed: tuple[int, int]) -> "_Side":
        """Return so many of its texts, in their order."""
        if len(self.rows) <= size:
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self.rows), size, replace=False)).tolist()
        vectors = None if self.vectors is None else self.vectors[kept]
        return _Side([self.rows[place] for place in kept], [self.keys[place] for place in kept], vectors)

    def texts(self) -> list[str]:
        """Its texts, none where vectors were given."""
        return [key for key in self.keys if isinstance(key, str)]


def _read(corpus: Corpus, name: str) -> _Side:
    numbers = is_tensor(corpus) or (isinstance(corpus, np.ndarray) and corpus.dtype.kind in "fiub")
    if numbers:
        vectors = np.asarray(to_numpy(check_vectors(corpus, name)))
        side = _Side(list(range(len(vectors))), [row.tobytes() for row in vectors], vectors)
    else:
        texts = check_texts(corpus, name)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        side = _Side(rows, [texts[row] for row in rows], None, len(texts) - len(rows))
    if len(side.rows) < 2:
        raise InvalidValue(
            zh=f"{name} 里不是空白的文本只有 {len(side.rows)} 条（空白 {side.num_blank} 条）；每边至少要 2 条，几十条以上才看得出差别。",
            en=f"{name} has {len(side.rows)} texts that are not blank ({side.num_blank} are). At least 2 are needed on each side, "
            "and some dozens to see a difference.",
        )
    return side


def _vectors(samples: list[_Side], embedder: str | Embeds) -> tuple[Vectors, Vectors]:
    """Return the vectors of both, each distinct text encoded once."""
    first, second = (sample.vectors for sample in samples)
    if first is not None and second is not None:
        return first, second
    if first is not None or second is not None:
        raise InvalidType(
            zh="first 与 second 一个是文本、一个是向量；请都给文本，或都给同一个编码器的向量。",
            en="One of first and second holds texts and the other vectors. Give two of a kind; vectors of one encoder.",
        )
    distinct = list(dict.fromkeys(samples[0].texts() + samples[1].texts()))
    vectors = unit_vectors(distinct, SentenceEmbedder(embedder) if isinstance(embedder, str) else embedder)
    places = {text: place for place, text in enumerate(distinct)}
    x, y = (vectors[[places[text] for text in sample.texts()]] for sample in samples)
    return x, y


def _test(distance: str, x: Vectors, y: Vectors, num: int, settings: CorporaSettings) -> PermutationTest:
    seed, show = settings.seed, settings.show_progress
    if distance == "energy":
        return energy_test(x, y, num, seed=seed, show_progress=show)
    if distance == "sliced":
        return sliced_test(x, y, num, num_directions=settings.num_directions, seed=seed, show_progress=show)
    epsilon = settings.epsilon * median_distance(x, y)
    pooled = np.concatenate([x, y])

    def divergence(i: npt.NDArray[np.intp], j: npt.NDArray[np.intp]) -> float:
        return float(sinkhorn_divergence(pooled[i], pooled[j], epsilon).value)

    return permutation_test(divergence, (len(x), len(y)), num, seed=seed, show_progress=show)


def _keywords(samples: list[_Side], most: int) -> list[list[str]]:
    texts = [sample.texts() for sample in samples]
    if not texts[0] or most == 0:
        return [[], []]
    return keywords_of_groups(texts[0] + texts[1], [0] * len(texts[0]) + [1] * len(texts[1]), num_words=most)


def _compared(
    side: _Side, sample: _Side, leaning: npt.NDArray[np.float64], places: list[int], words: list[str]
) -> ComparedCorpus:
    driving = []
    for place in places:
        key = sample.keys[place]
        text = key if isinstance(key, str) else None
        driving.append(DrivingText(sample.rows[sample.keys.index(key)], text, float(leaning[place])))
    return ComparedCorpus(
        num_texts=len(side.rows),
        num_blank=side.num_blank,
        num_repeated=len(side.keys) - len(set(side.keys)),
        rows=tuple(sample.rows),
        leaning=leaning,
        driving=tuple(driving),
        keywords=tuple(words),
    )


def _check_counts(num_permutations: int, most: int) -> None:
    if not FEWEST_PERMUTATIONS <= num_permutations <= MOST_PERMUTATIONS:
        raise InvalidValue(
            zh=f"num_permutations 应在 {FEWEST_PERMUTATIONS}（再少 p 值到不了 0.05）到 {MOST_PERMUTATIONS} 之间，"
            f"收到 {num_permutations}。",
            en=f"num_permutations must lie between {FEWEST_PERMUTATIONS} (with fewer no p-value reaches 0.05) and "
            f"{MOST_PERMUTATIONS}, but is {num_permutations}.",
        )
    if most < 0:
        raise InvalidValue(zh=f"most 不能小于 0，收到 {most}。", en=f"most must not be below 0, but is {most}.")
