"""Label words where nobody has chosen any: the labels themselves where they are Chinese words, else words the model knows best."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from tokenizers import Tokenizer

from baihua.checks import InvalidValue, Mistake
from baihua.encoders.batching import length_batches
from baihua.tasks.prompting.batches import Reading, batch_of
from baihua.tasks.prompting.model import PromptModel
from baihua.tasks.prompting.scoring import BATCH_TOKENS
from baihua.text.prompts import Prompt
from baihua.text.verbalizer import Verbalizer

LONGEST_NAME = 4  # characters of a label that is taken as a word
CANDIDATES = 1000  # likeliest characters in the blank, of which words are chosen
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


def words_of_labels(labels: Sequence[str], backend: Tokenizer) -> dict[str, str] | None:
    """Return the labels as their own words, or None where one is no Chinese word that the vocabulary has.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> backend = load_encoder("bundled").backend()
        >>> words_of_labels(["体育", "财经"], backend), words_of_labels(["102", "104"], backend)
        ({'体育': '体育', '财经': '财经'}, None)
    """
    if not all(_CHINESE.fullmatch(label) and len(label) <= LONGEST_NAME for label in labels):
        return None
    words = {label: label for label in labels}
    try:
        Verbalizer(words, backend)
    except Mistake:
        return None
    return words


def choose_words(evidence: np.ndarray, answers: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Choose one word per label, all different.

    A word speaks for a label by how much likelier the model finds it, in the mean of logarithms, in texts of this label than in
    those of the others, each label counting alike; all words are chosen together so that the sum is highest.

    Args:
        evidence: log-probabilities of the candidates in the blank of each text, shape ``(num_texts, num_candidates)``.
        answers: the number of each text's label, shape ``(num_texts,)``; every label has a text.
        candidates: what each column is, shape ``(num_candidates,)``.

    Returns:
        Of each label one of the candidates, shape ``(num_labels,)``.

    Example:
        >>> choose_words(np.log([[0.6, 0.1, 0.3], [0.1, 0.6, 0.3]]), np.array([0, 1]), np.array([7, 8, 9])).tolist()
        [7, 8]
    """
    num_labels = int(answers.max()) + 1
    means = np.stack(
        [evidence[answers == label].mean(axis=0) for label in range(num_labels)]
    )  # (num_labels, num_candidates)
    others = (means.sum(axis=0) - means) / (num_labels - 1)
    labels, columns = linear_sum_assignment(means - others, maximize=True)
    chosen: np.ndarray = candidates[columns[np.argsort(labels)]]
    return chosen


def words_from_examples(
    model: PromptModel,
    prompts: Sequence[Prompt],
    labels: Sequence[str],
    reading: Reading,
    backend: Tokenizer,
) -> dict[str, str]:
    """Return a character per label that the model itself puts into the blank of this label's texts more than of others.

    Args:
        model: before training.
        prompts: with one blank each.
        labels: the label of each.
        reading: how tokens are read.
        backend: the tokenizer.

    Raises:
        InvalidValue: when the vocabulary has fewer Chinese characters than there are labels.
    """
    names = sorted(set(labels))
    characters = _characters(backend)
    if len(characters) < len(names):
        raise InvalidValue(
            zh=f"词表里只有 {len(characters)} 个汉字，{len(names)} 个标签不够分；请用 verbalizer 自己给词。",
            en=f"The vocabulary has {len(characters)} Chinese characters, too few for {len(names)} labels. Give words yourself.",
        )
    evidence = _log_probs(model, prompts, reading, characters)
    likely = np.argsort(-np.logaddexp.reduce(evidence, axis=0), kind="stable")[: max(CANDIDATES, len(names))]
    answers = np.array([names.index(label) for label in labels])
    chosen = choose_words(evidence[:, likely], answers, characters[likely])
    return {name: str(backend.id_to_token(int(word))) for name, word in zip(names, chosen, strict=True)}


def learned_words(labels: Sequence[str], rows: Sequence[int], backend: Tokenizer) -> Mapping[str, str]:
    """Return an ``[unused]`` token per label, to be learned, as the article proposes where examples are many."""
    return {label: str(backend.id_to_token(row)) for label, row in zip(labels, rows, strict=True)}


def _characters(backend: Tokenizer) -> np.ndarray:
    vocabulary = backend.get_vocab()
    return np.array(sorted(number for token, number in vocabulary.items() if len(token) == 1 and _CHINESE.match(token)))


@torch.no_grad()
def _log_probs(model: PromptModel, prompts: Sequence[Prompt], reading: Reading, tokens: np.ndarray) -> np.ndarray:
    model.eval()
    found = np.empty((len(prompts), len(tokens)))
    for rows in length_batches([len(prompt.ids) for prompt in prompts], BATCH_TOKENS):
        logits = model.scores(batch_of([prompts[row] for row in rows], reading))
        found[rows] = torch.log_softmax(logits.double(), dim=-1)[:, tokens].cpu().numpy()
    return found
