"""A way to classify measured on samples, each once; claims share what they have in common.

A cell is a way, a number of labels and a sample. Its record lies in a file of its own, written as soon as the cell is known, so
that a long study goes on where it was interrupted.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from baihua.benchmarks.few_shot_samples import FewShotTexts, draw_sample, read_few_shot
from baihua.benchmarks.sts import spelled
from baihua.checks import FileProblem
from baihua.encoders.load import load_encoder
from baihua.studies.claims import Setting
from baihua.studies.ptuning.record import Cell, read_cell, write_cell
from baihua.studies.ptuning.ways import LEARNED, PROMPT_METHODS, WORDS, Way
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.classify import TextClassifier
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings

ALL = 0  # in place of a number per label: all training texts
# At the small scale a training takes some seconds: it shows how the study goes, not how it ends.
SMALL_STEPS, SMALL_DEV, SMALL_LABELS = 20, 100, 32
WITHOUT_EFFECT = ("seed", "save_every", "patience")
EVER = 10**6  # looks that bring nothing, after which a watched training would stop
Settings = PromptSettings | ClassificationSettings


def cells(way: Way, setting: Setting, per_label: int | None = None, samples: Sequence[int] | None = None) -> list[Cell]:
    """Measure a way on samples, but for those whose records are there.

    Args:
        way: how to classify.
        setting: names the encoder, the samples, how many labels, and a causal model for a way that needs it.
        per_label: labelled reviews of each kind instead of the setting's; `ALL` for all there are.
        samples: their numbers instead of the setting's. The seed of a training is the number of its sample.

    Returns:
        One cell per sample; at the small scale of the first alone.

    Raises:
        FileProblem: when the reviews or the causal model are not on this machine.
        InvalidValue: when a record is not whole.
    """
    encoder = causal_folder(setting) if way.causal else str(setting["encoder"])
    wanted = setting["per_label"] if per_label is None else per_label
    numbers = setting["samples"] if samples is None else samples
    if setting.scale == "small":
        wanted, numbers, folder = min(wanted or SMALL_LABELS, SMALL_LABELS), numbers[:1], None
    else:
        folder = setting.record_folder
    return [_cell(way, wanted, number, encoder, setting.scale, folder) for number in numbers]


def causal_folder(setting: Setting) -> str:
    """Return the folder of the causal model.

    Raises:
        FileProblem: when there is none, saying how to make one.
    """
    folder = str(setting["causal"])
    if not (Path(folder) / "config.json").is_file():
        raise FileProblem(
            zh=f"没有从左到右的语言模型 {folder!r}，本包不带。训练一个：baihua pretrain 文本 -o {folder} --encoder new --objective causal；"
            "或用 --set causal=文件夹 指出已有的。",
            en=f"There is no causal language model {folder!r}, and none comes with this package. Train one: baihua pretrain TEXTS -o "
            f"{folder} --encoder new --objective causal; or name another by --set causal=FOLDER.",
        )
    return folder


@lru_cache(maxsize=4096)
def _cell(way: Way, per_label: int, sample: int, encoder: str, scale: str, folder: str | Path | None) -> Cell:
    texts, settings = scored_texts(scale), settings_of(way, sample, scale)
    facts = _facts(way, per_label, encoder, settings, texts)
    path = None if folder is None else Path(folder) / place_of(way, per_label, sample, encoder)
    known = None if path is None else read_cell(path, facts)
    if known is not None:
        return known
    learned = (texts.train, texts.train_labels)
    if per_label != ALL:
        learned = draw_sample(*learned, per_label, sample)
    measured = _measure(way, encoder, settings, learned, texts)
    if path is not None:
        write_cell(path, measured, facts, sample)
    return measured


@lru_cache(maxsize=2)
def scored_texts(scale: str) -> FewShotTexts:
    """Return the reviews, at the small scale with fewer to score."""
    texts = read_few_shot()
    if scale == "full":
        return texts
    num = min(SMALL_DEV // len(WORDS), *(texts.dev_labels.count(label) for label in WORDS))
    dev, labels = draw_sample(texts.dev, texts.dev_labels, num, 0)
    return replace(texts, dev=dev, dev_labels=labels)


def settings_of(way: Way, sample: int, scale: str) -> Settings:
    """Return the numbers of a training: the classifier's own, but for what the way changes, and a few steps at the small scale."""
    if way.method in PROMPT_METHODS:
        prompted = replace(PromptSettings(), **way.changes, seed=sample)
        prompted = replace(prompted, patience=EVER) if way.watched else prompted
        return prompted if scale == "full" else replace(prompted, epochs=1, least_steps=SMALL_STEPS)
    plain = replace(ClassificationSettings(), **way.changes, seed=sample)
    few_pairs = SMALL_STEPS * plain.batch_size
    return plain if scale == "full" else replace(plain, epochs=1, least_steps=SMALL_STEPS, num_pairs=few_pairs)


