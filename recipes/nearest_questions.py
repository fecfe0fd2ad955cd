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

import numpy as np

from baihua import SentenceEmbedder, Whitening
from baihua.benchmarks.sts import read_pairs
from baihua.results import Result
from baihua.tasks.other_half import TOP, unit_rows

NUM_SHOWN = 20
BLOCK = 1000


def partners_of(pairs, place: dict[str, int]) -> dict[int, set[int]]:
    """Questions labelled as meaning the same, by number."""
    partners: dict[int, set[int]] = {}
    for first, second, label in zip(pairs.first, pairs.second, pairs.labels, strict=True):
        if label == 1 and first != second:
            partners.setdefault(place[first], set()).add(place[second])
            partners.setdefault(place[second], set()).add(place[first])
    return partners


def nearest(vectors: np.ndarray, rows: list[int]) -> np.ndarray:
    """The ten nearest others of each row, nearest first, shape (len(rows), 10)."""
    found = []
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        scores = vectors[block] @ vectors.T  # (block, num)
        scores[np.arange(len(block)), block] = -np.inf
        top = np.argpartition(-scores, TOP, axis=1)[:, :TOP]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1)
        found.append(np.take_along_axis(top, order, axis=1))
    return np.concatenate(found)


def main() -> None:
    """Embed, whiten, search, print, save."""
    name = sys.argv[1] if len(sys.argv) > 1 else "bundled"
    pairs = read_pairs("LCQMC")
    questions = list(dict.fromkeys([*pairs.first, *pairs.second]))
    partners = partners_of(pairs, {text: number for number, text in enumerate(questions)})
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
        found = nearest(unit_rows(vectors), asked)
        hits = np.array(
            [[other in partners[row] for other in others] for row, others in zip(asked, found, strict=True)]
        )
        ranks = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0)
        for metric, value in {"accuracy at 1": hits[:, 0].mean(), "mrr@10": ranks.mean()}.items():
            print(f"{way:5} {metric:14} {value:.4f} over {len(asked)} questions")
            Result(
                name=f"nearest_questions/{name}/{way}/{metric.replace(' ', '_')}",
                metric=metric,
                values=(float(value),),
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
