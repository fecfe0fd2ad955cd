"""The folder of a trained classifier: it comes back as it was, and whatever is wrong with it is said in one sentence."""

import json
import shutil

import numpy as np
import pytest
import torch
from hash_encoder import HashEncoder
from safetensors.torch import load, save
from tasks.labelled_texts import LABELS, PAIR_LABELS, PAIRS, TEXTS, small
from transformers import AutoModel

from baihua.checks import FileProblem, InvalidValue, Mistake
from baihua.encoders.load import load_encoder
from baihua.tasks.classification.file import FACTS_FILE, HEAD_FILE, read_classifier, write_classifier
from baihua.tasks.classification.settings import METHODS
from baihua.tasks.classify import TextClassifier

MORE = [*TEXTS, "手机", "", " \n", "我们", "今天天气很好。" * 20]


@pytest.fixture(scope="module")
def trained(small_folder):
    return {method: small(small_folder, method).fit(TEXTS, LABELS, dev=(TEXTS, LABELS)) for method in METHODS}


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    root = tmp_path_factory.mktemp("saved")
    return {method: classifier.save(root / method) for method, classifier in trained.items()}


@pytest.fixture(params=METHODS)
def copied(request, saved, tmp_path):
    """A folder of one's own to damage, of each method."""
    return shutil.copytree(saved[request.param], tmp_path / "copied")


@pytest.mark.filterwarnings("ignore:.*are longer than 32 tokens")
@pytest.mark.parametrize("method", METHODS)
def test_what_comes_back_is_the_same(trained, saved, tmp_path, method):
    classifier = trained[method]
    again = TextClassifier.load(saved[method], device="cpu")
    assert np.array_equal(again.predict_proba(MORE), classifier.predict_proba(MORE))
    assert again.predict(MORE) == classifier.predict(MORE)
    for name in ("method", "settings", "labels", "temperature"):
        assert getattr(again, name) == getattr(classifier, name)
    again.save(tmp_path / "two")
    for path in saved[method].rglob("*"):
        if path.is_file():
            other = tmp_path / "two" / path.relative_to(saved[method])
            contents = [each.read_bytes() for each in (path, other)]
            read = json.loads if path.suffix == ".json" else bytes
            assert read(contents[0]) == read(contents[1]), path.name


@pytest.mark.parametrize("method", METHODS)
def test_pairs_come_back_too(small_folder, tmp_path, method):
    classifier = small(small_folder, method).fit(PAIRS, PAIR_LABELS)
    again = TextClassifier.load(classifier.save(tmp_path / "out"), device="cpu")
    assert np.array_equal(again.predict_proba(PAIRS), classifier.predict_proba(PAIRS))
    with pytest.raises(TypeError, match="learned from pairs of texts"):
        again.predict(TEXTS)


@pytest.mark.parametrize("pooling", ["cls", "pooler_tanh", "first_last_mean", "max"])
@pytest.mark.parametrize("max_length", [None, 9])
def test_the_pooling_of_the_encoder_comes_back(small_folder, tmp_path, pooling, max_length):
    encoder = load_encoder(str(small_folder), device="cpu", pooling=pooling, max_length=max_length)
    classifier = TextClassifier(encoder).fit(TEXTS, LABELS)
    again = TextClassifier.load(classifier.save(tmp_path / "out"), device="cpu")
    assert (again.encoder.pooling, again.encoder.max_length) == (pooling, max_length or 32)
    assert np.array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


@pytest.mark.filterwarnings("ignore:This processor has no bfloat16")
def test_the_precision_of_the_encoder_comes_back(small_folder, tmp_path):
    classifier = TextClassifier(load_encoder(str(small_folder), device="cpu", dtype="bfloat16")).fit(TEXTS, LABELS)
    again = TextClassifier.load(classifier.save(tmp_path / "out"), device="cpu")
    assert np.array_equal(again.predict_proba(TEXTS), classifier.predict_proba(TEXTS))


def test_the_static_encoder_comes_back(tmp_path):
    classifier = TextClassifier("static").fit(TEXTS, LABELS)
    again = TextClassifier.load(classifier.save(tmp_path / "out"))
    assert np.array_equal(again.predict_proba(MORE), classifier.predict_proba(MORE))


