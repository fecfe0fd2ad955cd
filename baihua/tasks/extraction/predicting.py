"""From windows of tokens to entities in texts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from baihua.encoders.batching import length_batches
from baihua.encoders.transformer import BATCH_TOKENS
from baihua.tasks.extraction.model import ExtractionModel, batch_of
from baihua.tasks.extraction.windows import Window
from baihua.text.entities import Entity, choose_overlaps


@dataclass(frozen=True)
class FoundSpan:
    """A span found in a text: place, number of its type, and its score before it becomes a probability."""

    text: int
    start: int
    end: int
    kind: int
    score: float


def find_spans(
    model: ExtractionModel,
    windows: Sequence[Window],
    thresholds: Sequence[float],
    *,
    precision: str = "float32",
    advance: Callable[[int], None] = lambda _: None,
) -> Iterator[FoundSpan]:
    """Go through windows, longest first, and yield the spans whose score is above the threshold of their type.

    Args:
        model: a trained model.
        windows: of any texts.
        thresholds: of the scores, one for each type.
        precision: ``"float32"`` or ``"bfloat16"``.
        advance: called with the number of windows done.
    """
    training = model.training
    model.eval()
    device = next(model.parameters()).device
    least = torch.tensor(thresholds, dtype=torch.float32)
    budget = BATCH_TOKENS.get(device.type, BATCH_TOKENS["cpu"])
    for rows in length_batches([len(window.ids) for window in windows], budget):
        mine = [windows[row] for row in rows]
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
            spans, scores = model.decode(batch_of(mine), least)
        for (row, kind, first, last), score in zip(spans.tolist(), scores.tolist(), strict=True):
            start, end = int(mine[row].offsets[first, 0]), int(mine[row].offsets[last, 1])
            if start < end and mine[row].owns(start, end):
                yield FoundSpan(mine[row].text, start, end, kind, score)
        advance(len(rows))
    model.train(training)


def entities_of(found: Iterator[FoundSpan], num_texts: int, types: Sequence[str], overlap: str) -> list[list[Entity]]:
    """Return the entities of each text, in order.

    A span found twice, which happens where several tokens stand for one character, counts once with its best score.

    Args:
        found: spans.
        num_texts: how many texts there are.
        types: names of the types.
        overlap: see `baihua.text.entities.choose_overlaps`.

    Source:
        σ(2s) as the probability of a score s: https://kexue.fm/archives/9064.
    """
    best: list[dict[tuple[int, int, str], float]] = [{} for _ in range(num_texts)]
    for span in found:
        place = (span.start, span.end, types[span.kind])
        best[span.text][place] = max(best[span.text].get(place, -np.inf), span.score)
    return [
        choose_overlaps((Entity(*place, probability(score)) for place, score in mine.items()), overlap) for mine in best
    ]


def probability(score: float) -> float:
    """Return σ(2s).

    Example:
        >>> probability(0.0), round(probability(1.0), 3), probability(-1000.0)
        (0.5, 0.881, 0.0)
    """
    return float(np.exp(-np.logaddexp(0.0, -2.0 * score)))


def score_of(chance: float) -> float:
    """Return the score whose `probability` is given, −∞ for 0 and ∞ for 1.

    Example:
        >>> score_of(0.5), round(probability(score_of(0.3)), 12), score_of(0)
        (0.0, 0.3, -inf)
    """
    with np.errstate(divide="ignore"):
        return float(np.log(chance) - np.log1p(-chance)) / 2
