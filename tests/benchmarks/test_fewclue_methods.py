"""How each method answers each kind of task: with labels of the task, without a look at the answers."""

import warnings
from dataclasses import replace

import pytest
from tiny_fewclue import IDIOMS, write_splits

from baihua.benchmarks.fewclue_methods import METHODS, FewClueRow, answer, template_of
from baihua.benchmarks.fewclue_reader import FewClueExamples, read_fewclue
from baihua.benchmarks.fewclue_records import Example
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, find_task
from baihua.benchmarks.fewclue_templates import find_template
from baihua.checks import InvalidValue
from baihua.tasks.classification.settings import ClassificationSettings
from baihua.tasks.prompting.settings import PromptSettings
from baihua.text.template import Template

DEV = ([0, 1], [2, 3], [4, 5], [6, 7], [8, 9])
ONE_OF_EACH_KIND = ("EPRSTMT", "BUSTM", "CSL", "CHID", "CLUEWSC")


def quick(method):
    return FewClueRow(
        method,
        classification=ClassificationSettings(epochs=1, least_steps=2, num_pairs=8),
        prompting=PromptSettings(epochs=1, least_steps=2),
    )


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*differs from the pinned file")
        yield tmp_path


def parts_of(folder, name):
    write_splits(folder, name, DEV)
    return [read_fewclue(name, part, 0) for part in ("train", "dev", "held")]


@pytest.mark.parametrize("name", ONE_OF_EACH_KIND)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_every_kind_without_a_look_at_the_answers(folder, name, method):
    task = find_task(name)
    train, dev, held = parts_of(folder, name)
    asked = [replace(one, label=None) for one in held.examples]
    found = answer(quick(method), task, asked, train, dev, 0)
    assert len(found) == len(held)
    assert set(found) <= set(task.labels)


def test_zero_shot_looks_at_no_example(folder):
    train, dev, held = parts_of(folder, "TNEWS")
    turned = replace(train, examples=tuple(replace(one, label="100") for one in train.examples))
    task, row = find_task("TNEWS"), quick("zero_shot")
    assert answer(row, task, held.examples, train, dev, 0) == answer(row, task, held.examples, turned, dev, 0)


@pytest.mark.parametrize("name", list(FEWCLUE_TASKS))
def test_soft_templates_have_the_blanks_of_the_written_ones(name):
    task = find_task(name)
    written, soft = (Template.parse(template_of(FewClueRow(method), task)) for method in ("pet", "p_tuning"))
    assert soft.num_masks == written.num_masks == find_template(name).num_masks
    assert set(soft.fields) == set(written.fields)
    assert soft.num_soft == 8


def idiom_questions(right, num):
    return [Example(number, f"第{number}次", "，果然", str(right), tuple(IDIOMS)) for number in range(num)]


def test_a_method_without_blanks_learns_which_idiom_reads_well():
    train = FewClueExamples("CHID", "train", 0, tuple(idiom_questions(4, 6)), {})
    asked = idiom_questions(0, 9)[6:]
    assert answer(FewClueRow("linear"), find_task("CHID"), asked, train, train, 0) == ["4", "4", "4"]


def test_an_idiom_the_model_cannot_spell_is_never_chosen():
    strange = ("龘龘龘龘", *IDIOMS[1:])
    asked = [replace(one, candidates=strange) for one in idiom_questions(0, 2)]
    train = FewClueExamples("CHID", "train", 0, (*idiom_questions(4, 2), *idiom_questions(5, 2)), {})
    for method in ("zero_shot", "pet"):
        assert "0" not in answer(quick(method), find_task("CHID"), asked, train, train, 0)


def test_an_unknown_method_is_refused():
    with pytest.raises(InvalidValue, match="p_tuning"):
        FewClueRow("ptuning")
