"""Results to tables: one Markdown page, one self-contained HTML page, and the tables of the README.

The pages hold both languages side by side, so they do not depend on who made them. A README asks for a table by
two comment lines, ``<!-- report:begin articles zh -->`` and ``<!-- report:end -->``; what stands between them is
written from the results.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from baihua.benchmarks.sts import sts_table
from baihua.checks import InvalidValue, check_choice
from baihua.files import write_text
from baihua.language import LANGUAGES, say
from baihua.pages import Cell, Table, markdown_table, to_html, to_markdown
from baihua.results import OUTCOMES, Result, Verdict, load_records
from baihua.studies.articles import ARTICLES
from baihua.studies.claims import load_study

# Fractions, shown ×100; any other metric is shown as it is.
SCORES = ("accuracy", "exact_match", "f1", "mrr", "mrr@10", "precision", "recall", "spearman")
_OUTCOMES_ZH = dict(zip(OUTCOMES, ("成立", "不成立", "此处无法检验"), strict=True))
_BLOCK = re.compile(r"(<!-- report:begin((?: \w+){0,2}) -->\n).*?(<!-- report:end -->)", re.DOTALL)

TITLE = "测得的数与结论 · Numbers and verdicts"


def outcome_words(outcome: str) -> str:
    """Return a verdict's outcome in the current language."""
    return say(zh=_OUTCOMES_ZH[outcome], en=outcome)


def figure(result: Result) -> str:
    """Return a result as it stands in a table: ``"74.10"`` for a score, with its spread over seeds if it has one.

    Example:
        >>> figure(Result("sts/toy", "spearman", (0.5, 0.7), seeds=(0, 1)))
        '60.00 ± 14.14'
    """
    text = _number(result.mean, result.metric)
    return f"{text} ± {_number(result.spread, result.metric)}" if len(result.values) > 1 else text


def report_tables(results: Sequence[Result], verdicts: Sequence[Verdict]) -> list[Table]:
    """Group records into the tables of the report: verdicts by article, the STS table by split, everything else."""
    sts = [result for result in results if _is_sts(result)]
    others = [result for result in results if not _is_sts(result)]
    tables = [
        _verdict_table(article, [verdict for verdict in verdicts if verdict.article == article])
        for article in dict.fromkeys(verdict.article for verdict in verdicts)
    ]
    for split, fit_on in dict.fromkeys((result.settings["split"], result.settings["fit_on"]) for result in sts):
        table = sts_page_table([result for result in sts if _split_and_fit(result) == (split, fit_on)])
        heading = f"句对相似 · sentence similarity, {split}, whitening fitted on {fit_on}, Spearman × 100"
        tables.append(replace(table, heading=heading))
    if others:
        tables.append(_other_table(others))
    return tables


_STS_NAMES = ("encoder", "pooling", "whitening", "mean")


def sts_page_table(results: Sequence[Result], names: Sequence[str] = _STS_NAMES) -> Table:
    """Return the scores on sentence similarity as the article sets them out, ``raw / full / k``, ×100.

    Args:
        results: what `baihua.benchmarks.sts.evaluate_sts` returned, of one split.
        names: what to call the columns that are no set.

    Returns:
        One row per encoder and pooling; one column per set, and their plain mean.
    """
    found: list[dict[str, Any]] = list(sts_table(results))
    fixed = ("encoder", "pooling", "split", "fit_on", "whitenings", "mean", "spread")
    sets: list[str] = list(dict.fromkeys(key for row in found for key in row if key not in fixed))
    rows = [
        tuple(
            (cell,)
            for cell in (
                str(row["encoder"]),
                str(row["pooling"]),
                " / ".join(row["whitenings"]),
                *(_scores(row.get(name)) for name in sets),
                _scores(row["mean"], row["spread"]),
            )
        )
        for row in found
    ]
    first, second, third, last = names
    return Table("", (first, second, third, *sets, last), tuple(rows))


def write_report(results_folder: str | Path, stem: str | Path) -> tuple[Path, Path]:
    """Write ``STEM.md`` and ``STEM.html`` from every record below a folder.

    Returns:
        The two paths.
    """
    tables = report_tables(*load_records(results_folder))
    markdown, page = Path(f"{stem}.md"), Path(f"{stem}.html")
    write_text(markdown, to_markdown(tables, TITLE))
    write_text(page, to_html(tables, TITLE))
    return markdown, page


