"""What a learned soft token is most like: the words of the vocabulary whose vectors point the same way."""

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import normalize

from baihua.checks import InvalidValue
from baihua.text.plain_tokens import special_tokens

WordsOfToken = list[tuple[str, float]]


@torch.no_grad()
def nearest_words(vectors: Tensor, weight: Tensor, backend: Tokenizer, num_words: int = 5) -> list[WordsOfToken]:
    """Return the words most like each of some vectors.

    A learned vector need not be like any word. Even of a vector drawn at random the nearest word of the bundled model, whose
    width is 256, has a cosine of about 0.25; what is not well above that says nothing.

    Args:
        vectors: shape ``(num_vectors, width)``.
        weight: a vector for each token of the vocabulary, shape ``(vocabulary, width)``.
        backend: the tokenizer.
        num_words: how many for each.

    Returns:
        For each vector the words and their cosines, the most alike first. Special and ``[unused]`` tokens, punctuation and
        pieces that go on with a word are no words.

    Raises:
        InvalidValue: for fewer than one word.

    Example:
        >>> from baihua.encoders.language_models import open_masked_model
        >>> from baihua.encoders.load import BUNDLED, load_encoder
        >>> weight = open_masked_model(BUNDLED, device="cpu")[0].get_input_embeddings().weight
        >>> backend = load_encoder("bundled").backend()
        >>> nearest_words(weight[[backend.token_to_id("好")]], weight, backend, num_words=1)
        [[('好', 1.0)]]
    """
    if num_words < 1:
        raise InvalidValue(
            zh=f"至少要 1 个词，收到 {num_words}。", en=f"At least 1 word is needed, but received {num_words}."
        )
    special, found = special_tokens(backend), []
    for cosines in (
        normalize(vectors.float(), dim=1) @ normalize(weight.float(), dim=1).T
    ):  # of all tokens, (vocabulary,)
        words: dict[str, float] = {}
        for number in cosines.argsort(descending=True, stable=True).tolist():
            word = None if number in special else _word(backend, number)
            if word is not None:
                words.setdefault(word, round(float(cosines[number]), 6))
            if len(words) == num_words:
                break
        found.append(list(words.items()))
    return found


def _word(backend: Tokenizer, number: int) -> str | None:
    """Return what a token says if it is a word by itself."""
    token = backend.id_to_token(number)
    if token is None or token.startswith("##") or (token.startswith("[") and token.endswith("]")):
        return None
    word = backend.decode([number]).strip()  # of a tokenizer over bytes the token itself cannot be read
    return word if any(character.isalnum() for character in word) and "\ufffd" not in word else None
