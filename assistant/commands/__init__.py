"""One file per command of the command line, loaded when it is called."""

import contextlib
import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from assistant import files, messages
from assistant.errors import BadInput

if TYPE_CHECKING:
    from assistant.config import Config


class Seconds(click.FloatRange):
    """Refuses `nan` too, which is neither below nor above."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number


def settings(persona: str | None = None) -> "Config":
    """Return the configuration that the command line named; read once, when first wanted.

    With a `persona` it is that one, whatever the configuration says.
    """
    return cast("Config", click.get_current_context().obj(*([persona] if persona else [])))


def rereader(persona: str | None = None) -> "Callable[[], Config]":
    """Return a function that reads the same configuration anew, from any thread.

    What it returns is as `settings` returns it; raises `BadInput`.
    """
    read = click.get_current_context().obj.__wrapped__
    return cast("Callable[[], Config]", partial(read, *([persona] if persona else [])))


persona_option = click.option(
    "--persona", metavar="NAME", help="Who it is this time, see `assistant persona list`."
)


def print_json(value: Any) -> None:
    """Write one object to standard output, on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))


def tell(sentence: str, /, *, err: bool = False, nl: bool = True, **values: object) -> None:
    """Write `sentence` in the terminal's language, its `{names}` filled in with `values`."""
    click.echo(messages.say(sentence, **values), err=err, nl=nl)


def plain(text: str) -> str:
    """Return the text without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)


def example(*lines: str) -> str:
    """Return the end of a command's help: examples, not re-wrapped."""
    return "\n".join(["\b", messages.say("Examples:"), *(f"  {line}" for line in lines)])


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yield `cancelled()`, which Ctrl-C makes true; at the end comes the KeyboardInterrupt.

    For engines that call back from C in the main thread: an exception raised in there, as Ctrl-C
    does, is printed and lost.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
        if pressed:
            raise KeyboardInterrupt
    finally:
        signal.signal(signal.SIGINT, before)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, and its folder; say where. Raises `BadInput`."""
    if path.exists():
        raise BadInput("{path}: is there already; choose another name.", path=path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            "{path}: cannot be made: {error}.", path=path.parent, error=error.strerror
        ) from error
    write_whole(path, text)
    tell("written: {path}", path=path)


def quieten() -> None:
    """Keep off standard error what C libraries write there (ALSA, PortAudio); `-v` lets it pass.

    Python's own standard error is another descriptor, see `assistant.cli.main`.
    """
    if not click.get_current_context().find_root().params["verbose"]:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def write_whole(path: Path, text: str) -> None:
    """Write a text file that is whole or not there; what stood there before stays until then.

    Raises `BadInput` when there is no permission, no space or no such folder.
    """
    try:
        files.write_whole(path, text)
    except OSError as error:
        raise BadInput(
            "{path}: cannot be written: {strerror}.", path=path, strerror=error.strerror
        ) from error
