"""The article's loss beside n² independent sigmoids, on the weather reports of `baihua.studies.globalpointer.weather`."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from baihua.encoders.load import load_encoder
from baihua.nn.global_pointer import GlobalPointer
from baihua.nn.span_scores import check_spans
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.globalpointer.exact import LOSS_ARTICLE
from baihua.studies.globalpointer.weather import LEARNED, NUM_TEST, UNSEEN, make_reports
from baihua.tasks.contrastive.trained_part import trainable
from baihua.tasks.extraction.model import ExtractionModel
from baihua.tasks.extraction.predicting import entities_of, find_spans
from baihua.tasks.extraction.rows import make_rows
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.tasks.extraction.training import train_model
from baihua.tasks.extraction.windows import make_windows
from baihua.tasks.seeded import seeded
from baihua.training.span_metrics import score_entities

AHEAD = 0.1  # in F1, at the fewest epochs


class SigmoidPointer(GlobalPointer):
    """GlobalPointer with the mean binary cross-entropy of all spans in the place of its loss."""

    def loss(self, states: Tensor, lengths: Tensor, spans: Tensor) -> Tensor:
        """Return the mean over all spans of all types."""
        scores = self(states, lengths)  # (batch, types, length, length)
        labels = torch.zeros_like(scores)
        labels[tuple(check_spans(spans, lengths, self.num_types, self.max_width).T)] = 1
        kept = scores > -torch.inf
        return binary_cross_entropy_with_logits(scores[kept], labels[kept])


def sigmoids_learn_late(setting: Setting) -> Measurement:
    """After a few epochs the article's loss is far ahead of independent sigmoids, which begin by answering nothing."""
    kinds = {"multilabel": GlobalPointer, "sigmoids": SigmoidPointer}
    found: dict[str, dict[int, list[float]]] = {
        name: {epochs: [_f1(kind, epochs, seed, setting) for seed in setting["seeds"]] for epochs in setting["epochs"]}
        for name, kind in kinds.items()
    }
    results = {
        (name, epochs): Result(
            f"globalpointer/{name}/epochs={epochs}", "f1", tuple(values), tuple(setting["seeds"]), dict(setting.knobs)
        )
        for name, rows in found.items()
        for epochs, values in rows.items()
    }
    listed = "; ".join(
        f"{epochs}: {' / '.join(f'{100 * results[name, epochs].mean:.1f}' for name in kinds)}"
        for epochs in setting["epochs"]
    )
    reason = {
        "zh": f"{setting['num_train']} 条天气预报，F1，文章的损失 / 独立 sigmoid，按轮数：{listed}。",
        "en": f"{setting['num_train']} weather reports, F1, the article's loss / independent sigmoids, by epochs: {listed}.",
    }
    first = min(setting["epochs"])
    gap = results["multilabel", first].mean - results["sigmoids", first].mean
    return Measurement(gap >= AHEAD, reason, tuple(results.values()))


def _f1(kind: type[GlobalPointer], epochs: int, seed: int, setting: Setting) -> float:
    """Train on reports and return F1 on places never seen."""
    train = make_reports(setting["num_train"], LEARNED, 1000 + seed, setting["places"])
    test = make_reports(NUM_TEST, UNSEEN, 0, setting["places"])
    settings = ExtractionSettings(epochs=epochs, seed=seed, batch_size=8)
    encoder = trainable(load_encoder(setting["encoder"], device="cpu"))
    model: Any = encoder.model
    types = train.types

    def windows_of(texts: list[str]) -> list[Any]:
        return make_windows(encoder.backend(), texts, encoder.max_length, 0)

    with seeded(seed):
        pointer = ExtractionModel(model, kind(int(model.config.hidden_size), len(types)))
        rows = make_rows(windows_of(train.texts), train.entities, types, None)
        train_model(pointer, rows, settings, None, show_progress=False)
    spans = find_spans(pointer, windows_of(test.texts), [0.0] * len(types))
    return score_entities(entities_of(spans, NUM_TEST, types, "nested"), test.entities).f1


CLAIMS = (
    Claim(
        "globalpointer",
        7,
        {
            "zh": "把 n(n+1)/2 个片段当独立的二分类，类别极不均衡，学不好。判据：训练轮数最少时，F1 至少比文章的损失低 10 点。",
            "en": "n(n + 1)/2 independent yes-or-no questions are hopelessly unbalanced. Decided by: at the fewest epochs F1 is at least "
            "10 points below that of the article's loss.",
        },
        LOSS_ARTICLE,
        None,
        {"encoder": "bundled", "num_train": 60, "places": 6, "epochs": (3, 10), "seeds": (0, 1, 2)},
        sigmoids_learn_late,
    ),
)
