"""Verbalizers: which words stand for a label, and what the probabilities of these words say about it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidType, InvalidValue, check_choice
from baihua.text.plain_tokens import plain_ids, special_tokens, unknown_characters

OVER_TOKENS = ("mean", "sum")
_UNUSED = re.compile(r"\[unused[0-9]+\]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Verbalizer:
    """The words that stand for each label, as tokens.

    Its ``words`` are those of each label, ``labels`` the labels in order. Of all words, label after label, ``ids`` holds the
    tokens, ``lengths`` (num_words,) their number, and ``label_of`` (num_words,) the number of the label.

    Args:
        words: for each label a word or several, of one token or several each. ``[unused1]`` and its like, where the
            vocabulary has them, are one token, as the article proposes where there are many examples to learn from.
        backend: the tokenizer; its truncation and padding are switched off here.

    Raises:
        InvalidType: when labels or words are no strings.
        InvalidValue: for fewer than two labels, and for words that are empty, special, outside the vocabulary or there twice.

    Example:
        >>> from baihua.encoders.load import load_encoder
        >>> verbalizer = Verbalizer({"正面": ["好", "满意"], "负面": "差"}, load_encoder("bundled").backend())
        >>> verbalizer.labels, verbalizer.num_masks, verbalizer.label_of.tolist()
        (['正面', '负面'], (1, 2), [0, 0, 1])
    """

    def __init__(self, words: Mapping[str, str | Sequence[str]], backend: Tokenizer) -> None:
        self.words = _read_words(words)
        self.labels = list(self.words)
        all_words = [(label, word) for label, mine in self.words.items() for word in mine]
        self.ids = [_token_ids(backend, label, word) for label, word in all_words]
        _check_distinct(all_words, self.ids)
        self.lengths = np.array([len(word) for word in self.ids])
        self.label_of = np.repeat(np.arange(len(self.labels)), [len(mine) for mine in self.words.values()])

    @property
    def num_masks(self) -> tuple[int, ...]:
        """The numbers of tokens that occur, in order: a prompt with so many blanks is needed for each."""
        return tuple(sorted(set(self.lengths.tolist())))

    def of_length(self, num_masks: int) -> np.ndarray:
        """Return the numbers of the words of so many tokens, in order."""
        return np.flatnonzero(self.lengths == num_masks)

    def trie(self, num_masks: int) -> "Trie":
        """Return the trie of the words of so many tokens, its leaves in the order of `of_length`."""
        return make_trie([self.ids[number] for number in self.of_length(num_masks)])


@dataclass(frozen=True)
class Trie:
    """Words of one length as a tree of their beginnings, so that a masked model scores them by the chain rule.

    log P(word) = Σᵢ log P(cᵢ | c₁ … cᵢ₋₁ filled in, the other blanks still masked). Words that begin alike share the passes
    through the model. Nodes are numbered breadth first from the root, 0: the first `passes` are those something follows.

    Args:
        parent: of each node, shape ``(num_nodes,)``; −1 for the root.
        token: the last one of each beginning, same shape; −1 for the root.
        depth: tokens of each beginning, same shape.
        leaves: the node of each word, shape ``(num_words,)``.
    """

    parent: np.ndarray
    token: np.ndarray
    depth: np.ndarray
    leaves: np.ndarray

    @property
    def passes(self) -> int:
        """How many passes through the model a text needs: pass j fills in node j and reads the blank ``depth[j]``."""
        return int(np.count_nonzero(self.depth < self.depth[-1]))

    def fillings(self, mask_id: int) -> np.ndarray:
        """Return what stands in the blanks in each pass, shape ``(passes, length)``.

        Example:
            >>> make_trie([(7, 8), (7, 9)]).fillings(mask_id=4)
            array([[4, 4],
                   [7, 4]])
        """
        rows = np.full((self.passes, int(self.depth[-1])), mask_id, dtype=np.int64)
        for node in range(1, self.passes):
            rows[node] = rows[self.parent[node]]
            rows[node, self.depth[node] - 1] = self.token[node]
        return rows


def make_trie(words: Sequence[Sequence[int]]) -> Trie:
    """Return the trie of words of one length.

    Args:
        words: token ids of each.

    Raises:
        InvalidValue: when there is none, or their lengths differ or are 0.

    Example:
        >>> trie = make_trie([(1, 2), (1, 3), (4, 2)])
        >>> trie.passes, trie.parent.tolist(), trie.token.tolist()
        (3, [-1, 0, 0, 1, 1, 2], [-1, 1, 4, 2, 3, 2])
    """
    lengths = sorted({len(word) for word in words})
    if len(lengths) != 1 or lengths == [0]:
        raise InvalidValue(
            zh=f"前缀树要由同样长的词组成，收到的词有 {lengths} 个词元。",
            en=f"A trie is made of words of one length, but received words of {lengths} tokens.",
        )
    nodes: dict[tuple[int, ...], int] = {(): 0}
    for depth in range(1, lengths[0] + 1):
        for word in words:
            nodes.setdefault(tuple(word[:depth]), len(nodes))
    parent = [-1, *(nodes[beginning[:-1]] for beginning in list(nodes)[1:])]
    token = [-1, *(beginning[-1] for beginning in list(nodes)[1:])]
    leaves = [nodes[tuple(word)] for word in words]
    return Trie(np.array(parent), np.array(token), np.array([len(beginning) for beginning in nodes]), np.array(leaves))


def joint_scores(steps: np.ndarray, trie: Trie) -> np.ndarray:
    """Return log-probabilities of words by the chain rule, each token given those before it.

    Args:
        steps: of each node but the root the log-probability of its token, given its parent's, shape
            ``(batch, num_nodes − 1)``. Of log-probabilities ``(batch, passes, vocabulary)`` at the blank each pass reads,
            these are ``log_probs[:, trie.parent[1:], trie.token[1:]]``.
        trie: of the words.

    Returns:
        Shape ``(batch, num_words)``.
    """
    totals = np.zeros((len(steps), len(trie.parent)))
    for depth in range(1, int(trie.depth[-1]) + 1):
        nodes = np.flatnonzero(trie.depth == depth)
        totals[:, nodes] = totals[:, trie.parent[nodes]] + steps[:, nodes - 1]
    return totals[:, trie.leaves]


def independent_scores(log_probs: np.ndarray, words: Sequence[Sequence[int]]) -> np.ndarray:
    """Return log-probabilities of words as PET has them: the product over blanks that know nothing of each other.

    One pass is enough, but "体育" and "财经" together lend their probability to "体经".

    Args:
        log_probs: at each blank, all masked, shape ``(batch, num_masks, vocabulary)``.
        words: token ids, shape ``(num_words, num_masks)``.

    Returns:
        Shape ``(batch, num_words)``.

    Source:
        Pattern-exploiting training, arXiv 2001.07676.
    """
    places = np.arange(log_probs.shape[1])
    each = log_probs[:, places, np.asarray(words)]  # (batch, num_words, num_masks)
    return each.sum(axis=-1, dtype=np.float64)


def label_scores(
    word_scores: np.ndarray, verbalizer: Verbalizer, *, prior: np.ndarray | None = None, over_tokens: str = "mean"
) -> np.ndarray:
    """Return log-probabilities of labels, fair to long and short words and to labels of many words and few.

    A word counts by its mean log-probability per token, less that at an empty text, if given: a word that the model likes
    anywhere says little. A label has the mean of what its words say, e^score each.

    Args:
        word_scores: log-probabilities of all words, shape ``(batch, num_words)``.
        verbalizer: of the words.
        prior: the same at an empty text (contextual calibration), shape ``(num_words,)``.
        over_tokens: ``"mean"``, or ``"sum"`` to let long words pay for each token.

    Returns:
        float64 of shape ``(batch, num_labels)``; the exponentials of a row add up to 1.

    Raises:
        InvalidValue: for another word, or shapes that do not fit the verbalizer.

    Source:
        Contextual calibration: Zhao et al. 2021, arXiv 2102.09690.
    """
    check_choice("over_tokens", over_tokens, OVER_TOKENS)
    scores = np.array(word_scores, dtype=np.float64)
    calibration = np.zeros(len(verbalizer.ids)) if prior is None else np.asarray(prior, dtype=np.float64)
    if scores.ndim != 2 or {scores.shape[1:], calibration.shape} != {(len(verbalizer.ids),)}:
        raise InvalidValue(
            zh=f"标签词共 {len(verbalizer.ids)} 个，得分的形状却是 {scores.shape}、先验的形状是 {calibration.shape}。",
            en=f"There are {len(verbalizer.ids)} words, but the scores have shape {scores.shape} and the prior "
            f"{calibration.shape}.",
        )
    if not (np.isfinite(scores).all() and np.isfinite(calibration).all()):
        raise InvalidValue(
            zh="词的得分里有无穷或 NaN；请给有限的对数概率（log_softmax，而不是 softmax 再取对数）。",
            en="Scores of words are infinite or NaN. Give finite log-probabilities (log_softmax, not the log of a softmax).",
        )
    scores -= calibration
    if over_tokens == "mean":
        scores /= verbalizer.lengths
    labels = _log_mean_exp(scores, verbalizer.label_of)
    return labels - np.logaddexp.reduce(labels, axis=1, keepdims=True)


def _log_mean_exp(scores: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return log(mean(exp(score))) of each run of equal groups, for scores that may lie far below where exp is 0."""
    _, starts, counts = np.unique(group, return_index=True, return_counts=True)
    return np.logaddexp.reduceat(scores, starts, axis=1) - np.log(counts)


