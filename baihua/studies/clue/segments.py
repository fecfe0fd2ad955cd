"""Pairs of sentences with token types 0 and 1, as BERT was pre-trained, and with 0 throughout, as the article has them.

The encoder is an ordinary BERT here. The article's own reads type 1 from left to right alone, see claim 2, and could not be given it.
"""

from collections.abc import Callable, Mapping
from functools import partial

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.lesson import Lesson, learn_labels
from baihua.checks import check_choice
from baihua.encoders.transformer import TransformerEncoder
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.cells import Judged, Way, cells, judged, numbers_of
from baihua.studies.clue.paired import HALF_A_POINT, Difference, difference, judgement, learned, result_of, spread, what
from baihua.studies.clue.published import ARTICLE
from baihua.tasks.choosing.joined import frame_of, joined_rows
from baihua.tasks.classification.rows import Rows

TASKS = ("AFQMC", "OCNLI")
PAIRS = (*TASKS, "CMNLI", "CSL")
SEGMENTS = {"segments-00": False, "segments-01": True}  # the ways, and whether the second sentence has type 1


def rows_of(encoder: TransformerEncoder, part: ClueExamples, max_length: int, second_is_1: bool) -> Rows:
    """Return pairs as rows of tokens, [CLS] one [SEP] other [SEP].

    Args:
        encoder: whose tokenizer reads them.
        part: of a task on pairs.
        max_length: tokens of a row.
        second_is_1: whether the other and its [SEP] have token type 1; else all is 0.
    """
    rows = joined_rows(encoder, part.texts, max_length)
    if not second_is_1:
        return rows
    _, between, _ = frame_of(encoder)
    return Rows(rows.ids, [types_of_pair(ids, between[-1]) for ids in rows.ids], rows.num_cut)


def types_of_pair(ids: list[int], separator: int) -> list[int]:
    """Return 0 up to the first separator, itself included, and 1 after it.

    Example:
        >>> types_of_pair([2, 7, 8, 3, 9, 3], separator=3)
        [0, 0, 0, 0, 1, 1]
    """
    num_first = ids.index(separator) + 1
    return [0] * num_first + [1] * (len(ids) - num_first)


def learn(lesson: Lesson, *, second_is_1: bool) -> Callable[[ClueExamples], Judged]:
    """Train a dense layer on the pooled states, and return what answers a part and judges the answers."""
    encoder, max_length = lesson.encoder, lesson.settings.max_length
    answer = learn_labels(lesson, lambda part: rows_of(encoder, part, max_length, second_is_1))
    return judged(answer, lambda part: part.labels)


def ways_of(task: str, setting: Setting) -> tuple[Way, ...]:
    """Return both ways for a task, with the same numbers."""
    numbers = numbers_of(task, setting)
    return tuple(Way(name, task, numbers, partial(learn, second_is_1=value)) for name, value in SEGMENTS.items())


def nothing_is_lost(setting: Setting) -> Measurement:
    """On each task on which something is learned the mean accuracies are less than half a point apart."""
    apart: dict[str, Difference] = {}
    known: dict[str, bool] = {}
    begins, results = [], []
    for name in setting["tasks"]:
        ways = ways_of(check_choice("tasks", name, PAIRS), setting)
        zeros, ones = (cells(way, setting) for way in ways)
        apart[name] = difference(zeros, ones)
        known[name] = learned(zeros, ones)
        begins.append(what(ways[0], zeros, setting))
        results += [result_of(way, mine, setting) for way, mine in zip(ways, (zeros, ones), strict=True)]
    reason = {"zh": _rows("zh", begins, results, apart), "en": _rows("en", begins, results, apart)}
    if setting["encoder"] == "bundled":
        reason["zh"] += "自带的编码器预训练时没有见过段号 1，它的向量仍是随机的。"
        reason["en"] += " The bundled encoder never saw type 1 in pre-training: its vector is still random."
    idle = [name for name in apart if not known[name]]
    if idle and len(idle) < len(apart):
        reason["zh"] += f"{'、'.join(idle)} 上两种做法都没有学到东西，不算。"
        reason["en"] += f" On {', '.join(idle)} neither way has learned anything, which decides nothing."
    close = all(abs(one.mean) < HALF_A_POINT for name, one in apart.items() if known[name])
    return judgement(close, reason, results, known=any(known.values()))


def _rows(
    language: str, begins: list[Mapping[str, str]], results: list[Result], apart: Mapping[str, Difference]
) -> str:
    zh = language == "zh"
    pairs = zip(results[::2], results[1::2], strict=True)
    words = []
    for begin, (zeros, ones), one in zip(begins, pairs, apart.values(), strict=True):
        figures = f"0/0 {spread(zeros)}, 0/1 {spread(ones)}"
        less = f"前者减去后者 {one.spell('zh')}。" if zh else f"the first less the second {one.spell('en')}."
        words.append(f"{begin[language]}：{figures}；{less}" if zh else f"{begin[language]}: {figures}; {less}")
    return ("" if zh else " ").join(words)


CLAIMS = (
    Claim(
        "clue",
        11,
        {
            "zh": "句子对的段号全用 0，与用 0 和 1 相比没有损失。判据：用普通的 BERT（不是 UniLM），AFQMC 与 OCNLI 开发题上，"
            "同样的种子与题，平均正确率各相差不到 0.5 点；两种都没学到东西的任务不算。",
            "en": "Pairs of sentences lose nothing by token type 0 throughout, beside 0 and 1. Decided by: with an ordinary BERT (no "
            "UniLM), on dev of AFQMC and of OCNLI, with the same seeds and questions, the mean accuracies are less than 0.5 points apart "
            "on each; a task on which neither way learns anything decides nothing.",
        },
        ARTICLE,
        "in words: nothing is lost",
        {
            "encoder": "bundled",
            "seeds": (0, 1, 2),
            "tasks": TASKS,
            "subset": 1800,
            "questions": 2000,
            "epochs": 3,
            "batch_size": 8,
            "max_length": 128,
        },
        nothing_is_lost,
    ),
)
