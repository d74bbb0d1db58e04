"""What is told of this device: which recogniser, voice and model it has, and its wake words."""

from wyoming.audio import AudioFormat
from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    MicProgram,
    Satellite,
    SndProgram,
    TtsProgram,
    TtsVoice,
    WakeModel,
    WakeProgram,
)

from assistant import __version__
from assistant.audio.frames import RATE
from assistant.config import Config
from assistant.ears import engines as ears
from assistant.errors import AssistantError
from assistant.language import leading, spoken
from assistant.mouth import engines as mouth

MAKERS = {
    "vosk": ("Alpha Cephei", "https://alphacephei.com/vosk/"),
    "moonshine": ("Moonshine AI", "https://github.com/moonshine-ai/moonshine"),
    "whisper": ("OpenAI, SYSTRAN", "https://github.com/SYSTRAN/faster-whisper"),
    "piper": ("Open Home Foundation", "https://github.com/OHF-Voice/piper1-gpl"),
    "espeak": ("eSpeak NG", "https://github.com/espeak-ng/espeak-ng"),
    "pyttsx3": ("Natesh M Bhat", "https://github.com/nateshmbhat/pyttsx3"),
    "wyoming": ("Open Home Foundation", "https://github.com/OHF-Voice/wyoming"),
    "llama.cpp": ("ggml.ai", "https://github.com/ggml-org/llama.cpp"),
    "microWakeWord": ("Kevin Ahrendt", "https://github.com/kahrendt/microWakeWord"),
}
"""Who made an engine, and where it comes from."""


def services(config: Config, model: str, *, hears: bool, speaks: bool) -> Info:
    """Describe what is lent; `model` is the language model's name. Reads folders."""
    name = of(config)
    languages = list(spoken(config.language))
    info = Info()
    if hears:
        engine, heard_by = _recogniser(config)
        info.asr = [
            AsrProgram(
                name=name,
                description=f"Speech to text: {engine}",
                attribution=_maker(engine),
                installed=True,
                version=__version__,
                models=[
                    AsrModel(
                        name=heard_by,
                        description=f"{engine}, {heard_by}",
                        attribution=_maker(engine),
                        installed=True,
                        version=None,
                        languages=languages,
                    )
                ],
                supports_transcript_streaming=True,
            )
        ]
    if speaks:
        engine, voice = mouth.named(config)
        info.tts = [
            TtsProgram(
                name=name,
                description=f"Text to speech: {engine}",
                attribution=_maker(engine),
                installed=True,
                version=__version__,
                voices=[
                    TtsVoice(
                        name=voice,
                        description=f"{engine}, {voice}",
                        attribution=_maker(engine),
                        installed=True,
                        version=None,
                        languages=languages,
                    )
                ],
                supports_synthesize_streaming=True,
            )
        ]
    info.handle = [
        HandleProgram(
            name=name,
            description="Conversation with a language model on the device",
            attribution=_maker("llama.cpp"),
            installed=True,
            version=__version__,
            models=[
                HandleModel(
                    name=model,
                    description=model,
                    attribution=_maker("llama.cpp"),
                    installed=True,
                    version=None,
                    languages=languages,
                )
            ],
            supports_handled_streaming=True,
        )
    ]
    return info


def satellite(config: Config, rate: int) -> Info:
    """Describe the device as a satellite whose loudspeaker takes sound at `rate` Hz."""
    name, maker = of(config), Attribution(name="assistant", url="")
    words = {word: word.replace("_", " ") for word in config.wake.words}
    words |= {phrase: phrase for phrase in config.wake.phrases}
    if config.wake.always:
        words = {}

    def program(what: str) -> dict[str, object]:
        return {
            "name": name,
            "description": what,
            "attribution": maker,
            "installed": True,
            "version": __version__,
        }

    models = [
        WakeModel(
            name=word,
            description=phrase,
            attribution=_maker("microWakeWord" if word in config.wake.words else "vosk"),
            installed=True,
            version=None,
            languages=["en" if word in config.wake.words else leading(config.language)],
            phrase=phrase,
        )
        for word, phrase in words.items()
    ]
    return Info(
        wake=[WakeProgram(**program("Wake words"), models=models)] if models else [],  # type: ignore[arg-type]
        mic=[MicProgram(**program("Microphone"), mic_format=AudioFormat(RATE, 2, 1))],  # type: ignore[arg-type]
        snd=[SndProgram(**program("Loudspeaker"), snd_format=AudioFormat(rate, 2, 1))],  # type: ignore[arg-type]
        satellite=Satellite(
            **program("A voice assistant that also answers by itself"),  # type: ignore[arg-type]
            area=config.wyoming.area or None,
            has_vad=True,
            active_wake_words=list(words),
            max_active_wake_words=max(1, len(words)),
            supports_trigger=False,
        ),
    )


def of(config: Config) -> str:
    """Return what others call this device."""
    import socket

    return config.wyoming.name or socket.gethostname().partition(".")[0] or "assistant"


def voices(info: Info) -> tuple[str, ...]:
    """Return the names of the voices."""
    return tuple(voice.name for program in info.tts for voice in program.voices)


def _recogniser(config: Config) -> tuple[str, str]:
    """Return the recogniser's engine and model."""
    try:
        choice = ears.choose(config)
    except AssistantError:  # its model was taken away while it runs
        return config.asr.engine, config.asr.model or config.asr.engine
    return choice.engine, choice.path.name or config.asr.model or choice.engine


def _maker(engine: str) -> Attribution:
    name, url = MAKERS.get(engine, (engine, ""))
    return Attribution(name=name, url=url)
