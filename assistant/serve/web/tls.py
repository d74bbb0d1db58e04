"""TLS by a certificate that the owner gives: looked at before anybody connects."""

import contextlib
import logging
import ssl
from pathlib import Path

from assistant.config import Web
from assistant.errors import BadInput

log = logging.getLogger(__name__)

FLIGHTS = 4
"""A handshake needs no more messages than so many from each side."""


def load(web: Web) -> ssl.SSLContext | None:
    """Return what encrypts, None where no certificate is set; one that is out of date is told.

    Raises `BadInput` for files that cannot be used.
    """
    if not web.certificate and not web.key:
        return None
    if not web.certificate or not web.key:
        given, missing = ("certificate", "key") if web.certificate else ("key", "certificate")
        raise BadInput(
            "web.{given} is set and web.{missing} is not; set both, or neither.",
            given=given,
            missing=missing,
        )
    certificate, key = Path(web.certificate).expanduser(), Path(web.key).expanduser()
    _read("certificate", certificate, "CERTIFICATE-----")
    if "ENCRYPTED" in _read("key", key, "PRIVATE KEY-----"):
        raise BadInput(
            "web.key: {key} has a password; `openssl pkey -in {key}` takes it off.", key=key
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key, lambda: "")  # never asks at the terminal
    except ssl.SSLError as error:
        raise BadInput(_why(certificate, key, error)) from error
    if flaw := _flaw(context, certificate):
        log.warning("web.certificate: %s: clients will refuse it: %s.", certificate, flaw)
    return context


def _read(name: str, path: Path, mark: str) -> str:
    """Return a file's text. Raises `BadInput` where it cannot be read or lacks the mark of PEM."""
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise BadInput(
            "web.{name}: {path} cannot be read: {strerror}.",
            name=name,
            path=path,
            strerror=error.strerror,
        ) from error
    if "-----BEGIN " in text and mark in text:
        return text
    raise BadInput(
        "web.{name}: {path} holds none in PEM, the format with `-----BEGIN ...{mark}`.",
        name=name,
        path=path,
        mark=mark,
    )


def _why(certificate: Path, key: Path, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"web.key: {key} does not fit {certificate}; give the key that it was made with."
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificate)
    except ssl.SSLError:
        return f"web.certificate: {certificate} is damaged."
    reason = (error.reason or "").replace("_", " ").lower()
    if reason in ("", "pem lib"):
        return f"web.key: {key} is damaged."
    return f"web.certificate: {certificate} and {key} cannot be used: {reason}."


def _flaw(context: ssl.SSLContext, certificate: Path) -> str:
    """Return what a client that trusts the certificate has against it, such as its age."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = client.wrap_bio(back, there), context.wrap_bio(there, back, server_side=True)
    try:
        for side in sides * FLIGHTS:
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    return ""
