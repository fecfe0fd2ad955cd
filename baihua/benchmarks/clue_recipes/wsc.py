"""WSC: whether a pronoun stands for a certain noun of the text (Winograd schemas).

    {"target": {"span1_text": "小明", "span1_index": 4, "span2_text": "他", "span2_index": 11}, "text": …, "label": "true"}

The noun is marked as _小明_ and the pronoun as [他], in plain characters; then [CLS] text [SEP] and a dense layer on [CLS]. 1 244
examples are few: seeds differ by several points.
Published dev accuracy, BERT base: 78.62 (kexue.fm 9138); baseline of CLUE (1.1) 59.6.
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
