"""`assistant ask`: one question, one answer."""

import sys
import time
from collections.abc import Callable
from typing import Any

import click

from assistant.commands import example, interruptible, print_json, settings
from assistant.config import Config
from assistant.errors import BadInput


@click.command(
    epilog=example(
        'assistant ask "Why is the sky blue?"',
        "echo 'Name three rivers.' | assistant ask -",
        'assistant ask --json "What is two plus two?"',
    )
)
@click.argument("text", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One object: reply, ttft_s, total_s, tokens.")
def command(text: tuple[str, ...], as_json: bool) -> None:
    """Ask TEXT (`-` reads it from standard input) and print the answer while it comes."""
    question, config = read_text(text), settings()
    with interruptible() as cancelled:
        answer = reply(config, question, cancelled, show=not as_json)
    if as_json:
        print_json(answer)


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
