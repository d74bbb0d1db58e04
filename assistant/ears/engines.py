"""Chooses the recogniser."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.config import Config
from assistant.ears.recogniser import Recogniser
from assistant.errors import BadInput, EngineMissing
from assistant.language import AUTO, spoken
from assistant.models import Shelf

ORDER = ("vosk", "moonshine", "whisper")
"""What `auto` takes, the first that is installed for the language: Vosk tells words, times and
confidences and takes grammars; Moonshine has partials; Whisper has neither."""

PACKAGES = {
    "vosk": ("vosk", "vosk"),
    "moonshine": ("onnxruntime", "onnxruntime"),
    "whisper": ("faster_whisper", "faster-whisper"),
}
"""What an engine imports, and the package that brings it."""

MARKS = {
    "vosk": ("am/final.mdl", "final.mdl"),
    "moonshine": ("encoder_model.ort", "decoder_model_merged.ort"),
    "whisper": ("model.bin",),
}
"""Any one of these files tells whose model a folder is."""

ENGLISH_ONLY = ("moonshine",)
ANY_LANGUAGE = ("whisper",)
"""What hears now one language and now another."""

FAR = "wyoming"
"""The engine that is on another host."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What will recognise speech."""

    engine: str
    path: Path
    """The model's folder or file; `Path()` where it is on another host."""
    why: str
    """For people, without a full stop."""


def make(config: Config) -> Recogniser:
    """Load the recogniser that `config` asks for.

    Raises `EngineMissing` when nothing is installed that could serve, `BadInput` for a broken or
    unknown model.
    """
    choice = choose(config)
    if choice.engine == FAR:
        return _far(config)
    if choice.engine == "vosk":
        from assistant.ears.vosk import VoskRecogniser

        return VoskRecogniser(choice.path)
    if choice.engine == "moonshine":
        from assistant.ears.moonshine import MoonshineRecogniser

        return MoonshineRecogniser(choice.path, threads=config.asr.threads)
    from assistant.ears.whisper import WhisperRecogniser

    return WhisperRecogniser(choice.path, config.language, threads=config.asr.threads)


def other(config: Config) -> Recogniser | None:
    """Load the next best recogniser, for when the one of the settings fails; None: there is none.

    Raises as `make`.
    """
    chosen, here = choose(config).engine, _here(config)
    for engine in _ready(here, Shelf(config.models_dir)):
        if engine != chosen:
            asr = here.asr.model_copy(update={"engine": engine})
            return make(config.model_copy(update={"asr": asr}))
    return None


def choose(config: Config) -> Choice:
    """Say which engine with which model `make` would load, without loading it. Raises as `make`."""
    wanted, shelf = config.asr, Shelf(config.models_dir)
    if wanted.engine == FAR:
        from assistant.wyoming import check

        check(config, wanted.uri, "asr.uri")
        return Choice(FAR, Path(), f"at {wanted.uri}, as `asr.uri` says")
    if wanted.model:
        return _named(config, shelf)
    if wanted.engine != "auto":
        _need_both(config, wanted.engine)
        _need_package(wanted.engine)
        path = shelf.locate("", "asr", engine=wanted.engine, language=config.language)
        return Choice(wanted.engine, path, f'asr.engine = "{wanted.engine}"')
    for engine in _ready(config, shelf):
        path = shelf.locate("", "asr", engine=engine, language=config.language)
        return Choice(engine, path, f"the best one installed for {_tongues(config)}")
    for engine in ORDER:  # nothing is ready: the sentence about what has a model is the more useful
        if shelf.best("asr", engine=engine, language=config.language):
            _need_package(engine)
    shelf.locate("", "asr", language=config.language)  # raises, and says what to fetch
    raise AssertionError("unreachable")


def explain(config: Config) -> str:
    """Return one line for `assistant doctor`: which engine and model, why, and what is better.

    Never raises for what is missing; then the line says what is.
    """
    try:
        choice = choose(config)
    except BadInput as error:
        return f"speech recognition: none: {error}"
    if choice.engine == FAR:
        local = _local(config)
        instead = f"{local.engine} ({local.path.name}) hears" if local else "nothing here hears"
        return f"speech recognition: {FAR} {choice.why}; {instead} when that does not answer."
    line = f"speech recognition: {choice.engine} ({choice.path.name}): {choice.why}"
    if config.language == AUTO:
        line = f"{line}; it hears which one is spoken"
    better = _better(config, choice)
    return f"{line}; {better}" if better else f"{line}."


