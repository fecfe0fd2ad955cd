"""What is exact: which numbers change, what weight decay does to a masked matrix, and that nothing changes before training."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from baihua.checks import InvalidValue
from baihua.encoders.language_models import open_language_model
from baihua.nn.soft_prompt import REPARAMETRIZATIONS, masked_rows
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.ptuning.ways import ARTICLE, PREFIX
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.batches import Reading, batch_of
from baihua.tasks.prompting.model import PromptModel
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.vectors import new_soft, unused_rows
from baihua.tasks.seeded import seeded
from baihua.text.prompts import encode_prompts
from baihua.text.template import Template

GOOD = ("味道很好，送得也快", "好吃，还会再点", "分量足，服务热情", "很满意，推荐")
BAD = ("等了两个小时才送到", "菜是冷的，难吃", "少送一样，没人理", "太差了，不会再点")
CODE = "https://github.com/bojone/P-tuning"
LENGTH = 64  # tokens of a prompt


def only_the_soft_rows_change(setting: Setting) -> Measurement:
    """After training every number of the model but the rows of the soft tokens is what it was, to the last bit."""
    settings = PromptSettings(epochs=1, least_steps=setting["steps"], seed=setting["seed"], max_length=LENGTH)
    words = {"好评": "好", "差评": "差"}
    classifier = PromptClassifier(setting["encoder"], PREFIX, words, tune=setting["tune"], settings=settings)
    classifier.fit([*GOOD, *BAD], ["好评"] * len(GOOD) + ["差评"] * len(BAD), show_progress=False)
    model, tokenizer, _ = open_language_model(setting["encoder"], "cpu")
    with tempfile.TemporaryDirectory() as folder:
        after = open_language_model(classifier.save(Path(folder) / "saved"), "cpu")[0].state_dict()
    rows = unused_rows(_backend(tokenizer), classifier.template.num_soft) or ()
    width = int(model.config.hidden_size)
    moved, others = _moved(model.state_dict(), after, list(rows))
    trained = classifier.report.num_trained if classifier.report else 0
    wanted = classifier.template.num_soft * width
    reason = {
        "zh": f"训练 {setting['steps']} 步：训练的数有 {trained:,} 个（{classifier.template.num_soft} × {width} = {wanted:,}）；"
        f"软词元的行最多变 {moved:.3g}，其余所有的数最多变 {others:.3g}。",
        "en": f"{setting['steps']} steps: {trained:,} numbers train ({classifier.template.num_soft} x {width} = {wanted:,}); the soft "
        f"tokens' rows move by {moved:.3g} at most, all other numbers by {others:.3g}.",
    }
    results = (_result("rows/soft", moved, setting), _result("rows/others", others, setting))
    return Measurement(others == 0 < moved and trained == wanted, reason, results)


def _moved(before: dict[str, Tensor], after: dict[str, Tensor], rows: list[int]) -> tuple[float, float]:
    """Return how far some rows of the embedding moved at most, and how far anything else did."""
    soft = others = 0.0
    for name, tensor in before.items():
        change = (after[name].double() - tensor.double()).abs()
        if name.endswith(("word_embeddings.weight", "decoder.weight")):
            soft = max(soft, change[rows].max().item())
            change[rows] = 0
        others = max(others, change.max().item())
    return soft, others


def decay_moves_what_is_masked(setting: Setting) -> Measurement:
    """With weight decay AdamW moves rows that no gradient reaches; vectors of their own leave them alone."""
    model, tokenizer, _ = open_language_model(setting["encoder"], "cpu")
    known = model.get_input_embeddings().weight.detach()
    rows = list(_rows(tokenizer))
    moved = {}
    for name, decay in (("masked, with decay", setting["weight_decay"]), ("masked, without", 0.0)):
        weight = nn.Parameter(known.clone())
        optimizer = torch.optim.AdamW([weight], lr=setting["learning_rate"], weight_decay=decay)
        for _ in range(setting["steps"]):
            optimizer.zero_grad()
            masked = masked_rows(weight, rows)
            (masked @ masked[rows].mean(dim=0)).logsumexp(dim=0).backward()  # in and out, as the article ties them
            optimizer.step()
        change = (weight.detach() - known).abs()
        change[rows] = 0
        moved[name] = change.max().item()
    listed = ", ".join(f"{name} {value:.3g}" for name, value in moved.items())
    reason = {
        "zh": f"{setting['steps']} 步 AdamW 之后，没有梯度的行最多变：{listed}。",
        "en": f"After {setting['steps']} steps of AdamW rows without gradient have moved by at most: {listed}.",
    }
    results = tuple(_result(f"decay/{name}", value, setting) for name, value in moved.items())
    return Measurement(moved["masked, with decay"] > 0 == moved["masked, without"], reason, results)


def nothing_changes_before_training(setting: Setting) -> Measurement:
    """With soft tokens that begin as the rows they stand for, a model says what it says without them."""
    model, tokenizer, causal = open_language_model(setting["encoder"], "cpu")
    if causal:
        raise InvalidValue(
            zh="这一条用掩码模型来测，encoder 却是从左到右的；请换一个。",
            en="This is measured on a masked model, but encoder is a causal one. Choose another.",
        )
    rows, backend, weight = _rows(tokenizer), _backend(tokenizer), model.get_input_embeddings().weight
    reading = Reading(int(tokenizer.mask_token_id), int(model.config.vocab_size), rows, causal)
    template = Template.parse(PREFIX)
    prompts = encode_prompts(template, backend, [*GOOD, *BAD], LENGTH, mask_id=reading.mask_id)
    batch = batch_of(prompts, reading)
    apart = {}
    with torch.no_grad(), seeded(setting["seed"]):
        plain = PromptModel(model).eval().scores(batch)
        for kind in REPARAMETRIZATIONS:
            settings = PromptSettings(reparametrization=kind, start=setting["start"])
            soft = new_soft(weight, len(rows), rows, settings, backend)
            apart[kind] = (PromptModel(model, soft, rows).eval().scores(batch) - plain).abs().max().item()
    listed = ", ".join(f"{kind} {value:.3g}" for kind, value in apart.items())
    reason = {
        "zh": f"训练之前，有无软词元层，{len(prompts)} 条文本的输出最多相差：{listed}。",
        "en": f"Before training, with and without the soft layer, outputs for {len(prompts)} texts differ by at most: {listed}.",
    }
    results = tuple(_result(f"before/{kind}", value, setting) for kind, value in apart.items())
    return Measurement(max(apart.values()) == 0, reason, results)


def _backend(tokenizer: Any) -> Tokenizer:
    return Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())


def _rows(tokenizer: Any) -> tuple[int, ...]:
    num = Template.parse(PREFIX).num_soft
    rows = unused_rows(_backend(tokenizer), num)
    if rows is None:
        raise InvalidValue(
            zh=f"这个词表没有 {num} 个 [unused] 词元，这一条测不了；请换一个编码器，例如 'bundled'。",
            en=f"This vocabulary has no {num} [unused] tokens, which this needs. Choose another encoder, such as 'bundled'.",
        )
    return rows


def _result(name: str, value: float, setting: Setting) -> Result:
    return Result(f"ptuning/{name}", "largest change", (value,), settings=dict(setting.knobs))


KNOBS = {"encoder": "bundled", "seed": 0}

CLAIMS = (
    Claim(
        "ptuning",
        1,
        {
            "zh": "训练只动软词元的那几行。判据：训练的数恰为 8 × 宽度，这几行变了，其余所有的数一位不差。",
            "en": "Training touches the rows of the soft tokens alone. Decided by: exactly 8 x width numbers train, these rows change, and "
            "every other number stays as it was to the last bit.",
        },
        ARTICLE,
        "in words",
        {**KNOBS, "steps": 20, "tune": "prompt"},
        only_the_soft_rows_change,
    ),
    Claim(
        "ptuning",
        2,
        {
            "zh": "遮住整个嵌入矩阵的梯度（文章的写法）还不够：AdamW 的衰减不看梯度。判据：有衰减时没有梯度的行动了，没有衰减时一位不动。",
            "en": "To mask the gradient of the whole embedding, as the article does, is not enough: AdamW's weight decay does not look at "
            "it. Decided by: rows without gradient move with decay, and not by a bit without.",
        },
        f"{CODE} (its trap; Adam there has no decay)",
        None,
        {"encoder": "bundled", "steps": 10, "learning_rate": 6e-4, "weight_decay": 0.01},
        decay_moves_what_is_masked,
    ),
    Claim(
        "ptuning",
        3,
        {
            "zh": "训练之前，有没有软词元层，输出完全一样，LSTM、MLP 也是。判据：相差恰为 0。",
            "en": "Before training outputs are the same with and without the soft layer, through LSTM and MLP too. Decided by: a "
            "difference of exactly 0.",
        },
        CODE,
        None,
        {**KNOBS, "start": "unused"},
        nothing_changes_before_training,
    ),
)
