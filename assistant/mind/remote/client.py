"""Asks a model on another machine, by the interface that OpenAI's clients use.

DashScope (Qwen-Max), vLLM, llama.cpp's server and Ollama have it. Questions leave the device from
this file and from `wyoming`, and from no other.
"""

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assistant.config import Remote
from assistant.credentials import Credential, near
from assistant.errors import BadInput, EngineMissing
from assistant.mind.model import Message
from assistant.mind.remote.errors import Fault, RemoteFailed
from assistant.mind.remote.line import Line
from assistant.mind.remote.stream import Answer, short

if TYPE_CHECKING:
    import httpx

CONNECT_S = 5.0
"""For the name, the connection and TLS; the local model answers long before."""
SILENCE_S = 15.0
"""Without a byte for so long the connection is given up."""
LONGEST_ERROR = 64 * 1024
"""What is read of an error's page, in bytes."""
KEY = Credential("key", "remote.key_file", "remote-key", "ASSISTANT_REMOTE_KEY")
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
            # People pause for longer than connections are kept; each has its own `Line`.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def stream(self, messages: list[Message], cancelled: Callable[[], bool]) -> Iterator[str]:
        """Yield the answer's text as it comes; ends early, and hangs up, when `cancelled()`.

        Raises `RemoteFailed` for anything but a whole answer.
        """
        try:
            with Line(cancelled) as line:
                yield from self._stream(messages, cancelled, line)
        except RemoteFailed:
            if not cancelled():
                raise

    def _stream(
        self, messages: list[Message], cancelled: Callable[[], bool], line: Line
    ) -> Iterator[str]:
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
            told = {"trace": line.trace}
            with self._http.stream("POST", url, json=body, extensions=told) as response:
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
            "`remote.endpoint` is {endpoint!r}; allowed: an address such as "
            "https://server.example/v1, without a question mark and a password.",
            endpoint=endpoint,
        )
    if key and parts.scheme == "http" and not near(host):
        raise BadInput(
            "`remote.endpoint` is {endpoint!r}: a key would go there in the clear; use https, "
            "or no key.",
            endpoint=endpoint,
        )
    return host


def find_key(settings: Remote) -> str | None:
    """Return the key, or None where none is kept. Raises `BadInput` for a file of no use."""
    return KEY.find(settings.key_file)


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
