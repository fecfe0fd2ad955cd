"""Fetching one recorded file over the network: in bounded time, under a temporary name, verified before it is kept."""

from pathlib import Path

from baihua.benchmarks.archives import sha256_of
from baihua.benchmarks.datasets import DataFile, Dataset
from baihua.checks import FileProblem, InvalidValue
from baihua.progress import Advance

TIMEOUT = 10.0  # seconds to wait for a connection, and for each next piece of a file
RETRIES = 1  # how often a failed download is tried again


def fetch(record: Dataset, wanted: DataFile, target: Path, advance: Advance) -> Path:
    """Download one file to ``target`` and verify its checksum.

    Args:
        record: the set it belongs to.
        wanted: the file.
        target: where to put it. A file already there and whole is left as it is.
        advance: called with the number of bytes done.

    Returns:
        ``target``.

    Raises:
        InvalidValue: when the file has no public address.
        FileProblem: when it cannot be fetched, has the wrong checksum or cannot be written; nothing is kept then.
    """
    address = wanted.address
    if address is None:
        raise InvalidValue(
            zh=f"{record.name} 的 {wanted.file} 没有公开地址；取到后运行 baihua data add FILE，"
            "或把 BAIHUA_DATA 设为放着它的文件夹。",
            en=f"{wanted.file} of {record.name} has no public address. Once you have it, run: baihua data add FILE, "
            "or set BAIHUA_DATA to a folder that holds it.",
        )
    if target.is_file() and sha256_of(target) == wanted.sha256:
        advance(wanted.bytes)
        return target
    try:
        _fetch_verified(address, wanted, target, advance)
    except OSError as error:  # requests' own errors are OSErrors, without a number
        raise _not_fetched(wanted, address, target, error) from error
    except ValueError as error:  # pooch's word for a wrong checksum
        raise FileProblem(
            zh=f"从 {address} 下载的内容与 {wanted.file} 登记的 sha256 不符，没有保留；请换一个地址（BAIHUA_DATA_BASE），"
            "或取到原始文件后运行 baihua data add FILE，或设 BAIHUA_DATA。",
            en=f"What came from {address} has not the sha256 recorded for {wanted.file}, and was not kept. "
            "Use another address (BAIHUA_DATA_BASE), or fetch the raw file and run: baihua data add FILE, "
            "or set BAIHUA_DATA.",
        ) from error
    return target


class _Bar:
    """What pooch expects of a progress bar, passing the bytes on to ours."""

    def __init__(self, advance: Advance, num_bytes: int) -> None:
        self.total = num_bytes
        self._advance = advance
        self._left = num_bytes

    def update(self, num_bytes: int) -> None:
        step = min(num_bytes, self._left)  # pooch counts whole blocks, and the whole file once more at the end
        self._left -= step
        self._advance(step)

    def reset(self) -> None:
        """Do nothing: `update` never runs past the end."""

    def close(self) -> None:
        """Do nothing: the bar belongs to the whole download."""


def _fetch_verified(address: str, wanted: DataFile, target: Path, advance: Advance) -> None:
    """Let pooch download under a temporary name, check the sha256, and rename."""
    import pooch  # brings the network parts; nothing but a download needs them

    store = pooch.create(
        path=target.parent,
        base_url="",
        registry={target.name: f"sha256:{wanted.sha256}"},
        urls={target.name: address},
        retry_if_failed=RETRIES,
    )
    bar = _Bar(advance, wanted.bytes)
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")  # our own bar and sentences say what happens
    try:
        store.fetch(target.name, downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=TIMEOUT))
    finally:
        logger.setLevel(level)


def _not_fetched(wanted: DataFile, address: str, target: Path, error: OSError) -> FileProblem:
    if error.errno is not None:
        return FileProblem(
            zh=f"写不进 {target}：{error.strerror}。请换一个文件夹或腾出空间。",
            en=f"Cannot write {target}: {error.strerror}. Choose another folder or free some space.",
        )
    response = getattr(error, "response", None)
    reason = type(error).__name__ if response is None else f"HTTP {response.status_code}"
    return FileProblem(
        zh=f"下载 {wanted.file} 失败（{reason}）：{address}；请检查网络，或用别的办法取到后运行 baihua data add FILE，"
        "或把 BAIHUA_DATA 设为放着它的文件夹。",
        en=f"Could not download {wanted.file} ({reason}) from {address}. See to the network, or get it by other means "
        "and run: baihua data add FILE, or set BAIHUA_DATA to a folder that holds it.",
    )
