"""C3: a question on a dialogue or a text, with two to four choices.

    [["男：你今天晚上有时间吗？我们一起去看电影吧？", "女：…"], [{"question": …, "choice": […], "answer": …}], "1-1"]

Each choice is read by itself, [CLS] passage [SEP] question [SEP] choice [SEP], and gets one logit from [CLS]; the loss is the
softmax over the four. That costs four times as much as reading all choices at once, and is far better (kexue.fm 8739). Where
there are fewer than four, 无效答案 (invalid answer) fills up. The passage is what is cut.
Published dev accuracy, BERT base: 60.54 (kexue.fm 9138); baseline of CLUE 65.70.
"""

from functools import partial

import numpy as np
from scipy.special import softmax

from baihua.benchmarks.clue_inputs import join_passage, pad_choices
from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Answers, Lesson, SureAnswers, accuracy, train
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.choosing.model import ChoiceModel, Questions, question_batches
from baihua.tasks.classification.model import logits_of
from baihua.tasks.seeded import seeded


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers with the place of the choice."""
    settings, encoder = lesson.settings, lesson.encoder

    def questions_of(part: ClueExamples) -> Questions:
        choices = [pad_choices(one.choices) for one in part.examples]
        texts = [
            (join_passage(one.passage), one.question, choice)
            for one, mine in zip(part.examples, choices, strict=True)
            for choice in mine
        ]
        return Questions(joined_rows(encoder, texts, settings.max_length), [len(mine) for mine in choices])

    def answer(part: ClueExamples) -> Answers:
        questions = questions_of(part)
        logits = logits_of(model, questions.rows, precision=settings.precision)[:, 0]
        scores = np.split(logits, questions.starts[1:-1])
        real = [len(one.choices) for one in part.examples]  # what fills up is never the answer
        chances = [softmax(mine[:num]) for mine, num in zip(scores, real, strict=True)]
        return SureAnswers((int(mine.argmax()) for mine in chances), (mine.max() for mine in chances))

    with seeded(settings.seed):
        model = ChoiceModel(encoder.model, settings.pooling, dropout=0.0).to(encoder.device)
        questions, right = questions_of(lesson.train), np.array([one.answer for one in lesson.train.examples])
        batches_of = partial(question_batches, questions, right, settings.batch_size, settings.seed)
        train(lesson, model, len(questions), batches_of, lambda part: accuracy(answer(part), right_of(part)))
    return answer


def right_of(part: ClueExamples) -> Answers:
    """Return the place of the right choice of each question."""
    return [one.answer for one in part.examples]
