"""The trained comparisons of the CLUE study: what is exact in them, and verdicts as the records of the cells say."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_clue import write_tiny
from tiny_models import make_bert
from torch.testing import assert_close

from baihua.benchmarks.clue_inputs import pad_choices
from baihua.benchmarks.clue_reader import ClueExamples, read_clue
from baihua.benchmarks.clue_records import ChoiceExample
from baihua.benchmarks.clue_settings import settings_of
from baihua.checks import InvalidValue
from baihua.encoders.load import load_encoder
from baihua.studies.claims import Setting, run_claim
from baihua.studies.clue import choices, optimizers, pointers, segments
from baihua.studies.clue.cells import Cell, cells, drawn, numbers_of
from baihua.studies.clue.paired import difference, learned
from baihua.studies.clue.pointers import (
    PointerPair,
    TwoPointers,
    scores_of_stretches,
    share_backwards,
    windows_to_learn,
)
from baihua.studies.clue.segments import rows_of
from baihua.tasks.answering.model import batch_of, find_answers
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import NOTHING, Window
from baihua.text.plain_tokens import plain_ids

CLAIMS = {claim.number: claim for part in (choices, pointers, optimizers, segments) for claim in part.CLAIMS}
TASKS = ("C3", "CMRC2018", "TNEWS", "AFQMC", "OCNLI")
NUM = 100  # questions of a record made up
needs_data = pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")


def knobs_of(number, folder):
    tiny = {"encoder": str(folder / "model"), "seeds": (0, 1), "subset": 6, "questions": 20, "epochs": 1}
    tiny["batch_size"] = 4
    return {**tiny, "max_length": 32, **({"stride": 4} if number == 9 else {})}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with tasks in miniature, a tiny model, the records of every cell, and the verdicts."""
    folder = tmp_path_factory.mktemp("measured")
    make_bert(folder / "model", num_hidden_layers=1, max_position_embeddings=64)
    for task in TASKS:
        write_tiny(folder / "data", task)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BAIHUA_DATA", str(folder / "data"))
        verdicts = {
            number: run_claim(
                claim, knobs_of(number, folder), scale="full", record_folder=folder / "records", show_progress=False
            )
            for number, claim in CLAIMS.items()
        }
    return folder, verdicts


