"""The rows of the sentence-similarity table after SimCSE: each set's own sentences, seed by seed, whitened and not.

A cell is a set, a pooling and a whitening; its record holds one value per seed and is written as soon as a seed is
done, so that a long table goes on where it was interrupted.
"""

import hashlib
import json
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from baihua.benchmarks.pairs import STS_SETS, Pairs, read_pairs
from baihua.benchmarks.published import SIMCSE_SOURCE, published_simcse
from baihua.benchmarks.sts import check_components, learned_elsewhere, score_ways, spelled
from baihua.benchmarks.sts_vectors import FitOn, FitSet, check_fit_on, encode_set, read_fit_set
from baihua.checks import InvalidValue, check_texts
from baihua.encoders.load import load_encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.results import Result
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.contrastive.simcse import train_simcse
from baihua.tasks.contrastive.trained_part import trainable


@dataclass(frozen=True)
class SimCSERow:
    """What a row of the table is: how an encoder is trained, and what is scored then.

    Args:
        pooling: of training and scoring alike, as in the article.
        seeds: one training each.
        fit_on: the sentences to learn from, a whitening after it too; see `baihua.benchmarks.sts.evaluate_sts`.
        n_components: whitenings to score after the training; None for the usual three.
        settings: of the training. The article has no guard that stops it, so the default has none.
        temperature: what cosines are divided by in the loss.
        hidden_dropout: of hidden states.
        attention_dropout: of attention probabilities.
        max_pairs: score at most this many pairs of each set; None for all.
    """

    pooling: str = "cls"
    seeds: Sequence[int] = (0,)
    fit_on: FitOn = "target"
    n_components: Sequence[str | int] | None = None
    settings: ContrastiveSettings = field(default_factory=lambda: ContrastiveSettings(guard_every=0))
    temperature: float = 0.05
    hidden_dropout: float = 0.3
    attention_dropout: float = 0.1
    max_pairs: int | None = None

    @property
    def training(self) -> str:
        """What the table calls it: ``"simcse"``, or ``"projection"`` for the article's control on a frozen encoder."""
        return "simcse" if self.settings.train == "all" else "projection"


def evaluate_simcse(
    encoder: str,
    names: Sequence[str] = STS_SETS,
    row: SimCSERow | None = None,
    *,
    folder: str | Path | None = None,
    device: str | None = None,
) -> list[Result]:
    """Train an encoder by SimCSE on the sentences of each set, without labels, and score it there.

    Args:
        encoder: a name or folder of a transformer, for `load_encoder`; every training starts from it anew.
        names: which of `STS_SETS`.
        row: see `SimCSERow`; None for its defaults.
        folder: where records are kept. Seeds that a record with the same settings there has are not trained again.
        device: such as ``"cuda"``; None for the GPU when there is one.

    Returns:
        One result per set and whitening, with a value per seed, named
        ``sts/SET/valid/ENCODER/POOLING/TRAINING/WHITENING``.

    Raises:
        InvalidValue: for an unknown set, an encoder that cannot be trained, a fit set without enough sentences, or a record
            that is not whole.
        FileProblem: when a set is not on this machine, saying how to get it.

    Source:
        https://kexue.fm/archives/8348.
    """
    wanted = row or SimCSERow()
    wanted = replace(wanted, fit_on=check_fit_on(wanted.fit_on))
    trainer = _Trainer(encoder, wanted, device)
    place = None if folder is None else Path(folder)
    cells = [_Cells(read_pairs(name).thin(wanted.max_pairs), trainer, place) for name in check_texts(names, "names")]
    for seed in wanted.seeds:
        for one in cells:
            one.add(seed)
    return [result for one in cells for result in one.results]


class _Trainer:
    """Trains an encoder anew for each seed and each set of sentences, and once where several sets are scored after it."""

    def __init__(self, encoder: str, row: SimCSERow, device: str | None) -> None:
        self.encoder, self.row, self.device = encoder, row, device
        self._last: tuple[tuple[int, str], TransformerEncoder] | None = None

    def fresh(self) -> TransformerEncoder:
        """Return the encoder as it is before any training."""
        return trainable(load_encoder(self.encoder, pooling=self.row.pooling, device=self.device))

    def trained(self, fit_set: FitSet, seed: int) -> TransformerEncoder:
        """Return the encoder trained on some sentences."""
        key = (seed, _digest(fit_set.texts))
        if self._last is None or self._last[0] != key:
            encoder = self.fresh()
            train_simcse(
                encoder,
                fit_set.texts,
                replace(self.row.settings, seed=seed),
                temperature=self.row.temperature,
                hidden_dropout=self.row.hidden_dropout,
                attention_dropout=self.row.attention_dropout,
            )
            self._last = (key, encoder)
        return self._last[1]


