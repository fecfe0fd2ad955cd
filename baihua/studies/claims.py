"""A published claim, the knobs a reader may turn, and the measurement that judges it.

A study is a module or folder of `baihua.studies` with a tuple ``CLAIMS``. Each `Claim` holds a function from a
`Setting` to a `Measurement`; what decides stands in that function, written before anything is measured. `run_claim`
makes a `Verdict` of it. To see a claim weaken, run it again with a knob turned and put the verdicts side by side.
"""

import importlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from baihua.checks import FileProblem, InvalidValue, MissingPackage, check_choice
from baihua.language import say
from baihua.results import Result, Verdict

STUDIES: Mapping[str, str] = {
    "whitening": "baihua.studies.whitening",
    "simcse": "baihua.studies.simcse",
    "globalpointer": "baihua.studies.globalpointer",
    "ptuning": "baihua.studies.ptuning",
    "orthogonal": "baihua.studies.orthogonal",
    "vmf-vae": "baihua.studies.vmf_vae",
    "wgan": "baihua.studies.wgan",
    "clue": "baihua.studies.clue",
}
SCALES = ("small", "full")


@dataclass(frozen=True)
class Setting:
    """What a claim is measured with: every knob's value, the scale, whether to show a progress bar, and a folder of records.

    A measurement of many long parts looks there for those of the same settings before it measures them.
    """

    knobs: Mapping[str, Any]
    scale: str = "small"
    show_progress: bool | None = None
    record_folder: str | Path | None = None

    def __getitem__(self, knob: str) -> Any:
        return self.knobs[knob]


@dataclass(frozen=True)
class Measurement:
    """What was measured for a claim, and whether it holds.

    Args:
        holds: True or False, or None when it cannot be tested with these knobs.
        reason: the figures that decide, as ``{"zh": …, "en": …}``.
        results: the results the reason rests on.
        draw: draws the plot into the path it is given, for a claim worth a picture.
    """

    holds: bool | None
    reason: Mapping[str, str]
    results: tuple[Result, ...] = ()
    draw: Callable[[Path], object] | None = None


@dataclass(frozen=True)
class Claim:
    """A claim of an article that can be measured.

    Args:
        article: the article's short name, the same as its study's.
        number: the claim's number within the study, from 1.
        claim: the claim and how it is decided, as ``{"zh": …, "en": …}``.
        source: where it is made.
        published: the published figure in the article's own words, if there is one.
        knobs: each knob with its default, an int, float, string or tuple of these, which also says its type.
        run: measures it.
    """

    article: str
    number: int
    claim: Mapping[str, str]
    source: str
    published: str | None
    knobs: Mapping[str, Any]
    run: Callable[[Setting], Measurement]


def load_study(name: str) -> tuple[Claim, ...]:
    """Return the claims of a study in the order of their numbers.

    Example:
        >>> [claim.number for claim in load_study("whitening")][:3]
        [1, 2, 3]
    """
    module = importlib.import_module(STUDIES[check_choice("study", name, STUDIES)])
    claims: tuple[Claim, ...] = module.CLAIMS
    return claims


def parse_knobs(claim: Claim, assignments: Sequence[str]) -> dict[str, Any]:
    """Read words such as ``"k=64"`` and ``"sets=BQ,ATEC"`` into values of each knob's own type.

    Returns:
        The knobs named, with their values; the others keep their defaults in `run_claim`.

    Raises:
        InvalidValue: for a word without ``=``, an unknown knob (naming the nearest) or a value of the wrong kind.

    Example:
        >>> parse_knobs(load_study("whitening")[0], ["k=32", "scaling=0.5"])
        {'k': 32, 'scaling': 0.5}
    """
    knobs = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InvalidValue(
                zh=f"旋钮应写成 名字=值，收到 {assignment!r}。旋钮有：{', '.join(claim.knobs)}。",
                en=f"A knob is set as name=value, but received {assignment!r}. The knobs are {', '.join(claim.knobs)}.",
            )
        known = _known_knob(claim, name.strip())
        knobs[known] = _read(known, text.strip(), claim.knobs[known])
    return knobs


def run_claim(
    claim: Claim,
    knobs: Mapping[str, Any] | None = None,
    *,
    scale: str = "small",
    plot_folder: str | Path | None = None,
    record_folder: str | Path | None = None,
    show_progress: bool | None = None,
) -> Verdict:
    """Measure a claim and judge it.

    Args:
        claim: the claim.
        knobs: the knobs to turn, by name; the others keep their defaults.
        scale: ``"small"`` (seconds to two minutes) or ``"full"`` (all the data).
        plot_folder: where its plot goes, for a claim that has one. Without it nothing is drawn.
        record_folder: where records of long parts are kept and looked for, such as the cells of the similarity table.
        show_progress: True or False, or None for a bar only when standard error is a terminal.

    Returns:
        The verdict. Missing data, files or packages make it ``"not testable here"``, with what to do about it.

    Raises:
        InvalidValue: for an unknown knob or scale, or a value the measurement cannot use.
    """
    turned = {_known_knob(claim, name): value for name, value in (knobs or {}).items()}
    turned = {name: _read(name, value, claim.knobs[name]) for name, value in turned.items()}
    setting = Setting({**claim.knobs, **turned}, check_choice("scale", scale, SCALES), show_progress, record_folder)
    try:
        measured = claim.run(setting)
    except (FileProblem, MissingPackage) as error:
        measured = Measurement(None, {"zh": error.zh, "en": error.en})
    return Verdict(
        article=claim.article,
        number=claim.number,
        claim=claim.claim,
        source=claim.source,
        outcome={True: "confirmed", False: "not confirmed", None: "not testable here"}[measured.holds],
        reason=measured.reason,
        published=claim.published,
        results=measured.results,
        settings={**setting.knobs, "scale": scale},
        plot=_draw(measured, f"{claim.article}-claim-{claim.number:02d}.png", plot_folder),
    )


def _draw(measured: Measurement, name: str, folder: str | Path | None) -> str | None:
    """Draw the plot and return its name; a missing plotting package costs the plot, not the verdict."""
    if folder is None or measured.draw is None:
        return None
    try:
        measured.draw(Path(folder) / name)
    except MissingPackage as missing:
        warnings.warn(say(zh=f"没有画图：{missing.zh}", en=f"No plot: {missing.en}"), stacklevel=3)
        return None
    return name


def _known_knob(claim: Claim, name: str) -> str:
    if not claim.knobs:
        raise InvalidValue(zh=f"第 {claim.number} 条没有旋钮可调。", en=f"Claim {claim.number} has no knobs to turn.")
    return check_choice("knob", name, claim.knobs)


def _read(name: str, value: Any, default: Any) -> Any:
    """Return the value as the type of the default: a string is read, an int may stand for a float."""
    if isinstance(default, tuple) and value:
        words = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
        return tuple(_read(name, word, default[0]) for word in words)
    kind = type(default)
    try:
        if isinstance(value, kind) and value != ():
            return value
        if (isinstance(value, str) and kind is not tuple) or (kind is float and isinstance(value, int)):
            return kind(value)
    except ValueError:
        pass
    expected = {
        int: ("整数", "a whole number"),
        float: ("数", "a number"),
        str: ("文字", "a text"),
        tuple: ("用逗号分开的几个值", "values separated by commas"),
    }[kind]
    raise InvalidValue(
        zh=f"旋钮 {name} 应是{expected[0]}（默认 {default!r}），收到 {value!r}。",
        en=f"Knob {name} must be {expected[1]} (default {default!r}), but received {value!r}.",
    )
