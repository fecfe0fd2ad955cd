"""What the loss is: formula and code say the same, two batches have a loss known beforehand, dropout alone makes the views."""

import math

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize

from baihua.encoders.dropout import OF_ATTENTION, dropout
from baihua.encoders.load import load_encoder
from baihua.encoders.sentence_model import SentenceModel, batch_of
from baihua.nn.losses import info_nce
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.tasks.contrastive.trained_part import trainable

ARTICLE = "https://kexue.fm/archives/8348"
WIDTH = 16
EXACT = 1e-5  # float32, with cosines divided by 0.05
TEXTS = ["怎么申请退款", "手机充不进电", "今天天气很好", "快递还没有到"]


def formula_and_code(setting: Setting) -> Measurement:
    """The formula by its double sum, the article's code on interleaved rows, and our loss are one number."""
    generator = torch.Generator().manual_seed(setting["seed"])
    apart = 0.0
    for num in setting["batch_sizes"]:
        first, second = torch.randn(2, num, WIDTH, generator=generator)
        ours = info_nce(first, second, setting["temperature"], symmetric=setting["form"] == "symmetric").item()
        others = (by_formula(first, second, setting["temperature"]), by_code(first, second, setting["temperature"]))
        apart = max(apart, *(abs(ours - other) for other in others))
    sizes = ", ".join(map(str, setting["batch_sizes"]))
    reason = {
        "zh": f"批大小 {sizes}：三种算法最多相差 {apart:.1e}。",
        "en": f"Batches of {sizes}: the three ways differ by at most {apart:.1e}.",
    }
    return Measurement(apart < EXACT, reason, (_result("largest-difference", apart, setting),))


def by_formula(first: Tensor, second: Tensor, temperature: float) -> float:
    """Return the article's loss by its sums, in float64, over 2 num anchors."""
    views = [normalize(side.double(), dim=-1).tolist() for side in (first, second)]
    num = len(first)

    def weight(x: list[float], y: list[float]) -> float:
        return math.exp(sum(a * b for a, b in zip(x, y, strict=True)) / temperature)

    total = 0.0
    for here, there in (views, views[::-1]):
        for i in range(num):
            others = sum(weight(here[i], here[j]) for j in range(num) if j != i)
            total -= math.log(weight(here[i], there[i]) / (others + sum(weight(here[i], row) for row in there)))
    return total / (2 * num)


def by_code(first: Tensor, second: Tensor, temperature: float) -> float:
    """Return the loss as the article's code has it: rows s₁ s₁ s₂ s₂ …, each row's target its neighbour, itself left out."""
    rows = normalize(torch.stack([first, second], dim=1).double().flatten(0, 1), dim=-1)  # (2 num, width)
    places = torch.arange(len(rows))
    targets = places + 1 - 2 * (places % 2)
    scores = (rows @ rows.T / temperature).fill_diagonal_(-math.inf)
    return cross_entropy(scores, targets).item()


def known_losses(setting: Setting) -> Measurement:
    """Views that agree and are orthogonal to all others have the loss log(1 + (2N − 2) e^(−1/τ)); equal vectors log(2N − 1)."""
    num, temperature = setting["batch_size"], setting["temperature"]
    perfect, equal = torch.eye(num), torch.ones(num, WIDTH)
    found = {
        "perfect": info_nce(perfect, perfect, temperature).item(),
        "equal": info_nce(equal, equal, temperature).item(),
    }
    expected = {
        "perfect": math.log1p((2 * num - 2) * math.exp(-1 / temperature)),
        "equal": math.log(2 * num - 1),
    }
    apart = max(abs(found[name] - expected[name]) for name in found)
    reason = {
        "zh": f"N={num}，τ={temperature:g}：理想的批 {found['perfect']:.2e}（应为 {expected['perfect']:.2e}），"
        f"全同的批 {found['equal']:.4f}（应为 {expected['equal']:.4f}）。",
        "en": f"N={num}, τ={temperature:g}: perfect batch {found['perfect']:.2e} (known {expected['perfect']:.2e}), equal vectors "
        f"{found['equal']:.4f} (known {expected['equal']:.4f}).",
    }
    return Measurement(apart < EXACT, reason, tuple(_result(name, value, setting) for name, value in found.items()))


