"""Which microphones and loudspeakers there are, and which one the settings mean."""

import difflib
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Literal, TypeVar, cast

from assistant.errors import DeviceError, EngineMissing
from assistant.messages import say

Kind = Literal["input", "output"]
NOUN: dict[Kind, str] = {"input": "microphone", "output": "loudspeaker"}
ANSWER_S = 8.0
"""A sound system that takes longer than this many s to answer hangs."""
SHOWN = 6
"""A message names this many devices at the most."""

T = TypeVar("T")
_portaudio = threading.Lock()  # PortAudio's calls are not safe against one another


@dataclass(frozen=True, slots=True)
class Device:
    """A sound device as PortAudio sees it."""

    number: int
    """Changes when devices come and go: names are safer."""
    name: str
    host: str
    """The sound system that it belongs to, such as `ALSA`."""
    inputs: int
    """Channels in."""
    outputs: int
    """Channels out."""
    rate: int
    """Its own sample rate in Hz."""
    default_in: bool
    default_out: bool

    def channels(self, kind: Kind) -> int:
        """How many channels it has in that direction."""
        return self.inputs if kind == "input" else self.outputs


def within(seconds: float, act: Callable[[], T]) -> T:
    """Return ``act()``, which calls PortAudio; raise `TimeoutError` when it takes longer.

    PortAudio can hang for ever (a frozen sound server, an unplugged card): it is called from a
    thread that is then left behind.
    """
    outcome: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            with _portaudio:
                outcome.put((act(), None))
        except BaseException as error:
            outcome.put((None, error))

    threading.Thread(target=run, name="portaudio", daemon=True).start()
    try:
        value, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error:
        raise error
    return value  # type: ignore[return-value]  # None only where T allows it


def library() -> ModuleType:
    """Return the module `sounddevice`; the first call initialises PortAudio.

    Raises `EngineMissing` without it, `DeviceError` when the sound system hangs or refuses.
    """

    def load() -> ModuleType:
        import sounddevice  # type: ignore[import-untyped]

        return cast(ModuleType, sounddevice)

    try:
        return within(ANSWER_S, load)
    except ImportError as error:
        raise EngineMissing(
            "the package `sounddevice` is not installed; `script/setup` installs it."
        ) from error
    except TimeoutError as error:
        raise DeviceError(_hangs()) from error
    except OSError as error:
        raise EngineMissing(
            "the PortAudio library is not installed; `sudo apt install libportaudio2` installs it."
        ) from error
    except Exception as error:  # sounddevice.PortAudioError cannot be named before the import
        raise DeviceError("the sound system cannot be used: {error}.", error=error) from error


def _hangs() -> str:
    return (
        "the sound system does not answer; restart it (`systemctl --user restart pipewire` or "
        "`pulseaudio -k`), or take a device that was unplugged out of use."
    )


def listing() -> list[Device]:
    """Return all devices, as they were when PortAudio was initialised.

    Raises what `library` raises.
    """
    sounddevice = library()
    try:
        hosts, found = within(
            ANSWER_S, lambda: (sounddevice.query_hostapis(), sounddevice.query_devices())
        )
    except TimeoutError as error:
        raise DeviceError(_hangs()) from error
    first = [host for host in hosts if host["devices"]][:1]  # PortAudio's default comes first
    defaults = [(host["default_input_device"], host["default_output_device"]) for host in first]
    return [
        Device(
            number=number,
            name=entry["name"],
            host=hosts[entry["hostapi"]]["name"],
            inputs=entry["max_input_channels"],
            outputs=entry["max_output_channels"],
            rate=round(entry["default_samplerate"]),
            default_in=any(number == default for default, _ in defaults),
            default_out=any(number == default for _, default in defaults),
        )
        for number, entry in enumerate(found)
    ]


def resolve(kind: Kind, wanted: str | int, devices: Sequence[Device]) -> Device:
    """Return the device that `wanted` means: a number, a name, a unique part of one, or empty.

    A whole name goes before a part of one; capitals do not matter unless only they make the
    difference; empty is the default device. Raises `DeviceError`.
    """
    noun = say("microphone") if kind == "input" else say("loudspeaker")
    able = [device for device in devices if device.channels(kind)]
    if not able:
        raise DeviceError(
            "there is no {noun}; plug one in and look again with `assistant devices`, or do "
            "without: `assistant demo` and `assistant chat` need none.",
            noun=noun,
        )
    if wanted == "":
        defaults = [d for d in able if (d.default_in if kind == "input" else d.default_out)]
        return (defaults or able)[0]
    for matches in _ever_looser(wanted, able):
        if len(matches) == 1 or (matches and len({device.name for device in matches}) == 1):
            return matches[0]
        if matches:
            raise DeviceError(
                "`audio.{kind}` is {wanted!r}, which fits several {noun}s: {matches}; write "
                "more of the name, or the number.",
                kind=kind,
                wanted=wanted,
                noun=noun,
                matches=_names(matches),
            )
    near = difflib.get_close_matches(
        str(wanted).lower(), [device.name.lower() for device in able], 3, 0.4
    )
    hint = [device for device in able if device.name.lower() in near]
    raise DeviceError(
        "`audio.{kind}` is {wanted!r}, but no {noun} is called so; {what}: {names}.",
        kind=kind,
        wanted=wanted,
        noun=noun,
        what=say("near") if hint else say("there is"),
        names=_names(hint or able),
    )


def _ever_looser(wanted: str | int, able: list[Device]) -> list[list[Device]]:
    """Return the matches by number or name, from the strictest rule to the loosest."""
    text = str(wanted)
    by_number = [device for device in able if text == str(device.number)]
    if isinstance(wanted, int):
        return [by_number]
    folded = text.casefold().strip()
    return [
        [device for device in able if device.name == text],
        [device for device in able if device.name.casefold() == folded],
        by_number,
        [device for device in able if folded and folded in device.name.casefold()],
    ]


def _names(devices: Sequence[Device]) -> str:
    named = [f'{device.number} "{device.name}"' for device in devices[:SHOWN]]
    return ", ".join(named + ["and more"] * (len(devices) > SHOWN))
