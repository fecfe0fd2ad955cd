"""Tables as pages: every cell is there, and nothing in one can break the page."""

from baihua.pages import Table, markdown_table, to_html, to_markdown

TABLE = Table("得分", ("题", "得分"), ((("a|b", "<script>"), ("1",)), (("第二",), ("2",))))


def test_the_title_and_every_cell_are_on_both_pages():
    markdown, page = to_markdown([TABLE, TABLE], "标题"), to_html([TABLE, TABLE], "标题 & 更多")
    assert markdown.startswith("# 标题\n")
    assert markdown.count("## 得分") == page.count("<h2>得分</h2>") == 2
    assert page.count("标题 &amp; 更多") == 2
    assert "第二" in markdown
    assert "第二" in page


def test_cells_cannot_break_out():
    assert "<script>" not in to_html([TABLE], "")
    first = markdown_table(TABLE).splitlines()[2]
    assert first == "| a\\|b<br>&lt;script> | 1 |"
