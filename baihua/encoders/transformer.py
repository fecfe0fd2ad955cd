"""Any pre-trained transformer as an encoder of texts: tokenize, run, pool."""

import hashlib
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from baihua.checks import InvalidValue, check_choice, check_texts
from baihua.encoders.batching import distinct, length_batches
from baihua.encoders.checkpoint import Checkpoint
from baihua.encoders.pooling import ALIASES, POOLINGS, SECOND_LAYER, no_pooler, pool
from baihua.encoders.tokens import Tokens, tokenize
from baihua.language import say
from baihua.progress import progress

# Tokens of one batch. Small enough that the widest activation, 4 × width floats a token, stays in a CPU's cache;
# large enough to fill a GPU. Measured by bench/encode.py.
BATCH_TOKENS = {"cpu": 2048, "cuda": 65536, "mps": 16384}
DTYPES = ("float32", "bfloat16")


class TransformerEncoder:
    """Turn texts into vectors with a pre-trained transformer.

    Args:
        checkpoint: the opened model.
        name: what to call it in results.
        pooling: how token vectors become one, see `baihua.encoders.pooling`.
        max_length: tokens kept of a text, special ones included; None for as many as model and tokenizer take.
        dtype: ``"float32"`` or ``"bfloat16"`` (through `torch.autocast`).
        head: layers after the pooling, as a sentence-transformers folder may have. They belong to ``pooling``
            and take no part in the others.
        prompt: put before every text, as a sentence-transformers folder may ask.

    Raises:
        InvalidValue: for an unknown pooling or dtype, a pooler the checkpoint lacks, or an impossible length.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        name: str,
        pooling: str,
        max_length: int | None = None,
        *,
        dtype: str = "float32",
        head: nn.Module | None = None,
        prompt: str = "",
    ) -> None:
        self.name = name
        self.model: Any = checkpoint.model  # a transformers model: its config is not typed
        self.tokenizer = checkpoint.tokenizer
        self.pooler = checkpoint.pooler
        self.poolings = tuple(known for known in POOLINGS if self.pooler is not None or "pooler" not in known)
        self.pooling = self._check_pooling(pooling)
        self.max_length = self._check_length(max_length)
        self.dtype = check_choice("dtype", dtype, DTYPES)
        self._say_if_emulated()
        self.head = head.to(self.device).eval() if head is not None else None
        self.prompt = prompt
        self._backend: Tokenizer | None = None

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.model.parameters()).device

    @property
    def width(self) -> int:
        """Length of a vector."""
        linear = [layer for layer in self.head.modules() if isinstance(layer, nn.Linear)] if self.head else []
        return int(linear[-1].out_features if linear else self.model.config.hidden_size)

    def fingerprint(self) -> str:
        """Return a sha256 of everything that decides the vectors: weights, tokenizer, pooling, head, length, prompt."""
        digest = hashlib.sha256()
        modules = (self.model, self.head) if self.head is not None else (self.model,)
        for module in modules:
            for key, tensor in sorted(module.state_dict().items()):
                digest.update(key.encode())
                digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
        digest.update(repr(sorted(self.tokenizer.get_vocab().items())).encode())
        digest.update(repr((self.pooling, self.max_length, self.prompt)).encode())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], *, show_progress: bool | None = None) -> np.ndarray:
        """Return one vector per text, not normalised.

        Args:
            texts: any sequence of strings. Longer ones than ``max_length`` are cut, which is said once.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            float32 array of shape ``(num_texts, width)``.
        """
        return self.encode_poolings(texts, [self.pooling], show_progress=show_progress)[self.pooling]

    def encode_poolings(
        self, texts: Sequence[str], poolings: Sequence[str], *, show_progress: bool | None = None
    ) -> dict[str, np.ndarray]:
        """Return the vectors of several poolings from one pass through the model.

        Args:
            texts: any sequence of strings.
            poolings: their names.
            show_progress: show a bar; None to show it on a terminal.

        Returns:
            For each name a float32 array of shape ``(num_texts, width)``.
        """
        names = [self._check_pooling(pooling) for pooling in poolings]
        unique, positions = distinct(check_texts(texts))
        vectors = {name: np.empty((len(unique), self._width_of(name)), dtype=np.float32) for name in names}
        tokens = self.tokens(unique)
        self._say_cut(tokens.num_cut, len(unique))
        budget = BATCH_TOKENS.get(self.device.type, BATCH_TOKENS["cpu"])
        with progress(say(zh="编码", en="Encoding"), len(unique), show_progress) as advance:
            for batch in length_batches(tokens.lengths.tolist(), budget):
                pooled = self._forward(*tokens.batch(batch), names)
                for name in names:
                    vectors[name][batch] = pooled[name].float().cpu().numpy()
                advance(len(batch))
        if len(unique) == len(positions):
            return vectors
        return {name: array[positions] for name, array in vectors.items()}

    def tokens(self, texts: Sequence[str], max_length: int | None = None) -> Tokens:
        """Return the ids of texts as the model reads them, prompt and special ones included.

        Args:
            texts: the texts.
            max_length: at most so many tokens of each; None for the encoder's own limit.
        """
        backend = self.backend()
        backend.enable_truncation(max_length or self.max_length)
        return tokenize(backend, [self.prompt + text for text in texts], self._filler())

    @torch.inference_mode()
    def _forward(self, ids: np.ndarray, mask: np.ndarray | None, names: list[str]) -> dict[str, Tensor]:
        real = None if mask is None else torch.from_numpy(mask).to(self.device)  # (batch, length)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.dtype == "bfloat16"):
            return self.pooled(torch.from_numpy(ids).to(self.device), real, names)

    def pooled(self, ids: Tensor, real: Tensor | None, names: Sequence[str]) -> dict[str, Tensor]:
        """Run the model and pool, with gradients where they are wanted.

        Args:
            ids: shape ``(batch, length)``, on the device of the model.
            real: 1 for real tokens and 0 for padding, same shape; None when there is no padding.
            names: of the poolings.

        Returns:
            For each name the vectors in float32, shape ``(batch, width)``.
        """
        output = self.model(
            input_ids=ids,
            attention_mask=real,
            output_hidden_states=not SECOND_LAYER.keys().isdisjoint(names),
            return_dict=True,
        )
        hidden = [*(output.hidden_states or ()), output.last_hidden_state]  # each (batch, length, width)
        needed = {len(hidden) - 1} | {SECOND_LAYER[name] for name in names if name in SECOND_LAYER}
        layers = [layer.float() if place in needed else layer for place, layer in enumerate(hidden)]
        pooled = {name: pool(name, layers, real, self.pooler) for name in names}
        if self.head is not None and self.pooling in pooled:
            pooled[self.pooling] = self.head(pooled[self.pooling])
        return pooled

    def backend(self) -> Tokenizer:
        """Return the Rust tokenizer: a copy of our own, so that its truncation setting is nobody else's."""
        if self._backend is None:
            self._backend = Tokenizer.from_str(self.tokenizer.backend_tokenizer.to_str())
            self._backend.no_padding()
        return self._backend

    def _filler(self) -> int:
        known = (self.tokenizer.eos_token_id, self.tokenizer.pad_token_id, 0)
        return next(int(token) for token in known if token is not None)

    def _say_if_emulated(self) -> None:
        if self.dtype == "bfloat16" and self.device.type == "cpu" and torch.backends.cpu.get_cpu_capability() == "AVX2":
            warnings.warn(
                say(
                    zh="这个处理器没有 bfloat16 运算，只能模拟，比 float32 慢好几倍。",
                    en="This processor has no bfloat16 arithmetic and emulates it, several times slower than float32.",
                ),
                stacklevel=4,
            )

    def _say_cut(self, num_cut: int, num_texts: int) -> None:
        if num_cut:
            warnings.warn(
                say(
                    zh=f"{num_texts} 条不同的文本中有 {num_cut} 条超过 {self.max_length} 个词元，只取了前面的部分。",
                    en=f"{num_cut} of {num_texts} distinct texts are longer than {self.max_length} tokens; "
                    "only their beginning was used.",
                ),
                stacklevel=4,
            )

    def _width_of(self, pooling: str) -> int:
        return self.width if pooling == self.pooling else int(self.model.config.hidden_size)

    def _check_pooling(self, pooling: str) -> str:
        name = check_choice("pooling", pooling, POOLINGS, ALIASES)
        if name not in self.poolings:
            raise no_pooler(name)
        return name

    def _check_length(self, max_length: int | None) -> int:
        positions = num_positions(self.model)
        limit = min(positions, int(getattr(self.tokenizer, "model_max_length", None) or positions))
        wanted = limit if max_length is None else max_length
        if not 3 <= wanted <= positions:
            raise InvalidValue(
                zh=f"max_length 应在 3 到 {positions} 之间（含特殊词元），收到 {wanted}。",
                en=f"max_length must lie between 3 and {positions} (special tokens included), but received {wanted}.",
            )
        return wanted


def num_positions(model: nn.Module) -> int:
    """Return how many tokens the model has positions for; RoBERTa's kind loses those up to its padding index."""
    config: Any = model.config
    positions = int(getattr(config, "max_position_embeddings", None) or 10**6)
    embeddings = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    padding_index = getattr(embeddings, "padding_idx", None)
    return positions if padding_index is None else positions - padding_index - 1
