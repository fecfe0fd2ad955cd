"""The GlobalPointer study: what is exact by hand, reports read back by their own rule, and verdicts as the numbers say."""

import json
import math
import random
import re
import shutil
import warnings
from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_models import CHARACTERS, make_bert

from baihua.benchmarks.ner import NER_SETS
from baihua.checks import InvalidValue
from baihua.studies.claims import load_study, run_claim
from baihua.studies.globalpointer import cost, sigmoids, weather
from baihua.studies.globalpointer.exact import by_sums
from baihua.studies.globalpointer.heat_maps import score_maps
from baihua.studies.globalpointer.sigmoids import SigmoidPointer
from baihua.studies.globalpointer.weather import LEARNED, PLACE, SKIES, TEMPERATURE, UNSEEN, make_reports, share_crossed
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_files import write_entity_file

CLAIMS = {claim.number: claim for claim in load_study("globalpointer")}
EXACT = (1, 2, 3, 4, 5)


def outcome(number, knobs=None, **others):
    return run_claim(CLAIMS[number], knobs, **others).outcome


def test_numbers_run_from_one_without_gaps():
    assert list(CLAIMS) == list(range(1, len(CLAIMS) + 1))
    assert {claim.article for claim in CLAIMS.values()} == {"globalpointer"}


@pytest.mark.parametrize("number", CLAIMS)
def test_every_claim_says_in_both_languages_how_it_is_decided(number):
    claim = CLAIMS[number]
    assert "判据" in claim.claim["zh"]
    assert "Decided by" in claim.claim["en"]
    assert claim.source.startswith("https://kexue.fm/archives/")
    if "seeds" in claim.knobs:
        assert len(claim.knobs["seeds"]) >= 3


# What is exact.


@pytest.mark.parametrize("number", EXACT)
def test_what_is_exact_is_confirmed(number):
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "confirmed", verdict.reason["en"]
    assert verdict.results


@pytest.mark.parametrize(("number", "seed"), [*product((1, 4), (1, 2, 3))])
def test_what_is_exact_holds_for_other_seeds(number, seed):
    assert outcome(number, {"seed": seed, "head_size": 4}) == "confirmed"


@pytest.mark.parametrize(("number", "knobs"), [(3, {"labels": "0.5,0.5"}), (5, {"hidden_size": 256})])
def test_a_claim_gives_way_when_its_knob_is_turned(number, knobs):
    assert outcome(number, knobs) == "not confirmed"


def test_the_sum_over_all_spans_by_hand():
    """Two tokens, one span of three wanted, all scores 0: log(1 + 1) + log(1 + 2); one token, none wanted: log(1 + 1)."""
    scores = torch.zeros(2, 1, 2, 2)
    scores[:, :, 1, 0] = scores[1, :, :, 1] = -math.inf
    assert by_sums(scores, torch.tensor([[0, 0, 0, 1]])) == pytest.approx((math.log(2) + math.log(3) + math.log(2)) / 2)


def test_the_balance_at_scores_of_zero_by_hand():
    """Of n negatives together n / (1 + n), of the positive 1 / 2; of independent sigmoids n / 2 and 1 / 2."""
    verdict = run_claim(CLAIMS[2], {"nums": "1,4,9"})
    assert [result.mean for result in verdict.results] == pytest.approx([2 * n / (1 + n) for n in (1, 4, 9)])
    assert "9: 1.80 / 9" in verdict.reason["en"]


@pytest.mark.parametrize("length", [3, 4])
def test_a_length_that_leaves_no_place_is_refused(length):
    with pytest.raises(InvalidValue, match="length must exceed distance by at least 2"):
        outcome(4, {"length": length, "distance": 3})


# Weather reports.


@pytest.mark.parametrize(("places", "per_text", "seed"), [(LEARNED, 6, 0), (UNSEEN, 13, 1), (("大连", "北京"), 5, 2)])
def test_entities_of_a_report_are_found_again_by_its_own_rule(places, per_text, seed):
    one = re.compile(f"(?P<place>{'|'.join(places)})(?:{'|'.join(SKIES)})(?P<degrees>-?\\d+度)；")
    reports = make_reports(40, places, seed, per_text)
    assert len(set(reports.texts)) == 40
    for text, entities in zip(reports.texts, reports.entities, strict=True):
        found = [*one.finditer(text)]
        assert "".join(match.group() for match in found) == text
        named = [match["place"] for match in found]
        assert len(named) == len(set(named)) == min(per_text, len(places))
        assert all(-20 <= int(match["degrees"][:-1]) < 40 for match in found)
        spans = [
            (*match.span(group), kind)
            for match in found
            for group, kind in (("place", PLACE), ("degrees", TEMPERATURE))
        ]
        assert entities == [Entity(*span) for span in spans]


