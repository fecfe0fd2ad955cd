"""The folder of a trained extractor: it comes back as it was, and whatever is wrong with it is said in one sentence."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from tiny_models import make_bert
from transformers import AutoModel

import baihua
from baihua.checks import FileProblem, InvalidValue, Mistake
from baihua.encoders.load import load_encoder
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.file import FACTS_FILE, HEAD_FILE, read_extractor, write_extractor
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings

TEXTS = ["我在中国上学", "他们来大国"]
ENTITIES = [[(0, 1, "人"), (2, 4, "地")], [(0, 2, "人"), (3, 5, "地")]]
LONG = ["我在中国上学。他们来大国。" * 9]
SETTINGS = ExtractionSettings(epochs=30, batch_size=2, learning_rate=1e-2, max_width=6)


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "model"
    make_bert(folder, num_hidden_layers=1)
    return folder


def make(small_folder, head="global_pointer", **others):
    encoder = load_encoder(str(small_folder), device="cpu", **others)
    made = EntityExtractor(encoder, head, overlap="no_crossing", settings=SETTINGS)
    made.fit(TEXTS, ENTITIES, show_progress=False)
    made.thresholds = dict.fromkeys(made.thresholds, 0.25)
    return made


@pytest.fixture(scope="module")
def saved(small_folder, tmp_path_factory):
    return make(small_folder).save(tmp_path_factory.mktemp("saved") / "extractor")


@pytest.fixture
def copied(saved, tmp_path):
    """A folder of one's own to damage."""
    return shutil.copytree(saved, tmp_path / "copied")


def found(extractor, texts=(*TEXTS, *LONG)):
    return [[(one.start, one.end, one.type, one.score) for one in mine] for mine in extractor.predict(list(texts))]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("max_length", [None, 17])
def test_what_comes_back_is_the_same(small_folder, tmp_path, head, max_length):
    extractor = make(small_folder, head, max_length=max_length)
    again = EntityExtractor.load(extractor.save(tmp_path / "one"), device="cpu")
    assert any(found(extractor))
    assert found(again) == found(extractor)
    for name in ("head", "overlap", "settings", "entity_types", "thresholds"):
        assert getattr(again, name) == getattr(extractor, name)
    assert again.encoder.max_length == (max_length or 32)
    again.save(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_new_head_draws_no_random_numbers_of_others(saved):
    states = []
    for load_it in (baihua.load_encoder, EntityExtractor.load):
        torch.manual_seed(3)
        load_it(str(saved), device="cpu")
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


def test_the_encoder_is_one_for_others_too(saved, small_folder):
    extractor = EntityExtractor.load(saved, device="cpu")
    ours = baihua.load_encoder(str(saved), device="cpu", pooling="cls").encode(TEXTS)
    assert np.abs(ours - baihua.load_encoder(str(small_folder), device="cpu", pooling="cls").encode(TEXTS)).max() > 0.01
    theirs = AutoModel.from_pretrained(saved).eval()
    ids = torch.tensor([extractor.encoder.tokenizer(TEXTS[0])["input_ids"]])
    with torch.no_grad():
        np.testing.assert_allclose(theirs(ids).last_hidden_state[0, 0], ours[0], atol=1e-5)
    assert found(EntityExtractor(str(saved), device="cpu", settings=SETTINGS).fit(TEXTS, ENTITIES))


def test_one_extractor_replaces_another(copied, saved):
    (copied / "leftover.txt").write_text("old", encoding="utf-8")
    extractor = EntityExtractor.load(saved, device="cpu")
    extractor.save(copied)
    assert not (copied / "leftover.txt").exists()
    assert found(EntityExtractor.load(copied, device="cpu")) == found(extractor)
    extractor = EntityExtractor.load(copied, device="cpu")
    extractor.save(copied)  # into the folder it came from
    assert found(EntityExtractor.load(copied, device="cpu")) == found(extractor)


def test_into_an_empty_folder_and_one_that_is_not_there(saved, tmp_path):
    extractor = EntityExtractor.load(saved, device="cpu")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "a/b/中文 文件夹"):
        assert found(EntityExtractor.load(extractor.save(tmp_path / name), device="cpu")) == found(extractor)


