"""Which template and which label words a prompt classifier has where nobody gave any."""

from collections.abc import Mapping, Sequence

from baihua.checks import InvalidValue
from baihua.tasks.classification.checked import Text, Texts, check_inputs, check_same_kind
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.template import Template

Words = Mapping[str, str | Sequence[str]]

# By whether there are soft tokens, and whether the model is causal: for one text, and for two.
TEMPLATES = {
    (True, False): ("{soft:4}{mask}{soft:4}{text}", "{soft:2}{text_a}{soft:2}{mask}{soft:2}{text_b}{soft:2}"),
    (True, True): ("{soft:4}{text}{soft:4}", "{soft:4}{text_a}{soft:2}{text_b}{soft:4}"),
    (False, False): ("{mask}。{text}", "{text_a}？{mask}，{text_b}"),
    (False, True): ("{text}。总之，", "{text_a}？{text_b}。总之，"),
}


def check_template(template: str | Template | None, *, soft: bool, causal: bool, pairs: bool) -> Template:
    """Return the template to use.

    Args:
        template: the user's, or None for the default one.
        soft: whether the method needs soft tokens.
        causal: whether the model tells each token from those before it alone.
        pairs: whether there are two texts.

    Raises:
        InvalidValue: when it does not fit the method, the model or the texts.

    Example:
        >>> str(check_template(None, soft=True, causal=False, pairs=False))
        '{soft:4}{mask}{soft:4}{text}'
    """
    if template is None:
        return Template.parse(TEMPLATES[soft, causal][pairs])
    made = template if isinstance(template, Template) else Template.parse(template)
    if (len(made.fields) == 2) != pairs:
        slots = "{text_a} {text_b}" if pairs else "{text}"
        raise InvalidValue(
            zh=f"{'成对' if pairs else '单条'}的文本要用写有 {slots} 的模板，收到 {str(made)!r}。",
            en=f"{'Pairs of texts' if pairs else 'Single texts'} need a template with {slots}, but received {str(made)!r}.",
        )
    if soft and not made.num_soft:
        raise InvalidValue(
            zh=f"这个方法学的是软词元，模板 {str(made)!r} 里却没有；请加上 {{soft:4}} 这样的位置，或改用 method='pet'。",
            en=f"This method learns soft tokens, but the template {str(made)!r} has none. Add some, such as {{soft:4}}, or use "
            "method='pet'.",
        )
    if causal and made.num_masks:
        raise InvalidValue(
            zh=f"从左到右的模型在末尾作答，模板 {str(made)!r} 里不要写 {{mask}}。",
            en=f"A causal model answers at the end, so leave {{mask}} out of the template {str(made)!r}.",
        )
    if not causal and not made.num_masks:
        raise InvalidValue(
            zh=f"掩码语言模型要有空位可填，模板 {str(made)!r} 里没有 {{mask}}；请加上。",
            en=f"A masked language model needs a blank to fill in, but the template {str(made)!r} has no {{mask}}. Add one.",
        )
    return made


def check_words(words: Words, labels: Sequence[str]) -> Words:
    """Return the words of the labels of training, in their order.

    Raises:
        InvalidValue: when a label of training has no word.
    """
    given = {str(label): mine for label, mine in words.items()}
    missing = [label for label in labels if label not in given]
    if missing:
        raise InvalidValue(
            zh=f"训练里的标签 {missing[0]!r} 没有标签词；verbalizer 给了 {', '.join(list(given)[:6])}。",
            en=f"The label {missing[0]!r} of training has no word; the verbalizer has {', '.join(list(given)[:6])}.",
        )
    return {label: given[label] for label in labels} if labels else given


def check_learned(soft: object | None) -> None:
    """Refuse to train soft tokens alone where there are none.

    Raises:
        InvalidValue: when ``soft`` is None.
    """
    if soft is None:
        raise InvalidValue(
            zh="tune='prompt' 只学软词元，而这里一个也没有，没有什么可学；请用 tune='all'，或在模板里加上 {soft:4}。",
            en="With tune='prompt' only soft tokens are learned, and there are none, so there is nothing to train. Use "
            "tune='all', or add {soft:4} to the template.",
        )


def check_unlabeled(texts: Texts, settings: PromptSettings, *, pairs: bool) -> list[Text]:
    """Return texts without labels that are not blank.

    Raises:
        InvalidType, InvalidValue: for what are no texts, or pairs for single texts and the other way round; for any where the
            auxiliary loss, which alone learns from them, is off.
    """
    given = [text for text in check_inputs(texts, "unlabeled") if any(part.strip() for part in text)]
    check_same_kind(given, pairs=pairs, argument="unlabeled")
    if given and not settings.auxiliary:
        raise InvalidValue(
            zh="没有标签的文本只通过辅助损失学；请用 auxiliary=True，或不给 unlabeled。",
            en="Texts without labels are learned from by the auxiliary loss alone. Set auxiliary=True, or give no unlabeled texts.",
        )
    return given
