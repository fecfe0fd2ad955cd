import numpy as np
import pytest

from baihua.tasks.chance_threshold import FEWEST_TEXTS, fit_chance, lowest_gap


def unit_vectors(num, width=32, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(num, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_pairs_by_chance_hardly_ever_reach_the_threshold():
    reached = 0
    for seed in range(20):
        vectors = unit_vectors(300, seed=seed)
        chance = fit_chance(vectors, np.arange(300), np.zeros(300, dtype=int))
        assert chance.num_pairs == 300 * 299 // 2
        assert chance.expected_wrong(chance.threshold) == pytest.approx(0.5, rel=0.02)
        scores = (vectors @ vectors.T)[np.triu_indices(300, 1)]
        reached += int((scores >= chance.threshold).sum())
    assert reached <= 20  # 10 expected; more than 20 would come once in 600 times


def test_pairs_of_other_marks_or_the_same_form_are_no_background():
    vectors = np.concatenate([unit_vectors(300)] * 2)
    forms = np.concatenate([np.arange(300)] * 2)
    same = fit_chance(vectors, forms, np.zeros(600, dtype=int))
    assert same == fit_chance(vectors[:300], forms[:300], np.zeros(300, dtype=int))
    halves = fit_chance(vectors[:300], forms[:300], np.arange(300) % 2)
    assert halves.num_pairs == 2 * (150 * 149 // 2)


def test_too_few_texts_or_texts_all_alike_give_no_threshold():
    few = FEWEST_TEXTS - 1
    assert fit_chance(unit_vectors(few), np.arange(few), np.zeros(few, dtype=int)) is None
    alike = np.tile(unit_vectors(1), (200, 1))
    assert fit_chance(alike, np.arange(200), np.zeros(200, dtype=int)) is None


def test_where_every_text_has_marks_of_its_own_nothing_can_be_removed():
    chance = fit_chance(unit_vectors(200), np.arange(200), np.arange(200))
    assert (chance.num_pairs, chance.threshold) == (0, 1.0)


def test_one_population_has_no_gap():
    rng = np.random.default_rng(0)
    found = [lowest_gap(draw) for draw in (*rng.normal(0, 0.1, (50, 20_000)), *rng.exponential(0.1, (50, 20_000)))]
    assert sum(gap < np.inf for gap in found) <= 2


def test_near_duplicates_that_run_into_the_background_make_no_gap():
    rng = np.random.default_rng(0)
    assert lowest_gap(np.concatenate([rng.normal(0, 0.1, 20_000), rng.uniform(0.2, 1, 400)])) == np.inf
    apart = np.concatenate([rng.normal(0, 0.1, 20_000), rng.uniform(0.8, 1, 100)])
    assert 0.8 <= lowest_gap(apart) < 0.81