def test_nothing_foreign_is_written_over(saved, small_folder, tmp_path):
    extractor = EntityExtractor.load(saved, device="cpu")
    (tmp_path / "notes.txt").write_text("precious", encoding="utf-8")
    for foreign in (tmp_path, tmp_path / "notes.txt", small_folder):
        with pytest.raises(FileProblem, match="is not written over"):
            extractor.save(foreign)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "precious"


def test_a_failure_leaves_the_old_one_whole(copied, saved):
    extractor = EntityExtractor.load(saved, device="cpu")
    expected = found(EntityExtractor.load(copied, device="cpu"))
    with pytest.raises(TypeError, match="JSON"):
        write_extractor(copied, extractor.encoder, {}, {"facts": object()})
    assert found(EntityExtractor.load(copied, device="cpu")) == expected
    assert [path.name for path in copied.parent.iterdir()] == ["copied"]


def test_what_is_no_extractor(small_folder, tmp_path):
    for folder in (small_folder, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileProblem, match="has no extractor.json, so it is no entity extractor's folder"):
            EntityExtractor.load(folder)


def test_before_it_is_trained(small_folder, tmp_path):
    with pytest.raises(InvalidValue, match="has not been trained"):
        EntityExtractor(str(small_folder), device="cpu").save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [HEAD_FILE, "config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file(copied, name):
    (copied / name).unlink()
    with pytest.raises(FileProblem):
        EntityExtractor.load(copied, device="cpu")


@pytest.mark.parametrize("name", [HEAD_FILE, FACTS_FILE, "config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("how", ["half", "empty", "noise"])
def test_a_damaged_file(copied, name, how):
    content = (copied / name).read_bytes()
    noise = np.random.default_rng(0).bytes(200)
    (copied / name).write_bytes({"half": content[: len(content) // 2], "empty": b"", "noise": noise}[how])
    with pytest.raises(Mistake) as mistake:
        EntityExtractor.load(copied, device="cpu")
    assert str(copied) in mistake.value.zh
    assert str(copied) in mistake.value.en


def rewrite(folder, **changes):
    facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
    for name, value in changes.items():
        if value is None:
            facts.pop(name)
        else:
            facts[name] = value
    (folder / FACTS_FILE).write_text(json.dumps(facts), encoding="utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": None},
        {"kind": "sentence embedder"},
        *({name: None} for name in ("head", "overlap", "entity_types", "thresholds", "settings")),
        {"head": "no_such_head"},
        {"head": 7},
        {"head": "crf"},
        {"overlap": ["flat"]},
        {"overlap": "sideways"},
        {"entity_types": ["人"]},
        {"entity_types": ["人", "地", "山"]},
        {"entity_types": 3},
        {"thresholds": {"人": 0.5}},
        {"thresholds": {"人": 0.5, "地": "high"}},
        {"thresholds": {"人": 0.5, "地": 7}},
        {"thresholds": ["人", "地"]},
        {"thresholds": 0.5},
        {"settings": {"no_such_setting": 1}},
        {"settings": {"epochs": "many"}},
        {"settings": {"epochs": 0}},
        {"settings": {"head_size": 32}},
        {"settings": []},
        {"max_length": "long"},
        {"max_length": 10_000},
    ],
    ids=str,
)
def test_facts_that_do_not_fit(copied, changes):
    rewrite(copied, **changes)
    with pytest.raises(InvalidValue):
        EntityExtractor.load(copied, device="cpu")


def test_facts_that_are_something_else(copied):
    for content in ("[]", "3", '"text"', "null"):
        (copied / FACTS_FILE).write_text(content, encoding="utf-8")
        with pytest.raises(InvalidValue, match="upgrade baihua"):
            read_extractor(copied)


def test_a_head_of_other_shape_or_with_a_piece_missing(copied):
    head = load((copied / HEAD_FILE).read_bytes())
    name = next(iter(head))
    for wrong in ({name: head[name][:1]}, {}, head | {"more": torch.zeros(2)}):
        (copied / HEAD_FILE).write_bytes(save(wrong))
        with pytest.raises(InvalidValue, match="not an intact entity extractor's folder"):
            EntityExtractor.load(copied, device="cpu")


def test_a_folder_from_before_the_length_was_kept(copied, saved):
    rewrite(copied, max_length=None)
    assert found(EntityExtractor.load(copied, device="cpu")) == found(EntityExtractor.load(saved, device="cpu"))
