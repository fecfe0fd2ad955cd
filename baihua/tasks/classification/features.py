"""Texts as the features that a linear classifier looks at: the vectors of a frozen encoder."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from baihua.encoders.protocol import Encoder
from baihua.tasks.classification.checked import Text
from baihua.tasks.other_half import unit_rows

Floats = npt.NDArray[np.float64]


def features_of(encoder: Encoder, texts: Sequence[Text], *, show_progress: bool | None = None) -> Floats:
    """Return the features of texts, or of pairs.

    Those of a text are its vector. Those of a pair, made of the vectors u and v of its halves at length 1, are u, v, |u − v|,
    u · v component by component, and their cosine. What u and v say by themselves, and which of them comes first, matters to
    inference; the rest to whether two texts mean the same.

    Args:
        encoder: with its own pooling.
        texts: all single, or all pairs.
        show_progress: show a bar; None to show it on a terminal.

    Returns:
        Shape ``(num_texts, sum(feature_blocks(…)))``.
    """
    halves = [text[side] for side in range(len(texts[0]) if texts else 1) for text in texts]
    vectors = encoder.encode(halves, show_progress=show_progress).astype(np.float64)
    if not texts or len(texts[0]) == 1:
        return vectors
    units = unit_rows(vectors)
    first, second = units[: len(texts)], units[len(texts) :]
    products = first * second
    cosines = products.sum(axis=1, keepdims=True)
    return np.concatenate([first, second, np.abs(first - second), products, cosines], axis=1)


def feature_blocks(width: int, *, pairs: bool) -> tuple[int, ...]:
    """Return the widths of the blocks that features come in, such as the four and the one of a pair.

    Example:
        >>> feature_blocks(256, pairs=False), feature_blocks(256, pairs=True)
        ((256,), (256, 256, 256, 256, 1))
    """
    return (width,) * 4 + (1,) if pairs else (width,)
