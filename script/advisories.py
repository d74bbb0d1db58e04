"""Compares constraints.txt with the advisories of the package index; see script/advisories.

The Python index serves what is known of a release under ``pypi/NAME/VERSION/json``, beside the
folder ``simple`` from which pip installs: the list `vulnerabilities`, from the Python Packaging
Advisory Database. Nobody else is asked, and nothing is told but what pip asks for too.
"""

import base64
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bootstrap
from pip._internal.models.index import PyPI

PATIENCE_S = 20.0


class Unknown(Exception):
    """The index tells nothing of faults."""


@dataclass(frozen=True)
class Fault:
    """One advisory about one pinned release."""

    package: str
    version: str
    name: str
    fixed_in: tuple[str, ...]
    summary: str

    def __str__(self) -> str:
        mended = f"mended in {', '.join(self.fixed_in)}" if self.fixed_in else "not mended yet"
        return f"{self.package} {self.version}: {self.name}, {mended}. {self.summary}".strip()


def setting(key: str) -> str:
    """Return what pip is set to, empty where nothing is."""
    if chosen := os.environ.get(f"PIP_{key.upper().replace('-', '_')}"):
        return chosen
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{key}"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def source() -> str:
    """Return the address of the JSON interface beside the index that pip installs from."""
    index = setting("index-url") or PyPI.simple_url
    return index.rstrip("/").removesuffix("/simple") + "/pypi"


def read(address: str, certificates: str) -> dict[str, Any]:
    """Return the object at an address, whose user and password are sent as pip sends them.

    Raises `Unknown`.
    """
    parts = urllib.parse.urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    request = urllib.request.Request(urllib.parse.urlunsplit(parts._replace(netloc=host)))
    if parts.username:
        pair = f"{parts.username}:{parts.password or ''}"
        pair = urllib.parse.unquote(pair)
        request.add_header("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}")
    trusted = ssl.create_default_context(cafile=certificates or None)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S, context=trusted) as answer:
            found = json.load(answer)
    except (OSError, ValueError) as error:
        raise Unknown(str(error)) from error
    if not isinstance(found, dict) or not isinstance(found.get("vulnerabilities"), list):
        raise Unknown("its answers tell nothing of vulnerabilities")
    return found


def faults(package: str, version: str, found: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is known against a release; what was withdrawn is not."""
    for row in found["vulnerabilities"]:
        if row.get("withdrawn"):
            continue
        names = [row.get("id", "?"), *row.get("aliases", [])]
        fixed = tuple(row.get("fixed_in") or ())
        summary = " ".join((row.get("summary") or row.get("details") or "").split())[:200]
        yield Fault(package, version, " = ".join(names), fixed, summary)


def main(chosen: list[str]) -> int:
    """Print every fault; returns the exit code."""
    pinned = [
        (name, requirement.partition("==")[2].split()[0])
        for name, requirement, _ in bootstrap.pins((bootstrap.ROOT / "constraints.txt").read_text())
    ]
    names = {bootstrap.normal(name) for name in chosen}
    if unknown := names - {name for name, _ in pinned}:
        print(f"script/advisories: constraints.txt has no `{min(unknown)}`.", file=sys.stderr)
        return 2
    address, certificates, found = source(), setting("cert"), []
    wanted = [pin for pin in pinned if not names or pin[0] in names]
    for name, version in wanted:
        try:
            found += faults(name, version, read(f"{address}/{name}/{version}/json", certificates))
        except Unknown as error:
            print(f"script/advisories: the package index publishes no faults here ({error}).")
            return 0
    for fault in found:
        print(fault)
    print(f"{len(wanted)} packages, {len(found)} known faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
