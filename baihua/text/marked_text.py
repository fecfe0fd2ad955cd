"""Texts with their entities shown where they stand: in brackets on a line, or in colour on a page of HTML."""

import colorsys
import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, pairwise

from baihua.checks import InvalidValue, check_same_length
from baihua.language import language, say
from baihua.text.entities import Entity

Paint = Callable[[str, str], str]  # from a bracket and its type to the bracket as it is shown

_GOLDEN = 0.618033988749895  # hues this far apart on the circle stay far apart, however many there are
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_PAGE = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: #fff; color: #111;
  font: 1rem/2.1 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }}
ul {{ list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0 1.5rem; border-bottom: 1px solid #ccc; }}
li p {{ margin: 0 0 .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }}
li p + p {{ border-left: 3px solid #ccc; padding-left: .6rem; }}
mark {{ color: #111; padding: .12em .2em; border: 1px solid; border-radius: .25em; }}
mark span {{ font-size: .7em; font-weight: bold; margin-left: .3em; user-select: none; }}
{colours}
</style>
</head>
<body>
<h1 lang="{language}">{title}</h1>
<ul>
{legend}
</ul>
<ol>
{texts}
</ol>
</body>
</html>
"""


def mark_inline(text: str, entities: Iterable[Entity], paint: Paint | None = None) -> str:
    """Return a text on one line with its entities in brackets and the type after each, nested as they are.

    White space of any kind becomes a space. An entity that crosses another, which brackets cannot show, stands by itself
    after the text.

    Args:
        text: the text.
        entities: of the text.
        paint: given a type and a bracket of that type, ``"["`` or ``"]"`` with the type's name, returns what to show for
            it, such as the same in colour.

    Returns:
        The line.

    Raises:
        InvalidValue: when an entity reaches beyond the text.

    Example:
        >>> mark_inline("北京大学欢迎你", [Entity(0, 4, "机构"), Entity(0, 2, "地点")])
        '[[北京]地点 大学]机构 欢迎你'
        >>> mark_inline("北京大学生", [Entity(0, 4, "机构"), Entity(2, 5, "人")])
        '[北京大学]机构 生 + [大学生]人'
    """
    shown = re.sub(r"\s", " ", text)
    first, *others = layers(text, entities) or [[]]
    line = _in_brackets(shown, first, paint)
    for entity in sorted(chain.from_iterable(others)):
        surface = shown[entity.start : entity.end]
        line += " + " + _in_brackets(surface, [Entity(0, len(surface), entity.type)], paint)
    return line


def entities_html(texts: Sequence[str], entities: Sequence[Iterable[Entity]]) -> str:
    """Return a page of HTML that shows texts with their entities, nested ones within each other, and loads nothing.

    Every entity carries the name of its type, so that nothing depends on seeing colours. Entities that cross others are
    shown in a further line with the same text.

    Args:
        texts: the texts.
        entities: of each text.

    Returns:
        The page.

    Raises:
        InvalidValue: when there are not as many lists of entities as texts, or an entity reaches beyond its text.

    Example:
        >>> page = entities_html(["<北京>"], [[Entity(1, 3, "地点")]])
        >>> '&lt;<mark class="t0" title="地点 [1, 3)">北京<span>地点</span></mark>&gt;' in page
        True
    """
    check_same_length(texts, entities, ("texts", "entities"))
    lists = [list(mine) for mine in entities]
    counts = Counter(entity.type for mine in lists for entity in mine)
    classes = {name: f"t{number}" for number, name in enumerate(sorted(counts))}
    title = say(
        zh=f"{len(texts)} 条文本，{counts.total()} 个实体",
        en=f"Texts: {len(texts)}, entities: {counts.total()}",
    )
    items = (
        "<li>" + "".join(f"<p>{line}</p>" for line in _lines_of_html(text, mine, classes)) + "</li>"
        for text, mine in zip(texts, lists, strict=True)
    )
    return _PAGE.format(
        language=language(),
        title=title,
        colours="\n".join(_style(name, number) for number, name in enumerate(classes.values())),
        legend="\n".join(
            f'<li><mark class="{classes[name]}">{_escape(name)}</mark> {counts[name]}</li>' for name in classes
        ),
        texts="\n".join(items),
    )


def layers(text: str, entities: Iterable[Entity]) -> list[list[Entity]]:
    """Part the entities of a text so that within each part none crosses another.

    Args:
        text: the text.
        entities: of the text; one listed twice counts once.

    Returns:
        The parts, each ordered from left to right with the wider before the narrower; as many to the first as go there.

    Raises:
        InvalidValue: when an entity reaches beyond the text.

    Example:
        >>> [[entity.type for entity in layer] for layer in layers("北京大学生", [Entity(0, 4, "机构"), Entity(2, 5, "人")])]
        [['机构'], ['人']]
    """
    found: list[list[Entity]] = []
    around: list[list[int]] = []  # for each layer, ends of the entities that are open, the innermost last
    for entity in sorted(set(entities), key=lambda one: (one.start, -one.end, one.type)):
        if entity.end > len(text):
            raise InvalidValue(
                zh=f"文本有 {len(text)} 个字符，{entity} 超出了它；请检查实体是不是这条文本的。",
                en=f"The text has {len(text)} characters, and {entity} reaches beyond. Check that the entity is of this text.",
            )
        number = next((number for number, ends in enumerate(around) if _goes_into(ends, entity)), len(found))
        if number == len(found):
            found.append([])
            around.append([])
        found[number].append(entity)
        around[number].append(entity.end)
    return found


def _goes_into(ends: list[int], entity: Entity) -> bool:
    """Forget the ends that come before an entity, and say whether it lies within the innermost that is left."""
    while ends and ends[-1] <= entity.start:
        ends.pop()
    return not ends or entity.end <= ends[-1]


def _pieces(text: str, layer: Sequence[Entity]) -> list[tuple[str, Entity | None]]:
    """Cut a text at the edges of entities that do not cross: ``"["`` and ``"]"`` with the entity, else text with None."""
    pieces: list[tuple[str, Entity | None]] = []
    open_ones: list[Entity] = []
    place = 0
    for entity in [*layer, None]:
        here = len(text) if entity is None else entity.start
        while open_ones and open_ones[-1].end <= here:
            ended = open_ones.pop()
            pieces += [(text[place : ended.end], None), ("]", ended)]
            place = ended.end
        pieces.append((text[place:here], None))
        place = here
        if entity is not None:
            pieces.append(("[", entity))
            open_ones.append(entity)
    return [piece for piece in pieces if piece[0]]


def _in_brackets(text: str, layer: Sequence[Entity], paint: Paint | None) -> str:
    line = ""
    for (piece, entity), (following, closed) in pairwise([*_pieces(text, layer), ("", None)]):
        closes = entity is not None and piece == "]"
        bracket = f"]{entity.type}" if entity is not None and closes else piece
        line += paint(entity.type, bracket) if entity is not None and paint is not None else bracket
        if closes and following[:1].strip() and not (closed is not None and following == "]"):
            line += " "  # else the type would run into the text
    return line


def _lines_of_html(text: str, entities: Sequence[Entity], classes: dict[str, str]) -> list[str]:
    lines = []
    for layer in layers(text, entities) or [[]]:
        line = ""
        for piece, entity in _pieces(text, layer):
            if entity is None:
                line += _escape(piece)
            elif piece == "[":
                line += f'<mark class="{classes[entity.type]}" title="{_escape(_facts(entity))}">'
            else:
                line += f"<span>{_escape(entity.type)}</span></mark>"
        lines.append(line)
    return lines


def _facts(entity: Entity) -> str:
    score = "" if entity.score == 1 else f" {entity.score:.3f}"
    return f"{entity.type} [{entity.start}, {entity.end}){score}"


def _escape(text: str) -> str:
    return html.escape(_UNSHOWABLE.sub("\ufffd", text))


def _style(name: str, number: int) -> str:
    """Return the colours of a type: a light background, on which black can be read, and a dark border of the same hue."""
    hue = number * _GOLDEN % 1
    return f".{name} {{ background: {_hex(hue, 0.87, 0.8)}; border-color: {_hex(hue, 0.4, 0.7)}; }}"


def _hex(hue: float, lightness: float, saturation: float) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
