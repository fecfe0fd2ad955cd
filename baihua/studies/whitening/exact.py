"""What whitening does to any vectors, by algebra: unit covariance, one geometry, affine invariance, exact streaming."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from baihua.checks import check_choice
from baihua.maths.whitening import Whitening
from baihua.results import Result
from baihua.studies.claims import Claim, Measurement, Setting
from baihua.studies.whitening.scoring import PAPER, PREDECESSOR
from baihua.studies.whitening.synthetic import common_mean, slanted_basis

WIDTH = 64
KNOBS: Mapping[str, int | float] = {"num": 2000, "k": WIDTH, "condition": 100.0, "shift": 3.0, "seed": 0}

# How near to zero counts as exact in float64.
EXACT_MEAN = 1e-8
EXACT_COVARIANCE = 1e-6
EXACT_COSINE = 1e-8
EXACT_STREAM = 1e-10

# A change of a cosine that nobody would call rounding.
PLAIN_CHANGE = 1e-2

Array = npt.NDArray[np.float64]


def unit_covariance(setting: Setting) -> Measurement:
    """After fit and transform the mean is 0 and the covariance I, on every component kept."""
    vectors = _vectors(setting)
    whitening = Whitening(n_components=setting["k"], centering=setting["centering"], scaling=setting["scaling"])
    white = whitening.fit(vectors).transform(vectors)
    mean = float(np.abs(white.mean(axis=0)).max())
    covariance = np.cov(white, rowvar=False, bias=True).reshape(white.shape[1], -1)
    off = float(np.abs(covariance - np.eye(len(covariance))).max())
    reason = {
        "zh": f"均值最大分量 {mean:.1e}，协方差与单位阵最大相差 {off:.1e}。",
        "en": f"Largest component of the mean {mean:.1e}, largest deviation of the covariance from I {off:.1e}.",
    }
    results = (_result("mean", mean, setting), _result("covariance", off, setting))
    return Measurement(mean < EXACT_MEAN and off < EXACT_COVARIANCE, reason, results)


def one_geometry(setting: Setting) -> Measurement:
    """PCA, ZCA and Cholesky whitening differ by a rotation only, so their cosines are one; not once truncated."""
    vectors, k = _vectors(setting), setting["k"]
    centred = vectors - vectors.mean(axis=0)
    covariance = centred.T @ centred / len(vectors)
    eigenvalues, directions = np.linalg.eigh(covariance)
    zca = (directions / np.sqrt(eigenvalues)) @ directions.T
    cholesky = np.linalg.cholesky(np.linalg.inv(covariance))
    pca = _cosine_matrix(Whitening(n_components=k).fit(vectors).transform(vectors)[:200])
    to_zca = _largest_change(pca, _cosine_matrix((centred @ zca[:, :k])[:200]))
    to_cholesky = _largest_change(pca, _cosine_matrix((centred @ cholesky[:, :k])[:200]))
    reason = {
        "zh": f"{k}/{WIDTH} 维时，余弦与 ZCA 最多差 {to_zca:.1e}，与 Cholesky 最多差 {to_cholesky:.1e}。",
        "en": f"With {k} of {WIDTH} components the cosines differ from ZCA's by at most {to_zca:.1e}, "
        f"from Cholesky's by {to_cholesky:.1e}.",
    }
    results = (_result("to-zca", to_zca, setting), _result("to-cholesky", to_cholesky, setting))
    return Measurement(max(to_zca, to_cholesky) < EXACT_COSINE, reason, results)


def affine_invariance(setting: Setting) -> Measurement:
    """Any invertible affine map of the input leaves fully whitened cosines alone, and changes reduced ones."""
    vectors, k = _vectors(setting), setting["k"]
    random = np.random.default_rng(setting["seed"] + 1)
    mapped = vectors @ slanted_basis(random, WIDTH, setting["condition"]) + common_mean(random, WIDTH, setting["shift"])

    def change(n_components: int) -> float:
        before, after = (Whitening(n_components=n_components).fit(x).transform(x)[:200] for x in (vectors, mapped))
        return _largest_change(_cosine_matrix(before), _cosine_matrix(after))

    kept, half = change(k), change(WIDTH // 2)
    reason = {
        "zh": f"{k}/{WIDTH} 维时余弦最多变 {kept:.1e}；只留一半维度时最多变 {half:.2f}。",
        "en": f"With {k} of {WIDTH} components cosines change by at most {kept:.1e}; with half of them by {half:.2f}.",
    }
    results = (_result("change-at-k", kept, setting), _result("change-at-half", half, setting))
    return Measurement(kept < EXACT_COSINE and half > PLAIN_CHANGE, reason, results)


def streaming(setting: Setting) -> Measurement:
    """Mean and covariance gathered piece by piece equal those of one fit; the paper's shortened update does not."""
    vectors = _vectors(setting)
    rule = check_choice("update", setting["update"], ("exact", "paper"))
    pieces = np.array_split(np.random.default_rng(setting["seed"]).permutation(vectors), setting["pieces"])
    mean, covariance = _merged(pieces) if rule == "exact" else _paper_update(np.concatenate(pieces))
    mean_off = float(np.abs(mean - vectors.mean(axis=0)).max())
    covariance_off = float(np.abs(covariance - np.cov(vectors, rowvar=False, bias=True)).max())
    reason = {
        "zh": f"分 {len(pieces)} 片，均值最多差 {mean_off:.1e}，协方差最多差 {covariance_off:.1e}。",
        "en": f"In {len(pieces)} pieces the mean is off by at most {mean_off:.1e}, "
        f"the covariance by {covariance_off:.1e}.",
    }
    results = (_result("mean", mean_off, setting), _result("covariance", covariance_off, setting))
    return Measurement(max(mean_off, covariance_off) < EXACT_STREAM, reason, results)


