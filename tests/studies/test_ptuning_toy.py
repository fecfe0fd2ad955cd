"""The made-up world of the P-tuning study: its sentences are true, and a prompt is all that a frozen model lacks."""

import numpy as np
import pytest

from baihua.studies.claims import load_study, run_claim
from baihua.studies.ptuning.toy import BATCH, FIRST_VALUE, MASK, PHRASE, START, VALUES, WORDS, World

CLAIM = load_study("ptuning")[17]


@pytest.mark.parametrize("seed", range(3))
def test_every_sentence_is_true(seed):
    world = World.make(3, 10, seed)
    lengths = set()
    for _, batch in zip(range(20), world.sentences(seed), strict=False):
        ids = batch["ids"].clone()
        assert (ids[batch["row"], batch["place"]] == MASK).all()
        ids[batch["row"], batch["place"]] = batch["targets"]
        assert len(ids) == BATCH
        assert (ids[:, 0] == START).all()
        assert {int(place) for place in batch["place"][batch["row"] % 2 == 1]} == {ids.shape[1] - 1}
        lengths.add(ids.shape[1])
        for sentence in ids.numpy():
            entity, value = sentence[-2] - FIRST_VALUE - VALUES - WORDS, sentence[-1] - FIRST_VALUE
            named = [phrase.tolist() == sentence[1:-2].tolist() for phrase in world.phrases]
            true = world.facts[:, entity] == value
            assert true[named].all() if len(sentence) > 3 else true.any()
            assert len(sentence) == 3 or any(named)
    assert lengths == {3, 3 + PHRASE}


def test_a_question_has_its_answer_hidden_and_places_for_the_prompt():
    world = World.make(2, 6, 0)
    batch = world.questions(1, np.array([3, 5]), 4)
    assert batch["ids"][:, -1].tolist() == [MASK, MASK]
    assert batch["soft"].tolist() == [[text, 1 + which, which] for text in (0, 1) for which in range(4)]
    assert batch["targets"].tolist() == (FIRST_VALUE + world.facts[1, [3, 5]]).tolist()
    assert world.questions(1, np.array([3]), 0)["ids"].shape == (1, 3)
    assert int(batch["ids"].max()) < world.vocabulary


def test_worlds_are_those_of_their_seed():
    one, same, other = (World.make(2, 50, seed).facts for seed in (0, 0, 1))
    assert (one == same).all()
    assert (one != other).any()


def test_four_vectors_ask_a_frozen_model():
    verdict = run_claim(CLAIM, {"relations": 2, "entities": 32, "steps": 300, "prompt_steps": 40})
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    with_prompt, without, named = verdict.results
    assert (with_prompt.seeds, with_prompt.name) == ((0,), "ptuning/toy/with")
    assert 1 >= named.mean >= with_prompt.mean - 0.2 > without.mean > 1 / VALUES


def test_a_model_that_knows_nothing_cannot_be_asked():
    verdict = run_claim(CLAIM, {"relations": 2, "entities": 16, "width": 16, "steps": 1, "prompt_steps": 2})
    assert verdict.outcome == "not confirmed"
