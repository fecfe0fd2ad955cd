"""Which texts to label next: those that stand for many, or those a classifier is least sure of, no two of them much alike.

To begin with, typical texts are taken and not, as k-center would, those that lie farthest from each other, which are odd ones: a
linear classifier that learned from 40 of 1000 food reviews was right on 78 % of others where they were typical, 77 % at random
and 71 % far apart; from 30 of 1000 headlines of 15 topics on 18, 15 and 11 % (results/texts_to_label; five draws, in which typical
and random can hardly be told apart).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue, check_texts
from baihua.language import say
from baihua.tasks.cluster import spherical_k_means
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.unit_vectors import unit_vectors
from baihua.text.normal_form import normal_form

# Of the least sure, so many times as many as are chosen are looked at, but no more than this part of all: the surer half is
# no pool of unsure ones.
POOL, SHARE = 10, 4

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]


class Classifies(Protocol):
    """A trained classifier of either kind."""

    @property
    def labels(self) -> list[str]:
        """The labels."""
        ...

    def predict_proba(self, texts: list[str], /) -> Floats:
        """Return probabilities, shape ``(num_texts, num_labels)``, columns as in ``labels``."""
        ...


@dataclass(frozen=True)
class Suggestion:
    """A text worth labelling.

    Args:
        row: its position.
        text: the text.
        num_like_it: how many of the texts it stands for; None where a classifier chose it.
        likeliest: the two likeliest labels and their probabilities, the likelier first; empty without a classifier.
    """

    row: int
    text: str
    num_like_it: int | None = None
    likeliest: tuple[tuple[str, float], ...] = ()

    @property
    def reason(self) -> str:
        """Why it was chosen, in the current language."""
        if not self.likeliest:
            return say(
                zh=f"代表 {self.num_like_it} 条相近的文本", en=f"stands for {self.num_like_it} texts that are alike"
            )
        listed = ", ".join(f"{label} {chance:.2f}" for label, chance in self.likeliest)
        return say(zh=f"较拿不准：{listed}", en=f"among the least sure: {listed}")


def suggest_texts(
    texts: Sequence[str],
    num: int,
    *,
    encoder: str = "bundled",
    classifier: Classifies | None = None,
    seed: int = 0,
) -> list[Suggestion]:
    """Choose texts to label next. Blank ones and repetitions, punctuation and case aside, are left out.

    Without a classifier the texts are put into as many groups as are wanted, and of each group the most typical text is taken,
    that of the largest group first: what stands for many. With one, those texts are looked at whose two likeliest labels are
    nearest to each other, ten times as many as wanted but no more than a quarter of all. The least sure of them comes first,
    and then always the one that is least like those chosen (k-center greedy), so that one odd kind does not fill the list.

    Args:
        texts: the texts, without those that have a label.
        num: how many to choose; where there are fewer different texts, all of them are returned.
        encoder: whose vectors say what is alike: a name or a folder.
        classifier: a trained one of single texts, or None.
        seed: of the groups.

    Returns:
        The suggestions, the first to label first.

    Raises:
        InvalidType: for a single string, or items that are not strings; for a classifier of pairs.
        InvalidValue: for fewer than one, no text that is not blank, or a classifier before its `fit`.

    Example:
        >>> texts = ["信用卡怎么还款", "信用卡还款日", "信用卡怎么还", "快递到哪里了", "快递几天能到", "快递几天能到？", ""]
        >>> [found.num_like_it for found in suggest_texts(texts, 2, encoder="static")]
        [3, 2]
    """
    given = check_texts(texts)
    if num < 1:
        raise InvalidValue(zh=f"至少选 1 条，收到 {num}。", en=f"At least 1 text is to be chosen, but received {num}.")
    firsts: dict[str, int] = {}
    for row, text in enumerate(given):
        firsts.setdefault(normal_form(text), row)
    rows = [row for form, row in firsts.items() if form]
    if not rows:
        raise InvalidValue(
            zh=f"{len(given)} 条文本都是空白，没有可标的；请给出有字的文本。",
            en=f"All {len(given)} texts are blank, so there is nothing to label. Give texts with something in them.",
        )
    embedder = SentenceEmbedder(encoder)
    if classifier is None:
        vectors = unit_vectors([given[row] for row in rows], embedder)
        return [Suggestion(rows[place], given[rows[place]], size) for place, size in _typical(vectors, num, seed)]
    chances = np.asarray(classifier.predict_proba([given[row] for row in rows]), dtype=np.float64)
    pool = np.argsort(_margins(chances), kind="stable")[: max(num, min(POOL * num, len(rows) // SHARE))]
    vectors = unit_vectors([given[rows[place]] for place in pool.tolist()], embedder)
    chosen = [int(pool[place]) for place in k_center(vectors, num)]
    return [
        Suggestion(rows[place], given[rows[place]], None, _likeliest(chances[place], classifier.labels))
        for place in chosen
    ]


def k_center(vectors: Vectors, num: int) -> list[int]:
    """Choose vectors one by one, each the one least like those chosen before it; the first is the first.

    No more than twice the smallest possible distance is left between any vector and the chosen one nearest to it (Gonzalez,
    Clustering to minimize the maximum intercluster distance, 1985).

    Args:
        vectors: unit vectors, shape ``(num_vectors, width)``.
        num: how many; at most ``num_vectors`` are chosen.

    Returns:
        Their positions, in the order in which they were chosen.

    Example:
        >>> k_center(np.array([[1, 0], [0.8, 0.6], [0, 1], [-1, 0]], dtype=np.float32), 3)
        [0, 3, 2]
    """
    chosen = [0]
    nearest = vectors @ vectors[0]  # cosine of each with the chosen one most like it
    for _ in range(min(num, len(vectors)) - 1):
        nearest[chosen[-1]] = np.inf  # is not chosen again, though another has the same vector
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return chosen


def _typical(vectors: Vectors, num: int, seed: int) -> list[tuple[int, int]]:
    """Return the most typical place of each group and the group's size, the largest first; what is missing is filled up."""
    groups, centres = spherical_k_means(vectors, min(num, len(vectors)), seed=seed)
    found = []
    for number, centre in enumerate(centres):
        members = np.flatnonzero(groups == number)
        found.append((int(members[np.argmax(vectors[members] @ centre)]), len(members)))
    taken = {place for place, _ in found}
    others = [place for place in range(len(vectors)) if place not in taken][: num - len(found)]
    return sorted(found, key=lambda item: (-item[1], item[0])) + [(place, 1) for place in others]


def _margins(chances: Floats) -> Floats:
    """Return how far the likeliest label is ahead of the next, shape ``(num_texts,)``."""
    highest = np.sort(chances, axis=1)[:, -2:]
    margins: Floats = highest[:, 1] - highest[:, 0]
    return margins


def _likeliest(chances: Floats, labels: Sequence[str]) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-chances, kind="stable")[:2]
    return tuple((labels[place], float(chances[place])) for place in order)
