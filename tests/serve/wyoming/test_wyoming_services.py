"""The daemon's real engines, used by the Wyoming package's own client."""

import asyncio
import json
import queue
import re
import threading
import wave

import numpy as np
import pytest
from shell import Child
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.handle import Handled, NotHandled
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.satellite import RunSatellite
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeVoice,
)

from assistant.serve.control import call

pytestmark = pytest.mark.engine

PATIENCE_S = 60.0
SENTENCE = "The quick brown fox jumps over the lazy dog."
WORDS = {"quick", "brown", "fox", "jumps", "over", "lazy", "dog"}


class Running(Child):
    """`assistant run` without devices that offers its engines on any free port."""

    def __init__(self, folder, *options):
        settings = {
            "audio.backend": "none", "speech.engine": "espeak", "llm.temperature": 0,
            "wyoming.enabled": "true", "wyoming.port": 0, "wyoming.name": "kitchen",
            "wyoming.satellite": "true", "wyoming.satellite_port": 0,
            "paths.socket": folder / "s",
        }  # fmt: skip
        given = [f"--set={key}={value}" for key, value in settings.items()]
        super().__init__(*given, *options, "run", "--json")
        self._events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ports = {}
        while len(self.ports) < 2:
            if (event := self.told("wyoming"))["port"]:
                self.ports[event["offers"]] = event["port"]

    def told(self, name):
        while (event := self._events.get(timeout=PATIENCE_S))["event"] != name:
            pass
        return event

    def _read(self):
        for line in self.process.stdout:
            self._events.put(json.loads(line))


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    with Running(folder, "--set=speech.engine=piper") as running:
        running.socket = folder / "s"
        yield running


@pytest.fixture(scope="module")
def port(running):
    return running.ports["services"]


def talk(port, *said, until):
    """Say it all, and return what is answered up to the event of that type, or the end."""

    async def main():
        heard = []
        async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(PATIENCE_S):
            for each in said:
                await client.write_event(each.event())
            while (event := await client.read_event()) is not None:
                heard.append(event)
                if event.type == until:
                    break
        return heard

    return asyncio.run(main())


def samples(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def sound(pcm, rate=16_000, channels=1, size=1024):
    data = np.asarray(pcm, "<i2").tobytes()
    form = {"rate": rate, "width": 2, "channels": channels}
    chunks = [AudioChunk(**form, audio=data[at : at + size]) for at in range(0, len(data), size)]
    return [AudioStart(**form), *chunks, AudioStop()]


def words(text):
    return set(re.findall(r"[a-z]+", text.lower()))


def pcm_of(events):
    return b"".join(AudioChunk.from_event(e).audio for e in events if e.type == "audio-chunk")


def types(events):
    """The kinds of the events in their order, each run of the same once."""
    kinds = [event.type for event in events]
    return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]


