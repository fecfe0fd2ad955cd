"""``baihua train|predict|evaluate extract``: a marked file in, entities out in every form, mistakes as one sentence."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from baihua import Entity, EntityExtractor
from baihua.cli.marked_listing import listing
from baihua.text.entities import EntityTexts
from baihua.text.entity_files import read_entity_file, write_entity_file

MARKED = [
    ("小王在北京大学读书", "小王 人|北京大学 组织|北京 地点"),
    ("我去上海出差", "上海 地点"),
    ("小李喜欢南京大学", "小李 人|南京大学 组织|南京 地点"),
    ("今天天气很好", ""),
    ("小张住在广州", "小张 人|广州 地点"),
    ("小赵考上了武汉大学", "小赵 人|武汉大学 组织|武汉 地点"),
    ("深圳的小周在开会", "深圳 地点|小周 人"),
    ("小王和小李都没来", "小王 人|小李 人"),
]
TEXTS = [text for text, _ in MARKED]
QUICK = ("--batch-size", 4, "--device", "cpu")


def entities_of(text, words):
    pairs = [word.split() for word in words.split("|") if word]
    return sorted(Entity(text.index(word), text.index(word) + len(word), kind) for word, kind in pairs)


ENTITIES = [entities_of(*pair) for pair in MARKED]


@pytest.fixture
def marked_file(tmp_path):
    path = tmp_path / "marked.jsonl"
    write_entity_file(path, EntityTexts(TEXTS, ENTITIES))
    return path


@pytest.fixture
def dev_file(tmp_path):
    path = tmp_path / "dev.jsonl"
    write_entity_file(path, EntityTexts(TEXTS[:3], ENTITIES[:3]))
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with an extractor that knows its eight texts by heart."""
    from baihua.tasks.extraction.settings import ExtractionSettings

    folder = tmp_path_factory.mktemp("extractor") / "places"
    settings = ExtractionSettings(epochs=20, batch_size=4)
    EntityExtractor("bundled", settings=settings, device="cpu").fit(TEXTS, ENTITIES).save(folder)
    return folder


def refused(run: Callable[..., tuple[int, str, str]], *words: object) -> str:
    code, out, said = run(*words, "--quiet")
    assert (code, out) == (2, ""), said
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


def test_training_says_how_the_file_was_read_and_what_is_wrong_with_it(marked_file, dev_file, run, tmp_path):
    with marked_file.open("a", encoding="utf-8") as file:
        for end in (9, 10, 11, 12):
            file.write(json.dumps({"text": "坏的", "entities": [{"start": 0, "end": end, "type": "人"}]}) + "\n")
        file.write(json.dumps({"text": "我去上海出差", "entities": [{"start": 1, "end": 4, "type": "人"}] * 2}) + "\n")
    words = ("train", "extract", marked_file, "--dev", dev_file, "-o", tmp_path / "out", "--epochs", 2, *QUICK)
    code, out, said = run(*words)
    assert code == 0, said
    assert f"{marked_file}: texts 9, entities 18, types 3." in said
    assert f"Records of {marked_file} that cannot be used, left out whole: 4." in said
    assert said.count("not within the 2 characters") == 3
    assert "  And 1 more." in said
    assert "pairs of entities of which one lies within the other: 3. The first is in line 1" in said
    assert "entities marked more than once, which count once: 1." in said
    assert "texts that came before with other entities: 1. The first is in line 13" in said
    assert f"3 of the 3 texts of {dev_file} are also learned from" in said
    lines = out.splitlines()
    assert lines[0].split() == ["epoch", "dev", "F1"]
    assert sum("← kept" in line for line in lines) == 1
    assert [line.split()[0] for line in lines[4:8]] == ["type", "all", "人", "地点"]
    assert "use a third file" in out
    assert lines[-1] == f"Written to {tmp_path / 'out'}"


