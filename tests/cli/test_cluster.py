from baihua.text.tables import read_table

LINES = ["信用卡怎么还款", "信用卡还款日", "信用卡年费多少", "", "快递到哪里了", "快递几天能到", "快递丢了"]
STATIC = ("--encoder", "static", "--whitening", "off")


def save(folder):
    file = folder / "lines.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    return file


def test_groups_are_listed_and_written_beside_every_row(answer, tmp_path):
    found = answer("cluster", save(tmp_path), "-k", "2", "-o", tmp_path / "out.csv", *STATIC)
    assert [group["size"] for group in found["groups"]] == [3, 3]
    assert {group["keywords"][0] for group in found["groups"]} == {"信用卡", "快递"}
    assert all(group["typical"] in LINES for group in found["groups"])
    table = read_table(tmp_path / "out.csv")
    assert table.columns == ("text", "group", "group_similarity")
    assert table.column("text") == LINES
    assert table.column("group") == ["1", "1", "1", "", "2", "2", "2"]
    assert found["empty"] == 1


def test_the_table_is_in_the_users_language(run, tmp_path):
    code, out, _ = run("cluster", save(tmp_path), *STATIC, "--lang", "zh")
    assert code == 0
    assert out.splitlines()[0].split() == ["组", "条数", "关键词", "典型的一句"]
    assert "1 行没有文字" in out


def test_mistakes_are_one_sentence(run, tmp_path):
    code, out, err = run("cluster", save(tmp_path), "-k", "9", *STATIC)
    assert (code, out) == (2, "")
    assert "between 1 and 6" in err
    code, _, err = run("cluster", save(tmp_path), "-k", "zwei", *STATIC)
    assert code == 2
    assert "-k must be a whole number" in err


def test_vectors_are_not_whitened_unless_asked(run, tmp_path):
    code, _, err = run("cluster", save(tmp_path), "-k", "2", "--encoder", "static")
    assert code == 0
    assert "Too few texts" not in err
    code, _, err = run("cluster", save(tmp_path), "-k", "2", "--encoder", "static", "--whitening", "auto")
    assert code == 0
    assert "Too few texts to measure whether whitening helps" in err
