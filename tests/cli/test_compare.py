"""``baihua compare``: the verdict, the tables, the files it writes, and what people give it by mistake."""

import pytest

from baihua.text.tables import read_table

CARD = [f"{opening}信用卡{what}" for opening in ("请问", "你好", "") for what in ("怎么还款", "年费多少", "额度多少")]
PARCEL = [f"{opening}快递{what}" for opening in ("请问", "急", "") for what in ("到哪里了", "几天能到", "丢了")]
STATIC = ("--encoder", "static", "--permutations", "99")


def save(folder, name, lines, encoding="utf-8"):
    file = folder / name
    file.write_text("\n".join(lines), encoding=encoding)
    return file


@pytest.fixture
def card(tmp_path):
    return save(tmp_path, "card.txt", ["", *CARD])


@pytest.fixture
def parcel(tmp_path):
    return save(tmp_path, "parcel.txt", PARCEL, "gb18030")


@pytest.mark.parametrize("distance", ["energy", "sliced", "sinkhorn"])
def test_a_difference_is_found_with_its_texts(answer, card, parcel, distance):
    found = answer("compare", card, parcel, "--distance", distance, "--most", "2", *STATIC)
    assert found["p_value"] == 0.01
    assert found["differs"] is True
    assert found["value"] > found["chance_high"]
    assert found["distance"] == distance
    assert (found["texts"], found["blank"], found["compared"]) == ([9, 9], [1, 0], [9, 9])
    assert [side[0] for side in found["keywords"]] == ["信用卡", "快递"]
    for lines, driving in zip((["", *CARD], PARCEL), found["driving"], strict=True):
        assert len(driving) == 2
        assert all(lines[text["row"]] == text["text"] for text in driving)


def test_the_answer_is_in_the_users_language(run, card, parcel):
    code, out, err = run("compare", card, parcel, *STATIC, "--lang", "zh")
    assert code == 0
    assert out.startswith("两边的差别超出了偶然：p = 0.01")
    assert "最有代表差别的文本：" in out
    assert "GB18030" in err
    code, out, err = run("compare", card, parcel, *STATIC, "--quiet")
    assert (code, err) == (0, "")
    assert out.startswith("These differ more than chance explains: p = 0.01.")
    assert "\nA" in out


def test_the_same_file_twice(run, answer, card):
    found = answer("compare", card, card, *STATIC)
    assert (found["p_value"], found["same"], found["told_apart"]) == (1, True, 0.5)
    code, out, _ = run("compare", card, card, *STATIC)
    assert code == 0
    assert out.startswith("Both hold the same texts (p = 1), so nothing differs.")


def test_no_difference_is_no_proof_of_likeness(run, tmp_path):
    files = [save(tmp_path, f"{place}.txt", (CARD + PARCEL)[place::2]) for place in (0, 1)]
    code, out, _ = run("compare", *files, *STATIC)
    assert code == 0
    assert out.startswith("No difference found: p = ")
    assert "This does not prove them alike" in out
    assert "(maybe by chance)" in out


def test_every_text_is_written_with_its_side_and_leaning(answer, card, parcel, tmp_path):
    out = tmp_path / "out.csv"
    assert answer("compare", card, parcel, "-o", out, *STATIC)["output"] == str(out)
    table = read_table(out)
    assert table.columns == ("side", "row", "text", "leaning")
    assert table.column("side") == ["A"] * 9 + ["B"] * 9
    assert table.column("row") == [str(row) for row in [*range(2, 11), *range(1, 10)]]
    assert table.column("text") == CARD + PARCEL
    assert all(float(value) > 0 for value in table.column("leaning"))


def test_the_plot_is_drawn(answer, card, parcel, tmp_path):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "plot.png"
    assert answer("compare", card, parcel, "--plot", plot, *STATIC)["plot"] == str(plot)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_larger_files_are_sampled_and_it_is_said(run, card, parcel):
    code, out, _ = run("compare", card, parcel, "--max-texts", "5", *STATIC)
    assert code == 0
    assert "A has 9 texts, of which 5 were drawn at random and compared." in out


def test_whitening_is_off_unless_asked(run, card, parcel):
    _, _, err = run("compare", card, parcel, *STATIC)
    assert "Too few texts" not in err
    code, _, err = run("compare", card, parcel, "--whitening", "auto", *STATIC)
    assert code == 0
    assert "Too few texts to measure whether whitening helps" in err


def test_columns_are_named_or_guessed(answer, tmp_path):
    first = save(tmp_path, "a.csv", ["编号,内容,备注", *(f"{row},{text},无" for row, text in enumerate(CARD))])
    second = save(tmp_path, "b.csv", ["内容,编号", *(f"{text},{row}" for row, text in enumerate(PARCEL))])
    assert answer("compare", first, second, *STATIC)["differs"] is True
    assert answer("compare", first, second, "--text-column", "内容", *STATIC)["differs"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("{card}", "{folder}/missing.txt"), "missing.txt"),
        (("{card}", "{folder}/empty.txt"), "empty.txt"),
        (("{card}", "{folder}/one.txt"), "one.txt has 1 texts that are not blank"),
        (("{card}", "{folder}/blank.txt"), "blank.txt"),
        (("{card}", "{folder}/broken.txt"), "broken.txt"),
        (("{card}", "{parcel}", "--permutations", "0"), "--permutations must be a whole number of at least 19"),
        (("{card}", "{parcel}", "--permutations", "many"), "--permutations must be a whole number"),
        (("{card}", "{parcel}", "--permutations", "1000000000000"), "100000"),
        (("{card}", "{parcel}", "--distance", "euclid"), "Unknown --distance 'euclid'"),
        (("{card}", "{parcel}", "--most", "-1"), "--most must be a whole number of at least 0"),
        (("{card}", "{parcel}", "--max-texts", "1"), "--max-texts must be a whole number of at least 2"),
        (("{card}", "{parcel}", "--seed", "-1"), "seed must not be below 0"),
        (("{card}", "{parcel}", "-o", "{folder}/out.docx"), "Cannot tell what table"),
        (("{card}", "{parcel}", "-o", "{folder}/parcel.csv", "--plot", "{folder}/parcel.csv"), "what picture"),
        (("{card}", "{parcel}", "--plot", "{folder}/plot.doc"), "Cannot tell what picture"),
        (("{card}", "{parcel}", "--text-column", "没有"), "no column"),
        (("{card}", "{parcel}", "--encoder", "nowhere/to/be/found"), "nowhere/to/be/found"),
        (("{card}",), "B"),
    ],
)
def test_mistakes_are_one_sentence_and_write_nothing(run, card, parcel, tmp_path, words, said):
    for name, lines in (("empty.txt", []), ("one.txt", ["只有一条"]), ("blank.txt", [" ", "", " "])):
        save(tmp_path, name, lines)
    (tmp_path / "broken.txt").write_bytes(b"\xff\xfe\x00\xd8\x80\x81\xff\x00\x01")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    places = {"card": card, "parcel": parcel, "folder": tmp_path}
    code, out, err = run("compare", "--encoder", "static", *(word.format(**places) for word in words))
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
