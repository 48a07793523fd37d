"""One call of the control plane as its operations see it, and how they say that it can't be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mockserver.spaces import HEADER

if TYPE_CHECKING:
    from mockserver.api import Api
    from mockserver.control.redaction import Redactor
    from mockserver.engine import Engine
    from mockserver.exchange import Request
    from mockserver.pipeline import Space

__all__ = ["Asked", "ControlError"]


class ControlError(Exception):
    """A call that can't be done: its status, what is wrong and what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Asked:
    """A call whose parameters and body keep the description; `body` is None where there is none."""

    engine: Engine
    request: Request
    redactor: Redactor
    description: Mapping[str, Any]
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    @property
    def space(self) -> Space:
        """The space that the call is about; raises `SpaceError`."""
        return self.engine.space_of(self.request)

    @property
    def space_name(self) -> str | None:
        """The name of the space that the call is about, which need not exist; None where it names none."""
        return self.request.headers.get(HEADER)

    @property
    def api(self) -> Api:
        """The API that the path names."""
        name = self.path["api"]
        api = self.engine.apis.get(name)
        if api is None:
            raise ControlError(404, f"No API is called {name!r} here; there is {', '.join(self.engine.apis)}.")
        return api
