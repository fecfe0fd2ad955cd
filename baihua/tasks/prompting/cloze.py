"""A question with a blank: template, words and tokenizer together, which turn texts into prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.tasks.classification.checked import Text
from baihua.tasks.prompting.batches import Reading
from baihua.tasks.prompting.model import PromptModel
from baihua.tasks.prompting.scoring import word_scores
from baihua.text.prompts import Prompt, encode_prompts
from baihua.text.template import Template
from baihua.text.verbalizer import Verbalizer, label_scores


@dataclass(frozen=True)
class Cloze:
    """How texts are asked about.

    Args:
        template: with a blank; of a causal model without, its answer comes at the end.
        verbalizer: the words of the labels.
        backend: the tokenizer.
        reading: how tokens are read.
        max_length: tokens of a prompt.
        alike: whether all words are asked for with as many blanks as the longest has tokens, the last of them left empty. That
            is for training a masked model: else it would tell a label from the number of blanks and never read the text.
    """

    template: Template
    verbalizer: Verbalizer
    backend: Tokenizer
    reading: Reading
    max_length: int
    alike: bool = False

    def prompts(self, texts: Sequence[Text]) -> dict[int, list[Prompt]]:
        """Return one prompt per text for each number of blanks that the words need."""
        if self.alike:
            return dict.fromkeys(self.verbalizer.num_masks, self._prompts(texts, self.verbalizer.num_masks[-1]))
        return {num: self._prompts(texts, num) for num in self.verbalizer.num_masks}

    def scores(
        self,
        model: PromptModel,
        prompts: dict[int, list[Prompt]],
        *,
        scoring: str = "joint",
        precision: str = "float32",
        against_prior: bool = False,
    ) -> np.ndarray:
        """Return log-probabilities of the labels, shape ``(num_texts, num_labels)``.

        Of a trained model a label has what its words have together, each the product of its tokens: training takes the words in
        turn, so that each learns its share alone. One that was not trained likes short words, and labels of many, see
        `baihua.text.verbalizer.label_scores`.

        Args:
            model: the model.
            prompts: as `prompts` makes them.
            scoring: see `baihua.tasks.prompting.scoring.word_scores`.
            precision: ``"float32"`` or ``"bfloat16"``.
            against_prior: less what the model says of a prompt without text: for a model that was not trained.
        """

        def ask(asked: dict[int, list[Prompt]]) -> np.ndarray:
            return word_scores(model, asked, self.verbalizer, self.reading, scoring=scoring, precision=precision)

        if against_prior:
            (prior,) = ask(self.prompts([self._nothing()]))
            return label_scores(ask(prompts), self.verbalizer, prior=prior)
        means = label_scores(ask(prompts), self.verbalizer, over_tokens="sum")
        return np.asarray(log_softmax(means + np.log(np.bincount(self.verbalizer.label_of)), axis=1))

    def without_labels(self, texts: Sequence[Text]) -> list[Prompt]:
        """Return prompts with as few blanks as any word is asked for with, to learn of their other tokens alone."""
        return self._prompts(texts, self.verbalizer.num_masks[0]) if texts else []

    def empty(self) -> Prompt:
        """Return the prompt of no text, with as many blanks as the shortest words are asked for with."""
        return next(iter(self.prompts([self._nothing()]).values()))[0]

    def _nothing(self) -> Text:
        return ("",) * len(self.template.fields)

    def _prompts(self, texts: Sequence[Text], num_masks: int) -> list[Prompt]:
        return ask_about(self.template, texts, self.backend, self.reading, self.max_length, num_masks)


def ask_about(
    template: Template,
    texts: Sequence[Text],
    backend: Tokenizer,
    reading: Reading,
    max_length: int,
    num_masks: int,
) -> list[Prompt]:
    """Set texts into a template with so many blanks; a causal model's come at the end.

    Raises:
        InvalidValue: when nothing stands before the answer of a causal model.
    """
    asked = Template.parse(f"{template}{{mask}}") if reading.causal else template
    given: Any = [text[0] for text in texts] if len(template.fields) == 1 else texts
    prompts = encode_prompts(
        asked, backend, given, max_length, num_masks, mask_id=reading.mask_id, ending=not reading.causal
    )
    if reading.causal and any(prompt.masks[0] == 0 for prompt in prompts):
        raise InvalidValue(
            zh=f"从左到右的模型要从前文推出答案，而模板 {str(template)!r} 放入空白文本（零样本总会拿它作比较）后一个词元也没有；"
            "请在模板里加上词，例如 '{text}。总之，'，或去掉空白文本。",
            en=f"A causal model tells the answer from what stands before it, and with a blank text (which zero-shot always "
            f"compares with) the template {str(template)!r} puts nothing there. Add words to the template, such as "
            "'{text}。总之，', or leave blank texts out.",
        )
    return prompts
