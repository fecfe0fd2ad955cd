"""How well answers were found in a text: exact match and F1 as the official scorer of CMRC 2018 counts them.

The scorer forgives case and some marks, and gives part of the credit for the longest run that an answer has in common with a
reference. It is kept to the letter, oddities included, since scores are compared across papers: most Western marks stay (a comma
or a full stop is no mark to it, a hyphen is), a sign of two characters on its list never matches, and an answer that
normalises to nothing equals a reference that does but shares no run with it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from baihua.checks import InvalidValue, check_texts
from baihua.text.treebank_words import treebank_words

# The list also has "……", two characters; each character of a text is looked up in it, so that one never is found.
_DROPPED = dict.fromkeys(map(ord, "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』"))
_CHARACTER_OR_RUN = re.compile("[\u4e00-\u9fa5]|[^\u4e00-\u9fa5]+")


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """How good the answer to one question is, by the reference that is best for it.

    Args:
        exact_match: it is one of the references, as far as `normalised` tells them apart.
        f1: by the longest common run of segments.
        answered: there was an answer.
    """

    exact_match: bool
    f1: float
    answered: bool = True


@dataclass(frozen=True)
class AnswerScores:
    """What `score_answers` returns; fractions, not percentages.

    Args:
        questions: the score of each question.
        num_extra: answers to questions that are not asked. They do not count.
    """

    questions: Mapping[str, AnswerScore]
    num_extra: int = 0

    @property
    def num(self) -> int:
        """How many questions there are."""
        return len(self.questions)

    @property
    def num_unanswered(self) -> int:
        """How many have no answer; they count as wrong."""
        return sum(not score.answered for score in self.questions.values())

    @property
    def num_exact(self) -> int:
        """How many are answered exactly."""
        return sum(score.exact_match for score in self.questions.values())

    @property
    def exact_match(self) -> float:
        """The share answered exactly."""
        return self.num_exact / self.num

    @property
    def f1(self) -> float:
        """The mean F1 of all questions."""
        return sum(score.f1 for score in self.questions.values()) / self.num

    @property
    def average(self) -> float:
        """The mean of exact match and F1, by which CMRC 2018 ranks."""
        return (self.exact_match + self.f1) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the single questions as plain values, for JSON."""
        return {
            "exact_match": self.exact_match,
            "f1": self.f1,
            "average": self.average,
            "exact": self.num_exact,
            "questions": self.num,
            "unanswered": self.num_unanswered,
            "extra": self.num_extra,
        }


def score_answers(predicted: Mapping[str, str], references: Mapping[str, Sequence[str]]) -> AnswerScores:
    """Compare answers with the references of their questions.

    Args:
        predicted: the answer to each question, by its id. A question that is missing counts as wrong.
        references: the right answers of each question, by its id; the one that is best for the answer counts.

    Returns:
        The scores of each question and over all.

    Raises:
        InvalidValue: for no questions, or a question without a reference.
        InvalidType: for an answer or a reference that is no string, or a string in the place of a list of references.

    Source:
        Cui et al., "A Span-Extraction Dataset for Chinese Machine Reading Comprehension", EMNLP 2019, and ``cmrc2018_evaluate.py``,
        version 4, in https://github.com/ymcui/cmrc2018. It splits Latin text into sentences before words with a model that
        has to be downloaded; here such text is one line, so that only a full stop at its very end stands apart.

    Example:
        >>> references = {"1": ["1994年", "1994年4月"], "2": ["北京大学"], "3": ["长江"]}
        >>> scores = score_answers({"1": "1994年4月", "2": "在北京大学。"}, references)
        >>> round(scores.exact_match, 3), round(scores.f1, 3), scores.num_unanswered
        (0.333, 0.63, 1)
        >>> round(scores.questions["2"].f1, 3)  # all 4 segments of the reference, among 5: the full stop does not count
        0.889
    """
    if not references:
        raise InvalidValue(
            zh="没有一个问题，算不出分数；请给出带参考答案的问题。",
            en="There is no question to score. Give questions with their reference answers.",
        )
    answers = dict(zip(predicted, check_texts(predicted.values(), "predicted"), strict=True))
    scores = {question: _score(answers.get(question), question, right) for question, right in references.items()}
    return AnswerScores(scores, num_extra=len(answers.keys() - references.keys()))


def _score(answer: str | None, question: str, references: Sequence[str]) -> AnswerScore:
    right = check_texts(references, f"references[{question!r}]")
    if not right:
        raise InvalidValue(
            zh=f"问题 {question!r} 没有参考答案；请给出至少一个，或去掉这个问题。",
            en=f"Question {question!r} has no reference. Give at least one, or leave the question out.",
        )
    if answer is None:
        return AnswerScore(exact_match=False, f1=0.0, answered=False)
    mine = segments(answer)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(mine)  # this side is indexed once
    # Of references that differ in marks alone, the second tells nothing new.
    distinct = {normalised(reference): segments(reference) for reference in right}
    best = max(_f1(matcher, len(mine), reference) for reference in distinct.values())
    return AnswerScore(normalised(answer) in distinct, best)


def _f1(matcher: "SequenceMatcher[str]", num_segments: int, reference: Sequence[str]) -> float:
    """Return 2L / (segments of both), which is the harmonic mean of L / one and L / other."""
    matcher.set_seq1(reference)
    common = matcher.find_longest_match().size
    return 2 * common / (len(reference) + num_segments) if common else 0.0


def normalised(answer: str) -> str:
    """Return an answer in lower case without the marks that do not count, which is what exact match compares.

    Example:
        >>> normalised(" 《ABC》：3.5-4，约 …… ")
        'abc3.54约 ……'
    """
    return answer.lower().strip().translate(_DROPPED)


def segments(answer: str) -> list[str]:
    """Return what F1 counts: each Chinese character, and each word or mark of what stands between.

    Example:
        >>> segments("约3.5%，即NBA（美职篮）")
        ['约', '3.5', '%', '即', 'nba', '美', '职', '篮']
    """
    parts: list[str] = _CHARACTER_OR_RUN.findall(normalised(answer))
    return [word for part in parts for word in ([part] if "\u4e00" <= part[0] <= "\u9fa5" else treebank_words(part))]
