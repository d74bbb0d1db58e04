"""Asks Pipecat spoken questions; runs in Pipecat's environment, started by compare.py.

The pipeline is the one that Pipecat's documentation and its project generator give for local parts:
transport, speech-to-text, user aggregator (Silero VAD, turn strategies), language model, text-to-
speech, transport, assistant aggregator. Its own services are used throughout; only three things are
ours: the sound card is replaced by the virtual one that the assistant is measured with, Moonshine's
weights are read from a folder instead of being fetched, and llama-cpp-python's own server is
started beside.

    PYTHONPATH=. PIPECAT_PYTHON benchmarks/peers/pipecat_loop.py JOB

JOB is a JSON object, see `Job`. One line of JSON is printed for each recording, then a summary.
"""

import asyncio
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Nothing may be looked for on the network, whatever a service would like to.
os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
os.environ.setdefault("LOGURU_LEVEL", "ERROR")

import numpy as np
from moonshine_voice import ModelArch, Transcriber
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.services.moonshine.stt import MoonshineSTTService
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper.tts import PiperTTSService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from assistant.audio import wav
from assistant.audio.edges import speech_span
from assistant.audio.files import FileMicrophone
from assistant.audio.frames import RATE, Frame, Pcm
from assistant.audio.silent import SilentLoudspeaker

LEAD_S = 0.3
"""Silence before a question, as `assistant.rehearsal` leaves it."""
QUIET_S = 0.6
"""So long after the last sound of a reply it is over."""
SPIN = "3000"
"""How long idle threads of the language model hold a core, as in `assistant.mind.llama`. Without it
the server, which answers from several threads, now and then takes half a minute for a sentence."""
LONGEST_S = 120.0
"""An answer is not listened to for longer than this."""
TURN_S = 5.5
"""Silence after a recording when turns are counted: Pipecat ends any turn after 5 s of it."""


@dataclass
class Job:
    """What is asked for."""

    wavs: list[str]
    warm: str
    """A recording that is asked first and not counted."""
    setting: dict[str, Any]
    """Empty: all defaults. Else see compare.py."""
    moonshine: str
    """Folder of the recogniser's weights."""
    piper: str
    """The .onnx of the voice."""
    model: str = ""
    """The GGUF; empty: no language model and no voice, only turns are counted."""
    threads: int = 2
    system: str = ""
    sampling: dict[str, Any] = field(default_factory=dict)
    """temperature, top_p, max_tokens, top_k, repeat_penalty."""
    patience: float = 30.0
    """Seconds to wait for an answer after the end of a question."""


# The virtual sound card


class Microphone(BaseInputTransport):
    """The assistant's virtual microphone; delivers like Pipecat's own LocalAudioInputTransport."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.file = FileMicrophone([])

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)
        self.file.start(self._deliver)

    async def cleanup(self) -> None:
        self.file.stop()
        await super().cleanup()

    def _deliver(self, frame: Frame) -> None:
        sound = InputAudioRawFrame(audio=frame.pcm.tobytes(), sample_rate=RATE, num_channels=1)
        asyncio.run_coroutine_threadsafe(self.push_audio_frame(sound), self.get_event_loop())


class Recorder(SilentLoudspeaker):
    """The assistant's virtual loudspeaker behind a blocking write, as PyAudio has it."""

    def __init__(self, rate: int) -> None:
        super().__init__(rate)
        self.last_audible = float("-inf")
        self._waiting = bytearray()
        self._changed = threading.Condition()
        self._blocks: list[tuple[float, Pcm]] = []

    def write(self, sound: bytes) -> None:
        """Take sound; return when all but the last block of what came before is played."""
        with self._changed:
            room = 2 * round(self.rate * 0.01)
            self._changed.wait_for(lambda: len(self._waiting) <= room, timeout=1)
            self._waiting += sound

    def forget(self) -> None:
        self._blocks = []

    def first_audible(self, since: float) -> float | None:
        """Return the monotonic s of the first audible sample from `since` on; None: silence."""
        if not (blocks := [block for block in self._blocks if block[0] >= since]):
            return None
        span = speech_span(np.concatenate([pcm for _, pcm in blocks]), self.rate)
        return blocks[0][0] + span[0] / self.rate if span else None

    def fill(self, out: Pcm, audible_at: float) -> None:
        with self._changed:
            sound = np.frombuffer(bytes(self._waiting[: 2 * len(out)]), np.int16)
            del self._waiting[: 2 * len(out)]
            self._changed.notify()
        out[: len(sound)] = sound

    def _take(self, block: Pcm, audible_at: float) -> None:
        self._blocks.append((audible_at, block))
        if block.any():
            self.last_audible = audible_at + len(block) / self.rate


