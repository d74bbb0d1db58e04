"""espeak-ng, the voice that is always there: sound within a millisecond or two, in memory.

Five functions of libespeak-ng by ctypes (its `speak_lib.h`). The library is one state machine for
the whole process, so voice, rate and callback are set again for each portion, under a lock.
"""

import ctypes
import difflib
import functools
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from assistant.audio.frames import Pcm
from assistant.errors import AssistantError, BadInput, EngineMissing
from assistant.mouth.blocks import leading_silence, portions, sayable
from assistant.mouth.lips import shapes
from assistant.mouth.synthesiser import Sound

LIBRARIES = ("libespeak-ng.so.1", "libespeak-ng.1.dylib")
WORDS_PER_MINUTE = 175
"""espeak's own normal speaking rate."""
VOICES = {"en": "en-us", "zh": "cmn-latn-pinyin", "cmn": "cmn-latn-pinyin"}
"""What is taken for these names. espeak's own `en` is Caribbean. In 1.51 (Debian 12) its `cmn`
reads its own pinyin by English rules and says "hao two" for 好; from 1.52 on `cmn` and
`cmn-latn-pinyin` say the same."""

_SYNCHRONOUS, _DO_NOT_EXIT = 2, 0x8000
_PHONEMES_IN_IPA = 1 | 2
_RATE, _CHARACTERS, _UTF8, _END_PAUSE = 1, 1, 1, 0x1000
_LIST_TERMINATED, _WORD, _PHONEME = 0, 1, 7
_LOCK = threading.Lock()

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}](?:[{_HAN}]|[^\w])*|[^{_HAN}]+")
_CHINESE = ("cmn", "yue", "hak")


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),  # a union: of a phoneme it is its name
    ]


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class EspeakSynthesiser:
    """The `Synthesiser` on libespeak-ng.

    A portion of text is made in a few milliseconds and given out as one block: streaming within
    it would need a thread and win nothing.
    """

    name = "espeak"

    def __init__(self, voice: str = "", language: str = "en", speaking_rate: float = 1.0) -> None:
        """`voice` is a name of `espeak-ng --voices`, or empty for the one of `language`.

        Raises `EngineMissing` without the library or its data, `BadInput` for an unknown voice.
        """
        self._library, self.rate = _load()
        chosen = _identifier(self._library, voice or language)
        chinese = chosen.rsplit("/", 1)[-1].lower().startswith(_CHINESE)
        self._voice = chosen
        self._han = chosen if chinese else _identifier(self._library, "zh")
        self._latin = _identifier(self._library, "en") if chinese else chosen
        self._words_per_minute = WORDS_PER_MINUTE * speaking_rate
        self.speed = 1.0

    def synthesise(self, text: str, cancelled: Callable[[], bool]) -> Iterator[Sound]:
        """Yield one block for each voice and portion; see `Synthesiser`."""
        if not sayable(text):
            return
        samples, quiet = 0, True
        for start, portion in portions(text):
            for at, run, voice in self._runs(portion):
                if cancelled():
                    return
                pcm, words, phonemes = self._speak(run, voice, cancelled)
                cut = leading_silence(pcm, self.rate) if quiet else 0
                quiet = quiet and cut == len(pcm)
                marks = ((start + at + c, samples + max(s - cut, 0)) for c, s in words)
                lips = ((samples + max(s - cut, 0), shape) for s, shape in shapes(phonemes))
                if len(pcm) > cut and not cancelled():
                    yield Sound(pcm[cut:], tuple(marks), tuple(lips))
                samples += len(pcm) - cut

    def close(self) -> None:
        """Nothing to free: the library belongs to the process, and terminating it is not safe."""

    def _runs(self, text: str) -> Iterator[tuple[int, str, str]]:
        """Split mixed text: yield (characters before it, run, voice that can read it)."""
        for match in _RUN.finditer(text):
            run = match.group()
            if re.match(f"[{_HAN}]", run):
                voice = self._han
            else:
                letters = any(character.isalpha() for character in run)
                voice = self._latin if letters else self._voice
            yield match.start(), run, voice

    def _speak(
        self, text: str, voice: str, cancelled: Callable[[], bool]
    ) -> tuple[Pcm, list[tuple[int, int]], list[tuple[int, bytes]]]:
        """Return the sound of `text` (samples,) int16, its (characters, sample) marks, and its
        phonemes as (sample, name in IPA), of which an empty one is a pause.
        """
        blocks: list[Pcm] = []
        words: list[tuple[int, int]] = []
        phonemes: list[tuple[int, bytes]] = []

        def callback(wav: Any, count: int, events: Any) -> int:
            for event in itertools.takewhile(lambda e: e.type != _LIST_TERMINATED, events):
                if event.type == _PHONEME:
                    phonemes.append((event.sample, event.id))
                    continue
                chars, sample = event.text_position - 1, event.sample
                last_chars, last_sample = words[-1] if words else (-1, 0)
                if event.type == _WORD and chars > last_chars and sample >= last_sample:
                    words.append((chars, sample))
            if wav and count > 0:
                blocks.append(np.ctypeslib.as_array(wav, (count,)).copy())
            return int(cancelled())  # 1 aborts

        # A NUL would end the text; half a surrogate pair cannot be written as UTF-8.
        encoded = text.replace("\0", " ").encode("utf-8", "replace")
        # What was cut between words, or changes its voice there, goes on without a pause.
        pause = 0 if text.rstrip()[-1:].isalnum() else _END_PAUSE
        keep = _Callback(callback)
        with _LOCK:
            library = self._library
            library.espeak_SetSynthCallback(keep)
            library.espeak_SetVoiceByName(voice.encode())
            library.espeak_SetParameter(_RATE, round(self._words_per_minute * self.speed), 0)
            status = library.espeak_Synth(
                encoded, len(encoded) + 1, 0, _CHARACTERS, 0, _UTF8 | pause, None, None
            )
        if status != 0:
            raise AssistantError(
                "espeak-ng could not speak {text!r} (its status {status}).",
                text=text[:40],
                status=status,
            )
        pcm = np.concatenate(blocks) if blocks else np.zeros(0, np.int16)
        return pcm, words, phonemes


