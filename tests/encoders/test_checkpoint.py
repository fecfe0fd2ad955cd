import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.checkpoint import open_checkpoint


def test_a_pooler_is_kept_only_where_the_file_has_one(bert_folder, masked_folder):
    assert open_checkpoint(bert_folder, "cpu").pooler is not None
    masked = open_checkpoint(masked_folder, "cpu")
    assert masked.pooler is None
    assert masked.model.pooler is None


def test_the_model_is_in_evaluation_mode(bert_folder):
    assert not open_checkpoint(bert_folder, "cpu").model.training


def test_missing_weights_are_not_left_random(bert_folder, tmp_path):
    folder = shutil.copytree(bert_folder, tmp_path / "m")
    tensors = load_file(folder / "model.safetensors")
    del tensors["encoder.layer.1.output.dense.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InvalidValue, match=r"lack 1 tensors.*encoder\.layer\.1\.output\.dense\.weight"):
        open_checkpoint(folder)


def test_a_pickle_is_refused_by_name(bert_folder, tmp_path):
    folder = shutil.copytree(bert_folder, tmp_path / "m")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(FileProblem, match=r"pickled weights \(pytorch_model\.bin\).*baihua convert"):
        open_checkpoint(folder)


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(bert_folder, tmp_path, lost):
    folder = shutil.copytree(bert_folder, tmp_path / "m")
    (folder / lost).unlink()
    with pytest.raises(FileProblem, match=lost.replace("model", "").replace(".", r"\.")):
        open_checkpoint(folder)


def test_broken_files_are_one_sentence(bert_folder, tmp_path):
    folder = shutil.copytree(bert_folder, tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(FileProblem, match="Cannot open the model folder"):
        open_checkpoint(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": "unheard-of"}), encoding="utf-8")
    with pytest.raises(FileProblem, match="Cannot open the model folder"):
        open_checkpoint(folder)


def test_no_such_folder(tmp_path):
    with pytest.raises(FileProblem, match="There is no model folder"):
        open_checkpoint(tmp_path / "nowhere")
