"""The study of autoencoders on the sphere: its exact claims, its measures by hand, and that all of it runs."""

import math

import numpy as np
import pytest
import torch

from baihua.checks import FileProblem, InvalidValue
from baihua.studies.claims import Setting, load_study, run_claim
from baihua.studies.vmf_vae.exact import divergence, legacy_divergence
from baihua.studies.vmf_vae.pictures import draw_images, draw_sphere
from baihua.studies.vmf_vae.sampling import CosineTable
from baihua.studies.vmf_vae.trained import (
    LEAST_CHARACTERS,
    MOST_CHARACTERS,
    Kind,
    corpus,
    digits,
    seeds_of,
    steps_of,
    swap,
    text_model,
)

CLAIMS = {claim.number: claim for claim in load_study("vmf-vae")}
EXACT = (1, 2, 3)
TINY = {"steps": 8, "hidden_size": 8}
TINY_TEXT = {**TINY, "width": 3, "corpus": "own"}


@pytest.fixture(autouse=True)
def _no_data(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    corpus.cache_clear()
    yield
    corpus.cache_clear()


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"vmf-vae"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_how_it_is_decided_and_is_measured_with_three_seeds(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert claim.source.startswith("https://")
    if "steps" in claim.knobs:
        assert len(claim.knobs["seeds"]) >= 3


@pytest.mark.parametrize("number", EXACT)
def test_what_is_exact_is_confirmed(number):
    verdict = run_claim(CLAIMS[number], {"num": 2000} if number == 1 else None)
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    assert verdict.results


@pytest.mark.parametrize(
    ("number", "knobs"), [(2, {"formula": "right"}), (3, {"printed_for": 4.0}), (5, {"concentration": 100.0})]
)
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    assert run_claim(CLAIMS[number], knobs).outcome == "not confirmed"


@pytest.mark.parametrize("knobs", [{"step": 1e-6, "num": 20_000}, {"step": 1e-6, "width": 2, "num": 20_000}])
def test_both_tables_draw_from_the_law(knobs):
    verdict = run_claim(CLAIMS[4], knobs)
    found = {result.name.rpartition("/")[2]: result.mean for result in verdict.results}
    bound = 1.95 / math.sqrt(20_000)  # p = 0.001
    assert found["own-ks"] < bound
    assert found["memory"] > 100
    if knobs.get("width") != 2:  # whose density in the cosine is infinite at both ends
        assert found["grid-ks"] < bound


def test_a_grid_too_coarse_for_the_concentration_is_found_out():
    verdict = run_claim(CLAIMS[5], {"num": 5000})
    assert verdict.outcome == "confirmed", verdict.reason["en"]


def test_the_cosine_table_in_three_dimensions_is_the_closed_form():
    """F(w) = (e^{κw} − e^{−κ}) / (e^κ − e^{−κ}), whose inverse is 1 + log(u + (1 − u) e^{−2κ}) / κ."""
    table, u = CosineTable.make(3, 5.0, 1e-5), np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(table.quantile(u), 1 + np.log(u + (1 - u) * math.exp(-10)) / 5, atol=1e-4)


def test_the_legacy_divergence_by_a_published_table():
    """Width 4 at κ = 20: the code has 4.023521, which is the figure of width 6."""
    assert legacy_divergence(4, 20.0) == pytest.approx(4.023521, abs=1e-6)
    assert divergence(6, 20.0) == pytest.approx(4.023521, abs=1e-6)
    assert divergence(4, 20.0) == pytest.approx(3.258385, abs=1e-6)


SMALL_KNOBS = {
    7: {"width": 3, "concentrations": (2.0, 20.0)},
    8: {"widths": (3, 4), "concentrations": (5.0, 20.0)},
    9: {"freedoms": (2,), "concentrations": (20.0,), "num_samples": 3},
    10: {"freedoms": (2,)},
    12: {"width": 3, "num": 30},
    16: {"width": 3, "concentrations": (5.0, 40.0)},
}


@pytest.mark.parametrize("number", [number for number, claim in CLAIMS.items() if "steps" in claim.knobs])
def test_what_is_trained_is_measured(number, tmp_path):
    claim = CLAIMS[number]
    knobs = {**(TINY_TEXT if "corpus" in claim.knobs else TINY), **SMALL_KNOBS.get(number, {})}
    verdict = run_claim(claim, knobs, plot_folder=tmp_path)
    assert verdict.outcome in ("confirmed", "not confirmed")
    assert verdict.results
    assert all(math.isfinite(value) for result in verdict.results for value in result.values)
    assert all(result.settings["steps"] < 8 for result in verdict.results)
    assert len({result.name for result in verdict.results}) == len(verdict.results)
    if verdict.plot:
        assert (tmp_path / verdict.plot).stat().st_size > 5000


def test_the_divergence_on_the_sphere_is_constant_however_little_is_trained():
    verdict = run_claim(CLAIMS[6], TINY)
    assert next(result for result in verdict.results if "von_mises_fisher" in result.name).mean < 1e-5


def test_scales():
    knobs = {"steps": 100, "seeds": (3, 4, 5)}
    assert (steps_of(Setting(knobs)), seeds_of(Setting(knobs))) == (25, (3,))
    assert steps_of(Setting({**knobs, "corpus": "own"})) == 50
    assert (steps_of(Setting(knobs, "full")), seeds_of(Setting(knobs, "full"))) == (100, (3, 4, 5))


def test_texts_are_short_and_those_held_out_are_others():
    texts = corpus("auto")  # no reviews here
    assert texts.name == "own"
    assert len(texts.train) > 200
    assert len(texts.held_out) > 20
    assert all(LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS for text in texts.train + texts.held_out)
    assert not set(texts.train) & set(texts.held_out)
    with pytest.raises(FileProblem):
        corpus("waimai_10k")
    with pytest.raises(InvalidValue, match="Unknown corpus 'weibo'"):
        corpus("weibo")


def test_digits_are_cut_once_and_for_all():
    data = digits()
    assert len(data.train) + len(data.held_out) == 1797
    assert data.train.min() == 0
    assert data.train.max() == 1
    assert set(data.held_out_labels) == set(range(10))


def test_a_decoder_that_cannot_see_the_code_loses_nothing_in_the_swap():
    setting = Setting({**TINY, "corpus": "own", "seeds": (0,)})
    model = text_model(setting, Kind("von_mises_fisher", 3, 20.0), 0)
    texts = corpus("own").held_out
    assert swap(model, texts).gain != 0
    blind = text_model(setting, Kind("von_mises_fisher", 3, 30.0), 0)
    with torch.no_grad():
        blind.loss_.decoder.first_state.weight.zero_()
        blind.loss_.decoder.gru.weight_ih_l0[:, -3:].zero_()
    assert swap(blind, texts).gain == pytest.approx(0, abs=1e-5)


def test_pictures_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    codes = torch.nn.functional.normalize(torch.randn(50, 3), dim=1).numpy()
    draw_sphere(codes, np.arange(50) % 10, tmp_path / "sphere.png", "title")
    draw_images([("one", np.zeros((4, 8, 8))), ("two", np.ones((4, 8, 8)))], tmp_path / "images.png")
    assert all((tmp_path / f"{name}.png").stat().st_size > 1000 for name in ("sphere", "images"))
