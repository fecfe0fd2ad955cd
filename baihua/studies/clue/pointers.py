"""CMRC2018 learned in two ways: one softmax over all stretches, or one over their first tokens and another over their last.

The one is GlobalPointer, as in `baihua.benchmarks.clue_recipes.cmrc2018`. The other has two logits per token, and is trained as if
first and last token had nothing to do with each other; to answer, the stretch with the highest sum is looked for. Windows, training
and the search for the best stretch are the same for both.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from baihua.benchmarks.clue_reader import ClueExamples
from baihua.benchmarks.clue_recipes.cmrc2018 import HEAD_SIZE, scores_of
from baihua.benchmarks.clue_recipes.lesson import Lesson, train
from baihua.checks import InvalidValue
from baihua.encoders.batching import length_batches
from baihua.encoders.transformer import BATCH_TOKENS, TransformerEncoder
from baihua.nn.global_pointer import no_span
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.cells import Judged, Way, cells, numbers_of
from baihua.studies.clue.paired import difference, judgement, result_of, seconds_of, spread, what
from baihua.studies.clue.published import ARTICLE
from baihua.tasks.answering.model import (
    AnswerModel,
    Batch,
    Found,
    batch_of,
    find_answers,
    window_batches,
    window_states,
)
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import NOTHING, Window, make_windows
from baihua.tasks.seeded import seeded
from baihua.text.reading import Answer

TASK = "CMRC2018"
LEAST = 0.05  # who answers fewer questions exactly has not learned to answer


class PointerPair(nn.Module):
    """A logit for "begins here" and one for "ends here" per token.

    Args:
        hidden_size: of the token states.

    Example:
        >>> PointerPair(8)(torch.zeros(1, 3, 8), torch.tensor([2]))[0, :, 2]
        tensor([-inf, -inf], grad_fn=...)
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.projection = nn.Linear(hidden_size, 2)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Return both logits of all tokens, shape ``(batch, 2, length)``, −inf in padding.

        Args:
            states: of the tokens, shape ``(batch, length, hidden_size)``, padding on the right.
            lengths: real tokens of each text, shape ``(batch,)``.
        """
        logits: Tensor = self.projection(states).transpose(1, 2)  # (batch, 2, length)
        padding = torch.arange(states.shape[1], device=states.device) >= lengths.unsqueeze(1)
        return logits.masked_fill(padding.unsqueeze(1), -torch.inf)


class TwoPointers(nn.Module):
    """States of [CLS] and of a window's tokens from a transformer, as `AnswerModel` has them, and two logits for each.

    Args:
        encoder: a transformers model.
    """

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        config: Any = encoder.config
        self.encoder = encoder
        self.has_types = int(getattr(config, "type_vocab_size", None) or 0) > 1
        self.head = PointerPair(int(config.hidden_size))

    def forward(self, batch: Batch) -> Tensor:
        """Return the loss of a batch: the cross-entropy of the first token and that of the last, each for itself."""
        pointers = self.pointers(batch)
        spans = batch["spans"].to(pointers.device)
        return cross_entropy(pointers[:, 0], spans[:, 0]) + cross_entropy(pointers[:, 1], spans[:, 1])

    def pointers(self, batch: Batch) -> Tensor:
        """Return both logits in float32, shape ``(batch, 2, length)``; place 0 is [CLS], place k the window's k-th token."""
        states = window_states(self.encoder, batch, self.has_types)
        with torch.autocast(states.device.type, enabled=False):
            pointers: Tensor = self.head(states.float(), batch["lengths"].to(states.device) + 1)
        return pointers

    def scores(self, batch: Batch) -> Tensor:
        """Return the scores of all stretches, as `AnswerModel.scores` does: the sum of their two logits."""
        pointers = self.pointers(batch)
        return scores_of_stretches(pointers, batch["lengths"].to(pointers.device) + 1)