def test_an_encoder_of_ones_own_cannot_be_saved(tmp_path):
    classifier = TextClassifier(HashEncoder()).fit(TEXTS, LABELS)
    with pytest.raises(InvalidValue, match="HashEncoder cannot be saved"):
        classifier.save(tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", METHODS)
def test_the_new_head_draws_no_random_numbers_of_others(saved, method):
    states = []
    for load_it in (load_encoder, TextClassifier.load):
        torch.manual_seed(3)
        load_it(str(saved[method]), device="cpu")
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


@pytest.mark.parametrize("method", METHODS)
def test_the_encoder_is_one_for_others_too(saved, trained, method):
    ours = load_encoder(str(saved[method]), device="cpu").encode(TEXTS)
    assert np.array_equal(ours, trained[method].encoder.encode(TEXTS))
    ids = torch.tensor([trained[method].encoder.tokenizer(TEXTS[0])["input_ids"]])
    with torch.no_grad():
        theirs = AutoModel.from_pretrained(saved[method]).eval()(ids).last_hidden_state
        own = trained[method].encoder.model(ids).last_hidden_state
    torch.testing.assert_close(theirs, own, atol=1e-5, rtol=0)


def test_everything_is_safetensors_or_plain_text(saved):
    for folder in saved.values():
        kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
        assert kinds <= {".json", ".safetensors", ".txt"}


def test_one_classifier_replaces_another(saved, trained, tmp_path):
    folder = shutil.copytree(saved["linear"], tmp_path / "copied")
    (folder / "leftover.txt").write_text("old", encoding="utf-8")
    trained["fine_tune"].save(folder)
    assert not (folder / "leftover.txt").exists()
    again = TextClassifier.load(folder, device="cpu")
    again.save(folder)  # into the folder it came from
    assert TextClassifier.load(folder, device="cpu").predict(TEXTS) == trained["fine_tune"].predict(TEXTS)


def test_into_an_empty_folder_and_one_that_is_not_there(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("empty", "a/b/中文 文件夹"):
        again = TextClassifier.load(trained["linear"].save(tmp_path / name), device="cpu")
        assert again.predict(TEXTS) == trained["linear"].predict(TEXTS)


def test_nothing_foreign_is_written_over(trained, small_folder, tmp_path):
    (tmp_path / "notes.txt").write_text("precious", encoding="utf-8")
    for foreign in (tmp_path, tmp_path / "notes.txt", small_folder):
        with pytest.raises(FileProblem, match="is not written over"):
            trained["linear"].save(foreign)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "precious"


def test_a_failure_leaves_the_old_one_whole(saved, trained, tmp_path):
    folder = shutil.copytree(saved["linear"], tmp_path / "copied")
    with pytest.raises(TypeError, match="JSON"):
        write_classifier(folder, trained["linear"].encoder, {}, {"facts": object()})
    assert TextClassifier.load(folder, device="cpu").predict(TEXTS) == trained["linear"].predict(TEXTS)
    assert [path.name for path in tmp_path.iterdir()] == ["copied"]


def test_what_is_no_classifier(small_folder, tmp_path):
    for folder in (small_folder, tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileProblem, match="has no classifier.json, so it is no classifier's folder"):
            TextClassifier.load(folder)


def test_before_it_is_trained(small_folder, tmp_path):
    with pytest.raises(InvalidValue, match="has not been trained"):
        small(small_folder).save(tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [HEAD_FILE, "config.json", "model.safetensors", "tokenizer.json", "1_Pooling"])
def test_a_missing_file(copied, name):
    path = copied / name
    found = path if path.exists() else copied / "2_Pooling"  # after the layers that are weighed
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    with pytest.raises(Mistake):
        TextClassifier.load(copied, device="cpu")


@pytest.mark.parametrize("name", [HEAD_FILE, FACTS_FILE, "config.json", "model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("how", ["half", "empty", "noise"])
def test_a_damaged_file(copied, name, how):
    content = (copied / name).read_bytes()
    noise = np.random.default_rng(0).bytes(200)
    (copied / name).write_bytes({"half": content[: len(content) // 2], "empty": b"", "noise": noise}[how])
    with pytest.raises(Mistake) as mistake:
        TextClassifier.load(copied, device="cpu")
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
        {"kind": "entity extractor"},
        {"kind": ["text classifier"]},
        *(
            {name: None}
            for name in ("method", "labels", "shares", "temperature", "pairs", "settings", "max_length", "dtype")
        ),
        {"method": "no_such_method"},
        {"method": 7},
        {"labels": ["好", "坏"]},
        {"labels": ["好", "坏", "坏"]},
        {"labels": 3},
        {"labels": []},
        {"shares": [0.5, 0.5]},
        {"shares": [0.5, 0.4, 0.2]},
        {"shares": "many"},
        {"temperature": 0},
        {"temperature": "hot"},
        {"temperature": float("nan")},
        {"settings": {"no_such_setting": 1}},
        {"settings": {"epochs": "many"}},
        {"settings": {"epochs": 0}},
        {"settings": []},
        {"max_length": "long"},
        {"max_length": 10_000},
        {"dtype": "float8"},
    ],
    ids=str,
)
def test_facts_that_do_not_fit(copied, changes):
    rewrite(copied, **changes)
    with pytest.raises(Mistake):
        TextClassifier.load(copied, device="cpu")


def test_a_head_of_another_method(saved, tmp_path):
    for method, other in (("linear", "fine_tune"), ("fine_tune", "linear")):
        folder = shutil.copytree(saved[method], tmp_path / method)
        rewrite(folder, method=other)
        with pytest.raises(Mistake):
            TextClassifier.load(folder, device="cpu")


def test_a_head_with_what_is_no_number(copied):
    head = load((copied / HEAD_FILE).read_bytes())
    (copied / HEAD_FILE).write_bytes(save({name: tensor * torch.nan for name, tensor in head.items()}))
    with pytest.raises(Mistake, match="NaN"):
        TextClassifier.load(copied, device="cpu").predict(TEXTS)


def test_facts_are_plain(saved):
    facts, tensors = read_classifier(saved["fine_tune"])
    assert facts["labels"] == ["国", "坏", "好"]
    assert facts["settings"]["pooling"] == "mean"
    assert {name: tuple(tensor.shape) for name, tensor in tensors.items()} == {"weight": (3, 16), "bias": (3,)}
    assert "国" in (saved["fine_tune"] / FACTS_FILE).read_text(encoding="utf-8")
