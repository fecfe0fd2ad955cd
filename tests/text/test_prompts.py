"""Templates as people write them, and prompts that keep the template whole and read every text as plain characters."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import write_tokenizer
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from baihua.checks import InvalidType, InvalidValue
from baihua.encoders.load import BUNDLED
from baihua.text.prompts import Template, encode_prompts, longest_first, soft_places

SEEN = ["小王在北京大学读书。", "Hello world, the café 12 34", "🙂🙂👨‍🚒 𠮷野家"]
BUNDLED_TOKENIZER = Tokenizer.from_file(str(BUNDLED / "tokenizer.json"))
MASK = 4  # of the bundled tokenizer and the tiny one


def byte_pairs(special=()):
    """Bytes, with RoBERTa's special tokens where they are asked for."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(SEEN, trainer)
    if special:
        made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return made


def marked_words(after_only=False):
    """As XLM-RoBERTa's: the special tokens are words of the model's vocabulary too, and its most probable ones."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    letters = [(letter, -3.0) for letter in "▁<>/masking好的坏"]
    made = Tokenizer(models.Unigram([(token, 0.0) for token in special] + letters, unk_id=3, byte_fallback=False))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.add_special_tokens(special)
    single = "$A </s>" if after_only else "<s> $A </s>"
    made.post_processor = processors.TemplateProcessing(single=single, special_tokens=[("<s>", 0), ("</s>", 2)])
    return made


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(folder)
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def tokens_of(prompt, backend):
    return [backend.id_to_token(number) for number in prompt.ids.tolist()]


def one(template, backend, text, max_length=64, **options):
    (prompt,) = encode_prompts(Template.parse(template), backend, [text], max_length, **options)
    return prompt


def test_the_template_of_the_article():
    prompt = one("{soft:4}{mask}{soft:4}{text}", BUNDLED_TOKENIZER, "很好")
    assert prompt.masks.tolist() == [5]
    assert prompt.soft.tolist() == [1, 2, 3, 4, 6, 7, 8, 9]
    assert prompt.spans == ((10, 12),)
    assert tokens_of(prompt, BUNDLED_TOKENIZER) == ["[CLS]", *["[MASK]"] * 9, "很", "好", "[SEP]"]
    assert prompt.num_cut == 0


@pytest.mark.parametrize(
    ("written", "num_soft", "num_masks", "fields"),
    [
        ("{text}", 0, 0, ("text",)),
        ("{soft}{mask}满意。{text}", 1, 1, ("text",)),
        ("{mask:2}{mask}，{text}{soft:03}{soft:2}", 5, 3, ("text",)),
        ("“{text_b}”{mask}“{text_a}”", 0, 1, ("text_b", "text_a")),
        ("{{{text}}}{{soft}}", 0, 0, ("text",)),
    ],
)
def test_what_a_template_has(written, num_soft, num_masks, fields):
    template = Template.parse(written)
    assert (template.num_soft, template.num_masks, template.fields) == (num_soft, num_masks, fields)
    assert Template.parse(str(template)) == template


PIECES = st.one_of(
    st.sampled_from(["{soft}", "{soft:3}", "{mask}", "{mask:2}", "{{", "}}", "\n"]),
    st.text(alphabet="好 a:…😀", max_size=4),
)


@given(st.lists(PIECES), st.lists(PIECES))
def test_a_template_reads_what_it_writes(before, after):
    written = "".join([*before, "{text}", *after])
    assert str(Template.parse(written)) == written
    assert Template.parse(str(Template.parse(written))) == Template.parse(written)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("", "has one {text}"),
        ("{mask}很好", r"\(ASCII braces\), but '{mask}很好' has: ∅"),
        ("{text}{text}", "has: {text} {text}"),
        ("{text}{text_a}", "has: {text} {text_a}"),
        ("{text_a}{mask}", "has: {text_a}"),
        ("{text_a}{text_b}{text_a}", "has: {text_a} {text_b} {text_a}"),
        ("{sotf:4}{text}", "Unknown slot 'sotf'.*Did you mean 'soft'"),
        ("{ mask }{text}", "Unknown slot ' mask '.*Did you mean 'mask'"),
        ("{soft：4}{text}", "Unknown slot 'soft：4'.*Did you mean 'soft'"),
        ("{}{text}", "Unknown slot ''"),
        ("{soft:0}{text}", "Cannot read '{soft:0}'"),
        ("{soft:-1}{text}", "Cannot read '{soft:-1}'"),
        ("{soft:４}{text}", "Cannot read"),
        ("{mask:}{text}", "Cannot read '{mask:}'"),
        ("{mask:1000000000}{text}", "Cannot read"),
        ("{text:2}", "Cannot read '{text:2}'"),
        ("{mask{text}", "'{' at character 0"),
        ("{mask}}{text}", "'}' at character 6"),
        ("{text}{", "'{' at character 6"),
    ],
)
def test_templates_that_cannot_be_read(written, message):
    with pytest.raises(InvalidValue, match=message):
        Template.parse(written)


@pytest.mark.parametrize("given", [None, 3, b"{text}", ["{text}"]])
def test_a_template_is_a_string(given):
    with pytest.raises(InvalidType, match="A template is a string"):
        Template.parse(given)


def test_the_number_of_masks_can_be_changed_where_they_stand_together():
    assert str(Template.parse("{soft}{mask}{mask}的{text}").with_masks(3)) == "{soft}{mask:3}的{text}"
    assert str(Template.parse("{mask:3}{text}").with_masks(1)) == "{mask}{text}"
    scattered = Template.parse("{mask}的{mask}{text}")
    assert scattered.with_masks(2) is scattered
    bare, single = Template.parse("{text}"), Template.parse("{mask}{text}")
    assert bare.with_masks(0) is bare
    for template, num in ((scattered, 1), (scattered, 3), (bare, 1), (single, 0), (single, -1)):
        with pytest.raises(InvalidValue, match=f"cannot become {num}"):
            template.with_masks(num)


def test_masks_may_be_numbered_when_encoding():
    prompt = one("{mask}的{text}{soft}", BUNDLED_TOKENIZER, "好", num_masks=2)
    assert (prompt.masks.tolist(), prompt.soft.tolist()) == ([1, 2], [5])


@pytest.mark.parametrize("text", ["[MASK]", "好[MASK]吃[SEP][CLS][PAD]", "［ＭＡＳＫ］", "[unused1]"])
def test_a_text_cannot_open_a_blank_or_end_itself(text, tiny):
    for backend in (BUNDLED_TOKENIZER, tiny):
        prompt = one("{mask}{text}", backend, text)
        (start, stop) = prompt.spans[0]
        assert not {0, 2, 3, MASK} & set(prompt.ids[start:stop].tolist())
        assert prompt.masks.tolist() == [1]
    assert BUNDLED_TOKENIZER.encode("[MASK]").ids == [2, MASK, 3], "the tokenizer reads templates as before"


@pytest.mark.parametrize("text", ["好<mask>的", "好＜mask＞</s><mask><mask>", "<mask>"])
def test_special_tokens_that_the_vocabulary_has_as_words(text):
    """Unigram models take the whole "<mask>" as their most probable piece, however it is to be read."""
    backend = marked_words()
    prompt = one("{mask}{text}", backend, text)
    (start, stop) = prompt.spans[0]
    found = tokens_of(prompt, backend)[start:stop]
    assert not {"<mask>", "</s>"} & set(found)
    assert "".join(found).replace("▁", "") == text.replace("＜", "<").replace("＞", ">")


def test_special_tokens_come_from_the_post_processor(tiny):
    roberta = byte_pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    assert tokens_of(one("{mask}{text}", roberta, "a"), roberta) == ["<s>", "<mask>", "a", "</s>"]
    after = marked_words(after_only=True)
    assert tokens_of(one("{text}{mask}", after, ""), after) == ["<mask>", "</s>"]
    bare = byte_pairs()
    prompt = one("{soft:2}{text}", bare, "a")
    assert (prompt.ids[:2].tolist(), tokens_of(prompt, bare)[2:], prompt.soft.tolist()) == ([0, 0], ["a"], [0, 1])
    assert tokens_of(one("{mask}{text}", tiny, "好"), tiny) == ["[CLS]", "[MASK]", "好", "[SEP]"]


def test_a_causal_prompt_stays_open():
    prompt = one("{soft}{text}{soft}", BUNDLED_TOKENIZER, "好", ending=False)
    assert tokens_of(prompt, BUNDLED_TOKENIZER) == ["[CLS]", "[MASK]", "好", "[MASK]"]


def test_a_mask_needs_a_token():
    with pytest.raises(InvalidValue, match="the tokenizer has no mask token"):
        one("{mask}{text}", byte_pairs(), "a")
    assert one("{mask}{text}", byte_pairs(), "a", mask_id=7).ids[0] == 7


def test_words_of_the_template_are_tokens_as_they_stand():
    prompt = one("Great{{好}}[SEP]{text}", BUNDLED_TOKENIZER, "a")
    assert tokens_of(prompt, BUNDLED_TOKENIZER)[1:-2] == [*BUNDLED_TOKENIZER.encode("Great{好}").tokens[1:-1], "[SEP]"]
    with pytest.raises(InvalidValue, match="Write {mask} for a blank"):
        one("[MASK]{text}", BUNDLED_TOKENIZER, "a")


@pytest.mark.parametrize("text", ["", " \n", "😀👨‍🚒", "\ud83d", "a\udc00b", "\x00", "好" * 5000, np.str_("好")])
def test_any_text_has_a_prompt(text, tiny):
    for backend in (BUNDLED_TOKENIZER, tiny, byte_pairs()):
        prompt = one("{soft}{text}", backend, text, max_length=16)
        assert len(prompt.ids) <= 16
        assert prompt.ids.dtype == np.int64


def test_half_a_character_is_read_as_the_replacement():
    backend = byte_pairs()
    assert one("{text}", backend, "a\ud83db").ids.tolist() == one("{text}", backend, "a\ufffdb").ids.tolist()


def test_no_text_is_no_prompt():
    assert encode_prompts(Template.parse("{text}"), BUNDLED_TOKENIZER, [], 64) == []


def test_only_the_text_is_cut():
    """The hard words, the blank and the soft tokens at the far end stay where they belong."""
    prompt = one("{soft:2}电影：{text}。{mask}{soft}", BUNDLED_TOKENIZER, "很好看" * 10, max_length=15)
    assert len(prompt.ids) == 15
    assert prompt.num_cut == 30 - 5
    assert tokens_of(prompt, BUNDLED_TOKENIZER)[-8:] == [*"很好看很好。"[1:], "[MASK]", "[MASK]", "[SEP]"]
    assert (prompt.masks.tolist(), prompt.soft.tolist()) == ([12], [1, 2, 13])


@pytest.mark.parametrize(("template", "least"), [("{soft:4}{mask}{text}", 8), ("{text_a}{mask}{text_b}", 5)])
def test_a_template_leaves_room_for_the_text(template, least):
    texts = ["好好好"] if "{text}" in template else [("好好好", "")]
    parsed = Template.parse(template)
    (prompt,) = encode_prompts(parsed, BUNDLED_TOKENIZER, texts, least)
    assert len(prompt.ids) == least
    with pytest.raises(InvalidValue, match=rf"take {least - len(parsed.fields)} tokens .* max_length={least - 1}"):
        encode_prompts(parsed, BUNDLED_TOKENIZER, texts, least - 1)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(2, 50))
def test_pairs_are_cut_as_transformers_cuts_them(first, second, room):
    backend = byte_pairs()
    backend.enable_truncation(room, strategy="longest_first")
    types = backend.encode("a" * first, "b" * second).type_ids
    assert longest_first(first, second, room) == (types.count(0), types.count(1))


def test_pairs_stand_in_the_order_of_the_template():
    pairs = [("天气", "好"), ["好", "天气天气天气"], np.array(["", "好"])]
    template = Template.parse("{text_b}？{mask}，{text_a}")
    prompts = encode_prompts(template, BUNDLED_TOKENIZER, pairs, max_length=9)
    joined = ["".join(tokens_of(prompt, BUNDLED_TOKENIZER)[1:-1]) for prompt in prompts]
    assert joined == ["好?[MASK],天气", "天气天?[MASK],好", "好?[MASK],"]  # NFKC
    assert [prompt.num_cut for prompt in prompts] == [0, 3, 0]
    assert prompts[0].spans == ((1, 2), (5, 7))
    assert [prompt.masks.tolist() for prompt in prompts] == [[3], [5], [3]]


@pytest.mark.parametrize("written", ["{text_a}{text_b}{soft}", "{soft}{text_b}{text_a}"])
def test_texts_side_by_side(written):
    (prompt,) = encode_prompts(Template.parse(written), BUNDLED_TOKENIZER, [("天气", "好")], 64)
    assert prompt.soft.tolist() == [4 if written.endswith("{soft}") else 1]
    assert prompt.spans == (((1, 3), (3, 4)) if written.endswith("{soft}") else ((2, 3), (3, 5)))


@pytest.mark.parametrize("texts", [["好"], [("好",)], [("好", "坏", "中")], [None], [3]])
def test_a_template_of_two_texts_needs_pairs(texts):
    with pytest.raises(InvalidType, match="item 0 of texts is no pair"):
        encode_prompts(Template.parse("{text_a}{text_b}"), BUNDLED_TOKENIZER, texts, 64)


@pytest.mark.parametrize(
    ("template", "texts", "message"),
    [
        ("{text}", "好", "single string"),
        ("{text_a}{text_b}", "好", "single string"),
        ("{text}", 3, "received int"),
        ("{text}", ["好", None], "Item 1 of texts"),
        ("{text}", [("好", "坏")], "Item 0 of texts is not a string but tuple"),
        ("{text_a}{text_b}", [("好", "坏"), ("好", 2)], "Item 1 of text_b"),
    ],
)
def test_texts_are_strings(template, texts, message):
    with pytest.raises(InvalidType, match=message):
        encode_prompts(Template.parse(template), BUNDLED_TOKENIZER, texts, 64)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(max_size=40), max_size=4), st.integers(12, 40))
def test_places_and_ids_agree_with_a_prompt_made_by_hand(texts, max_length):
    plain = Tokenizer.from_str(BUNDLED_TOKENIZER.to_str())
    plain.encode_special_tokens = True
    template = Template.parse("{soft:2}{mask}好{text}的{mask}{soft}")
    good, of = (plain.token_to_id(word) for word in "好的")
    for text, prompt in zip(texts, encode_prompts(template, BUNDLED_TOKENIZER, texts, max_length), strict=True):
        ids = plain.encode(text, add_special_tokens=False).ids
        kept = ids[: max_length - 9]
        assert prompt.ids.tolist() == [2, MASK, MASK, MASK, good, *kept, of, MASK, MASK, 3]
        assert prompt.masks.tolist() == [3, 6 + len(kept)]
        assert prompt.soft.tolist() == [1, 2, 7 + len(kept)]
        assert prompt.spans == ((5, 5 + len(kept)),)
        assert prompt.num_cut == len(ids) - len(kept)


def test_places_of_the_soft_tokens_of_a_batch():
    prompts = encode_prompts(Template.parse("{soft}{text}{soft:2}"), BUNDLED_TOKENIZER, ["好", "天气"], 64)
    expected = [[0, 1, 0], [0, 3, 1], [0, 4, 2], [1, 1, 0], [1, 4, 1], [1, 5, 2]]
    assert soft_places(prompts).tolist() == expected
    for without in ([], encode_prompts(Template.parse("{text}"), BUNDLED_TOKENIZER, ["好"], 64)):
        assert soft_places(without).shape == (0, 3)
        assert soft_places(without).dtype == np.int64


def test_templates_need_no_torch():
    code = "import sys, baihua.text.prompts, baihua.text.verbalizer; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
