"""The zip that is handed in: files at its root, the same bytes for the same answers."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from baihua.files import replacing

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip, so that equal files make equal zips


def zip_at_root(target: Path, paths: Iterable[Path]) -> Path:
    """Put files into a zip, whole or not at all, each under its bare name.

    Returns:
        The zip's path.

    Raises:
        FileProblem: when it cannot be written, or a file cannot be read.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a_predict.json").write_text("{}", encoding="utf-8")
        >>> with zipfile.ZipFile(zip_at_root(folder / "submit.zip", [folder / "a_predict.json"])) as archive:
        ...     archive.namelist()
        ['a_predict.json']
    """
    with replacing(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            archive.writestr(zipfile.ZipInfo(path.name, _LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target