def _read_words(words: Any) -> dict[str, tuple[str, ...]]:
    """Return the words of each label, or say which one is none."""
    if not isinstance(words, Mapping):
        kind = type(words).__name__
        raise InvalidType(
            zh=f"标签词要写成 {{标签: 词}}，例如 {{'正面': '好', '负面': '差'}}，收到的是 {kind}。",
            en=f"Give words as {{label: word}}, such as {{'正面': '好', '负面': '差'}}, but received {kind}.",
        )
    read = {}
    for label, given in words.items():
        one = isinstance(given, (str, bytes)) or not isinstance(given, Iterable)
        mine = [given] if one else list(given)
        wrong = [value for value in (label, *mine) if not isinstance(value, str)]
        if wrong:
            raise InvalidType(
                zh=f"标签和词都应是字符串，标签 {label!r} 这里却有 {wrong[0]!r:.40}。",
                en=f"Labels and words are strings, but label {label!r} has {wrong[0]!r:.40}.",
            )
        if not mine or not all(word.strip() for word in mine):
            raise _no_word(label)
        read[str(label)] = tuple(map(str, mine))
    if len(read) < 2:
        raise InvalidValue(
            zh=f"分类至少要两个标签，收到 {len(read)} 个。",
            en=f"Classification needs at least two labels, but received {len(read)}.",
        )
    return read


