"""What a classifier learns from, in an order of its own, and what it says of texts with nothing in them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from baihua.tasks.classification.checked import Text, is_blank

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lesson:
    """Texts with their labels.

    Args:
        labels: the different ones, sorted.
        shares: how many of all texts, blank ones included, have each label; a fraction.
        texts: those that are not blank, sorted by label and text, so that the order they came in decides nothing.
        answers: the number of each one's label, shape ``(num_texts,)``.
        num_blank: how many were blank.

    Example:
        >>> lesson = Lesson.of([("好",), ("坏",), (" ",)], ["good", "bad", "bad"])
        >>> lesson.labels, lesson.texts, lesson.answers.tolist(), lesson.shares.round(2).tolist()
        (['bad', 'good'], [('坏',), ('好',)], [0, 1], [0.67, 0.33])
    """

    labels: list[str]
    shares: Floats
    texts: list[Text]
    answers: Integers
    num_blank: int

    @classmethod
    def of(cls, texts: Sequence[Text], answers: Sequence[str]) -> "Lesson":
        """Sort what `baihua.tasks.classification.checked.check_training` returns."""
        counts = Counter(answers)
        labels = sorted(counts)
        shares = np.array([counts[label] for label in labels]) / len(answers)
        kept = sorted((answer, text) for text, answer in zip(texts, answers, strict=True) if not is_blank(text))
        numbers = {label: number for number, label in enumerate(labels)}
        return cls(
            labels,
            shares,
            [text for _, text in kept],
            np.array([numbers[answer] for answer, _ in kept], dtype=np.int64),
            len(texts) - len(kept),
        )

    @property
    def gold(self) -> list[str]:
        """The label of each text."""
        return [self.labels[answer] for answer in self.answers]


def readable_places(texts: Sequence[Text]) -> list[int]:
    """Return the places of the texts that are not blank."""
    return [place for place, text in enumerate(texts) if not is_blank(text)]


def with_shares(chances: Floats, places: Sequence[int], num_texts: int, shares: Floats) -> Floats:
    """Return the probabilities of all texts: of blank ones, the shares of the labels in training.

    Args:
        chances: of the texts that are not blank, shape ``(len(places), num_labels)``.
        places: of these.
        num_texts: how many there are in all.
        shares: shape ``(num_labels,)``.

    Returns:
        Shape ``(num_texts, num_labels)``.
    """
    full = np.tile(shares, (num_texts, 1))
    full[list(places)] = chances
    return full
