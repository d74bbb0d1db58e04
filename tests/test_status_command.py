"""`assistant status`, which a health check asks, against a daemon in every condition."""

import asyncio
import json
import socket

import pytest
from shell import assistant, is_one_sentence
from test_trace_command import served

from assistant.serve.control import ControlServer

ABOUT = {"model": "small", "language": "en", "spoken": "en", "version": "1.0", "hearing": None}
STATE = {"phase": "speaking", "turn": 3, "out": False}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "s"


def status(path, *arguments):
    return assistant(f"--set=paths.socket={path}", "status", *arguments)


@pytest.mark.parametrize(
    ("about", "told"),
    [(ABOUT, b"en"), (ABOUT | {"language": "auto", "spoken": "zh"}, b"auto, now zh")],
)
def test_a_running_assistant_is_well_and_says_what_it_does(path, about, told):
    async def main():
        server = ControlServer(path, lambda r: about if r["command"] == "info" else STATE)
        await server.start()
        try:
            return await asyncio.to_thread(lambda: (status(path), status(path, "--json")))
        finally:
            await server.stop()

    plain, as_json = asyncio.run(main())
    assert (plain.returncode, as_json.returncode) == (0, 0)
    assert plain.stdout == b"speaking (small, " + told + b")\n"
    assert json.loads(as_json.stdout) == STATE | about


def test_what_works_no_longer_is_said(path):
    poor = [{"room": "mind", "why": "out of memory.", "back_in_s": 42}]
    rest = {"poor": poor, "hung": 2}

    async def main():
        told = ABOUT | rest
        server = ControlServer(path, lambda r: told if r["command"] == "info" else STATE)
        await server.start()
        try:
            return await asyncio.to_thread(lambda: status(path))
        finally:
            await server.stop()

    assert asyncio.run(main()).stdout.decode().splitlines()[1:] == [
        "The language model fails: only skills and documents answer (out of memory); "
        "tried again in 42 s.",
        "Left behind, because they hang: 2 threads, which hold their memory until the next start; "
        "with 3 of them it ends, to be started again.",
    ]


def test_what_is_wrong_with_the_microphone_is_said(path):
    report = {"problems": ["clipping", "offset"], "speech": -3.0}

    async def main():
        told = ABOUT | {"hearing": report}
        server = ControlServer(path, lambda r: told if r["command"] == "info" else STATE)
        await server.start()
        try:
            return await asyncio.to_thread(lambda: (status(path), status(path, "--json")))
        finally:
            await server.stop()

    plain, as_json = asyncio.run(main())
    assert plain.stdout.decode().splitlines()[1:] == [
        "Hearing: the microphone is too loud, and speech is cut off: lower its level in "
        "`alsamixer` (F4), or switch its boost off.",
        "Hearing: the microphone's sound is off its centre; that is mended here, but another sound "
        "card would hear more.",
    ]
    assert json.loads(as_json.stdout)["hearing"] == report


def test_one_that_hears_itself_says_so(path):
    async def main():
        about = ABOUT | {"echo": "heard"}
        server = ControlServer(path, lambda r: about if r["command"] == "info" else STATE)
        await server.start()
        try:
            return await asyncio.to_thread(lambda: status(path))
        finally:
            await server.stop()

    assert b"half duplex" in asyncio.run(main()).stdout


def test_one_that_still_loads_is_not_well(path):
    assert "still loading" in is_one_sentence(served(path, lambda: status(path), ready=False), 1)


def test_none_is_not_well(path):
    assert "no assistant answers" in is_one_sentence(status(path), 1)


def test_one_that_hangs_is_not_well(path):
    with socket.socket(socket.AF_UNIX) as frozen:  # takes the connection and says nothing
        frozen.bind(str(path))
        frozen.listen()
        assert "no assistant answers" in is_one_sentence(status(path), 1)