def fill_readme(text: str, results: Sequence[Result], verdicts: Sequence[Verdict]) -> str:
    r"""Return a README with every marked block written anew.

    Args:
        text: the README.
        results: the results.
        verdicts: the verdicts.

    Raises:
        InvalidValue: when the README has no marked block, or asks for a table there is none of.

    Example:
        >>> fill_readme("<!-- report:begin sts en -->\nold\n<!-- report:end -->", [], [])
        '<!-- report:begin sts en -->\n\n<!-- report:end -->'
    """
    makers: dict[str, Callable[[str], Table]] = {
        "articles": lambda language: _article_table(language, verdicts),
        "sts": lambda language: _readme_sts_table(language, results),
    }

    def write_block(match: re.Match[str]) -> str:
        begin, words, end = map(str, match.groups())
        asked = words.split()
        wanted, spoken = [*asked, *("articles", "en")[len(asked) :]]
        table = makers[check_choice("report table", wanted, makers)](check_choice("language", spoken, LANGUAGES))
        return begin + (markdown_table(table) if table.rows else "") + "\n" + end

    filled, num_blocks = _BLOCK.subn(write_block, text)
    if not num_blocks:
        raise InvalidValue(
            zh="README 里没有 <!-- report:begin articles zh --> 与 <!-- report:end --> 两行，请先加上。",
            en="The README has no lines <!-- report:begin articles en --> and <!-- report:end -->. Add them first.",
        )
    return filled


def _article_table(language: str, verdicts: Sequence[Verdict]) -> Table:
    zh = language == "zh"
    rows: list[tuple[Cell, ...]] = []
    for article in ARTICLES:
        counts = Counter(verdict.outcome for verdict in verdicts if verdict.article == article.name)
        words = [
            f"{counts[outcome]} {_OUTCOMES_ZH[outcome] if zh else outcome}" for outcome in OUTCOMES if counts[outcome]
        ]
        left = len(load_study(article.name)) - sum(counts.values()) if words else 0
        words += [f"{left} 条待测" if zh else f"{left} still to be measured"] if left > 0 else []
        count = ("，" if zh else ", ").join(words) or "–"
        rows.append(((article.title,), (article.use[language],), (f"`{article.command}`",), (count,)))
    columns = ("文章", "能做什么", "命令", "论断") if zh else ("article", "what you can do", "command", "claims")
    return Table("", columns, tuple(rows))


def _readme_sts_table(language: str, results: Sequence[Result]) -> Table:
    sts = [result for result in results if _is_sts(result) and _split_and_fit(result) == ("valid", "target")]
    return sts_page_table(sts, names=("编码器", "合成", "白化", "平均") if language == "zh" else _STS_NAMES)


def _verdict_table(article: str, verdicts: Sequence[Verdict]) -> Table:
    rows = tuple(
        (
            (str(verdict.number),),
            (verdict.claim["zh"], verdict.claim["en"]),
            (verdict.published or "–",),
            (verdict.reason["zh"], verdict.reason["en"]),
            (_OUTCOMES_ZH[verdict.outcome], verdict.outcome),
        )
        for verdict in sorted(verdicts, key=lambda verdict: verdict.number)
    )
    columns = ("#", "论断 · claim", "文章 · published", "测得 · measured", "结论 · outcome")
    return Table(f"论断 · claims: {article}", columns, rows)


def _other_table(results: Sequence[Result]) -> Table:
    rows = tuple(
        (
            (result.name,),
            (result.metric,),
            (figure(result),),
            (str(len(result.values)),),
            (_number(result.published, result.metric) if result.published is not None else "–",),
            (result.command,),
        )
        for result in results
    )
    published = "文章，用它的模型与数据 · published, with its model and data"
    columns = ("名称 · name", "指标 · metric", "测得 · measured", "次数 · runs", published, "命令 · command")
    return Table("其他 · others", columns, rows)


def _is_sts(result: Result) -> bool:
    needed = {"encoder", "pooling", "split", "fit_on", "whitening"}
    return result.name.startswith("sts/") and result.metric == "spearman" and needed <= set(result.settings)


def _split_and_fit(result: Result) -> tuple[str, str]:
    return result.settings["split"], result.settings["fit_on"]


def _scores(values: Sequence[float | None] | None, spreads: Sequence[float | None] | None = None) -> str:
    shown = ["–" if value is None else f"{value:.2f}" for value in values or [None]]
    around = ["" if spread is None else f" ± {spread:.2f}" for spread in spreads or [None] * len(shown)]
    return " / ".join(map("".join, zip(shown, around, strict=True)))


def _number(value: float, metric: str) -> str:
    return f"{value * 100:.2f}" if metric in SCORES else f"{value:.4g}"
