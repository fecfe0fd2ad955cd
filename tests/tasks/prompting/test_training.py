"""What a training of a prompt leaves behind is sound, or it says so."""

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue, Mistake
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings
from baihua.tasks.prompting.training import Lessons

TEXTS, LABELS = ["天气很好", "手机很好", "手机坏了", "天气坏"], ["好", "好", "坏", "坏"]
WORDS = {"好": "好", "坏": "坏"}


def made(folder, method, **changes):
    settings = PromptSettings(**({"least_steps": 2, "epochs": 1, "max_length": 32} | changes))
    return PromptClassifier(folder, None, WORDS, method=method, settings=settings, device="cpu")


def spoil_step(classifier, number):
    """Let one step of the training have a gradient that is no number."""
    steps = iter(range(10**6))
    layer = classifier._model.model.cls.predictions.transform

    def spoil(module, args, output):
        if torch.is_grad_enabled() and next(steps) == number:
            return output * torch.nan
        return output

    layer.register_forward_hook(spoil)


@pytest.mark.parametrize("method", ["pet", "p_tuning", "prefix_tuning"])
@pytest.mark.parametrize("with_dev", [False, True])
@pytest.mark.parametrize("step", [0, 2])
def test_a_training_that_diverges_is_refused(masked_folder, method, with_dev, step):
    """The loss is looked at every 20 steps, and these are fewer; of the last step no loss tells."""
    classifier = made(masked_folder, method, least_steps=3)
    spoil_step(classifier, step)
    with pytest.raises(InvalidValue, match=r"Training has diverged.*lower learning_rate"):
        classifier.fit(TEXTS, LABELS, dev=(TEXTS, LABELS) if with_dev else None, show_progress=False)


def test_one_that_does_not_is_kept(masked_folder):
    classifier = made(masked_folder, "p_tuning").fit(TEXTS, LABELS, dev=(TEXTS, LABELS), show_progress=False)
    assert np.isfinite(classifier.predict_proba(TEXTS)).all()


UNLABELED = ["今天天气很好", " ", "手机充不进电", "怎么退款"]


def test_of_texts_without_a_label_the_blank_is_never_learned(masked_folder):
    cloze = made(masked_folder, "p_tuning").fit(TEXTS, LABELS, show_progress=False)._cloze
    asked = cloze.without_labels([(text,) for text in UNLABELED if text.strip()])
    lessons = Lessons.of(cloze.prompts([(text,) for text in TEXTS]), LABELS, cloze, asked)
    blank = int(asked[0].masks[0])
    learned = []
    for seed in range(30):
        batch = lessons.batch([0, 1], 0, np.random.default_rng(seed))
        assert len(batch["ids"]) == 4
        learned += [(int(row), int(place)) for row, place in zip(batch["row"], batch["place"], strict=True)]
    assert {row for row, place in learned if place == blank} == {0, 1}
    assert {row for row, place in learned if place != blank} == {0, 1, 2, 3}
    assert len(lessons.batch([0, 1], 0, None)["ids"]) == 2  # without the auxiliary loss nothing can be learned of them


@pytest.mark.parametrize("method", ["pet", "p_tuning"])
def test_texts_without_labels_are_learned_from(masked_folder, method):
    def scores(unlabeled):
        classifier = made(masked_folder, method).fit(TEXTS, LABELS, unlabeled=unlabeled, show_progress=False)
        return classifier.predict_proba(TEXTS)

    first = scores(UNLABELED)
    np.testing.assert_array_equal(first, scores(UNLABELED))
    assert not np.array_equal(first, scores([]))
    np.testing.assert_array_equal(scores([" "]), scores([]))


@pytest.mark.parametrize(
    ("unlabeled", "changes", "message"),
    [
        (UNLABELED, {"auxiliary": False}, "by the auxiliary loss alone"),
        ([("今天", "天气")], {}, "unlabeled holds pairs"),
        ("今天天气", {}, "unlabeled"),
        ([1], {}, "unlabeled"),
    ],
)
def test_texts_without_labels_that_cannot_be_learned_from(masked_folder, unlabeled, changes, message):
    with pytest.raises(Mistake, match=message):
        made(masked_folder, "p_tuning", **changes).fit(TEXTS, LABELS, unlabeled=unlabeled)
