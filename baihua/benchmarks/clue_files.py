"""Where the files of a part of CLUE are on this machine: the official zip, a folder, or what stands in for them.

The official zips are not pinned, since they have been changed more than once: they are known by their names. Each is looked for
in the folder that ``BAIHUA_DATA`` names, as a zip or unpacked, then among what was downloaded. Where one is not there, a sample
of the same task is taken and said to be one: OCNLI's smaller training files, the trial part of CMRC2018, one half of C3, the
development files of FewCLUE.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from baihua.benchmarks.archives import copy_out, member_sizes
from baihua.benchmarks.clue_tasks import ClueTask
from baihua.benchmarks.data import cache_folder, find_file
from baihua.checks import FileProblem

ROOTS = ("", "CLUE", "clue", "CLUEdatasets")  # folders that task folders may stand in
OTHER_NAMES = {  # folders and zips that go by another name than the task's
    "WSC": ("cluewsc2020", "CLUEWSC2020", "cluewsc"),
    "TNEWS": ("TNEWS-DataCLUE",),
    "CMRC2018": ("cmrc",),
    "CLUENER": ("CLUENER2020",),
}
# What else a part can be read from, the best first. C3 and CMRC2018 have other file names in their own repositories.
SAMPLES: dict[tuple[str, str], tuple[tuple[str, ...], ...]] = {
    ("OCNLI", "train"): (("train.json",), ("train.10k.json",), ("train.3k.json",)),
    ("CMRC2018", "train"): (("cmrc2018_train.json",), ("trial.json",), ("cmrc2018_trial.json",)),
    ("CMRC2018", "dev"): (("cmrc2018_dev.json",),),
    ("C3", "train"): (("c3-m-train.json", "c3-d-train.json"), ("d-train.json",), ("c3-d-train.json",)),
    ("C3", "dev"): (("c3-m-dev.json", "c3-d-dev.json"),),
}
FEWCLUE_FILES = {
    "IFLYTEK": ("iflytek/train_0.json", "iflytek/dev_0.json"),
    "WSC": ("cluewsc/train_few_all.json", "cluewsc/dev_few_all.json"),
    "CSL": ("csl/train_few_all.json", "csl/dev_few_all.json"),
    "CHID": ("chid/train_few_all.json", "chid/dev_few_all.json"),
}


@dataclass(frozen=True)
class ClueFiles:
    """Where a part was found.

    Args:
        paths: its files, readable, in the order of the task's record.
        names: their names, for a record of what was read.
        form: ``"CLUE"`` or ``"FewCLUE"``, whose records of CHID are others.
    """

    paths: tuple[Path, ...]
    names: tuple[str, ...]
    form: str = "CLUE"


def find_clue_files(task: ClueTask, part: str, version: str) -> ClueFiles:
    """Find the files of a part.

    Args:
        task: the task.
        part: ``"train"``, ``"dev"`` or ``"test"``.
        version: of the test.

    Returns:
        The official files, or the best there is in their place. What was found in a zip is unpacked into the cache once.

    Raises:
        FileProblem: when there is nothing, saying how to get it.
    """
    official = task.files[f"test{version}" if part == "test" else part]
    for names in (official, *SAMPLES.get((task.name, part), ())):
        paths = [_find(task, name) for name in names]
        found = tuple(path for path in paths if path is not None)
        if len(found) == len(names):
            return ClueFiles(found, tuple(f"{task.folder}/{name}" for name in names))
    if part != "test" and task.name in FEWCLUE_FILES:
        name = FEWCLUE_FILES[task.name][part == "dev"]
        try:
            return ClueFiles((find_file("FewCLUE", name),), (name,), "FewCLUE")
        except FileProblem as error:
            raise _not_here(task, official) from error
    raise _not_here(task, official)


def _find(task: ClueTask, name: str) -> Path | None:
    """Return the first file of that name in a place that belongs to the task."""
    named = _names(task)
    for folder in _folders():
        for inner in named:
            if (folder / inner / name).is_file():
                return folder / inner / name
        for inner in named:
            archive = folder / f"{inner}.zip"
            member = _member(archive, name) if archive.is_file() else None
            if member is not None:
                return _unpacked(archive, member, task, name)
    return None


def _names(task: ClueTask) -> Sequence[str]:
    """Return what the folder or the zip of a task may be called."""
    mine = (task.archive.removesuffix(".zip"), task.folder, task.name, *OTHER_NAMES.get(task.name, ()))
    return tuple(dict.fromkeys((*mine, f"{task.folder}_public")))


def _folders() -> Iterator[Path]:
    chosen = os.environ.get("BAIHUA_DATA")
    if chosen:
        for root in ROOTS:
            yield Path(chosen).expanduser() / root
    yield cache_folder() / "data"


def _member(archive: Path, name: str) -> str | None:
    """Return the member of a zip that goes by a name, in whatever folder, the outermost of several."""
    found = [member for member in member_sizes(archive) if member.rsplit("/", 1)[-1] == name]
    return min(found, key=lambda member: (member.count("/"), member), default=None)


def _unpacked(archive: Path, member: str, task: ClueTask, name: str) -> Path:
    facts = archive.stat()
    kept = cache_folder() / "unpacked" / f"{archive.stem}-{facts.st_size:x}-{facts.st_mtime_ns:x}"
    target = kept / task.name / name
    return target if target.is_file() else copy_out(archive, member, target)


def _not_here(task: ClueTask, names: Sequence[str]) -> FileProblem:
    listed, folder = " + ".join(names), os.environ.get("BAIHUA_DATA")
    by_fewclue_zh = "；或运行 baihua data download FewCLUE，用它的样本" if task.name in FEWCLUE_FILES else ""
    by_fewclue_en = " Or run: baihua data download FewCLUE, for a sample." if task.name in FEWCLUE_FILES else ""
    return FileProblem(
        zh=f"这台机器上没有 {task.name} 的 {listed}。请把 {task.archive}（{task.address}）放进环境变量 BAIHUA_DATA "
        f"指向的文件夹（现在是 {folder}），不必解压{by_fewclue_zh}。",
        en=f"{listed} of {task.name} is not on this machine. Put {task.archive} ({task.address}) into the folder that the "
        f"variable BAIHUA_DATA names (now {folder}); it need not be unpacked.{by_fewclue_en}",
    )
