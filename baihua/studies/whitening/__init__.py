"""Whitening sentence vectors: the claims of three articles and a paper by Su Jianlin and co-authors, measured again.

Sources: https://kexue.fm/archives/8069 (the idea), https://kexue.fm/archives/8321 (the Chinese evaluation),
https://kexue.fm/archives/9079 (two more scalars), https://arxiv.org/abs/2103.15316 (the paper). Claims 1 to 7 and 22
need nothing but this package; 8 to 21 need the five Chinese sets (``baihua data download``). Where the article fits
on all three splits of a task, these fit on its ``valid`` split alone, labels unused, and score the same split.
"""

from baihua.studies.whitening import components, cost, exact, fit_set, not_here, rows, spread, synthetic

CLAIMS = (
    *exact.CLAIMS,
    *synthetic.CLAIMS,
    *spread.CLAIMS,
    *rows.CLAIMS,
    *components.CLAIMS,
    *fit_set.CLAIMS,
    *cost.CLAIMS,
    *not_here.CLAIMS,
)
