"""The pattern every study follows: knobs are read by type, a claim is judged, what is missing is said."""

import importlib.util

import pytest

from baihua.checks import FileProblem, InvalidValue, MissingPackage
from baihua.language import set_language
from baihua.studies.claims import STUDIES, Claim, Measurement, Setting, load_study, parse_knobs, run_claim

TEXT = {"zh": "两数之和不超过上限。", "en": "The sum stays below the limit."}


def add_up(setting: Setting) -> Measurement:
    total = setting["k"] + setting["shift"] + len(setting["sets"])
    return Measurement(total <= 10, {"zh": f"和为 {total}", "en": f"the sum is {total}"})


def toy_claim(run=add_up, **knobs) -> Claim:
    defaults = {"k": 3, "shift": 1.5, "pooling": "mean", "sets": ("BQ", "ATEC"), "counts": (8, 16)}
    return Claim("toy", 1, TEXT, "arithmetic", "10", {**defaults, **knobs}, run)


class TestParseKnobs:
    def test_each_value_takes_the_type_of_its_default(self):
        words = ["k=64", "shift=2", "pooling=cls", "sets=LCQMC, STS-B", "counts=32"]
        knobs = parse_knobs(toy_claim(), words)
        assert knobs == {"k": 64, "shift": 2.0, "pooling": "cls", "sets": ("LCQMC", "STS-B"), "counts": (32,)}
        assert isinstance(knobs["shift"], float)

    def test_only_the_knobs_named_are_returned(self):
        assert parse_knobs(toy_claim(), []) == {}

    def test_a_value_may_hold_an_equals_sign(self):
        assert parse_knobs(toy_claim(), ["pooling=a=b"]) == {"pooling": "a=b"}

    def test_unknown_knob_names_the_nearest(self):
        with pytest.raises(InvalidValue, match=r"Unknown knob 'poolng'.*Did you mean 'pooling'"):
            parse_knobs(toy_claim(), ["poolng=cls"])

    @pytest.mark.parametrize(
        ("word", "message"),
        [
            ("k=many", r"Knob k must be a whole number \(default 3\), but received 'many'"),
            ("k=1.5", "must be a whole number"),
            ("shift=wide", "Knob shift must be a number"),
            ("counts=8,x", "Knob counts must be a whole number"),
            ("sets=", "Knob sets must be values separated by commas"),
            ("k", r"set as name=value, but received 'k'\. The knobs are k, shift"),
        ],
    )
    def test_a_value_that_does_not_fit_is_refused(self, word, message):
        with pytest.raises(InvalidValue, match=message):
            parse_knobs(toy_claim(), [word])

    def test_a_claim_without_knobs_says_so(self):
        with pytest.raises(InvalidValue, match="no knobs"):
            parse_knobs(Claim("toy", 2, TEXT, "arithmetic", None, {}, add_up), ["k=1"])

    def test_messages_exist_in_chinese(self):
        set_language("zh")
        with pytest.raises(InvalidValue, match="旋钮 k 应是整数"):
            parse_knobs(toy_claim(), ["k=many"])


class TestRunClaim:
    def test_a_verdict_carries_the_claim_and_every_knob(self):
        verdict = run_claim(toy_claim())
        assert verdict.outcome == "confirmed"
        assert verdict.name == "study/toy/claim-01"
        assert verdict.reason["en"] == "the sum is 6.5"
        assert verdict.published == "10"
        assert verdict.settings["k"] == 3
        assert verdict.settings["scale"] == "small"

    def test_turning_a_knob_flips_it(self):
        claim = toy_claim()
        assert run_claim(claim, {"k": 64}).outcome == "not confirmed"
        assert claim.knobs["k"] == 3

    def test_knobs_given_from_python_are_checked_too(self):
        with pytest.raises(InvalidValue, match="Unknown knob 'kk'"):
            run_claim(toy_claim(), {"kk": 1})
        with pytest.raises(InvalidValue, match="whole number"):
            run_claim(toy_claim(), {"k": None})
        assert run_claim(toy_claim(), {"sets": ["BQ"], "shift": 1}).settings["sets"] == ("BQ",)

    def test_unknown_scale(self):
        with pytest.raises(InvalidValue, match="Did you mean 'small'"):
            run_claim(toy_claim(), scale="smal")

    def test_missing_data_is_not_testable_here(self):
        def needs_data(setting: Setting) -> Measurement:
            raise FileProblem(zh="没有数据，请运行 baihua data。", en="No data; run baihua data.")

        verdict = run_claim(toy_claim(needs_data))
        assert verdict.outcome == "not testable here"
        assert verdict.reason == {"zh": "没有数据，请运行 baihua data。", "en": "No data; run baihua data."}

    def test_a_mistake_in_a_knob_is_no_verdict(self):
        def refuses(setting: Setting) -> Measurement:
            raise InvalidValue(zh="k 太大", en="k is too large")

        with pytest.raises(InvalidValue, match="too large"):
            run_claim(toy_claim(refuses))

    def test_the_plot_is_drawn_only_when_asked_for(self, tmp_path):
        def drawn(setting: Setting) -> Measurement:
            return Measurement(True, TEXT, draw=lambda path: path.write_text("picture", encoding="utf-8"))

        assert run_claim(toy_claim(drawn)).plot is None
        verdict = run_claim(toy_claim(drawn), plot_folder=tmp_path)
        assert (tmp_path / verdict.plot).read_text(encoding="utf-8") == "picture"
        assert verdict.plot == "toy-claim-01.png"

    def test_a_missing_plotting_package_costs_the_plot_only(self, tmp_path):
        def cannot_draw(path):
            raise MissingPackage(zh="需要 matplotlib", en="matplotlib is missing")

        claim = toy_claim(lambda setting: Measurement(True, TEXT, draw=cannot_draw))
        with pytest.warns(UserWarning, match="No plot: matplotlib is missing"):
            verdict = run_claim(claim, plot_folder=tmp_path)
        assert verdict.outcome == "confirmed"
        assert verdict.plot is None

    def test_a_full_disk_under_a_plot_is_not_a_verdict(self, tmp_path):
        def full(path):
            raise FileProblem(zh="磁盘满", en="disk full")

        with pytest.raises(FileProblem, match="disk full"):
            run_claim(toy_claim(lambda setting: Measurement(True, TEXT, draw=full)), plot_folder=tmp_path)


def test_an_unknown_study_names_the_nearest():
    with pytest.raises(InvalidValue, match=r"Unknown study 'whitning'.*Did you mean 'whitening'"):
        load_study("whitning")


def test_every_study_named_is_there():
    assert all(importlib.util.find_spec(module) for module in STUDIES.values())
