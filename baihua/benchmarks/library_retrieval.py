"""A library is asked: the first sentences of matching pairs are the queries, all second sentences the library.

This is the task that the defaults of search are chosen on. A query that stands in the library itself, as some do, is
left out of its own answers: to find the same string says nothing about meaning.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from baihua.benchmarks.classification import read_labelled
from baihua.benchmarks.data import find_file
from baihua.benchmarks.pairs import STS_SETS, Pairs, read_pairs
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidValue, check_same_length

TOP = 10  # answers that count
ASK_FOR = TOP + 1  # one may be the query itself
HEADLINES_AND_REVIEWS = ("TNEWS-DataCLUE", "waimai_10k")


@dataclass(frozen=True)
class LibraryQuestions:
    """What is asked of which library, and what answers it.

    Args:
        queries: the queries, all different.
        library: the texts that are searched, all different.
        partners: for each query the rows of the library that mean the same.
    """

    queries: list[str]
    library: list[str]
    partners: list[set[int]]

    def among(self, others: Iterator[str] | Sequence[str], size: int) -> "LibraryQuestions":
        """Return the same questions with other sentences added to the library until it has ``size`` texts.

        Args:
            others: sentences; those that are queries or in the library already are passed over.
            size: of the library.

        Raises:
            InvalidValue: when there are too few others.

        Example:
            >>> LibraryQuestions(["a"], ["b"], [{0}]).among(["a", "c", "b", "c", "d"], 3).library
            ['b', 'c', 'd']
        """
        known = {*self.queries, *self.library}
        added = [text for text in dict.fromkeys(others) if text.strip() and text not in known]
        missing = size - len(self.library)
        if missing > len(added):
            raise InvalidValue(
                zh=f"要 {size} 条的库，只有 {len(self.library)} 条加 {len(added)} 条别的句子；请减小 size 或取来更多数据集。",
                en=f"A library of {size} texts was asked for, but there are only {len(self.library)} and {len(added)} other "
                "sentences. Ask for fewer, or fetch more data sets.",
            )
        return replace(self, library=self.library + added[: max(missing, 0)])


@dataclass(frozen=True)
class LibraryScores:
    """How well the queries were answered.

    Args:
        recall_at_1: share of the queries whose first answer means the same.
        recall_at_10: share of the queries with such an answer among the first ten.
        mrr_at_10: mean reciprocal rank of the first such answer; 0 where none is among the first ten.
        num_queries: how many were asked.
    """

    recall_at_1: float
    recall_at_10: float
    mrr_at_10: float
    num_queries: int


def library_questions(pairs: Pairs) -> LibraryQuestions:
    """Make queries and library from labelled pairs.

    Args:
        pairs: with label 1 for the same meaning.

    Returns:
        Queries: the first sentences of all pairs labelled 1. Library: all second sentences. Pairs of a sentence with
        itself do not count.

    Raises:
        InvalidValue: when no pair is labelled 1.
    """
    library = list(dict.fromkeys(pairs.second))
    row = {text: number for number, text in enumerate(library)}
    partners: dict[str, set[int]] = {}
    for first, second, label in zip(pairs.first, pairs.second, pairs.labels, strict=True):
        if label == 1 and first != second:
            partners.setdefault(first, set()).add(row[second])
    if not partners:
        raise InvalidValue(
            zh=f"{pairs.name} 里没有标为 1 的句对，没有可问的；请用 LCQMC、BQ、ATEC 或 PAWSX。",
            en=f"{pairs.name} has no pair labelled 1, so there is nothing to ask. Use LCQMC, BQ, ATEC or PAWSX.",
        )
    return LibraryQuestions(list(partners), library, list(partners.values()))


def library_scores(questions: LibraryQuestions, answers: Sequence[Sequence[int]]) -> LibraryScores:
    """Score the answers to all queries.

    Args:
        questions: what was asked.
        answers: for each query rows of the library, the best first; at least `ASK_FOR` where there are so many.

    Raises:
        InvalidValue: when there is not one list of answers per query.

    Example:
        >>> questions = LibraryQuestions(["a", "b"], ["a", "x", "y"], [{1}, {2}])
        >>> library_scores(questions, [[0, 1, 2], [0, 2, 1]])  # the first query is row 0 itself
        LibraryScores(recall_at_1=0.5, recall_at_10=1.0, mrr_at_10=0.75, num_queries=2)
    """
    check_same_length(questions.queries, answers, ("queries", "answers"))
    reciprocal = []
    for query, rows, partners in zip(questions.queries, answers, questions.partners, strict=True):
        others = [row for row in rows if questions.library[row] != query][:TOP]
        reciprocal.append(next((1 / rank for rank, row in enumerate(others, start=1) if row in partners), 0.0))
    ranks = np.array(reciprocal)
    return LibraryScores(float((ranks == 1).mean()), float((ranks > 0).mean()), float(ranks.mean()), len(ranks))


def public_sentences() -> Iterator[str]:
    """Yield short sentences of the public sets, as what an answer is hidden among; repeated ones as they come.

    First the questions and sentences of the five similarity sets (valid, and train of STS-B), then those of AFQMC, then
    headlines and reviews: some 110 000 different ones. Test splits are left alone.

    Raises:
        FileProblem: when a file is not on this machine, saying how to get it.
    """
    for name, split in [*((name, "valid") for name in STS_SETS), ("STS-B", "train")]:
        pairs = read_pairs(name, split)
        yield from pairs.first
        yield from pairs.second
    for file in ("train.json", "dev.json"):
        with open_raw(find_file("AFQMC", file)) as lines:
            for line in lines:
                record = json.loads(line)
                yield from (record["sentence1"], record["sentence2"])
    for name in HEADLINES_AND_REVIEWS:
        for split in ("train", "dev"):
            yield from read_labelled(name, split).texts
