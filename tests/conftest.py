"""Fixtures shared by all tests: one language, one seed, and tiny random models."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import make_bert

from baihua.language import set_language


@pytest.fixture(autouse=True)
def _english_and_seeded(monkeypatch):
    """Messages are matched in English unless a test asks otherwise, and randomness starts from one place."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    set_language("en")
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - scikit-learn's own checks draw from it
    yield
    set_language(None)


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory) -> Path:
    """A folder with a tiny random BERT that has a pooler."""
    folder = tmp_path_factory.mktemp("bert") / "model"
    make_bert(folder)
    return folder


@pytest.fixture(scope="session")
def masked_folder(tmp_path_factory) -> Path:
    """A folder with a tiny random masked language model: no pooler, all names beginning with ``bert.``."""
    folder = tmp_path_factory.mktemp("masked") / "model"
    make_bert(folder, "BertForMaskedLM")
    return folder
