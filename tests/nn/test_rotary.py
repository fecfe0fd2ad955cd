"""Rotary positions: a product depends on the distance alone, lengths stay, and position 0 changes nothing."""

import pytest
import torch

from baihua.checks import InvalidValue
from baihua.nn.rotary import rotate_by_position


def test_products_depend_on_the_distance_alone():
    query, key = torch.randn(2, 8, dtype=torch.float64).unbind()
    turned = [rotate_by_position(side.expand(1, 30, 8))[0] for side in (query, key)]
    products = turned[0] @ turned[1].T  # (30, 30)
    for distance in range(-4, 5):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))


def test_lengths_stay_and_the_first_position_is_as_it_was():
    x = torch.randn(2, 5, 3, 6, dtype=torch.float64)
    turned = rotate_by_position(x)
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(turned[:, 0], x[:, 0])


def test_the_formula_is_the_articles():
    x = torch.randn(1, 4, 6, dtype=torch.float64)
    turned = rotate_by_position(x)[0]
    for place in range(4):
        for t in range(3):
            angle = torch.tensor(place * 10_000 ** (-2 * t / 6), dtype=torch.float64)
            even, odd = x[0, place, 2 * t], x[0, place, 2 * t + 1]
            torch.testing.assert_close(turned[place, 2 * t], even * angle.cos() - odd * angle.sin())
            torch.testing.assert_close(turned[place, 2 * t + 1], odd * angle.cos() + even * angle.sin())


def test_half_precision_is_computed_in_float32_and_odd_sizes_are_refused():
    assert rotate_by_position(torch.randn(1, 3, 4, dtype=torch.bfloat16)).dtype == torch.float32
    with pytest.raises(InvalidValue, match="5"):
        rotate_by_position(torch.randn(1, 3, 5))
