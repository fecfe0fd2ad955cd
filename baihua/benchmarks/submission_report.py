"""What is wrong with files that are to be handed in: one finding per file and kind of mistake, and what could not be checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from baihua.language import say

KINDS = (
    "unreadable",  # no zip, no folder, or nothing in it that could be handed in
    "zip_name",
    "subfolder",
    "missing_task",
    "wrong_version",
    "wrong_name",
    "encoding",
    "bad_json",
    "fields",  # a line without an id or a label, or an answer of the wrong build
    "count",
    "missing_id",
    "unknown_id",
    "repeated_id",
    "id_type",
    "order",
    "label",  # none of the task's
    "label_description",  # what the files call a label, in the place of the label
    "label_type",
    "out_of_range",
    "text",  # not that of the test
    "entity",  # not in its text
)


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file.

    ``dataclasses.asdict`` makes it ready for JSON.

    Args:
        kind: one of `KINDS`, a word for programs.
        file: the file's name; empty for the submission as a whole.
        line: where it stands first, from 1; None where there is no line.
        detail: what is wrong and what to do, as a sentence.
        count: how often it is wrong in this file.
    """

    kind: str
    file: str
    line: int | None
    detail: str
    count: int = 1

    def __str__(self) -> str:
        where = self.file
        if self.line is not None:
            where += say(zh=f" 第 {self.line} 行", en=f", line {self.line}")
        more = say(zh=f"（共 {self.count} 处）", en=f" ({self.count} times)") if self.count > 1 else ""
        return f"{where}: {self.detail}{more}" if where else f"{self.detail}{more}"


class FindingList:
    """The findings of one file, each kind once.

    Args:
        file: the file's name.
    """

    def __init__(self, file: str = "") -> None:
        self.file = file
        self._found: dict[str, Finding] = {}

    def add(self, kind: str, detail: str, line: int | None = None) -> None:
        """Note a mistake; of several of one kind the first is told and all are counted."""
        known = self._found.get(kind)
        self._found[kind] = replace(known, count=known.count + 1) if known else Finding(kind, self.file, line, detail)

    def findings(self) -> list[Finding]:
        """Return them in the order of `KINDS`."""
        return sorted(self._found.values(), key=lambda finding: KINDS.index(finding.kind))


@dataclass(frozen=True)
class SubmissionReport:
    """Whether a submission can be handed in.

    Args:
        path: what was checked.
        board: for which board, such as ``"1.1"``.
        files: the files of it whose contents were checked.
        findings: what is wrong; nothing when it can be handed in.
        notes: what could not be checked here, and what is no mistake but may surprise.
    """

    path: str
    board: str
    files: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def accepted(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def kinds(self) -> set[str]:
        """The kinds of mistakes there are."""
        return {finding.kind for finding in self.findings}

    def __str__(self) -> str:
        verdict = (
            say(zh=f"{self.path} 可以提交（{self.board}）。", en=f"{self.path} can be handed in ({self.board}).")
            if self.accepted
            else say(
                zh=f"{self.path} 不能提交（{self.board}），有 {len(self.findings)} 处不对：",
                en=f"{self.path} cannot be handed in ({self.board}), {len(self.findings)} things are wrong:",
            )
        )
        return "\n".join([verdict, *_listed(self.findings), *_listed(self.notes)])


def _listed(items: Iterable[object]) -> list[str]:
    return [f"- {item}" for item in items]
