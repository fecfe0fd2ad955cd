"""The linear head against scikit-learn, its folds, and how C is chosen."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from baihua.checks import InvalidValue
from baihua.tasks.classification import linear
from baihua.tasks.classification.linear import NUM_FOLDS, PENALTIES, LinearHead, fit_linear, make_folds
from baihua.training.temperature import probabilities


def drawn(num=60, width=10, num_labels=3, noise=1.0, seed=0):
    """Vectors around one centre for each label."""
    rng = np.random.default_rng(seed)
    answers = np.arange(num) % num_labels
    centres = rng.normal(0, 1, (num_labels, width))
    return centres[answers] + rng.normal(0, noise, (num, width)), answers


def folds_of(answers, num_folds=NUM_FOLDS):
    folds = np.empty(len(answers), dtype=int)
    for label in np.unique(answers):
        places = np.flatnonzero(answers == label)
        folds[places] = np.arange(len(places)) % num_folds
    return folds


@pytest.mark.parametrize("num_labels", [2, 3, 7])
def test_as_scikit_learn_has_it(num_labels):
    """Dividing standardised features by √width is as multiplying C by 1 / width."""
    features, answers = drawn(num_labels=num_labels)
    found = fit_linear(features, answers, None, (10,))
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1 / 10, max_iter=1000, tol=1e-8))
    theirs.fit(features, answers)
    np.testing.assert_allclose(probabilities(found.head.logits(features)), theirs.predict_proba(features), atol=2e-3)
    assert found.inverse_penalty == 1
    assert found.held_out is None


def test_the_width_of_the_encoder_does_not_matter():
    """Each feature ten times over says no more than once."""
    features, answers = drawn()
    wide = np.tile(features, 10)
    one, other = fit_linear(features, answers, None, (10,)), fit_linear(wide, answers, None, (100,))
    np.testing.assert_allclose(
        probabilities(one.head.logits(features)), probabilities(other.head.logits(wide)), atol=2e-3
    )


def test_blocks_weigh_the_same_however_wide_they_are():
    """One telling feature beside a hundred that say nothing."""
    rng = np.random.default_rng(0)
    answers = np.arange(40) % 2
    telling, noise = answers[:, None] + rng.normal(0, 0.3, (40, 1)), rng.normal(0, 1, (40, 100))
    features = np.concatenate([noise, telling], axis=1)
    rest = np.concatenate([rng.normal(0, 1, (500, 100)), (np.arange(500) % 2)[:, None] * 1.0], axis=1)
    right = [
        (fit_linear(features, answers, None, blocks).head.logits(rest).argmax(axis=1) == np.arange(500) % 2).mean()
        for blocks in ((101,), (100, 1))
    ]
    assert right[1] > right[0] + 0.1


def test_a_feature_that_never_changes_does_no_harm():
    features, answers = drawn()
    features[:, 3] = 7.0
    assert np.isfinite(fit_linear(features, answers, None, (10,)).head.logits(features)).all()


def test_one_text_of_each_label_is_enough():
    features = np.eye(10)
    found = fit_linear(features, np.arange(10), None, (10,))
    assert found.head.logits(features).argmax(axis=1).tolist() == list(range(10))


def test_held_out_logits_are_of_heads_that_never_saw_the_text():
    """Labels are drawn at random: what was learned is right, what was held out is chance."""
    features, _ = drawn(num=100, width=300)
    answers = np.random.default_rng(1).permutation(np.arange(100) % 2)
    found = fit_linear(features, answers, folds_of(answers), (300,), choose=False)
    assert (found.head.logits(features).argmax(axis=1) == answers).mean() > 0.75
    assert (found.held_out.argmax(axis=1) == answers).mean() < 0.65


@pytest.mark.parametrize("fold", range(NUM_FOLDS))
def test_held_out_logits_by_hand(fold):
    features, answers = drawn()
    folds = folds_of(answers)
    found = fit_linear(features, answers, folds, (10,), choose=False)
    held = folds == fold
    alone = fit_linear(features[~held], answers[~held], None, (10,)).head.logits(features[held])
    np.testing.assert_array_equal(found.held_out[held], alone)


def test_c_is_chosen_where_there_are_five_folds():
    """Where labels lie far apart, weights need no holding back; where they overlap, they do."""
    chosen = []
    for noise in (0.1, 1.0):
        features, answers = drawn(num=200, noise=noise)
        chosen.append(fit_linear(features, answers, folds_of(answers), (10,)).inverse_penalty)
    assert chosen[0] > chosen[1]
    assert set(chosen) <= set(PENALTIES)
    features, answers = drawn()
    assert fit_linear(features, answers, folds_of(answers, 4), (10,)).inverse_penalty == 1
    assert fit_linear(features, answers, folds_of(answers), (10,), choose=False).inverse_penalty == 1


def test_the_same_again_to_the_last_digit():
    features, answers = drawn()
    one, other = (fit_linear(features, answers, folds_of(answers), (10,)) for _ in range(2))
    assert np.array_equal(one.head.weight, other.head.weight)
    assert np.array_equal(one.held_out, other.held_out)


def test_a_fit_that_is_cut_off_says_so(monkeypatch):
    monkeypatch.setattr(linear, "MAX_ITERATIONS", 1)
    features, answers = drawn()
    with pytest.warns(UserWarning, match="did not converge within 1 iterations"):
        fit_linear(features, answers, None, (10,))


def test_no_warning_otherwise():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit_linear(*drawn(), None, (10,))


texts = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 2)), min_size=1, max_size=40)


@settings(deadline=None, database=None, max_examples=200)
@given(rows=texts, seed=st.integers(0, 20))
def test_folds_hold_equal_texts_together_and_leave_every_label_something(rows, seed):
    answers = np.unique([answer for _, answer in rows], return_inverse=True)[1]
    given_texts = [(text,) for text, _ in rows]
    folds = make_folds(given_texts, answers, seed)
    assert folds is None or folds.tolist() == make_folds(given_texts, answers, seed).tolist()
    if folds is None:
        return
    assert len({(text, fold) for (text,), fold in zip(given_texts, folds.tolist(), strict=True)}) == len(
        set(given_texts)
    )
    assert folds.max() < NUM_FOLDS
    for fold in np.unique(folds):
        assert set(answers[folds != fold]) == set(answers)


def test_the_rarest_label_decides_how_many_folds():
    for num in (1, 2, 3, 5, 9):
        answers = np.array([0] * 20 + [1] * num)
        folds = make_folds([(str(place),) for place in range(len(answers))], answers, seed=0)
        assert (num == 1) == (folds is None)
        if folds is not None:
            assert folds.max() + 1 == min(num, NUM_FOLDS)
            assert np.ptp(np.bincount(folds[:20])) <= 1


def test_repeats_of_one_text_are_not_enough_to_hold_out():
    assert make_folds([("a",)] * 5 + [("b",), ("c",)], np.array([0] * 5 + [1] * 2), seed=0) is None


def test_a_head_comes_back_from_its_tensors():
    head = fit_linear(*drawn(), None, (10,)).head
    again = LinearHead.of(head.tensors(), 10, 3)
    features = drawn(seed=5)[0]
    assert np.array_equal(head.logits(features), again.logits(features))


@pytest.mark.parametrize("name", ["mean", "scale", "weight", "bias"])
def test_a_head_that_is_not_whole(name):
    tensors = fit_linear(*drawn(), None, (10,)).head.tensors()
    for wrong in (None, tensors[name][..., :-1], np.full_like(tensors[name], np.nan)):
        damaged = {key: value for key, value in tensors.items() if key != name}
        if wrong is not None:
            damaged[name] = wrong
        with pytest.raises(InvalidValue, match=f"The last layer lacks {name} of shape"):
            LinearHead.of(damaged, 10, 3)
