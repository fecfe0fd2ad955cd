"""From texts whose entities are known: the probability above which a span is one, type by type."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from baihua.tasks.extraction.predicting import FoundSpan, entities_of, probability, score_of, threshold_scores
from baihua.text.entities import Entity
from baihua.training.span_metrics import score_entities
from baihua.training.thresholds import best_threshold

LEAST_CANDIDATE = 0.02  # a span less probable than this is no candidate, unless it is found already
HIGHEST = 16.0  # scores from here on are one, since their probabilities can hardly be told from 1
STEP = 0.01  # of the score, below the lowest candidate that is to be found

Thresholds = Mapping[str, float]


def least_scores(types: Sequence[str], current: Thresholds, usual: float) -> list[float]:
    """Return for each type the score above which a span is a candidate.

    Args:
        types: names of the types.
        current: the thresholds there are.
        usual: the threshold of a new extractor.
    """
    return threshold_scores([min(LEAST_CANDIDATE, usual, current[name]) for name in types])


def tuned_thresholds(
    found: Sequence[FoundSpan],
    gold: Sequence[Sequence[Entity]],
    current: Thresholds,
    usual: float,
    overlap: str,
) -> dict[str, float]:
    """Return the thresholds with the highest F1 of each type, or those there are where F1 over all types is higher with them.

    Args:
        found: candidates, as `least_scores` has them; their kinds are places in ``current``.
        gold: the entities that are right, of each text.
        current: the thresholds there are.
        usual: the threshold of a new extractor, which a type keeps to as long as none is better.
        overlap: see `baihua.text.entities.choose_overlaps`.
    """
    types = list(current)
    best = {
        name: probability(_best_score(found, gold, (kind, name), score_of(usual))) for kind, name in enumerate(types)
    }
    choices: list[Thresholds] = [best, current, dict.fromkeys(types, usual)]
    f1 = []
    for choice in choices:
        least = threshold_scores([choice[name] for name in types])
        above = (span for span in found if span.score > least[span.kind])
        f1.append(score_entities(entities_of(above, len(gold), types, overlap), gold).f1)
    return dict(choices[f1.index(max(f1))])


def _best_score(
    found: Sequence[FoundSpan], gold: Sequence[Sequence[Entity]], of: tuple[int, str], usual: float
) -> float:
    """Return the score above which the spans of one type are found, so that its F1 is highest."""
    kind, name = of
    scores: dict[tuple[int, int, int], float] = {}
    for span in found:
        if span.kind == kind:
            place = (span.text, span.start, span.end)
            scores[place] = max(scores.get(place, -np.inf), span.score)
    right = {(number, one.start, one.end) for number, mine in enumerate(gold) for one in mine if one.type == name}
    values = np.minimum(np.array(list(scores.values()), dtype=np.float64), HIGHEST)
    hits = [place in right for place in scores]
    if not any(hits):
        return usual
    return _between(values, best_threshold(values, hits, len(right), usual).threshold, usual)


def _between(values: npt.NDArray[np.float64], threshold: float, usual: float) -> float:
    """Return the usual threshold if it parts the scores as the one given does, or else the middle of those that do."""
    lowest = float(values[values >= threshold].min())
    below = float(values[values < threshold].max(initial=-np.inf))
    if below <= usual < lowest:
        return usual
    return (below + lowest) / 2 if np.isfinite(below) else lowest - STEP
