"""The eleven tasks of CLUE as frozen records: what is asked, the labels, how many records there are, what is handed in.

There are two boards. Version 1.1 (since 2021) has newer test files of TNEWS, WSC, CHID and C3, and OCNLI in the place of CMNLI; the
other files serve both. CLUENER has a board of its own.

Sources:
    https://github.com/CLUEbenchmark/CLUE and https://github.com/bojone/CLUE-bert4keras for sizes, fields and the names of
    files; the numbers of the newer tests of WSC, CHID and C3 are of the data card of ``clue`` in huggingface/datasets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from baihua.benchmarks.clue_labels import CLUENER_TYPES, NLI, TNEWS_DESCRIPTIONS
from baihua.benchmarks.fewclue_labels import IFLYTEK, TNEWS
from baihua.checks import check_choice

CLASSIFICATION = ("single text", "pair", "spans marked", "keywords")
KINDS = (*CLASSIFICATION, "reading", "idioms", "choices", "entities")
METRICS = ("accuracy", "exact_match", "macro_f1")
VERSIONS = ("1.0", "1.1")
ADDRESS = "https://storage.googleapis.com/cluebenchmark/tasks"


def _files(
    train: tuple[str, ...] = ("train.json",),
    dev: tuple[str, ...] = ("dev.json",),
    tests: tuple[str, str] = ("test.json", "test.json"),
) -> dict[str, tuple[str, ...]]:
    return {"train": train, "dev": dev, "test1.0": (tests[0],), "test1.1": (tests[1],)}


def _sizes(train: int, dev: int, test: int, newer: int | None = None) -> dict[str, int]:
    return {"train": train, "dev": dev, "test1.0": test, "test1.1": newer or test}


@dataclass(frozen=True)
class SubmissionFile:
    """A file that is handed in.

    Args:
        name: its name, at the root of the zip.
        num_answers: answers it holds, one a line but for CHID and CMRC2018; None where it is not published (the blanks of CHID).
    """

    name: str
    num_answers: int | None


@dataclass(frozen=True)
class ClueTask:
    """One task.

    Args:
        name: as on the board.
        title: what is asked, as ``{"zh": …, "en": …}``.
        kind: one of `KINDS`; it decides how a record becomes an example, see `baihua.benchmarks.clue_records`.
        words: each label, in the official order, with the Chinese a person would use for it; of CMRC2018 none.
        sizes: how much there is in each part, in the unit of `unit`: ``"train"``, ``"dev"``, ``"test1.0"`` and ``"test1.1"``.
        files: the files of the official zip that each part is read from.
        zipped: how the name of the official zip begins, where not like the folder's.
        stem: how the names of the files handed in begin, where not like the folder's.
        boards: the versions whose board asks for the task.
        metric: one of `METRICS`.
        descriptions: each label with what the files call it beside its number (``label_desc``, in IFLYTEK ``label_des``).
        unit: what is counted: ``"records"``, ``"questions"`` or, of CHID, ``"lines"``.

    Raises:
        InvalidValue: for an unknown kind or metric.
    """

    name: str
    title: Mapping[str, str]
    kind: str
    words: Mapping[str, str]
    sizes: Mapping[str, int]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=_files)
    zipped: str = ""
    stem: str = ""
    boards: tuple[str, ...] = VERSIONS
    metric: str = "accuracy"
    descriptions: Mapping[str, str] = field(default_factory=dict)
    unit: str = "records"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        check_choice("metric", self.metric, METRICS)

    @property
    def folder(self) -> str:
        """The folder its files stand in."""
        return self.name.lower()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the official order."""
        return tuple(self.words)

    @property
    def archive(self) -> str:
        """The official zip."""
        return f"{self.zipped or self.folder}_public.zip"

    @property
    def address(self) -> str:
        """Where the official zip is to be had."""
        return f"{ADDRESS}/{self.archive}"

    def size(self, part: str, version: str = "1.1") -> int:
        """Return how much an official part holds, in the unit of `unit`; rows without an agreed label count.

        Args:
            part: ``"train"``, ``"dev"`` or ``"test"``.
            version: matters to the test alone.

        Raises:
            InvalidValue: for an unknown part or version.
        """
        check_choice("part", part, ("train", "dev", "test"))
        if part == "test":
            return self.sizes[f"test{check_version(version)}"]
        return self.sizes[part]

    def submission(self, version: str = "1.1") -> SubmissionFile:
        """Return the file handed in; its name tells the version where the versions have tests of their own.

        Raises:
            InvalidValue: for an unknown version.

        Example:
            >>> find_task("tnews").submission("1.0"), find_task("afqmc").submission("1.0").name
            (SubmissionFile(name='tnews10_predict.json', num_answers=10000), 'afqmc_predict.json')
        """
        count = self.size("test", version)
        number = "" if self.files["test1.0"] == self.files["test1.1"] else version.replace(".", "")
        return SubmissionFile(
            f"{self.stem or self.folder}{number}_predict.json", None if self.unit == "lines" else count
        )


def check_version(version: str) -> str:
    """Return a version of the board.

    Raises:
        InvalidValue: for what is none.
    """
    return check_choice("version", version, VERSIONS)


