"""CHID: which of ten idioms stands in each blank of some sentences; no idiom is right twice.

    {"candidates": ["一帆风顺", …], "content": ["…他#idiom000378#，…", …]}

A blank at a time: the one asked for becomes [unused1], the others four [MASK] each, the text is cut around it, and each idiom is
read with it, [CLS] idiom [SEP] text [SEP], for one logit from [CLS]; softmax over the idioms. All blanks of a line then choose
together (Hungarian assignment), which is worth the more, the more blanks there are (kexue.fm 8739: about 6 points).
Published dev accuracy, BERT base: 85.69 (kexue.fm 9138); baseline of CLUE 82.20.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from scipy.special import softmax

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Answers, Lesson, SureAnswers, accuracy, train
from baihua.benchmarks.idiom_blanks import mark_blank, split_blanks, text_budget
from baihua.tasks.choosing.exclusive import choose_exclusively
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.choosing.model import ChoiceModel, Questions, question_batches
from baihua.tasks.classification.model import logits_of
from baihua.tasks.seeded import seeded
from baihua.text.plain_tokens import plain_ids

MARKERS = ("[unused1]", "[unused0]", "[MASK]")  # the first that the vocabulary has


class BlankAnswers(SureAnswers):
    """Places chosen together, and in ``alone`` those that the blanks of a line would choose each by itself."""

    def __init__(self, answers: Iterable[int], sure: Iterable[float], alone: Iterable[int]) -> None:
        super().__init__(answers, sure)
        self.alone = tuple(alone)


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers with the place of the idiom for each blank."""
    settings, encoder = lesson.settings, lesson.encoder
    backend = encoder.backend()
    marker = next(number for name in MARKERS if (number := backend.token_to_id(name)) is not None)
    mask, budget = int(encoder.tokenizer.mask_token_id), text_budget(settings.max_length)

    def questions_of(part: ClueExamples) -> Questions:
        rows: list[tuple[Any, ...]] = []
        sizes: list[int] = []
        for line in part.examples:
            for question in split_blanks(line.sentences):
                pieces = plain_ids(backend, list(question.pieces))
                text = tuple(mark_blank(pieces, question.place, marker=marker, mask=mask, budget=budget))
                rows += [(idiom, text) for idiom in line.candidates]
                sizes.append(len(line.candidates))
        return Questions(joined_rows(encoder, rows, settings.max_length), sizes)

    def answer(part: ClueExamples) -> Answers:
        questions = questions_of(part)
        logits = logits_of(model, questions.rows, precision=settings.precision)[:, 0]
        lines = [number for number, line in enumerate(part.examples) for _ in line.blanks]
        scores = np.split(logits, questions.starts[1:-1])
        chosen = choose_exclusively(scores, lines)
        sure = (softmax(mine)[place] for mine, place in zip(scores, chosen, strict=True))
        return BlankAnswers(chosen, sure, (int(mine.argmax()) for mine in scores))

    with seeded(settings.seed):
        model = ChoiceModel(encoder.model, settings.pooling, dropout=0.0).to(encoder.device)
        questions, right = questions_of(lesson.train), np.array(right_of(lesson.train))
        batches_of = partial(question_batches, questions, right, settings.batch_size, settings.seed)
        train(lesson, model, len(questions), batches_of, lambda part: accuracy(answer(part), right_of(part)))
    return answer


def right_of(part: ClueExamples) -> Answers:
    """Return the place of the right idiom of each blank."""
    return [place for line in part.examples for place in line.answers]