def test_training_as_json_with_checkpoints_and_tuned_thresholds(marked_file, dev_file, answer, tmp_path):
    folders = ("-o", tmp_path / "out", "--checkpoints", tmp_path / "steps")
    words = ("train", "extract", marked_file, "--dev", dev_file, *folders, "--epochs", 3, "--tune-thresholds", *QUICK)
    found = answer(*words)
    assert (found["train"]["format"], found["train"]["texts"], found["dev"]["entities"]) == ("jsonl", 8, 7)
    assert found["problems"] == {"nested": 3}
    assert [look["epoch"] for look in found["epochs"]] == [1, 2, 3]
    best = max(look["f1"] for look in found["epochs"])
    assert found["dev_scores"]["f1"] == best
    assert found["epochs"][found["kept_epoch"] - 1]["f1"] == best
    assert EntityExtractor.load(tmp_path / "out", device="cpu").thresholds == found["thresholds"]
    assert (tmp_path / "steps" / "checkpoint").is_dir()
    again = answer(*words)  # nothing is left to do
    assert {**again, "seconds": 0} == {**found, "seconds": 0}


def test_without_dev_no_score_is_claimed_and_a_crf_says_what_it_cannot_learn(marked_file, run, tmp_path):
    words = ("train", "extract", marked_file, "-o", tmp_path / "out", "--head", "crf", "--epochs", 1, *QUICK)
    code, out, said = run(*words, "--lang", "zh")
    assert code == 0, said
    assert "crf 装不下、不学的实体：3" in said
    assert "3 个在更宽的实体之内，没有学" in out
    assert "没有给 --dev" in out
    assert "F1" not in out
    loaded = EntityExtractor.load(tmp_path / "out", device="cpu")
    assert (loaded.head, loaded.entity_types) == ("crf", ["人", "地点", "组织"])


def test_settings_reach_the_extractor(marked_file, answer, tmp_path):
    words = (
        "train",
        "extract",
        marked_file,
        "-o",
        tmp_path / "out",
        "--epochs",
        1,
        "--max-width",
        3,
        "--seed",
        7,
        *QUICK,
    )
    found = answer(*words, "--max-length", 16, "--learning-rate", 1e-4, "--overlap", "no_crossing", "--head", "gp")
    assert found["problems"] == {"nested": 3, "too_wide": 3}
    assert (found["entities_learned"], found["entities_lost"], found["dev_scores"]) == (13, 3, None)
    loaded = EntityExtractor.load(tmp_path / "out", device="cpu")
    assert (loaded.head, loaded.overlap) == ("global_pointer", "no_crossing")
    settings = loaded.settings
    assert (settings.max_width, settings.max_length, settings.seed) == (3, 16, 7)
    assert (settings.learning_rate, settings.epochs, settings.batch_size) == (1e-4, 1, 4)


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


def test_texts_are_shown_with_their_entities(trained, texts_file, run):
    code, out, _ = run("predict", "extract", trained, texts_file, "--lang", "en")
    assert code == 0
    assert out.splitlines()[:2] == ["[小王]人 在[[北京]地点 大学]组织 读书", "我去[上海]地点 出差"]
    assert out.splitlines()[-1] == "Texts: 8, entities: 16 (人 7, 地点 6, 组织 3)."
    chinese = run("predict", "extract", trained, texts_file, "--lang", "zh")[1]
    assert chinese.splitlines()[-1].startswith("8 条文本，16 个实体：人 7")


def test_twenty_texts_are_shown_and_the_rest_is_counted(trained, tmp_path, run):
    (tmp_path / "many.txt").write_text("\n".join(TEXTS * 3), encoding="utf-8")
    code, out, _ = run("predict", "extract", trained, tmp_path / "many.txt")
    assert code == 0
    assert len(out.splitlines()) == 22
    assert out.splitlines()[-2].startswith("… and 4 more texts. Write all of them with -o")


def test_a_long_text_is_cut_and_what_is_not_shown_is_counted():
    text = "字" * 299 + "北京" + "字" * 100
    line = listing([text], [[Entity(0, 1, "词"), Entity(299, 301, "地点"), Entity(301, 302, "词")]], ["地点", "词"])[0]
    assert line.startswith("[字]词 字")
    assert line.endswith("字北… (2 more entities)")


