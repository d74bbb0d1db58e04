"""`assistant doctor`: what is installed, what is used and why, and what is missing."""

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

import click

from assistant import __version__
from assistant.commands import example, plain, print_json, quieten, settings, tell
from assistant.config import Config
from assistant.errors import AssistantError, DeviceError
from assistant.health.finding import Finding, look
from assistant.language import AUTO, leading, spoken
from assistant.messages import say

if TYPE_CHECKING:
    from assistant.wyoming.finding import Kind

HEARD_S = 3.0
"""The microphone is heard for so long."""
FAR = "wyoming"
"""The engine that is on another host."""


@click.command(
    epilog=example("assistant doctor", "assistant doctor --full", "assistant doctor --json")
)
@click.option(
    "--full",
    is_flag=True,
    help="Also play a tone and listen for it, read all models, and measure this machine's speed.",
)
@click.option("--json", "as_json", is_flag=True, help="One object with the list `findings`.")
def command(as_json: bool, full: bool) -> int:
    """Say what is installed, what is used and why, and what is missing; exit code 1 if it cannot
    work.
    """
    config = settings()
    quieten()

    def listening() -> None:
        if not as_json and sys.stderr.isatty():
            tell("Listening for {seconds:.0f} s: say something ...", err=True, seconds=HEARD_S)

    findings = []
    for finding in examine(config, listening, full):
        findings.append(finding)
        if not as_json:
            click.echo(f"{_mark(finding)} {finding.name}: {finding.text}")
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    elif not full:
        tell("`assistant doctor --full` also plays a tone, reads all models and measures speed.")
    return 0 if all(finding.ok for finding in findings) else 1


def _mark(finding: Finding) -> str:
    if not finding.ok:
        return "MISS"
    return "WARN" if finding.warning else "ok  "


def examine(
    config: Config, listening: Callable[[], None] = lambda: None, full: bool = False
) -> Iterator[Finding]:
    """Look at one part after the other; nothing is loaded unless it is looked at in `full`.

    `listening` is called before the microphone is heard for `HEARD_S`.
    """
    from assistant import profile
    from assistant.ears import wake
    from assistant.health.board import board
    from assistant.health.clock import clock
    from assistant.health.places import disk, permissions
    from assistant.mind import engines as mind
    from assistant.systemd import units
    from assistant.systemd.units import Place

    python = f"Python {platform.python_version()} on {platform.machine()}, {_cores()} cores"
    yield Finding("assistant", sys.version_info >= (3, 11), f"{__version__}, {python}")
    yield Finding("profile", True, profile.explain(config))
    yield (there := look("microphone", lambda: _device(config, "input", config.audio.input)))
    if there.ok and config.audio.backend != "none":
        listening()
        yield look("hearing", lambda: _hearing(config))
    yield look("loudspeaker", lambda: _device(config, "output", config.audio.output))
    yield Finding("echo", True, _echo(config))
    yield look("wake word", lambda: _wakes(config, wake.make))
    if config.language == AUTO:
        yield Finding("language", True, _languages(config))
    yield look("recogniser", lambda: _recogniser(config))
    yield look("language model", lambda: mind.explain(config))
    yield look("voice", lambda: _voice(config))
    if config.skills.enabled:
        yield look("skills", lambda: _skills(config))
    if config.remote.endpoint:
        yield look("remote model", lambda: _remote(config))
    if config.wyoming.enabled or config.wyoming.satellite:
        yield look("wyoming", lambda: _wyoming(config))
    if config.mqtt.host:
        yield look("broker", lambda: _broker(config))
    if units.installed(Place()):
        yield look("network", lambda: _network(config))
    yield Finding("models", config.models_dir.is_dir(), str(config.models_dir))
    yield disk(config)
    yield permissions(config)
    yield clock()
    yield from board()
    if full:
        yield from _at_length(config)


def _at_length(config: Config) -> Iterator[Finding]:
    """Look at what takes its time, or makes a sound."""
    from assistant.health.own_tone import own_tone
    from assistant.health.speed import speed

    if config.audio.backend != "none":
        yield own_tone(config)
    yield look("models' content", lambda: _read(config))
    yield from speed(config)


def _read(config: Config) -> str:
    """Compare all installed models with their hashes. Raises `AssistantError`."""
    from assistant.models import Shelf

    shelf = Shelf(config.models_dir)
    there = [entry for entry in shelf.entries if shelf.folder(entry).exists()]
    wrong = [entry.name for entry in there if shelf.faults(entry)]
    if wrong:
        raise AssistantError(
            "damaged: {names}; `assistant models verify` says how, and what mends it.",
            names=", ".join(wrong),
        )
    return say("{count} models are what they should be", count=len(there))


def _device(config: Config, kind: Literal["input", "output"], wanted: str | int) -> str:
    from assistant.audio import devices

    if config.audio.backend == "none":
        return "not used (audio.backend is none)"
    return str(devices.resolve(kind, wanted, devices.listing()).name)


