"""The SimCSE study: what is exact is confirmed and gives way to its knob; what is trained is measured at the small scale."""

import json
import os
import shutil
from pathlib import Path

import pytest

from baihua.studies.claims import load_study, run_claim
from baihua.studies.simcse import trained

CLAIMS = {claim.number: claim for claim in load_study("simcse")}
EXACT = (1, 2, 3, 4)


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"simcse"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_in_both_languages_how_it_is_decided(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert "https://" in claim.source


@pytest.mark.parametrize("number", EXACT)
def test_what_needs_no_data_is_confirmed(number):
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    assert verdict.results


@pytest.mark.parametrize(
    ("number", "knobs"), [(1, {"form": "one-sided"}), (3, {"dropout": 0.0}), (4, {"attention_dropout": 0.3})]
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    verdict = run_claim(CLAIMS[number], knobs)
    assert verdict.outcome == "not confirmed", verdict.reason["en"]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets")
class TestTrained:
    """Ten steps on one set; what comes out is for the full scale to say, how it is judged is checked here."""

    @pytest.fixture(autouse=True)
    def tiny(self, monkeypatch):
        monkeypatch.setitem(trained.MOST_SENTENCES, "small", 96)
        monkeypatch.setitem(trained.MAX_PAIRS, "small", 60)

    def test_a_row_of_the_table(self):
        verdict = run_claim(CLAIMS[5], {"sets": "STS-B", "seeds": "0,1"})
        raw, full, simcse, both = verdict.results
        assert simcse.seeds == both.seeds == (0, 1)
        assert simcse.mean != raw.mean
        assert both.mean != full.mean
        assert (verdict.outcome == "confirmed") == (simcse.mean > raw.mean)

    def test_the_control_stands_beside_raw_and_whitened(self):
        verdict = run_claim(CLAIMS[8], {"seeds": "0"})
        raw, full, control = verdict.results
        assert control.settings["training"] == "projection"
        assert control.mean != raw.mean
        assert (verdict.outcome == "confirmed") == (control.mean < full.mean)

    def test_a_curve_is_drawn(self, tmp_path):
        knobs = {"dataset": "STS-B", "values": "16,64", "seeds": "0"}
        verdict = run_claim(CLAIMS[13], knobs, plot_folder=tmp_path)
        assert (tmp_path / "simcse-claim-13.png").is_file()
        small, usual = (result.mean for result in verdict.results)
        assert (verdict.outcome == "confirmed") == (usual > small)

    def test_the_plane_shows_all_four_ways(self, tmp_path):
        verdict = run_claim(CLAIMS[16], plot_folder=tmp_path)
        assert (tmp_path / "simcse-claim-16.png").is_file()
        raw, whitened, simcse, _ = (result.settings for result in verdict.results)
        assert whitened["distance_of_any_two"] == pytest.approx(2, abs=0.05)
        assert raw["distance_of_any_two"] < simcse["distance_of_any_two"]

    def test_cells_of_the_table_are_not_filled_twice(self, tmp_path):
        cells = Path(__file__).parents[2] / "results/sts/STS-B/valid/bundled/cls/simcse"
        shutil.copytree(cells, tmp_path / "sts/STS-B/valid/bundled/cls/simcse")
        verdict = run_claim(CLAIMS[5], {"sets": "STS-B"}, scale="full", record_folder=tmp_path)
        recorded = json.loads((cells / "raw.json").read_text(encoding="utf-8"))["values"]
        (found,) = (result for result in verdict.results if result.name.endswith("simcse/raw"))
        assert list(found.values) == recorded[:3]  # of a GPU, whose dropout no CPU draws again
