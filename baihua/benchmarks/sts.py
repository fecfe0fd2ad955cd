"""Sentence similarity on five Chinese sets: every pooling of an encoder, as it is, whitened, and whitened to k.

An encoder reads each distinct sentence once; all poolings and whitenings are scored from those vectors. The score
is Spearman's rank correlation between the cosine of a pair and its label.
"""

import math
import shlex
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from statistics import fmean, stdev

from baihua.benchmarks.agreement import pair_cosines, spearman
from baihua.benchmarks.datasets import find_dataset
from baihua.benchmarks.pairs import STS_SETS, Pairs, read_pairs
from baihua.benchmarks.published import SOURCE, published_spearman
from baihua.benchmarks.sts_vectors import (
    FitOn,
    FitSet,
    FitTexts,
    SetVectors,
    check_fit_on,
    encode_set,
    read_fit_set,
    whiten,
)
from baihua.checks import InvalidType, InvalidValue, check_choice, check_texts
from baihua.encoders.pooling import ALIASES
from baihua.encoders.protocol import Encoder
from baihua.results import Result

__all__ = ["STS_SETS", "Pairs", "default_components", "evaluate_sts", "read_pairs", "spearman", "sts_table"]


@dataclass(frozen=True)
class _Plan:
    """What is asked for, the same for every set."""

    split: str
    poolings: tuple[str, ...]
    n_components: tuple[str | int, ...]
    fit_on: FitOn
    max_pairs: int | None
    fingerprint: str


@dataclass(frozen=True)
class _Measured:
    """One score of a set and how it was come by."""

    pooling: str
    whitening: str
    value: float
    seconds: float
    effective_rank: int | None


def evaluate_sts(
    encoder: Encoder,
    names: Sequence[str] = STS_SETS,
    *,
    split: str = "valid",
    poolings: Sequence[str] | None = None,
    n_components: Sequence[str | int] | None = None,
    fit_on: FitOn = "target",
    max_pairs: int | None = None,
) -> list[Result]:
    """Score an encoder on the STS sets, raw and whitened.

    Args:
        encoder: what `load_encoder` returns, or anything of that form.
        names: which of `STS_SETS`.
        split: ``"valid"`` or ``"test"`` (choose settings on ``"valid"`` only).
        poolings: which poolings (the article's P1 to P4 are understood); None for all the encoder has.
        n_components: whitenings to score: ``"raw"`` for none, ``"full"``, or a number k of components to keep.
            None means ``("raw", "full", k)`` with k from `default_components`.
        fit_on: the sentences a whitening is fitted on: ``"target"`` for those of the scored pairs themselves (labels
            unused, as in the article, which takes all splits), ``"train"`` for the train split (STS-B only), or
            `FitTexts` from elsewhere.
        max_pairs: score at most this many pairs of each set, evenly spaced over the file; None for all.

    Returns:
        One result per set, pooling and whitening, named ``sts/SET/SPLIT/ENCODER/POOLING/WHITENING``. Its ``seconds``
        are those of encoding the set, in which all its poolings share, and of its own whitening and scoring.

    Raises:
        InvalidValue: for an unknown set, split, pooling or whitening.
        FileProblem: when a set is not on this machine, saying how to get it.

    Source:
        https://kexue.fm/archives/8321.
    """
    chosen = encoder.poolings if poolings is None else check_texts(poolings, "poolings")
    plan = _Plan(
        split=split,
        poolings=tuple(check_choice("pooling", pooling, encoder.poolings, ALIASES) for pooling in chosen),
        n_components=check_components(n_components, encoder.width),
        fit_on=check_fit_on(fit_on),
        max_pairs=max_pairs,
        fingerprint=encoder.fingerprint(),
    )
    records = [find_dataset(name).name for name in check_texts(names, "names")]
    return [result for name in records for result in _evaluate_set(encoder, name, plan)]


