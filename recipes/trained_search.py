"""Is a library searched better after SimCSE on its own texts?

Task: train the bundled encoder on the texts of a library, without labels, and ask the library before and after; by cosine
    alone (vector) and together with the order by words (hybrid, the default).
Data: the tour's sentences and queries, which come with the package; LCQMC and BQ valid (BAIHUA_DATA or `baihua data
    download LCQMC BQ`): first sentences of pairs labelled 1 ask, all second sentences are the library.
Command: python recipes/trained_search.py [--sets tour LCQMC BQ] [--ways before guarded unguarded] [--seeds 3]
Score: Recall@1 and MRR@10, a value per seed of the training, in results/trained_search/SET/WAY/MODE.
"""

import argparse
import tempfile
import time
import warnings
from pathlib import Path

from baihua import SentenceEmbedder, SentenceIndex
from baihua.benchmarks.library_retrieval import ASK_FOR, LibraryQuestions, library_questions, library_scores
from baihua.benchmarks.pairs import read_pairs
from baihua.results import Result
from baihua.studies.tour.examples import load_queries, load_sentences
from baihua.tasks.contrastive.settings import ContrastiveSettings

SETS, MODES = ("tour", "LCQMC", "BQ"), ("vector", "hybrid")
WAYS = {
    "before": None,
    "guarded": ContrastiveSettings().guard_every,
    "unguarded": 0,
}  # steps between looks of the guard
METRICS = ("recall_at_1", "mrr_at_10")


def questions_of(name: str) -> tuple[LibraryQuestions, dict[str, str]]:
    """Return what is asked of which library, and of which file that is."""
    if name != "tour":
        pairs = read_pairs(name)
        return library_questions(pairs), {pairs.file: f"sha256:{pairs.revision}"}
    sentences, queries = load_sentences(), load_queries()
    row = {sentence.id: number for number, sentence in enumerate(sentences)}
    partners = [{row[answer] for answer in query.answers} for query in queries]
    return LibraryQuestions([query.text for query in queries], [sentence.text for sentence in sentences], partners), {}


def ask(embedder: SentenceEmbedder, questions: LibraryQuestions) -> dict[tuple[str, str], float]:
    """Make a library, ask all queries in every mode, and return the scores by mode and metric."""
    found = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        SentenceIndex.create(Path(folder) / "library.db", embedder) as index,
    ):
        index.add(questions.library, keys=range(len(questions.library)))
        for mode in MODES:
            answers = index.search(questions.queries, top_k=ASK_FOR, mode=mode)
            scores = library_scores(questions, [[int(hit.key) for hit in hits] for hits in answers])
            found |= {(mode, metric): getattr(scores, metric) for metric in METRICS}
    return found


def measure(questions: LibraryQuestions, way: str, num_seeds: int) -> list[dict[tuple[str, str], float]]:
    """Ask the library of the encoder as it is, or of one trained on its texts as `baihua train embed` does, per seed."""
    every = WAYS[way]
    if every is None:
        return [ask(SentenceEmbedder("bundled"), questions)]
    found = []
    for seed in range(num_seeds):
        settings = ContrastiveSettings(seed=seed, guard_every=every)
        embedder = SentenceEmbedder("bundled").fit_simcse(questions.library, settings=settings, show_progress=False)
        found.append(ask(embedder, questions))
    return found


def main() -> None:
    """Measure every set before and after, print and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    options.add_argument("--ways", nargs="+", default=tuple(WAYS), choices=WAYS)
    options.add_argument("--seeds", type=int, default=3)
    given = options.parse_args()
    warnings.simplefilter("ignore")
    for name in given.sets:
        questions, data = questions_of(name)
        for way in given.ways:
            started = time.perf_counter()
            scores = measure(questions, way, given.seeds)
            for mode, metric in scores[0]:
                result = Result(
                    name=f"trained_search/{name}/{way}/{mode}/{metric}",
                    metric=metric,
                    values=tuple(run[mode, metric] for run in scores),
                    seeds=() if way == "before" else tuple(range(given.seeds)),
                    settings={"encoder": "bundled", "mode": mode, "library": len(questions.library)},
                    data=data,
                    num_examples=len(questions.queries),
                    seconds=round(time.perf_counter() - started, 1),
                    command="python recipes/trained_search.py",
                )
                result.save("results")
                values = " ".join(f"{100 * value:.2f}" for value in result.values)
                print(f"{name:6} {way:7} {mode:7} {metric:12} {values}", flush=True)


if __name__ == "__main__":
    main()
