"""CLUE's baselines in short scripts: the claims of an article by Su Jianlin, measured again.

Sources: https://kexue.fm/archives/8739 and its code; figures for dev are of the later 9138. What is exact or simulated needs nothing
but this package. Claims 8 to 11 train on samples of the tasks; whole trainings are read from records, see ``baihua evaluate clue``.
"""

from collections.abc import Iterable

from baihua.studies.claims import Claim
from baihua.studies.clue import (
    adaptive,
    blanks,
    choices,
    compared,
    exact,
    losses,
    optimizers,
    pointers,
    recorded,
    segments,
)


def _in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    return tuple(sorted(claims, key=lambda claim: claim.number))


CLAIMS = _in_order(
    (
        *exact.CLAIMS,
        *blanks.CLAIMS,
        *adaptive.CLAIMS,
        *losses.CLAIMS,
        *compared.CLAIMS,
        *choices.CLAIMS,
        *pointers.CLAIMS,
        *optimizers.CLAIMS,
        *segments.CLAIMS,
        *recorded.CLAIMS,
    )
)
