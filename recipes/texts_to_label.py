"""Which texts to label first: typical ones, ones far from each other, or any; and whether being unsure helps after that.

Task: choose so many of 1000 training texts, learn a linear classifier from them, score it on other training texts.
Data: the training parts of waimai_10k and TNEWS-DataCLUE (BAIHUA_DATA).
Command: python recipes/texts_to_label.py [--draws 10]
Score: mean accuracy over draws of 1000 texts, see results/texts_to_label.
"""

import argparse
from collections.abc import Callable

import numpy as np

from baihua import SentenceEmbedder, TextClassifier
from baihua.benchmarks.classification import read_labelled
from baihua.results import Result
from baihua.tasks.suggest import k_center, suggest_texts

NUM_TEXTS, NUM_SCORED = 1000, 1000
CASES = (("waimai_10k", 10), ("waimai_10k", 20), ("waimai_10k", 40), ("TNEWS-DataCLUE", 30), ("TNEWS-DataCLUE", 60))


def typical(texts: list[str], num: int, draw: int) -> list[int]:
    """What `suggest_texts` takes without a classifier."""
    return [found.row for found in suggest_texts(texts, num, seed=draw)]


def far_apart(texts: list[str], num: int, draw: int) -> list[int]:
    """One by one the text least like those chosen, from a random first one on."""
    order = np.random.default_rng(draw).permutation(len(texts))
    vectors = SentenceEmbedder("bundled").encode([texts[place] for place in order])
    return order[k_center(vectors, num)].tolist()


def random(texts: list[str], num: int, draw: int) -> list[int]:
    """Any."""
    return np.random.default_rng(draw).permutation(len(texts))[:num].tolist()


WAYS: dict[str, Callable[[list[str], int, int], list[int]]] = {
    "typical": typical,
    "far apart": far_apart,
    "random": random,
}


def main() -> None:
    """Try each way on each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10)
    draws = parser.parse_args().draws
    for name, num in CASES:
        found = read_labelled(name, "train")
        pairs = list(dict(zip(found.texts, found.labels, strict=True)).items())
        for way, choose in WAYS.items():
            values = []
            for draw in range(draws):
                order = np.random.default_rng([draw, 1]).permutation(len(pairs))
                mine = [pairs[place] for place in order[:NUM_TEXTS]]
                others = [pairs[place] for place in order[NUM_TEXTS : NUM_TEXTS + NUM_SCORED]]
                chosen = [mine[row] for row in choose([text for text, _ in mine], num, draw)]
                classifier = TextClassifier("bundled").fit(*map(list, zip(*chosen, strict=True)))
                values.append(classifier.evaluate(*map(list, zip(*others, strict=True))).accuracy)
            print(
                f"{name:16} {num:3} {way:10} {100 * np.mean(values):.1f} ± {100 * np.std(values, ddof=1):.1f}",
                flush=True,
            )
            Result(
                name=f"texts_to_label/{name}/train/bundled/{num}/{way.replace(' ', '_')}",
                metric="accuracy",
                values=tuple(values),
                seeds=tuple(range(draws)),
                settings={"num": num, "way": way, "of": NUM_TEXTS, "classifier": "linear"},
                data={found.file: found.revision},
                num_examples=NUM_SCORED,
                command=f"python recipes/texts_to_label.py --draws {draws}",
            ).save("results")


if __name__ == "__main__":
    main()
