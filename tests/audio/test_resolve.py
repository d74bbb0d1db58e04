"""Which device is meant: whole names before parts, one answer or one sentence."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.devices import Device, Kind, resolve
from assistant.errors import DeviceError


def device(number: int, name: str, inputs: int = 1, outputs: int = 1) -> Device:
    return Device(number, name, "ALSA", inputs, outputs, 48_000, False, False)


DESK = [
    device(0, "bcm2835 Headphones: - (hw:0,0)", inputs=0, outputs=8),
    device(1, "USB PnP Sound Device: Audio (hw:1,0)"),
    device(2, "ReSpeaker 4 Mic Array: USB Audio (hw:2,0)", inputs=6, outputs=2),
    dataclasses.replace(device(3, "default", 32, 32), default_in=True, default_out=True),
    device(4, "pulse", 32, 32),
]


@pytest.mark.parametrize(
    ("kind", "wanted", "number"),
    [
        ("input", "", 3),
        ("output", "", 3),
        ("input", 2, 2),
        ("input", "2", 2),
        ("input", "respeaker", 2),
        ("input", "PULSE", 4),
        ("output", "headphones", 0),
        ("input", "hw:1,0", 1),
        ("input", " pnp ", 1),
    ],
)
def test_what_users_write(kind: Kind, wanted: str | int, number: int) -> None:
    assert resolve(kind, wanted, DESK).number == number


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        ("input", "USB", ["fits several", '1 "USB PnP', '2 "ReSpeaker', "the number"]),
        ("input", "Headphones", ["no microphone is called so"]),
        ("input", "respeeker 4 mic aray: usb audio", ["near: 2 "]),
        ("output", 9, ["is 9", "no loudspeaker", '0 "bcm2835']),
        ("input", 0, ["is 0"]),
        ("input", "   ", ["is '   '"]),
    ],
)
def test_what_they_hear_when_it_fits_none_or_several(
    kind: Kind, wanted: str | int, words: list[str]
) -> None:
    with pytest.raises(DeviceError) as caught:
        resolve(kind, wanted, DESK)
    assert all(word in str(caught.value) for word in [f"audio.{kind}", *words])


@pytest.mark.parametrize(("kind", "noun"), [("input", "microphone"), ("output", "loudspeaker")])
def test_none_at_all(kind: Kind, noun: str) -> None:
    deaf_and_dumb = [device(0, "HDMI", inputs=0, outputs=0)]
    with pytest.raises(DeviceError, match=f"there is no {noun}; plug one in"):
        resolve(kind, "", deaf_and_dumb)


def test_of_many_only_some_are_named() -> None:
    with pytest.raises(DeviceError, match="and more") as caught:
        resolve("input", "mic", [device(n, f"mic {n}") for n in range(50)])
    assert len(str(caught.value)) < 300


names = st.one_of(st.sampled_from(["mic", "Mic", "mic 2", "2", "0", ""]), st.text(max_size=8))
desks = st.lists(st.tuples(names, st.integers(0, 2), st.integers(0, 2)), max_size=6).map(
    lambda rows: [device(number, *row) for number, row in enumerate(rows)]
)


@given(desks, st.sampled_from(["input", "output"]), st.one_of(names, st.integers(-1, 7)))
def test_the_answer_is_able_and_fits_or_is_one_sentence(
    desk: list[Device], kind: Kind, wanted: str | int
) -> None:
    able = [d for d in desk if d.channels(kind)]
    refusal = ""
    try:
        found = resolve(kind, wanted, desk)
    except DeviceError as error:
        refusal = str(error)
    if refusal:
        assert refusal.endswith(".")
        assert not any(d.name == wanted or d.number == wanted for d in able) or wanted == ""
        return
    assert found in able
    if isinstance(wanted, int):
        assert found.number == wanted
    elif any(d.name == wanted for d in able) and wanted:
        assert found.name == wanted
    elif wanted:
        fits = wanted.casefold().strip() in found.name.casefold()
        assert fits or str(found.number) == wanted
