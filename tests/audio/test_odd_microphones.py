"""A microphone of a telephone's rate, and an array of eight, on the virtual sound card."""

import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from soundcard import SoundCard
from test_portaudio import human, likeness, nobody, wait_for

from assistant.audio.frames import FRAME_SAMPLES, RATE, Frame, Pcm
from assistant.audio.portaudio import PortAudioMicrophone
from assistant.audio.resample import resample
from assistant.config import Audio

ODD = """
load-module module-null-sink sink_name=slow norewinds=1 rate=8000 channels=1
load-module module-null-sink sink_name=eight norewinds=1 rate=48000 channels=8
set-default-source {source}.monitor
"""


@pytest.fixture
def odd(request: pytest.FixtureRequest) -> Iterator[SoundCard]:
    """A card whose default microphone is the one that the test names."""
    with SoundCard(ODD.format(source=request.param)) as card, card.adopted():
        yield card


def hear(card: SoundCard, file: Path, sink: str) -> Pcm:
    frames: list[Frame] = []
    microphone = PortAudioMicrophone(Audio(), nobody)
    microphone.start(frames.append)
    wait_for(lambda: len(frames) > 10)
    card.speak(file, sink=sink)
    wait_for(lambda: frames[-1].end > time.monotonic() - 0.25)
    microphone.stop()
    assert (microphone.dropped, microphone.overflows) == (0, 0)
    assert {len(frame.pcm) for frame in frames} == {FRAME_SAMPLES}
    return np.concatenate([frame.pcm for frame in frames])


def write(path: Path, pcm: Pcm, channels: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.ascontiguousarray(pcm, "<i2").tobytes())
    return path


@pytest.mark.e2e
@pytest.mark.parametrize("odd", ["slow"], indirect=True)
def test_a_microphone_of_8_khz_gives_speech_without_what_is_above_4_khz(
    odd: SoundCard, tmp_path: Path
) -> None:
    heard = hear(odd, write(tmp_path / "question.wav", human(), 1), "slow")
    narrow = resample(resample(human(), RATE, 8000), 8000, RATE)
    assert likeness(heard, narrow) > 0.97
    spectrum = np.abs(np.fft.rfft(heard.astype(float))) ** 2
    above = spectrum[len(spectrum) * 9 // 16 :].sum()  # 4.5 kHz
    assert above < 1e-3 * spectrum.sum()


@pytest.mark.e2e
@pytest.mark.parametrize("odd", ["eight"], indirect=True)
def test_of_eight_microphones_the_mean_is_heard(odd: SoundCard, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 1000, (len(human()), 8))
    array = (human()[:, None] // 2 + noise).clip(-32768, 32767).astype(np.int16)
    heard = hear(odd, write(tmp_path / "question.wav", array, 8), "eight")
    assert likeness(heard, human()) > likeness(array[:, 0].copy(), human())
    assert np.abs(heard).max() == pytest.approx(np.abs(human()).max() / 2, rel=0.4)
