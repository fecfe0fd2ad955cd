import json

import pytest
import torch
from torch import nn

from baihua.checks import FileProblem, InvalidValue
from baihua.training import checkpoints
from baihua.training.checkpoints import Counters, load_checkpoint, save_checkpoint


class Tied(nn.Module):
    """An embedding whose rows are also the output's."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.output = nn.Linear(4, 5)
        self.output.weight = self.embedding.weight

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.output(self.embedding(ids)).logsumexp(-1).sum()


def trained() -> tuple[Tied, torch.optim.Optimizer]:
    model = Tied()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    model(torch.tensor([0, 1])).backward()
    optimizer.step()
    return model, optimizer


@pytest.mark.parametrize("shard_bytes", [1 << 30, 50])
def test_everything_comes_back(tmp_path, monkeypatch, shard_bytes):
    monkeypatch.setattr(checkpoints, "SHARD_BYTES", shard_bytes)
    model, optimizer = trained()
    save_checkpoint(tmp_path / "c", model, optimizer, Counters(3, 40, 1.5, 0.25))
    expected = torch.rand(4)
    num_shards = len(list((tmp_path / "c").glob("*.safetensors")))
    assert (num_shards > 1) == (shard_bytes == 50)
    other = Tied()
    other_optimizer = torch.optim.AdamW(other.parameters(), lr=0.1)
    assert load_checkpoint(tmp_path / "c", other, other_optimizer) == Counters(3, 40, 1.5, 0.25)
    torch.testing.assert_close(torch.rand(4), expected)
    for each in (model, other):
        assert each.output.weight is each.embedding.weight
    for (key, first), second in zip(model.state_dict().items(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second, msg=key)
    states = optimizer.state_dict()["state"], other_optimizer.state_dict()["state"]
    for number, state in states[0].items():
        for name, value in state.items():
            torch.testing.assert_close(states[1][number][name], value)


def test_no_checkpoint_yet(tmp_path):
    assert load_checkpoint(tmp_path / "none", *trained()) is None


def test_a_damaged_checkpoint_or_one_of_another_model_is_one_sentence(tmp_path):
    model, optimizer = trained()
    save_checkpoint(tmp_path / "c", model, optimizer, Counters())
    with pytest.raises(FileProblem, match="damaged or belongs to another model"):
        load_checkpoint(tmp_path / "c", nn.Linear(2, 2), torch.optim.AdamW(nn.Linear(2, 2).parameters()))
    next((tmp_path / "c").glob("*.safetensors")).write_bytes(b"torn")
    with pytest.raises(FileProblem, match="damaged or belongs to another model"):
        load_checkpoint(tmp_path / "c", *trained())


def test_a_checkpoint_goes_on_by_its_own_numbers(tmp_path):
    model, optimizer = trained()
    save_checkpoint(tmp_path / "c", model, optimizer, Counters(3), {"rate": 0.1, "steps": None})
    assert load_checkpoint(tmp_path / "c", *trained(), {"rate": 0.1, "steps": None}) == Counters(3)
    assert load_checkpoint(tmp_path / "c", *trained()) == Counters(3)
    with pytest.raises(InvalidValue, match=r"it has rate=0\.1, while rate=0\.2 is asked for"):
        load_checkpoint(tmp_path / "c", *trained(), {"rate": 0.2, "steps": None})


def test_a_checkpoint_from_before_numbers_were_kept_is_taken(tmp_path):
    save_checkpoint(tmp_path / "c", *trained(), Counters(3), {"rate": 0.1})
    state = tmp_path / "c" / "state.json"
    kept = json.loads(state.read_text(encoding="utf-8"))
    del kept["numbers"]
    state.write_text(json.dumps(kept), encoding="utf-8")
    assert load_checkpoint(tmp_path / "c", *trained(), {"rate": 0.2}) == Counters(3)


@pytest.mark.parametrize("text", ["[]", "{", '{"numbers": 3}'])
def test_a_state_that_is_no_state_is_one_sentence(tmp_path, text):
    save_checkpoint(tmp_path / "c", *trained(), Counters())
    (tmp_path / "c" / "state.json").write_text(text, encoding="utf-8")
    with pytest.raises(FileProblem, match="damaged"):
        load_checkpoint(tmp_path / "c", *trained(), {"rate": 0.2})