def scores_of_stretches(pointers: Tensor, lengths: Tensor) -> Tensor:
    """Return the sum of "begins here" and "ends here" of every stretch that ends no earlier than it begins.

    Args:
        pointers: both logits, shape ``(batch, 2, length)``.
        lengths: real places of each row, shape ``(batch,)``.

    Returns:
        Shape ``(batch, length, length)``: first place, last place; −inf where there is no stretch.

    Example:
        >>> scores_of_stretches(torch.tensor([[[1.0, 2.0], [30.0, 40.0]]]), torch.tensor([2]))
        tensor([[[31., 41.],
                 [-inf, 42.]]])
    """
    first, last = pointers.unbind(dim=1)
    scores = first.unsqueeze(2) + last.unsqueeze(1)
    return scores.masked_fill(no_span(lengths, pointers.shape[2], None), -torch.inf)


@torch.no_grad()
def share_backwards(model: TwoPointers, windows: Sequence[Window]) -> float:
    """Return in how many windows the likeliest last token stands before the likeliest first one, each taken by itself.

    Args:
        model: as it is, not in training.
        windows: at least one; [CLS], "not here", is passed over.
    """
    num = 0
    budget = BATCH_TOKENS.get(model.head.projection.weight.device.type, BATCH_TOKENS["cpu"])
    for places in length_batches([len(window.ids) for window in windows], budget):
        best = model.pointers(batch_of([windows[place] for place in places]))[:, :, 1:].argmax(dim=2)
        num += int((best[:, 1] < best[:, 0]).sum())
    return num / len(windows)


@dataclass(frozen=True)
class Reader:
    """How passages are read.

    Args:
        new_model: makes the model around a transformer.
        stride: tokens from one window to the next.
        empty: windows without the answer that are learned from, per question; what is more is left out.
    """

    new_model: Callable[[nn.Module], nn.Module]
    stride: int
    empty: int

    def learn(self, lesson: Lesson) -> Callable[[ClueExamples], Judged]:
        """Train on a lesson, and return what answers a part and judges the answers by exact match."""
        numbers, encoder = lesson.settings, lesson.encoder
        settings = AnswerSettings(max_length=numbers.max_length, stride=self.stride, head_size=HEAD_SIZE)

        def judge(part: ClueExamples) -> Judged:
            return judged_windows(model, encoder, part, settings)

        with seeded(numbers.seed):
            model = self.new_model(encoder.model).to(encoder.device)
            windows = windows_to_learn(encoder, lesson.train, settings, self.empty, numbers.seed)
            batches_of = partial(window_batches, windows, numbers.batch_size, numbers.seed)
            train(lesson, model, len(windows), batches_of, lambda part: float(judge(part).right.mean()))
        return judge


def windows_to_learn(
    encoder: TransformerEncoder, part: ClueExamples, settings: AnswerSettings, empty: int, seed: int
) -> list[Window]:
    """Return all windows with the answer whole, and of each question some of those without, drawn at random.

    Args:
        encoder: whose tokenizer reads them.
        part: of CMRC2018; questions whose answer does not stand in the passage word for word are left out.
        settings: of the windows.
        empty: windows without the answer of each question, at most.
        seed: of the draw.

    Raises:
        InvalidValue: when no window holds an answer.
    """
    pairs, answers = [], []
    for passage in part.examples:
        for question in passage.questions:
            span = next((one.span for one in question.answers if one.span is not None), None)
            if span is not None:
                pairs.append((passage.context, question.text))
                answers.append(Answer(*span))
    rng, chosen, num_full = np.random.default_rng(seed), [], 0
    windows = make_windows(encoder, pairs, settings, answers)
    for _, mine in groupby(windows, key=lambda window: window.question):
        mixed = list(mine)
        without = [window for window in mixed if window.span == NOTHING]
        full = [window for window in mixed if window.span != NOTHING]
        drawn = rng.permutation(len(without))[:empty]
        chosen += full + [without[place] for place in drawn]
        num_full += len(full)
    if not num_full:
        raise InvalidValue(
            zh="没有一个窗口里有完整的答案；请增大 max_length 或 subset。",
            en="No window holds a whole answer. Raise max_length or subset.",
        )
    return chosen


