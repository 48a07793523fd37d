"""Reads what came in a request: query, form and JSON, in any state that a client may send them."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

from mockserver.exchange import Request
from mockserver.pipeline import EMPTY, Call

__all__ = ["BROKEN", "decode", "ensure_read", "media_type", "nested", "pairs", "read_body", "read_query"]

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_PAIRS_READ = 1000
_LEVELS_READ = 200


class _Broken:
    __slots__ = ()

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final[Any] = _Broken()
"""What a body becomes that can't be read."""


def decode(text: str, *, plus: bool = False) -> str | None:
    """The text with its percent-encoding undone, or None where that is no UTF-8; `plus` makes a plus a space."""
    if plus and "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text if text.isascii() else _checked(text)
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        return None


def _checked(text: str) -> str | None:
    try:
        text.encode("utf-8")
    except UnicodeError:
        return None
    return text


def pairs(text: str) -> list[tuple[str, str | None]]:
    """The names and values of a query or form; a value is None where its encoding is broken, such a name is left out."""
    found = []
    for part in text.split("&", _PAIRS_READ)[:_PAIRS_READ]:
        if part:
            name, _, value = part.partition("=")
            decoded = decode(name, plus=True)
            if decoded is not None:
                found.append((decoded, decode(value, plus=True)))
    return found


def read_query(text: str) -> tuple[dict[str, str], str | None]:
    """The query's parameters, the last of each name, and the name of one whose value can't be read."""
    query: dict[str, str] = {}
    if "%" not in text and "+" not in text and text.isascii() and text.count("&") < _PAIRS_READ:  # Nothing is encoded, as in most queries.
        for part in text.split("&"):
            if part:
                head, _, tail = part.partition("=")
                query[head] = tail
        return query, None
    broken: str | None = None
    for name, value in pairs(text):
        if value is None:
            broken = name
        else:
            query[name] = value
    return query, broken


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """A media type in lower case and its parameters; quotes around a parameter's value are dropped."""
    name, *rest = header.split(";")
    parameters = {}
    for part in rest:
        key, _, value = part.partition("=")
        if key.strip():
            parameters[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), parameters


def ensure_read(call: Call) -> None:
    """Reads the call's body into `body` and `form`, once."""
    if not call.read:
        call.read = True
        call.body, call.form = read_body(call.request, call.served.params_field)


def read_body(request: Request, params_field: str | None) -> tuple[Any, dict[str, str] | None]:
    """The request's body as `(JSON, form)`: `EMPTY` where there is none, `BROKEN` where it can't be read.

    With `params_field`, JSON is read only where the body says it is JSON; else that form or query field holds it.
    """
    name, _ = media_type(request.headers.get("content-type", ""))
    form: dict[str, str] | None = None
    if name == "application/x-www-form-urlencoded":
        try:
            form, broken = read_query(request.body.decode("utf-8"))
        except UnicodeError:
            return BROKEN, None
        if broken is not None:
            return BROKEN, None
    if params_field is not None and "json" not in name:
        return _field(request, form, params_field), form
    if form is not None or not request.body.strip():
        return EMPTY, form
    return _json(request.body), None


def _field(request: Request, form: dict[str, str] | None, field: str) -> Any:
    text = (form or {}).get(field)
    if text is None:
        text = read_query(request.query)[0].get(field)
    return EMPTY if text is None else _json(text)


def _json(text: bytes | str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return BROKEN
    opened = text.count(b"[") + text.count(b"{") if isinstance(text, bytes) else text.count("[") + text.count("{")
    return BROKEN if opened > _LEVELS_READ and _deeper(value, _LEVELS_READ) else value


def _deeper(value: Any, levels: int) -> bool:
    """Whether arrays and objects stand within each other deeper than that: deeper than what validates and writes them goes."""
    layer = [value]
    for _ in range(levels):
        inner = [item for outer in layer for item in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())]
        layer = [item for item in inner if isinstance(item, dict | list)]
        if not layer:
            return False
    return True


def nested(form: dict[str, str], root: str) -> dict[str, str]:
    """The fields of a form that stand under a root in brackets, `project[name]`, and those that stand plain."""
    found: dict[str, str] = {}
    for name, value in form.items():
        head, bracket, _ = name.partition("[")
        if not bracket:
            found.setdefault(name, value)
        elif head == root:
            inner = _BRACKETS.findall(name)
            if len(inner) == 1:
                found[inner[0]] = value
    return found
