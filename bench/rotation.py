"""Turning 100 000 × 768 vectors from one direction to another, beside copying them and a product with a matrix.

Command: python bench/rotation.py [--threads 2] [--rounds 7]
Score: medians in results/bench/rotation.json. The floor is reading the vectors and writing the result once: a copy.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from baihua.maths.rotation import reflect, rotate, rotation_matrix
from baihua.results import Result

NUM, WIDTH = 100_000, 768


def main() -> None:
    """Time all four in turn, round after round."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--rounds", type=int, default=7)
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    x, source, target = torch.randn(NUM, WIDTH), torch.randn(WIDTH), torch.randn(WIDTH)
    matrix = rotation_matrix(source, target).T.contiguous()
    ways: dict[str, Callable[[], torch.Tensor]] = {
        "copy": x.clone,
        "rotate": lambda: rotate(x, source, target),
        "reflect": lambda: reflect(x, source, target),
        "matrix product": lambda: x @ matrix,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(chosen.rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    for name, median in medians.items():
        print(f"{name:15} {1000 * median:8.1f} ms   {median / medians['copy']:6.2f} x copy")
    Result(
        name="bench/rotation",
        metric="seconds",
        values=tuple(medians.values()),
        settings={"ways": list(ways), "num": NUM, "width": WIDTH, "dtype": "float32", "threads": chosen.threads},
        num_examples=NUM,
        command=f"python bench/rotation.py --threads {chosen.threads} --rounds {chosen.rounds}",
    ).save("results")


if __name__ == "__main__":
    main()
