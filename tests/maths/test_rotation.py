"""Orthogonal maps carry one direction to another at every angle, and are what the article says they are."""

import math

import mpmath
import numpy as np
import pytest
import torch
from scipy.linalg import expm

from baihua.checks import InvalidType, InvalidValue
from baihua.maths.rotation import (
    bisector,
    reflect,
    reflection_matrix,
    rotate,
    rotate_negated,
    rotation_matrix,
    slerp,
    turn_half,
)
from baihua.maths.sphere import unit

MAPS = {"rotate": rotate, "reflect": reflect, "turn_half": turn_half, "rotate_negated": rotate_negated}
WIDTHS = [2, 3, 4, 5, 16, 256, 768, 4096]
# From equal to opposite; the second half are distances from π, which no float near π could hold.
TINY = [0.0, 1e-300, 1e-20, 1e-15, 1e-12, 1e-9, 1e-8, 1e-6, 1e-4, 1e-2]
A, B = np.arange(1.0, 6.0), np.array([9.0, 8, 7, 6, 5])


def pair(width, angle, *, from_opposite=False, dtype=torch.float64, seed=0):
    """Two unit vectors at an angle; with ``from_opposite`` at π less it."""
    rng = torch.Generator().manual_seed(seed)
    a = unit(torch.randn(width, dtype=torch.float64, generator=rng))
    v = torch.randn(width, dtype=torch.float64, generator=rng)
    v = unit(v - (v @ a) * a)
    b = (-1 if from_opposite else 1) * math.cos(angle) * a + math.sin(angle) * v
    return unit(a.to(dtype)), unit(b.to(dtype))


def matrix(function, a, b):
    return function(torch.eye(len(a), dtype=a.dtype), a, b).mT


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float64, 5e-15), (torch.float32, 2e-6)])
def test_lengths_stay_and_the_source_arrives_at_every_angle(name, width, dtype, bound):
    x = torch.randn(20, width, dtype=dtype, generator=torch.Generator().manual_seed(1))
    for from_opposite in (False, True):
        for angle in [*TINY, 1.0, math.pi / 2]:
            a, b = pair(width, angle, from_opposite=from_opposite, dtype=dtype)
            y = MAPS[name](x, a, b)
            lengths = torch.linalg.vector_norm(x, dim=-1)
            assert ((torch.linalg.vector_norm(y, dim=-1) - lengths).abs() / lengths).max() < bound
            assert torch.linalg.vector_norm(MAPS[name](a, a, b) - b) < bound


@pytest.mark.parametrize("width", [2, 3, 4, 5, 6, 33])
def test_determinants_and_traces_are_those_of_the_table(width):
    for from_opposite in (False, True):
        for angle in [0.0, 1e-12, 1e-6, 0.3, 1.2]:
            a, b = pair(width, angle, from_opposite=from_opposite)
            cosine = float(a @ b)
            expected = {
                "rotate": (1, width - 2 + 2 * cosine),
                "reflect": (-1, width - 2),
                "turn_half": ((-1) ** (width - 1), 2 - width),
                "rotate_negated": ((-1) ** width, -(width - 2 - 2 * cosine)),
            }
            for name, (determinant, trace) in expected.items():
                found = matrix(MAPS[name], a, b)
                assert float(torch.linalg.det(found)) == pytest.approx(determinant, abs=1e-12)
                assert float(found.trace()) == pytest.approx(trace, abs=1e-12)


def test_the_example_of_the_article():
    a, b = (torch.as_tensor(x / np.linalg.norm(x)) for x in (A, B))
    rows = {
        "rotate": [0.881308, 0.005312, 0.129316, 0.253320, 0.377324],
        "reflect": [0.070684, -0.501328, -0.073340, 0.354648, 0.782636],
        "turn_half": [-0.729316, 0.298672, 0.326660, 0.354648, 0.382636],
        "rotate_negated": [0.081308, 0.805312, 0.529316, 0.253320, -0.022676],
    }
    for name, row in rows.items():
        np.testing.assert_allclose(matrix(MAPS[name], a, b)[0], row, atol=1e-6)