def judged_windows(model: Any, encoder: TransformerEncoder, part: ClueExamples, settings: AnswerSettings) -> Judged:
    """Answer every question with the best stretch of its windows, and judge by exact match.

    Args:
        model: an `AnswerModel` or `TwoPointers`, of the same encoder.
        encoder: whose tokenizer reads.
        part: of CMRC2018.
        settings: of the windows.

    Returns:
        With the mean ``"f1"`` and, of two pointers, ``"backwards"``: see `share_backwards`, in the windows that answer.
    """
    pairs = [(one.context, question.text) for one in part.examples for question in one.questions]
    windows = make_windows(encoder, pairs, settings)
    found = find_answers(model, windows, max_answer=settings.max_answer)
    answers, chosen = [""] * len(pairs), []
    for question, mine in groupby(zip(windows, found, strict=True), key=lambda one: one[0].question):
        window, best = max(mine, key=_score)
        start, end = int(window.offsets[best.first, 0]), int(window.offsets[best.last, 1])
        answers[question] = pairs[question][0][start:end]
        chosen.append(window)
    scores = scores_of(answers, part)
    more = {"f1": scores.f1}
    if isinstance(model, TwoPointers):
        more["backwards"] = share_backwards(model, chosen)
    return Judged(np.array([scores.questions[number].exact_match for number in part.ids]), more)


def _score(both: tuple[Window, Found]) -> float:
    return both[1].score


def one_softmax_is_no_worse(setting: Setting) -> Measurement:
    """The mean exact match of one softmax over stretches is at least that of two over tokens."""
    numbers = numbers_of(TASK, setting)
    options = {"stride": setting["stride"], "empty": setting["empty"]}
    models = {"one_softmax": lambda encoder: AnswerModel(encoder, HEAD_SIZE), "two_pointers": TwoPointers}
    ways = [Way(name, TASK, numbers, Reader(made, **options).learn, options=options) for name, made in models.items()]
    one, two = (cells(way, setting) for way in ways)
    apart = difference(one, two)
    enough = max(statistics.fmean(cell.accuracy for cell in mine) for mine in (one, two)) >= LEAST
    results = tuple(result_of(way, mine, setting, "exact_match") for way, mine in zip(ways, (one, two), strict=True))
    exact = [spread(result) for result in results]
    f1 = [f"{100 * statistics.fmean(cell.more['f1'] for cell in mine):.2f}" for mine in (one, two)]
    backwards = 100 * statistics.fmean(cell.more["backwards"] for cell in two)
    begin, seconds = what(ways[0], one, setting), [f"{seconds_of(mine):.0f}" for mine in (one, two)]
    reason = {
        "zh": f"{begin['zh']}，完全匹配（F1）：一个 softmax {exact[0]}（{f1[0]}），两个指针 {exact[1]}（{f1[1]}）；前者减去后者 "
        f"{apart.spell('zh')}。两个指针各取最大时，{backwards:.1f}% 的题终点在起点之前。训练 {seconds[0]} 与 {seconds[1]} 秒。",
        "en": f"{begin['en']}; exact match (F1): one softmax {exact[0]} ({f1[0]}), two pointers {exact[1]} ({f1[1]}); the first less the "
        f"second {apart.spell('en')}. Each pointer's own best puts the end before the start in {backwards:.1f} % of questions. Trainings "
        f"take {seconds[0]} and {seconds[1]} seconds.",
    }
    return judgement(apart.mean >= 0, reason, results, known=enough)


CLAIMS = (
    Claim(
        "clue",
        9,
        {
            "zh": "阅读理解用 GlobalPointer，对所有片段做一个 softmax，训练与预测一致，不输分开的起点与终点两个指针。判据：CMRC2018 "
            "开发题上，同样的窗口、种子与题，平均的完全匹配率不低于两个指针（解码时取终点不早于起点、两分之和最高的片段）；"
            "两者都不到 5% 时不下结论。",
            "en": "One GlobalPointer softmax over all stretches, trained on what it is asked for, is no worse than two pointers to first "
            "and last token. Decided by: on dev of CMRC2018, with the same windows, seeds and questions, its mean exact match is at least "
            "that of two pointers, for which the stretch with the highest sum that ends no earlier than it begins is looked for. Where "
            "neither answers 5 % exactly, nothing is decided.",
        },
        ARTICLE,
        "in words: training equals prediction, and decoding is faster",
        {
            "encoder": "bundled",
            "seeds": (0, 1, 2),
            "subset": 700,
            "questions": 300,
            "epochs": 2,
            "batch_size": 8,
            "max_length": 128,
            "stride": 64,
            "empty": 1,
        },
        one_softmax_is_no_worse,
    ),
)
