"""A way to train measured on a task of CLUE, seed by seed; each seed a cell, and each cell a record of its own.

A cell draws its examples to learn from with its seed, so that seeds tell how far another draw would differ; the questions it is
scored on are the same for all, so that two ways can be compared question by question. A record is written as soon as its cell is
known: a study that was cut off goes on with the cells it lacks.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from baihua.benchmarks.clue import WITHOUT_EFFECT
from baihua.benchmarks.clue_reader import ClueExamples, read_clue
from baihua.benchmarks.clue_recipes.lesson import Answerer, Answers, Lesson
from baihua.benchmarks.clue_scores import baseline
from baihua.benchmarks.clue_settings import ClueSettings, settings_of
from baihua.benchmarks.clue_tasks import find_task
from baihua.benchmarks.seed_cells import as_json
from baihua.benchmarks.sts import spelled
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.files import write_text
from baihua.results import package_versions
from baihua.studies.claims import Setting
from baihua.tasks.contrastive.trained_part import trainable

KIND = "clue study cell"
FOLDER = "clue_study"
# At the small scale a training takes some steps: it shows how the study goes, not how it ends.
SMALL_TRAIN, SMALL_QUESTIONS = 32, 40
QUESTIONS_SEED = 0  # of the questions that every cell is scored on
COUNTS = ("subset", "questions", "epochs", "batch_size")


@dataclass(frozen=True, eq=False)
class Judged:
    """How a trained model answered.

    Args:
        right: which questions it got right, shape ``(num_questions,)``.
        more: other figures, by name.
    """

    right: npt.NDArray[np.bool_]
    more: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """A way to learn a task.

    Args:
        name: what it is called in records and results.
        task: of CLUE.
        settings: the numbers of the training; the seed is that of each cell.
        learn: trains on a lesson, and returns what answers a part and judges the answers.
        watched: keep the weights of the epoch that is best on the questions, as the article does; else the last ones.
        options: other choices that could change a cell.
    """

    name: str
    task: str
    settings: ClueSettings
    learn: Callable[[Lesson], Callable[[ClueExamples], Judged]]
    watched: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Cell:
    """What came of one seed.

    Args:
        right: which questions were answered right, shape ``(num_questions,)``.
        baseline: the share that one gets right without reading: by the commonest label, or by guessing.
        seconds: wall time of the training.
        seconds_answering: wall time of answering the questions once.
        more: other figures, by name.
    """

    right: npt.NDArray[np.bool_]
    baseline: float
    seconds: float
    seconds_answering: float
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """The share of questions answered right."""
        return float(self.right.mean())


def numbers_of(task: str, setting: Setting, name: str = "modern") -> ClueSettings:
    """Return the numbers of a task's training, with what the knobs say; one epoch at the small scale.

    Of few examples the usual batches would make too few steps to learn anything, which is why their size is a knob.

    Args:
        task: of CLUE.
        setting: its knobs ``epochs``, ``batch_size`` and ``max_length``.
        name: see `baihua.benchmarks.clue_settings.settings_of`.

    Raises:
        InvalidValue: for knobs that leave nothing to do.

    Example:
        >>> knobs = {"subset": 9, "questions": 9, "epochs": 3, "batch_size": 4, "max_length": 64}
        >>> numbers_of("C3", Setting(knobs, "full")).epochs, numbers_of("C3", Setting(knobs, "small")).epochs
        (3, 1)
    """
    for knob in COUNTS:
        if setting[knob] < 1:
            raise InvalidValue(
                zh=f"{knob} 至少为 1，收到 {setting[knob]}。", en=f"{knob} must be at least 1, not {setting[knob]}."
            )
    epochs = setting["epochs"] if setting.scale == "full" else 1
    lengths = {"batch_size": setting["batch_size"], "max_length": setting["max_length"]}
    return replace(settings_of(task, name), epochs=epochs, **lengths)


def sizes_of(setting: Setting) -> tuple[int, int]:
    """Return how many examples are learned from and how many questions are answered, where the task has as many."""
    if setting.scale == "small":
        return min(setting["subset"], SMALL_TRAIN), min(setting["questions"], SMALL_QUESTIONS)
    return setting["subset"], setting["questions"]


def judged(answer: Answerer, right_of: Callable[[ClueExamples], Answers]) -> Callable[[ClueExamples], Judged]:
    """Return what answers a part and says which answers are right."""

    def judge(part: ClueExamples) -> Judged:
        pairs = zip(answer(part), right_of(part), strict=True)
        return Judged(np.array([found == right for found, right in pairs]))

    return judge


def cells(way: Way, setting: Setting) -> list[Cell]:
    """Measure a way with the seeds of a setting, but for those whose records are there.

    Args:
        way: how to learn.
        setting: names the encoder, the seeds, and how many examples to learn from and questions to answer.

    Returns:
        One cell per seed; at the small scale, which keeps no records, of the first alone.

    Raises:
        FileProblem: when the task is not on this machine, or a record cannot be read or written.
        InvalidValue: when a record is not whole, or the encoder has no layers to train.
    """
    small = setting.scale == "small"
    num_train, num_questions = sizes_of(setting)
    train, dev = read_clue(way.task, "train"), read_clue(way.task, "dev")
    dev = drawn(dev, num_questions, QUESTIONS_SEED)
    facts = _facts(way, str(setting["encoder"]), (num_train, num_questions), {**train.data, **dev.data})
    found = []
    for seed in setting["seeds"][:1] if small else setting["seeds"]:
        path = None if small or setting.record_folder is None else _path(way, facts, seed, Path(setting.record_folder))
        cell = None if path is None or not path.exists() else read_cell(path, facts)
        if cell is None:
            cell = _measure(way, setting, seed, drawn(train, num_train, seed), dev)
            if path is not None:
                _write(path, cell, facts, seed)
        found.append(cell)
    return found


def drawn(part: ClueExamples, num: int, seed: int) -> ClueExamples:
    """Return some examples of a part, drawn at random; all, in another order, where there are no more.

    Args:
        part: of a task.
        num: how many, of CMRC2018 how many questions at least: passages are drawn whole.
        seed: of the draw.
    """
    reading = find_task(part.task).kind == "reading"
    order = np.random.default_rng(seed).permutation(len(part.examples))
    chosen: list[Any] = []
    for place in order:
        if (sum(len(one.questions) for one in chosen) if reading else len(chosen)) >= num:
            break
        chosen.append(part.examples[place])
    return replace(part, examples=tuple(chosen))


def read_cell(path: Path, facts: Mapping[str, Any]) -> Cell:
    """Read a cell again.

    Args:
        path: its record.
        facts: what it must have been measured with.

    Raises:
        FileProblem: when it cannot be read.
        InvalidValue: when it is no whole record, or was measured with something else.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        right = np.array([one == "1" for one in record["right"]])
        more = {str(name): float(value) for name, value in record["more"].items()}
        seconds = float(record["seconds"]), float(record["seconds_answering"])
        cell = Cell(right, float(record["baseline"]), *seconds, more)
        same = record["kind"] == KIND and record["facts"] == dict(facts) and right.size > 0
    except OSError as error:
        raise FileProblem(zh=f"读不了 {path}：{error}。", en=f"Cannot read {path}: {error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        same = False
    if not same:
        raise InvalidValue(
            zh=f"{path} 不是完整的记录，或不是用这些设置测的；请删掉它再重跑。",
            en=f"{path} is not a whole record, or was measured with other settings. Delete it and run again.",
        )
    return cell


def _write(path: Path, cell: Cell, facts: Mapping[str, Any], seed: int) -> None:
    record = {
        "kind": KIND,
        "seed": seed,
        "accuracy": cell.accuracy,
        "baseline": cell.baseline,
        "facts": facts,
        "more": dict(cell.more),
        "right": "".join("1" if one else "0" for one in cell.right),
        "seconds": round(cell.seconds, 3),
        "seconds_answering": round(cell.seconds_answering, 3),
        "versions": package_versions(),
    }
    write_text(path, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def _measure(way: Way, setting: Setting, seed: int, train: ClueExamples, dev: ClueExamples) -> Cell:
    encoder = trainable(load_encoder(str(setting["encoder"])))  # anew: it is trained in place
    lesson = Lesson(
        encoder,
        train,
        dev if way.watched else None,
        replace(way.settings, seed=seed),
        show_progress=setting.show_progress,
    )
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a few long texts are cut, as the settings say
        judge = way.learn(lesson)
        trained = time.perf_counter()
        found = judge(dev)
    answered = time.perf_counter()
    return Cell(found.right, baseline(train, dev), trained - started, answered - trained, found.more)


def _facts(way: Way, encoder: str, sizes: tuple[int, int], data: Mapping[str, str]) -> dict[str, Any]:
    """Return what could change a cell, but for the seed, as JSON has it."""
    loaded = trainable(load_encoder(encoder))
    return as_json(
        {
            "encoder": Path(encoder).name,
            "fingerprint": loaded.fingerprint(),
            "way": way.name,
            "task": way.task,
            "settings": {key: value for key, value in asdict(way.settings).items() if key not in WITHOUT_EFFECT},
            "rate": way.settings.rate(loaded.width),
            "watched": way.watched,
            "subset": sizes[0],
            "questions": sizes[1],
            **way.options,
            "data": dict(data),
        }
    )


def _path(way: Way, facts: Mapping[str, Any], seed: int, folder: Path) -> Path:
    """Return where a record lies: turned knobs make another file, and leave this one alone."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
    name = f"seed-{seed:02d}-{digest}.json"
    return folder / FOLDER / way.task.lower() / spelled(facts["encoder"]) / way.name / name
