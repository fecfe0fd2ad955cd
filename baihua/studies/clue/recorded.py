"""Whole trainings, read from the records that ``baihua evaluate clue --save`` leaves: against what is published, and against guessing."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from baihua.benchmarks.clue_settings import settings_of
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.checks import InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE, LATER, dev_figure, model_of

OTHERWISE = "CMRC2018"  # the article's dev score of it is token by token and against the first of three answers
NUMBERS = ("max_length", "batch_size", "epochs", "learning_rate", "optimizer", "accumulation")


def records_of(setting: Setting, settings: str = "article") -> dict[str, Result]:
    """Return what was recorded of each task for the encoder that a setting names.

    Args:
        setting: with the knob ``encoder`` and the folder of records.
        settings: of the trainings, see `baihua.benchmarks.clue_settings`.

    Returns:
        The records by task, as `baihua.benchmarks.clue.evaluate_clue` saves them; none without a folder.

    Raises:
        InvalidValue: when a record is not whole.

    Example:
        >>> records_of(Setting({"encoder": "bundled"}))
        {}
    """
    found = {}
    for task in CLUE_TASKS:
        name = f"clue/{settings}/{task}/dev/{Path(setting['encoder']).name}.json"
        path = None if setting.record_folder is None else Path(setting.record_folder) / name
        if path is None or not path.is_file():
            continue
        try:
            record = Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
            float(record.settings["baseline"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue(
                zh=f"{path} 不是完整的记录（{error}）；请删掉它再重跑。",
                en=f"{path} is not a whole record ({error}). Delete it and run again.",
            ) from error
        found[task] = record
    return found


def dev_is_as_published(setting: Setting) -> Measurement:
    """On every task recorded with the article's numbers on CLUE's whole files, dev is within the tolerance of its figure."""
    records = records_of(setting)
    whole = {task: record for task, record in records.items() if task != OTHERWISE and _like_the_article(task, record)}
    if not whole:
        return _not_here(setting, "article", WHOLE)
    model = model_of(setting["encoder"])
    off = {task: 100 * (record.mean - dev_figure(task, model)) for task, record in whole.items()}
    far = [task for task in off if abs(off[task]) > setting["tolerance_wsc" if task == "WSC" else "tolerance"]]
    listed = ", ".join(
        f"{task} {100 * record.mean:.2f} ({100 * dev_figure(task, model):.2f}, {off[task]:+.2f})"
        for task, record in whole.items()
    )
    left = ", ".join(task for task in records if task not in whole)
    reason = {
        "zh": f"{len(whole)} 个任务，测得（{model} 公布的，相差）：{listed}。超出的：{'、'.join(far) or '没有'}。"
        + (f"不比的（样本，或指标不同）：{left}。" if left else ""),
        "en": f"{len(whole)} tasks, measured (published of {model}, difference): {listed}. Too far off: {', '.join(far) or 'none'}."
        + (f" Not compared, being of samples or measured otherwise: {left}." if left else ""),
    }
    return Measurement(not far, reason, tuple(whole.values()))


def _like_the_article(task: str, record: Result) -> bool:
    """Return whether a record is of the official files, whole, with the numbers of the article."""
    settings, usual = record.settings, asdict(settings_of(task, "article"))
    undecided = 0.95  # of OCNLI's and CMNLI's rows some have no agreed label and are dropped
    return (
        of_official_dev(task, record)
        and settings["num_train"] >= undecided * CLUE_TASKS[task].size("train")
        and all(settings.get(number) == usual[number] for number in NUMBERS)
    )


def of_official_dev(task: str, record: Result) -> bool:
    """Return whether a record is of CLUE's own files, its dev part whole."""
    clue = CLUE_TASKS[task]
    files = {f"{clue.folder}/{name}" for part in ("train", "dev") for name in clue.files[part]}
    return set(record.data) == files and (record.num_examples or 0) >= clue.size("dev")


