"""The official zips as downloaded: every form is read, a broken line is told by file and number, real files read whole."""

import json
import os
import unicodedata

import pytest
from tiny_clue import IDIOMS, lines, tiny_files, write_tiny

from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_records import ChoiceExample, EntityExample, IdiomExample, ReadingAnswer
from baihua.benchmarks.clue_tasks import CLASSIFICATION, CLUE_TASKS
from baihua.checks import FileProblem, InvalidValue
from baihua.encoders.load import load_encoder
from baihua.tasks.answering.settings import AnswerSettings
from baihua.tasks.answering.windows import NOTHING, make_windows
from baihua.text.entities import Entity
from baihua.text.reading import Answer

needs_data = pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """An empty data folder and an empty cache."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.mark.parametrize("name", CLUE_TASKS)
def test_a_zip_and_a_folder_are_read_alike(folder, name):
    archive = write_tiny(folder, name, zipped=True)
    from_zip = [read_clue(name, part) for part in ("train", "dev", "test")]
    archive.unlink()
    write_tiny(folder, name)
    assert [read_clue(name, part) for part in ("train", "dev", "test")] == from_zip
    train, dev, test = from_zip
    assert len(train) > len(dev) > 0 or name in ("CMRC2018", "CHID", "C3")
    assert len(test.ids) == len(set(test.ids)) == (2 if name in ("CMRC2018", "CLUENER") else 3)
    assert not train.is_whole
    assert all(digest.startswith("sha256:") for digest in train.data.values())
    assert list(train.data) == [f"{name.lower()}/{file}" for file in CLUE_TASKS[name].files["train"]]


def test_texts_and_labels_of_classification(folder):
    for name in ("AFQMC", "TNEWS", "IFLYTEK", "CSL", "WSC"):
        write_tiny(folder, name)
    assert read_clue("afqmc", "train").texts[0] == ("花呗第0句", "又一句花呗")
    assert read_clue("tnews", "train").labels == list(CLUE_TASKS["TNEWS"].labels)
    assert read_clue("iflytek", "train").labels == ["0", "7", "118"]
    assert read_clue("csl", "dev").texts[0] == ("水稻；试验1", "第1篇研究水稻。")
    assert read_clue("wsc", "dev").texts == [
        "第2天，_小明_见到老王，[他]很高兴。",
        "第3天，_小明_见到老王，[他]很高兴。",
        "[他]笑了，_小明_哭了。",
    ]
    assert [example.spans for example in read_clue("wsc", "dev").examples[1:]] == [((5, 7), (14, 15)), ((7, 9), (1, 2))]
    with pytest.raises(InvalidValue, match="The test part of TNEWS has no labels"):
        _ = read_clue("tnews", "test").labels


def test_ids_are_those_of_the_file_or_the_number_of_the_line(folder):
    for name in ("AFQMC", "OCNLI", "WSC"):
        write_tiny(folder, name)
    assert read_clue("afqmc", "dev").ids == ["0", "1", "2"]  # no ids there
    assert read_clue("afqmc", "test").ids == ["31", "7", "20"]
    assert read_clue("ocnli", "dev").ids == ["1", "2", "4", "5", "6"]  # 3 and 7 are undecided
    assert read_clue("wsc", "dev").ids == ["2", "3", "4"]  # idx


@pytest.mark.parametrize("name", ["OCNLI", "CMNLI"])
def test_undecided_rows_are_dropped_and_counted(folder, name):
    write_tiny(folder, name)
    train = read_clue(name, "train")
    assert len(train) == 6
    assert train.dropped == {"undecided": 2}
    assert train.num_items == 8
    assert set(train.labels) == set(CLUE_TASKS[name].labels)


@pytest.mark.parametrize("name", ["TNEWS", "WSC", "CHID", "C3"])
def test_each_version_has_its_test(folder, name):
    write_tiny(folder, name)
    old, new = (read_clue(name, "test", version) for version in ("1.0", "1.1"))
    assert next(iter(old.data)).endswith("test1.0.json")
    assert list(new.data) != list(old.data)
    if name != "WSC":
        assert old.examples != new.examples


def test_labels_of_dataclue_are_given_their_official_numbers(folder):
    rows = [{"label": str(number), "label_desc": "news_any", "sentence": "新闻"} for number in (0, 6, 14)]
    write_tiny(folder, "TNEWS", {"train.json": lines(rows)})
    assert read_clue("tnews", "train").labels == ["108", "116", "114"]


def test_passages_their_questions_and_answers(folder):
    write_tiny(folder, "CMRC2018")
    (passage,) = read_clue("cmrc2018", "dev").examples
    where, when = passage.questions
    assert where.id == "DEV_0_QUERY_0"
    assert [answer.start for answer in where.answers] == [15, 15, 13]  # the rare character is one, not two
    assert [passage.context[slice(*answer.span)] for answer in where.answers] == ["北京", "北京", "去了北京"]
    assert when.answers[1] == ReadingAnswer("1949年", None)
    assert when.answers[1].span is None
    test = read_clue("cmrc2018", "test")
    assert test.ids == ["TEST_0_QUERY_0", "TEST_0_QUERY_1"]
    assert not test.examples[0].questions[0].answers  # what stands there is made up
    assert test.num_items == 2


def test_questions_with_choices(folder):
    write_tiny(folder, "C3")
    examples = read_clue("c3", "dev").examples
    assert examples[0] == ChoiceExample(
        "m-47-275-0", ("男：第2次去吗？", "女：不去了，雨大。"), "女的去不去？", ("去", "不去"), 1
    )
    assert [example.id for example in examples[3:]] == ["d-47-275-0", "d-47-275-1", "d-47-276-0"]
    assert [example.answer for example in examples] == [1, 0, 3] * 2
    assert [example.answer for example in read_clue("c3", "test").examples] == [None] * 3


def test_lines_of_idioms(folder):
    write_tiny(folder, "CHID")
    first, second = read_clue("chid", "train").examples
    assert first.blanks == ("#idiom000000#", "#idiom000001#", "#idiom000002#")
    assert (first.answers, second.answers) == ((9, 0, 4), (9, 0, 4))
    assert first.candidates == tuple(IDIOMS)
    test = read_clue("chid", "test", "1.0")
    assert test.examples[0] == IdiomExample("0", test.examples[0].sentences, tuple(IDIOMS), tuple(test.ids), None)


def test_entities(folder):
    write_tiny(folder, "CLUENER")
    train, test = read_clue("cluener", "train"), read_clue("cluener", "test")
    assert train.examples[0].entities == (Entity(0, 2, "address"), Entity(3, 7, "organization"))
    assert train.examples[1] == EntityExample("1", "今天天气很好", ())
    assert test.examples[0].entities is None
    with pytest.raises(InvalidValue, match=r"CLUENER is no classification task \(entities\)"):
        _ = train.texts


def test_a_wrong_answer_of_equal_choices_is_the_first(folder):
    asked = [{"question": "问", "choice": ["甲", "乙", "乙"], "answer": "乙"}]
    write_tiny(folder, "C3", {file: json.dumps([[["文"], asked, "1-1"]]) for file in ("m-dev.json", "d-dev.json")})
    assert [example.answer for example in read_clue("c3", "dev").examples] == [1, 1]


# For each mistake: task, part, what is replaced in which file by what, and the sentence with file and line.
PAIR = '"sentence1": "花呗第1句"'
BROKEN = [
    (
        "AFQMC",
        "train",
        "train.json",
        '{"sentence1": "花呗第1句"',
        '{"sentence1: "花呗第1句"',
        "Line 2 of .*train.json is no JSON",
    ),
    (
        "AFQMC",
        "train",
        "train.json",
        '{"sentence1": "花呗第0句"',
        '["a"]\n{"sentence1": "花呗第0句"',
        "Line 1 .* is no JSON object",
    ),
    (
        "AFQMC",
        "train",
        "train.json",
        PAIR,
        '"sentence": "花呗第1句"',
        "Line 2 of .*train.json has no text in sentence1",
    ),
    ("AFQMC", "train", "train.json", PAIR, '"sentence1": 3', "Line 2 of .* has no text in sentence1"),
    (
        "AFQMC",
        "train",
        "train.json",
        '"label": "1"',
        '"label": "2"',
        r"Line 2 of .* has the label '2', which is none \(0, 1\)",
    ),
    ("AFQMC", "train", "train.json", ', "label": "1"', "", "Line 2 of .* has the label None, which is none"),
    ("AFQMC", "train", "train.json", '"label": "1"', '"label": "-"', "Line 2 of .* has the label '-', which is none"),
    ("AFQMC", "test", "test.json", '"id": 7', '"id": 31', "Line 2 of .*test.json has the id '31', as line 1 has"),
    ("AFQMC", "test", "test.json", '"id": 7, ', "", "Line 2 of .*test.json has no id"),
    ("TNEWS", "dev", "dev.json", '"label": "103"', '"label": "105"', "Line 2 of .* has the label '105', which is none"),
    (
        "TNEWS",
        "dev",
        "dev.json",
        '"label": "103"',
        '"label": "news_sports"',
        "Line 2 of .* has the label 'news_sports', which is its label_desc; the label is '103'",
    ),
    ("WSC", "train", "train.json", '"span1_index": 4', '"span1_index": 5', "Line 1 of .* has no '小明' at character 5"),
    (
        "WSC",
        "train",
        "train.json",
        '"span2_index": 11',
        '"span2_index": 99',
        "Line 1 of .* has no '他' at character 99",
    ),
    (
        "WSC",
        "train",
        "train.json",
        '"span2_text": "他", "span2_index": 11',
        '"span2_text": "明", "span2_index": 5',
        "overlap",
    ),
    ("WSC", "train", "train.json", '"target"', '"targets"', "Line 1 of .* has no target"),
    ("CSL", "train", "train.json", '["水稻", "试验1"]', '"水稻"', "Line 2 of .* has no list of texts in keyword"),
    (
        "CMRC2018",
        "dev",
        "dev.json",
        '"answer_start": 9',
        '"answer_start": 10',
        "Line 3. of .* DEV_0_QUERY_1, .* at character 10",
    ),
    ("CMRC2018", "dev", "dev.json", '"answer_start": 16', '"answer_start": 900', "DEV_0_QUERY_0, .* at character 900"),
    (
        "CMRC2018",
        "dev",
        "dev.json",
        "DEV_0_QUERY_1",
        "DEV_0_QUERY_0",
        "has the question id 'DEV_0_QUERY_0', as line 12 has",
    ),
    (
        "CMRC2018",
        "dev",
        "dev.json",
        '"version": "v1.0",',
        '"version": "v1.0"',
        "Line 3 of .* is where the JSON goes wrong",
    ),
    ("CMRC2018", "dev", "dev.json", '"data"', '"date"', "Line 1 .* is not the beginning of a file like SQuAD's"),
    ("CMRC2018", "dev", "dev.json", '"qas"', '"questions"', "Line 4 of .* has no list of qas"),
    (
        "C3",
        "dev",
        "m-dev.json",
        '"answer": "不去"',
        '"answer": "不"',
        "Line 9 of .*m-dev.json has the answer '不', which is none",
    ),
    ("C3", "dev", "m-dev.json", '"answer": "下雨"', '"answers": "下雨"', "Line 17 of .* has no text in answer"),
    ("C3", "dev", "m-dev.json", '"choice"', '"choices"', "Line 9 of .* has no list of texts in choice"),
    ("C3", "test", "test1.1.json", '"id": 1', '"id": 0', "has the id '0', as line 9 has"),
    ("C3", "dev", "m-dev.json", "[\n [\n", "[\n {},\n [\n", r"Line 2 of .* is not \[passage, questions, id\]"),
    (
        "CHID",
        "train",
        "train_answer.json",
        '"#idiom000011#": 0, ',
        "",
        "Line 2 of .*train.json has the blank #idiom000011#, to which",
    ),
    (
        "CHID",
        "train",
        "train_answer.json",
        '"#idiom000011#": 0',
        '"#idiom000011#": 10',
        "#idiom000011#, whose answer is 10 where",
    ),
    (
        "CHID",
        "train",
        "train.json",
        "#idiom000011#",
        "#idiom000010#",
        "Line 2 of .* has the blank '#idiom000010#', as line 2 has",
    ),
    ("CHID", "train", "train.json", "#idiom000011#", "#idiom11#", "Line 2 of .* has a blank that is none"),
    (
        "CHID",
        "train",
        "train.json",
        '"一帆风顺", ',
        "",
        "Line 1 of .* has 9 idioms to choose from, where 10 are expected",
    ),
    ("CLUENER", "train", "train.json", "[0, 1]", "[0, 2]", "Line 1 of .* is wrong: address from 0 to 3"),
    ("CLUENER", "train", "train.json", "[3, 6]", "[3, 7]", "Line 1 of .* is wrong: .* not within the 7 characters"),
    (
        "CLUENER",
        "train",
        "train.json",
        '"address"',
        '"place"',
        "Line 1 of .* has the type 'place'; the types are address",
    ),
    ("CLUENER", "train", "train.json", '"label": {}', '"labels": {}', "Line 2 of .* has no label"),
]


@pytest.mark.parametrize(("name", "part", "file", "old", "new", "sentence"), BROKEN)
def test_a_broken_line_gives_one_sentence_with_file_and_line(folder, name, part, file, old, new, sentence):
    files = tiny_files(name)
    assert old in files[file]
    write_tiny(folder, name, files | {file: files[file].replace(old, new, 1)})
    with pytest.raises(InvalidValue, match=sentence):
        read_clue(name, part)


def test_an_empty_file_and_one_in_another_encoding(folder):
    write_tiny(folder, "AFQMC", tiny_files("AFQMC") | {"train.json": "\n"})
    with pytest.raises(InvalidValue, match="train.json has no records"):
        read_clue("afqmc", "train")
    (folder / "afqmc" / "train.json").write_bytes("{花}".encode("gb18030"))
    with pytest.raises(InvalidValue, match="is not UTF-8"):
        read_clue("afqmc", "train")


def test_what_is_not_here_says_how_to_get_it(folder):
    with pytest.raises(
        FileProblem, match=r"test1.0.json of CHID is not on this machine. Put chid_public.zip \(https://.*/chid_pub"
    ):
        read_clue("chid", "test", "1.0")
    with pytest.raises(FileProblem, match=r"m-train.json \+ d-train.json of C3"):
        read_clue("c3", "train")
    with pytest.raises(FileProblem, match="Or run: baihua data download FewCLUE, for a sample"):
        read_clue("iflytek", "train")
    with pytest.raises(InvalidValue, match="Did you mean 'dev'"):
        read_clue("iflytek", "devs")
    with pytest.raises(InvalidValue, match="Unknown version '2.0'"):
        read_clue("iflytek", "test", "2.0")


def test_the_official_file_is_taken_before_a_sample(folder):
    rows = tiny_files("OCNLI")["train.50k.json"]
    write_tiny(folder, "OCNLI", {"train.3k.json": rows.split("\n")[0] + "\n"})
    assert read_clue("ocnli", "train").data.keys() == {"ocnli/train.3k.json"}
    write_tiny(folder / "CLUE", "OCNLI", {"train.50k.json": rows})
    assert read_clue("ocnli", "train").data.keys() == {"ocnli/train.50k.json"}


# What of CLUE is in the folder of public sets: records read (questions of CMRC2018), undecided ones among them, whether whole.
REAL = {
    ("AFQMC", "train"): (8000, 0, False),
    ("AFQMC", "dev"): (4316, 0, True),
    ("AFQMC", "test"): (3861, 0, True),
    ("TNEWS", "train"): (10000, 0, False),
    ("TNEWS", "dev"): (2000, 0, False),
    ("IFLYTEK", "train"): (928, 0, False),
    ("IFLYTEK", "dev"): (690, 0, False),
    ("OCNLI", "train"): (3000, 6, False),
    ("OCNLI", "dev"): (3000, 50, True),
    ("OCNLI", "test"): (3000, 0, True),
    ("WSC", "train"): (160, 0, False),
    ("WSC", "dev"): (159, 0, False),
    ("CSL", "train"): (160, 0, False),
    ("CSL", "dev"): (160, 0, False),
    ("CMRC2018", "train"): (1002, 0, False),
    ("CMRC2018", "dev"): (3219, 0, True),
    ("CHID", "train"): (202, 0, False),
    ("CHID", "dev"): (202, 0, False),
    ("C3", "train"): (5856, 0, False),
    ("C3", "dev"): (3816, 0, True),
    ("CLUENER", "train"): (10748, 0, True),
    ("CLUENER", "dev"): (1343, 0, True),
    ("CLUENER", "test"): (1345, 0, True),
}


@needs_data
@pytest.mark.parametrize(("name", "part"), REAL)
def test_every_real_record_is_read_without_complaint(monkeypatch, tmp_path, name, part):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    try:
        read = read_clue(name, part)
    except FileProblem:
        pytest.skip("this set is not in BAIHUA_DATA")
    num_items, num_undecided, is_whole = REAL[name, part]
    if read.is_whole and not is_whole:
        pytest.skip("the whole official part is in BAIHUA_DATA")
    assert read.num_items == num_items
    assert read.dropped.get("undecided", 0) == num_undecided
    assert read.is_whole == is_whole
    if CLUE_TASKS[name].kind in CLASSIFICATION:
        assert all(text.strip() for texts in read.texts for text in ([texts] if isinstance(texts, str) else texts))


@needs_data
def test_every_real_answer_stands_where_it_is_said_to(monkeypatch, tmp_path):
    """What the UTF-16 count gets wrong and what is no stretch of the passage are as many as they are known to be."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    try:
        dev = read_clue("cmrc2018", "dev")
    except FileProblem:
        pytest.skip("this set is not in BAIHUA_DATA")
    num_answers = num_elsewhere = 0
    for passage in dev.examples:
        for question in passage.questions:
            num_answers += len(question.answers)
            num_elsewhere += sum(answer.start is None for answer in question.answers)
            for answer in question.answers:
                assert answer.span is None or passage.context[slice(*answer.span)] == answer.text
    assert (num_answers, num_elsewhere) == (9657, 193)


