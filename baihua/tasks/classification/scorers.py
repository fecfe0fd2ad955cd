"""The two kinds of trained classifiers: a linear head on the vectors of an encoder, and an encoder fine-tuned with its head."""

import warnings
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.language import say
from baihua.progress import progress
from baihua.tasks.classification.checked import Text
from baihua.tasks.classification.features import features_of
from baihua.tasks.classification.linear import LinearHead
from baihua.tasks.classification.model import ClassificationModel, logits_of
from baihua.tasks.classification.rows import Rows, make_rows
from baihua.tasks.classification.settings import ClassificationSettings

Floats = npt.NDArray[np.float64]


class Scorer(Protocol):
    """What tells texts apart."""

    def logits(self, texts: Sequence[Text], *, show_progress: bool | None = None) -> Floats:
        """Return logits of texts that are not blank, shape ``(num_texts, num_labels)``."""
        ...

    def tensors(self) -> dict[str, Tensor]:
        """Return what to save beside the encoder."""
        ...


class LinearScorer:
    """A linear head on the vectors of an encoder.

    Args:
        encoder: the encoder.
        head: fitted on its features.
    """

    def __init__(self, encoder: Encoder, head: LinearHead) -> None:
        self.encoder = encoder
        self.head = head

    def logits(self, texts: Sequence[Text], *, show_progress: bool | None = None) -> Floats:
        """Return logits, shape ``(num_texts, num_labels)``."""
        if not texts:
            return np.empty((0, len(self.head.bias)))
        return self.head.logits(features_of(self.encoder, texts, show_progress=show_progress))

    def tensors(self) -> dict[str, Tensor]:
        """Return the head by name."""
        return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in self.head.tensors().items()}


class TunedScorer:
    """An encoder fine-tuned with its head.

    Args:
        encoder: its tokenizer.
        model: its transformer and the head.
        settings: how many tokens are read, and the precision.
    """

    def __init__(
        self, encoder: TransformerEncoder, model: ClassificationModel, settings: ClassificationSettings
    ) -> None:
        self.encoder = encoder
        self.model = model
        self.settings = settings

    def rows(self, texts: Sequence[Text]) -> Rows:
        """Return the tokens of texts; that some are cut is said once."""
        rows = make_rows(self.encoder, texts, self.settings.max_length)
        if rows.num_cut:
            most = max(rows.lengths)
            warnings.warn(
                say(
                    zh=f"{len(rows)} 条文本中有 {rows.num_cut} 条超过 {most} 个词元，只取了前面的部分。",
                    en=f"{rows.num_cut} of {len(rows)} texts are longer than {most} tokens; only their beginning was used.",
                ),
                stacklevel=4,
            )
        return rows

    def logits(self, texts: Sequence[Text], *, show_progress: bool | None = None) -> Floats:
        """Return logits, shape ``(num_texts, num_labels)``."""
        rows = self.rows(texts)
        with progress(say(zh="分类", en="Classifying"), len(rows), show_progress) as advance:
            return logits_of(self.model, rows, precision=self.settings.precision, advance=advance)

    def tensors(self) -> dict[str, Tensor]:
        """Return the head by name."""
        return dict(self.model.head.state_dict())
