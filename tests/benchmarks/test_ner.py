"""Public sets of marked entities, made in small: read from their own formats, and scored seed by seed with records to go on from."""

import hashlib
import json
import os
import warnings
from dataclasses import replace

import numpy as np
import pytest
from tiny_models import CHARACTERS, make_bert

from baihua.benchmarks import ner
from baihua.benchmarks.datasets import DATASETS
from baihua.benchmarks.ner import HELD_ASIDE, NER_SETS, NerRow, evaluate_ner, read_ner, some_of, train_one
from baihua.checks import FileProblem, InvalidValue
from baihua.results import Result
from baihua.tasks.extraction.settings import ExtractionSettings
from baihua.text.entities import Entity, EntityTexts
from baihua.text.entity_files import write_entity_file

WRITTEN_AS = {"ResumeNER": "bmes", "WeiboNER": "bio", "PeoplesDailyNER": "bio", "CLUENER": "cluener", "CMeEE": "lines"}
ROW = NerRow(
    "global_pointer", seeds=(0, 1), epochs=4, settings=ExtractionSettings(learning_rate=1e-2, batch_size=8, max_width=4)
)


def make_texts(num, seed, *, nested=False):
    """Texts in which 国 is always a place and 手机 always a thing, whose 机 is one too where entities may nest."""
    rng = np.random.default_rng(seed)
    letters = [character for character in dict.fromkeys(CHARACTERS) if character not in "国手机，。？！"]
    texts, entities = [], []
    for _ in range(num):
        characters = rng.choice(letters, size=12)
        place, thing = rng.choice(np.arange(0, 12, 3), size=2, replace=False).tolist()
        characters[place], characters[thing], characters[thing + 1] = "国", "手", "机"
        inner = [Entity(thing + 1, thing + 2, "物")] if nested else []
        texts.append("".join(characters))
        entities.append(sorted([Entity(place, place + 1, "地"), Entity(thing, thing + 2, "物"), *inner]))
    return EntityTexts(texts, entities)


