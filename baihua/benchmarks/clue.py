"""CLUE: train an encoder on each task by its recipe, score it on dev, answer the test, keep records that a later run goes on from."""

import hashlib
import importlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from baihua.benchmarks.clue_answers import KeptAnswers, answers_path, facts_of, keep_answers
from baihua.benchmarks.clue_cost import Cost, estimate_cost
from baihua.benchmarks.clue_published import SOURCES, published_dev
from baihua.benchmarks.clue_reader import ClueExamples, read_clue
from baihua.benchmarks.clue_recipes.lesson import Answerer, Lesson, SureAnswers
from baihua.benchmarks.clue_scores import MAIN, baseline, main_score, score
from baihua.benchmarks.clue_settings import ClueSettings, settings_of
from baihua.benchmarks.clue_submission import write_answers
from baihua.benchmarks.clue_tasks import find_task
from baihua.benchmarks.seed_cells import SeedCell, SeedRecord, as_json
from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.results import Result
from baihua.tasks.contrastive.trained_part import trainable
from baihua.training.processes import is_first
from baihua.training.record import seconds_trained

WITHOUT_EFFECT = ("save_every", "seed")  # settings that change no score, or are the seed itself


@dataclass(frozen=True)
class ClueRun:
    """How tasks are trained.

    Args:
        encoder: a name or folder; each seed begins with it anew.
        settings: ``"article"``, ``"official"`` or ``"modern"``, see `baihua.benchmarks.clue_settings`.
        subset: so many examples of the training part at most, the first ones; None for all.
        changes: numbers to take instead of those of the settings, such as ``{"epochs": 3}``.
        device: where to compute; None for the GPU when there is one.
        version: of the test.

    Raises:
        InvalidValue: for a subset of nothing.
    """

    encoder: str = "bundled"
    settings: str = "article"
    subset: int | None = None
    changes: Mapping[str, Any] | None = None
    device: str | None = None
    version: str = "1.1"

    def __post_init__(self) -> None:
        if self.subset is not None and self.subset < 1:
            raise InvalidValue(
                zh=f"subset 至少为 1，收到 {self.subset}。", en=f"subset must be at least 1, not {self.subset}."
            )

    def numbers(self, task: str) -> ClueSettings:
        """Return the numbers of a task."""
        return replace(settings_of(task, self.settings), **(self.changes or {}))


def evaluate_clue(
    tasks: Sequence[str],
    run: ClueRun,
    *,
    seeds: Sequence[int] = (0,),
    folder: str | Path | None = None,
    submission: str | Path | None = None,
    show_progress: bool | None = None,
) -> list[Result]:
    """Train and score some tasks.

    Args:
        tasks: which of the eleven; capitals do not matter.
        run: how.
        seeds: of the trainings.
        folder: where records are kept, written after each seed, and checkpoints while one is trained. A seed that a record with
            the same settings on the same files has is not run again.
        submission: where the answers to the test go, of the first seed; None to leave the test alone.
        show_progress: show bars; None to show them on a terminal.

    Returns:
        A result per task, named ``clue/SETTINGS/TASK/dev/ENCODER``, its main score as a fraction; the others, the baseline and the
        seconds of each seed stand in its settings.

    Raises:
        InvalidValue: for an unknown task, an encoder that cannot be trained, or a record that is not whole.
        FileProblem: when a task is not on this machine, saying how to get it.
    """
    results = []
    for name in tasks:
        task = find_task(name).name
        train, dev = _parts(task, run)
        record = _record(task, run, train, dev)
        cells = record.known(folder)
        for seed in seeds:
            if seed in cells:
                continue
            facts = facts_of(record.facts, record.data, seed)
            checkpoints = None if folder is None else _checkpoints(folder, record.name, facts)
            cells[seed], kept = _cell(
                run, (train, dev), seed, checkpoints, submission if seed == seeds[0] else None, show_progress
            )
            if folder is not None and is_first():
                keep_answers(answers_path(folder, record.name, seed), replace(kept, facts=facts))
                _result(record, cells, dev).save(folder)
        results.append(_result(record, {seed: cells[seed] for seed in seeds}, dev))
    return results


def seeds_left(task: str, run: ClueRun, seeds: Sequence[int], folder: str | Path | None) -> list[int]:
    """Return the seeds that the records in a folder do not have yet.

    Raises:
        InvalidValue, FileProblem: as for `evaluate_clue`.
    """
    name = find_task(task).name
    known = _record(name, run, *_parts(name, run)).known(folder)
    return [seed for seed in seeds if seed not in known]


