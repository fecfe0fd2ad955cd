"""The official files: their names, their lines, what is refused, and the zip that the validator accepts."""

import json
import zipfile

import pytest
from tiny_clue import right_answers, write_tiny

from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_submission import build_submission, write_answers
from baihua.benchmarks.clue_tasks import CLUE_TASKS, tasks_of_board
from baihua.benchmarks.clue_validator import check_submission
from baihua.checks import InvalidValue
from baihua.text.entities import Entity


@pytest.fixture
def out(monkeypatch, tmp_path):
    """All tests in miniature, and a folder to write to."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "data"))
    for name in CLUE_TASKS:
        write_tiny(tmp_path / "data", name)
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("name", "version", "file", "first"),
    [
        ("AFQMC", "1.1", "afqmc_predict.json", '{"id": "31", "label": "1"}'),
        ("TNEWS", "1.0", "tnews10_predict.json", '{"id": "0", "label": "116"}'),
        ("TNEWS", "1.1", "tnews11_predict.json", '{"id": "0", "label": "116"}'),
        ("IFLYTEK", "1.1", "iflytek_predict.json", '{"id": "0", "label": "118"}'),
        ("CMNLI", "1.0", "cmnli_predict.json", '{"id": "0", "label": "contradiction"}'),
        ("OCNLI", "1.1", "ocnli_50k_predict.json", '{"id": "0", "label": "contradiction"}'),
        ("WSC", "1.0", "cluewsc10_predict.json", '{"id": "0", "label": "false"}'),
        ("WSC", "1.1", "cluewsc11_predict.json", '{"id": "0", "label": "false"}'),
        ("CSL", "1.1", "csl_predict.json", '{"id": "2415", "label": "1"}'),
        ("C3", "1.1", "c311_predict.json", '{"id": "0", "label": "1"}'),
        (
            "CLUENER",
            "1.1",
            "cluener_predict.json",
            '{"id": 0, "text": "上海离北京很远", "label": {"address": {"上海": [[0, 1]], "北京": [[3, 4]]}}}',
        ),
    ],
)
def test_a_line_is_written_as_the_board_takes_it(out, name, version, file, first):
    path = write_answers(out, read_clue(name, "test", version), right_answers(name))
    assert path.name == file
    written = path.read_text(encoding="utf-8")
    assert written.split("\n")[0] == first
    assert written.endswith("}\n")


def test_reading_and_idioms_are_one_object(out):
    reading = write_answers(out, read_clue("cmrc2018", "test"), right_answers("CMRC2018"))
    assert json.loads(reading.read_text(encoding="utf-8")) == {"TEST_0_QUERY_0": "北京", "TEST_0_QUERY_1": "一九四九年"}
    idioms = write_answers(out, read_clue("chid", "test", "1.0"), ["9", "0", "4"])
    assert idioms.name == "chid10_predict.json"
    assert json.loads(idioms.read_text(encoding="utf-8")) == {
        "#idiom000800#": 9,
        "#idiom000801#": 0,
        "#idiom000802#": 4,
    }


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_what_is_written_is_accepted_and_zipped_at_the_root(out, version):
    for task in tasks_of_board(version):
        write_answers(out, read_clue(task.name, "test", version), right_answers(task.name))
    (out / "settings.json").write_text("{}", encoding="utf-8")  # other things may stand in the folder
    path = build_submission(out, version)
    assert path.name == "submit.zip"
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == sorted(task.submission(version).name for task in tasks_of_board(version))
    assert str(check_submission(path, version)).startswith(f"{path} can be handed in ({version}).")
    before = path.read_bytes()
    assert build_submission(out, version).read_bytes() == before


def test_some_tasks_can_be_handed_in_alone(out):
    write_answers(out, read_clue("cluener", "test"), right_answers("CLUENER"))
    with pytest.raises(InvalidValue, match="afqmc_predict.json: The file of task AFQMC is missing"):
        build_submission(out)
    with zipfile.ZipFile(build_submission(out, tasks=["cluener"])) as archive:
        assert archive.namelist() == ["cluener_predict.json"]


def test_what_cannot_be_right_is_not_written(out):
    news, names = read_clue("tnews", "test"), read_clue("cluener", "test")
    with pytest.raises(InvalidValue, match=r"Item 1 \(from 0\) of answers, 'news_car', is no label of TNEWS"):
        write_answers(out, news, ["100", "news_car", "100"])
    with pytest.raises(InvalidValue, match="answers and ids must have the same length, but received 2 and 3"):
        write_answers(out, news, ["100", "101"])
    with pytest.raises(InvalidValue, match="this is the dev part"):
        write_answers(out, read_clue("tnews", "dev"), ["100"] * 13)
    with pytest.raises(InvalidValue, match="unknown type, or reaches beyond its text of 7 characters"):
        write_answers(out, names, [[Entity(0, 9, "address")], []])
    with pytest.raises(InvalidValue, match="must be a text, not None"):
        write_answers(out, read_clue("cmrc2018", "test"), ["北京", None])
    assert not out.exists()
