"""A virtual sound card: a private PulseAudio with a microphone that can be spoken into.

    tests speak -> sink `micfeed` -> source `mic` (the default microphone)
    the default loudspeaker, sink `spk` -> its monitor -> tests listen

Nothing outside its temporary folder is touched, and the daemon ends with the process that made it.
Needs the Debian packages pulseaudio, pulseaudio-utils, libasound2-plugins and libportaudio2.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np

from assistant.audio.frames import RATE, Pcm

# Without norewinds=1 the first callbacks of a stream come up to two seconds late.
SCRIPT = """
load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/pa.sock
load-module module-null-sink sink_name=spk norewinds=1 rate=48000 channels=1
load-module module-null-sink sink_name=micfeed norewinds=1 rate=16000 channels=1
load-module module-remap-source master=micfeed.monitor source_name=mic
set-default-sink spk
set-default-source mic
"""
PATIENCE_S = 20.0


class Recording:
    """What a source gives, from now until `stop`."""

    def __init__(self, card: "SoundCard", source: str, rate: int) -> None:
        command = ["parec", f"--device={source}", f"--rate={rate}", "--channels=1"]
        self._process = subprocess.Popen(
            [*command, "--format=s16le", "--latency-msec=10"],
            env=card.env,
            stdout=subprocess.PIPE,
        )
        self.rate = rate
        self.began = 0.0
        """`time.monotonic` s of the first sample, to some 20 ms; 0 before it came."""
        self._bytes = bytearray()
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        if not self._first.wait(PATIENCE_S):
            self.stop()
            raise RuntimeError(f"the virtual sound card gives no sound of {source}")

    @property
    def pcm(self) -> Pcm:
        """What came so far, (samples,) int16 at `rate` Hz."""
        content = bytes(self._bytes)
        return np.frombuffer(content[: len(content) // 2 * 2], np.int16)

    def stop(self) -> Pcm:
        """End, and return all."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        self._thread.join(PATIENCE_S)
        return self.pcm

    def _read(self) -> None:
        assert self._process.stdout is not None
        while block := os.read(self._process.stdout.fileno(), 65536):
            if not self._bytes:
                self.began = time.monotonic() - len(block) / 2 / self.rate
            self._bytes += block
            self._first.set()


class SoundCard:
    """A context manager. `env` is the environment in which programs see this card and no other."""

    def __init__(self, more: str = "") -> None:
        """`more` are lines for the end of the daemon's script."""
        self._more = more
        self.folder = Path(tempfile.mkdtemp(prefix="soundcard-"))
        self.variables = {
            "PULSE_SERVER": f"unix:{self.folder}/pa.sock",
            "PULSE_RUNTIME_PATH": str(self.folder / "pulse"),
            "PULSE_COOKIE": str(self.folder / "cookie"),
            "XDG_RUNTIME_DIR": str(self.folder),
            "JACK_NO_START_SERVER": "1",
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._recordings: list[Recording] = []

    @property
    def env(self) -> dict[str, str]:
        """The whole environment for a child process."""
        return {**os.environ, **self.variables}

    def __enter__(self) -> "SoundCard":
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def adopted(self) -> Iterator[None]:
        """Within it, this very process sees the card and no other one (for tests of PortAudio).

        PortAudio's list of devices is made once, so it is initialised anew.
        """
        before = {name: os.environ.get(name) for name in self.variables}
        os.environ.update(self.variables)
        import sounddevice

        sounddevice._terminate()
        sounddevice._initialize()
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
            sounddevice._terminate()
            sounddevice._initialize()

    def start(self) -> None:
        """Start the daemon; again, after `kill`."""
        script = self.folder / "script.pa"
        script.write_text(SCRIPT.format(folder=self.folder) + self._more)
        (self.folder / "pa.sock").unlink(missing_ok=True)
        log = (self.folder / "log").open("ab")
        daemon = ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1"]
        self._daemon = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *daemon, "--use-pid-file=no"],
            env={**self.env, "HOME": str(self.folder)},
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + PATIENCE_S
        while "\tmic\t" not in self._pactl("list", "short", "sources"):
            if self._daemon.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no PulseAudio: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def close(self) -> None:
        """End everything that was started here, and remove the folder."""
        self.thaw()
        for recording in self._recordings:
            recording.stop()
        for process in [*self._started, self._daemon]:
            if process and process.poll() is None:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def speak(
        self, file: Path, wait: bool = True, sink: str = "micfeed"
    ) -> "subprocess.Popen[bytes]":
        """Play a WAV file into the microphone; return when it was played, or at once."""
        process = subprocess.Popen(["paplay", f"--device={sink}", str(file)], env=self.env)
        self._started.append(process)
        if wait and process.wait(PATIENCE_S + 600):
            raise RuntimeError(f"paplay failed on {file}")
        return process

    def record(self, source: str = "spk.monitor", rate: int = RATE) -> Recording:
        """Begin to record what the loudspeaker plays (or `micfeed.monitor`, what was spoken)."""
        recording = Recording(self, source, rate)
        self._recordings.append(recording)
        return recording

    # --- faults -------------------------------------------------------------------------------

    def kill(self) -> None:
        """The sound system crashes."""
        assert self._daemon
        self._daemon.kill()
        self._daemon.wait()

    def freeze(self) -> None:
        """The sound system stops answering, but stays there."""
        assert self._daemon
        self._daemon.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """The sound system answers again."""
        if self._daemon and self._daemon.poll() is None:
            self._daemon.send_signal(signal.SIGCONT)

    def unplug_microphone(self) -> None:
        """The source `mic` vanishes while the daemon stays."""
        modules = self._pactl("list", "short", "modules").splitlines()
        number = next(line.split("\t")[0] for line in modules if "remap-source" in line)
        self._pactl("unload-module", number)

    def plug_microphone(self) -> None:
        """The source `mic` is there again, and the default one."""
        self._pactl(
            "load-module", "module-remap-source", "master=micfeed.monitor", "source_name=mic"
        )
        self.make_default("mic")

    def make_default(self, source: str) -> None:
        """Let another source be the default microphone."""
        self._pactl("set-default-source", source)

    def listeners(self) -> int:
        """How many programs take sound from this card."""
        streams = self._pactl("list", "short", "source-outputs").splitlines()
        return sum(line.split("\t")[2] != "-" for line in streams)  # a module has no client

    def unplug_loudspeaker(self) -> None:
        """The sink `spk` vanishes while the daemon stays."""
        modules = self._pactl("list", "short", "modules").splitlines()
        number = next(line.split("\t")[0] for line in modules if "sink_name=spk" in line)
        self._pactl("unload-module", number)

    def _pactl(self, *arguments: str) -> str:
        run = subprocess.run(
            ["pactl", *arguments], env=self.env, capture_output=True, text=True, timeout=PATIENCE_S
        )
        return run.stdout
