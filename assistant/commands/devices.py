"""`assistant devices`: which microphones and loudspeakers there are, and whether they work."""

import contextlib
import queue
import shutil
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from assistant.audio.devices import Device, Kind, listing, resolve
from assistant.commands import Seconds, example, print_json, quieten, settings, tell
from assistant.config import Config
from assistant.errors import AssistantError, DeviceError

if TYPE_CHECKING:
    from assistant.audio.frames import Pcm

METER_FLOOR_DBFS = -60.0
QUIET_DBFS = -50.0
"""A microphone that never gets louder than this while somebody speaks is not heard."""
TONE_HZ, TONE_S = 440.0, 0.6
MARKS = {"input": "microphone", "output": "loudspeaker"}


@click.command(
    epilog=example(
        "assistant devices", "assistant devices --test --seconds 10", "assistant devices --json"
    )
)
@click.option(
    "--test", "tested", is_flag=True, help="Play a tone, then show the microphone's level."
)
@click.option(
    "--seconds",
    type=Seconds(0.5, 3600),
    default=None,
    help="How long to show the level; without it until Ctrl-C.",
)
@click.option("--json", "as_json", is_flag=True, help="One object with the list `devices`.")
def command(tested: bool, seconds: float | None, as_json: bool) -> None:
    """List microphones and loudspeakers; those in use are marked."""
    config = settings()
    quieten()
    found = listing()
    used, problems = _used(config, found)
    if as_json:
        rows = [{**asdict(d), "used": [k for k, u in used.items() if u == d]} for d in found]
        print_json({"devices": rows, "problems": problems})
    else:
        for device in found:
            _show(device, used)
    if tested:
        _test(config, used, seconds)
    elif problems:
        raise DeviceError(" Also, ".join(problems))


def _used(config: Config, found: list[Device]) -> tuple[dict[Kind, Device], list[str]]:
    """Return the devices that the settings mean, and a sentence for each that there is not."""
    used: dict[Kind, Device] = {}
    problems = []
    wanted: dict[Kind, str | int] = {"input": config.audio.input, "output": config.audio.output}
    for kind, name in wanted.items():
        try:
            used[kind] = resolve(kind, name, found)
        except DeviceError as error:
            problems.append(str(error))
    return used, problems


def _show(device: Device, used: dict[Kind, Device]) -> None:
    marks = [MARKS[kind] for kind, one in used.items() if one == device]
    mark = "*" if marks else " "
    detail = f"{device.inputs} in, {device.outputs} out, {device.rate} Hz, {device.host}"
    click.echo(f"{mark} {device.number:2} {device.name}")
    click.echo(f"     {detail}" + (f"; in use as {' and '.join(marks)}" if marks else ""))


def _test(config: Config, used: dict[Kind, Device], seconds: float | None) -> None:
    """Play a tone where there is a loudspeaker, show a level where there is a microphone."""
    if "output" in used:
        tell("A tone on {output} ...", output=used["output"].name)
        _play_tone(config)
    else:
        tell("No loudspeaker: no tone.")
    if "input" not in used:
        resolve("input", config.audio.input, list(used.values()))  # raises the sentence
    tell("The level of {input}; speak. Ctrl-C ends.", input=used["input"].name)
    loudest = METER_FLOOR_DBFS
    with contextlib.suppress(KeyboardInterrupt):
        for level in _levels(config, seconds):
            loudest = max(loudest, level)
            _meter(level)
    if sys.stdout.isatty():
        click.echo()
    verdict = (
        "is heard" if loudest > QUIET_DBFS else "is hardly heard: raise its level in `alsamixer`"
    )
    tell(
        "At the loudest {loudest:.0f} dBFS; the microphone {verdict}.",
        loudest=loudest,
        verdict=verdict,
    )


def _play_tone(config: Config) -> None:
    from assistant.audio import engines
    from assistant.audio.tones import tone
    from assistant.mouth.playback import Player

    lost: list[str] = []
    loudspeaker = engines.loudspeaker(config, lost.append)
    players: list[Player] = []
    try:
        loudspeaker.start(lambda out, at: players[0].fill(out, at) if players else out.fill(0))
        player = Player(loudspeaker.rate, lambda *_: None, lambda *_: None)
        player.tone(tone(TONE_HZ, TONE_S, loudspeaker.rate))
        players.append(player)
        time.sleep(TONE_S + 0.3)
    finally:
        loudspeaker.stop()
    if lost:
        raise AssistantError(lost[0])


def frames(config: Config, seconds: float | None) -> "Generator[Pcm, None, None]":
    """Yield what the microphone hears for so long, (samples,) int16 a frame.

    Raises `DeviceError`.
    """
    from assistant.audio import engines
    from assistant.audio.frames import Frame

    heard: queue.SimpleQueue[Frame | str] = queue.SimpleQueue()
    microphone = engines.microphone(config, heard.put)
    until = time.monotonic() + seconds if seconds else float("inf")
    try:
        microphone.start(heard.put)
        while time.monotonic() < until:
            try:
                frame = heard.get(timeout=0.5)
            except queue.Empty:
                continue
            if isinstance(frame, str):
                raise DeviceError(frame)
            yield frame.pcm
    finally:
        microphone.stop()


def _levels(config: Config, seconds: float | None) -> Iterator[float]:
    """Yield the RMS level in dBFS of every tenth of a second of the microphone."""
    import numpy as np

    from assistant.audio.frames import FRAME_SAMPLES, RATE
    from assistant.ears.level import dbfs

    together = round(0.1 * RATE / FRAME_SAMPLES)
    block = []
    with contextlib.closing(frames(config, seconds)) as heard:  # the device, too, after Ctrl-C
        for pcm in heard:
            block.append(pcm)
            if len(block) == together:
                yield max(METER_FLOOR_DBFS, dbfs(np.concatenate(block)))
                block.clear()


def _meter(level: float) -> None:
    """Draw one level: a bar that moves on a terminal, a line each elsewhere."""
    live = sys.stdout.isatty()
    room = max(4, shutil.get_terminal_size().columns - 11) if live else 20
    filled = round(room * (1 - level / METER_FLOOR_DBFS))
    text = f"{level:4.0f} dB {'#' * filled}{'-' * (room - filled)}"
    click.echo(f"\r{text}" if live else text, nl=not live)
    sys.stdout.flush()
