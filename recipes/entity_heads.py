"""How well each head finds entities: flat and nested sets, three seeds, and GlobalPointer without rotary positions.

    python recipes/entity_heads.py [--sets ResumeNER WeiboNER …] [--heads crf …] [--seeds 0 1 2] [--save results]

A cell that is in the folder already is not trained again. One cell takes one to eight minutes on one core.
"""

import argparse

from baihua.benchmarks.ner import NER_SETS, NerRow, evaluate_ner
from baihua.tasks.extraction.settings import ExtractionSettings

PLAIN = ExtractionSettings()
ROWS = {
    "crf": ("crf", PLAIN),
    "global_pointer": ("global_pointer", PLAIN),
    "efficient_global_pointer": ("efficient_global_pointer", PLAIN),
    "global_pointer-without-rotary": ("global_pointer", ExtractionSettings(rotary=False)),
    "efficient_global_pointer-without-rotary": ("efficient_global_pointer", ExtractionSettings(rotary=False)),
}


def main() -> None:
    """Fill the cells, seed by seed, so that an early stop leaves whole columns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=list(NER_SETS), choices=list(NER_SETS))
    parser.add_argument("--heads", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--save", default="results")
    given = parser.parse_args()
    for seed in given.seeds:
        for name in given.sets:
            for row in given.heads:
                head, settings = ROWS[row]
                seeds = [one for one in given.seeds if one <= seed]
                (result,) = evaluate_ner([name], NerRow(head, seeds=seeds, settings=settings), folder=given.save)
                print(f"{name:16} {row:40} {100 * result.mean:6.2f} ± {100 * result.spread:.2f}", flush=True)


if __name__ == "__main__":
    main()