class Loudspeaker(BaseOutputTransport):
    """Writes like Pipecat's own LocalAudioOutputTransport, to the virtual loudspeaker."""

    def __init__(self, params: TransportParams) -> None:
        super().__init__(params)
        self.recorder: Recorder | None = None

    async def start(self, frame: Any) -> None:
        await super().start(frame)
        self.recorder = Recorder(self.sample_rate)
        self.recorder.start(self.recorder.fill)
        await self.set_transport_ready(frame)

    async def cleanup(self) -> None:
        await super().cleanup()
        if self.recorder:
            self.recorder.stop()

    async def write_audio_frame(self, frame: Any) -> bool:
        if self.recorder is None:
            return False
        await asyncio.to_thread(self.recorder.write, frame.audio)
        return True


# The conversation


@dataclass
class Turns:
    """What Pipecat reports of one recording's turns."""

    ended: list[float] = field(default_factory=list)
    """Monotonic s at which a user turn was taken for finished."""
    heard: list[str] = field(default_factory=list)
    reply: list[str] = field(default_factory=list)
    answered: float = float("-inf")
    """Monotonic s at which the last reply was over."""


class Conversation:
    """A running pipeline; an async context manager."""

    def __init__(self, job: Job, url: str) -> None:
        self._job, best = job, job.setting
        chunks = {"audio_out_10ms_chunks": best["out_chunks"]} if "out_chunks" in best else {}
        params = TransportParams(audio_in_enabled=True, audio_out_enabled=True, **chunks)
        self._microphone, self._loudspeaker = Microphone(params), Loudspeaker(params)
        self._context = LLMContext()
        user = LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(params=VADParams(**best.get("vad", {}))),
            user_turn_strategies=strategies(best),
        )
        pair = LLMContextAggregatorPair(self._context, user_params=user)
        stages = [self._microphone, recogniser(job), pair.user()]
        if job.model:
            stages += [model(job, url), voice(job), self._loudspeaker, pair.assistant()]
        else:
            stages += [self._loudspeaker]
        self._turns = Turns()

        @pair.user().event_handler("on_user_turn_stopped")
        async def user_stopped(_aggregator: Any, _strategy: Any, message: Any) -> None:
            self._turns.ended.append(time.monotonic())
            self._turns.heard.append(message.content or "")

        @pair.assistant().event_handler("on_assistant_turn_stopped")
        async def assistant_stopped(_aggregator: Any, message: Any) -> None:
            self._turns.answered = time.monotonic()
            self._turns.reply.append(message.content or "")

        self._worker = PipelineWorker(Pipeline(stages), idle_timeout_secs=None)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Conversation":
        ready = asyncio.Event()

        @self._worker.event_handler("on_pipeline_started")
        async def started(_worker: Any, _frame: Any) -> None:
            ready.set()

        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self._worker)
        self._running = asyncio.create_task(runner.run())
        await asyncio.wait_for(ready.wait(), 60)
        while self._loudspeaker.recorder is None:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._worker.cancel()
        if self._running:
            await asyncio.wait_for(self._running, 30)

    def forget(self) -> None:
        """Begin a new conversation."""
        self._context.set_messages([])

    async def ask(self, name: str, pcm: Pcm) -> dict[str, Any]:
        """Speak a question; return its row when the reply is over or nothing came."""
        out = self._loudspeaker.recorder
        assert out is not None
        _, last = speech_span(pcm) or (0, len(pcm))
        self._turns = turns = Turns()
        out.forget()
        await asyncio.sleep(LEAD_S)
        speech_end = self._microphone.file.play(pcm) - (len(pcm) - last) / RATE
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if now < speech_end + QUIET_S:
                continue
            done = turns.ended and turns.answered > turns.ended[-1]
            spoken = out.last_audible > speech_end
            if done and spoken and now - max(out.last_audible, turns.answered) > QUIET_S:
                break
            if not spoken and now > speech_end + self._job.patience:
                break
            if now > speech_end + LONGEST_S:
                break
        # Nothing of an answer that was still being spoken, to the question before, may count.
        decided = [at for at in turns.ended if at >= speech_end]
        audible = out.first_audible(decided[0]) if decided else None
        cut = any(at < speech_end for at in turns.ended)
        waited = None if cut or audible is None else round(audible - speech_end, 3)
        row = {
            "wav": name,
            "heard": " | ".join(turns.heard),
            "reply": " | ".join(turns.reply),
            "voice_to_voice_s": waited,
            "cut": cut,
            "turn_end_s": round(turns.ended[-1] - speech_end, 3) if turns.ended else None,
        }
        if waited is None and not cut:
            row["failure"] = "no answer to it" if turns.ended else "not noticed as speech"
        return row

    async def listen(self, name: str, pcm: Pcm) -> dict[str, Any]:
        """Play a recording; return where turns ended in it, in s, and what was heard in each."""
        self._turns = turns = Turns()
        await asyncio.sleep(LEAD_S)
        end = self._microphone.file.play(pcm)
        await asyncio.sleep(max(0.0, end - time.monotonic()) + TURN_S)
        began = end - len(pcm) / RATE
        ends = [round(at - began, 2) for at in turns.ended]
        return {"wav": name, "turns": list(zip(ends, turns.heard, strict=True))}


