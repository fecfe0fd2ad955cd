"""Public sets of marked entities: which files they are, and how well an extractor learns them.

A cell is one set, encoder, head and setting, with a value per seed. Training runs for a number of epochs fixed beforehand and
the last weights are scored, so that nothing is chosen on the development texts and F1 there is that of texts held aside.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.data import find_file
from baihua.benchmarks.seed_cells import SeedCell, SeedRecord, as_json
from baihua.checks import check_choice
from baihua.encoders.load import load_encoder
from baihua.results import Result
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.text.entities import EntityTexts
from baihua.text.entity_files import read_entity_file
from baihua.training.span_metrics import SpanScores


@dataclass(frozen=True)
class NerSet:
    """A public set.

    Args:
        name: as in `baihua.benchmarks.datasets`.
        train: its file to learn from.
        dev: its file to score on; the same where every fifth text is held aside.
        epochs: times that the training texts are gone through: fewer where there are many.
        nested: whether entities may lie in others.
    """

    name: str
    train: str
    dev: str
    epochs: int
    nested: bool = False


NER_SETS = {
    one.name: one
    for one in (
        NerSet("ResumeNER", "train.char.bmes", "dev.char.bmes", 5),
        NerSet("WeiboNER", "weiboNER_2nd_conll.train", "weiboNER_2nd_conll.dev", 10),
        NerSet("PeoplesDailyNER", "example.dev", "example.dev", 6),
        NerSet("CLUENER", "train.json", "dev.json", 3),
        NerSet("CMeEE", "train_data.txt", "val_data.txt", 3, nested=True),
    )
}
WITHOUT_EFFECT = ("save_every",)  # settings that change no score
HELD_ASIDE = 5  # of a set with one file, every fifth text is for scoring


@dataclass(frozen=True)
class NerRow:
    """What is trained on each set.

    Args:
        head: see `EntityExtractor`.
        encoder: a name or folder for `load_encoder`.
        seeds: one training each.
        num_train: a sample of so many training texts, the same for each seed; None for all.
        settings: of the extractor; epochs and seed are set here.
        epochs: None for those of the set.
    """

    head: str = "efficient_global_pointer"
    encoder: str = "bundled"
    seeds: Sequence[int] = (0, 1, 2)
    num_train: int | None = None
    settings: ExtractionSettings = field(default_factory=ExtractionSettings)
    epochs: int | None = None


def read_ner(name: str) -> tuple[EntityTexts, EntityTexts, dict[str, str]]:
    """Read the texts to learn from and those to score on of one of `NER_SETS`.

    Returns:
        Training texts, development texts, and the sha256 of each file.

    Raises:
        InvalidValue: for another set.
        FileProblem: when it is not on this machine, saying how to get it.
    """
    record = NER_SETS[check_choice("name", name, NER_SETS)]
    paths = [find_file(record.name, file) for file in dict.fromkeys((record.train, record.dev))]
    parts = [read_entity_file(path).texts for path in paths]
    data = {path.name: f"sha256:{sha256_of(path)}" for path in paths}
    if len(parts) == 2:
        return parts[0], parts[1], data
    places = np.arange(len(parts[0].texts))
    return some_of(parts[0], places[places % HELD_ASIDE > 0]), some_of(parts[0], places[::HELD_ASIDE]), data


def some_of(texts: EntityTexts, places: np.ndarray) -> EntityTexts:
    """Return some of the texts, with their entities."""
    return EntityTexts([texts.texts[place] for place in places], [texts.entities[place] for place in places])


def evaluate_ner(names: Sequence[str], row: NerRow, *, folder: str | Path | None = None) -> list[Result]:
    """Train an extractor on each set and score it, seed by seed.

    Args:
        names: which of `NER_SETS`.
        row: what is trained.
        folder: where records are kept, written after each seed. A seed that a record with the same settings there has is not
            trained again.

    Returns:
        One result per set, named ``ner/SET/dev/ENCODER/HEAD`` with what differs from the defaults after it, F1 as a fraction.

    Raises:
        InvalidValue: for an unknown set, or a record that is not whole.
        FileProblem: when a set is not on this machine, saying how to get it.
    """
    results, fingerprint = [], load_encoder(row.encoder).fingerprint()
    for name in names:
        train, dev, data = read_ner(name)
        record = SeedRecord(
            _name(name, row),
            "f1",
            _facts(name, row) | {"fingerprint": fingerprint},
            data,
            f"python recipes/entity_heads.py --sets {name} --heads {row.head}",
        )
        cells = record.known(folder)
        for seed in row.seeds:
            if seed in cells:
                continue
            cells[seed] = _run(name, row, seed, (train, dev))
            if folder is not None:
                _result(record, cells, len(dev.texts)).save(folder)
        results.append(_result(record, {seed: cells[seed] for seed in row.seeds}, len(dev.texts)))
    return results


def train_one(name: str, row: NerRow, seed: int, train: EntityTexts) -> EntityExtractor:
    """Train an extractor with one seed, without a look at any text but those given."""
    if row.num_train is not None:
        order = np.random.default_rng(0).permutation(len(train.texts))
        train = some_of(train, np.sort(order[: row.num_train]))
    settings = replace(row.settings, seed=seed, epochs=row.epochs or NER_SETS[name].epochs)
    extractor = EntityExtractor(row.encoder, row.head, settings=settings)
    return extractor.fit(train.texts, train.entities)


def _run(name: str, row: NerRow, seed: int, parts: tuple[EntityTexts, EntityTexts]) -> SeedCell:
    started = time.perf_counter()
    extractor = train_one(name, row, seed, parts[0])
    trained = time.perf_counter()
    scores = extractor.evaluate(parts[1].texts, parts[1].entities)
    times = {"train_seconds": trained - started, "predict_seconds": time.perf_counter() - trained}
    return SeedCell(scores.f1, _numbers(scores) | {key: round(value, 2) for key, value in times.items()})


def _numbers(scores: SpanScores) -> dict[str, float]:
    """What else is kept of a run: fractions, and how many entities could not have been found."""
    depth = {f"recall_depth_{key}": part.recall for key, part in scores.by_depth.items() if part.gold}
    return {
        "precision": scores.precision,
        "recall": scores.recall,
        "boundary_f1": scores.boundary.f1,
        "macro_f1": scores.macro_f1,
        "num_lost": scores.num_lost,
        **depth,
    }


def _facts(name: str, row: NerRow) -> dict[str, Any]:
    """What could change a value, but for the seed, as JSON has it."""
    numbers = {key: value for key, value in asdict(row.settings).items() if key not in WITHOUT_EFFECT}
    facts = {"encoder": row.encoder, "head": row.head, "num_train": row.num_train, **numbers}
    facts |= {"epochs": row.epochs or NER_SETS[name].epochs, "kept": "last weights", "seed": None}
    return as_json(facts)


def _name(name: str, row: NerRow) -> str:
    usual, mine = asdict(ExtractionSettings()), asdict(row.settings)
    kept = [key for key in usual if key not in ("seed", "epochs", *WITHOUT_EFFECT)]
    changed = [f"{key}={mine[key]}" for key in kept if mine[key] != usual[key]]
    changed += [f"num_train={row.num_train}"] if row.num_train is not None else []
    changed += [f"epochs={row.epochs}"] if row.epochs is not None else []
    return "/".join(["ner", name, "dev", Path(row.encoder).name, row.head, *changed])


def _result(record: SeedRecord, cells: Mapping[int, SeedCell], num_texts: int) -> Result:
    seconds = sum(cell.more["train_seconds"] + cell.more["predict_seconds"] for cell in cells.values())
    return record.result(cells, num_texts, round(seconds, 1))
