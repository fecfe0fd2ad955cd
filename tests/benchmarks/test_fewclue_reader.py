"""The parts of a task: what is read, what is held out, and that nothing seen is scored on."""

import hashlib
import os
import warnings

import pytest
from tiny_fewclue import IDIOMS, tiny_record, write_splits, write_tiny

from baihua.benchmarks.fewclue_reader import held_out, read_fewclue
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS
from baihua.checks import FileProblem, InvalidValue

DEV = ([0, 1, 2], [2, 3, 4], [4, 5, 6], [7, 8, 0], [9, 9, 10])  # numbers of records, some in several files

needs_data = pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A set of our own in the layout of the public one; each read warns that it is not the pinned one."""
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path


@pytest.mark.parametrize("name", [name for name, task in FEWCLUE_TASKS.items() if len(task.splits) == 5])
def test_what_is_held_out_was_seen_by_nobody_and_stands_there_once(folder, name):
    write_splits(folder, name, DEV)
    held = held_out(name, 0)
    assert [example.id for example in held.examples] == [3, 4, 5, 6, 7, 8, 9, 10]
    assert held.dropped == {"in_train": 0, "in_dev": 2, "repeated": 2, "contradictory": 0}
    assert len(held) + sum(held.dropped.values()) == sum(map(len, DEV[1:]))
    assert held.labels == [
        FEWCLUE_TASKS[name].labels[number % len(FEWCLUE_TASKS[name].labels)] for number in range(3, 11)
    ]
    assert read_fewclue(name, "held", 0) == held
    folder_of_task = folder / "FewCLUE" / name.lower()
    assert held.data == {
        f"{name.lower()}/{file}.json": f"sha256:{hashlib.sha256((folder_of_task / f'{file}.json').read_bytes()).hexdigest()}"
        for file in ("train_0", "dev_0", "dev_1", "dev_2", "dev_3", "dev_4")
    }


def test_what_was_trained_on_is_not_held_out(folder):
    write_splits(folder, "BUSTM", DEV, train=[3, 100])
    held = held_out("bustm", 0)
    assert 3 not in [example.id for example in held.examples]
    assert held.dropped["in_train"] == 1
    assert held_out("bustm", 1).dropped["in_train"] == 0  # that split trains on others


def test_white_space_around_a_text_does_not_make_it_another(folder):
    write_splits(folder, "EPRSTMT", DEV)
    spaced = tiny_record("EPRSTMT", 0, "Positive") | {"sentence": " 第0件商品\n", "id": 77}
    write_tiny(folder, "EPRSTMT", "dev_1", [spaced, tiny_record("EPRSTMT", 55, "Positive")])
    assert [example.id for example in held_out("eprstmt", 0).examples][:2] == [55, 4]


def test_a_question_with_two_answers_is_left_out(folder):
    write_splits(folder, "EPRSTMT", DEV)
    write_tiny(folder, "EPRSTMT", "dev_1", [tiny_record("EPRSTMT", 5, "Positive")])  # dev_2 says Negative
    held = held_out("eprstmt", 0)
    assert 5 not in [example.id for example in held.examples]
    assert held.dropped["contradictory"] == 2


def test_candidates_in_another_order_are_the_same_question(folder):
    write_splits(folder, "CHID", DEV)
    turned = tiny_record("CHID", 5, "0") | {"candidates": IDIOMS[5:] + IDIOMS[:5]}  # 5 is IDIOMS[5] in dev_2
    write_tiny(folder, "CHID", "dev_1", [turned])
    held = held_out("chid", 0)
    assert held.dropped["contradictory"] == 0
    assert [example.id for example in held.examples].count(5) == 1


def test_undecided_records_are_left_out_and_counted(folder):
    write_splits(folder, "OCNLI", DEV)
    write_tiny(folder, "OCNLI", "dev_1", [tiny_record("OCNLI", 50, "-"), tiny_record("OCNLI", 51, "neutral")])
    assert read_fewclue("ocnli", "dev", 1).dropped == {"undecided": 1}
    assert len(read_fewclue("ocnli", "dev", 1)) == 1
    held = held_out("ocnli", 0)
    assert held.dropped["undecided"] == 1
    assert held.examples[0].id == 51


@pytest.mark.parametrize("name", ["CSLDCP", "IFLYTEK"])
def test_the_one_development_file_is_cut_in_two_label_by_label(folder, name):
    labels = FEWCLUE_TASKS[name].labels
    rows = [tiny_record(name, number, labels[number % 3]) for number in range(22)] + [tiny_record(name, 99, labels[5])]
    write_tiny(folder, name, "train_0", [tiny_record(name, 100, labels[0])])
    write_tiny(folder, name, "dev_0", rows)
    dev, held = read_fewclue(name, "dev"), read_fewclue(name, "held")
    assert sorted(example.id for example in (*dev.examples, *held.examples)) == [*range(22), 99]
    for label, count in zip(labels[:3], (8, 7, 7), strict=True):
        assert (dev.labels.count(label), held.labels.count(label)) == (count // 2, count - count // 2)
    assert labels[5] in held.labels  # a label with one record can only be scored on
    write_tiny(folder, name, "dev_0", rows[::-1])
    assert {example.id for example in read_fewclue(name, "held").examples} == {example.id for example in held.examples}


def test_texts_without_labels_hold_none_that_is_scored_on(folder):
    write_tiny(folder, "TNEWS", "unlabeled", [tiny_record("TNEWS", number) for number in range(5)])
    write_tiny(folder, "TNEWS", "dev_few_all", [tiny_record("TNEWS", number, "100") for number in (1, 3)])
    part = read_fewclue("tnews", "unlabeled")
    assert [example.id for example in part.examples] == [0, 2, 4]
    assert part.dropped == {"in_dev": 2}
    assert part.texts == ["第0条新闻", "第2条新闻", "第4条新闻"]
    with pytest.raises(InvalidValue, match="The unlabeled part of TNEWS has no labels"):
        _ = part.labels
    with pytest.raises(InvalidValue, match="no public texts without labels for OCNLI"):
        read_fewclue("ocnli", "unlabeled")


def test_texts_are_as_a_template_takes_them(folder):
    write_splits(folder, "BUSTM", DEV)
    assert read_fewclue("bustm", "dev", 0).texts[1] == ("打开第1个闹钟", "闹钟1开一下")
    write_splits(folder, "EPRSTMT", DEV)
    assert read_fewclue("eprstmt", "dev", 0).texts[1] == "第1件商品"


def test_the_texts_of_the_leaderboard_are_read_without_labels(folder):
    write_tiny(folder, "TNEWS", "test", [tiny_record("TNEWS", 0) | {"id": "0"}])
    assert read_fewclue("tnews", "test").examples[0].id == "0"


def test_odd_characters_do_not_break_a_line(folder):
    odd = tiny_record("IFLYTEK", 0, "1") | {"sentence": "一\u2028二\u000b三\u0085四"}
    write_tiny(folder, "IFLYTEK", "train_0", [odd, tiny_record("IFLYTEK", 1, "1")])
    assert read_fewclue("iflytek", "train").texts == [odd["sentence"], "第1款应用"]


def test_mistakes_are_said(folder):
    with pytest.raises(InvalidValue, match="Unknown part 'test_public'"):
        read_fewclue("csl", "test_public")
    with pytest.raises(InvalidValue, match="leaves nothing to score on"):
        held_out("csl", "few_all")
    with pytest.raises(FileProblem, match=r"csl/train_2\.json of FewCLUE is not on this machine"):
        read_fewclue("csl", "train", 2)
    write_tiny(folder, "CSL", "train_2", [])
    with pytest.raises(InvalidValue, match=r"train_2\.json has no records"):
        read_fewclue("csl", "train", 2)
    path = write_tiny(folder, "CSL", "train_2", [tiny_record("CSL", 1, "1"), {"id": 2}])
    with pytest.raises(InvalidValue, match=r"Line 2 of .*train_2\.json has the label None"):
        read_fewclue("csl", "train", 2)
    path.write_bytes("中".encode("gb18030"))
    with pytest.raises(InvalidValue, match="is not UTF-8"):
        read_fewclue("csl", "train", 2)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """One cache for the real files, so that each is unpacked once."""
    return tmp_path_factory.mktemp("cache")


NUM_FEW_ALL = {
    "EPRSTMT": (160, 160),
    "TNEWS": (1185, 1098),
    "OCNLI": (160, 160),
    "BUSTM": (160, 160),
    "CSL": (160, 160),
    "CHID": (202, 202),
    "CLUEWSC": (160, 159),
}
# Development and held-out records of each split.
NUM_HELD = {
    "EPRSTMT": (104, 103, 104, 103, 104),
    "CSLDCP": (268,),
    "TNEWS": (858,) * 5,
    "IFLYTEK": (360,),
    "OCNLI": (126,) * 5,
    "BUSTM": (124,) * 5,
    "CSL": (126, 126, 127, 126, 126),
    "CHID": (160,) * 5,
    "CLUEWSC": (89, 93, 88, 90, 88),
}


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", FEWCLUE_TASKS)
def test_the_real_files_are_read_whole_and_nothing_leaks(monkeypatch, cache, name):
    monkeypatch.setenv("BAIHUA_CACHE", str(cache))
    task = FEWCLUE_TASKS[name]
    for split in task.splits:
        train, dev, held = (read_fewclue(name, part, split) for part in ("train", "dev", "held"))
        whole = dev.dropped.get("other_half", 0) + len(dev)
        assert (len(train), whole, len(held)) == (task.num_train, task.num_dev, NUM_HELD[name][split])
        assert set(train.labels) == set(task.labels)
        assert len(set(held.labels)) == (
            117 if name == "IFLYTEK" else len(task.labels)
        )  # two apps are in train_0 alone
        seen = {example.key for example in (*train.examples, *dev.examples)}
        keys = [example.key for example in held.examples]
        assert len(set(keys)) == len(keys)
        assert not seen & set(keys)
        assert held.dropped["in_train"] == held.dropped["contradictory"] == 0
        others = len(task.splits) - 1
        if others:
            assert len(held) + sum(held.dropped.values()) == others * task.num_dev
    if name in NUM_FEW_ALL:
        assert tuple(len(read_fewclue(name, part, "few_all")) for part in ("train", "dev")) == NUM_FEW_ALL[name]


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("name", ["CSL", "CLUEWSC"])
def test_no_passage_is_shared_between_training_and_held_out_texts(monkeypatch, cache, name):
    monkeypatch.setenv("BAIHUA_CACHE", str(cache))

    def passages(part):
        if name == "CSL":
            return {example.text_b for example in part.examples}
        return {example.text_a.translate({ord(mark): None for mark in "_[]"}) for example in part.examples}

    for split in range(5):
        assert not passages(read_fewclue(name, "train", split)) & passages(read_fewclue(name, "held", split))


@pytest.mark.data
@needs_data
def test_the_marked_places_of_every_passage_are_right(monkeypatch, cache):
    """A wrong position would be refused by the reader; what it marks is what the claim is about."""
    monkeypatch.setenv("BAIHUA_CACHE", str(cache))
    for part in ("train", "dev"):
        for example in read_fewclue("cluewsc", part, "few_all").examples:
            noun, pronoun = (example.text_a[start:end] for start, end in example.spans)
            assert example.text_b == f"{pronoun}指的是{noun}"
            assert pronoun in ("他", "她", "它", "他们", "她们", "它们")


@pytest.mark.data
@needs_data
@pytest.mark.parametrize(("name", "count", "in_dev"), [("EPRSTMT", 19565, 6), ("BUSTM", 4251, 0)])
def test_the_real_texts_without_labels_hold_none_that_is_scored_on(monkeypatch, cache, name, count, in_dev):
    monkeypatch.setenv("BAIHUA_CACHE", str(cache))
    part = read_fewclue(name, "unlabeled")
    assert (len(part), part.dropped) == (count - in_dev, {"in_dev": in_dev})
    scored = {example.key for split in range(5) for example in held_out(name, split).examples}
    assert not scored & {example.key for example in part.examples}
