"""Batches of a pre-training: where their rows stand, and that a batch is the same wherever one starts."""

from itertools import islice

import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskedLM, BertConfig

from baihua.checks import InvalidValue
from baihua.encoders.pretraining.batches import MaskedRows, training_batches
from baihua.encoders.pretraining.masking import Masking
from baihua.encoders.pretraining.objectives import MaskedLoss
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.training.schedules import Schedule

MASKING = Masking(mask_id=4, num_tokens=60, special_ids=frozenset(range(5)), continuing_ids=frozenset())
NUM_POSITIONS, LENGTH = 40, 10


def batches(shifted, *, long=0.0, start=0, count=200, num_workers=0):
    settings = PretrainSettings(Schedule(steps=1), length=LENGTH, batch_size=8, shifted=shifted, long=long)
    rng = np.random.default_rng(0)
    rows, long_rows = rng.integers(5, 60, (16, LENGTH)), rng.integers(5, 60, (6, NUM_POSITIONS))
    masked_rows = MaskedRows(rows, MASKING, settings, NUM_POSITIONS, long_rows if long else None)
    found = training_batches(masked_rows, start, num_workers=num_workers)
    return list(islice(found, count))


def test_without_shifting_every_row_begins_at_the_first_position():
    assert not any("positions" in batch for batch in batches(0.0))


def test_shifted_batches_reach_every_position_and_none_beyond():
    firsts = []
    for batch in batches(1.0, count=600):
        assert batch["positions"].shape == (1, LENGTH)
        assert torch.equal(batch["positions"].diff(), torch.ones(1, LENGTH - 1, dtype=torch.long))
        firsts.append(int(batch["positions"][0, 0]))
    assert set(firsts) == set(range(NUM_POSITIONS - LENGTH + 1))


def test_the_wished_share_is_shifted():
    share = np.mean(["positions" in batch for batch in batches(0.25, count=2000)])
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 2000)


def test_the_wished_share_is_long_with_as_many_tokens_at_the_first_position():
    found = batches(0.5, long=0.3, count=2000)
    long = [batch for batch in found if batch["ids"].shape[1] == NUM_POSITIONS]
    assert abs(len(long) / 2000 - 0.3) < 4 * np.sqrt(0.3 * 0.7 / 2000)
    assert {batch["ids"].numel() for batch in found} == {8 * LENGTH}
    assert {int(batch["positions"][0, 0]) for batch in long if "positions" in batch} == {0}


@pytest.mark.parametrize("long", [0.0, 0.5])
def test_a_batch_is_the_same_wherever_one_starts(long):
    for one, other in zip(batches(0.5, long=long)[7:], batches(0.5, long=long, start=7, count=193), strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_batches_made_ahead_are_the_same_and_leave_chance_alone():
    state = torch.get_rng_state()
    ahead = batches(0.5, count=20, num_workers=2)
    assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(batches(0.5, count=20), ahead, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_loss_stands_at_the_positions_of_the_batch():
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=60,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=NUM_POSITIONS,
    )
    model = AutoModelForMaskedLM.from_config(config).eval()
    batch = batches(1.0, count=1)[0]
    logits = model(input_ids=batch["read"], position_ids=batch["positions"]).logits[batch["hidden"]]
    expected = torch.nn.functional.cross_entropy(logits, batch["ids"][batch["hidden"]])
    torch.testing.assert_close(MaskedLoss(model)(batch), expected)
    del batch["positions"]
    assert abs(MaskedLoss(model)(batch).item() - expected.item()) > 1e-5


@pytest.mark.parametrize("name", ["shifted", "long"])
def test_a_share_is_a_share(name):
    with pytest.raises(InvalidValue, match=name):
        PretrainSettings(Schedule(steps=1), **{name: 1.5})
