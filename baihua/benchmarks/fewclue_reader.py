"""The parts of a FewCLUE task: what to learn from, what to choose on, what to score on.

Training and development files of the five splits are published; scores of ours are not over ``test_public.json``, which
would be used up by looking at it often. Split k learns from ``train_k``, chooses on ``dev_k`` and is scored on what is held
out: the distinct records of the other development files that are neither in ``train_k`` nor in ``dev_k``.

- The five development files were drawn from one pool, so the held-out records of two splits are mostly the same: five
  scores show the luck of the training files, not that of the texts. An interval belongs to one split.
- CSLDCP and IFLYTEK, of which split 0 alone is measured, have no other file. Their ``dev_0`` is cut in two, label by label in
  the order of a checksum: every other record, the first one included, is held out, the rest is to choose on.
- Several CSL records share an abstract, several CLUEWSC records a passage; those are different questions, and none of them
  is shared between a training file and what is held out. They are less than independent, and an interval a little narrow.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.data import find_file
from baihua.benchmarks.fewclue_records import Example, Line, read_record
from baihua.benchmarks.fewclue_tasks import FewClueTask, check_split, find_task
from baihua.benchmarks.raw_files import open_raw
from baihua.checks import InvalidValue, check_choice

PARTS = ("train", "dev", "held", "unlabeled", "test")
WITHOUT_LABELS = ("unlabeled", "test")


@dataclass(frozen=True)
class FewClueExamples:
    """The examples of one part of a task, in the order of its files.

    Args:
        task: the name of the task.
        part: one of `PARTS`.
        split: the split; None for a part that is the same for all.
        examples: the examples.
        data: each file that was read, with its sha256.
        dropped: how many records were left out, by reason: ``"undecided"`` (annotators did not agree), ``"in_train"`` and
            ``"in_dev"`` (there too), ``"repeated"``, ``"contradictory"`` (one question, two labels), ``"other_half"`` (of a
            file cut in two).
    """

    task: str
    part: str
    split: int | str | None
    examples: tuple[Example, ...]
    data: Mapping[str, str]
    dropped: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def texts(self) -> list[str] | list[tuple[str, str]]:
        """The text of each example, or the pair."""
        pairs = [(example.text_a, example.text_b) for example in self.examples if example.text_b is not None]
        return pairs or [example.text_a for example in self.examples]

    @property
    def labels(self) -> list[str]:
        """The label of each example.

        Raises:
            InvalidValue: for a part without labels.
        """
        labels = [example.label for example in self.examples if example.label is not None]
        if len(labels) != len(self.examples):
            raise InvalidValue(
                zh=f"{self.task} 的 {self.part} 没有标签。", en=f"The {self.part} part of {self.task} has no labels."
            )
        return labels


def read_fewclue(task: str, part: str, split: int | str = 0) -> FewClueExamples:
    """Read one part of a task.

    Args:
        task: one of the nine; capitals do not matter.
        part: ``"train"``; ``"dev"`` to choose on (of CSLDCP and IFLYTEK half of it); ``"held"`` to score on, see
            `held_out`; ``"unlabeled"`` for texts without labels (EPRSTMT, TNEWS, BUSTM, CHID), less those that a development
            file has; ``"test"`` for the leaderboard's texts, without labels.
        split: 0 to 4 (CSLDCP and IFLYTEK: 0), or ``"few_all"`` for the five training or development files in one. No matter
            for ``"unlabeled"`` and ``"test"``.

    Returns:
        The examples; records without an agreed label are left out.

    Raises:
        InvalidValue: for an unknown task, part or split, a broken line, or a file without records or not in UTF-8.
        FileProblem: when a file is not on this machine, saying how to get it, or cannot be read.

    Source:
        Xu et al., "FewCLUE: A Chinese Few-shot Learning Evaluation Benchmark", arXiv 2107.07498.
    """
    record = find_task(task)
    check_choice("part", part, PARTS)
    if part == "held":
        return held_out(task, split)
    if part == "unlabeled":
        return _unlabeled(record)
    if part == "test":
        return _read(record, "test", None)
    read = _read(record, part, check_split(record, split))
    return _half(read, first=False) if part == "dev" and len(record.splits) == 1 else read


def held_out(task: str, split: int | str = 0) -> FewClueExamples:
    """Return what a split is scored on: records of the other development files that it has not seen.

    Args:
        task: one of the nine; capitals do not matter.
        split: 0 to 4 (CSLDCP and IFLYTEK: 0).

    Returns:
        The distinct records, in the order of the files. Two are the same when their texts are, white space around them
        aside; one that carries two labels is left out.

    Raises:
        InvalidValue: for an unknown task or split, or a broken file.
        FileProblem: when a file is not on this machine, saying how to get it, or cannot be read.
    """
    record = find_task(task)
    chosen = check_split(record, split)
    if chosen == "few_all":
        raise InvalidValue(
            zh=f"{record.name} 的 few_all 用到了全部开发集，没有留出的部分；请选 0 到 4。",
            en=f"The few_all split of {record.name} uses all development files and leaves nothing to score on. Choose 0 to 4.",
        )
    train = _read(record, "train", chosen)
    dev = _read(record, "dev", chosen)
    if len(record.splits) == 1:
        return _unseen(train, _half(dev, first=False), [_half(dev, first=True)])
    return _unseen(train, dev, [_read(record, "dev", other) for other in record.splits if other != chosen])


def _unseen(train: FewClueExamples, dev: FewClueExamples, others: Sequence[FewClueExamples]) -> FewClueExamples:
    """Go through records that could be scored on and keep each question once, unless the split has seen it."""
    seen = {"in_train": _keys(train), "in_dev": _keys(dev)}
    dropped = dict.fromkeys((*seen, "repeated", "contradictory"), 0)
    kept: dict[tuple[str, str], list[Example]] = {}
    data = {**train.data, **dev.data}
    for part in others:
        data |= part.data
        for reason, count in part.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + count
        for example in part.examples:
            where = next((where for where, keys in seen.items() if example.key in keys), None)
            if where is not None:
                dropped[where] += 1
            else:
                kept.setdefault(example.key, []).append(example)
    agreed = [same for same in kept.values() if len({_answer(example) for example in same}) == 1]
    dropped["repeated"] = sum(len(same) - 1 for same in agreed)
    dropped["contradictory"] = sum(map(len, kept.values())) - sum(map(len, agreed))
    examples = tuple(same[0] for same in agreed)
    return FewClueExamples(train.task, "held", train.split, examples, data, dropped)


def _keys(part: FewClueExamples) -> set[tuple[str, str]]:
    return {example.key for example in part.examples}


def _answer(example: Example) -> str | None:
    """What the label stands for: in CHID the idiom, whatever the order of the candidates."""
    if example.candidates and example.label is not None:
        return example.candidates[int(example.label)]
    return example.label


def _half(part: FewClueExamples, *, first: bool) -> FewClueExamples:
    """Return every other record of each label in the order of a checksum of the text: the first, or the ones between."""
    ranks: dict[str | None, int] = {}
    chosen: set[int] = set()
    digests = [
        hashlib.sha256("\n".join(example.key).encode(errors="surrogatepass")).hexdigest() for example in part.examples
    ]
    for place in sorted(range(len(part)), key=lambda place: digests[place]):
        label = part.examples[place].label
        if (ranks.setdefault(label, 0) % 2 == 0) == first:
            chosen.add(place)
        ranks[label] += 1
    examples = tuple(example for place, example in enumerate(part.examples) if place in chosen)
    return replace(part, examples=examples, dropped={**part.dropped, "other_half": len(part) - len(examples)})


def _unlabeled(task: FewClueTask) -> FewClueExamples:
    """Texts without labels, less those scored on: knowing the texts of a test is a help even without its answers."""
    if not task.unlabeled:
        raise InvalidValue(
            zh=f"{task.name} 没有公开的无标签文本。", en=f"There are no public texts without labels for {task.name}."
        )
    part, dev = _read(task, "unlabeled", None), _read(task, "dev", "few_all")
    keys = _keys(dev)
    examples = tuple(example for example in part.examples if example.key not in keys)
    dropped = {**part.dropped, "in_dev": len(part) - len(examples)}
    return replace(part, examples=examples, data={**part.data, **dev.data}, dropped=dropped)


def _read(task: FewClueTask, part: str, split: int | str | None) -> FewClueExamples:
    """Read one file."""
    file = f"{task.folder}/{part}.json" if split is None else f"{task.folder}/{part}_{split}.json"
    path = find_file("FewCLUE", file)
    labelled = part not in WITHOUT_LABELS
    with open_raw(path) as stream:
        read = [
            read_record(task, line, Line(path, number), labelled=labelled)
            for number, line in enumerate(stream, start=1)
            if line.strip()
        ]
    if not read:
        raise InvalidValue(
            zh=f"{path} 里没有一条记录；请取原始文件。", en=f"{path} has no records. Fetch the raw file."
        )
    examples = tuple(example for example in read if example is not None)
    undecided = len(read) - len(examples)
    data = {file: f"sha256:{sha256_of(path)}"}
    return FewClueExamples(task.name, part, split, examples, data, {"undecided": undecided} if undecided else {})
