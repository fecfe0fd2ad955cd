"""The claims about Wasserstein GANs run end to end; what is exact in them is tested, what is luck is not."""

import json
import math

import numpy as np
import pytest
import torch

from baihua.checks import InvalidValue
from baihua.maths.transport import wasserstein
from baihua.nn.lipschitz import gradient_lengths
from baihua.nn.wgan import Critic, CriticKind
from baihua.studies.claims import Setting, load_study, run_claim
from baihua.studies.wgan.batches import from_mean
from baihua.studies.wgan.cells import Way, cell_of, facts_of
from baihua.studies.wgan.constraints import audited, cosines
from baihua.studies.wgan.data import (
    COSTS,
    cost_between_digits,
    digit_pairs,
    digits,
    gaussian,
    shifted_gaussians,
    shifted_rings,
)
from baihua.studies.wgan.measured import figures_of, patches
from baihua.studies.wgan.words import interval

pytest.importorskip("ot")
CLAIMS = {claim.number: claim for claim in load_study("wgan")}
TINY = {"steps": 3, "seeds": (0, 1), "hidden": 8, "batch_size": 16, "critic_steps": 1}
KNOBS = {
    "seeds": (0, 1),
    "steps": 4,
    "batch_size": 16,
    "critic_steps": 1,
    "hidden": 8,
    "weight": 10.0,
    "cost": "euclidean",
}


def tiny(claim):
    small = {name: value for name, value in TINY.items() if name in claim.knobs}
    if "widths" in claim.knobs:
        return {**small, "widths": (4, 512), "batch_sizes": (8, 16)}
    if "batch_sizes" in claim.knobs:
        return {**small, "batch_sizes": (8, 16)}
    return small


def test_numbers_go_from_1_up_and_belong_to_the_study():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"wgan"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_runs_and_says_its_figures_in_both_languages(number, tmp_path):
    verdict = run_claim(CLAIMS[number], tiny(CLAIMS[number]), scale="full", plot_folder=tmp_path, show_progress=False)
    assert verdict.outcome in ("confirmed", "not confirmed")
    assert all(any(character.isdigit() for character in verdict.reason[language]) for language in ("zh", "en"))
    assert verdict.results
    assert all(math.isfinite(value) for result in verdict.results for value in result.values)
    if verdict.plot:
        assert (tmp_path / verdict.plot).stat().st_size > 1000


@pytest.mark.parametrize("number", [5, 6, 7])
def test_claims_without_training_hold(number):
    knobs = {"seeds": (0, 1)} | ({"widths": (16, 512), "batch_sizes": (16, 64)} if number == 6 else {})
    assert run_claim(CLAIMS[number], knobs, scale="full").outcome == "confirmed"


def test_a_cell_is_kept_and_read_and_a_broken_one_is_refused(tmp_path):
    setting = Setting({**KNOBS, "steps": 5}, "full", False, tmp_path)
    cell = cell_of(Way("energy"), setting)
    (path,) = (tmp_path / "wgan").iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["facts"] == facts_of(Way("energy"), setting)
    record["figures"]["coverage"] = [0.125, 0.25]
    path.write_text(json.dumps(record), encoding="utf-8")
    other = Setting({**KNOBS, "steps": 5}, "full", None, tmp_path)  # another key of the cache, the same record
    assert cell_of(Way("energy"), other).figures["coverage"] == (0.125, 0.25)
    assert cell_of(Way("energy"), other).looks == cell.looks
    path.write_text("{", encoding="utf-8")
    with pytest.raises(InvalidValue, match="not a whole record"):
        cell_of(Way("energy"), Setting({**KNOBS, "steps": 5}, "full", True, tmp_path))


def test_the_small_scale_takes_a_sixth_of_the_steps():
    knobs = {**KNOBS, "steps": 18}
    assert facts_of(Way("energy"), Setting(knobs, "small"))["steps"] == 3
    assert facts_of(Way("energy", batch_size=32), Setting(knobs, "full"))["batch_size"] == 32


def test_digits_and_pairs():
    assert digits().train.shape == (1200, 64)
    assert len(digits().held_out) == 597
    names = [pair.name for pair in digit_pairs()]
    assert names == ["0-4 / 5-9", "halves", "noise"]
    assert float((digit_pairs()[2].y - digit_pairs()[2].x).std()) == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize("pair", [shifted_gaussians(4, 3.0), shifted_rings(3.0)], ids=lambda pair: pair.name)
def test_shifted_laws_are_as_far_apart_as_they_say(pair):
    apart = torch.linalg.vector_norm(pair.y.mean(dim=0) - pair.x.mean(dim=0))
    assert torch.allclose(apart, torch.tensor(3.0), atol=0.2)
    assert float(wasserstein(pair.x[:400], pair.y[:400]).value) == pytest.approx(3, rel=0.06)
    assert not torch.allclose(pair.y - pair.x, (pair.y - pair.x)[:1])  # not the same sample moved


@pytest.mark.parametrize("name", COSTS)
def test_costs_between_digits_are_distances(name):
    x = digits().train[:20]
    found = cost_between_digits(name)(x, x)
    assert torch.allclose(found, found.mT, atol=1e-5)
    assert float(found.diagonal().abs().max()) < 1e-3
    assert float((found.unsqueeze(1) - found.unsqueeze(0) - found.unsqueeze(2)).max()) < 1e-4  # triangle


def test_copies_of_the_mean_are_at_the_mean_distance():
    points = gaussian(8, 200)
    copies = points.mean(dim=0).expand(16, 8).contiguous()
    batch = points[torch.randperm(200, generator=torch.Generator().manual_seed(3))[:16]]
    assert from_mean(points, 16, 3) == pytest.approx(float(wasserstein(batch, copies).value), rel=1e-5)


def test_real_digits_measure_as_real():
    found = figures_of(digits().held_out.clone())
    assert found["variance_ratio"] == pytest.approx(1)
    assert found["centroid_distance"] == pytest.approx(1)
    assert found["patch_distance"] == pytest.approx(0, abs=1e-6)
    assert min(found["precision"], found["recall"], found["coverage"]) == 1
    assert found["batch_w1"] == pytest.approx(found["real_w1"])


def test_patches_are_all_squares_of_three():
    image = torch.arange(64.0)
    found = patches(image)
    assert found.shape == (36, 9)
    assert found[0].tolist() == [0, 1, 2, 8, 9, 10, 16, 17, 18]
    assert found[-1].tolist() == [45, 46, 47, 53, 54, 55, 61, 62, 63]


def test_an_audit_of_a_critic_that_is_known():
    critic = Critic((0,), 4, 8)
    for parameter in critic.parameters():
        parameter.data.zero_()
    x, y = torch.randn(2, 200, 4, generator=torch.Generator().manual_seed(0))
    flat = audited(critic, CriticKind(), x, y)
    assert flat.steepest == (0.0,)
    assert flat.violation[0] < 0  # 0 − 0 is less than every distance
    assert float(gradient_lengths(critic, x.unsqueeze(0)).max()) == 0


def test_cosine_of_a_slope_along_the_shift_is_1():
    class Slope(Critic):
        def forward(self, points):
            return -points.sum(dim=-1) + 0 * self.network(points).squeeze(-1)

    assert cosines(Slope((0, 1), 3, 4), torch.randn(600, 3)) == pytest.approx((1.0, 1.0))


def test_intervals():
    assert interval([1.0, 2.0, 3.0]) == "2.000 ± 2.484"
    assert interval([0.5], 1) == "0.5"
    assert interval(np.array([1.0, 1.0])) == "1.000 ± 0.000"
