"""Finding, adding and downloading recorded files, with a server on loopback and files written here."""

import hashlib
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from baihua.benchmarks.data import add, cache_folder, download, find_file, list_files
from baihua.benchmarks.datasets import DATASETS, DataFile, Dataset
from baihua.checks import FileProblem, InvalidValue
from baihua.language import set_language

CONTENT = "天气很好\t今天天气不错\t1\n".encode() * 4000  # more than one block of a download
BOTH = {"zh": "一", "en": "one"}
FILES = (
    DataFile("part/toy.txt", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), "our/toys", "c" * 40, "a b/toy.txt"),
    DataFile("local.txt", 5, hashlib.sha256(b"local").hexdigest()),
)


@pytest.fixture(autouse=True)
def _toy_set(monkeypatch, tmp_path):
    monkeypatch.setenv("BAIHUA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv("BAIHUA_DATA", raising=False)
    monkeypatch.setitem(DATASETS, "Toy", Dataset("Toy", BOTH, FILES, BOTH, "no", "ours", BOTH, "toys.zip"))


@pytest.fixture
def folder(monkeypatch, tmp_path):
    path = tmp_path / "mine"
    path.mkdir()
    monkeypatch.setenv("BAIHUA_DATA", str(path))
    return path


class Server(ThreadingHTTPServer):
    """Serves `body` at the address of the toy file, and notes what was asked for."""

    body = CONTENT
    announced: int | None = None
    status = 200
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(self.server.announced or len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    running = Server(("127.0.0.1", 0), Handler)
    running.asked = []
    monkeypatch.setenv("BAIHUA_DATA_BASE", f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


def no_files_below(path):
    return not [item for item in path.rglob("*") if item.is_file()]


def test_a_good_file_is_kept_and_not_fetched_twice(server):
    [path] = download("toy")
    assert path.read_bytes() == CONTENT
    assert path == find_file("Toy", "part/toy.txt")
    assert server.asked == [f"/our/toys/{'c' * 40}/a%20b/toy.txt"]
    assert download("toy", ["part/toy.txt"]) == [path]
    assert len(server.asked) == 1


def test_a_download_folder_serves_as_data_folder(server, monkeypatch, tmp_path):
    [path] = download("toy", folder=tmp_path / "sets")
    monkeypatch.setenv("BAIHUA_DATA", str(tmp_path / "sets"))
    assert find_file("toy", "part/toy.txt") == path


def test_a_damaged_file_in_the_cache_is_fetched_again(server):
    [path] = download("toy")
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(FileProblem, match="not on this machine"):
        find_file("toy", "part/toy.txt")
    assert download("toy") == [path]
    assert path.read_bytes() == CONTENT


def test_wrong_bytes_are_not_kept(server):
    server.body = CONTENT[::-1]
    with pytest.raises(FileProblem, match=r"has not the sha256 recorded.*not kept.*baihua data add FILE") as caught:
        download("toy")
    assert f"http://127.0.0.1:{server.server_port}" in str(caught.value)
    assert no_files_below(cache_folder())


def test_a_missing_file_is_one_sentence_with_the_address_and_the_ways_out(server):
    server.status = 404
    with pytest.raises(FileProblem, match=r"HTTP 404.*/our/toys/.*baihua data add FILE.*BAIHUA_DATA"):
        download("toy")
    assert no_files_below(cache_folder())


def test_a_truncated_file_is_not_kept_and_was_tried_again(server):
    server.body, server.announced = CONTENT[:1000], len(CONTENT)
    with pytest.raises(FileProblem, match=r"toy\.txt.*baihua data add FILE"):
        download("toy")
    assert len(server.asked) == 2
    assert no_files_below(cache_folder())


def test_no_server_is_one_sentence_in_chinese_too(monkeypatch):
    monkeypatch.setenv("BAIHUA_DATA_BASE", "http://127.0.0.1:9")  # the discard port: nothing answers
    set_language("zh")
    with pytest.raises(FileProblem, match=r"下载 part/toy\.txt 失败.*baihua data add FILE.*BAIHUA_DATA"):
        download("toy")


def test_a_file_without_a_public_address_says_so():
    with pytest.raises(InvalidValue, match="no public address"):
        download("toy", ["local.txt"])


def test_a_file_that_is_not_here_says_how_to_get_it():
    with pytest.raises(FileProblem, match=r"baihua data download Toy; or run: baihua data add FILE; .*BAIHUA_DATA"):
        find_file("toy", "part/toy.txt")
    with pytest.raises(FileProblem, match="Once you have it, run: baihua data add FILE"):
        find_file("toy", "local.txt")


@pytest.mark.parametrize("place", ["part/toy.txt", "Toy/part/toy.txt", "toy/part/toy.txt", "toys/part/toy.txt"])
def test_plain_files_are_found_in_the_data_folder(folder, place):
    path = folder / place
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert find_file("toy", "part/toy.txt") == path


@pytest.mark.parametrize("archive", ["toys.zip", "Toy.zip"])
@pytest.mark.parametrize("member", ["anything/part/toy.txt", "renamed.txt"])
def test_zips_are_unpacked_once(folder, archive, member):
    with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("other.txt", b"other")
        opened.writestr(member, CONTENT)
    path = find_file("toy", "part/toy.txt")
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(cache_folder())
    changed = path.stat().st_mtime_ns
    assert find_file("toy", "part/toy.txt") == path
    assert path.stat().st_mtime_ns == changed


def test_a_zip_cannot_write_outside_the_cache(folder, tmp_path):
    with zipfile.ZipFile(folder / "toys.zip", "w") as opened:
        opened.writestr("../../../part/toy.txt", CONTENT)
        opened.writestr("/part/toy.txt", CONTENT)
    assert find_file("toy", "part/toy.txt").is_relative_to(cache_folder())
    assert {path.name for path in tmp_path.iterdir()} == {"cache", "mine"}


def test_another_version_is_used_with_a_warning(folder):
    (folder / "Toy").mkdir()
    (folder / "Toy" / "local.txt").write_bytes(b"LOCAL")
    with pytest.warns(UserWarning, match="differs from the pinned file"):
        assert find_file("toy", "local.txt").read_bytes() == b"LOCAL"
    with zipfile.ZipFile(folder / "toys.zip", "w") as opened:
        opened.writestr("toys/local.txt", b"local")
    assert find_file("toy", "local.txt").read_bytes() == b"local"  # the very file recorded goes first


def test_a_common_name_in_no_folder_of_its_own_counts_only_by_content(folder):
    (folder / "dev.json").write_bytes(b"{}")
    with pytest.raises(FileProblem, match="not on this machine"):
        find_file("cluener", "dev.json")


def test_a_broken_zip_and_a_missing_data_folder_are_named(folder, monkeypatch):
    (folder / "toys.zip").write_bytes(b"PK not a zip")
    with pytest.raises(FileProblem, match=r"Cannot read .*toys\.zip"):
        find_file("toy", "local.txt")
    monkeypatch.setenv("BAIHUA_DATA", str(folder / "nowhere"))
    with pytest.raises(FileProblem, match=r"BAIHUA_DATA names .*nowhere"):
        find_file("toy", "local.txt")


def test_add_knows_a_file_by_its_content(tmp_path):
    source = tmp_path / "download (3).tmp"
    source.write_bytes(CONTENT)
    [kept] = add(source)
    assert kept.read_bytes() == CONTENT
    assert find_file("toy", "part/toy.txt") == kept


def test_add_takes_what_it_knows_from_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("x/README.md", b"hello")  # as long as local.txt, but another content
        opened.writestr("../local.txt", b"local")
        opened.writestr("x/renamed.txt", CONTENT)
    kept = add(tmp_path / "bundle.zip")
    assert sorted(path.name for path in kept) == ["local.txt", "toy.txt"]
    assert all(path.is_relative_to(cache_folder() / "data" / "Toy") for path in kept)


def test_add_names_the_nearest_when_it_knows_nothing(tmp_path):
    source = tmp_path / "sts-b-dev.txt"
    source.write_bytes(b"a\tb\t1\n" * 30000)
    with pytest.raises(InvalidValue, match=r"180000 bytes.*nearest are STS-B STS-B\.valid\.data \(185717 bytes\)"):
        add(source)
    with pytest.raises(FileProblem, match="There is no file"):
        add(tmp_path / "nothing")
    with pytest.raises(FileProblem, match="is a folder"):
        add(tmp_path)
    assert no_files_below(cache_folder())


def test_the_list_says_what_is_here(tmp_path):
    (tmp_path / "local").write_bytes(b"local")
    add(tmp_path / "local")
    rows = list_files(["toy"])
    assert [(row["file"], row["here"]) for row in rows] == [("part/toy.txt", False), ("local.txt", True)]
    assert rows[1]["address"] is None
    assert {"name", "bytes", "sha256", "licence", "commercial_use"} <= rows[0].keys()


def test_the_cache_is_the_platforms_unless_named(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("BAIHUA_CACHE")
    assert "baihua" in str(cache_folder())
