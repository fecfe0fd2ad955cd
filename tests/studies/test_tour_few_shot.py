"""The tour's reviews: none is learned and asked, and what is shown is what was said."""

import pytest

from baihua.encoders.load import load_encoder
from baihua.language import set_language
from baihua.studies.tour.few_shot import BAD, GOOD, HELD, LEARNED, WORDS, few_shot_part


@pytest.fixture(scope="module")
def part():
    set_language("en")
    return few_shot_part()


def test_reviews_are_different_and_even():
    texts = [text for reviews in (LEARNED, HELD) for mine in reviews.values() for text in mine]
    assert len(set(texts)) == len(texts) == 24
    assert {len(mine) for reviews in (LEARNED, HELD) for mine in reviews.values()} == {6}
    assert all(8 <= len(text) <= 20 and text == text.strip() for text in texts)
    backend = load_encoder("bundled").backend()
    assert not any("[UNK]" in backend.encode(text).tokens for text in texts)


def test_the_words_of_the_labels_stand_in_no_template_of_their_own(part):
    assert f"{GOOD} = {WORDS[GOOD]}, {BAD} = {WORDS[BAD]}" in part.lines[0]
    assert "{mask}" in part.lines[0]
    assert "{soft:4}" in part.lines[1]
    assert "2,048 numbers" in part.lines[1]


def test_every_review_is_shown_with_what_was_said(part):
    shown = part.lines[2:-1]
    truth = [(text, label) for label, mine in HELD.items() for text in mine]
    num_right = 0
    for line, (text, wanted) in zip(shown, truth, strict=True):
        *marks, said, asked = line.split()
        assert asked == text
        assert 0.5 <= float(marks[-1]) <= 1
        assert (marks[0] == "*") == (said == wanted)
        num_right += said == wanted
    assert part.numbers["p_tuning_accuracy"] == num_right / 12
    assert f"{num_right} right" in part.lines[1]


def test_learning_from_twelve_helps(part):
    assert 0.5 < part.numbers["zero_shot_accuracy"] <= part.numbers["p_tuning_accuracy"]
