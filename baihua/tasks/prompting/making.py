"""From what a user asks for to a question and a model with its soft tokens, before anything is trained or when it was saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.tasks.classification.checked import Text
from baihua.tasks.prompting.batches import Reading
from baihua.tasks.prompting.cloze import Cloze, ask_about
from baihua.tasks.prompting.label_words import learned_words, words_from_examples, words_of_labels
from baihua.tasks.prompting.model import PromptModel, output_is_tied
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.vectors import first_states, new_soft, unused_rows
from baihua.tasks.prompting.wording import Words, check_template, check_words
from baihua.text.template import Template
from baihua.text.verbalizer import Verbalizer

LEARNED = "learned"
SOFT_METHODS = ("p_tuning", "prefix_tuning")


@dataclass(frozen=True)
class Plan:
    """What a user asks for.

    Args:
        method: see `baihua.tasks.prompt_classify.PromptClassifier`.
        template: or None for the default.
        words: of the labels, ``"learned"``, or None.
        causal: whether the model tells each token from those before it alone.
        max_length: tokens of a prompt.
        mask_id: of a blank.
        settings: the numbers.
    """

    method: str
    template: str | Template | None
    words: Words | str | None
    causal: bool
    max_length: int
    mask_id: int
    settings: PromptSettings

    @property
    def alike(self) -> bool:
        """Whether all words are asked for with equally many blanks, see `baihua.tasks.prompting.cloze.Cloze`."""
        return self.method != "zero_shot" and not self.causal

    def template_for(self, *, pairs: bool) -> Template:
        """Return the template for single texts or for pairs."""
        return check_template(self.template, soft=self.method in SOFT_METHODS, causal=self.causal, pairs=pairs)

    def given_words(self, labels: Sequence[str], backend: Tokenizer) -> Words | None:
        """Return the words of the labels where no model is needed to choose them, else None.

        Raises:
            InvalidType, InvalidValue: for what are no words.
        """
        if isinstance(self.words, str) and self.words != LEARNED:
            raise InvalidValue(
                zh=f"verbalizer 应是 {{标签: 词}} 或 'learned'，收到 {self.words!r}。",
                en=f"verbalizer must be {{label: word}} or 'learned', but received {self.words!r}.",
            )
        if self.words is None:
            return words_of_labels(labels, backend) if labels else None
        if isinstance(self.words, str):
            return None
        Verbalizer(self.words, backend)
        return check_words(self.words, labels)


def make_cloze(
    plan: Plan, model: Any, backend: Tokenizer, texts: Sequence[Text], labels: Sequence[str], *, pairs: bool = False
) -> tuple[Cloze, PromptModel]:
    """Make the question and the model that answers it, before training.

    Args:
        plan: what is asked for.
        model: the transformers model.
        backend: its tokenizer.
        texts: to learn from; none for zero-shot with words given.
        labels: of each.
        pairs: whether the texts are pairs.

    Raises:
        InvalidValue: when template, words and model do not fit, or words are wanting.
    """
    template, names = plan.template_for(pairs=pairs), sorted(set(labels))
    words = plan.given_words(names, backend)
    if words is None and not names:
        raise InvalidValue(
            zh="没有训练文本，就要用 verbalizer 给出每个标签的词，例如 {'正面': '好', '负面': '差'}。",
            en="Without training texts give the words of each label as verbalizer, such as {'positive': '好', 'negative': '差'}.",
        )
    taken = [word for mine in (words or {}).values() for word in ([mine] if isinstance(mine, str) else mine)]
    num_learned = len(names) if plan.words == LEARNED else 0
    rows = unused_rows(backend, template.num_soft + num_learned, taken)
    if num_learned:
        _check_learnable(model, template.num_soft + num_learned, rows)
    reading = Reading(
        plan.mask_id, int(model.config.vocab_size), rows if plan.settings.tied or num_learned else None, plan.causal
    )
    asked = _with_soft(plan, model, backend, template.num_soft + num_learned, rows)
    if words is None and num_learned:
        assert rows is not None
        words = learned_words(names, rows[template.num_soft :], backend)
    elif words is None:
        prompts = ask_about(template, texts, backend, reading, plan.max_length, 1)
        words = words_from_examples(asked, prompts, labels, reading, backend)
    cloze = Cloze(template, Verbalizer(words, backend), backend, reading, plan.max_length, plan.alike)
    if plan.method == "prefix_tuning":
        asked.deep = torch.nn.Parameter(first_states(asked, cloze.empty(), reading))
    return cloze, asked


def restored(
    plan: Plan, model: Any, backend: Tokenizer, rows: tuple[int, ...] | None, tensors: Mapping[str, Tensor]
) -> tuple[Cloze, PromptModel]:
    """Make the question and the model of a classifier that was saved.

    Args:
        plan: with template and words.
        model: the transformers model as saved, learned rows in their place.
        backend: its tokenizer.
        rows: that the soft tokens stand for, or None.
        tensors: ``soft`` and ``deep``, whichever there are.

    Raises:
        KeyError, RuntimeError: for vectors that are wanting or of other shapes.
    """
    made = plan.template if isinstance(plan.template, Template) else Template.parse(str(plan.template))
    template = plan.template_for(pairs=len(made.fields) == 2)
    words = plan.given_words([], backend)
    if words is None:
        raise InvalidValue(zh="没有标签词。", en="There are no words of labels.")
    reading = Reading(plan.mask_id, int(model.config.vocab_size), rows, plan.causal)
    folded = rows is not None and output_is_tied(model)
    wanted = ["soft"] if template.num_soft and ("soft" in tensors or not folded) else []
    wanted += ["deep"] if plan.method == "prefix_tuning" else []
    asked = PromptModel.of_vectors(model, template.num_soft, {name: tensors[name] for name in wanted})
    return Cloze(template, Verbalizer(words, backend), backend, reading, plan.max_length, plan.alike), asked


def _check_learnable(model: Any, num: int, rows: tuple[int, ...] | None) -> None:
    """Refuse to learn words of labels where there are no tokens for them, or nothing would come of it."""
    if rows is None:
        raise InvalidValue(
            zh=f"这个词表没有 {num} 个 [unused] 词元可学；请给出标签词。",
            en=f"This vocabulary has no {num} [unused] tokens to learn. Give words for the labels.",
        )
    if not output_is_tied(model):
        raise InvalidValue(
            zh="verbalizer='learned' 学的是嵌入里的词元，模型的输出层要与嵌入共用权重才看得见，而这个模型不共用；请给出标签词。",
            en="verbalizer='learned' learns tokens of the embedding, which only an output layer tied to the embeddings sees, and "
            "this model's is not tied. Give words for the labels.",
        )


def _with_soft(plan: Plan, model: Any, backend: Tokenizer, num: int, rows: tuple[int, ...] | None) -> PromptModel:
    weight = model.get_input_embeddings().weight
    soft = new_soft(weight, num, rows, plan.settings, backend) if plan.method in SOFT_METHODS or num else None
    tied = plan.settings.tied or plan.words == LEARNED
    return PromptModel(model, soft, rows, tied=tied)
