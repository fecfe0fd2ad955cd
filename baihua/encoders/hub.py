"""From a name to a folder: a local folder, a copy already downloaded, or the Hugging Face hub within ten seconds."""

import concurrent.futures
import os
import re
from pathlib import Path

from baihua.checks import FileProblem, MissingPackage

PATIENCE = 9.0  # seconds to wait for the hub to answer at all; an unreachable one must not hang
MODEL_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model", "*/*.json", "*/*.safetensors")


def find_model_folder(name: str) -> Path:
    """Return the folder of a model, downloading it only when it is nowhere on this machine.

    Args:
        name: a folder; a folder ``models--ORG--NAME`` of the Hugging Face cache copied by hand; or a hub name such
            as ``hfl/chinese-roberta-wwm-ext``, looked for in the ModelScope cache and the Hugging Face cache first.

    Returns:
        A folder that should hold ``config.json``.

    Raises:
        FileProblem: when there is no such folder, or the hub cannot be reached or has no such model.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _newest_snapshot(folder) or folder
    if not _looks_like_hub_name(name):
        raise FileProblem(
            zh=f"没有模型文件夹 {name}；可用 'bundled'、'static'、已有的文件夹或 Hugging Face 名字。",
            en=f"There is no model folder {name}. Use 'bundled', 'static', an existing folder or a Hugging Face name.",
        )
    return _modelscope_copy(name) or _hub_folder(name)


def _looks_like_hub_name(name: str) -> bool:
    return re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name, flags=re.ASCII) is not None and not name.startswith(".")


def _newest_snapshot(folder: Path) -> Path | None:
    """The layout of the Hugging Face cache keeps the files one level further down."""
    snapshots = sorted((folder / "snapshots").glob("*/config.json"), key=lambda path: path.stat().st_mtime)
    return snapshots[-1].parent if snapshots else None


def _modelscope_copy(name: str) -> Path | None:
    """ModelScope's cache writes a dot in a name as three underscores."""
    root = Path(os.environ.get("MODELSCOPE_CACHE", Path.home() / ".cache" / "modelscope"))
    written = name.replace(".", "___")
    for below in ("hub/models", "hub", "models", ""):
        folder = root / below / written
        if (folder / "config.json").is_file():
            return folder
    return None


def _hub_folder(name: str) -> Path:
    try:
        import huggingface_hub  # comes with transformers; imported here since most uses never need it
    except ImportError:
        raise MissingPackage(
            zh="下载模型需要 huggingface_hub，但没有安装。请运行：pip install huggingface_hub",
            en="Downloading a model needs huggingface_hub, which is not installed. Run: pip install huggingface_hub",
        ) from None
    try:
        found = huggingface_hub.snapshot_download(name, allow_patterns=list(MODEL_FILES), local_files_only=True)
        if (Path(found) / "config.json").is_file():
            return Path(found)
    except Exception:  # not in the cache: every kind of failure here means only that
        found = None
    _ask_whether_it_exists(name)
    try:
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=list(MODEL_FILES)))
    except Exception as error:
        raise _unreachable(name, error) from error


def _ask_whether_it_exists(name: str) -> None:
    """Ask the hub for the model's facts, in a thread of its own so that no retry can outlast our patience."""
    from huggingface_hub import HfApi

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=1)
    try:
        pool.submit(HfApi().model_info, name, timeout=PATIENCE).result(timeout=PATIENCE)
    except Exception as error:
        raise _unreachable(name, error) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _unreachable(name: str, error: Exception) -> FileProblem:
    reason = " ".join(str(error).split())[:120] or type(error).__name__
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    return FileProblem(
        zh=f"从 {endpoint} 取不到模型 {name!r}（{reason}）；可设 HF_ENDPOINT 换镜像，或传入手工复制的文件夹"
        "（Hugging Face 或 ModelScope 布局），或用自带的 'bundled'。",
        en=f"Cannot get the model {name!r} from {endpoint} ({reason}); set HF_ENDPOINT to a mirror, or pass a folder "
        "copied by hand (Hugging Face or ModelScope layout), or use 'bundled'.",
    )
