"""The loss of C3 and ChID: one logit for each choice, softmax over the choices of a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.encoders.transformer import TransformerEncoder
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.choosing.model import ChoiceModel, Questions, batch_of_questions, grouped, question_batches
from baihua.tasks.classification.model import logits_of
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.seeded import seeded

Floats = npt.NDArray[np.float64]
Orders = Sequence[npt.NDArray[np.int64]]

CLOSE = 1e-5  # float32, through all layers of an encoder
IDIOMS = (
    *("恍然大悟", "争先恐后", "络绎不绝", "津津有味", "小心翼翼"),
    *("一帆风顺", "依依不舍", "目瞪口呆", "得心应手", "理直气壮"),
)
# Written for the study: what is read, the choices, the place of the right one. The last is like ChID's, with ten.
ASKED = (
    (("男：今天还去爬山吗？||女：下雨了，改天吧。", "他们今天做什么？"), ("去爬山", "不去爬山"), 1),
    (("女：这双鞋多少钱？||男：原价三百，现在打对折。", "鞋现在多少钱？"), ("三百", "一百五", "六百"), 1),
    (("男：你哥哥是老师吧？||女：他现在开书店。", "哥哥做什么？"), ("老师", "开书店", "学生", "医生"), 1),
    (("女：会议几点开始？||男：九点，还有二十分钟。", "现在几点？"), ("八点四十", "九点", "九点二十", "八点"), 0),
    (("男：票买到了吗？||女：只剩站票，我没要。", "女的买票了吗？"), ("买了", "没买"), 1),
    (("听老师这么一讲，大家才____。",), IDIOMS, 0),
)


@dataclass(frozen=True)
class _Asked:
    """The questions, their choices in some order, as rows of tokens; and the model that reads them."""

    model: ChoiceModel
    questions: Questions
    answers: npt.NDArray[np.int64]

    @classmethod
    def in_order(cls, encoder: TransformerEncoder, model: ChoiceModel, orders: Orders) -> "_Asked":
        """Put the choices of each question into an order."""
        texts = [
            (*read, choices[place])
            for (read, choices, _), order in zip(ASKED, orders, strict=True)
            for place in order.tolist()
        ]
        questions = Questions(joined_rows(encoder, texts, encoder.max_length), [len(order) for order in orders])
        answers = [order.tolist().index(right) for (_, _, right), order in zip(ASKED, orders, strict=True)]
        return cls(model, questions, np.array(answers))

    def logits(self) -> Floats:
        """Return the logits of all choices, question by question."""
        return logits_of(self.model, self.questions.rows)[:, 0]

    def probabilities(self) -> list[Floats]:
        """Return those of the choices of each question, by a softmax written out in float64."""
        powers = [np.exp(mine - mine.max()) for mine in np.split(self.logits(), self.questions.starts[1:-1])]
        return [mine / mine.sum() for mine in powers]


def softmax_over_choices(setting: Setting) -> Measurement:
    """The loss is a softmax by hand, another order of choices moves probabilities, and a last smaller batch counts."""
    if setting["batch_size"] < 1 or len(ASKED) % setting["batch_size"] == 0:
        raise InvalidValue(
            zh=f"batch_size 应让 {len(ASKED)} 题分不整齐，例如 4；收到 {setting['batch_size']}。",
            en=f"batch_size must leave an incomplete batch of {len(ASKED)} questions, such as 4; received {setting['batch_size']}.",
        )
    encoder = trainable(load_encoder(setting["encoder"], device="cpu"))
    with seeded(setting["seed"]):
        model = ChoiceModel(encoder.model, "cls", dropout=0.0).eval()
    rng = np.random.default_rng(setting["seed"])
    orders = [rng.permutation(len(choices)) for _, choices, _ in ASKED]
    asked = _Asked.in_order(encoder, model, [np.arange(len(order)) for order in orders])
    shuffled = _Asked.in_order(encoder, model, orders)
    by_hand, others = asked.probabilities(), shuffled.probabilities()
    moved = max(_largest(mine[order] - other) for mine, other, order in zip(by_hand, others, orders, strict=True))
    losses = np.array([-np.log(mine[right]) for mine, right in zip(by_hand, asked.answers, strict=True)])
    sizes, off = _in_batches(asked, losses, setting["batch_size"])
    inside, outside = _grouped_apart(asked, by_hand)
    figures = {"by hand": max(off, inside), "another order": moved, "missing choices": outside}
    results = tuple(
        Result(f"clue/choices/{name}", "largest difference", (value,), (setting["seed"],), dict(setting.knobs))
        for name, value in figures.items()
    )
    holds = max(figures.values()) <= CLOSE and outside == 0 and sum(sizes) == len(ASKED)
    return Measurement(holds, _said(figures, sizes), results)


def _said(figures: Mapping[str, float], sizes: Sequence[int]) -> dict[str, str]:
    by_hand, moved, outside = figures.values()
    choices, batches = ", ".join(str(len(one[1])) for one in ASKED), " + ".join(map(str, sizes))
    return {
        "zh": f"{len(ASKED)} 题，选项数 {choices}，分成 {batches} 题的批（含不足一批的）：损失与概率同手写的 softmax 最多相差 "
        f"{by_hand:.1e}；打乱选项，概率随之换位，最多相差 {moved:.1e}；不存在的选项概率为 {outside:g}。",
        "en": f"{len(ASKED)} questions with {choices} choices, in batches of {batches}, an incomplete one among them: losses and "
        f"probabilities are off a softmax by hand by at most {by_hand:.1e}; in another order of the choices probabilities move "
        f"with them, to {moved:.1e}; a choice that is not there has probability {outside:g}.",
    }


@torch.no_grad()
def _in_batches(asked: _Asked, losses: Floats, batch_size: int) -> tuple[list[int], float]:
    """Return the sizes of an epoch's batches, and by how much the loss of all of them together is off at most."""
    everything = batch_of_questions(asked.questions, range(len(losses)), asked.answers)
    off = [float(asked.model(everything)) - float(losses.mean())]
    batches = list(question_batches(asked.questions, asked.answers, batch_size, seed=0, epoch=0))
    sizes = [len(batch["sizes"]) for batch in batches]
    total = sum(float(asked.model(batch)) * num for batch, num in zip(batches, sizes, strict=True))
    return sizes, max(abs(off[0]), abs(total / len(losses) - float(losses.mean())))


