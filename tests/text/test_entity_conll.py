import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baihua.checks import InvalidValue
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_conll import conll_columns, looks_like_conll, read_conll
from baihua.text.entity_records import Problem
from baihua.text.entity_tags import SCHEMES, read_tags, scheme_of, spell_tags


def read(text):
    reading, scheme = read_conll(text)
    return [(record.text, [(s.start, s.end, s.type) for s in record.spans]) for record in reading.records], scheme


def random_spans(rng, length):
    places = sorted(rng.sample(range(length + 1), rng.randrange(0, length // 2) // 2 * 2))
    return [(start, end, rng.choice("人书地")) for start, end in zip(places[::2], places[1::2], strict=True)]


# Tags


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("seed", range(10))
def test_spans_come_back_from_their_tags(scheme, seed):
    rng = random.Random(seed)
    spans = random_spans(rng, 15)
    tags = spell_tags(15, spans, scheme)
    assert read_tags(tags) == (spans, 0)


def test_the_three_schemes_of_one_example():
    spans = [(0, 1, "人"), (1, 3, "地"), (3, 6, "书")]
    assert spell_tags(7, spans, "bio") == ["B-人", "B-地", "I-地", "B-书", "I-书", "I-书", "O"]
    assert spell_tags(7, spans, "bioes") == ["S-人", "B-地", "E-地", "B-书", "I-书", "E-书", "O"]
    assert spell_tags(7, spans, "bmes") == ["S-人", "B-地", "E-地", "B-书", "M-书", "E-书", "O"]
    for scheme in SCHEMES:
        assert scheme_of(spell_tags(7, spans, scheme)) == scheme


@pytest.mark.parametrize(
    ("tags", "spans", "out_of_order"),
    [
        (["I-人", "I-人", "O"], [(0, 2, "人")], 1),
        (["B-人", "I-地", "I-地"], [(0, 1, "人"), (1, 3, "地")], 1),
        (["E-人", "I-人"], [(0, 1, "人"), (1, 2, "人")], 2),
        (["B-人", "O", "M-人", "E-人"], [(0, 1, "人"), (2, 4, "人")], 1),
        (["S-人", "S-人", "B-人", "B-人"], [(0, 1, "人"), (1, 2, "人"), (2, 3, "人"), (3, 4, "人")], 0),
        (["B-a-b", "I-a-b", "I-a"], [(0, 2, "a-b"), (2, 3, "a")], 1),
    ],
)
def test_tags_out_of_order_begin_an_entity(tags, spans, out_of_order):
    assert read_tags(tags) == (spans, out_of_order)


def test_tags_cannot_overlap_or_leave_the_tokens():
    for spans in ([(0, 2, "人"), (1, 3, "地")], [(2, 4, "人")]):
        with pytest.raises(InvalidValue, match="overlaps with another entity or reaches beyond"):
            spell_tags(3, spans)
    with pytest.raises(InvalidValue, match="Unknown scheme 'bilou'"):
        spell_tags(3, [], "bilou")


# Reading


def test_sentences_scheme_and_lines():
    reading, scheme = read_conll("-DOCSTART- O\n\n在 O\n北 B-LOC\n京 E-LOC\n\n\n李 B-PER\n白 E-PER\n去 O\n")
    assert scheme == "bioes"
    assert [(record.text, record.line) for record in reading.records] == [("在北京", 3), ("李白去", 8)]
    assert [span.type for record in reading.records for span in record.spans] == ["LOC", "PER"]


@pytest.mark.parametrize("separator", ["\t", " ", "   ", " \t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_line_ends(separator, end):
    lines = ["在", "北", "京"]
    tags = ["O", "B-LOC", "I-LOC"]
    text = end.join(f"{token}{separator}{tag}" for token, tag in zip(lines, tags, strict=True))
    assert read(text) == ([("在北京", [(1, 3, "LOC")])], "bio")


@pytest.mark.parametrize("line", ["  O", " \tO", "\tO", " O"])
def test_a_token_that_is_a_space_is_one(line):
    assert read(f"在 O\n{line}\n北 B-LOC\n京 I-LOC\n")[0] == [("在 北京", [(2, 4, "LOC")])]


def test_white_space_of_chinese_is_a_token_and_no_separator():
    assert read("\u3000 O\n北 B-LOC\n")[0] == [("\u3000北", [(1, 2, "LOC")])]
    assert read("\u3000\tO\n\u2028\tO\n北\tB-LOC\n")[0] == [("\u3000\u2028北", [(2, 3, "LOC")])]


def test_words_of_latin_are_parted_by_a_space_and_others_not():
    words = "我 O\n在 O\nNew B-LOC\nYork I-LOC\n买 O\n了 O\niPhone B-物\n15 I-物\n， O\nBye O\n"
    assert read(words)[0] == [("我在New York买了iPhone 15，Bye", [(2, 10, "LOC"), (12, 21, "物")])]


def test_letters_and_digits_that_are_tokens_each_are_not_parted():
    assert read("1 O\n9 O\n年 O\nA B-ORG\nP I-ORG\n")[0] == [("19年AP", [(3, 5, "ORG")])]


def test_more_columns_than_two_use_the_first_and_last():
    reading, _ = read_conll("北 NN B-NP B-LOC\n京 NN I-NP I-LOC\n")
    assert reading.records[0].text == "北京"
    assert [(span.start, span.end, span.type) for span in reading.records[0].spans] == [(0, 2, "LOC")]
    assert "Of 4 columns" in reading.notes[0]


@pytest.mark.parametrize("line", ["京 X-LOC", "京", "京 NN I-LOC", "京 B_LOC"])
def test_a_line_that_does_not_fit_leaves_its_sentence_out(line):
    reading, _ = read_conll(f"北 B-LOC\n{line}\n\n上 B-LOC\n海 I-LOC\n")
    problem, good = reading.records
    assert isinstance(problem, Problem)
    assert (problem.kind, problem.line) == ("malformed", 2)
    assert good.text == "上海"


def test_the_commonest_number_of_columns_is_the_right_one():
    reading, _ = read_conll("京\n\n上 B-LOC\n海 I-LOC\n")
    assert [isinstance(record, Problem) for record in reading.records] == [True, False]
    assert reading.records[0].line == 1


def numbered(*words):
    return [f"{character}{number}" for word in words for number, character in enumerate(word)]


def test_the_numbers_of_weibo_are_dropped_even_with_two_digits():
    words = ["在", "北京", "10011", "torrent2015x", "3"]
    text = "".join(f"{token}\tO\n" for token in numbered(*words))
    assert [content for content, _ in read(text)[0]] == ["".join(words)]


@pytest.mark.parametrize("tokens", [["A0", "B1", "北"], ["10", "20", "30"], ["北京2", "上海5", "A9"]])
def test_numbers_that_do_not_count_characters_stay(tokens):
    text = "".join(f"{token}\tO\n" for token in tokens)
    assert "".join(read(text)[0][0][0].split()) == "".join(tokens)


def test_what_looks_like_conll():
    assert looks_like_conll("-DOCSTART- -X- O\n\n北 B-LOC\n京 I-LOC\n")
    assert not looks_like_conll("Type O\n北京在下雨\n上海也是\n")
    assert not looks_like_conll('{"text": "北 O"}\n')


# Writing


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_worked_example(scheme):
    texts = EntityTexts(["去北京。", "好"], [[Entity(1, 3, "地")], []])
    inner = {"bio": "I", "bioes": "E", "bmes": "E"}[scheme]
    assert conll_columns(texts, scheme) == (f"去\tO\n北\tB-地\n京\t{inner}-地\n。\tO\n\n好\tO\n\n", [])


def test_what_a_line_cannot_hold_is_said():
    content, notes = conll_columns(EntityTexts(["好\r\n北\t京", "", "上海"], [[Entity(3, 6, "地")], [], []]))
    assert read(content)[0] == [("好  北 京", [(3, 6, "地")]), ("上海", [])]
    assert "as before: 1." in notes[0]
    assert "not written: 1." in notes[1]


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(
        st.text(st.sampled_from("北京aB19 \u3000🙂👨\u200d🚒。O-[{|"), min_size=1, max_size=12), min_size=1, max_size=4
    ),
    seed=st.integers(0, 1000),
    scheme=st.sampled_from(sorted(SCHEMES)),
)
@example(texts=["  ", " 北 "], seed=0, scheme="bio")
def test_any_text_of_one_line_comes_back(texts, seed, scheme):
    rng = random.Random(seed)
    spans = [random_spans(rng, len(text)) if len(text) > 3 else [] for text in texts]
    entities = [[Entity(*span) for span in mine] for mine in spans]
    content, notes = conll_columns(EntityTexts(texts, entities), scheme)
    assert notes == []
    assert read(content)[0] == list(zip(texts, spans, strict=True))
