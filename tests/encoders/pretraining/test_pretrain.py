import json

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS, make_bert

from baihua import load_encoder
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.language_models import open_masked_model
from baihua.encoders.pretraining import pretrain as module
from baihua.encoders.pretraining.objectives import TELLING_WEIGHT, MaskedLoss, ReplacedLoss
from baihua.encoders.pretraining.pretrain import pretrain
from baihua.encoders.pretraining.settings import PretrainSettings
from baihua.training.schedules import Schedule


def settings(steps: int, **others) -> PretrainSettings:
    return PretrainSettings(Schedule(steps=steps), **({"length": 16, "batch_size": 8, "learning_rate": 1e-2} | others))


@pytest.fixture
def corpus(tmp_path):
    """Text with a rule to learn: characters always follow one another in the same order."""
    rng = np.random.default_rng(0)
    text = CHARACTERS * 2
    lines = [text[start : start + 12] for start in rng.integers(0, len(CHARACTERS), 6000)]
    (tmp_path / "corpus.txt").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "corpus.txt"


def test_logits_at_hidden_positions_give_the_loss_of_the_whole_model(masked_folder):
    model, _ = open_masked_model(masked_folder, "cpu")
    ids = torch.randint(5, 40, (3, 10))
    hidden = torch.rand(3, 10) < 0.3
    hidden[0, 0] = True
    read = ids.masked_fill(hidden, 4)
    whole = model(input_ids=read, labels=ids.masked_fill(~hidden, -100)).loss
    part = MaskedLoss(model)({"ids": ids, "read": read, "hidden": hidden})
    torch.testing.assert_close(part, whole)


def test_replaced_tokens_are_those_that_the_guesses_got_wrong(masked_folder):
    model, _ = open_masked_model(masked_folder, "cpu")
    loss = ReplacedLoss(model)
    torch.nn.init.zeros_(loss.told.weight)
    torch.nn.init.constant_(loss.told.bias, -2.0)  # every token is called the author's with the same confidence
    ids = torch.randint(5, 40, (200, 10))
    hidden = torch.rand(200, 10) < 0.3
    batch = {"ids": ids, "read": ids.masked_fill(hidden, 4), "hidden": hidden}
    logits, targets = loss.guesses(batch)
    wrong = 1 - logits.softmax(-1).gather(1, targets[:, None]).mean().item()
    share = wrong * hidden.float().mean().item()  # of the tokens, replaced by another
    expected = np.log1p(np.exp(-2.0)) * (1 - share) + np.log1p(np.exp(2.0)) * share
    told = (loss(batch) - MaskedLoss(model)(batch)).item() / TELLING_WEIGHT
    assert told == pytest.approx(expected, abs=0.05)


def test_replaced_tokens_are_learnt_to_be_told(masked_folder, corpus, tmp_path):
    wanted = settings(60, objective="replaced")
    done = pretrain([corpus], tmp_path / "out", wanted, encoder=str(masked_folder), device="cpu")
    assert done.log[-1]["loss"] < done.log[0]["loss"] - 0.5
    assert done.after.loss < done.before.loss
    assert load_encoder(str(tmp_path / "out"), device="cpu").encode(["今天天气很好"]).shape == (1, 16)


def test_held_out_text_is_guessed_better_and_the_folder_loads(masked_folder, corpus, tmp_path):
    done = pretrain([corpus], tmp_path / "out", settings(200), encoder=str(masked_folder), device="cpu")
    assert done.after.loss < done.before.loss - 0.5
    assert done.after.num_hidden == done.before.num_hidden > 0
    assert load_encoder(str(tmp_path / "out"), device="cpu").encode(["今天天气很好"]).shape == (1, 16)
    facts = json.loads((tmp_path / "out" / "pretrain.json").read_text(encoding="utf-8"))
    assert facts["after"]["loss"] == done.after.loss
    assert (tmp_path / "out" / "log.jsonl").is_file()
    assert not (tmp_path / "out.training").exists()