def test_reports_are_those_of_their_seed_and_no_place_is_learned_and_asked_for():
    assert make_reports(9, LEARNED, 3, 6) == make_reports(9, LEARNED, 3, 6) != make_reports(9, LEARNED, 4, 6)
    assert not any(one in other or other in one for one, other in product(LEARNED, UNSEEN))


def test_crossed_spans_by_hand():
    gold = [[Entity(0, 2, "地"), Entity(4, 6, "地"), Entity(8, 9, "人")], [Entity(0, 1, "地")]]
    found = [
        [Entity(0, 2, "地"), Entity(0, 6, "地"), Entity(0, 9, "地"), Entity(4, 6, "人")],  # right, crossed, two wrong
        [Entity(0, 2, "地")],
    ]
    assert share_crossed(found, gold) == 1 / 4
    assert share_crossed(gold, gold) == share_crossed([[]], [[]]) == 0


def test_position_is_measured_and_its_scores_are_drawn(monkeypatch, tmp_path):
    monkeypatch.setattr(weather, "NUM_TEST", 20)
    knobs = {"num_train": 16, "places": 3, "epochs": 2, "seeds": "0"}
    verdict = run_claim(CLAIMS[6], knobs, plot_folder=tmp_path)
    with_rotary, without = verdict.results
    assert (with_rotary.name, without.name) == (
        "globalpointer/weather/with-rotary",
        "globalpointer/weather/without-rotary",
    )
    assert 1 >= with_rotary.mean > without.mean >= 0
    assert (verdict.outcome == "confirmed") == (with_rotary.mean - without.mean >= 0.2)
    assert (tmp_path / verdict.plot).stat().st_size > 5000


def test_one_place_to_a_report_crosses_nothing(monkeypatch):
    monkeypatch.setattr(weather, "NUM_TEST", 20)
    verdict = run_claim(CLAIMS[6], {"num_train": 8, "places": 1, "epochs": 1, "seeds": "0"})
    assert verdict.outcome == "not confirmed"
    assert " 0 % join one entity's start to another's end" in verdict.reason["en"]


def test_the_loss_of_sigmoids_is_the_mean_over_all_spans():
    head = SigmoidPointer(8, 2, 4).double()
    states, lengths = torch.randn(2, 4, 8, dtype=torch.float64), torch.tensor([4, 2])
    wanted = {(0, 0, 1, 2), (0, 1, 0, 3), (1, 0, 1, 1)}
    scores = head(states, lengths)
    terms = [
        math.log1p(math.exp(-score if (text, kind, start, end) in wanted else score))
        for text, length in enumerate(lengths.tolist())
        for kind, start in product(range(2), range(length))
        for end in range(start, length)
        for score in [scores[text, kind, start, end].item()]
    ]
    loss = head.loss(states, lengths, torch.tensor(sorted(wanted)))
    assert loss.item() == pytest.approx(sum(terms) / len(terms), abs=1e-12)
    assert len(terms) == 2 * (10 + 3)


def test_both_losses_are_measured_at_each_number_of_epochs(monkeypatch):
    monkeypatch.setattr(sigmoids, "NUM_TEST", 20)
    verdict = run_claim(CLAIMS[7], {"num_train": 16, "places": 3, "epochs": "2,3", "seeds": "0"})
    found = {result.name.removeprefix("globalpointer/"): result.mean for result in verdict.results}
    assert [*found] == [f"{loss}/epochs={epochs}" for loss in ("multilabel", "sigmoids") for epochs in (2, 3)]
    gap = found["multilabel/epochs=2"] - found["sigmoids/epochs=2"]
    assert gap > 0
    assert (verdict.outcome == "confirmed") == (gap >= 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [6, 7])
def test_what_is_claimed_of_reports_is_confirmed(number):
    verdict = run_claim(CLAIMS[number])
    assert verdict.outcome == "confirmed", verdict.reason["en"]


# Heat maps.


def drawn(path, maps, boxed):
    from matplotlib.image import imread

    return imread(score_maps(maps, ["北", "京", "晴", "1", "度"], boxed, path))[..., :3]


def random_scores(seed, shift=0.0):
    scores = np.random.default_rng(seed).normal(shift, 1, (5, 5))
    scores[np.tril_indices(5, -1)] = -np.inf
    return scores


def test_boxes_are_drawn_where_the_entities_are(tmp_path):
    """Black where there was none before: above the diagonal, and one the lower and the further right for a later one."""
    maps = {"scores": random_scores(0)}
    plain = drawn(tmp_path / "plain.png", maps, [])
    centres = []
    for number, boxed in enumerate([(0, 1), (0, 4), (3, 4)]):
        picture = drawn(tmp_path / f"{number}.png", maps, [boxed])
        changed = np.abs(picture - plain).max(axis=-1) > 0.1
        assert picture[changed].mean() < 0.5 * plain[changed].mean()
        places = np.argwhere(changed)
        centres.append((places.min(axis=0) + places.max(axis=0)) / 2)
    (upper, left), (also_upper, right), (lower, also_right) = centres
    assert upper == pytest.approx(also_upper, abs=2)
    assert right == pytest.approx(also_right, abs=2)
    assert lower - upper == pytest.approx(right - left, abs=3)  # three cells further, either way
    assert lower > upper + 30


