"""The ways to classify that are compared: the article's patterns, its soft tokens, and classifiers without a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ARTICLE = "https://kexue.fm/archives/8295"
PATTERNS_ARTICLE = "https://kexue.fm/archives/7764"
WORDS: Mapping[str, str] = {"1": "很", "0": "不"}  # of a good and of a bad review
# The article's five, P1 to P5; the second alone has its blank behind the text.
PATTERNS = (
    "{mask}满意。{text}",
    "{text}。{mask}满意。",
    "{mask}好。{text}",
    "{mask}理想。{text}",
    "感觉如何？{mask}满意。{text}",
)
PREFIX = "{soft:4}{mask}{soft:4}{text}"
SUFFIX = "{text}{soft:4}{mask}{soft:4}"
AROUND = "{soft:4}{text}{soft:2}{mask}{soft:2}"
CAUSAL_PREFIX, CAUSAL_SUFFIX, CAUSAL_AROUND = "{soft:8}{text}", "{text}{soft:8}", "{soft:4}{text}{soft:4}"
PROMPT_METHODS = ("zero_shot", "pet", "p_tuning")
LEARNED = "learned"


@dataclass(frozen=True)
class Way:
    """A way to classify.

    Args:
        name: what its records are called; two ways that differ have two names.
        method: of `baihua.tasks.prompt_classify.PromptClassifier` or of `baihua.tasks.classify.TextClassifier`.
        template: of the prompt; None without one.
        tune: what trains, ``"prompt"`` or ``"all"``; None for the method's own.
        learned_words: whether the label words are learned too, instead of `WORDS`.
        causal: whether it is of the model that goes on with a text, instead of the one that fills in blanks.
        watched: whether dev is scored in training too, at up to some twenty points, without any effect on it.
        changes: numbers of the training other than the classifier's own.
    """

    name: str
    method: str
    template: str | None = None
    tune: str | None = None
    learned_words: bool = False
    causal: bool = False
    watched: bool = False
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)


P_TUNING = Way("p_tuning", "p_tuning", PREFIX, "prompt")
P_TUNING_ALL = Way("p_tuning-all", "p_tuning", PREFIX, "all")
PET = tuple(Way(f"pet-P{number}", "pet", pattern) for number, pattern in enumerate(PATTERNS, start=1))
ZERO_SHOT = tuple(Way(f"zero_shot-P{number}", "zero_shot", pattern) for number, pattern in enumerate(PATTERNS, start=1))
LINEAR, FINE_TUNE, CONTRASTIVE = (Way(method, method) for method in ("linear", "fine_tune", "contrastive"))
CAUSAL = Way("causal", "p_tuning", CAUSAL_AROUND, "prompt", causal=True)


def soft_tokens(num: int) -> Way:
    """Return P-tuning with so many soft tokens, half of them before the blank, and one more there of an odd number.

    Example:
        >>> soft_tokens(1).template, soft_tokens(8) == P_TUNING
        ('{soft:1}{mask}{text}', True)
    """
    before, after = (num + 1) // 2, num // 2
    template = f"{{soft:{before}}}{{mask}}" + (f"{{soft:{after}}}" if after else "") + "{text}"
    return P_TUNING if template == PREFIX else Way(f"soft={num}", "p_tuning", template, "prompt")
