"""The orthogonal matrix that maps one unit vector to another: the claims of https://kexue.fm/archives/8453 by Su Jianlin.

The article derives three maps and checks them on one pair of vectors; here each of its statements is checked on random
pairs of many widths, the fourth map that follows from its own trick beside them, and the formulas near the vectors where
they divide by zero.
"""

from baihua.studies.orthogonal import edges, identities, uses

CLAIMS = (*identities.CLAIMS, *edges.CLAIMS, *uses.CLAIMS)
