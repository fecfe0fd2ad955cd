"""Mean and scatter: equal to numpy's in one go, in any shards, in any order, in any type, far from the origin."""

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths import moments as moments_module
from baihua.maths.moments import Moments
from baihua.maths.vectors import ROWS_AT_ONCE


def rows_with(count: int, width: int = 5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, width)) @ rng.normal(size=(width, width)) + rng.normal(size=width) * 10


@pytest.fixture
def float32_products(monkeypatch):
    """Take the way of large inputs with small ones."""
    monkeypatch.setattr(moments_module, "LITTLE_WORK", 0)


def test_worked_example():
    """Three points on a line: 0, 3, 6 have mean 3 and squared distances 9 + 0 + 9."""
    moments = Moments.of([[0.0], [3.0], [6.0]])
    assert moments.count == 3
    assert moments.mean == [3.0]
    assert moments.scatter == [[18.0]]


@pytest.mark.parametrize("count", [1, 2, ROWS_AT_ONCE - 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 3 * ROWS_AT_ONCE + 7])
def test_equals_numpy_at_every_block_boundary(count):
    x = rows_with(count)
    moments = Moments.of(x)
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), atol=1e-12)
    expected = np.cov(x.T, ddof=0) * count if count > 1 else np.zeros((5, 5))
    np.testing.assert_allclose(moments.scatter, expected, atol=1e-11 * max(1.0, np.abs(expected).max()))
    np.testing.assert_array_equal(moments.scatter, moments.scatter.T)


def test_a_hundred_random_shards_in_any_order_equal_one_pass():
    rng = np.random.default_rng(1)
    x = rows_with(10_000, width=16)
    cuts = np.sort(rng.choice(np.arange(1, len(x)), size=99, replace=False))
    shards = [Moments.of(shard) for shard in np.split(x, cuts)]
    whole = Moments.of(x)
    for order in (np.arange(100), rng.permutation(100)):
        merged = shards[order[0]]
        for index in order[1:]:
            merged = merged.merge(shards[index])
        assert merged.count == whole.count
        np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-10)
        np.testing.assert_allclose(merged.scatter, whole.scatter, atol=1e-10 * np.abs(whole.scatter).max(), rtol=0)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int32", "uint8", "longdouble", ">f4", "list"])
def test_any_numpy_type_gives_the_moments_of_its_values(kind):
    x = np.round(np.abs(rows_with(300)))
    given = x.tolist() if kind == "list" else x.astype(kind)
    expected = Moments.of(np.asarray(given, dtype=np.float64))
    np.testing.assert_allclose(Moments.of(given).scatter, expected.scatter, rtol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_any_tensor_type_gives_the_moments_of_its_values(dtype):
    x = torch.from_numpy(rows_with(300)).to(dtype)
    np.testing.assert_allclose(Moments.of(x).scatter, Moments.of(x.double().numpy()).scatter, rtol=1e-12)


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "read-only"])
def test_memory_layout_does_not_matter(layout):
    x = rows_with(5000).astype(np.float32)
    given = {
        "fortran": np.asfortranarray(x),
        "strided": np.repeat(x, 2, axis=1)[:, ::2],
        "reversed": x[::-1].copy()[::-1],
        "read-only": x.copy(),
    }[layout]
    given.flags.writeable = layout != "read-only"
    np.testing.assert_array_equal(Moments.of(given).scatter, Moments.of(x).scatter)


@pytest.mark.parametrize("ratio", [0.0, 100.0, 1e4])
def test_float32_products_stay_within_a_millionth_far_from_the_origin(ratio, float32_products):
    x = (np.random.default_rng(2).normal(size=(10_000, 8)) + ratio).astype(np.float32)
    fast, exact = Moments.of(x), Moments.of(x.astype(np.float64))
    assert fast.rounding > exact.rounding
    np.testing.assert_allclose(fast.mean, exact.mean, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(fast.scatter / fast.count, exact.scatter / exact.count, atol=1e-6)


def test_sorted_rows_lose_nothing(float32_products):
    x = np.sort(np.random.default_rng(3).normal(size=(10_000, 4)), axis=0).astype(np.float32)
    fast, exact = Moments.of(x), Moments.of(x.astype(np.float64))
    np.testing.assert_allclose(fast.scatter, exact.scatter, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-25, 1e-3, 1e3, 1e25])
def test_scale_of_float32_input_does_not_matter(scale, float32_products):
    x = np.random.default_rng(4).normal(size=(10_000, 3)).astype(np.float32)
    scaled = Moments.of((x * np.float32(scale)).astype(np.float32))
    np.testing.assert_allclose(scaled.scatter / scale**2, Moments.of(x.astype(np.float64)).scatter, rtol=1e-5, atol=1)


def test_one_huge_row_that_the_sample_misses_is_counted(float32_products):
    x = np.random.default_rng(5).normal(size=(10_000, 2)).astype(np.float32)
    x[1] = 1e25
    np.testing.assert_allclose(Moments.of(x).scatter, Moments.of(x.astype(np.float64)).scatter, rtol=1e-6)


def test_merging_leaves_both_sides_as_they_were():
    first, second = Moments.of(rows_with(10)), Moments.of(rows_with(20, seed=1))
    before = first.scatter.copy()
    first.merge(second)
    np.testing.assert_array_equal(first.scatter, before)


def test_widths_that_differ_cannot_be_merged():
    with pytest.raises(InvalidValue, match=r"5.*4"):
        Moments.of(rows_with(10)).merge(Moments.of(rows_with(10, width=4)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("count", [3, 5000])
def test_nan_and_infinity_are_named_by_row(bad, count, float32_products):
    x = rows_with(count).astype(np.float32)
    x[count - 2, 1] = bad
    with pytest.raises(InvalidValue, match=str(count - 2)):
        Moments.of(x)


def test_values_whose_squares_exceed_float64():
    with pytest.raises(InvalidValue, match="float64"):
        Moments.of([[1e300], [-1e300]])
