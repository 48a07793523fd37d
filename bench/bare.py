"""The least that granian can be given to do: an RSGI application that answers everything with the same bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

__all__ = ["app"]

_BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
_HEADERS = [("content-type", "application/json")]


async def app(scope: Any, protocol: Any) -> None:  # noqa: ARG001
    """Sends the bytes."""
    protocol.response_bytes(200, _HEADERS, _BODY)