def _no_word(label: str) -> InvalidValue:
    return InvalidValue(
        zh=f"标签 {label!r} 没有词，或有一个词是空的；请给它至少一个词。",
        en=f"Label {label!r} has no word, or an empty one. Give it one at least.",
    )


def _token_ids(backend: Tokenizer, label: str, word: str) -> tuple[int, ...]:
    """Return the tokens of a word, or say why it cannot be one."""
    unused = backend.token_to_id(word) if _UNUSED.fullmatch(word) else None
    if unused is not None:
        return (unused,)
    if word.strip() in special_tokens(backend).values():
        raise InvalidValue(
            zh=f"标签 {label!r} 的词 {word!r} 是特殊词元，模型不会把它填进空位；请换一个词。",
            en=f"The word {word!r} of label {label!r} is a special token, which no model fills in. Choose another word.",
        )
    readable = _SURROGATE.sub("\ufffd", word)
    lost = unknown_characters(backend, readable)
    if lost:
        raise InvalidValue(
            zh=f"标签 {label!r} 的词 {word!r} 里的 {lost!r} 不在模型的词表里；请换一个词。",
            en=f"{lost!r} in the word {word!r} of label {label!r} is not in the model's vocabulary. Choose another word.",
        )
    (ids,) = plain_ids(backend, [readable])
    if not ids:
        raise _no_word(label)
    return tuple(ids)


def _check_distinct(all_words: Sequence[tuple[str, str]], ids: Sequence[tuple[int, ...]]) -> None:
    """Refuse words that are the same tokens: no score can tell them apart."""
    first: dict[tuple[int, ...], tuple[str, str]] = {}
    for (label, word), tokens in zip(all_words, ids, strict=True):
        if tokens in first:
            other_label, other = first[tokens]
            raise InvalidValue(
                zh=f"标签 {label!r} 的词 {word!r} 与标签 {other_label!r} 的词 {other!r} 对模型是同一个词；请去掉一个。",
                en=f"The word {word!r} of label {label!r} and the word {other!r} of label {other_label!r} are the same to the "
                "model. Leave one of them out.",
            )
        first[tokens] = (label, word)
