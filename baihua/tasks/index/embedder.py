"""Which embedder a library belongs to: stored with it, loaded again from it, and compared at every call."""

import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.checks import InvalidValue, check_choice
from baihua.maths.whitening import Whitening
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.index.file import Setting
from baihua.tasks.index.vectors import DTYPES

BY_NAME = ("bundled", "static")  # encoders whose own name is enough to load them again


def new_settings(embedder: SentenceEmbedder, encoder_name: str | None, dtype: str) -> dict[str, Setting]:
    """Return what an empty library stores of its embedder and of how it was made.

    Args:
        embedder: the embedder.
        encoder_name: what `baihua.load_encoder` finds its encoder by; None if it is not known.
        dtype: how vectors are to be stored.

    Raises:
        InvalidValue: for another dtype than there are.
    """
    encoder = embedder.encoder
    return {
        "fingerprint": embedder.fingerprint,
        "width": embedder.width,
        "encoder": encoder_name or (encoder.name if encoder.name in BY_NAME else None),
        "encoder_shown": encoder.name,
        "pooling": encoder.pooling,
        "max_length": encoder.max_length,
        "whitening": None if embedder.whitening is None else _to_bytes(embedder.whitening),
        "dtype": check_choice("dtype", dtype, DTYPES),
        "unicode": unicodedata.unidata_version,
        "changes": 0,
    }


def load_embedder(
    settings: Mapping[str, Any], *, device: str | None = None, dtype: str = "float32"
) -> SentenceEmbedder:
    """Load the embedder that a library was made with.

    Args:
        settings: what the library stored.
        device: as in `SentenceEmbedder`.
        dtype: as in `SentenceEmbedder`.

    Raises:
        InvalidValue: when the library does not know where its encoder is.
        FileProblem: when the encoder is not there any more.
    """
    name = settings["encoder"]
    if name is None:
        shown = settings["encoder_shown"]
        raise InvalidValue(
            zh=f"这个文本库没有记下它的编码器（{shown}）在哪里；请用 SentenceIndex.open(path, embedder) 给出。",
            en=f"This library does not say where its encoder ({shown}) is; give it with SentenceIndex.open(path, embedder).",
        )
    embedder = SentenceEmbedder(
        name, pooling=settings["pooling"], max_length=settings["max_length"], device=device, dtype=dtype
    )
    whitening = settings["whitening"]
    embedder.whitening = None if whitening is None else _from_bytes(whitening)
    return embedder


class EmbedderSeal:
    """The comparison of an embedder with the one a library was made with.

    A fingerprint reads all weights, a second for a large model. It is taken again whenever the encoder, its settings,
    the whitening or a weight of a torch model has changed since it was last found right, and only then.

    Args:
        settings: what the library stored.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._found_right: tuple[object, ...] | None = None

    def check(self, embedder: SentenceEmbedder) -> None:
        """Refuse an embedder whose vectors are not those of the library.

        Raises:
            InvalidValue: saying which embedder was expected.
        """
        state = _state(embedder)
        known = self._found_right
        if known is not None and all(now is then or _same(now, then) for now, then in zip(state, known, strict=True)):
            return
        if embedder.fingerprint != self._settings["fingerprint"]:
            raise self._another(embedder)
        self._found_right = state

    def _another(self, embedder: SentenceEmbedder) -> InvalidValue:
        stored = self._settings
        was = f"{stored['encoder'] or stored['encoder_shown']}, {stored['pooling']}, {stored['width']}"
        now = f"{embedder.encoder.name}, {embedder.encoder.pooling}, {embedder.width}"
        return InvalidValue(
            zh=f"这个文本库是用另一个编码器或白化建立的（编码器、池化、维数：{was}；现在是 {now}），向量不能相比；"
            "请用当时的那个，或重新建库。",
            en=f"This library was made with another encoder or whitening (encoder, pooling, width: {was}; now {now}), "
            "so the vectors cannot be compared. Use that one, or make the library anew.",
        )


def encode_checked(embedder: SentenceEmbedder, texts: list[str], width: int) -> npt.NDArray[np.float32]:
    """Return unit vectors of texts, shape ``(num_texts, width)``.

    Raises:
        InvalidValue: when the embedder gives another shape, or a vector with NaN.
    """
    vectors = np.asarray(embedder.encode(texts), dtype=np.float32)
    if vectors.shape != (len(texts), width):
        raise InvalidValue(
            zh=f"编码器应给出形状 {(len(texts), width)} 的向量，给出的是 {vectors.shape}；请用建库时的编码器。",
            en=f"The encoder should give vectors of shape {(len(texts), width)}, but gave {vectors.shape}. Use the one "
            "the library was made with.",
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        text = texts[int(np.argmin(finite))]
        raise InvalidValue(
            zh=f"编码器给这条文本的向量里有 NaN 或无穷大：{text!r:.60}。什么都没有改动；请检查编码器的权重。",
            en=f"The encoder gave NaN or infinity for this text: {text!r:.60}. Nothing was changed; check its weights.",
        )
    return vectors


def _state(embedder: SentenceEmbedder) -> tuple[object, ...]:
    encoder: Any = embedder.encoder
    modules: list[Any] = [getattr(encoder, name, None) for name in ("model", "head")]
    weights = [weight for module in modules if hasattr(module, "parameters") for weight in module.parameters()]
    versions = sum(weight._version for weight in weights)  # torch counts the changes made in place
    return encoder, embedder.whitening, (encoder.pooling, encoder.max_length, len(weights), versions)


def _same(now: object, then: object) -> bool:
    return isinstance(now, tuple) and now == then


def _to_bytes(whitening: Whitening) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whitening.safetensors"
        whitening.save(path)
        return path.read_bytes()


def _from_bytes(content: bytes) -> Whitening:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "whitening.safetensors"
        path.write_bytes(content)
        return Whitening.load(path)
