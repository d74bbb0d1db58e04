"""The `assistant` command: finds the sub-command, and turns errors into one sentence and a code."""

import contextlib
import functools
import importlib
import inspect
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant import __version__, logs
from assistant.commands.columns import Formatter
from assistant.errors import AssistantError, BadInput
from assistant.messages import say

if TYPE_CHECKING:
    from assistant.config import Config

COMMANDS = {
    "run": "Be the assistant: listen, think and speak, in the foreground.",
    "chat": "Talk with it by keyboard; the same mind and conversation, no sound needed.",
    "ask": "Ask one question, print the answer.",
    "say": "Speak a text, or write it to a WAV file.",
    "transcribe": "Write down what is said in WAV files.",
    "demo": "Speak a recorded question into the whole chain, without any hardware.",
    "serve": "Serve the web page and its interface; the assistant itself runs beside it.",
    "web": "Show the web page's address and token.",
    "mqtt": "Say what this device is called at the MQTT broker, and whether it is connected.",
    "knowledge": "Keep documents to answer from: add, list, remove, search, ask, watch.",
    "skills": "Show what is answered without the model, and add to it: list, test, new.",
    "persona": "Show who it can be, and make it somebody else: list, show, new, check.",
    "privacy": "Tell what may leave the device; `log` shows what did.",
    "history": "Show what was said, where it is kept; export it, or forget it.",
    "wake": "Wake the running assistant, as its wake word would.",
    "stop": "Silence the running assistant: what it hears, thinks or says ends.",
    "mute": "Make the running assistant deaf until it is unmuted.",
    "unmute": "Let the running assistant hear again.",
    "reload": "Let the running assistant take up what has changed in the configuration.",
    "log-level": "Say or set how much the running assistant tells its log.",
    "state": "Say what the running assistant does at this moment, or follow it.",
    "status": "Say what the running assistant does, or that none answers.",
    "metrics": "Print the running assistant's figures for Prometheus.",
    "trace": "Draw where the time of a turn went.",
    "record": "Keep the last turn, or the next ones, with its sound and every decision.",
    "replay": "Run a recorded turn again: what would be decided, and heard, now?",
    "devices": "List microphones and loudspeakers, and test them.",
    "find": "Search the network for services that could hear, speak or think for it.",
    "models": "List, fetch, verify and remove models.",
    "config": "Show, check or write the configuration.",
    "doctor": "Say what is installed, what is used and why, and what is missing.",
    "report": "Pack what helps to find a fault into a file, without anything private.",
    "tune": "Measure which numbers of threads are fastest on this machine, and use them.",
    "bench": "Measure latency, memory and start-up on this machine.",
    "service": "Install the assistant as a systemd service.",
    "completion": "Print the shell's completion script.",
}


click.Context.formatter_class = Formatter  # of every command: wide characters take two columns


class Lazy(click.Group):
    """Imports a sub-command's module only when it is called: `--help` and others stay quick."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the sub-command; a reader that has enough (`| head -1`) is no error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one that was asked for."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"assistant.commands.{cmd_name.replace('-', '_')}")
        return translated(module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(name, say(text)) for name, text in COMMANDS.items()])


def told(text: str | None, say: Callable[[str], str] = say) -> str:
    """Return a help's text in the terminal's language.

    What is not to be wrapped (behind click's mark for it), examples, stays as it is.
    """
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(
        each if each.startswith("\b") else say(each.replace("\n", " ")) for each in paragraphs
    )


def helps(found: click.Command) -> list[str | None]:
    """Return the texts of a command's help."""
    options = (each.help for each in found.params if isinstance(each, click.Option))
    return [found.help, found.epilog, *options]


def translated(found: click.Command) -> click.Command:
    """Return the command, its help and that of those below it in the terminal's language."""
    found.help, found.epilog = told(found.help), told(found.epilog)
    for each in found.params:
        if isinstance(each, click.Option):
            each.help = told(each.help)
    for sub in found.commands.values() if isinstance(found, click.Group) else ():
        translated(sub)
    return found


def _overrides(
    _ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, Any]:
    return dict(_override(pair) for pair in pairs)


def _override(pair: str) -> tuple[str, Any]:
    """Read ``key=value``; the value is TOML, or else a text."""
    import tomllib

    key, equals, value = pair.partition("=")
    if not equals:
        raise BadInput(
            "--set {pair}: allowed is KEY=VALUE, such as --set turn.max_silence=0.8", pair=pair
        )
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return key.strip(), value


@click.command(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`assistant COMMAND --help` tells more about each.",
)
@click.option(
    "--config", "path", type=click.Path(path_type=Path), metavar="FILE", help="Settings to use."
)
@click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    callback=_overrides,
    help="Change one setting for this call, such as --set turn.max_silence=0.8",
)
@click.option("-v", "--verbose", is_flag=True, help="Tell more on standard error.")
@click.version_option(__version__, prog_name="assistant")
@click.pass_context
def command(
    ctx: click.Context, path: Path | None, overrides: dict[str, Any], verbose: bool
) -> None:
    """An offline voice assistant for small computers that answers at once."""

    @functools.cache
    def settings(persona: str | None = None) -> "Config":
        from assistant import config  # takes a quarter of a second, which `--help` need not wait

        chosen = {} if persona is None else {"persona": persona}
        loaded = config.load(path, overrides | chosen)
        logs.begin("debug" if verbose else loaded.log.level)
        return loaded

    ctx.obj = settings


def reference() -> str:
    """Return docs/commands.md: the help of every command."""
    lines = [
        "# Commands",
        "",
        "This page is generated from the commands' own help by `script/docs`.",
    ]
    waiting: list[tuple[str, click.Command]] = [("assistant", command)]
    while waiting:
        name, current = waiting.pop(0)
        with click.Context(current, info_name=name, terminal_width=80) as ctx:
            lines += ["", f"## {name}", "", "```", current.get_help(ctx).rstrip(), "```"]
            if isinstance(current, click.Group):
                found = [
                    (f"{name} {sub}", current.get_command(ctx, sub))
                    for sub in current.list_commands(ctx)
                ]
                waiting[:0] = [(sub, each) for sub, each in found if each]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the command line; exit codes: 0, 1 (failed), 2 (bad input), 130 (interrupted)."""
    try:
        with contextlib.suppress(OSError):  # ours alone, so that `quieten` can close the other
            sys.stderr = os.fdopen(os.dup(2), "w", 1, encoding=sys.stderr.encoding)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # a terminal that lacks a character gets a `?`
                stream.reconfigure(errors="replace")
        code = _flush(_run())
    except KeyboardInterrupt:  # the second Ctrl-C may come anywhere
        code = 130
    if code == 130 or threading.active_count() > 1:
        # Something hangs in native code, or is still busy there, and would crash with Python taken
        # away beneath it. Nothing unsaved is left.
        os._exit(code)
    sys.exit(code)


def _run() -> int:
    try:
        result = translated(command).main(prog_name="assistant", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except AssistantError as error:
        if _interrupted(error):
            return 130
        click.echo(f"assistant: {error}", err=True)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except OSError as error:
        return _unwritable(error)
    except (KeyboardInterrupt, click.Abort):
        return 130


def _interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind the error: a library's import turns it into an ImportError."""
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _flush(code: int) -> int:
    """Write what is left of the output; return the exit code, another one where that fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        code = code or _unwritable(error)
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would try again
    return code


def _unwritable(error: OSError) -> int:
    """Tell of a write, to standard output unless a file is named, that failed (a full disk)."""
    click.echo(f"assistant: {error.filename or 'standard output'}: {error.strerror}.", err=True)
    return BadInput.exit_code
