"""Chinese language understanding in plain language: embed, whiten and measure Chinese text, offline."""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from baihua.encoders.load import load_encoder
    from baihua.maths.hyperspherical_uniform import HypersphericalUniform
    from baihua.maths.von_mises_fisher import VonMisesFisher
    from baihua.maths.whitening import Whitening
    from baihua.tasks.answer import AnswerFinder
    from baihua.tasks.choose import ChoiceRanker
    from baihua.tasks.classify import TextClassifier
    from baihua.tasks.embed import SentenceEmbedder
    from baihua.tasks.extract import EntityExtractor
    from baihua.tasks.generate import VariationalAutoencoder
    from baihua.tasks.prompt_classify import PromptClassifier
    from baihua.tasks.search import SentenceIndex
    from baihua.text.entities import Entity

__all__ = [
    "AnswerFinder",
    "ChoiceRanker",
    "Entity",
    "EntityExtractor",
    "HypersphericalUniform",
    "PromptClassifier",
    "SentenceEmbedder",
    "SentenceIndex",
    "TextClassifier",
    "VariationalAutoencoder",
    "VonMisesFisher",
    "Whitening",
    "load_encoder",
]

# Where each public name lives. Names are looked up on first use (PEP 562), so that `baihua --help` imports no torch.
_HOMES = {
    "AnswerFinder": "baihua.tasks.answer",
    "ChoiceRanker": "baihua.tasks.choose",
    "Entity": "baihua.text.entities",
    "EntityExtractor": "baihua.tasks.extract",
    "HypersphericalUniform": "baihua.maths.hyperspherical_uniform",
    "PromptClassifier": "baihua.tasks.prompt_classify",
    "SentenceEmbedder": "baihua.tasks.embed",
    "SentenceIndex": "baihua.tasks.search",
    "TextClassifier": "baihua.tasks.classify",
    "VariationalAutoencoder": "baihua.tasks.generate",
    "VonMisesFisher": "baihua.maths.von_mises_fisher",
    "Whitening": "baihua.maths.whitening",
    "load_encoder": "baihua.encoders.load",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'baihua' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
