"""Extractors that several files look at, trained once, when the first test asks for them."""

import pytest
from tasks.marked_sentences import ENTITIES, LEARNED, SMALL_ENTITIES, SMALL_TEXTS, TEXTS, small
from tiny_models import make_bert

from baihua.encoders.load import load_encoder
from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings


@pytest.fixture(scope="session")
def extractors():
    """One of each head, of the bundled encoder and windows of 64 tokens, that knows the sentences by heart."""
    trained = {}
    for head in HEADS:
        settings = ExtractionSettings(epochs=8, batch_size=4, max_width=12)
        made = EntityExtractor(load_encoder("bundled", max_length=64, device="cpu"), head, settings=settings)
        texts, entities = zip(*LEARNED, *zip(TEXTS, ENTITIES, strict=True), strict=True)
        trained[head] = made.fit(texts, entities, show_progress=False)
    return trained


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory):
    """A tiny random BERT that reads 32 tokens."""
    folder = tmp_path_factory.mktemp("small") / "model"
    make_bert(folder, num_hidden_layers=1)
    return folder


@pytest.fixture(scope="session")
def beginner(small_folder):
    """A tiny one that has not learned much and is unsure of everything."""
    return small(small_folder, epochs=12, batch_size=2).fit(SMALL_TEXTS, SMALL_ENTITIES, show_progress=False)
