"""How the rooms are made from a configuration, and who hears of what they do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.config import Config
from assistant.conversation import Rules, stops
from assistant.cores import Cores
from assistant.daemon.reports import Reports
from assistant.errors import AssistantError
from assistant.events import Acted, Key, LeftAlone, ReplyEnded, SentOut, SpeakingEnded
from assistant.fitness import Fitness
from assistant.language import AUTO, leading
from assistant.mind.thinker import Thinker
from assistant.mouth.mute import Mute
from assistant.trace import Trace

if TYPE_CHECKING:
    from assistant.ears.held import HeldVoice
    from assistant.ears.listener import Listener
    from assistant.mind.guard.guard import Guard
    from assistant.mind.known import Source
    from assistant.mind.remote.hybrid import Hybrid
    from assistant.mouth.speaker import Speaker
    from assistant.record.keeping import Keeper


@dataclass(frozen=True, slots=True)
class Common:
    """What all rooms are made with."""

    config: Config
    trace: Trace
    cores: Cores
    fitness: Mapping[str, Fitness]
    """How well each room's engine works, by the room's name."""
    reports: Reports


def keeper(config: Config) -> "Keeper | None":
    """Return what keeps turns whole; None: the settings want none to be kept."""
    if config.record.keep == "never":
        return None
    from assistant.record.keeping import Keeper

    return Keeper(config)


def thinker(
    common: Common,
    mouth: "Speaker | Mute",
    *,
    held: Callable[[], str],
    make_sources: "Callable[[], Sequence[Source]]",
    guard: "Callable[[], Guard | None]",
) -> Thinker:
    """Return the mind; what it writes goes to the `mouth`, which waits for nobody else.

    ``held()`` is the language that all is answered in, see `Thinker`, and ``guard()`` what is
    refused; both are called on the model's thread.
    """
    from assistant.mind import engines, prompt
    from assistant.mind.thin import NoModel

    config, reports = common.config, common.reports

    def hybrid() -> "Hybrid | None":
        from assistant.mind.remote.hybrid import make

        return make(config)

    def on_text(key: Key, piece: str) -> None:
        reports.began(key)
        mouth.text(key, piece)
        reports.text(key, piece)

    def on_end(key: Key, text: str) -> None:
        reports.post(ReplyEnded(key.turn, key.take, text))
        mouth.end(key)

    return Thinker(
        lambda: engines.make(config),
        system=prompt.own_prompt(config, config.language, "spoken"),
        history_tokens=config.llm.history_tokens,
        secret_tokens=config.ahead.tokens,
        guests=config.llm.guests,
        cores=common.cores,
        trace=common.trace,
        on_text=on_text,
        on_judged=reports.judged,
        on_end=on_end,
        on_failed=lambda key, error: reports.failed(key, "mind", error),
        on_out=lambda key: reports.post(SentOut(key.turn, key.take)),
        on_acted=lambda key: reports.post(Acted(key.turn, key.take)),
        on_alone=lambda key: reports.post(LeftAlone(key.turn, key.take)),
        held=held,
        held_system=lambda language: prompt.own_prompt(config, language, "spoken"),
        both=config.language == AUTO,
        make_hybrid=hybrid if config.remote.endpoint else lambda: None,
        make_sources=make_sources,
        sieve=lambda text: present.sieve(text) if (present := guard()) else None,
        stand_in=NoModel(config.language),
        fitness=common.fitness["mind"],
    )


def speaker(common: Common) -> "Speaker":
    """Return the mouth that can be heard."""
    from assistant.mouth import engines
    from assistant.mouth.speaker import Speaker

    config = common.config
    return Speaker(
        lambda: engines.make(config),
        language=leading(config.language),
        first_clause=config.speech.first_clause,
        clause=config.speech.clause,
        cores=common.cores,
        trace=common.trace,
        on_failed=lambda key, error: common.reports.failed(key, "mouth", error),
        make_plain=engines.plain(config),
        fitness=common.fitness["mouth"],
    )


def mute(common: Common) -> Mute:
    """Return the mouth that makes no sound."""
    return Mute(
        lambda key, heard: common.reports.post(SpeakingEnded(key.turn, key.take, heard)),
    )


def listener(common: Common, rules: Callable[[], Rules]) -> "Listener":
    """Return the ears; ``rules()`` are those that the decider goes by."""
    from assistant.ears import engines, wake
    from assistant.ears.listener import Listener
    from assistant.ears.vad import Vad

    config = common.config
    vad = config.vad
    return Listener(
        lambda: (Vad(vad.threshold, vad.min_speech, vad.min_silence), wake.make(config)),
        lambda: engines.make(config),
        stops=lambda text: stops(rules(), text),
        stop_words=lambda: rules().stop_words,
        trace=common.trace,
        emit=common.reports.post,
        on_failed=_ears_failed(common),
        held=_held_voice(common),
        make_other=lambda: engines.other(config),
        fitness=common.fitness["ears"],
    )


def _held_voice(common: Common) -> "HeldVoice | None":
    """Return what hears whether a voice is held, where its model is installed."""
    from assistant.models import Shelf

    shelf = Shelf(common.config.models_dir)
    if not common.config.turn.smart_turn or not shelf.best("turn"):
        return None
    from assistant.ears.held import HeldVoice
    from assistant.ears.smart_turn import SmartTurn

    path = shelf.locate("", "turn")
    return HeldVoice(
        lambda: SmartTurn(path).complete,
        trace=common.trace,
        emit=common.reports.post,
        on_failed=_ears_failed(common),
    )


def _ears_failed(common: Common) -> Callable[[int, AssistantError], None]:
    return lambda turn, error: common.reports.failed(Key(turn, 0), "ears", error)
