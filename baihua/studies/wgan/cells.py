"""Generators trained for the claims: each once, measured once, and kept as a record that later claims read."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from baihua.checks import FileProblem, InvalidValue
from baihua.files import write_text
from baihua.nn.wgan import CriticKind
from baihua.results import package_versions
from baihua.studies.claims import Setting
from baihua.studies.wgan.data import cost_between_digits, digits
from baihua.studies.wgan.measured import measure
from baihua.studies.wgan.words import seeds_of, steps_of
from baihua.training.adversarial import AdversarialSettings, train_adversarial

KIND = "adversarial cell"


@dataclass(frozen=True)
class Way:
    """A way to train a generator of digits.

    Args:
        objective: see `baihua.nn.wgan.CriticKind`.
        constraint: likewise.
        epsilon: likewise.
        batch_size: of the training, where it is not that of the knobs.
        fixed_noise: so many noise vectors in all, and so many images.
        cost: the name of a distance between digits, where it is not that of the knobs.
    """

    objective: str
    constraint: str = "none"
    epsilon: float = 0.0
    batch_size: int | None = None
    fixed_noise: int | None = None
    cost: str | None = None


@dataclass(frozen=True)
class Cell:
    """What came of a way, one number per seed.

    Args:
        looks: step, estimates and exact distances.
        figures: by name, see `baihua.studies.wgan.measured`.
        images: some of the first seed, from 0 to 255, rows of 64.
    """

    looks: tuple[tuple[int, tuple[float, ...], tuple[float, ...]], ...]
    figures: Mapping[str, tuple[float, ...]]
    images: tuple[tuple[int, ...], ...]


def cell_of(way: Way, setting: Setting) -> Cell:
    """Return what comes of a way with the knobs of a setting: from its record where there is one, else train it.

    Raises:
        InvalidValue: for a record that is not whole.
        FileProblem: when the record cannot be read or written.
    """
    facts = facts_of(way, setting)
    words = json.dumps(facts, sort_keys=True)
    return _cell(
        way, words, None if setting.record_folder is None else str(setting.record_folder), setting.show_progress
    )


def facts_of(way: Way, setting: Setting) -> dict[str, Any]:
    """Return all that could change a cell, as JSON has it."""
    knobs = {name: setting[name] for name in ("batch_size", "critic_steps", "hidden", "weight", "cost")}
    mine = {name: value for name, value in asdict(way).items() if value is not None}
    return {**knobs, **mine, "steps": steps_of(setting), "seeds": list(seeds_of(setting))}


@lru_cache(maxsize=64)
def _cell(way: Way, words: str, folder: str | None, show: bool | None) -> Cell:
    facts = json.loads(words)
    place = None if folder is None else _path(way, words, Path(folder))
    if place is not None and place.exists():
        return _read(place, facts)
    started = time.perf_counter()
    cell = _train(facts, show)
    if place is not None:
        record = {
            "kind": KIND,
            "facts": facts,
            **asdict(cell),
            "seconds": round(time.perf_counter() - started, 1),
            "versions": package_versions(),
        }
        write_text(place, json.dumps(record, ensure_ascii=False) + "\n")
    return cell


def _path(way: Way, words: str, folder: Path) -> Path:
    name = CriticKind(way.objective, way.constraint, epsilon=way.epsilon).name
    return folder / "wgan" / f"{name}-{hashlib.sha256(words.encode()).hexdigest()[:8]}.json"


def _read(path: Path, facts: Mapping[str, Any]) -> Cell:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileProblem(zh=f"读不了 {path}：{error}。", en=f"Cannot read {path}: {error}.") from error
    except ValueError:
        record = None
    if not isinstance(record, dict) or record.get("kind") != KIND or record.get("facts") != dict(facts):
        raise InvalidValue(
            zh=f"{path} 不是完整的记录；请删掉它再运行。", en=f"{path} is not a whole record. Delete it and run again."
        )
    looks = tuple((step, tuple(estimate), tuple(exact)) for step, estimate, exact in record["looks"])
    figures = {name: tuple(values) for name, values in record["figures"].items()}
    return Cell(looks, figures, tuple(tuple(image) for image in record["images"]))


def _train(facts: Mapping[str, Any], show: bool | None) -> Cell:
    kind = CriticKind(
        facts["objective"],
        facts["constraint"],
        weight=facts["weight"],
        epsilon=facts["epsilon"],
        cost=cost_between_digits(facts["cost"]),
    )
    settings = AdversarialSettings(
        steps=facts["steps"],
        critic_steps=facts["critic_steps"],
        batch_size=facts["batch_size"],
        hidden=facts["hidden"],
        fixed_noise=facts.get("fixed_noise"),
        generator_rate=generator_rate(facts["objective"]),
        watch_every=max(1, facts["steps"] // 20),
    )
    run = train_adversarial(digits().train, kind, settings, seeds=facts["seeds"], show_progress=show)
    looks = tuple((look.step, look.estimate, look.exact) for look in run.looks)
    figures, images = measure(run, kind.cost)
    return Cell(looks, figures, images)


def generator_rate(objective: str) -> float:
    """Return the rate of the specification: lower against a critic whose gradient is large."""
    return 5e-4 if objective in ("c_transform", "exact_transport", "energy") else 2e-4
