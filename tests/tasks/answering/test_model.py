"""The loss is one softmax over all stretches of a window and "not here", and prediction looks at the same scores."""

import math

import numpy as np
import pytest
import torch

from baihua.encoders.load import load_encoder
from baihua.tasks.answering.model import AnswerModel, batch_of, find_answers, window_batches
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import make_windows
from baihua.text.reading import Answer

CONTEXT = "手机充不进电怎么办"
PAIRS = [(CONTEXT, "好"), (CONTEXT * 2, "退款"), (CONTEXT, "气")]


@pytest.fixture(scope="module")
def encoder(small_folder):
    return load_encoder(str(small_folder))


@pytest.fixture(scope="module")
def windows(encoder):
    settings = AnswerSettings(max_length=20, stride=6)
    return make_windows(encoder, PAIRS, settings, [Answer(2, 4), None, Answer(0, 1)])


@pytest.fixture(scope="module")
def model(encoder):
    torch.manual_seed(0)
    return AnswerModel(encoder.model, 8).eval()


@torch.no_grad()
def test_padding_and_company_change_nothing(model, windows):
    together = model.scores(batch_of(windows))
    for row, window in enumerate(windows):
        alone = model.scores(batch_of([window]))[0]
        torch.testing.assert_close(together[row, : len(alone), : len(alone)], alone, atol=1e-5, rtol=0)
        assert bool((together[row, len(alone) :] == -torch.inf).all())


@torch.no_grad()
def test_loss_by_hand(model, windows):
    losses = []
    for window in windows:
        scores = model.scores(batch_of([window]))[0].double()
        losses.append(float(scores.logsumexp(dim=(0, 1)) - scores[window.span]))
    assert float(model(batch_of(windows))) == pytest.approx(np.mean(losses), rel=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("max_answer", [None, 1, 3])
def test_the_best_stretch_by_brute_force(model, windows, max_answer):
    found = find_answers(model, windows, max_answer=max_answer)
    for window, mine in zip(windows, found, strict=True):
        scores = model.scores(batch_of([window]))[0].tolist()
        num = len(window.offsets)
        spans = [(i, j) for i in range(num) for j in range(i, num) if max_answer is None or j - i < max_answer]
        best = max(spans, key=lambda span: scores[span[0] + 1][span[1] + 1])
        assert (mine.first, mine.last) == best
        assert mine.score == pytest.approx(scores[best[0] + 1][best[1] + 1], abs=1e-5)
        assert mine.nothing == pytest.approx(scores[0][0], abs=1e-5)
        finite = [value for row in scores for value in row if value > -math.inf]
        assert mine.total == pytest.approx(math.log(sum(map(math.exp, finite))), abs=1e-4)


def test_an_epoch_has_every_window_once(windows):
    seen = [tuple(row) for batch in window_batches(windows, 2, 0, 1) for row in batch["spans"].tolist()]
    assert sorted(seen) == sorted(window.span for window in windows)
