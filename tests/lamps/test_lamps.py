"""Lamps: a LED whose folder is made here, and lamps that raise, hang and are slow."""

import re
import threading
import time
from pathlib import Path

import pytest

from assistant.config import parse
from assistant.errors import BadInput
from assistant.lamps import making
from assistant.lamps.lamp import Lamps
from assistant.lamps.led import Led

PAGE = Path(__file__).parent.parent.parent / "docs" / "lamps.md"
RING = re.search(r"(?:^|\n)(    class Ring:.*?)\nThen\n", PAGE.read_text(), re.DOTALL)[1]
PATIENCE_S = 10.0


def led(folder, most="255", trigger=None):
    it = folder / "ACT"
    it.mkdir()
    (it / "brightness").write_text("0")
    (it / "max_brightness").write_text(f"{most}\n")
    if trigger is not None:
        (it / "trigger").write_text(trigger)
    return it


def brightness(it):
    return (it / "brightness").read_text()


def test_a_led_shows_each_phase(tmp_path):
    it = led(tmp_path)
    lamp, shown = Led("ACT", tmp_path), {}
    for phase in ("listening", "thinking", "speaking", "asleep", "off"):
        lamp.state(phase)
        shown[phase] = brightness(it)
    assert shown == {
        "listening": "255", "thinking": "64", "speaking": "128", "asleep": "0", "off": "0",
    }  # fmt: skip


def test_a_led_that_is_only_on_or_off_is_on_for_each(tmp_path):
    it, lamp = led(tmp_path, "1"), Led("ACT", tmp_path)
    for phase, shown in [("thinking", "1"), ("speaking", "1"), ("asleep", "0")]:
        lamp.state(phase)
        assert brightness(it) == shown


def test_a_led_that_can_blink_does_while_it_thinks_and_not_after(tmp_path):
    it = led(tmp_path, trigger="none [mmc0] timer heartbeat")
    lamp = Led("ACT", tmp_path)
    assert (it / "trigger").read_text() == "none", "the memory card drives it still"
    lamp.state("thinking")
    assert (it / "trigger").read_text() == "timer"
    lamp.state("speaking")
    assert ((it / "trigger").read_text(), brightness(it)) == ("none", "128")


def test_a_led_that_is_not_there_is_told_with_those_that_are(tmp_path):
    led(tmp_path)
    with pytest.raises(BadInput, match=r"`lamp.led` is 'x'.*it has: ACT\.$"):
        Led("x", tmp_path)


def test_a_led_that_cannot_be_used_is_told(tmp_path):
    led(tmp_path, "bright")
    with pytest.raises(BadInput, match="cannot be used as a lamp"):
        Led("ACT", tmp_path)


class Shown:
    """A lamp that keeps what it was shown, and may be told to raise or to wait."""

    def __init__(self, raises=0):
        self.phases, self.raises = [], raises
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.called = threading.Event()

    def state(self, phase):
        self.called.set()
        assert self.may_go_on.wait(PATIENCE_S)
        self.phases.append(phase)
        if self.raises:
            self.raises -= 1
            raise OSError("no light")

    def wait(self, *phases):
        end = time.monotonic() + PATIENCE_S
        while self.phases != list(phases):
            assert time.monotonic() < end, self.phases
            time.sleep(0.005)


def show(lamps, phase):
    lamps("state", {"phase": phase, "turn": 1, "out": False})


def test_lamps_are_shown_the_state_and_nothing_else():
    lamp = Shown()
    lamps = Lamps([("a", lamp)])
    lamps("heard", {"text": "x"})
    show(lamps, "listening")
    lamp.wait("listening")
    lamps.end()
    assert lamp.phases == ["listening", "off"]


def test_lamps_glow_in_its_sleep_while_something_fails(tmp_path):
    lamp, it = Shown(), led(tmp_path)
    lamps = Lamps([("a", lamp), ("led", Led("ACT", tmp_path))])
    lamps("crew", {"poor": [{"room": "mind"}]})
    lamp.wait("poor")
    until_shown = time.monotonic() + PATIENCE_S
    while brightness(it) != "13" and time.monotonic() < until_shown:
        time.sleep(0.005)
    assert brightness(it) == "13"
    show(lamps, "listening")
    lamp.wait("poor", "listening")
    show(lamps, "asleep")
    lamp.wait("poor", "listening", "poor")
    lamps("crew", {"poor": []})
    lamp.wait("poor", "listening", "poor", "asleep")
    lamps.end()


def test_a_lamp_that_raises_is_told_of_once_and_goes_on(caplog):
    lamp, other = Shown(raises=2), Shown()
    lamps = Lamps([("broken", lamp), ("other", other)])
    for number, phase in enumerate(["listening", "thinking", "speaking"], 1):
        show(lamps, phase)
        lamp.wait(*["listening", "thinking", "speaking"][:number])
        other.wait(*["listening", "thinking", "speaking"][:number])
    lamps.end()
    assert caplog.text.count("the lamp broken: OSError: no light") == 1


def test_a_lamp_that_hangs_costs_nothing_and_sees_only_the_newest_phase():
    lamp, other = Shown(), Shown()
    lamp.may_go_on.clear()
    lamps = Lamps([("slow", lamp), ("other", other)])
    show(lamps, "listening")
    assert lamp.called.wait(PATIENCE_S)
    for phase in ["thinking"] * 1000 + ["speaking"]:
        show(lamps, phase)
    end = time.monotonic() + PATIENCE_S
    while other.phases[-1:] != ["speaking"]:
        assert time.monotonic() < end, other.phases
        time.sleep(0.005)
    lamp.may_go_on.set()
    lamp.wait("listening", "speaking")
    lamps.end()


def lit(folder, named):
    return making.make(parse({"lamp": {"plugins": [named]}}, "test"))


def test_the_lamp_of_the_page_shines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "ring.py"
    file.write_text("\n".join(line[4:] for line in RING.splitlines()))
    lamps = lit(tmp_path, f"{file}:Ring")
    show(lamps, "listening")
    lamps.end()
    assert (tmp_path / "ring.txt").read_text().splitlines()[-1] == "off dark"


@pytest.mark.parametrize(
    ("source", "name", "sentence"),
    [
        ("x = (", "Ring", "cannot be imported"),
        ("x = 1", "Ring", "no function `Ring`"),
        ("class Ring: pass", "Ring", r"has no `state\(phase\)`"),
        ("def Ring(): raise OSError('no pins')", "Ring", "cannot be made: OSError: no pins"),
    ],
)
def test_what_is_no_lamp_is_told(tmp_path, source, name, sentence):
    file = tmp_path / "bad.py"
    file.write_text(source)
    with pytest.raises(BadInput, match=sentence):
        lit(tmp_path, f"{file}:{name}")


@pytest.mark.parametrize("named", ["ring", ":x", "ring.py:"])
def test_what_names_no_lamp_is_told(named, tmp_path):
    with pytest.raises(BadInput, match=r"wanted: `FILE\.py:NAME`"):
        lit(tmp_path, named)


def test_without_settings_there_is_none():
    assert making.make(parse({}, "test")) is None
