"""What does the guard do in a SimCSE training that goes on far too long?

Task: train the bundled encoder on sentences of STS-B for twenty rounds, with the article's dropout and with more, with the
    guard and without it; Spearman on STS-B's valid pairs before and after.
Data: STS-B valid (BAIHUA_DATA or `baihua data download STS-B`); its sentences, labels unused.
Command: python recipes/collapse_guard.py [--sentences 1000] [--epochs 20] [--dropout 0.3 0.5] [--pooling cls]
Score: Spearman before, with the guard and without it, and every look of the guard, in results/collapse_guard.
"""

import argparse
import warnings
from dataclasses import asdict

from baihua.benchmarks.agreement import spearman
from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.results import Result
from baihua.tasks.contrastive.settings import ContrastiveSettings
from baihua.tasks.embed import SentenceEmbedder

GUARD_EVERY = 40


def correlation(embedder: SentenceEmbedder, pairs: Pairs) -> float:
    """Spearman of the cosines with the labels."""
    return spearman(embedder.similarity_pairwise(pairs.first, pairs.second), pairs.labels)


def main() -> None:
    """Train with and without the guard for each rate of dropout, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sentences", type=int, default=1000)
    options.add_argument("--epochs", type=int, default=20)
    options.add_argument("--dropout", type=float, nargs="+", default=[0.3, 0.5])
    options.add_argument("--pooling", default="cls")
    given = options.parse_args()
    warnings.simplefilter("ignore")
    pairs = read_pairs("STS-B")
    texts = [*pairs.first, *pairs.second]
    before = correlation(SentenceEmbedder("bundled", pooling=given.pooling), pairs)
    for rate in given.dropout:
        for every in (GUARD_EVERY, 0):
            embedder = SentenceEmbedder("bundled", pooling=given.pooling)
            settings = ContrastiveSettings(given.sentences, given.epochs, guard_every=every)
            embedder.fit_simcse(texts, hidden_dropout=rate, settings=settings)
            report = embedder.contrastive_report
            after = correlation(embedder, pairs)
            kept = report.kept.step if report.kept is not None else None
            way = "guarded" if every else "unguarded"
            steps = report.looks[-1].step if report.looks else int(report.log[-1]["step"])
            print(
                f"dropout {rate:g} {way}: {before:.4f} -> {after:.4f}, steps {steps}, kept {kept}, early {report.stopped_early}"
            )
            Result(
                name=f"collapse_guard/{given.pooling}/dropout-{rate:g}/{way}",
                metric="spearman",
                values=(after,),
                seeds=(settings.seed,),
                settings={
                    "before": before,
                    "hidden_dropout": rate,
                    "pooling": given.pooling,
                    **asdict(settings),
                    "stopped_early": report.stopped_early,
                    "kept_step": kept,
                    "looks": [asdict(look) for look in report.looks],
                },
                data={pairs.file: f"sha256:{pairs.revision}"},
                num_examples=len(pairs),
            ).save("results")


if __name__ == "__main__":
    main()
