"""Signs a folder for those who get it, and tells whether it is still what was signed; offline.

The form is OpenSSF Model Signing 1.0: every file with its SHA-256 in an in-toto statement, that in
a DSSE envelope, that in a Sigstore bundle, signed by ECDSA with the owner's own key. The official
tool reads what is written here and the other way round. That tool itself weighs 90 MB, so only the
few lines of the form that are needed stand here.

Specifications: the predicate `https://model_signing/signature/v1.0`, DSSE 1.0 (pre-authentication
encoding), Sigstore's bundle 0.3.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from assistant import files
from assistant.errors import BadInput, EngineMissing
from assistant.models import digest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
CURVES = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
"""The curves that the form allows, and the hash that goes with each."""
LARGEST = 64_000_000
"""Bytes of a signature or key from which on it is none: what is read is held in memory."""

Progress = Callable[[int, int], None]
"""Is told how many bytes have been read, and of how many."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature vouches for."""

    files: dict[str, str]
    """Path below the folder (with ``/``) -> SHA-256 in hex."""
    ignored: tuple[str, ...]
    """Paths below the folder that it says nothing of."""


def sign(
    folder: Path,
    key: Path,
    target: Path,
    ignored: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Signed:
    """Sign all files of a folder but the `ignored` ones; write the signature to `target`.

    `key` is the owner's private key, PEM, on one of `CURVES`. Raises `BadInput`.
    """
    private = _private(key)
    if target.resolve().is_relative_to(folder.resolve()):
        ignored = (*ignored, target.resolve().relative_to(folder.resolve()).as_posix())
    signed = Signed(_hashes(folder, ignored, progress), ignored)
    if not signed.files:
        raise BadInput("{folder}: holds no file that could be signed.", folder=folder)
    payload = json.dumps(_statement(folder.resolve().name, signed), indent=1).encode()
    public = private.public_key()
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": _hint(public)}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": PAYLOAD,
            "signatures": [
                {
                    "sig": base64.b64encode(
                        private.sign(_encoded(payload), _algorithm(public))
                    ).decode(),
                    "keyid": "",
                }
            ],
        },
    }
    try:
        files.write_whole(target, json.dumps(bundle) + "\n")
    except OSError as error:
        raise BadInput(
            "{path}: cannot be written: {error}.", path=target, error=error.strerror
        ) from error
    return signed


def verify(folder: Path, signature: Path, key: Path, progress: Progress | None = None) -> Signed:
    """Read every file of a folder and compare it with what the owner of `key` (PEM) signed.

    Raises `BadInput` with one sentence for a wrong key, a broken signature, and files that were
    changed, are missing or came along.
    """
    signed = opened(signature, key)
    found = _hashes(folder, signed.ignored, progress)
    changed = [name for name in found if signed.files.get(name, found[name]) != found[name]]
    missing = [name for name in signed.files if name not in found]
    extra = [name for name in found if name not in signed.files]
    if changed or missing or extra:
        told = {"changed": changed, "missing": missing, "not signed": extra}
        raise BadInput(
            "{folder}: is not what {signature} vouches for; {faults}.",
            folder=folder,
            signature=signature,
            faults="; ".join(f"{what}: {_few(names)}" for what, names in told.items() if names),
        )
    return signed


def opened(signature: Path, key: Path) -> Signed:
    """Return what is signed, once the signature fits the public key. Raises `BadInput`."""
    from cryptography.exceptions import InvalidSignature

    public = _public(key)
    text = _content(signature)
    try:
        bundle = json.loads(text)
        envelope = bundle["dsseEnvelope"]
        kinds = bundle["mediaType"], envelope["payloadType"]
        hint = bundle["verificationMaterial"]["publicKey"].get("hint")
        payload = base64.b64decode(envelope["payload"], validate=True)
        (row,) = envelope["signatures"]
        sealed = base64.b64decode(row["sig"], validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(signature) from error
    if kinds != (BUNDLE, PAYLOAD):
        raise _damaged(signature)
    if hint and hint != _hint(public):
        raise BadInput(
            "{signature}: was made with another key than {key} is of; use the public key of who "
            "signed it.",
            signature=signature,
            key=key,
        )
    try:
        public.verify(sealed, _encoded(payload), _algorithm(public))
    except InvalidSignature as error:
        raise BadInput(
            "{signature}: the signature does not fit what it stands under, so one of them was "
            "changed; get it from its owner again.",
            signature=signature,
        ) from error
    return _told(payload, signature)


def _statement(name: str, signed: Signed) -> dict[str, Any]:
    """Return the in-toto statement; the subject's hash is that of all hashes in their order."""
    whole = hashlib.sha256(b"".join(map(bytes.fromhex, signed.files.values())))
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": whole.hexdigest()}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": list(signed.ignored),
            },
            "resources": [
                {"name": path, "algorithm": "sha256", "digest": sha256}
                for path, sha256 in signed.files.items()
            ],
        },
    }


