"""Training on pairs: the losses it takes, what it holds aside, what it refuses."""

import warnings

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS

from baihua import SentenceEmbedder
from baihua.checks import InvalidValue
from baihua.encoders.sentence_model import SentenceModel
from baihua.nn.losses import cosent, info_nce
from baihua.tasks.contrastive.pairs import PairLoss, TextPairs, pair_batches
from baihua.tasks.contrastive.settings import ContrastiveSettings

RNG = np.random.default_rng(0)
FIRST = ["".join(RNG.choice(list(CHARACTERS), 8)) for _ in range(120)]
SHARED = RNG.integers(0, 9, len(FIRST))  # characters that a text and its partner have in common
SECOND = [
    text[:shared] + "".join(RNG.choice(list(CHARACTERS), 8 - shared))
    for text, shared in zip(FIRST, SHARED, strict=True)
]
SETTINGS = ContrastiveSettings(num_sentences=None, epochs=12, batch_size=16, learning_rate=1e-3, guard_every=0)


@pytest.fixture
def embedder(bert_folder):
    return SentenceEmbedder(str(bert_folder), pooling="mean", device="cpu")


@pytest.mark.parametrize("labels", [SHARED, None])
def test_the_loss_is_that_of_the_vectors(embedder, labels):
    pairs = TextPairs.of(FIRST, SECOND, labels)
    tokens = embedder.encoder.tokens(FIRST + SECOND)
    batch = next(pair_batches(tokens, pairs, ContrastiveSettings(batch_size=120), 0))
    found = PairLoss(SentenceModel(embedder.encoder), 0.05)(batch)
    if labels is None:
        first, second = (torch.from_numpy(embedder.encode(side)) for side in (FIRST, SECOND))
        expected = info_nce(first, second)
    else:
        cosines = torch.from_numpy(embedder.similarity_pairwise(FIRST, SECOND))
        expected = cosent(cosines, torch.from_numpy(SHARED))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def test_texts_in_common_are_no_negatives(embedder):
    first, second = ["好", "我们", "你", "他"] * 5, ["我们", "今天", "他", "的"] * 5
    pairs = TextPairs.of(first, second, None)
    batch = next(pair_batches(embedder.encoder.tokens(first + second), pairs, ContrastiveSettings(batch_size=20), 0))
    groups = batch["groups"].tolist()
    assert len(set(groups)) == 2  # 好–我们–今天, and 你–他–的
    assert len(batch["ids"]) == 40


@pytest.mark.parametrize("labels", [SHARED, None])
def test_training_lowers_the_loss(embedder, labels):
    before = embedder.fingerprint
    embedder.fit_pairs(FIRST, SECOND, labels, settings=SETTINGS)
    losses = [line["loss"] for line in embedder.contrastive_report.log]
    assert losses[-1] < losses[0]
    assert embedder.fingerprint != before


def test_a_tenth_is_held_aside_and_watched(embedder):
    settings = ContrastiveSettings(num_sentences=None, epochs=3, batch_size=16, learning_rate=1e-3, guard_every=7)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        embedder.fit_pairs(FIRST, SECOND, SHARED, settings=settings)
    report = embedder.contrastive_report
    in_vain = any("did not make the vectors better" in str(warning.message) for warning in said)
    assert in_vain == (report.kept is report.looks[0])  # twelve pairs held aside decide, which is a matter of luck
    assert report.num_texts == 108
    assert report.kept.score == max(look.score for look in report.looks)
    assert all(look.quality.low <= look.quality.value <= look.quality.high for look in report.looks)


def test_bad_input(embedder):
    with pytest.raises(InvalidValue, match="At least 20 pairs are needed, but received 3"):
        embedder.fit_pairs(FIRST[:3], SECOND[:3])
    with pytest.raises(InvalidValue, match="differ in length|same length|of one length"):
        embedder.fit_pairs(FIRST, SECOND[:-1])
    with pytest.raises(InvalidValue, match="leave labels out"):
        embedder.fit_pairs(FIRST, SECOND, np.ones(len(FIRST)))
    with pytest.raises(InvalidValue, match="leave labels out"):
        embedder.fit_pairs(FIRST, SECOND, np.full(len(FIRST), np.nan))
    with pytest.raises(InvalidValue, match="is no transformer"):
        SentenceEmbedder("static").fit_pairs(FIRST, SECOND)
