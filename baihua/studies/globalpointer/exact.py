"""What the head and its loss are: the sum over all spans, its balance, its probabilities, its positions, its parameters."""

import math

import torch
from torch import Tensor

from baihua.checks import InvalidValue
from baihua.nn.efficient_global_pointer import EfficientGlobalPointer
from baihua.nn.global_pointer import GlobalPointer
from baihua.nn.multilabel import multilabel_cross_entropy
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting

ARTICLE = "https://kexue.fm/archives/8373"
LOSS_ARTICLE = "https://kexue.fm/archives/7359"
SOFT_ARTICLE = "https://kexue.fm/archives/9064"
EFFICIENT_ARTICLE = "https://kexue.fm/archives/8877"
EXACT = 1e-10
HIDDEN, TYPES, LENGTHS = 12, 3, (9, 4, 1)
SPANS = [
    [0, 0, 1, 3],
    [0, 0, 1, 1],
    [0, 2, 1, 3],
    [1, 1, 0, 3],
    [2, 0, 0, 0],
]  # nested, one span of two types, whole texts


def loss_is_the_sum_over_all_spans(setting: Setting) -> Measurement:
    """Each head's loss, which never forms all scores, is the article's double sum over spans of these scores."""
    torch.manual_seed(setting["seed"])
    lengths, spans = torch.tensor(LENGTHS), torch.tensor(SPANS)
    states = torch.randn(len(LENGTHS), max(LENGTHS), HIDDEN, dtype=torch.float64)
    apart = {}
    for name, kind in (("global_pointer", GlobalPointer), ("efficient_global_pointer", EfficientGlobalPointer)):
        head = kind(HIDDEN, TYPES, setting["head_size"]).double()
        apart[name] = abs(head.loss(states, lengths, spans).item() - by_sums(head(states, lengths), spans))
    reason = {
        "zh": "与逐个片段相加之差：" + "，".join(f"{name} {value:.1e}" for name, value in apart.items()) + "。",
        "en": "Difference from adding span by span: "
        + ", ".join(f"{n} {value:.1e}" for n, value in apart.items())
        + ".",
    }
    results = tuple(_result(f"loss/{name}", value, setting) for name, value in apart.items())
    return Measurement(max(apart.values()) < EXACT, reason, results)


def by_sums(scores: Tensor, spans: Tensor) -> float:
    """Return the article's loss, the mean over texts and types, span by span."""
    wanted = {tuple(span) for span in spans.tolist()}
    batch, num_types, length, _ = scores.shape
    total = 0.0
    for text in range(batch):
        for kind in range(num_types):
            positive = negative = 1.0
            for start in range(length):
                for end in range(start, length):
                    score = scores[text, kind, start, end].item()
                    if (text, kind, start, end) in wanted:
                        positive += math.exp(-score)
                    elif score > -math.inf:
                        negative += math.exp(score)
            total += math.log(positive) + math.log(negative)
    return total / (batch * num_types)


def negatives_never_drown_the_wanted(setting: Setting) -> Measurement:
    """The gradient of all negatives together stays at most 1, where that of independent sigmoids grows with their number."""
    pulls = {}
    for num in setting["nums"]:
        scores = torch.zeros(num + 1, dtype=torch.float64, requires_grad=True)
        labels = torch.arange(num + 1) == 0
        (ours,) = torch.autograd.grad(multilabel_cross_entropy(scores, labels), scores)
        sigmoids = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.double(), reduction="sum")
        (theirs,) = torch.autograd.grad(sigmoids, scores)
        pulls[num] = [(gradient[1:].sum() / -gradient[0]).item() for gradient in (ours, theirs)]
    last = max(pulls)
    listed = "; ".join(f"{num}: {ours:.2f} / {theirs:.0f}" for num, (ours, theirs) in pulls.items())
    reason = {
        "zh": f"全部负例的梯度是一个正例的几倍，文章的损失 / 独立 sigmoid（得分全为 0）：{listed}。",
        "en": f"All negatives pull this many times as hard as one positive, the article's loss / independent sigmoids, at scores of 0: "
        f"{listed}.",
    }
    results = tuple(_result(f"balance/{num}", ours, setting) for num, (ours, _) in pulls.items())
    return Measurement(pulls[last][0] <= 2 and pulls[last][1] > last / 2, reason, results)


