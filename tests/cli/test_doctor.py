import csv
import json

CLEAN = [("怎么退款", "售后"), ("快递到哪了", "物流"), ("今天天气好", "其他")]


def save(folder, name, rows, encoding="utf-8"):
    path = folder / name
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([("内容", "标签"), *rows])
    return path


def test_a_clean_file_is_fit_to_train_on(run, tmp_path):
    code, out, _ = run("doctor", save(tmp_path, "train.csv", CLEAN, "gb18030"), "--encoder", "static")
    assert code == 0
    assert "rows, read as GB18030" in out
    assert out.splitlines()[-1] == "Nothing here would mislead a training."


def test_what_would_mislead_is_marked_and_gives_exit_code_1(run, tmp_path):
    train = save(tmp_path, "train.csv", [*CLEAN, ("怎么退款！", "物流")])
    dev = save(tmp_path, "dev.csv", [("快递到哪了？", "售后"), ("别的", "其他")])
    code, out, _ = run("doctor", train, dev, "--encoder", "static")
    assert code == 1
    marked = [line for line in out.splitlines() if line.startswith("!!")]
    assert ["label" in line or "training" in line for line in marked] == [True, True, True]
    assert out.splitlines()[-1].startswith("Training on this would mislead: rows of one text under different labels")


def test_json_is_one_object_also_with_exit_code_1(run, tmp_path):
    train = save(tmp_path, "train.csv", [*CLEAN, ("锟斤拷", "物流")])
    code, out, _ = run("doctor", train, "--encoder", "static", "--json")
    record = json.loads(out)
    assert (code, record["serious"]) == (1, True)
    assert record["files"] == [{"file": str(train), "encoding": "utf-8", "rows": 4, "labels": True}]
    assert [item["name"] for item in record["findings"] if item["serious"]] == ["mojibake"]


def test_text_without_labels_is_looked_at_all_the_same(run, tmp_path):
    file = tmp_path / "lines.txt"
    file.write_text("怎么退款\n快递到哪了\n", encoding="utf-8")
    code, out, err = run("doctor", file, "--encoder", "static", "--lang", "zh")
    assert code == 0
    assert "不查标签" in err
    assert out.splitlines()[-1] == "没有发现会误导训练的问题。"


def test_mistakes_are_one_sentence(run, tmp_path):
    train = save(tmp_path, "train.csv", CLEAN)
    code, out, err = run("doctor", train, "--label-column", "没有", "--encoder", "static")
    assert (code, out) == (2, "")
    assert "no column" in err.splitlines()[-1]
    code, _, err = run("doctor", tmp_path / "trian.csv", "--encoder", "static")
    assert code == 2
    assert "Did you mean train.csv?" in err
