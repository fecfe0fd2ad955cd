"""The files of the leaderboard: their names and lines, what is refused, and that a zip holds what was written."""

import json
import warnings
import zipfile

import pytest
from tiny_fewclue import tiny_record, write_tiny

from baihua.benchmarks.fewclue_submission import (
    SPLITS,
    pack_submission,
    read_answers,
    submission_name,
    write_answers,
)
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS
from baihua.checks import FileProblem, InvalidValue

IDS = {name: [5, 3, 8] for name in FEWCLUE_TASKS} | {"TNEWS": ["5", "3", "8"]}


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Texts of the leaderboard in miniature, with ids in no order, and a folder to write to."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    for name, ids in IDS.items():
        write_tiny(tmp_path, name, "test", [tiny_record(name, int(one)) | {"id": one} for one in ids])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path / "out"


def labels_of(name):
    labels = FEWCLUE_TASKS[name].labels
    return [labels[-1], labels[0], labels[-1]]


def write_all(folder, split=None):
    return [write_answers(folder, name, IDS[name], labels_of(name), split) for name in FEWCLUE_TASKS]


def test_the_names_are_the_official_ones():
    assert [submission_name(name) for name in FEWCLUE_TASKS] == [
        "eprstmt_predict.json",
        "csldcp_predict.json",
        "tnewsf_predict.json",
        "iflytekf_predict.json",
        "ocnlif_predict.json",
        "bustm_predict.json",
        "cslf_predict.json",
        "chidf_predict.json",
        "cluewscf_predict.json",
    ]
    assert submission_name("csl", 3) == "cslf_predict_3.json"
    assert submission_name("wsc", "few_all") == "cluewscf_predict_all.json"
    with pytest.raises(InvalidValue, match=r"one of 0, 1, 2, 3, 4, few_all, but received 5"):
        submission_name("csl", 5)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("BUSTM", '{"id": 5, "label": "1"}'),
        ("CHID", '{"id": 5, "answer": 6}'),
        ("CLUEWSC", '{"id": 5, "label": "false"}'),
        ("CSLDCP", '{"id": 5, "label": "植物保护"}'),
        ("CSL", '{"id": 5, "label": "1"}'),
        ("EPRSTMT", '{"id": 5, "label": "Negative"}'),
        ("IFLYTEK", '{"id": 5, "label": "118"}'),
        ("OCNLI", '{"id": 5, "label": "contradiction"}'),
        ("TNEWS", '{"id": "5", "label": "116"}'),
    ],
)
def test_a_line_is_written_as_in_the_official_examples(folder, name, line):
    path = write_answers(folder, name, IDS[name], labels_of(name))
    lines = path.read_bytes().decode("utf-8").split("\n")
    assert lines[0] == line
    assert len(lines) == 4
    assert lines[3] == ""


@pytest.mark.parametrize("name", FEWCLUE_TASKS)
def test_what_is_read_back_is_what_was_written(folder, name):
    answers = read_answers(write_answers(folder, name, IDS[name], labels_of(name)), name)
    assert answers.ids == tuple(IDS[name])
    assert answers.labels == tuple(labels_of(name))
    assert answers.task == name


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([5, 3], r"1 ids are missing \[8\], 0 are not there"),
        ([5, 3, 9], r"1 ids are missing \[8\], 1 are not there \[9\]"),
        (["5", "3", "8"], r"3 ids are missing \[5, 3, 8\], 3 are not there"),
        ([5, 3, 8, 8], r"CSL has 1 ids twice"),
        ([3, 5, 8], r"number 0 \(from 0\) is 3, where 5 is expected"),
    ],
)
def test_incomplete_or_unordered_answers_are_refused_and_nothing_is_written(folder, ids, said):
    with pytest.raises(InvalidValue, match=said):
        write_answers(folder, "csl", ids, ["1"] * len(ids))
    assert not folder.exists()


def test_unknown_labels_and_unequal_lengths_are_refused(folder):
    with pytest.raises(InvalidValue, match="Item 1 of labels, '105', is no label of TNEWS"):
        write_answers(folder, "tnews", IDS["TNEWS"], ["100", "105", "100"])
    with pytest.raises(InvalidValue, match="must have the same length, but received 3 and 2"):
        write_answers(folder, "csl", IDS["CSL"], ["1", "0"])
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("CSL", "1", "must have label, id"),
        ("CSL", "{", "is no JSON"),
        ("CSL", '{"id": 5, "answer": "1"}', "must have label, id"),
        ("CSL", '{"id": 5, "label": "1", "score": 1}', "must have label, id"),
        ("CSL", '{"id": 5, "label": 1}', "has 1, which is no label of CSL"),
        ("CHID", '{"id": 5, "answer": "6"}', "has '6', which is no label of CHID"),
        ("CLUEWSC", '{"id": 5, "label": true}', "has True, which is no label"),
        ("TNEWS", '{"id": "5", "label": "105"}', "has '105', which is no label"),
        ("CSL", '{"id": [5], "label": "1"}', "must have an id that is a number or a string"),
    ],
)
def test_a_line_that_is_no_answer_is_named(folder, name, line, said):
    path = write_answers(folder, name, IDS[name], labels_of(name))
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=rf"Line 4 of .*{said}"):
        read_answers(path, name)


def test_the_zip_holds_the_nine_files_at_its_root(folder):
    paths = write_all(folder)
    packed = pack_submission(folder)
    with zipfile.ZipFile(packed) as archive:
        assert sorted(archive.namelist()) == sorted(path.name for path in paths)
        for path in paths:
            assert archive.read(path.name) == path.read_bytes()
            assert len(archive.read(path.name).splitlines()) == 3
    before = packed.read_bytes()
    assert pack_submission(folder).read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {"submit.zip", *(path.name for path in paths)}


def test_the_board_of_several_splits_takes_six_files_a_task(folder):
    for split in SPLITS:
        write_all(folder, split)
    with zipfile.ZipFile(pack_submission(folder, several=True, name="several.zip")) as archive:
        assert len(archive.namelist()) == 54
        assert "tnewsf_predict_all.json" in archive.namelist()


def test_an_incomplete_submission_is_not_packed(folder):
    write_all(folder)
    (folder / "cslf_predict.json").unlink()
    with pytest.raises(FileProblem, match=r"lacks cslf_predict\.json"):
        pack_submission(folder)
    record = {"id": 5, "label": "1"}
    (folder / "cslf_predict.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"CSL has 3 texts to answer in test\.json: 2 ids are missing \[3, 8\]"):
        pack_submission(folder)
    assert not (folder / "submit.zip").exists()


def test_without_the_texts_of_the_leaderboard_it_is_said_how_to_get_them(folder):
    (folder.parent / "FewCLUE" / "csl" / "test.json").unlink()
    with pytest.raises(
        FileProblem, match=r"csl/test\.json of FewCLUE is not on this machine\. Run: baihua data download"
    ):
        write_answers(folder, "csl", IDS["CSL"], labels_of("CSL"))
