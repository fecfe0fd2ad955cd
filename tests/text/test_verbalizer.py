"""Verbalizers against words scored one by one from conditional tables, and what is fair between words and labels."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from tokenizers import Tokenizer, models, pre_tokenizers

from baihua.checks import InvalidType, InvalidValue
from baihua.encoders.load import BUNDLED
from baihua.text.verbalizer import Verbalizer, independent_scores, joint_scores, label_scores, make_trie

BUNDLED_TOKENIZER = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
TOPICS = {"体育": ["体育", "球"], "体操": ["体操", "体"], "财经": "财经"}
VOCABULARY = 5


def id_of(character):
    return BUNDLED_TOKENIZER.token_to_id(character)


class ConditionalTable:
    """A masked model of a few tokens: at each blank a distribution of its own for each filling of the blanks."""

    def __init__(self, seed):
        self.seed = seed

    def log_probs(self, filling, place):
        key = [self.seed, place, *(token + 1 for token in filling)]
        logits = np.random.default_rng(key).normal(size=VOCABULARY, scale=3)
        return logits - logsumexp(logits)


def score_alone(table, word):
    """Return log P(word): fill in one token after the other, from left to right."""
    total, filling = 0.0, [-1] * len(word)
    for place, token in enumerate(word):
        total += table.log_probs(filling, place)[token]
        filling[place] = token
    return total


WORDS = st.integers(1, 3).flatmap(
    lambda length: st.lists(st.tuples(*[st.integers(0, VOCABULARY - 1)] * length), min_size=1, max_size=12)
)


@settings(deadline=None)
@given(WORDS, st.integers(0, 10**6))
def test_the_trie_scores_as_word_by_word(words, seed):
    trie, tables = make_trie(words), [ConditionalTable(seed + row) for row in range(2)]
    passes = list(zip(trie.fillings(mask_id=-1), trie.depth, strict=False))  # the inner nodes come first
    log_probs = np.array([[table.log_probs(filling, place) for filling, place in passes] for table in tables])
    assert log_probs.shape == (2, trie.passes, VOCABULARY)
    found = joint_scores(log_probs[:, trie.parent[1:], trie.token[1:]], trie)
    expected = [[score_alone(table, word) for word in words] for table in tables]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_all_words_together_have_probability_one(length):
    words = list(itertools.product(range(VOCABULARY), repeat=length))
    trie, table = make_trie(words), ConditionalTable(1)
    log_probs = np.array([[table.log_probs(*one) for one in zip(trie.fillings(-1), trie.depth, strict=False)]])
    scores = joint_scores(log_probs[:, trie.parent[1:], trie.token[1:]], trie)
    assert logsumexp(scores) == pytest.approx(0, abs=1e-12)
    assert trie.passes == sum(VOCABULARY**depth for depth in range(length))


@given(WORDS)
def test_the_shape_of_a_trie(words):
    trie = make_trie(words)
    beginnings = {word[:depth] for word in words for depth in range(len(word) + 1)}
    assert len(trie.parent) == len(beginnings)
    assert trie.passes == len({beginning for beginning in beginnings if len(beginning) < len(words[0])})
    assert (np.diff(trie.depth) >= 0).all(), "breadth first"
    assert (trie.depth[1:] == trie.depth[trie.parent[1:]] + 1).all()
    for word, node in zip(words, trie.leaves, strict=True):
        spelled = []
        while node > 0:
            spelled.append(int(trie.token[node]))
            node = trie.parent[node]
        assert tuple(spelled[::-1]) == word


@settings(deadline=None)
@given(WORDS, st.integers(0, 10**6))
def test_independent_scores_are_the_sums_over_blanks(words, seed):
    log_probs = np.random.default_rng(seed).normal(size=(3, len(words[0]), VOCABULARY))
    expected = [
        [math.fsum(row[place][token] for place, token in enumerate(word)) for word in words] for row in log_probs
    ]
    np.testing.assert_allclose(independent_scores(log_probs, words), expected, atol=1e-12)


def test_words_of_one_token_are_scored_alike_by_both():
    log_probs, words = np.random.default_rng(0).normal(size=(2, 1, 9)), [(3,), (8,), (0,)]
    trie = make_trie(words)
    assert trie.passes == 1
    joint = joint_scores(log_probs[:, trie.parent[1:], trie.token[1:]], trie)
    np.testing.assert_array_equal(joint, independent_scores(log_probs, words))


def test_half_precision_is_summed_in_double():
    log_probs = np.full((1, 3, 4), -3.3, dtype=np.float16)
    assert independent_scores(log_probs, [(0, 1, 2)]).dtype == np.float64
    assert independent_scores(log_probs, [(0, 1, 2)])[0, 0] == 3 * float(np.float16(-3.3))


@pytest.mark.parametrize("words", [[], [()], [(1,), (1, 2)]])
def test_a_trie_has_words_of_one_length(words):
    with pytest.raises(InvalidValue, match="words of one length"):
        make_trie(words)


def test_words_become_tokens_in_order():
    verbalizer = Verbalizer(TOPICS, BUNDLED_TOKENIZER)
    assert verbalizer.labels == ["体育", "体操", "财经"]
    assert verbalizer.words == {"体育": ("体育", "球"), "体操": ("体操", "体"), "财经": ("财经",)}
    assert verbalizer.ids == [tuple(map(id_of, word)) for word in ("体育", "球", "体操", "体", "财经")]
    assert verbalizer.label_of.tolist() == [0, 0, 1, 1, 2]
    assert verbalizer.num_masks == (1, 2)
    assert verbalizer.of_length(2).tolist() == [0, 2, 4]
    trie = verbalizer.trie(2)
    assert trie.passes == 3  # nothing yet, 体 and 财
    assert trie.token[trie.leaves].tolist() == [id_of(character) for character in "育操经"]


@pytest.mark.parametrize("made", [tuple, np.array, iter])
def test_any_row_of_words_will_do(made):
    words = {np.str_("正面"): made(["好", "满意"]), "负面": np.str_("差")}
    verbalizer = Verbalizer(words, BUNDLED_TOKENIZER)
    assert verbalizer.words == {"正面": ("好", "满意"), "负面": ("差",)}
    assert {type(text) for text in (*verbalizer.labels, *verbalizer.words["负面"])} == {str}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "at least two labels, but received 0"),
        ({"好": "好"}, "at least two labels, but received 1"),
        ({"正": "", "负": "差"}, "'正' has no word"),
        ({"正": [], "负": "差"}, "'正' has no word"),
        ({"正": ["好", " \n"], "负": "差"}, "'正' has no word"),
        ({"正": "\u200b", "负": "差"}, "'正' has no word"),
        ({"正": "好", "负": "𰻞面"}, "'𰻞' in the word '𰻞面' of label '负' is not in the model's vocabulary"),
        ({"正": "好", "负": "差\ud83d"}, "is not in the model's vocabulary"),
        ({"正": "好", "负": ["差", "好"]}, "'好' of label '负' and the word '好' of label '正' are the same"),
        ({"正": ["好", "好"], "负": "差"}, "'好' of label '正' and the word '好' of label '正' are the same"),
        ({"正": "OK", "负": "ｏｋ"}, "'ｏｋ' of label '负' and the word 'OK' of label '正' are the same"),
        ({"正": "好", "负": "[MASK]"}, "is a special token"),
        ({"正": " [SEP] ", "负": "差"}, "is a special token"),
        ({"正": "[UNK]", "负": "差"}, "is a special token"),
    ],
)
def test_words_that_cannot_stand_for_a_label(words, message):
    with pytest.raises(InvalidValue, match=message.replace("[", r"\[")):
        Verbalizer(words, BUNDLED_TOKENIZER)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["好", "差"], "Give words as {label: word}.*received list"),
        ({"正": None, "负": "差"}, "label '正' has None"),
        ({"正": ["好", None], "负": "差"}, "label '正' has None"),
        ({"正": b"", "负": "差"}, "label '正' has b''"),
        ({1: "好", 0: "差"}, "label 1 has 1"),
    ],
)
def test_labels_and_words_are_strings(words, message):
    with pytest.raises(InvalidType, match=message):
        Verbalizer(words, BUNDLED_TOKENIZER)


def test_unused_tokens_may_stand_for_labels():
    tokens = ["[UNK]", "[unused1]", "[unused2]", "好", "[", "]", "unused3"]
    backend = Tokenizer(models.WordPiece({token: number for number, token in enumerate(tokens)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    assert Verbalizer({"正": "[unused2]", "负": "[unused1]"}, backend).ids == [(2,), (1,)]
    assert Verbalizer({"正": "[unused3]", "负": "好"}, backend).ids == [(4, 6, 5), (3,)]


def test_a_tokenizer_that_drops_what_it_does_not_know():
    """Byte pairs without an unknown token say nothing of a character they lack; the offsets do."""
    backend = Tokenizer(models.BPE({"好": 0, "差": 1}, []))
    assert Verbalizer({"正": "好", "负": "差"}, backend).ids == [(0,), (1,)]
    with pytest.raises(InvalidValue, match="'坏' in the word '好坏'"):
        Verbalizer({"正": "好坏", "负": "差"}, backend)


SEVERAL = {"甲": ["好", "满意"], "乙": ["差"], "丙": ["一般般", "不", "还行"]}


def scores_for(verbalizer, seed=0, rows=4):
    return np.random.default_rng(seed).normal(scale=5, size=(rows, len(verbalizer.ids))) - 10


def by_hand(scores, verbalizer, prior, over_tokens):
    """One label after the other, in probabilities."""
    rows = []
    for row in scores:
        masses = []
        for label in range(len(verbalizer.labels)):
            mine = [number for number in range(len(row)) if verbalizer.label_of[number] == label]
            powers = [
                math.exp((row[number] - prior[number]) / (len(verbalizer.ids[number]) if over_tokens == "mean" else 1))
                for number in mine
            ]
            masses.append(sum(powers) / len(powers))
        rows.append([math.log(mass / sum(masses)) for mass in masses])
    return rows


@pytest.mark.parametrize("over_tokens", ["mean", "sum"])
@pytest.mark.parametrize("calibrated", [True, False])
def test_label_scores_by_hand(over_tokens, calibrated):
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    scores = scores_for(verbalizer)
    prior = scores_for(verbalizer, seed=1)[0] if calibrated else np.zeros(6)
    found = label_scores(scores, verbalizer, prior=prior if calibrated else None, over_tokens=over_tokens)
    np.testing.assert_allclose(found, by_hand(scores, verbalizer, prior, over_tokens), atol=1e-12)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=1e-12)


def test_scores_are_left_as_they_were():
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    scores = scores_for(verbalizer)
    before = scores.copy()
    label_scores(scores, verbalizer, prior=scores[0])
    np.testing.assert_array_equal(scores, before)


@pytest.mark.parametrize("over_tokens", ["mean", "sum"])
def test_a_constant_in_the_prior_changes_nothing(over_tokens):
    """The same for each token of a word where its mean counts, the same for each word where its sum does."""
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    scores, prior = scores_for(verbalizer), scores_for(verbalizer, seed=1)[0]
    constant = 7.5 * (verbalizer.lengths if over_tokens == "mean" else 1)
    shifted = label_scores(scores, verbalizer, prior=prior + constant, over_tokens=over_tokens)
    np.testing.assert_allclose(
        shifted, label_scores(scores, verbalizer, prior=prior, over_tokens=over_tokens), atol=1e-12
    )


def test_an_empty_text_says_nothing():
    """Calibrated by itself, every label has the same probability, whatever the model likes."""
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    scores = scores_for(verbalizer)[:1]
    np.testing.assert_allclose(label_scores(scores, verbalizer, prior=scores[0]), -math.log(3), atol=1e-12)


@given(st.permutations(list(SEVERAL)), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_labels_and_words_only_orders_the_scores(labels, chance):
    other_words = {label: chance.sample(SEVERAL[label], len(SEVERAL[label])) for label in labels}
    one, other = (Verbalizer(words, BUNDLED_TOKENIZER) for words in (SEVERAL, other_words))
    scores = scores_for(one)
    columns = [one.ids.index(word) for word in other.ids]
    found = label_scores(scores[:, columns], other, prior=scores[0, columns])
    expected = label_scores(scores, one, prior=scores[0])
    np.testing.assert_allclose(found, expected[:, [one.labels.index(label) for label in other.labels]], atol=1e-12)


def test_many_words_win_nothing_by_being_many():
    """A label of three equally probable words ties with one of a single word as probable as each."""
    verbalizer = Verbalizer({"甲": ["好", "棒", "赞"], "乙": "差"}, BUNDLED_TOKENIZER)
    np.testing.assert_allclose(label_scores(np.full((1, 4), -3.0), verbalizer), math.log(0.5), atol=1e-12)
    mean = label_scores(np.log([[0.1, 0.2, 0.6, 0.3]]), verbalizer)
    np.testing.assert_allclose(mean, math.log(0.5), atol=1e-12)  # 0.3 is the mean of the three


def test_long_words_lose_nothing_by_being_long():
    verbalizer = Verbalizer({"甲": "一般般", "乙": "差"}, BUNDLED_TOKENIZER)
    each = np.array([[-6.0, -2.0]])  # as probable token by token
    np.testing.assert_allclose(label_scores(each, verbalizer), math.log(0.5), atol=1e-12)
    assert label_scores(each, verbalizer, over_tokens="sum")[0, 0] < math.log(0.05)


@pytest.mark.parametrize("shift", [0.0, -1e4, -1e8])
def test_improbable_words_are_still_told_apart(shift):
    """Probabilities that float64 has no room for, as of a long word in a large vocabulary."""
    verbalizer = Verbalizer({"甲": ["好", "棒"], "乙": "差"}, BUNDLED_TOKENIZER)
    found = label_scores(np.array([[-1.0, -3.0, -2.0]]) + shift, verbalizer)
    expected = label_scores(np.array([[-1.0, -3.0, -2.0]]), verbalizer)
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_scores_that_cannot_be_used():
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    scores = scores_for(verbalizer)
    with pytest.raises(InvalidValue, match=r"There are 6 words, but the scores have shape \(4, 5\)"):
        label_scores(scores[:, :5], verbalizer)
    with pytest.raises(InvalidValue, match=r"and the prior \(1, 6\)"):
        label_scores(scores, verbalizer, prior=scores[:1])
    with pytest.raises(InvalidValue, match="infinite or NaN"):
        label_scores(scores, verbalizer, prior=np.full(6, -np.inf))
    with pytest.raises(InvalidValue, match="Unknown over_tokens 'avg'"):
        label_scores(scores, verbalizer, over_tokens="avg")


def test_no_texts_have_no_scores():
    verbalizer = Verbalizer(SEVERAL, BUNDLED_TOKENIZER)
    assert label_scores(np.empty((0, 6)), verbalizer).shape == (0, 3)
    assert joint_scores(np.empty((0, 2)), make_trie([(1,), (2,)])).shape == (0, 2)
    assert independent_scores(np.empty((0, 1, 9)), [(1,), (2,)]).shape == (0, 2)
