"""The journal as an HTTP archive, HAR 1.2: what browsers' network panels and proxies open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from mockserver.control.redaction import Message, Told
from mockserver.reading import pairs

__all__ = ["archive"]

_VERSION = "HTTP/1.1"
"""What the messages are written as; the engine does not know in which version they travelled."""


def archive(exchanges: Iterable[Told], version: str) -> dict[str, Any]:
    """The archive of these exchanges, made by that version of the control plane."""
    entries = [_entry(told) for told in exchanges]
    return {"log": {"version": "1.2", "creator": {"name": "proctor", "version": version}, "entries": entries}}


def _entry(told: Told) -> dict[str, Any]:
    started = datetime.fromtimestamp(told.at - told.seconds, UTC).isoformat(timespec="milliseconds")
    took = round(told.seconds * 1000, 3)
    return {
        "startedDateTime": started.replace("+00:00", "Z"),
        "time": took,
        "request": _request(told),
        "response": _response(told),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_number": told.number,
        "_space": told.space,
        "_api": told.api,
        "_operation": told.operation,
    }


def _request(told: Told) -> dict[str, Any]:
    query = [{"name": name, "value": value or ""} for name, value in pairs(told.url.partition("?")[2])]
    found: dict[str, Any] = {
        "method": told.method,
        "url": told.url,
        "httpVersion": _VERSION,
        "cookies": [],
        "headers": _headers(told.request),
        "queryString": query,
    }
    if told.request.body:
        data: dict[str, Any] = {"mimeType": told.request.headers.get("content-type", ""), "text": told.request.body}
        if told.request.encoding == "base64":
            data["_encoding"] = "base64"
        found["postData"] = data
    return {**found, "headersSize": -1, "bodySize": told.request.size}


def _response(told: Told) -> dict[str, Any]:
    response = told.response
    content: dict[str, Any] = {"size": response.size, "mimeType": response.headers.get("content-type", ""), "text": response.body}
    if response.encoding == "base64":
        content["encoding"] = "base64"
    phrase = HTTPStatus(told.status).phrase if told.status in HTTPStatus._value2member_map_ else ""
    found = {"status": told.status, "statusText": phrase, "httpVersion": _VERSION, "cookies": [], "headers": _headers(response), "content": content}
    return {**found, "redirectURL": response.headers.get("location", ""), "headersSize": -1, "bodySize": response.size}


def _headers(message: Message) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in message.headers.items()]