def test_the_rotation_is_the_exponential_of_its_plane_and_the_textbook_form():
    a, b = pair(7, 1.1)
    cosine, generator = float(a @ b), torch.outer(b, a) - torch.outer(a, b)
    found = rotation_matrix(a, b)
    angle = math.acos(cosine)
    np.testing.assert_allclose(found, expm((angle / math.sin(angle) * generator).numpy()), atol=1e-14)
    textbook = torch.eye(7) + 2 * torch.outer(b, a) - torch.outer(a + b, a + b) / (1 + cosine)
    np.testing.assert_allclose(found, textbook, atol=1e-14)


def test_the_rotation_is_the_minimal_one_near_opposite_to_the_last_digit():
    """Against I + 2ba' − (a+b)(a+b)'/(1+c) in 60 digits, where 1 + c would have none in float64."""
    with mpmath.workdps(60):
        for angle in (1e-2, 1e-5, 1e-8, 1e-12):
            a, b = pair(4, angle, from_opposite=True)
            exact = [mpmath.matrix([mpmath.mpf(float(value)) for value in x]) for x in (a, b)]
            first, second = (x / mpmath.norm(x) for x in exact)
            c = (first.T * second)[0]
            total = first + second
            truth = mpmath.eye(4) + 2 * second * first.T - total * total.T / (1 + c)
            found = rotation_matrix(a, b)
            # The plane itself is known to rounding / angle from the digits that float64 has of a and b.
            error = max(abs(truth[i, j] - float(found[i, j])) for i in range(4) for j in range(4))
            assert error < 1e-15 + 4e-16 / angle


def test_no_rotation_with_the_same_target_is_nearer_to_the_identity():
    a, b = pair(5, 2.0)
    least = float(torch.linalg.matrix_norm(rotation_matrix(a, b) - torch.eye(5)))
    assert least == pytest.approx(2 * math.sqrt(1 - float(a @ b)), abs=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(200):
        inner = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        inner[:, 0] *= np.sign(np.linalg.det(inner))
        frame = np.linalg.qr(np.column_stack([a, rng.normal(size=(5, 4))]))[0]
        fixing = frame @ np.block([[np.eye(1), np.zeros((1, 4))], [np.zeros((4, 1)), inner]]) @ frame.T
        other = torch.as_tensor(rotation_matrix(a, b).numpy() @ fixing)
        assert torch.linalg.matrix_norm(other - torch.eye(5)) >= least - 1e-12


def test_what_is_left_alone():
    a, b = pair(6, 0.8)
    x = torch.randn(9, 6, dtype=torch.float64)
    plane = torch.linalg.qr(torch.stack([a, b], dim=1))[0]
    beside = x - (x @ plane) @ plane.T
    for function, sign in ((rotate, 1), (reflect, 1), (turn_half, -1), (rotate_negated, -1)):
        torch.testing.assert_close(function(beside, a, b), sign * beside, atol=1e-14, rtol=0)


def test_symmetric_maps_undo_themselves_and_rotations_are_undone_by_going_back():
    for from_opposite, angle in ((False, 0.0), (False, 1.0), (True, 1e-9), (True, 0.0)):
        a, b = pair(5, angle, from_opposite=from_opposite)
        x = torch.randn(7, 5, dtype=torch.float64)
        for function in (reflect, turn_half):
            torch.testing.assert_close(function(function(x, a, b), a, b), x, atol=1e-14, rtol=0)
            torch.testing.assert_close(function(b, a, b), a, atol=1e-14, rtol=0)
        torch.testing.assert_close(rotate(rotate(x, a, b), a, b, -1.0), x, atol=1e-13, rtol=0)
        if angle != 1e-9:  # there the way back is known to rounding / angle only
            torch.testing.assert_close(rotate(rotate(x, a, b), b, a), x, atol=1e-13, rtol=0)


def test_in_the_plane_there_are_only_two():
    a, b = pair(2, 2.2)
    x = torch.randn(4, 2, dtype=torch.float64)
    torch.testing.assert_close(turn_half(x, a, b), reflect(x, a, b))
    torch.testing.assert_close(rotate_negated(x, a, b), rotate(x, a, b))


def test_maps_turn_with_the_world():
    a, b = pair(5, 2.5)
    world = torch.as_tensor(np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0])
    x = torch.randn(3, 5, dtype=torch.float64)
    for function in MAPS.values():
        torch.testing.assert_close(function(x @ world.T, world @ a, world @ b), function(x, a, b) @ world.T)


