"""Pairs to compare: half of them of one label, each text as often as the others; and what comparing them does to vectors."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tasks.labelled_texts import BY_LABEL, LABELS, PAIR_LABELS, PAIRS, QUICK, TEXTS
from torch.nn.functional import normalize

from baihua.encoders.load import load_encoder
from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.nn.losses import cosent
from baihua.tasks.classification.contrast import SamenessLoss, draw_pairs, num_pairs_of, train_contrast
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.seeded import seeded

NAMES = sorted(BY_LABEL)
ANSWERS = np.array([NAMES.index(label) for label in LABELS])
SINGLE = [(text,) for text in TEXTS]

labels = st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(lambda drawn: len(set(drawn)) > 1)


@settings(deadline=None, database=None, max_examples=200)
@given(drawn=labels, num_pairs=st.integers(2, 200), seed=st.integers(0, 50))
def test_pairs(drawn, num_pairs, seed):
    answers = np.unique(drawn, return_inverse=True)[1]
    places, same = draw_pairs(answers, num_pairs, seed)
    assert places.shape == (num_pairs, 2)
    assert same.tolist() == [1, 0] * (num_pairs // 2) + [1] * (num_pairs % 2)
    first, second = answers[places[:, 0]], answers[places[:, 1]]
    assert ((first == second) == (same == 1)).all()
    counts = np.bincount(answers)
    alone = places[:, 0] == places[:, 1]
    assert (alone <= ((same == 1) & (counts[first] == 1))).all()  # with itself only where there is no other
    assert (alone[(same == 1) & (counts[first] == 1)]).all()
    for kind in (0, 1):
        times = np.bincount(places[same == kind, 0], minlength=len(answers))
        assert np.ptp(times) <= 1
    again, _ = draw_pairs(answers, num_pairs, seed)
    assert np.array_equal(places, again)


def test_partners_are_drawn_evenly():
    answers = np.array([0, 1, 0, 2, 0, 1])
    places, same = draw_pairs(answers, 60_000, 0)
    for first in range(6):
        for kind in (0, 1):
            partners = places[(same == kind) & (places[:, 0] == first), 1]
            allowed = [
                place for place in range(6) if (answers[place] == answers[first]) == bool(kind) and place != first
            ]
            allowed = allowed or [first]
            shares = np.bincount(partners, minlength=6) / len(partners)
            assert shares[allowed] == pytest.approx(1 / len(allowed), abs=0.02)


def test_the_seed_decides():
    assert not np.array_equal(draw_pairs(ANSWERS, 50, 0)[0], draw_pairs(ANSWERS, 50, 1)[0])


def test_no_list_of_all_pairs():
    """Of 200 000 texts there are twenty billion."""
    answers = np.arange(200_000) % 7
    tracemalloc.start()
    places, _ = draw_pairs(answers, 1000, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(np.unique(places)) > 1900
    assert peak < 60e6


def test_how_many_pairs():
    usual = ClassificationSettings()
    assert [num_pairs_of(num, usual) for num in (2, 25, 100, 500, 10**6)] == [1000, 1000, 4000, 20_000, 20_000]
    assert num_pairs_of(100, replace(usual, num_pairs=6)) == 6


@pytest.fixture
def encoder(small_folder):
    return load_encoder(str(small_folder), device="cpu", pooling="mean")


def test_the_loss_by_hand(encoder):
    model, same = SentenceModel(encoder).eval(), torch.tensor([1, 0])
    tokens = encoder.tokens([text for (text,) in SINGLE])
    loss = SamenessLoss(model, 1)(batch_of(tokens, [0, 4, 1, 9]) | {"same": same})
    units = normalize(torch.from_numpy(encoder.encode([TEXTS[place] for place in (0, 4, 1, 9)])), dim=-1)
    expected = cosent((units[:2] * units[2:]).sum(dim=1), same, 20.0)
    assert float(loss.detach()) == pytest.approx(float(expected), abs=1e-4)


def test_the_loss_of_pairs_by_hand(encoder):
    """Halves of all items first: items 0 and 1 are compared with items 2 and 3."""
    model, same = SentenceModel(encoder).eval(), torch.tensor([1, 0])
    tokens = encoder.tokens([half for side in (0, 1) for half in (pair[side] for pair in PAIRS)])
    num = len(PAIRS)
    loss = SamenessLoss(model, 2)(batch_of(tokens, [0, 1, 2, 3, *(num + place for place in range(4))]) | {"same": same})
    items = []
    for first, second in PAIRS[:4]:
        u, v = normalize(torch.from_numpy(encoder.encode([first, second])), dim=-1)
        items.append(torch.cat([(u - v).abs(), u * v]))
    units = normalize(torch.stack(items), dim=-1)
    expected = cosent((units[:2] * units[2:]).sum(dim=1), same, 20.0)
    assert float(loss.detach()) == pytest.approx(float(expected), abs=1e-4)


def margin(encoder):
    """How much more alike two texts of one label are than two of different ones."""
    vectors = encoder.encode(TEXTS)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines, same = units @ units.T, ANSWERS[:, None] == ANSWERS
    np.fill_diagonal(same, False)
    different = ANSWERS[:, None] != ANSWERS
    return cosines[same].mean() - cosines[different].mean()


def test_texts_of_one_label_become_alike(encoder):
    before = margin(encoder)
    with seeded(0):
        log = train_contrast(encoder, SINGLE, ANSWERS, QUICK, show_progress=False)
    assert margin(encoder) > before + 0.3
    assert log[-1]["step"] == 240 // 6
    assert log[-1]["items"] == 240
    assert not encoder.model.training
    assert all(parameter.requires_grad for parameter in encoder.model.parameters())


def test_pairs_of_texts_are_trained_too(encoder):
    answers = np.array([label == "同" for label in PAIR_LABELS]).astype(np.int64)
    with seeded(0):
        log = train_contrast(encoder, PAIRS, answers, replace(QUICK, num_pairs=600), show_progress=False)
    assert log[-1]["loss"] < log[0]["loss"]


def test_one_text_of_each_label(encoder):
    """The only text of a label is compared with itself under another dropout."""
    with seeded(0):
        train_contrast(encoder, SINGLE[:2], np.array([0, 1]), replace(QUICK, dropout=0.1), show_progress=False)
    first, second = encoder.encode(TEXTS[:2])
    assert first @ second / np.linalg.norm(first) / np.linalg.norm(second) < 0.5


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


def test_gone_on_with_after_a_cut_it_ends_the_same(small_folder, tmp_path):
    changes = replace(QUICK, dropout=0.1, num_pairs=120, save_every=0)
    ended = []
    for folder, kill_at in ((None, 0), (tmp_path, 10), (tmp_path, 0)):
        encoder = load_encoder(str(small_folder), device="cpu", pooling="mean")
        steps = []

        def kill(module, *_, steps=steps, kill_at=kill_at):
            steps.append(1)
            if len(steps) == kill_at:
                raise Killed

        encoder.model.register_forward_pre_hook(kill)
        with seeded(0):
            if kill_at:
                with pytest.raises(Killed):
                    train_contrast(encoder, SINGLE, ANSWERS, changes, folder=folder, show_progress=False)
                continue
            train_contrast(encoder, SINGLE, ANSWERS, changes, folder=folder, show_progress=False)
        ended.append(encoder.encode(TEXTS))
    np.testing.assert_allclose(ended[0], ended[1], atol=1e-5)
