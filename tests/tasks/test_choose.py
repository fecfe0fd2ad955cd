"""Choosing among answers, from questions to a folder and back."""

import json

import numpy as np
import pytest
import torch

from baihua.checks import FileProblem, InvalidType, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.choose import ChoiceRanker, ChoiceScores
from baihua.tasks.classification.settings import ClassificationSettings

# The choice that stands in the text is right.
QUESTIONS = [((f"{a}在这。", "是什么？"), [a, b]) for a in "手机电天" for b in "好坏大小"] + [
    ((f"{b}在这。", "是什么？"), [a, b]) for a in "手机电天" for b in "好坏大小"
]
ANSWERS = [0] * 16 + [1] * 16
SETTINGS = ClassificationSettings(
    epochs=1, least_steps=150, batch_size=8, max_length=32, learning_rate=3e-3, dropout=0.0
)


def ranker(folder, **changes):
    from dataclasses import replace

    return ChoiceRanker(str(folder), settings=replace(SETTINGS, **changes))


@pytest.fixture(scope="module")
def trained(small_folder):
    return ranker(small_folder).fit(QUESTIONS, ANSWERS, show_progress=False)


def test_it_learns(trained):
    scores = trained.evaluate(QUESTIONS, ANSWERS)
    assert scores.accuracy > 0.9
    assert scores.chance == 0.5
    assert scores.interval[0] < scores.accuracy <= scores.interval[1]


def test_probabilities_add_up_and_the_largest_is_chosen(trained):
    chances = trained.predict_proba(QUESTIONS[:5])
    assert all(mine.shape == (2,) and mine.sum() == pytest.approx(1) for mine in chances)
    assert trained.predict(QUESTIONS[:5]) == [int(mine.argmax()) for mine in chances]


def test_numbers_of_choices_may_differ(trained):
    mixed = [("手机在这。", ["手", "机", "电"]), ("天气", ["好", "坏"])]
    assert [len(mine) for mine in trained.predict_proba(mixed)] == [3, 2]
    assert trained.predict([]) == []


def test_questions_of_a_group_share_no_answer(trained):
    same = [QUESTIONS[0], QUESTIONS[0]]
    assert sorted(trained.predict(same, exclusive=["a", "a"])) == [0, 1]
    assert trained.predict(same, exclusive=["a", "b"]) == trained.predict(same)


def test_a_folder_answers_as_before(trained, tmp_path):
    loaded = ChoiceRanker.load(trained.save(tmp_path / "ranker"))
    for one, other in zip(trained.predict_proba(QUESTIONS), loaded.predict_proba(QUESTIONS), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert load_encoder(str(tmp_path / "ranker")).width == 16
    facts = json.loads((tmp_path / "ranker" / "ranker.json").read_text(encoding="utf-8"))
    facts["settings"]["epochs"] = "many"
    (tmp_path / "ranker" / "ranker.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InvalidValue, match="not an intact choice ranker"):
        ChoiceRanker.load(tmp_path / "ranker")
    with pytest.raises(FileProblem, match=r"no ranker\.json"):
        ChoiceRanker.load(tmp_path)


def test_dev_keeps_the_best_and_a_checkpoint_goes_on(small_folder, tmp_path):
    held = (QUESTIONS[::3], ANSWERS[::3])
    one = ranker(small_folder, least_steps=20).fit(QUESTIONS, ANSWERS, dev=held, folder=tmp_path, show_progress=False)
    looks = json.loads((tmp_path / "looks.json").read_text())
    assert one.evaluate(*held).accuracy == pytest.approx(max(look["accuracy"] for look in looks))


def test_choice_first_is_another_reading(small_folder):
    one, other = ranker(small_folder), ChoiceRanker(str(small_folder), choice_first=True, settings=SETTINGS)
    asked = [("手机", ["电", "好"])]
    from baihua.text.choices import check_questions

    rows = [each._questions(check_questions(asked), 32).rows.ids for each in (one, other)]
    assert rows[0] != rows[1]
    assert sorted(rows[0][0]) == sorted(rows[1][0])


def test_a_failed_training_leaves_the_weights(small_folder):
    mine = ranker(small_folder, learning_rate=0.9, least_steps=30)
    before = {name: tensor.clone() for name, tensor in mine.encoder.model.state_dict().items()}
    with pytest.raises(InvalidType):
        mine.fit(QUESTIONS, ["a"] * 32)
    assert all(torch.equal(before[name], tensor) for name, tensor in mine.encoder.model.state_dict().items())
    with pytest.raises(InvalidValue, match="has not been trained"):
        mine.predict(QUESTIONS)
    with pytest.raises(InvalidValue, match="no questions"):
        mine.fit([], [])


def test_long_questions_are_cut_with_a_word(trained):
    with pytest.warns(UserWarning, match="2 of 2 rows"):
        trained.predict([("手机" * 40, ["电", "好"])])


def test_scores():
    assert ChoiceScores(3, 4, 0.25).accuracy == 0.75
