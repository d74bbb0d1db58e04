"""`assistant doctor` beside the settings: board, clock, disk, permissions, the tone, the speed."""

import json
import os
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shell import assistant
from soundcard import SoundCard

from assistant.audio.frames import RATE
from assistant.audio.tones import tone
from assistant.config import parse
from assistant.health import clock as clocks
from assistant.health import places, speed
from assistant.health.board import CAPPED, HOT, LOW_VOLTAGE, THROTTLED, board
from assistant.health.own_tone import ENOUGH_DB, HZ, QUIET_S, own_tone, rises
from assistant.models import catalogue

# --- the board ---------------------------------------------------------------------------------


def tree(root, **files):
    """Write files as sysfs has them; `__` in a name stands for `/`."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


def told(sysfs, text=""):
    return {found.name: found for found in board(sysfs, lambda: text)}


def test_a_machine_that_tells_nothing_is_not_complained_about(tmp_path):
    found = told(tmp_path)
    assert not any(each.warning for each in found.values())
    assert "does not tell" in found["voltage"].text
    assert found["temperature"].text == "unknown"


@pytest.mark.parametrize(
    ("text", "voltage", "temperature"),
    [
        ("throttled=0x0\n", "enough, since", ""),
        ("throttled=0x1\n", "too low now", ""),
        ("throttled=0x10000\n", "it was too low", ""),
        ("throttled=0x50005\n", "too low now", "slowed down now"),
        ("throttled=0x40000\n", "enough, since", "was slowed down"),
        ("throttled=0x80008\n", "enough, since", "slowed down now"),
        ("VCHI initialization failed\n", "does not tell", ""),
        ("throttled=0xzz\n", "does not tell", ""),
        ("", "does not tell", ""),
    ],
)
def test_what_the_firmware_says_becomes_words(tmp_path, text, voltage, temperature):
    found = told(tmp_path, text)
    assert voltage in found["voltage"].text
    assert temperature in found["temperature"].text
    assert found["voltage"].warning is (voltage in ("too low now", "it was too low"))
    assert found["temperature"].warning is bool(temperature)
    if found["voltage"].warning:
        assert "power supply" in found["voltage"].text
    if found["temperature"].warning:
        assert "heat sink" in found["temperature"].text


@given(st.integers(0, 2**20 - 1))
def test_each_bit_is_heeded(bits):
    voltage, temperature = board(places.Path("/nowhere"), lambda: f"throttled={bits:#x}")
    assert voltage.warning is bool(bits & (LOW_VOLTAGE | LOW_VOLTAGE << 16))
    hot = CAPPED | THROTTLED | HOT
    assert temperature.warning is bool(bits & (hot | hot << 16))


def test_the_system_tells_it_without_any_program(tmp_path):
    name = "devices__platform__soc__soc:firmware__get_throttled"
    found = told(tree(tmp_path, **{name: "10000"}))
    assert "was too low" in found["voltage"].text
    alarm = {"class__hwmon__hwmon0__name": "rpi_volt", "class__hwmon__hwmon0__in0_lcrit_alarm": "1"}
    assert "too low now" in told(tree(tmp_path / "b", **alarm))["voltage"].text


def test_heat_is_told_before_the_firmware_slows_down(tmp_path):
    zone = "class__thermal__thermal_zone0__temp"
    assert told(tree(tmp_path, **{zone: "51234"}))["temperature"].text == "51 °C"
    assert told(tree(tmp_path, **{zone: "79000"}))["temperature"].warning


# --- the clock ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "warning", "words"),
    [(0, False, "kept right"), (5, True, "timedatectl"), (None, False, "20")],
)
def test_the_clock(state, warning, words):
    found = clocks.clock(state=lambda: state)
    assert (found.ok, found.warning) == (True, warning)
    assert words in found.text


def test_a_board_that_woke_up_in_the_past_is_told(monkeypatch):
    found = clocks.clock(now=lambda: 0.0, state=lambda: 0)
    assert found.warning
    assert found.text.startswith("1970-01-01")
    assert "before this program was installed" in found.text


def test_the_kernel_is_asked():
    assert clocks._kernel() in (None, *range(6))


# --- disk and permissions ----------------------------------------------------------------------


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return parse({"paths": {"cache": str(tmp_path / "cache"), "models": str(tmp_path)}}, "test")


@pytest.mark.parametrize(
    ("free", "flags", "ok", "warning", "words"),
    [
        (5e9, 0, True, False, "5.0 GB free"),
        (3e8, 0, True, True, "little room"),
        (1e7, 0, False, True, "little room"),
        (5e9, os.ST_RDONLY, True, True, "cannot be written"),
    ],
)
def test_the_disk(config, monkeypatch, free, flags, ok, warning, words):
    about = [1024, 1024, 0, 0, int(free / 1024), 0, 0, 0, flags, 255]
    monkeypatch.setattr(places.os, "statvfs", lambda path: os.statvfs_result(about))
    found = places.disk(config)
    assert (found.ok, found.warning) == (ok, warning)
    assert words in found.text
    assert found.text.count("GB free") == 1  # all three lie on the same one


def test_a_token_that_all_may_read_is_told(config, tmp_path):
    token = tmp_path / "state" / "web-token"
    token.parent.mkdir()
    token.write_text("x")
    token.chmod(0o600)
    assert not places.permissions(config).warning
    token.chmod(0o644)
    found = places.permissions(config)
    assert found.warning
    assert f"chmod o= {token}" in found.text


def test_folders_and_sound_that_are_closed_are_told(config, tmp_path, monkeypatch):
    (tmp_path / "snd").mkdir()
    (tmp_path / "snd" / "pcmC0D0p").touch()
    monkeypatch.setattr(places.os, "access", lambda path, how: False)  # root may everything
    found = places.permissions(config, tmp_path / "snd")
    assert "usermod -aG audio" in found.text
    assert f"{tmp_path}: this user may not write there" in found.text


def test_without_sound_nothing_is_said_of_it(config, tmp_path):
    assert "usermod" not in places.permissions(config, tmp_path / "nothing").text


# --- the tone ----------------------------------------------------------------------------------


def room(level_db, noise_db=-50.0, hum=0.0):
    """What a microphone hears of the tone, at `level_db`, from 0.2 s after it was played."""
    made = np.random.default_rng(7)
    pcm = made.normal(0, 32768 * 10 ** (noise_db / 20), round(2.5 * RATE))
    pcm += hum * np.sin(2 * np.pi * 440 * np.arange(len(pcm)) / RATE)
    if level_db is not None:
        at = round((QUIET_S + 0.2) * RATE)
        sound = tone(HZ, 1.0, RATE, level_db)
        pcm[at : at + len(sound)] += sound
    return np.clip(pcm, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("level", [-20.0, -40.0, -55.0])
@pytest.mark.parametrize("hum", [0.0, 3000.0])
def test_a_tone_is_found_under_noise_and_hum(level, hum):
    assert rises(room(level, hum=hum)) > ENOUGH_DB


@pytest.mark.parametrize("noise", [-20.0, -50.0, -80.0])
def test_without_a_tone_none_is_found(noise):
    assert rises(room(None, noise)) < ENOUGH_DB


def test_a_microphone_that_is_dead_or_short_of_breath():
    assert rises(np.zeros(2 * RATE, np.int16)) == 0.0
    assert rises(np.zeros(100, np.int16)) is None


# --- the speed ---------------------------------------------------------------------------------


def test_a_slow_engine_is_told_with_what_to_do(monkeypatch):
    """With a stopwatch of its own, over the real work of the lightest voice."""
    seconds = iter([0.0, 100.0])
    monkeypatch.setattr(speed.time, "perf_counter", lambda: next(seconds))
    text, complaints = speed.voice(parse({"speech": {"engine": "espeak"}}, "test"))
    assert float(re.match(r"(\d+\.\d\d) s of work", text)[1]) > speed.MOST_S
    assert "lighter voice" in complaints[0]


def test_what_is_far_away_is_not_timed():
    far = {"engine": "wyoming", "uri": "tcp://127.0.0.1:1"}
    config = parse({"asr": far, "speech": far, "llm": {"model": "none"}}, "test")
    assert list(speed.speed(config)) == []


# --- the command -------------------------------------------------------------------------------


@pytest.mark.e2e
def test_the_tone_of_a_real_loudspeaker_is_heard():
    loop = "load-module module-loopback source=spk.monitor sink=micfeed latency_msec=20\n"
    with SoundCard(loop) as card, card.adopted():
        heard = own_tone(parse({}, "test"))
    assert "dB above the rest" in heard.text
    assert (heard.ok, heard.warning) == (True, False)


@pytest.mark.engine
@pytest.mark.slow
def test_recogniser_and_model_are_timed_at_their_work():
    text, _ = speed.recogniser(parse({}, "test"))
    assert re.match(r"\d+\.\d\d s of work for a second of sound", text)
    text, _ = speed.model(parse({}, "test"))
    assert float(re.match(r"(\d+\.\d) tokens a second", text)[1]) > 0


def test_a_damaged_model_is_told(tmp_path):
    entry = min(catalogue(), key=lambda each: each.size)
    folder = tmp_path / entry.name
    folder.mkdir()
    options = ["--set=audio.backend=none", f"--set=paths.models={tmp_path}", "--set=llm.model=none"]
    run = assistant(*options, "doctor", "--full", "--json")
    findings = {f["name"]: f for f in json.loads(run.stdout)["findings"]}
    assert not findings["models' content"]["ok"]
    assert entry.name in findings["models' content"]["text"]
    assert run.returncode == 1
