"""A question with a blank: template, words and tokenizer together, which turn texts into prompts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tokenizers import Tokenizer

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

        Args:
            model: the model.
            prompts: as `prompts` makes them.
            scoring: see `baihua.tasks.prompting.scoring.word_scores`.
            precision: ``"float32"`` or ``"bfloat16"``.
            against_prior: less what the model says of a prompt without text.
        """

        def ask(asked: dict[int, list[Prompt]]) -> np.ndarray:
            return word_scores(model, asked, self.verbalizer, self.reading, scoring=scoring, precision=precision)

        prior = ask(self.prompts([self._nothing()]))[0] if against_prior else None
        over_tokens = (
            "sum" if self.alike else "mean"
        )  # of one prompt, the words' probabilities are comparable as they are
        return label_scores(ask(prompts), self.verbalizer, prior=prior, over_tokens=over_tokens)

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
    """Set texts into a template with so many blanks; a causal model's come at the end."""
    asked = Template.parse(f"{template}{{mask}}") if reading.causal else template
    given: Any = [text[0] for text in texts] if len(template.fields) == 1 else texts
    return encode_prompts(
        asked, backend, given, max_length, num_masks, mask_id=reading.mask_id, ending=not reading.causal
    )
