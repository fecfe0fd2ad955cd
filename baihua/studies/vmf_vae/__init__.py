"""Variational autoencoders on the sphere: the claims of https://kexue.fm/archives/8404 by Su Jianlin.

The article gives no figures. Here its statements, and those of the papers it stands between (Xu and Durrett 2018,
Davidson et al. 2018, De Cao and Aziz 2020), are measured on scikit-learn's digits and on short Chinese texts.
"""

from baihua.studies.vmf_vae import collapse, cures, digits, exact, sampling, sphere_codes

CLAIMS = (
    *exact.CLAIMS,
    *sampling.CLAIMS,
    *digits.CLAIMS,
    *sphere_codes.CLAIMS,
    *collapse.CLAIMS,
    *cures.CLAIMS,
)
