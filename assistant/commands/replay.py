"""`assistant replay`: run a recorded turn again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.commands import example, plain, print_json, settings, tell

if TYPE_CHECKING:
    from assistant.record.recording import Recording
    from assistant.record.replay import Step


@click.command(epilog=example("assistant replay turn.zip", "assistant replay --ears turn.zip"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--ears", is_flag=True, help="Let the recogniser hear the sound again, too.")
@click.option(
    "--json", "as_json", is_flag=True, help="One object: about, same, steps; heard with --ears."
)
def command(file: Path, ears: bool, as_json: bool) -> int:
    """Run a recorded turn through the decider again, and show what it decides differently now.

    Exit code 1 where something does.
    """
    from assistant.record import recording, replay

    turn = recording.read(file)
    steps = replay.replay(turn)
    heard = _heard(turn, file) if ears else []
    same = not any(step.differs for step in steps)
    if as_json:
        told = {"about": turn.about, "same": same, "steps": [_told(step) for step in steps]}
        print_json(told | ({"heard": heard} if ears else {}))
    else:
        _show(turn, steps)
        for each in heard:
            tell("then heard: {then}", then=plain(each["then"]))
            tell("now heard:  {now}", now=plain(each["now"]))
        if same:
            tell("the same is decided now")
    return 0 if same else 1


def _heard(turn: "Recording", file: Path) -> list[dict[str, str]]:
    """Return each final text, as it was recognised then and is now."""
    from assistant.commands.transcribe import transcribe
    from assistant.ears import engines
    from assistant.errors import BadInput
    from assistant.record.replay import utterances

    found = utterances(turn)
    if turn.pcm is None:
        raise BadInput("{path}: holds no sound; leave out --ears.", path=file)
    recogniser = engines.make(settings())
    try:
        return [
            {"then": text, "now": transcribe(recogniser, sound)["text"]} for text, sound in found
        ]
    finally:
        recogniser.close()


def _show(turn: "Recording", steps: "Sequence[Step]") -> None:
    click.echo("  ".join(f"{key} {plain(value)}" for key, value in turn.about.items()))
    for step in steps:
        click.echo(f"{step.at:8.3f}  {plain(repr(step.event))}")
        now = step.now.commands if step.now else ()
        for each in now:
            click.echo(f"          {plain(repr(each))}")
        if step.differs:
            then = step.then.commands if step.then else ()
            tell("          then: {commands}", commands=plain(", ".join(map(repr, then))) or "-")
            _show_deadlines(step)


def _show_deadlines(step: "Step") -> None:
    if step.now and step.then and step.now.commands == step.then.commands:
        now, then = step.now.deadline, step.then.deadline
        tell("          asks to be called at {now}, then at {then}", now=now, then=then)


def _told(step: "Step") -> dict[str, Any]:
    from assistant.record.forms import named

    told: dict[str, Any] = {"at": round(step.at, 3), "event": named(step.event)}
    told["now"] = [named(each) for each in step.now.commands] if step.now else None
    if step.differs:
        told["then"] = [named(each) for each in step.then.commands] if step.then else None
    return told
