"""Questions with choices: what they look like, and the check of what a user hands over as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidType, InvalidValue

Part = str | tuple[int, ...]  # text, or token ids where a text cannot say what is meant, such as a blank


@dataclass(frozen=True)
class ChoiceQuestion:
    """A question one of whose choices is right.

    Args:
        parts: what is read together with each choice, such as a passage and a question; token ids may stand for a text.
        choices: what may be right, two or more.

    Example:
        >>> question = ChoiceQuestion(("小王去了北京。", "他去了哪里？"), ("北京", "上海"))
        >>> question.choices[0]
        '北京'
    """

    parts: tuple[Part, ...]
    choices: tuple[Part, ...]


def check_questions(questions: Any) -> list[ChoiceQuestion]:
    """Return questions with choices, whatever kind of sequence they came in.

    Args:
        questions: `ChoiceQuestion`, or pairs of parts (a string, or several) and choices.

    Raises:
        InvalidType: for what is no sequence of questions, naming the first.
        InvalidValue: for a question of less than two choices, or whose parts are all blank.

    Example:
        >>> check_questions([("他去了哪里？", ["北京", "上海"])])[0].parts
        ('他去了哪里？',)
    """
    if isinstance(questions, (str, bytes)) or not isinstance(questions, Sequence):
        kind = type(questions).__name__
        raise InvalidType(
            zh=f"questions 应是一列选择题，收到 {kind}。请传入 [(文本, [选项, …]), …]。",
            en=f"questions must be a sequence of questions, but received {kind}. Pass [(text, [choice, …]), …].",
        )
    return [_checked(number, question) for number, question in enumerate(questions)]


def check_answers(answers: Any, questions: Sequence[ChoiceQuestion]) -> list[int]:
    """Return the places of the right choices.

    Args:
        answers: one place per question, from 0.
        questions: the questions.

    Raises:
        InvalidType: for a place that is no whole number.
        InvalidValue: for another number of answers than of questions, or a place beyond the choices.
    """
    found = list(answers)
    if len(found) != len(questions):
        raise InvalidValue(
            zh=f"有 {len(questions)} 道题，却有 {len(found)} 个答案；应一题一个。",
            en=f"There are {len(questions)} questions but {len(found)} answers. Give one for each.",
        )
    for number, (answer, question) in enumerate(zip(found, questions, strict=True)):
        if isinstance(answer, bool) or not hasattr(answer, "__index__"):
            raise InvalidType(
                zh=f"第 {number} 题（从 0 数）的答案应是选项的序号（整数），收到 {answer!r:.40}。",
                en=f"The answer of question {number} (from 0) must be the place of a choice, a whole number, not {answer!r:.40}.",
            )
        if not 0 <= int(answer) < len(question.choices):
            raise InvalidValue(
                zh=f"第 {number} 题（从 0 数）有 {len(question.choices)} 个选项，答案却是 {answer}；序号从 0 数。",
                en=f"Question {number} (from 0) has {len(question.choices)} choices, but its answer is {answer}. Places count from 0.",
            )
    return [int(answer) for answer in found]


def _checked(number: int, question: Any) -> ChoiceQuestion:
    if not isinstance(question, ChoiceQuestion):
        if isinstance(question, (str, bytes)) or not isinstance(question, Sequence) or len(question) != 2:
            raise InvalidType(
                zh=f"第 {number} 题（从 0 数）应是（文本, 选项）一对，收到 {question!r:.60}。",
                en=f"Question {number} (from 0) must be a pair of text and choices, but is {question!r:.60}.",
            )
        parts, choices = question
        question = ChoiceQuestion((parts,) if isinstance(parts, str) else _tuple(parts), _tuple(choices))
    every = (*question.parts, *question.choices)
    wrong = next((part for part in every if not isinstance(part, (str, tuple))), None)
    if wrong is not None:
        raise InvalidType(
            zh=f"第 {number} 题（从 0 数）里有一项不是文本：{wrong!r:.40}。",
            en=f"Question {number} (from 0) holds something that is no text: {wrong!r:.40}.",
        )
    if len(question.choices) < 2 or not any(_says_something(part) for part in every):
        raise InvalidValue(
            zh=f"第 {number} 题（从 0 数）至少要有两个选项和一点文字，收到 {len(question.choices)} 个选项。",
            en=f"Question {number} (from 0) must have two choices and some text, but has {len(question.choices)} choices.",
        )
    return question


def _tuple(items: Any) -> tuple[Any, ...]:
    return (items,) if isinstance(items, (str, bytes)) or not isinstance(items, Sequence) else tuple(items)


def _says_something(part: Part) -> bool:
    return bool(part.strip() if isinstance(part, str) else part)
