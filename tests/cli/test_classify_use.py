"""``baihua predict classify`` and ``baihua evaluate classify``: a table in, labels beside every row, scores that are counted."""

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from baihua import PromptClassifier, TextClassifier
from baihua.cli.label_table import confusion_table
from baihua.maths.proportion import wilson_interval
from baihua.tasks.any_classifier import save_classifier
from baihua.tasks.classification.answer_threshold import AnswerThreshold
from baihua.text.tables import read_table
from baihua.training.classification_scores import score_labels

LEARNED = ["很好吃，喜欢", "质量很好", "服务热情，推荐", "太难吃了", "质量很差", "态度恶劣，失望"]
LABELS = ["好评"] * 3 + ["差评"] * 3
ROWS = [["编号", "内容", "备注"], ["007", "真好吃", "a,b"], ["008", "", "空"], ["009", "太差了", ""], ["010", "嗯", ""]]


@pytest.fixture(scope="module")
def classifier():
    return TextClassifier("static").fit(LEARNED, LABELS, show_progress=False)


@pytest.fixture(scope="module")
def trained(classifier, tmp_path_factory):
    return save_classifier(classifier, tmp_path_factory.mktemp("classifier") / "reviews")


@pytest.fixture(scope="module")
def with_threshold(classifier, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classifier") / "reviews"
    return save_classifier(classifier, folder, AnswerThreshold(0.875, 9, 10, 12))


@pytest.fixture(scope="module")
def of_pairs(tmp_path_factory):
    pairs = [("天气好", "天气很好"), ("手机坏", "手机坏了"), ("天气好", "手机坏"), ("手机坏了", "天气好")]
    made = TextClassifier("static").fit(pairs, ["同", "同", "异", "异"], show_progress=False)
    return save_classifier(made, tmp_path_factory.mktemp("classifier") / "pairs")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(ROWS)
    return path


@pytest.fixture
def judged(tmp_path):
    path = tmp_path / "judged.csv"
    rows = [
        ("内容", "类别"),
        ("真好吃", "好评"),
        ("太差了", "好评"),
        ("失望", "差评"),
        ("怎么办", "疑问"),
        ("", "好评"),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def folders(trained, of_pairs, table):
    return {"DIR": trained, "PAIRS": of_pairs, "table": table}


def refused(run, *words):
    code, out, said = run(*words, "--quiet")
    assert (code, out) == (2, ""), said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_every_row_gets_a_label_or_stays_empty(trained, classifier, table, answer, tmp_path):
    found = answer("predict", "classify", trained, table, "-o", tmp_path / "out.csv")
    assert (found["rows"], found["texts"], found["empty"], "answers" in found) == (4, 3, 1, False)
    written = read_table(tmp_path / "out.csv")
    assert written.columns == (*ROWS[0], "label", "probability")
    assert [list(row[:3]) for row in written.rows] == ROWS[1:]
    texts = ["真好吃", "太差了", "嗯"]
    labels, chances = classifier.predict(texts), classifier.predict_proba(texts).max(axis=1).round(6)
    assert written.column("label") == [labels[0], "", *labels[1:]]
    assert [float(cell) for cell in written.column("probability") if cell] == pytest.approx(chances.tolist())
    assert found["labels"] == {label: labels.count(label) for label in dict.fromkeys(labels)}


@pytest.mark.parametrize("suffix", [".xlsx", ".jsonl", ".tsv"])
def test_tables_of_every_kind_are_written(suffix, trained, table, run, tmp_path):
    target = tmp_path / f"out{suffix}"
    code, out, _ = run("predict", "classify", trained, table, "-o", target)
    assert code == 0
    assert out.startswith("Texts: 3 (")
    assert "Rows without a text, left without a label: 1." in out
    assert out.endswith(f"Written to {target}\n")
    written = read_table(target)
    assert written.column("编号") == ["007", "008", "009", "010"]
    if suffix == ".xlsx":
        sheet = openpyxl.load_workbook(target).active
        cells = [row[4] for row in sheet.iter_rows(values_only=True)]
        assert cells[0] == "probability"
        assert cells[2] is None
        assert isinstance(cells[1], float)


def test_a_column_that_is_there_is_not_written_over(trained, judged, answer, tmp_path):
    with judged.open("w", encoding="utf-8") as file:
        file.write("text,label\n真好吃,旧\n")
    answer("predict", "classify", trained, judged, "-o", tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv").columns == ("text", "label", "label_2", "probability")


def test_rows_are_shown(trained, tmp_path, run, answer):
    lines = tmp_path / "lines.txt"
    lines.write_text("\n".join(["真好吃" + "啊" * 100, *LEARNED * 4]), encoding="utf-8")
    code, out, _ = run("predict", "classify", trained, lines, "--lang", "en")
    assert code == 0
    shown = out.splitlines()
    assert shown[0].split() == ["label", "probability", "text"]
    assert shown[1].endswith("啊…")
    assert len(shown) == 1 + 20 + 2
    assert shown[-2].startswith("… and 5 more texts.")
    chinese = run("predict", "classify", trained, lines, "--lang", "zh")[1]
    assert chinese.splitlines()[0].split() == ["标签", "概率", "文本"]
    assert len(answer("predict", "classify", trained, lines)["answers"]) == 25


def test_unsure_texts_are_left_aside(trained, with_threshold, classifier, table, run, answer, tmp_path):
    chances = classifier.predict_proba(["真好吃", "太差了", "嗯"]).max(axis=1)
    words = ("predict", "classify", trained, table, "--other", "其他", "--min-confidence")
    bar = float(np.median(chances)) - 1e-6  # one of three is below
    found = answer(*words, bar)
    assert found["other"] == {"name": "其他", "threshold": bar}
    assert found["labels"]["其他"] == 1
    assert [one["probability"] for one in found["answers"]] == pytest.approx(chances.round(6).tolist())
    assert "其他" not in answer(*words, 0)["labels"]
    assert set(answer(*words, 1)["labels"]) <= {"其他", "好评", "差评"}
    said = run("predict", "classify", trained, table, "--other", "其他")[2]
    assert "It was trained without --dev" in said
    assert "0.5 is taken" in said
    said = run("predict", "classify", with_threshold, table, "--other", "其他", "-o", tmp_path / "out.csv")[2]
    assert "Below a probability of 0.875 no label is given, as settled on 12 texts of --dev" in said
    labels = read_table(tmp_path / "out.csv").column("label")
    assert [label == "其他" for label in labels if label] == (chances < 0.875).tolist()


def test_pairs_are_labelled(of_pairs, trained, run, answer, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("sentence1,sentence2\n天气好,天气很好\n天气好,\n", encoding="utf-8")
    found = answer("predict", "classify", of_pairs, path)
    assert (found["texts"], found["empty"], found["answers"][0]["text"]) == (1, 1, ["天气好", "天气很好"])
    assert "天气好 | 天气很好" in run("predict", "classify", of_pairs, path)[1]
    said = refused(run, "predict", "classify", of_pairs, path, "--text-column", "sentence1")
    assert "has learned from pairs of texts" in said
    said = refused(run, "predict", "classify", trained, path, "--first-column", "sentence1")
    assert "has learned from single texts" in said


def test_a_prompt_classifier_is_used_in_the_same_way(answer, table, judged, tmp_path):
    words = {"好评": "好", "差评": "差"}
    made = PromptClassifier(verbalizer=words, method="zero_shot", device="cpu").fit(LEARNED, LABELS)
    folder = save_classifier(made, tmp_path / "prompt")
    found = answer("predict", "classify", folder, table, "--device", "cpu")
    assert [one["label"] for one in found["answers"]] == made.predict(["真好吃", "太差了", "嗯"])
    scored = answer("evaluate", "classify", folder, judged, "--device", "cpu")
    assert (
        scored["accuracy"]
        == made.evaluate(["真好吃", "太差了", "失望", "怎么办"], ["好评", "好评", "差评", "疑问"]).accuracy
    )


def test_evaluation_as_json(trained, classifier, judged, answer):
    found = answer("evaluate", "classify", trained, judged)
    texts, gold = ["真好吃", "太差了", "失望", "怎么办"], ["好评", "好评", "差评", "疑问"]
    expected = classifier.evaluate(texts, gold)
    assert (found["accuracy"], found["log_loss"]) == (expected.accuracy, pytest.approx(expected.log_loss))
    assert found["interval"] == list(wilson_interval(expected.num_right, 4))
    assert (found["texts"], found["unknown"], found["left_out"]) == (4, 1, 1)
    assert found["labels"] == sorted(["好评", "差评", "疑问"])
    assert found["answered"][0]["share"] == 1.0
    assert found["answered"][0]["accuracy"] == found["accuracy"]
    assert found.keys() >= {"per_label", "confusion", "calibration_error", "macro_f1", "classifier", "file"}


def test_evaluation_as_tables(trained, judged, run):
    code, out, said = run("evaluate", "classify", trained, judged)
    assert code == 0
    assert f"Labels of {judged} that the classifier never learned, all counted as wrong: 疑问 1." in said
    assert "rows without a text or a label, left out: 1." in said
    assert out.startswith("accuracy 50.0 (95 % interval 15.0 … 85.0), 2 of 4 right\nmacro F1")
    lines = [line.split() for line in out.splitlines()]
    assert ["label", "precision", "recall", "F1", "right", "given", "gold"] in lines
    assert ["好评", "差评", "1"] in lines
    assert "Answering only where it is sure:" in out
    chinese = run("evaluate", "classify", trained, judged, "--lang", "zh")[1]
    assert all(word in chinese for word in ("准确率 50.0", "精确率", "当成了", "只答有把握的"))


def test_one_row_is_enough_to_score(trained, run, tmp_path):
    (tmp_path / "one.csv").write_text("text,label\n质量很好,好评\n", encoding="utf-8")
    code, out, _ = run("evaluate", "classify", trained, tmp_path / "one.csv")
    assert code == 0
    assert "accuracy 100.0 (95 % interval 20.7 … 100.0), 1 of 1 right" in out
    assert "taken for" not in out
    (tmp_path / "strange.csv").write_text("text,label\n质量很好,疑问\n", encoding="utf-8")
    code, out, _ = run("evaluate", "classify", trained, tmp_path / "strange.csv")
    assert code == 0
    assert "log loss –" in out


def test_the_largest_confusions_come_first_and_the_rest_is_counted():
    labels = [str(number) for number in range(13)]
    gold = [label for label in labels for _ in range(2)] + ["5"] * 3
    chances = np.zeros((len(gold), 13))
    for row, label in enumerate(gold):
        chances[row, (int(label) + 1) % 13] = 1.0
    lines = confusion_table(score_labels(chances, labels, gold)).splitlines()
    assert lines[1].split() == ["5", "6", "5"]
    assert len(lines) == 1 + 10 + 1
    assert lines[-1] == "And 3 more kinds."


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (("predict", "classify", ".", "table.csv"), ". holds no classifier", ". 里没有分类器"),
        (("predict", "classify", "nowhere", "table.csv"), "nowhere holds no classifier", "nowhere 里没有分类器"),
        (("evaluate", "classify", "table.csv", "judged.csv"), "table.csv holds no classifier", "里没有分类器"),
        (("predict", "classify", "DIR", "missing.csv"), "There is no file missing.csv", "missing.csv"),
        (("predict", "classify", "DIR", "table.csv", "-o", "a.pkl"), "Cannot tell what table 'a.pkl'", "'a.pkl'"),
        (("predict", "classify", "DIR", "table.csv", "-o", "a.txt"), "Cannot tell what table 'a.txt'", "'a.txt'"),
        (("predict", "classify", "DIR", "table.csv", "-o", "./table.csv"), "the file that is read", "要读的文件"),
        (
            ("predict", "classify", "DIR", "table.csv", "--min-confidence", "0.5"),
            "goes with --other",
            "与 --other 一起",
        ),
        (
            ("predict", "classify", "DIR", "table.csv", "--other", "o", "--min-confidence", "50"),
            "must lie between 0 and 1",
            "应在 0 与 1 之间",
        ),
        (
            ("predict", "classify", "DIR", "table.csv", "--text-column", "内溶"),
            "Did you mean '内容'?",
            "您要的是“内容”吗",
        ),
        (("predict", "classify", "DIR", "blank.csv"), "No row of blank.csv has a text", "blank.csv 没有一行是有文本的"),
        (("predict", "classify", "PAIRS", "table.csv"), "Cannot tell which column holds the first texts", "第一句"),
        (
            ("evaluate", "classify", "DIR", "table.csv"),
            "Cannot tell which column holds the labels",
            "看不出哪一列是标签",
        ),
        (("evaluate", "classify", "DIR", "blank.csv"), "No row of blank.csv has both", "没有一行是文本与标签都有的"),
    ],
)
@pytest.mark.usefixtures("judged")
def test_mistakes(words, english, chinese, language, folders, run, monkeypatch):
    monkeypatch.chdir(folders["table"].parent)
    Path("blank.csv").write_text("text,label\n ,好评\n", encoding="utf-8")
    said = refused(run, *(folders.get(word, word) for word in words), "--lang", language)
    assert (english if language == "en" else chinese) in said


def test_a_damaged_folder_is_said(trained, table, run, tmp_path):
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in Path(trained).iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    facts = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
    (folder / "classifier.json").write_text(json.dumps({**facts, "shares": "half"}), encoding="utf-8")
    said = refused(run, "predict", "classify", folder, table)
    assert f"{folder} is not an intact classifier's folder" in said
