"""A fitted whitening as one safetensors file: arrays, and its settings as JSON in the header."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from baihua.checks import FileProblem, InvalidValue
from baihua.files import replacing
from baihua.maths.moments import Moments
from baihua.maths.principal_axes import PrincipalAxes

FORMAT, VERSION = "baihua.whitening", "1"


def write_whitening(path: str | Path, settings: Mapping[str, Any], moments: Moments, axes: PrincipalAxes) -> None:
    """Write moments (so that fitting can go on) and axes (so that vectors already whitened stay valid).

    Args:
        path: the file.
        settings: the constructor's arguments and ``fitted_on_``: what JSON can hold.
        moments: what was seen.
        axes: what was worked out from it.

    Raises:
        FileProblem: when the file cannot be written.
    """
    header = {
        **settings,
        "count": moments.count,
        "rounding": moments.rounding,
        "floor_": axes.floor,
        "rank": axes.rank,
        "total": axes.total,
    }
    arrays = {
        "mean": moments.mean,
        "scatter": moments.scatter,
        "directions": axes.directions,
        "variances": axes.variances,
    }
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "settings": json.dumps(header, ensure_ascii=False, default=_number),
    }
    content = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def read_whitening(path: str | Path) -> tuple[dict[str, Any], Moments, PrincipalAxes]:
    """Read what `write_whitening` wrote: settings, moments, axes.

    Raises:
        FileProblem: when the file is missing or unreadable.
        InvalidValue: when it is no such file, is damaged, or was written by a later version.
    """
    metadata, arrays = _read(Path(path))
    if metadata.get("format") != FORMAT:
        raise _not_a_whitening(path, "format")
    if metadata.get("version") != VERSION:
        version = metadata.get("version")
        raise InvalidValue(
            zh=f"{path} 的格式版本是 {version}，这里只认识 {VERSION}。请升级 baihua。",
            en=f"{path} has format version {version}, but only {VERSION} is known here. Upgrade baihua.",
        )
    try:
        header = json.loads(metadata["settings"])
        moments = Moments(header.pop("count"), arrays["mean"], arrays["scatter"], header.pop("rounding"))
        floor, rank, total = (header.pop(name) for name in ("floor_", "rank", "total"))
        axes = PrincipalAxes(arrays["directions"], arrays["variances"], floor, rank, total)
        settings = {name: header[name] for name in ("n_components", "centering", "scaling", "floor", "fitted_on_")}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_a_whitening(path, str(error)) from error
    width, num = moments.width, len(axes.variances)
    if moments.scatter.shape != (width, width) or axes.directions.shape != (width, num):
        raise _not_a_whitening(path, "shapes")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise _not_a_whitening(path, "NaN")
    return settings, moments, axes


def _read(path: Path) -> tuple[Mapping[str, str], dict[str, NDArray[Any]]]:
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise _not_a_whitening(path, str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileProblem(
            zh=f"读不了白化文件 {path}：{reason}。请检查路径。",
            en=f"Cannot read the whitening file {path}: {reason}. Check the path.",
        ) from error


def _number(value: np.generic) -> Any:
    return value.item()  # numpy's numbers are as good as Python's, but JSON does not know them


def _not_a_whitening(path: str | Path, detail: str) -> InvalidValue:
    return InvalidValue(
        zh=f"{path} 不是完好的白化文件（{detail}）。请用 Whitening.save 或 baihua embed 写出的文件。",
        en=f"{path} is not an intact whitening file ({detail}). Use one written by Whitening.save or baihua embed.",
    )