def test_a_terminal_shows_brackets_in_colour(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    line = listing(["去北京"], [[Entity(1, 3, "地点")]], ["地点"])[0]
    assert line == "去\x1b[1;36m[\x1b[0m北京\x1b[1;36m]地点\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert listing(["去北京"], [[Entity(1, 3, "地点")]], ["地点"]) == ["去[北京]地点"]


def test_json_has_all_entities(trained, texts_file, answer):
    found = answer("predict", "extract", trained, texts_file)
    assert [item["text"] for item in found["marked"]] == TEXTS
    places = [[(one["start"], one["end"], one["type"]) for one in item["entities"]] for item in found["marked"]]
    assert places == [[(one.start, one.end, one.type) for one in mine] for mine in ENTITIES]
    assert all(0.5 < one["score"] <= 1 for item in found["marked"] for one in item["entities"])
    assert found["types"] == {"人": 7, "地点": 6, "组织": 3}


ROWS = [["编号", "内容", "备注"], ["007", TEXTS[0], "a,b"], ["008", "", "空"], ["009", TEXTS[1], ""]]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(ROWS)
    return path


def test_a_table_keeps_its_columns_and_rows(trained, table, answer, tmp_path):
    found = answer("predict", "extract", trained, table, "-o", tmp_path / "out.jsonl")
    assert (found["texts"], found["entities"], "marked" in found) == (3, 4, False)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [list(row) for row in rows] == [["text", "编号", "内容", "备注", "entities"]] * 3
    assert [row["编号"] for row in rows] == ["007", "008", "009"]
    assert rows[1]["entities"] == []
    assert rows[2]["entities"][0].keys() == {"start", "end", "type", "score"}
    assert read_entity_file(tmp_path / "out.jsonl").texts.entities == [ENTITIES[0], [], ENTITIES[1]]


def test_a_table_can_become_a_table(trained, table, run, tmp_path):
    assert run("predict", "extract", trained, table, "-o", tmp_path / "out.csv")[0] == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == [*ROWS[0], "entities", "marked"]
    assert [row[:3] for row in rows] == ROWS
    assert rows[3][4] == "我去[上海]地点 出差"
    assert json.loads(rows[3][3])[0]["text"] == "上海"
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    words = ("predict", "extract", trained, tmp_path / "table.xlsx", "--text-column", "内容")
    assert run(*words, "-o", tmp_path / "out.xlsx")[0] == 0
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [row[4] for row in sheet.iter_rows(values_only=True)][0::3] == ["marked", "我去[上海]地点 出差"]


def test_a_page(trained, texts_file, run, tmp_path):
    assert run("predict", "extract", trained, texts_file, "-o", tmp_path / "out.html")[0] == 0
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert page.count("<p>") == 8
    assert "北京<span>地点</span></mark>大学<span>组织</span></mark>" in page


@pytest.mark.parametrize("kind", ["jsonl", "cluener", "cmeee", "doccano", "label_studio"])
def test_other_formats_read_back(kind, trained, texts_file, run, tmp_path):
    target = tmp_path / "out.txt"
    assert run("predict", "extract", trained, texts_file, "-o", target, "--format", kind)[0] == 0
    found = read_entity_file(target)
    assert (found.format, found.texts.texts, found.texts.entities) == (kind, TEXTS, ENTITIES)


def test_conll_holds_what_does_not_overlap_and_says_so(trained, texts_file, run, tmp_path):
    words = ("predict", "extract", trained, texts_file, "-o", tmp_path / "out.bio", "--format", "conll")
    code, _, said = run(*words)
    assert code == 0
    assert "entities that overlap more probable ones were not written: 3." in said
    found = read_entity_file(tmp_path / "out.bio").texts
    assert found.texts == TEXTS
    assert sum(map(len, found.entities)) == 13


def test_marks_that_are_there_are_put_aside(trained, run, tmp_path):
    """Whether the rows are kept, as of JSON Lines, or only the texts are there."""
    other = [[Entity(0, 1, "旧")], [Entity(0, 3, "旧")]]
    for kind in ("jsonl", "cluener", "doccano", "cmeee", "label_studio", "bio"):
        path = (
            tmp_path / f"{kind}.{'txt' if kind == 'bio' else 'json' if kind in ('cmeee', 'label_studio') else 'jsonl'}"
        )
        write_entity_file(path, EntityTexts(TEXTS[:2], other), kind)
        code, _, said = run("predict", "extract", trained, path, "-o", tmp_path / "out.jsonl")
        assert code == 0, said
        assert "are put aside and not written" in said
        found = read_entity_file(tmp_path / "out.jsonl").texts
        assert (found.texts, found.entities) == (TEXTS[:2], ENTITIES[:2])
        assert "旧" not in (tmp_path / "out.jsonl").read_text(encoding="utf-8")


def test_labels_of_a_text_are_no_marks(trained, run, tmp_path):
    path = tmp_path / "topics.jsonl"
    path.write_text(json.dumps({"text": "我去上海出差", "labels": ["出行", "工作"]}), encoding="utf-8")
    assert run("predict", "extract", trained, path, "-o", tmp_path / "out.jsonl")[0] == 0
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert (row["labels"], row["entities"][0]["type"]) == (["出行", "工作"], "地点")


def test_marked_records_that_cannot_be_used_are_said(trained, run, tmp_path):
    path = tmp_path / "columns.txt"
    path.write_text("北 B-LOC\n京 I-LOC\n好 O\n\n坏\n\n小 O\n王 O\n", encoding="utf-8")
    code, out, said = run("predict", "extract", trained, path, "--lang", "en")
    assert (code, len(out.splitlines())) == (0, 3)
    assert "cannot be used and are not in the result: 1. Line 5" in said
    as_lines = run("predict", "extract", trained, path, "--text-column", "text")[1]  # whatever is in it
    assert len(as_lines.splitlines()) == 8 + 1


def test_evaluation_as_json(trained, marked_file, answer):
    found = answer("evaluate", "extract", trained, marked_file)
    assert found["f1"] == found["precision"] == found["recall"] == 1.0
    assert (found["gold"], found["lost"], found["texts"], found["format"]) == (16, 0, 8, "jsonl")
    assert found["per_type"].keys() == {"人", "地点", "组织"}
    assert {"boundary", "type_only", "partial", "by_depth", "by_length", "macro_f1"} <= found.keys()


def test_evaluation_as_a_table(trained, run, tmp_path):
    gold = [[*ENTITIES[0], Entity(7, 9, "动作")], [Entity(1, 4, "地点")]]
    write_entity_file(tmp_path / "gold.jsonl", EntityTexts(TEXTS[:2], gold))
    code, out, said = run("evaluate", "extract", trained, tmp_path / "gold.jsonl")
    assert code == 0
    assert "Types that the extractor never learned, all missed: 动作 1." in said
    lines = [line.split() for line in out.splitlines()]
    assert ["strict", "75.00", "60.00", "66.67", "3", "4", "5"] in lines
    assert ["partial", "87.50", "70.00", "77.78", "3.5", "4", "5"] in lines
    assert ["1", "50.00", "100.00", "66.67", "1", "2", "1"] in lines  # 北京, and 上海 within the marked 去上海
    assert lines[-1][:3] == ["Every", "marked", "entity"]
    chinese = run("evaluate", "extract", trained, tmp_path / "gold.jsonl", "--lang", "zh")[1]
    assert all(word in chinese for word in ("精确率", "外面套着几层", "位置与类型都对"))


def test_entities_that_cannot_be_found_are_said(trained, run, tmp_path):
    write_entity_file(
        tmp_path / "gold.jsonl", EntityTexts(["我去shanghai"], [[Entity(3, 5, "地点"), Entity(0, 1, "人")]])
    )
    code, out, _ = run("evaluate", "extract", trained, tmp_path / "gold.jsonl")
    assert code == 0
    assert "Of 2 entities 1 could not have been found" in out
    assert "recall can be 50.00 at most" in out


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (("missing.jsonl",), "There is no file missing.jsonl", "missing.jsonl"),
        (("texts.txt",), "texts.txt is no entity file that baihua knows", "texts.txt 不是认识的实体文件"),
        (("bare.jsonl",), "No entities are marked in bare.jsonl", "bare.jsonl 里没有标注实体"),
        (("none.jsonl",), "No entity is marked in none.jsonl (texts: 1)", "none.jsonl 的 1 条文本里一个实体也没有标注"),
        (("marked.jsonl", "--dev", "none.jsonl"), "No entity is marked in none.jsonl", "一个实体也没有标注"),
        (("marked.jsonl", "--head", "crff"), "Did you mean 'crf'?", "您要的是 'crf' 吗？"),
        (("marked.jsonl", "--overlap", "nest"), "Did you mean 'nested'?", "您要的是 'nested' 吗？"),
        (("marked.jsonl", "--epochs", "0"), "epochs must be at least 1", "epochs 至少为 1"),
        (("marked.jsonl", "--tune-thresholds"), "Give a file held aside with --dev", "请用 --dev 给出验证文件"),
        (("marked.jsonl", "--checkpoints", "out/steps"), "must not be -o out", "不能就是 -o out"),
        (("marked.jsonl", "--annotator", "3"), "is for exports of Label Studio", "只用于 Label Studio"),
        (("marked.jsonl", "--encoder", "static"), "is no transformer", "不是 transformer"),
    ],
)
@pytest.mark.usefixtures("texts_file")
def test_mistakes_of_training(words, english, chinese, language, marked_file, run, monkeypatch):
    monkeypatch.chdir(marked_file.parent)
    Path("bare.jsonl").write_text('{"text": "北京"}\n', encoding="utf-8")
    Path("none.jsonl").write_text('{"text": "北京", "entities": []}\n', encoding="utf-8")
    said = refused(run, "train", "extract", *words, "-o", "out", "--lang", language)
    assert (english if language == "en" else chinese) in said
    assert not Path("out").exists()


