"""``baihua study``: measure an article's claims again, and change a knob to see what happens."""

from typing import Annotated, Any

import typer

from baihua.checks import InvalidValue
from baihua.cli import console
from baihua.cli.help import both
from baihua.cli.options import SaveFolder
from baihua.cli.root import app
from baihua.cli.verb import verb
from baihua.language import language, say

Study = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help=both(zh="哪一项研究，如 whitening，或 all。", en="The study, such as whitening, or all.")
    ),
]
ListOnly = Annotated[
    bool, typer.Option("--list", help=both(zh="只列出各条论断与旋钮。", en="Only list the claims and their knobs."))
]
ClaimNumber = Annotated[
    str | None,
    typer.Option("--claim", metavar="N", help=both(zh="只测第 N 条。", en="Only measure claim N.")),
]
Knobs = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KNOB=VALUE",
        help=both(
            zh="转动一个旋钮，与默认结果并排显示；可多次给出。",
            en="Turn a knob and show the verdict beside the default's; may be given several times.",
        ),
    ),
]
Scale = Annotated[
    str,
    typer.Option(
        "--scale",
        metavar="small|full",
        help=both(zh="small：不到两分钟；full：全部数据。", en="small: under two minutes; full: all the data."),
    ),
]
PlotFolder = Annotated[
    str | None,
    typer.Option("--plots", metavar="FOLDER", help=both(zh="把图画进这个文件夹。", en="Draw plots into this folder.")),
]


@verb(
    app,
    "study",
    zh="重新测量一篇文章的论断，给出成立、不成立或此处无法检验。",
    en="Measure an article's claims again: confirmed, not confirmed, or not testable here.",
)
def study(
    name: Study,
    list_only: ListOnly = False,
    claim: ClaimNumber = None,
    knobs: Knobs = None,
    scale: Scale = "small",
    plots: PlotFolder = None,
    save: SaveFolder = None,
) -> None:
    """Measure the claims of a study, or list them."""
    number = console.whole_number("--claim", claim)
    from baihua.studies.claims import STUDIES, load_study, parse_knobs, run_claim

    studies = tuple(STUDIES) if name == "all" else (name,)
    claims = _chosen([item for each in studies for item in load_study(each)], number)
    if list_only:
        console.answer({"study": name, "claims": [_listed(item) for item in claims]}, _list_text(claims))
        return
    if knobs and len(claims) > 1:
        raise InvalidValue(
            zh="--set 要和 --claim N 一起用，因为每条论断有自己的旋钮。",
            en="--set goes with --claim N, since every claim has knobs of its own.",
        )
    records, blocks = [], []
    for item in claims:
        turned = parse_knobs(item, knobs or [])
        verdicts = [run_claim(item, scale=scale, plot_folder=plots, record_folder=save)]
        if turned:
            verdicts.append(run_claim(item, turned, scale=scale))
        if save:
            verdicts[0].save(save)
        records += [_judged(verdict) for verdict in verdicts]
        blocks.append(_side_by_side(verdicts, turned))
        if len(claims) > 1:
            console.note(say(zh=f"第 {item.number} 条测完。", en=f"Claim {item.number} is measured."))
    console.answer({"study": name, "verdicts": records}, "\n\n".join(blocks))


def _chosen(claims: list[Any], number: int | None) -> list[Any]:
    chosen = [claim for claim in claims if number in (None, claim.number)]
    if not chosen:
        numbers = ", ".join(str(claim.number) for claim in claims)
        raise InvalidValue(
            zh=f"没有第 {number} 条论断，有的是：{numbers}。",
            en=f"There is no claim {number}. There are claims {numbers}.",
        )
    return chosen


def _listed(claim: Any) -> dict[str, Any]:
    return {
        "number": claim.number,
        "claim": dict(claim.claim),
        "source": claim.source,
        "published": claim.published,
        "knobs": dict(claim.knobs),
    }


def _list_text(claims: list[Any]) -> str:
    blocks = []
    for claim in claims:
        knobs = " ".join(f"{knob}={_knob_text(value)}" for knob, value in claim.knobs.items())
        blocks.append(
            f"{claim.number}. {claim.claim[language()]}\n"
            + say(zh=f"   出处：{claim.source}\n   旋钮：{knobs}", en=f"   source: {claim.source}\n   knobs: {knobs}")
        )
    return "\n".join(blocks)


def _knob_text(value: Any) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, tuple) else str(value)


def _judged(verdict: Any) -> dict[str, Any]:
    return {
        "number": verdict.number,
        "outcome": verdict.outcome,
        "reason": dict(verdict.reason),
        "settings": dict(verdict.settings),
        "plot": verdict.plot,
    }


def _side_by_side(verdicts: list[Any], turned: dict[str, Any]) -> str:
    from baihua.studies.report import outcome_words

    first = verdicts[0]
    changed = " ".join(f"{knob}={_knob_text(value)}" for knob, value in turned.items())
    rows = [
        (label, outcome_words(verdict.outcome), verdict.reason[language()])
        for label, verdict in zip((say(zh="默认", en="default"), changed), verdicts, strict=False)
    ]
    heading = f"{first.article} {first.number}. {first.claim[language()]}"
    published = [say(zh=f"  文章：{first.published}", en=f"  published: {first.published}")] if first.published else []
    return "\n".join([heading, *published, *("  " + line for line in console.align(rows).splitlines())])
