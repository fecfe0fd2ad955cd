"""Making a static encoder from any text: count neighbours, weigh by surprise, factorise. About a minute for 90 MB."""

import operator
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse
from tokenizers import Tokenizer

from baihua.checks import InvalidType, InvalidValue, check_texts
from baihua.encoders.static import StaticEncoder
from baihua.encoders.tokens import token_ids
from baihua.language import say
from baihua.maths.cooccurrence import count_cooccurrences, positive_pmi, truncated_svd
from baihua.progress import progress

TOKENIZER = Path(__file__).parent / "bundled" / "tokenizer.json"
CONTEXT_EXPONENT = 0.75  # Levy, Goldberg & Dagan 2015, section 3.2
CHUNK_CHARACTERS = 1_000_000  # of text held and counted at once


def train_static_encoder(
    texts: Iterable[str],
    *,
    tokenizer: Tokenizer | None = None,
    width: int = 256,
    window: int = 3,
    singular_exponent: float = 0.0,
    seed: int = 0,
    show_progress: bool | None = None,
) -> StaticEncoder:
    """Train token vectors on your own text: positive pointwise mutual information and truncated SVD.

    A million characters give useful vectors; the texts may be a stream of any length and are gone through once.

    Args:
        texts: strings; neighbours are counted within a line, never across a line break.
        tokenizer: how to cut them into tokens; None for the bundled one (single Chinese characters, pieces of
            other words).
        width: the number of components. Fewer come out, with a warning, when the text is too small for so many.
        window: how many tokens to each side are neighbours; at distance d a neighbour counts 1/d.
        singular_exponent: the vectors are U S^p with this p; 0 weighs all components alike, 1 by their size.
        seed: of the SVD's first vector.
        show_progress: None shows a bar when standard error is a terminal and the number of texts is known.

    Returns:
        The encoder. Tokens never seen beside another, and unknown and special ones, have the zero vector. The mean
        square of the other components is 1.

    Raises:
        InvalidType: for a single string or an item that is not a string.
        InvalidValue: when no two different tokens stand side by side anywhere, or a setting is below 1.

    Example:
        >>> lines = ["猫吃鱼", "狗吃肉", "猫和狗", "鱼和肉"]
        >>> train_static_encoder(lines, width=2).encode(["猫吃肉"]).shape
        (1, 2)
    """
    if width < 1 or window < 1:
        raise InvalidValue(
            zh=f"width 与 window 至少是 1，收到 width={width}，window={window}。",
            en=f"width and window must be at least 1, but received width={width}, window={window}.",
        )
    tokenizer_json = tokenizer.to_str() if tokenizer is not None else TOKENIZER.read_text(encoding="utf-8")
    counts = _count(texts, Tokenizer.from_str(tokenizer_json), window, show_progress)
    vectors, values = truncated_svd(positive_pmi(counts, CONTEXT_EXPONENT), width, seed)
    if len(values) == 0:
        raise InvalidValue(
            zh="这些文本里没有两个不同的字词相邻，学不出词向量；请给更多的文本，每行至少两个字。",
            en="No two different tokens stand side by side in these texts, so there is nothing to learn from. "
            "Give more text, at least two characters to a line.",
        )
    if len(values) < width:
        warnings.warn(
            say(
                zh=f"文本太少，只够 {len(values)} 维（要的是 {width} 维）。",
                en=f"There is too little text for {width} components; the vectors have {len(values)}.",
            ),
            stacklevel=2,
        )
    return StaticEncoder(_unit_mean_square(vectors * values**singular_exponent), tokenizer_json)


def _count(texts: Iterable[str], tokenizer: Tokenizer, window: int, show_progress: bool | None) -> sparse.csr_array:
    """Add up the counts of all texts, and drop those of unknown and special tokens."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    vocabulary = tokenizer.get_vocab()
    num_tokens = max(vocabulary.values(), default=-1) + 1
    weights = (1 / np.arange(1, window + 1)).tolist()
    counts = sparse.csr_array((num_tokens, num_tokens), dtype=np.float64)
    num_texts = operator.length_hint(texts)
    with progress("PPMI", num_texts, show_progress if num_texts else False) as advance:
        for lines, num_done in _chunks(texts):
            ids, lengths = token_ids(tokenizer, lines)
            counts = counts + count_cooccurrences(ids.astype(np.int32), lengths, num_tokens, weights)
            advance(num_done)
    kept = np.ones(num_tokens)
    kept[_tokens_without_meaning(tokenizer)] = 0.0
    return sparse.csr_array(counts * kept[:, None] * kept[None, :])


def _chunks(texts: Iterable[str]) -> Iterator[tuple[list[str], int]]:
    """Gather lines up to a bounded number of characters; with them, of how many texts they are."""
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        check_texts(texts)  # raises, with the sentence for what is no sequence of strings
    lines: list[str] = []
    characters, num_texts = 0, 0
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            kind = type(text).__name__
            raise InvalidType(
                zh=f"texts 的第 {position} 项（从 0 数）不是字符串而是 {kind}：{text!r:.40}。请先去掉或转成字符串。",
                en=f"Item {position} of texts is not a string but {kind}: {text!r:.40}. Remove it or convert it.",
            )
        lines.extend(text.splitlines())
        characters += len(text)
        num_texts += 1
        if characters >= CHUNK_CHARACTERS:
            yield lines, num_texts
            lines, characters, num_texts = [], 0, 0
    if lines:
        yield lines, num_texts


def _tokens_without_meaning(tokenizer: Tokenizer) -> Sequence[int]:
    """Return the ids of special tokens and of the one that stands for everything unknown."""
    special = {index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    unknown = tokenizer.token_to_id(getattr(tokenizer.model, "unk_token", None) or "")
    return sorted(special if unknown is None else special | {unknown})


def _unit_mean_square(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale all vectors by one number so that float16 can hold them whatever the size of the corpus."""
    rows = np.abs(vectors).sum(axis=1) > 0
    return vectors / np.sqrt(np.mean(vectors[rows] ** 2))
