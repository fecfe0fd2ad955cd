"""The record of a number and of a claim: what was measured, on what, with what, how often, and how it came out.

A `Result` is a number with everything needed to measure it again. A `Verdict` puts results beside a published
claim. Both are frozen, are saved as JSON, and read the same whatever the language of the terminal.
"""

import importlib.metadata
import json
import math
import platform
import shlex
import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from baihua.checks import FileProblem, InvalidValue, check_choice
from baihua.files import write_text

OUTCOMES = ("confirmed", "not confirmed", "not testable here")
RECORDED_PACKAGES = ("baihua", "torch", "transformers", "tokenizers", "numpy", "scipy", "scikit-learn")


def package_versions(packages: Iterable[str] = RECORDED_PACKAGES) -> dict[str, str]:
    """Return the installed versions of the packages a number depends on, and of Python.

    Example:
        >>> "numpy" in package_versions()
        True
    """
    versions = {"python": platform.python_version()}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def this_command() -> str:
    """Return the command line of this process, as it could be typed again."""
    program = Path(sys.argv[0]).name or "python"
    return shlex.join(["baihua" if program == "__main__.py" else program, *sys.argv[1:]])


@dataclass(frozen=True)
class Result:
    """A number, measured once per seed.

    Args:
        name: what was measured, as a path: ``"sts/STS-B/valid/bundled/mean/raw"``.
        metric: the field's name of the number, such as ``"spearman"``. Scores are fractions.
        values: one value per seed. A number without luck has one.
        seeds: the seeds, in the order of ``values``; empty when there is no luck in it.
        settings: every choice that could change the number.
        data: each data file used, with its revision (a sha256, or repository and commit).
        num_examples: how many examples the number is over.
        seconds: wall time it took.
        command: the command that measures it again.
        versions: the versions of the packages used.
        published: the published figure for the same thing, on the same scale, if there is one.
        source: where the published figure stands.

    Raises:
        InvalidValue: when there is no value, or seeds and values differ in number.

    Example:
        >>> result = Result("sts/toy", "spearman", (0.5, 0.7), seeds=(0, 1))
        >>> round(result.mean, 3), round(result.spread, 3)
        (0.6, 0.141)
    """

    name: str
    metric: str
    values: tuple[float, ...]
    seeds: tuple[int, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    num_examples: int | None = None
    seconds: float | None = None
    command: str = field(default_factory=this_command)
    versions: Mapping[str, str] = field(default_factory=package_versions)
    published: float | None = None
    source: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(float(value) for value in self.values))
        object.__setattr__(self, "seeds", tuple(self.seeds))
        if not self.values or (self.seeds and len(self.seeds) != len(self.values)):
            raise InvalidValue(
                zh=f"结果 {self.name} 需要每个种子一个值，收到 {len(self.values)} 个值、{len(self.seeds)} 个种子。",
                en=f"Result {self.name} needs one value per seed, but received {len(self.values)} values "
                f"and {len(self.seeds)} seeds.",
            )

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float:
        """The sample standard deviation over seeds; 0 when there is one value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    def to_json(self) -> str:
        """Return the record as JSON text; NaN becomes null."""
        return _dump({"kind": "result", **asdict(self)})

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Build a result from a record read back from JSON."""
        known = _known_fields(cls, record)
        known["values"] = tuple(math.nan if value is None else value for value in known["values"])
        return cls(**known)

    def save(self, folder: str | Path) -> Path:
        """Write the record to ``folder/NAME.json`` and return the path."""
        path = Path(folder) / f"{self.name}.json"
        write_text(path, self.to_json())
        return path


@dataclass(frozen=True)
class Verdict:
    """A published claim and how it came out here.

    Args:
        article: the article's short name, such as ``"whitening"``.
        number: the claim's number within the article.
        claim: the claim, as ``{"zh": …, "en": …}``.
        source: where it is made.
        outcome: one of ``"confirmed"``, ``"not confirmed"``, ``"not testable here"``.
        reason: the measurement that decides, or why it cannot be tested here, as ``{"zh": …, "en": …}``.
        published: the published figure in the article's own words, if there is one.
        results: the results it rests on.
        settings: the knobs it was measured with.
        plot: file name of the plot, if there is one.

    Raises:
        InvalidValue: for another outcome, or a claim that lacks a language.
    """

    article: str
    number: int
    claim: Mapping[str, str]
    source: str
    outcome: str
    reason: Mapping[str, str]
    published: str | None = None
    results: tuple[Result, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    plot: str | None = None

    def __post_init__(self) -> None:
        check_choice("outcome", self.outcome, OUTCOMES)
        object.__setattr__(self, "results", tuple(self.results))
        for text in (self.claim, self.reason):
            if not (text.get("zh") and text.get("en")):
                raise InvalidValue(
                    zh=f"{self.article} 第 {self.number} 条缺少中文或英文：{dict(text)}。",
                    en=f"Claim {self.number} of {self.article} lacks Chinese or English: {dict(text)}.",
                )

    @property
    def name(self) -> str:
        """The record's path: ``"study/whitening/claim-03"``."""
        return f"study/{self.article}/claim-{self.number:02d}"

    def to_json(self) -> str:
        """Return the record as JSON text; NaN becomes null."""
        return _dump({"kind": "verdict", **asdict(self)})

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Build a verdict from a record read back from JSON."""
        known = _known_fields(cls, record)
        known["results"] = tuple(Result.from_dict(result) for result in known.get("results", ()))
        return cls(**known)

    def save(self, folder: str | Path) -> Path:
        """Write the record to ``folder/NAME.json`` and return the path."""
        path = Path(folder) / f"{self.name}.json"
        write_text(path, self.to_json())
        return path


def load_records(folder: str | Path) -> tuple[list[Result], list[Verdict]]:
    """Read every record below a folder, in the order of their names.

    Files that are JSON but no record of ours (tables from ``bench/``) are passed over.

    Raises:
        FileProblem: when the folder is missing.
        InvalidValue: when a file is not JSON, naming it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileProblem(zh=f"找不到结果文件夹 {root}。", en=f"There is no results folder {root}.")
    results, verdicts = [], []
    for path in sorted(root.rglob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidValue(
                zh=f"{path} 不是完整的 JSON：{error}。请删掉它再重跑。",
                en=f"{path} is not valid JSON: {error}. Delete it and measure again.",
            ) from error
        kind = record.get("kind") if isinstance(record, dict) else None
        if kind == "result":
            results.append(Result.from_dict(record))
        elif kind == "verdict":
            verdicts.append(Verdict.from_dict(record))
    return results, verdicts


def _known_fields(cls: Any, record: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(record, Mapping):
        kind = type(record).__name__
        raise InvalidValue(
            zh=f"记录应是 JSON 对象，收到 {kind}。",
            en=f"A record is an object of JSON, but received {kind}.",
        )
    names = {item.name for item in fields(cls)}
    return {name: value for name, value in record.items() if name in names}


def _dump(record: Mapping[str, Any]) -> str:
    return json.dumps(_without_nan(record), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _without_nan(value: Any) -> Any:
    """Replace NaN and infinities by None, since JSON has no word for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return value