@pytest.fixture
def judge(measured, monkeypatch, tmp_path):
    """Return a function that judges a claim with shares of right answers, by way, put into the records of two seeds."""
    folder, _ = measured
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "data"))
    shutil.copytree(folder / "records", tmp_path / "records")

    def judged(number, shares):
        for file in (tmp_path / "records").rglob("*.json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            way = f"{file.parts[-4]}/{file.parts[-2]}"
            share = shares.get(way, shares.get(file.parts[-2], 0.5))
            num_right = round(NUM * (share[record["seed"]] if isinstance(share, tuple) else share))
            record["right"], record["baseline"] = "1" * num_right + "0" * (NUM - num_right), 0.3
            record["seconds"] = 40.0 if file.parts[-2] == "by_itself" else 10.0
            file.write_text(json.dumps(record), encoding="utf-8")
        knobs = knobs_of(number, folder)
        return run_claim(CLAIMS[number], knobs, scale="full", record_folder=tmp_path / "records")

    return judged


# The claims.


def test_numbers_and_words():
    assert sorted(CLAIMS) == [8, 9, 10, 11]
    for claim in CLAIMS.values():
        assert claim.article == "clue"
        assert "判据" in claim.claim["zh"]
        assert "Decided by" in claim.claim["en"]
        assert claim.source.startswith("https://")
        assert len(claim.knobs["seeds"]) >= 3


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_runs_from_end_to_end(measured, number):
    verdict = measured[1][number]
    assert verdict.results
    assert all(len(result.values) == 2 for result in verdict.results)
    for result in verdict.results:
        assert f"{100 * result.mean:.2f}" in verdict.reason["en"]
        assert f"{100 * result.mean:.2f}" in verdict.reason["zh"]


@pytest.mark.parametrize(
    ("number", "shares", "outcome"),
    [
        (8, {"by_itself": 0.6}, "confirmed"),
        (8, {"by_itself": (0.9, 0.51)}, "not confirmed"),  # far apart from seed to seed
        (8, {"by_itself": 0.52}, "not confirmed"),  # too few questions tell the two apart
        (8, {"by_itself": 0.35, "at_once": 0.3}, "not testable here"),
        (9, {}, "confirmed"),
        (9, {"one_softmax": (0.6, 0.41)}, "confirmed"),
        (9, {"one_softmax": (0.6, 0.39)}, "not confirmed"),
        (9, {"one_softmax": 0.05, "two_pointers": 0.0}, "confirmed"),
        (9, {"one_softmax": 0.04, "two_pointers": 0.04}, "not testable here"),
        (10, {"adafactor": (0.50, 0.51)}, "confirmed"),
        (10, {"adafactor": 0.51}, "not confirmed"),
        (10, {"adafactor": 0.49}, "not confirmed"),
        (10, {"adafactor": 0.3, "adamw": 0.3}, "not testable here"),
        (11, {}, "confirmed"),
        (11, {"ocnli/segments-01": 0.51}, "not confirmed"),
        (11, {"afqmc/segments-00": 0.3, "afqmc/segments-01": 0.31}, "confirmed"),  # decided by OCNLI alone
        (11, {"segments-00": 0.3, "segments-01": 0.3}, "not testable here"),
    ],
)
def test_the_verdict_is_what_the_records_say(judge, number, shares, outcome):
    verdict = judge(number, shares)
    assert verdict.outcome == outcome, verdict.reason["en"]


def test_figures_and_costs_are_told(judge):
    """Of 100 questions 10 tell the two apart, all the same way: over questions 0.1 ± 1.984 · √(0.09 / 99)."""
    verdict = judge(8, {"by_itself": 0.6})
    assert "60.00 ± 0.00" in verdict.reason["en"]
    assert "+10.00 [+10.00, +10.00] (over seeds) [+4.02, +15.98] (over questions)" in verdict.reason["en"]
    assert "takes 40 and 10 seconds, 4.0 times as long" in verdict.reason["en"]
    assert "+10.00 [+10.00, +10.00] (对种子)" in verdict.reason["zh"]


def test_that_nothing_was_learned_is_said_with_what_to_do(judge):
    reason = judge(10, {"adafactor": 0.3, "adamw": 0.3}).reason
    assert "--scale full, subset, epochs" in reason["en"]
    assert "没有学到东西" in reason["zh"]


def test_a_random_segment_is_told_of_the_bundled_encoder_alone(judge):
    assert "never saw type 1" not in judge(11, {}).reason["en"]


def test_without_the_data_it_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    verdict = run_claim(CLAIMS[8])
    assert (verdict.outcome, verdict.results) == ("not testable here", ())
    assert "C3" in verdict.reason["en"] or "c3" in verdict.reason["en"]


@pytest.mark.parametrize("knob", ["subset", "questions", "epochs", "batch_size"])
def test_nothing_to_do_is_refused(measured, knob):
    with pytest.raises(InvalidValue, match=f"{knob} must be at least 1"):
        run_claim(CLAIMS[8], {knob: 0})


def test_segments_of_single_texts_are_refused():
    with pytest.raises(InvalidValue, match="AFQMC"):
        run_claim(CLAIMS[11], {"tasks": ("TNEWS",)})


@needs_data
def test_the_small_scale_of_a_claim_on_the_real_sets(tmp_path):
    knobs = {"subset": 8, "questions": 8, "tasks": ("AFQMC",)}
    verdict = run_claim(CLAIMS[11], knobs, record_folder=tmp_path, show_progress=False)
    assert "never saw type 1" in verdict.reason["en"]
    assert not list(tmp_path.iterdir())  # the small scale keeps no records


# Cells.


def test_a_cell_is_kept_and_read_and_a_broken_one_is_refused(measured, monkeypatch, tmp_path):
    folder, _ = measured
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "data"))
    knobs = {**CLAIMS[8].knobs, **knobs_of(8, folder), "seeds": (0,)}
    setting = Setting(knobs, "full", False, tmp_path)
    way, _ = choices.ways_of(setting)
    (cell,) = cells(way, setting)
    (path,) = (tmp_path / "clue_study/c3/model/by_itself").iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["facts"]["settings"]["epochs"] == 1
    assert all(checksum.startswith("sha256:") for checksum in record["facts"]["data"].values())

    untrained = replace(way, learn=lambda lesson: pytest.fail("the record is there"))
    (again,) = cells(untrained, setting)
    assert (again.right == cell.right).all()
    assert again.baseline == pytest.approx(cell.baseline)

    fresh = Setting({**knobs, "max_length": 24}, "full", False, tmp_path)
    cells(choices.ways_of(fresh)[0], fresh)
    assert len(list(path.parent.iterdir())) == 2  # turned knobs leave the record alone
    assert json.loads(path.read_text(encoding="utf-8")) == record

    for broken in ("{", "[]", json.dumps({**record, "facts": {}}), json.dumps({**record, "right": ""})):
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(InvalidValue, match="not a whole record"):
            cells(untrained, setting)


