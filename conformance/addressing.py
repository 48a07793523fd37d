"""JSON pointers, query strings and URLs, as a check needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

__all__ = ["MISSING", "base_paths", "dig", "dig_all", "fill", "fill_path", "plant", "query_string", "texts", "whole_url"]

MISSING: Any = object()
"""What `dig` gives where there is nothing (a null is something)."""


def dig(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer, or `MISSING`."""
    for token in _tokens(pointer):
        if isinstance(document, Mapping) and token in document:
            document = document[token]
        elif isinstance(document, list) and token.isdigit() and int(token) < len(document):
            document = document[int(token)]
        else:
            return MISSING
    return document


def dig_all(document: Any, pointer: str) -> list[Any]:
    """Every value at a JSON pointer in which `*` stands for each element; an empty list if there is none."""
    found = [document]
    for token in _tokens(pointer):
        found = [value for parent in found for value in _children(parent, token)]
    return found


def plant(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put a value at a JSON pointer, making the objects on the way."""
    tokens = _tokens(pointer)
    for token in tokens[:-1]:
        document = document.setdefault(token, {})
    document[tokens[-1]] = value


def fill(text: str, names: Mapping[str, str]) -> str:
    """The text with `{name}` replaced, for the names given."""
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def fill_path(template: str, values: Mapping[str, Any]) -> str:
    """A path template with its parameters filled in and percent-encoded."""
    return fill(template, {name: quote(str(value), safe="") for name, value in values.items()})


def query_string(pairs: Iterable[tuple[str, Any]]) -> str:
    """The pairs as a query string; everything but unreserved characters is percent-encoded, a space as %20."""
    return "&".join(f"{quote(str(name), safe='')}={quote(_text(value), safe='')}" for name, value in pairs)


def whole_url(url: str, base_path: str, path: str, query: str = "") -> str:
    """The absolute URL of an operation: the target's scheme and host, its base path, the operation's path and a query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, base_path.rstrip("/") + path, query, ""))


def base_paths(spec_base_path: str, url: str) -> tuple[str, ...]:
    """Where the operations of a target may begin: the URL's path with the spec's base path behind it, then the URL's path alone."""
    given = urlsplit(url).path.rstrip("/")
    if given.endswith(spec_base_path):
        return (given,)
    return (given + spec_base_path, given)


def texts(value: Any) -> Iterator[str]:
    """Every text in a document that says something: values, not names."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts(inner)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _children(parent: Any, token: str) -> Iterator[Any]:
    if token == "*":
        if isinstance(parent, list):
            yield from parent
        elif isinstance(parent, Mapping):
            yield from parent.values()
        return
    value = dig(parent, "/" + token.replace("~", "~0").replace("/", "~1"))
    if value is not MISSING:
        yield value
