"""GPIO: what is asked of libgpiod. Board and library are fakes: the kernel here has no lines."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from assistant.errors import AssistantError, EngineMissing
from assistant.mind.skills.pins import Gpiod


@pytest.fixture
def board(monkeypatch):
    """A fake of gpiod 2: what was requested, and each value that was set, in order."""
    done = []

    def request_lines(chip, *, consumer, config):
        if chip != "/dev/gpiochip0":
            raise FileNotFoundError(2, "No such file or directory")
        [(line, settings)] = config.items()
        done.append((chip, line, settings.direction, settings.output_value))
        return SimpleNamespace(set_value=lambda line, value: done.append((line, value)))

    gpiod, line = ModuleType("gpiod"), ModuleType("gpiod.line")
    line.Value = SimpleNamespace(ACTIVE="on", INACTIVE="off")
    line.Direction = SimpleNamespace(OUTPUT="out")
    gpiod.line, gpiod.request_lines = line, request_lines
    gpiod.LineSettings = SimpleNamespace
    monkeypatch.setitem(sys.modules, "gpiod", gpiod)
    monkeypatch.setitem(sys.modules, "gpiod.line", line)
    return done


def test_a_line_is_requested_once_and_stays_so(board):
    pins = Gpiod()
    pins.switch("/dev/gpiochip0", 17, True)
    pins.switch("/dev/gpiochip0", 17, False)
    assert board == [("/dev/gpiochip0", 17, "out", "on"), (17, "on"), (17, "off")]


def test_a_pulse_goes_back(board):
    Gpiod().pulse("/dev/gpiochip0", 4, True, 0.0)
    assert board[1:] == [(4, "on"), (4, "off")]


def test_a_chip_that_is_not_there_is_one_sentence(board):
    with pytest.raises(AssistantError, match=r"line 4 of /dev/none: .*No such file"):
        Gpiod().switch("/dev/none", 4, True)


def test_without_the_library_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpiod.line", None)
    with pytest.raises(EngineMissing, match="pip install gpiod"):
        Gpiod().switch("/dev/gpiochip0", 4, True)
