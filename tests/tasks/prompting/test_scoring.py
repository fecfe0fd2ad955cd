"""Scores of words against filling them in by hand, one prompt and one token at a time."""

import numpy as np
import pytest
import torch
import transformers
from tiny_models import make_bert, write_tokenizer
from tokenizers import Tokenizer

from baihua.tasks.prompting.batches import Reading
from baihua.tasks.prompting.model import PromptModel
from baihua.tasks.prompting.scoring import word_scores
from baihua.text.prompts import Template, encode_prompts
from baihua.text.verbalizer import Verbalizer

TEXTS = ["手机很好", "今天天气怎么样", "", "我们来中国上学了，在大国。"]
WORDS = {"好": ["好", "很好", "好的国"], "坏": ["坏", "很坏", "好的上"]}


@pytest.fixture(scope="module", params=["masked", "causal"])
def asked(request, tmp_path_factory):
    """A tiny random model, its words, prompts for each number of blanks, and how they are read."""
    folder, causal = tmp_path_factory.mktemp("model"), request.param == "causal"
    if causal:
        write_tokenizer(folder)
        sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(vocab_size=100, **sizes)).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    else:
        model = make_bert(folder, "BertForMaskedLM")
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    verbalizer = Verbalizer(WORDS, backend)
    template = Template.parse("{text}。{mask}" if causal else "{mask}，{text}")
    prompts = {
        num: encode_prompts(template, backend, TEXTS, 32, num, mask_id=4, ending=not causal)
        for num in verbalizer.num_masks
    }
    return PromptModel(model.double()), verbalizer, prompts, Reading(4, 100, None, causal)


@torch.no_grad()
def log_prob(model, ids, place, token):
    logits = model.model(input_ids=torch.tensor([ids])).logits[0, place]
    return logits.log_softmax(dim=-1)[token].item()


def by_hand(model, prompt, word, *, causal, joint):
    """The sum over the word's tokens, each read in a prompt of its own."""
    total = 0.0
    for at, token in enumerate(word):
        ids = prompt.ids.tolist()
        for place, other in zip(prompt.masks.tolist(), word[:at] if joint else (), strict=False):
            ids[place] = other
        place = int(prompt.masks[at])
        total += log_prob(model, ids[:place], place - 1, token) if causal else log_prob(model, ids, place, token)
    return total


@pytest.mark.parametrize("scoring", ["joint", "independent"])
def test_scores_are_those_by_hand(asked, scoring):
    model, verbalizer, prompts, reading = asked
    found = word_scores(model, prompts, verbalizer, reading, scoring=scoring)
    joint = scoring == "joint" or reading.causal
    expected = [
        [by_hand(model, prompts[len(word)][row], word, causal=reading.causal, joint=joint) for word in verbalizer.ids]
        for row in range(len(TEXTS))
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_spare_blanks_stay_empty(asked):
    """Where all words are asked for in one prompt, a short word is read in its first blanks."""
    model, verbalizer, prompts, reading = asked
    alike = dict.fromkeys(prompts, prompts[3])
    found = word_scores(model, alike, verbalizer, reading)
    for row, prompt in enumerate(prompts[3]):
        expected = [by_hand(model, prompt, word, causal=reading.causal, joint=True) for word in verbalizer.ids]
        np.testing.assert_allclose(found[row], expected, rtol=0, atol=1e-9)


def test_order_and_company_do_not_matter(asked):
    model, verbalizer, prompts, reading = asked
    whole = word_scores(model, prompts, verbalizer, reading)
    backwards = word_scores(model, {num: mine[::-1] for num, mine in prompts.items()}, verbalizer, reading)
    np.testing.assert_allclose(backwards[::-1], whole, rtol=0, atol=1e-9)
    for row in range(len(TEXTS)):
        alone = word_scores(model, {num: [mine[row]] for num, mine in prompts.items()}, verbalizer, reading)
        np.testing.assert_allclose(alone[0], whole[row], rtol=0, atol=1e-9)


def test_progress_counts_texts_once(asked):
    done = []
    model, verbalizer, prompts, reading = asked
    word_scores(model, prompts, verbalizer, reading, advance=done.append)
    assert sum(done) == len(TEXTS)
