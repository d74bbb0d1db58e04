import os

import pytest

from assistant.mind import kvfile
from assistant.mind.kvfile import KEPT, Store


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(os.urandom(3_000_000))
    return path


@pytest.fixture
def store(tmp_path, model):
    return Store(tmp_path / "kv", model, "1.0")


def only_file(tmp_path):
    (path,) = (tmp_path / "kv").iterdir()
    return path


def test_what_was_kept_comes_back(tmp_path, model, store):
    store.save([1, 2, 3], b"state")
    assert Store(tmp_path / "kv", model, "1.0").load([1, 2, 3]) == b"state"


def test_other_tokens_another_version_and_another_model_find_nothing(tmp_path, model, store):
    store.save([1, 2, 3], b"state")
    assert store.load([1, 2]) is None
    assert Store(tmp_path / "kv", model, "1.1").load([1, 2, 3]) is None
    data = bytearray(model.read_bytes())
    for at in range(0, len(data), 1000):  # a model that was tuned differs nearly everywhere
        data[at] ^= 1
    model.write_bytes(data)
    assert Store(tmp_path / "kv", model, "1.0").load([1, 2, 3]) is None


def test_damage_is_noticed_and_mended(tmp_path, store):
    store.save([1, 2, 3], b"state" * 100)
    path = only_file(tmp_path)
    whole = path.read_bytes()
    for broken in (b"", whole[:10], whole[:-1], whole[: len(whole) // 2], b"x" + whole[1:]):
        path.write_bytes(broken)
        assert store.load([1, 2, 3]) is None
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    path.write_bytes(flipped)
    assert store.load([1, 2, 3]) is None
    store.save([1, 2, 3], b"new")
    assert store.load([1, 2, 3]) == b"new"


def test_two_files_that_were_swapped_are_noticed(tmp_path, store):
    store.save([1], b"one")
    first = only_file(tmp_path)
    content = first.read_bytes()
    store.save([2], b"two")
    (second,) = set((tmp_path / "kv").iterdir()) - {first}
    second.write_bytes(content)
    assert store.load([2]) is None
    assert store.load([1]) == b"one"


def test_old_states_make_room(tmp_path, store):
    for number in range(KEPT + 3):
        store.save([number], b"s")
    assert len(list((tmp_path / "kv").iterdir())) == KEPT
    assert store.load([KEPT + 2]) == b"s"


def test_a_disk_that_cannot_be_written_is_no_error(tmp_path, model):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "kv", model, "1")
    store.save([1], b"s")
    assert store.load([1]) is None


def test_a_crash_while_writing_leaves_no_state_that_is_believed(tmp_path, store, monkeypatch):
    monkeypatch.setattr(
        kvfile.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "full"))
    )
    store.save([1], b"s")
    assert store.load([1]) is None
    assert list((tmp_path / "kv").iterdir()) == []
