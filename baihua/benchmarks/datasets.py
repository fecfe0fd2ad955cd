"""The public data sets as frozen records: where each file stands, its checksum, its licence, who made it.

The facts are in ``public_files.json`` beside this file. No data is kept here: a record says where a file is to be
had and how to tell that it is the right one.
"""

import difflib
import importlib.resources
import json
import os
import posixpath
import urllib.parse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from baihua.checks import InvalidValue, check_choice

COMMERCIAL_USE = ("yes", "no", "unclear")
DEFAULT_BASE = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class DataFile:
    """One file of a data set, pinned.

    Args:
        file: its name here, unique within the set; may hold ``/``.
        bytes: its size.
        sha256: its checksum, in hexadecimal.
        repo: ``owner/name`` of the public repository that carries it; empty when it has no public address.
        commit: the commit it is pinned to.
        path: its path in that repository.

    Raises:
        InvalidValue: for a name that would lead out of a folder.
    """

    file: str
    bytes: int
    sha256: str
    repo: str = ""
    commit: str = ""
    path: str = ""

    def __post_init__(self) -> None:
        if posixpath.isabs(self.file) or "\\" in self.file or ".." in self.file.split("/"):
            raise InvalidValue(
                zh=f"数据文件名 {self.file!r} 会指到文件夹之外；请用相对名字。",
                en=f"The data file name {self.file!r} leads out of its folder. Use a relative name.",
            )

    @property
    def address(self) -> str | None:
        """Where it is downloaded from, or None when it has no public address.

        The environment variable ``BAIHUA_DATA_BASE`` names a mirror to use in place of the usual host.
        """
        if not self.repo:
            return None
        base = os.environ.get("BAIHUA_DATA_BASE") or DEFAULT_BASE
        return f"{base.rstrip('/')}/{self.repo}/{self.commit}/{urllib.parse.quote(self.path)}"


@dataclass(frozen=True)
class Dataset:
    """A public data set: its files, its licence, its makers.

    Args:
        name: the name it goes by here.
        title: what it is, as ``{"zh": …, "en": …}``.
        files: its files.
        licence: the licence as its carriers state it, as ``{"zh": …, "en": …}``.
        commercial_use: ``"yes"``, ``"no"`` or ``"unclear"``.
        source: who made it and where it was published.
        note: what a reader of the files has to know, as ``{"zh": …, "en": …}``.
        archive: name of the zip a local copy may come in.
        aliases: other names for it.

    Raises:
        InvalidValue: for another word in ``commercial_use``, a text that lacks a language, or two files of one name.
    """

    name: str
    title: Mapping[str, str]
    files: tuple[DataFile, ...]
    licence: Mapping[str, str]
    commercial_use: str
    source: str
    note: Mapping[str, str]
    archive: str
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_choice("commercial_use", self.commercial_use, COMMERCIAL_USE)
        for text in (self.title, self.licence, self.note):
            if not (text.get("zh") and text.get("en")):
                raise InvalidValue(
                    zh=f"数据集 {self.name} 的说明缺少中文或英文：{dict(text)}。",
                    en=f"A text of data set {self.name} lacks Chinese or English: {dict(text)}.",
                )
        _refuse_duplicates((item.file for item in self.files), self.name)

    def find(self, file: str) -> DataFile:
        """Return the file of that name.

        Raises:
            InvalidValue: when the set has none, naming the nearest.

        Example:
            >>> find_dataset("STS-B").find("STS-B.valid.data").bytes
            185717
        """
        return {item.file: item for item in self.files}[check_choice("file", file, [item.file for item in self.files])]

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Build a record from its facts as they stand in ``public_files.json``."""
        files = tuple(
            DataFile(**facts, repo=group["repo"], commit=group["commit"])
            for group in record["files"]
            for facts in group["of"]
        )
        return cls(**{**record, "files": files, "aliases": tuple(record["aliases"])})


def collect(datasets: Iterable[Dataset]) -> dict[str, Dataset]:
    """Return the records by name, in order.

    Raises:
        InvalidValue: when two of them share a name or an alias, whatever the case.
    """
    records = list(datasets)
    _refuse_duplicates((_key(name) for record in records for name in (record.name, *record.aliases)), "datasets")
    return {record.name: record for record in records}


def find_dataset(name: str) -> Dataset:
    """Return the record of that name; capitals, hyphens and underscores do not matter.

    Raises:
        InvalidValue: when there is none, naming the nearest.

    Example:
        >>> find_dataset("stsb").name
        'STS-B'
    """
    known = {_key(spelling): record for record in DATASETS.values() for spelling in (record.name, *record.aliases)}
    if _key(name) in known:
        return known[_key(name)]
    near = difflib.get_close_matches(_key(name), known, n=1, cutoff=0.5)
    listed = ", ".join(DATASETS)
    raise InvalidValue(
        zh=f"没有数据集 {name!r}，可选：{listed}。" + (f"您要的是 {known[near[0]].name!r} 吗？" if near else ""),
        en=f"There is no data set {name!r}. Expected one of {listed}."
        + (f" Did you mean {known[near[0]].name!r}?" if near else ""),
    )


def _key(name: str) -> str:
    return "".join(character for character in str(name).lower() if character.isalnum())


def _refuse_duplicates(names: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidValue(
                zh=f"{where} 里有两个 {name!r}；名字不能重复。", en=f"{where} holds {name!r} twice. Names must differ."
            )
        seen.add(name)


def _read_facts() -> list[dict[str, Any]]:
    facts = importlib.resources.files("baihua.benchmarks").joinpath("public_files.json")
    records: list[dict[str, Any]] = json.loads(facts.read_text(encoding="utf-8"))
    return records


DATASETS: Mapping[str, Dataset] = collect(Dataset.from_dict(record) for record in _read_facts())
