"""Sound files: every convertible one works, every other one gets one sentence."""

import contextlib
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audio import wav
from assistant.audio.frames import RATE, Pcm
from assistant.errors import BadInput

SOX = "/usr/bin/sox"
SECONDS = 0.5


def tone(rate: int = RATE, seconds: float = SECONDS) -> Pcm:
    time = np.arange(int(rate * seconds)) / rate
    return np.asarray(12000 * np.sin(2 * np.pi * 440 * time), dtype=np.int16)


def alike(pcm: Pcm, tolerance: float) -> bool:
    """Whether it is the 440 Hz tone at 16 kHz; `tolerance` is an RMS relative to the tone's."""
    expected = tone()
    if abs(len(pcm) - len(expected)) > 1:
        return False
    inner = slice(400, len(expected) - 400)  # resamplers ring at the ends
    error = pcm[inner].astype(float) - expected[inner]
    return bool(np.sqrt((error**2).mean()) < tolerance * 12000 / np.sqrt(2))


def refusal(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        wav.read(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(
    ("form", "subtype"),
    [
        ("WAV", "PCM_U8"),
        ("WAV", "PCM_16"),
        ("WAV", "PCM_24"),
        ("WAV", "PCM_32"),
        ("WAV", "FLOAT"),
        ("WAV", "DOUBLE"),
        ("WAVEX", "PCM_24"),
        ("WAVEX", "FLOAT"),
        ("WAV", "ULAW"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
    ],
)
def test_every_convertible_file_just_works(
    tmp_path: Path, form: str, subtype: str, channels: int, rate: int
) -> None:
    path = tmp_path / "tone"
    sound = np.repeat(tone(rate)[:, None] / 32768, channels, axis=1)
    soundfile.write(path, sound, rate, format=form, subtype=subtype)
    coarse = {
        "PCM_U8": 0.02,
        "ULAW": 0.03,
        "VORBIS": 0.2,
    }  # the sixth channel of Vorbis holds low tones only
    assert alike(wav.read(path), coarse.get(subtype, 0.003))


@pytest.mark.parametrize(
    "options",
    [
        ["-b", "8", "-e", "unsigned"],
        ["-b", "24"],
        ["-b", "32", "-e", "float", "-r", "44100"],
        ["-b", "64", "-e", "float", "-c", "2"],
        ["-b", "16", "-c", "4", "-r", "48000"],
    ],
)
def test_what_sox_writes_can_be_read(tmp_path: Path, options: list[str]) -> None:
    source, path = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, tone(), RATE)
    subprocess.run([SOX, source, *options, path], check=True, timeout=30)
    assert alike(wav.read(path), 0.02)


def test_stereo_becomes_the_mean(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(), -tone() // 2], axis=1), RATE)
    assert np.abs(wav.read(path) - tone().astype(int) / 4).max() <= 2


def test_another_rate_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    wav.write(path, tone(), RATE)
    assert abs(len(wav.read(path, 48000)) - 3 * len(tone())) <= 1


def test_float_beyond_full_scale_and_nan_are_tamed(tmp_path: Path) -> None:
    path = tmp_path / "wild.wav"
    soundfile.write(path, np.array([0.0, 7.5, -7.5, np.nan, np.inf]), RATE, subtype="FLOAT")
    assert wav.read(path).tolist() == [0, 32767, -32768, 0, 32767]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
DATA = chunk(b"data", tone().tobytes())


def test_odd_chunks_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "odd.wav"
    info = chunk(b"LIST", b"INFOIART\x05\0\0\0Anna\0\0")
    path.write_bytes(riff(chunk(b"bext", b"x" * 601), FMT, chunk(b"junk", b"odd"), info, DATA))
    assert np.array_equal(wav.read(path), tone())


@pytest.mark.parametrize("size", [0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_the_size_that_a_pipe_writes_is_not_believed(tmp_path: Path, size: int) -> None:
    path = tmp_path / "piped.wav"
    path.write_bytes(riff(FMT, b"data" + struct.pack("<I", size) + tone().tobytes()))
    assert np.array_equal(wav.read(path), tone())


@pytest.mark.parametrize("kept", [2, 3, 1000, len(tone())])
def test_of_a_truncated_file_what_is_there_is_used(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(riff(FMT, DATA)[: 44 + kept])
    assert np.array_equal(wav.read(path), tone()[: kept // 2])


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.touch()
    assert "is empty (0 bytes)" in refusal(path)


def test_a_header_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "header.wav"
    path.write_bytes(riff(FMT, chunk(b"data", b"")))
    assert "holds no sound" in refusal(path)


@pytest.mark.parametrize("length", [1, 12, 30, 43])
def test_half_a_header(tmp_path: Path, length: int) -> None:
    path = tmp_path / "half.wav"
    path.write_bytes(riff(FMT, DATA)[:length])
    assert str(path) in refusal(path)


@pytest.mark.parametrize("name", ["note.wav", "note.txt", "note.raw", "note.gsm", "note.vox"])
def test_a_text_is_no_sound_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("Dear diary, today I renamed a file.\n" * 50)
    sentence = refusal(path)
    assert "is not a sound file" in sentence
    assert "WAV" in sentence


def test_a_folder_a_device_and_a_pipe_are_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is a folder" in refusal(tmp_path)
    assert "is not a regular file" in refusal(Path("/dev/zero"))
    assert "is not a regular file" in refusal(pipe)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}/nowhere.wav: cannot be read: No such file" in refusal(
        tmp_path / "nowhere.wav"
    )


def test_a_name_that_no_file_can_have() -> None:
    assert "no name" in refusal(Path("a\0b.wav"))
    assert "File name too long" in refusal(Path("x" * 300))


def as_nobody(code: str, *arguments: str) -> str:
    """Run Python without root's right to ignore permissions; return what it printed."""
    drop = "import os; os.getuid() or os.setuid(65534)\n"
    imports = (
        "import resource, signal, sys; from pathlib import Path; from assistant.audio import wav\n"
    )
    imports += "import numpy as np, soundfile, soxr; from assistant.errors import BadInput\n"
    run = subprocess.run(
        [sys.executable, "-c", imports + drop + code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout.strip()


CATCH = "\ntry:\n    {}\nexcept BadInput as error:\n    print(error)"


def test_no_permission_to_read_or_write(tmp_path: Path) -> None:
    path = tmp_path / "secret.wav"
    wav.write(path, tone(), RATE)
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    found = as_nobody(CATCH.format("wav.read(Path(sys.argv[1]))"), str(path))
    assert f"{path}: cannot be read: Permission denied" in found
    order = "wav.write(Path(sys.argv[1]), np.zeros(9, np.int16), 16000)"
    found = as_nobody(CATCH.format(order), str(tmp_path / "new.wav"))
    assert "new.wav: cannot be written: Permission denied" in found
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.wav"]


def test_an_hour_is_the_longest(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:  # sparse: takes no disk
        size = 2 * 1000 * (wav.LONGEST_S + 1)
        fmt = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 1000, 2000, 2, 16))
        file.write(riff(fmt) + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)
    assert "is longer than 60 minutes" in refusal(path)


@pytest.mark.parametrize("rate", [1, 999, 768_001, 2**31 - 1])
def test_an_absurd_rate_is_not_believed(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "rate.wav"
    fmt = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate % 2**32, 2, 16))
    path.write_bytes(riff(fmt, DATA))
    assert f"says {rate} samples a second" in refusal(path)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    base=st.sampled_from([b"", riff(FMT, DATA)[:400]]),
    edits=st.lists(st.tuples(st.integers(0, 399), st.integers(0, 255)), max_size=8),
    tail=st.binary(max_size=200),
)
def test_random_bytes_are_sound_or_a_sentence(
    tmp_path: Path, base: bytes, edits: list[tuple[int, int]], tail: bytes
) -> None:
    content = bytearray(base + tail)
    for position, value in edits:
        if position < len(content):
            content[position] = value
    path = tmp_path / "random"
    path.write_bytes(content)
    with contextlib.suppress(BadInput):
        pcm = wav.read(path)
        assert pcm.dtype == np.int16
        assert pcm.ndim == 1
        assert len(pcm) > 0


def test_what_is_written_is_read_back_by_others(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    with wav.WavWriter(path, 22050) as writer:
        for piece in np.split(tone(), [0, 1, 777, 7000]):
            writer.write(piece)
    sound, rate = soundfile.read(path, dtype="int16")
    assert rate == 22050
    assert np.array_equal(sound, tone())
    subprocess.run([SOX, "--i", path], check=True, capture_output=True, timeout=30)
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.wav"]


def test_an_error_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    wav.write(path, tone(), RATE)
    with pytest.raises(KeyboardInterrupt), wav.WavWriter(path, RATE) as writer:  # noqa: PT012
        writer.write(tone()[:5])
        raise KeyboardInterrupt
    assert np.array_equal(wav.read(path), tone())
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.wav"]


def test_writing_to_a_link_keeps_the_link(tmp_path: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to("real.wav")
    wav.write(link, tone(), RATE)
    assert link.is_symlink()
    assert np.array_equal(wav.read(tmp_path / "real.wav"), tone())


@pytest.mark.parametrize("pieces", [1, 20])
def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path, pieces: int) -> None:
    code = (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "def act():\n"
        "    with wav.WavWriter(Path(sys.argv[1]), 16000) as writer:\n"
        f"        for _ in range({pieces}): writer.write(np.zeros(40000 // {pieces}, np.int16))\n"
    )
    tmp_path.chmod(0o777)
    found = as_nobody(code + CATCH.format("act()"), str(tmp_path / "big.wav"))
    assert "big.wav: cannot be written: File too large" in found
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["", "nowhere/out.wav"])
def test_no_place_to_write(tmp_path: Path, place: str) -> None:
    with pytest.raises(BadInput, match=r"is a folder|No such file"):
        wav.write(tmp_path / place, tone(), RATE)
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_gets_the_whole_file_and_a_device_survives(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    wav.write(pipe, tone(), RATE)
    reader.join(timeout=10)
    assert got[0] == riff(FMT, DATA)
    wav.write(Path("/dev/null"), tone(), RATE)
    assert Path("/dev/null").is_char_device()