def _told(payload: bytes, signature: Path) -> Signed:
    """Read a statement whose signature is right: it may still be of another kind."""
    try:
        statement = json.loads(payload)
        predicate = statement["predicate"]
        how = predicate["serialization"]
        kinds = statement["_type"], statement["predicateType"], how["method"], how["hash_type"]
        rows = predicate["resources"]
        found = {row["name"]: row["digest"] for row in rows if row["algorithm"] == "sha256"}
        ignored = tuple(map(str, how.get("ignore_paths", ())))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(signature) from error
    if kinds != (STATEMENT, PREDICATE, "files", "sha256"):
        raise BadInput(
            "{signature}: is signed in another way than this version can check; it can check "
            "whole files with SHA-256.",
            signature=signature,
        )
    if len(found) != len(rows):
        raise _damaged(signature)
    return Signed(found, ignored)


def _hashes(folder: Path, ignored: tuple[str, ...], progress: Progress | None) -> dict[str, str]:
    """Return path -> SHA-256 of every file, in the order of the form."""
    try:
        paths = sorted(_walk(folder, PurePosixPath(), {PurePosixPath(each) for each in ignored}))
        total, done, found = sum((folder / path).stat().st_size for path in paths), 0, {}
        for path in paths:
            found[str(path)] = digest(folder / path, progress, done, total)
            done += (folder / path).stat().st_size
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read: {error}.",
            path=error.filename or folder,
            error=error.strerror,
        ) from error
    return found


def _walk(
    folder: Path, inside: PurePosixPath, ignored: set[PurePosixPath]
) -> Iterator[PurePosixPath]:
    """Yield the files below a folder. A link may lead to something else tomorrow: refused."""
    for path in (folder / inside).iterdir():
        name = inside / path.name
        if name in ignored:
            continue
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BadInput(
                "{path}: is neither a file nor a folder but leads elsewhere, which cannot be "
                "vouched for; put a copy there.",
                path=path,
            )
        if path.is_dir():
            yield from _walk(folder, name, ignored)
        else:
            yield name


def _encoded(payload: bytes) -> bytes:
    """Return what is signed: DSSE's encoding binds the payload's type and length to it."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def _private(path: Path) -> "ec.EllipticCurvePrivateKey":
    _need()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    content = _content(path)
    try:
        key = serialization.load_pem_private_key(content, None)
    except TypeError as error:
        raise BadInput(
            "{path}: the key has a password; `openssl ec -in {path}` writes it without one.",
            path=path,
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name not in CURVES:
        raise _no_key(path, "private")
    return key


def _public(path: Path) -> "ec.EllipticCurvePublicKey":
    _need()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    content = _content(path)
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        raise _no_key(path, "public")
    return key


def _algorithm(key: "ec.EllipticCurvePublicKey") -> "ec.ECDSA":
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(getattr(hashes, CURVES[key.curve.name])())


def _hint(key: "ec.EllipticCurvePublicKey") -> str:
    """Return how the bundle names a key: the SHA-256 of its PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise BadInput(
            "{path}: cannot be read: {error}.", path=path, error=error.strerror
        ) from error
    if len(content) > LARGEST:
        raise _damaged(path)
    return content


def _need() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise EngineMissing(
            "signatures need the package `cryptography`; `script/setup --with sign` gets it."
        ) from error


def _no_key(path: Path, kind: str) -> BadInput:
    return BadInput(
        "{path}: is no {kind} key that can be used; allowed: PEM, on the curve P-256, P-384 or "
        "P-521.",
        path=path,
        kind=kind,
    )


def _damaged(path: Path) -> BadInput:
    return BadInput(
        "{path}: is no signature as OpenSSF Model Signing writes them, or it is damaged; get it "
        "from its owner again.",
        path=path,
    )


def _few(names: list[str]) -> str:
    """Name some files: a sentence stays one."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
