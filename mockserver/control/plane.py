"""The control plane itself: admits a call, finds its operation, holds it against the description, and has it done."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.control import exchanges, faults, serving, spaces, state, timing, transport_faults
from mockserver.control.access import admit
from mockserver.control.asked import Asked, ControlError
from mockserver.control.description import Described, document, router
from mockserver.control.redaction import Redactor
from mockserver.exchange import Request, Response
from mockserver.spaces import HEADER, SpaceError, check_name

if TYPE_CHECKING:
    from mockserver.engine import Engine

__all__ = ["OPERATIONS", "Control"]

OPERATIONS: dict[str, Callable[[Asked], Any]] = {
    "advanceClock": timing.advance,
    "changeFaults": faults.change,
    "clearFaults": faults.clear,
    "clearJournal": exchanges.clear,
    "clearTransportFaults": transport_faults.clear,
    "deleteRecord": state.delete,
    "deleteSpace": spaces.delete,
    "exportJournal": exchanges.export,
    "freezeClock": timing.freeze,
    "listCounters": timing.counters,
    "listExchanges": exchanges.listed,
    "listFaults": faults.listed,
    "listRecords": state.records,
    "listResources": state.resources,
    "listSpaces": spaces.listed,
    "listSpecs": serving.specs,
    "listTransportFaults": transport_faults.listed,
    "putRecord": state.put,
    "replaceRecords": state.replace,
    "resetCounters": timing.reset_counters,
    "resetState": state.reset,
    "runClock": timing.run,
    "setFaults": faults.put,
    "setJournal": exchanges.switch,
    "setTransportFaults": transport_faults.put,
    "showClock": timing.show,
    "showDescription": serving.description,
    "showExchange": exchanges.show,
    "showHealth": serving.health,
    "showIndex": serving.index,
    "showRecord": state.show,
    "showSpec": serving.spec,
    "showSpecDescription": serving.spec_description,
}
"""What each operation of the description does: it gives a document, a finished response, or None where there is nothing to say."""


_TOLD = 8000
"""The longest detail: the names of all that there is have room in it, and what a caller sent too much of has not."""


class Control:
    """The control plane of one engine; `token` opens it to other machines."""

    def __init__(self, engine: Engine, token: str | None = None) -> None:
        self._engine = engine
        self._token = token
        self._redactor = Redactor(engine.apis.values(), token)
        self._document = document(engine)

    def handle(self, request: Request) -> Response:
        """The response to a call; what can't be done is told as a problem (RFC 9457)."""
        try:
            answer = self._answer(request)
        except ControlError as error:
            answer = _problem(error.status, error.detail, error.headers)
        except SpaceError as error:
            answer = _problem(error.status, str(error), {})
        if request.method == "HEAD":
            return Response(answer.status, {**answer.headers, "content-length": str(len(answer.body))}, b"")
        return answer

    def _answer(self, request: Request) -> Response:
        admit(request, self._token)
        found = router().find(request.path)
        if found is None:
            raise ControlError(404, "The control plane has nothing here; what it has is described at /__proctor/openapi.json.")
        methods, values, _ = found
        if request.method == "OPTIONS":
            return Response(204, {"allow": methods.allow}, b"")
        operation = methods.by_method.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            raise ControlError(405, f"This takes {methods.allow}.", {"allow": methods.allow})
        told = OPERATIONS[operation.id](self._asked(request, operation, dict(values)))
        if told is None:
            return Response(204, {"cache-control": "no-store"}, b"")
        return told if isinstance(told, Response) else _json(200, told)

    def _asked(self, request: Request, operation: Described, values: dict[str, str]) -> Asked:
        if HEADER in request.headers:
            check_name(request.headers[HEADER])
        path, query, body = operation.path_of(values), operation.query_of(request.query), operation.body_of(request.body)
        if "api" in query and query["api"] not in self._engine.apis:
            raise ControlError(400, f"No API is called {query['api'][:80]!r} here; there is {', '.join(self._engine.apis)}.")
        known = {name for api in self._engine.apis.values() for name in api.spec.operations} if "operation" in query else ()
        if query.get("operation") not in (None, *known):
            near = ", ".join(get_close_matches(query["operation"], known, 3) or sorted(known))
            raise ControlError(400, f"No operation is called {query['operation'][:80]!r} here; there is {near}.")
        return Asked(self._engine, request, self._redactor, self._document, path, query, body)


def _json(status: int, value: Any) -> Response:
    return Response(status, {"content-type": "application/json", "cache-control": "no-store"}, orjson.dumps(value, default=str))


def _problem(status: int, detail: str, headers: dict[str, str]) -> Response:
    told = detail if len(detail) <= _TOLD else f"{detail[:_TOLD]} …"
    value = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": told.encode("utf-8", "replace").decode()}
    return Response(status, {"content-type": "application/problem+json", "cache-control": "no-store", **headers}, orjson.dumps(value))
