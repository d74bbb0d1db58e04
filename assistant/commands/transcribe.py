"""`assistant transcribe`: recorded speech becomes text."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, interruptible, print_json, settings
from assistant.ears.recogniser import Recogniser

BLOCK_S = 0.1
"""The recogniser gets a recording in pieces of this many seconds, as a microphone would give."""


@click.command(
    epilog=example("assistant transcribe question.wav", "assistant transcribe --json a.wav b.wav")
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One object: text, words, audio_s, wall_s; of several files, their list `files`.",
)
def command(files: tuple[Path, ...], as_json: bool) -> None:
    """Write down what is said in FILES."""
    from assistant.audio import wav
    from assistant.ears import engines

    sounds = [wav.read(file) for file in files]  # all are looked at before anything is loaded
    results = []
    with interruptible() as cancelled:
        recogniser = engines.make(settings())
        for file, pcm in zip(files, sounds, strict=True):
            result = transcribe(recogniser, pcm, cancelled)
            results.append({"wav": str(file), **result})
            if not as_json:
                click.echo(f"{file}: {result['text']}" if len(files) > 1 else result["text"])
        recogniser.close()
    if as_json:
        print_json({"files": results} if len(files) > 1 else result)


def transcribe(
    recogniser: Recogniser, pcm: Any, cancelled: Callable[[], bool] = lambda: False
) -> dict[str, Any]:
    """Return text, words, audio_s and wall_s of a recording (samples,) int16, 16 kHz.

    Raises `KeyboardInterrupt` soon after `cancelled()`.
    """
    from assistant.audio.frames import RATE

    started = time.monotonic()
    recogniser.start()
    block = round(BLOCK_S * RATE)
    for begin in range(0, len(pcm), block):
        if cancelled():
            raise KeyboardInterrupt
        recogniser.feed(pcm[begin : begin + block])
    transcript = recogniser.finish()
    return {
        "text": transcript.text,
        "words": [dataclasses.asdict(word) for word in transcript.words],
        "audio_s": round(len(pcm) / RATE, 3),
        "wall_s": round(time.monotonic() - started, 3),
    }
