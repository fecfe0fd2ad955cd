"""Train the static encoder that comes with the package.

Task: token vectors whose mean is a sentence vector, without a neural network.
Data: a folder of UTF-8 text, one paragraph a line (``*.txt``, ``*.txt.xz``, ``*.txt.gz``). The shipped vectors
    were made of 33 million characters; what kinds of text is in baihua/encoders/bundled_static/README.md.
Command: python recipes/static_encoder.py FOLDER [OUT]
Score: Spearman x100 on the valid splits of ATEC, BQ, LCQMC, PAWSX, STS-B, mean of the five (no luck in it but the
    seed of the SVD's start, 0): raw 33.9, whitened 36.0, whitened to 128 components 36.8.
    Measured again by: baihua evaluate sts --encoder static
"""

import sys
import time
from pathlib import Path

from tokenizers import Tokenizer

from baihua.encoders.static import BUNDLED_STATIC
from baihua.encoders.static_training import train_static_encoder
from baihua.language import say
from baihua.text.corpus import corpus_files, read_lines


def main(folder: Path, out: Path) -> None:
    """Train on every text file of the folder and save as float16."""
    files = corpus_files(folder)
    start = time.perf_counter()
    tokenizer = Tokenizer.from_file(str(BUNDLED_STATIC / "tokenizer.json"))
    encoder = train_static_encoder(read_lines(files), tokenizer=tokenizer)
    encoder.save(out, dtype="float16")
    seconds = time.perf_counter() - start
    sys.stdout.write(say(zh=f"用时 {seconds:.0f} 秒，存入 {out}\n", en=f"Saved to {out} after {seconds:.0f} s\n"))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(f"{__doc__}")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else BUNDLED_STATIC)