def detect(path: Path) -> str:
    """Return which engine the model in a folder is for; `BadInput` when it cannot be told."""
    if not path.is_dir():
        raise BadInput("{path}: no such folder (`asr.model` names a folder or a model).", path=path)
    for engine, marks in MARKS.items():
        if any((path / mark).is_file() for mark in marks):
            return engine
    wanted = "; ".join(f"{engine}: {marks[0]}" for engine, marks in MARKS.items())
    raise BadInput(
        "{path}: is no model for speech recognition (looked for {wanted}).",
        path=path,
        wanted=wanted,
    )


def _far(config: Config) -> Recogniser:
    """Make the recogniser on another host, with what is installed here behind it."""
    from assistant.ears.either import EitherRecogniser
    from assistant.ears.wyoming import WyomingRecogniser
    from assistant.wyoming.pauses import Pauses

    asr = config.asr
    far = WyomingRecogniser(asr.uri, config.language, model=asr.model, timeout_s=asr.timeout)
    if _local(config) is None:
        return far
    return EitherRecogniser(far, lambda: make(_here(config)), Pauses())


def _here(config: Config) -> Config:
    """Return the settings with the best recogniser that is installed here."""
    asr = config.asr.model_copy(update={"engine": "auto", "model": ""})
    return config.model_copy(update={"asr": asr})


def _local(config: Config) -> Choice | None:
    """Return what takes over when the other host does not answer; None: nothing is installed."""
    try:
        return choose(_here(config))
    except BadInput:
        return None


def _named(config: Config, shelf: Shelf) -> Choice:
    """Choose what `asr.model` names: a model of the catalogue, or a folder."""
    wanted = config.asr
    engine: str | None = None if wanted.engine == "auto" else wanted.engine
    path = shelf.locate(wanted.model, "asr", engine=engine)
    engine = engine or detect(path)
    _need_both(config, engine)
    if engine in ENGLISH_ONLY and config.language != "en":
        raise BadInput(
            "`asr.model` is {model!r}, a {engine} model, which hears English only, but "
            '`language` is "{language}"; choose another model.',
            model=wanted.model,
            engine=engine,
            language=config.language,
        )
    _need_package(engine)
    return Choice(engine, path, f"asr.model = {wanted.model!r}")


def _ready(config: Config, shelf: Shelf) -> Iterator[str]:
    """Yield the engines that have their package and a model for the language, best first."""
    for engine in ORDER:
        if _has_package(engine) and shelf.best("asr", engine=engine, language=config.language):
            yield engine


def _better(config: Config, choice: Choice) -> str:
    """Say what stands before the choice in `ORDER` for the language and is not ready."""
    entries = Shelf(config.models_dir).entries
    for engine in ORDER[: ORDER.index(choice.engine)]:
        for entry in entries:
            if (entry.purpose, entry.engine) == ("asr", engine) and (
                set(spoken(config.language)) <= set(entry.languages)
            ):
                return f"better: {engine} (`assistant models fetch {entry.name}`)."
    return ""


def _need_both(config: Config, engine: str) -> None:
    if config.language == AUTO and engine not in ANY_LANGUAGE:
        raise BadInput(
            '{engine} hears one language only, but `language` is "auto"; set `asr.engine` to '
            '"auto" and `asr.model` to ""; `assistant models fetch whisper-base` gets a model that '
            "hears both.",
            engine=engine,
        )


def _tongues(config: Config) -> str:
    return " and ".join(f"`{each}`" for each in spoken(config.language))


def _has_package(engine: str) -> bool:
    return importlib.util.find_spec(PACKAGES[engine][0]) is not None


def _need_package(engine: str) -> None:
    if not _has_package(engine):
        package = PACKAGES[engine][1]
        raise EngineMissing(
            "the engine {engine} needs the package `{package}`; `pip install {package}` in the "
            "assistant's environment, or set `asr.engine` to another one.",
            engine=engine,
            package=package,
        )
