"""TNEWS: which of 15 sections of a news site a headline belongs to.

    {"label": "102", "sentence": "江疏影甜甜圈自拍，迷之角度竟这么好看", …}

[CLS] headline [SEP], a dense layer on [CLS], softmax over 15. The hard ones are those with two right answers.
Published dev accuracy, BERT base: 56.80 (kexue.fm 9138); baseline of CLUE 56.09.
"""

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Lesson, learn_labels
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.classification.rows import Rows


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers."""

    def rows_of(part: ClueExamples) -> Rows:
        return joined_rows(lesson.encoder, [(one.text_a,) for one in part.examples], lesson.settings.max_length)

    return learn_labels(lesson, rows_of)
