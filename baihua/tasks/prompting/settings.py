"""The numbers of a prompt classifier and of its training."""

from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidValue, check_choice
from baihua.nn.soft_prompt import REPARAMETRIZATIONS
from baihua.tasks.classification.settings import check_numbers

METHODS = ("zero_shot", "pet", "p_tuning", "prefix_tuning")
METHOD_ALIASES = {
    "zero-shot": "zero_shot",
    "p-tuning": "p_tuning",
    "ptuning": "p_tuning",
    "prefix-tuning": "prefix_tuning",
}
TUNES = ("prompt", "all")
STARTS = ("unused", "words", "random")
SCORINGS = ("joint", "independent")


@dataclass(frozen=True)
class PromptSettings:
    """How a prompt is trained and read.

    Args:
        epochs: times that the texts are gone through.
        least_steps: optimizer steps at least: of few texts there are as many more epochs. None for 300 where soft tokens alone
            are learned, and 100 where the model is: from 16 reviews of each kind 300 cost it two points.
        batch_size: texts of a batch.
        learning_rate: of the model's weights where they are tuned, the highest, after a warm-up and before a linear decay;
            None for 1e-5, the article's, from width 768 on, and 5e-5 for smaller models.
        prompt_rate: of the soft tokens; None for 6e-4, the article's, from width 768 on, and 3e-3 for smaller models. What was
            tried stands in results/prompt_settings (recipes/prompt_settings.py).
        auxiliary: learn to fill in 15 % of all other tokens too (a causal model: to go on with the text), which keeps the
            prompt near language, says the article.
        max_length: tokens of a prompt; None for as many as the model takes. The text alone is cut.
        dropout: in training, of the model's hidden states and attention.
        reparametrization: of the soft tokens, see `baihua.nn.soft_prompt.SoftPrompt`.
        start: soft tokens begin as rows of the vocabulary's ``[unused]`` tokens, as rows of the words 的, 是, 了, … (the
            commonest), or ``"random"``.
        tied: whether the output layer sees the learned rows too, as in the article.
        scoring: words of several tokens by the chain rule (``"joint"``), or as if their blanks knew nothing of each other,
            in one pass (``"independent"``). One-token words are the same in both. Looks at dev in training take the latter.
        patience: looks at dev without a better score after which training stops.
        precision: ``"float32"`` or ``"bfloat16"``.
        seed: of new weights, the order, masking and dropout.
        save_every: seconds between checkpoints, where a folder is given for them.
    """

    epochs: int = 10
    least_steps: int | None = None
    batch_size: int = 16
    learning_rate: float | None = None
    prompt_rate: float | None = None
    auxiliary: bool = True
    max_length: int | None = 128
    dropout: float = 0.0
    reparametrization: str = "none"
    start: str = "unused"
    tied: bool = True
    scoring: str = "joint"
    patience: int = 5
    precision: str = "float32"
    seed: int = 0
    save_every: float = 300.0

    def __post_init__(self) -> None:
        check_choice("reparametrization", self.reparametrization, REPARAMETRIZATIONS)
        check_choice("start", self.start, STARTS)
        check_choice("scoring", self.scoring, SCORINGS)
        check_numbers(self, {"least_steps": 1})
        if self.prompt_rate is not None and not 0 < self.prompt_rate < 1:
            raise InvalidValue(
                zh=f"prompt_rate 应在 0 与 1 之间，收到 {self.prompt_rate}。",
                en=f"prompt_rate must lie between 0 and 1, but received {self.prompt_rate}.",
            )

    def rates(self, width: int) -> tuple[float, float]:
        """Return the learning rates of weights and of soft tokens for a model of some width."""
        large = width >= 768
        weights = self.learning_rate if self.learning_rate is not None else (1e-5 if large else 5e-5)
        prompt = self.prompt_rate if self.prompt_rate is not None else (6e-4 if large else 3e-3)
        return weights, prompt

    def steps(self, *, frozen: bool) -> int:
        """Return the optimizer steps at least, where the model is frozen and where it is not."""
        return self.least_steps if self.least_steps is not None else (300 if frozen else 100)

    def chosen(self, width: int) -> dict[str, Any]:
        """Return what is left to the settings to choose, for a model of some width, as a record has it."""
        return {"rates": self.rates(width), "steps": {name: self.steps(frozen=name == "prompt") for name in TUNES}}
