"""Finding answers, from texts to a folder and back."""

import json

import pytest
import torch

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.answer import AnswerFinder
from baihua.tasks.answering.settings import AnswerSettings

# What follows 在 is the answer.
CONTEXTS = [f"{a}机在{b}天" for a in "手电充进" for b in "好坏今气"]
QUESTIONS = ["是什么"] * len(CONTEXTS)
ANSWERS = [context[3] for context in CONTEXTS]
SETTINGS = AnswerSettings(
    epochs=1, least_steps=200, batch_size=8, max_length=32, learning_rate=3e-3, dropout=0.0, head_size=16
)


@pytest.fixture(scope="module")
def trained(small_folder):
    return AnswerFinder(str(small_folder), settings=SETTINGS).fit(CONTEXTS, QUESTIONS, ANSWERS, show_progress=False)


def test_it_learns_and_says_where(trained):
    found = trained.predict(CONTEXTS, QUESTIONS)
    right = [one.text == answer for one, answer in zip(found, ANSWERS, strict=True)]
    assert sum(right) >= 14
    for one, context in zip(found, CONTEXTS, strict=True):
        assert context[one.start : one.end] == one.text
        assert 0 < one.score <= 1
    assert trained.always


def test_long_contexts_are_read_in_windows(trained):
    context = "了" * 40 + CONTEXTS[0] + "了" * 40
    (found,) = trained.predict(context, ["是什么"])
    assert context[found.start : found.end] == found.text
    assert found.end - found.start <= 32


def test_one_context_serves_many_questions(trained):
    assert len(trained.predict(CONTEXTS[0], ["是什么", "什么"])) == 2
    assert trained.predict([], []) == []


def test_where_some_have_no_answer_none_can_be_found(small_folder):
    nothing = [f"{a}机了{b}天" for a in "手电充进" for b in "好坏今气"]
    finder = AnswerFinder(str(small_folder), settings=SETTINGS)
    finder.fit(CONTEXTS + nothing, QUESTIONS * 2, ANSWERS + [None] * 16, show_progress=False)
    assert not finder.always
    found = finder.predict(CONTEXTS + nothing, QUESTIONS * 2)
    assert sum(one is not None for one in found[:16]) >= 13
    assert sum(one is None for one in found[16:]) >= 13
    scores = finder.evaluate(nothing, QUESTIONS, [[]] * 16)
    assert scores.exact_match == scores.f1 == sum(one is None for one in found[16:]) / 16


def test_a_folder_answers_as_before(trained, tmp_path):
    loaded = AnswerFinder.load(trained.save(tmp_path / "finder"))
    for one, other in zip(trained.predict(CONTEXTS, QUESTIONS), loaded.predict(CONTEXTS, QUESTIONS), strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        assert one.score == pytest.approx(other.score, abs=1e-5)
    assert load_encoder(str(tmp_path / "finder")).width == 16
    facts = json.loads((tmp_path / "finder" / "finder.json").read_text(encoding="utf-8"))
    facts["settings"]["stride"] = 0
    (tmp_path / "finder" / "finder.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InvalidValue, match="stride must be at least 1"):
        AnswerFinder.load(tmp_path / "finder")
    with pytest.raises(FileProblem, match=r"no finder\.json"):
        AnswerFinder.load(tmp_path)


def test_a_refused_training_leaves_the_weights(small_folder):
    mine = AnswerFinder(str(small_folder), settings=SETTINGS)
    before = {name: tensor.clone() for name, tensor in mine.encoder.model.state_dict().items()}
    with pytest.raises(InvalidValue, match="does not stand"):
        mine.fit(CONTEXTS, QUESTIONS, ["没有"] * 16)
    with pytest.raises(InvalidType):
        mine.fit(CONTEXTS, "是什么", ANSWERS)
    with pytest.raises(InvalidValue, match="No window holds a whole answer"):
        mine.fit(["手" * 60], ["是什么"], [(0, "手" * 60)])
    with pytest.raises(InvalidValue, match="has not been trained"):
        mine.predict(CONTEXTS, QUESTIONS)
    assert all(torch.equal(before[name], tensor) for name, tensor in mine.encoder.model.state_dict().items())


@pytest.mark.parametrize("wrong", [{"head_size": 5}, {"stride": 0}, {"head_rate": 0}, {"max_answer": 0}])
def test_settings_that_make_no_sense(wrong):
    with pytest.raises(InvalidValue):
        AnswerSettings(**wrong)


def test_scores_are_those_of_cmrc(trained):
    scores = trained.evaluate(CONTEXTS, QUESTIONS, [[answer] for answer in ANSWERS])
    found = trained.predict(CONTEXTS, QUESTIONS)
    assert scores.exact_match == sum(one.text == answer for one, answer in zip(found, ANSWERS, strict=True)) / 16
    assert scores.f1 >= scores.exact_match
    several = trained.evaluate(
        CONTEXTS, QUESTIONS, [[context[0], one.text] for context, one in zip(CONTEXTS, found, strict=True)]
    )
    assert several.exact_match == 1
