"""The whitening study: what is exact is confirmed, and a claim gives way when the right knob is turned."""

import os

import pytest

from baihua.studies.claims import load_study, run_claim

CLAIMS = {claim.number: claim for claim in load_study("whitening")}
WITHOUT_DATA = (1, 2, 3, 4, 5, 6, 7)
WITH_DATA = tuple(range(8, 22))


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"whitening"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_is_said_in_both_languages_with_its_source(number):
    claim = CLAIMS[number]
    assert claim.claim["zh"]
    assert claim.claim["en"]
    assert claim.claim["zh"] != claim.claim["en"]
    assert "https://" in claim.source


@pytest.mark.parametrize("number", [*WITHOUT_DATA, *WITH_DATA])
def test_how_it_is_decided_stands_in_the_claim(number):
    assert "判据" in CLAIMS[number].claim["zh"]
    assert "Decided by" in CLAIMS[number].claim["en"]


@pytest.mark.parametrize("number", WITHOUT_DATA)
def test_what_needs_no_data_is_confirmed_for_any_seed(number):
    for seed in (0, 1):
        verdict = run_claim(CLAIMS[number], {"seed": seed})
        assert verdict.outcome == "confirmed", verdict.reason["en"]
        assert verdict.results


@pytest.mark.parametrize(
    ("number", "knobs"),
    [
        (1, {"scaling": 0.5}),
        (1, {"centering": 0.0}),
        (2, {"k": 32}),
        (3, {"k": 48}),
        (4, {"update": "paper"}),
        (5, {"condition": 1.0, "shift": 0.0}),
        (5, {"true_metric": "raw"}),
        (6, {"condition": 1.0}),
        (6, {"true_metric": "meaning"}),
        (7, {"noise_dims": 0}),
        (7, {"k": 64}),
    ],
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    verdict = run_claim(CLAIMS[number], knobs)
    assert verdict.outcome == "not confirmed", verdict.reason["en"]


def test_fewer_components_still_have_unit_covariance():
    assert run_claim(CLAIMS[1], {"k": 10}).outcome == "confirmed"


def test_no_reduction_saves_no_time():
    verdict = run_claim(CLAIMS[22], {"num": 2000, "width": 64, "k": 64, "queries": 5})
    assert verdict.outcome == "not confirmed"
    assert all(len(result.values) > 1 for result in verdict.results)


@pytest.mark.parametrize("number", [23, 24])
def test_what_this_package_lacks_is_said(number):
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "not testable here"
    assert "need" in verdict.reason["en"]


def test_an_encoder_of_one_pooling_cannot_compare_poolings():
    verdict = run_claim(CLAIMS[15], {"encoder": "static"})
    assert verdict.outcome == "not testable here"
    assert "no first_last_mean" in verdict.reason["en"]


@pytest.mark.parametrize("number", [number for number in WITH_DATA if number != 15])
def test_without_the_sets_a_claim_says_how_to_get_them(number, monkeypatch, tmp_path):
    monkeypatch.delenv("BAIHUA_DATA", raising=False)
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    quick_to_load = {"encoder": "static", "encoders": ("static",)}
    knobs = {name: value for name, value in quick_to_load.items() if name in CLAIMS[number].knobs}
    verdict = run_claim(CLAIMS[number], knobs, scale="full")
    assert verdict.outcome == "not testable here"
    assert "baihua data" in verdict.reason["en"]
    assert "baihua data" in verdict.reason["zh"]


@pytest.mark.data
@pytest.mark.skipif(not os.environ.get("BAIHUA_DATA"), reason="BAIHUA_DATA names no folder")
class TestOnRealPairs:
    """The static encoder on the 1 458 pairs of STS-B: seconds."""

    def test_reduced_whitening_on_sts_b(self, tmp_path):
        verdict = run_claim(CLAIMS[13], {"encoders": ("static",)}, plot_folder=tmp_path)
        assert [result.num_examples for result in verdict.results] == [1458] * 3
        raw, full, reduced = (result.mean for result in verdict.results)
        assert verdict.outcome == ("confirmed" if reduced >= raw else "not confirmed")
        assert 0.3 < raw < 1
        assert 0.3 < full < 1
        assert all(result.data for result in verdict.results)

    def test_the_raw_cosines_are_those_of_the_benchmark(self):
        from baihua.benchmarks.sts import evaluate_sts
        from baihua.encoders.load import load_encoder

        theirs = evaluate_sts(load_encoder("static"), ["STS-B"], n_components=["raw", "full", 128])
        ours = run_claim(CLAIMS[13], {"encoders": ("static",)}).results
        assert [result.name for result in ours] == [result.name for result in theirs]
        assert [result.mean for result in ours] == pytest.approx([result.mean for result in theirs], abs=1e-6)

    def test_the_spread_of_cosines_is_drawn(self, tmp_path):
        pytest.importorskip("matplotlib")
        knobs = {"encoder": "static", "pooling": "mean", "dataset": "STS-B"}
        verdict = run_claim(CLAIMS[8], knobs, plot_folder=tmp_path)
        before, after = (result.mean for result in verdict.results)
        assert abs(after) < abs(before)
        assert (tmp_path / verdict.plot).stat().st_size > 1000

    def test_a_rotation_leaves_every_cosine(self):
        knobs = {"encoder": "static", "pooling": "mean", "sets": ("STS-B",), "k": 256}
        assert run_claim(CLAIMS[18], knobs).outcome == "confirmed"
        assert run_claim(CLAIMS[18], {**knobs, "centering": 1.0, "scaling": 1.0}).outcome == "not confirmed"
