"""Which method a text classifier is to have where nobody has said: a rule about how many examples there are."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baihua.checks import InvalidValue
from baihua.encoders.hub import find_model_folder
from baihua.encoders.load import BUNDLED
from baihua.encoders.modules_folder import read_modules_folder
from baihua.language import say

# From how many examples on training the whole encoder is worth its time. On reviews of two kinds it is no better than a linear
# layer from 32 examples, and two and a half points better from 128 (results/method_choice); from 240 headlines of 15 labels it is four
# points better, from 500 to 900 texts with 8 of a label half a point to a point and a half, within chance (results/fewclue).
FEWEST_TO_FINE_TUNE = 100
FEWEST_PER_LABEL_TO_FINE_TUNE = 8  # in the mean
FILLS_IN_BLANKS = ("MaskedLM", "ForPreTraining", "CausalLM", "LMHead")  # in the names of architectures


@dataclass(frozen=True)
class MethodChoice:
    """A method, and why it was chosen in both languages.

    Args:
        method: ``"linear"`` or ``"fine_tune"``.
        zh: the reason in Chinese.
        en: the reason in English.
    """

    method: str
    zh: str
    en: str

    @property
    def reason(self) -> str:
        """The reason in the current language."""
        return say(zh=self.zh, en=self.en)


def choose_method(
    labels: Sequence[str], *, pairs: bool = False, trainable: bool = True, language_model: bool = True
) -> MethodChoice:
    """Choose a method by how many examples there are, of all labels and of each.

    The rule is crude. What is best on the user's own texts `baihua.tasks.compare.compare_methods` measures.

    Args:
        labels: the label of each example.
        pairs: whether the examples are pairs of texts.
        trainable: whether the encoder has layers to train.
        language_model: whether it can fill in blanks, so that a comparison would try prompts too.

    Returns:
        The method and the reason.

    Raises:
        InvalidValue: for no examples.

    Example:
        >>> choose_method(["好评", "差评"] * 16).method, choose_method(["好评", "差评"] * 64).method
        ('linear', 'fine_tune')
    """
    counts = Counter(labels)
    if not counts:
        raise InvalidValue(
            zh="没有例子，选不了方法；请给出带标签的文本。", en="There are no examples. Give texts with labels."
        )
    num, per_label = len(labels), len(labels) / len(counts)
    have = _amount(num, counts, pairs=pairs)
    compare = _about_compare(language_model=language_model and trainable)
    if not trainable:
        method = "linear"
        why = (
            "这个编码器没有可训练的层，只能学最后一层",
            "this encoder has no layers to train, only a last layer can be learned",
        )
    elif num < FEWEST_TO_FINE_TUNE or per_label < FEWEST_PER_LABEL_TO_FINE_TUNE:
        method = "linear"
        why = (
            f"不到 {FEWEST_TO_FINE_TUNE} 条、或每个标签不到 {FEWEST_PER_LABEL_TO_FINE_TUNE} 条时，编码器不动、只学最后一层，又快又稳",
            f"with fewer than {FEWEST_TO_FINE_TUNE}, or fewer than {FEWEST_PER_LABEL_TO_FINE_TUNE} of a label, it is quick and "
            "steady to leave the encoder as it is and learn a last layer",
        )
    else:
        method = "fine_tune"
        why = ("例子够多，值得训练整个编码器", "they are enough to make it worth while to train the whole encoder")
    return MethodChoice(method, f"{have[0]}：{why[0]}。{compare[0]}", f"{have[1]}: {why[1]}. {compare[1]}")


def is_language_model(encoder: str) -> bool:
    """Whether an encoder can fill in blanks or go on with a text, as its ``config.json`` says; nothing is loaded.

    Raises:
        FileProblem: when there is no such encoder.

    Example:
        >>> is_language_model("bundled"), is_language_model("static")
        (True, False)
    """
    if encoder == "static":
        return False
    folder = _folder(encoder)
    try:
        names = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    except (OSError, ValueError, AttributeError):
        return False  # a folder of modules, or one that its loader has more to say about
    return any(part in str(name) for name in names for part in FILLS_IN_BLANKS)


def is_trainable(encoder: str) -> bool:
    """Whether an encoder has layers to train, as all have but static ones; nothing is loaded.

    Raises:
        FileProblem: when there is no such encoder, or it cannot be read.

    Example:
        >>> is_trainable("bundled"), is_trainable("static")
        (True, False)
    """
    if encoder == "static":
        return False
    modules = read_modules_folder(_folder(encoder))
    return modules is None or not modules.static


def _folder(encoder: str) -> Path:
    return BUNDLED if encoder == "bundled" else find_model_folder(encoder)


def _amount(num: int, counts: Counter[str], *, pairs: bool) -> tuple[str, str]:
    least = min(counts.values())
    zh, en = ("对文本", "pairs of texts") if pairs else ("条文本", "texts")
    return (
        f"{num} {zh}，{len(counts)} 个标签，最少的有 {least} 条",
        f"{num} {en} of {len(counts)} labels, at least {least} of each",
    )


def _about_compare(*, language_model: bool) -> tuple[str, str]:
    return (
        "哪种方法在这些文本上最好，用 --compare 量一量" + ("（也试提示）" if language_model else "") + "。",
        "What is best on these very texts --compare measures" + (", prompts included" if language_model else "") + ".",
    )
