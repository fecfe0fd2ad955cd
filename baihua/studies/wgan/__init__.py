"""Does a Wasserstein GAN work because it approximates the Wasserstein distance? The claims of https://kexue.fm/archives/8244.

Su Jianlin's article comments on Stanczuk et al. (2021) and Mallasto et al. (2019). It has curves and pictures but no
figures; what is published here is the statement itself. Measured on scikit-learn's digits and on Gaussians, with several
networks per claim, together with what was said against it later.
"""

from baihua.studies.wgan import batches, constraints, counter, static, trained

CLAIMS = (*static.CLAIMS, *batches.CLAIMS, *trained.CLAIMS, *constraints.CLAIMS, *counter.CLAIMS)