def _hearing(config: Config) -> str:
    """Record for some seconds, and say what the sound is like; raises for a dead microphone."""
    from assistant.commands.devices import frames
    from assistant.ears.conditions import QUIET_DBFS, Conditions, advice
    from assistant.ears.level import QUIETEST, dbfs

    conditions, loudest = Conditions(every=1, silent_s=HEARD_S / 2), QUIETEST
    try:
        for pcm in frames(config, HEARD_S):
            conditions.hear(pcm, talking=True)
            loudest = max(loudest, dbfs(pcm))
    except DeviceError as error:
        return f"not looked at, for {error}"
    report = conditions.report()
    found = [advice(problem) for problem in report.problems]
    if "silent" in report.problems:
        raise AssistantError(*found)
    told = [f"at the loudest {loudest:.0f} dBFS, noise {report.noise or QUIETEST:.0f} dBFS"]
    if loudest < QUIET_DBFS and not found:
        found.append(say("nobody spoke, or too softly: say something while it looks."))
    return ". ".join([*told, *(each[0].upper() + each[1:] for each in found)])


def _echo(config: Config) -> str:
    if config.audio.backend == "none":
        return "there is none"
    return {
        "auto": "is taken out; `assistant status` says when that does not work here",
        "on": "is taken out, and whether that works is not asked",
        "off": "stays: half duplex, only wake and stop words interrupt it",
    }[config.echo.mode]


def _languages(config: Config) -> str:
    both = " and ".join(f"`{each}`" for each in spoken(config.language))
    only = leading(config.language)
    return f"{both}: each question is answered in its own; what can be in one only is in `{only}`"


def _recogniser(config: Config) -> str:
    from assistant.ears import engines

    engines.choose(config)  # raises for what is missing; the explanation never does
    told = engines.explain(config)
    return _answering(told, config.asr.uri, "asr", config) if config.asr.engine == FAR else told


def _voice(config: Config) -> str:
    from assistant.mouth import engines

    told = engines.explain(config)
    if config.speech.engine == FAR:
        return _answering(f"{told}.", config.speech.uri, "tts", config)
    return told


def _skills(config: Config) -> str:
    from assistant.mind.skills import skills

    return skills.explain(config)


def _remote(config: Config) -> str:
    from assistant.mind.remote import client

    remote = config.remote
    which = "hard questions" if remote.share == "hard" else "all questions but the private ones"
    if not remote.endpoint.startswith("tcp:"):
        client.check(remote.endpoint, client.find_key(remote))
        return f"{remote.model} at {remote.endpoint} gets {which}"
    from assistant.mind.remote.wyoming import WyomingClient

    WyomingClient(remote, config.language)  # raises for what is wrong with the settings
    return _answering(
        f"wyoming at {remote.endpoint} gets {which}.", remote.endpoint, "handle", config
    )


def _answering(told: str, uri: str, kind: "Kind", config: Config) -> str:
    """Add whether the other host does what is wanted. Raises `AssistantError` where it does not."""
    from assistant.wyoming.address import check
    from assistant.wyoming.errors import Lost
    from assistant.wyoming.finding import describe, find

    try:
        address = check(uri, "uri") or find(kind, config.language)
        names = [offer.name for offer in describe(address) if offer.kind == kind]
    except Lost as error:
        raise AssistantError(
            "{told} It does not answer now: {error}", told=told, error=error
        ) from error
    if not names:
        raise AssistantError(
            "{told} What is at {address} offers none of that.", told=told, address=address
        )
    return f"{told} It answers now: {', '.join(map(plain, names))} at {address}."


def _wyoming(config: Config) -> str:
    from assistant.serve import wyoming
    from assistant.serve.wyoming import gate

    wanted = config.wyoming
    wyoming.need("wyoming.satellite" if wanted.satellite else "wyoming.enabled")
    allowed = ", ".join(map(str, gate.networks(wanted.allow))) or "all that can reach it"
    ports = [f"services at port {wanted.port}"] if wanted.enabled else []
    ports += [f"satellite at port {wanted.satellite_port}"] if wanted.satellite else []
    return f"{' and '.join(ports)} of {wanted.host}; may connect: {allowed}"


def _broker(config: Config) -> str:
    from assistant.serve.mqtt import broker

    broker.need()
    found = broker.of(config)
    return (
        f"{found.address} over MQTT as {found.topics.device}; `assistant mqtt` tells whether the "
        "running assistant is connected"
    )


def _network(config: Config) -> str:
    """Return what the service may reach. Raises `AssistantError` where that is too little."""
    from assistant.systemd import network, units

    level = units.installed_level(units.Place())
    if found := network.missing(config, level):
        raise AssistantError(*(network.advice(name, needed, level) for name, needed in found))
    return (
        f"the service has the network `{level}`, and its settings need `{network.needed(config)}`"
    )


def _wakes(config: Config, make: Callable[[Config], Sequence[object]]) -> str:
    make(config)
    words = [*config.wake.words, *config.wake.phrases]
    ways = [f'"{word.replace("_", " ")}"' for word in words]
    return ", ".join([*ways, *(["always listening"] if config.wake.always else [])]) or "key only"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
