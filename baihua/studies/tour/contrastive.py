"""The stop of the tour that trains: a few steps of SimCSE on its own sentences, beside what whitening does to them."""

import warnings

from baihua.language import say
from baihua.maths.isotropy import average_cosine
from baihua.studies.tour.examples import load_queries, load_sentences
from baihua.studies.tour.part import TourPart
from baihua.studies.tour.scores import Scores, rank_answers, reciprocal_ranks
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.embed import SentenceEmbedder

# One round of five steps: enough to see what moves, over in some seconds. A guard would find too few texts to judge by.
SETTINGS = ContrastiveSettings(max_length=32, guard_every=0)


def simcse_part(raw: Scores, whitened: Scores) -> TourPart:
    """Train the bundled encoder on the tour's sentences and look again.

    Args:
        raw: of the encoder as it is.
        whitened: of its vectors in the tour's setting of whitening.
    """
    sentences, queries = load_sentences(), load_queries()
    texts = [sentence.text for sentence in sentences]
    embedder = SentenceEmbedder("bundled", device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedder.fit_simcse(texts, settings=SETTINGS, show_progress=False)
    vectors = embedder.encode(texts, show_progress=False)
    asked = embedder.encode([query.text for query in queries], show_progress=False)
    found = float(reciprocal_ranks(rank_answers(asked, vectors), queries, sentences).mean())
    cosine = average_cosine(vectors)
    steps = -(-len(texts) // SETTINGS.batch_size)
    before, white = raw.numbers, whitened.numbers
    line = say(
        zh=f"在这 {len(texts)} 句上训练 {steps} 步（SimCSE，不用标签）：平均余弦 {before['average_cosine']:.2f} → {cosine:.2f}"
        f"（白化后 {white['average_cosine']:.2f}），MRR@10 {100 * before['mrr_at_10']:.1f} → {100 * found:.1f}"
        f"（白化后 {100 * white['mrr_at_10']:.1f}）。自己的文本多，才值得训练：baihua train embed；论断：baihua study simcse",
        en=f"{steps} steps of training on these {len(texts)} sentences (SimCSE, without labels): average cosine "
        f"{before['average_cosine']:.2f} → {cosine:.2f} (whitened {white['average_cosine']:.2f}), MRR@10 {100 * before['mrr_at_10']:.1f} → "
        f"{100 * found:.1f} (whitened {100 * white['mrr_at_10']:.1f}). Training pays with more text of one's own: baihua train embed; the "
        "claims: baihua study simcse",
    )
    title = say(zh="训练几步", en="A few steps of training")
    return TourPart(title, [line], {"simcse_mrr_at_10": found, "simcse_average_cosine": cosine})