CLUE_TASKS = {
    task.name: task
    for task in (
        ClueTask(
            name="AFQMC",
            title={
                "zh": "对花呗借呗的两句提问是否同一个意思",
                "en": "do two questions on a payment service mean the same",
            },
            kind="pair",
            words={"0": "不同", "1": "相同"},
            sizes=_sizes(34334, 4316, 3861),
        ),
        ClueTask(
            name="TNEWS",
            title={"zh": "新闻标题属于哪个版面", "en": "to which section a headline belongs"},
            kind="single text",
            words=TNEWS,
            files=_files(tests=("test1.0.json", "test.json")),
            sizes=_sizes(53360, 10000, 10000),
            descriptions=TNEWS_DESCRIPTIONS,
        ),
        ClueTask(
            name="IFLYTEK",
            title={"zh": "应用介绍说的是哪一类应用", "en": "which kind of app a description is about"},
            kind="single text",
            words={str(number): name for number, name in enumerate(IFLYTEK)},
            sizes=_sizes(12133, 2599, 2600),
            descriptions={str(number): name for number, name in enumerate(IFLYTEK)},
        ),
        ClueTask(
            name="CMNLI",
            title={
                "zh": "由前句能否推出后句（译文）",
                "en": "does the second sentence follow from the first, translated",
            },
            kind="pair",
            words=NLI,
            sizes=_sizes(391782, 12426, 13880),
            boards=("1.0",),
        ),
        ClueTask(
            name="OCNLI",
            title={"zh": "由前句能否推出后句", "en": "does the second sentence follow from the first"},
            kind="pair",
            words=NLI,
            files=_files(train=("train.50k.json",)),
            sizes=_sizes(50000, 3000, 3000),
            stem="ocnli_50k",
            boards=("1.1",),
        ),
        ClueTask(
            name="WSC",
            title={"zh": "代词指的是否这个名词", "en": "does the pronoun stand for the noun"},
            kind="spans marked",
            words={"true": "是", "false": "不是"},
            files=_files(tests=("test1.0.json", "test.json")),
            sizes=_sizes(1244, 304, 290, 2574),
            zipped="cluewsc2020",
            stem="cluewsc",
        ),
        ClueTask(
            name="CSL",
            title={"zh": "关键词是否都是这篇摘要的", "en": "are all keywords those of the abstract"},
            kind="keywords",
            words={"0": "有假", "1": "全真"},
            sizes=_sizes(20000, 3000, 3000),
        ),
        ClueTask(
            name="CMRC2018",
            title={"zh": "从文章里找出问题的答案", "en": "which stretch of a passage answers a question"},
            kind="reading",
            words={},
            sizes=_sizes(10142, 3219, 2000),
            metric="exact_match",
            unit="questions",
        ),
        ClueTask(
            name="CHID",
            title={"zh": "每个空里填十个成语中的哪一个", "en": "which of ten idioms fills each blank"},
            kind="idioms",
            words={str(place): f"第{numeral}个" for place, numeral in enumerate("一二三四五六七八九十")},
            files=_files(
                ("train.json", "train_answer.json"), ("dev.json", "dev_answer.json"), ("test1.0.json", "test1.1.json")
            ),
            sizes=_sizes(84709, 3218, 3231, 3447),
            unit="lines",
        ),
        ClueTask(
            name="C3",
            title={
                "zh": "关于对话或文章的问题该选哪一项",
                "en": "which choice answers a question on a dialogue or a text",
            },
            kind="choices",
            words={str(place): f"第{numeral}项" for place, numeral in enumerate("一二三四")},
            files=_files(
                ("m-train.json", "d-train.json"), ("m-dev.json", "d-dev.json"), ("test1.0.json", "test1.1.json")
            ),
            sizes=_sizes(11869, 3816, 3892, 1625),
            unit="questions",
        ),
        ClueTask(
            name="CLUENER",
            title={"zh": "新闻里的实体，十类", "en": "entities in news, ten types"},
            kind="entities",
            words=CLUENER_TYPES,
            sizes=_sizes(10748, 1343, 1345),
            boards=(),
            metric="macro_f1",
        ),
    )
}
ALIASES = {"cluewsc2020": "WSC", "cluewsc": "WSC", "cmrc": "CMRC2018", "cluener2020": "CLUENER", "ocnli_50k": "OCNLI"}


def find_task(name: str) -> ClueTask:
    """Return the task of that name; capitals do not matter, and WSC is CLUEWSC2020.

    Raises:
        InvalidValue: when there is none, naming the nearest.

    Example:
        >>> find_task("tnews").labels[:2], find_task("cluewsc2020").name
        (('100', '101'), 'WSC')
    """
    others = {task.folder: task.name for task in CLUE_TASKS.values()} | ALIASES
    meant = others.get(name.lower(), name) if isinstance(name, str) else name
    return CLUE_TASKS[check_choice("task", meant, CLUE_TASKS, others)]


def tasks_of_board(version: str) -> tuple[ClueTask, ...]:
    """Return the tasks that the board of a version asks for.

    Raises:
        InvalidValue: for an unknown version.

    Example:
        >>> "CMNLI" in [task.name for task in tasks_of_board("1.1")], len(tasks_of_board("1.1"))
        (False, 9)
    """
    check_version(version)
    return tuple(task for task in CLUE_TASKS.values() if version in task.boards)
