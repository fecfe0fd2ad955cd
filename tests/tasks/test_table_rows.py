"""Rows and results stay in line, whatever is empty."""

import pytest

from baihua.checks import InvalidValue
from baihua.tasks.table_rows import apply_to_cells


def lengths(texts):
    return [len(text) for text in texts]


def test_an_empty_or_blank_cell_gives_an_empty_result_and_is_counted():
    assert apply_to_cells(lengths, ["一", "", "三个字", " \n\u3000", "五个字呢！"]) == ([1, None, 3, None, 5], 2)


def test_a_pair_needs_both_sides():
    def together(first, second):
        return [a + b for a, b in zip(first, second, strict=True)]

    assert apply_to_cells(together, ["甲", "", "丙", ""], ["1", "2", "", ""]) == (["甲1", None, None, None], 3)


def test_the_function_is_not_called_without_a_filled_row():
    def refuse(texts):
        raise AssertionError

    assert apply_to_cells(refuse, ["", " "]) == ([None, None], 2)
    assert apply_to_cells(refuse, []) == ([], 0)


def test_line_breaks_inside_a_cell_are_part_of_its_text():
    seen = []
    apply_to_cells(lambda texts: seen.extend(texts) or lengths(texts), ["第一行\n第二行", ""])
    assert seen == ["第一行\n第二行"]


def test_columns_and_values_must_match():
    with pytest.raises(InvalidValue, match="columns"):
        apply_to_cells(lengths, ["一"], ["一", "二"])
    with pytest.raises(InvalidValue, match="values"):
        apply_to_cells(lambda texts: [1], ["一", "二"])