def _merged(pieces: list[Array]) -> tuple[Array, Array]:
    """Half of the pieces one after another into one whitening, the rest each on its own and then merged."""
    half = max(1, len(pieces) // 2)
    whitening = Whitening()
    for piece in pieces[:half]:
        whitening.partial_fit(piece)
    for piece in pieces[half:]:
        whitening.merge(Whitening().partial_fit(piece))
    directions = whitening.components_  # (width, width), a direction in each row
    return whitening.mean_, (directions.T * whitening.explained_variance_) @ directions


def _paper_update(vectors: Array) -> tuple[Array, Array]:
    """Eq. 11 of the paper, one vector at a time; approximate, because it forgets that the mean has moved."""
    mean, covariance = vectors[0], np.zeros((WIDTH, WIDTH))
    for n, vector in enumerate(vectors[1:], start=1):
        mean = mean + (vector - mean) / (n + 1)
        covariance = n / (n + 1) * covariance + np.outer(vector - mean, vector - mean) / (n + 1)
    return mean, covariance


def _vectors(setting: Setting) -> Array:
    random = np.random.default_rng(setting["seed"])
    basis = slanted_basis(random, WIDTH, setting["condition"])
    mean = common_mean(random, WIDTH, setting["shift"])
    return random.standard_normal((setting["num"], WIDTH)) @ basis + mean


def _cosine_matrix(vectors: Array) -> Array:
    """The cosines of the rows (num, width) with each other, (num, num)."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T


def _largest_change(first: Array, second: Array) -> float:
    return float(np.abs(first - second).max())


def _result(metric: str, value: float, setting: Setting) -> Result:
    return Result(
        f"exact/{metric}",
        "deviation",
        (value,),
        seeds=(setting["seed"],),
        settings=dict(setting.knobs),
        num_examples=setting["num"],
    )


CLAIMS = (
    Claim(
        "whitening",
        1,
        {
            "zh": "白化后的向量均值为 0、协方差为单位阵。判据：均值误差小于 1e-8，协方差误差小于 1e-6。",
            "en": "Whitened vectors have mean 0 and covariance I. "
            "Decided by: mean within 1e-8, covariance within 1e-6.",
        },
        PREDECESSOR,
        None,
        {**KNOBS, "centering": 1.0, "scaling": 1.0},
        unit_covariance,
    ),
    Claim(
        "whitening",
        2,
        {
            "zh": "白化矩阵只差一个旋转：全维时 PCA、ZCA、Cholesky 三种白化的余弦相同。判据：相差小于 1e-8。",
            "en": "The whitening matrix is unique up to a rotation: at full width PCA, ZCA and Cholesky whitening "
            "give the same cosines. Decided by: equal within 1e-8.",
        },
        PREDECESSOR,
        None,
        KNOBS,
        one_geometry,
    ),
    Claim(
        "whitening",
        3,
        {
            "zh": "全维白化后的余弦与输入的坐标系无关：任何可逆仿射变换都不改变它，降维后则不然。"
            "判据：k 维时变化小于 1e-8，一半维度时大于 0.01。",
            "en": "Fully whitened cosines do not depend on the coordinates of the input: no invertible affine map "
            "changes them; reduced ones do change. Decided by: within 1e-8 at k, above 0.01 at half the width.",
        },
        PREDECESSOR,
        None,
        KNOBS,
        affine_invariance,
    ),
    Claim(
        "whitening",
        4,
        {
            "zh": "均值与协方差可以逐条累计，与一次算完相同。判据：相差小于 1e-10。",
            "en": "Mean and covariance can be gathered as a stream and equal those of one pass. "
            "Decided by: equal within 1e-10.",
        },
        f"{PREDECESSOR}; update=paper: {PAPER}, eq. 11",
        None,
        {"num": 2000, "condition": 100.0, "shift": 3.0, "pieces": 20, "update": "exact", "seed": 0},
        streaming,
    ),
)
