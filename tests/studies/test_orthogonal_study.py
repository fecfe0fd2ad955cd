"""The study of orthogonal maps: all of it is confirmed for any seed, and gives way when the right knob is turned."""

import pytest

from baihua.studies.claims import load_study, run_claim

CLAIMS = {claim.number: claim for claim in load_study("orthogonal")}


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"orthogonal"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_is_confirmed_for_any_seed_and_says_how_it_is_decided(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert "https://kexue.fm" in claim.source
    for seed in (0, 1):
        knobs = {"seed": seed, **({"widths": (3, 4, 9, 64)} if "widths" in claim.knobs else {})}
        verdict = run_claim(claim, knobs)
        assert verdict.outcome == "confirmed", verdict.reason["en"]
        assert verdict.results


@pytest.mark.parametrize(
    ("number", "knobs"),
    [(7, {"map": "symmetric"}), (8, {"formulas": "article"}), (9, {"stretch": 1.1}), (11, {"angle": 3.14159265})],
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    assert run_claim(CLAIMS[number], knobs).outcome == "not confirmed"


@pytest.mark.parametrize(("number", "knobs"), [(6, {"width": 3}), (6, {"width": 50}), (12, {"map": "symmetric"})])
def test_a_claim_that_covers_the_knob_holds(number, knobs):
    assert run_claim(CLAIMS[number], knobs).outcome == "confirmed"


def test_the_plot_of_the_edges_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    verdict = run_claim(CLAIMS[8], plot_folder=tmp_path)
    assert (tmp_path / verdict.plot).stat().st_size > 10_000
