"""Asks a model on another machine, by the interface that OpenAI's clients use.

DashScope (Qwen-Max), vLLM, llama.cpp's server and Ollama have it. The only file from which
anything leaves the device.
"""

import ipaddress
import json
import os
import re
import ssl
import stat
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.config import Remote
from assistant.errors import BadInput, EngineMissing
from assistant.mind.model import Message
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.mind.remote.stream import Answer, short

if TYPE_CHECKING:
    import httpx

CONNECT_S = 5.0
"""For the name, the connection and TLS; the local model answers long before."""
SILENCE_S = 15.0
"""Without a byte for so long the connection is given up."""
LONGEST_ERROR = 64 * 1024
"""What is read of an error's page, in bytes."""
LONGEST_KEY = 4096
HOST = re.compile(r"[\w.:%-]+")


class Client:
    """One server. `stream` may be called from several threads."""

    def __init__(self, settings: Remote, key: str | None) -> None:
        """Raises `BadInput` for an address that cannot be used."""
        self.host = check(settings.endpoint, key)
        try:
            import httpx
        except ImportError as error:
            raise EngineMissing(
                "remote.endpoint is set, but httpx is not installed; "
                "`script/setup --with remote` installs it."
            ) from error
        self._httpx = httpx
        self._settings = settings
        head = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(
            # What was written in the configuration, and nothing from the environment: a proxy or
            # a .netrc would be another party that nobody named.
            trust_env=False,
            verify=ssl.create_default_context(),
            follow_redirects=False,
            headers={**head, "accept-encoding": "identity", "user-agent": "assistant"},
            timeout=httpx.Timeout(SILENCE_S, connect=CONNECT_S),
        )

    def stream(self, messages: list[Message], cancelled: Callable[[], bool]) -> Iterator[str]:
        """Yield the answer's text as it comes; ends early when `cancelled()`.

        Raises `RemoteFailed` for anything but a whole answer.
        """
        httpx, settings = self._httpx, self._settings
        url = settings.endpoint.rstrip("/") + "/chat/completions"
        body = {
            "model": settings.model,
            "messages": [{"role": each.role, "content": each.text} for each in messages],
            "max_tokens": settings.max_tokens,
            "stream": True,
        }
        ends = time.monotonic() + settings.timeout
        answer = Answer()
        try:
            with self._http.stream("POST", url, json=body) as response:
                if response.status_code != 200:
                    raise _refusal(response.status_code, response.headers, _head(response))
                kind = response.headers.get("content-type", "")
                if not kind.lower().startswith("text/event-stream"):
                    raise RemoteFailed(
                        Fault.MALFORMED,
                        f"{self.host} answers with {kind[:60] or 'something unnamed'}, not as a "
                        "language model; is there a page to log in before the network?",
                    )
                for data in response.iter_raw():
                    if cancelled():
                        return
                    yield from answer.feed(data)
                    if answer.ended:
                        return
                    if time.monotonic() > ends:
                        raise RemoteFailed(Fault.ENDLESS, "the remote answer takes too long.")
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            raise _cut() from error
        except httpx.ReadTimeout as error:
            raise RemoteFailed(Fault.SLOW, f"{self.host} does not answer.") from error
        except httpx.HTTPError as error:
            raise RemoteFailed(
                Fault.UNREACHABLE, f"{self.host} cannot be reached: {short(error)}"
            ) from error
        raise _cut()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def check(endpoint: str, key: str | None) -> str:
    """Return the host in an address; raises `BadInput` where it cannot be used."""
    try:
        parts = urlsplit(endpoint)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if (
        parts.scheme not in ("http", "https")
        or not HOST.fullmatch(host)
        or parts.query
        or parts.username
    ):
        raise BadInput(
            f"`remote.endpoint` is {endpoint!r}; allowed: an address such as "
            "https://server.example/v1, without a question mark and a password."
        )
    if key and parts.scheme == "http" and not _near(host):
        raise BadInput(
            f"`remote.endpoint` is {endpoint!r}: a key would go there in the clear; use https, or "
            "no key."
        )
    return host


def _near(host: str) -> bool:
    """Whether a host is this machine or in its own network, by its name or number."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))


def find_key(settings: Remote) -> str | None:
    """Return the key, or None where none is kept. Raises `BadInput` for a file of no use."""
    if settings.key_file:
        return _read_key(Path(settings.key_file).expanduser())
    if folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / "remote-key"
        if path.exists():
            return _read_key(path)
    return _checked(os.environ.get("ASSISTANT_REMOTE_KEY", "").strip(), "$ASSISTANT_REMOTE_KEY")


def _read_key(path: Path) -> str:
    try:
        with path.open(encoding="ascii") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            key = file.read(LONGEST_KEY).strip()
    except OSError as error:
        raise BadInput(f"remote.key_file: {path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"remote.key_file: {path}: holds no key; one line of text is.") from error
    if mode & 0o037:
        raise BadInput(f"{path}: other users can read the key; `chmod 600 {path}`.")
    if checked := _checked(key, str(path)):
        return checked
    raise BadInput(f"remote.key_file: {path}: is empty; put the key into it.")


def _checked(key: str, where: str) -> str | None:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput(f"{where}: holds no key; one line of text without spaces is.")
    return key or None


def _head(response: "httpx.Response") -> bytes:
    """Return the beginning of an error's page."""
    page = b""
    for data in response.iter_raw():
        page += data
        if len(page) > LONGEST_ERROR:
            break
    return page


def _refusal(status: int, headers: "httpx.Headers", page: bytes) -> RemoteFailed:
    """Return the error for an answer that is no success."""
    try:
        told = json.loads(page)
        sentence = short(told.get("error", told) if isinstance(told, dict) else told)
    except (ValueError, RecursionError):
        sentence = "it does not say why"
    said = f"the remote server answers {status}: {sentence}"
    if status in (429, 503):
        fault = Fault.BUSY if status == 429 else Fault.FAILED
        return RemoteFailed(fault, said, retry_after(headers.get("retry-after", ""), time.time()))
    if status >= 500:
        return RemoteFailed(Fault.FAILED, said)
    return RemoteFailed(Fault.MALFORMED if status < 400 else Fault.REFUSED, said)


def retry_after(value: str, now: float) -> float | None:
    """Return the s that a `Retry-After` header asks for (RFC 9110), `now` in Unix s."""
    try:
        wait = float(value) if value.isascii() and value.isdigit() else _date(value) - now
    except ValueError:
        return None
    return max(0.0, wait)


def _date(value: str) -> float:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (TypeError, OverflowError) as error:
        raise ValueError(value) from error


def _cut() -> RemoteFailed:
    return RemoteFailed(Fault.CUT, "the connection to the remote model broke off.")
