"""The validator: a right submission is accepted, and each way in which submissions were lost is refused with its reason."""

import dataclasses
import json
import warnings
import zipfile

import pytest
import tiny_fewclue
from tiny_clue import lines, right_answers, write_tiny

from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_submission import write_answers
from baihua.benchmarks.clue_tasks import CLUE_TASKS, tasks_of_board
from baihua.benchmarks.clue_validator import check_submission
from baihua.benchmarks.fewclue_submission import write_answers as write_fewclue_answers
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS
from baihua.benchmarks.submission_report import KINDS
from baihua.checks import InvalidValue
from baihua.language import set_language


@pytest.fixture
def data(monkeypatch, tmp_path):
    """All tests of CLUE and FewCLUE in miniature."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    for name in CLUE_TASKS:
        write_tiny(tmp_path / "data", name)
    for name in FEWCLUE_TASKS:
        ids = ["5", "3"] if name == "TNEWS" else [5, 3]
        rows = [tiny_fewclue.tiny_record(name, int(one)) | {"id": one} for one in ids]
        tiny_fewclue.write_tiny(tmp_path / "data", name, "test", rows)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path


@pytest.fixture
def right(data):
    """The files of a right submission to board 1.1, with CLUENER."""
    folder = data / "right"
    for task in (*tasks_of_board("1.1"), CLUE_TASKS["CLUENER"]):
        write_answers(folder, read_clue(task.name, "test"), right_answers(task.name))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def right_few(data):
    """The files of a right submission to FewCLUE."""
    folder = data / "few"
    for name, task in FEWCLUE_TASKS.items():
        ids = ["5", "3"] if name == "TNEWS" else [5, 3]
        write_fewclue_answers(folder, name, ids, [task.labels[0], task.labels[-1]])
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def zipped(folder, files, name="submit.zip"):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as archive:
        for file, written in files.items():
            archive.writestr(file, written)
    return folder / name


def replaced(file, old, new):
    """Return what replaces a piece of one file."""

    def change(files):
        assert old.encode() in files[file]
        return files | {file: files[file].replace(old.encode(), new.encode(), 1)}

    return change


def renamed(old, new):
    return lambda files: {(new if name == old else name): written for name, written in files.items()}


def without_lines(file, keep):
    return lambda files: files | {file: b"".join(line + b"\n" for line in keep(files[file].split(b"\n")[:-1]))}


def twice_there(files):
    idioms = files["chid11_predict.json"].decode().rstrip().removesuffix("}")
    return files | {"chid11_predict.json": f'{idioms}, "#idiom000900#": 1}}'.encode()}


def as_lines(files):
    answers = json.loads(files["cmrc2018_predict.json"])
    return files | {"cmrc2018_predict.json": lines({one: answer} for one, answer in answers.items()).encode()}


# What is done to a right submission, the kind of mistake that must be found (alone, but for what follows from it), in which
# file and line, and what is said.
BROKEN = {
    "a line too few": (
        without_lines("afqmc_predict.json", lambda rows: rows[:-1]),
        ["count", "missing_id"],
        ("afqmc_predict.json", None),
        "It has 2 answers where 3 are expected",
    ),
    "a line too many": (
        without_lines("afqmc_predict.json", lambda rows: [*rows, b'{"id": "99", "label": "0"}']),
        ["count", "unknown_id"],
        ("afqmc_predict.json", None),
        "It has 4 answers where 3 are expected",
    ),
    "an id that is not in the test": (
        replaced("afqmc_predict.json", '"id": "7"', '"id": "8"'),
        ["missing_id", "unknown_id"],
        ("afqmc_predict.json", None),
        "The id 7 is not answered",
    ),
    "ids counted anew in each batch": (
        replaced("tnews11_predict.json", '"id": "2"', '"id": "0"'),
        ["missing_id", "repeated_id"],
        ("tnews11_predict.json", None),
        "The id 2 is not answered",
    ),
    "rows in another order": (
        without_lines("afqmc_predict.json", lambda rows: rows[::-1]),
        ["order"],
        ("afqmc_predict.json", 1),
        "It has the id 20 where the test has 31. Rows are scored in their order",
    ),
    "ids as numbers": (
        replaced("csl_predict.json", '"id": "2833"', '"id": 2833'),
        ["id_type"],
        ("csl_predict.json", 2),
        'Its id should be written "2833", not 2833: ids of CSL are strings',
    ),
    "ids of CLUENER as strings": (
        replaced("cluener_predict.json", '"id": 1', '"id": "1"'),
        ["id_type"],
        ("cluener_predict.json", 2),
        "Its id should be written 1, not '1': ids of CLUENER are numbers",
    ),
    "label_desc in the place of the label": (
        replaced("tnews11_predict.json", '"label": "100"', '"label": "news_story"'),
        ["label_description"],
        ("tnews11_predict.json", 2),
        "'news_story' is the label_desc. Write the label, '100'",
    ),
    "label_desc alone": (
        replaced("iflytek_predict.json", '"label": "0"', '"label_des": "打车"'),
        ["fields", "count", "missing_id"],
        ("iflytek_predict.json", 2),
        "It lacks label and has id, label_des. The answer stands in label",
    ),
    "a place in the list of labels": (
        replaced("tnews11_predict.json", '"label": "100"', '"label": "0"'),
        ["label"],
        ("tnews11_predict.json", 2),
        "'0' is no label of TNEWS (100, 101, 102, …). A label is not its place in a list",
    ),
    "another task's labels": (
        replaced("cluewsc11_predict.json", '"label": "true"', '"label": "1"'),
        ["label"],
        ("cluewsc11_predict.json", 2),
        "'1' is no label of WSC (true, false)",
    ),
    "labels as numbers": (
        replaced("afqmc_predict.json", '"label": "0"', '"label": 0'),
        ["label_type"],
        ("afqmc_predict.json", 2),
        'the answer should be written "0", not 0',
    ),
    "a missing task": (
        lambda files: {name: written for name, written in files.items() if name != "c311_predict.json"},
        ["missing_task"],
        ("c311_predict.json", None),
        "The file of task C3 is missing. If only some tasks are handed in, name them",
    ),
    "the other version": (
        renamed("cluewsc11_predict.json", "cluewsc10_predict.json"),
        ["wrong_version"],
        ("cluewsc10_predict.json", None),
        "This one wants cluewsc11_predict.json, of another test",
    ),
    "a wrong file name": (
        renamed("ocnli_50k_predict.json", "ocnli_predict.json"),
        ["wrong_name"],
        ("ocnli_predict.json", None),
        "Did you mean ocnli_50k_predict.json?",
    ),
    "the folder zipped with the files": (
        lambda files: {f"submit/{name}": written for name, written in files.items()},
        ["subfolder"],
        ("", None),
        "is in the folder submit. Files stand at the root",
    ),
    "a line that is no JSON": (
        replaced("csl_predict.json", '{"id": "2833"', "{'id': \"2833\""),
        ["bad_json", "count", "missing_id"],
        ("csl_predict.json", 2),
        'Each line must be one JSON object such as {"id": …, "label": …}',
    ),
    "one list instead of lines": (
        replaced("csl_predict.json", '{"id": "2415"', '[{"id": "2415"'),
        ["bad_json"],
        ("csl_predict.json", 1),
        "the file is no list",
    ),
    "lines instead of one object": (
        as_lines,
        ["bad_json"],
        ("cmrc2018_predict.json", 2),
        'The whole file must be one JSON object such as {"TEST_0_QUERY_0": "…", …}',
    ),
    "another encoding": (
        lambda files: files | {"cmrc2018_predict.json": files["cmrc2018_predict.json"].decode().encode("gb18030")},
        ["encoding"],
        ("cmrc2018_predict.json", 2),
        "It is not UTF-8 (near byte",
    ),
    "UTF-8 with a mark": (
        lambda files: files | {"csl_predict.json": b"\xef\xbb\xbf" + files["csl_predict.json"]},
        ["encoding"],
        ("csl_predict.json", None),
        "UTF-8 with a mark",
    ),
    "an idiom's place beyond the ten": (
        replaced("chid11_predict.json", ": 9", ": 10"),
        ["out_of_range"],
        ("chid11_predict.json", None),
        "#idiom000900#: the answer 10 is beyond 0 to 9. Places count from 0",
    ),
    "an idiom's place as a string": (
        replaced("chid11_predict.json", ": 9", ': "9"'),
        ["label_type"],
        ("chid11_predict.json", None),
        "#idiom000900#: the answer should be written 9, not '9'",
    ),
    "a blank answered twice": (
        twice_there,
        ["count", "repeated_id"],
        ("chid11_predict.json", None),
        "It has 4 answers where 3 are expected",
    ),
    "a choice counted from 1": (
        replaced("c311_predict.json", '"label": "3"', '"label": "4"'),
        ["out_of_range"],
        ("c311_predict.json", 3),
        "the answer 4 is beyond 0 to 3. Places count from 0",
    ),
    "a choice that only fills up": (
        replaced("c311_predict.json", '"label": "1"', '"label": "2"'),
        ["out_of_range"],
        ("c311_predict.json", 1),
        "This question has 2 choices, but the answer is 2",
    ),
    "an entity with an exclusive end": (
        replaced("cluener_predict.json", "[0, 1]", "[0, 2]"),
        ["entity"],
        ("cluener_predict.json", 1),
        "From 0 to 2 the text does not say '上海'; ends are inclusive, so it should be one less",
    ),
    "an entity that is not in the text": (
        replaced("cluener_predict.json", '"上海": [[0, 1]]', '"广州": [[0, 1]]'),
        ["entity"],
        ("cluener_predict.json", 1),
        "From 0 to 1 the text does not say '广州'",
    ),
    "an unknown type of entity": (
        replaced("cluener_predict.json", '"address"', '"LOC"'),
        ["label"],
        ("cluener_predict.json", 1),
        "There is no type 'LOC'; the types are address, book",
    ),
    "a text that was changed": (
        replaced("cluener_predict.json", "明天再说", "明天再說"),
        ["text"],
        ("cluener_predict.json", 2),
        "Its text is not that of id 1 in the test",
    ),
    "an answer that is no text": (
        replaced("cmrc2018_predict.json", '"北京"', '["北京"]'),
        ["fields"],
        ("cmrc2018_predict.json", None),
        "TEST_0_QUERY_0: the answer ['北京'] is no string",
    ),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_each_known_failure_is_refused_with_its_reason(data, right, mistake):
    break_it, kinds, where, said = BROKEN[mistake]
    report = check_submission(zipped(data / "broken", break_it(right)))
    assert not report.accepted
    assert sorted(finding.kind for finding in report.findings) == sorted(kinds)
    finding = next(finding for finding in report.findings if finding.kind == kinds[0])
    assert (finding.file, finding.line) == where
    assert said in finding.detail
    assert str(finding) in str(report)


def test_there_is_a_broken_one_for_every_kind():
    rest = {"unreadable", "zip_name", "unknown_id", "repeated_id"}  # tested below, or beside others above
    assert {kind for _, kinds, _, _ in BROKEN.values() for kind in kinds} | rest == set(KINDS)
    assert len(BROKEN) >= 20


def test_the_right_one_is_accepted(data, right):
    for path in (zipped(data / "whole", right), data / "right"):
        report = check_submission(path)
        assert report.accepted
        assert len(report.notes) == 9  # of CHID, blanks are not counted officially
        assert all("It may be of an older zip" in note for note in report.notes)  # the tests here are tiny
        assert set(report.files) == set(right)
    assert json.dumps(dataclasses.asdict(report))


def test_what_archivers_leave_behind_is_passed_over(data, right):
    more = {"__MACOSX/._afqmc_predict.json": b"\x00", ".DS_Store": b"\x00", "readme.txt": b"note"}
    assert check_submission(zipped(data / "whole", right | more)).accepted


def test_both_versions_can_stand_in_one_zip(data, right):
    files = right | {"tnews10_predict.json": right["tnews11_predict.json"]}
    report = check_submission(zipped(data / "whole", files))
    assert report.accepted
    assert report.notes[0] == "tnews10_predict.json is for the other version and is passed over."
    assert "TNEWS on this machine has 3 records, the official one 10000. It may be of an older zip" in report.notes[2]


def test_a_zip_goes_by_the_name_the_board_wants(data, right):
    assert check_submission(zipped(data / "whole", right, "submit_team_0930.zip")).accepted
    report = check_submission(zipped(data / "whole", right, "results.zip"))
    assert report.kinds == {"zip_name"}
    assert "must be submit.zip" in str(report)


def test_what_is_no_submission_is_said_and_raises_nothing(data, right):
    (data / "broken.zip").write_bytes(zipped(data / "whole", right).read_bytes()[:300])
    (data / "empty").mkdir()
    for path in (data / "broken.zip", data / "empty", data / "nowhere.zip"):
        assert check_submission(path).kinds == {"unreadable"}
    with pytest.raises(InvalidValue, match="Unknown version '1.2'"):
        check_submission(data / "empty", "1.2")
    with pytest.raises(InvalidValue, match="Did you mean 'AFQMC'"):
        check_submission(data / "empty", tasks=["afqcm"])


def test_many_mistakes_of_a_kind_are_one_finding(data, right):
    files = right | {"afqmc_predict.json": right["afqmc_predict.json"].replace(b'"label": "1"', b'"label": "yes"')}
    (finding,) = check_submission(zipped(data / "broken", files)).findings
    assert (finding.count, finding.line) == (2, 1)
    assert str(finding).endswith("(2 times)")
    set_language("zh")
    assert "afqmc_predict.json 第 1 行: 'yes' 不是 AFQMC 的标签" in str(
        check_submission(data / "broken" / "submit.zip")
    )


@pytest.mark.parametrize(("name", "count"), [("AFQMC", 3861), ("C3", 1625), ("CLUENER", 1345), ("CMRC2018", 2000)])
def test_without_the_test_ids_are_checked_by_count_and_form_and_this_is_said(monkeypatch, tmp_path, name, count):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    task, folder = CLUE_TASKS[name], tmp_path / "out"
    rows = {
        "CLUENER": lambda number: {"id": number, "text": "北京", "label": {"address": {"北京": [[0, 1]]}}},
        "CMRC2018": lambda number: {f"TEST_{number}_QUERY_0": "北京"},
    }.get(name, lambda number: {"id": str(number), "label": "1"})

    def check(numbers):
        records = [rows(number) for number in numbers]
        merged = {one: answer for record in records for one, answer in record.items()}
        folder.mkdir(exist_ok=True)
        written = json.dumps(merged, ensure_ascii=False) if name == "CMRC2018" else lines(records)
        (folder / task.submission().name).write_text(written, encoding="utf-8")
        return check_submission(folder, tasks=[name])

    report = check(range(count))
    assert report.accepted
    assert "ids were checked by count and form alone" in report.notes[0]
    assert check(range(count - 1)).kinds == {"count"}
    if name != "CMRC2018":
        assert check([*range(count - 1), 0]).kinds == {"repeated_id"}
    assert "unknown_id" in check([*range(count - 1), "一"]).kinds or name in ("CLUENER", "CMRC2018")


def test_blanks_are_known_by_their_form(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    path = tmp_path / "chid11_predict.json"
    path.write_text('{"#idiom000378#": 3, "idiom000379": 4}', encoding="utf-8")
    report = check_submission(tmp_path, tasks=["chid"])
    assert report.kinds == {"unknown_id"}
    assert "'idiom000379' does not look like an id" in str(report)


def test_fewclue_is_checked_by_its_own_rules(data, right_few):
    report = check_submission(zipped(data / "whole", right_few, "fewclue_submit_examples.zip"), "fewclue")
    assert report.accepted
    assert len(report.files) == 9
    as_strings = right_few | {
        "chidf_predict.json": right_few["chidf_predict.json"].replace(b'"answer": 0', b'"answer": "0"')
    }
    assert check_submission(zipped(data / "whole", as_strings), "fewclue").accepted
    assert check_submission(zipped(data / "whole", right_few), "fewclue-several").kinds == {
        "wrong_name",
        "missing_task",
    }


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (replaced("bustm_predict.json", '"id": 5', '"id": "5"'), "id_type", "Its id should be written 5"),
        (replaced("tnewsf_predict.json", '"id": "5"', '"id": 5'), "id_type", 'Its id should be written "5"'),
        (replaced("chidf_predict.json", '"answer"', '"label"'), "fields", "The answer stands in answer"),
        (replaced("chidf_predict.json", '"answer": 6', '"answer": 7'), "out_of_range", "beyond 0 to 6"),
        (replaced("eprstmt_predict.json", "Positive", "1"), "label", "is no label of EPRSTMT (Positive, Negative)"),
        (renamed("tnewsf_predict.json", "tnews_predict.json"), "wrong_name", "Did you mean tnewsf_predict.json"),
        (renamed("csldcp_predict.json", "csldcp.json"), "wrong_name", "Did you mean csldcp_predict.json"),
        (without_lines("cslf_predict.json", lambda rows: rows[::-1]), "order", "It has the id 3 where the test has 5"),
    ],
)
def test_a_broken_submission_to_fewclue_is_refused(data, right_few, change, kind, said):
    report = check_submission(zipped(data / "broken", change(right_few)), "fewclue")
    assert kind in report.kinds
    assert said in str(report)
