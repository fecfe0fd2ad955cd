"""Tables are written from results: every number is there, every character is safe, and nothing else is touched."""

import html.parser
import re

import pytest

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.pages import to_html, to_markdown
from baihua.results import Result, Verdict
from baihua.studies.claims import load_study
from baihua.studies.report import figure, fill_readme, outcome_words, report_tables, write_report


def sts(dataset, pooling, whitening, value, split="valid"):
    settings = {"encoder": "bundled", "pooling": pooling, "whitening": whitening, "split": split, "fit_on": "target"}
    name = f"sts/{dataset}/{split}/bundled/{pooling}/{whitening}"
    return Result(name, "spearman", (value,), settings=settings, command="c", versions={})


def verdict(number=1, outcome="confirmed", reason="measured"):
    return Verdict(
        article="whitening",
        number=number,
        claim={"zh": "白化有用", "en": "whitening helps"},
        source="kexue.fm",
        outcome=outcome,
        reason={"zh": "量得", "en": reason},
    )


RESULTS = [
    sts("BQ", "mean", "raw", 0.30),
    sts("BQ", "mean", "full", 0.40),
    sts("STS-B", "mean", "raw", 0.50),
    sts("STS-B", "mean", "full", 0.705),
    Result("bench/<fit>", "seconds", (1.25, 1.75), seeds=(0, 1), command="a | b", versions={}),
]
VERDICTS = [verdict(2, "not confirmed"), verdict(1), verdict(3)]


def cells_of(page):
    """Return the cells of an HTML page, row by row."""
    rows = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag == "tr":
                rows.append([])
            elif tag in ("td", "th"):
                rows[-1].append("")

        def handle_data(self, data):
            if rows and rows[-1]:
                rows[-1][-1] += data

    Reader().feed(page)
    return [[cell.strip() for cell in row] for row in rows]


def test_a_figure_shows_scores_times_100_and_the_spread_over_seeds():
    assert figure(Result("a", "spearman", (0.741,), versions={})) == "74.10"
    assert figure(Result("a", "f1", (0.5, 0.7), seeds=(0, 1), versions={})) == "60.00 ± 14.14"
    assert figure(Result("a", "exact_match", (0.0115,), versions={})) == "1.15"
    assert figure(Result("a", "seconds", (12.3456,), versions={})) == "12.35"


def test_scores_stand_beside_each_other_with_their_mean():
    page = to_markdown(report_tables(RESULTS, []), "Scores")
    assert "| bundled | mean | raw / full | 30.00 / 40.00 | 50.00 / 70.50 | 40.00 / 55.25 |" in page


def test_splits_are_never_mixed():
    tables = report_tables([*RESULTS, sts("BQ", "mean", "raw", 0.1, split="test")], [])
    assert [len(table.rows) for table in tables] == [1, 1, 1]
    assert "valid" in tables[0].heading
    assert "test" in tables[1].heading


def test_verdicts_stand_in_order_with_both_languages():
    page = to_markdown(report_tables([], VERDICTS), "Scores")
    rows = [line for line in page.splitlines() if re.match(r"\| \d", line)]
    assert [row.split(" | ")[0] for row in rows] == ["| 1", "| 2", "| 3"]
    assert "白化有用<br>whitening helps" in rows[0]
    assert "不成立<br>not confirmed" in rows[1]


def test_what_a_file_says_cannot_break_a_table_or_a_page():
    nasty = "<script>alert(1)</script> | a\nb & 'c'"
    tables = report_tables(RESULTS, [verdict(reason=nasty)])
    markdown, page = to_markdown(tables, "Scores"), to_html(tables, "Scores")
    assert "<script" not in markdown
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    columns = {line.replace("\\|", "").count("|") for line in markdown.splitlines() if "alert" in line}
    assert columns == {6}
    assert all(len(row) in (5, 6) for row in cells_of(page))


def test_the_page_needs_nothing_else_and_says_its_encoding():
    page = to_html(report_tables(RESULTS, VERDICTS), "Scores")
    assert '<meta charset="utf-8">' in page
    assert not re.search(r"(src|href)=|@import|url\(|https?://", page)


def test_both_pages_hold_the_same_numbers_and_no_language_changes_them(tmp_path):
    for record in (*RESULTS[:4], *VERDICTS):
        record.save(tmp_path / "results")
    texts = []
    for language in ("zh", "en"):
        set_language(language)
        paths = write_report(tmp_path / "results", tmp_path / language / "report")
        texts.append([path.read_text(encoding="utf-8") for path in paths])
    set_language(None)
    assert texts[0] == texts[1]
    assert all("30.00 / 40.00" in text for text in texts[0])


README = """# 白话

<!-- report:begin articles zh -->
old
<!-- report:end -->
kept | as it is
<!-- report:begin -->
<!-- report:end -->
<!-- report:begin sts en -->
<!-- report:end -->
"""


def test_a_readme_is_filled_between_its_marks_and_nowhere_else():
    filled = fill_readme(README, RESULTS, VERDICTS)
    assert "old" not in filled
    assert "2 成立，1 不成立" in filled
    left = len(load_study("whitening")) - len(VERDICTS)  # claims without a verdict are counted, never passed over
    assert f"2 confirmed, 1 not confirmed, {left} still to be measured" in filled
    assert "30.00 / 40.00" in filled
    marks = re.compile(r"(<!-- report:begin.*?-->\n).*?(?=<!-- report:end -->)", re.DOTALL)
    assert marks.sub(r"\1", filled) == marks.sub(r"\1", README)
    assert fill_readme(filled, RESULTS, VERDICTS) == filled


def test_a_readme_without_marks_or_with_unknown_ones_is_refused():
    with pytest.raises(InvalidValue, match="report:begin"):
        fill_readme("# 白话", [], [])
    with pytest.raises(InvalidValue, match="articles"):
        fill_readme("<!-- report:begin article zh -->\n<!-- report:end -->", [], [])


def test_outcomes_in_words():
    set_language("zh")
    assert [outcome_words(word) for word in ("confirmed", "not testable here")] == ["成立", "此处无法检验"]
    set_language("en")
    assert outcome_words("not confirmed") == "not confirmed"
    set_language(None)