class _Cells:
    """The cells of one set and one row, filled seed by seed."""

    def __init__(self, pairs: Pairs, trainer: _Trainer, folder: Path | None) -> None:
        self.pairs, self.trainer, self.row, self.folder = pairs, trainer, trainer.row, folder
        fresh = trainer.fresh()
        self.fit_set = read_fit_set(pairs, self.row.fit_on)
        self.ways = check_components(self.row.n_components, fresh.width)
        self.facts = self._facts(fresh, self.fit_set)
        self.cells: dict[str | int, dict[int, float]] = {way: self._known(way) for way in self.ways}
        self.seconds = 0.0

    @property
    def results(self) -> list[Result]:
        """The cells as records, with the seeds asked for."""
        return [self._result(way, {seed: self.cells[way][seed] for seed in self.row.seeds}) for way in self.ways]

    def add(self, seed: int) -> None:
        """Train with a seed and score every whitening, unless all of them are known."""
        if all(seed in values for values in self.cells.values()):
            return
        started = time.perf_counter()
        encoder = self.trainer.trained(self.fit_set, seed)
        encoded = encode_set(encoder, self.pairs, self.fit_set, [encoder.pooling])
        for way, value, _ in score_ways(encoded, encoder.pooling, self.ways):
            self.cells[way][seed] = value
        self.seconds += time.perf_counter() - started
        for way in self.ways:
            if self.folder is not None:
                self._result(way, self.cells[way]).save(self.folder)

    def _facts(self, encoder: TransformerEncoder, fit_set: FitSet) -> dict[str, Any]:
        """What could change a value, but for the seed and the whitening; as JSON has it, to be compared with a record."""
        settings = {key: value for key, value in asdict(self.row.settings).items() if key != "seed"}
        facts = {
            "encoder": encoder.name,
            "fingerprint": encoder.fingerprint(),
            "pooling": encoder.pooling,
            "training": self.row.training,
            "split": self.pairs.split,
            "fit_on": fit_set.name,
            "fit_texts": _digest(fit_set.texts),
            "max_pairs": self.row.max_pairs,
            "temperature": self.row.temperature,
            "hidden_dropout": self.row.hidden_dropout,
            "attention_dropout": self.row.attention_dropout,
            **settings,
        }
        return dict(json.loads(json.dumps(facts)))

    def _name(self, way: str | int) -> str:
        training = f"{self.row.training}{learned_elsewhere(self.fit_set)}"
        place = f"{spelled(self.facts['encoder'])}/{self.facts['pooling']}/{training}/{way}"
        return f"sts/{self.pairs.name}/{self.pairs.split}/{place}"

    def _known(self, way: str | int) -> dict[int, float]:
        """Values by seed of a record of the same settings, if there is one."""
        path = None if self.folder is None else self.folder / f"{self._name(way)}.json"
        if path is None or not path.is_file():
            return {}
        try:
            record = Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidValue(
                zh=f"{path} 不是完整的记录（{error}）；请删掉它再重跑。",
                en=f"{path} is not a whole record ({error}). Delete it and run again.",
            ) from error
        same = dict(record.settings) == self.facts | {"whitening": str(way)}
        return dict(zip(record.seeds, record.values, strict=True)) if same else {}

    def _result(self, way: str | int, values: dict[int, float]) -> Result:
        comparable = self.row.max_pairs is None and self.row.training == "simcse" and way == "raw"
        published = (
            published_simcse(self.facts["encoder"], self.facts["pooling"], self.pairs.name) if comparable else None
        )
        seeds = sorted(values)
        return Result(
            name=self._name(way),
            metric="spearman",
            values=tuple(values[seed] for seed in seeds),
            seeds=tuple(seeds),
            settings=self.facts | {"whitening": str(way)},
            data={self.pairs.file: f"sha256:{self.pairs.revision}"} | self.fit_set.data,
            num_examples=len(self.pairs),
            seconds=round(self.seconds, 1),
            command=self._command(),
            published=published,
            source=None if published is None else SIMCSE_SOURCE,
        )

    def _command(self) -> str:
        row = self.row
        words = ["baihua", "evaluate", "sts", self.pairs.name, "--encoder", self.trainer.encoder]
        words += ["--pooling", row.pooling, "--training", row.training, "--seeds", str(max(row.seeds) + 1)]
        words += ["--fit-on", self.fit_set.name] if self.fit_set.name != "target" else []
        words += ["--max-pairs", str(row.max_pairs)] if row.max_pairs is not None else []
        return shlex.join(words)


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
