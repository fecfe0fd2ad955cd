"""Write docs/encoder.md: every encoder on every job, from the results of recipes/compare_encoders.py.

Task: a page to read, with one table a job; nothing is measured here.
Data: results/encoder.
Command: python recipes/encoder_page.py [--results results] [--page docs/encoder.md]
Score: none. What stands between <!-- training --> and <!-- /training --> is written by hand and kept.
"""

import argparse
import re
import statistics
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from baihua.benchmarks.pairs import STS_SETS
from baihua.files import write_text
from baihua.results import Result, load_records

ENCODERS = {
    "random": "random weights",
    "tfidf": "TF-IDF",
    "static": "static",
    "bootstrap": "first version (AdamW, 10.2 M tokens)",
    "20261123-0912": "Muon, 19.5 M tokens",
    "6x256": "6 layers, 517 M tokens",
    "20261127-mixed": "bundled, gone on with, half in rows of 512",
    "bundled": "**bundled** (4 layers, 671 M tokens)",
}
SHIPPED = "bundled"  # whose weights are in the package
WAYS = {"raw": "raw", "full": "whitened"}
TEMPLATE = Path(__file__).with_suffix(".template.md")
NO_FIGURE = "no figure found"
BLOCK = re.compile(r"<!-- training -->\n(.*?)<!-- /training -->", re.DOTALL)
UNWRITTEN = "\n_Nothing is written here yet._\n\n"

# What others published. None of it was measured here; "–" where the source has no such figure.
PUBLISHED: Mapping[str, Mapping[str, object]] = {
    "sts": {
        "columns": ("model", *STS_SETS, "mean", "source"),
        "rows": (
            (
                "BERT-base, first-last-avg, raw",
                *("24.51", "38.81", "64.75", "15.12", "61.66", "40.97"),
                "https://kexue.fm/archives/8348, on splits of its own",
            ),
            (
                "SimBERT-tiny (4 × 312, trained with question pairs), first-last-avg, raw",
                *("27.77", "41.76", "67.55", "15.06", "62.92", "43.01"),
                "https://kexue.fm/archives/8321, on splits of its own",
            ),
            (
                "SimBERT-tiny, [CLS], raw",
                *("30.51", "44.25", "74.27", "16.01", "70.11", "47.03"),
                "https://kexue.fm/archives/8321, on splits of its own",
            ),
            ("RoBERTa-tiny-clue (7.5 M parameters)", *["–"] * 6, NO_FIGURE),
        ),
    },
    "tasks": {
        "columns": ("model", "TNEWS dev, accuracy", "CLUENER dev, F1", "source"),
        "rows": (
            (
                "BERT-base, fine-tuned",
                "56.09",
                "–",
                "README of CLUEbenchmark/CLUE; TNEWS with its 53 360 training headlines",
            ),
            (
                "BERT-base, fine-tuned, names with GlobalPointer",
                "56.80",
                "79.45",
                "https://kexue.fm/archives/9138; TNEWS with its 53 360 training headlines",
            ),
            (
                "ALBERT-tiny, fine-tuned",
                "53.55",
                "–",
                "README of CLUEbenchmark/CLUE; TNEWS with its 53 360 training headlines",
            ),
            ("RoBERTa-tiny-clue (7.5 M parameters)", "–", "–", NO_FIGURE),
            ("SimBERT-tiny", "–", "–", NO_FIGURE),
        ),
    },
}

Records = Mapping[str, Result]


def cell(result: Result | None, scale: float = 100, digits: int = 2) -> str:
    """A score x 100, with its spread over seeds where there are several."""
    if result is None:
        return "–"
    return f"{scale * result.mean:.{digits}f}" + (
        f" ± {scale * result.spread:.{digits}f}" if len(result.values) > 1 else ""
    )


