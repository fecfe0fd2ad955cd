"""``--whitening auto|off|full|K|FILE``: making the embedder whiten, and saying what was decided."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

from baihua.checks import InvalidValue, check_choice
from baihua.cli import console
from baihua.language import say

if TYPE_CHECKING:
    from baihua.tasks.embed import SentenceEmbedder

SUFFIX = ".whitening.safetensors"
FIT_TEXTS = 10_000  # more change nothing: four times the width is enough, and every text fitted on is encoded twice


def set_whitening(embedder: "SentenceEmbedder", choice: str, texts: list[str]) -> bool:
    """Fit, load or leave out the embedder's whitening, as the user chose.

    Args:
        embedder: receives the whitening.
        choice: the value of ``--whitening``. ``auto`` keeps the whitening that a saved folder brings.
        texts: the user's texts, none empty; what ``auto``, ``full`` and a number fit on.

    Returns:
        Whether a whitening was fitted here, and so is worth saving.

    Raises:
        InvalidValue: for another word, too few texts, or a whitening of another encoder.
        FileProblem: when the file cannot be read.
    """
    if choice == "off":
        embedder.whitening = None
        return False
    if choice == "auto":
        return embedder.whitening is None and _fit_if_it_helps(embedder, texts)
    if choice == "full" or choice.isdecimal():
        number = None if choice == "full" else console.whole_number("--whitening", choice)
        embedder.fit_whitening(_sample(texts), number)
        return True
    if Path(choice).suffix == ".safetensors" or Path(choice).exists():
        from baihua.maths.whitening import Whitening

        embedder.whitening = Whitening.load(console.existing_file(choice))
        return False
    check_choice("--whitening", choice, ["auto", "off", "full", "K", "FILE"])
    raise InvalidValue(
        zh=f"--whitening 里的 K 与 FILE 要换成一个数或一个文件，收到 {choice!r}。",
        en=f"K and FILE of --whitening stand for a number and a file, but received {choice!r}.",
    )


def _fit_if_it_helps(embedder: "SentenceEmbedder", texts: list[str]) -> bool:
    from baihua.tasks.other_half import MIN_DOCUMENTS

    sample = _sample(texts)
    enough = len(sample) >= 2 * MIN_DOCUMENTS
    advice = embedder.fit_whitening(sample, when_worse="drop").advice if enough else None  # where it hurts, it warns
    if advice is None:
        console.note(
            say(
                zh="文本太少，量不出白化有没有用，没有白化；要白化请写 --whitening full。",
                en="Too few texts to measure whether whitening helps, so there is none. For one, say --whitening full.",
            )
        )
    elif advice.verdict != "hurts":
        console.note(advice.sentence)
    if advice is None or advice.verdict != "helps":
        embedder.whitening = None
        return False
    return True


def _sample(texts: list[str]) -> list[str]:
    """Return the different texts, or 10 000 of them at random."""
    different = list(dict.fromkeys(texts))
    return different if len(different) <= FIT_TEXTS else random.Random(0).sample(different, FIT_TEXTS)


def say_saved(path: Path) -> None:
    """Say where a fitted whitening was written and how to use it again."""
    console.note(
        say(
            zh=f"白化写在 {path}；以后用 --whitening {path} 得到同样的向量。",
            en=f"The whitening is written to {path}; --whitening {path} gives the same vectors again.",
        )
    )