def write(folder, name, file, texts):
    """Write a file of a set as the set has it."""
    path = folder / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    if WRITTEN_AS[name] != "lines":
        write_entity_file(path, texts, WRITTEN_AS[name])
        return
    lines = [
        "|||".join([text, *(f"{one.start}    {one.end - 1}    {one.type}" for one in mine), ""])
        for text, mine in zip(texts.texts, texts.entities, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_set(folder, name, train=40, dev=15):
    """Write a whole set and return what is in its files."""
    record = NER_SETS[name]
    parts = {record.train: make_texts(train, 0, nested=record.nested)}
    if record.dev != record.train:
        parts[record.dev] = make_texts(dev, 1, nested=record.nested)
    for file, texts in parts.items():
        write(folder, name, file, texts)
    return parts


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    (tmp_path / "sets").mkdir()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path / "sets"


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ner") / "model"
    make_bert(folder, num_hidden_layers=1)
    return str(folder)


@pytest.fixture
def resumes(folder):
    return write_set(folder, "ResumeNER")


@pytest.fixture
def run(resumes, encoder, tmp_path):
    """Return a function that measures the cell of ResumeNER, with some of the row changed."""

    def measured(folder=tmp_path, **changes):
        (result,) = evaluate_ner(["ResumeNER"], replace(ROW, **{"encoder": encoder} | changes), folder=folder)
        return result

    return measured


@pytest.fixture
def trained(monkeypatch):
    """The seeds that are trained from here on."""
    seeds, train = [], ner.train_one

    def counting(name, row, seed, texts):
        seeds.append(seed)
        return train(name, row, seed, texts)

    monkeypatch.setattr(ner, "train_one", counting)
    return seeds


# Reading.


@pytest.mark.parametrize("name", [name for name, one in NER_SETS.items() if one.train != one.dev])
def test_a_set_of_two_files_is_read_as_it_was_written(folder, name):
    parts = write_set(folder, name)
    train, dev, data = read_ner(name)
    assert [(part.texts, part.entities) for part in (train, dev)] == [(p.texts, p.entities) for p in parts.values()]
    assert data == {file: "sha256:" + hashlib.sha256((folder / name / file).read_bytes()).hexdigest() for file in parts}


@pytest.mark.parametrize("num", [1, 5, 6, 33])
def test_of_a_set_of_one_file_every_fifth_text_is_held_aside(folder, num):
    (whole,) = write_set(folder, "PeoplesDailyNER", num).values()
    train, dev, data = read_ner("PeoplesDailyNER")
    assert list(data) == ["example.dev"]
    assert dev.texts == whole.texts[::HELD_ASIDE]
    assert not set(train.texts) & set(dev.texts)
    pairs = [*zip(train.texts, train.entities, strict=True), *zip(dev.texts, dev.entities, strict=True)]
    assert sorted(pairs) == sorted(zip(whole.texts, whole.entities, strict=True))


def test_some_of_the_texts_keep_their_entities():
    texts = EntityTexts(["在中国", "他", "手机"], [[Entity(1, 3, "地")], [], [Entity(0, 2, "物")]])
    assert some_of(texts, np.array([2, 0])) == EntityTexts(
        ["手机", "在中国"], [[Entity(0, 2, "物")], [Entity(1, 3, "地")]]
    )


def test_every_file_of_every_set_is_a_recorded_one():
    for one in NER_SETS.values():
        assert {one.train, one.dev} <= {item.file for item in DATASETS[one.name].files}


def test_an_unknown_set_and_a_missing_one(folder, encoder):
    with pytest.raises(InvalidValue, match="Unknown name 'WeiboNer'.*Did you mean 'WeiboNER'"):
        read_ner("WeiboNer")
    with pytest.raises(FileProblem, match="Run: baihua data download ResumeNER"):
        evaluate_ner(["ResumeNER"], replace(ROW, encoder=encoder))
    with pytest.raises(FileProblem, match="train_data.txt of CMeEE is not on this machine. Once you have it, run"):
        read_ner("CMeEE")
    write(folder, "WeiboNER", NER_SETS["WeiboNER"].train, make_texts(5, 0))
    with pytest.raises(FileProblem, match=r"weiboNER_2nd_conll.dev of WeiboNER is not on this machine"):
        read_ner("WeiboNER")


# What is measured and kept.


def test_a_record_says_what_was_measured(run, resumes, encoder, folder, tmp_path):
    result = run()
    assert result.name == "ner/ResumeNER/dev/model/global_pointer/batch_size=8/learning_rate=0.01/max_width=4/epochs=4"
    assert (result.metric, result.seeds, result.num_examples) == ("f1", (0, 1), 15)
    assert result.data == read_ner("ResumeNER")[2]
    facts = {"encoder": encoder, "head": "global_pointer", "epochs": 4, "batch_size": 8, "num_train": None}
    assert facts.items() <= result.settings.items()
    assert Result.from_dict(json.loads((tmp_path / f"{result.name}.json").read_text(encoding="utf-8"))) == result


def test_the_value_is_the_f1_of_an_extractor_trained_on_the_training_texts_alone(run, resumes, encoder):
    result = run(folder=None, epochs=5)
    (train, dev), row = resumes.values(), replace(ROW, encoder=encoder, epochs=5)
    for seed, value in zip(result.seeds, result.values, strict=True):
        scores = train_one("ResumeNER", row, seed, train).evaluate(dev.texts, dev.entities)
        assert value == scores.f1 > 0.3
        kept = result.settings["of_each_seed"][str(seed)]
        assert (kept["precision"], kept["recall"], kept["num_lost"]) == (scores.precision, scores.recall, 0)
    assert result.values[0] != result.values[1]


@pytest.mark.parametrize("head", ["global_pointer", "crf"])
def test_where_entities_nest_they_are_all_scored(folder, encoder, head):
    """Of six entities in two texts a CRF can learn but four, and loses the others."""
    write_set(folder, "CMeEE")
    (result,) = evaluate_ner(["CMeEE"], replace(ROW, head=head, encoder=encoder, seeds=(0,), epochs=30))
    more = result.settings["of_each_seed"]["0"]
    if head == "crf":
        assert more["recall"] <= 2 / 3
        assert more["recall_depth_1"] == 0 < more["recall_depth_0"]
    else:
        assert more["recall"] > 2 / 3
        assert more["recall_depth_1"] > 0


def test_several_sets_each_have_their_own_record(folder, encoder, tmp_path):
    names = ["PeoplesDailyNER", "ResumeNER"]
    for name in names:
        write_set(folder, name, train=20, dev=5)
    results = evaluate_ner(names, replace(ROW, encoder=encoder, seeds=(3,), epochs=1), folder=tmp_path / "kept")
    assert [result.name.split("/")[1] for result in results] == names
    assert [result.num_examples for result in results] == [4, 5]
    assert len(list((tmp_path / "kept").rglob("*.json"))) == 2


def test_the_epochs_are_those_of_the_set_unless_the_row_says_otherwise(resumes, encoder):
    (train, _), row = resumes.values(), replace(ROW, encoder=encoder)
    few = some_of(train, np.arange(8))
    assert train_one("ResumeNER", replace(row, epochs=None), 0, few).settings.epochs == NER_SETS["ResumeNER"].epochs
    assert train_one("ResumeNER", replace(row, epochs=2), 7, few).settings == replace(row.settings, epochs=2, seed=7)


def test_a_sample_is_the_same_texts_for_every_seed(run, resumes, monkeypatch):
    given, fit = [], ner.EntityExtractor.fit

    def watched(extractor, texts, entities, **others):
        given.append(list(zip(texts, entities, strict=True)))
        return fit(extractor, texts, entities, **others)

    monkeypatch.setattr(ner.EntityExtractor, "fit", watched)
    assert run(num_train=9, epochs=1).name.endswith("/num_train=9/epochs=1")
    run(num_train=100, epochs=1, seeds=(0,))
    train, _ = resumes.values()
    pairs = list(zip(train.texts, train.entities, strict=True))
    assert given[0] == given[1]
    assert len(given[0]) == 9
    assert given[0] == [pair for pair in pairs if pair in given[0]] != pairs[:9]  # drawn, and left in order
    assert given[2] == pairs


# Gone on with.


def test_what_is_recorded_is_not_trained_again_and_more_seeds_are_added(run, trained, tmp_path):
    first = run(seeds=(0,))
    file = tmp_path / f"{first.name}.json"
    before = file.read_bytes()
    assert run(seeds=(0,)) == first
    assert file.read_bytes() == before
    more = run(seeds=(2, 0))
    assert trained == [0, 2]
    assert (more.seeds, more.values[0]) == ((0, 2), first.values[0])
    after = file.read_bytes()
    assert run(seeds=(0,)).values == first.values
    assert run(seeds=(2,)).values == more.values[1:]
    assert trained == [0, 2]
    assert file.read_bytes() == after


def test_cut_off_between_two_seeds_the_first_is_kept(run, trained, monkeypatch):
    train = ner.train_one

    def cut(name, row, seed, texts):
        if seed == 1:
            raise KeyboardInterrupt
        return train(name, row, seed, texts)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(ner, "train_one", cut)
        run()
    assert run().seeds == (0, 1)
    assert trained == [0, 1]


def test_other_settings_are_measured_anew(run, trained, encoder, tmp_path):
    usual = run(seeds=(0,))
    others = [
        run(seeds=(0,), settings=replace(ROW.settings, batch_size=4)),
        run(seeds=(0,), epochs=3),
        run(seeds=(0,), head="crf"),
        run(seeds=(0,), num_train=20),
    ]
    assert trained == [0] * 5
    assert len({usual.name, *(other.name for other in others)}) == 5
    run(seeds=(0,), settings=replace(ROW.settings, save_every=7))  # which changes no score
    assert trained == [0] * 5


def test_another_encoder_in_a_folder_of_the_same_name_is_measured_anew(run, trained, tmp_path):
    make_bert(tmp_path / "other" / "model", num_hidden_layers=1, hidden_size=8)
    usual, other = run(), run(encoder=str(tmp_path / "other" / "model"))
    assert trained == [0, 1, 0, 1]
    assert other.name == usual.name
    assert other.values != usual.values


def test_other_texts_under_the_same_name_are_measured_anew(run, trained, folder):
    before = run(seeds=(0,))
    write(folder, "ResumeNER", NER_SETS["ResumeNER"].dev, make_texts(15, 5))
    assert run(seeds=(0,)).data != before.data
    assert trained == [0, 0]


def test_another_encoder_in_the_same_folder_is_measured_anew(run, trained, tmp_path):
    place = tmp_path / "changing" / "model"
    make_bert(place, num_hidden_layers=1)
    run(seeds=(0,), encoder=str(place))
    make_bert(place, num_hidden_layers=2)
    run(seeds=(0,), encoder=str(place))
    assert trained == [0, 0]


def damage(record, kind):
    match kind:
        case "half":
            return json.dumps(record)[:300]
        case "nothing":
            return ""
        case "a list":
            return "[]"
        case "no value":
            return json.dumps({key: value for key, value in record.items() if key != "values"})
        case "one value too few":
            return json.dumps(record | {"values": record["values"][:1]})
        case "a seed without its numbers":
            return json.dumps(record | {"settings": record["settings"] | {"of_each_seed": {"0": {}}}})


@pytest.mark.parametrize(
    "kind",
    [
        "half",
        "nothing",
        "a list",
        "no value",
        "one value too few",
        "a seed without its numbers",
    ],
)
def test_a_record_that_is_not_whole_is_named_and_left_alone(run, trained, tmp_path, kind):
    file = tmp_path / f"{run(epochs=1).name}.json"
    broken = damage(json.loads(file.read_text(encoding="utf-8")), kind)
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(InvalidValue, match=r"epochs=1\.json is not a whole record .*Delete it and run again"):
        run(epochs=1)
    assert file.read_text(encoding="utf-8") == broken
    assert trained == [0, 1]


# The public sets themselves.


@pytest.mark.data
@pytest.mark.skipif("BAIHUA_DATA" not in os.environ, reason="needs the public sets in BAIHUA_DATA")
@pytest.mark.parametrize("name", NER_SETS)
def test_the_real_sets_have_the_same_types_to_learn_and_to_score(name, monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train, dev, _ = read_ner(name)
    assert set(dev.types) <= set(train.types)
    nested = [
        any(one.start <= two.start and two.end <= one.end for one in mine for two in mine if one != two)
        for mine in dev.entities
    ]
    assert (sum(nested) > 0.1 * len(nested)) == NER_SETS[name].nested
