"""The rows of the table of encoders: what each is, opened or made."""

import dataclasses
import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any

import sklearn
import torch
import transformers
from sklearn.feature_extraction.text import TfidfVectorizer

from baihua.encoders.checkpoint import Checkpoint, default_device
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.load import BUNDLED, load_encoder
from baihua.encoders.protocol import Encoder
from baihua.encoders.transformer import TransformerEncoder

NAMES = ("random", "static", "tfidf", "bundled")
POOLING = "embedding_last_mean"  # of every transformer, fixed before measuring; a static encoder only has the mean
SEEDS = (0, 1, 2)  # of random weights
USUAL_STD = 0.02  # BERT's own initialisation


@dataclasses.dataclass(frozen=True)
class Contender:
    """One row of the tables.

    Args:
        name: what to call it.
        encoders: one for each seed of its weights; empty for TF-IDF, whose vectors depend on the texts at hand.
        masked: a masked language model and its tokenizer for each of the encoders; empty where there is none.
        fingerprint: of all of them.
    """

    name: str
    encoders: tuple[Encoder, ...]
    masked: tuple[tuple[Any, Any], ...]
    fingerprint: str

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of its weights; none where the weights are given."""
        return tuple(range(len(self.encoders))) if len(self.encoders) > 1 else ()


def tfidf() -> TfidfVectorizer:
    """Weights of character 2- to 4-grams, lower-cased and NFKC."""
    return TfidfVectorizer(
        analyzer="char", ngram_range=(2, 4), preprocessor=lambda text: unicodedata.normalize("NFKC", text).lower()
    )


def make_contender(name: str, folders: Mapping[str, str]) -> Contender:
    """Open or make the encoders of a row; ``folders`` says where those lie that are not in the package."""
    if name == "tfidf":
        return Contender(name, (), (), f"scikit-learn {sklearn.__version__} TfidfVectorizer char 2-4 NFKC lower")
    if name == "static":
        encoder = load_encoder("static")
        return Contender(name, (encoder,), (), encoder.fingerprint())
    if name == "random":
        models = tuple(random_model(seed) for seed in SEEDS)
    else:
        models = (open_masked_model(BUNDLED if name == "bundled" else folders[name]),)
    encoders = tuple(
        TransformerEncoder(Checkpoint(model.base_model, tokenizer, None), name, POOLING) for model, tokenizer in models
    )
    fingerprints = [encoder.fingerprint() for encoder in encoders]
    joined = hashlib.sha256("".join(fingerprints).encode()).hexdigest() if len(encoders) > 1 else fingerprints[0]
    return Contender(name, encoders, models, joined)


def random_model(seed: int) -> tuple[Any, Any]:
    """The bundled architecture and tokenizer with weights drawn as transformers usually does."""
    config = transformers.AutoConfig.from_pretrained(BUNDLED, local_files_only=True)
    config.initializer_range = USUAL_STD
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.AutoModelForMaskedLM.from_config(config)
    tokenizer = transformers.AutoTokenizer.from_pretrained(BUNDLED, local_files_only=True)
    return model.to(default_device()).eval(), tokenizer
