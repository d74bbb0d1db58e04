"""`assistant completion`: the shell's completion script."""

import click
from click.shell_completion import get_completion_class

from assistant.commands import example


@click.command(epilog=example('eval "$(assistant completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that makes SHELL complete `assistant` commands."""
    root = click.get_current_context().find_root().command
    maker = get_completion_class(shell)
    assert maker is not None
    click.echo(maker(root, {}, "assistant", "_ASSISTANT_COMPLETE").source())