def bare(text):
    """Without marks above and below letters, which tokenizers leave out of their tokens, and blanks at the ends."""
    return "".join(one for one in unicodedata.normalize("NFD", text) if unicodedata.category(one) != "Mn").strip()


@needs_data
@pytest.mark.parametrize("part", ["train", "dev"])
def test_every_real_answer_is_borne_by_a_window_and_read_back(monkeypatch, tmp_path, part):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    try:
        passages = read_clue("cmrc2018", part).examples
    except FileProblem:
        pytest.skip("this set is not in BAIHUA_DATA")
    encoder = load_encoder("bundled")
    pairs, answers = [], []
    for passage in passages:
        for question in passage.questions:
            span = next((answer.span for answer in question.answers if answer.span is not None), None)
            if span is not None:
                pairs.append((passage.context, question.text))
                answers.append(Answer(*span))
    borne = set()
    for window in make_windows(encoder, pairs, AnswerSettings(), answers):
        if window.span != NOTHING:
            answer, (first, last) = answers[window.question], window.span
            read = pairs[window.question][0][window.offsets[first - 1, 0] : window.offsets[last - 1, 1]]
            assert bare(read) == bare(pairs[window.question][0][answer.start : answer.end])
            borne.add(window.question)
    assert len(borne) == len(pairs)
