"""The CLUE study: what is exact is confirmed and gives way when a knob is turned, and records are judged as they say."""

import json
import math
import statistics

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm
from tiny_clue import IDIOMS, lines, write_tiny
from tiny_models import make_bert

from baihua.benchmarks.clue_published import published_dev
from baihua.benchmarks.clue_settings import settings_of
from baihua.benchmarks.clue_tasks import CLUE_TASKS
from baihua.benchmarks.seed_cells import OF_EACH_SEED
from baihua.checks import InvalidValue
from baihua.maths.proportion import wilson_interval
from baihua.results import Result
from baihua.studies.claims import load_study, run_claim
from baihua.studies.clue.adaptive import by_the_formula
from baihua.studies.clue.exact import lines_of_recipes, may_see
from baihua.studies.clue.published import MODELS, OFFICIAL, OWN, TEST, dev_figure, differences, model_of
from baihua.training.adafactor import AdaFactor

CLAIMS = {claim.number: claim for claim in load_study("clue")}
HERE = (1, 2, 3, 4, 5, 6, 7, 12, 13)  # those this file is about
MEASURED = (1, 2, 3, 5, 6, 7)
ROBERTA = "hfl/chinese-roberta-wwm-ext"


def outcome(number, knobs=None, **others):
    return run_claim(CLAIMS[number], knobs, **others).outcome


def test_numbers_rise_and_belong_to_the_study():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert len(CLAIMS) == len(load_study("clue"))
    assert set(HERE) <= set(CLAIMS)
    assert {claim.article for claim in CLAIMS.values()} == {"clue"}