def test_what_is_drawn_differs_by_seed_and_is_all_where_there_is_no_more(measured, monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA", str(measured[0] / "data"))
    train = read_clue("TNEWS", "train")
    assert drawn(train, 5, 1) == drawn(train, 5, 1)
    assert drawn(train, 5, 1).ids != drawn(train, 5, 2).ids
    assert len(set(drawn(train, 5, 1).ids)) == 5
    assert sorted(drawn(train, 10**6, 3).ids) == sorted(train.ids)
    passages = drawn(read_clue("CMRC2018", "train"), 1, 0)
    assert passages.num_items == 2  # one passage, whole


def test_differences_and_what_was_learned():
    def of(*rows):
        return [Cell(np.array([one == "1" for one in row]), 0.5, 1.0, 1.0) for row in rows]

    apart = difference(of("1100", "1110"), of("1000", "1010"))
    assert apart.mean == 0.25
    assert apart.over_seeds == (0.25, 0.25)
    assert apart.over_questions[0] == pytest.approx(0.25 - 3.1824 * 0.5 / 2, abs=1e-4)
    assert apart.low == apart.over_questions[0]
    assert learned(of("1111111"), of("0000000"))
    assert not learned(of("1010101"), of("1101010"))


# All choices at once.


def test_a_row_of_all_choices_has_them_all_in_order(bert_folder):
    encoder = load_encoder(str(bert_folder))
    options = ("退款", "手机", "天气")
    one = ChoiceExample("0", ("今天天气很好" * 9,), "怎么办？", options, 1)
    part = ClueExamples("C3", "dev", "1.1", (one,), {})
    (ids,) = choices.rows_at_once(encoder, part, 28).ids
    assert len(ids) == 28
    ends = [place for place, token in enumerate(ids) if token == encoder.tokenizer.sep_token_id]
    pieces = [ids[start + 1 : end] for start, end in zip([0, *ends], ends, strict=False)]
    wanted = plain_ids(encoder.backend(), ["怎么办？", *pad_choices(options)])
    assert pieces[1:] == wanted
    assert len(pieces) == 6


def test_what_fills_up_is_never_the_answer(measured, monkeypatch):
    folder, _ = measured
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "data"))
    encoder = load_encoder(str(folder / "model"))
    train = read_clue("C3", "train")
    lesson = choices.Lesson(encoder, train, None, replace(settings_of("C3", "modern"), max_length=32, epochs=1))
    answers = choices.learn_at_once(lesson)(train)
    assert all(0 <= answer < len(one.choices) for answer, one in zip(answers, train.examples, strict=True))


# Two pointers.


def windows_of(lengths):
    """Windows of random tokens behind a question of two, with no context to speak of."""
    rng = np.random.default_rng(0)
    return [
        Window(
            number, [2, 5, 6, 3, *rng.integers(5, 50, length).tolist(), 3], 4, np.zeros((length, 2), int), (1, length)
        )
        for number, length in enumerate(lengths)
    ]


def test_decoding_two_pointers_is_the_best_of_all_stretches(bert_folder):
    torch.manual_seed(3)
    model = TwoPointers(load_encoder(str(bert_folder)).model).eval()
    windows = windows_of([1, 2, 7, 12, 5])
    for window, found in zip(windows, find_answers(model, windows), strict=True):
        with torch.no_grad():
            first, last = model.pointers(batch_of([window]))[0, :, 1:]
        num = len(window.offsets)
        sums = {(i, j): float(first[i] + last[j]) for i in range(num) for j in range(i, num)}
        best = max(sums, key=sums.get)
        assert (found.first, found.last) == best
        assert found.score == pytest.approx(sums[best], abs=1e-5)


@pytest.mark.parametrize("length", [1, 2, 9])
def test_scores_of_stretches_by_brute_force(length):
    pointers, lengths = torch.randn(4, 2, 9), torch.tensor([length, 9, 1, 3])
    scores = scores_of_stretches(pointers, lengths)
    for row in range(4):
        for i in range(9):
            for j in range(9):
                real = i <= j < lengths[row]
                wanted = pointers[row, 0, i] + pointers[row, 1, j] if real else torch.tensor(-torch.inf)
                assert_close(scores[row, i, j], wanted)


