"""A killed process, a full disk: the file opens and holds exactly what add() returned for."""

import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hash_encoder import HashEncoder

from baihua.checks import FileProblem
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import SentenceIndex

TESTS = Path(__file__).parents[1]
ADDER = """
import sys
from hash_encoder import HashEncoder
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import SentenceIndex

index = SentenceIndex.open(sys.argv[1], SentenceEmbedder(HashEncoder()))
number = len(index)
while True:
    index.add([f"第{number + place}句话" for place in range(7)], keys=range(number, number + 7))
    number += 7
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def run_until_killed(path, seconds):
    """Let a process add texts for a while, kill it, and return how many it said were in."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    command = [sys.executable, "-c", ADDER, str(path)]
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
        said = [int(process.stdout.readline())]
        time.sleep(seconds)
        process.kill()
        said += [int(line) for line in process.stdout.read().split(b"\n") if line]
    return said[-1]


def check_whole(path, num_said):
    """All that was said to be in is in, whole; of the call that was cut short all or nothing."""
    with SentenceIndex.open(path, SentenceEmbedder(HashEncoder())) as index:
        assert len(index) in (num_said, num_said + 7)  # killed after the commit and before the line was written
        for number in (0, num_said // 2, num_said - 1):
            for mode in ("vector", "keyword"):
                found = index.search(
                    f"第{number}句话", mode=mode, top_k=200
                )  # a number of 5 digits has 120 anagrams, all as near
                assert str(number) in {hit.key for hit in found}
        everything = index.search("句", mode="keyword", top_k=None)
        assert sorted(int(hit.key) for hit in everything) == list(range(len(index)))
        assert len(index.search("第1句话", mode="vector", top_k=100_000)) == len(index)


@pytest.mark.slow
def test_a_killed_process_loses_nothing_it_returned_for(tmp_path):
    path = tmp_path / "library.db"
    SentenceIndex.create(path, SentenceEmbedder(HashEncoder())).close()
    moment = random.Random(0)
    for _ in range(5):
        check_whole(path, run_until_killed(path, moment.uniform(0, 0.3)))


def test_a_full_disk_loses_nothing_saved(tmp_path):
    path = tmp_path / "library.db"
    with SentenceIndex.create(path, SentenceEmbedder(HashEncoder())) as index:
        index.add([f"第{number}句话" for number in range(20)], keys=range(20))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 40_000, before[1]))
            with pytest.raises(FileProblem, match="disk is full or fails"):
                index.add(
                    [f"另外{number}句话，长一些，好把磁盘写满" for number in range(20, 3020)], keys=range(20, 3020)
                )
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert len(index) == 20
        assert index.search("第7句话", top_k=1)[0].key == "7"
        index.add(["腾出空间之后"], keys=["after"])
        assert len(index) == 21
        assert index.search("腾出空间", top_k=1)[0].key == "after"
