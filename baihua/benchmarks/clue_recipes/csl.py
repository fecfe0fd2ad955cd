"""CSL: whether all of some keywords are really those of a paper.

    {"abst": "为解决传统均匀FFT波束形成算法…", "keyword": ["水声学", "FFT", "波束形成"], "label": "1"}

[CLS] keywords joined by ； [SEP] abstract [SEP] with token types 0 throughout, a dense layer on [CLS]. The keywords come first, so that
cutting takes the end of the abstract.
Published dev accuracy, BERT base: 83.93 (kexue.fm 9138); baseline of CLUE 79.63.
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