def dropout_makes_the_views(setting: Setting) -> Measurement:
    """Two passes over a text agree without dropout, and differ with the hidden dropout alone."""
    encoder = trainable(load_encoder(setting["encoder"], device="cpu"))
    model = SentenceModel(encoder)
    batch = batch_of(encoder.tokens(TEXTS), list(range(len(TEXTS))))

    def cosine_of_views(hidden: float) -> float:
        torch.manual_seed(setting["seed"])
        with dropout(encoder.model.train(), hidden, 0.0), torch.no_grad():
            views = [model(batch["ids"], batch["mask"]) for _ in range(2)]
        encoder.model.eval()
        return float(torch.cosine_similarity(*views).mean())

    without, with_dropout = cosine_of_views(0.0), cosine_of_views(setting["dropout"])
    reason = {
        "zh": f"同一条文本两遍编码的平均余弦：不用 dropout 为 {without:.6f}，隐层 dropout {setting['dropout']:g} 时为 {with_dropout:.3f}。",
        "en": f"Mean cosine of two passes over one text: {without:.6f} without dropout, {with_dropout:.3f} with a hidden dropout of "
        f"{setting['dropout']:g}.",
    }
    results = (_result("without", without, setting), _result("with", with_dropout, setting))
    return Measurement(abs(1 - without) < EXACT and with_dropout < 1 - EXACT, reason, results)


def only_hidden_dropout_changes(setting: Setting) -> Measurement:
    """Setting the article's rate reaches every dropout of hidden states and leaves that of attention at 0.1."""
    model = trainable(load_encoder(setting["encoder"], device="cpu")).model
    with dropout(model, setting["dropout"], setting["attention_dropout"]):
        rates: dict[bool, set[float]] = {True: set(), False: set()}
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Dropout):
                rates[OF_ATTENTION.search(name) is not None].add(module.p)
    reason = {
        "zh": f"注意力的 dropout：{sorted(rates[True])}；隐层的：{sorted(rates[False])}。",
        "en": f"Dropout of attention: {sorted(rates[True])}; of hidden states: {sorted(rates[False])}.",
    }
    results = (_result("attention", max(rates[True]), setting), _result("hidden", max(rates[False]), setting))
    return Measurement(rates[True] == {0.1} and rates[False] == {0.3}, reason, results)


def _result(name: str, value: float, setting: Setting) -> Result:
    return Result(name=f"simcse/{name}", metric="value", values=(value,), settings=dict(setting.knobs))


CLAIMS = (
    Claim(
        "simcse",
        1,
        {
            "zh": "文章的损失（2N 个视图各做一次锚点，2N−2 个负例）与它的代码是一回事。判据：公式的双重求和、交错排列的代码、"
            "本包的 info_nce 三者相差小于 1e-5。",
            "en": "The article's loss (each of 2N views an anchor, 2N − 2 negatives) and its code are the same. Decided by: the formula's "
            "double sum, the code on interleaved rows and this package's info_nce differ by less than 1e-5.",
        },
        ARTICLE,
        "target of row i: i + 1 − 2 (i mod 2)",
        {"batch_sizes": (2, 3, 8), "temperature": 0.05, "form": "symmetric", "seed": 0},
        formula_and_code,
    ),
    Claim(
        "simcse",
        2,
        {
            "zh": "两种批的损失事先就知道：理想的为 log(1+(2N−2)e^(−1/τ))，全同的为 log(2N−1)。判据：相差小于 1e-5。",
            "en": "Two batches have a loss known beforehand: log(1 + (2N − 2) e^(−1/τ)) where all is as it should be, log(2N − 1) where "
            "all vectors are equal. Decided by: a difference below 1e-5.",
        },
        f"{ARTICLE} (its formula)",
        "log(2N − 1) = 4.84 at N = 64",
        {"batch_size": 64, "temperature": 0.05},
        known_losses,
    ),
    Claim(
        "simcse",
        3,
        {
            "zh": "dropout 就是数据增强：两个视图的差别全由它来。判据：不用时两遍编码的余弦为 1（1e-5 之内），用时小于 1。",
            "en": "Dropout is the augmentation: it alone makes the two views differ. Decided by: the cosine of two passes is 1 (within "
            "1e-5) without it and below 1 with it.",
        },
        ARTICLE,
        None,
        {"encoder": "bundled", "dropout": 0.3, "seed": 0},
        dropout_makes_the_views,
    ),
    Claim(
        "simcse",
        4,
        {
            "zh": "文章所说的 dropout 0.3 只改隐层，注意力的仍是 0.1。判据：训练时各层的 dropout 正是这样。",
            "en": "The article's dropout of 0.3 is that of hidden states alone; that of attention stays 0.1. Decided by: the rates in "
            "force while training.",
        },
        f"{ARTICLE} (its code)",
        "dropout_rate=0.3",
        {"encoder": "bundled", "dropout": 0.3, "attention_dropout": 0.1},
        only_hidden_dropout_changes,
    ),
)
