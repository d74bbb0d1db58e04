"""What the web process counts, in the text format of Prometheus (version 0.0.4)."""

import bisect
from collections import Counter
from typing import Any

from assistant.serve import prometheus
from assistant.serve.prometheus import head

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FIRST_TOKEN_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper edges of the histogram in s."""


class Metrics:
    """Counters; all labels have few values, whatever clients ask for."""

    def __init__(self) -> None:
        self.in_flight = 0
        """Answers that are being made or waited for."""
        self._requests: Counter[tuple[str, int]] = Counter()
        self._tokens: Counter[str] = Counter()
        self._first_token = [0] * (len(FIRST_TOKEN_S) + 1)
        self._first_token_sum = 0.0

    def request(self, route: str, status: int) -> None:
        """Count a request that was answered."""
        self._requests[route, status] += 1

    def tokens(self, kind: str, number: int) -> None:
        """Count tokens that were read or made."""
        self._tokens[kind] += number

    def first_token(self, seconds: float) -> None:
        """Count how long an answer's first text took, waiting for one's turn included."""
        self._first_token[bisect.bisect_left(FIRST_TOKEN_S, seconds)] += 1
        self._first_token_sum += seconds

    def page(self, figures: dict[str, Any] | None, sessions: int) -> str:
        """Return the page; `figures` are the daemon's own, None where it does not answer."""
        total, buckets = 0, []
        for edge, count in zip([*FIRST_TOKEN_S, "+Inf"], self._first_token, strict=True):
            total += count
            buckets.append(f'assistant_first_token_seconds_bucket{{le="{edge}"}} {total}')
        lines = [
            *prometheus.up(figures is not None),
            *prometheus.lines(figures or {}),
            *head("web_requests_total", "counter", "Requests that were answered."),
            *(
                f'assistant_web_requests_total{{route="{route}",status="{status}"}} {count}'
                for (route, status), count in sorted(self._requests.items())
            ),
            *head("web_in_flight", "gauge", "Answers that are made or waited for."),
            f"assistant_web_in_flight {self.in_flight}",
            *head("web_sessions", "gauge", "Conversations that are kept."),
            f"assistant_web_sessions {sessions}",
            *head("tokens_total", "counter", "Tokens of requests over the web."),
            *(
                f'assistant_tokens_total{{kind="{kind}"}} {self._tokens[kind]}'
                for kind in ("prompt", "cached", "reply")
            ),
            *head("first_token_seconds", "histogram", "Seconds to the first text of an answer."),
            *buckets,
            f"assistant_first_token_seconds_sum {self._first_token_sum:.6f}",
            f"assistant_first_token_seconds_count {total}",
        ]
        return "\n".join(lines) + "\n"
