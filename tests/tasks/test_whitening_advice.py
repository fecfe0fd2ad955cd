import warnings

import numpy as np
import pytest
from scipy.stats import spearmanr

from baihua import SentenceEmbedder, Whitening
from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.tasks.other_half import cut_documents, score_halves, unit_rows
from baihua.tasks.whitening_advice import advise, sweep

WIDTH = 12
CHARACTERS = [chr(0x4E00 + number) for number in range(400)]


class Meanings:
    """An encoder whose texts are numbers: the meaning of a document is known, and so is the right metric."""

    name, pooling, poolings, max_length, width = "meanings", "mean", ("mean",), 100, WIDTH

    def __init__(self, mixing: np.ndarray, shift: float) -> None:
        self.mixing, self.shift = mixing, shift
        self.table = np.random.default_rng(0).normal(size=(len(CHARACTERS), WIDTH))

    def fingerprint(self) -> str:
        return "meanings"

    def encode(self, texts, *, show_progress=None):
        rows = [np.mean([self.table[ord(c) - 0x4E00] for c in text], axis=0) for text in texts]
        return (np.array(rows) @ self.mixing + self.shift).astype(np.float32)


def documents(num=300, seed=0):
    """Each document draws all its characters from a handful of its own, so that its halves agree."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(CHARACTERS, 4)) * 5 for _ in range(num)]


STRETCHED = Meanings(np.diag(10.0 ** -np.linspace(0, 2.5, WIDTH)), shift=5.0)


def shuffled(texts, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(rng.permutation(list(text))) for text in texts]


def test_whitening_helps_where_the_axes_were_stretched():
    texts = shuffled(documents())
    advice = advise(STRETCHED.encode, Whitening().fit(STRETCHED.encode(texts)), texts)
    assert advice is not None
    assert advice.verdict == "helps"
    assert advice.whitened > advice.raw
    assert "whitening helps" in advice.sentence
    set_language("zh")
    assert "白化有用" in advice.sentence


def noisy_pairs():
    """The raw metric is the true one: a few axes carry the meaning, the small ones are noise."""
    rng = np.random.default_rng(1)
    encoder = Meanings(np.diag([1.0] * 3 + [0.02] * (WIDTH - 3)), shift=0.0)
    first, second = shuffled(documents(seed=2)), shuffled(documents(seed=3))
    encoder.table[:, 3:] = rng.normal(size=(len(CHARACTERS), WIDTH - 3))
    x, y = encoder.encode(first)[:, :3], encoder.encode(second)[:, :3]
    labels = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    return encoder, first, second, labels


def test_whitening_hurts_where_the_raw_metric_is_the_true_one_and_is_said_to():
    encoder, first, second, labels = noisy_pairs()
    embedder = SentenceEmbedder(encoder)
    with pytest.warns(UserWarning, match="labelled pairs.*makes it worse"):
        embedder.fit_whitening(first + second, pairs=(first, second, labels))
    assert embedder.whitening is not None
    assert embedder.advice.verdict == "hurts"
    with pytest.warns(UserWarning, match="makes it worse"):
        embedder.fit_whitening(first + second, pairs=(first, second, labels), when_worse="drop")
    assert embedder.whitening is None


def test_the_scores_with_labels_are_scipys_spearman():
    encoder, first, second, labels = noisy_pairs()
    labels = np.round(labels, 1)  # ties
    advice = advise(encoder.encode, Whitening().fit(encoder.encode(first + second)), [], (first, second, labels))
    x, y = encoder.encode(first), encoder.encode(second)
    cosines = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    assert advice is not None
    assert advice.raw == pytest.approx(spearmanr(cosines, labels).statistic, abs=1e-6)
    assert advice.num_examples == len(first)


def test_too_few_texts_give_no_advice_and_no_noise():
    embedder = SentenceEmbedder(STRETCHED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        embedder.fit_whitening(documents(5), 2)
    assert embedder.advice is None
    with pytest.raises(InvalidValue, match="At least 20 different texts"):
        sweep(STRETCHED.encode, documents(5))


def test_the_sweep_has_a_row_per_size_and_its_full_row_is_the_advice():
    texts = shuffled(documents())
    rows = SentenceEmbedder(STRETCHED).sweep_whitening(texts, [WIDTH, 4])
    assert [row.n_components for row in rows] == [None, WIDTH, 4]
    assert [row.bytes_per_vector for row in rows] == [48, 48, 16]
    advice = advise(STRETCHED.encode, Whitening(), texts)
    assert advice is not None
    assert rows[0].score == pytest.approx(advice.raw)
    assert rows[1].score == pytest.approx(advice.whitened)


def test_the_measure_has_no_grudge_against_whitening():
    """Where the metric is already white, whitening changes nothing once there are documents enough to fit it."""
    plain = Meanings(np.eye(WIDTH), shift=0.0)
    advice = advise(plain.encode, Whitening(), shuffled(documents(1000)))
    assert advice is not None
    assert advice.verdict == "no clear difference"


def test_a_fit_on_the_documents_of_the_test_would_have_one():
    """With few documents the fit stretches what sets their halves apart; measured on other documents it does so less."""
    texts = shuffled(documents(60))
    cut = cut_documents(texts)
    whitening = Whitening().fit(STRETCHED.encode(cut.documents))
    first, second = (whitening.transform(STRETCHED.encode(half)) for half in (cut.firsts, cut.seconds))
    inside = score_halves(unit_rows(first), unit_rows(second)).mrr
    advice = advise(STRETCHED.encode, Whitening(), texts)
    assert advice is not None
    assert advice.whitened > inside
