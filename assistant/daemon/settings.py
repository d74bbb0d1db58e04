"""What the decider needs to know of the settings."""

from assistant.backchannels import backchannels, interjections
from assistant.config import Config
from assistant.conversation import FILLERS, Rules
from assistant.language import spoken

SLOWEST_LETTERS = 4.0
"""Letters that a voice says in a second at the least: Chinese ones, with some reserve."""


def rules(config: Config) -> Rules:
    """Return what the decider needs to know of the settings."""
    turn = config.turn
    return Rules(
        max_silence=turn.max_silence,
        min_silence=turn.min_silence,
        whole=turn.whole,
        open=turn.open,
        early=turn.early,
        ahead=config.ahead.enabled,
        takes_a_turn=config.ahead.per_turn,
        takes_a_minute=config.ahead.per_minute,
        no_speech=turn.no_speech,
        follow_up=turn.follow_up,
        question_follow_up=turn.question_follow_up,
        addressed=turn.addressed,
        max_speech=turn.max_speech,
        grace=turn.grace,
        min_speech=turn.min_speech,
        min_level=turn.min_level,
        patience=config.llm.timeout,
        server_patience=config.wyoming.patience,
        clause=config.speech.clause / (SLOWEST_LETTERS * config.speech.rate),
        always=config.wake.always,
        earcon=config.wake.earcon,
        out_earcon=config.remote.tone,
        stop_words=tuple(turn.stop_words),
        languages=spoken(config.language),
        filler_after=config.speech.filler_after,
        fillers=tuple(
            FILLERS[each] if (own := config.who.fillers(each)) is None else own
            for each in spoken(config.language)
        ),
        barge_in=config.barge_in.enabled,
        hold=config.barge_in.hold,
        wait=config.barge_in.wait,
        beside_db=config.barge_in.beside,
        backchannels=backchannels(),
        interjections=interjections(),
        greetings=tuple(config.who.greeting(each, "wake") for each in spoken(config.language)),
    )
