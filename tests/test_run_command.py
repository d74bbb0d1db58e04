"""`assistant run` as a process on the virtual sound card: its signals, keys, socket and systemd."""

import json
import os
import re
import signal
import socket
import threading
import time
from importlib import resources
from pathlib import Path

import pytest
from shell import Child, Terminal, assistant, has_loaded, is_one_sentence, until
from soundcard import SoundCard

from assistant.commands.foreground import view
from assistant.config import Config, parse
from assistant.serve.control import call

QUESTION = Path(str(resources.files("assistant") / "data" / "question-en.wav"))
LIGHT = ["--set=speech.engine=espeak", "--set=llm.temperature=0", "--set=turn.follow_up=0.0"]
TRIES = 3
"""A machine that stalls loses sound of the virtual card."""


@pytest.fixture(scope="module")
def card():
    with SoundCard() as it:
        yield it


class Manager:
    """systemd's end of the notification socket."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.heard = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while message := self._socket.recv(4096).decode():
            self.heard.append(message)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"", str(self.path))


class Json(Child):
    """`assistant run --json`, with its events as they come."""

    def __init__(self, *options, env):
        super().__init__(*LIGHT, *options, "run", "--json", env=env)
        self.events = []
        self.errors = []
        self._threads = [
            threading.Thread(target=self._read, daemon=True),
            threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))  # every line is one object, or this thread dies

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def names(self):
        return [event["event"] for event in self.events]

    def wait(self, name, after=0, **wanted):
        """Wait for an event of that name and content; return its number."""

        def found():
            return [
                number
                for number, event in enumerate(self.events)
                if number >= after and event["event"] == name and wanted.items() <= event.items()
            ]

        until(lambda: found() or self.process.poll() is not None, f"{name} in {self.events}")
        assert found(), (self.events[-5:], self.errors)
        return found()[0]

    def ended(self):
        """Wait for the end; return exit code and standard error."""
        code = self.process.wait(30)
        for thread in self._threads:
            thread.join(10)
        return code, b"".join(self.errors).decode()


@pytest.mark.e2e
@pytest.mark.engine
@pytest.mark.slow
def test_the_daemon_from_start_to_end(card, tmp_path):
    manager = Manager(tmp_path)
    path = tmp_path / "folder" / "s"
    own = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"}
    with Json(f"--set=paths.socket={path}", env={**card.variables, **own}) as daemon:
        # while it loads
        until(path.exists, "the socket")
        second = assistant(f"--set=paths.socket={path}", "run", env=card.variables)
        assert "another assistant is running" in is_one_sentence(second, 1)
        if not has_loaded(daemon.process, "libllama.so"):
            woken = assistant(f"--set=paths.socket={path}", "wake")
            assert "still loading" in is_one_sentence(woken, 1)
        daemon.wait("ready")
        until(lambda: "READY=1\nSTATUS=asleep" in manager.heard, "READY")
        before = manager.heard.index("READY=1\nSTATUS=asleep")
        assert "WATCHDOG=1" not in manager.heard[:before]

        # the question of a user who pressed a button
        assert call(path, {"command": "state"})["phase"] == "asleep"
        assert assistant(f"--set=paths.socket={path}", "wake").returncode == 0
        woken = daemon.wait("wake_detected", phrase="command")
        daemon.wait("state", woken, phase="listening")
        card.speak(QUESTION)
        heard = daemon.events[daemon.wait("heard", woken)]
        assert "france" in heard["text"].lower()
        ended = daemon.events[daemon.wait("speaking_ended", woken)]
        assert "Paris" in ended["heard"]
        asleep = daemon.wait("state", daemon.events.index(ended), phase="asleep")

        # where its time went
        which = {"command": "trace", "turn": str(ended["turn"])}
        (timeline,) = call(path, which)["turns"]
        stages = {mark["stage"] for mark in timeline["marks"]}
        assert {"speech_start", "speech_end", "turn_end", "heard", "first_sample"} <= stages
        assert timeline["voice_to_voice_s"] > 0
        drawn = assistant(f"--set=paths.socket={path}", "trace", which["turn"])
        assert (drawn.returncode, drawn.stderr) == (0, b"")
        assert re.match(rf"turn {which['turn']}: answered after .*[Ff]rance", drawn.stdout.decode())
        assert "until audible" in drawn.stdout.decode()

        # and what else the socket takes
        call(path, {"command": "say", "text": "The first of two sentences. And the second."})
        daemon.wait("clause_started", asleep)
        call(path, {"command": "stop"})
        asleep = daemon.wait("state", daemon.wait("stop_requested", asleep), phase="asleep")
        call(path, {"command": "ask", "text": "What is two plus two?"})
        daemon.wait("reply_ended", asleep)

        # systemd was told of it, and that it lives
        phases = [m for m in manager.heard[before:] if m.startswith("STATUS=")]
        assert phases[:4] == [
            "STATUS=listening",
            "STATUS=thinking",
            "STATUS=speaking",
            "STATUS=asleep",
        ]
        count = manager.heard.count("WATCHDOG=1")
        until(lambda: manager.heard.count("WATCHDOG=1") >= count + 3, "WATCHDOG")

        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.ended() == (0, "")
    manager.close()
    assert manager.heard[-1] == "STOPPING=1"
    assert manager.heard.count("READY=1\nSTATUS=asleep") == 1
    assert not path.exists()
    times = [event["time"] for event in daemon.events]
    assert times == sorted(times)
    assert all({"time", "event"} <= set(event) for event in daemon.events)
    assert "Paris" in "".join(e["piece"] for e in daemon.events if e["event"] == "text")


@pytest.mark.e2e
@pytest.mark.engine
@pytest.mark.slow
def test_the_keys_and_the_status_line_of_a_narrow_terminal(card, tmp_path):
    options = [*LIGHT, f"--set=paths.socket={tmp_path}/s"]
    with Terminal(*options, "run", columns=20, env=card.variables) as terminal:
        terminal.wait_for("loading")
        terminal.wait_for('ready; say "okay nabu"')
        terminal.wait_for("q: quit")
        terminal.type("x")  # means nothing
        terminal.type(" ")
        terminal.wait_for("\r\x1b\\[Klistening")
        terminal.type("s")
        terminal.wait_for("\r\x1b\\[Kasleep")
        for _ in range(TRIES):
            terminal.type(" ")
            terminal.wait_for("\r\x1b\\[Klistening")
            card.speak(QUESTION)
            said = terminal.wait_for("(?s)(.*?)(you: [^\r\n]*[\r\n]|\r\x1b\\[Kasleep)")
            lines = re.split("\r\x1b\\[K|\n", said.group(1))
            if "France" in said.group(2) and any("capital" in line for line in lines):
                break
        assert "France" in said.group(2)
        assert any("capital" in line for line in lines)
        assert all(len(line) < 20 for line in lines)
        terminal.wait_for("assistant: .*Paris")
        terminal.type("q")
        code, text = terminal.end()
        assert (code, terminal.modes()) == (0, terminal.before), text
        assert text.endswith("\r\x1b[K")  # the line that lived is gone
    assert not (tmp_path / "s").exists()


@pytest.mark.e2e
@pytest.mark.engine
@pytest.mark.slow
def test_sound_that_hangs_while_it_speaks_is_killed_and_it_speaks_on(card, tmp_path):
    text = "One comes first, and two is next. Three, four and five follow them."
    path = tmp_path / "s"
    with Json(f"--set=paths.socket={path}", env=card.variables) as daemon:
        daemon.wait("ready")
        call(path, {"command": "say", "text": text})
        said = daemon.wait("clause_started")
        children = Path(f"/proc/{daemon.process.pid}/task").glob("*/children")
        numbers = [number for each in children for number in each.read_text().split()]
        owners = [n for n in numbers if "audio.owner" in Path(f"/proc/{n}/cmdline").read_text()]
        assert len(owners) == 2
        for number in owners:
            os.kill(int(number), signal.SIGSTOP)
        for room in ("microphone", "loudspeaker"):
            daemon.wait("device", said, room=room, there=False)
            daemon.wait("device", said, room=room, there=True)
        ended = daemon.events[daemon.wait("speaking_ended", said)]
        assert ended["heard"].strip() == text
        assert not any(Path(f"/proc/{number}").exists() for number in owners)
        daemon.process.terminate()
        assert daemon.ended()[0] == 0


@pytest.mark.e2e
@pytest.mark.engine
@pytest.mark.slow
def test_a_sound_system_that_dies_is_waited_for_and_used_again(tmp_path):
    with SoundCard() as own:
        options = f"--set=paths.socket={tmp_path}/s"
        with Json(options, env=own.variables) as daemon:
            daemon.wait("ready")
            own.kill()
            lost = daemon.events[daemon.wait("device", room="microphone", there=False)]
            daemon.wait("device", room="loudspeaker", there=False)
            assert "is gone; plug it in again" in lost["message"]
            status = assistant(options, "status")
            assert "tried again until it is back" in status.stdout.decode()
            own.start()
            daemon.wait("device", room="loudspeaker", there=True)
            back = daemon.wait("device", room="microphone", there=True)
            assert assistant(options, "wake").returncode == 0
            daemon.wait("state", back, phase="listening")
            own.speak(QUESTION)
            heard = daemon.events[daemon.wait("heard", back)]
            assert "france" in heard["text"].lower()
            assert "Paris" in daemon.events[daemon.wait("speaking_ended", back)]["heard"]
            daemon.process.terminate()
            assert daemon.ended()[0] == 0
        own.kill()

        # and then there is none to begin with
        for command in (["run"], ["devices"]):
            run = assistant(options, *command, env=own.variables)
            sentence = is_one_sentence(run, 1)
            assert "there is no " in sentence
        doctor = assistant("doctor", "--json", env=own.variables)
        findings = {f["name"]: f for f in json.loads(doctor.stdout)["findings"]}
        assert doctor.returncode == 1
        assert not findings["microphone"]["ok"]
        assert not findings["loudspeaker"]["ok"]
        assert "plug one in" in findings["microphone"]["text"]


@pytest.mark.e2e
@pytest.mark.engine
def test_a_sound_system_that_hangs_ends_it_too_without_a_crash(tmp_path):
    with SoundCard() as own:
        with Child(*LIGHT[:1], "say", "A sentence. " * 50, env=own.env) as child:
            until(lambda: has_loaded(child.process, "libespeak"), "the voice")
            time.sleep(1)
            own.freeze()
            code, _, errors = child.end()
        assert code == 1, errors
        assert "is gone" in errors.splitlines()[-1]
        own.thaw()


@pytest.mark.e2e
def test_devices_fit_into_a_narrow_terminal(card):
    with Terminal("devices", "--test", "--seconds", "1", columns=20, env=card.variables) as it:
        it.wait_for("in use as")
        it.wait_for("Ctrl-C ends")
        code, text = it.end()
    assert code == 0, text
    levels = [line for line in text.split("\r") if " dB " in line]
    assert len(levels) > 5
    assert all(len(line.rstrip()) < 20 for line in levels)
    assert "At the loudest" in text


def test_models_fit_into_a_narrow_terminal():
    with Terminal("models", "list", columns=20) as terminal:
        code, text = terminal.end()
    assert code == 0
    names = [line for line in text.split("\r\n") if "piper-en-joe" in line.replace(" ", "")]
    assert names
    words = [line for line in text.split("\r\n") if " " in line.strip()]
    assert all(len(line) <= 20 for line in words)


# --- without a process -----------------------------------------------------------------------


def screen(config, *notes, live=True, columns=40, monkeypatch, capsys):
    size = os.terminal_size((columns, 24))
    monkeypatch.setattr(view.shutil, "get_terminal_size", lambda *_, **__: size)
    status = view.Status(live, config)
    for name, data in notes:
        status.note(name, data)
    status.end()
    return capsys.readouterr().out


NOTES = [
    ("ready", {}),
    ("state", {"phase": "listening", "turn": 1}),
    ("partial", {"turn": 1, "text": "what is the"}),
    ("heard", {"turn": 1, "text": "what is the time"}),
    ("heard", {"turn": 1, "text": ""}),
    ("text", {"turn": 1, "piece": "It"}),
    ("reply_ended", {"turn": 1, "text": "It is noon."}),
    ("say", {"turn": 2, "text": "I did not catch that."}),
    ("failed", {"turn": 2, "room": "mind", "message": "it broke"}),
    ("an_event_of_the_future", {"turn": 3}),
]


def test_a_log_has_lines_only(monkeypatch, capsys):
    text = screen(Config(), *NOTES, live=False, monkeypatch=monkeypatch, capsys=capsys)
    assert text.splitlines() == [
        'ready; say "okay nabu"',
        "you: what is the time",
        "assistant: It is noon.",
        "assistant: I did not catch that.",
        "error: it broke",
    ]


def test_a_terminal_has_a_last_line_that_lives(monkeypatch, capsys):
    # click leaves out what moves the cursor where standard output is no terminal
    monkeypatch.setattr(view.click, "echo", lambda text, nl=True: print(text, end="\n" * nl))
    text = screen(Config(), *NOTES, monkeypatch=monkeypatch, capsys=capsys)
    assert "\r\x1b[Klistening: what is the" in text
    assert text.endswith("\r\x1b[K")
    tiny = screen(Config(), *NOTES, columns=1, monkeypatch=monkeypatch, capsys=capsys)
    assert "you: what is the time" in tiny


@pytest.mark.parametrize(
    ("wake", "words"),
    [
        ({"words": ["alexa"], "phrases": ["hey you"]}, 'say "alexa" or "hey you"'),
        ({"words": [], "always": True}, "listens all the time"),
        ({"words": []}, "`assistant wake` wakes it"),
    ],
)
def test_it_says_how_to_begin(wake, words, monkeypatch, capsys):
    config = parse({"wake": wake}, "test")
    assert words in screen(config, ("ready", {}), monkeypatch=monkeypatch, capsys=capsys)


def test_an_event_is_one_line_of_json_whatever_is_in_it(capsys):
    view.print_event("heard", {"text": 'a "b"\n你好\u2028', "turn": 1})
    (line,) = capsys.readouterr().out.strip("\n").split("\n")
    event = json.loads(line)
    assert abs(event.pop("time") - time.time()) < 60
    assert event == {"event": "heard", "text": 'a "b"\n你好\u2028', "turn": 1}
