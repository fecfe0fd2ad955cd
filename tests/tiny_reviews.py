"""Reviews of our own in the layout of waimai_10k, and tiny language models to tell them apart with."""

import csv
import json
import random
from pathlib import Path

import torch
import transformers
from tiny_models import CHARACTERS, make_bert, write_tokenizer

from baihua.benchmarks.classification import waimai_split

NUM_DEV, NUM_TRAIN = 100, 60  # half of each good


def write_reviews(folder: Path) -> None:
    """Write reviews that say 好 or 坏, so many for each split."""
    rng = random.Random(0)
    left = {(split, label): num // 2 for split, num in (("dev", NUM_DEV), ("train", NUM_TRAIN)) for label in "01"}
    rows = []
    while any(left.values()):
        label = rng.choice("01")
        text = "".join(rng.choices(CHARACTERS[:20], k=6)) + {"1": "好", "0": "坏"}[label]
        if left.get((waimai_split(text), label), 0):
            left[waimai_split(text), label] -= 1
            rows.append((label, text))
    (folder / "waimai_10k").mkdir(parents=True)
    with (folder / "waimai_10k/waimai_10k.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("label", "review"), *rows])


def add_unused(folder: Path, num: int = 20) -> None:
    """Put [unused] tokens into a tokenizer's vocabulary."""
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    first = max(vocabulary.values()) + 1
    vocabulary |= {f"[unused{number}]": first + number for number in range(num)}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")


def make_masked(folder: Path) -> None:
    """Save a tiny random masked model with [unused] tokens."""
    make_bert(folder, "BertForMaskedLM", num_hidden_layers=1)
    add_unused(folder)


def make_causal(folder: Path) -> None:
    """Save a tiny random causal model with the same vocabulary."""
    folder.mkdir(parents=True)
    write_tokenizer(folder)
    add_unused(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    torch.manual_seed(1)
    config = transformers.LlamaConfig(vocab_size=100, max_position_embeddings=32, tie_word_embeddings=True, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
