"""Entities shown in brackets and on a page: nothing of the text is lost, nothing in it is taken for markup."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baihua.checks import InvalidValue
from baihua.language import set_language
from baihua.text.entities import Entity
from baihua.text.marked_text import entities_html, layers, mark_inline

TYPES = ("人", "地点", "组织")


@st.composite
def marked(draw, alphabet="北京a<&> \n"):
    text = draw(st.text(alphabet, max_size=12))
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.sampled_from(TYPES)), max_size=8))
    return text, [Entity(*span) for span in spans if span[0] < span[1]]


@pytest.mark.parametrize(
    ("spans", "line"),
    [
        ([], "北京大学生"),
        ([(0, 5, "人")], "[北京大学生]人"),
        ([(0, 2, "地点")], "[北京]地点 大学生"),
        ([(0, 2, "地点"), (2, 5, "人")], "[北京]地点 [大学生]人"),
        ([(0, 2, "地点"), (0, 4, "组织"), (0, 5, "人")], "[[[北京]地点 大学]组织 生]人"),
        ([(2, 4, "词"), (0, 4, "组织")], "[北京[大学]词]组织 生"),
        ([(0, 2, "地点"), (0, 2, "组织")], "[[北京]组织]地点 大学生"),
        ([(0, 2, "地点"), (0, 2, "地点")], "[北京]地点 大学生"),
        ([(0, 4, "组织"), (2, 5, "人")], "[北京大学]组织 生 + [大学生]人"),
    ],
)
def test_brackets(spans, line):
    assert mark_inline("北京大学生", [Entity(*span) for span in spans]) == line


def test_a_line_is_a_line_and_a_space_is_not_doubled():
    assert mark_inline("北京\r\n好\t吗", [Entity(0, 2, "地点")]) == "[北京]地点  好 吗"
    assert mark_inline("北京]好", [Entity(0, 2, "地点")]) == "[北京]地点 ]好"


def test_brackets_can_be_painted():
    painted = mark_inline("北京好", [Entity(0, 2, "地点")], lambda kind, bracket: f"<{kind}:{bracket}>")
    assert painted == "<地点:[>北京<地点:]地点> 好"


@given(marked("北京好"))
def test_without_brackets_and_types_the_text_is_there(case):
    text, entities = case
    line = mark_inline(text, entities).split(" + ")
    assert re.sub(r"\[|\](人|地点|组织) ?", "", line[0]) == text
    assert len(re.findall(r"\]", "".join(line))) == len(set(entities))


@given(marked())
def test_layers_part_the_entities_and_none_crosses_another(case):
    text, entities = case
    found = layers(text, entities)
    assert sorted(entity for layer in found for entity in layer) == sorted(set(entities))
    for layer in found:
        for one in layer:
            assert not any(one.start < other.start < one.end < other.end for other in layer)


class Page(HTMLParser):
    """The text of each paragraph without the names of types, and the marks in it by place and type."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.paragraphs, self.marks, self.open, self.tags = [], [], [], []
        self.inside, self.label, self.addresses = False, False, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag == "p":
            self.inside = True
            self.paragraphs.append("")
        elif tag == "mark" and self.inside:
            self.open.append(len(self.paragraphs[-1]))
        elif tag == "span":
            self.label = True

    def handle_endtag(self, tag):
        if tag == "p":
            self.inside = False
        elif tag == "mark" and self.inside:
            self.marks.append((self.open.pop(), len(self.paragraphs[-1]), self.last_label))
        elif tag == "span":
            self.label = False

    def handle_data(self, data):
        if self.label:
            self.last_label = data
        elif self.inside:
            self.paragraphs[-1] += data


@given(marked())
def test_the_page_holds_every_entity_with_its_type_and_the_text_as_it_is(case):
    text, entities = case
    page = Page(entities_html([text], [entities]))
    assert sorted(page.marks) == sorted((one.start, one.end, one.type) for one in set(entities))
    assert set(page.paragraphs) == {text}
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.addresses == []


def test_the_page_has_a_legend_in_either_language_and_escapes_types():
    page = entities_html(["北京", "好"], [[Entity(0, 2, '<"地">', 0.5)], []])
    assert "Texts: 2, entities: 1" in page
    assert "&lt;&quot;地&quot;&gt;</mark> 1</li>" in page
    assert 'title="&lt;&quot;地&quot;&gt; [0, 2) 0.500"' in page
    set_language("zh")
    assert "2 条文本，1 个实体" in entities_html(["北京", "好"], [[Entity(0, 2, "地")], []])


def test_what_no_page_can_hold_is_replaced():
    page = entities_html(["a\x00\ud83d\nb"], [[]])
    assert "<p>a\ufffd\ufffd\nb</p>" in page
    page.encode("utf-8")


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_types_can_be_told_apart_and_read_on_their_colours():
    """WCAG asks for a contrast of 7 at its strictest level."""
    text = "字" * 40
    page = entities_html([text], [[Entity(place, place + 1, f"类{place:02}") for place in range(40)]])
    backgrounds = re.findall(r"background: (#\w{6}); border", page)
    assert len(set(backgrounds)) == 40
    for colour in backgrounds:
        assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) > 7
    assert page == entities_html([text], [[Entity(place, place + 1, f"类{place:02}") for place in range(40)]])


def test_an_entity_beyond_its_text_is_refused():
    for show in (lambda entity: mark_inline("北京", [entity]), lambda entity: entities_html(["北京"], [[entity]])):
        with pytest.raises(InvalidValue, match="The text has 2 characters"):
            show(Entity(1, 3, "地点"))
    with pytest.raises(InvalidValue, match="must have the same length"):
        entities_html(["北京"], [])
