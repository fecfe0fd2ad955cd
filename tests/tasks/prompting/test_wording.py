"""Templates and words that fit, and what is said of those that do not."""

import itertools

import pytest

from baihua.checks import InvalidValue
from baihua.tasks.prompting.wording import check_template, check_words

KINDS = list(itertools.product([True, False], repeat=3))


@pytest.mark.parametrize(("soft", "causal", "pairs"), KINDS)
def test_the_templates_of_ours_fit(soft, causal, pairs):
    template = check_template(None, soft=soft, causal=causal, pairs=pairs)
    assert check_template(template, soft=soft, causal=causal, pairs=pairs) == template
    assert check_template(str(template), soft=soft, causal=causal, pairs=pairs) == template
    assert (template.num_soft in (8, 10)) == soft
    assert template.num_masks == (0 if causal else 1)


@pytest.mark.parametrize(
    ("written", "fits", "message"),
    [
        ("{mask}{text}", {"pairs": True}, r"Pairs of texts need a template with \{text_a\} \{text_b\}"),
        ("{mask}{text_a}{text_b}", {}, r"Single texts need a template with \{text\}, but"),
        ("{mask}{text}", {"soft": True}, r"has none\. Add some, such as \{soft:4\}"),
        ("{mask}{text}", {"causal": True}, r"leave \{mask\} out of the template"),
        ("很{text}", {}, r"has no \{mask\}\. Add one"),
    ],
)
def test_templates_that_do_not_fit(written, fits, message):
    with pytest.raises(InvalidValue, match=message):
        check_template(written, **({"soft": False, "causal": False, "pairs": False} | fits))


def test_words():
    words = {"乙": "好", "甲": ["差"], 3: "中"}
    assert check_words(words, []) == {"乙": "好", "甲": ["差"], "3": "中"}
    assert list(check_words(words, ["3", "甲"]).items()) == [("3", "中"), ("甲", ["差"])]
    with pytest.raises(InvalidValue, match="label '丙' of training has no word; the verbalizer has 乙, 甲, 3"):
        check_words(words, ["甲", "丙"])
