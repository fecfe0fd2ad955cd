"""What can be read off: how long the scripts are, and that the article's encoder is an ordinary BERT where all segments are 0."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from baihua.benchmarks import clue_recipes
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.clue.published import ARTICLE
from baihua.tasks.choosing.joined import joined_rows
from baihua.tasks.classification.rows import batch_of
from baihua.tasks.contrastive.trained_part import trainable

SHARED = "lesson"  # what the recipes have in common
PAIRS = (
    ("今天下雨了，比赛改到明天。", "比赛没有在今天举行。"),
    ("怎么把花呗的额度转出来？", "花呗能不能提现"),
    ("他在图书馆坐了一下午，把那本小说读完了。", "他下午在看书"),
)


def scripts_one_can_read(setting: Setting) -> Measurement:
    """There is a recipe for every task, and none is longer than the limit."""
    lines = lines_of_recipes()
    tasks = {task.lower() for task in CLUE_TASKS}
    longest = max(lines.values())
    listed = ", ".join(f"{name} {num}" for name, num in lines.items())
    reason = {
        "zh": f"{len(tasks & set(lines))}/{len(tasks)} 个任务各有一份做法，行数：{listed}；"
        f"最长 {longest} 行（上限 {setting['most_lines']}），合计 {sum(lines.values())} 行。",
        "en": f"{len(tasks & set(lines))} of {len(tasks)} tasks have a recipe; lines: {listed}. The longest has {longest} (limit "
        f"{setting['most_lines']}), all together {sum(lines.values())}.",
    }
    results = (
        Result("clue/recipes/longest", "lines", (longest,), num_examples=len(lines)),
        Result("clue/recipes/all", "lines", (sum(lines.values()),), num_examples=len(lines)),
    )
    return Measurement(tasks <= set(lines) and longest <= setting["most_lines"], reason, results)


def lines_of_recipes() -> dict[str, int]:
    """Return the number of lines of each recipe's file, docstring and empty lines included, and of what they share.

    Example:
        >>> sorted(lines_of_recipes())[:3]
        ['afqmc', 'c3', 'chid']
    """
    folder = Path(str(clue_recipes.__file__)).parent
    files = sorted(path for path in folder.glob("*.py") if path.stem != "__init__")
    return {path.stem: len(path.read_text(encoding="utf-8").splitlines()) for path in files}


def may_see(segments: Tensor) -> Tensor:
    """Return which tokens each token sees in UniLM: those whose segments, added up to there, are not more than its own.

    Tokens of segment 0 see one another; a token of segment 1 sees these and the tokens of segment 1 up to itself.

    Args:
        segments: 0 or 1 for each token, shape ``(batch, length)``.

    Returns:
        True where the token of the row sees that of the column, shape ``(batch, length, length)``.

    Source:
        Dong et al., "Unified language model pre-training", arXiv 1905.03197; this form: bert4keras, ``models.py``.

    Example:
        >>> may_see(torch.tensor([[0, 0, 1, 1]])).int().tolist()
        [[[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]]
    """
    order = segments.cumsum(dim=1)
    return order.unsqueeze(1) <= order.unsqueeze(2)


def segments_of_0_make_a_bert(setting: Setting) -> Measurement:
    """With the mask of UniLM from segments of 0 no state differs from those without it; from segments of 1 they do."""
    states = _States(setting["encoder"])
    zeros, ones = torch.zeros_like(states.ids), _second_half(states.mask)
    apart = {
        "zeros": _largest(states(zeros, unilm=True) - states(zeros, unilm=False)),
        "ones": _largest(states(ones, unilm=True) - states(ones, unilm=False)),
        "earlier, zeros": _largest(states.moved_by_the_last(zeros)),
        "earlier, ones": _largest(states.moved_by_the_last(ones)),
    }
    zero, one, seen, unseen = apart.values()
    num = len(PAIRS)
    reason = {
        "zh": f"{num} 对句子（含填充），段号全 0：有无 UniLM 掩码，状态最多相差 {zero:.3g}；后半段号为 1：相差 {one:.3g}。"
        f"换掉最后一个词元，它之前的状态最多变：段号全 0 时 {seen:.3g}，后半为 1 时 {unseen:.3g}（即成了单向）。",
        "en": f"{num} pairs with padding, segments all 0: with and without UniLM's mask states differ by {zero:.3g} at most; with "
        f"1 in the second half by {one:.3g}. When the last token is another one, states before it change by at most {seen:.3g} "
        f"with segments 0, and {unseen:.3g} with 1 in the second half, which has become causal.",
    }
    results = tuple(
        Result(f"clue/unilm/{name}", "largest change", (value,), settings=dict(setting.knobs))
        for name, value in apart.items()
    )
    return Measurement(zero == 0 < one and unseen == 0 < seen, reason, results)


class _States:
    """The last states of the pairs, with segments and either mask, attention written out so that any mask can be given."""

    def __init__(self, encoder: str) -> None:
        loaded = trainable(load_encoder(encoder, device="cpu"))
        self.model: Any = loaded.model
        if int(getattr(self.model.config, "type_vocab_size", None) or 0) < 2:
            raise InvalidValue(
                zh=f"编码器 {encoder} 没有段号 1，这一条测不了；请换一个 BERT 类的编码器，例如 'bundled'。",
                en=f"The encoder {encoder} has no segment 1, which this needs. Choose one of BERT's kind, such as 'bundled'.",
            )
        self.model.set_attn_implementation("eager")
        rows = joined_rows(loaded, PAIRS, loaded.max_length)
        batch = batch_of(rows, range(len(rows)))
        self.ids, self.mask = batch["ids"], batch["mask"]  # (batch, length)

    @torch.no_grad()
    def __call__(self, segments: Tensor, *, unilm: bool, ids: Tensor | None = None) -> Tensor:
        """Return the states of the real tokens, 0 in padding, shape ``(batch, length, width)``."""
        mask = self.mask
        if unilm:
            seen = may_see(segments) & self.mask.bool().unsqueeze(1)  # (batch, length, length)
            lowest = torch.finfo(self.model.dtype).min
            mask = torch.zeros(seen.shape).masked_fill(~seen, lowest).unsqueeze(1)  # (batch, 1, length, length), added
        output = self.model(
            input_ids=self.ids if ids is None else ids, attention_mask=mask, token_type_ids=segments, return_dict=True
        )
        return output.last_hidden_state * self.mask.unsqueeze(2)

    def moved_by_the_last(self, segments: Tensor) -> Tensor:
        """Return by how much states before the last token change when it is another one, under UniLM's mask."""
        last = (self.mask.sum(dim=1) - 1).unsqueeze(1)  # (batch, 1)
        other = self.ids.scatter(1, last, self.ids[:, 1:2])  # the first token of the text in its place
        change = self(segments, unilm=True, ids=other) - self(segments, unilm=True)
        return change * (torch.arange(self.ids.shape[1]) < last).unsqueeze(2)


def _second_half(mask: Tensor) -> Tensor:
    """Return segments of 0 in the first half of each text, of 1 in the second, and of 0 in padding."""
    lengths = mask.sum(dim=1, keepdim=True)
    return (torch.arange(mask.shape[1]) >= lengths // 2).long() * mask


def _largest(change: Tensor) -> float:
    return change.abs().max().item()


KNOBS: Mapping[str, Any] = {"encoder": "bundled"}

CLAIMS = (
    Claim(
        "clue",
        1,
        {
            "zh": "CLUE 的基线可以是一组短小易读的脚本。判据：十一个任务各有一份做法，连同公用的一份，每个文件不超过 120 行（逐行数）。",
            "en": "The baselines of CLUE fit into short scripts one can read. Decided by: each of the eleven tasks has a recipe, and no "
            "file of theirs, what they share included, has more than 120 lines, counted as they stand.",
        },
        ARTICLE,
        "in words",
        {"most_lines": 120},
        scripts_one_can_read,
    ),
    Claim(
        "clue",
        2,
        {
            "zh": "段号全为 0 时，文章所用的 UniLM 编码器就是普通的 BERT。判据：加不加 UniLM 掩码，每个状态恰好相等；"
            "而段号为 1 的部分变成单向：后面的词元不影响前面。",
            "en": "With segments all 0 the article's UniLM encoder is an ordinary BERT. Decided by: with UniLM's mask and without it "
            "every state is exactly the same, while a part of segment 1 becomes causal: no token changes what is before it.",
        },
        f"{ARTICLE} (its code builds the encoder with application='unilm')",
        "in words",
        KNOBS,
        segments_of_0_make_a_bert,
    ),
)
