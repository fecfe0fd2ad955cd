"""``baihua train classify``: a table in, a classifier out, what was chosen and why, mistakes as one sentence."""

import csv
import json
from pathlib import Path

import pytest

from baihua import PromptClassifier, TextClassifier
from baihua.cli.classify_wish import read_words
from baihua.tasks.any_classifier import load_classifier
from baihua.tasks.classification.answer_threshold import read_threshold

GOOD = ["很好吃，喜欢", "质量很好", "服务热情，推荐", "屏幕清晰，满意"]
BAD = ["太难吃了", "质量很差", "态度恶劣，失望", "坏了，退货"]
ROWS = [*((text, "正面") for text in GOOD), *((text, "负面") for text in BAD)]
STATIC = ("--encoder", "static")
QUICK = ("--epochs", 1, "--batch-size", 8, "--device", "cpu")
PROMPT = ("--words", "正面=好,满意", "--words", "负面=差，坏", *QUICK)


def save(path, rows=ROWS, columns=("内容", "标签")):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return path


@pytest.fixture
def train_file(tmp_path):
    return save(tmp_path / "train.csv")


@pytest.fixture
def dev_file(tmp_path):
    return save(tmp_path / "dev.csv", [("真好吃", "正面"), ("很满意", "正面"), ("太差了", "负面"), ("失望", "负面")])


def refused(run, *words):
    code, out, said = run(*words, "--quiet")
    assert (code, out) == (2, ""), said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_any_table_becomes_a_classifier(table_file, run, tmp_path):
    code, out, said = run("train", "classify", table_file, "-o", tmp_path / "out", *STATIC)
    assert code == 0, said
    assert "Taking column '内容'." in said
    assert "Taking column '标签'." in said
    assert "rows without a text or a label, left out: 2." in said
    assert "texts 4, labels 2 (售后 2, 金融 2)." in said
    lines = out.splitlines()
    assert lines[0].startswith("Method: linear. 4 texts of 2 labels, at least 2 of each: this encoder has no layers")
    assert "--compare" in lines[0]
    assert lines[1].startswith("Learned 2 labels from 4 texts in")
    assert lines[1].endswith("calibrated on training texts held out in turn.")
    assert lines[2].startswith("On training texts held out in turn: accuracy")
    assert "95 % interval" in lines[2]
    assert lines[-1] == f"Written to {tmp_path / 'out'}"
    loaded = load_classifier(tmp_path / "out")
    assert loaded.labels == ["售后", "金融"]
    assert loaded.predict(["信用卡还款"]) == ["金融"]


def test_dev_gives_a_score_a_calibration_and_a_threshold(train_file, dev_file, answer, run, tmp_path):
    words = ("train", "classify", train_file, "--dev", dev_file, "-o", tmp_path / "out")
    found = answer(*words)
    assert (found["method"], found["encoder"], found["tune"]) == ("linear", "bundled", None)
    assert found["train"] == {
        "file": str(train_file),
        "texts": 8,
        "left_out": 0,
        "pairs": False,
        "labels": {"正面": 4, "负面": 4},
    }
    assert (found["dev"]["texts"], found["calibrated"], found["labels"]) == (4, True, ["正面", "负面"])
    loaded = TextClassifier.load(tmp_path / "out")
    texts, labels = ["真好吃", "很满意", "太差了", "失望"], ["正面", "正面", "负面", "负面"]
    assert found["dev_scores"]["accuracy"] == loaded.evaluate(texts, labels).accuracy
    threshold = read_threshold(tmp_path / "out")
    assert found["threshold"] == vars(threshold)
    kept = loaded.predict_proba(texts).max(axis=1) >= threshold.threshold
    assert (threshold.num_answered, threshold.num_texts) == (kept.sum(), 4)
    out = run(*words)[1]
    assert "calibrated on --dev" in out
    assert "On dev: accuracy" in out
    assert "With --other, predict leaves texts below a probability of" in out
    chinese = run(*words, "--lang", "zh")[1]
    assert all(word in chinese for word in ("方法：linear", "验证：准确率", "在 --dev 上校准过", "写到"))


