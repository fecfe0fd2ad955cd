"""IFLYTEK: which of 119 kinds an app is of, from its description, which is long.

    {"label": "110", "sentence": "朴朴快送超市创立于2016年，…"}

[CLS] description [SEP], cut at the end, a dense layer on [CLS], softmax over 119. Most of what is lost is lost by cutting at 128.
Published dev accuracy, BERT base: 60.06 (kexue.fm 9138); baseline of CLUE 60.37.
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
