"""`/v1/audio/...` with the real daemon, its recogniser and its voice."""

import http.client
import io
import json
import re
import threading
import wave

import numpy as np
import pytest
from test_whole import PATIENCE_S, Running

pytestmark = pytest.mark.engine

SENTENCE = "The quick brown fox jumps over the lazy dog."
WORDS = {"quick", "brown", "fox", "jumps", "over", "lazy", "dog"}
BOUNDARY = "----boundary"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("run"), "--set=speech.engine=piper") as running:
        yield running.url().removeprefix("http://").rstrip("/")


class Got:
    """An answer."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def sentence(self):
        return self.json["error"]["message"]


def post(address, path, body, **headers):
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    connection.request("POST", path, body, headers)
    try:
        return Got(connection.getresponse())
    finally:
        connection.close()


def speak(address, **asked):
    body = json.dumps({"model": "tts-1", "voice": "alloy", "input": SENTENCE, **asked})
    return post(address, "/v1/audio/speech", body, **{"Content-Type": "application/json"})


def form(**fields):
    """Return a multipart body; bytes are a file."""
    parts = []
    for name, value in fields.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += '; filename="a.wav"\r\nContent-Type: audio/wav'
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
KEY = {"Authorization": "Bearer any"}


def transcribe(address, file, **fields):
    body = form(file=file, model="whisper-1", **fields)
    return post(address, "/v1/audio/transcriptions", body, **FORM, **KEY)


def words(text):
    return set(re.findall(r"[a-z]+", text.lower()))


def wav(pcm, rate=16_000):
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(np.asarray(pcm, "<i2").tobytes())
    return file.getvalue()


@pytest.fixture(scope="module")
def said(address):
    """The sentence, as the assistant says it."""
    got = speak(address, response_format="wav")
    assert got.status == 200
    return got


# --- there and back --------------------------------------------------------------------------


def test_what_was_spoken_is_written_down(address, said):
    assert said.headers["Content-Type"] == "audio/wav"
    got = transcribe(address, said.body)
    assert got.status == 200, got.body
    assert set(got.json) == {"text"}
    assert len(words(got.json["text"]) & WORDS) >= len(WORDS) - 1


@pytest.mark.parametrize("kind", ["mp3", "flac"])
def test_so_it_is_from_a_compressed_file(address, kind):
    got = speak(address, response_format=kind)
    assert got.status == 200, got.body
    text = transcribe(address, got.body).json["text"]
    assert len(words(text) & WORDS) >= len(WORDS) - 1


def test_without_a_format_it_is_the_one_that_openai_gives(address):
    assert speak(address).headers["Content-Type"] == "audio/mpeg"


def test_pcm_is_16_bit_at_24_kHz(address, said):
    got = speak(address, response_format="pcm")
    seconds = len(got.body) / 2 / 24_000
    rate = int.from_bytes(said.body[24:28], "little")
    assert seconds == pytest.approx((len(said.body) - 44) / 2 / rate, rel=0.3)
    text = transcribe(address, wav(np.frombuffer(got.body, "<i2"), 24_000)).json["text"]
    assert len(words(text) & WORDS) >= len(WORDS) - 1


def test_speed_changes_the_length(address, said):
    slow = speak(address, response_format="wav", speed=0.5)
    quick = speak(address, response_format="wav", speed=2)
    assert len(slow.body) > 1.5 * len(said.body) > 2.2 * len(quick.body)


def test_the_formats_of_a_transcript(address, said):
    text = transcribe(address, said.body, response_format="text")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert len(words(text.body.decode()) & WORDS) >= len(WORDS) - 1
    got = transcribe(address, said.body, response_format="verbose_json").json
    assert got["task"] == "transcribe"
    assert got["language"] == "en"
    assert got["duration"] > 1.5
    assert got["text"] == " ".join(segment["text"] for segment in got["segments"])
    assert [segment["id"] for segment in got["segments"]] == list(range(len(got["segments"])))


def test_a_recording_longer_than_an_utterance_is_written_down_whole(address, spoken):
    with wave.open(str(spoken(SENTENCE))) as file:
        sentence = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    sound = np.concatenate([np.concatenate([sentence, np.zeros(8000, np.int16)])] * 12)
    assert len(sound) > 30 * 16_000
    got = transcribe(address, wav(sound), response_format="verbose_json").json
    assert len(got["segments"]) > 1
    assert got["text"].lower().count("lazy dog") >= 11
    ends = [segment["end"] for segment in got["segments"]]
    assert ends == sorted(ends)


def test_silence_is_no_text(address):
    assert transcribe(address, wav(np.zeros(16_000))).json == {"text": ""}


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", [b"", b"x", b"RIFF" + b"\0" * 100, wav([])[:30], wav([]), b"\xff" * 5000]
)
def test_what_is_no_sound_file_is_400_with_a_sentence(address, file):
    got = transcribe(address, file)
    assert got.status == 400, got.body
    assert "file" in got.sentence
    assert got.sentence.endswith(".")
    assert "/dev" not in got.sentence


def test_a_recording_that_is_too_long_is_413(address):
    hour = np.zeros(3000 * 601, np.int16)
    got = transcribe(address, wav(hour, 3000))
    assert got.status == 413, got.body
    assert "10 minutes" in got.sentence


def test_a_file_that_is_too_large_is_413_before_it_is_read(address):
    head = {**FORM, **KEY, "Content-Length": str(26 * 1024 * 1024)}
    assert post(address, "/v1/audio/transcriptions", None, **head).status == 413


def test_a_megabyte_is_not_too_large_here(address):
    assert transcribe(address, wav(np.zeros(700_000), 48_000)).status == 200


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"response_format": "srt"}, "response_format"), ({"stream": "true"}, "stream")],
)
def test_what_is_not_known_here_is_400(address, said, fields, param):
    got = transcribe(address, said.body, **fields)
    assert (got.status, got.json["error"]["param"]) == (400, param)


def test_a_form_without_a_file_is_400(address):
    for fields in ({"model": "x"}, {"file": "only a text"}):
        got = post(address, "/v1/audio/transcriptions", form(**fields), **FORM, **KEY)
        assert (got.status, got.json["error"]["param"]) == (400, "file")


@pytest.mark.parametrize("body", [b"", b"nonsense", form(file=b"x")[:-20], form(file=b"x")[5:]])
def test_a_form_that_is_none_is_400(address, body):
    got = post(address, "/v1/audio/transcriptions", body, **FORM, **KEY)
    assert got.status == 400, got.body
    got = post(
        address, "/v1/audio/transcriptions", body, **{"Content-Type": "multipart/form-data"}, **KEY
    )
    assert got.status == 400, got.body


def test_only_a_form_is_taken(address):
    got = post(address, "/v1/audio/transcriptions", b"{}", **{"Content-Type": "application/json"})
    assert got.status == 415


def test_a_form_of_another_site_is_refused(address, said):
    body = form(file=said.body)
    path = "/v1/audio/transcriptions"
    assert post(address, path, body, **FORM).status == 403
    assert post(address, path, body, **FORM, Origin="https://evil.example").status == 403
    assert post(address, path, body, **FORM, **KEY, Origin="https://evil.example").status == 403
    assert post(address, path, body, **FORM, Origin=f"http://{address}").status == 200


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"input": ""}, 400),
        ({"input": 3}, 400),
        ({"input": "..."}, 400),
        ({"input": "a " * 2500}, 413),
        ({"response_format": "aac"}, 400),
        ({"response_format": ["wav"]}, 400),
        ({"speed": 9}, 400),
        ({"speed": "fast"}, 400),
        ({"voice": 3}, 400),
    ],
)
def test_what_cannot_be_spoken_is_refused_with_a_sentence(address, asked, status):
    got = speak(address, **{"response_format": "wav", **asked})
    assert got.status == status, got.body
    assert got.sentence.endswith(".")


def test_one_at_a_time_and_the_others_are_told_when(address):
    path, body = "/v1/audio/speech", json.dumps({"input": SENTENCE * 40, "response_format": "pcm"})
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read(1000)
    try:
        got = speak(address, response_format="wav")
        assert got.status == 429
        assert int(got.headers["Retry-After"]) > 0
    finally:
        answer.close()
        connection.close()
    until_free(address)


def until_free(address):
    over = threading.Event()
    for _ in range(100):
        if speak(address, response_format="wav").status == 200:
            return
        over.wait(0.1)
    pytest.fail("who goes away is waited for")
