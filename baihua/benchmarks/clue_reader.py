"""The parts of a task of CLUE, read record by record: what to learn from, to choose on, and to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.clue_documents import read_choices, read_passages
from baihua.benchmarks.clue_fields import nothing_in
from baihua.benchmarks.clue_files import ClueFiles, find_clue_files
from baihua.benchmarks.clue_idioms import read_fewclue_idioms, read_idioms
from baihua.benchmarks.clue_lines import read_classified, read_entities
from baihua.benchmarks.clue_tasks import CLASSIFICATION, ClueTask, check_version, find_task
from baihua.checks import InvalidValue, check_choice

PARTS = ("train", "dev", "test")


@dataclass(frozen=True)
class ClueExamples:
    """The examples of one part of a task, in the order of its files.

    Args:
        task: the name of the task.
        part: one of `PARTS`.
        version: of the test; no matter for the others.
        examples: of the class that `baihua.benchmarks.clue_records` names for the task.
        data: each file that was read, with its sha256.
        dropped: how many records were left out, by reason: ``"undecided"`` (annotators did not agree).
    """

    task: str
    part: str
    version: str
    examples: tuple[Any, ...]
    data: Mapping[str, str]
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def num_items(self) -> int:
        """How much was read, left out or not, in the unit of the task: of CMRC2018 the questions."""
        if find_task(self.task).kind == "reading":
            return sum(len(passage.questions) for passage in self.examples)
        return len(self.examples) + sum(self.dropped.values())

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the official part, not a sample of it."""
        return self.num_items >= find_task(self.task).size(self.part, self.version)

    @property
    def texts(self) -> list[str] | list[tuple[str, str]]:
        """The text of each example, or the pair, of a classification task.

        Raises:
            InvalidValue: for a task of another kind.
        """
        self._check_classified()
        pairs = [(example.text_a, example.text_b) for example in self.examples if example.text_b is not None]
        return pairs or [example.text_a for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The label of each example of a classification task.

        Raises:
            InvalidValue: for a task of another kind, or a part without labels.
        """
        self._check_classified()
        labels = [example.label for example in self.examples if example.label is not None]
        if len(labels) != len(self.examples):
            raise InvalidValue(
                zh=f"{self.task} 的 {self.part} 没有标签。", en=f"The {self.part} part of {self.task} has no labels."
            )
        return labels

    @property
    def ids(self) -> list[str]:
        """The ids that are handed in, in the order of the file: of questions in CMRC2018, of blanks in CHID.

        Example:
            >>> from baihua.benchmarks.clue_records import IdiomExample
            >>> line = IdiomExample("0", ("#idiom000007#…",), ("一帆风顺",) * 10, ("#idiom000007#",), None)
            >>> ClueExamples("CHID", "test", "1.1", (line,), {}).ids
            ['#idiom000007#']
        """
        kind = find_task(self.task).kind
        if kind == "reading":
            return [question.id for passage in self.examples for question in passage.questions]
        if kind == "idioms":
            return [blank for line in self.examples for blank in line.blanks]
        return [example.id for example in self.examples]

    def _check_classified(self) -> None:
        kind = find_task(self.task).kind
        if kind not in CLASSIFICATION:
            raise InvalidValue(
                zh=f"{self.task} 不是分类任务（{kind}）；请直接用 examples。",
                en=f"{self.task} is no classification task ({kind}). Use its examples themselves.",
            )


def read_clue(task: str, part: str, version: str = "1.1") -> ClueExamples:
    """Read one part of a task.

    Args:
        task: one of the eleven; capitals do not matter.
        part: ``"train"``, ``"dev"``, or ``"test"`` for the texts of the board, without labels.
        version: of the test: ``"1.0"`` or ``"1.1"``.

    Returns:
        The examples; records without an agreed label are left out. What was not the official file stands in ``data``, and
        ``is_whole`` tells a sample.

    Raises:
        InvalidValue: for an unknown task, part or version, a broken line, or a file without records or not in UTF-8.
        FileProblem: when a file is not on this machine, saying how to get it, or cannot be read.

    Source:
        Xu et al., "CLUE: A Chinese Language Understanding Evaluation Benchmark", COLING 2020.
    """
    record = find_task(task)
    check_choice("part", part, PARTS)
    check_version(version)
    files = find_clue_files(record, part, version)
    examples, num_undecided = _read(record, files, labelled=part != "test")
    if not examples:
        raise nothing_in(files.paths[0])
    return ClueExamples(
        record.name,
        part,
        version,
        tuple(examples),
        {name: f"sha256:{sha256_of(path)}" for name, path in zip(files.names, files.paths, strict=True)},
        {"undecided": num_undecided} if num_undecided else {},
    )


def _read(task: ClueTask, files: ClueFiles, *, labelled: bool) -> tuple[list[Any], int]:
    """Return the examples, and how many had no agreed label."""
    first = files.paths[0]
    if task.kind == "reading":
        return list(read_passages(first, labelled=labelled)), 0
    if task.kind == "choices":
        return [example for path in files.paths for example in read_choices(path, labelled=labelled)], 0
    if task.kind == "idioms":
        few = files.form == "FewCLUE"
        return list(read_fewclue_idioms(first) if few else read_idioms(first, files.paths[1] if labelled else None)), 0
    if task.kind == "entities":
        return list(read_entities(task, first, labelled=labelled)), 0
    examples, num_undecided = read_classified(task, first, labelled=labelled)
    return list(examples), num_undecided
