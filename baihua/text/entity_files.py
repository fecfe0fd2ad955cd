"""Reading and writing entity files: the format is found in the file itself, never by its name alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from baihua.checks import InvalidValue, check_choice, check_same_length, check_texts
from baihua.files import write_text
from baihua.language import say
from baihua.text.doccano import doccano_lines, is_doccano, read_doccano
from baihua.text.encodings import decode, encoding_name, read_bytes, split_lines
from baihua.text.entities import EntityTexts
from baihua.text.entity_cmeee import cmeee_array, is_cmeee, is_cmeee_line, read_cmeee, read_cmeee_lines
from baihua.text.entity_conll import conll_columns, looks_like_conll, read_conll
from baihua.text.entity_json import (
    cluener_lines,
    entity_lines,
    is_cluener,
    is_entity_lines,
    read_cluener_lines,
    read_entity_lines,
)
from baihua.text.entity_records import Problem, Reading, keep_sound
from baihua.text.entity_tags import SCHEMES
from baihua.text.json_records import JsonRecord, read_json_records
from baihua.text.label_studio import (
    is_label_studio,
    is_label_studio_min,
    label_studio_tasks,
    read_label_studio,
    read_label_studio_min,
)

WRITERS: dict[str, Callable[[EntityTexts], str]] = {
    "jsonl": entity_lines,
    "cluener": cluener_lines,
    "cmeee": cmeee_array,
    "doccano": doccano_lines,
    "label_studio": label_studio_tasks,
}
FORMATS = (*WRITERS, *SCHEMES)  # those that can be written
_EXPECTED = (
    'JSON Lines {"text", "entities": [{"start", "end", "type"}]}, CLUENER, CMeEE (JSON; text|||start end type|||), '
    "CoNLL (BIO, BIOES, BMES), doccano, Label Studio (JSON, JSON-MIN)"
)


@dataclass(frozen=True)
class EntityFile:
    """What a file holds.

    Args:
        texts: the texts whose entities all fit.
        format: one of `FORMATS`, or ``"cmeee_lines"`` (CHIP-2020) or ``"label_studio_min"``.
        left_out: one problem for each record that does not fit, which was left out whole.
        notes: what the user should know about how it was read, one sentence each.
    """

    texts: EntityTexts
    format: str
    left_out: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_entity_file(path: str | Path, annotator: str | int | None = None) -> EntityFile:
    r"""Read texts and their entities from a file of any of the formats that people have.

    JSON Lines of our own, CLUENER, CMeEE (both releases), CoNLL columns (BIO, BIOES, BMES), doccano and Label Studio.

    Args:
        path: the file. Its encoding is found: UTF-8 with or without mark, UTF-16 with mark, GB18030.
        annotator: for Label Studio, whose annotations to take, by number or e-mail address.

    Returns:
        The texts, and whatever was left out and why.

    Raises:
        FileProblem: when the file is missing, unreadable, a folder or no text.
        InvalidValue: when it is empty, of no known format, has no entities marked, or none of its records fits.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "places.txt"
        >>> _ = path.write_text("北 B-LOC\n京 I-LOC\n好 O\n", encoding="utf-8")
        >>> found = read_entity_file(path)
        >>> found.format, found.texts.texts, found.texts.entities[0][0].end
        ('bio', ['北京好'], 2)
    """
    place = Path(path)
    return parse_entities(read_bytes(place), place.name, annotator)


def parse_entities(content: bytes | str, name: str, annotator: str | int | None = None) -> EntityFile:
    """Read texts and their entities from what is in a file, such as a member of a zip.

    Args:
        content: its bytes or its text.
        name: what to call it in messages.
        annotator: as for `read_entity_file`.

    Returns:
        The texts, and whatever was left out and why.

    Raises:
        FileProblem: when the bytes are no text.
        InvalidValue: as `read_entity_file`.

    Example:
        >>> parse_entities('{"text": "北京", "label": {"address": {"北京": [[0, 1]]}}}', "a.json").texts.entities
        [[Entity(start=0, end=2, type='address', score=1.0)]]
    """
    text, encoding = decode(content, name) if isinstance(content, bytes) else (content.lstrip("\ufeff"), None)
    if not text.strip():
        raise InvalidValue(
            zh=f"{name} 里没有内容；请给出带实体标注的文件。",
            en=f"{name} has nothing in it; give a file with entities.",
        )
    reading, format_ = _read(text, name, annotator)
    texts, left_out = keep_sound(reading.records)
    if not texts.texts:
        first = left_out[0]
        raise InvalidValue(
            zh=f"{name}（{format_}）的 {len(left_out)} 条记录都不能用；第 {first.line} 行：{first.detail}",
            en=f"None of the {len(left_out)} records of {name} ({format_}) can be used. Line {first.line}: {first.detail}",
        )
    how = format_ if encoding is None else f"{format_}, {encoding_name(encoding)}"
    read_as = say(zh=f"{name} 读作 {how}。", en=f"{name} is read as {how}.")
    return EntityFile(texts, format_, left_out, [read_as, *reading.notes])


def write_entity_file(path: str | Path, texts: EntityTexts, format: str = "jsonl") -> list[str]:
    """Write texts and their entities, whole or not at all.

    ``"jsonl"`` alone keeps scores. ``"bio"`` (or ``"conll"``), ``"bioes"`` and ``"bmes"`` have one line for each character.

    Args:
        path: where to write, in UTF-8.
        texts: the texts and their entities.
        format: ``"jsonl"``, ``"cluener"``, ``"cmeee"``, ``"doccano"``, ``"label_studio"``, ``"bio"``, ``"bioes"`` or
            ``"bmes"``.

    Returns:
        What the format could not keep, one sentence each; nothing for most.

    Raises:
        InvalidValue: for another format, an entity that reaches beyond its text or has no type, half a character, and
            what CoNLL cannot hold: entities that overlap, types with white space.
        FileProblem: when the file cannot be written; an old one is untouched.

    Example:
        >>> import tempfile
        >>> from baihua.text.entities import Entity
        >>> path = Path(tempfile.mkdtemp()) / "places.jsonl"
        >>> texts = EntityTexts(["北京好"], [[Entity(0, 2, "地点")]])
        >>> write_entity_file(path, texts), read_entity_file(path).texts.entities == texts.entities
        ([], True)
    """
    chosen = check_choice("format", format, FORMATS, {"conll": "bio"})
    _check(texts)
    content, notes = conll_columns(texts, chosen) if chosen in SCHEMES else (WRITERS[chosen](texts), [])
    write_text(path, content)
    return notes


def _read(text: str, name: str, annotator: str | int | None) -> tuple[Reading, str]:
    if text.lstrip()[0] in "{[" and not looks_like_conll(text):
        records, mended = read_json_records(text, name)
        reading, format_ = _read_json(records, name, annotator)
        if mended:
            reading.notes.append(
                say(
                    zh=f"{mended} 条记录里有不完整的字符（落单的代理项），已换成 U+FFFD，位置不变。",
                    en=f"Records with incomplete characters (lone surrogates), which became U+FFFD: {mended}.",
                )
            )
        return reading, format_
    if annotator is not None:
        raise _no_annotators(name)
    if _looks_like_cmeee(text):
        return read_cmeee_lines(text), "cmeee_lines"
    if looks_like_conll(text):
        return read_conll(text)
    raise InvalidValue(
        zh=f"{name} 不是认识的实体文件，开头是 {_first_line(text)!r:.60}；试过的格式：{_EXPECTED}。请转成其中一种。",
        en=f"{name} is no entity file that baihua knows; it begins with {_first_line(text)!r:.60}. Tried: {_EXPECTED}. "
        "Convert it to one of these.",
    )


def _read_json(records: Sequence[JsonRecord], name: str, annotator: str | int | None) -> tuple[Reading, str]:
    """Read records by the first of them that shows its format; lists that are all empty show only where they stand."""
    fields = [record.fields for record in records]
    if any(map(is_label_studio, fields)):
        return read_label_studio(records, annotator), "label_studio"
    if any(map(is_label_studio_min, fields)):
        return read_label_studio_min(records, annotator), "label_studio_min"
    if annotator is not None:
        raise _no_annotators(name)
    readers = (
        (is_entity_lines, read_entity_lines, "jsonl"),
        (is_cmeee, read_cmeee, "cmeee"),
        (is_doccano, read_doccano, "doccano"),
        (is_cluener, read_cluener_lines, "cluener"),
    )
    for one in fields:
        for fits, read, format_ in readers:
            if fits(one):
                return read(records), format_
    if any(one.get("entities") == [] for one in fields):
        return read_entity_lines(records), "jsonl"
    if any([] in (one.get("label"), one.get("labels")) for one in fields):
        return read_doccano(records), "doccano"
    keys = ", ".join(dict.fromkeys(key for one in fields[:100] for key in one))
    raise InvalidValue(
        zh=f"{name} 里没有标注实体：各条记录的键是 {keys}，没有一个是实体的列表。认识的格式：{_EXPECTED}。",
        en=f"No entities are marked in {name}: its records have the keys {keys}, and none of them holds a list of "
        f"entities. Known formats: {_EXPECTED}.",
    )


def _looks_like_cmeee(text: str) -> bool:
    lines = [line for line in split_lines(text[:100_000]) if line.strip()][:100]
    return 2 * sum(map(is_cmeee_line, lines)) > len(lines)


def _no_annotators(name: str) -> InvalidValue:
    return InvalidValue(
        zh=f"annotator 只用于 Label Studio 的导出，{name} 不是；请去掉这个参数。",
        en=f"annotator is for exports of Label Studio, which {name} is not; leave it out.",
    )


def _first_line(text: str) -> str:
    return next(line for line in split_lines(text) if line.strip())


def _check(texts: EntityTexts) -> None:
    check_same_length(texts.texts, texts.entities, ("texts", "entities"))
    for number, (text, mine) in enumerate(zip(check_texts(texts.texts), texts.entities, strict=True), start=1):
        check_texts([entity.type for entity in mine], "types")
        for entity in mine:
            if entity.end > len(text) or not entity.type:
                raise InvalidValue(
                    zh=f"第 {number} 条文本有 {len(text)} 个字符，写不下 {entity}；实体应在文本之内，类型不能为空。",
                    en=f"Text {number} has {len(text)} characters, so {entity} cannot be written; an entity lies within "
                    "its text and has a type.",
                )