def test_fine_tuning_says_which_epoch_was_kept(train_file, dev_file, answer, run, tmp_path):
    words = ("train", "classify", train_file, "--method", "fine-tune", "-o", tmp_path / "out", "--max-length", 16)
    found = answer(*words, "--seed", 3, "--learning-rate", 1e-3, *QUICK)
    assert (found["method"], found["calibrated"], found["dev_scores"]) == ("fine_tune", False, None)
    settings = TextClassifier.load(tmp_path / "out", device="cpu").settings
    assert (settings.epochs, settings.least_steps, settings.batch_size, settings.max_length) == (1, 1, 8, 16)
    assert (settings.seed, settings.learning_rate) == (3, 1e-3)
    out = run(*words, *QUICK)[1]
    assert "No --dev was given" in out
    assert "not calibrated and likely too sure" in out
    out = run(*words, "--dev", dev_file, *QUICK)[1]
    assert "the one kept, best on dev, is number 1" in out
    assert "use a third file" in out


def test_a_prompt_says_how_it_reads(train_file, answer, run, tmp_path):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--method", "p_tuning", *PROMPT)
    found = answer(*words, "--template", "{soft:3}{mask}{text}")
    assert (found["template"], found["tune"], found["numbers_trained"]) == ("{soft:3}{mask}{text}", None, 3 * 256)
    assert found["words"] == {"正面": ["好", "满意"], "负面": ["差", "坏"]}
    assert [len(words) for words in found["nearest_words"]] == [5] * 3
    assert PromptClassifier.load(tmp_path / "out", device="cpu").words["负面"] == ("差", "坏")
    out = run(*words)[1]
    assert "template: {soft:4}{mask}{soft:4}{text}" in out
    assert "words of the labels: 正面: 好 满意; 负面: 差 坏" in out
    assert "words nearest to the soft tokens" in out
    out = run(
        "train", "classify", train_file, "-o", tmp_path / "out", "--method", "zero-shot", *PROMPT, "--lang", "zh"
    )[1]
    assert "模板：{mask}。{text}" in out
    assert "软词元最近的词" not in out


def test_tune_reaches_the_prompt(train_file, answer, tmp_path):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--method", "p_tuning", "--tune", "all")
    found = answer(*words, "--words", "learned", *QUICK)
    assert (found["tune"], found["words"]["正面"][0][:7]) == ("all", "[unused")
    assert found["numbers_trained"] > 1_000_000


def test_pairs_are_read_by_the_names_of_their_columns(run, answer, tmp_path):
    rows = [
        ("天气好", "天气很好", "1"),
        ("手机坏", "手机坏了", "1.0"),
        ("天气好", "手机坏", "0"),
        ("手机坏了", "天气好", "0"),
    ]
    path = save(tmp_path / "pairs.csv", [*rows, ("天气好", "", "1")], ("sentence1", "sentence2", "label"))
    found = answer("train", "classify", path, "-o", tmp_path / "out", *STATIC)
    assert (found["train"]["pairs"], found["train"]["left_out"]) == (True, 1)
    assert found["reason"].startswith("4 pairs of texts of 3 labels")  # 1 and 1.0 are text in a .csv
    other = save(tmp_path / "other.csv", rows, ("甲", "乙", "丙"))
    columns = ("--first-column", "甲", "--second-column", "乙", "--label-column", "丙")
    assert answer("train", "classify", other, "-o", tmp_path / "out", *STATIC, *columns)["train"]["pairs"]
    said = run(
        "train", "classify", other, "-o", tmp_path / "out", *STATIC, "--text-column", "甲", "--label-column", "丙"
    )[2]
    assert "texts 4" in said


def test_labels_of_a_workbook_and_of_json_become_strings(answer, tmp_path):
    path = tmp_path / "train.jsonl"
    rows = [{"text": text, "label": text in GOOD} for text in [*GOOD, *BAD]] + [{"text": "无", "label": None}]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    found = answer("train", "classify", path, "-o", tmp_path / "out", *STATIC)
    assert (found["train"]["labels"], found["train"]["left_out"]) == ({"True": 4, "False": 4}, 1)
    path.write_text("\n".join(json.dumps({**row, "label": int(bool(row["label"]))}) for row in rows), encoding="utf-8")
    assert answer("train", "classify", path, "-o", tmp_path / "out", *STATIC)["labels"] == ["0", "1"]
    tabs = tmp_path / "train.txt"
    tabs.write_text("标签\t文本\n" + "\n".join(f" {label} \t{text}" for text, label in ROWS), encoding="utf-16")
    assert answer("train", "classify", tabs, "-o", tmp_path / "out", *STATIC)["labels"] == ["正面", "负面"]