def mean_cell(results: Sequence[Result | None]) -> str:
    """The mean over sets, seed by seed; a dash where a set is missing."""
    present = [result for result in results if result is not None]
    if len(present) < len(results):
        return "–"
    means = [100 * statistics.fmean(values) for values in zip(*(result.values for result in present), strict=True)]
    return f"{statistics.fmean(means):.2f}" + (f" ± {statistics.stdev(means):.2f}" if len(means) > 1 else "")


def width(text: str) -> int:
    """How many columns a text takes on a screen; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns stand under each other, words to the left and numbers to the right."""
    lines = [list(columns), *map(list, rows)]
    widths = [max(width(line[place]) for line in lines) for place in range(len(columns))]
    numeric = [place > 0 and columns[place] != "source" for place in range(len(columns))]

    def spell(line: Sequence[str]) -> str:
        parts = []
        for text, wide, right in zip(line, widths, numeric, strict=True):
            padding = " " * (wide - width(text))
            parts.append(padding + text if right else text + padding)
        return f"| {' | '.join(parts)} |"

    rule = "| " + " | ".join("-" * (w - 1) + (":" if r else "-") for w, r in zip(widths, numeric, strict=True)) + " |"
    return "\n".join([spell(lines[0]), rule, *map(spell, lines[1:])])


def sts_rows(records: Records) -> list[list[str]]:
    """Encoders by whitening: five sets and their mean."""
    rows = []
    for name, title in ENCODERS.items():
        for way, called in WAYS.items():
            found = [records.get(f"{name}/sts/{dataset}/{way}/spearman") for dataset in STS_SETS]
            if any(found):
                rows.append([f"{title}, {called}", *map(cell, found), mean_cell(found)])
    return rows


def retrieval_rows(records: Records) -> list[list[str]]:
    """Encoders by whitening: accuracy at 1 and MRR at 10 on both sets."""
    rows = []
    for name, title in ENCODERS.items():
        for way, called in WAYS.items():
            keys = [
                f"{dataset}/{way}/{metric}" for dataset in ("LCQMC", "BQ") for metric in ("accuracy_at_1", "mrr@10")
            ]
            found = [records.get(f"{name}/retrieval/{key}") for key in keys]
            if any(found):
                rows.append([f"{title}, {called}", *map(cell, found)])
    return rows


def plain_rows(records: Records, keys: Sequence[str]) -> list[list[str]]:
    """Encoders by the results of these names."""
    rows = []
    for name, title in ENCODERS.items():
        found = [records.get(f"{name}/{key}") for key in keys]
        if any(found):
            rows.append([title, *map(cell, found)])
    return rows


def masked_rows(records: Records) -> list[list[str]]:
    """Encoders by nats, bits and accuracy of hidden characters."""
    rows = []
    for name, title in ENCODERS.items():
        loss, bits, right = (records.get(f"{name}/masked/{metric}") for metric in ("loss", "bits", "accuracy"))
        if loss is not None:
            rows.append([title, cell(loss, 1, 3), cell(bits, 1, 3), cell(right), str(loss.num_examples)])
    return rows


def standings(records: Records) -> tuple[list[str], list[str], list[str]]:
    """The scores on which the bundled encoder is above both floors, and those on which it is not, and missing ones.

    Where an encoder has a raw and a whitened score, each row counts with the better of the two.
    """
    cells = {f"STS {name}": [f"sts/{name}/{way}/spearman" for way in WAYS] for name in STS_SETS}
    for name in ("LCQMC", "BQ"):
        cells[f"retrieval {name}, accuracy at 1"] = [f"retrieval/{name}/{way}/accuracy_at_1" for way in WAYS]
    cells |= {"TNEWS": ["probe/TNEWS-DataCLUE/accuracy"], "waimai": ["probe/waimai_10k/accuracy"]}
    cells |= {"CLUENER": ["cluener/f1"]}
    above, below, missing = [], [], []
    for title, keys in cells.items():
        best = {
            name: max((records[f"{name}/{key}"].mean for key in keys if f"{name}/{key}" in records), default=None)
            for name in (SHIPPED, "static", "tfidf")
        }
        floors = [name for name in ("static", "tfidf") if best[name] is not None]
        if best[SHIPPED] is None or "static" not in floors:
            missing.append(title)
            continue
        spelled = ", ".join(f"{'TF-IDF' if name == 'tfidf' else name} {100 * best[name]:.1f}" for name in floors)
        line = f"{title}: {100 * best[SHIPPED]:.1f} ({spelled})"
        (above if best[SHIPPED] > max(best[name] for name in floors) else below).append(line)
    return above, below, missing