def test_maps_stand_side_by_side_and_none_needs_an_entity(tmp_path):
    one = drawn(tmp_path / "one.png", {"a": random_scores(0, -9)}, [(0, 1)])
    two = drawn(tmp_path / "two.png", {"a": random_scores(0, -9), "b": random_scores(1)}, [])
    assert two.shape[1] > 1.5 * one.shape[1]


# What is trained on public sets, here made in small.


SEEDS = (0, 1)


def tiny_texts(num, seed):
    """Texts with a place, and a thing around half of it."""
    rng = random.Random(seed)
    texts, entities = [], []
    for _ in range(num):
        start = rng.randrange(2, 6)
        text = [rng.choice(CHARACTERS[:40]) for _ in range(9)]
        text[start : start + 2] = "中国"
        texts.append("".join(text))
        entities.append([Entity(start, start + 1, "地"), Entity(start, start + 2, "物")])
    return EntityTexts(texts, entities)


def write_sets(folder):
    for name, one in NER_SETS.items():
        (folder / name).mkdir(parents=True)
        for seed, file in enumerate(dict.fromkeys((one.train, one.dev))):
            write_entity_file(folder / name / file, tiny_texts(10, seed))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with the sets, a tiny encoder, and the records of every cell, each trained a little."""
    folder = tmp_path_factory.mktemp("measured")
    make_bert(folder / "model", num_hidden_layers=1)
    write_sets(folder / "sets")
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        patched.setenv("BAIHUA_DATA", str(folder / "sets"))
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        for number in range(8, 13):
            knobs = {"encoder": str(folder / "model"), "seeds": SEEDS} | ({"sizes": (4, 8)} if number == 12 else {})
            run_claim(CLAIMS[number], knobs, scale="full", record_folder=folder / "records")
    return folder


@pytest.fixture
def judge(measured, monkeypatch, tmp_path):
    """Return a function that judges a claim, with some F1 put into the records: of part of a name, and 0.5 elsewhere."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(measured / "sets"))
    shutil.copytree(measured / "records", tmp_path / "records")

    def judged(number, scores, **others):
        for file in (tmp_path / "records").rglob("*.json"):
            record = json.loads(file.read_text(encoding="utf-8"))
            values = next((value for part, value in scores.items() if part in record["name"]), 0.5)
            record["values"] = values if isinstance(values, Sequence) else [values] * len(SEEDS)
            file.write_text(json.dumps(record), encoding="utf-8")
        knobs = {"encoder": str(measured / "model"), "seeds": SEEDS} | ({"sizes": (4, 8)} if number == 12 else {})
        return run_claim(CLAIMS[number], knobs, scale="full", record_folder=tmp_path / "records", **others)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield judged


CASES = [
    (8, {"rotary=False": 0.29}, True),
    (8, {"rotary=False": 0.31}, False),
    (9, {"/global_pointer": 0.495}, True),
    (9, {"/global_pointer": 0.9}, True),
    (9, {"CLUENER/dev/model/global_pointer": 0.48, "/global_pointer": 0.9}, False),
    (10, {"/global_pointer": 0.501}, True),
    (10, {}, False),
    (10, {"/global_pointer": [0.3, 0.8], "/crf": [0.4, 0.6]}, True),
    (11, {}, True),
    (11, {"CLUENER/dev/model/efficient": 0.49, "/efficient": 0.9}, False),
    (12, {"/efficient": 0.495}, True),
    (12, {"efficient_global_pointer/num_train=4": 0.48, "/efficient": 0.9}, False),
]


@pytest.mark.parametrize(("number", "scores", "holds"), CASES)
def test_the_verdict_is_what_the_records_say(judge, number, scores, holds):
    verdict = judge(number, scores)
    assert verdict.outcome == ("confirmed" if holds else "not confirmed")
    for result in verdict.results:
        value = next((value for part, value in scores.items() if part in result.name), 0.5)
        assert result.mean == pytest.approx(np.mean(value))  # as recorded, not trained again
        assert f"{100 * result.mean:.2f} ± {100 * result.spread:.2f}" in verdict.reason["en"]
        assert result.seeds == SEEDS


