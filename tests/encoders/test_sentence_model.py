"""An encoder as a module to train: groups of like length give what the whole batch at once gives."""

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS

from baihua.encoders.load import load_encoder
from baihua.encoders.sentence_model import SentenceModel, batch_of

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("num", [1, 2, 5, 33])
@pytest.mark.parametrize("chunk", [None, 3])
@pytest.mark.parametrize("pooling", ["cls", "mean", "max", "first_last_mean"])
def test_vectors_and_gradients_do_not_depend_on_the_grouping(bert_folder, num, chunk, pooling):
    encoder = load_encoder(str(bert_folder), pooling=pooling, device="cpu")
    model = SentenceModel(encoder, chunk)
    texts = ["".join(RNG.choice(list(CHARACTERS), RNG.integers(1, 25))) for _ in range(num)]
    batch = batch_of(encoder.tokens(texts), list(range(num)))
    weight = torch.randn(num, encoder.width)
    expected = model._vectors(batch["ids"], batch["mask"])
    (expected * weight).sum().backward()
    gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    found = model(batch["ids"], batch["mask"])
    (found * weight).sum().backward()
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    for name, p in model.named_parameters():
        if name in gradients:
            torch.testing.assert_close(p.grad, gradients[name], rtol=1e-3, atol=1e-4)