def test_nothing_is_trained_that_could_not_be_written(marked_file, run, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("信", encoding="utf-8")
    assert "holds no entity extractor" in refused(run, "train", "extract", marked_file, "-o", full)
    beneath = full / "letter.txt" / "out"
    assert "is no folder that you may write to" in refused(run, "train", "extract", marked_file, "-o", beneath)
    assert (full / "letter.txt").read_text(encoding="utf-8") == "信"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("predict", "extract", ".", "texts.txt"), "has no extractor.json"),
        (("predict", "extract", "nowhere", "texts.txt"), "has no extractor.json"),
        (("evaluate", "extract", ".", "marked.jsonl"), "has no extractor.json"),
        (("evaluate", "extract", "nowhere", "texts.txt"), "no entity file that baihua knows"),
        (("predict", "extract", ".", "missing.csv"), "There is no file missing.csv"),
        (("predict", "extract", ".", "texts.txt", "-o", "a.pkl"), "Cannot tell how to write 'a.pkl'"),
        (("predict", "extract", ".", "texts.txt", "-o", "a.json", "--format", "cluner"), "Did you mean 'cluener'?"),
        (("predict", "extract", ".", "texts.txt", "-o", "a.xlsx", "--format", "bio"), "cannot be written as .xlsx"),
        (("predict", "extract", ".", "texts.txt", "--format", "bio"), "goes with -o"),
        (("predict", "extract", ".", "texts.txt", "-o", "./texts.txt", "--format", "bio"), "the file that is read"),
        (("predict", "extract", ".", "texts.txt", "--text-column", "txt"), "Did you mean 'text'?"),
        (("predict", "extract", ".", "several.csv"), "Several columns could hold the texts"),
    ],
)
@pytest.mark.usefixtures("texts_file")
def test_mistakes_of_prediction_and_evaluation(words, sentence, marked_file, run, monkeypatch):
    monkeypatch.chdir(marked_file.parent)
    Path("several.csv").write_text("标题,正文\n好,坏\n", encoding="utf-8")
    assert sentence in refused(run, *words)
