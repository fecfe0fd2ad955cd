"""Whitening: what is exactly true of it, what it must agree with, and a clear outcome for every odd input."""

import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from baihua.checks import InvalidType, InvalidValue, Mistake
from baihua.maths import moments
from baihua.maths.principal_axes import EmptyDirections
from baihua.maths.whitening import NotFitted, Whitening


def sentence_like(num: int = 400, width: int = 12, seed: int = 0) -> np.ndarray:
    """Correlated columns about a common mean, as encoders give them; the longest axis is 10 times the shortest."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.normal(size=(width, width)))[0] for _ in range(2))
    return rng.normal(size=(num, width)) @ (left * np.logspace(0, 1, width)) @ right + 3 * rng.normal(size=width)


def cosines(x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    return unit @ unit.T if y is None else (unit * (y / np.linalg.norm(y, axis=1, keepdims=True))).sum(axis=1)


@pytest.fixture
def in_english(monkeypatch):
    monkeypatch.setenv("BAIHUA_LANG", "en")


@pytest.mark.filterwarnings("ignore:.*vectors span only:UserWarning", "ignore:.*SCIPY_ARRAY_API")
@parametrize_with_checks([Whitening(), Whitening(n_components=1, centering=0.5, scaling=0.5)])
def test_scikit_learn_s_own_checks(estimator, check, in_english):
    check(estimator)


# What is exactly true


@pytest.mark.parametrize("n_components", [None, 5, 1])
def test_mean_is_zero_and_covariance_is_identity(n_components):
    white = Whitening(n_components).fit_transform(sentence_like())
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(np.cov(white.T, ddof=0), np.eye(white.shape[1]).squeeze(), atol=1e-6)


def test_worked_example():
    """A cross of arms 3 and 1: variances 9/2 and 1/2, so each arm comes out √2 long."""
    cross = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    moved = cross + np.array([10, 20])
    whitening = Whitening().fit(moved)
    np.testing.assert_allclose(whitening.mean_, [10, 20])
    np.testing.assert_allclose(whitening.explained_variance_, [4.5, 0.5])
    np.testing.assert_allclose(whitening.explained_variance_ratio_, [0.9, 0.1])
    arms = np.sqrt(2) * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    np.testing.assert_allclose(whitening.transform(moved), arms, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), width=st.integers(2, 12))
def test_cosines_do_not_change_under_any_invertible_affine_map_of_the_input(seed, width):
    rng = np.random.default_rng(seed)
    x = sentence_like(20 * width, width, seed)
    left, right = (np.linalg.qr(rng.normal(size=(width, width)))[0] for _ in range(2))
    matrix = left @ np.diag(np.exp(rng.uniform(-2, 2, width))) @ right
    mapped = x @ matrix + rng.normal(size=width) * 10
    np.testing.assert_allclose(
        cosines(Whitening().fit_transform(mapped)), cosines(Whitening().fit_transform(x)), atol=1e-7
    )


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), width=st.integers(2, 12))
def test_pca_zca_and_cholesky_whitening_give_the_same_cosines(seed, width):
    x = sentence_like(20 * width, width, seed)
    centred, covariance = x - x.mean(axis=0), np.cov(x.T, ddof=0)
    zca = centred @ np.linalg.inv(scipy.linalg.sqrtm(covariance).real)
    cholesky = np.linalg.solve(np.linalg.cholesky(covariance), centred.T).T
    ours = cosines(Whitening().fit_transform(x))
    np.testing.assert_allclose(cosines(zca), ours, atol=1e-8)
    np.testing.assert_allclose(cosines(cholesky), ours, atol=1e-8)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6), scale=st.floats(1e-30, 1e30))
def test_scale_of_the_input_does_not_matter(seed, scale):
    x = sentence_like(60, 4, seed)
    np.testing.assert_allclose(
        cosines(Whitening(3).fit_transform(x * scale)), cosines(Whitening(3).fit_transform(x)), atol=1e-10
    )


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_beta_and_gamma_zero_only_rotate(seed):
    x = sentence_like(60, 8, seed)
    white = Whitening(centering=0, scaling=0).fit_transform(x)
    np.testing.assert_allclose(cosines(white), cosines(x), atol=1e-10)


def test_one_component_leaves_only_the_sign():
    np.testing.assert_allclose(np.abs(cosines(Whitening(1).fit_transform(sentence_like()))), 1, atol=1e-12)


def test_beta_takes_part_of_the_mean_away_and_uses_the_moment_about_it():
    x, beta, gamma = sentence_like(), 0.3, 0.5
    whitening = Whitening(5, centering=beta, scaling=gamma).fit(x)
    shifted = x - beta * x.mean(axis=0)
    values, vectors = np.linalg.eigh(shifted.T @ shifted / len(x))
    expected = shifted @ vectors[:, ::-1][:, :5] * values[::-1][:5] ** (-gamma / 2)
    np.testing.assert_allclose(np.abs(whitening.transform(x)), np.abs(expected), atol=1e-10)


def test_components_are_the_leading_ones_and_the_shares_add_up():
    x = sentence_like()
    whole, part = Whitening().fit(x), Whitening(4).fit(x)
    np.testing.assert_array_equal(whole.components_[:4], part.components_)
    np.testing.assert_allclose(whole.explained_variance_ratio_.sum(), 1)
    np.testing.assert_allclose(whole.components_ @ whole.components_.T, np.eye(12), atol=1e-12)
    np.testing.assert_allclose(whole.explained_variance_.sum(), x.var(axis=0).sum())
    assert (np.diff(whole.explained_variance_) <= 0).all()
    assert whole.effective_rank_ == part.effective_rank_ == 12


# What it must agree with


@pytest.mark.parametrize("n_components", [None, 6])
def test_cosines_equal_scikit_learn_s(n_components):
    x = sentence_like(2000, 48)
    theirs = PCA(n_components, whiten=True, svd_solver="full").fit_transform(x)
    np.testing.assert_allclose(cosines(Whitening(n_components).fit_transform(x)), cosines(theirs), atol=1e-10)


def test_cosines_equal_the_article_s_code():
    """compute_kernel_bias of bojone/BERT-whitening: np.cov, which divides by num − 1, and the SVD."""
    x = sentence_like()
    left, values, _ = np.linalg.svd(np.cov(x.T))
    kernel, bias = left @ np.diag(1 / np.sqrt(values)), -x.mean(axis=0)
    np.testing.assert_allclose(cosines((x + bias) @ kernel), cosines(Whitening().fit_transform(x)), atol=1e-10)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("products", ["float64", "float32"])
def test_a_common_mean_of_a_hundred_standard_deviations_costs_no_accuracy(dtype, products, monkeypatch):
    monkeypatch.setattr(moments, "LITTLE_WORK", 0 if products == "float32" else np.inf)
    num = 10_000
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(num, 24)) @ rng.normal(size=(24, 24))
    x = torch.from_numpy(mixed + 100 * mixed.std(axis=0)).to(dtype)
    rounded = x.double().numpy()
    exact = PCA(whiten=True, svd_solver="full").fit(rounded).transform(rounded[:300])
    white = Whitening().fit(x).transform(x[:300])
    np.testing.assert_allclose(cosines(white.numpy()), cosines(exact), atol=1e-4)
    if dtype is torch.float16:
        white = Whitening().fit(x.numpy()).transform(x.numpy()[:300])
        np.testing.assert_allclose(cosines(white), cosines(exact), atol=1e-4)


def test_a_hundred_random_shards_equal_one_fit():
    rng = np.random.default_rng(1)
    x = sentence_like(10_000, 16)
    cuts = np.sort(rng.choice(np.arange(1, len(x)), size=99, replace=False))
    shards = np.split(x, cuts)
    whole = Whitening(8).fit(x)
    workers = [Whitening().partial_fit(shard) for shard in shards]
    merged, streamed = Whitening(8), Whitening(8)
    for index in rng.permutation(100):
        merged.merge(workers[index])
    for shard in shards:
        streamed.partial_fit(shard)
    for other in (merged, streamed):
        assert other.n_samples_seen_ == 10_000
        np.testing.assert_allclose(other.mean_, whole.mean_, atol=1e-10)
        np.testing.assert_allclose(other.explained_variance_, whole.explained_variance_, rtol=1e-10)
        np.testing.assert_allclose(cosines(other.transform(x[:200])), cosines(whole.transform(x[:200])), atol=1e-10)


def test_partial_fit_after_a_transform_takes_the_new_vectors_in():
    x = sentence_like()
    whitening = Whitening().fit(x[:200])
    whitening.transform(x)
    whitening.partial_fit(x[200:])
    np.testing.assert_allclose(cosines(whitening.transform(x)), cosines(Whitening().fit_transform(x)), atol=1e-10)


def test_an_unfitted_one_takes_over_moments_for_other_settings():
    x = sentence_like()
    narrow = Whitening(3, scaling=0.5).merge(Whitening().fit(x))
    np.testing.assert_array_equal(narrow.transform(x), Whitening(3, scaling=0.5).fit_transform(x))
    assert narrow.n_features_in_ == 12


def test_merge_leaves_the_other_one_as_it_was():
    first, second = Whitening().fit(sentence_like(seed=1)), Whitening().fit(sentence_like(seed=2))
    before = second.transform(sentence_like())
    first.merge(second)
    np.testing.assert_array_equal(second.transform(sentence_like()), before)


@pytest.mark.parametrize(("n_components", "scaling"), [(None, 1.0), (None, 0.5), (4, 1.0)])
def test_inverse_undoes_what_was_kept(n_components, scaling):
    x = sentence_like()
    whitening = Whitening(n_components, scaling=scaling).fit(x)
    white = whitening.transform(x)
    back = whitening.inverse_transform(white)
    np.testing.assert_allclose(whitening.transform(back), white, atol=1e-8)
    nearest = PCA(n_components).fit(x)
    np.testing.assert_allclose(back, nearest.inverse_transform(nearest.transform(x)), atol=1e-8)


@pytest.mark.parametrize("settings_", [{}, {"n_components": 3}, {"centering": 0.4, "scaling": 0.7}])
def test_affine_is_the_transform(settings_):
    x = sentence_like()
    whitening = Whitening(**settings_).fit(x)
    kernel, bias = whitening.affine()
    np.testing.assert_allclose(x @ kernel + bias, whitening.transform(x), atol=1e-10)


def test_line_by_line_equals_all_at_once():
    x = sentence_like(5000).astype(np.float32)
    whitening = Whitening().fit(x)
    one_by_one = np.concatenate([whitening.transform(row[None]) for row in x[:50]])
    np.testing.assert_allclose(one_by_one, whitening.transform(x)[:50], atol=1e-6)


def test_a_tensor_gives_a_tensor_with_the_same_numbers():
    x = sentence_like()
    white = Whitening(4).fit(torch.from_numpy(x)).transform(torch.from_numpy(x))
    assert isinstance(white, torch.Tensor)
    np.testing.assert_allclose(white.numpy(), Whitening(4).fit_transform(x), atol=1e-12)
    assert isinstance(Whitening(4).fit(x).inverse_transform(white), torch.Tensor)


# Where it helps and where it hurts


def similarity_scores(meaning: np.ndarray, x: np.ndarray, white: np.ndarray) -> tuple[float, float]:
    """Spearman of raw and whitened cosines with the true cosine, over 2 000 pairs of neighbours in the list."""
    truth = cosines(meaning[:-1], meaning[1:])
    return spearmanr(cosines(x[:-1], x[1:]), truth)[0], spearmanr(cosines(white[:-1], white[1:]), truth)[0]


def test_whitening_restores_the_true_metric_of_stretched_vectors():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(2001, 16))
    stretch = np.linalg.qr(rng.normal(size=(16, 16)))[0] * np.logspace(0, 3, 16)
    x = meaning @ stretch + 20 * np.abs(stretch).max() * rng.normal(size=16)
    raw, whitened = similarity_scores(meaning, x, Whitening().fit_transform(x))
    assert raw < 0.5
    assert whitened > 0.99


def test_whitening_hurts_where_the_raw_metric_is_the_true_one():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(2001, 16)) * np.logspace(0, -3, 16)
    x = meaning @ np.linalg.qr(rng.normal(size=(16, 16)))[0]
    raw, whitened = similarity_scores(meaning, x, Whitening().fit_transform(x))
    assert raw > 0.99
    assert whitened < 0.8


def test_fewer_components_help_when_the_smallest_directions_are_noise():
    rng = np.random.default_rng(0)
    meaning = rng.normal(size=(2001, 8))
    x = np.hstack([meaning @ rng.normal(size=(8, 8)), 1e-3 * rng.normal(size=(2001, 24))])
    _, full = similarity_scores(meaning, x, Whitening().fit_transform(x))
    _, part = similarity_scores(meaning, x, Whitening(8).fit_transform(x))
    assert part > 0.99 > full + 0.2


# A clear outcome for every odd input


def test_two_rows_have_one_direction():
    with pytest.warns(EmptyDirections, match="1"):
        whitening = Whitening().fit([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    assert whitening.effective_rank_ == 1
    white = Whitening(1).fit_transform([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
    np.testing.assert_allclose(sorted(white.ravel()), [-1, 1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_fewer_vectors_than_columns_warn_and_stay_finite(dtype):
    x = sentence_like(10, 64).astype(dtype)
    with pytest.warns(EmptyDirections, match="n_components=9"):
        whitening = Whitening().fit(x)
    assert whitening.effective_rank_ == 9
    white = whitening.transform(x)
    assert np.isfinite(white).all()
    other = whitening.transform(sentence_like(10, 64, seed=1))
    assert np.isfinite(other).all()
    assert not white[:, 9:].any()
    assert not other[:, 9:].any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Whitening(9).fit(x)


@pytest.mark.parametrize("little_work", [0, 1e10])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_constant_and_a_repeated_column_warn_and_stay_finite(little_work, dtype, monkeypatch):
    monkeypatch.setattr(moments, "LITTLE_WORK", little_work)
    x = sentence_like(500, 12).astype(dtype)
    x[:, 3], x[:, 7] = 5, x[:, 2]
    with pytest.warns(EmptyDirections, match="10"):
        whitening = Whitening().fit(x)
    assert whitening.effective_rank_ == 10
    assert np.isfinite(whitening.transform(x)).all()
    inverse = Whitening(10).fit(x)
    np.testing.assert_allclose(inverse.inverse_transform(inverse.transform(x)), x, atol=1e-3)


def test_a_direction_lost_to_layer_normalisation_is_seen_through_its_rounding():
    """Rows that sum to 0 but for float32 rounding, as the last layer of an encoder leaves them."""
    x = sentence_like(2000, 64).astype(np.float32)
    x -= x.mean(axis=1, keepdims=True)
    with pytest.warns(EmptyDirections, match="63"):
        whitening = Whitening().fit(x)
    assert whitening.effective_rank_ == 63
    nearly_the_same = x + np.float32(1e-6) * np.random.default_rng(1).normal(size=x.shape).astype(np.float32)
    np.testing.assert_allclose(whitening.transform(nearly_the_same), whitening.transform(x), atol=1e-4)


def test_floor_bounds_how_far_a_direction_is_magnified():
    x = np.random.default_rng(0).normal(size=(1000, 3)) * [1, 0.1, 1e-5]
    whitening = Whitening(floor=1e-4).fit(x)
    kernel, _ = whitening.affine()
    gain = np.linalg.norm(kernel, axis=0)
    assert gain.max() / gain.min() == pytest.approx(100)
    assert gain[0] == pytest.approx(1 / np.sqrt(whitening.explained_variance_[0]))


def test_one_row_can_be_counted_but_not_whitened():
    with pytest.raises(InvalidValue, match="2"):
        Whitening().fit([[1.0, 2.0]])
    whitening = Whitening(1).partial_fit([[1.0, 2.0]])
    with pytest.raises(InvalidValue, match="2"):
        whitening.transform([[1.0, 2.0]])
    whitening.partial_fit([[3.0, 2.0]])
    np.testing.assert_allclose(np.abs(whitening.transform([[1.0, 2.0]])), [[1]])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_equal_rows_have_nothing_to_whiten(value, dtype):
    with pytest.raises(InvalidValue, match="1000"):
        Whitening().fit(np.full((1000, 3), value, dtype=dtype))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused_by_row_and_leave_the_fit_as_it_was(bad):
    x = sentence_like()
    whitening = Whitening().fit(x)
    before = whitening.transform(x)
    spoiled = x.copy()
    spoiled[7, 2] = bad
    for method in (whitening.fit, whitening.partial_fit, whitening.transform, whitening.inverse_transform):
        with pytest.raises(InvalidValue, match="7"):
            method(spoiled)
    np.testing.assert_array_equal(whitening.transform(x), before)


def test_another_width_is_refused_by_both_numbers():
    whitening = Whitening(4).fit(sentence_like())
    for method in (whitening.transform, whitening.partial_fit):
        with pytest.raises(InvalidValue, match=r"12.*5|5.*12"):
            method(np.ones((3, 5)))
    with pytest.raises(InvalidValue, match=r"4.*12"):
        whitening.inverse_transform(np.ones((3, 12)))
    with pytest.raises(InvalidValue, match=r"12.*5"):
        whitening.merge(Whitening().fit(sentence_like(width=5)))


@pytest.mark.parametrize("x", [[1.0, 2.0], np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 2, 2))])
def test_shapes_that_are_no_matrix_are_refused(x):
    with pytest.raises(InvalidValue):
        Whitening().fit(x)
    with pytest.raises(InvalidValue):
        Whitening().fit(sentence_like()).transform(x)


@pytest.mark.parametrize(
    "use",
    [
        lambda whitening: whitening.transform(np.ones((2, 2))),
        lambda whitening: whitening.inverse_transform(np.ones((2, 2))),
        lambda whitening: whitening.affine(),
        lambda whitening: whitening.save("never-written.safetensors"),
        lambda whitening: whitening.mean_,
        lambda whitening: whitening.components_,
        lambda whitening: whitening.effective_rank_,
        lambda whitening: Whitening().merge(whitening),
    ],
)
def test_unfitted_use_is_a_mistake_and_scikit_learn_s_error(use):
    with pytest.raises(NotFitted) as caught:
        use(Whitening())
    assert isinstance(caught.value, Mistake)
    assert isinstance(caught.value, NotFittedError)
    assert "fit" in caught.value.zh
    assert "fit" in caught.value.en
    assert not hasattr(Whitening(), "components_")


@pytest.mark.parametrize(
    ("settings_", "kind", "words"),
    [
        ({"n_components": 13}, InvalidValue, r"13.*12"),
        ({"n_components": 0}, InvalidValue, "0"),
        ({"n_components": 2.0}, InvalidType, r"2\.0"),
        ({"n_components": True}, InvalidType, "True"),
        ({"centering": np.nan}, InvalidValue, "centering"),
        ({"scaling": "一"}, InvalidValue, "scaling"),
        ({"floor": 0.0}, InvalidValue, "floor"),
        ({"floor": 1.5}, InvalidValue, "floor"),
        ({"floor": "1e-3"}, InvalidValue, "floor"),
    ],
)
def test_settings_that_cannot_be_meant(settings_, kind, words):
    with pytest.raises(kind, match=words):
        Whitening(**settings_).fit(sentence_like())
    assert clone(Whitening(**settings_)).get_params() == pytest.approx(Whitening(**settings_).get_params(), nan_ok=True)


def test_columns_of_a_data_frame_are_remembered():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(sentence_like(width=3), columns=["甲", "乙", "丙"])
    whitening = Whitening(2).fit(frame)
    assert list(whitening.set_output(transform="pandas").transform(frame).columns) == ["whitening0", "whitening1"]
    with pytest.raises(InvalidValue, match="丁"):
        whitening.transform(frame.rename(columns={"丙": "丁"}))
