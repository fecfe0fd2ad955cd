"""What each file of a CLUE or FewCLUE submission must be: its name, its answers, and the test it answers where that is here.

Boards score the rows of a file in their order; ids are strings in CLUE (numbers in CLUENER, whose lines are whole records) and,
but for TNEWS, numbers in FewCLUE.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from baihua.benchmarks.clue_reader import read_clue
from baihua.benchmarks.clue_tasks import CLUE_TASKS, VERSIONS, ClueTask, find_task, tasks_of_board
from baihua.benchmarks.fewclue_reader import read_fewclue
from baihua.benchmarks.fewclue_submission import SPLITS, submission_name
from baihua.benchmarks.fewclue_tasks import FEWCLUE_TASKS, FewClueTask
from baihua.benchmarks.fewclue_tasks import find_task as find_fewclue_task
from baihua.benchmarks.idiom_blanks import BLANK
from baihua.checks import FileProblem, check_choice, check_texts
from baihua.language import say

BOARDS = (*VERSIONS, "fewclue", "fewclue-several")
_NUMBER, _QUESTION = re.compile(r"\d+"), re.compile(r"\w+_QUERY_\d+")


@dataclass(frozen=True)
class KnownTest:
    """A test that is on this machine.

    Args:
        ids: in its order, as strings.
        texts: of CLUENER, the text of each.
        num_choices: of C3, how many choices each question has.
    """

    ids: tuple[str, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    num_choices: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FileRule:
    """What one file must be.

    Args:
        name: its name.
        task: of which task.
        form: ``"lines"``: a JSON object a line, ``{"id", "label"}``; ``"object"``: one JSON object, id to answer;
            ``"entities"``: a record of CLUENER a line.
        labels: what may be answered; nothing for any text.
        descriptions: what the files of the task call each label.
        field: the field of the answer, where there are lines.
        id_type: ``"string"`` or ``"number"``.
        answer_type: ``"string"``, ``"number"`` or ``"either"``.
        id_form: what an id looks like.
        num_answers: how many there are to be; None where it is not known.
        test: the test, where it is on this machine.
        places: whether labels are places in a list, so that a wrong one is out of range.
    """

    name: str
    task: str
    form: str
    labels: tuple[str, ...]
    descriptions: Mapping[str, str] = field(default_factory=dict)
    field: str = "label"
    id_type: str = "string"
    answer_type: str = "string"
    id_form: re.Pattern[str] = _NUMBER
    num_answers: int | None = None
    test: KnownTest | None = None
    places: bool = False

    @property
    def note(self) -> str | None:
        """What is to be said of the test: that it is not here, or is not as long as the official one."""
        if self.test is None:
            return say(
                zh=f"{self.name}：这台机器上没有 {self.task} 的测试文件，id 只核对了数量与样子。",
                en=f"{self.name}: the test file of {self.task} is not on this machine, so that ids were checked by count and form "
                "alone.",
            )
        if self.num_answers in (None, len(self.test.ids)):
            return None
        return say(
            zh=f"{self.name}：这台机器上 {self.task} 的测试文件有 {len(self.test.ids)} 条，正式的有 {self.num_answers} 条；"
            "也许是旧版的压缩包，请重新下载。",
            en=f"{self.name}: the test file of {self.task} on this machine has {len(self.test.ids)} records, the official one "
            f"{self.num_answers}. It may be of an older zip: fetch it again.",
        )


@dataclass(frozen=True)
class BoardRules:
    """What a submission to one board must hold.

    Args:
        needed: the files that must be there.
        welcome: files that may be there too, and are checked if they are.
        elsewhere: names of files of the other version, with the name that this one has in their place.
    """

    needed: tuple[FileRule, ...]
    welcome: tuple[FileRule, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def board_rules(board: str, tasks: Iterable[str] | None = None) -> BoardRules:
    """Return what a board wants.

    Args:
        board: ``"1.0"`` or ``"1.1"`` of CLUE, ``"fewclue"``, or ``"fewclue-several"`` for the board of several splits.
        tasks: those that are handed in; None for all the board has.

    Raises:
        InvalidValue: for an unknown board or task.
    """
    check_choice("version", board, BOARDS)
    names = None if tasks is None else check_texts(tasks, "tasks")
    if board in VERSIONS:
        return _clue_rules(board, names)
    few = list(FEWCLUE_TASKS.values()) if names is None else [find_fewclue_task(name) for name in names]
    splits: Sequence[int | str | None] = SPLITS if board == "fewclue-several" else (None,)
    return BoardRules(tuple(rule for task in few for rule in _fewclue_rules(task, splits)))


def _clue_rules(version: str, names: Sequence[str] | None) -> BoardRules:
    wanted = tasks_of_board(version) if names is None else tuple(find_task(name) for name in names)
    others = [task for task in CLUE_TASKS.values() if task not in wanted]
    other_version = next(other for other in VERSIONS if other != version)
    elsewhere = {
        task.submission(other_version).name: task.submission(version).name
        for task in CLUE_TASKS.values()
        if task.submission(other_version).name != task.submission(version).name
    }
    return BoardRules(
        tuple(_clue_rule(task, version) for task in wanted),
        tuple(_clue_rule(task, version) for task in others),
        elsewhere,
    )


def _clue_rule(task: ClueTask, version: str) -> FileRule:
    file = task.submission(version)
    entities, reading, idioms = (task.kind == kind for kind in ("entities", "reading", "idioms"))
    return FileRule(
        file.name,
        task.name,
        form="entities" if entities else "object" if reading or idioms else "lines",
        labels=task.labels,
        descriptions={} if entities else task.descriptions,
        id_type="number" if entities else "string",
        answer_type="number" if idioms else "string",
        id_form=BLANK if idioms else _QUESTION if reading else _NUMBER,
        num_answers=file.num_answers,
        test=_clue_test(task, version),
        places=task.kind in ("idioms", "choices"),
    )


def _clue_test(task: ClueTask, version: str) -> KnownTest | None:
    try:
        part = read_clue(task.name, "test", version)
    except FileProblem:
        return None
    texts = {example.id: example.text for example in part.examples} if task.kind == "entities" else {}
    choices = {example.id: len(example.choices) for example in part.examples} if task.kind == "choices" else {}
    return KnownTest(tuple(part.ids), texts, choices)


def _fewclue_rules(task: FewClueTask, splits: Sequence[int | str | None]) -> list[FileRule]:
    try:
        known = [example.id for example in read_fewclue(task.name, "test").examples]
    except FileProblem:
        known = []
    idioms = task.kind == "idiom choice"
    return [
        FileRule(
            submission_name(task.name, split),
            task.name,
            form="lines",
            labels=task.labels,
            field=task.label_field,
            id_type="string" if task.name == "TNEWS" else "number",
            # The official example has numbers, that of an official baseline strings.
            answer_type="either" if idioms else "string",
            num_answers=task.num_test,
            test=KnownTest(tuple(map(str, known))) if known else None,
            places=idioms,
        )
        for split in splits
    ]
