"""Text from a query, a form or a path made into a value of the type that a schema asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

__all__ = ["MISFIT", "coerce", "duration", "money", "types_of"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,6})?", re.ASCII)
_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}


class _Misfit:
    __slots__ = ()

    def __repr__(self) -> str:
        return "MISFIT"


MISFIT: Final[Any] = _Misfit()
"""What a text becomes that fits none of a schema's types."""


def types_of(schema: Any) -> frozenset[str]:
    """The JSON types that a schema allows, as far as it says; empty where it does not."""
    if not isinstance(schema, Mapping):
        return frozenset()
    written = schema.get("type")
    if isinstance(written, str):
        found = {written}
    elif isinstance(written, list | tuple):
        found = set(written)
    elif "enum" in schema:
        found = {_type(value) for value in schema["enum"]}
    elif "const" in schema:
        found = {_type(schema["const"])}
    else:
        found = set()
        for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            found |= types_of(branch)
    if schema.get("nullable") is True and found:
        found.add("null")
    return frozenset(found)


def _type(value: Any) -> str:
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "string")


def coerce(text: str, schema: Any) -> Any:
    """The text as a value of one of the schema's types, or `MISFIT`; without types it stays text.

    An empty text and `null` are null only where no text is allowed: elsewhere they are texts.
    """
    types = types_of(schema)
    if not types:
        return text
    if "null" in types and "string" not in types and text in ("", "null"):
        return None
    for name, reader in _READERS:
        if name in types:
            value = reader(text)
            if value is not MISFIT:
                return value
    return text if "string" in types else MISFIT


def _integer(text: str) -> Any:
    if not _INTEGER.fullmatch(text):
        return MISFIT
    value = int(text)
    return value if -(2**63) <= value < 2**64 else MISFIT


def _number(text: str) -> Any:
    whole = _integer(text)
    if whole is not MISFIT:
        return whole
    if not _NUMBER.fullmatch(text):
        return MISFIT
    value = float(text)
    return value if value - value == 0 else MISFIT


def _boolean(text: str) -> Any:
    lower = text.lower()
    return True if lower in _TRUE else False if lower in _FALSE else MISFIT


def _json(kind: type) -> Any:
    def read(text: str) -> Any:
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return MISFIT
        return value if isinstance(value, kind) else MISFIT

    return read


_READERS = (("boolean", _boolean), ("integer", _integer), ("number", _number), ("array", _json(list)), ("object", _json(dict)))

_PART = re.compile(r"\s*([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(hours?|hrs?|h|minutes?|mins?|m|seconds?|secs?|s)\s*", re.IGNORECASE | re.ASCII)
_COLONS = re.compile(r"([0-9]{1,9}):([0-5]?[0-9])(?::([0-5]?[0-9]))?", re.ASCII)
_MONEY = re.compile(r"[^0-9.,+-]{0,4}\s*([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})(?:\.([0-9]{1,2}))?\s*[^0-9.,]{0,4}", re.ASCII)


def duration(text: str) -> int | None:
    """Seconds from `1h 30m`, `90m`, `1:30` (hours and minutes) or `1:30:00`; None where it is none of these."""
    text = text.strip()
    colons = _COLONS.fullmatch(text)
    if colons:
        hours, minutes, seconds = (int(part or 0) for part in colons.groups())
        return hours * 3600 + minutes * 60 + seconds
    total, end = 0.0, 0
    while end < len(text):
        part = _PART.match(text, end)
        if part is None:
            return None
        total += float(part[1]) * {"h": 3600, "m": 60, "s": 1}[part[2][0].lower()]
        end = part.end()
    return round(total) if text else None


def money(text: str) -> int | None:
    """Cents from `$12.50`, `1,200` or `12.5 EUR`; None where it is no amount."""
    found = _MONEY.fullmatch(text.strip())
    if found is None:
        return None
    return int(found[1].replace(",", "")) * 100 + int((found[2] or "0").ljust(2, "0"))
