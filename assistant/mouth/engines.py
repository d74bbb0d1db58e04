"""Chooses the voice that the settings name."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

from assistant.config import Config
from assistant.errors import EngineMissing
from assistant.language import leading, spoken
from assistant.models import Shelf, fingerprint
from assistant.mouth.loudness import Book, Levelled
from assistant.mouth.synthesiser import Synthesiser

ESPEAK = {"en": ("en-us", "en-gb"), "zh": ("cmn-latn-pinyin",)}
"""Voices of espeak's that are offered for a language."""
CHINESE = ("zh", "cmn", "yue", "hak")
"""How names of Chinese voices begin."""


def make(config: Config) -> Synthesiser:
    """Load the synthesiser of `speech.engine`; raises `BadInput` or `EngineMissing`."""
    first, *others = _each(config)
    if not others or {_chosen(first), *map(_chosen, others)} == {"espeak"}:
        return _one(first)  # espeak has a voice for each script by itself
    from assistant.mouth.bilingual import BilingualSynthesiser

    _explained(others[0])  # what cannot be loaded when it is wanted is told of now
    return BilingualSynthesiser(_one(first), first.language, lambda: _one(others[0]))


def plain(config: Config) -> Callable[[], Synthesiser] | None:
    """Return what makes espeak's voice, for when the one of the settings fails; None: it is that.

    espeak has a voice for each script.
    """
    if {_chosen(each) for each in _each(config)} == {"espeak"}:
        return None
    speech = config.speech.model_copy(update={"engine": "espeak", "voice": ""})
    return lambda: _one(_each(config.model_copy(update={"speech": speech}))[0])


def explain(config: Config) -> str:
    """Say in one line which voice is used and why; raises what `make` would, without loading."""
    first, *others = _each(config)
    if not others:
        return _explained(first)
    return "; ".join(f"`{each.language}`: {_explained(each)}" for each in (first, *others))


def named(config: Config) -> tuple[str, str]:
    """Return the engine and what its voice is called; raises as `explain`."""
    config = _each(config)[0]
    chosen, voice = _chosen(config), config.speech.voice
    if chosen == "piper":
        return chosen, _piper_voice(config).stem
    own = ESPEAK[config.language][0] if chosen == "espeak" else chosen
    return chosen, voice or own


def choices(config: Config) -> list[str]:
    """Return the voices for the language that are installed; empty: the one that `auto` takes."""
    found, engine = [""], config.speech.engine
    if engine in ("auto", "piper") and importlib.util.find_spec("piper"):
        shelf = Shelf(config.models_dir)
        found += [
            entry.name
            for entry in shelf.entries
            if entry.engine == "piper"
            and set(entry.languages).intersection(spoken(config.language))
            and shelf.installed(entry)
        ]
    if engine in ("auto", "espeak"):
        found += [voice for each in spoken(config.language) for voice in ESPEAK[each]]
    return found


def _each(config: Config) -> list[Config]:
    """Return the settings for each language; the named voice is for the one that it speaks."""
    voice, languages = config.speech.voice, spoken(config.language)
    whose = _speaks(config, voice) if len(languages) > 1 else languages[0]
    return [
        config.model_copy(
            update={
                "language": each,
                "speech": config.speech.model_copy(
                    update={"voice": voice if each == whose else ""}
                ),
            }
        )
        for each in languages
    ]


def _speaks(config: Config, voice: str) -> str:
    """Return the language of a voice, as far as its name or the catalogue tells."""
    for entry in Shelf(config.models_dir).entries:
        if entry.name == voice:
            return entry.languages[0]
    return "zh" if Path(voice).name.lower().startswith(CHINESE) else leading(config.language)


