"""The P-tuning study: what is exact, and verdicts as the records of the cells say."""

import json
import shutil
import warnings

import pytest
from tiny_reviews import NUM_DEV, make_causal, make_masked, write_reviews

from baihua.checks import InvalidValue
from baihua.studies.claims import load_study, run_claim
from baihua.studies.ptuning import cells

CLAIMS = {claim.number: claim for claim in load_study("ptuning")}
EXACT = (1, 2, 3)
TRAINED = range(4, 18)
SAMPLES = (0, 1)


def outcome(number, knobs=None, **others):
    return run_claim(CLAIMS[number], knobs, **others).outcome


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"ptuning"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_in_both_languages_how_it_is_decided(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert claim.source.startswith("https://")
    assert len(claim.knobs.get("samples", range(3))) >= 3


# What is exact.


@pytest.mark.parametrize("number", EXACT)
def test_what_is_exact_is_confirmed(number):
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    assert verdict.results


@pytest.mark.parametrize(
    ("number", "knobs"),
    [(1, {"tune": "all", "steps": 2}), (2, {"weight_decay": 0.0}), (3, {"start": "random"}), (3, {"start": "words"})],
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    assert outcome(number, knobs) == "not confirmed"


def test_how_far_decay_moves_is_known_beforehand():
    """Each step of AdamW takes rate × decay of a number away, whatever its gradient: (1 − ηλ)^n is left."""
    from baihua.encoders.language_models import open_language_model
    from baihua.encoders.load import BUNDLED
    from baihua.tasks.prompting.vectors import unused_rows

    knobs = {"learning_rate": 1e-2, "weight_decay": 0.5, "steps": 3}
    decayed, _ = run_claim(CLAIMS[2], knobs).results
    model, tokenizer, _ = open_language_model(BUNDLED, "cpu")
    weight = model.get_input_embeddings().weight.detach().abs()
    weight[list(unused_rows(tokenizer.backend_tokenizer, 8))] = 0
    assert decayed.mean == pytest.approx(weight.max().item() * (1 - (1 - 5e-3) ** 3), rel=1e-4)


def test_a_vocabulary_without_unused_tokens_is_refused(masked_folder):
    with pytest.raises(InvalidValue, match=r"no 8 \[unused\] tokens"):
        outcome(3, {"encoder": str(masked_folder)})


# What is trained, here on reviews and models made for it.


def knobs_of(number, folder):
    knobs = {"encoder": str(folder / "model"), "samples": SAMPLES, "per_label": 4}
    extra = {"causal": str(folder / "causal"), "sizes": (2, 4), "numbers": (1, 8), "epochs": 1}
    return {**knobs, **{knob: value for knob, value in extra.items() if knob in CLAIMS[number].knobs}}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with reviews, tiny models, and the records of every cell, each trained one step."""
    folder = tmp_path_factory.mktemp("measured")
    make_masked(folder / "model")
    make_causal(folder / "causal")
    write_reviews(folder / "sets")
    usual = cells.settings_of
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setenv("BAIHUA_DATA", str(folder / "sets"))
        patched.setattr(cells, "SMALL_STEPS", 1)
        patched.setattr(cells, "settings_of", lambda way, sample, scale: usual(way, sample, "small"))
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        for number in TRAINED:
            forget()
            run_claim(CLAIMS[number], knobs_of(number, folder), scale="full", record_folder=folder / "records")
    return folder


def forget():
    cells._cell.cache_clear()
    cells.scored_texts.cache_clear()


def put(record, accuracy):
    """Write an accuracy into a record, or looks (step, accuracy)."""
    if isinstance(accuracy, list):
        record["looks"], record["accuracy"] = accuracy, accuracy[-1][1]
        return
    num_right = round(NUM_DEV * accuracy)
    record["accuracy"] = num_right / NUM_DEV
    if record["right"] is not None:
        record["right"] = "1" * num_right + "0" * (NUM_DEV - num_right)


@pytest.fixture
def judge(measured, monkeypatch, tmp_path):
    """Return a function that judges a claim with accuracies put into the records: of a way and labels, and 0.5 elsewhere."""
    usual = cells.settings_of
    monkeypatch.setenv("BAIHUA_DATA", str(measured / "sets"))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cells, "SMALL_STEPS", 1)
    monkeypatch.setattr(cells, "settings_of", lambda way, sample, scale: usual(way, sample, "small"))
    shutil.copytree(measured / "records", tmp_path / "records")

    def judged(number, accuracies, **others):
        forget()
        for file in (tmp_path / "records").rglob("*.json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            way = file.parts[-3]
            found = accuracies.get(f"{way}/{file.parts[-2]}", accuracies.get(way, 0.5))
            put(record, found[record["sample"]] if isinstance(found, tuple) else found)
            file.write_text(json.dumps(record), encoding="utf-8")
        knobs = knobs_of(number, measured)
        return run_claim(CLAIMS[number], knobs, scale="full", record_folder=tmp_path / "records", **others)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield judged
    forget()


PETS = {f"pet-P{number}": 0.6 for number in range(1, 6)}
CASES = [
    (4, {"zero_shot-P1": 0.7, "zero_shot-P2": 0.58}, True),
    (4, {"zero_shot-P1": 0.55, "zero_shot-P2": 0.48, "pet-P1": 0.9}, False),
    (5, {**PETS, "pet-P1": 0.9, "p_tuning": 0.67}, True),
    (5, {**PETS, "pet-P1": 0.9, "p_tuning": 0.65}, False),
    (6, {**PETS, "pet-P3": 0.7, "p_tuning": (0.69, 0.70)}, True),
    (6, {**PETS, "pet-P3": 0.7, "p_tuning": 0.68}, False),
    (6, {**PETS, "pet-P3": (0.9, 0.4), "pet-P4": 0.64, "p_tuning": 0.65}, True),
    (7, {"p_tuning": (0.8, 0.6), "fine_tune": (0.6, 0.79)}, True),
    (7, {"p_tuning": (0.8, 0.6), "fine_tune": (0.6, 0.81)}, False),
    (8, {}, True),
    (8, {"p_tuning-all": 0.51}, False),
    (9, {"causal": (0.49, 0.49)}, True),
    (9, {"causal": (0.48, 0.48)}, False),
    (10, {"p_tuning": 0.51}, True),
    (10, {"p_tuning-no-auxiliary": 0.51}, False),
    (11, {"both-ends": 0.9, "suffix": 0.49}, True),
    (11, {"suffix": 0.51}, False),
    (12, {"causal-suffix": (0.40, 0.41)}, True),
    (12, {"causal-suffix": (0.20, 0.51)}, False),
    (13, {"p_tuning-all/all": 0.7, "p_tuning-all": 0.4}, True),
    (13, {"p_tuning-all/all": 0.51, "p_tuning-all": 0.9}, False),
    (14, {"p_tuning": 0.6, "p_tuning-all-learned-words/all": 0.51}, True),
    (14, {"p_tuning-learned-words": 0.6, "p_tuning-all-learned-words/all": 0.51}, False),
    (14, {"p_tuning": 0.6, "p_tuning-all/all": 0.51}, False),
    (15, {"soft=1": (0.50, 0.51)}, True),
    (15, {"soft=1": 0.52}, False),
    (16, {"watched-lstm": 0.51, "watched-mlp": 0.9}, True),
    (16, {"watched-lstm": 0.48}, False),
    (17, {"watched-lstm": [(7, 0.78), (14, 0.8)], "watched-none": [(7, 0.5), (14, 0.8)]}, True),
    (17, {"watched-lstm": [(7, 0.75), (14, 0.8)], "watched-none": [(7, 0.39), (14, 0.4)]}, False),
]


@pytest.mark.parametrize(("number", "accuracies", "holds"), CASES)
def test_the_verdict_is_what_the_records_say(judge, number, accuracies, holds):
    verdict = judge(number, accuracies)
    assert verdict.outcome == ("confirmed" if holds else "not confirmed"), verdict.reason["en"]
    assert verdict.results
    if number != 17:
        assert all(f"{100 * result.mean:.2f}" in verdict.reason["en"] for result in verdict.results)


def test_both_intervals_are_written_down(judge):
    """Over samples ½(a + b) ± 12.706 · |a − b| / 2; over reviews 10 of 100 tell the two apart, all the same way."""
    reason = judge(7, {"p_tuning": (0.6, 0.54)}).reason
    assert (
        "p_tuning less fine_tune: +7.00 [-31.12, +45.12] (over samples) [+5.52, +17.44] (first sample" in reason["en"]
    )
    assert "p_tuning 减去 fine_tune：+7.00 [-31.12, +45.12] (对样本)" in reason["zh"]


@pytest.mark.parametrize("number", [5, 13, 15])
def test_pictures_are_drawn(judge, tmp_path, number):
    verdict = judge(number, {}, plot_folder=tmp_path / "plots")
    assert (tmp_path / "plots" / verdict.plot).stat().st_size > 5000


@pytest.mark.parametrize("number", [9, 12])
def test_without_a_causal_model_it_says_how_to_make_one(judge, monkeypatch, tmp_path, number):
    monkeypatch.chdir(tmp_path)
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "not testable here"
    assert "baihua pretrain TEXTS -o causal-twin --encoder new --objective causal" in verdict.reason["en"]
    assert "baihua pretrain" in verdict.reason["zh"]


def test_without_the_reviews_it_says_how_to_get_them(monkeypatch, tmp_path):
    forget()
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    verdict = run_claim(CLAIMS[7])
    assert (verdict.outcome, verdict.results) == ("not testable here", ())
    assert "baihua data download waimai_10k" in verdict.reason["en"]


@pytest.mark.parametrize("numbers", [(1, 2), (0, 8)])
def test_numbers_of_soft_tokens_are_checked(numbers):
    with pytest.raises(InvalidValue, match="at least 1 and 8 among them"):
        outcome(15, {"numbers": numbers})
