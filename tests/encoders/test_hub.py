import socket
import time

import pytest

from baihua.checks import FileProblem
from baihua.encoders.hub import find_model_folder


def test_a_folder_is_itself(bert_folder):
    assert find_model_folder(str(bert_folder)) == bert_folder


def test_the_cache_layout_of_hugging_face_copied_by_hand(tmp_path):
    snapshot = tmp_path / "models--hfl--rbt3" / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}", encoding="utf-8")
    assert find_model_folder(str(tmp_path / "models--hfl--rbt3")) == snapshot


@pytest.mark.parametrize("below", ["hub/models", "hub", "models", "."])
def test_the_cache_of_modelscope(tmp_path, monkeypatch, below):
    folder = tmp_path / below / "org" / "name-v1___5"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path))
    assert find_model_folder("org/name-v1.5") == folder


@pytest.mark.parametrize("name", ["./nowhere", "a/b/c", "没有 这个", "../x"])
def test_what_cannot_be_a_hub_name_is_a_missing_folder(name):
    with pytest.raises(FileProblem, match="There is no model folder"):
        find_model_folder(name)


def test_an_unreachable_hub_is_said_within_ten_seconds(monkeypatch, tmp_path):
    """A server that takes the connection and never answers: the worst of the unreachable."""
    import huggingface_hub

    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", endpoint)
        monkeypatch.setattr("baihua.encoders.hub.PATIENCE", 1.0)
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        started = time.monotonic()
        with pytest.raises(FileProblem, match="HF_ENDPOINT.*copied by hand.*'bundled'"):
            find_model_folder("nobody/no-such-model-at-all")
        assert time.monotonic() - started < 10


def test_offline_is_said_at_once():
    started = time.monotonic()
    with pytest.raises(FileProblem, match="Cannot get the model 'nobody/no-such-model'.*HF_ENDPOINT"):
        find_model_folder("nobody/no-such-model")
    assert time.monotonic() - started < 5
