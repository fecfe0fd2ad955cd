"""P-tuning: the claims of an article by Su Jianlin on templates that are learned, measured again.

Sources: https://kexue.fm/archives/8295 and its predecessor 7764. Claims 1 to 3 and 18 need nothing but this package; the others
learn from take-away reviews (``baihua data download waimai_10k``), 9 and 12 with a causal model of one's own besides.
"""

from collections.abc import Iterable

from baihua.studies.claims import Claim
from baihua.studies.ptuning import amounts, exact, methods, prompts, reparametrized, toy


def _in_order(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    return tuple(sorted(claims, key=lambda claim: claim.number))


CLAIMS = _in_order(
    (*exact.CLAIMS, *methods.CLAIMS, *prompts.CLAIMS, *amounts.CLAIMS, *reparametrized.CLAIMS, *toy.CLAIMS)
)
