"""All verbs, in the order the help page shows them. A verb imports what it runs on only when it runs."""

from baihua.cli import (
    calibrate,
    cluster,
    convert,
    data,
    dedupe,
    demo,
    doctor,
    embed,
    evaluate,
    index,
    pretrain,
    report,
    search,
    similarity,
    study,
    train,
)
from baihua.cli.root import app

__all__ = [
    "app",
    "calibrate",
    "cluster",
    "convert",
    "data",
    "dedupe",
    "demo",
    "doctor",
    "embed",
    "evaluate",
    "index",
    "pretrain",
    "report",
    "search",
    "similarity",
    "study",
    "train",
]
