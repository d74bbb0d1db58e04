"""An action's HTTP request: to the address in its file and nowhere else."""

import importlib.util
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from assistant.errors import AssistantError, EngineMissing
from assistant.mind.skills.actions import Http, fill

MOST = 65_536
"""Bytes of an answer that are read."""


def call(http: Http, slots: Mapping[str, str], seconds: float) -> str:
    """Send it, and return the text of the answer. Raises `AssistantError`.

    Redirects are not followed; the environment's proxies and passwords are not used.
    """
    if importlib.util.find_spec("httpx") is None:
        raise EngineMissing("httpx is not installed; `script/setup --with remote` installs it.")
    import httpx

    safe = {name: quote(value.strip("."), safe="") for name, value in slots.items()}
    end = time.monotonic() + seconds
    body = bytearray()
    try:
        with (
            httpx.Client(trust_env=False, follow_redirects=False, timeout=seconds) as client,
            client.stream(
                http.method,
                fill(http.url, safe),
                headers=http.headers,
                json=_filled(http.data, slots) if http.data is not None else None,
            ) as answer,
        ):
            for chunk in answer.iter_bytes():
                body += chunk[: MOST - len(body)]
                if len(body) >= MOST or time.monotonic() > end:
                    break
            if not answer.is_success:
                raise AssistantError(
                    "{method} {url}: the answer is {status_code}",
                    method=http.method,
                    url=http.url,
                    status_code=answer.status_code,
                )
            return body.decode(answer.encoding or "utf-8", "replace")
    except (httpx.HTTPError, httpx.InvalidURL, LookupError, UnicodeError) as error:
        raise AssistantError(
            f"{http.method} {http.url}: {type(error).__name__}: {error}"
        ) from error


def _filled(value: Any, slots: Mapping[str, str]) -> Any:
    """Fill the texts that are in `value`."""
    if isinstance(value, str):
        return fill(value, slots)
    if isinstance(value, Mapping):
        return {key: _filled(each, slots) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, slots) for each in value]
    return value
