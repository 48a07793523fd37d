"""The journal as it is read: filtered, with the secrets taken out, as JSON or as an HTTP archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from mockserver.control.asked import Asked, ControlError
from mockserver.control.har import archive
from mockserver.control.redaction import Message, Told
from mockserver.control.timing import moment
from mockserver.engine import Engine
from mockserver.exchange import Request
from mockserver.journal import Entry

__all__ = ["clear", "export", "listed", "show", "switch"]


def listed(asked: Asked) -> dict[str, Any]:
    """The journal's state and the exchanges that the filters want."""
    return {**_journal(asked), "exchanges": [_shown(told) for told in _told(asked)]}


def export(asked: Asked) -> dict[str, Any]:
    """The exchanges that the filters want, as an HTTP archive."""
    return archive(_told(asked), asked.description["info"]["version"])


def show(asked: Asked) -> dict[str, Any]:
    """One exchange."""
    for entry in asked.engine.journal.entries():
        if entry.number == asked.path["number"]:
            return _shown(asked.redactor.told(entry, *_operation(asked.engine, entry.request)))
    raise ControlError(404, f"The journal does not hold the exchange {asked.path['number']}; it may be too old, or not yet there.")


def switch(asked: Asked) -> dict[str, Any]:
    """Switches the journal on or off, and bounds it."""
    journal, body = asked.engine.journal, asked.body
    journal.on = body.get("on", journal.on)
    journal.limit = int(body.get("limit", journal.limit))
    journal.max_bytes = int(body.get("max_bytes", journal.max_bytes))
    journal.shrink()
    return _journal(asked)


def clear(asked: Asked) -> None:
    """Forgets the exchanges."""
    asked.engine.journal.clear(asked.space_name)


def _journal(asked: Asked) -> dict[str, Any]:
    journal = asked.engine.journal
    told = {"on": journal.on, "limit": journal.limit, "max_bytes": journal.max_bytes}
    return {**told, "held": len(journal), "bytes": journal.held, "number": journal.number}


def _told(asked: Asked) -> list[Told]:
    newest = islice(_wanted(asked), asked.query.get("last"))
    return [asked.redactor.told(entry, *place) for entry, place in reversed(list(newest))]


def _wanted(asked: Asked) -> Iterator[tuple[Entry, tuple[str | None, str | None]]]:
    """The exchanges that the filters want, the newest first, each with its API and operation."""
    query, space = asked.query, asked.space_name
    since = moment(query["since"], 400) if "since" in query else 0.0
    for entry in reversed(asked.engine.journal.entries()):
        if entry.number <= query.get("after", 0):
            return
        if entry.at < since or (space is not None and entry.space != space) or not _fits(entry, query):  # the wall's clock may have been put back
            continue
        api, operation = _operation(asked.engine, entry.request)
        if query.get("api", api) == api and query.get("operation", operation) == operation:
            yield entry, (api, operation)


def _fits(entry: Entry, query: Any) -> bool:
    status = query.get("status", "")
    wanted = str(entry.response.status).startswith(status.removesuffix("xx"))
    method = query.get("method", entry.request.method)
    return wanted and method.upper() == entry.request.method.upper() and (entry.request.mount + entry.request.path).startswith(query.get("path", ""))


def _operation(engine: Engine, request: Request) -> tuple[str | None, str | None]:
    """The API and operation of a request; None for what is none."""
    served = engine.locate(request)
    if served is None:
        return None, None
    return served.api.name, None if served.operation is None else served.operation.id


def _shown(told: Told) -> dict[str, Any]:
    request, response = told.request, told.response
    return {
        "number": told.number,
        "time": datetime.fromtimestamp(told.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "seconds": told.seconds,
        "space": told.space,
        "api": told.api,
        "operation": told.operation,
        "request": {"method": told.method, "url": told.url, **_message(request)},
        "response": {"status": told.status, **_message(response)},
    }


def _message(message: Message) -> dict[str, Any]:
    return {"headers": message.headers, "body": message.body, "encoding": message.encoding}
