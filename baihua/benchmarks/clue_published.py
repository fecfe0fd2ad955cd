"""The figures published for CLUE's development parts, to stand beside what is measured here.

All are of BERT base, of 102 million parameters: by the article's code (kexue.fm 9138, settings ``"article"``) and by CLUE's own scripts
(settings ``"official"``). Where a part on this machine is a sample, they are over more than it holds.
"""

from baihua.benchmarks.clue_tasks import find_task

SOURCES = {
    "article": "kexue.fm/archives/9138, dev, BERT base",
    "official": "github.com/CLUEbenchmark/CLUE, dev, BERT base",
}
_DEV = {
    "article": {
        "IFLYTEK": 60.06,
        "TNEWS": 56.80,
        "AFQMC": 72.41,
        "CMNLI": 79.56,
        "OCNLI": 73.93,
        "WSC": 78.62,
        "CSL": 83.93,
        "CMRC2018": 56.17,
        "C3": 60.54,
        "CHID": 85.69,
        "CLUENER": 79.45,
    },
    "official": {
        "AFQMC": 74.16,
        "TNEWS": 56.09,
        "IFLYTEK": 60.37,
        "CMNLI": 79.47,
        "WSC": 59.6,
        "CSL": 79.63,
        "CMRC2018": 64.77,
        "CHID": 82.20,
        "C3": 65.70,
    },
}


def published_dev(task: str, settings: str) -> float | None:
    """Return a published dev score as a fraction, or None where there is none for these settings.

    Args:
        task: of CLUE; capitals do not matter.
        settings: ``"article"``, ``"official"`` or ``"modern"``, of which nothing is published.

    Raises:
        InvalidValue: for an unknown task.

    Example:
        >>> published_dev("tnews", "article"), published_dev("OCNLI", "official")
        (0.568, None)
    """
    figure = _DEV.get(settings, {}).get(find_task(task).name)
    return None if figure is None else round(figure / 100, 4)
