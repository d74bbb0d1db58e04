"""`assistant web`: what somebody needs who wants to open the page on another machine."""

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant import config
from assistant.commands import example, print_json, settings, tell, write_whole
from assistant.errors import BadInput, EngineMissing

if TYPE_CHECKING:
    import segno


@click.group(epilog=example("assistant web token"))
def command() -> None:
    """Show the web page's address and token."""


@command.command(
    epilog=example(
        "assistant web token",
        "assistant web token --svg door.svg",
        "sudo assistant web token --service --new",
    )
)
@click.option(
    "--qr/--no-qr", default=None, help="A QR code below; without either, on a terminal only."
)
@click.option(
    "--svg",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the QR code as a picture.",
)
@click.option("--new", is_flag=True, help="Make another token; the one so far ends.")
@click.option("--service", is_flag=True, help="The system service's, for its settings.")
@click.option("--json", "as_json", is_flag=True, help="One object: needed, urls, token, file.")
def token(qr: bool | None, svg: Path | None, new: bool, service: bool, as_json: bool) -> None:
    """Print the address that opens the page, with its token.

    It is the one for browsers on other machines; where several lead there, the best comes first.
    The token is made if there is none yet.
    """
    from assistant.serve.web import reach
    from assistant.serve.web import token as tokens

    chosen = of_service() if service else settings()
    needed = reach.needs_token(chosen, str(reach.resolve(chosen.web.host, 0)[1][0]))
    if new and not needed:
        raise BadInput(
            "no token is needed while only this machine can connect; set web.host, web.hosts or "
            "web.token_file first."
        )
    urls, secret = reach.urls(chosen), None
    if needed:
        secret = (tokens.renew if new else tokens.load_or_make)(chosen.web_token_path)
        urls = [reach.with_token(url, secret) for url in urls]
    if svg:
        write_svg(svg, code(urls[0]))
    if as_json:
        file = str(chosen.web_token_path) if needed else None
        print_json({"needed": needed, "urls": urls, "token": secret, "file": file})
        return
    for url in urls:
        click.echo(url)
    if not needed:
        tell("no token is needed: only this machine can connect, see web.host.", err=True)
    if new:
        tell("the token so far ends; running servers know within a second.", err=True)
    if qr or (qr is None and needed and sys.stdout.isatty()):
        draw(urls[0], asked=bool(qr))


def of_service() -> config.Config:
    """Return the settings of the system service, which are not those of who asks."""
    from assistant.systemd.units import STATE

    os.environ["STATE_DIRECTORY"] = str(STATE)  # as systemd does for it
    path = config.SYSTEM_PATH
    return config.load(path) if path.exists() else config.Config()


def code(text: str) -> "segno.QRCode":
    """Return the QR code of a text. Raises `EngineMissing`."""
    try:
        import segno
    except ModuleNotFoundError as error:
        raise EngineMissing(
            "a QR code needs segno, which is not installed; `script/setup --with web` installs it."
        ) from error
    return segno.make(text, micro=False)


def draw(text: str, asked: bool) -> None:
    """Draw the QR code of a text on the terminal; where nobody asked, only if it can be."""
    try:
        picture = code(text)
    except EngineMissing as error:
        if asked:
            raise
        click.echo(str(error), err=True)
        return
    lines = io.StringIO()
    picture.terminal(lines, compact=True)  # paints what is light
    for line in lines.getvalue().splitlines():
        click.secho(line, fg="bright_white", bg="black")


def write_svg(path: Path, picture: "segno.QRCode") -> None:
    """Write it as a picture for its owner only: whoever can read it has the token."""
    before = os.umask(0o077)
    try:
        drawing = io.BytesIO()
        picture.save(drawing, kind="svg", scale=8, light="white")
        write_whole(path, drawing.getvalue().decode())
    finally:
        os.umask(before)