def _grouped_apart(asked: _Asked, by_hand: Sequence[Floats]) -> tuple[float, float]:
    """Return how far the rows of `grouped` are off, and the largest probability of a choice that is not there."""
    table = grouped(torch.from_numpy(asked.logits()), torch.tensor(asked.questions.sizes)).softmax(dim=1).numpy()
    inside = max(_largest(row[: len(mine)] - mine) for row, mine in zip(table, by_hand, strict=True))
    outside = max(float(row[len(mine) :].sum()) for row, mine in zip(table, by_hand, strict=True))
    return inside, outside


def _largest(change: Floats) -> float:
    return float(np.abs(change).max())


KNOBS: Mapping[str, Any] = {"encoder": "bundled", "batch_size": 4, "seed": 0}

CLAIMS = (
    Claim(
        "clue",
        6,
        {
            "zh": "C3 与 ChID 的损失是同一题各选项上的 softmax。判据：损失与手写的相等，打乱选项只让概率换位，不足一批的题照算，"
            "都到 1e-5；缺的选项概率恰为 0。",
            "en": "The loss of C3 and ChID is a softmax over the choices of a question. Decided by: losses are those written by hand, "
            "choices in another order only move probabilities, a last incomplete batch counts like others, all to 1e-5; choices "
            "that a question lacks have a probability of exactly 0.",
        },
        ARTICLE,
        "in words",
        KNOBS,
        softmax_over_choices,
    ),
)
