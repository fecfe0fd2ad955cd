import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from baihua import load_encoder
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.modules_folder import read_modules_folder

TEXTS = ["手机充不进电", "怎么退款？", "好"]


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


@pytest.fixture
def folder(bert_folder, tmp_path):
    """A folder as older versions of sentence-transformers saved it: flags for the pooling, a Dense with tanh."""
    root = shutil.copytree(bert_folder, tmp_path / "model")
    kinds = ["Transformer", "Pooling", "Dense", "Normalize"]
    paths = ["", "1_Pooling", "2_Dense", "3_Normalize"]
    write(
        root / "modules.json",
        [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for number, (kind, path) in enumerate(zip(kinds, paths, strict=True))
        ],
    )
    write(root / "sentence_bert_config.json", {"max_seq_length": 8, "do_lower_case": False})
    flags = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False, "pooling_mode_max_tokens": False}
    write(root / "1_Pooling" / "config.json", {"word_embedding_dimension": 16, **flags})
    activation = "torch.nn.modules.activation.Tanh"
    write(root / "2_Dense" / "config.json", {"in_features": 16, "out_features": 4, "activation_function": activation})
    tensors = {"linear.weight": torch.randn(4, 16), "linear.bias": torch.randn(4)}
    save_file(tensors, root / "2_Dense" / "model.safetensors")
    return root


def test_every_part_takes_its_place(folder):
    encoder = load_encoder(str(folder), device="cpu")
    assert (encoder.pooling, encoder.max_length, encoder.width) == ("cls", 8, 4)
    plain = load_encoder(str(folder), pooling="mean", max_length=8, device="cpu")
    assert plain.width == 16  # another pooling than the folder's own leaves its dense layer out
    dense = read_modules_folder(folder).head[0][0]
    hidden = torch.from_numpy(plain.encode_poolings(TEXTS, ["cls"])["cls"])
    expected = torch.tanh(dense(hidden)).detach().numpy()
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-5)


@pytest.mark.slow
def test_sentence_transformers_agrees(folder):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    theirs = sentence_transformers.SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    ours = load_encoder(str(folder), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(ours / np.linalg.norm(ours, axis=1, keepdims=True), theirs, atol=1e-5)


def test_a_default_prompt_is_put_before_every_text(folder):
    write(folder / "config_sentence_transformers.json", {"prompts": {"q": "怎么"}, "default_prompt_name": "q"})
    with_prompt = load_encoder(str(folder), device="cpu").encode(["退款"])
    (folder / "config_sentence_transformers.json").unlink()
    np.testing.assert_allclose(with_prompt, load_encoder(str(folder), device="cpu").encode(["怎么退款"]), atol=1e-6)


def test_a_part_that_is_not_known_is_refused(folder):
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    modules[2]["type"] = "sentence_transformers.models.LSTM"
    write(folder / "modules.json", modules)
    with pytest.raises(InvalidValue, match=r"part LSTM .* not known here"):
        load_encoder(str(folder))


def test_a_pooling_or_activation_that_is_not_known_is_refused(folder):
    config = json.loads((folder / "2_Dense" / "config.json").read_text(encoding="utf-8"))
    write(folder / "2_Dense" / "config.json", config | {"activation_function": "evil.module.Run"})
    with pytest.raises(InvalidValue, match=r"Dense\(Run"):
        load_encoder(str(folder))
    write(folder / "1_Pooling" / "config.json", {"pooling_mode": ["cls", "mean"]})
    with pytest.raises(InvalidValue, match=r"The pooling \['cls', 'mean'\]"):
        load_encoder(str(folder))


def test_other_layer_weights_than_ours_are_refused(folder):
    modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
    modules[2] = {"path": "2_W", "type": "sentence_transformers.models.WeightedLayerPooling"}
    write(folder / "modules.json", modules)
    write(folder / "2_W" / "config.json", {"layer_start": 1, "num_hidden_layers": 3})
    save_file({"layer_weights": torch.tensor([1.0, 1.0, 1.0])}, folder / "2_W" / "model.safetensors")
    with pytest.raises(InvalidValue, match="weighs the layers in another way"):
        load_encoder(str(folder))


def test_a_pickled_dense_layer_is_refused(folder):
    (folder / "2_Dense" / "model.safetensors").rename(folder / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(FileProblem, match="Only safetensors are read"):
        load_encoder(str(folder))


def test_broken_json_is_one_sentence(folder):
    (folder / "modules.json").write_text("{", encoding="utf-8")
    with pytest.raises(FileProblem, match=r"Cannot read .*modules\.json"):
        load_encoder(str(folder))


def test_a_linear_layer_after_a_static_embedding_goes_into_its_vectors(tmp_path):
    static = load_encoder("static")
    static.save(tmp_path)
    kinds = [("StaticEmbedding", ""), ("Dense", "1_Dense"), ("Normalize", "2_Normalize")]
    write(tmp_path / "modules.json", [{"path": p, "type": f"sentence_transformers.models.{k}"} for k, p in kinds])
    identity = "torch.nn.modules.linear.Identity"
    write(
        tmp_path / "1_Dense" / "config.json", {"in_features": 256, "out_features": 3, "activation_function": identity}
    )
    weight, bias = torch.randn(3, 256), torch.randn(3)
    save_file({"linear.weight": weight, "linear.bias": bias}, tmp_path / "1_Dense" / "model.safetensors")
    expected = torch.from_numpy(static.encode(TEXTS)) @ weight.T + bias
    np.testing.assert_allclose(load_encoder(str(tmp_path)).encode(TEXTS), expected.numpy(), rtol=1e-4, atol=1e-4)
    write(tmp_path / "1_Dense" / "config.json", {"in_features": 256, "out_features": 3})
    with pytest.raises(InvalidValue, match="not linear"):
        load_encoder(str(tmp_path))
