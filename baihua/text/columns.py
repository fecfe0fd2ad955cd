"""Which column of a table is meant: the one named, or the one whose name says so."""

import re
import unicodedata

from baihua.checks import InvalidValue, check_choice
from baihua.text.tables import Table

# Names people give their columns, as `_folded` leaves them. After a bar stand names that count only where none before
# the bar is there: a table with sentence1, sentence2 and title is a table of the two sentences.
COMMON_NAMES = {
    "text": (
        "text texts content contents sentence sentences review reviews comment comments document documents doc body "
        "message title query queries question questions utterance input passage abstract summary description "
        "内容 文本 正文 文字 文章 句子 语句 问题 提问 标题 评论 评价 留言 消息 摘要 简介 描述 原文 原句 语料 新闻 短信 "
        "文本内容 评论内容 评价内容 问题描述 內容 標題 評論 問題"
    ),
    "label": (
        "label labels class classes category categories target tag tags labeldes labeldesc sentiment polarity intent "
        "标签 类别 分类 类型 类 标注 情感 情感倾向 意图 標籤 類別 分類"
    ),
    "id": "id ids no number index key uid uuid guid docid rowid 编号 序号 号码 标识 主键 行号 索引 編號 序號 工单号 工单编号",
    "first": (
        "sentence1 text1 texta sentencea s1 first query1 question1 q1 句子1 文本1 问题1 内容1 句子一 文本一 问题一 句子a 文本a "
        "问题a 第一句 句一 句1 問題1 | query question premise anchor 问题 查询 前提"
    ),
    "second": (
        "sentence2 text2 textb sentenceb s2 second query2 question2 q2 句子2 文本2 问题2 内容2 句子二 文本二 问题二 句子b 文本b "
        "问题b 第二句 句二 句2 問題2 | title document passage answer hypothesis positive 标题 文档 答案 假设"
    ),
}
OPTIONS = {role: f"--{role}-column" for role in COMMON_NAMES}
ROLE_WORDS = {
    "text": ("文本", "texts"),
    "label": ("标签", "labels"),
    "id": ("编号", "ids"),
    "first": ("第一句", "first texts"),
    "second": ("第二句", "second texts"),
}


def find_column(table: Table, role: str, name: str | None = None) -> str:
    """Return the column that plays a role: the one named, else the only one whose name is usual for it.

    Names are compared after NFKC, in lower case, without spaces, hyphens and underscores. Where no name is usual,
    the only column of a table is its text, and the two columns of a table of two are a pair.

    Args:
        table: the table.
        role: ``"text"``, ``"label"``, ``"id"``, or ``"first"`` and ``"second"`` of a pair.
        name: the column the user named, if any.

    Returns:
        The column's name as the table writes it.

    Raises:
        InvalidValue: when the named column is not there, when several columns could be meant, or none; the sentence
            lists them and names the option that decides.

    Example:
        >>> find_column(Table(("编号", "内容", "标签"), ()), "text")
        '内容'
    """
    check_choice("role", role, COMMON_NAMES)
    if name is not None:
        return _named(table, name)
    candidates: list[str] = []
    for names in COMMON_NAMES[role].split("|"):
        usual = set(names.split())
        candidates = candidates or [column for column in table.columns if _folded(column) in usual]
    candidates = candidates or _only_choice(table.columns, role)
    if len(candidates) == 1:
        return candidates[0]
    option, (zh, en) = OPTIONS[role], ROLE_WORDS[role]
    if candidates:
        listed = ", ".join(candidates)
        raise InvalidValue(
            zh=f"有几列都可能是{zh}：{listed}；请用 {option} 指明一列，例如 {option} {candidates[0]}。",
            en=f"Several columns could hold the {en}: {listed}. Say which with {option}, such as {option} {candidates[0]}.",
        )
    listed = ", ".join(table.columns)
    raise InvalidValue(
        zh=f"看不出哪一列是{zh}，表里有：{listed}；请用 {option} 指明一列。",
        en=f"Cannot tell which column holds the {en}; the columns are {listed}. Say which with {option}.",
    )


def _named(table: Table, name: str) -> str:
    if name not in table.columns:
        alike = [column for column in table.columns if _folded(column) == _folded(name)]
        if len(alike) == 1:
            return alike[0]
    table.check_column(name)
    return name


def _only_choice(columns: tuple[str, ...], role: str) -> list[str]:
    if role == "text" and len(columns) == 1:
        return [columns[0]]
    if role in ("first", "second") and len(columns) == 2:
        return [columns[("first", "second").index(role)]]
    return []


def _folded(name: str) -> str:
    return re.sub(r"[\s_-]", "", unicodedata.normalize("NFKC", name).lower())
