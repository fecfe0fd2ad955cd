"""The tour on the sphere: one direction turned into another, and codes of sentences that cannot be left unused."""

import torch
from torch import Tensor

from baihua.language import say
from baihua.maths.rotation import rotate
from baihua.maths.sphere import unit
from baihua.studies.tour.examples import load_sentences
from baihua.studies.tour.part import TourPart
from baihua.tasks.generate import AutoencoderSettings, VariationalAutoencoder

WIDTH = 256
FROM_OPPOSITE = 1e-6  # radians: nearly opposite vectors, where the usual formula divides by next to nothing
# Small, for the tour; `baihua study vmf-vae` trains in earnest.
SETTINGS = AutoencoderSettings(hidden_size=64, embedding_size=32, max_length=20, steps=50, learning_rate=5e-3)
CODE_WIDTH = 8


def rotation_part() -> TourPart:
    """Turn a unit vector into one that is nearly opposite, by two mirrors and by the formula of textbooks."""
    generator = torch.Generator().manual_seed(0)
    a, other = unit(torch.randn(2, WIDTH, generator=generator, dtype=torch.float64))
    across = unit(other - (other @ a) * a)
    b = -torch.cos(torch.tensor(FROM_OPPOSITE)) * a + torch.sin(torch.tensor(FROM_OPPOSITE)) * across
    b = unit(b)
    ours = float(torch.linalg.vector_norm(rotate(a, a, b) - b))
    theirs = float(torch.linalg.vector_norm(_textbook(a, a, b) - b))
    line = say(
        zh=f"{WIDTH} 维里，把一个方向转到几乎相反的方向（差 {FROM_OPPOSITE:g} 弧度）：rotate 落点误差 {ours:.0e}，"
        f"教科书公式 {theirs:.0e}。",
        en=f"In {WIDTH} dimensions, turning a direction into one nearly opposite ({FROM_OPPOSITE:g} radians off): rotate "
        f"arrives within {ours:.0e}, the textbook formula within {theirs:.0e}.",
    )
    title = say(zh="转到另一个方向", en="One direction into another")
    return TourPart(title, [line], {"rotation_error": ours, "textbook_error": theirs})


def _textbook(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Map x by I + K + K²/(1 + a·b) with K = ba' − ab', as Rodrigues' formula is usually written."""

    def turn(v: Tensor) -> Tensor:
        return b * (a @ v) - a * (b @ v)

    return x + turn(x) + turn(turn(x)) / (1 + a @ b)


def codes_part() -> TourPart:
    """Train a small autoencoder of sentences with a Gaussian code, and one with a code on the sphere."""
    texts = [sentence.text for sentence in load_sentences()]
    found = {}
    for latent in ("gaussian", "von_mises_fisher"):
        model = VariationalAutoencoder(latent, CODE_WIDTH, settings=SETTINGS).fit(texts, show_progress=False)
        found[latent] = model.evaluate(texts).divergence
    gaussian, sphere = found["gaussian"], found["von_mises_fisher"]
    line = say(
        zh=f"{len(texts)} 句话训练 {SETTINGS.steps} 步的小自编码器：高斯编码只用了 {gaussian:.3f} nat（解码器学会了不看它），"
        f"球面上的 vMF 编码恒为 {sphere:.3f} nat，想不用也不行。完整的复验：baihua study vmf-vae",
        en=f"A small autoencoder of {len(texts)} sentences after {SETTINGS.steps} steps: its Gaussian code carries {gaussian:.3f} "
        f"nats (the decoder has learned to do without), its vMF code on the sphere {sphere:.3f}, a constant that cannot be left "
        "unused. In earnest: baihua study vmf-vae",
    )
    numbers = {f"{latent}_divergence": value for latent, value in found.items()}
    return TourPart(say(zh="用不用编码", en="A code that is used"), [line], numbers)
