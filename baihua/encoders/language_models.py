"""Opening a language model: the encoder together with the head that fills in blanks or goes on with a text."""

import json
from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.encoders.checkpoint import default_device, read_model
from baihua.encoders.hub import find_model_folder
from baihua.encoders.load import BUNDLED


def open_masked_model(folder: str | Path, device: str | None = None) -> tuple[Any, Any]:
    """Open a folder's masked language model, refusing one whose head would be random.

    Args:
        folder: holds ``config.json``, ``*.safetensors`` and the tokenizer.
        device: where to put the model; None for the GPU when there is one, else the CPU.

    Returns:
        The transformers model in evaluation mode, and its tokenizer.

    Raises:
        FileProblem: when a needed file is missing or broken, or the weights are a pickle.
        InvalidValue: when the file has no weights for the masked-language-model head, or sees the left side alone.

    Example:
        >>> from baihua.encoders.load import BUNDLED
        >>> model, tokenizer = open_masked_model(BUNDLED, device="cpu")
        >>> blank = tokenizer("我们今天去[MASK]京旅游", return_tensors="pt")
        >>> tokenizer.decode(model(**blank).logits[0, 6].argmax())
        '北'
    """
    root = Path(folder)
    model, tokenizer, info = read_model(root, "AutoModelForMaskedLM")
    if _continues_text(root):
        raise InvalidValue(
            zh=f"{root} 是从左到右的语言模型，不能用来填空；请换一个掩码语言模型，例如 'bundled'。",
            en=f"{root} is a causal language model, which cannot fill in blanks. Use a masked one, such as 'bundled'.",
        )
    missing = sorted(info["missing_keys"])
    if missing:
        raise InvalidValue(
            zh=f"{root} 里没有掩码语言模型头的权重（缺 {', '.join(missing[:3])} 等 {len(missing)} 项），不能用来填空；"
            "请换一个带有它的模型，例如 'bundled'。",
            en=f"{root} has no weights for a masked-language-model head ({len(missing)} missing, such as "
            f"{', '.join(missing[:3])}), so it cannot fill in blanks. Use a model that has them, such as 'bundled'.",
        )
    return model.to(device or default_device()).eval(), tokenizer


def open_causal_model(folder: str | Path, device: str | None = None) -> tuple[Any, Any]:
    """Open a folder's causal language model, refusing one that was trained to see both sides.

    Args:
        folder: holds ``config.json``, ``*.safetensors`` and the tokenizer.
        device: where to put the model; None for the GPU when there is one, else the CPU.

    Returns:
        The transformers model in evaluation mode, and its tokenizer.

    Raises:
        FileProblem: when a needed file is missing or broken, or the weights are a pickle.
        InvalidValue: when the model is none that goes on with a text.
    """
    root = Path(folder)
    model, tokenizer, info = read_model(root, "AutoModelForCausalLM")
    if info["missing_keys"] or not _continues_text(root):
        raise InvalidValue(
            zh=f"{root} 不是从左到右的语言模型；可以用 baihua pretrain --encoder new --objective causal 训练一个。",
            en=f"{root} is no causal language model; baihua pretrain --encoder new --objective causal trains one.",
        )
    return model.to(device or default_device()).eval(), tokenizer


def open_language_model(name: str | Path, device: str | None = None) -> tuple[Any, Any, bool]:
    """Open a language model of either kind by name.

    Args:
        name: ``"bundled"``, a folder, or a name on the Hugging Face hub.
        device: where to put the model; None for the GPU when there is one, else the CPU.

    Returns:
        The transformers model in evaluation mode, its tokenizer, and whether it is causal.

    Raises:
        FileProblem: when there is no such model, or a needed file is missing or broken.
        InvalidValue: when it is no language model.
    """
    if str(name) == "static":
        raise InvalidValue(
            zh="'static' 是字的静态向量，不是语言模型，不能填空；请用 'bundled'。",
            en="'static' holds vectors of characters and is no language model, so it fills in no blanks. Use 'bundled'.",
        )
    folder = BUNDLED if str(name) == "bundled" else find_model_folder(str(name))
    causal = (folder / "config.json").is_file() and _continues_text(folder)
    model, tokenizer = (open_causal_model if causal else open_masked_model)(folder, device)
    return model, tokenizer, causal


def _continues_text(root: Path) -> bool:
    """Whether the weights were trained to go on with a text; an opened model no longer tells."""
    names = json.loads((root / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    return any(part in name for name in names for part in ("CausalLM", "LMHead"))