def test_every_cell_that_decides_is_among_the_results(judge):
    flat = ("ResumeNER", "WeiboNER", "PeoplesDailyNER", "CLUENER")
    assert {result.name for result in judge(9, {}).results} == {
        f"ner/{name}/dev/model/{head}" for name, head in product(flat, ("crf", "global_pointer"))
    }
    assert {result.name.rpartition("/")[2] for result in judge(12, {}).results} == {"num_train=4", "num_train=8"}


def test_a_missing_set_is_not_testable_and_says_how_to_get_it(judge, measured, monkeypatch, tmp_path):
    sets = tmp_path / "fewer"
    shutil.copytree(measured / "sets", sets)
    shutil.rmtree(sets / "WeiboNER")
    monkeypatch.setenv("BAIHUA_DATA", str(sets))
    verdict = judge(9, {})
    assert (verdict.outcome, verdict.results) == ("not testable here", ())
    assert "baihua data download WeiboNER" in verdict.reason["en"]
    assert "baihua data download WeiboNER" in verdict.reason["zh"]
    assert judge(10, {}).outcome == "not confirmed"


def test_a_cell_without_a_record_is_trained(judge, tmp_path):
    judge(10, {})
    (file,) = (tmp_path / "records/ner/CMeEE/dev/model").glob("crf.json")
    file.unlink()
    crf, pointer = judge(10, {"/global_pointer": 0.25}).results
    assert file.is_file()
    assert pointer.mean == 0.25
    assert crf.settings["of_each_seed"]["0"]["train_seconds"] > 0


def test_the_small_scale_trains_one_seed_and_keeps_no_record(judge, measured, tmp_path):
    knobs = {"encoder": str(measured / "model"), "seeds": SEEDS}
    verdict = run_claim(CLAIMS[8], knobs, record_folder=tmp_path / "kept")
    assert [result.seeds for result in verdict.results] == [(0,), (0,)]
    assert [result.settings["rotary"] for result in verdict.results] == [True, False]
    assert not (tmp_path / "kept").exists()


def test_few_sentences_are_drawn_as_a_curve(judge, tmp_path):
    verdict = judge(12, {"/efficient": 0.6}, plot_folder=tmp_path)
    assert (tmp_path / verdict.plot).stat().st_size > 5000


def test_nothing_to_measure_is_refused():
    with pytest.raises(InvalidValue, match="at most 200 sentences"):
        outcome(12, {"sizes": "400,800"})


# What a step costs.


@pytest.fixture
def timed(monkeypatch):
    """Return a function that makes a step of each head take so many seconds of a made-up clock."""
    now = [0.0]
    monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=lambda: now[0]))

    def by(seconds):
        def make_step(head, length, types, setting):
            def step():
                now[0] += seconds(head, length, types)

            return step

        monkeypatch.setattr(cost, "_step", make_step)

    return by


@pytest.mark.parametrize(
    ("of_the_crf", "holds"),
    [
        (lambda length: 1 + length, True),
        (lambda length: 3, False),  # always as much slower
        (lambda length: 0.5 + length / 64, False),  # faster on short ones
        (lambda length: 3 - length / 64, False),
    ],
)
def test_the_ratio_must_be_above_one_and_grow(timed, tmp_path, of_the_crf, holds):
    timed(lambda head, length, types: of_the_crf(length) if head == "crf" else 1.0)
    verdict = run_claim(CLAIMS[13], {"lengths": "16,32,64"}, plot_folder=tmp_path)
    assert [result.mean for result in verdict.results] == pytest.approx([of_the_crf(n) for n in (16, 32, 64)])
    assert verdict.outcome == ("confirmed" if holds else "not confirmed")
    assert (tmp_path / verdict.plot).stat().st_size > 5000


def test_the_order_of_the_lengths_does_not_matter(timed):
    timed(lambda head, length, types: 1 + length if head == "crf" else 1.0)
    assert outcome(13, {"lengths": "64,32,16"}) == "confirmed"


@pytest.mark.parametrize(("slope", "holds"), [(0.01, True), (0.1, False), (0.2, False)])
def test_the_efficient_head_must_grow_less_with_the_types(timed, slope, holds):
    timed(lambda head, length, types: 1 + types * (0.1 if head == "global_pointer" else slope))
    verdict = run_claim(CLAIMS[14], {"types": "2,50,10"})
    assert [result.mean for result in verdict.results] == pytest.approx([6 / 1.2, (1 + 50 * slope) / (1 + 2 * slope)])
    assert verdict.outcome == ("confirmed" if holds else "not confirmed")


@pytest.mark.parametrize(
    ("number", "knobs"), [(13, {"lengths": "8,16", "types": 2}), (14, {"length": 8, "types": "2,9"})]
)
def test_real_steps_are_timed(number, knobs):
    verdict = run_claim(CLAIMS[number], knobs | {"batch_size": 2})
    assert all(0.01 < result.mean < 100 for result in verdict.results)
    assert len(verdict.results) == 2
