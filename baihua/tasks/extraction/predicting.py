"""From windows of tokens to entities in texts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from baihua.checks import InvalidValue
from baihua.encoders.batching import length_batches
from baihua.encoders.transformer import BATCH_TOKENS
from baihua.nn.crf_tagger import CRFTagger
from baihua.tasks.extraction.model import ExtractionModel, batch_of
from baihua.tasks.extraction.windows import Window
from baihua.text.entities import Entity, choose_overlaps

FARTHEST = 100.0  # a threshold of the score that all scores are above, or none


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
    try:
        yield from _spans_of(model, windows, thresholds, precision, advance)
    finally:
        model.train(training)


def _spans_of(
    model: ExtractionModel,
    windows: Sequence[Window],
    thresholds: Sequence[float],
    precision: str,
    advance: Callable[[int], None],
) -> Iterator[FoundSpan]:
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


def threshold_scores(thresholds: Sequence[float]) -> list[float]:
    """Return the scores whose probabilities are given, none so far out that a sum with it would be no number.

    Raises:
        InvalidValue: for what is no probability.

    Example:
        >>> threshold_scores([0, 0.5, 1])
        [-100.0, 0.0, 100.0]
    """
    wrong = next((one for one in thresholds if not 0 <= one <= 1), None)
    if wrong is not None:
        raise InvalidValue(
            zh=f"thresholds 是概率，应在 0 与 1 之间，收到 {wrong}。",
            en=f"thresholds are probabilities from 0 to 1, but received {wrong}.",
        )
    return [min(max(score_of(one), -FARTHEST), FARTHEST) for one in thresholds]


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


@torch.no_grad()
def score_matrices(model: ExtractionModel, window: Window) -> np.ndarray:
    """Return the scores of all spans of a window, shape ``(num_types, length, length)``: first token, last token.

    They are −∞ where there is no span.

    Args:
        model: a trained model with a pointer head.
        window: the window.

    Raises:
        InvalidValue: for a CRF, which scores tags and no spans.
    """
    if isinstance(model.head, CRFTagger):
        raise InvalidValue(
            zh="CRF 给标签打分，不给片段打分；请用 global_pointer 或 efficient_global_pointer。",
            en="A CRF scores tags and no spans. Use global_pointer or efficient_global_pointer.",
        )
    training = model.training
    states, lengths = model.eval().states(batch_of([window]))
    scores: np.ndarray = model.head(states, lengths)[0].float().cpu().numpy()
    model.train(training)
    return scores
