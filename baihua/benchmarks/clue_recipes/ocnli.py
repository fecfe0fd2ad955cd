"""OCNLI: whether a sentence follows from another, contradicts it, or neither; written by Chinese speakers.

    {"sentence1": "身上裹一件工厂发的棉大衣,手插在袖筒里", "sentence2": "身上至少一件衣服", "label": "entailment"}

[CLS] premise [SEP] hypothesis [SEP] with token types 0 throughout, a dense layer on [CLS], softmax over 3. Rows without an agreed
label ("-") are left out.
Published dev accuracy, BERT base: 73.93 (kexue.fm 9138).
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
