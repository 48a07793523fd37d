"""Finds the operation of a path: a dictionary for fixed paths, a tree of segments for those with parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

from mockserver.reading import decode

__all__ = ["Methods", "Router"]

T = TypeVar("T")


class Methods(Generic[T]):
    """What one path answers to, by method, and the value of its Allow header."""

    __slots__ = ("allow", "by_method", "names")

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.by_method: dict[str, T] = {}
        self.allow = ""

    def add(self, method: str, target: T) -> None:
        """Adds a method."""
        self.by_method[method] = target
        methods = {*self.by_method, "OPTIONS"} | ({"HEAD"} if "GET" in self.by_method else set())
        self.allow = ", ".join(sorted(methods))


class _Node(Generic[T]):
    __slots__ = ("fixed", "methods", "open")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[T]] = {}
        self.open: _Node[T] | None = None
        self.methods: Methods[T] | None = None


class Router(Generic[T]):
    """The paths of one API, each with what it answers to.

    A trailing slash and the suffixes are not part of a path: with or without them, the same is found.
    """

    __slots__ = ("_fixed", "_root", "_suffixes")

    def __init__(self, suffixes: Iterable[str] = ()) -> None:
        self._suffixes = tuple(sorted(suffixes, key=len, reverse=True))
        self._root: _Node[T] = _Node()
        self._fixed: dict[str, tuple[Methods[T], str]] = {}

    def add(self, path: str, method: str, target: T) -> None:
        """Adds an operation at a path template such as `/clients/{id}`."""
        path, _ = self.bare(path.rstrip("/"))
        names = tuple(part[1:-1] for part in path.split("/") if part.startswith("{"))
        node = self._root
        for part in path.split("/")[1:]:
            if part.startswith("{"):
                node.open = node = node.open or _Node()
            else:
                node = node.fixed.setdefault(part, _Node())
        if node.methods is None:
            node.methods = Methods(names)
        node.methods.add(method, target)
        if not names:
            self._fixed.update({path + suffix: (node.methods, suffix) for suffix in ("", *self._suffixes) if self.bare(path + suffix) == (path, suffix)})

    def bare(self, path: str) -> tuple[str, str]:
        """The path without its suffix, and the suffix."""
        for suffix in self._suffixes:
            if path.endswith(suffix) and len(path) > len(suffix):
                return path[: -len(suffix)], suffix
        return path, ""

    def find(self, path: str) -> tuple[Methods[T], Mapping[str, str], str] | None:
        """What a raw path answers to, its parameters decoded, and its suffix; None where there is nothing."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed[0], {}, fixed[1]
        if path.endswith("/"):
            path = path[:-1]
        path, suffix = self.bare(path)
        parts = [decode(part) for part in path.split("/")[1:]]
        if not all(parts):
            return (self._root.methods, {}, suffix) if path == "" and self._root.methods else None
        values: list[str] = []
        node = _walk(self._root, [part for part in parts if part], 0, values)
        if node is None or node.methods is None:
            return None
        return node.methods, dict(zip(node.methods.names, values, strict=True)), suffix


def _walk(node: _Node[T], parts: list[str], at: int, values: list[str]) -> _Node[T] | None:
    if at == len(parts):
        return node if node.methods is not None else None
    fixed = node.fixed.get(parts[at])
    if fixed is not None:
        found = _walk(fixed, parts, at + 1, values)
        if found is not None:
            return found
    if node.open is not None:
        values.append(parts[at])
        found = _walk(node.open, parts, at + 1, values)
        if found is not None:
            return found
        values.pop()
    return None
