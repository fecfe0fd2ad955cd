"""CLUENER: the entities of ten types in sentences of the news.

    {"text": "浙商银行企业信贷部叶老桂博士则…", "label": {"name": {"叶老桂": [[9, 11]]}, "company": {"浙商银行": [[0, 3]]}}}

GlobalPointer: for each type a score for every pair of first and last token, with the multi-label cross-entropy; an entity is
whatever scores above 0 (kexue.fm 8373, 8739).
Published dev F1, BERT base: 79.45 (kexue.fm 9138), about that of a CRF; baseline of CLUE's test 78.82. The official score is the mean F1 of
the types over surfaces; ours on dev is micro F1 by places.
"""

from functools import partial

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Answerer, Answers, Lesson, train
from baihua.benchmarks.clue_tasks import find_task
from baihua.nn.global_pointer import GlobalPointer
from baihua.tasks.extraction.model import ExtractionModel
from baihua.tasks.extraction.predicting import entities_of, find_spans
from baihua.tasks.extraction.rows import make_rows, row_batches
from baihua.tasks.extraction.windows import Window, make_windows
from baihua.tasks.seeded import seeded
from baihua.training.span_metrics import score_entities

HEAD_SIZE = 64
OVERLAP = 32  # tokens that windows of a long text share


def learn(lesson: Lesson) -> Answerer:
    """Train on a lesson, and return what answers with the entities of each text."""
    settings, encoder = lesson.settings, lesson.encoder
    types = list(find_task("CLUENER").labels)

    def windows_of(part: ClueExamples) -> list[Window]:
        length = min(settings.max_length, encoder.max_length)
        return make_windows(encoder.backend(), [one.text for one in part.examples], length, OVERLAP)

    def answer(part: ClueExamples) -> Answers:
        found = find_spans(model, windows_of(part), [0.0] * len(types), precision=settings.precision)
        return list(entities_of(found, len(part), types, "nested"))

    with seeded(settings.seed):
        head = GlobalPointer(encoder.width, len(types), HEAD_SIZE)
        model = ExtractionModel(encoder.model, head.to(encoder.device))
        marked = [list(one.entities) for one in lesson.train.examples]
        rows = make_rows(windows_of(lesson.train), marked, types, None)
        batches_of = partial(row_batches, rows, settings.batch_size, settings.seed)
        train(lesson, model, len(rows.windows), batches_of, lambda part: f1_of(answer(part), part))
    return answer


def f1_of(answers: Answers, part: ClueExamples) -> float:
    """Return strict micro F1 by places."""
    return score_entities(answers, [list(one.entities) for one in part.examples]).f1