def test_it_describes_itself_as_what_it_is(port):
    info = Info.from_event(talk(port, Describe(), until="info")[-1])
    (asr,), (tts,), (handle,) = info.asr, info.tts, info.handle
    assert asr.name == tts.name == handle.name == "kitchen"
    assert all(each.installed and each.attribution.url for each in (asr, tts, handle))
    assert [model.languages for model in asr.models] == [["en"]]
    assert tts.voices[0].name == "en_US-joe-medium"
    assert handle.models[0].name
    assert asr.supports_transcript_streaming
    assert tts.supports_synthesize_streaming
    assert handle.supports_handled_streaming
    assert not handle.supports_home_control
    assert info.satellite is None
    assert info.wake == []


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (48_000, 2)])
def test_what_is_said_is_written_down(port, spoken, rate, channels):
    pcm = np.repeat(samples(spoken(SENTENCE)), channels * rate // 16_000)
    events = talk(
        port, Transcribe(language="en_US"), *sound(pcm, rate, channels), until="transcript-stop"
    )
    kinds = types(events)
    assert kinds[:2] == ["transcript-start", "transcript-chunk"]
    assert kinds[-3:] == ["transcript-chunk", "transcript", "transcript-stop"]
    text = Transcript.from_event(events[-2])
    assert len(words(text.text) & WORDS) >= len(WORDS) - 3  # the voice is never the same twice
    assert text.language == "en"


def test_what_is_said_is_written_down_while_it_is_said(port, spoken):
    async def main():
        async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(PATIENCE_S):
            *begun, end = sound(samples(spoken(SENTENCE)), size=3200)
            for each in begun:
                await client.write_event(each.event())
                await asyncio.sleep(0.1)  # as it is said
            events = [await client.read_event(), await client.read_event()]
            assert types(events) == ["transcript-start", "transcript-chunk"]  # it has not ended
            await client.write_event(end.event())
            while events[-1].type != "transcript-stop":
                events.append(await client.read_event())
            return events

    events = asyncio.run(main())
    begin = max(at for at, event in enumerate(events) if event.type == "transcript-start")
    pieces = [e.data["text"] for e in events[begin:] if e.type == "transcript-chunk"]
    assert "".join(pieces) == events[-2].data["text"]
    assert (
        len(words("".join(pieces)) & WORDS) >= len(WORDS) - 3
    )  # the voice is never the same twice


def test_a_recording_longer_than_an_utterance_is_written_down_whole(port, spoken):
    sentence = np.concatenate([samples(spoken(SENTENCE)), np.zeros(8000, np.int16)])
    events = talk(port, *sound(np.tile(sentence, 7), size=64_000), until="transcript-stop")
    assert events[-2].data["text"].lower().count("lazy dog") >= 6


def test_silence_and_nothing_are_no_text(port):
    for pcm in (np.zeros(16_000), []):
        assert talk(port, *sound(pcm), until="transcript")[-1].data["text"] == ""


def test_a_text_is_spoken_and_understood_again(port):
    events = talk(port, Synthesize(text=SENTENCE), until="audio-stop")
    assert types(events) == ["audio-start", "audio-chunk", "audio-stop"]
    rate = AudioStart.from_event(events[0]).rate
    times = [AudioChunk.from_event(e).timestamp for e in events if e.type == "audio-chunk"]
    assert times == sorted(times)
    pcm = np.frombuffer(pcm_of(events), "<i2")
    heard = talk(port, *sound(pcm, rate), until="transcript")[-1].data["text"]
    assert len(words(heard) & WORDS) >= len(WORDS) - 3  # the voice is never the same twice


def test_a_text_that_comes_in_pieces_is_spoken_while_it_comes(port):
    """The whole text comes too, as Home Assistant sends it for older services; it says it once."""

    async def main():
        async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(PATIENCE_S):
            await client.write_event(SynthesizeStart(voice=SynthesizeVoice(language="en")).event())
            await client.write_event(SynthesizeChunk("The quick brown fox jumps. ").event())
            await client.write_event(SynthesizeChunk("Over the ").event())
            early = [await client.read_event(), await client.read_event()]
            assert types(early) == ["audio-start", "audio-chunk"]  # the text has not ended yet
            await client.write_event(SynthesizeChunk("lazy dog.").event())
            await client.write_event(Synthesize(text=SENTENCE).event())
            await client.write_event(SynthesizeStop().event())
            events = early
            while events[-1].type != "synthesize-stopped":
                events.append(await client.read_event())
            return events

    events = asyncio.run(main())
    assert types(events) == ["audio-start", "audio-chunk", "audio-stop", "synthesize-stopped"]
    pcm = np.frombuffer(pcm_of(events), "<i2")
    rate = AudioStart.from_event(events[0]).rate
    heard = talk(port, *sound(pcm, rate), until="transcript")[-1].data["text"]
    assert heard.lower().count("fox") == 1
    assert len(words(heard) & WORDS) >= len(WORDS) - 3  # the voice is never the same twice


def test_a_text_with_nothing_to_be_said_ends_at_once(port):
    events = talk(port, Synthesize(text="..."), until="audio-stop")
    assert types(events) == ["audio-start", "audio-stop"]


def test_a_question_is_answered_piece_by_piece_and_once_as_a_whole(port):
    question = Transcript(text="What is the capital of France?", language="en")
    events = talk(port, question, until="handled-stop")
    assert types(events) == ["handled-start", "handled-chunk", "handled", "handled-stop"]
    handled = Handled.from_event(events[-2])
    assert "Paris" in handled.text
    chunks = [event.data["text"] for event in events if event.type == "handled-chunk"]
    assert len(chunks) > 1
    assert "".join(chunks).strip() == handled.text


def test_a_conversation_is_remembered_by_its_name(port):
    context = {"conversation_id": "01J", "device_id": "abc"}
    talk(port, Transcript(text="My name is Ada.", context=context), until="handled-stop")
    events = talk(port, Transcript(text="What is my name?", context=context), until="handled")
    handled = Handled.from_event(events[-1])
    assert "Ada" in handled.text
    assert handled.context == {"conversation_id": "01J"}
    other = talk(port, Transcript(text="What is my name?"), until="handled")
    assert "Ada" not in Handled.from_event(other[-1]).text


def test_a_question_without_words_is_not_handled_and_the_client_may_go_on(port):
    async def main():
        async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(PATIENCE_S):
            await client.write_event(Transcript(text=" ").event())
            said = NotHandled.from_event(await client.read_event())
            await client.write_event(Ping(text="here?").event())
            return said.text, Pong.from_event(await client.read_event()).text

    assert asyncio.run(main()) == ("nothing was asked.", "here?")


@pytest.mark.parametrize(
    "said",
    [
        [Transcribe(language="fr")],
        [Synthesize(text="Hello.", voice=SynthesizeVoice(name="alloy"))],
        [Synthesize(text="Bonjour.", voice=SynthesizeVoice(language="fr_FR"))],
        [Synthesize(text="a " * 5000)],
        [AudioStart(rate=4000, width=2, channels=1)],
        [AudioStart(rate=16_000, width=4, channels=1)],
        [AudioStart(rate=16_000, width=2, channels=1), AudioChunk(16_000, 2, 1, b"odd")],
        [AudioStart(rate=16_000, width=2, channels=1), AudioChunk(48_000, 2, 1, b"even")],
        sound(np.zeros(121 * 8000), 8000, size=200_000),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence_and_ends_the_connection(port, said):
    """Home Assistant waits for ever where a service says `error` and stays."""
    events = talk(port, *said, until="never")
    assert events[-1].type == "error"
    error = Error.from_event(events[-1])
    assert error.text.endswith(".")
    assert error.code == "input"


def test_several_at_once_get_their_turns(port, spoken):
    pcm = samples(spoken(SENTENCE))

    async def one(said, until):
        async with AsyncTcpClient("127.0.0.1", port) as client, asyncio.timeout(PATIENCE_S):
            for each in said:
                await client.write_event(each.event())
            while (event := await client.read_event()) is not None and event.type != until:
                pass
            return event

    async def main():
        asked = [one(sound(pcm), "transcript") for _ in range(2)]
        asked += [one([Synthesize(text=SENTENCE)], "audio-stop") for _ in range(2)]
        asked += [one([Transcript(text="What is two and two?")], "handled") for _ in range(2)]
        return await asyncio.gather(*asked)

    assert None not in asyncio.run(main())


def test_another_assistant_uses_them_as_its_ears_its_mouth_and_its_mind(port, spoken):
    """The other half of this very project: `asr.engine`, `speech.engine`, `remote.endpoint`."""
    from assistant.config import Remote
    from assistant.ears.wyoming import WyomingRecogniser
    from assistant.mind.model import Message
    from assistant.mind.remote.wyoming import WyomingClient
    from assistant.mouth.wyoming import WyomingSynthesiser
    from assistant.wyoming.address import Address
    from assistant.wyoming.finding import describe

    uri = f"tcp://127.0.0.1:{port}"
    offers = {offer.kind: offer for offer in describe(Address("127.0.0.1", port))}
    assert set(offers) == {"asr", "tts", "handle"}
    assert all(offer.knows("en") and not offer.knows("zh") for offer in offers.values())

    ears = WyomingRecogniser(uri, "en", timeout_s=PATIENCE_S)
    ears.start()
    pcm = samples(spoken(SENTENCE))
    for at in range(0, len(pcm), 3200):
        ears.feed(pcm[at : at + 3200])
    assert len(words(ears.settle()) & WORDS) >= len(WORDS) - 3  # the voice is never the same twice
    ears.close()

    mouth = WyomingSynthesiser(uri, "en", timeout_s=PATIENCE_S)
    sound = np.concatenate([block.pcm for block in mouth.synthesise(SENTENCE, lambda: False)])
    assert len(sound) / mouth.rate > 1.5
    mouth.close()

    mind = WyomingClient(Remote(endpoint=uri, timeout=PATIENCE_S), "en")
    answer = mind.stream([Message("user", "What is the capital of France?")], lambda: False)
    assert "Paris" in "".join(answer)
    mind.close()


def test_the_running_assistant_is_a_satellite_and_ends_though_its_server_stays(running):
    async def main():
        client = AsyncTcpClient("127.0.0.1", running.ports["satellite"])
        async with client, asyncio.timeout(PATIENCE_S):
            await client.write_event(RunSatellite().event())
            assert (await asyncio.to_thread(running.told, "server"))["server"] == "ready"
            assert call(running.socket, {"command": "wake"})["ok"]
            kinds = [(await client.read_event()).type for _ in range(2)]
            assert kinds == ["run-pipeline", "audio-start"]
            running.process.terminate()
            code = await asyncio.to_thread(running.process.wait, PATIENCE_S)
            while await client.read_event() is not None:
                pass
            return code

    assert asyncio.run(main()) == 0
