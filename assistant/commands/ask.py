"""`assistant ask`: one question, one answer."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from assistant.commands import example, interruptible, print_json, settings
from assistant.config import Config
from assistant.errors import AssistantError, BadInput


@click.command(
    epilog=example(
        'assistant ask "Why is the sky blue?"',
        "echo 'Name three rivers.' | assistant ask -",
        'assistant ask --json "What is two plus two?"',
        'assistant ask --running "How long is my timer still?"',
    )
)
@click.argument("text", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One object: reply, ttft_s, total_s, tokens.")
@click.option(
    "--running", is_flag=True, help="Ask the running assistant, which answers aloud, too."
)
def command(text: tuple[str, ...], as_json: bool, running: bool) -> None:
    """Ask TEXT (`-` reads it from standard input) and print the answer while it comes."""
    question, config = read_text(text), settings()
    if running:
        _ask_the_running_one(config, question, as_json)
        return
    with interruptible() as cancelled:
        answer = reply(config, question, cancelled, show=not as_json)
    if as_json:
        print_json(answer)


def _ask_the_running_one(config: Config, question: str, as_json: bool) -> None:
    """Print the answer of the running assistant while it comes."""
    from assistant.serve.control import call, stream

    said = []
    with contextlib.closing(stream(config.socket_path, {"command": "watch"})) as events:
        next(events)  # the state: from now on nothing is missed
        call(config.socket_path, {"command": "ask", "text": question})
        for piece in answer_to(question, events):
            said.append(piece)
            if not as_json:
                click.echo(piece, nl=False)
                sys.stdout.flush()
    if as_json:
        print_json({"reply": "".join(said)})
    else:
        click.echo()


def answer_to(question: str, events: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the text of the answer to a question that was asked, from the events of `watch`.

    Raises `AssistantError` where it could not be answered. One that is interrupted ends there.
    """
    turn: int | None = None
    for event in events:
        match event["event"]:
            case "think" if turn is None and event["text"] == question:
                turn = event["turn"]
            case "text" if event["turn"] == turn:
                yield event["piece"]
            case "say" if event["turn"] == turn:
                yield event["text"]
            case "failed" if event["turn"] == turn:
                raise AssistantError(str(event["message"]))
            case "reply_ended" | "speaking_ended" if event["turn"] == turn:
                return
            case "state" if turn is not None and event["turn"] > turn:
                return


def reply(
    config: Config, question: str, cancelled: Callable[[], bool], *, show: bool
) -> dict[str, Any]:
    """Return reply, ttft_s, total_s and tokens; with `show` the reply is printed as it comes."""
    from assistant.mind import engines, prompt
    from assistant.mind.history import History

    model = engines.make(config)
    system = prompt.own_prompt(config, config.language, "spoken")
    history = History(config.llm.history_tokens, model.count)
    if not cancelled():
        model.warm(prompt.messages(system, history, ""))
    started = time.monotonic()
    ttft, pieces = None, []
    for piece in model.reply(prompt.messages(system, history, question), cancelled):
        ttft = ttft or time.monotonic() - started
        pieces.append(piece)
        if show:
            click.echo(piece, nl=False)
            sys.stdout.flush()
    total = time.monotonic() - started
    if show:
        click.echo()
    tokens = model.usage.reply_tokens
    model.close()
    return {
        "reply": "".join(pieces),
        "ttft_s": round(ttft if ttft is not None else total, 3),
        "total_s": round(total, 3),
        "tokens": tokens,
    }


def read_text(words: tuple[str, ...]) -> str:
    """Return the words as one text, or standard input for a single ``-``.

    Raises `BadInput` for a text that is empty or not text at all.
    """
    if words == ("-",):
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                "standard input is not UTF-8 text (byte {start}); give text.", start=error.start
            ) from error
    else:
        text = " ".join(words)
    check_text(text)
    if not text.strip():
        raise BadInput("the text is empty; give at least one word.")
    return text.strip()


def check_text(text: str) -> None:
    """Raise `BadInput` for bytes that are no text; Python hides them as lone surrogates."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadInput("the text holds bytes that are not text; give UTF-8 text.")