def test_what_is_wrong_with_the_texts_is_said(run, dev_file, tmp_path):
    rows = [*ROWS, ("质量很好", "负面"), ("还行", "中性"), ("真好吃", "正面")]
    save(dev_file, [("真好吃", "正面"), ("怎么办", "疑问")])
    code, _, said = run(
        "train", "classify", save(tmp_path / "t.csv", rows), "--dev", dev_file, "-o", tmp_path / "out", *STATIC
    )
    assert code == 0
    assert "Labels with a single text: 1 (中性)." in said
    assert "come with different labels: 1, such as '质量很好'" in said
    assert f"Labels of {dev_file} that the classifier never learned, all counted as wrong: 疑问 1." in said
    assert f"1 of the 2 texts of {dev_file} are also learned from" in said


def test_a_training_that_was_done_is_not_done_again(train_file, answer, tmp_path):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--method", "fine_tune", *QUICK)
    first = answer(*words, "--checkpoints", tmp_path / "steps")
    assert (tmp_path / "steps" / "checkpoint").is_dir()
    chances = load_classifier(tmp_path / "out", device="cpu").predict_proba(GOOD)
    again = answer(*words, "--checkpoints", tmp_path / "steps")
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert (load_classifier(tmp_path / "out", device="cpu").predict_proba(GOOD) == chances).all()


def test_methods_are_compared_and_the_winner_is_trained(train_file, answer, run, tmp_path):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--compare", "--folds", 2)
    found = answer(*words, *STATIC)
    assert [row["method"] for row in found["comparison"]["methods"]] == ["linear"]
    assert (found["method"], found["comparison"]["folds"]) == ("linear", 2)
    code, out, said = run(*words, *STATIC, "--folds", 9, "--lang", "en")
    assert code == 0, said
    assert "Comparing in 9 folds: linear." in said
    assert "has 4 different texts, so there are 4 folds instead of 9" in said
    lines = [line.split() for line in out.splitlines()]
    assert lines[0][:2] == ["method", "accuracy"]
    assert lines[1][0] == "linear"
    assert lines[1][-2:] == ["←", "recommended"]
    assert "Recommended: linear." in out
    assert load_classifier(tmp_path / "out").method == "linear"


@pytest.mark.slow
def test_all_methods_are_compared(train_file, answer, tmp_path):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--compare", "--folds", 2)
    found = answer(*words, *PROMPT)
    names = {row["method"] for row in found["comparison"]["methods"]}
    assert names == {"linear", "contrastive", "fine_tune", "zero_shot", "pet", "p_tuning", "p_tuning_all"}
    assert not found["comparison"]["problems"]


def test_words_as_they_are_written():
    assert read_words(None) is None
    assert read_words(["learned"]) == "learned"
    assert read_words(["好评=好, 满意", "好评=棒", " 1 =差"]) == {"好评": ["好", "满意", "棒"], "1": ["差"]}