def _one(config: Config) -> Synthesiser:
    """Load the voice for one language, as loud as all others."""
    speech, language = config.speech, config.language
    match _chosen(config):
        case "wyoming":
            return _far(config)
        case "piper":
            from assistant.mouth.piper import PiperSynthesiser

            path, kept = _piper_voice(config), config.cache_dir / "voices"
            piper = PiperSynthesiser(path, speech.rate, speech.threads, kept)
            return _levelled(config, piper, f"{path.stem} {fingerprint(path)[:16]}").learn(language)
        case "pyttsx3":
            from assistant.mouth.pyttsx import PyttsxSynthesiser

            own = PyttsxSynthesiser(speech.voice, language, speech.rate)
            return _levelled(config, own, speech.voice or language).learn(language)
        case _:
            from assistant.mouth.espeak import EspeakSynthesiser

            espeak = EspeakSynthesiser(speech.voice, language, speech.rate)
            return _levelled(config, espeak, speech.voice or language).learn(language)


def _levelled(config: Config, voice: Synthesiser, who: str) -> Levelled:
    """Bring a voice to the loudness of the settings; `who` tells it from others of its engine."""
    book = Book(config.cache_dir / "loudness.json")
    return Levelled(voice, f"{voice.name} {who}", book, config.speech.loudness)


def _explained(config: Config) -> str:
    """Say which voice is used for one language, and why."""
    chosen = _chosen(config)
    if chosen == "wyoming":
        from assistant.wyoming import check

        check(config, config.speech.uri, "speech.uri")
        voice = config.speech.voice or f"its voice for {config.language}"
        return (
            f"wyoming at {config.speech.uri} with {voice}; when that does not answer: "
            f"{explain(_here(config))}"
        )
    if chosen == "piper":
        return f"piper with {_piper_voice(config).name}{_why(config)}"
    voice = config.speech.voice or f"the voice for {config.language}"
    better = ""
    if config.speech.engine == "auto":
        better = "; Piper sounds better: `script/setup --with piper`, then fetch a Piper voice"
    return f"{chosen} with {voice}{better}"


def _far(config: Config) -> Synthesiser:
    """Make the voice on another host, with the one that is installed here behind it."""
    from assistant.mouth.either import EitherSynthesiser
    from assistant.mouth.wyoming import WyomingSynthesiser
    from assistant.wyoming import check
    from assistant.wyoming.pauses import Pauses

    speech = config.speech
    check(config, speech.uri, "speech.uri")
    far = WyomingSynthesiser(
        speech.uri,
        config.language,
        voice=speech.voice,
        speaker=speech.speaker,
        timeout_s=speech.timeout,
    )
    who = f"{speech.uri} {speech.voice or config.language} {speech.speaker}".strip()
    return EitherSynthesiser(_levelled(config, far, who), lambda: make(_here(config)), Pauses())


def _here(config: Config) -> Config:
    """Return the settings with the best voice that is installed here."""
    speech = config.speech.model_copy(update={"engine": "auto", "voice": ""})
    return config.model_copy(update={"speech": speech})


def _why(config: Config) -> str:
    return " (installed, and better than espeak)" if config.speech.engine == "auto" else ""


def _chosen(config: Config) -> str:
    """Return the engine: the one that was named, or Piper where it can speak, else espeak.

    A voice of espeak's (`en-us`) that was named with `auto` means espeak.
    """
    speech = config.speech
    if speech.engine != "auto":
        return speech.engine
    if importlib.util.find_spec("piper") is None:
        return "espeak"
    shelf = Shelf(config.models_dir)
    if not speech.voice:
        return "piper" if shelf.best("tts", engine="piper", language=config.language) else "espeak"
    path = Path(speech.voice)
    named = path.suffix == ".onnx" or any(e.name == speech.voice for e in shelf.entries)
    return "piper" if named else "espeak"


def _piper_voice(config: Config) -> Path:
    """Return the path of Piper's .onnx file."""
    if importlib.util.find_spec("piper") is None:
        raise EngineMissing(
            "speech.engine is piper, but Piper is not installed; `script/setup --with piper` "
            'installs it, or use speech.engine = "espeak".'
        )
    shelf = Shelf(config.models_dir)
    return shelf.locate(config.speech.voice, "tts", engine="piper", language=config.language)
