"""AFQMC: whether two questions to customer service of a payment service mean the same.

    {"sentence1": "双十一花呗提额在哪", "sentence2": "里可以提花呗额度", "label": "0"}

[CLS] one [SEP] other [SEP] with token types 0 throughout, a dense layer on [CLS]. Two thirds are 0, which is the number to beat.
Published dev accuracy, BERT base: 72.41 (kexue.fm 9138); baseline of CLUE 74.16.
"""

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Lesson, learn_labels
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.classification.rows import Rows


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers."""

    def rows_of(part: ClueExamples) -> Rows:
        return joined_rows(lesson.encoder, part.texts, lesson.settings.max_length)

    return learn_labels(lesson, rows_of)
