"""The figures published for CLUE's tests, and for dev with RoBERTa, that the study compares; all are percentages of single runs.

Accuracy, of CMRC2018 the exact match, of CLUENER F1. TNEWS and WSC have had two tests; the sources do not say which of them each
figure is of. The figures for dev with BERT stand in `baihua.benchmarks.clue_published`, beside the records they belong to.
"""

from collections.abc import Mapping

from baihua.benchmarks.clue_published import published_dev
from baihua.benchmarks.clue_tasks import find_task

ARTICLE = "https://kexue.fm/archives/8739"
LATER = "https://kexue.fm/archives/9138"  # the same code, with its figures for dev
MODELS = ("BERT base", "RoBERTa base")
OFFICIAL, OWN = "official", "article"

# Both sets of rows stand side by side in the article: the official ones are its copy of CLUE's site.
TEST: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "BERT base": {
        OFFICIAL: {
            "IFLYTEK": 60.29,
            "TNEWS": 57.42,
            "AFQMC": 73.70,
            "CMNLI": 79.69,
            "OCNLI": 72.20,
            "WSC": 74.60,
            "CSL": 80.36,
            "CMRC2018": 71.60,
            "C3": 64.50,
            "CHID": 82.04,
            "CLUENER": 78.82,
        },
        OWN: {
            "IFLYTEK": 61.19,
            "TNEWS": 56.29,
            "AFQMC": 73.37,
            "CMNLI": 79.37,
            "OCNLI": 71.73,
            "WSC": 73.85,
            "CSL": 84.03,
            "CMRC2018": 72.10,
            "C3": 61.33,
            "CHID": 85.13,
            "CLUENER": 78.68,
        },
    },
    "RoBERTa base": {
        OFFICIAL: {
            "IFLYTEK": 60.31,
            "AFQMC": 74.04,
            "CMNLI": 80.51,
            "CSL": 81.00,
            "CMRC2018": 75.20,
            "C3": 66.50,
            "CHID": 83.62,
        },
        OWN: {
            "IFLYTEK": 61.12,
            "TNEWS": 58.35,
            "AFQMC": 73.61,
            "CMNLI": 80.81,
            "OCNLI": 74.27,
            "WSC": 82.28,
            "CSL": 85.33,
            "CMRC2018": 75.40,
            "C3": 67.11,
            "CHID": 86.04,
            "CLUENER": 79.38,
        },
    },
}
_DEV_ROBERTA = {
    "IFLYTEK": 60.64,
    "TNEWS": 58.06,
    "AFQMC": 74.05,
    "CMNLI": 81.24,
    "OCNLI": 76.00,
    "WSC": 87.50,
    "CSL": 84.50,
    "CMRC2018": 56.54,
    "C3": 67.66,
    "CHID": 86.71,
    "CLUENER": 79.47,
}


def differences(model: str) -> dict[str, float]:
    """Return by how many points the article's own figure for the test is above the official one, of each task that has both.

    Args:
        model: one of `MODELS`.

    Example:
        >>> differences("RoBERTa base")["CSL"], "TNEWS" in differences("RoBERTa base")
        (4.33, False)
    """
    official, own = TEST[model][OFFICIAL], TEST[model][OWN]
    return {task: round(own[task] - figure, 2) for task, figure in official.items()}


def model_of(encoder: str) -> str:
    """Return which of `MODELS` an encoder's figures are to be compared with, by its name.

    Example:
        >>> model_of("hfl/chinese-roberta-wwm-ext"), model_of("bert-base-chinese")
        ('RoBERTa base', 'BERT base')
    """
    return MODELS["roberta" in encoder.lower()]


def dev_figure(task: str, model: str) -> float:
    """Return the article's figure for dev, as a fraction.

    Args:
        task: of CLUE; capitals do not matter.
        model: one of `MODELS`.

    Raises:
        InvalidValue: for an unknown task.

    Example:
        >>> dev_figure("c3", "BERT base"), dev_figure("c3", "RoBERTa base")
        (0.6054, 0.6766)
    """
    name = find_task(task).name
    figure = published_dev(name, "article") if model == MODELS[0] else round(_DEV_ROBERTA[name] / 100, 4)
    assert figure is not None, "the article has a figure for every task"
    return figure