def all_beat_their_baselines(setting: Setting) -> Measurement:
    """Of every task recorded, the lower end of the interval of its dev score is above its baseline.

    CLUENER's F1 is no share of questions, so that its interval is a rough one; its baseline is 0.
    """
    records = records_of(setting, setting["settings"])
    if not records:
        return _not_here(setting, setting["settings"], ANY)
    lows = {
        task: wilson_interval(record.mean * num, num)[0]
        for task, record in records.items()
        for num in [record.num_examples or 1]
    }
    below = [task for task, low in lows.items() if low <= records[task].settings["baseline"]]
    listed = ", ".join(
        f"{task} {100 * record.mean:.1f} ≥ {100 * lows[task]:.1f} ({100 * record.settings['baseline']:.1f})"
        for task, record in records.items()
    )
    missing = ", ".join(task for task in CLUE_TASKS if task not in records)
    reason = {
        "zh": f"{setting['encoder']}，{len(records)}/{len(CLUE_TASKS)} 个任务有记录，得分 ≥ 95% 下界（基线）：{listed}。"
        f"不高于基线的：{'、'.join(below) or '没有'}。没有记录的：{missing or '没有'}。基线为 0 的任务高于它不难。",
        "en": f"{setting['encoder']}: {len(records)} of {len(CLUE_TASKS)} tasks have a record; score ≥ lower 95 % bound (baseline): "
        f"{listed}. Not above: {', '.join(below) or 'none'}. Without a record: {missing or 'none'}. To be above a baseline of 0 is "
        "easy.",
    }
    return Measurement(not below, reason, tuple(records.values()))


def _not_here(setting: Setting, settings: str, needed: Mapping[str, str]) -> Measurement:
    """Return that there is nothing to read, and how to make it."""
    encoder = setting["encoder"]
    command = f"baihua evaluate clue --encoder {encoder} --settings {settings} --save results"
    return Measurement(
        None,
        {
            "zh": f"没有 {encoder} 可用的记录。训练要很久，这里不代劳：备好{needed['zh']}，运行 {command}，"
            "再加 --save results 测这一条。",
            "en": f"There is no record of {encoder} to go by. Trainings are long and not done here: with {needed['en']} at hand, run "
            f"{command}, and then this claim with --save results.",
        },
    )


WHOLE = {
    "zh": "下载来的模型（名字或文件夹）和 CLUE 的官方压缩包（样本与改过的设置不算）",
    "en": "a downloaded model (its name or folder) and CLUE's official zips (samples and other numbers do not count)",
}
ANY = {"zh": "模型和 CLUE 的数据", "en": "the model and data of CLUE"}

CLAIMS = (
    Claim(
        "clue",
        12,
        {
            "zh": "按文章的设置训练，验证集上能得到它的分。"
            "判据：凡在官方文件全集上训练过的任务，与文章的分相差不超过 0.8 点（WSC 只有 304 题，4 点）；CMRC2018 的指标不同，不比。",
            "en": "Trained with its numbers, dev comes to the article's scores. Decided by: on every task trained on all of the official "
            "files, within 0.8 points of its figure (WSC, of 304 questions, within 4); CMRC2018, measured otherwise, is left out.",
        },
        LATER,
        "dev, BERT / RoBERTa: IFLYTEK 60.06 / 60.64, TNEWS 56.80 / 58.06, AFQMC 72.41 / 74.05, CMNLI 79.56 / 81.24, OCNLI 73.93 / 76.00, "
        "WSC 78.62 / 87.50, CSL 83.93 / 84.50, C3 60.54 / 67.66, CHID 85.69 / 86.71, CLUENER 79.45 / 79.47",
        {"encoder": "hfl/chinese-roberta-wwm-ext", "tolerance": 0.8, "tolerance_wsc": 4.0},
        dev_is_as_published,
    ),
    Claim(
        "clue",
        13,
        {
            "zh": "每个任务都能从头训到尾并学到东西。判据：凡有记录的任务，验证分的 95% 下界（按题数，Wilson）都高于不读文本的基线"
            "（最常见的标签，或瞎猜）。",
            "en": "Every task trains from end to end and learns something. Decided by: of all tasks with a record, the lower 95 % bound of "
            "the dev score (Wilson, over questions) is above what one gets without reading: the commonest label, or a guess.",
        },
        ARTICLE,
        None,
        {"encoder": "bundled", "settings": "article"},
        all_beat_their_baselines,
    ),
)
