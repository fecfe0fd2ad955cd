"""Queries, library and partners come from the pairs alone, and the scores are those counted by hand."""

import numpy as np
import pytest

from baihua.benchmarks.library_retrieval import (
    LibraryQuestions,
    library_questions,
    library_scores,
    public_sentences,
)
from baihua.benchmarks.pairs import Pairs, read_pairs
from baihua.checks import InvalidValue


def pairs_of(*rows):
    first, second, labels = zip(*rows, strict=True)
    return Pairs("toy", "valid", list(first), list(second), np.array(labels, dtype=np.float64), 0, "toy", "")


def test_queries_are_matching_first_sentences_and_the_library_is_every_second_one():
    questions = library_questions(
        pairs_of(
            ("退款", "退钱", 1), ("退款", "改地址", 0), ("开发票", "退钱", 0), ("退款", "还钱", 1), ("退钱", "退钱", 1)
        )
    )
    assert questions == LibraryQuestions(["退款"], ["退钱", "改地址", "还钱"], [{0, 2}])


def test_nothing_to_ask():
    with pytest.raises(InvalidValue, match="no pair labelled 1"):
        library_questions(pairs_of(("退款", "退钱", 0)))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([3, 1], (1, 1, 1.0)),
        ([0, 3], (1, 1, 1.0)),  # row 0 is the query itself and does not count
        ([1, 2, 3], (0, 1, 1 / 3)),
        ([0, *range(4, 13), 3], (0, 1, 1 / 10)),
        ([*range(4, 14), 3], (0, 0, 0.0)),  # the eleventh
        ([], (0, 0, 0.0)),
    ],
)
def test_scores_by_hand(answer, expected):
    library = ["问", *"abcdefghijklmn"]
    scores = library_scores(LibraryQuestions(["问"], library, [{3}]), [answer])
    assert (scores.recall_at_1, scores.recall_at_10, scores.mrr_at_10) == pytest.approx(expected)


def test_one_list_of_answers_for_each_query():
    with pytest.raises(InvalidValue, match="answers"):
        library_scores(LibraryQuestions(["问"], ["a"], [{0}]), [])


def test_hidden_among_others_rows_stay_where_they_are():
    questions = LibraryQuestions(["问"], ["甲", "乙"], [{1}])
    hidden = questions.among(["丙", "问", "甲", " ", "丁", "丙", "戊"], 4)
    assert hidden == LibraryQuestions(["问"], ["甲", "乙", "丙", "丁"], [{1}])
    assert questions.among([], 1) == questions
    with pytest.raises(InvalidValue, match="only 2 and 1 other"):
        questions.among(["丙"], 9)


@pytest.mark.data
def test_the_public_sets_hide_an_answer_among_a_hundred_thousand():
    questions = library_questions(read_pairs("LCQMC"))
    hidden = questions.among(public_sentences(), 100_000)
    assert len(set(hidden.library)) == 100_000
    assert not {*questions.queries} & {*hidden.library[len(questions.library) :]}
