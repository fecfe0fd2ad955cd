"""CMRC2018: a question on a passage of Wikipedia, whose answer is a stretch of it.

    {"context_text": "…", "qas": [{"query_text": "…", "answers": ["…"]}]}

[CLS] question [SEP] window [SEP], windows every 128 tokens. One GlobalPointer head scores every stretch of the window, [CLS] alone
stands for "not here", and the loss is one softmax over all of them, so that training is what prediction does. The answer is the
best stretch of all windows. To learn, a passage is read in three pieces, so that the answer begins and ends at edges of tokens.
Published, BERT base: dev EM of CLUE's baseline 64.77, test 71.60; kexue.fm 9138 has 56.17 on dev by its own count, which compares with
the first of three references and on tokens.
"""

from functools import partial

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Answers, Lesson, SureAnswers, train
from baihua.tasks.answer import AnswerFinder
from baihua.tasks.answering.model import AnswerModel, window_batches
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import make_windows
from baihua.tasks.seeded import seeded
from baihua.text.reading import Answer
from baihua.training.answer_metrics import AnswerScores, score_answers

HEAD_SIZE = 64


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers with a text."""
    settings, encoder = lesson.settings, lesson.encoder
    reading = AnswerSettings(max_length=settings.max_length, head_size=HEAD_SIZE, precision=settings.precision)

    def answer(part: ClueExamples) -> Answers:
        pairs = [(one.context, question.text) for one in part.examples for question in one.questions]
        found = finder.predict(
            [context for context, _ in pairs], [question for _, question in pairs], show_progress=False
        )
        return SureAnswers(
            ("" if one is None else one.text for one in found), (0.0 if one is None else one.score for one in found)
        )

    with seeded(settings.seed):
        model = AnswerModel(encoder.model, HEAD_SIZE).to(encoder.device)
        finder = AnswerFinder.of(encoder, model, reading)
        pairs, answers = [], []
        for passage in lesson.train.examples:
            for question in passage.questions:
                span = next((one.span for one in question.answers if one.span is not None), None)
                if span is not None:
                    pairs.append((passage.context, question.text))
                    answers.append(Answer(*span))
        windows = make_windows(encoder, pairs, reading, answers)
        batches_of = partial(window_batches, windows, settings.batch_size, settings.seed)
        train(lesson, model, len(windows), batches_of, lambda part: scores_of(answer(part), part).average)
    return answer


def scores_of(answers: Answers, part: ClueExamples) -> AnswerScores:
    """Return exact match and F1 of answers, as the official script counts them."""
    questions = [question for passage in part.examples for question in passage.questions]
    references = {question.id: [one.text for one in question.answers] for question in questions}
    return score_answers(dict(zip(part.ids, answers, strict=True)), references)
