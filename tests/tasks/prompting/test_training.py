"""What a training of a prompt leaves behind is sound, or it says so."""

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.tasks.prompt_classify import PromptClassifier
from baihua.tasks.prompting.settings import PromptSettings

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
