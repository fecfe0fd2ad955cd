"""Questions answered by a stretch of a text: what they look like, and the check of what a user hands over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from baihua.checks import InvalidType, InvalidValue, check_texts


@dataclass(frozen=True)
class Answer:
    """A stretch of a context that answers a question: ``context[start:end]``.

    Args:
        start: its first character, from 0.
        end: one past its last.

    Example:
        >>> Answer.of("小王去了北京。", "北京")
        Answer(start=4, end=6)
    """

    start: int
    end: int

    @classmethod
    def of(cls, context: str, text: str, start: int | None = None) -> "Answer":
        """Return where a text stands in its context: at ``start`` if given, else where it stands first.

        Raises:
            InvalidValue: when it does not stand there.
        """
        found = context.find(text) if start is None else start
        if not text or found < 0 or context[found : found + len(text)] != text:
            where = "" if start is None else f" {start} "
            raise InvalidValue(
                zh=f"答案 {text!r:.40} 不在上下文{where or '里'}：{context!r:.60}。",
                en=f"The answer {text!r:.40} does not stand in its context{where and ' at' + where.rstrip()}: {context!r:.60}.",
            )
        return cls(found, found + len(text))


def check_contexts(contexts: Any, questions: Any) -> list[tuple[str, str]]:
    """Return pairs of context and question, one context for all or one for each.

    Args:
        contexts: a sequence of strings, or one string for all questions.
        questions: a sequence of strings.

    Raises:
        InvalidType: for what are no strings.
        InvalidValue: for another number of contexts than of questions, or a blank one of either.

    Example:
        >>> check_contexts("小王去了北京。", ["他去了哪里？", "谁去了北京？"])[1]
        ('小王去了北京。', '谁去了北京？')
    """
    asked = check_texts(questions, "questions")
    given = [contexts] * len(asked) if isinstance(contexts, str) else check_texts(contexts, "contexts")
    if len(given) != len(asked):
        raise InvalidValue(
            zh=f"有 {len(given)} 段上下文、{len(asked)} 个问题；应一一对应，或只给一段上下文。",
            en=f"There are {len(given)} contexts and {len(asked)} questions. Give one for each, or a single context for all.",
        )
    for number, (context, question) in enumerate(zip(given, asked, strict=True)):
        if not context.strip() or not question.strip():
            raise InvalidValue(
                zh=f"第 {number} 项（从 0 数）的上下文或问题是空白的；请先去掉。",
                en=f"The context or the question of item {number} (from 0) is blank. Remove it first.",
            )
    return list(zip(given, asked, strict=True))


def check_found_answers(answers: Any, pairs: Sequence[tuple[str, str]]) -> list[Answer | None]:
    """Return the answer of each question, None where its context has none.

    Args:
        answers: per question an `Answer`, a text that stands in its context, a pair of its start and the text, or None.
        pairs: context and question of each.

    Raises:
        InvalidType: for something else.
        InvalidValue: for another number of answers than of questions, or one that is not in its context.
    """
    if isinstance(answers, (str, bytes)) or not isinstance(answers, Sequence) or len(answers) != len(pairs):
        raise InvalidValue(
            zh=f"有 {len(pairs)} 个问题，answers 应是同样多的答案（没有答案的写 None）。",
            en=f"There are {len(pairs)} questions, so answers must be a sequence of as many (None where there is no answer).",
        )
    return [_answer(number, answer, pair[0]) for number, (answer, pair) in enumerate(zip(answers, pairs, strict=True))]


def _answer(number: int, answer: Any, context: str) -> Answer | None:
    if answer is None:
        return None
    if isinstance(answer, str):
        return Answer.of(context, answer)
    if isinstance(answer, Answer):
        if not 0 <= answer.start < answer.end <= len(context):
            raise InvalidValue(
                zh=f"第 {number} 题（从 0 数）的答案 {answer} 超出了上下文（{len(context)} 字）。",
                en=f"The answer of question {number} (from 0), {answer}, reaches beyond its context of {len(context)} characters.",
            )
        return answer
    try:
        start, text = answer
        if isinstance(text, str) and not isinstance(start, bool):
            return Answer.of(context, text, int(start))
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
    raise InvalidType(
        zh=f"第 {number} 题（从 0 数）的答案应是文本、(起点, 文本)、Answer 或 None，收到 {answer!r:.40}。",
        en=f"The answer of question {number} (from 0) must be a text, (start, text), an Answer or None, not {answer!r:.40}.",
    )
