"""SimCSE in Chinese: the claims of an article by Su Jianlin, measured again.

Source: https://kexue.fm/archives/8348. Claims 1 to 4 need nothing but this package; the others train on the sentences of
the five Chinese sets (``baihua data download``), labels unused. Where the article takes the sentences of all splits of a
task, these take those of its ``valid`` split, and score the same split.
"""

from baihua.studies.simcse import amounts, exact, plane, table

CLAIMS = (*exact.CLAIMS, *table.CLAIMS, *amounts.CLAIMS, *plane.CLAIMS)
