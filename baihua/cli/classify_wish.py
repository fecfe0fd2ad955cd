"""What a user asks for when a classifier is to be trained: the method, its numbers, a template and words, checked and kept."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baihua.checks import FileProblem, InvalidValue, check_choice
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.any_classifier import ClassifierPlan

AUTO, LEARNED = "auto", "learned"


@dataclass(frozen=True)
class Wish:
    """What a user asks for.

    Args:
        method: ``"auto"`` or one of `baihua.tasks.any_classifier.METHODS`.
        compare: whether all methods are to be tried.
        tune: of prompts, or None.
        encoder: a name or a folder.
        template: of prompts, or None.
        words: of each label, ``"learned"``, or None.
        numbers: settings that were given, by name.
        device: or None.
        unlabeled: a file of texts without labels, or None.
    """

    method: str
    compare: bool
    tune: str | None
    encoder: str
    template: str | None
    words: Mapping[str, Sequence[str]] | str | None
    numbers: Mapping[str, Any]
    device: str | None
    unlabeled: str | None = None

    def plan(self, method: str, tune: str | None = None) -> "ClassifierPlan":
        """Return what a classifier of some method is to be made of.

        Raises:
            InvalidValue: for numbers that make no sense.
        """
        from baihua.tasks.any_classifier import ClassifierPlan
        from baihua.tasks.classification.settings import ClassificationSettings
        from baihua.tasks.prompting.settings import PromptSettings

        # Few texts are gone through more often than the epochs say, but not where these were given by the user.
        numbers = {**self.numbers, **({"least_steps": 1} if "epochs" in self.numbers else {})}
        text, prompt = ClassificationSettings(**numbers), PromptSettings(**numbers)
        return ClassifierPlan(
            method, tune or self.tune, self.encoder, self.template, self.words, text, prompt, self.device
        )


def check_wish(wish: Wish, checkpoints: str | None) -> Wish:
    """Return a wish with its method in the usual spelling; refuse what does not go together, before anything is read.

    Raises:
        InvalidValue: for an unknown word, options that do not go together, or numbers that make no sense.
    """
    from baihua.tasks.any_classifier import METHOD_ALIASES, METHODS
    from baihua.tasks.prompting.settings import METHODS as PROMPTS
    from baihua.tasks.prompting.settings import TUNES
    from baihua.text.template import Template

    method = check_choice("--method", wish.method, (AUTO, *METHODS), METHOD_ALIASES)
    if wish.compare and method != AUTO:
        raise InvalidValue(
            zh=f"--compare 会试各种方法，不能再指定 --method {method}；请去掉其中一个。",
            en=f"--compare tries all methods, so --method {method} cannot be given too. Leave one of them out.",
        )
    if wish.compare and (checkpoints is not None or wish.tune is not None):
        given = "--tune" if checkpoints is None else "--checkpoints"
        raise InvalidValue(
            zh=f"{given} 不能与 --compare 一起用；请先比较，再用选出的 --method 训练。",
            en=f"{given} cannot be used with --compare. Compare first, then train with the --method it recommends.",
        )
    if wish.tune is not None:
        check_choice("--tune", wish.tune, TUNES)
    _refuse_useless(wish, method, PROMPTS)
    if wish.template is not None:
        Template.parse(wish.template)
    checked = replace(wish, method=method)
    checked.plan("linear")  # refuses numbers that make no sense
    return checked


def _refuse_useless(wish: Wish, method: str, prompts: Sequence[str]) -> None:
    options = {"--tune": wish.tune, "--template": wish.template, "--words": wish.words, "--unlabeled": wish.unlabeled}
    useless = [option for option, value in options.items() if value is not None]
    if useless and method not in prompts and not wish.compare:
        raise InvalidValue(
            zh=f"{useless[0]} 只用于提示的方法 {'、'.join(prompts)}；请用 --method 选一种，或用 --compare。",
            en=f"{useless[0]} is for the methods with prompts: {', '.join(prompts)}. Choose one with --method, or use --compare.",
        )
    if wish.unlabeled is not None and (wish.compare or method == "zero_shot"):
        raise InvalidValue(
            zh="--unlabeled 只在训练提示时用：请用 --method 选 pet、p_tuning 或 prefix_tuning，不要与 --compare 一起用。",
            en="--unlabeled is for prompts that train: choose pet, p_tuning or prefix_tuning with --method, without --compare.",
        )


def read_words(written: Sequence[str] | None) -> dict[str, list[str]] | str | None:
    """Return the words of each label as they stand after ``--words``.

    Args:
        written: such as ``["正面=好,满意", "负面=差"]``; or ``["learned"]``.

    Raises:
        InvalidValue: for anything else.

    Example:
        >>> read_words(["正面=好，满意", "负面=差"])
        {'正面': ['好', '满意'], '负面': ['差']}
    """
    if not written:
        return None
    if list(written) == [LEARNED]:
        return LEARNED
    found: dict[str, list[str]] = {}
    for item in written:
        label, equals, words = item.partition("=")
        cut = [word.strip() for word in words.replace("，", ",").split(",")]
        if not equals or not label.strip() or not all(cut):
            raise InvalidValue(
                zh=f"--words 写成 标签=词,词 的样子，每个标签一次，收到 {item!r}；例如 --words 正面=好,满意 --words 负面=差。",
                en=f"--words is written LABEL=WORD,WORD, once for each label, but received {item!r}. For example: "
                "--words positive=好,满意 --words negative=差.",
            )
        found.setdefault(label.strip(), []).extend(cut)
    return found


def check_labels_of_words(wish: Wish, labels: Sequence[str]) -> None:
    """Refuse words of a label that no text has, most likely misspelt, and a label without words where others have some.

    Raises:
        InvalidValue: naming the label.
    """
    if wish.words is None or isinstance(wish.words, str):
        return
    known = sorted(set(labels))
    for label in wish.words:
        check_choice(say(zh="--words 的标签", en="label of --words"), label, known)
    missing = [label for label in known if label not in wish.words]
    if missing:
        raise InvalidValue(
            zh=f"标签 {missing[0]!r} 没有词：--words 要么给全 {len(known)} 个标签，要么一个也不给。",
            en=f"The label {missing[0]!r} has no words. Give --words for all {len(known)} labels, or for none.",
        )


def check_places(output: str, checkpoints: str | None) -> None:
    """Refuse, before hours of training, a folder that could not be written in the end.

    Raises:
        FileProblem: when something else than a classifier is there, or it cannot be written.
        InvalidValue: when checkpoints would lie where the classifier goes.
    """
    from baihua.tasks.any_classifier import check_free

    target = Path(output).absolute()
    above = next(folder for folder in target.parents if folder.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise FileProblem(
            zh=f"写不进 {output}：{above} 不是可写的文件夹；请换一个地方。",
            en=f"Cannot write {output}: {above} is no folder that you may write to. Choose another place.",
        )
    check_free(output)
    if checkpoints is None:
        return
    inside = Path(checkpoints).resolve()
    if target.resolve() in (inside, *inside.parents):
        raise InvalidValue(
            zh=f"--checkpoints {checkpoints} 不能就是 -o {output} 或在它里面，否则写分类器时会被换掉；请放在别处。",
            en=f"--checkpoints {checkpoints} must not be -o {output} or lie within it, since writing the classifier replaces that "
            "folder. Put them elsewhere.",
        )
