"""What trainings got wrong on dev: which label is taken for which, and the items that most of them fail, the surest first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from baihua.benchmarks.clue_answers import KeptAnswers
from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_scores import right_of
from baihua.benchmarks.clue_tasks import CLASSIFICATION, find_task
from baihua.training.answer_metrics import score_answers

ABOUT = 40  # characters of a passage shown either side of what is asked


@dataclass(frozen=True)
class HardItem:
    """A question that trainings got wrong.

    Args:
        id: as it is handed in.
        text: what was asked, shortened.
        right: what is right.
        answer: what the surest of the wrong trainings said.
        wrong: how many trainings got it wrong.
        sure: the probability that the surest of these gave to its answer; None where there is no such number.
    """

    id: str
    text: str
    right: str
    answer: str
    wrong: int
    sure: float | None


@dataclass(frozen=True)
class Confusion:
    """A label that was taken for another.

    Args:
        right: the label, with its word.
        answer: what it was taken for.
        count: how often, over all trainings.
        share: of all that have the label, from 0 to 1.
    """

    right: str
    answer: str
    count: int
    share: float


def confusions(part: ClueExamples, trainings: Sequence[KeptAnswers]) -> list[Confusion]:
    """Return which labels were taken for which, the commonest first; empty for a task without labels.

    Args:
        part: with what is right.
        trainings: their answers.
    """
    if find_task(part.task).kind not in CLASSIFICATION:
        return []
    right = part.labels
    of_label = Counter(right)
    pairs = Counter(
        (gold, given) for one in trainings for gold, given in zip(right, one.answers, strict=True) if gold != given
    )
    total = len(trainings)
    return [
        Confusion(named(part.task, gold), named(part.task, given), count, count / (total * of_label[gold]))
        for (gold, given), count in pairs.most_common()
    ]


def named(task: str, label: Any) -> str:
    """Return a label with the word a person would use for it.

    Example:
        >>> named("TNEWS", "103")
        '103 体育'
    """
    return f"{label} {find_task(task).words.get(label, '')}".rstrip()


def hardest(part: ClueExamples, trainings: Sequence[KeptAnswers], num: int = 20) -> list[HardItem]:
    """Return the items that most trainings got wrong, of equals the one that was answered with the most confidence.

    Args:
        part: with what is right.
        trainings: their answers.
        num: how many items at most.
    """
    shown, is_right = _asked(part), _judge(part)
    found = []
    for place, (number, text, right) in enumerate(shown):
        wrong = [one for one in trainings if not is_right(place, one.answers[place])]
        if wrong:
            surest = max(wrong, key=lambda one: 0.0 if one.sure is None else one.sure[place])
            sure = None if surest.sure is None else surest.sure[place]
            found.append(HardItem(number, text, right, _told(part, place, surest.answers[place]), len(wrong), sure))
    return sorted(found, key=lambda item: (-item.wrong, -(item.sure or 0.0)))[:num]


def _judge(part: ClueExamples) -> Callable[[int, Any], bool]:
    """Return what says whether an answer, by its place, is right."""
    kind = find_task(part.task).kind
    if kind == "entities":
        gold = [set(one.entities) for one in part.examples]
        return lambda place, answer: set(answer) == gold[place]
    if kind == "reading":
        texts = [[one.text for one in question.answers] for passage in part.examples for question in passage.questions]
        return lambda place, answer: score_answers({"0": answer}, {"0": texts[place]}).exact_match == 1.0
    right = right_of(part)
    return lambda place, answer: bool(answer == right[place])


def _asked(part: ClueExamples) -> list[tuple[str, str, str]]:
    """Return the id of each item, what is asked, and what is right, in words."""
    kind, found = find_task(part.task).kind, []
    for one in part.examples:
        if kind == "reading":
            found += [(each.id, f"{each.text} — {one.context}", each.answers[0].text) for each in one.questions]
        elif kind == "idioms":
            found += _blanks(one)
        elif kind == "choices":
            text = f"{one.question} {' / '.join(one.choices)} — {' '.join(one.passage)}"
            found.append((one.id, text, one.choices[one.answer]))
        elif kind == "entities":
            found.append((one.id, one.text, _spelled(one.text, one.entities)))
        else:
            text = one.text_a if one.text_b is None else f"{one.text_a} — {one.text_b}"
            found.append((one.id, text, named(part.task, one.label)))
    return [(number, _short(text), right) for number, text, right in found]


def _blanks(line: Any) -> list[tuple[str, str, str]]:
    """Return a line's blanks with what stands around each."""
    text = " ".join(line.sentences)
    places = [text.index(name) for name in line.blanks]
    return [
        (name, text[max(0, place - ABOUT) : place + len(name) + ABOUT], line.candidates[answer])
        for name, place, answer in zip(line.blanks, places, line.answers, strict=True)
    ]


def _told(part: ClueExamples, place: int, answer: Any) -> str:
    """Return an answer in words."""
    kind = find_task(part.task).kind
    if kind == "choices":
        return str(part.examples[place].choices[answer])
    if kind == "entities":
        return _spelled(part.examples[place].text, answer)
    if kind == "idioms":
        ends = [0]
        for line in part.examples:
            ends.append(ends[-1] + len(line.blanks))
        owner = next(number for number, (start, end) in enumerate(pairwise(ends)) if start <= place < end)
        return str(part.examples[owner].candidates[answer])
    return str(answer) if kind == "reading" else named(part.task, answer)


def _spelled(text: str, entities: Sequence[Any]) -> str:
    return ", ".join(f"{text[one.start : one.end]} {one.type}" for one in sorted(entities)) or "–"


def _short(text: str) -> str:
    return text if len(text) <= 4 * ABOUT else f"{text[: 4 * ABOUT]}…"
