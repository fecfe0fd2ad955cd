"""All verbs, in the order the help page shows them. A verb imports what it runs on only when it runs."""

from baihua.cli import convert, data, demo, embed, evaluate, pretrain, report, similarity, study
from baihua.cli.root import app

__all__ = ["app", "convert", "data", "demo", "embed", "evaluate", "pretrain", "report", "similarity", "study"]
