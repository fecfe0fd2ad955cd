"""Fifty times kill -9 in the middle of adding: does the library hold exactly what add() returned for?

Task: a process adds batches of 1 to 64 numbered sentences to a library and writes down the total after each add() that
    returned. It is killed at a random moment. The file is opened again and has to hold every sentence that was written
    down, whole, and of the batch in flight all or nothing. All rounds go on with one and the same file.
Data: made here: "第 N 句话 …", with N in the text, the key and the metadata.
Command: python recipes/kill_during_add.py [--rounds 50] [--seed 0] [--folder FOLDER]
Score: share of the rounds that held exactly what was returned for; has to be 1. Said beside it: in how many rounds the
    kill left a half-written change behind (a journal), and in how many the batch in flight was in already. See
    results/search/kill_during_add.json.
"""

import argparse
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baihua import SentenceEmbedder, SentenceIndex
from baihua.results import Result

ENCODER = "static"
LONGEST = 0.5  # seconds that a process may add before it is killed


@dataclass(frozen=True)
class Round:
    """What one kill left behind.

    Args:
        said: how many sentences the process had written down.
        held: how many the file holds; -1 when it does not open, or holds something that is not whole.
        half_written: whether a journal was left beside the file.
        fault: what is wrong; empty when nothing is.
    """

    said: int
    held: int
    half_written: bool
    fault: str


def sentence(number: int) -> str:
    """The sentence of a number, of a length of its own."""
    return f"第{number}句话" + "，后面还有几个字" * (number % 5)


def batch_size(number: int) -> int:
    """How many sentences are added at once where the library holds so many already."""
    return 1 + number * 2654435761 % 64


def add_forever(path: str) -> None:
    """Add batches and write down the total after each; this is the process that is killed."""
    index = SentenceIndex.open(path)
    number = len(index)
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
    while True:
        numbers = range(number, number + batch_size(number))
        index.add([sentence(one) for one in numbers], [{"数": one} for one in numbers], numbers)
        number += len(numbers)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def kill_while_adding(path: Path, seconds: float) -> int:
    """Let a process add for so long, kill it, and return how many sentences it had written down."""
    command = [sys.executable, __file__, "--add-to", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            raise SystemExit("The process that adds did not start; what it wrote is above.")
        said = [int(first)]
        time.sleep(seconds)
        process.kill()
        rest = process.stdout.read().split(b"\n")
        said += [int(line) for line in rest[:-1]]  # a number without its line end was cut short
    return said[-1]


def look(path: Path, said: int) -> Round:
    """Open the library again and compare it with what was written down."""
    half_written = Path(f"{path}-journal").exists()
    try:
        with SentenceIndex.open(path) as index:  # this rolls back what was half-written
            held = len(index)
        fault = content_fault(path, held)
    except Exception as error:
        held, fault = -1, f"{type(error).__name__}: {error}"
    if not fault and held not in (said, said + batch_size(said)):
        fault = f"{held} sentences where {said} were returned for and {batch_size(said)} in flight"
    return Round(said, held, half_written, fault)


def content_fault(path: Path, held: int) -> str:
    """Say what in the library is not what was added, or nothing; each sentence is looked at."""
    expected = [(str(number), sentence(number), number) for number in range(held)]
    with closing(sqlite3.connect(path)) as connection:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return "SQLite finds the file damaged"
        rows = connection.execute("SELECT key, text, metadata FROM documents ORDER BY id").fetchall()
    if [(key, text, json.loads(metadata)["数"]) for key, text, metadata in rows] != expected:
        return "the texts, keys or metadata are not those added"
    if not held:
        return ""
    with SentenceIndex.open(path) as index:
        by_words = {hit.key for hit in index.search("话", top_k=None, mode="keyword")}
        some = random.Random(held).sample(range(held), min(20, held))
        vectors = index.embedder.encode([sentence(number) for number in some])
        answers = index.search([sentence(number) for number in some], top_k=held, mode="vector")
    if by_words != {key for key, _, _ in expected}:
        return "not every sentence is found by its words"
    for number, vector, hits in zip(some, vectors, answers, strict=True):
        scores = {hit.key: hit.score for hit in hits}
        if len(scores) != held or abs(scores[str(number)] - float(np.square(vector).sum())) > 1e-6:
            return f"sentence {number} does not have its own vector, or not all sentences have one"
    return ""


def save(rounds: list[Round], seed: int, seconds: float) -> None:
    """Write the record."""
    settings = {
        "encoder": ENCODER,
        "seed": seed,
        "sentences": rounds[-1].held,
        "kills_that_left_a_half_written_change": sum(one.half_written for one in rounds),
        "batches_in_flight_that_were_in": sum(one.held > one.said for one in rounds),
        "faults": [one.fault for one in rounds if one.fault],
    }
    share = sum(not one.fault for one in rounds) / len(rounds)
    Result(
        "search/kill_during_add",
        "share of rounds that held exactly what add() returned for",
        (share,),
        settings=settings,
        num_examples=len(rounds),
        seconds=seconds,
        command=f"python recipes/kill_during_add.py --rounds {len(rounds)} --seed {seed}",
    ).save("results")


def main() -> None:
    """Kill, open, compare, and say so; exit code 1 when a round lost or invented anything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", help="where to put the library; a temporary folder if not given")
    parser.add_argument("--add-to", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.add_to:
        add_forever(given.add_to)
    moment, rounds, started = random.Random(given.seed), [], time.perf_counter()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "library.db"
        SentenceIndex.create(path, SentenceEmbedder(ENCODER)).close()
        for number in range(1, given.rounds + 1):
            one = look(path, kill_while_adding(path, moment.uniform(0, LONGEST)))
            rounds.append(one)
            torn = "a change half-written" if one.half_written else ""
            print(
                f"{number:3}  returned for {one.said:6}  held {one.held:6}  {one.fault or 'whole'}  {torn}", flush=True
            )
            save(rounds, given.seed, time.perf_counter() - started)
            if one.held < 0:
                break
    sys.exit(any(one.fault for one in rounds))


if __name__ == "__main__":
    main()
