"""Entities in CoNLL's columns: a token and its tag on each line, an empty line between sentences.

CoNLL has no places, only tokens, so a text can come back with its places right only if every character is a token.
The writer therefore writes one line for each character, spaces too, between a tab: a space is a token like any other.
What no line can hold (line ends, tabs, NUL) is written as a space, which keeps all places right, and that is said.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from baihua.checks import InvalidValue
from baihua.language import say
from baihua.text.encodings import split_lines
from baihua.text.entities import EntityTexts
from baihua.text.entity_records import MarkedSpan, MarkedText, Problem, Reading, excerpt
from baihua.text.entity_tags import is_tag, read_tags, scheme_of, spell_tags

_SEPARATOR = re.compile("[ \t]+")
_NOT_IN_A_LINE = re.compile("[\r\n\t\x00]")
_DOCUMENT_START = "-DOCSTART-"


@dataclass(frozen=True)
class _Row:
    line: int
    token: str
    tag: str
    num_columns: int


def looks_like_conll(text: str) -> bool:
    r"""Say whether most of the first lines end with a tag that something stands before.

    Example:
        >>> looks_like_conll("北\tB-LOC\n京\tI-LOC\n"), looks_like_conll("维生素 O\n维生素 C\n维生素 D\n")
        (True, False)
    """
    lines = [line for line in split_lines(text[:20_000]) if line.strip() and not line.startswith(_DOCUMENT_START)]
    found = [_columns(line, "\t" in line) for line in lines[:100]]
    fitting = sum(len(columns) >= 2 and is_tag(columns[-1]) for columns in found)
    return 2 * fitting > len(found)


def read_conll(text: str) -> tuple[Reading, str]:
    r"""Read sentences of tokens with tags.

    The first column is the token, the last the tag; they stand between tabs or spaces. Lines with ``-DOCSTART-`` are
    passed over. A line with a tag alone after white space has a space for its token. Tokens are joined as they are; in
    a file split by word, of whose Latin words and numbers half or more have several characters, a space comes between
    two of those. Where every token of the file ends with its number within its word, as in Weibo's corpus, the number
    is dropped.

    Args:
        text: the file's text.

    Returns:
        The texts and the problems, one item for each sentence; and the scheme: ``"bio"``, ``"bioes"`` or ``"bmes"``.

    Example:
        >>> reading, scheme = read_conll("在 O\n北 B-LOC\n京 E-LOC\n\n好 O\n")
        >>> [record.text for record in reading.records], reading.records[0].spans[0].start, scheme
        (['在北京', '好'], 1, 'bioes')
    """
    sentences = _sentences(text)
    rows = [row for sentence in sentences for row in sentence]
    tokens = [[row.token for row in sentence] for sentence in sentences]
    notes = []
    bare = _without_numbers(tokens)
    if bare is not None:
        tokens = bare
        notes.append(
            say(
                zh="每个字后面都带着它在词里的序号，已去掉。",
                en="Every character carries its number within its word, which was dropped.",
            )
        )
    spaced = _is_split_by_word(tokens)
    num_columns = _commonest(row.num_columns for row in rows)
    if num_columns > 2:
        said = say(
            zh=f"有 {num_columns} 列，用第一列与最后一列。", en=f"Of {num_columns} columns the first and last are used."
        )
        notes.append(said)
    records: list[MarkedText | Problem] = []
    repaired = 0
    for sentence, mine in zip(sentences, tokens, strict=True):
        content, starts = _join(mine, spaced)
        wrong = next((row for row in sentence if not is_tag(row.tag) or row.num_columns != num_columns), None)
        if wrong is not None:
            records.append(_wrong_row(wrong, num_columns, content))
            continue
        spans, out_of_order = read_tags([row.tag for row in sentence])
        repaired += out_of_order
        marked = [
            MarkedSpan(starts[first], starts[last - 1] + len(mine[last - 1]), kind) for first, last, kind in spans
        ]
        records.append(MarkedText(content, sentence[0].line, marked))
    if repaired:
        notes.append(_repaired(repaired))
    return Reading(records, notes), scheme_of(row.tag for row in rows if is_tag(row.tag))


def conll_columns(texts: EntityTexts, scheme: str = "bio") -> tuple[str, list[str]]:
    r"""Return texts and entities as a line for each character; scores are not kept.

    Args:
        texts: the texts. Line ends, tabs and NUL in them are written as spaces; empty ones are left out.
        scheme: ``"bio"``, ``"bioes"`` or ``"bmes"``.

    Returns:
        The file's text, and what could not be kept, one sentence each.

    Raises:
        InvalidValue: for entities that overlap, a type with white space in it, another scheme.

    Example:
        >>> from baihua.text.entities import Entity
        >>> conll_columns(EntityTexts(["在 北京"], [[Entity(2, 4, "LOC")]]))[0]
        '在\tO\n \tO\n北\tB-LOC\n京\tI-LOC\n\n'
    """
    blocks, changed = [], 0
    for number, (text, mine) in enumerate(zip(texts.texts, texts.entities, strict=True), start=1):
        spans = [(entity.start, entity.end, entity.type) for entity in sorted(mine)]
        _refuse_overlaps(text, spans, number)
        if not text:
            continue
        shown = _NOT_IN_A_LINE.sub(" ", text)
        changed += shown != text
        tags = spell_tags(len(text), spans, scheme)
        blocks.append("".join(f"{token}\t{tag}\n" for token, tag in zip(shown, tags, strict=True)) + "\n")
    return "".join(blocks), _losses(changed, len(texts.texts) - len(blocks))


def _sentences(text: str) -> list[list[_Row]]:
    lines = split_lines(text)
    tabs = all("\t" in line for line in lines if line.strip() and not line.startswith(_DOCUMENT_START))
    sentences: list[list[_Row]] = [[]]
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            sentences.append([])
        elif not line.startswith(_DOCUMENT_START):
            columns = _columns(line, tabs)
            sentences[-1].append(_Row(number, columns[0], columns[-1], len(columns)))
    return [sentence for sentence in sentences if sentence]


def _columns(line: str, tabs: bool) -> list[str]:
    """Split a line; a token that is white space, or was lost because it is, is one space."""
    line = line.rstrip(" \t")
    if tabs:
        token, *others = (column.strip(" ") for column in line.split("\t"))
        return [token or " ", *others]
    columns = _SEPARATOR.split(line)
    return columns if columns[0] else [" ", *columns[1:]]


def _commonest(numbers: Iterable[int]) -> int:
    return max(Counter(numbers).items(), key=lambda item: item[1], default=(2, 0))[0]


def _wrong_row(row: _Row, num_columns: int, content: str) -> Problem:
    said = say(
        zh=f"第 {row.line} 行应有 {num_columns} 列，末列是 O 或 B-类型 这样的标签；收到 {row.num_columns} 列，末列 {row.tag!r}。",
        en=f"Line {row.line} should have {num_columns} columns and end with a tag such as O or B-type, but has "
        f"{row.num_columns} and ends with {row.tag!r}.",
    )
    return Problem("malformed", row.line, excerpt(content), said)


def _repaired(number: int) -> str:
    return say(
        zh=f"有 {number} 个标签续接了并未开始的实体，按实体的开头读取。",
        en=f"Tags that go on with an entity that never began, and were read as its beginning: {number}.",
    )


def _without_numbers(tokens: Sequence[Sequence[str]]) -> list[list[str]] | None:
    """Return the tokens without their numbers, or None unless every token of the file has one.

    A number is 0 or one more than the one before; one in ten may be out of order, as a few in Weibo's corpus are.
    """
    bare: list[list[str]] = []
    in_order = total = 0
    for sentence in tokens:
        bare.append([])
        before = -1
        for token in sentence:
            number = next((n for n in (before + 1, 0) if token.endswith(str(n)) and token != str(n)), None)
            in_order += number is not None
            total += 1
            if number is None:
                if len(token) < 2 or token[-1] not in "0123456789":
                    return None
                number = int(token[-1])
            bare[-1].append(token.removesuffix(str(number)))
            before = number
    if in_order < 0.9 * total or all(token.isdecimal() for sentence in bare for token in sentence):
        return None  # numbers of their own, not numbered characters
    return bare


def _is_split_by_word(tokens: Sequence[Sequence[str]]) -> bool:
    lengths = [len(token) for sentence in tokens for token in sentence if token and all(map(_is_in_word, token))]
    return 2 * sum(length > 1 for length in lengths) >= max(len(lengths), 1)


def _join(tokens: Sequence[str], spaced: bool) -> tuple[str, list[int]]:
    """Join tokens to a text, and say where each begins."""
    content, starts = "", []
    for token in tokens:
        if spaced and content and token and _is_in_word(content[-1]) and _is_in_word(token[0]):
            content += " "
        starts.append(len(content))
        content += token
    return content, starts


def _is_in_word(character: str) -> bool:
    """Say whether a character is a letter or digit of a script with spaces between words."""
    return character.isalnum() and character < "\u2e80"


def _refuse_overlaps(text: str, spans: Sequence[tuple[int, int, str]], number: int) -> None:
    for kind in {kind for _, _, kind in spans}:
        if len(kind.split()) != 1 or kind != kind.strip():
            raise InvalidValue(
                zh=f"第 {number} 条文本的实体类型 {kind!r} 里有空白，CoNLL 的标签里放不下；请改名，或写成 JSON Lines（jsonl）。",
                en=f"The type {kind!r} in text {number} has white space in it, which a tag of CoNLL cannot hold. Rename "
                "it, or write JSON Lines (jsonl).",
            )
    for before, after in pairwise(spans):
        if after[0] < before[1]:
            one, other = (text[start:end] for start, end, _ in (before, after))
            raise InvalidValue(
                zh=f"第 {number} 条文本里 {one!r} 与 {other!r} 重叠，CoNLL 每个字只有一个标签，写不下；"
                "请写成 JSON Lines（jsonl），或先用 outermost 只留最外层的实体。",
                en=f"In text {number} {one!r} and {other!r} overlap, but CoNLL has one tag for each character. Write JSON "
                "Lines (jsonl), or keep the outermost entities alone with outermost.",
            )


def _losses(changed: int, empty: int) -> list[str]:
    notes = []
    if changed:
        notes.append(
            say(
                zh=f"有 {changed} 条文本含换行、制表符或空字符，CoNLL 放不下，已写成空格，实体位置不变。",
                en="Texts with line ends, tabs or NUL, which CoNLL cannot hold and which were written as spaces, all "
                f"places as before: {changed}.",
            )
        )
    if empty:
        notes.append(say(zh=f"有 {empty} 条空文本没有写出。", en=f"Empty texts, which were not written: {empty}."))
    return notes
