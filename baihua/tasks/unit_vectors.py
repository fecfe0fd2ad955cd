"""Texts as vectors of length 1, by whatever the caller has: a `SentenceEmbedder`, or anything with ``encode``."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from baihua.checks import check_same_length
from baihua.language import say
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.near_pairs import check_unit_rows
from baihua.tasks.other_half import unit_rows


class Embeds(Protocol):
    """Anything that turns a list of texts into one vector each."""

    def encode(self, texts: list[str], /) -> Any:
        """Return an array of shape ``(num_texts, width)``."""
        ...


def unit_vectors(texts: list[str], embedder: Embeds | None) -> npt.NDArray[np.float32]:
    """Return one vector of length 1 per text; a zero vector stays zero.

    Args:
        texts: the texts.
        embedder: what encodes them; None for the bundled encoder as it is.

    Returns:
        float32 array of shape ``(num_texts, width)``.

    Raises:
        InvalidValue: when the embedder gives another number of vectors, or NaN.

    Example:
        >>> vectors = unit_vectors(["怎么退款", "如何退钱"], SentenceEmbedder("static"))
        >>> bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6))
        True
    """
    vectors = np.asarray((embedder or SentenceEmbedder()).encode(texts), dtype=np.float32)
    check_same_length(list(vectors), texts, (say(zh="向量", en="vectors"), say(zh="文本", en="texts")))
    return check_unit_rows(unit_rows(vectors))
