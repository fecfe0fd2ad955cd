"""``baihua calibrate``: thresholds from a column of texts, probabilities from labelled pairs, each file told apart."""

import json

import pytest

from baihua.tasks.calibrate import calibrate_on_texts
from baihua.tasks.calibration_file import Calibration
from baihua.tasks.embed import SentenceEmbedder
from baihua.tasks.search import SentenceIndex
from baihua.training.calibration import MatchCalibration

SUBJECTS = ("手机", "信用卡", "外卖", "高铁票", "空调", "快递", "花呗", "驾照")
QUESTIONS = ("怎么退", "坏了找谁", "什么时候到", "为什么这么贵", "能不能便宜点", "怎么投诉", "在哪里办")
TEXTS = [subject + question for subject in SUBJECTS for question in QUESTIONS]
STATIC = ("--encoder", "static", "--whitening", "off")


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def pairs_file(tmp_path):
    """Every text with itself put differently, and with the next text; one row lacks its label."""
    path = tmp_path / "pairs.csv"
    rows = [f"{text},请问{text}呢,1" for text in TEXTS]
    rows += [f"{text},{other},0" for text, other in zip(TEXTS, TEXTS[8:] + TEXTS[:8], strict=True)]
    path.write_text("\n".join(["句子1,句子2,标签", *rows, "只有一句,没有标签,"]) + "\n", encoding="utf-8")
    return path


def test_texts_give_thresholds(texts_file, answer):
    found = answer("calibrate", texts_file, *STATIC, "--rate", "5%")
    expected = calibrate_on_texts(SentenceEmbedder("static"), TEXTS)
    assert (found["texts"], found["background_pairs"], found["match_calibration"]) == (56, 1540, None)
    assert [row["rate"] for row in found["thresholds"]] == [0.1, 0.05, 0.01, 0.001, 0.0001]
    assert found["threshold"] == pytest.approx(expected.threshold(0.05))
    for row in found["thresholds"]:
        assert row["low"] <= row["threshold"] <= row["high"]


def test_the_table_is_aligned_in_both_languages(texts_file, run):
    code, out, _ = run("calibrate", texts_file, *STATIC, "--rate", "0.01")
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "56 texts, 1540 random pairs of different ones taken as unrelated:"
    assert [line.split(" %")[0].strip() for line in lines[2:6]] == ["10", "1", "0.1", "0.01"]
    assert lines[-1].startswith("Threshold 0.")
    assert "about 1 in 100 unrelated pairs scores this high" in lines[-1]
    code, out, _ = run("calibrate", texts_file, *STATIC, "--lang", "zh")
    assert "误配率" in out


def test_labelled_pairs_give_probabilities_too_and_are_kept_as_json(pairs_file, answer, tmp_path):
    output = tmp_path / "calibration.json"
    found = answer("calibrate", pairs_file, *STATIC, "--prior", "0.2", "-o", output)
    assert found["texts"] == 56  # one of each match
    match = MatchCalibration.from_dict(found["match_calibration"])
    assert (match.num_pairs, match.prior, match.share) == (112, 0.2, 0.5)
    kept = json.loads(output.read_text(encoding="utf-8"))
    assert (kept["kind"], kept["num_documents"]) == ("calibration", 56)
    read = Calibration.load(output)
    assert read.fingerprint == SentenceEmbedder("static").fingerprint
    assert read.match == match
    assert read.background.threshold(0.01) == found["thresholds"][1]["threshold"]


def test_the_reliability_table(pairs_file, run):
    code, out, said = run("calibrate", pairs_file, *STATIC)
    assert code == 0
    assert "112 labelled pairs (1 more rows lack a text or label), 50 % of the same meaning" in out
    assert "predicted  observed  pairs" in out
    assert "expected calibration error" in out
    assert "columns '句子1', '句子2', '标签'" in said