def probability_is_sigmoid_of_twice_the_score(setting: Setting) -> Measurement:
    """Where the loss of soft labels t is smallest, σ(2s) = t."""
    labels = torch.tensor(setting["labels"], dtype=torch.float64)[:, None]  # (num, 1): each its own problem
    scores = torch.zeros_like(labels, requires_grad=True)
    optimizer = torch.optim.LBFGS([scores], max_iter=500, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = multilabel_cross_entropy(scores, labels).sum()
        value.backward()
        return value

    optimizer.step(loss)
    apart = (torch.sigmoid(2 * scores) - labels).abs().max().item()
    usual = (torch.sigmoid(scores) - labels).abs().max().item()
    reason = {
        "zh": f"最小处与 t 最多相差：σ(2s) {apart:.1e}，σ(s) {usual:.2f}。",
        "en": f"Largest difference from t at the minimum: σ(2s) {apart:.1e}, σ(s) {usual:.2f}.",
    }
    return Measurement(apart < 1e-3 < usual, reason, (_result("probability", apart, setting),))


def a_score_knows_the_distance_alone(setting: Setting) -> Measurement:
    """The same two states anywhere in a text, equally far apart, have the same score; farther apart they have another."""
    torch.manual_seed(setting["seed"])
    head = GlobalPointer(HIDDEN, 1, setting["head_size"]).double()
    first, last = torch.randn(2, HIDDEN, dtype=torch.float64)
    length, distance = setting["length"], setting["distance"]
    if length < distance + 2:
        raise InvalidValue(
            zh=f"length 至少要比 distance 大 2，才有更远的片段可比；收到 {length} 与 {distance}。",
            en=f"length must exceed distance by at least 2, so that there is a span farther apart; received {length} and {distance}.",
        )
    states = torch.zeros(1, length, HIDDEN, dtype=torch.float64)
    values = []
    for start in range(length - distance):
        states.zero_()
        states[0, start], states[0, start + distance] = first, last
        values.append(head(states, torch.tensor([length]))[0, 0, start, start + distance].item())
    near = values[0]
    states.zero_()
    states[0, 0], states[0, distance + 1] = first, last
    farther = head(states, torch.tensor([length]))[0, 0, 0, distance + 1].item()
    moved = max(values) - min(values)
    reason = {
        "zh": f"相隔 {distance}：移动位置，得分最多变 {moved:.1e}；相隔 {distance + 1} 时变 {abs(farther - near):.2f}。",
        "en": f"{distance} apart: moved along the text the score changes by at most {moved:.1e}; at {distance + 1} apart by "
        f"{abs(farther - near):.2f}.",
    }
    return Measurement(moved < EXACT < abs(farther - near), reason, (_result("distance", moved, setting),))


def parameters(setting: Setting) -> Measurement:
    """At width 768 with 10 types the heads have 984 320 and 101 012 parameters, and grow by 98 432 and 258 a type."""
    found = {}
    for name, kind in (("global_pointer", GlobalPointer), ("efficient_global_pointer", EfficientGlobalPointer)):
        counts = [
            sum(
                parameter.numel()
                for parameter in kind(setting["hidden_size"], types, setting["head_size"]).parameters()
            )
            for types in (setting["types"], setting["types"] + 1, 100)
        ]
        found[name] = (counts[0], counts[1] - counts[0], counts[2])
    plain, efficient = found["global_pointer"], found["efficient_global_pointer"]
    reason = {
        "zh": f"{setting['types']} 类：{plain[0]:,} 与 {efficient[0]:,}；每多一类 {plain[1]:,} 与 {efficient[1]:,}；"
        f"100 类：{plain[2]:,} 与 {efficient[2]:,}。",
        "en": f"{setting['types']} types: {plain[0]:,} and {efficient[0]:,}; each further type {plain[1]:,} and {efficient[1]:,}; 100 "
        f"types: {plain[2]:,} and {efficient[2]:,}.",
    }
    results = tuple(_result(f"parameters/{name}", counts[0], setting) for name, counts in found.items())
    return Measurement((plain[0], efficient[0]) == (984_320, 101_012), reason, results)


def _result(name: str, value: float, setting: Setting) -> Result:
    return Result(name=f"globalpointer/{name}", metric="value", values=(value,), settings=dict(setting.knobs))


CLAIMS = (
    Claim(
        "globalpointer",
        1,
        {
            "zh": "每一类都是“n(n+1)/2 选 k”的多标签问题，损失是两个对数之和。判据：不写出全部得分的损失与逐个片段相加之差小于 1e-10。",
            "en": "Each type is a problem of choosing k of n(n + 1)/2 spans, and its loss two logarithms. Decided by: the loss, which "
            "never forms all scores, differs by less than 1e-10 from adding span by span.",
        },
        f"{ARTICLE}; {LOSS_ARTICLE}",
        None,
        {"head_size": 8, "seed": 0},
        loss_is_the_sum_over_all_spans,
    ),
    Claim(
        "globalpointer",
        2,
        {
            "zh": "这个损失天然均衡，独立的 sigmoid 则被负例淹没。判据：负例再多，梯度之和不超过一个正例的两倍，而 sigmoid 的随个数增长。",
            "en": "The loss is balanced by itself, where independent sigmoids drown in negatives. Decided by: however many they are, "
            "the negatives' gradient is at most twice that of one positive, while the sigmoids' grows with their number.",
        },
        LOSS_ARTICLE,
        None,
        {"nums": (10, 1000, 100_000)},
        negatives_never_drown_the_wanted,
    ),
    Claim(
        "globalpointer",
        3,
        {
            "zh": "得分 s 的概率是 σ(2s)，不是 σ(s)。判据：软标签损失的最小处 σ(2s) 与 t 相差小于 1e-3。",
            "en": "A score s means the probability σ(2s), not σ(s). Decided by: at the minimum of the loss of soft labels t, σ(2s) is t "
            "within 1e-3.",
        },
        SOFT_ARTICLE,
        "t = σ(2s)",
        {"labels": (0.05, 0.2, 0.5, 0.8, 0.95)},
        probability_is_sigmoid_of_twice_the_score,
    ),
    Claim(
        "globalpointer",
        4,
        {
            "zh": "旋转位置让得分只知道首尾的距离。判据：移动位置得分不变（1e-10），改变距离则变。",
            "en": "Rotary positions tell a score the distance of first and last token and nothing else. Decided by: moved along the text "
            "it stays (1e-10), at another distance it does not.",
        },
        ARTICLE,
        None,
        {"head_size": 64, "length": 60, "distance": 3, "seed": 0},
        a_score_knows_the_distance_alone,
    ),
    Claim(
        "globalpointer",
        5,
        {
            "zh": "高效版的参数少得多，每多一类只多几百个。判据：参数个数与规格相同。",
            "en": "The efficient head has far fewer parameters, and a few hundred more per type. Decided by: their number.",
        },
        EFFICIENT_ARTICLE,
        "per type: 2Dd = 98 304 weights, and 4d = 256",
        {"hidden_size": 768, "head_size": 64, "types": 10},
        parameters,
    ),
)
