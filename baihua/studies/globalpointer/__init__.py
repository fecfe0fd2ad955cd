"""GlobalPointer: the claims of an article by Su Jianlin, measured again.

Sources: https://kexue.fm/archives/8373 and 8877, 7359 and 9064 for the loss. Claims 1 to 6 need nothing but this package; the
others train on public sets (``baihua data download``).
"""

from baihua.studies.globalpointer import cost, exact, sigmoids, trained, weather

CLAIMS = (*exact.CLAIMS, *weather.CLAIMS, *sigmoids.CLAIMS, *trained.CLAIMS, *cost.CLAIMS)
