"""JSON pointers (RFC 6901) as the stub uses them: taken apart once, then followed or written along."""

from __future__ import annotations

from typing import Any, Final

from specs.model import Resource

__all__ = ["ABSENT", "Tokens", "fetch", "put", "tokens"]

Tokens = tuple[str, ...]


class _Absent:
    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False


ABSENT: Final[Any] = _Absent()
"""What stands at a pointer that leads nowhere."""


def tokens(pointer: str, resource: Resource | None = None) -> Tokens:
    """The reference tokens of a pointer; `{singular}`, `{plural}` and `{type}` become the resource's names."""
    if resource is not None and "{" in pointer:
        pointer = pointer.replace("{singular}", resource.singular).replace("{plural}", resource.plural).replace("{type}", resource.type)
    if not pointer:
        return ()
    return tuple(token.replace("~1", "/").replace("~0", "~") for token in pointer.lstrip("/").split("/"))


def fetch(document: Any, path: Tokens) -> Any:
    """What stands there, or `ABSENT`."""
    for token in path:
        if isinstance(document, dict):
            document = document.get(token, ABSENT)
        elif isinstance(document, list) and token.isdigit() and int(token) < len(document):
            document = document[int(token)]
        else:
            return ABSENT
    return document


def put(document: Any, path: Tokens, value: Any) -> Any:
    """The document with `value` there; objects on the way are made. The empty path replaces the whole."""
    if not path:
        return value
    if not isinstance(document, dict):
        document = {}
    place = document
    for token in path[:-1]:
        inner = place.get(token)
        if not isinstance(inner, dict):
            inner = place[token] = {}
        place = inner
    place[path[-1]] = value
    return document
