"""Two processes that gather their vectors have the loss and the gradient of one process with both batches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from baihua.nn.losses import info_nce
from baihua.training.gathering import gather_rows

NUM, WIDTH = 12, 6
PROGRAM = """
import sys
import torch
from safetensors.torch import save_file
from torch.nn.parallel import DistributedDataParallel
from baihua.nn.losses import info_nce
from baihua.training.gathering import gather_rows

rank, folder = int(sys.argv[1]), sys.argv[2]
torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
torch.manual_seed(0)
model = torch.nn.Linear(6, 6)
inputs = torch.randn(2, 12, 6)[:, 6 * rank : 6 * rank + 6]  # this process's half of both views

class Loss(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.model = model
    def forward(self, first, second):
        return info_nce(gather_rows(self.model(first)), gather_rows(self.model(second)))

wrapped = DistributedDataParallel(Loss())  # its hooks last as long as it does
loss = wrapped(*inputs)
loss.backward()
save_file({"loss": loss.detach(), "gradient": model.weight.grad}, f"{folder}/{rank}.safetensors")
del wrapped
torch.distributed.barrier()  # who leaves first would take the other's threads by surprise
torch.distributed.destroy_process_group()
"""


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch was built without torch.distributed")
def test_two_processes_are_one_with_both_batches(tmp_path):
    from safetensors.torch import load_file

    command = [sys.executable, "-W", "ignore", "-c", PROGRAM]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    started = [subprocess.Popen([*command, str(rank), str(tmp_path)], env=environment) for rank in range(2)]
    assert [process.wait(timeout=240) for process in started] == [0, 0]
    torch.manual_seed(0)
    model = torch.nn.Linear(WIDTH, WIDTH)
    first, second = torch.randn(2, NUM, WIDTH)
    loss = info_nce(model(first), model(second))
    loss.backward()
    for rank in range(2):
        found = load_file(tmp_path / f"{rank}.safetensors")
        torch.testing.assert_close(found["loss"], loss.detach(), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(found["gradient"], model.weight.grad, rtol=1e-5, atol=1e-6)


def test_one_process_keeps_what_it_has():
    rows = torch.randn(3, 2)
    assert gather_rows(rows) is rows
