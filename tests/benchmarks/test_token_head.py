import json
import os
import random
import warnings
import zipfile

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS, make_bert
from tokenizers import Tokenizer

from baihua.benchmarks.token_head import (
    NamedTexts,
    TokenHead,
    bio_labels,
    decode_spans,
    evaluate_token_head,
    read_cluener,
    score_spans,
)
from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.encoders.static import StaticEncoder

TYPES = ["人", "书", "地"]


def random_spans(rng, length):
    """Names that do not overlap."""
    places = sorted(rng.sample(range(length + 1), rng.randrange(0, length // 2) // 2 * 2))
    return {(start, end, rng.choice(TYPES)) for start, end in zip(places[::2], places[1::2], strict=True)}


def spell_out(labels, offsets):
    """Decode by trying every run of tokens: a name is a longest run of one type without a second beginning."""
    kinds = [None if label == 0 else TYPES[(label - 1) // 2] for label in labels]
    runs = [(a, b) for a in range(len(labels)) for b in range(a + 1, len(labels) + 1)]
    names = {
        (a, b)
        for a, b in runs
        if kinds[a] is not None and all(kinds[i] == kinds[a] and labels[i] % 2 == 0 for i in range(a + 1, b))
        if labels[a] % 2 == 1 or a == 0 or kinds[a - 1] != kinds[a]
        if b == len(labels) or kinds[b] != kinds[a] or labels[b] % 2 == 1
    }
    return {(offsets[a][0], offsets[b - 1][1], kinds[a]) for a, b in names}


def rule(num, seed):
    """Texts in which 国 is always a place, and 手机 always a book."""
    rng = np.random.default_rng(seed)
    letters = [character for character in dict.fromkeys(CHARACTERS) if character not in "国手机"]
    texts, spans = [], []
    for _ in range(num):
        characters = rng.choice(letters, size=12)
        place, book = rng.choice(np.arange(0, 12, 3), size=2, replace=False).tolist()
        characters[place], characters[book], characters[book + 1] = "国", "手", "机"
        texts.append("".join(characters))
        spans.append({(place, place + 1, "地"), (book, book + 2, "书")})
    return NamedTexts(texts, spans)


@pytest.fixture
def fresh_folder(tmp_path):
    """A tiny BERT as it is before any training: that of the other tests is too wild to learn."""
    model = make_bert(tmp_path, num_hidden_layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    type(model)(model.config).save_pretrained(tmp_path)
    return str(tmp_path)


# Labels and spans


@pytest.mark.parametrize("seed", range(20))
def test_spans_come_back_from_the_labels_of_characters(seed):
    rng = random.Random(seed)
    offsets = [(place, place + 1) for place in range(15)]
    spans = random_spans(rng, 15)
    assert decode_spans(bio_labels(offsets, spans, TYPES), offsets, TYPES) == spans


@pytest.mark.parametrize("seed", range(20))
def test_any_labels_are_decoded_as_by_trying_every_run(seed):
    rng = random.Random(seed)
    labels = [rng.randrange(0, 1 + 2 * len(TYPES)) for _ in range(12)]
    offsets = [(2 * place, 2 * place + 2) for place in range(12)]
    assert decode_spans(labels, offsets, TYPES) == spell_out(labels, offsets)


def test_two_names_side_by_side_stay_two():
    offsets = [(place, place + 1) for place in range(4)]
    spans = {(0, 2, "人"), (2, 4, "人")}
    assert bio_labels(offsets, spans, TYPES) == [1, 2, 1, 2]
    assert decode_spans([1, 2, 1, 2], offsets, TYPES) == spans


def test_tokens_of_several_characters_and_of_none():
    offsets = [(0, 0), (0, 5), (5, 6), (7, 9), (0, 0)]
    labels = bio_labels(offsets, {(5, 8, "书")}, TYPES)
    assert labels == [0, 0, 3, 4, 0]
    assert decode_spans(labels[1:4], offsets[1:4], TYPES) == {(5, 9, "书")}  # the token reaches past the name
    assert bio_labels([(0, 1), (1, 2)], {(0, 2, "人"), (1, 2, "书")}, TYPES) == [1, 2]


def test_the_score_of_a_worked_example():
    found = [{(0, 2, "人"), (3, 4, "书")}, {(1, 2, "地")}, set()]
    gold = [{(0, 2, "人"), (3, 4, "地")}, {(1, 2, "地")}, {(0, 1, "人"), (2, 3, "人")}]
    score = score_spans(found, gold)
    assert (score.precision, score.recall, score.num_gold) == (2 / 3, 2 / 5, 5)
    assert score.f1 == pytest.approx(2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert score_spans([set()], [set()]).f1 == 0


# Learning


def test_a_transformer_learns_a_rule_and_stays_as_it_was(fresh_folder):
    encoder = load_encoder(fresh_folder)
    before = encoder.fingerprint()
    score = evaluate_token_head(encoder, rule(200, 0), rule(50, 1), epochs=5, learning_rate=1e-2)
    assert score.f1 > 0.95
    assert score.num_gold == 100
    assert encoder.fingerprint() == before


def test_a_static_encoder_learns_it_too(bert_folder):
    backend = Tokenizer.from_file(str(bert_folder / "tokenizer.json")).to_str()
    encoder = StaticEncoder(np.random.default_rng(0).normal(size=(100, 8)), backend)
    before = encoder.fingerprint()
    assert evaluate_token_head(encoder, rule(200, 0), rule(50, 1), epochs=5, learning_rate=3e-2).f1 > 0.95
    assert encoder.fingerprint() == before


def test_the_seed_decides_everything(fresh_folder):
    def score(seed):
        return evaluate_token_head(fresh_folder, rule(200, 0), rule(50, 1), epochs=1, learning_rate=2e-3, seed=seed)

    torch.manual_seed(5)
    before = torch.get_rng_state()
    assert score(0) == score(0)
    assert len({score(seed) for seed in range(4)}) > 1
    assert torch.equal(torch.get_rng_state(), before)


def test_padding_changes_no_loss():
    torch.manual_seed(0)
    head = TokenHead(torch.nn.Embedding(9, 4), 4, 3)
    ids, labels = torch.tensor([[1, 2, 3]]), torch.tensor([[0, 1, 2]])
    plain = head({"ids": ids, "mask": torch.ones_like(ids), "labels": labels})
    padded = {
        "ids": torch.nn.functional.pad(ids, (0, 2)),
        "labels": torch.nn.functional.pad(labels, (0, 2), value=-100),
    }
    assert head({**padded, "mask": torch.tensor([[1, 1, 1, 0, 0]])}).item() == pytest.approx(plain.item())


def test_what_cannot_be_learned_is_refused(bert_folder):
    empty = NamedTexts(["手机"], [set()])
    with pytest.raises(InvalidValue, match="hold no name"):
        evaluate_token_head(str(bert_folder), empty, empty)
    with pytest.raises(InvalidType, match="needs a transformer or a static encoder, but received dict"):
        evaluate_token_head({}, rule(2, 0), rule(2, 1))


# Reading


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path


def put(folder, line):
    with zipfile.ZipFile(folder / "cluener.zip", "w") as archive:
        archive.writestr("cluener/dev.json", line + "\n")


def test_ends_become_exclusive_and_every_place_of_a_name_counts(folder):
    record = {
        "text": "北京的北京队",
        "label": {"address": {"北京": [[0, 1], [3, 4]]}, "organization": {"北京队": [[3, 5]]}},
    }
    put(folder, json.dumps(record, ensure_ascii=False))
    dev = read_cluener("dev")
    assert (dev.texts, dev.file) == (["北京的北京队"], "dev.json")
    assert dev.spans == [{(0, 2, "address"), (3, 5, "address"), (3, 6, "organization")}]
    assert {dev.texts[0][start:end] for start, end, _ in dev.spans[0]} == {"北京", "北京队"}


@pytest.mark.parametrize(
    "line", ["{}", "字", '{"text": "字", "label": {"name": {"字": [[0]]}}}', '{"text": "字", "label": []}']
)
def test_what_is_no_labelled_text_is_named(folder, line):
    put(folder, line)
    with pytest.raises(InvalidValue, match=r"Line 1 of .* is no labelled text"):
        read_cluener("dev")


def test_the_test_file_and_missing_files_are_refused(folder):
    with pytest.raises(InvalidValue, match="Unknown split 'test'"):
        read_cluener("test")
    with pytest.raises(FileProblem, match="baihua data download CLUENER"):
        read_cluener("dev")


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
def test_the_real_set_is_read_whole_and_loses_little_in_tokens(monkeypatch, tmp_path):
    """The best that a token head with the bundled tokenizer could do is near 1."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    dev = read_cluener("dev")
    assert (len(dev.texts), sum(map(len, dev.spans))) == (1343, 3072)
    types = sorted({kind for spans in dev.spans for _, _, kind in spans})
    assert len(types) == 10
    backend = load_encoder("bundled").tokenizer.backend_tokenizer
    best = []
    for text, spans in zip(dev.texts, dev.spans, strict=True):
        offsets = [place for place in backend.encode(text, add_special_tokens=False).offsets]
        best.append(decode_spans(bio_labels(offsets, spans, types), offsets, types))
    assert score_spans(best, dev.spans).f1 > 0.98
