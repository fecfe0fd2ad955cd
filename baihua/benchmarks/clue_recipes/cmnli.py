"""CMNLI: whether a sentence follows from another, contradicts it, or neither; translated from English.

    {"sentence1": "新的权利已经足够好了", "sentence2": "每个人都很喜欢最新的福利", "label": "neutral"}

[CLS] premise [SEP] hypothesis [SEP] with token types 0 throughout, a dense layer on [CLS], softmax over 3. Rows without an agreed
label ("-") are left out.
Published dev accuracy, BERT base: 79.56 (kexue.fm 9138); baseline of CLUE 79.47.
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
