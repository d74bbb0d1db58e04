"""What wakes it: ready-made wake words, and any phrase that a Vosk model can spell."""

import difflib
import importlib.util
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from assistant.audio.frames import RATE, Frame
from assistant.config import Config
from assistant.ears.vosk import UNKNOWN, VoskRecogniser
from assistant.errors import BadInput, EngineMissing
from assistant.language import leading

REFRACTORY_S = 2.0
"""After a wake word it is deaf for this many s of sound: one utterance wakes once."""

STABLE_S = 0.2
"""A phrase counts once it has stayed in the partial result for this many s of sound."""

RESTART_S = 10.0
"""Age in s of sound from which a phrase recogniser begins anew in the next quiet moment."""

LONGEST_S = 30.0
"""Age in s of sound at which it begins anew in any case: fed for ever, its memory would grow."""

QUIET_S = 1.0
"""A quiet moment: the partial result has not changed for this many s of sound."""

OVERLAP_S = 2.0
"""What a recogniser that began anew in the middle of speech gets again, in s."""

FILLERS = 500
"""Words that stand for all other speech in a model without `UNKNOWN`. Tried with vosk-ko and six
phrases: of 36 sayings (espeak) 20 wake with 150 fillers, 17 with 500, 14 with all 5,036; 34 s of
English read to each phrase wake it 10, 3 and 3 times in all, and over 100 times without fillers."""

MICRO_PACKAGE = "pymicro_wakeword"


class WakeDetector(Protocol):
    """Listens to every frame; used by one thread."""

    def feed(self, frame: Frame) -> str | None:
        """Take the next frame; return the phrase if it has just been heard."""

    def reset(self) -> None:
        """Forget what was heard so far."""


class MicroWake:
    """The microWakeWord networks; all of them look at the same features."""

    def __init__(self, words: Sequence[str], threshold: float) -> None:
        """`words` are names from `micro_words()`, `threshold` is a probability.

        Raises `BadInput` for an unknown word, `EngineMissing` without the package.
        """
        known = micro_words()
        for word in words:
            if word not in known:
                raise _unknown(word, known)
        try:
            from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model
        except (ImportError, OSError) as error:
            raise _no_micro(str(error)) from error
        self._features = MicroWakeWordFeatures()
        self._words = [MicroWakeWord.from_builtin(Model(word)) for word in dict.fromkeys(words)]
        for detector in self._words:
            detector.probability_cutoff = threshold
        self._deaf = 0

    def feed(self, frame: Frame) -> str | None:
        """Take the next frame; return the name of the wake word if it has just been heard."""
        heard = None
        for features in self._features.process_streaming(frame.pcm.tobytes()):
            for word in self._words:
                if word.process_streaming(features) and heard is None:
                    heard = word.id
        self._deaf -= len(frame.pcm)
        if heard is None or self._deaf > 0:
            return None
        self._deaf = round(REFRACTORY_S * RATE)
        return heard

    def reset(self) -> None:
        """Forget what was heard so far."""
        self._features.reset()
        for word in self._words:
            word.reset()
        self._deaf = 0


