"""A service on the wire: requests as any client sends them, and what comes back."""

from __future__ import annotations

import base64
import json as jsons
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from mockserver import Engine, Live

__all__ = ["NOON", "Answer", "Service", "basic"]

NOON = 1_400_000_400.0
"""When each test begins, by the service's clock."""

_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its headers' names are compared without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON; that it is none fails a test."""
        try:
            return jsons.loads(self.body)
        except ValueError:
            raise AssertionError(f"{self.status} with a body that is no JSON: {self.body[:200]!r}") from None

    @property
    def media(self) -> str:
        """The media type, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    def has(self, status: int) -> Answer:
        """The answer itself, if it has that status; else a failure."""
        assert self.status == status, f"{self.status} and not {status}: {self.body[:300]!r}"
        return self


class Service:
    """A server that runs in this process, reached through its port; `engine` is there to move the clock and to plant faults."""

    def __init__(self, live: Live, api: str) -> None:
        self.api = api
        self.engine: Engine = live.engine
        self.origin = live.url
        self.url = live.of(api)
        self.plain_url = live.plain_of(api)
        self._pool = urllib3.PoolManager(retries=False, timeout=10)

    def restart(self, *faults: str) -> Service:
        """The service as at the start, at noon, with these faults alone."""
        self.engine.set_faults(faults)
        self.engine.clock.freeze(NOON)
        self.engine.reset()
        return self

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()

    def call(
        self,
        method: str,
        path: str,
        query: str | Mapping[str, Any] | Sequence[tuple[str, Any]] = "",
        *,
        json: Any = _NOTHING,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> Answer:
        """The answer to a request; `path` lies under the base URL, or under `url`, a query that is text is sent as it stands."""
        sent = dict(headers or {})
        if json is not _NOTHING:
            body = jsons.dumps(json).encode()
            sent.setdefault("content-type", "application/json")
        text = query if isinstance(query, str) else urlencode(query)
        address = (self.url if url is None else url) + path + (f"?{text}" if text else "")
        response = self._pool.request(method, address, body=body, headers=sent, redirect=False)
        return Answer(response.status, response.headers, response.data)


def basic(name: str, password: str = "") -> str:
    """The value of an Authorization header with Basic credentials."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()