def test_the_loss_is_that_of_two_softmaxes_in_which_padding_has_no_part(bert_folder):
    model = TwoPointers(load_encoder(str(bert_folder)).model).eval()
    windows = windows_of([4, 9])
    by_hand = []
    for window in windows:
        shares = model.pointers(batch_of([window]))[0].softmax(dim=1)
        by_hand.append(-(shares[0, window.span[0]] * shares[1, window.span[1]]).log())
    assert_close(model(batch_of(windows)), torch.stack(by_hand).mean(), atol=1e-5, rtol=1e-5)
    assert torch.isinf(PointerPair(4)(torch.zeros(2, 3, 4), torch.tensor([1, 3]))).sum() == 4


def test_backwards_is_counted_by_each_pointers_own_best(bert_folder, monkeypatch):
    model = TwoPointers(load_encoder(str(bert_folder)).model).eval()
    first = torch.tensor([9.0, 0.0, 1.0, 0.0])  # [CLS] has the highest logit, and is passed over: token 2 begins
    last = torch.tensor([[9.0, 1.0, 0.0, 0.0], [9.0, 0.0, 1.0, 0.0], [9.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.5, 0.5]])
    monkeypatch.setattr(
        model, "pointers", lambda batch: torch.stack([first.expand_as(last), last], dim=1)[: len(batch["ids"])]
    )
    assert share_backwards(model, windows_of([3, 3, 3, 3])) == 0.5


def test_all_windows_with_the_answer_are_learned_from_and_some_without(measured, monkeypatch):
    folder, _ = measured
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "data"))
    encoder = load_encoder(str(folder / "model"))
    train, settings = read_clue("CMRC2018", "train"), AnswerSettings(max_length=18, stride=2)
    few, many = (windows_to_learn(encoder, train, settings, empty, seed=0) for empty in (1, 100))
    full = [[one.ids for one in windows if one.span != NOTHING] for windows in (few, many)]
    assert full[0] == full[1]
    for question in (0, 1):
        assert sum(one.question == question and one.span == NOTHING for one in few) == 1
    assert len(many) > len(few)


def test_both_heads_learn_and_answer_alike(measured):
    """With the numbers of the article's recipe the two ways differ in the model alone."""
    folder, verdicts = measured
    files = sorted((folder / "records/clue_study/cmrc2018/model").rglob("seed-00-*.json"))
    one, two = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    assert {name for name in one["facts"] if one["facts"][name] != two["facts"][name]} == {"way"}
    assert set(two["more"]) - set(one["more"]) == {"backwards"}
    assert "puts the end before the start" in verdicts[9].reason["en"]


# Optimizers and segments.


def test_optimizers_differ_in_rate_and_schedule_alone():
    setting = Setting(CLAIMS[10].knobs, "full")
    ours, theirs = (way.settings for way in optimizers.ways_of(setting))
    same = ("epochs", "batch_size", "max_length", "pooling", "dropout", "accumulation", "patience", "precision")
    assert all(getattr(ours, name) == getattr(theirs, name) for name in same)
    first, second = (settings.fit_settings(256, 100) for settings in (ours, theirs))
    assert (first.optimizer, first.learning_rate, first.schedule.warmup, first.schedule.decay) == (
        "adafactor",
        5e-4,
        0.0,
        "constant",
    )
    assert (second.optimizer, second.schedule.decay) == ("adamw", "linear")
    assert second.learning_rate == pytest.approx(1e-4)
    assert second.schedule.warmup > 0


def test_segments_differ_in_token_types_alone(measured, monkeypatch):
    folder, _ = measured
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "data"))
    encoder, part = load_encoder(str(folder / "model")), read_clue("AFQMC", "dev")
    zeros, ones = (rows_of(encoder, part, 16, second_is_1) for second_is_1 in (False, True))
    assert zeros.ids == ones.ids
    assert not any(map(any, zeros.types))
    pairs = [plain_ids(encoder.backend(), list(pair)) for pair in part.texts]
    for (first, second), types in zip(pairs, ones.types, strict=True):
        if len(first) + len(second) + 3 <= 16:
            assert types == [0] * (len(first) + 2) + [1] * (len(second) + 1)
    ways = segments.ways_of("AFQMC", Setting(CLAIMS[11].knobs, "full"))
    assert ways[0].settings == ways[1].settings


def test_one_epoch_at_the_small_scale():
    small = numbers_of("C3", Setting(CLAIMS[8].knobs, "small"))
    assert (small.epochs, numbers_of("C3", Setting({**CLAIMS[8].knobs, "epochs": 7}, "full")).epochs) == (1, 7)