def cost_of(task: str, run: ClueRun) -> Cost:
    """Return what one seed of a task will take on this machine, from a short trial.

    Raises:
        InvalidValue, FileProblem: as for `evaluate_clue`.
    """
    name = find_task(task).name
    encoder = trainable(load_encoder(run.encoder, device=run.device))
    return estimate_cost(encoder, *_parts(name, run), run.numbers(name))


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson by the recipe of its task, and return what answers."""
    module = importlib.import_module(f"baihua.benchmarks.clue_recipes.{lesson.train.task.lower()}")
    answerer: Answerer = module.learn(lesson)
    return answerer


def _parts(task: str, run: ClueRun) -> tuple[ClueExamples, ClueExamples]:
    """Read what is learned from and what is scored."""
    train, dev = (read_clue(task, part) for part in ("train", "dev"))
    return replace(train, examples=train.examples[: run.subset]), dev


def _cell(
    run: ClueRun,
    parts: tuple[ClueExamples, ClueExamples],
    seed: int,
    checkpoints: Path | None,
    submission: str | Path | None,
    show_progress: bool | None,
) -> tuple[SeedCell, KeptAnswers]:
    """Train with one seed, score on dev, and write the answers to the test if asked to; the facts are still to be added."""
    train, dev = parts
    settings = replace(run.numbers(train.task), seed=seed)
    encoder = trainable(load_encoder(run.encoder, device=run.device))
    kept = None if checkpoints is None else str(checkpoints)
    started = time.perf_counter() - seconds_trained(kept)  # what was trained before it was cut off counts
    answer = learn(Lesson(encoder, train, dev, settings, kept, show_progress))
    trained = time.perf_counter()
    answers = answer(dev)
    scores = score(answers, dev)
    if kept is not None and is_first():
        shutil.rmtree(kept, ignore_errors=True)  # what it was for is done
    more = {
        **scores,
        "train_seconds": round(trained - started, 1),
        "dev_seconds": round(time.perf_counter() - trained, 1),
    }
    if submission is not None and is_first():
        test = read_clue(train.task, "test", run.version)
        write_answers(submission, test, answer(test))
    sure = answers.sure if isinstance(answers, SureAnswers) else None
    return SeedCell(main_score(scores)[1], more), KeptAnswers(answers, sure)


def _checkpoints(folder: str | Path, name: str, facts: Mapping[str, Any]) -> Path:
    """Return where the checkpoints of a training go: elsewhere for other numbers, which must not go on from them."""
    identity = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    return Path(folder) / "checkpoints" / name / f"seed-{facts['seed']}-{identity}"


def _record(task: str, run: ClueRun, train: ClueExamples, dev: ClueExamples) -> SeedRecord:
    settings = run.numbers(task)
    numbers = {key: value for key, value in asdict(settings).items() if key not in WITHOUT_EFFECT}
    encoder: Any = load_encoder(run.encoder, device=run.device)
    facts = {
        "encoder": run.encoder,
        "fingerprint": encoder.fingerprint(),
        "settings": run.settings,
        **numbers,
        "rate": settings.rate(encoder.width),
        "num_train": len(train),
        "baseline": round(baseline(train, dev), 6),
    }
    changed = "".join(f" --set {key}={value}" for key, value in (run.changes or {}).items())
    subset = "" if run.subset is None else f" --subset {run.subset}"
    return SeedRecord(
        name=_name(task, run),
        metric=MAIN.get(find_task(task).kind, "accuracy"),
        facts=as_json(facts),
        data={**train.data, **dev.data},
        command=f"baihua evaluate clue {task} --encoder {run.encoder} --settings {run.settings}{subset}{changed}",
        published=published_dev(task, run.settings),
        source=SOURCES.get(run.settings),
    )


def _name(task: str, run: ClueRun) -> str:
    return "/".join(["clue", run.settings, task, "dev", Path(run.encoder).name])


def _result(record: SeedRecord, cells: Mapping[int, SeedCell], dev: ClueExamples) -> Result:
    seconds = sum(cell.more["train_seconds"] + cell.more["dev_seconds"] for cell in cells.values())
    return record.result(cells, dev.num_items, round(seconds, 1))
