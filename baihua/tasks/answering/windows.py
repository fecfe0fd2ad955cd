"""A question and a context as rows of tokens, [CLS] question [SEP] window [SEP], a long context in windows that overlap.

To learn from, a context is read in three pieces, before the answer, the answer, and after it, so that the answer begins and
ends at edges of tokens (kexue.fm 8739).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer

from baihua.checks import InvalidValue
from baihua.encoders.transformer import TransformerEncoder
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.choosing.joined import frame_of
from baihua.text.plain_tokens import plain_encodings
from baihua.text.reading import Answer

NOTHING = (0, 0)  # the span of a window without the answer: [CLS] alone


@dataclass(frozen=True)
class Window:
    """Some tokens of a context, in a row, behind its question.

    Args:
        question: which question.
        ids: of all tokens.
        first: place in the row of the window's first token.
        offsets: of the window's tokens, where each begins and ends in the context, shape ``(num, 2)``.
        span: first and last token of the answer, counted from 1 within the window; `NOTHING` where it is not whole here.
    """

    question: int
    ids: list[int]
    first: int
    offsets: np.ndarray
    span: tuple[int, int] = NOTHING


def make_windows(
    encoder: TransformerEncoder,
    pairs: Sequence[tuple[str, str]],
    settings: AnswerSettings,
    answers: Sequence[Answer | None] | None = None,
) -> list[Window]:
    """Cut contexts into windows.

    Args:
        encoder: whose tokenizer reads them.
        pairs: context and question of each.
        settings: how long a window is, and how far it is to the next.
        answers: to learn from; None to look for them.

    Returns:
        The windows, in the order of the questions; one whose context has no token has none.

    Raises:
        InvalidValue: when a question leaves no room for its context.
    """
    backend = encoder.backend()
    first, between, last = frame_of(encoder)
    limit = min(settings.max_length or encoder.max_length, encoder.max_length)
    around = len(first) + len(between) + len(last)
    num_question = min(settings.max_question, (limit - around) // 2)
    if num_question < 1:
        raise InvalidValue(
            zh=f"{limit} 个词元放不下问题与上下文；请增大 max_length。",
            en=f"{limit} tokens have no room for a question and a context. Raise max_length.",
        )
    questions = plain_encodings(backend, [question for _, question in pairs])
    windows: list[Window] = []
    for number, ((context, _), question) in enumerate(zip(pairs, questions, strict=True)):
        answer = None if answers is None else answers[number]
        ids, offsets, place = _tokens(backend, context, answer)
        head = [*first, *question[0][:num_question], *between]
        room = limit - len(head) - len(last)
        starts = list(window_starts(len(ids), room, settings.stride))
        spans = [_span_in(place, start, room) for start in starts]
        if place is not None and 0 < place[1] - place[0] <= room and all(span == NOTHING for span in spans):
            starts.append(max(0, place[1] - room))  # a long answer that falls between the usual windows
            spans.append(_span_in(place, starts[-1], room))
        for start, span in zip(starts, spans, strict=True):
            row = [*head, *ids[start : start + room], *last]
            windows.append(Window(number, row, len(head), offsets[start : start + room], span))
    return windows


def window_starts(num: int, room: int, stride: int) -> range:
    """Return where windows begin: every ``stride`` tokens, until one reaches the end.

    Example:
        >>> list(window_starts(10, 4, 2)), list(window_starts(3, 4, 2)), list(window_starts(0, 4, 2))
        ([0, 2, 4, 6], [0], [])
    """
    if not num:
        return range(0)
    step = min(stride, room)
    return range(0, max(num - room + step, 1), step)


def _tokens(
    backend: Tokenizer, context: str, answer: Answer | None
) -> tuple[list[int], np.ndarray, tuple[int, int] | None]:
    """Return the ids of a context, where its tokens stand, and which of them are the answer, half-open, if it is known."""
    cuts = [0, len(context)] if answer is None else [0, answer.start, answer.end, len(context)]
    pieces = plain_encodings(backend, [context[start:end] for start, end in pairwise(cuts)])
    ids = [number for piece, _ in pieces for number in piece]
    offsets = np.concatenate([piece + shift for (_, piece), shift in zip(pieces, cuts[:-1], strict=True)])
    if answer is None:
        return ids, offsets, None
    before = len(pieces[0][0])
    return ids, offsets, (before, before + len(pieces[1][0]))


def _span_in(place: tuple[int, int] | None, start: int, room: int) -> tuple[int, int]:
    """Return first and last token of the answer within a window, from 1, or `NOTHING` where it is not whole there."""
    if place is None or place[0] == place[1] or place[0] < start or place[1] > start + room:
        return NOTHING
    return place[0] - start + 1, place[1] - start
