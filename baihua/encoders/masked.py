"""Opening a masked language model: the encoder together with the head that fills in blanks."""

from pathlib import Path
from typing import Any

from baihua.checks import InvalidValue
from baihua.encoders.checkpoint import default_device, read_model


def open_masked_model(folder: str | Path, device: str | None = None) -> tuple[Any, Any]:
    """Open a folder's masked language model, refusing one whose head would be random.

    Args:
        folder: holds ``config.json``, ``*.safetensors`` and the tokenizer.
        device: where to put the model; None for the GPU when there is one, else the CPU.

    Returns:
        The transformers model in evaluation mode, and its tokenizer.

    Raises:
        FileProblem: when a needed file is missing or broken, or the weights are a pickle.
        InvalidValue: when the file has no weights for the masked-language-model head.

    Example:
        >>> from baihua.encoders.load import BUNDLED
        >>> model, tokenizer = open_masked_model(BUNDLED, device="cpu")
        >>> blank = tokenizer("我们今天去[MASK]京旅游", return_tensors="pt")
        >>> tokenizer.decode(model(**blank).logits[0, 6].argmax())
        '北'
    """
    root = Path(folder)
    model, tokenizer, info = read_model(root, "AutoModelForMaskedLM")
    missing = sorted(info["missing_keys"])
    if missing:
        raise InvalidValue(
            zh=f"{root} 里没有掩码语言模型头的权重（缺 {', '.join(missing[:3])} 等 {len(missing)} 项），不能用来填空；"
            "请换一个带有它的模型，例如 'bundled'。",
            en=f"{root} has no weights for a masked-language-model head ({len(missing)} missing, such as "
            f"{', '.join(missing[:3])}), so it cannot fill in blanks. Use a model that has them, such as 'bundled'.",
        )
    return model.to(device or default_device()).eval(), tokenizer
