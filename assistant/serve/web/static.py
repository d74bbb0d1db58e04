"""The page's own files: read once, so that no request can name anything else."""

import gzip
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "static"
WORTH_PACKING = 512
"""Smaller files are not compressed, in bytes."""
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}


@dataclass(frozen=True)
class Asset:
    """One file."""

    kind: str
    """Its media type, with the character set."""
    data: bytes
    packed: bytes | None
    """Compressed, where that makes it smaller."""
    tag: str
    """Changes with its contents."""

    def answer(self, request: Request) -> Response:
        """Answer with the file, or with `304` where the client has it."""
        packed = self.packed if accepts_gzip(request.headers.get("accept-encoding", "")) else None
        tag = f'"{self.tag}{"-gz" if packed else ""}"'
        head = {"etag": tag, "cache-control": "no-cache", "vary": "Accept-Encoding"}
        known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
        if tag in (each.removeprefix("W/") for each in known):
            return Response(None, 304, head)
        head["content-type"] = self.kind
        if packed:
            head["content-encoding"] = "gzip"
        return Response(packed or self.data, 200, head)


def read(path: Path) -> Asset:
    """Read one file."""
    data = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    packed = gzip.compress(data, 9, mtime=0) if len(data) >= WORTH_PACKING else data
    tag = hashlib.sha256(data).hexdigest()[:32]
    return Asset(kind, data, packed if len(packed) < len(data) else None, tag)


def address(name: str) -> str:
    """Return where a file is found: pages at their bare name, all else under /static/."""
    if name == "index.html":
        return "/"
    return f"/{name.removesuffix('.html')}" if name.endswith(".html") else f"/static/{name}"


def routes(folder: Path = FOLDER) -> list[Route]:
    """Return a route for each file of the folder, hidden ones excepted."""
    found = []
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
            found.append(Route(address(name), _endpoint(read(path)), name="static"))
    return found


def _endpoint(asset: Asset) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return asset.answer(request)

    return endpoint


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` takes gzip."""
    for part in header.lower().split(","):
        name, _, options = part.partition(";")
        if name.strip() in ("gzip", "*"):
            weight = options.strip().removeprefix("q=")
            return weight.strip("0.") != "" or not options.strip()
    return False
