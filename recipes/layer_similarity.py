"""Which layer of a transformer makes the best sentence vectors without labels?

Task: Spearman of the cosine with the label on the valid splits of the five similarity sets, of the mean over the tokens of
    each layer (0 is the embedding layer) and of the mean of the embedding layer and each other, raw and whitened on the
    same sentences.
Data: ATEC, BQ, LCQMC, PAWSX, STS-B (BAIHUA_DATA or `baihua data download`); at most --pairs of each, evenly spread.
Command: python recipes/layer_similarity.py FOLDER NAME [--pairs 1000]
    FOLDER is a model's; NAME is what to call it in results/layer_similarity.
Score: the mean of the five sets; see docs/pretraining.md.
"""

import argparse
import warnings

import numpy as np
import torch

from baihua.benchmarks.agreement import spearman
from baihua.benchmarks.pairs import STS_SETS, read_pairs
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.pooling import mean_pooling
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.tasks.other_half import unit_rows

BATCH, LONGEST = 64, 128


@torch.inference_mode()
def layer_means(folder: str, texts: list[str]) -> np.ndarray:
    """Return the mean token vector of every layer, shape ``(num_layers + 1, num_texts, width)``."""
    model, tokenizer = open_masked_model(folder, "cpu")
    found = []
    for start in range(0, len(texts), BATCH):
        some = texts[start : start + BATCH]
        inputs = tokenizer(some, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
        inputs.pop("token_type_ids", None)
        states = model.base_model(**inputs, output_hidden_states=True).hidden_states
        found.append(torch.stack([mean_pooling(layer, inputs["attention_mask"]) for layer in states]))
    return torch.cat(found, dim=1).numpy()


def main() -> None:
    """Measure every layer and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder")
    options.add_argument("name")
    options.add_argument("--pairs", type=int, default=1000)
    given = options.parse_args()
    warnings.simplefilter("ignore", EmptyDirections)
    scores: dict[str, list[float]] = {}
    data = {}
    for name in STS_SETS:
        pairs = read_pairs(name).thin(given.pairs)
        data[pairs.file] = pairs.revision
        texts = sorted({*pairs.first, *pairs.second}, key=len)
        place = {text: row for row, text in enumerate(texts)}
        layers = layer_means(given.folder, texts)
        ways = {str(number): layer for number, layer in enumerate(layers)}
        ways |= {f"0+{number}": layers[0] + layers[number] for number in range(1, len(layers))}
        for way, vectors in ways.items():
            first, second = (vectors[[place[text] for text in side]] for side in (pairs.first, pairs.second))
            whitening = Whitening().fit(np.concatenate([first, second]))
            for kind, one, other in (
                ("raw", first, second),
                ("full", whitening.transform(first), whitening.transform(second)),
            ):
                scores.setdefault(f"{way}/{kind}", []).append(
                    spearman((unit_rows(one) * unit_rows(other)).sum(axis=1), pairs.labels)
                )
    for way, values in scores.items():
        print(f"{way:10} {100 * np.mean(values):.2f}")
        Result(
            name=f"layer_similarity/{given.name}/{way}",
            metric="spearman",
            values=(float(np.mean(values)),),
            settings={"sets": dict(zip(STS_SETS, values, strict=True)), "split": "valid", "pairs": given.pairs},
            data=data,
            num_examples=given.pairs * len(STS_SETS),
            command=f"python recipes/layer_similarity.py FOLDER {given.name} --pairs {given.pairs}",
        ).save("results")


if __name__ == "__main__":
    main()
