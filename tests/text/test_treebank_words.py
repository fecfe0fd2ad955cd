"""Words of Latin text against NLTK's own, and by hand."""

import random
import time

import pytest

from baihua.text.treebank_words import treebank_words

PARTS = {
    "words": list("abcnotdeimsyw' "),
    "marks": list("ab'\"`.,:;-()[]{}<>«»“”‘’„!?*$%&@#—– 1９\t\n\u3000\xa0é"),
    "quotes": list("a'\" .s`)(t“”’‘"),
    "full stops": list("a.) ]'\"»”’\n,1:"),
    "clitics": [
        *("'s", "'S", "n't", "N'T", "'ll", "'re", "'ve", "'VE", "'m", "'d", "'t", "'n", "'ye", "'", "''", "``", '"'),
        *(
            "cannot",
            "Cannot",
            "gonna",
            "gimme",
            "wanna",
            "d'ye",
            "more'n",
            "'tis",
            "'twas",
            "lemme",
            "gotta",
            "can",
            "not",
        ),
        *(" ", " ", " ", ".", ",", "(", ")", "-", "--", "*", "x", "a", "s", "T", "é", "9", "中"),
    ],
}


@pytest.mark.parametrize("kind", PARTS)
def test_words_are_those_of_nltk(kind):
    nltk = pytest.importorskip("nltk.tokenize")
    rng = random.Random(kind)
    for _ in range(5000):
        line = "".join(rng.choices(PARTS[kind], k=rng.randrange(15)))
        assert treebank_words(line) == nltk.word_tokenize(line, preserve_line=True), repr(line)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        (" \n", []),
        ("1994", ["1994"]),
        ("１９９４", ["１９９４"]),
        ("3.5", ["3.5"]),
        ("1,000 a,b", ["1,000", "a", ",", "b"]),
        ("at 10:30: go", ["at", "10:30", ":", "go"]),
        ("mr. x of the u.s.", ["mr.", "x", "of", "the", "u.s", "."]),
        ("wait...", ["wait", "..."]),
        ("(see p. 3.)", ["(", "see", "p.", "3", ".", ")"]),
        ('"so" he said', ["``", "so", "''", "he", "said"]),
        ("the boys' 'best' isn't john's", ["the", "boys", "'", "'", "best", "'", "is", "n't", "john", "'s"]),
        ("i cannot, d'ye? 'tis gonna", ["i", "can", "not", ",", "d", "'ye", "?", "'", "tis", "gon", "na"]),
        ("wanna", ["wan", "na"]),
        ("a--b x-y", ["a", "--", "b", "x-y"]),
        ("50% of $3 & c#", ["50", "%", "of", "$", "3", "&", "c", "#"]),
    ],
)
def test_words_by_hand(line, words):
    assert treebank_words(line) == words


@pytest.mark.parametrize(
    "line", ["." * 100_000, "'" * 100_000, "a." * 50_000, " " * 100_000 + ".", ".)" * 50_000, ". " * 50_000]
)
def test_long_lines_take_time_in_proportion(line):
    started = time.perf_counter()
    treebank_words(line)
    assert time.perf_counter() - started < 5
