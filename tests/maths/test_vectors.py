"""The door: what comes in goes back as the same kind, and what is no matrix of numbers is refused with a reason."""

import numpy as np
import pytest
import torch

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.vectors import ROWS_AT_ONCE, blocks, check_vectors, map_rows


@pytest.mark.parametrize(
    ("given", "back"),
    [("float64", "float64"), ("float32", "float32"), ("float16", "float32"), ("int8", "float64"), ("bool", "float64")],
)
def test_numpy_goes_back_as_numpy(given, back):
    doubled = map_rows(check_vectors(np.ones((3, 2), dtype=given)), lambda rows: rows * 2, width=2)
    assert isinstance(doubled, np.ndarray)
    assert doubled.dtype == back
    np.testing.assert_array_equal(doubled, np.full((3, 2), 2))


@pytest.mark.parametrize(
    ("given", "back"),
    [
        (torch.float64, torch.float64),
        (torch.float32, torch.float32),
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.int32, torch.float64),
    ],
)
def test_a_tensor_goes_back_as_a_tensor(given, back):
    doubled = map_rows(check_vectors(torch.ones(3, 2, dtype=given)), lambda rows: rows * 2, width=2)
    torch.testing.assert_close(doubled, torch.full((3, 2), 2, dtype=back))


def test_a_tensor_that_wants_a_gradient_is_read_as_plain_numbers():
    assert not map_rows(torch.ones(3, 2, requires_grad=True), lambda rows: rows, width=2).requires_grad


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_tensor_goes_back_to_its_device():
    assert map_rows(torch.ones(3, 2, device="cuda"), lambda rows: rows, width=2).device.type == "cuda"


def test_blocks_cover_every_row_once():
    x = np.arange(2 * ROWS_AT_ONCE + 3)[:, None]
    seen = [part for _, part in blocks(x)]
    assert [len(part) for part in seen] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 3]
    np.testing.assert_array_equal(np.concatenate(seen), x)


def test_numbers_in_python_objects_are_read_and_none_counts_as_nan():
    np.testing.assert_array_equal(check_vectors(np.array([[1, 2.5]], dtype=object)), [[1, 2.5]])
    with pytest.raises(InvalidValue, match="NaN"):
        list(blocks(check_vectors([[None, 1.0]])))


@pytest.mark.parametrize(
    ("x", "kind", "words"),
    [
        ([1.0, 2.0], InvalidValue, "reshape"),
        (3.0, InvalidValue, r"\(\)"),
        (np.zeros((2, 2, 2)), InvalidValue, r"\(2, 2, 2\)"),
        (np.zeros((0, 3)), InvalidValue, r"\(0, 3\)"),
        (np.zeros((3, 0)), InvalidValue, r"\(3, 0\)"),
        ([["一", "二"]], InvalidType, "<U1"),
        ([[1.0, 2.0], [3.0]], InvalidType, "list"),
        (np.array([[{}, 1.0]]), InvalidType, "dict"),
        (np.zeros((2, 2), dtype="datetime64[D]"), InvalidType, "datetime64"),
        (np.zeros((2, 2), dtype=complex), InvalidValue, "complex128"),
        (torch.zeros(2, 2).to_sparse(), InvalidType, "sparse"),
    ],
)
def test_what_is_no_matrix_of_numbers(x, kind, words):
    with pytest.raises(kind, match=words):
        check_vectors(x)
