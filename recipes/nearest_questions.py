"""The main job on real input: embed the questions of LCQMC, whiten them, and find the neighbours of twenty.

Task: for a question, the question among all others that means the same.
Data: LCQMC valid, 8 802 labelled pairs (BAIHUA_DATA or `baihua data download LCQMC`).
Command: python recipes/nearest_questions.py [ENCODER]
Score: share of the questions with a labelled partner whose nearest neighbour is such a partner (accuracy at 1) and
    MRR@10, raw and whitened; see results/nearest_questions. Twenty questions drawn with seed 0 are printed.
"""

import random
import sys
import time

from baihua import SentenceEmbedder, Whitening
from baihua.benchmarks.retrieval import distinct_questions, nearest_others, partner_hits, partners_of, scores_of_hits
from baihua.benchmarks.sts import read_pairs
from baihua.results import Result

NUM_SHOWN = 20


def main() -> None:
    """Embed, whiten, search, print, save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    pairs = read_pairs("LCQMC")
    questions, partners = distinct_questions(pairs), partners_of(pairs)
    asked = sorted(partners)
    embedder = SentenceEmbedder(name)
    started = time.perf_counter()
    raw = embedder.encode(questions, normalize=False)
    seconds = time.perf_counter() - started
    print(f"{len(pairs.first)} pairs, {len(questions)} distinct questions embedded in {seconds:.1f} s")
    shown = random.Random(0).sample(range(len(asked)), NUM_SHOWN)
    columns = {}
    for way, vectors in {
        "raw": raw,
        "full": Whitening().fit(raw).transform(raw),
        "128": Whitening(128).fit(raw).transform(raw),
    }.items():
        found = nearest_others(vectors, asked)
        hits = partner_hits(found, partners)
        scores = scores_of_hits(hits)
        for metric, value in {"accuracy at 1": scores.accuracy, "mrr@10": scores.mrr}.items():
            print(f"{way:5} {metric:14} {value:.4f} over {len(asked)} questions")
            Result(
                name=f"nearest_questions/{name}/{way}/{metric.replace(' ', '_')}",
                metric=metric,
                values=(value,),
                settings={"encoder": name, "pooling": embedder.encoder.pooling, "whitening": way},
                data={"LCQMC.valid.data": pairs.revision},
                num_examples=len(asked),
                seconds=seconds,
                command=f"python recipes/nearest_questions.py {name}",
            ).save("results")
        columns[way] = [(questions[found[row, 0]], bool(hits[row, 0])) for row in shown]
    for number, row in enumerate(shown):
        print(f"\n{questions[asked[row]]}")
        for way, answers in columns.items():
            text, right = answers[number]
            print(f"  {way:5} {'+' if right else ' '} {text}")


if __name__ == "__main__":
    main()