def summary(records: Records) -> tuple[str, str]:
    """The short Chinese text on top, and the English one on where the bundled encoder wins."""
    above, below, missing = standings(records)
    mean = {way: mean_cell([records.get(f"{SHIPPED}/sts/{name}/{way}/spearman") for name in STS_SETS]) for way in WAYS}
    bits = cell(records.get(f"{SHIPPED}/masked/bits"), 1, 2)
    chinese = (
        f"随包编码器在五个相似度数据集上的平均斯皮尔曼相关（×100）：原始 {mean['raw']}，白化后 {mean['full']}"
        f"（文章公布的 BERT-base：41.0，划分不同）；留出文本里遮住的汉字，平均每个 {bits} 比特。"
        f"与静态编码器和 TF-IDF 相比，{len(above) + len(below)} 项里有 {len(above)} 项胜过两者，"
        f"{len(below)} 项没有" + (f"，{len(missing)} 项还没有测" if missing else "") + "；详见下面的表。"
    )
    english = "\n".join(
        [
            "The bundled encoder has to beat both floors, the static encoder and TF-IDF. Each with the better of its raw "
            "and whitened score:",
            "",
            f"- Above both ({len(above)}): {'; '.join(above) or 'none'}.",
            f"- Not above both ({len(below)}): {'; '.join(below) or 'none'}.",
            *([f"- Not measured yet: {'; '.join(missing)}."] if missing else []),
        ]
    )
    return chinese, english


def page(records: Records, training: str) -> str:
    """The whole page: the template beside this file with every table in its place."""
    chinese, english = summary(records)
    probes = ["probe/TNEWS-DataCLUE/accuracy", "probe/waimai_10k/accuracy"]
    names = [f"cluener/{metric}" for metric in ("f1", "precision", "recall")]
    retrieval = ("encoder", "LCQMC acc@1", "LCQMC MRR@10", "BQ acc@1", "BQ MRR@10")
    return TEMPLATE.read_text(encoding="utf-8").format(
        chinese=chinese,
        english=english,
        training=training,
        sts=table(("encoder", *STS_SETS, "mean"), sts_rows(records)),
        retrieval=table(retrieval, retrieval_rows(records)),
        probes=table(("encoder", "TNEWS", "waimai"), plain_rows(records, probes)),
        names=table(("encoder", "F1", "precision", "recall"), plain_rows(records, names)),
        hidden=table(("encoder", "nats", "bits", "accuracy", "characters"), masked_rows(records)),
        **{f"published_{name}": table(facts["columns"], facts["rows"]) for name, facts in PUBLISHED.items()},
    )


def main() -> None:
    """Read the results, keep what was written by hand, write the page."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--results", default="results", help="the folder that holds encoder/")
    options.add_argument("--page", default="docs/encoder.md", help="where to write")
    chosen = options.parse_args()
    results, _ = load_records(Path(chosen.results) / "encoder")
    target = Path(chosen.page)
    kept = BLOCK.search(target.read_text(encoding="utf-8")) if target.is_file() else None
    records = {result.name.removeprefix("encoder/"): result for result in results}
    write_text(target, page(records, kept.group(1) if kept else UNWRITTEN))
    print(f"{target}: {len(records)} results")


if __name__ == "__main__":
    main()
