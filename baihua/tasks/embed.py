"""Sentences to vectors: an encoder, and if wanted a whitening fitted on one's own text."""

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from baihua.checks import check_choice, check_same_length, check_texts
from baihua.encoders.load import load_encoder
from baihua.encoders.modules_folder import WHITENING_FILE
from baihua.encoders.modules_writer import write_modules_folder
from baihua.encoders.protocol import Encoder
from baihua.files import replacing_folder
from baihua.maths.whitening import Whitening
from baihua.tasks.contrastive.pairs import PAIR_SETTINGS, TextPairs, train_pairs
from baihua.tasks.contrastive.report import ContrastiveReport
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.simcse import train_simcse
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.other_half import unit_rows
from baihua.tasks.whitening_advice import Advice, Pairs, SizeScore, advise, sweep
from baihua.tasks.whitening_of_encoder import check_whitening, fit_on_texts, say_dropped


class SentenceEmbedder:
    """Turn sentences into vectors that can be compared by cosine.

    Args:
        encoder: a name for `baihua.load_encoder` (``"bundled"``, ``"static"``, a folder, a hub name), or an
            encoder. A folder saved by `save` brings its whitening with it.
        pooling: how token vectors become one; ``"auto"`` is the folder's own or the measured default.
        max_length: tokens kept of a text; None for the model's own limit.
        device: such as ``"cuda"``; None for the GPU when there is one.
        dtype: ``"float32"`` or ``"bfloat16"``.

    Raises:
        InvalidValue, FileProblem: see `baihua.load_encoder`.

    Example:
        >>> embedder = SentenceEmbedder("static")
        >>> vectors = embedder.encode(["怎么退款", "如何退钱"])
        >>> vectors.shape, vectors.dtype
        ((2, 256), dtype('float32'))
        >>> bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6))
        True
    """

    def __init__(
        self,
        encoder: str | Encoder = "bundled",
        *,
        pooling: str = "auto",
        max_length: int | None = None,
        device: str | None = None,
        dtype: str = "float32",
    ) -> None:
        self.encoder: Encoder
        self._whitening: Whitening | None = None
        self.advice: Advice | None = None
        self.contrastive_report: ContrastiveReport | None = None
        if isinstance(encoder, (str, Path)):
            name = str(encoder)
            self.encoder = load_encoder(name, pooling=pooling, max_length=max_length, device=device, dtype=dtype)
            saved = sorted(Path(name).glob(f"*_Dense/{WHITENING_FILE}"))
            if saved and pooling == "auto" and max_length is None:
                self.whitening = Whitening.load(saved[0])
        else:
            self.encoder = encoder

    @property
    def whitening(self) -> Whitening | None:
        """The whitening that `encode` applies, or None. It can be set to one read by ``Whitening.load``."""
        return self._whitening

    @whitening.setter
    def whitening(self, whitening: Whitening | None) -> None:
        if whitening is not None:
            check_whitening(whitening, self.encoder)
        self._whitening = whitening
        self.advice = None

    @property
    def width(self) -> int:
        """Length of the vectors that `encode` returns."""
        return self.encoder.width if self.whitening is None else len(self.whitening.components_)

    @property
    def fingerprint(self) -> str:
        """A sha256 of everything that decides the vectors: encoder, pooling, whitening."""
        digest = hashlib.sha256(self.encoder.fingerprint().encode())
        fitted = self.whitening
        if fitted is not None:
            digest.update(repr((fitted.centering, fitted.scaling)).encode())
            for array in (fitted.mean_, fitted.components_, fitted.explained_variance_):
                digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], *, normalize: bool = True, show_progress: bool | None = None) -> np.ndarray:
        """Return one vector per text.

        Args:
            texts: any sequence of strings (list, array, Series, column).
            normalize: scale to length 1, so that the dot product of two vectors is their cosine.
            show_progress: show a bar on standard error; None to show it on a terminal.

        Returns:
            float32 array of shape ``(num_texts, width)``, in the order of the texts.

        Raises:
            InvalidType: when ``texts`` is one string or holds something else than strings.
        """
        vectors = self.encoder.encode(check_texts(texts), show_progress=show_progress)
        if self.whitening is not None and len(vectors):
            vectors = self.whitening.transform(vectors)
        return (unit_rows(vectors) if normalize else vectors).astype(np.float32, copy=False)

    def fit_whitening(
        self,
        texts: Sequence[str],
        n_components: int | None = None,
        *,
        centering: float = 1.0,
        scaling: float = 1.0,
        pairs: Pairs | None = None,
        when_worse: str = "keep",
    ) -> Self:
        """Fit a whitening on one's own texts, apply it from now on, and measure whether it helps.

        What was measured is in ``embedder.advice``: with ``pairs`` the Spearman correlation with their labels, else
        finding the other half of the texts. Where whitening clearly makes things worse, as it does with encoders
        trained on labelled pairs, a warning says so.

        Args:
            texts: sentences like those to be encoded later; four times the width or more is enough.
            n_components: directions kept, the largest variances first; None for all.
            centering: β of the article's follow-up; 1 subtracts the mean, 0 does not.
            scaling: γ of the follow-up; 1 whitens, 0 only rotates.
            pairs: labelled pairs ``(first_texts, second_texts, labels)`` for a direct measurement, if there are any.
            when_worse: ``"keep"`` the whitening all the same, or ``"drop"`` it.

        Returns:
            The embedder itself.

        Raises:
            InvalidValue: for fewer than two texts, or more components than the vectors have.

        Source:
            https://kexue.fm/archives/8069, 8321 and 9079.
        """
        check_choice("when_worse", when_worse, ("keep", "drop"))
        documents = check_texts(texts)
        whitening = fit_on_texts(Whitening(n_components, centering=centering, scaling=scaling), self.encoder, documents)
        advice = advise(self.encoder.encode, whitening, documents, pairs)
        worse = advice is not None and advice.verdict == "hurts"
        self.whitening = None if worse and when_worse == "drop" else whitening
        self.advice = advice
        if worse and advice is not None:
            warnings.warn(advice.sentence, stacklevel=2)
        return self

    def fit_simcse(
        self,
        texts: Sequence[str],
        *,
        temperature: float = 0.05,
        hidden_dropout: float = 0.3,
        attention_dropout: float = 0.1,
        settings: ContrastiveSettings | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Train the encoder on one's own texts, without labels: a text belongs to itself under another dropout.

        It is watched on halves of the texts: a training that makes the vectors worse is stopped, and the best weights are
        kept; see ``embedder.contrastive_report``. A whitening fitted before is dropped.

        Args:
            texts: sentences like those to be encoded later; 10 000 are plenty.
            temperature: τ, what cosines are divided by.
            hidden_dropout: of hidden states.
            attention_dropout: of attention probabilities, which the article leaves at 0.1.
            settings: epochs, batch size, learning rate and so on; None for the article's.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            The embedder itself.

        Raises:
            InvalidValue: for fewer than 10 distinct texts, or an encoder without layers to train.

        Source:
            https://kexue.fm/archives/8348; Gao, Yao and Chen, "SimCSE", EMNLP 2021.
        """
        encoder = trainable(self.encoder)
        say_dropped(self.whitening)
        self.whitening = None
        self.contrastive_report = train_simcse(
            encoder,
            texts,
            settings or ContrastiveSettings(),
            temperature=temperature,
            hidden_dropout=hidden_dropout,
            attention_dropout=attention_dropout,
            show_progress=show_progress,
        )
        return self

    def fit_pairs(
        self,
        first: Sequence[str],
        second: Sequence[str],
        labels: Sequence[float] | None = None,
        *,
        temperature: float = 0.05,
        settings: ContrastiveSettings | None = None,
        show_progress: bool | None = None,
    ) -> Self:
        """Train the encoder on pairs of texts: by CoSENT with labels, by InfoNCE without.

        It is watched on a tenth of the pairs, which is held aside; the rest is as in `fit_simcse`.

        Args:
            first: texts.
            second: the partner of each.
            labels: how alike each pair is, 0 or 1 or any numbers; None where every pair belongs together.
            temperature: τ of InfoNCE and 1 / λ of CoSENT.
            settings: None for `baihua.tasks.contrastive.pairs.PAIR_SETTINGS`.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            The embedder itself.

        Raises:
            InvalidValue: for fewer than 20 pairs, labels that are all equal, or an encoder without layers to train.

        Source:
            https://kexue.fm/archives/8847.
        """
        encoder, pairs = trainable(self.encoder), TextPairs.of(first, second, labels)
        say_dropped(self.whitening)
        self.whitening = None
        self.contrastive_report = train_pairs(
            encoder, pairs, settings or PAIR_SETTINGS, temperature=temperature, show_progress=show_progress
        )
        return self

    def sweep_whitening(
        self, texts: Sequence[str], sizes: Sequence[int] | None = None, *, pairs: Pairs | None = None
    ) -> list[SizeScore]:
        """Return quality against size: one row per number of components, and one for no whitening.

        Args:
            texts: as in `fit_whitening`; nothing is kept.
            sizes: numbers of components to try; None for halvings of the width.
            pairs: labelled pairs, as in `fit_whitening`.
        """
        return sweep(self.encoder.encode, check_texts(texts), sizes, pairs)

    def similarity(self, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
        """Return the cosine of every text of ``first`` with every text of ``second``.

        Returns:
            float32 array of shape ``(len(first), len(second))``, between -1 and 1.
        """
        return self.encode(first) @ self.encode(second).T

    def similarity_pairwise(self, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
        """Return the cosine of each text of ``first`` with the text at the same place in ``second``, shape ``(num,)``.

        Raises:
            InvalidValue: when the two differ in length.
        """
        left, right = check_texts(first, "first"), check_texts(second, "second")
        check_same_length(left, right, ("first", "second"))
        vectors = self.encode(left + right)
        return np.einsum("ij,ij->i", vectors[: len(left)], vectors[len(left) :])

    def save(self, folder: str | Path) -> Path:
        """Save encoder, pooling and whitening as a folder that sentence-transformers loads as it is.

        Raises:
            FileProblem: when it cannot be written; a folder already there is left as it was.
        """
        with replacing_folder(folder) as temporary:
            write_modules_folder(temporary, self.encoder, self.whitening)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None, dtype: str = "float32") -> Self:
        """Load what `save`, or sentence-transformers, saved.

        Raises:
            FileProblem: when there is no such folder or it cannot be read.
        """
        return cls(str(folder), device=device, dtype=dtype)
