"""Batches of prompts: what is hidden, what is learned, and that no answer shows."""

import numpy as np
import pytest

from baihua.encoders.load import load_encoder
from baihua.tasks.prompting.batches import Reading, batch_of, training_batch
from baihua.text.prompts import Template, encode_prompts

MASK, SIZE = 4, 8000
ROWS = (5, 7, 8)
ANSWERS = [(7001,), (7002,), (7003,)]  # tokens that no text has
TEXTS = ["屏幕很清晰", "好", "物流有点慢，包装也破了"]


@pytest.fixture(scope="module")
def backend():
    return load_encoder("bundled").backend()


def reading(rows=ROWS, *, causal=False):
    return Reading(MASK, SIZE, rows, causal)


def prompts_of(backend, written="{soft:2}{mask}{soft}{text}", *, causal=False, num_masks=None):
    return encode_prompts(Template.parse(written), backend, TEXTS, 32, num_masks, mask_id=MASK, ending=not causal)


def tensors(batch):
    return {name: tensor.numpy() for name, tensor in batch.items()}


@pytest.mark.parametrize("rows", [ROWS, None])
def test_reading_a_blank(backend, rows):
    prompts = prompts_of(backend, num_masks=2)
    batch = tensors(batch_of(prompts, reading(rows), np.array([9, MASK]), at=1))
    for row, prompt in enumerate(prompts):
        real = len(prompt.ids)
        assert batch["mask"][row].tolist() == [1] * real + [0] * (batch["ids"].shape[1] - real)
        expected = prompt.ids.copy()
        expected[prompt.masks] = [9, MASK]
        expected[prompt.soft] = rows or MASK
        assert batch["ids"][row, :real].tolist() == expected.tolist()
        assert not batch["ids"][row, real:].any()
    assert batch["row"].tolist() == [0, 1, 2]
    assert batch["place"].tolist() == [prompt.masks[1] for prompt in prompts]


def test_blanks_beyond_the_word_stay_empty(backend):
    prompts = prompts_of(backend, num_masks=3)
    for batch in (batch_of(prompts, reading(), np.array([9])), training_batch(prompts, ANSWERS, reading())):
        ids = batch["ids"].numpy()
        for row, prompt in enumerate(prompts):
            assert ids[row, prompt.masks[1:]].tolist() == [MASK, MASK]
    assert batch["place"].tolist() == [prompt.masks[0] for prompt in prompts]
    assert batch["targets"].tolist() == [word for (word,) in ANSWERS]


def test_the_word_alone_is_learned(backend):
    prompts = prompts_of(backend)
    batch = tensors(training_batch(prompts, ANSWERS, reading()))
    assert batch["targets"].tolist() == [7001, 7002, 7003]
    assert (batch["ids"][batch["row"], batch["place"]] == MASK).all()
    assert not np.isin(batch["ids"], ANSWERS).any()


@pytest.mark.parametrize("rows", [ROWS, None])
def test_fifteen_percent_of_the_rest(backend, rows):
    prompts = prompts_of(backend)
    rng, plain = np.random.default_rng(0), tensors(batch_of(prompts, reading(rows)))
    counts, free, draws = np.zeros(3), 0, 2000
    for _ in range(draws):
        batch = tensors(training_batch(prompts, ANSWERS, reading(rows), rng))
        ids, where = batch["ids"], (batch["row"], batch["place"])
        assert not np.isin(plain["ids"], ANSWERS).any()
        assert batch["mask"][where].all(), "padding is never learned"
        learned = np.zeros(ids.shape, dtype=bool)
        learned[where] = True
        assert (ids == plain["ids"])[~learned].all(), "what is not learned is not touched"
        for row, prompt in enumerate(prompts):
            assert ids[row, prompt.masks[0]] == MASK
            assert learned[row, prompt.masks[0]]
            learned[row, prompt.masks[0]] = False
        is_answer = np.isin(batch["targets"], ANSWERS)
        assert is_answer.sum() == 3
        assert (batch["targets"] == plain["ids"][where])[~is_answer].all()
        kept_soft = {(row, place) for row, place, _ in batch["soft"]}
        for row, place, _ in plain["soft"]:
            assert ((row, place) in kept_soft) == (rows is None or ids[row, place] == plain["ids"][row, place])
            assert rows is not None or not learned[row, place]
        now, before = ids[learned], plain["ids"][learned]
        counts += [(now == MASK).sum(), (now == before).sum(), ((now != MASK) & (now != before)).sum()]
        free += plain["mask"].sum() - 3 - (0 if rows else len(plain["soft"]))
    assert counts / free == pytest.approx([0.12, 0.015, 0.015], abs=0.003)


def test_the_same_draw_gives_the_same(backend):
    one, other = (training_batch(prompts_of(backend), ANSWERS, reading(), np.random.default_rng(3)) for _ in range(2))
    assert all(one[name].equal(other[name]) for name in one)


@pytest.mark.parametrize("auxiliary", [False, True])
@pytest.mark.parametrize("rows", [ROWS, None])
def test_a_causal_model_learns_what_comes_next(backend, auxiliary, rows):
    prompts = prompts_of(backend, "{soft:2}{text}{soft}{mask:2}", causal=True)
    words = [(7001, 7002), (7003, 7004), (7005, 7006)]
    rng = np.random.default_rng(0) if auxiliary else None
    batch = tensors(training_batch(prompts, words, reading(rows, causal=True), rng))
    following = batch["ids"][batch["row"], batch["place"] + 1]
    assert (batch["targets"] == following).all()
    assert (batch["place"] >= 0).all()
    assert len(batch["soft"]) == 9
    if not auxiliary:
        assert batch["targets"].tolist() == [token for word in words for token in word]
    else:
        soft = 0 if rows else 9
        assert len(batch["targets"]) == batch["mask"].sum() - 3 - soft
