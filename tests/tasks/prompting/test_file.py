"""The folder of a prompt classifier: it comes back as it was, and whatever is wrong with it is said in one sentence."""

import json

import pytest
import torch
import transformers

from baihua.checks import FileProblem, InvalidValue, Mistake
from baihua.nn.soft_prompt import SoftPrompt
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.file import FACTS_FILE, VECTORS_FILE, read_prompt, write_prompt
from baihua.tasks.prompting.model import PromptModel


@pytest.fixture
def written(masked_folder, tmp_path):
    model = transformers.BertForMaskedLM.from_pretrained(masked_folder)
    prompt = PromptModel(model, SoftPrompt(2, 16, start=torch.randn(2, 16)), deep=torch.randn(3, 2, 16))
    tokenizer = transformers.AutoTokenizer.from_pretrained(masked_folder)
    write_prompt(tmp_path / "one", prompt, tokenizer, {"words": {"好": ["中"]}})
    return tmp_path / "one", prompt, tokenizer


def test_what_comes_back_is_the_same(written):
    folder, prompt, tokenizer = written
    facts, vectors = read_prompt(folder)
    assert facts["words"] == {"好": ["中"]}
    assert torch.equal(vectors["soft"], prompt.soft())
    assert torch.equal(vectors["deep"], prompt.deep)
    prompt.soft = prompt.deep = None
    write_prompt(folder, prompt, tokenizer, {"words": {}})
    facts, vectors = read_prompt(folder)
    assert (facts["words"], vectors) == ({}, {})


def test_nothing_else_is_written_over(written, tmp_path):
    _, prompt, tokenizer = written
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("x", encoding="utf-8")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for name in ("other", "file"):
        with pytest.raises(FileProblem, match="holds no prompt classifier, so it is not written over"):
            write_prompt(tmp_path / name, prompt, tokenizer, {})
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    write_prompt(tmp_path / "empty", prompt, tokenizer, {})


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"kind": "x"}', b"\xff"])
def test_damaged_facts(written, content):
    (written[0] / FACTS_FILE).write_bytes(content)
    with pytest.raises(InvalidValue, match="is no whole prompt classifier"):
        PromptClassifier.load(written[0])


@pytest.mark.parametrize("keep", [0, 9, -1])
def test_damaged_vectors(written, keep):
    path = written[0] / VECTORS_FILE
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InvalidValue, match="is no whole prompt classifier"):
        read_prompt(written[0])


def test_missing_files(written, tmp_path):
    (written[0] / VECTORS_FILE).unlink()
    with pytest.raises(FileProblem, match="Cannot read"):
        read_prompt(written[0])
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileProblem, match="has no prompt_classifier.json"):
            PromptClassifier.load(folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", {"epochs": "x"}),
        ("words", {"a": 1}),
        ("rows", 3),
        ("template", "{x}"),
        ("method", "x"),
        ("temperature", None),
        ("settings", None),
    ],
)
def test_facts_that_make_no_classifier(masked_folder, tmp_path, name, value):
    made = PromptClassifier(masked_folder, None, {"好": "好", "坏": "坏"}, method="zero_shot", device="cpu")
    made.predict(["天气"])
    path = made.save(tmp_path / "one") / FACTS_FILE
    facts = json.loads(path.read_text(encoding="utf-8")) | {name: value}
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(Mistake):
        PromptClassifier.load(tmp_path / "one", device="cpu")
