"""How long may a passage be? What the default of the index rests on.

Task: questions ask for the paragraph that answers them, among all paragraphs; each paragraph is cut into passages of at most
    so many tokens and found by its best one, by cosine, with vectors as they are and whitened on the passages.
Data: CMRC 2018 dev, the published JSON (848 paragraphs of some 500 characters, 3 219 questions), given as an argument.
Command: python recipes/passage_size.py cmrc2018_dev.json [--encoder static bundled …]
Score: MRR@10 of the paragraph; one file per cell below results/passage_size.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np

from baihua import SentenceEmbedder, Whitening
from baihua.results import Result
from baihua.tasks.index.passages import PassageCutter
from baihua.tasks.other_half import unit_rows

SIZES = (32, 64, 128, 256, 512)
TOP = 10


def read(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """Return paragraphs, questions, and the paragraph of each question."""
    paragraphs, questions, answers = [], [], []
    for document in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in document["paragraphs"]:
            for question in paragraph["qas"]:
                questions.append(question["question"])
                answers.append(len(paragraphs))
            paragraphs.append(paragraph["context"])
    return paragraphs, questions, np.array(answers)


def mrr(passages: np.ndarray, owners: np.ndarray, questions: np.ndarray, answers: np.ndarray) -> float:
    """Return the mean reciprocal rank of the right paragraph; one beyond the tenth counts as 0."""
    cosines = unit_rows(questions) @ unit_rows(passages).T  # (num_questions, num_passages)
    best = np.full((len(questions), owners[-1] + 1), -np.inf)
    np.maximum.at(best, (slice(None), owners), cosines)
    right = best[np.arange(len(answers)), answers][:, None]
    ranks = 1 + (best > right).sum(axis=1)
    return float(np.where(ranks <= TOP, 1 / ranks, 0.0).mean())


def main() -> None:
    """Measure every size and save."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path)
    options.add_argument("--encoder", nargs="+", default=["static", "bundled"])
    given = options.parse_args()
    paragraphs, questions, answers = read(given.file)
    revision = hashlib.sha256(given.file.read_bytes()).hexdigest()
    for name in given.encoder:
        encoder = SentenceEmbedder(name).encoder
        asked = encoder.encode(questions)
        for size in SIZES:
            cutter = PassageCutter(encoder, size)
            spans = [(owner, span) for owner, text in enumerate(paragraphs) for span in cutter.cut(text)]
            owners = np.array([owner for owner, _ in spans])
            passages = encoder.encode([paragraphs[owner][slice(*span)] for owner, span in spans])
            whitening = Whitening().fit(passages)
            for way, one, other in (
                ("raw", passages, asked),
                ("full", whitening.transform(passages), whitening.transform(asked)),
            ):
                value = mrr(one, owners, other, answers)
                print(f"{name} {size} {way}: {len(spans)} passages, MRR@10 {100 * value:.2f}", flush=True)
                Result(
                    name=f"passage_size/{name}/{size}/{way}",
                    metric="mrr@10",
                    values=(value,),
                    settings={"encoder": encoder.fingerprint(), "pooling": encoder.pooling, "passages": len(spans)},
                    data={given.file.name: f"sha256:{revision}"},
                    num_examples=len(questions),
                    command=f"python recipes/passage_size.py cmrc2018_dev.json --encoder {name}",
                ).save("results")


if __name__ == "__main__":
    main()