class PhraseWake:
    """Any phrases, through a Vosk recogniser that knows their words and a stand-in for all others.

    It wakes `STABLE_S` after the phrase is recognised.
    """

    def __init__(self, phrases: Sequence[str], path: Path) -> None:
        """`path` is the folder of a Vosk model.

        Raises `BadInput` for a broken model, an empty phrase, or words that the model does not
        know; `EngineMissing` without Vosk.
        """
        self._phrases = {phrase: phrase.lower().split() for phrase in phrases}
        if not all(self._phrases.values()):
            raise BadInput("`wake.phrases` has an empty phrase; remove it or write words.")
        self._recogniser = VoskRecogniser(path)
        try:
            spelled = [" ".join(words) for words in self._phrases.values()]
            self._recogniser.set_grammar([*spelled, *_others(self._recogniser)])
        except BaseException:
            self._recogniser.close()
            raise
        self._recent: deque[Frame] = deque()
        self._deaf = 0
        self._age = self._unchanged = self._stable = 0  # samples
        self._found: str | None = None
        self.restarts = 0
        """How often the recogniser began anew."""
        self._restart()

    def feed(self, frame: Frame) -> str | None:
        """Take the next frame; return the phrase as it was configured if it has just been heard."""
        self._deaf -= len(frame.pcm)
        if self._deaf > 0:
            return None
        self._remember(frame)
        if heard := self._take(frame):
            self._deaf = round(REFRACTORY_S * RATE)
            self._recent.clear()
            self._restart()
            return heard
        if self._age >= RESTART_S * RATE and self._unchanged >= QUIET_S * RATE:
            self._restart()
        elif self._age >= LONGEST_S * RATE:
            self._restart()
            for old in self._recent:
                self._take(old)
        return None

    def reset(self) -> None:
        """Forget what was heard so far."""
        self._recent.clear()
        self._deaf = 0
        self._restart()

    def close(self) -> None:
        """Let go of the model."""
        self._recogniser.close()

    def _take(self, frame: Frame) -> str | None:
        text = self._recogniser.feed(frame.pcm)
        self._age += len(frame.pcm)
        self._unchanged += len(frame.pcm)
        if text is not None:
            self._unchanged = 0
            found = self._find(text.split())
            if found != self._found:
                self._found, self._stable = found, 0
        self._stable += len(frame.pcm)
        return self._found if self._stable >= STABLE_S * RATE else None

    def _find(self, words: list[str]) -> str | None:
        """Return the first phrase whose words stand together among `words`."""
        for phrase, wanted in self._phrases.items():
            length = len(wanted)
            if any(words[at : at + length] == wanted for at in range(len(words) - length + 1)):
                return phrase
        return None

    def _remember(self, frame: Frame) -> None:
        self._recent.append(frame)
        while self._recent and frame.end - self._recent[0].time > OVERLAP_S:
            self._recent.popleft()

    def _restart(self) -> None:
        self._recogniser.start()
        self.restarts += 1
        self._age = self._unchanged = self._stable = 0
        self._found = None


def micro_words() -> list[str]:
    """Return the names of the ready-made wake words, without loading any."""
    spec = importlib.util.find_spec(MICRO_PACKAGE)
    if spec is None or spec.origin is None:
        raise _no_micro("it is not installed")
    return sorted(path.stem for path in (Path(spec.origin).parent / "models").glob("*.json"))


def make(config: Config) -> list[WakeDetector]:
    """Return the detectors that `config.wake` asks for; none when it always listens.

    Raises `BadInput` for an unknown word or a phrase that cannot be watched for, `EngineMissing`
    for a package or a model that is not installed.
    """
    wake, detectors = config.wake, list[WakeDetector]()
    if wake.always:
        return detectors
    if wake.words:
        detectors.append(MicroWake(wake.words, wake.threshold))
    if wake.phrases:
        from assistant.models import Shelf

        shelf, wanted = Shelf(config.models_dir), wake.phrases_model
        language = None if wanted else leading(config.language)
        path = shelf.locate(wanted, "asr", engine="vosk", language=language)
        detectors.append(PhraseWake(wake.phrases, path))
    return detectors


def _others(recogniser: VoskRecogniser) -> list[str]:
    """Return what stands for all other speech.

    Without it everything that is said would be forced into the phrases. Single Hangul syllables
    serve the Korean model, the only known one without `UNKNOWN`.
    """
    if recogniser.knows(UNKNOWN):
        return [UNKNOWN]
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4) if recogniser.knows(chr(code))]
    return syllables[:: max(1, len(syllables) // FILLERS)]


def _unknown(word: str, known: list[str]) -> BadInput:
    near = difflib.get_close_matches(word.lower().replace(" ", "_"), known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"allowed: {', '.join(known)}."
    return BadInput(
        "`wake.words` names {word!r}, which is no ready-made wake word; {hint} `wake.phrases` "
        "takes any phrase.",
        word=word,
        hint=hint,
    )


def _no_micro(why: str) -> EngineMissing:
    return EngineMissing(
        "wake words need the package `pymicro-wakeword` ({why}); `script/setup` installs it, "
        "or set `wake.words = []`.",
        why=why,
    )