@pytest.mark.parametrize("header", ["内容,标签", "标题,内容,标签", "问题,答案,类别"])
def test_a_table_of_texts_with_labels_is_none_of_pairs(header, answer, tmp_path):
    path = tmp_path / "table.csv"
    columns = header.split(",")
    rows = [",".join([text] * (len(columns) - 1) + ["售后"]) for text in TEXTS]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    found = answer("calibrate", path, *STATIC, "--text-column", columns[0])
    assert found["match_calibration"] is None
    if len(columns) == 2:
        assert answer("calibrate", path, *STATIC)["texts"] == 56


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--rate", "2"], "--rate must be a share between 0 and 1"),
        (["--rate", "少"], "received '少'"),
        (["--prior", "0"], "--prior must be a share"),
        (["--prior", "0.1"], "goes with labelled pairs"),
        (["--first-column", "text"], "Cannot tell which column holds the"),
        (["--text-column", "nothing"], "no column 'nothing'"),
    ],
)
def test_mistakes(words, sentence, texts_file, run):
    code, out, said = run("calibrate", texts_file, *STATIC, *words, "--quiet")
    assert (code, out) == (2, "")
    assert sentence in said
    assert said.count("\n") == 1


def test_labels_that_are_no_labels_are_named(pairs_file, run):
    text = pairs_file.read_text(encoding="utf-8").replace(",1\n", ",是\n")
    pairs_file.write_text(text, encoding="utf-8")
    code, _, said = run("calibrate", pairs_file, *STATIC, "--label-column", "标签", "--quiet")
    assert code == 2
    assert "holds '是', but labels are 1 (the same meaning) or 0" in said


def test_too_few_texts(run, tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("手机坏了\n怎么退款\n", encoding="utf-8")
    code, _, said = run("calibrate", path, *STATIC, "--quiet")
    assert code == 2
    assert "at least 100 background scores, but received 1" in said


@pytest.fixture
def library(tmp_path):
    """A library that no verb has calibrated yet."""
    path = tmp_path / "library.db"
    with SentenceIndex.create(path, SentenceEmbedder("static")) as index:
        index.add(TEXTS)
    return path


def test_a_library_is_calibrated_on_its_own_texts(library, answer):
    found = answer("calibrate", "--db", library, "--rate", "5%")
    expected = calibrate_on_texts(SentenceEmbedder("static"), TEXTS)
    assert (found["file"], found["db"], found["encoder"], found["texts"]) == (None, str(library), "static", 56)
    assert found["background_pairs"] == 1540
    assert found["threshold"] == pytest.approx(expected.threshold(0.05), abs=1e-6)
    with SentenceIndex.open(library) as index:
        assert index.calibration.num_documents == 56
        assert index.calibration.background.threshold(0.05) == found["threshold"]


def test_labelled_pairs_give_a_library_its_probabilities_and_stay(library, pairs_file, answer, run, tmp_path):
    first = answer("calibrate", pairs_file, "--db", library, "--prior", "5%", "-o", tmp_path / "c.json")
    assert (first["texts"], first["background_pairs"]) == (56, 1540)
    assert first["match_calibration"]["prior"] == 0.05
    with SentenceIndex.open(library) as index:
        assert index.calibration == Calibration.load(tmp_path / "c.json")
    assert answer("calibrate", "--db", library)["match_calibration"] == first["match_calibration"]
    code, out, said = run("calibrate", "--db", library)
    assert code == 0
    assert "112 labelled pairs (given when calibrated before)" in out
    assert "is kept in" in said


def test_a_whitening_fitted_for_the_calibration_is_saved_beside_it(texts_file, answer, tmp_path):
    words = ("--encoder", "static", "--whitening")
    answer("calibrate", texts_file, *words, 16, "-o", tmp_path / "c.json")
    saved = tmp_path / "c.whitening.safetensors"
    again = answer("calibrate", texts_file, *words, saved, "-o", tmp_path / "again.json")
    assert again["texts"] == 56
    assert Calibration.load(tmp_path / "c.json") == Calibration.load(tmp_path / "again.json")
    assert not (tmp_path / "again.whitening.safetensors").exists()


def test_mistakes_about_a_library(library, texts_file, run, tmp_path):
    for words, sentence in (
        ((), "neither was given"),
        (("--db", tmp_path / "none.db"), "There is no file"),
        (("--db", texts_file), "no library"),
        (("--db", library, "--encoder", "bundled"), "Leave out --encoder."),
        (("--db", library, "--pooling", "cls", "--whitening", "off"), "Leave out --pooling, --whitening."),
        (("--db", library, "--prior", "0.1"), "goes with labelled pairs"),
        ((texts_file, "--db", library), "has no labelled pairs"),
    ):
        code, out, said = run("calibrate", *words, "--quiet")
        assert (code, out) == (2, "")
        assert sentence in said
        assert said.count("\n") == 1
