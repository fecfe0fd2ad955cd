"""Claims that need a model this package does not carry."""

from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.whitening.rows import cells
from baihua.studies.whitening.scoring import ARTICLE, PREDECESSOR


def supervised_needs_none(setting: Setting) -> Measurement:
    """Whitening lowers a supervised encoder on every one of the sets; needs such an encoder."""
    if not setting["encoder"]:
        return Measurement(
            None,
            {
                "zh": "需要 SimBERT 一类用标注训练过的编码器，本包不带。有的话请加 --set encoder=文件夹。",
                "en": "It needs an encoder trained with labels, such as SimBERT, which is not in this package. "
                "If you have one, add --set encoder=FOLDER.",
            },
        )
    table = cells(setting, [(setting["encoder"], setting["pooling"])], setting["sets"])
    lowered = [cell.dataset for cell in table if cell.full < cell.raw]
    listed = ", ".join(f"{cell.dataset} {cell.text}" for cell in table)
    reason = {
        "zh": f"{len(table)} 个数据集中 {len(lowered)} 个降低；原始/全维/k 维：{listed}。",
        "en": f"{len(lowered)} of {len(table)} sets drop; raw / full / k: {listed}.",
    }
    return Measurement(len(lowered) == len(table), reason, tuple(result for cell in table for result in cell.results))


def beats_a_flow(setting: Setting) -> Measurement:
    """The comparison with BERT-flow, which would need a trained flow and English sets."""
    return Measurement(
        None,
        {
            "zh": "需要训练好的 BERT-flow、英文 BERT 与英文数据集；本包只做中文，也不含流模型。",
            "en": "It needs a trained BERT-flow, an English BERT and the English sets; this package is about Chinese "
            "and has no flow.",
        },
    )


CLAIMS = (
    Claim(
        "whitening",
        23,
        {
            "zh": "用标注训练过的编码器（SimBERT）不需要白化。判据：ATEC、BQ、LCQMC 上全维白化全部降低。",
            "en": "An encoder trained with labels (SimBERT) needs no whitening. "
            "Decided by: full whitening lowers ATEC, BQ and LCQMC.",
        },
        ARTICLE,
        "12 SimBERT rows, full ≥ raw: ATEC 0, BQ 0, LCQMC 0; SimBERT-P1 ATEC 38.50 / 23.64 / 30.79",
        {"encoder": "", "pooling": "cls", "k": 256, "sets": ("ATEC", "BQ", "LCQMC")},
        supervised_needs_none,
    ),
    Claim(
        "whitening",
        24,
        {
            "zh": "一个线性变换就能达到 BERT-flow 的效果。",
            "en": "A linear map does as well as BERT-flow.",
        },
        PREDECESSOR,
        "STS-B, BERT-base: flow 70.72, whitening 71.20",
        {},
        beats_a_flow,
    ),
)
