"""What fewer components save: the time of a search and the memory of an index."""

import statistics
import time

import numpy as np
import numpy.typing as npt

from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.whitening.scoring import PREDECESSOR

# The article's encoder is 3 times as wide as its reduced vectors; less than this much faster would not be worth it.
FASTER = 2.5

REPEATS = 5


def smaller_is_faster(setting: Setting) -> Measurement:
    """Exact search by inner products over ``k`` components is at least 2.5 times as fast as over ``width``."""
    random = np.random.default_rng(setting["seed"])
    sizes = {"width": setting["width"], "k": setting["k"]}
    vectors = {name: random.standard_normal((setting["num"], size), dtype=np.float32) for name, size in sizes.items()}
    queries = {
        name: random.standard_normal((setting["queries"], size), dtype=np.float32) for name, size in sizes.items()
    }
    times: dict[str, list[float]] = {name: [] for name in sizes}
    for _ in range(REPEATS):  # alternating, so that a busy moment of the machine meets both
        for name in sizes:
            times[name].append(_seconds_per_query(vectors[name], queries[name]))
    median = {name: statistics.median(values) for name, values in times.items()}
    faster, smaller = median["width"] / median["k"], vectors["width"].nbytes / vectors["k"].nbytes
    reason = {
        "zh": f"每次查询 {1e3 * median['width']:.2f} → {1e3 * median['k']:.2f} 毫秒，快 {faster:.1f} 倍；内存小 {smaller:.1f} 倍。",
        "en": f"A query takes {1e3 * median['width']:.2f} → {1e3 * median['k']:.2f} ms, {faster:.1f} times faster; "
        f"memory {smaller:.1f} times smaller.",
    }
    results = tuple(
        Result(
            f"cost/query/{size}",
            "seconds",
            tuple(times[name]),
            settings=dict(setting.knobs),
            num_examples=setting["num"],
        )
        for name, size in sizes.items()
    )
    return Measurement(faster >= FASTER, reason, results)


def _seconds_per_query(vectors: npt.NDArray[np.float32], queries: npt.NDArray[np.float32]) -> float:
    start = time.perf_counter()
    for query in queries:
        int((vectors @ query).argmax())
    return (time.perf_counter() - start) / len(queries)


CLAIMS = (
    Claim(
        "whitening",
        22,
        {
            "zh": "降维让检索快约三到四倍，内存小三倍。判据：逐条内积检索至少快 2.5 倍。",
            "en": "Reduction makes search three to four times as fast in a third of the memory. "
            "Decided by: exact inner-product search, one query at a time, at least 2.5 times faster.",
        },
        f"{PREDECESSOR}; https://github.com/autoliuweijie/BERT-whitening-pytorch",
        "768 → 256: 0.7488 → 0.1910 ms, 0.8564 → 0.2854 GB",
        {"num": 50_000, "width": 768, "k": 256, "queries": 20, "seed": 0},
        smaller_is_faster,
    ),
)
