"""One logit per choice: the loss is a softmax over the choices of each question, whatever their numbers."""

import numpy as np
import pytest
import torch

from baihua.encoders.load import load_encoder
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.choosing.model import ChoiceModel, Questions, batch_of_questions, grouped, question_batches

SIZES = [2, 4, 3]
ANSWERS = np.array([1, 3, 0])


@pytest.fixture(scope="module")
def encoder(small_folder):
    return load_encoder(str(small_folder))


@pytest.fixture(scope="module")
def questions(encoder):
    texts = [("手机" * (number + 1), "电好天气"[choice]) for number, size in enumerate(SIZES) for choice in range(size)]
    return Questions(joined_rows(encoder, texts), SIZES)


@pytest.fixture(scope="module")
def model(encoder):
    torch.manual_seed(0)
    return ChoiceModel(encoder.model, "cls", 0.0).eval()


def test_scores_are_dealt_to_their_questions():
    table = grouped(torch.arange(9.0), torch.tensor(SIZES))
    assert table.tolist() == [[0, 1, -torch.inf, -torch.inf], [2, 3, 4, 5], [6, 7, 8, -torch.inf]]


@torch.no_grad()
def test_loss_is_a_softmax_by_hand(model, questions):
    batch = batch_of_questions(questions, [0, 1, 2], ANSWERS)
    scores = model.logits(batch)[:, 0].double()
    losses = []
    for start, size, answer in zip(questions.starts, SIZES, ANSWERS, strict=False):
        mine = scores[start : start + size]
        losses.append(float(torch.logsumexp(mine, 0) - mine[answer]))
    assert float(model(batch)) == pytest.approx(np.mean(losses), rel=1e-6)


@torch.no_grad()
def test_order_of_choices_plays_no_part(model, questions):
    turned = [questions.rows.ids[row] for row in (1, 0)]
    rows = questions.rows
    swapped = Questions(type(rows)(turned + rows.ids[2:], rows.types, 0), SIZES)
    one = model(batch_of_questions(questions, [0], ANSWERS))
    other = model(batch_of_questions(swapped, [0], np.array([0, 3, 0])))
    assert float(one) == pytest.approx(float(other), rel=1e-6)


def test_an_epoch_has_every_question_once_with_all_its_choices(questions):
    seen = []
    for batch in question_batches(questions, ANSWERS, batch_size=2, seed=0, epoch=3):
        assert len(batch["ids"]) == int(batch["sizes"].sum())
        seen += list(zip(batch["sizes"].tolist(), batch["answers"].tolist(), strict=True))
    assert sorted(seen) == sorted(zip(SIZES, ANSWERS.tolist(), strict=True))


def test_epochs_have_orders_of_their_own_and_repeatable_ones(encoder):
    texts = [("手", "机电"[choice]) for _ in range(40) for choice in range(2)]
    many = Questions(joined_rows(encoder, texts), [2] * 40)
    answers = np.arange(40) % 2

    def order(epoch):
        return [batch["answers"].tolist() for batch in question_batches(many, answers, 8, 0, epoch)]

    assert order(0) == order(0) != order(1)
