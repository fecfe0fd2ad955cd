"""The nine tasks of FewCLUE as frozen records: what is asked, which labels there are, how many records there are."""

from collections.abc import Mapping
from dataclasses import dataclass

from baihua.benchmarks.fewclue_labels import CSLDCP, IFLYTEK, TNEWS
from baihua.checks import InvalidValue, check_choice

KINDS = ("single text", "pair", "keywords", "idiom choice", "coreference")
FIVE = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class FewClueTask:
    """One task.

    Args:
        name: as in the paper.
        title: what is asked, as ``{"zh": …, "en": …}``.
        kind: one of `KINDS`; it decides how a record becomes text, see `baihua.benchmarks.fewclue_records`.
        words: each label, in the official order, with the Chinese a person would use for it.
        fields: the text fields of a record in its files.
        num_train: records in a training file, the same in each split.
        num_dev: records in a development file.
        num_test_public: records in ``test_public.json``, on which the published figures are measured.
        num_test: records in ``test.json``, which has no labels and is for the leaderboard.
        splits: the splits measured here. CSLDCP and IFLYTEK have five, of which one is kept for its size.
        unlabeled: whether there is a file of texts without labels.
        metric: what is measured.

    Raises:
        InvalidValue: for an unknown kind.
    """

    name: str
    title: Mapping[str, str]
    kind: str
    words: Mapping[str, str]
    fields: tuple[str, ...]
    num_train: int
    num_dev: int
    num_test_public: int
    num_test: int
    splits: tuple[int, ...] = FIVE
    unlabeled: bool = False
    metric: str = "accuracy"

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)

    @property
    def folder(self) -> str:
        """The folder its files stand in."""
        return self.name.lower()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in the official order."""
        return tuple(self.words)

    @property
    def label_field(self) -> str:
        """The field of a record that holds its label."""
        return "answer" if self.kind == "idiom choice" else "label"

    @property
    def chance(self) -> float:
        """The accuracy of guessing, each label as often as any other."""
        return 1 / len(self.words)


FEWCLUE_TASKS = {
    task.name: task
    for task in (
        FewClueTask(
            name="EPRSTMT",
            title={"zh": "商品评论是好评还是差评", "en": "is a product review good or bad"},
            kind="single text",
            words={"Positive": "好评", "Negative": "差评"},
            fields=("sentence",),
            num_train=32,
            num_dev=32,
            num_test_public=610,
            num_test=753,
            unlabeled=True,
        ),
        FewClueTask(
            name="CSLDCP",
            title={"zh": "论文摘要属于哪个学科", "en": "to which discipline an abstract belongs"},
            kind="single text",
            words={name: name for name in CSLDCP},
            fields=("content",),
            num_train=536,
            num_dev=536,
            num_test_public=1784,
            num_test=2999,
            splits=(0,),
        ),
        FewClueTask(
            name="TNEWS",
            title={"zh": "新闻标题属于哪个版面", "en": "to which section a headline belongs"},
            kind="single text",
            words=TNEWS,
            fields=("sentence",),
            num_train=240,
            num_dev=240,
            num_test_public=2010,
            num_test=1500,
            unlabeled=True,
        ),
        FewClueTask(
            name="IFLYTEK",
            title={"zh": "应用介绍说的是哪一类应用", "en": "which kind of app a description is about"},
            kind="single text",
            words={str(number): name for number, name in enumerate(IFLYTEK)},
            fields=("sentence",),
            num_train=928,
            num_dev=690,
            num_test_public=1749,
            num_test=2600,
            splits=(0,),
        ),
        FewClueTask(
            name="OCNLI",
            title={"zh": "由前句能否推出后句", "en": "does the second sentence follow from the first"},
            kind="pair",
            words={"entailment": "蕴含", "neutral": "中立", "contradiction": "矛盾"},
            fields=("sentence1", "sentence2"),
            num_train=32,
            num_dev=32,
            num_test_public=2520,
            num_test=3000,
        ),
        FewClueTask(
            name="BUSTM",
            title={"zh": "对手机助手说的两句话是否同一个意思", "en": "do two requests to an assistant mean the same"},
            kind="pair",
            words={"0": "不同", "1": "相同"},
            fields=("sentence1", "sentence2"),
            num_train=32,
            num_dev=32,
            num_test_public=1772,
            num_test=2000,
            unlabeled=True,
        ),
        FewClueTask(
            name="CSL",
            title={"zh": "关键词是否都是这篇摘要的", "en": "are all keywords those of the abstract"},
            kind="keywords",
            words={"0": "有假", "1": "全真"},
            fields=("abst", "keyword"),
            num_train=32,
            num_dev=32,
            num_test_public=2828,
            num_test=3000,
        ),
        FewClueTask(
            name="CHID",
            title={"zh": "空里填七个成语中的哪一个", "en": "which of seven idioms fills the blank"},
            kind="idiom choice",
            words={str(place): f"第{numeral}个" for place, numeral in enumerate("一二三四五六七")},
            fields=("content", "candidates"),
            num_train=42,
            num_dev=42,
            num_test_public=2002,
            num_test=2000,
            unlabeled=True,
        ),
        FewClueTask(
            name="CLUEWSC",
            title={"zh": "代词指的是否这个名词", "en": "does the pronoun stand for the noun"},
            kind="coreference",
            words={"true": "是", "false": "不是"},
            fields=("text", "target"),
            num_train=32,
            num_dev=32,
            num_test_public=976,
            num_test=290,
        ),
    )
}


def find_task(name: str) -> FewClueTask:
    """Return the task of that name; capitals do not matter, and WSC is CLUEWSC.

    Raises:
        InvalidValue: when there is none, naming the nearest.

    Example:
        >>> find_task("tnews").labels[:2], round(find_task("chid").chance, 3)
        (('100', '101'), 0.143)
    """
    others = {task.folder: task.name for task in FEWCLUE_TASKS.values()} | {"wsc": "CLUEWSC", "WSC": "CLUEWSC"}
    return FEWCLUE_TASKS[check_choice("task", name, FEWCLUE_TASKS, others)]


def check_split(task: FewClueTask, split: int | str) -> int | str:
    """Return the split that was meant: a number, or ``"few_all"`` for the five put together.

    Raises:
        InvalidValue: for a split that is not measured here.
    """
    allowed: list[int | str] = [*task.splits, *(["few_all"] if len(task.splits) > 1 else [])]
    for choice in allowed:
        if str(split) == str(choice):
            return choice
    listed = ", ".join(map(str, allowed))
    raise InvalidValue(
        zh=f"{task.name} 在这里的 split 有 {listed}，收到 {split!r}。",
        en=f"The splits of {task.name} here are {listed}, but received {split!r}.",
    )
