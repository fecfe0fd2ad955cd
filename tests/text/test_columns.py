import pytest

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.text.columns import COMMON_NAMES, OPTIONS, find_column
from baihua.text.tables import Table


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language(None)


def table(*columns: str) -> Table:
    return Table(columns, ())


@pytest.mark.parametrize(
    ("columns", "role", "expected"),
    [
        (("编号", "内容", "标签"), "text", "内容"),
        (("编号", "内容", "标签"), "label", "标签"),
        (("编号", "内容", "标签"), "id", "编号"),
        (("ID", " Text ", "Label"), "text", " Text "),
        (("ID", " Text ", "Label"), "id", "ID"),
        (("ｔｅｘｔ", "x"), "text", "ｔｅｘｔ"),  # full-width letters
        (("sentence1", "sentence2", "label"), "first", "sentence1"),
        (("sentence1", "sentence2", "label"), "second", "sentence2"),
        (("text_a", "text_b"), "second", "text_b"),
        (("句子１", "句子２", "标签"), "first", "句子１"),
        (("问题1", "问题2"), "second", "问题2"),
        (("query", "title", "label"), "first", "query"),
        (("query", "title", "label"), "second", "title"),
        (("title", "sentence1", "sentence2"), "second", "sentence2"),
        (("左", "右"), "first", "左"),
        (("左", "右"), "second", "右"),
        (("随便什么",), "text", "随便什么"),
    ],
)
def test_usual_names_are_guessed(columns, role, expected):
    assert find_column(table(*columns), role) == expected


def test_a_named_column_wins_over_every_guess():
    assert find_column(table("内容", "备注"), "text", "备注") == "备注"
    assert find_column(table("Sentence 1", "内容"), "text", "sentence_1") == "Sentence 1"
    assert find_column(table("text", "Text"), "text", "Text") == "Text"


def test_a_named_column_that_is_missing_gets_the_nearest_and_the_list():
    with pytest.raises(InvalidValue, match=r"no column '内客'; its columns are 编号, 内容\. Did you mean '内容'\?"):
        find_column(table("编号", "内容"), "text", "内客")
    set_language("zh")
    with pytest.raises(InvalidValue, match=r"没有“内客”这一列，只有：编号, 内容。您要的是“内容”吗"):
        find_column(table("编号", "内容"), "text", "内客")


def test_several_candidates_are_listed_with_the_option_that_decides():
    with pytest.raises(InvalidValue, match=r"Several columns .* 标题, 内容\. Say which with --text-column"):
        find_column(table("标题", "内容", "标签"), "text")
    set_language("zh")
    with pytest.raises(InvalidValue, match=r"有几列都可能是文本：标题, 内容；请用 --text-column 指明"):
        find_column(table("标题", "内容", "标签"), "text")


def test_no_candidate_lists_the_columns():
    with pytest.raises(InvalidValue, match=r"columns are 甲, 乙, 丙\. Say which with --label-column"):
        find_column(table("甲", "乙", "丙"), "label")
    with pytest.raises(InvalidValue, match="Cannot tell"):
        find_column(table("甲", "乙", "丙"), "first")
    set_language("zh")
    with pytest.raises(InvalidValue, match="看不出哪一列是标签"):
        find_column(table("甲", "乙", "丙"), "label")


def test_an_unknown_role_is_refused():
    with pytest.raises(InvalidValue, match="Did you mean 'label'"):
        find_column(table("甲"), "lable")


def test_every_usual_name_is_found_as_it_stands():
    for role, names in COMMON_NAMES.items():
        assert OPTIONS[role].startswith("--")
        for name in names.replace("|", " ").split():
            assert find_column(table("甲", name, "乙"), role) == name
