"""What two more layers cost: encoding on a CPU with the bundled encoder and with models of other shapes, in one run.

    python bench/depth.py [NAME=FOLDER …] [--sentences 4000] [--rounds 5] [--output results/bench/depth.json]

Distinct sentences of 5 to 120 characters from the public similarity sets (BAIHUA_DATA, or `baihua data download`), float32,
the same batching and threads; the models take turns and the figure is the median.
"""

import argparse
import json
import statistics

import torch
from encode import alternate, sentences_of_the_sets

from baihua.encoders.load import load_encoder
from baihua.files import write_text
from baihua.results import RECORDED_PACKAGES, package_versions, this_command


def main() -> None:
    """Time all models in turn, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("beside", nargs="*", metavar="NAME=FOLDER")
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", default="results/bench/depth.json")
    given = parser.parse_args()
    texts = sentences_of_the_sets(given.sentences)
    folders = {"bundled": "bundled"} | dict(named.split("=", 1) for named in given.beside)
    encoders = {name: load_encoder(folder, pooling="mean", device="cpu") for name, folder in folders.items()}
    seconds = alternate(
        {
            name: lambda encoder=encoder: encoder.encode(texts, show_progress=False)
            for name, encoder in encoders.items()
        },
        given.rounds,
    )
    times = {name: statistics.median(taken) / statistics.median(seconds["bundled"]) for name, taken in seconds.items()}
    for name, taken in seconds.items():
        print(
            f"{name:12} {1000 * statistics.median(taken) / len(texts):.3f} ms a sentence, {times[name]:.2f} times bundled"
        )
    record = {
        "bench": "depth",
        "workload": {"sentences": len(texts), "mean_characters": statistics.fmean(map(len, texts))},
        "parameters": {name: sum(p.numel() for p in encoder.model.parameters()) for name, encoder in encoders.items()},
        "seconds": seconds,
        "times_bundled": times,
        "threads": torch.get_num_threads(),
        "versions": package_versions(RECORDED_PACKAGES),
        "command": this_command(),
    }
    write_text(given.output, json.dumps(record, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
