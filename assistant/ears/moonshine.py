"""Moonshine: English recognition with partials, on onnxruntime.

The weights are run directly instead of through the `moonshine-voice` library, which loses 1 MB with
every transcription, crashes when freed without its speaker model, and takes twice as long. The
network must hear the whole utterance again for each partial; what makes that cheap is that the text
of the partial before is a draft: the decoder checks all of it at once and only writes on from the
first word that has changed. The result is what plain greedy decoding gives.

Moonshine: Jeffries et al. 2024, arXiv 2410.15608.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.audio.frames import RATE, Pcm
from assistant.ears.level import FULL_SCALE, QUIETEST, dbfs
from assistant.ears.recogniser import Transcript
from assistant.errors import BadInput, EngineMissing

ENCODER, DECODER, TOKENS = "encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"

BEGIN, END = 1, 2
"""The tokens that begin and end a text."""

TOKENS_PER_S = 6.5
"""More text than this for a second of sound is a loop (the authors' own limit)."""

LONGEST_S = 15.0
"""Longer sound is cut in a quiet place: cost grows with the square, and the network was trained on
pieces of up to about 30 s."""

CUT_S = 5.0
"""The quiet place is looked for in the last s of a piece."""

SHORTEST_S = 0.1
"""Less sound than this is not transcribed: the encoder would have nothing to look at."""

SILENCE = -60.0
"""dBFS; a piece whose loudest block is below says nothing. The network would make up a "You"."""

BLOCK = 320
"""Samples in which loudness is looked at (20 ms)."""

FALL = 35.0
"""dB below the loudest block at which sound counts as the quiet after the speech; soft final
consonants lie 20 to 30 below."""

TAIL_S = 0.06
"""Quiet that a partial must have heard already to be the final text, and in which one is made
before its time. The stops within words (p, t, k) are shorter or not as quiet."""

SHARE = 2.0
"""A partial comes at the earliest after this many times what the last one took."""

FRESH_S = 0.1
"""Speech since the last partial without which such a quiet is not worth another one."""

AROUND_S = 0.5
"""Silence around a word that is weighed by itself. The network was trained on whole sentences; with
less it takes more of the short ones for others, see benchmarks/stop_words.py."""


class MoonshineRecogniser:
    """A `Recogniser` of English; used by one thread."""

    name = "moonshine"

    def __init__(self, path: Path, *, partial_every: float = 0.3, threads: int = 0) -> None:
        """Load the network in the folder `path`.

        `partial_every` is the s of sound between partials; 0: none, which leaves nothing to build
        the final text on. `threads` 0 is one: more do not help. Raises `BadInput` for a broken
        model, `EngineMissing` without onnxruntime.
        """
        self._network: Network | None = Network(path, max(1, threads))
        self._every = round(partial_every * RATE)
        self._rest = 0
        self.streaming = self._every > 0
        self.start()

    def start(self) -> None:
        """Forget everything and begin a new utterance."""
        self._done: list[str] = []
        self._partial = ""
        self._begin(np.zeros(0, np.int16))

    def feed(self, pcm: Pcm) -> str | None:
        """Take samples (any number, int16, mono, 16 kHz); return the partial if it changed.

        Blocks while a partial is made: some .02 s for a second of speech.
        """
        self._parts.append(pcm)
        self._length += len(pcm)
        while self._length > LONGEST_S * RATE:
            self._cut()
        if not self._every or not self._due():
            return None
        began = time.perf_counter()
        text = self._joined(self._transcribe())
        self._rest = round(SHARE * (time.perf_counter() - began) * RATE)
        if text == self._partial:
            return None
        self._partial = text
        return text

    def settle(self) -> str:
        """Return the text until now; free when the last partial has heard all that was said."""
        if not self._only_quiet_since():
            self._transcribe()
        self._partial = self._joined(self._text)
        return self._partial

    def finish(self) -> Transcript:
        """End the utterance."""
        return Transcript(self.settle())

    def nearest(self, phrases: Sequence[str], skip: float = 0.0) -> tuple[str, float] | None:
        """See `Weighing`. Takes some .02 s, and .005 s for each phrase."""
        assert self._network is not None, "closed"
        sound = self._sound()[round(skip * RATE) :]
        written = {phrase: self._network.write(phrase) for phrase in phrases}
        known = {phrase: tokens for phrase, tokens in written.items() if tokens}
        if self._done or not known or len(sound) < SHORTEST_S * RATE:
            return None
        weights = self._network.weigh(np.pad(sound, round(AROUND_S * RATE)), [*known.values()])
        weight, phrase = max(zip(weights, known, strict=True))
        return phrase, weight

    def close(self) -> None:
        """Free the network."""
        self._network = None

    def _begin(self, sound: Pcm) -> None:
        """Go on with a piece of which `sound` is the beginning."""
        self._parts = [sound]
        self._length = len(sound)
        self._seen = 0
        self._draft: list[int] = []
        self._text = ""

    def _due(self) -> bool:
        """Whether it is time for a partial: now and then, and where somebody may have ended."""
        fresh = self._length - self._seen
        return fresh >= max(self._every, self._rest) or (
            fresh >= max(round((TAIL_S + FRESH_S) * RATE), self._rest) and self._hushed()
        )

    def _hushed(self) -> bool:
        """Whether speech has just given way to quiet, with enough of it since the last partial."""
        loudness = _loudness(self._sound())
        quiet, hush = loudness < loudness.max() - FALL, round(TAIL_S * RATE / BLOCK)
        fresh = quiet[self._seen // BLOCK : -hush]
        return bool(quiet[-hush:].all() and (~fresh).sum() * BLOCK >= FRESH_S * RATE)

    def _sound(self) -> Pcm:
        self._parts = [np.concatenate(self._parts)]
        return self._parts[0]

    def _joined(self, text: str) -> str:
        return " ".join(filter(None, [*self._done, text]))

    def _transcribe(self, samples: int | None = None) -> str:
        """Return the text of the piece so far, or of its first `samples`."""
        assert self._network is not None, "closed"
        sound = self._sound()[:samples]
        self._seen = len(sound)
        if len(sound) < SHORTEST_S * RATE or _loudness(sound).max() < SILENCE:
            self._draft, self._text = [], ""
        else:
            self._draft = self._network.transcribe(sound, self._draft)
            self._text = self._network.spell(self._draft)
        return self._text

    def _only_quiet_since(self) -> bool:
        """Whether all sound since the last partial, and `TAIL_S` before it, is mere quiet."""
        if not self._seen:
            return False
        loudness = _loudness(self._sound())
        since = int((self._seen - TAIL_S * RATE) // BLOCK)
        return since >= 0 and bool((loudness[since:] < loudness.max() - FALL).all())

    def _cut(self) -> None:
        """End the piece in the quietest place of its last `CUT_S` and go on after it."""
        sound = self._sound()[: round(LONGEST_S * RATE)]
        first = round((LONGEST_S - CUT_S) * RATE / BLOCK)
        loudness = np.convolve(_loudness(sound)[first:], np.ones(10) / 10, "valid")
        at = (first + int(loudness.argmin()) + 5) * BLOCK
        self._done.append(self._transcribe(at))
        self._begin(self._sound()[at:])


@dataclass(frozen=True, slots=True)
class _Memory:
    """What the decoder remembers: keys and values by input name, each (1, heads, length, size)."""

    of_text: dict[str, NDArray[np.float32]]
    of_sound: dict[str, NDArray[np.float32]]


class Network:
    """The encoder, the decoder and the words."""

    def __init__(self, path: Path, threads: int) -> None:
        """Raises `BadInput` for a broken model, `EngineMissing` without onnxruntime."""
        if not path.is_dir():
            raise BadInput("{path}: no such folder (wanted: a Moonshine model).", path=path)
        self._words = _words(path / TOKENS)
        self._numbers = {word: number for number, word in enumerate(self._words) if number > END}
        self._encoder = _session(path / ENCODER, threads)
        self._decoder = _session(path / DECODER, threads)
        inputs = {node.name: node.shape for node in self._decoder.get_inputs()}
        self._text_keys = [name for name in inputs if ".decoder." in name]
        self._sound_keys = [name for name in inputs if ".encoder." in name]
        vocabulary = self._decoder.get_outputs()[0].shape[-1]
        if not self._text_keys or vocabulary != len(self._words):
            raise BadInput(
                "{path}: {decoder} ({vocabulary} words) and {tokens} ({words}) do not belong "
                "to one Moonshine model; fetch it again.",
                path=path,
                decoder=DECODER,
                vocabulary=vocabulary,
                tokens=TOKENS,
                words=len(self._words),
            )
        _, heads, _, size = inputs[self._text_keys[0]]
        self._nothing = np.zeros((1, heads, 0, size), np.float32)

    def transcribe(self, pcm: Pcm, draft: list[int]) -> list[int]:
        """Return the tokens of what is said in samples (samples,) int16, 16 kHz.

        `draft` is what was heard in an earlier part of it; the better it is the less this takes.
        """
        common = self._encode(pcm)
        limit = int(TOKENS_PER_S * len(pcm) / RATE) + 1
        text, memory = self._check(common, draft[:limit])
        while text[-1] != END and len(text) < limit:
            text.append(self._next(common, text[-1], memory))
        return [token for token in text if token != END]

    def spell(self, tokens: list[int]) -> str:
        """Return the text of tokens, stripped."""
        text = b"".join(self._words[token] for token in tokens if token > END)
        return text.decode("utf-8", "replace").replace(_SPACE, " ").strip()

    def write(self, text: str) -> list[int]:
        """Return tokens of `text`, a sentence as the network writes them; none: it cannot."""
        left, tokens = f" {text[:1].upper()}{text[1:]}.".replace(" ", _SPACE).encode(), []
        while left:
            length = next((n for n in range(len(left), 0, -1) if left[:n] in self._numbers), 0)
            if not length:
                return []
            tokens.append(self._numbers[left[:length]])
            left = left[length:]
        return tokens

    def weigh(self, pcm: Pcm, texts: Sequence[list[int]]) -> list[float]:
        """Return the log-probability of each of the `texts` (tokens), in nats, in that sound."""
        common = self._encode(pcm)
        nothing = dict.fromkeys([*self._text_keys, *self._sound_keys], self._nothing)
        weights = []
        for tokens in texts:
            inputs = {**common, **nothing, "use_cache_branch": _NO}
            logits = self._decoder.run(["logits"], {**inputs, "input_ids": _row([BEGIN, *tokens])})
            rows = logits[0][0].astype(np.float64)
            rows -= rows.max(axis=-1, keepdims=True)
            chosen = rows[np.arange(len(rows)), [*tokens, END]]
            weights.append(float((chosen - np.log(np.exp(rows).sum(axis=-1))).sum()))
        return weights

    def _encode(self, pcm: Pcm) -> dict[str, Any]:
        """Return what the decoder is to know of samples (samples,) int16, 16 kHz."""
        sound = (pcm / np.float32(FULL_SCALE)).astype(np.float32)[np.newaxis]
        everything = np.ones(sound.shape, np.int64)
        inputs = {"input_values": sound, "attention_mask": everything}
        return {
            "encoder_hidden_states": self._encoder.run(None, inputs)[0],
            "encoder_attention_mask": everything,  # one for a sample here, too
        }

    def _check(self, common: dict[str, Any], draft: list[int]) -> tuple[list[int], _Memory]:
        """Return the part of the draft that holds, with the token that follows on it."""
        nothing = dict.fromkeys([*self._text_keys, *self._sound_keys], self._nothing)
        logits, *present = self._run(
            [*self._text_keys, *self._sound_keys],
            {**common, **nothing, "input_ids": _row([BEGIN, *draft]), "use_cache_branch": _NO},
        )
        best = logits[0].argmax(axis=-1).tolist()
        same = takewhile(bool, (a == b for a, b in zip(draft, best, strict=False)))
        right = sum(same)
        kept = [keys[:, :, : right + 1] for keys in present[: len(self._text_keys)]]
        memory = _Memory(
            dict(zip(self._text_keys, kept, strict=True)),
            dict(zip(self._sound_keys, present[len(self._text_keys) :], strict=True)),
        )
        return best[: right + 1], memory

    def _next(self, common: dict[str, Any], token: int, memory: _Memory) -> int:
        """Return the token after `token`, which is remembered."""
        logits, *present = self._run(
            self._text_keys,
            {
                **common,
                **memory.of_text,
                **memory.of_sound,
                "input_ids": _row([token]),
                "use_cache_branch": _YES,
            },
        )
        memory.of_text.update(zip(self._text_keys, present, strict=True))
        return int(logits[0, -1].argmax())

    def _run(self, keys: list[str], inputs: dict[str, Any]) -> Any:
        outputs = [key.replace("past_key_values", "present") for key in keys]
        return self._decoder.run(["logits", *outputs], inputs)


_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_NO, _YES = np.array([False]), np.array([True])


def _row(tokens: list[int]) -> NDArray[np.int64]:
    return np.array([tokens], np.int64)


def _loudness(pcm: Pcm) -> NDArray[np.floating[Any]]:
    """Return dBFS of each block of `BLOCK` samples; an incomplete last one counts as one."""
    whole = len(pcm) // BLOCK * BLOCK
    powers = np.square(pcm[:whole].reshape(-1, BLOCK), dtype=np.float32).mean(1) / FULL_SCALE**2
    levels = 10 * np.log10(np.maximum(powers, 10 ** (QUIETEST / 10)))
    return np.append(levels, dbfs(pcm[whole:])) if whole < len(pcm) else levels


def _words(path: Path) -> list[bytes]:
    """Read the vocabulary: for each token its length (7 bits a byte, low first) and its bytes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _broken(path, "cannot be read" if path.exists() else "is missing") from error
    words, at = [], 0
    while at < len(data):
        length = shift = 0
        while data[at] & 0x80 and at + 1 < len(data):
            length += (data[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
        length += (data[at] & 0x7F) << shift
        words.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    if at != len(data) or not words:
        raise _broken(path, "ends in the middle of a word" if data else "is empty")
    return words


def _session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineMissing(
            "Moonshine needs `onnxruntime`, which cannot be loaded ({error}); `script/setup` "
            "installs it.",
            error=error,
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = False  # it would grow with each new length of sound
    options.enable_mem_pattern = False
    options.log_severity_level = 4  # what is wrong is raised, not printed
    if not path.is_file():
        raise _broken(path, "is missing")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base but this
        raise _broken(path, "is no whole network") from error


def _broken(path: Path, what: str) -> BadInput:
    return BadInput(
        "{path}: {what}, so the Moonshine model is broken; fetch the model again.",
        path=path,
        what=what,
    )
