import json
import os
import zipfile
from pathlib import Path

import pytest

from baihua.text.entity_check import check_entities, count_problems
from baihua.text.entity_files import parse_entities, read_entity_file, write_entity_file

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA"),
]


def members_of(name):
    with zipfile.ZipFile(Path(os.environ["BAIHUA_DATA"]) / f"{name}.zip") as archive:
        return {Path(member).name: archive.read(member) for member in archive.namelist() if not member.endswith("/")}


@pytest.mark.parametrize(
    ("name", "file", "format_", "counts"),
    [
        ("cluener", "train.json", "cluener", (10748, 23971, 10, [])),
        ("cluener", "dev.json", "cluener", (1343, 3072, 10, [])),
        # Line 6052 has an entity from 16 to 15 and line 6422 one from 15 to 14.
        ("cmeee", "train_data.txt", "cmeee_lines", (6998, 28979, 9, [6052, 6422])),
        ("cmeee", "val_data.txt", "cmeee_lines", (1000, 4022, 9, [])),
        ("peoples_daily_ner", "example.dev", "bio", (2318, 3819, 3, [])),
        ("resume_ner", "train.char.bmes", "bmes", (3821, 13440, 8, [])),
        ("resume_ner", "dev.char.bmes", "bmes", (463, 1497, 8, [])),
        ("weibo_ner", "weiboNER_2nd_conll.train", "bio", (1350, 1895, 8, [])),
        ("weibo_ner", "weiboNER_2nd_conll.dev", "bio", (270, 389, 8, [])),
    ],
)
def test_the_real_sets_are_read_whole(name, file, format_, counts):
    found = parse_entities(members_of(name)[file], file)
    texts = found.texts
    left_out = [problem.line for problem in found.left_out]
    assert (len(texts.texts), sum(map(len, texts.entities)), len(texts.types), left_out) == counts
    assert found.format == format_
    assert not set(count_problems(check_entities(texts))) - {"nested", "conflict"}


def test_the_real_surfaces_stand_where_they_should():
    text = members_of("cluener")["dev.json"].decode("utf-8")
    surfaces = [
        sorted(name for names in json.loads(line)["label"].values() for name, places in names.items() for _ in places)
        for line in text.splitlines()
    ]
    found = parse_entities(text, "dev.json").texts
    for content, mine, wanted in zip(found.texts, found.entities, surfaces, strict=True):
        assert sorted(content[entity.start : entity.end] for entity in mine) == wanted


def test_weibo_loses_its_numbers_and_keeps_its_digits():
    found = parse_entities(members_of("weibo_ner")["weiboNER_2nd_conll.train"], "train").texts
    assert found.texts[0] == "科技全方位资讯智能，快捷的汽车生活需要有三屏一云爱你"
    assert any("2013年" in text for text in found.texts)


@pytest.mark.parametrize("format_", ["jsonl", "cluener", "cmeee", "doccano", "label_studio"])
def test_real_nested_entities_survive_every_format(tmp_path, format_):
    texts = parse_entities(members_of("cmeee")["val_data.txt"], "val").texts
    write_entity_file(tmp_path / "file", texts, format_)
    found = read_entity_file(tmp_path / "file")
    assert (found.texts.texts, found.texts.entities, found.left_out) == (texts.texts, texts.entities, [])