MISTAKES = [
    (("missing.csv",), "There is no file missing.csv", "missing.csv"),
    (("empty.csv",), "is empty (0 bytes)", "empty.csv"),
    (("noise.csv",), "is not a text or table", "noise.csv"),
    (("header.csv",), "has no rows, only a header", "只有表头"),
    (("blank.csv",), "No row of blank.csv has both a text and a label", "没有一行是文本与标签都有的"),
    (("one.csv",), "All 4 texts of one.csv have the label '正面'", "都是同一个标签 '正面'"),
    (("row.csv",), "All 1 texts of row.csv have the label", "都是同一个标签"),
    (("odd.csv",), "Cannot tell which column holds the texts; the columns are a, b", "表里有：a, b"),
    (("odd.csv", "--text-column", "a"), "Cannot tell which column holds the labels", "看不出哪一列是标签"),
    (("odd.csv", "--text-column", "a", "--label-column", "a"), "came from the same column 'a'", "同一列 'a'"),
    (("train.csv", "--label-column", "类别"), "The table has no column '类别'", "没有“类别”这一列"),
    (("train.csv", "--text-column", "内容", "--first-column", "内容"), "Use one kind only", "只能用一种"),
    (("train.csv", "--dev", "blank.csv"), "No row of blank.csv", "blank.csv 没有一行"),
    (("train.csv", "--dev", "strange.csv"), "None of the 1 texts of dev has a label", "没有一条的标签在训练里出现过"),
    (("train.csv", "--method", "liner"), "Did you mean 'linear'?", "您要的是 'linear' 吗？"),
    (("train.csv", "--method", "pet", "--compare"), "--compare tries all methods", "--compare 会试各种方法"),
    (("train.csv", "--compare", "--tune", "all"), "--tune cannot be used with --compare", "--tune 不能与 --compare"),
    (("train.csv", "--compare", "--checkpoints", "c"), "--checkpoints cannot be used", "--checkpoints 不能与"),
    (("train.csv", "--compare", "--folds", "1"), "At least 2 folds", "至少要分 2 份"),
    (("train.csv", "--tune", "all"), "--tune is for the methods with prompts", "--tune 只用于提示的方法"),
    (("train.csv", "--words", "正面=好"), "--words is for the methods with prompts", "--words 只用于提示的方法"),
    (("train.csv", "--method", "pet", "--tune", "al"), "Did you mean 'all'?", "您要的是 'all' 吗？"),
    (("train.csv", "--method", "pet", "--words", "正面"), "is written LABEL=WORD,WORD", "写成 标签=词,词"),
    (("train.csv", "--method", "pet", "--words", "正面=好,"), "is written LABEL=WORD,WORD", "写成 标签=词,词"),
    (("train.csv", "--method", "pet", "--words", "正而=好"), "Did you mean '正面'?", "您要的是 '正面' 吗？"),
    (("train.csv", "--method", "pet", "--words", "正面=好"), "'负面' has no words", "'负面' 没有词"),
    (("train.csv", "--method", "pet", "--template", "{txt}"), "Unknown slot 'txt'", "slot 不认识 'txt'"),
    (("train.csv", "--method", "pet", "--encoder", "static"), "fills in no blanks", "不能填空"),
    (("train.csv", "--method", "fine_tune", "--encoder", "static"), "static", "static"),
    (("train.csv", "--epochs", "0"), "epochs must be at least 1", "epochs 至少为 1"),
    (("train.csv", "--checkpoints", "out/steps"), "must not be -o out", "不能就是 -o out"),
    (("train.csv", "--encoder", "./nowhere"), "There is no model folder ./nowhere", "没有模型文件夹 ./nowhere"),
    (("single.csv", "--compare", "--encoder", "static"), "'中性' has 1 different text", "'中性' 只有 1 条不同的文本"),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("words", "english", "chinese"), MISTAKES, ids=[" ".join(words) for words, _, _ in MISTAKES])
def test_mistakes(words, english, chinese, language, train_file, run, monkeypatch):
    monkeypatch.chdir(train_file.parent)
    Path("empty.csv").touch()
    Path("noise.csv").write_bytes(bytes(range(128, 256)) * 3)
    save(Path("header.csv"), [])
    save(Path("blank.csv"), [("", "正面"), ("好", " ")])
    save(Path("one.csv"), ROWS[:4])
    save(Path("row.csv"), ROWS[:1])
    save(Path("odd.csv"), [(*row,) for row in ROWS], ("a", "b"))
    save(Path("strange.csv"), [("怎么办", "疑问")])
    save(Path("single.csv"), [*ROWS, ("还行", "中性")])
    said = refused(run, "train", "classify", *words, "-o", "out", "--lang", language)
    assert (english if language == "en" else chinese) in said
    assert not Path("out").exists()


def test_nothing_is_trained_that_could_not_be_written(train_file, run, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("信", encoding="utf-8")
    assert "holds no classifier" in refused(run, "train", "classify", train_file, "-o", full)
    beneath = full / "letter.txt" / "out"
    assert "is no folder that you may write to" in refused(run, "train", "classify", train_file, "-o", beneath)
    assert (full / "letter.txt").read_text(encoding="utf-8") == "信"


def test_texts_without_labels_are_learned_from(train_file, answer, tmp_path):
    more = save(tmp_path / "more.csv", [("味道不错",), (" ",), ("送得很慢",)], columns=("内容",))
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--method", "p_tuning", *PROMPT)
    found = answer(*words, "--unlabeled", more)
    assert found["unlabeled"]["file"] == str(more)
    assert load_classifier(tmp_path / "out").labels == ["正面", "负面"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "--unlabeled is for the methods with prompts"),
        (("--method", "zero_shot"), "for prompts that train"),
        (("--compare",), "for prompts that train"),
    ],
)
def test_texts_without_labels_that_no_method_learns_from(train_file, run, tmp_path, options, message):
    words = ("train", "classify", train_file, "-o", tmp_path / "out", "--unlabeled", train_file, *options)
    assert message in refused(run, *words)
