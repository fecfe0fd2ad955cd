"""A question and its model: what is refused before training, and vectors that do not fit when it was saved."""

import pytest
import torch
from safetensors.torch import load, save
from tiny_models import make_bert

from baihua.checks import InvalidValue
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.file import VECTORS_FILE
from baihua.tasks.prompting.settings import PromptSettings

TEXTS, LABELS = ["天气很好", "手机很好", "手机坏了", "天气坏"], ["好", "好", "坏", "坏"]
WORDS = {"好": "好", "坏": "坏"}


def learned(folder, method="prefix_tuning", words=WORDS, **changes):
    settings = PromptSettings(least_steps=2, epochs=1, max_length=32, tied=False, **changes)
    classifier = PromptClassifier(folder, "{soft:2}{mask}{text}", words, method=method, settings=settings, device="cpu")
    return classifier.fit(TEXTS, LABELS, show_progress=False)


@pytest.fixture
def saved(masked_folder, tmp_path):
    folder = learned(masked_folder).save(tmp_path / "one")
    return folder, load((folder / VECTORS_FILE).read_bytes())


def test_the_shapes_that_are_right(saved):
    folder, vectors = saved
    assert {name: tuple(tensor.shape) for name, tensor in vectors.items()} == {"soft": (2, 16), "deep": (3, 2, 16)}
    PromptClassifier.load(folder, device="cpu")


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("soft", (1, 16)),
        ("soft", (3, 16)),
        ("soft", (2, 15)),
        ("soft", (16,)),
        ("soft", (2, 1, 16)),
        ("soft", (0, 16)),
        ("soft", ()),
        ("soft", None),
        ("deep", (2, 2, 16)),
        ("deep", (4, 2, 16)),
        ("deep", (3, 1, 16)),
        ("deep", (3, 2, 8)),
        ("deep", (2, 16)),
        ("deep", None),
    ],
)
def test_vectors_that_do_not_fit(saved, name, shape):
    folder, vectors = saved
    if shape is None:
        del vectors[name]
    else:
        vectors[name] = torch.zeros(shape)
    (folder / VECTORS_FILE).write_bytes(save(vectors))
    with pytest.raises(InvalidValue, match="is no whole prompt classifier") as mistake:
        PromptClassifier.load(folder, device="cpu")
    assert name in mistake.value.zh


def test_vectors_that_are_no_fractions(saved):
    folder, vectors = saved
    (folder / VECTORS_FILE).write_bytes(save(vectors | {"deep": vectors["deep"].long()}))
    with pytest.raises(InvalidValue, match="is no whole prompt classifier"):
        PromptClassifier.load(folder, device="cpu")


def test_learned_words_need_an_output_layer_that_sees_them(tmp_path):
    """The bundled model's is tied, and learns them; the same model with an output layer of its own cannot."""
    make_bert(tmp_path / "untied", "BertForMaskedLM", tie_word_embeddings=False)
    rename_rows(tmp_path / "untied")
    with pytest.raises(InvalidValue, match=r"tied to the embeddings.*Give words for the labels") as mistake:
        learned(tmp_path / "untied", "p_tuning", "learned")
    assert "共用权重" in mistake.value.zh
    learned(tmp_path / "untied", "p_tuning")
    make_bert(tmp_path / "tied", "BertForMaskedLM")
    rename_rows(tmp_path / "tied")
    learned(tmp_path / "tied", "p_tuning", "learned")


def rename_rows(folder):
    """Let four characters of the vocabulary be unused tokens."""
    path = folder / "tokenizer.json"
    written = path.read_text(encoding="utf-8")
    for number, character in enumerate("退款钱怎"):
        written = written.replace(f'"{character}"', f'"[unused{number}]"')
    path.write_text(written, encoding="utf-8")
