import pickle

import numpy as np
import pytest
import torch
from tiny_models import make_bert

from baihua.checks import FileProblem
from baihua.encoders.checkpoint import open_checkpoint
from baihua.encoders.convert import convert_folder


def old_folder(folder, kind, rename):
    """A folder as people have it: pytorch_model.bin with old names, no safetensors."""
    model = make_bert(folder, kind)
    (folder / "model.safetensors").unlink()
    state = {rename(key): tensor for key, tensor in model.state_dict().items()}
    torch.save(state, folder / "pytorch_model.bin")
    return model


def to_tensorflow_names(key):
    return key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def test_old_names_are_mended_and_the_weights_are_the_same(tmp_path):
    model = old_folder(tmp_path / "m", "BertModel", to_tensorflow_names)
    conversion = convert_folder(tmp_path / "m")
    assert conversion.renamed["embeddings.LayerNorm.gamma"] == "embeddings.LayerNorm.weight"
    assert conversion.missing == ()
    assert conversion.unexpected == ()
    loaded = open_checkpoint(tmp_path / "m", "cpu").model
    for key, tensor in model.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[key], tensor)


def test_a_body_without_prefix_beside_a_head(tmp_path):
    """Some masked language models were saved as ``encoder.…`` beside ``cls.…``."""
    import transformers

    model = old_folder(tmp_path / "m", "BertForMaskedLM", lambda key: key.removeprefix("bert."))
    conversion = convert_folder(tmp_path / "m")
    assert conversion.renamed["encoder.layer.0.output.dense.weight"] == "bert.encoder.layer.0.output.dense.weight"
    assert conversion.missing == ()
    loaded = transformers.BertForMaskedLM.from_pretrained(tmp_path / "m").eval()
    ids = torch.tensor([[2, 7, 8, 3]])
    torch.testing.assert_close(loaded(ids).logits, model(ids).logits)


def test_missing_and_unexpected_are_listed(tmp_path):
    old_folder(tmp_path / "m", "BertModel", lambda key: key)
    state = torch.load(tmp_path / "m" / "pytorch_model.bin", weights_only=True)
    del state["pooler.dense.weight"]
    state["something.else"] = torch.zeros(1)
    torch.save(state, tmp_path / "m" / "pytorch_model.bin")
    conversion = convert_folder(tmp_path / "m")
    assert conversion.missing == ("pooler.dense.weight",)
    assert conversion.unexpected == ("something.else",)


class Harmful:
    def __reduce__(self):
        return (print, ("this must never run",))


def test_a_pickle_that_would_run_something_is_refused(tmp_path, capsys):
    make_bert(tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").unlink()
    (tmp_path / "m" / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Harmful()}, protocol=2))
    with pytest.raises(FileProblem, match="holds more than weights or is broken"):
        convert_folder(tmp_path / "m")
    torch.save({"weight": Harmful()}, tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(FileProblem, match="holds more than weights or is broken"):
        convert_folder(tmp_path / "m")
    assert "never run" not in capsys.readouterr().out
    assert not (tmp_path / "m" / "model.safetensors").exists()


def test_another_pickle_is_refused_by_name(tmp_path):
    (tmp_path / "weights.ckpt").write_bytes(b"x")
    with pytest.raises(FileProblem, match=r"weights\.ckpt .* never loaded"):
        convert_folder(tmp_path)


def test_nothing_to_convert(tmp_path):
    with pytest.raises(FileProblem, match=r"There is no pytorch_model\.bin"):
        convert_folder(tmp_path)
    with pytest.raises(FileProblem, match=r"There is no pytorch_model\.bin"):
        convert_folder(tmp_path / "nowhere")


def test_tied_weights_and_half_precision_survive(tmp_path):
    model = make_bert(tmp_path / "m", "BertForMaskedLM")
    (tmp_path / "m" / "model.safetensors").unlink()
    torch.save({key: value.half() for key, value in model.state_dict().items()}, tmp_path / "m" / "pytorch_model.bin")
    convert_folder(tmp_path / "m")
    loaded = open_checkpoint(tmp_path / "m", "cpu").model.state_dict()
    expected = model.bert.embeddings.word_embeddings.weight.half().float().detach().numpy()
    np.testing.assert_array_equal(loaded["embeddings.word_embeddings.weight"].float().numpy(), expected)