def place_of(way: Way, per_label: int, sample: int, encoder: str) -> str:
    """Return where the record of a cell lies in a folder of records."""
    labels = "all" if per_label == ALL else str(per_label)
    return f"few_shot/waimai_10k/{spelled(Path(encoder).name)}/{way.name}/{labels}/sample-{sample:02d}.json"


def _measure(
    way: Way, encoder: str, settings: Settings, learned: tuple[list[str], list[str]], texts: FewShotTexts
) -> Cell:
    """Train, and score the dev reviews: after the training, or on the way where it is watched."""
    started = time.perf_counter()
    classifier: Any
    if isinstance(settings, PromptSettings):
        words: Any = LEARNED if way.learned_words else dict(WORDS)
        classifier = PromptClassifier(encoder, way.template, words, method=way.method, tune=way.tune, settings=settings)
    else:
        classifier = TextClassifier(encoder, way.method, settings=settings)
    dev = (texts.dev, texts.dev_labels) if way.watched else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the ends of a few long reviews are cut, as the settings say
        classifier.fit(*learned, dev=dev, show_progress=False)
        found = [] if way.watched else classifier.predict(texts.dev)
    if way.watched:
        per_epoch = -(-len(learned[0]) // settings.batch_size)
        looks = tuple((look.epoch * per_epoch, look.accuracy) for look in classifier.report.looks)
        return Cell(looks[-1][1], None, looks, time.perf_counter() - started)
    right = np.array([mine == wanted for mine, wanted in zip(found, texts.dev_labels, strict=True)])
    return Cell(float(right.mean()), right, (), time.perf_counter() - started)


def _facts(way: Way, per_label: int, encoder: str, settings: Settings, texts: FewShotTexts) -> dict[str, Any]:
    """What could change a cell, but for the sample, as JSON has it."""
    fingerprint, width = _encoder(encoder)
    prompted = isinstance(settings, PromptSettings)
    facts = {
        "encoder": Path(encoder).name,
        "fingerprint": fingerprint,
        "method": way.method,
        "template": way.template,
        "tune": way.tune,
        "words": (LEARNED if way.learned_words else dict(WORDS)) if prompted else None,
        "watched": way.watched,
        "per_label": "all" if per_label == ALL else per_label,
        "settings": {key: value for key, value in asdict(settings).items() if key not in WITHOUT_EFFECT},
        **settings.chosen(width),
        "dev": hashlib.sha256("\n".join(texts.dev).encode()).hexdigest(),
        "data": dict(texts.data),
    }
    return dict(json.loads(json.dumps(facts)))


@lru_cache(maxsize=4)
def _encoder(name: str) -> tuple[str, int]:
    """Return fingerprint and width of an encoder."""
    encoder: Any = load_encoder(name, device="cpu")
    return encoder.fingerprint(), int(encoder.model.config.hidden_size)
