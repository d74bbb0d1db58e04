"""Certificates for tests, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

NAMES = "subjectAltName=DNS:assistant.lan,DNS:localhost,IP:127.0.0.1"
AUTHORITY = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = names
[names]
commonName = supplied
"""


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    certificate: Path
    key: Path

    def settings(self) -> dict[str, str]:
        """As `[web]` has them."""
        return {"certificate": str(self.certificate), "key": str(self.key)}


def openssl(*arguments: str | Path, cwd: Path | None = None) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=cwd)


def made(folder: Path) -> Pair:
    """Return one that holds for this machine and signs itself."""
    pair = Pair(folder / "web.crt", folder / "web.key")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", pair.key, "-out", pair.certificate]
    openssl("req", "-x509", *kind, *files, "-days", "30", "-subj", "/CN=a", "-addext", NAMES)
    return pair


def expired(folder: Path) -> Pair:
    """Return one that was good until 2020."""
    pair = Pair(folder / "old.crt", made(folder).key)
    (folder / "ca.conf").write_text(AUTHORITY)
    (folder / "index.txt").touch()
    openssl("req", "-new", "-key", pair.key, "-subj", "/CN=a", "-out", folder / "request")
    openssl(
        "ca", "-batch", "-notext", "-config", "ca.conf", "-selfsign", "-keyfile", pair.key,
        "-in", "request", "-out", pair.certificate,
        "-startdate", "20190101000000Z", "-enddate", "20200101000000Z", cwd=folder,
    )  # fmt: skip
    return pair
