"""From how many labels on is fine-tuning better than a layer on a frozen encoder? What `--method auto` decides by.

Task: say of take-away reviews whether they are good or bad, from 16 to 64 labels of each kind.
Data: waimai_10k (BAIHUA_DATA or `baihua data download waimai_10k`): five samples of the training part, all reviews of the dev part.
Command: python recipes/method_choice.py [--sizes 16 32 64] [--samples 0 1 2 3 4]
Score: accuracy on dev by method and number of labels, and the paired difference; see results/method_choice, and results/few_shot for
    each training.
"""

import argparse
from collections.abc import Sequence

from baihua.results import Result
from baihua.studies.claims import Setting
from baihua.studies.ptuning.cells import cells, scored_texts
from baihua.studies.ptuning.differences import difference
from baihua.studies.ptuning.ways import FINE_TUNE, LINEAR

ENCODER, RESULTS = "bundled", "results"


def main() -> None:
    """Measure both ways at each size and print the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[16, 32, 64])
    parser.add_argument("--samples", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    given = parser.parse_args()
    for size in given.sizes:
        one_size(size, given.samples)


def one_size(size: int, samples: Sequence[int]) -> None:
    """Measure, save and print one number of labels."""
    setting = Setting({"encoder": ENCODER}, "full", record_folder=RESULTS)
    texts = scored_texts("full")
    table = {way.name: cells(way, setting, size, samples) for way in (LINEAR, FINE_TUNE)}
    apart = difference(table[FINE_TUNE.name], table[LINEAR.name])
    for name, mine in table.items():
        result = Result(
            name=f"method_choice/waimai_10k/dev/{ENCODER}/{name}/{size}",
            metric="accuracy",
            values=tuple(cell.accuracy for cell in mine),
            seeds=tuple(samples),
            settings={"encoder": ENCODER, "per_label": size, "fine_tune less linear": apart.spell("en")},
            data=texts.data,
            num_examples=len(texts.dev),
            seconds=round(sum(cell.seconds for cell in mine), 1),
            command="python recipes/method_choice.py",
        )
        result.save(RESULTS)
        print(f"{size:4} {name:10} {100 * result.mean:.2f} ± {100 * result.spread:.2f}  {result.seconds} s", flush=True)
    print(f"{size:4} fine_tune less linear {apart.spell('en')}", flush=True)


if __name__ == "__main__":
    main()