@pytest.mark.parametrize("number", HERE)
def test_every_claim_says_in_both_languages_how_it_is_decided(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert claim.source.startswith("https://kexue.fm/archives/")


@pytest.mark.parametrize("number", MEASURED)
def test_every_claim_runs_and_says_its_figures(number, tmp_path):
    verdict = run_claim(CLAIMS[number], plot_folder=tmp_path)
    assert verdict.outcome == ("not confirmed" if number == 7 else "confirmed"), verdict.reason["en"]
    assert all(any(character.isdigit() for character in verdict.reason[language]) for language in ("zh", "en"))
    assert verdict.results
    assert all(math.isfinite(value) for result in verdict.results for value in result.values)
    assert (number == 3) == bool(verdict.plot)
    if verdict.plot:
        assert (tmp_path / verdict.plot).stat().st_size > 5000


@pytest.mark.parametrize(
    ("number", "knobs"),
    [
        (1, {"most_lines": 20}),
        (3, {"blanks": (2, 3), "draws": 500}),
        (3, {"candidates": 60, "draws": 500}),
        (7, {"tolerance": 1.12}),
    ],
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    assert outcome(number, knobs) == "not confirmed"


@pytest.mark.parametrize(
    ("number", "knobs", "message"),
    [
        (3, {"blanks": (11,)}, "as many as candidates"),
        (5, {"accumulation": 1}, "at least 2"),
        (6, {"batch_size": 3}, "incomplete batch of 6"),
        (2, {"encoder": "static"}, "no transformer"),
    ],
)
def test_what_says_nothing_is_refused(number, knobs, message):
    with pytest.raises(InvalidValue, match=message):
        outcome(number, knobs)


def test_recipes_are_counted():
    counted = lines_of_recipes()
    assert set(counted) == {task.lower() for task in CLUE_TASKS} | {"lesson"}
    assert all(5 < num <= 120 for num in counted.values())


# UniLM.


def test_who_sees_whom():
    """The two parts of the mask by their definition, token by token."""
    segments = torch.tensor([[0, 0, 0, 1, 1, 1]])
    found = may_see(segments)[0]
    for query in range(6):
        for key in range(6):
            assert bool(found[query, key]) == (key < 3 or (query >= 3 and key <= query))
    assert may_see(torch.zeros(2, 5, dtype=torch.long)).all()


def test_any_bert_is_a_bert_under_segments_of_0(tmp_path):
    make_bert(tmp_path / "model", num_hidden_layers=2, max_position_embeddings=64)
    verdict = run_claim(CLAIMS[2], {"encoder": str(tmp_path / "model")})
    assert [result.mean == 0 for result in verdict.results] == [True, False, False, True]


def test_without_a_segment_1_there_is_nothing_to_say(tmp_path):
    make_bert(tmp_path / "model", max_position_embeddings=64, type_vocab_size=1)
    with pytest.raises(InvalidValue, match="no segment 1"):
        outcome(2, {"encoder": str(tmp_path / "model")})


# The assignment.


def test_the_simulation_agrees_with_one_made_before():
    """Other noise, other code, fewer draws: both accuracies of 10 candidates by margin and blanks, in points."""
    known = {
        2.5: {2: (79.9, 80.6), 3: (81.0, 82.2), 5: (80.8, 84.1), 7: (81.1, 86.1), 10: (80.9, 93.1)},
        3.0: {5: (90.1, 92.3), 7: (90.1, 94.2), 10: (90.0, 98.6)},
    }
    verdict = run_claim(CLAIMS[3], {"draws": 10_000}, scale="full")
    for result in verdict.results:
        margin, blanks = (float(part.partition("=")[2]) for part in result.name.split("/")[2:])
        if blanks in known[margin]:
            alone, together = known[margin][blanks]
            assert 100 * result.mean == pytest.approx(together - alone, abs=1.0), result.name
            assert 100 * result.settings["assigned"] == pytest.approx(together, abs=1.6), result.name


@pytest.mark.parametrize("margin", [2.5, 3.0])
def test_each_by_itself_comes_to_what_can_be_integrated(margin):
    """P(margin + ε is above nine others) = ∫ φ(x − margin) Φ(x)^9 dx, whatever the number of blanks."""
    exact = quad(lambda x: norm.pdf(x - margin) * norm.cdf(x) ** 9, -8, 12)[0]
    verdict = run_claim(CLAIMS[3], {"margins": (margin,), "draws": 4000}, scale="full")
    for result in verdict.results:
        error = math.sqrt(exact * (1 - exact) / result.num_examples)
        assert abs(result.settings["independent"] - exact) < 4 * error, result.name


def test_chid_is_not_measured_here_and_says_what_there_is(tmp_path, monkeypatch):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    assert "chid_public.zip" in run_claim(CLAIMS[4]).reason["en"]
    write_tiny(tmp_path, "CHID")
    verdict = run_claim(CLAIMS[4])
    assert verdict.outcome == "not testable here"
    assert "3.00 blanks a line" in verdict.reason["en"]
    assert f"baihua evaluate clue CHID --encoder {ROBERTA}" in verdict.reason["zh"]
    single = [{"content": [f"他#idiom00000{number}#。"], "candidates": IDIOMS} for number in range(2)]
    answers = json.dumps({"#idiom000000#": 0, "#idiom000001#": 3})
    write_tiny(tmp_path, "CHID", {"dev.json": lines(single), "dev_answer.json": answers})
    assert "every line has a single blank" in run_claim(CLAIMS[4]).reason["en"]


@pytest.mark.parametrize(("alone", "verdict"), [(0.8, "confirmed"), (0.82, "not confirmed"), (0.78, "not confirmed")])
def test_chid_is_decided_by_a_record_of_the_whole_dev_part(tmp_path, alone, verdict):
    more = {"settings": {OF_EACH_SEED: {"0": {"accuracy": 0.855, "alone": alone}}}}
    put(tmp_path, "CHID", 0.855, "my-bert", **more)
    found = run_claim(CLAIMS[4], {"encoder": "my-bert"}, record_folder=tmp_path)
    assert found.outcome == verdict
    assert f"each by itself {100 * alone:.2f}, together 85.50, {85.5 - 100 * alone:+.2f} points" in found.reason["en"]


# AdaFactor.


def test_the_formula_by_hand():
    """First step: v = g², u = ±1, m = 0.1 u. Second: β2 = 1 − 2^−0.8, and u is shortened where its RMS is above 1."""
    lr, weight = 0.01, np.array([3.0, 4.0])
    first = by_the_formula(weight, [np.array([1.0, -2.0])], lr, 0.9)
    rms = math.sqrt(12.5)
    np.testing.assert_allclose(first, [3 - 0.001 * rms, 4 + 0.001 * rms], rtol=1e-12)
    share = 2**-0.8
    square = (1 - share) * np.array([1.0, 4.0]) + share * np.array([100.0, 400.0])
    update = np.array([10.0, -20.0]) / np.sqrt(square)
    assert math.sqrt((update**2).mean()) > 1
    mean = 0.9 * np.array([0.1, -0.1]) + 0.1 * np.array([1.0, -1.0])  # both are equally large, so clipping gives ±1
    second = by_the_formula(weight, [np.array([1.0, -2.0]), np.array([10.0, -20.0])], lr, 0.9)
    np.testing.assert_allclose(second, first - lr * math.sqrt((first**2).mean()) * mean, rtol=1e-12)


@pytest.mark.parametrize("beta1", [0.0, 0.5, 0.9])
def test_the_optimizer_is_the_formula(beta1):
    rng = np.random.default_rng(1)
    start, gradients = rng.standard_normal((5, 3)), rng.standard_normal((30, 5, 3)) ** 3
    weight = torch.nn.Parameter(torch.tensor(start))
    optimizer = AdaFactor([weight], lr=0.01, beta1=beta1)
    for gradient in gradients:
        weight.grad = torch.tensor(gradient)
        optimizer.step()
    wanted = by_the_formula(start, list(gradients), 0.01, beta1)
    np.testing.assert_allclose(weight.detach().numpy(), wanted, rtol=1e-11)


# What is published.


def test_tables_are_of_the_tasks():
    for model in MODELS:
        assert set(TEST[model][OWN]) == set(CLUE_TASKS)
        assert set(TEST[model][OFFICIAL]) <= set(CLUE_TASKS)
        assert all(50 < figure < 90 for row in TEST[model].values() for figure in row.values())
    bert, roberta = (differences(model) for model in MODELS)
    assert [round(row[task], 1) for task in ("CSL", "CHID") for row in (bert, roberta)] == [3.7, 4.3, 3.1, 2.4]
    assert (sum(gain > 0 for gain in bert.values()), len(bert)) == (4, 11)
    assert (sum(gain > 0 for gain in roberta.values()), len(roberta)) == (6, 7)
    assert statistics.fmean(bert.values()) > 0


def test_dev_figures_go_by_the_model():
    assert dev_figure("WSC", "RoBERTa base") == 0.875
    assert dev_figure("wsc", model_of("google-bert/bert-base-chinese")) == published_dev("WSC", "article")


def test_what_is_below_is_named_and_a_wider_tolerance_lets_it_pass():
    reason = run_claim(CLAIMS[7]).reason["en"]
    assert "More than 1 below: TNEWS -1.13 (BERT base), C3 -3.17 (BERT base)." in reason
    assert "published test figures alone" in reason
    assert outcome(7, {"tolerance": 3.2}) == "confirmed"


# Records.


def put(folder, task, value, encoder="bundled", *, baseline=0.5, **changes):
    """Write a record as `evaluate_clue` does, of the whole official files unless changed."""
    clue, numbers = CLUE_TASKS[task], settings_of(task, "article")
    names = ("max_length", "batch_size", "epochs", "learning_rate", "optimizer", "accumulation")
    settings = {name: getattr(numbers, name) for name in names}
    settings |= {"baseline": baseline, "num_train": clue.size("train")} | changes.pop("settings", {})
    data = {f"{clue.folder}/{name}": "sha256:0" for part in ("train", "dev") for name in clue.files[part]}
    facts = {"data": data, "num_examples": clue.size("dev")} | changes
    record = Result(f"clue/article/{task}/dev/{encoder}", "accuracy", (value,), (0,), settings, **facts)
    return record.save(folder)


@pytest.mark.parametrize("number", [12, 13])
def test_without_records_it_says_how_to_make_them(number, tmp_path):
    for folder in (None, tmp_path):
        verdict = run_claim(CLAIMS[number], record_folder=folder)
        assert (verdict.outcome, verdict.results) == ("not testable here", ())
        for language in ("zh", "en"):
            encoder = verdict.settings["encoder"]
            command = f"baihua evaluate clue --encoder {encoder} --settings article --save results"
            assert command in verdict.reason[language]


def test_dev_is_compared_with_the_figures_of_its_model(tmp_path):
    name = ROBERTA.rpartition("/")[2]
    put(tmp_path, "TNEWS", 0.5806 + 0.0079, name)
    put(tmp_path, "WSC", 0.875 - 0.039, name)
    verdict = run_claim(CLAIMS[12], record_folder=tmp_path)
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    assert "TNEWS 58.85 (58.06, +0.79)" in verdict.reason["en"]
    assert len(verdict.results) == 2
    put(tmp_path, "CSL", 0.845 - 0.0081, name)
    verdict = run_claim(CLAIMS[12], record_folder=tmp_path)
    assert verdict.outcome == "not confirmed"
    assert "Too far off: CSL" in verdict.reason["en"]
    assert outcome(12, {"tolerance": 0.9}, record_folder=tmp_path) == "confirmed"


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("AFQMC", {"settings": {"num_train": 8000}}),
        ("AFQMC", {"settings": {"epochs": 3}}),
        ("TNEWS", {"num_examples": 2000}),
        ("OCNLI", {"data": {"ocnli/train.3k.json": "sha256:0", "ocnli/dev.json": "sha256:0"}}),
        ("CMRC2018", {}),
    ],
)
def test_samples_and_other_numbers_are_not_compared(tmp_path, task, changes):
    put(tmp_path, task, 0.1, "my-bert", **changes)
    assert outcome(12, {"encoder": "models/my-bert"}, record_folder=tmp_path) == "not testable here"
    put(tmp_path, "CSL", 0.8393, "my-bert")
    verdict = run_claim(CLAIMS[12], {"encoder": "models/my-bert"}, record_folder=tmp_path)
    assert verdict.outcome == "confirmed"
    assert f"measured otherwise: {task}." in verdict.reason["en"]


def test_above_the_baseline_is_above_it_with_the_lower_bound(tmp_path):
    put(tmp_path, "TNEWS", 0.51, baseline=0.1)
    put(tmp_path, "CLUENER", 0.6, baseline=0.0)
    verdict = run_claim(CLAIMS[13], record_folder=tmp_path)
    assert verdict.outcome == "confirmed"
    assert "2 of 11 tasks have a record" in verdict.reason["en"]
    num = CLUE_TASKS["WSC"].size("dev")
    low = wilson_interval(0.6 * num, num)[0]
    put(tmp_path, "WSC", 0.6, baseline=low - 1e-6)
    assert outcome(13, record_folder=tmp_path) == "confirmed"
    put(tmp_path, "WSC", 0.6, baseline=low + 1e-6)
    verdict = run_claim(CLAIMS[13], record_folder=tmp_path)
    assert verdict.outcome == "not confirmed"
    assert "Not above: WSC." in verdict.reason["en"]


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"kind": "result"})])
def test_a_record_that_is_not_whole_is_refused(tmp_path, text):
    put(tmp_path, "WSC", 0.6).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidValue, match="not a whole record"):
        outcome(13, record_folder=tmp_path)
