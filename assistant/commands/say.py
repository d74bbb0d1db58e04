"""`assistant say`: a text becomes speech."""

import threading
from pathlib import Path

import click

from assistant.commands import example, settings
from assistant.commands.ask import read_text
from assistant.config import Config
from assistant.errors import AssistantError, BadInput


@click.command(
    epilog=example(
        'assistant say "Good morning."',
        'assistant say --out hello.wav "Hello!"',
        'assistant --set language=zh say "你好。"',
    )
)
@click.argument("text", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write a WAV file.")
def command(text: tuple[str, ...], out: Path | None) -> None:
    """Speak TEXT (`-` reads it from standard input)."""
    content, config = read_text(text), settings()
    if out:
        write(config, content, out)
    else:
        play(config, content)


def write(config: Config, text: str, out: Path) -> None:
    """Write the spoken text to a WAV file, mono int16 at the voice's rate.

    Raises `BadInput` when there is nothing to say in it or the file cannot be written.
    """
    import numpy as np

    from assistant.audio import wav
    from assistant.mouth import engines
    from assistant.mouth.chunker import Chunker
    from assistant.mouth.spoken import speakable

    voice = engines.make(config)
    chunker = Chunker(config.speech.first_clause, config.speech.clause)
    blocks = [
        sound.pcm
        for clause in [*chunker.feed(text), *chunker.finish()]
        for sound in voice.synthesise(speakable(clause.text, config.language), lambda: False)
    ]
    voice.close()
    if not blocks:
        raise BadInput("there is nothing in the text that can be spoken; give words.")
    wav.write(out, np.concatenate(blocks), voice.rate)


def play(config: Config, text: str) -> None:
    """Speak the text through the configured loudspeaker; return when it has been heard."""
    from assistant.audio import engines as audio
    from assistant.audio.resample import resample
    from assistant.mouth import engines
    from assistant.mouth.playback import Player
    from assistant.mouth.speaker import Speaker
    from assistant.trace import Trace

    over = threading.Event()
    errors: list[AssistantError] = []

    def fail(error: AssistantError) -> None:
        errors.append(error)
        over.set()

    speaker = Speaker(
        lambda: engines.make(config),
        language=config.language,
        first_clause=config.speech.first_clause,
        clause=config.speech.clause,
        resample=resample,
        trace=Trace(),
        on_failed=lambda _turn, error: fail(error),
    )
    loudspeaker = audio.loudspeaker(config, on_lost=lambda reason: fail(AssistantError(reason)))
    heard: list[str] = []

    def ended(_turn: int, text: str, _at: float) -> None:
        heard.append(text)
        over.set()

    players: list[Player] = []
    try:
        loudspeaker.start(lambda out, at: players[0].fill(out, at) if players else out.fill(0))
        players.append(Player(loudspeaker.rate, lambda *_: None, ended, config.speech.volume))
        speaker.load(players[0], lambda: None)
        speaker.say(1, text)
        while not over.wait(0.1):  # short waits: Ctrl-C gets through
            pass
        threading.Event().wait(0.2)  # what was handed over last is still on its way out
    finally:
        speaker.cancel(1)
        speaker.stop()
        loudspeaker.stop()
    if errors:
        raise errors[0]
