"""Label words that nobody chose."""

import itertools

import numpy as np
import pytest

from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED
from baihua.tasks.prompting.batches import Reading
from baihua.tasks.prompting.label_words import choose_words, learned_words, words_from_examples, words_of_labels
from baihua.tasks.prompting.model import PromptModel
from baihua.text.prompts import Template, encode_prompts


@pytest.fixture(scope="module")
def bundled():
    model, tokenizer = open_masked_model(BUNDLED, device="cpu")
    return PromptModel(model), tokenizer.backend_tokenizer


def test_labels_as_words(bundled):
    _, backend = bundled
    assert words_of_labels(["体育", "财经新闻"], backend) == {"体育": "体育", "财经新闻": "财经新闻"}
    for labels in (["体育", "sports"], ["体育", "1"], ["体育", "国际财经新闻"], ["好", "龘"], ["好 ", "坏"], ["好"]):
        assert words_of_labels(labels, backend) is None


def test_the_best_words_together():
    """Against all choices there are."""
    rng = np.random.default_rng(0)
    evidence, answers = rng.normal(size=(9, 5)), np.array([0, 1, 2, 0, 0, 1, 2, 0, 1])
    means = [evidence[answers == label].mean(axis=0) for label in range(3)]
    gains = [means[label] - (sum(means) - means[label]) / 2 for label in range(3)]
    best = max(
        itertools.permutations(range(5), 3), key=lambda chosen: sum(gains[row][at] for row, at in enumerate(chosen))
    )
    assert choose_words(evidence, answers, np.arange(100, 105)).tolist() == [100 + place for place in best]


def test_words_that_the_model_itself_says(bundled):
    model, backend = bundled
    template, texts = Template.parse("{text}是{mask}国的首都"), ["北京", "东京", "我在北京", "他在东京"]
    prompts = encode_prompts(template, backend, texts, 32)
    labels = ["b", "a", "b", "a"]
    words = words_from_examples(model, prompts, labels, Reading(4, 8000, None, causal=False), backend)
    assert list(words) == ["a", "b"]
    assert words["a"] != words["b"]
    assert all(len(word) == 1 and backend.token_to_id(word) is not None for word in words.values())
    swapped = words_from_examples(model, prompts, ["a", "b", "a", "b"], Reading(4, 8000, None, causal=False), backend)
    assert (swapped["a"], swapped["b"]) == (words["b"], words["a"])


def test_words_to_learn(bundled):
    assert learned_words(["甲", "乙"], [5, 7], bundled[1]) == {"甲": "[unused1]", "乙": "[unused3]"}
