"""The folder of a new language model, made from text alone: its vocabulary, its first weights, its tokenizer."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from baihua.encoders.modules_writer import write_transformer_files
from baihua.encoders.pretraining.new_model import STARTS, Shape, new_language_model
from baihua.encoders.pretraining.vocabulary import train_vocabulary
from baihua.encoders.static_training import train_static_encoder
from baihua.encoders.tokens import token_ids
from baihua.files import replacing_folder

WINDOW, SINGULAR_EXPONENT = 5, 0.5  # of the vectors that the word embeddings start from
LINES_AT_ONCE = 10_000

Lines = Callable[[], Iterable[str]]


@dataclass(frozen=True)
class NewModel:
    """What to make when there is no model to go on from.

    Args:
        shape: its size.
        vocabulary_size: entries of the vocabulary.
        starts: what the weights begin with, see `baihua.encoders.pretraining.new_model`.
    """

    shape: Shape = field(default_factory=Shape)
    vocabulary_size: int = 8000
    starts: tuple[str, ...] = STARTS


def write_new_model(
    folder: str | Path, lines: Lines, wanted: NewModel, *, objective: str = "masked", seed: int = 0
) -> None:
    """Make a model and its tokenizer from text and save them, ready to be trained.

    Args:
        folder: where they go; what lies there is replaced.
        lines: starts the text from its beginning; it is gone through three times.
        wanted: see `NewModel`.
        objective: ``"masked"`` or ``"causal"``.
        seed: of the weights.

    Raises:
        InvalidValue: when the text is too little to learn anything from.
        FileProblem: when the folder cannot be written.
    """
    tokenizer = train_vocabulary(lines(), size=wanted.vocabulary_size)
    vectors = _vectors(lines(), tokenizer, wanted)
    counts = count_tokens(lines(), tokenizer)
    model = new_language_model(counts, vectors, wanted.shape, objective=objective, starts=wanted.starts, seed=seed)
    from transformers import PreTrainedTokenizerFast  # takes over a second

    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=wanted.shape.positions,
        **{f"{name}_token": token for name, token in names.items()},
    )
    with replacing_folder(folder) as temporary:
        write_transformer_files(temporary, model, wrapped)


def count_tokens(lines: Iterable[str], tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """Return how often each token occurs, shape ``(num_tokens,)``."""
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    for chunk in _chunks(lines):
        ids, _ = token_ids(tokenizer, chunk)
        counts += np.bincount(ids, minlength=len(counts))
    return counts


def _vectors(lines: Iterable[str], tokenizer: Tokenizer, wanted: NewModel) -> npt.NDArray[np.float32]:
    if "vectors" not in wanted.starts:
        return np.zeros((tokenizer.get_vocab_size(), 0), dtype=np.float32)
    return train_static_encoder(
        lines, tokenizer=tokenizer, width=wanted.shape.width, window=WINDOW, singular_exponent=SINGULAR_EXPONENT
    ).vectors


def _chunks(lines: Iterable[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == LINES_AT_ONCE:
            yield chunk
            chunk = []
    yield chunk
