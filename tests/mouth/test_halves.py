import json
import os
import shutil

import numpy as np
import pytest

from assistant import machine
from assistant.config import Config
from assistant.mouth import halves
from assistant.mouth.halves import KEPT, RECORD, load
from assistant.mouth.onnx_split import Unsplit

VOICE = Config().models_dir / "piper-en-joe" / "en_US-joe-medium.onnx"

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cache with the voice's halves."""
    cache = tmp_path_factory.mktemp("voices")
    load(VOICE, 1, cache)
    return cache


@pytest.fixture
def cache(made, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(made, tmp_path / "voices")


@pytest.fixture
def cuts(monkeypatch):
    """How often the network was cut."""
    counted, real = [], halves.split

    def split(model):
        counted.append(len(model))
        return real(model)

    monkeypatch.setattr(halves, "split", split)
    return counted


def only_folder(cache):
    (folder,) = cache.iterdir()
    return folder


def spoken(decoder):
    """What the decoder makes of a latent that is always the same."""
    latent = np.random.default_rng(1).normal(size=(1, 192, 30))
    return decoder.session.run(None, {decoder.latent: latent.astype(np.float32)})[0]


def test_the_kept_halves_are_not_made_again_and_sound_the_same(cache, cuts):
    front, decoder = load(VOICE, 1, cache)
    assert cuts == []
    fresh_front, fresh = load(VOICE, 1)
    assert len(cuts) == 1
    assert decoder._replace(session=None) == fresh._replace(session=None)
    np.testing.assert_allclose(spoken(decoder), spoken(fresh), atol=1e-5)
    names = [[node.name for node in session.get_inputs()] for session in (front, fresh_front)]
    assert names[0] == names[1]


def test_making_them_prints_nothing(tmp_path, capfd):
    load(VOICE, 1, tmp_path / "voices")
    assert sorted(path.name for path in only_folder(tmp_path / "voices").iterdir()) == [
        "decoder.bin", "decoder.onnx", "front.bin", "front.onnx", RECORD,
    ]  # fmt: skip
    assert capfd.readouterr() == ("", "")


def shorter(path):
    path.write_bytes(path.read_bytes()[:-100])


def other(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def without(key):
    def forget(path):
        record = json.loads(path.read_text())
        del record[key]
        path.write_text(json.dumps(record))

    return forget


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("front.bin", shorter),
        ("decoder.onnx", other),
        ("decoder.bin", os.remove),
        (RECORD, os.remove),
        (RECORD, without("hop")),
        (RECORD, lambda path: path.write_text("[]")),
    ],
)
def test_what_is_damaged_is_made_anew(cache, cuts, name, damage):
    damage(only_folder(cache) / name)
    _, decoder = load(VOICE, 1, cache)
    assert spoken(decoder).size
    assert len(cuts) == 1
    load(VOICE, 1, cache)
    assert len(cuts) == 1


@pytest.mark.parametrize("what", ["processor", "instructions"])
def test_another_processor_has_its_own(cache, cuts, monkeypatch, what):
    monkeypatch.setattr(machine, what, lambda: "another")
    load(VOICE, 1, cache)
    assert len(cuts) == 1
    assert len(list(cache.iterdir())) == 2


def test_the_oldest_voice_goes(tmp_path):
    cache = tmp_path / "voices"
    for age in range(1, KEPT + 2):
        (cache / f"voice-{age}").mkdir(parents=True)
        os.utime(cache / f"voice-{age}", (1e9 - age, 1e9 - age))
    load(VOICE, 1, cache)
    names = [path.name for path in cache.iterdir()]
    assert len(names) == KEPT
    assert "voice-1" in names


def test_a_voice_that_is_used_is_not_old(cache):
    os.utime(only_folder(cache), (1e9, 1e9))
    load(VOICE, 1, cache)
    assert only_folder(cache).stat().st_mtime > 1.5e9


def test_on_a_full_disk_the_voice_speaks_from_memory(tmp_path, monkeypatch):
    def full(model, path):
        path.write_bytes(model[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(halves, "_rewrite", full)
    _, decoder = load(VOICE, 1, tmp_path / "voices")
    assert spoken(decoder).size
    assert list((tmp_path / "voices").iterdir()) == []


def test_where_nothing_can_be_kept_the_voice_speaks_from_memory(tmp_path):
    (tmp_path / "voices").write_text("a file where the folder should be")
    _, decoder = load(VOICE, 1, tmp_path / "voices")
    assert spoken(decoder).size


def test_a_network_that_cannot_be_cut_leaves_nothing(tmp_path, monkeypatch):
    def refuse(model):
        raise Unsplit("it is not")

    monkeypatch.setattr(halves, "split", refuse)
    session, decoder = load(VOICE, 1, tmp_path / "voices")
    assert decoder is None
    assert session.get_outputs()
    assert not (tmp_path / "voices").exists()
