"""Getting hold of public data sets: found in a folder the user has, taken from elsewhere, or downloaded.

Files are looked for first in the folder that ``BAIHUA_DATA`` names (as plain files, in a subfolder named after the
set, or inside the set's zip), then in the cache. Nothing is downloaded unless asked for by `download`.
"""

import difflib
import os
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baihua.benchmarks.archives import copy_out, find_member, member_sizes, sha256_of
from baihua.benchmarks.datasets import DATASETS, DataFile, Dataset, find_dataset
from baihua.benchmarks.download import fetch
from baihua.checks import FileProblem, InvalidValue, check_texts
from baihua.language import say
from baihua.progress import progress


@dataclass(frozen=True)
class _Place:
    """Where a file was found: a plain path or a member of a zip, and whether it is the very file recorded."""

    path: Path
    member: str | None
    exact: bool


def cache_folder() -> Path:
    """Return the folder things are kept in: ``BAIHUA_CACHE``, else the platform's cache folder."""
    chosen = os.environ.get("BAIHUA_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import pooch  # only needed here and in downloads; brings the platform's rules for cache folders

    return Path(pooch.os_cache("baihua")).expanduser()


def find_file(dataset: str, file: str) -> Path:
    """Return the path of a recorded file on this machine.

    A file from ``BAIHUA_DATA`` that differs from the record is used all the same, with a warning, since it is the
    user's own choice; take its own `sha256_of` for the record of a number.

    Args:
        dataset: the name of the set.
        file: the name of the file in it.

    Returns:
        A readable path. What was found in a zip is unpacked into the cache once.

    Raises:
        InvalidValue: for an unknown set or file.
        FileProblem: when it is not here, saying how to get it.
    """
    record = find_dataset(dataset)
    wanted = record.find(file)
    place = _look(record, wanted)
    if place is None:
        raise _not_here(record, wanted)
    if not place.exact:
        warnings.warn(
            say(
                zh=f"{_spell(place)} 与登记的 {record.name} 的 {wanted.file} 不同（sha256 不符），仍照用。",
                en=f"{_spell(place)} differs from the pinned file {wanted.file} of {record.name} "
                "(another sha256); it is used as it is.",
            ),
            stacklevel=2,
        )
    if place.member is None:
        return place.path
    facts = place.path.stat()
    unpacked = cache_folder() / "unpacked" / f"{place.path.stem}-{facts.st_size:x}-{facts.st_mtime_ns:x}"
    target = unpacked / record.name / wanted.file
    return target if target.is_file() else copy_out(place.path, place.member, target)


def list_files(names: Sequence[str] | None = None) -> list[dict[str, object]]:
    """Return one row per recorded file, for ``baihua data list``.

    Args:
        names: the sets to list; None for all.

    Returns:
        Rows with ``name``, ``file``, ``bytes``, ``sha256``, ``address`` (None without a public one), ``licence`` (in
        English; the record holds both languages), ``commercial_use`` and ``here`` (whether it is on this machine).

    Example:
        >>> list_files(["stsb"])[0]["file"]
        'STS-B.train.data'
    """
    records = list(DATASETS.values()) if names is None else [find_dataset(name) for name in check_texts(names, "names")]
    return [
        {
            "name": record.name,
            "file": item.file,
            "bytes": item.bytes,
            "sha256": item.sha256,
            "address": item.address,
            "licence": record.licence["en"],
            "commercial_use": record.commercial_use,
            "here": _look(record, item) is not None,
        }
        for record in records
        for item in record.files
    ]


def add(path: str | Path) -> list[Path]:
    """Keep a file that was fetched by other means: a recorded file, or a zip that holds some.

    It is recognised by its sha256, whatever it is called.

    Returns:
        Where the recognised files were copied to, in the cache.

    Raises:
        FileProblem: when it cannot be read, or is a folder.
        InvalidValue: when nothing in it is recorded, naming the nearest.
    """
    source = Path(path)
    if source.is_dir():
        raise FileProblem(
            zh=f"{source} 是文件夹；请给出其中的文件，或把 BAIHUA_DATA 设为这个文件夹。",
            en=f"{source} is a folder. Name a file in it, or set BAIHUA_DATA to the folder.",
        )
    members: dict[str | None, int] = {}
    if source.is_file() and zipfile.is_zipfile(source):
        members.update(member_sizes(source))
    elif source.is_file():
        members[None] = source.stat().st_size
    else:
        raise FileProblem(zh=f"找不到文件 {source}。", en=f"There is no file {source}.")
    kept = [
        copy_out(source, member, cache_folder() / "data" / record.name / item.file)
        for member, size in members.items()
        for record, item in _recognised(source, member, size)
    ]
    if not kept:
        raise _unknown(source, [(member or source.name, size) for member, size in members.items()])
    return kept


def download(
    name: str,
    files: Sequence[str] | None = None,
    folder: str | Path | None = None,
    *,
    show_progress: bool | None = None,
) -> list[Path]:
    """Download the files of a set from their pinned addresses and verify them.

    Args:
        name: the set.
        files: which of its files; None for all that have a public address.
        folder: where to put them, under a subfolder named after the set; None for the cache.
        show_progress: True or False, or None to show it on a terminal only.

    Returns:
        The paths, in the order asked for. A file already there and whole is not fetched again.

    Raises:
        InvalidValue: for an unknown set or file, or one without a public address.
        FileProblem: when a file cannot be fetched or has the wrong checksum; it is then not kept.
    """
    record = find_dataset(name)
    asked = [item.file for item in record.files if item.repo] if files is None else check_texts(files, "files")
    wanted = [record.find(file) for file in asked]
    root = (Path(folder) if folder is not None else cache_folder() / "data") / record.name
    with progress(
        say(zh=f"下载 {record.name}", en=f"downloading {record.name}"),
        sum(item.bytes for item in wanted),
        show_progress,
    ) as advance:
        return [fetch(record, item, root / item.file, advance) for item in wanted]


def _look(record: Dataset, wanted: DataFile) -> _Place | None:
    """Find a file in ``BAIHUA_DATA``, else in the cache, where only the very file recorded counts."""
    chosen = os.environ.get("BAIHUA_DATA")
    if chosen:
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise FileProblem(
                zh=f"BAIHUA_DATA 指向的 {folder} 不是文件夹；请改正或取消这个环境变量。",
                en=f"BAIHUA_DATA names {folder}, which is not a folder. Mend or unset that variable.",
            )
        places = [*_plain_places(folder, record, wanted), *_zipped_places(folder, record, wanted)]
        if places:
            return max(places, key=lambda place: place.exact)  # the first exact one, else the first
    cached = cache_folder() / "data" / record.name / wanted.file
    if cached.is_file() and sha256_of(cached) == wanted.sha256:
        return _Place(cached, None, exact=True)
    return None


def _plain_places(folder: Path, record: Dataset, wanted: DataFile) -> list[_Place]:
    found = []
    for inner in dict.fromkeys((record.name, record.name.lower(), Path(record.archive).stem, ".")):
        path = folder / inner / wanted.file
        if path.is_file():
            exact = sha256_of(path) == wanted.sha256
            # Outside a folder of its own, a name like "dev.json" says nothing about the set it belongs to.
            if exact or inner != "." or _num_sets_with(wanted.file) == 1:
                found.append(_Place(path, None, exact))
    return found


def _zipped_places(folder: Path, record: Dataset, wanted: DataFile) -> list[_Place]:
    found = []
    for name in dict.fromkeys((record.archive, f"{record.name}.zip")):
        archive = folder / name
        if archive.is_file():
            member, exact = find_member(archive, wanted)
            if member is not None:
                found.append(_Place(archive, member, exact))
    return found


def _num_sets_with(file: str) -> int:
    return sum(item.file == file for record in DATASETS.values() for item in record.files)


def _recognised(source: Path, member: str | None, size: int) -> list[tuple[Dataset, DataFile]]:
    """Return the records that a file, or a member of a zip, is the content of."""
    of_this_size = [
        (record, item) for record in DATASETS.values() for item in record.files if item.bytes == size
    ]  # few, so that only they are read through
    digest = sha256_of(source, member) if of_this_size else ""
    return [(record, item) for record, item in of_this_size if item.sha256 == digest]


def _spell(place: _Place) -> str:
    return str(place.path) if place.member is None else f"{place.path}:{place.member}"


def _not_here(record: Dataset, wanted: DataFile) -> FileProblem:
    by_download_zh = f"运行 baihua data download {record.name}；或" if wanted.repo else ""
    by_download_en = f"Run: baihua data download {record.name}; or" if wanted.repo else "Once you have it,"
    return FileProblem(
        zh=f"这台机器上没有 {record.name} 的 {wanted.file}。请{by_download_zh}取到后运行 baihua data add FILE；"
        "或把 BAIHUA_DATA 设为放着它的文件夹。",
        en=f"{wanted.file} of {record.name} is not on this machine. {by_download_en} run: baihua data add FILE; "
        "or set BAIHUA_DATA to a folder that holds it.",
    )


def _unknown(source: Path, contents: Sequence[tuple[str, int]]) -> InvalidValue:
    """Say that nothing in a file is recorded, and which recorded files come nearest by name and size."""
    nearest = sorted(
        (
            (_distance(name, size, item), f"{record.name} {item.file} ({item.bytes} bytes)")
            for record in DATASETS.values()
            for item in record.files
            for name, size in contents
        ),
    )
    listed = ", ".join(dict.fromkeys(spelling for _, spelling in nearest[:3]))
    what = f"{source} ({contents[0][1]} bytes)" if len(contents) == 1 else f"{source} ({len(contents)} files)"
    return InvalidValue(
        zh=f"{what} 不是登记过的文件；最接近的是：{listed}。换行符改动过的文件也会不同，请取原始文件。",
        en=f"{what} is none of the recorded files; the nearest are {listed}. "
        "A file whose line endings were changed differs too: fetch the raw file.",
    )


def _distance(name: str, size: int, item: DataFile) -> float:
    """Return how unlike a recorded file is: 0 for the same name and size, up to 2."""
    likeness = max(
        difflib.SequenceMatcher(None, Path(name).name, Path(known).name).ratio() for known in (item.file, item.path)
    )
    return (1 - likeness) + abs(size - item.bytes) / max(size, item.bytes)
