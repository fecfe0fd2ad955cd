"""What a training step costs beside a CRF as texts grow longer, and as there are more types."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.globalpointer.exact import ARTICLE, EFFICIENT_ARTICLE
from baihua.studies.plots import curves, label
from baihua.tasks.extraction.model import make_head
from baihua.tasks.extraction.settings import ExtractionSettings

ROUNDS = {"small": 3, "full": 7}
EVERY = 20  # one entity in so many tokens
ENTITY = 3  # tokens


def grows_with_length(setting: Setting) -> Measurement:
    """A whole step with GlobalPointer is faster than one with the CRF, and the more so the longer the texts."""
    heads = ("crf", setting["head"])
    ratios: dict[int, float] = {}
    seconds: dict[str, list[float]] = {head: [] for head in heads}
    lengths = sorted(setting["lengths"])
    if min(lengths) < ENTITY:
        raise InvalidValue(
            zh=f"lengths 至少为 {ENTITY}，好放下一个实体；收到 {min(lengths)}。",
            en=f"lengths must be at least {ENTITY}, so that an entity fits; received {min(lengths)}.",
        )
    for length in lengths:
        taken = _alternate({head: _step(head, length, setting["types"], setting) for head in heads}, setting.scale)
        for head in heads:
            seconds[head].append(taken[head])
        ratios[length] = taken["crf"] / taken[setting["head"]]
    listed = ", ".join(f"{length}: {ratio:.2f}×" for length, ratio in ratios.items())
    reason = {
        "zh": f"{_where()}，批 {setting['batch_size']}，{setting['types']} 类，整步（含编码器），CRF 用时是 {setting['head']} "
        f"的几倍，按长度：{listed}。",
        "en": f"{_where()}, batch {setting['batch_size']}, {setting['types']} types, a whole step with the encoder, seconds with the CRF "
        f"over seconds with {setting['head']}, by length: {listed}.",
    }
    results = tuple(_result(f"step/{length}", ratio, setting) for length, ratio in ratios.items())
    values = list(ratios.values())

    def draw(path: Path) -> None:
        x_label, y_label = label(zh="词元", en="tokens"), label(zh="每步毫秒", en="milliseconds a step")
        series = {head: [1000 * value for value in values] for head, values in seconds.items()}
        curves(lengths, series, path, x_label=x_label, y_label=y_label, title="", log_x=True)

    return Measurement(min(values) > 1 and values[-1] > values[0], reason, results, draw)


def many_types(setting: Setting) -> Measurement:
    """With many types the efficient head's step hardly grows, while GlobalPointer's grows with their number."""
    length = setting["length"]
    seconds = {
        types: _alternate({head: _step(head, length, types, setting) for head in BOTH}, setting.scale)
        for types in setting["types"]
    }
    first, last = min(seconds), max(seconds)
    growth = {head: seconds[last][head] / seconds[first][head] for head in BOTH}
    listed = "; ".join(
        f"{types}: {' / '.join(f'{1000 * taken[head]:.0f}' for head in BOTH)}" for types, taken in seconds.items()
    )
    reason = {
        "zh": f"{_where()}，长 {length}，每步毫秒，{' / '.join(BOTH)}，按类数：{listed}；从 {first} 类到 {last} 类是原来的 "
        f"{' / '.join(f'{growth[head]:.2f}' for head in BOTH)} 倍。",
        "en": f"{_where()}, length {length}, milliseconds a step, {' / '.join(BOTH)}, by types: {listed}; from {first} to {last} types "
        f"{' / '.join(f'{growth[head]:.2f}' for head in BOTH)} times as long.",
    }
    results = tuple(_result(f"types/{last}/{head}", value, setting) for head, value in growth.items())
    return Measurement(growth[BOTH[1]] < growth[BOTH[0]], reason, results)


BOTH = ("global_pointer", "efficient_global_pointer")


def _step(name: str, length: int, types: int, setting: Setting) -> Callable[[], None]:
    """A training step of the encoder with a head, on random tokens, as something to time."""
    encoder: Any = load_encoder(setting["encoder"])
    model = encoder.model.train()
    torch.manual_seed(0)
    head = make_head(name, int(model.config.hidden_size), types, ExtractionSettings()).to(encoder.device)
    batch = setting["batch_size"]
    ids = torch.randint(200, 8000, (batch, length), device=encoder.device)
    lengths = torch.full((batch,), length, device=encoder.device)
    spans = [
        [text, start // EVERY % types, start, start + ENTITY - 1]
        for text in range(batch)
        for start in range(0, length - ENTITY + 1, EVERY)
    ]
    wanted = torch.tensor(spans, device=encoder.device)
    optimizer = torch.optim.AdamW([*model.parameters(), *head.parameters()], lr=1e-6)

    def step() -> None:
        head.loss(model(input_ids=ids).last_hidden_state, lengths, wanted).backward()
        optimizer.step()
        optimizer.zero_grad()
        if encoder.device.type == "cuda":
            torch.cuda.synchronize()

    return step


def _alternate(steps: dict[str, Callable[[], None]], scale: str) -> dict[str, float]:
    """Time the steps in turn and return the median of each; the first round warms up."""
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(ROUNDS[scale] + 1):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            if number:
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in taken.items()}


def _where() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU × {torch.get_num_threads()}"


def _result(name: str, value: float, setting: Setting) -> Result:
    return Result(f"globalpointer/{name}", "ratio", (value,), settings={**setting.knobs, "where": _where()})


CLAIMS = (
    Claim(
        "globalpointer",
        13,
        {
            "zh": "训练比 CRF 快，文本越长快得越多。判据：每种长度下整步都更快，且最长的比值大于最短的。",
            "en": "It trains faster than a CRF, the more so the longer the texts. Decided by: a whole step is faster at every length, and "
            "the ratio larger at the longest than at the shortest.",
        },
        ARTICLE,
        "training 1.22 to 1.56 times as fast (GPU)",
        {"encoder": "bundled", "head": "global_pointer", "batch_size": 16, "types": 10, "lengths": (32, 64, 128, 256)},
        grows_with_length,
    ),
    Claim(
        "globalpointer",
        14,
        {
            "zh": "类数多时，高效版的好处更大。判据：从最少到最多的类数，它的一步增长得比 GlobalPointer 少。",
            "en": "With many types the efficient head gains the most. Decided by: from the fewest to the most types its step grows less "
            "than GlobalPointer's.",
        },
        EFFICIENT_ARTICLE,
        None,
        {"encoder": "bundled", "batch_size": 4, "length": 128, "types": (10, 50, 100)},
        many_types,
    ),
)
