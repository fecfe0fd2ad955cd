"""Windows: they hold every token, each place of a text belongs to one of them, and entities lie whole where they belong."""

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from baihua.checks import InvalidValue
from baihua.encoders.load import BUNDLED
from baihua.tasks.extraction.windows import CHUNK, make_windows
from baihua.text.entities import Entity

SEEN = [
    "小王在北京大学读书。",
    "Hello world, the café 12 34",
    "🙂🙂👨‍🚒 𠮷野家",
    "他说：“ＡＢＣ１２３！”",
    "一二三 四五六",
]


def bundled_tokenizer():
    """Word pieces after NFKC: one character may be several tokens, and several may be one."""
    return Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))


def word_pieces():
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.train_from_iterator(
        SEEN, trainers.WordPieceTrainer(vocab_size=90, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made


def byte_pairs():
    """Bytes: no special tokens, several tokens to a character, and blanks that stand for no character at all."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=True)
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    made.train_from_iterator(SEEN, trainer)
    return made


def marked_words():
    """As T5's kind has it: a mark where a word begins, and one special token, at the end."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=80, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(SEEN, trainer)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return made


TOKENIZERS = {make.__name__: make() for make in (bundled_tokenizer, word_pieces, byte_pairs, marked_words)}
PIECES = [
    "小",
    "王",
    "在北京",
    "，",
    "。",
    "Hello",
    "wor",
    "ld",
    "A",
    "7",
    "2024",
    "🙂",
    "👨‍🚒",
    "🏳️‍🌈",
    "ＡＢ",
    "１２",
    "ﬁ",
    "㈱",
    "①",
]
PIECES += [
    "\u200b",
    "\ufeff",
    "\r\n",
    "\n",
    " ",
    "　",
    "\t",
    "e\u0301",
    "\u0301",
    "\u3099",
    "𠮷",
    "\x00",
    "\x7f",
    "\ufffd",
]
PIECES += ["ا", "العربية", "한국어", "[SEP]", "[CLS]", "…", "——"]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=30)
unhurried = settings(database=None, deadline=None, max_examples=100)
each_tokenizer = pytest.mark.parametrize("backend", TOKENIZERS.values(), ids=TOKENIZERS)


@st.composite
def lengths(draw):
    """Room for tokens, and how many of them neighbours share."""
    room = draw(st.integers(1, 12))
    return room, draw(st.integers(0, room - 1))


def windows_of(backend, text, room, overlap):
    return make_windows(backend, [text], room + backend.num_special_tokens_to_add(False), overlap)


def all_tokens(backend, text):
    """Ids and offsets of all tokens of a text in one piece, special ones left out."""
    backend.no_truncation()
    whole = backend.encode(text)
    parts = zip(whole.ids, whole.offsets, whole.special_tokens_mask, strict=True)
    real = [(number, place) for number, place, special in parts if not special]
    return [number for number, _ in real], [place for _, place in real]


@each_tokenizer
@unhurried
@given(text=texts, numbers=lengths())
def test_windows_hold_every_token_in_order(backend, text, numbers):
    room, overlap = numbers
    ids, offsets = all_tokens(backend, text)
    reached = 0
    for window in windows_of(backend, text, room, overlap):
        first = reached - overlap if reached else 0
        mine = window.ids[window.special : window.special + len(window.offsets)]
        assert mine == ids[first : first + len(mine)]
        assert window.offsets.tolist() == [list(place) for place in offsets[first : first + len(mine)]]
        assert len(window.ids) == len(mine) + backend.num_special_tokens_to_add(False)
        assert len(mine) <= room
        assert first + len(mine) > reached
        reached = first + len(mine)
    assert reached == len(ids)


@each_tokenizer
@unhurried
@given(text=texts, numbers=lengths())
def test_offsets_are_places_of_the_text(backend, text, numbers):
    for window in windows_of(backend, text, *numbers):
        starts, ends = window.offsets.T.tolist()
        assert starts == sorted(starts)
        assert ends == sorted(ends)
        assert all(0 <= start <= end <= len(text) for start, end in zip(starts, ends, strict=True))


@each_tokenizer
@unhurried
@given(text=texts, numbers=lengths())
def test_each_place_belongs_to_one_window(backend, text, numbers):
    windows = windows_of(backend, text, *numbers)
    for twice in range(2 * len(text) + 1 if windows else 0):
        assert sum(window.owns(0, twice) for window in windows) == 1


@each_tokenizer
@unhurried
@given(text=texts, numbers=lengths())
@example(text="北京大学在北京，" * 3, numbers=(8, 4))
@example(text="🙂👨‍🚒𠮷" * 3, numbers=(7, 6))
def test_an_entity_no_wider_than_the_overlap_lies_whole_in_the_window_that_owns_it(backend, text, numbers):
    room, overlap = numbers
    _, offsets = all_tokens(backend, text)
    windows = windows_of(backend, text, room, overlap)
    real = [place for place, (start, end) in enumerate(offsets) if start < end]
    for first in real:
        for last in real:
            start, end = offsets[first][0], offsets[last][1]
            num_tokens = sum(start <= offsets[place][0] and offsets[place][1] <= end for place in range(len(offsets)))
            if first <= last and num_tokens <= overlap:
                (home,) = [window for window in windows if window.owns(start, end)]
                tokens = home.tokens_of(Entity(start, end, "x"))
                assert tokens is not None
                assert (home.offsets[tokens[0], 0], home.offsets[tokens[1], 1]) == (start, end)


@each_tokenizer
@unhurried
@given(text=texts)
def test_only_edges_of_tokens_are_edges_of_entities(backend, text):
    _, offsets = all_tokens(backend, text)
    real = [place for place in offsets if place[0] < place[1]]
    spans = {(start, end) for number, (start, _) in enumerate(real) for _, end in real[number:]}
    windows = windows_of(backend, text, 1000, 10)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            found = [window.tokens_of(Entity(start, end, "x")) for window in windows]
            assert any(tokens is not None for tokens in found) == ((start, end) in spans)


@pytest.mark.parametrize(
    ("text", "span", "tokens"),
    [
        ("Hello北京", (0, 5), (0, 0)),
        ("Hello北京", (1, 5), None),
        ("Hello北京", (0, 6), (0, 1)),
        ("在㈱北京", (1, 2), (1, 3)),  # (, 株 and ) stand for one character
        ("在㈱北京", (1, 4), (1, 5)),
        ("我是👨‍🚒。", (2, 5), (2, 2)),
        ("我是👨‍🚒。", (2, 3), None),
        ("\ufeff小\u200b王\r\n", (1, 4), (0, 1)),
        ("小王[SEP]在", (2, 7), (2, 2)),  # what a text spells like a special token is part of the text
    ],
)
def test_tokens_of_an_entity(text, span, tokens):
    (window,) = windows_of(TOKENIZERS["bundled_tokenizer"], text, 100, 10)
    assert window.tokens_of(Entity(*span, "x")) == tokens


def test_a_character_of_several_bytes_is_one_entity():
    backend = TOKENIZERS["byte_pairs"]
    (window,) = windows_of(backend, "a饕餮b", 100, 10)
    assert len(window.offsets) == 8
    assert window.tokens_of(Entity(1, 2, "x")) == (1, 3)
    assert window.tokens_of(Entity(1, 3, "x")) == (1, 6)
    assert window.tokens_of(Entity(0, 4, "x")) == (0, 7)


def test_tokens_that_stand_for_nothing_belong_to_no_entity():
    """Two entities with a blank between that has lost its place would otherwise share it, which no CRF can learn."""
    backend = TOKENIZERS["byte_pairs"]
    (window,) = windows_of(backend, "小王  在  北京", 100, 10)
    empty = (window.offsets[:, 0] == window.offsets[:, 1]).nonzero()[0].tolist()
    assert empty
    covered = [window.tokens_of(Entity(*span, "x")) for span in ((0, 2), (4, 5), (7, 9))]
    assert all(tokens is not None for tokens in covered)
    assert all(tokens[0] not in empty and tokens[1] not in empty for tokens in covered)
    assert all(before[1] < after[0] for before, after in itertools.pairwise(covered))


def test_nothing_to_read_gives_no_window():
    for name in ("bundled_tokenizer", "word_pieces"):
        assert make_windows(TOKENIZERS[name], ["", " ", "\r\n\t", "\u3000", "\u200b\ufeff"], 10, 2) == []
    assert make_windows(TOKENIZERS["byte_pairs"], [""], 10, 2) == []


def test_texts_are_numbered_through_however_many():
    texts = ["小王" if number % 3 else "" for number in range(CHUNK + 100)]
    windows = make_windows(TOKENIZERS["bundled_tokenizer"], texts, 10, 2)
    assert [window.text for window in windows] == [number for number in range(len(texts)) if number % 3]


def test_another_truncation_set_before_does_not_matter():
    backend = TOKENIZERS["word_pieces"]
    expected = [window.ids for window in windows_of(backend, "小王在北京" * 5, 6, 2)]
    backend.enable_truncation(4, direction="left")
    backend.enable_padding(length=50)
    assert [window.ids for window in windows_of(backend, "小王在北京" * 5, 6, 2)] == expected


@pytest.mark.parametrize(("max_length", "overlap"), [(2, 0), (10, 8), (10, 9), (10, -1)])
def test_no_room(max_length, overlap):
    with pytest.raises(InvalidValue, match="room for"):
        make_windows(TOKENIZERS["word_pieces"], ["小王"], max_length, overlap)