def default_components(width: int) -> int:
    """Return how many components to keep by default: about a third of the width, in steps of 128.

    The article keeps 256 of 768, 384 of 1024 and 128 of 384 or 312. Below 256 it is half the width.

    Example:
        >>> [default_components(width) for width in (312, 384, 768, 1024)]
        [128, 128, 256, 384]
    """
    return math.ceil(width / 3 / 128) * 128 if width >= 256 else max(1, width // 2)


def sts_table(results: Iterable[Result]) -> list[dict[str, object]]:
    """Arrange STS results as rows to print: one per encoder, pooling and split.

    Args:
        results: what `evaluate_sts` and `baihua.benchmarks.sts_simcse.evaluate_simcse` returned, from one or several
            encoders.

    Returns:
        Rows with ``"encoder"`` (``"NAME + simcse"`` after a training), ``"pooling"``, ``"split"``, ``"fit_on"``,
        ``"whitenings"`` (such as ``["raw", "full", "256"]``), then for each set and for ``"mean"`` a list of scores
        x 100 in that order, None where there is none. The mean is over all the sets of the table, so it is None where
        one is missing; ``"spread"`` is its standard deviation over seeds, None where there is one alone. Where an
        article has figures for a row, they follow as one more, its encoder called ``"NAME (published)"``.
    """
    scores: dict[tuple[str, str, str, str], dict[str, dict[str, tuple[float, ...]]]] = {}
    for result in results:
        facts = result.settings
        trained = f" + {facts['training']}" if "training" in facts else ""
        name, others = facts["encoder"] + trained, (facts["pooling"], facts["split"], facts["fit_on"])
        row = scores.setdefault((name, *others), {})
        row.setdefault(facts["whitening"], {})[result.name.split("/")[1]] = result.values
        if result.published is not None:
            row = scores.setdefault((f"{name} (published)", *others), {})
            row.setdefault(facts["whitening"], {})[result.name.split("/")[1]] = (result.published,)
    sets = [name for name in STS_SETS if any(name in cells for row in scores.values() for cells in row.values())]
    return [_table_row(key, row, sets) for key, row in scores.items()]


def _table_row(
    key: tuple[str, str, str, str], row: dict[str, dict[str, tuple[float, ...]]], sets: Sequence[str]
) -> dict[str, object]:
    encoder, pooling, split, fit_on = key
    whitenings = sorted(row, key=_whitening_order)
    scores = {name: [100 * fmean(row[way][name]) if name in row[way] else None for way in whitenings] for name in sets}
    means = [_mean_or_none(cells) for cells in zip(*scores.values(), strict=True)]
    spreads = [_spread_of_mean([row[way].get(name, ()) for name in sets]) for way in whitenings]
    heading = {"encoder": encoder, "pooling": pooling, "split": split, "fit_on": fit_on, "whitenings": whitenings}
    return {**heading, **scores, "mean": means, "spread": spreads}


def _spread_of_mean(values: Sequence[tuple[float, ...]]) -> float | None:
    """Return the standard deviation of the mean over sets, ×100, from each set's values by seed."""
    num_seeds = {len(of_set) for of_set in values}
    if len(num_seeds) > 1 or max(num_seeds) < 2:
        return None
    return 100 * stdev(fmean(of_seed) for of_seed in zip(*values, strict=True))


def check_components(n_components: Sequence[str | int] | None, width: int) -> tuple[str | int, ...]:
    """Return the ways of whitening, each once; the default ones for None.

    Raises:
        InvalidValue: for a number of components that the width does not have, or another word.
        InvalidType: for a single way instead of a sequence.
    """
    if n_components is None:
        return ("raw", "full", default_components(width))
    if isinstance(n_components, (str, int)):
        raise InvalidType(
            zh=f"n_components 应是一列，收到 {n_components!r}；请写成 [{n_components!r}]。",
            en=f"n_components must be a sequence, but received {n_components!r}. Write [{n_components!r}] instead.",
        )
    checked: list[str | int] = []
    for item in n_components:
        if isinstance(item, str):
            checked.append(check_choice("n_components", item, ("raw", "full")))
        elif isinstance(item, Integral) and 1 <= item <= width:
            checked.append(int(item))
        else:
            raise InvalidValue(
                zh=f"n_components 的 {item} 应在 1 与向量宽度 {width} 之间，或为 'raw'、'full'。",
                en=f"{item} in n_components must lie between 1 and the vectors' width {width}, or be 'raw' or 'full'.",
            )
    return tuple(dict.fromkeys(checked))


def _evaluate_set(encoder: Encoder, name: str, plan: _Plan) -> list[Result]:
    pairs = read_pairs(name, plan.split).thin(plan.max_pairs)
    encoded = encode_set(encoder, pairs, read_fit_set(pairs, plan.fit_on), plan.poolings)
    results = []
    for pooling in plan.poolings:
        start = time.perf_counter()
        for item, value, rank in score_ways(encoded, pooling, plan.n_components):
            seconds = encoded.seconds + time.perf_counter() - start
            measured = _Measured(pooling, str(item), value, seconds, None if item == "raw" else rank)
            results.append(_result(encoder, encoded, plan, measured))
    return results


def score_ways(
    encoded: SetVectors, pooling: str, n_components: Sequence[str | int]
) -> Iterator[tuple[str | int, float, int | None]]:
    """Yield each way of whitening with Spearman's correlation and the effective rank of the fit."""
    first, second = encoded.rows_of(encoded.pairs.first), encoded.rows_of(encoded.pairs.second)
    vectors = encoded.vectors[pooling]
    ways, rank = whiten(vectors, vectors[encoded.rows_of(encoded.fit_set.texts)], n_components)
    for item, kept in ways.items():
        yield item, spearman(pair_cosines(kept, first, second), encoded.pairs.labels), rank


def _result(encoder: Encoder, encoded: SetVectors, plan: _Plan, measured: _Measured) -> Result:
    pairs, fit_set = encoded.pairs, encoded.fit_set
    pooling, whitening = measured.pooling, measured.whitening
    raw = whitening == "raw"
    elsewhere = "" if raw else learned_elsewhere(fit_set)
    settings = {
        "encoder": encoder.name,
        "fingerprint": plan.fingerprint,
        "max_length": encoder.max_length,
        "pooling": pooling,
        "whitening": whitening,
        "fit_on": fit_set.name,
        "fit_set": None if raw else fit_set.spelled,
        "num_fit_sentences": None if raw else len(fit_set.texts),
        "effective_rank": measured.effective_rank,
        "split": plan.split,
        "max_pairs": plan.max_pairs,
        "skipped_lines": pairs.skipped,
    }
    comparable = plan.max_pairs is None and (raw or fit_set.name == "target")
    published = published_spearman(encoder.name, pooling, whitening, pairs.name) if comparable else None
    return Result(
        name=f"sts/{pairs.name}/{plan.split}/{spelled(encoder.name)}/{pooling}/{whitening}{elsewhere}",
        metric="spearman",
        values=(measured.value,),
        settings=settings,
        data={pairs.file: f"sha256:{pairs.revision}"} | ({} if raw else fit_set.data),
        num_examples=len(pairs),
        seconds=round(measured.seconds, 3),
        command=_command(encoder, pairs.name, plan),
        published=published,
        source=None if published is None else SOURCE,
    )


def spelled(encoder: str) -> str:
    """Return the name of an encoder as a folder of records can be called.

    Example:
        >>> spelled("google-bert/bert-base-chinese")
        'google-bert_bert-base-chinese'
    """
    return encoder.replace("\\", "/").strip("/").replace("/", "_").replace(":", "_")


def learned_elsewhere(fit_set: FitSet) -> str:
    """Return what the name of a record ends in where its whitening or training learned from other sentences."""
    return "" if fit_set.name == "target" else f"-on-{spelled(fit_set.name).replace('.', '-')}"


def _command(encoder: Encoder, name: str, plan: _Plan) -> str:
    words = ["baihua", "evaluate", "sts", name, "--encoder", encoder.name, "--split", plan.split]
    fit_on = plan.fit_on.name if isinstance(plan.fit_on, FitTexts) else plan.fit_on
    if fit_on != "target":
        words += ["--fit-on", fit_on]
    if plan.max_pairs is not None:
        words += ["--max-pairs", str(plan.max_pairs)]
    return shlex.join(words)


def _whitening_order(whitening: str) -> tuple[int, int]:
    return (("raw", "full").index(whitening), 0) if whitening in ("raw", "full") else (2, -int(whitening))


def _mean_or_none(values: Sequence[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present and len(present) == len(values) else None
