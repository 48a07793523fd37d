"""The content of one file with the place of everything in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from specs.errors import Problem

__all__ = ["MAX_DEPTH", "Place", "Places", "Pointer", "Tree", "sized"]

MAX_DEPTH = 64
"""Levels of mappings and lists that a file may have."""

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from a file's root to a value: keys and indices."""


class Place(NamedTuple):
    """Line and column, from 0, of a member's key and of its value."""

    key_line: int
    key_column: int
    line: int
    column: int


Places: TypeAlias = dict[int, dict[str | int, Place]]
"""The places of members and elements, by the identity of the mapping or list that holds them."""


@dataclass(slots=True, eq=False)
class Tree:
    """The content of one file; `locate` gives the places in it, and the value they are of, when a place is asked for."""

    file: str
    value: Any
    locate: Callable[[], tuple[Places, Any]] = field(repr=False)
    _located: tuple[Places, Any] | None = field(repr=False, default=None)

    def place(self, pointer: Pointer, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of a value: of its key where it is a mapping or a list, or where the key is meant.

        A pointer to something absent gives the place of what is nearest above it.
        """
        if self._located is None:
            self._located = self.locate()
        places, value = self._located
        found = Place(0, 0, 0, 0)
        for step in pointer:
            if not isinstance(value, dict | list) or step not in places.get(id(value), ()):
                of_key = False
                break
            found = places[id(value)][step]
            value = value[step]  # type: ignore[index]
        if of_key or isinstance(value, dict | list):
            return found.key_line + 1, found.key_column + 1
        return found.line + 1, found.column + 1

    def problem(self, pointer: Pointer, message: str, expected: str = "", hint: str = "", *, of_key: bool = False) -> Problem:
        """A problem at the place a pointer leads to."""
        line, column = self.place(pointer, of_key=of_key)
        return Problem(self.file, line, column, message, expected, hint)


def sized(number: int) -> int | float:
    """A whole number of at most 64 bits, or the nearest float: JSON tools do not agree on larger ones."""
    if -(2**63) <= number < 2**64:
        return number
    return float(number)
