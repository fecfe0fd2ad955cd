"""The static encoder: one vector for each token, a text is their mean. No neural network, no order of words.

It reads tens of thousands of sentences a second on a laptop, and is the floor every other encoder has to beat.
Its folder is one that sentence-transformers loads as it is (its ``StaticEmbedding``).
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save as to_safetensors
from safetensors.torch import load_file
from tokenizers import Tokenizer

from baihua.checks import FileProblem, InvalidValue, check_choice, check_texts
from baihua.encoders.tokens import text_chunks, token_ids
from baihua.files import replacing, write_text
from baihua.language import say
from baihua.progress import progress

BUNDLED_STATIC = Path(__file__).parent / "bundled_static"
NO_LIMIT = 1_000_000_000  # tokens; no text is that long
TENSOR = "embedding.weight"  # the name sentence-transformers gives it
MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"}]


class StaticEncoder:
    """Texts to the mean of the vectors of their tokens.

    Every token counts, as in sentence-transformers' ``StaticEmbedding``: an unknown one has the zero vector and
    still shortens the mean. A text without tokens gets the zero vector. Texts of any length are read whole.

    Args:
        vectors: one row per token id, shape ``(num_tokens, width)``; kept as float32.
        tokenizer_json: the text of a ``tokenizer.json`` (`tokenizers.Tokenizer.to_str`).
        name: what to call it in tables.

    Raises:
        InvalidValue: when the vectors are not a finite matrix with a row for every id of the tokenizer.

    Example:
        >>> encoder = load_static()
        >>> encoder.encode(["手机充不进电，怎么办？", ""]).shape
        (2, 256)
    """

    poolings = ("mean",)
    pooling = "mean"
    max_length = NO_LIMIT

    def __init__(self, vectors: npt.NDArray[np.floating], tokenizer_json: str, *, name: str = "static") -> None:
        self.name = name
        self.tokenizer_json = tokenizer_json
        self.tokenizer = Tokenizer.from_str(tokenizer_json)
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.vectors = np.array(vectors, dtype=np.float32, order="C")  # (num_tokens, width)
        needed = max(self.tokenizer.get_vocab().values(), default=-1) + 1
        if self.vectors.ndim != 2 or len(self.vectors) < needed or not np.isfinite(self.vectors).all():
            raise InvalidValue(
                zh=f"词向量应是有限数的矩阵，且不少于分词器的 {needed} 行；收到形状 {self.vectors.shape}（或含 NaN、无穷）。",
                en=f"The token vectors must be a matrix of finite numbers with at least the tokenizer's {needed} rows, "
                f"but received shape {self.vectors.shape} (or NaN or infinity in it).",
            )

    @property
    def width(self) -> int:
        """The number of components of a vector."""
        return int(self.vectors.shape[1])

    def fingerprint(self) -> str:
        """Return the sha256 over vectors, tokenizer and pooling; the name and the precision on disk do not count."""
        digest = hashlib.sha256(f"static {self.pooling} {self.vectors.shape}\n".encode())
        digest.update(self.vectors.astype("<f4", copy=False).data)
        digest.update(self.tokenizer_json.encode())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], *, show_progress: bool | None = None) -> npt.NDArray[np.float32]:
        """Return the mean of each text's token vectors.

        Args:
            texts: any sequence of strings.
            show_progress: None shows a bar when standard error is a terminal.

        Returns:
            Vectors of shape ``(num_texts, width)``, not of unit length.

        Raises:
            InvalidType: for a single string or an item that is not a string.
        """
        items = check_texts(texts)
        result = np.zeros((len(items), self.width), dtype=np.float32)
        weight = torch.from_numpy(self.vectors)
        with progress(say(zh="编码", en="Encoding"), len(items), show_progress) as advance:
            for start, stop in text_chunks(items):
                ids, lengths = token_ids(self.tokenizer, items[start:stop])
                starts = torch.from_numpy(np.cumsum(lengths) - lengths)  # (texts,)
                means = torch.nn.functional.embedding_bag(torch.from_numpy(ids), weight, starts, mode="mean")
                result[start:stop] = means.numpy()  # (texts, width)
                advance(stop - start)
        return result

    def encode_poolings(
        self, texts: Sequence[str], poolings: Sequence[str], *, show_progress: bool | None = None
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the vectors under each pooling asked for; there is only ``"mean"``.

        Raises:
            InvalidValue: for any other pooling.
        """
        names = [check_choice("pooling", name, self.poolings) for name in poolings]
        return {name: self.encode(texts, show_progress=show_progress) for name in dict.fromkeys(names)}

    def save(self, folder: str | Path, *, dtype: str = "float32") -> None:
        """Write a folder that `load` here and sentence-transformers both read.

        Args:
            folder: made if it is missing; other files in it stay.
            dtype: ``"float32"``, or ``"float16"`` for half the size, rounded to about 3 digits. sentence-transformers
                computes in the precision it finds, so only float32 gives it exactly our vectors.

        Raises:
            InvalidValue: for another dtype, or values too large for float16.
            FileProblem: when the folder cannot be written.
        """
        check_choice("dtype", dtype, ("float32", "float16"))
        if dtype == "float16" and np.abs(self.vectors).max() > np.finfo(np.float16).max:
            raise InvalidValue(
                zh="词向量里有超出 float16 范围（65504）的值；请用 dtype='float32' 保存。",
                en="Some token vectors exceed the range of float16 (65504). Save with dtype='float32'.",
            )
        root = Path(folder)
        config = {"model_type": "static", "pooling": self.pooling, "width": self.width, "num_tokens": len(self.vectors)}
        with replacing(root / "model.safetensors") as temporary:
            temporary.write_bytes(to_safetensors({TENSOR: self.vectors.astype(dtype)}))
        write_text(root / "tokenizer.json", self.tokenizer_json)
        write_text(root / "config.json", json.dumps(config, indent=1) + "\n")
        write_text(root / "modules.json", json.dumps(MODULES, indent=1) + "\n")

    @classmethod
    def load(cls, folder: str | Path, *, name: str | None = None) -> Self:
        """Read a folder written by `save` or by sentence-transformers' ``StaticEmbedding``.

        Args:
            folder: holds ``model.safetensors`` and ``tokenizer.json``. Weights of any precision become float32.
            name: what to call it; the folder's name if None.

        Raises:
            FileProblem: when a file is missing or broken.
        """
        root = Path(folder)
        try:
            vectors = load_file(root / "model.safetensors")[TENSOR].float().numpy()
            tokenizer_json = (root / "tokenizer.json").read_text(encoding="utf-8")
            Tokenizer.from_str(tokenizer_json)
        except Exception as error:  # a broken file: tokenizers raises nothing more exact
            raise FileProblem(
                zh=f"{root} 不是静态编码器的文件夹：{error}。需要 model.safetensors（内有 {TENSOR}）与 tokenizer.json。",
                en=f"{root} is not the folder of a static encoder: {error}. It needs model.safetensors (with {TENSOR}) "
                "and tokenizer.json.",
            ) from error
        return cls(vectors, tokenizer_json, name=name or root.resolve().name)


def load_static(folder: str | Path | None = None) -> StaticEncoder:
    """Load the static encoder of a folder, or with None the one that comes with the package.

    Raises:
        FileProblem: when a file is missing or broken.
    """
    return StaticEncoder.load(BUNDLED_STATIC, name="static") if folder is None else StaticEncoder.load(folder)