@functools.cache
def _load() -> tuple[ctypes.CDLL, int]:
    """Load and initialise the library, once in the life of the process; return it and its rate."""
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
            break
        except OSError:
            continue
    else:
        raise EngineMissing(
            "espeak-ng (libespeak-ng.so.1) is not installed; "
            "`sudo apt install libespeak-ng1` gets it."
        )
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,  # text
        ctypes.c_size_t,  # its bytes, with the NUL
        ctypes.c_uint,  # position to begin at
        ctypes.c_int,  # unit of the position
        ctypes.c_uint,  # position to end at, 0 for the end
        ctypes.c_uint,  # flags
        ctypes.c_void_p,  # identifier, for events
        ctypes.c_void_p,  # user data, for events
    ]
    options = _PHONEMES_IN_IPA | _DO_NOT_EXIT
    rate = int(library.espeak_Initialize(_SYNCHRONOUS, 0, None, options))
    if rate <= 0:
        raise EngineMissing(
            "espeak-ng has no voice data; `sudo apt install --reinstall espeak-ng-data` gets it."
        )
    return library, rate


def _voices(library: ctypes.CDLL) -> dict[str, str]:
    """Return espeak's voices: language codes, names and identifiers -> identifier."""
    voices: dict[str, str] = {}
    with _LOCK:
        for pointer in itertools.takewhile(bool, library.espeak_ListVoices(None)):
            voice = pointer.contents
            identifier = voice.identifier.decode()
            # A list of: a byte of priority, a language code, NUL; an empty entry ends it.
            at = voice.languages
            while (entry := ctypes.string_at(at)) and entry[0]:
                voices.setdefault(entry[1:].decode(), identifier)
                at += len(entry) + 1
            for name in (identifier, identifier.rsplit("/", 1)[-1], voice.name.decode()):
                voices.setdefault(name.lower(), identifier)
    return voices


def _identifier(library: ctypes.CDLL, wanted: str) -> str:
    voices = _voices(library)
    if identifier := voices.get(VOICES.get(wanted, wanted).lower()):
        return identifier
    near = difflib.get_close_matches(wanted.lower(), voices, 3, 0.4)
    hint = f"did you mean {', '.join(near)}? " if near else ""
    raise BadInput(
        "espeak-ng has no voice `{wanted}`; {hint}`espeak-ng --voices` shows them all.",
        wanted=wanted,
        hint=hint,
    )
