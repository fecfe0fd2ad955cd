"""Whitening.fit beside scikit-learn's PCA(whiten=True) and one bare symmetric matrix product XᵀX.

PCA is also run on a float64 copy, since far from the origin its float32 answer is wrong (see the last table).
Time: the candidates take turns in one process on the same float32 vectors, medians of the repeats. Memory: each runs
alone in a fresh process, at two numbers of rows; what is counted is the highest resident size during the call,
above the process that already holds the input (Linux only). Accuracy: cosines of vectors whose common mean is 100
standard deviations, against a float64 QR decomposition of the same values.

    OMP_NUM_THREADS=2 python bench/whitening_fit.py
    OMP_NUM_THREADS=2 python bench/whitening_fit.py --rows 20000 --few-rows 5000 --repeats 3 --accuracy-rows 5000 --out /tmp/try.json
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from baihua.files import write_text
from baihua.language import say
from baihua.maths.whitening import Whitening
from baihua.results import package_versions, this_command

CANDIDATES: dict[str, Callable[[NDArray[Any]], object]] = {
    "baihua Whitening": lambda x: Whitening().fit(x),
    "scikit-learn PCA": lambda x: PCA(whiten=True, svd_solver="covariance_eigh").fit(x),
    "PCA of a float64 copy": lambda x: PCA(whiten=True, svd_solver="covariance_eigh").fit(x.astype(np.float64)),
    "one product XᵀX": lambda x: x.T @ x,
}
OURS, PEER, _, PRODUCT = CANDIDATES
DTYPES = {"float64": torch.float64, "float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--few-rows", type=int, default=50_000, help="the second size, for memory")
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--accuracy-rows", type=int, default=70_000, help="enough for products in float32")
    parser.add_argument("--out", type=Path, default=Path("results/bench/whitening_fit.json"))
    parser.add_argument("--memory-of", choices=CANDIDATES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        print(peak_above_input(arguments.memory_of, arguments.rows, arguments.width))
        return
    sizes = (arguments.few_rows, arguments.rows)
    settings = {name: getattr(arguments, name) for name in ("rows", "few_rows", "width", "repeats", "accuracy_rows")}
    record = {
        "bench": "whitening_fit",
        "settings": {**settings, "dtype": "float32"},
        "seconds": times(arguments.rows, arguments.width, arguments.repeats),
        "peak_bytes_above_input": {
            name: {str(rows): memory_in_fresh_process(name, rows, arguments.width) for rows in sizes}
            for name in CANDIDATES
        },
        "largest_cosine_error": {
            name: accuracy(dtype, arguments.accuracy_rows, arguments.width) for name, dtype in DTYPES.items()
        },
        "machine": {"processor": platform.processor() or platform.machine(), "blas": blas()},
        "command": this_command(),
        "versions": package_versions(),
    }
    show(record)
    write_text(arguments.out, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def vectors(rows: int, width: int) -> NDArray[np.float32]:
    """Return float32 noise, made in place so that making it needs no second copy."""
    x = np.empty((rows, width), dtype=np.float32)
    np.random.default_rng(0).standard_normal(out=x, dtype=np.float32)
    return x


def times(rows: int, width: int, repeats: int) -> dict[str, dict[str, Any]]:
    """Let the candidates take turns; the first turn of each is a warm-up and is not counted."""
    x = vectors(rows, width)
    seconds: dict[str, list[float]] = {name: [] for name in CANDIDATES}
    for repeat in range(repeats + 1):
        for name, run in CANDIDATES.items():
            start = time.perf_counter()
            run(x)
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {
        name: {"median": medians[name], "all": values, "over_product": medians[name] / medians[PRODUCT]}
        for name, values in seconds.items()
    }


def memory_in_fresh_process(name: str, rows: int, width: int) -> int | None:
    """Run this file again for one candidate alone; None where the system does not tell."""
    command = [sys.executable, __file__, "--memory-of", name, "--rows", str(rows), "--width", str(width)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout.strip()
    return None if answer == "None" else int(answer)


def peak_above_input(name: str, rows: int, width: int) -> int | None:
    """Return by how many bytes the resident size rose at most while one candidate ran."""
    x = vectors(rows, width)
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # sets the recorded peak to the present size
        before = resident_peak()
        CANDIDATES[name](x)
        return resident_peak() - before
    except OSError:
        return None


def resident_peak() -> int:
    """Return the highest resident size so far, in bytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def accuracy(dtype: torch.dtype, rows: int, width: int) -> dict[str, float]:
    """Return the largest error of a cosine among 500 vectors, for ours and for scikit-learn's PCA.

    The i-th variance is 1/i², which at width 768 ranges as widely as those of sentence vectors do.
    """
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.standard_normal((width, width)))[0]
    mixed = rng.standard_normal((rows, width)) / np.arange(1, width + 1) @ rotation
    given = torch.from_numpy(mixed + 100 * mixed.std(axis=0)).to(dtype)
    rounded = given.double().numpy()
    centred = rounded - rounded.mean(axis=0)
    triangle = np.asarray(np.linalg.qr(centred, mode="r"))  # whitens as well, and never forms a covariance
    exact = cosines(scipy.linalg.solve_triangular(triangle.T, centred[:500].T, lower=True).T)
    for_peer = given.float().numpy() if dtype == torch.bfloat16 else given.numpy()  # numpy has no bfloat16
    ours = Whitening().fit(given).transform(given[:500]).numpy()
    peer = PCA(whiten=True, svd_solver="covariance_eigh").fit(for_peer).transform(for_peer[:500])
    return {OURS: float(np.abs(cosines(ours) - exact).max()), PEER: float(np.abs(cosines(peer) - exact).max())}


def cosines(x: NDArray[Any]) -> NDArray[np.float64]:
    """Return all cosines between rows."""
    unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    return unit @ unit.T


def blas() -> list[str]:
    """Name the BLAS libraries loaded and their threads."""
    return sorted(
        {f"{info['internal_api']} {info['version']}, {info['num_threads']} threads" for info in threadpool_info()}
    )


def show(record: dict[str, Any]) -> None:
    """Print the three tables."""
    settings, seconds, memory = record["settings"], record["seconds"], record["peak_bytes_above_input"]
    print(
        say(zh="用时（秒，中位数）", en="Time (seconds, median)"), f"{settings['rows']} x {settings['width']} float32"
    )
    for name, measured in seconds.items():
        print(f"  {name:<23}{measured['median']:>8.3f}{measured['over_product']:>8.2f} x")
    faster = seconds[PEER]["median"] / seconds[OURS]["median"]
    print(say(zh=f"  比 scikit-learn 快 {faster:.2f} 倍", en=f"  {faster:.2f} times as fast as scikit-learn"))
    print(say(zh="输入之外的内存峰值（MB）", en="Peak memory above the input (MB)"))
    print(f"  {'':<23}" + "".join(f"{rows:>10}" for rows in memory[OURS]))
    for name, by_rows in memory.items():
        cells = ("-" if peak is None else f"{peak / 1e6:.1f}" for peak in by_rows.values())
        print(f"  {name:<23}" + "".join(f"{cell:>10}" for cell in cells))
    print(
        say(
            zh="余弦的最大误差（均值为 100 个标准差）", en="Largest error of a cosine (mean of 100 standard deviations)"
        )
    )
    print(f"  {'':<10}{OURS:>18}{PEER:>18}")
    for dtype, errors in record["largest_cosine_error"].items():
        print(f"  {dtype:<10}{errors[OURS]:>18.1e}{errors[PEER]:>18.1e}")


if __name__ == "__main__":
    main()