def test_fractions_add_up_and_follow_the_arc():
    a, b = pair(6, 2.9)
    x = torch.randn(4, 6, dtype=torch.float64)
    torch.testing.assert_close(rotate(rotate(x, a, b, 0.3), a, b, 0.7), rotate(x, a, b))
    torch.testing.assert_close(rotate(x, a, b, 0.0), x)
    steps = slerp(a, b, torch.linspace(0, 1, 11, dtype=torch.float64))
    cosines = (steps[1:] * steps[:-1]).sum(dim=-1)
    torch.testing.assert_close(cosines, torch.full((10,), math.cos(0.29), dtype=torch.float64))
    torch.testing.assert_close(steps[[0, -1]], torch.stack([a, b]))
    torch.testing.assert_close(slerp(a, a, 0.4), a)
    halfway = slerp(a, -a, 0.5)
    assert abs(float(halfway @ a)) < 1e-15


def test_batches_of_pairs_broadcast():
    pairs = [pair(5, angle, seed=seed) for seed, angle in enumerate((0.0, 1.0, 3.0))]
    a, b = (torch.stack(side) for side in zip(*pairs, strict=True))
    x = torch.randn(4, 1, 5, dtype=torch.float64)
    for function in MAPS.values():
        found = function(x, a, b)
        assert found.shape == (4, 3, 5)
        for place, (one, other) in enumerate(pairs):
            torch.testing.assert_close(found[:, place], function(x[:, 0], one, other))
    matrices = rotation_matrix(a, b)
    torch.testing.assert_close((matrices @ a.unsqueeze(-1)).squeeze(-1), b)
    torch.testing.assert_close(reflection_matrix(a, b), reflection_matrix(a, b).mT)


@pytest.mark.parametrize("name", MAPS)
def test_gradients_are_those_of_differences(name):
    torch.manual_seed(0)
    arguments = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 5), (5,), (5,))]
    assert torch.autograd.gradcheck(MAPS[name], arguments)


def test_gradients_of_fractions():
    torch.manual_seed(0)
    arguments = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in ((3, 5), (5,), (5,), (3,))]
    assert torch.autograd.gradcheck(rotate, arguments)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_where_directions_agree_or_oppose(dtype):
    a = torch.randn(5, dtype=dtype, requires_grad=True)
    off = torch.tensor([1, 0, 0, 0, 0], dtype=dtype) * torch.finfo(dtype).eps
    for b in (a.detach(), -a.detach(), a.detach() + off, -a.detach() + off):
        other = b.clone().requires_grad_()
        x = torch.randn(3, 5, dtype=dtype, requires_grad=True)
        for function in (*MAPS.values(), lambda *three: rotate(*three, 0.3)):
            for gradient in torch.autograd.grad(function(x, a, other).square().sum() * 2, (x, a, other)):
                assert torch.isfinite(gradient).all()


def test_lengths_of_the_directions_do_not_count_however_large_or_small():
    x = np.random.default_rng(0).normal(size=(3, 4))
    a, b = np.array([1.0, 2, 3, 4]), np.array([-1.0, 5, 0, 2])
    for scale in (1e-300, 1e300):
        np.testing.assert_allclose(rotate(x, a * scale, b / scale), rotate(x, a, b), atol=1e-14)


def test_arrays_stay_arrays_and_the_bisector_is_orthogonal_to_opposites():
    assert isinstance(rotate(np.eye(3), [1, 0, 0], [0, 1, 0]), np.ndarray)
    a, _ = pair(4, 1.0)
    assert abs(float(bisector(a, -a) @ a)) < 1e-16
    assert float(torch.linalg.vector_norm(bisector(a, -a))) == pytest.approx(1)


def test_bad_input():
    x = torch.ones(3, 4)
    with pytest.raises(InvalidValue, match=r"one width of at least 2, but received \[4, 4, 3\]"):
        rotate(x, torch.ones(4), torch.ones(3))
    with pytest.raises(InvalidValue, match="In width 1 there is no such map"):
        reflect(torch.ones(1), torch.ones(1), torch.ones(1))
    with pytest.raises(InvalidValue, match="source holds a zero vector, NaN or infinity"):
        rotate(x, torch.zeros(4), torch.ones(4))
    with pytest.raises(InvalidValue, match="target holds a zero vector, NaN or infinity"):
        rotate(x, torch.ones(4), torch.full((4,), torch.nan))
    with pytest.raises(InvalidType, match="x must be an array or tensor of real numbers"):
        rotate(["a", "b"], torch.ones(2), torch.ones(2))
