"""What an encoder is: anything that turns texts into vectors and can say which vectors they are.

The embedder, the benchmarks and the retrieval test ask for no more than this. `TransformerEncoder` and
`StaticEncoder` both have it; so may a class of your own, which need not import anything from here.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@runtime_checkable
class Encoder(Protocol):
    """Texts in, one float32 vector each out, not yet of unit length.

    Plain attributes will do where properties stand here.
    """

    @property
    def name(self) -> str:
        """What to call it in tables: ``"bundled"``, ``"static"``, a folder's or a hub's name."""
        ...

    @property
    def pooling(self) -> str:
        """How the vectors of the tokens become the one of the text; one of ``poolings``."""
        ...

    @property
    def poolings(self) -> tuple[str, ...]:
        """Every pooling this encoder can do."""
        ...

    @property
    def width(self) -> int:
        """The number of components of a vector."""
        ...

    @property
    def max_length(self) -> int:
        """How many tokens of a text are read; the rest of a longer text is left out."""
        ...

    def fingerprint(self) -> str:
        """Return a sha256 in hexadecimal over all that decides the vectors.

        That is the weights, the tokenizer, the pooling and the maximal length. Equal fingerprints, equal vectors.
        """
        ...

    def encode(self, texts: Sequence[str], *, show_progress: bool | None = None) -> npt.NDArray[np.float32]:
        """Return the vectors (num_texts, width) under ``pooling``."""
        ...

    def encode_poolings(
        self, texts: Sequence[str], poolings: Sequence[str], *, show_progress: bool | None = None
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the vectors under several poolings, by name, from one pass over the texts."""
        ...
