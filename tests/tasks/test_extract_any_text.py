"""Any text at all: random characters of every kind never break an extractor, and what it finds lies in the text."""

import random
import re

import pytest
from tasks.marked_sentences import ENTITIES, TEXTS, exactly

from baihua.tasks.extract import EntityExtractor
from baihua.tasks.extraction.settings import HEADS, ExtractionSettings

RANGES = [
    (0x4E00, 0x9FFF),
    (0x20, 0x7E),
    (0x1F300, 0x1FAFF),
    (0xFF01, 0xFF5E),
    (0x200B, 0x200F),
    (0x0, 0x1F),
    (0x80, 0x9F),
]
RANGES += [(0x590, 0x6FF), (0x300, 0x36F), (0xD800, 0xDFFF), (0x20000, 0x2A6DF), (0x3000, 0x33FF), (0xAC00, 0xD7A3)]
RANGES += [(0xE000, 0xF8FF), (0xFE00, 0xFE0F), (0x202A, 0x202E), (0xF900, 0xFAFF), (0x1F1E6, 0x1F1FF), (0x0, 0x10FFFF)]
CHUNKS = [
    "小王",
    "北京大学",
    "南京",
    "，",
    "。",
    " ",
    "\r\n",
    "👨‍🚒",
    "🙂",
    "\ufeff",
    "\u200b",
    "[SEP]",
    "[MASK]",
    "ＡＢ",
    "12.5",
]


def any_text(rng, length):
    """Random characters of some ranges, with known words between."""
    ranges = rng.sample(RANGES, k=3)
    parts = [rng.choice(CHUNKS) if rng.random() < 0.4 else chr(rng.randint(*rng.choice(ranges))) for _ in range(length)]
    return "".join(parts)[:length]


def check_any(extractor, texts):
    """Predict, check everything that can be checked without knowing the answer, and return how many were found."""
    found = extractor.predict(texts, show_progress=False)
    assert len(found) == len(texts)
    for text, mine in zip(texts, found, strict=True):
        assert mine == sorted(set(mine))
        for one in mine:
            assert 0 <= one.start < one.end <= len(text)
            assert one.type in extractor.entity_types
            assert 0 <= one.score <= 1
    readable = [re.sub("[\ud800-\udfff]", "\ufffd", text) for text in texts]
    assert readable != texts
    assert exactly(extractor.predict(readable, show_progress=False)) == exactly(found)
    return sum(map(len, found))


@pytest.fixture(scope="module")
def talkative():
    """One that answers a lot."""
    settings = ExtractionSettings(epochs=1, batch_size=2, max_width=12)
    made = EntityExtractor("bundled", settings=settings, device="cpu").fit(TEXTS, ENTITIES, show_progress=False)
    made.thresholds = dict.fromkeys(made.thresholds, 0.3)
    return made


def test_any_text(talkative, extractors):
    rng = random.Random(0)
    texts = [any_text(rng, rng.randint(0, 60)) for _ in range(300)] + [any_text(rng, 1500)]
    assert check_any(talkative, texts) > 3000
    for head in HEADS:
        assert check_any(extractors[head], texts[:100]) > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_any_text_by_the_thousand(talkative, seed):
    rng = random.Random(seed)
    texts = [any_text(rng, rng.randint(0, 200)) for _ in range(1000)] + [any_text(rng, 5000) for _ in range(8)]
    assert check_any(talkative, texts) > 10_000
