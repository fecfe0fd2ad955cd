"""Answers that are kept come back as they were, and those of another training do not."""

import pytest

from baihua.benchmarks.clue_answers import KeptAnswers, answers_path, facts_of, find_answers, keep_answers
from baihua.checks import InvalidValue
from baihua.text.entities import Entity

FACTS = facts_of({"epochs": 3}, {"dev.json": "sha"}, 0)


@pytest.mark.parametrize(
    "answers",
    [["100", "101"], [0, 3], ["北京", ""], [[Entity(0, 2, "address")], []]],
)
def test_answers_of_every_kind_come_back(answers, tmp_path):
    path = answers_path(tmp_path, "clue/article/X/dev/model", 0)
    keep_answers(path, KeptAnswers(answers, [0.5, 1.0], FACTS))
    found = find_answers(path, FACTS)
    assert list(found.answers) == answers
    assert list(found.sure) == [0.5, 1.0]


def test_answers_of_another_training_are_not_taken(tmp_path):
    path = answers_path(tmp_path, "one", 0)
    assert find_answers(path, FACTS) is None
    keep_answers(path, KeptAnswers(["1"], None, FACTS))
    assert find_answers(path, FACTS).sure is None
    for other in (facts_of({"epochs": 4}, FACTS["data"], 0), facts_of(FACTS["settings"], {}, 0), {**FACTS, "seed": 1}):
        assert find_answers(path, other) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"facts": {}}', '{"answers": 3, "sure": null, "facts": {}}'])
def test_a_broken_file_says_which(text, tmp_path):
    path = tmp_path / "seed-0.json"
    path.write_text(text)
    with pytest.raises(InvalidValue, match="seed-0.json"):
        find_answers(path, FACTS)
