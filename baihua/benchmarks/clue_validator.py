"""Checking a submission before it is handed in, so that it is not refused, or scored 0, for its form.

What is checked is what people have lost submissions to: names, versions, folders in the zip, encodings, counts, ids, labels that
are their descriptions or places in a list. Where a test is on this machine, ids are compared with its own one by one.
"""

import difflib
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from baihua.benchmarks.submission_contents import check_contents
from baihua.benchmarks.submission_report import Finding, FindingList, SubmissionReport
from baihua.benchmarks.submission_rules import BoardRules, FileRule, board_rules
from baihua.language import say

ZIP_NAME = re.compile(r"submit\w*\.zip")  # submit.zip, or submit_team_date.zip as the boards' rules have it
_LARGEST = 1 << 28  # bytes of a file that is read


def check_submission(path: str | Path, version: str = "1.1", tasks: Iterable[str] | None = None) -> SubmissionReport:
    """Check a zip, or the folder it is to be made of.

    Args:
        path: the zip or folder.
        version: the board: ``"1.0"`` or ``"1.1"`` of CLUE, ``"fewclue"``, ``"fewclue-several"`` for that of several splits.
        tasks: those that are handed in; None for all the board asks for. Files of other tasks are checked too if they are there.

    Returns:
        What is wrong with it and what could not be checked. A broken submission raises nothing.

    Raises:
        InvalidValue: for an unknown version or task.

    Source:
        https://github.com/CLUEbenchmark/CLUE and FewCLUE, their examples of submissions and what was reported about them.

    Example:
        >>> report = check_submission("nowhere.zip", tasks=["afqmc"])
        >>> report.accepted, report.findings[0].kind
        (False, 'unreadable')
    """
    rules = board_rules(version, tasks)
    path = Path(path)
    whole = FindingList()
    files = _read(path, whole)
    if not files:
        return SubmissionReport(str(path), version, (), tuple(whole.findings()))
    if path.is_file() and not ZIP_NAME.fullmatch(path.name) and not version.startswith("fewclue"):
        said = say(
            zh=f"压缩包叫 {path.name}，应叫 submit.zip（或 submit_队名_日期.zip）。",
            en=f"The zip is called {path.name}, but must be submit.zip, or submit_TEAM_DATE.zip.",
        )
        whole.add("zip_name", said)
    named = _by_name(files, whole)
    findings, notes = _check_names(rules, named)
    checked = [rule for rule in (*rules.needed, *rules.welcome) if rule.name in named]
    for rule in checked:
        findings += check_contents(rule, named[rule.name]).findings()
        notes += [rule.note] if rule.note is not None else []
    return SubmissionReport(
        str(path), version, tuple(rule.name for rule in checked), (*whole.findings(), *findings), tuple(notes)
    )


def _read(path: Path, whole: FindingList) -> dict[str, bytes]:
    """Return the files by their paths in the zip or folder; what makes no sense of it is a finding."""
    files: dict[str, bytes] = {}
    try:
        if path.is_dir():
            files = {place.relative_to(path).as_posix(): place.read_bytes() for place in _in_folder(path)}
        elif path.is_file():
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    if not info.is_dir() and info.file_size < _LARGEST and _is_answer(info.filename):
                        files[info.filename] = archive.read(info)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        # RuntimeError is zipfile's word for a password, NotImplementedError for an unknown compression.
        reason = getattr(error, "strerror", None) or str(error)
        whole.add("unreadable", say(zh=f"读不了 {path}：{reason}。", en=f"Cannot read {path}: {reason}."))
        return {}
    if not files:
        said = say(
            zh=f"{path} 不是含 *_predict.json 的 zip 或文件夹；请把这些文件直接放在其中。",
            en=f"{path} is no zip or folder with files *_predict.json. Put them right into it.",
        )
        whole.add("unreadable", said)
    return files


def _is_answer(name: str) -> bool:
    """Say whether a file could be meant to be handed in; archivers leave others behind."""
    bare = name.rsplit("/", 1)[-1]
    return (bare.endswith(".json") or "predict" in bare) and "__MACOSX" not in name and not bare.startswith(".")


def _in_folder(folder: Path) -> list[Path]:
    """Return the files of a folder, which may hold other things too: those at its root, and in folders what is not there."""
    places = [place for place in folder.rglob("*") if "predict" in place.name and place.is_file()]
    places = [place for place in sorted(places) if _is_answer(place.name)]
    at_root = {place.name for place in places if place.parent == folder}
    return [place for place in places if place.parent == folder or place.name not in at_root]


def _by_name(files: Mapping[str, bytes], whole: FindingList) -> dict[str, bytes]:
    """Return the files by their bare names; one in a folder is a finding, and is checked all the same."""
    named: dict[str, bytes] = {}
    for place, written in files.items():
        folder, _, name = place.rpartition("/")
        if folder:
            said = say(
                zh=f"{name} 在文件夹 {folder} 里；文件应直接放在最外层，不要压缩整个文件夹。",
                en=f"{name} is in the folder {folder}. Files stand at the root: do not zip the folder itself.",
            )
            whole.add("subfolder", said)
        named.setdefault(name, written)
    return named


def _check_names(rules: BoardRules, named: Mapping[str, bytes]) -> tuple[list[Finding], list[str]]:
    """Return what is wrong with the names: each file that is needed is there, wrongly named, of another version, or missing."""
    findings: list[Finding] = []
    notes: list[str] = []
    known = {rule.name: rule for rule in (*rules.needed, *rules.welcome)}
    missing = {rule.name: rule for rule in rules.needed if rule.name not in named}
    for name in named:
        if name in known:
            continue
        meant = rules.elsewhere.get(name) or _nearest(name, missing)
        if name in rules.elsewhere and meant in named:
            notes.append(
                say(zh=f"{name} 属于另一版本，这里不看。", en=f"{name} is for the other version and is passed over.")
            )
        elif name in rules.elsewhere:
            missing.pop(str(meant), None)
            said = say(
                zh=f"这是另一版本的文件；这一版要的是 {meant}，测试集也不同，请重新预测。",
                en=f"It is for the other version. This one wants {meant}, of another test: predict it anew.",
            )
            findings.append(Finding("wrong_version", name, None, said))
        else:
            missing.pop(meant or "", None)
            hint_zh, hint_en = (
                (f"您要的是 {meant} 吗？", f" Did you mean {meant}?") if meant else ("请删去。", " Remove it.")
            )
            said = say(zh=f"没有任务用这个文件名。{hint_zh}", en=f"No task has a file of that name.{hint_en}")
            findings.append(Finding("wrong_name", name, None, said))
    return [*findings, *(_missing(rule) for rule in missing.values())], notes


def _nearest(name: str, missing: Mapping[str, FileRule]) -> str | None:
    """Return the missing file that a wrong name is meant for: one that begins with its task, or one spelt like it."""
    by_task = [
        known for known, rule in missing.items() if name.startswith((rule.task.lower(), f"clue{rule.task.lower()}"))
    ]
    return next(iter(by_task or difflib.get_close_matches(name, missing, n=1, cutoff=0.8)), None)


def _missing(rule: FileRule) -> Finding:
    said = say(
        zh=f"缺任务 {rule.task} 的文件；只交一部分任务时，请用 tasks 说明是哪些。",
        en=f"The file of task {rule.task} is missing. If only some tasks are handed in, name them as tasks.",
    )
    return Finding("missing_task", rule.name, None, said)
