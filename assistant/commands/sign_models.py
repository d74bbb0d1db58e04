"""`assistant models sign`, and the half of `assistant models verify` that checks a signature."""

from collections.abc import Callable
from pathlib import Path

import click

from assistant import signing
from assistant.commands import example, settings, tell
from assistant.models import STAGING

SIGNATURE = "models.sig"
IGNORED = (STAGING, ".setup.stamp")
"""What comes and goes in the folder of models without being one."""


@click.command(
    epilog=example(
        "openssl ecparam -name prime256v1 -genkey -noout -out owner.pem",
        "openssl ec -in owner.pem -pubout -out owner.pub",
        "assistant models sign --key owner.pem",
        "assistant models verify --key owner.pub",
    )
)
@click.option(
    "--key",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your private key (PEM, ECDSA); it does not belong on the devices.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where the signature goes; by default models.sig in the folder of the models.",
)
def command(key: Path, out: Path | None) -> None:
    """Sign all that lies in the folder of the models, so that others can check it offline."""
    from assistant.commands.models import reporting

    root = settings().models_dir
    target = out or root / SIGNATURE
    with reporting() as report:
        signed = signing.sign(root, key, target, IGNORED, told(report.progress))
    tell(
        "{count} files of {root} are signed in {target}.",
        count=len(signed.files),
        root=root,
        target=target,
    )


def check(key: Path, signature: Path | None) -> None:
    """Compare the folder of the models with its signature. Raises `BadInput`."""
    from assistant.commands.models import reporting

    root = settings().models_dir
    with reporting() as report:
        signed = signing.verify(root, signature or root / SIGNATURE, key, told(report.progress))
    tell("{count} files of {root} are what was signed.", count=len(signed.files), root=root)


def told(progress: Callable[[str, int, int], None]) -> signing.Progress:
    """Return what tells of the bytes under one name."""
    return lambda done, total: progress(SIGNATURE, done, total)
