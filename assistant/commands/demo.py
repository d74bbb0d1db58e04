"""`assistant demo`: the whole chain on recorded speech."""

import asyncio
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import click

from assistant.commands import example, print_json, settings, tell
from assistant.config import Config
from assistant.errors import BadInput

PROBE = 2**20
"""Bytes that must find room before anything is loaded: 20 s of speech."""


@click.command(
    epilog=example("assistant demo", "assistant demo --wav question.wav --out replies --json")
)
@click.option(
    "--wav",
    "wavs",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A recorded question; several are spoken one after another.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    metavar="DIR",
    help="Where the replies' sound is written.",
)
@click.option("--json", "as_json", is_flag=True, help="One object with the list `turns`.")
def command(wavs: tuple[Path, ...], out: Path, as_json: bool) -> None:
    """Speak a recorded question into the whole chain, at real-time pace, without any hardware."""
    perform(settings(), list(wavs), out, as_json)


def perform(config: Config, wavs: list[Path], out: Path, as_json: bool) -> None:
    """Speak the recordings (or the shipped question) and tell what was heard and answered."""
    from assistant.audio import wav

    with resources.as_file(resources.files("assistant") / "data" / "question-en.wav") as shipped:
        files = wavs or [shipped]
        questions = [(file, wav.read(file)) for file in files]
    _make_folder(out)
    turns = asyncio.run(_speak(config, questions, out, quiet=as_json))
    if as_json:
        print_json({"turns": turns})


def _make_folder(out: Path) -> None:
    """Make the replies' folder; raise `BadInput` before anything is loaded when it is no good."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out) as probe:
            probe.write(bytes(PROBE))
    except OSError as error:
        raise BadInput(
            "{out}: nothing can be written there: {strerror}; name a folder with --out.",
            out=out,
            strerror=error.strerror,
        ) from error


async def _speak(
    config: Config, questions: list[tuple[Path, Any]], out: Path, quiet: bool
) -> list[dict[str, Any]]:
    from assistant.audio import wav
    from assistant.rehearsal import Rehearsal

    turns = []
    async with Rehearsal(config) as rehearsal:
        for number, (file, pcm) in enumerate(questions, 1):
            outcome = await rehearsal.ask(pcm)
            target = out / f"reply-{number}.wav"
            wav.write(target, outcome.speech, rehearsal.rate)
            turn = {
                "wav": str(file),
                "heard": outcome.heard,
                "reply": outcome.reply,
                "speech": str(target),
                "speech_s": outcome.speech_s,
                "voice_to_voice_s": outcome.voice_to_voice_s,
                "stages": outcome.stages,
            }
            turns.append(turn)
            if not quiet:
                _tell(turn)
    return turns


def _tell(turn: dict[str, Any]) -> None:
    tell("question  {wav} ({speech_s:.1f} s of speech)", wav=turn["wav"], speech_s=turn["speech_s"])
    tell("heard     {heard}", heard=turn["heard"])
    tell("reply     {reply}", reply=turn["reply"])
    tell("sound     {speech}", speech=turn["speech"])
    if turn["voice_to_voice_s"] is not None:
        tell(
            "answered  {voice_to_voice_s:.2f} s after the last word",
            voice_to_voice_s=turn["voice_to_voice_s"],
        )
    for stage, seconds in sorted(turn["stages"].items(), key=lambda item: item[1]):
        click.echo(f"          {seconds:+8.3f} s  {stage}")
