"""What is taken for what, and which items are hard, on records whose mistakes are known."""

import pytest
from tiny_clue import write_tiny

from baihua.benchmarks.clue_answers import KeptAnswers
from baihua.benchmarks.clue_mistakes import confusions, hardest, named
from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_scores import right_of
from baihua.benchmarks.clue_tasks import CLASSIFICATION, CLUE_TASKS
from baihua.text.entities import Entity


@pytest.fixture
def dev_of(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))

    def read(task):
        write_tiny(tmp_path / "data", task)
        return read_clue(task, "dev")

    return read


def right_answers(dev):
    kind = CLUE_TASKS[dev.task].kind
    if kind == "reading":
        return [question.answers[0].text for passage in dev.examples for question in passage.questions]
    return [list(one.entities) for one in dev.examples] if kind == "entities" else list(right_of(dev))


def wrong_answer(dev, right):
    kind = CLUE_TASKS[dev.task].kind
    if kind in CLASSIFICATION:
        return next(label for label in CLUE_TASKS[dev.task].labels if label != right)
    return {"reading": "没有", "entities": [Entity(0, 1, "game")]}.get(kind, None if right is None else int(right == 0))


@pytest.mark.parametrize("task", CLUE_TASKS)
def test_right_answers_are_no_mistakes_and_a_wrong_one_is(task, dev_of):
    dev = dev_of(task)
    right = right_answers(dev)
    assert hardest(dev, [KeptAnswers(right, None)]) == []
    wrong = [wrong_answer(dev, right[0]), *right[1:]]
    (item,) = hardest(dev, [KeptAnswers(right, None), KeptAnswers(wrong, [0.75] * len(right))])
    assert item.id == dev.ids[0]
    assert (item.wrong, item.sure) == (1, 0.75)
    assert item.right != item.answer


def test_what_most_trainings_fail_comes_first_and_the_surest_of_these(dev_of):
    dev = dev_of("TNEWS")
    right = right_answers(dev)
    wrong = [wrong_answer(dev, one) for one in right]
    one = KeptAnswers([wrong[0], wrong[1], *right[2:]], [0.9, 0.4] + [0.1] * (len(right) - 2))
    two = KeptAnswers([right[0], wrong[1], *right[2:]], [0.9, 0.6] + [0.1] * (len(right) - 2))
    three = KeptAnswers([right[0], right[1], wrong[2], *right[3:]], [0.1] * len(right))
    items = hardest(dev, [one, two, three])
    assert [item.id for item in items] == [dev.ids[place] for place in (1, 0, 2)]
    assert items[0].sure == 0.6
    assert len(hardest(dev, [one, two, three], num=1)) == 1


def test_confusions_are_counted_over_trainings_as_a_share_of_the_label(dev_of):
    dev = dev_of("OCNLI")
    right = right_answers(dev)
    wrong = [wrong_answer(dev, right[0]), *right[1:]]
    first = KeptAnswers(wrong, None)
    (found,) = confusions(dev, [first, first, KeptAnswers(right, None), KeptAnswers(right, None)])
    assert (found.right, found.answer, found.count) == (named("OCNLI", right[0]), named("OCNLI", wrong[0]), 2)
    assert found.share == pytest.approx(2 / (4 * right.count(right[0])))
    assert confusions(dev_of("C3"), []) == []
