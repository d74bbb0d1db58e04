"""`assistant say`: a text becomes speech."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import click

from assistant.commands import example, interruptible, quieten, settings
from assistant.commands.ask import read_text
from assistant.config import Config
from assistant.errors import AssistantError, BadInput
from assistant.language import leading


@click.command(
    epilog=example(
        'assistant say "Good morning."',
        'assistant say --out hello.wav "Hello!"',
        'assistant --set language=zh say "你好。"',
        'assistant say --running "Dinner is ready."',
    )
)
@click.argument("text", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write a WAV file.")
@click.option("--running", is_flag=True, help="Let the running assistant say it.")
def command(text: tuple[str, ...], out: Path | None, running: bool) -> None:
    """Speak TEXT (`-` reads it from standard input)."""
    content, config = read_text(text), settings()
    if running:
        _by_the_running_one(config, content, out)
        return
    clauses = spoken(config, content)
    if out:
        with interruptible() as cancelled:
            write(config, clauses, out, cancelled)
    else:
        quieten()
        play(config, content)


def _by_the_running_one(config: Config, text: str, out: Path | None) -> None:
    from assistant.serve.control import call

    if out:
        raise BadInput("--running and --out do not go together: leave one of them out.")
    call(config.socket_path, {"command": "say", "text": text})


def spoken(config: Config, text: str) -> list[str]:
    """Return the clauses as they are spoken. Raises `BadInput` when there is nothing to say."""
    from assistant.mouth.chunker import Chunker
    from assistant.mouth.spoken import speakable

    chunker = Chunker(config.speech.first_clause, config.speech.clause)
    clauses = [*chunker.feed(text), *chunker.finish()]
    said = [words for clause in clauses if (words := speakable(clause.text, config.language))]
    if not said:
        raise BadInput("there is nothing in the text that can be spoken; give words.")
    return said


def write(config: Config, clauses: list[str], out: Path, cancelled: Callable[[], bool]) -> None:
    """Write the clauses to a WAV file, mono int16 at the voice's rate.

    Raises `BadInput` when the file cannot be written, `KeyboardInterrupt` when `cancelled()`; what
    stood at `out` is still there then.
    """
    from assistant.audio import wav
    from assistant.mouth import engines

    voice = engines.make(config)
    with contextlib.closing(voice), wav.WavWriter(out, voice.rate) as writer:
        for clause in clauses:
            for sound in voice.synthesise(clause, cancelled):
                writer.write(sound.pcm)
            if cancelled():
                raise KeyboardInterrupt


def play(config: Config, text: str) -> None:
    """Speak the text through the configured loudspeaker; return when it has been heard."""
    from assistant.audio import engines as audio
    from assistant.cores import Cores
    from assistant.events import Key
    from assistant.mouth import engines
    from assistant.mouth.playback import Player
    from assistant.mouth.speaker import Speaker
    from assistant.trace import Trace

    key = Key(1, 1)
    over = threading.Event()
    errors: list[AssistantError] = []

    def fail(error: AssistantError) -> None:
        errors.append(error)
        over.set()

    speaker = Speaker(
        lambda: engines.make(config),
        language=leading(config.language),
        first_clause=config.speech.first_clause,
        clause=config.speech.clause,
        cores=Cores(),
        trace=Trace(),
        on_failed=lambda _turn, error: fail(error),
    )
    loudspeaker = audio.loudspeaker(config, on_lost=lambda reason: fail(AssistantError(reason)))
    heard: list[str] = []

    def ended(_key: Key, text: str, _at: float) -> None:
        heard.append(text)
        over.set()

    players: list[Player] = []
    try:
        loudspeaker.start(lambda out, at: players[0].fill(out, at) if players else out.fill(0))
        players.append(Player(loudspeaker.rate, lambda *_: None, ended, config.speech.volume))
        speaker.load(players[0], lambda: None)
        speaker.say(key, text)
        while not over.wait(0.1):  # short waits: Ctrl-C gets through
            pass
        threading.Event().wait(0.2)  # what was handed over last is still on its way out
    finally:
        speaker.cancel(key)
        speaker.stop()
        loudspeaker.stop()
    if errors:
        raise errors[0]
