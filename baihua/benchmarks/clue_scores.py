"""How answers to a part of CLUE are scored, and what one comes to without reading a word."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes import c3, chid, cmrc2018
from baihua.benchmarks.clue_recipes.lesson import Answers, accuracy
from baihua.benchmarks.clue_tasks import CLASSIFICATION, find_task
from baihua.training.span_metrics import score_entities
from baihua.training.surface_metrics import score_surfaces

MAIN = {"reading": "exact_match", "entities": "f1"}  # the score that stands for a kind; accuracy for the others


def score(answers: Answers, part: ClueExamples) -> dict[str, float]:
    """Return the scores of answers, the main one first, as fractions.

    Args:
        answers: one for each of ``part.ids``.
        part: with what is right.

    Returns:
        ``"accuracy"``; of CMRC2018 ``"exact_match"`` and ``"f1"`` over all references; of CLUENER ``"f1"``, strict and micro by places,
        and ``"official"``, the mean F1 of the types over surfaces.
    """
    task = find_task(part.task)
    if task.kind == "reading":
        found = cmrc2018.scores_of(answers, part)
        return {"exact_match": found.exact_match, "f1": found.f1}
    if task.kind == "entities":
        texts, gold = [one.text for one in part.examples], [list(one.entities) for one in part.examples]
        surfaces = score_surfaces(texts, answers, gold, types=list(task.labels))
        return {"f1": score_entities(answers, gold).f1, "official": surfaces.macro_f1}
    right = right_of(part)
    alone = {"alone": accuracy(list(answers.alone), right)} if isinstance(answers, chid.BlankAnswers) else {}
    return {"accuracy": accuracy(answers, right), **alone}


def right_of(part: ClueExamples) -> Answers:
    """Return what is right, for the tasks of which it is one thing for each id."""
    task = find_task(part.task)
    if task.kind in CLASSIFICATION:
        return list(part.labels)
    return chid.right_of(part) if task.kind == "idioms" else c3.right_of(part)


def baseline(train: ClueExamples, part: ClueExamples) -> float:
    """Return the main score of who gives everything the commonest label of the training part, or guesses where choices differ.

    Args:
        train: what is learned from.
        part: with what is right.
    """
    task = find_task(part.task)
    if task.kind in CLASSIFICATION:
        commonest = Counter(train.labels).most_common(1)[0][0]
        return accuracy([commonest] * len(part), list(part.labels))
    if task.kind == "choices":
        return sum(1 / len(one.choices) for one in part.examples) / len(part)
    if task.kind == "idioms":
        return sum(len(one.blanks) / len(one.candidates) for one in part.examples) / len(part.ids)
    return 0.0


def main_score(scores: Mapping[str, Any]) -> tuple[str, float]:
    """Return the name and the value of the score that stands for a task.

    Example:
        >>> main_score({"exact_match": 0.5, "f1": 0.75})
        ('exact_match', 0.5)
    """
    return next(iter(scores.items()))
