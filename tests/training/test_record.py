"""What a training leaves behind says how long it went on."""

import torch
from torch import nn

from baihua.training.checkpoints import Counters
from baihua.training.record import CHECKPOINT, TrainingRecord, seconds_trained


def test_the_seconds_of_a_training_that_was_cut_off(tmp_path):
    assert seconds_trained(None) == seconds_trained(tmp_path) == 0.0
    model = nn.Linear(2, 2)
    record = TrainingRecord(tmp_path, model, torch.optim.SGD(model.parameters(), lr=0.1))
    record.save(Counters(step=3, items=6, seconds=12.5))
    assert seconds_trained(tmp_path) == 12.5
    (tmp_path / CHECKPOINT / "state.json").write_text("{", encoding="utf-8")
    assert seconds_trained(tmp_path) == 0.0
