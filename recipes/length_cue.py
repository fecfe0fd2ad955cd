"""Do the lengths of two sentences tell paraphrases in BUSTM's small files? A cue that holds in some of them, and not beyond.

Task: of each split, rank its pairs by how far apart their lengths are, in what is learned from and in what is held out.
Data: FewCLUE's BUSTM (BAIHUA_DATA).
Command: python recipes/length_cue.py
Score: area under the ROC curve of the difference of lengths for "paraphrase"; 0.5 where lengths say nothing, below it where
    paraphrases are the pairs of like length. See results/length_cue.
"""

from sklearn.metrics import roc_auc_score

from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_tasks import find_task
from baihua.results import Result

TASK, PARAPHRASE = "BUSTM", "1"


def main() -> None:
    """Measure every split."""
    for part in ("train", "held"):
        data, values, num = {}, [], 0
        for split in find_task(TASK).splits:
            examples = read_fewclue(TASK, part, split)
            apart = [abs(len(first) - len(second)) for first, second in examples.texts]
            values.append(float(roc_auc_score([label == PARAPHRASE for label in examples.labels], apart)))
            data.update(examples.data)
            num = len(examples)
        seeds = tuple(map(int, find_task(TASK).splits))
        result = Result(f"length_cue/{TASK}/{part}", "auc", tuple(values), seeds, data=data, num_examples=num)
        result.save("results")
        print(part, [round(value, 2) for value in values])


if __name__ == "__main__":
    main()