def strategies(best: dict[str, Any]) -> UserTurnStrategies | None:
    """Return None for Pipecat's default, which is Smart Turn v3.2 with its default parameters."""
    if "smart_turn" not in best:
        return None
    smart = LocalSmartTurnAnalyzerV3(
        params=SmartTurnParams(**best["smart_turn"]), cpu_count=best.get("smart_turn_threads", 1)
    )
    return UserTurnStrategies(stop=[TurnAnalyzerUserTurnStopStrategy(turn_analyzer=smart)])


def recogniser(job: Job) -> MoonshineSTTService:
    options = job.setting.get("moonshine")

    class LocalMoonshine(MoonshineSTTService):
        """Pipecat's service with weights that are there already."""

        def _load(self) -> Transcriber:
            return Transcriber(job.moonshine, ModelArch.TINY, options=options)

    silence = job.setting.get("trailing_silence")
    extra = {} if silence is None else {"trailing_silence_secs": silence}
    return LocalMoonshine(settings=MoonshineSTTService.Settings(model="tiny"), **extra)


def model(job: Job, url: str) -> OpenAILLMService:
    plain = {k: job.sampling[k] for k in ("temperature", "top_p", "max_tokens")}
    own = {k: job.sampling[k] for k in ("top_k", "repeat_penalty")}
    settings = OpenAILLMService.Settings(
        model="local", system_instruction=job.system, extra={"extra_body": own}, **plain
    )
    return OpenAILLMService(api_key="none", base_url=url, settings=settings)


def voice(job: Job) -> PiperTTSService:
    path = Path(job.piper)
    return PiperTTSService(
        download_dir=path.parent, settings=PiperTTSService.Settings(voice=path.stem)
    )


# The language model's server


@contextlib.asynccontextmanager
async def served(job: Job) -> AsyncIterator[tuple[str, int | None]]:
    """Run llama-cpp-python's server on loopback; yield its address and process number."""
    if not job.model:
        yield "", None
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "model": job.model,
        "model_alias": "local",
        "host": "127.0.0.1",
        "port": port,
        "n_ctx": 2048,
        "n_threads": job.threads,
        "n_threads_batch": job.threads,
        "verbose": "false",
    }
    command = [sys.executable, "-m", "llama_cpp.server"]
    command += [part for key, value in options.items() for part in (f"--{key}", str(value))]
    url = f"http://127.0.0.1:{port}/v1"
    with tempfile.TemporaryFile("w+") as words:
        environment = {"GOMP_SPINCOUNT": SPIN, **os.environ}
        server = subprocess.Popen(command, stdout=words, stderr=words, env=environment)
        try:
            if not await asyncio.to_thread(answers, server, f"{url}/models"):
                words.seek(0)
                sys.exit(f"pipecat_loop: llama_cpp.server does not answer: {words.read()[-2000:]}")
            yield url, server.pid
        finally:
            server.terminate()
            server.wait(20)


def answers(server: subprocess.Popen[bytes], url: str) -> bool:
    """Wait until the server answers; for a minute at the most, or until it has ended."""
    for _ in range(300):
        if server.poll() is not None:
            return False
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return True
        time.sleep(0.2)
    return False


def peak_rss_mb(processes: list[int]) -> int:
    """Return the most memory that each process held at once, added up, in MB (10^6 bytes)."""
    found: Iterator[re.Match[str] | None] = (
        re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        for process in processes
    )
    return round(sum(int(match[1]) * 1024 for match in found if match) / 1e6)


def say(row: dict[str, Any]) -> None:
    print(json.dumps(row), flush=True)


async def run(job: Job) -> None:
    async with served(job) as (url, server), Conversation(job, url) as conversation:
        if job.model:
            await conversation.ask("", wav.read(Path(job.warm)))
            conversation.forget()
        for path in map(Path, job.wavs):
            act = conversation.ask if job.model else conversation.listen
            say(await act(path.name, wav.read(path)))
        names = ["pipecat-ai", "moonshine-voice", "llama-cpp-python", "piper-tts", "onnxruntime"]
        say(
            {
                "versions": {name: version(name) for name in names},
                "rss_mb": peak_rss_mb([os.getpid(), *([server] if server else [])]),
            }
        )


def main() -> None:
    asyncio.run(run(Job(**json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
