"""Saving an encoder and its whitening as a folder that sentence-transformers loads as it is.

The parts are written with the names that every version of sentence-transformers since 2.0 knows.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.encoders.checkpoint import quiet_transformers
from baihua.encoders.modules_folder import ACTIVATIONS, POOLER_PATH, POOLING_MODES, WHITENING_FILE, UnitLength
from baihua.encoders.pooling import SECOND_LAYER
from baihua.encoders.protocol import Encoder
from baihua.encoders.static import StaticEncoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.maths.whitening import Whitening


def write_modules_folder(folder: Path, encoder: Encoder, whitening: Whitening | None) -> None:
    """Write ``modules.json`` and every part it lists into an empty folder.

    Args:
        folder: an existing empty folder.
        encoder: the encoder. A mean of two layers becomes a WeightedLayerPooling, a pooler a Dense.
        whitening: becomes a Dense, with our own record of it beside.

    Raises:
        InvalidValue: for an encoder that is neither a transformer nor static.
    """
    writer = _Writer(folder)
    if isinstance(encoder, StaticEncoder):
        writer.add("StaticEmbedding")
        encoder.save(folder)
    elif isinstance(encoder, TransformerEncoder):
        _write_transformer(writer, encoder)
    else:
        raise InvalidValue(
            zh=f"{type(encoder).__name__} 无法保存成 sentence-transformers 文件夹；能保存的是 load_encoder 返回的编码器。",
            en=f"{type(encoder).__name__} cannot be saved as a sentence-transformers folder; encoders from load_encoder can.",
        )
    if whitening is not None:
        kernel, bias = whitening.affine()
        path = writer.add("Dense")
        _write_dense(path, torch.from_numpy(kernel.T).float(), torch.from_numpy(bias).float(), "Identity")
        whitening.save(path / WHITENING_FILE)
    writer.add("Normalize")
    writer.finish(encoder)


def write_transformer_files(root: Path, model: Any, tokenizer: Any, *, all_layers: bool = False) -> None:
    """Write a transformers model and its tokenizer so that every version of transformers reads them alike.

    Args:
        root: an existing folder.
        model: the transformers model.
        tokenizer: its tokenizer.
        all_layers: whether the model is to return the output of every layer.
    """
    with quiet_transformers():
        model.save_pretrained(root)
        tokenizer.save_pretrained(root)
    config = json.loads((root / "config.json").read_text(encoding="utf-8"))
    config["output_hidden_states"] = all_layers
    _write_json(root / "config.json", config)
    path = root / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    if settings.get("tokenizer_class") in (None, "TokenizersBackend"):
        settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    for key in ("is_local", "local_files_only", "name_or_path"):
        settings.pop(key, None)
    _write_json(path, settings)


class _Writer:
    """Keeps the list of parts while they are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[dict[str, Any]] = []

    def add(self, kind: str, ending: str | None = None) -> Path:
        """List a part and make its folder; the first part lies in the root."""
        index = len(self.modules)
        path = "" if index == 0 else f"{index}{ending or '_' + kind}"
        self.modules.append(
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        )
        (self.folder / path).mkdir(exist_ok=True)
        return self.folder / path

    def finish(self, encoder: Encoder) -> None:
        """Write the list and the settings that belong to the whole."""
        _write_json(self.folder / "modules.json", self.modules)
        prompt = getattr(encoder, "prompt", "")
        settings: dict[str, Any] = {"similarity_fn_name": "cosine", "prompts": {}, "default_prompt_name": None}
        if prompt:
            settings |= {"prompts": {"default": prompt}, "default_prompt_name": "default"}
        _write_json(self.folder / "config_sentence_transformers.json", settings)


def _write_transformer(writer: _Writer, encoder: TransformerEncoder) -> None:
    root = writer.add("Transformer")
    model = encoder.model
    write_transformer_files(root, model, encoder.tokenizer, all_layers=encoder.pooling in SECOND_LAYER)
    _write_json(root / "sentence_bert_config.json", {"max_seq_length": encoder.max_length, "do_lower_case": False})
    width = int(model.config.hidden_size)
    if encoder.pooling in SECOND_LAYER:
        path = writer.add("WeightedLayerPooling")
        _write_two_layers(path, width, SECOND_LAYER[encoder.pooling], int(model.config.num_hidden_layers))
    mode = {ours: theirs for theirs, ours in POOLING_MODES.items()} | dict.fromkeys(SECOND_LAYER, "mean")
    names = {"cls": "cls_token", "mean": "mean_tokens", "max": "max_tokens", "lasttoken": "lasttoken"}
    chosen = names[mode.get(encoder.pooling, "cls")]
    flags = {f"pooling_mode_{name}": name == chosen for name in names.values()}
    _write_json(writer.add("Pooling") / "config.json", {"word_embedding_dimension": width, **flags})
    if encoder.pooling in ("pooler", "pooler_tanh") and encoder.pooler is not None:
        activation = "Tanh" if encoder.pooling == "pooler_tanh" else "Identity"
        tensors: Any = encoder.pooler
        _write_dense(writer.add("Dense", POOLER_PATH), tensors.weight, tensors.bias, activation)
    _write_head(writer, encoder.head)


def _write_head(writer: _Writer, head: nn.Module | None) -> None:
    for layer in head.children() if head is not None else ():
        if isinstance(layer, UnitLength):
            writer.add("Normalize")
        else:
            linear, activation = layer.children()
            assert isinstance(linear, nn.Linear)
            _write_dense(writer.add("Dense"), linear.weight, linear.bias, type(activation).__name__)


def _write_two_layers(path: Path, width: int, start: int, num_layers: int) -> None:
    weights = torch.zeros(num_layers + 1 - start)
    weights[0], weights[-1] = 1, 1
    _write_json(
        path / "config.json",
        {"word_embedding_dimension": width, "layer_start": start, "num_hidden_layers": num_layers},
    )
    (path / "model.safetensors").write_bytes(save({"layer_weights": weights}))


def _write_dense(path: Path, weight: Tensor, bias: Tensor | None, activation: str) -> None:
    kind = ACTIVATIONS[activation]
    config = {
        "in_features": weight.shape[1],
        "out_features": weight.shape[0],
        "bias": bias is not None,
        "activation_function": f"{kind.__module__}.{kind.__name__}",
    }
    _write_json(path / "config.json", config)
    tensors = {"linear.weight": weight.detach().cpu().contiguous()}
    if bias is not None:
        tensors["linear.bias"] = bias.detach().cpu().contiguous()
    (path / "model.safetensors").write_bytes(save(tensors))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
