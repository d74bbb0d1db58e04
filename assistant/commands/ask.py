"""`assistant ask`: one question, one answer."""

import sys
import time

import click

from assistant.commands import example, print_json, settings
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
    from assistant.mind import engines, prompt
    from assistant.mind.history import History

    question = read_text(text)
    config = settings()
    model = engines.make(config)
    system = prompt.system_prompt(config.language, config.llm.system_prompt)
    history = History(config.llm.history_tokens, model.count)
    model.warm(prompt.messages(system, history, ""))
    started = time.monotonic()
    ttft, pieces = None, []
    for piece in model.reply(prompt.messages(system, history, question), lambda: False):
        ttft = ttft or time.monotonic() - started
        pieces.append(piece)
        if not as_json:
            click.echo(piece, nl=False)
            sys.stdout.flush()
    total = time.monotonic() - started
    if as_json:
        print_json(
            {
                "reply": "".join(pieces),
                "ttft_s": round(ttft if ttft is not None else total, 3),
                "total_s": round(total, 3),
                "tokens": model.usage.reply_tokens,
            }
        )
    else:
        click.echo()
    model.close()


def read_text(words: tuple[str, ...]) -> str:
    """Return the words as one text, or standard input for a single ``-``.

    Raises `BadInput` for a text that is empty or not text at all.
    """
    if words == ("-",):
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput(
                f"standard input is not UTF-8 text (byte {error.start}); give text."
            ) from error
    else:
        text = " ".join(words)
    if "\0" in text or any("\udc80" <= c <= "\udcff" for c in text):
        raise BadInput("the text holds bytes that are not text; give UTF-8 text.")
    if not text.strip():
        raise BadInput("the text is empty; give at least one word.")
    return text.strip()
