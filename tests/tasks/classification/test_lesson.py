"""What is learned from is the same whatever order it came in."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from baihua.tasks.classification.lesson import Lesson, readable_places, with_shares

rows = st.lists(
    st.tuples(st.sampled_from(["好", "坏", "", " ", "很好"]), st.sampled_from("abc")), min_size=1, max_size=20
)


@settings(deadline=None, database=None)
@given(given_rows=rows, seed=st.integers(0, 100))
def test_the_order_plays_no_part(given_rows, seed):
    order = np.random.default_rng(seed).permutation(len(given_rows))
    first, second = (
        Lesson.of([(given_rows[place][0],) for place in places], [given_rows[place][1] for place in places])
        for places in (range(len(given_rows)), order)
    )
    assert (first.labels, first.texts, first.num_blank) == (second.labels, second.texts, second.num_blank)
    assert first.answers.tolist() == second.answers.tolist()
    assert first.shares.tolist() == second.shares.tolist()


@settings(deadline=None, database=None)
@given(given_rows=rows)
def test_nothing_is_lost_but_blanks(given_rows):
    lesson = Lesson.of([(text,) for text, _ in given_rows], [label for _, label in given_rows])
    assert sorted(zip(lesson.gold, lesson.texts, strict=True)) == sorted((b, (a,)) for a, b in given_rows if a.strip())
    assert lesson.num_blank == sum(not text.strip() for text, _ in given_rows)
    assert lesson.shares.sum() == 1 or abs(lesson.shares.sum() - 1) < 1e-12
    shares = dict(zip(lesson.labels, lesson.shares, strict=True))
    for label in {label for _, label in given_rows}:
        assert shares[label] == sum(other == label for _, other in given_rows) / len(given_rows)


def test_blank_texts_get_the_shares():
    texts = [("好",), (" ",), ("", "a"), ("", "")]
    places = readable_places(texts)
    assert places == [0, 2]
    full = with_shares(np.array([[0.9, 0.1], [0.2, 0.8]]), places, 4, np.array([0.7, 0.3]))
    assert full.tolist() == [[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.7, 0.3]]
    assert with_shares(np.empty((0, 2)), [], 0, np.array([0.7, 0.3])).shape == (0, 2)
    assert with_shares(np.empty((0, 2)), [], 1, np.array([0.7, 0.3])).tolist() == [[0.7, 0.3]]
