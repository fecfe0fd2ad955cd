"""The figures published for FewCLUE, to stand beside what is measured here.

They are over ``test_public.json``, which nothing here is measured on: compare orders and distances, not single points.
"""

from baihua.benchmarks.fewclue_tasks import find_task
from baihua.checks import check_choice

SOURCE = (
    "Xu et al., FewCLUE, arXiv 2107.07498, table 3 (test_public; RoBERTa-wwm-ext base unless said; mean of 5 splits)"
)
METHODS = ("majority", "human", "fine_tuning", "zero_shot", "zero_shot_gpt", "pet", "p_tuning")
_TASKS = ("EPRSTMT", "CSLDCP", "TNEWS", "IFLYTEK", "OCNLI", "BUSTM", "CSL", "CHID", "CLUEWSC")

# Accuracy x 100, columns as in _TASKS.
_MEANS = {
    "majority": (50.0, 1.5, 6.7, 0.8, 38.1, 50.0, 50.0, 14.3, 50.0),
    "human": (90.0, 68.0, 71.0, 66.0, 90.3, 88.0, 84.0, 87.1, 98.0),
    "fine_tuning": (65.4, 35.5, 49.0, 32.8, 33.0, 60.7, 50.0, 14.9, 55.6),
    "zero_shot": (85.2, 12.6, 25.3, 27.7, 40.3, 50.6, 52.2, 57.6, 50.0),
    "zero_shot_gpt": (57.5, 26.2, 37.0, 19.0, 34.4, 50.0, 50.1, 65.6, 50.3),
    "pet": (86.7, 51.7, 54.5, 46.0, 44.0, 56.0, 59.4, 61.2, 57.5),
    "p_tuning": (88.3, 56.0, 54.2, 57.6, 41.9, 60.9, 62.9, 59.3, 58.1),
}
_SPREADS = {
    "fine_tuning": (7.7, 2.5, 1.6, 1.7, 0.34, 9.1, 0.1, 0.4, 14.0),
    "pet": (1.0, 1.0, 1.2, 1.1, 0.4, 5.0, 1.3, 1.1, 2.7),
    "p_tuning": (0.7, 1.1, 1.0, 0.9, 1.9, 2.9, 2.3, 1.4, 2.2),
}
# The published means over the nine tasks.
_SCORES = {
    "majority": 29.04,
    "human": 82.50,
    "fine_tuning": 44.10,
    "zero_shot": 44.60,
    "zero_shot_gpt": 43.40,
    "pet": 57.44,
    "p_tuning": 59.91,
}


def published_fewclue(method: str, task: str | None = None) -> float:
    """Return a published accuracy, as a fraction.

    Args:
        method: one of `METHODS`. The majority is each task's most frequent label, ``"zero_shot_gpt"`` is NEZHA-Gen.
        task: one of the nine; None for the published mean over them.

    Raises:
        InvalidValue: for an unknown method or task.

    Source:
        arXiv 2107.07498, table 3.

    Example:
        >>> published_fewclue("p_tuning", "EPRSTMT"), published_fewclue("p_tuning")
        (0.883, 0.5991)
    """
    check_choice("method", method, METHODS)
    figure = _SCORES[method] if task is None else _MEANS[method][_TASKS.index(find_task(task).name)]
    return round(figure / 100, 6)


def published_fewclue_spread(method: str, task: str) -> float | None:
    """Return the published standard deviation over the five splits, as a fraction, or None where there is no luck.

    Raises:
        InvalidValue: for an unknown method or task.

    Source:
        arXiv 2107.07498, table 3.
    """
    spreads = _SPREADS.get(check_choice("method", method, METHODS))
    return None if spreads is None else round(spreads[_TASKS.index(find_task(task).name)] / 100, 6)
