import pytest
import torch

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.language_models import open_masked_model


def test_a_model_with_its_head_fills_in_blanks(masked_folder):
    model, tokenizer = open_masked_model(masked_folder, device="cpu")
    assert not model.training
    with torch.no_grad():
        logits = model(**tokenizer("今天[MASK]气", return_tensors="pt")).logits
    assert logits.shape == (1, 6, 100)


def test_a_model_without_the_head_is_refused(bert_folder):
    with pytest.raises(InvalidValue, match=r"no weights for a masked-language-model head .*cls\.predictions"):
        open_masked_model(bert_folder)


def test_no_such_folder(tmp_path):
    with pytest.raises(FileProblem, match="There is no model folder"):
        open_masked_model(tmp_path / "nowhere")