class Killed(BaseException):
    """As an interrupt from outside would end the process."""


@pytest.mark.parametrize("kill_at", [5, 21])
def test_killed_and_resumed_ends_the_same(masked_folder, corpus, tmp_path, monkeypatch, kill_at):
    expected = pretrain([corpus], tmp_path / "whole", settings(30), encoder=str(masked_folder), device="cpu")
    whole_fit, make_batches = module.fit, module.training_batches

    def often_saved(loss, batches, fit_settings, **others):
        return whole_fit(loss, batches, module.FitSettings(**{**vars(fit_settings), "save_every": -1.0}), **others)

    def cut_off(*arguments, **others):
        for number, batch in enumerate(make_batches(*arguments, **others)):
            if number == kill_at:
                raise Killed
            yield batch

    monkeypatch.setattr(module, "fit", often_saved)
    monkeypatch.setattr(module, "training_batches", cut_off)
    with pytest.raises(Killed):
        pretrain([corpus], tmp_path / "out", settings(30), encoder=str(masked_folder), device="cpu")
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    done = pretrain([corpus], tmp_path / "out", settings(30), encoder=str(masked_folder), device="cpu")
    assert done.after.loss == pytest.approx(expected.after.loss, abs=1e-6)
    assert done.before == expected.before


def test_bad_input(masked_folder, bert_folder, tmp_path, corpus):
    with pytest.raises(FileProblem, match=r"Cannot read .*nowhere\.txt"):
        pretrain([tmp_path / "nowhere.txt"], tmp_path / "o", settings(1), encoder=str(masked_folder), device="cpu")
    (tmp_path / "little.txt").write_text("好", encoding="utf-8")
    with pytest.raises(InvalidValue, match="too little to keep some for measuring"):
        pretrain([tmp_path / "little.txt"], tmp_path / "o", settings(1), encoder=str(masked_folder), device="cpu")
    with pytest.raises(InvalidValue, match="no weights for a masked-language-model head"):
        pretrain([corpus], tmp_path / "o", settings(1), encoder=str(bert_folder), device="cpu")
    with pytest.raises(InvalidValue, match="length=64, but this model reads at most 32 tokens"):
        pretrain([corpus], tmp_path / "o", settings(1, length=64), encoder=str(masked_folder), device="cpu")
    with pytest.raises(InvalidValue, match="length must be at least 8"):
        settings(1, length=3)


def test_a_model_with_another_kind_of_head(tmp_path, corpus):
    """What has neither ``cls`` nor ``lm_head`` is asked for all its logits."""
    model = make_bert(tmp_path / "m", "BertForMaskedLM")
    ids, hidden = torch.randint(5, 40, (2, 9)), torch.ones(2, 9, dtype=torch.bool)
    batch = {"ids": ids, "read": ids, "hidden": hidden}
    expected = MaskedLoss(model)(batch)
    model.renamed, model.cls = model.cls, None
    model.forward = lambda input_ids: type("Output", (), {"logits": model.renamed(model.bert(input_ids)[0])})
    torch.testing.assert_close(MaskedLoss(model)(batch), expected)


@pytest.mark.slow
def test_a_megabyte_trains_end_to_end(tmp_path):
    """The verb's own path on the bundled encoder: a megabyte of text, forty steps, in well under three minutes."""
    rng = np.random.default_rng(0)
    characters = [chr(number) for number in range(0x4E00, 0x4E00 + 2000)]
    lines = ["".join(rng.choice(characters, 60)) for _ in range(5600)]
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    assert (tmp_path / "text.txt").stat().st_size > 1_000_000
    done = pretrain([tmp_path / "text.txt"], tmp_path / "out", PretrainSettings(Schedule(steps=40)), device="cpu")
    assert done.after.loss < done.before.loss
    assert load_encoder(str(tmp_path / "out"), device="cpu").max_length == 512
