"""Makes text that a regular expression matches, for patterns of the simple kind that schemas have."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from random import Random
from typing import Any

__all__ = ["matching"]

# The standard library's own parser of regular expressions: it has no public name, and none but it reads them as `re` does.
_parser: Any = import_module("re._parser")

_PRINTABLE = [chr(code) for code in range(0x20, 0x7F)]
_LETTERS = [letter for letter in _PRINTABLE if letter.isalnum()]
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda letter: not letter.isdigit(),
    "CATEGORY_WORD": lambda letter: letter.isalnum() or letter == "_",
    "CATEGORY_NOT_WORD": lambda letter: not (letter.isalnum() or letter == "_"),
    "CATEGORY_SPACE": lambda letter: letter == " ",
    "CATEGORY_NOT_SPACE": lambda letter: letter != " ",
}


def matching(pattern: str, seed: int, *, least: int = 0, most: int | None = None) -> str | None:
    """A text of `least` to `most` characters in which a pattern is found, or None where none was found quickly."""
    compiled, tree = _parsed(pattern)
    if compiled is None:
        return None
    random = Random(seed)
    for attempt in range(30):
        # What repeats without end repeats a little more with each attempt, until the text is long enough.
        wanted = least + 2 if attempt % 2 else attempt // 6
        try:
            text = _Maker(random, wanted, {}).sequence(tree)
        except (KeyError, IndexError, RecursionError):
            return None
        if compiled.search(text) and least <= len(text) and (most is None or len(text) <= most):
            return text
    return None


@lru_cache(maxsize=512)
def _parsed(pattern: str) -> tuple[re.Pattern[str] | None, Any]:
    try:
        return re.compile(pattern), _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None, None


class _Maker:
    """Makes one text; `more` is how often beyond its minimum something repeats, at most."""

    def __init__(self, random: Random, more: int, groups: dict[int, str]) -> None:
        self.random, self.more, self.groups = random, more, groups

    def sequence(self, tree: Any) -> str:
        """The text of a sequence of items."""
        return "".join(self._item(str(name), value) for name, value in tree)

    def _item(self, name: str, value: Any) -> str:
        match name:
            case "LITERAL":
                return chr(value)
            case "NOT_LITERAL":
                return self._one_of([letter for letter in _LETTERS if ord(letter) != value])
            case "ANY":
                return self._one_of(_LETTERS)
            case "IN":
                return self._one_of(_members(value))
            case "BRANCH":
                return self.sequence(self.random.choice(value[1]))
            case "SUBPATTERN":
                self.groups[value[0]] = self.sequence(value[3])
                return self.groups[value[0]]
            case "ATOMIC_GROUP":
                return self.sequence(value)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeated(*value)
            case "GROUPREF":
                return self.groups[value]
            case "AT" | "ASSERT" | "ASSERT_NOT":
                return ""
            case _:
                raise KeyError(name)

    def _repeated(self, least: int, most: Any, tree: Any) -> str:
        times = min(least, 10_000)
        room = self.more if most == _parser.MAXREPEAT else min(int(most) - least, max(self.more, 2))
        if room > 0:
            times += self.random.randint(0, room) if self.more <= 2 else room
        return "".join(self.sequence(tree) for _ in range(times))

    def _one_of(self, letters: list[str]) -> str:
        return letters[self.random.randrange(len(letters))]


def _members(items: list[tuple[Any, Any]]) -> list[str]:
    """The characters of a set such as [a-z0-9_], plain ones first."""
    negated = str(items[0][0]) == "NEGATE"
    if negated:
        return [letter for letter in _PRINTABLE if not any(_holds(letter, str(name), value) for name, value in items[1:])]
    made: list[str] = []
    for name, value in items:
        match str(name):
            case "LITERAL":
                made.append(chr(value))
            case "RANGE":
                made.extend(chr(code) for code in range(value[0], min(value[1], value[0] + 255) + 1))
            case _:
                made.extend(letter for letter in _PRINTABLE if _holds(letter, str(name), value))
    return made


def _holds(letter: str, name: str, value: Any) -> bool:
    match name:
        case "LITERAL":
            return ord(letter) == int(value)
        case "RANGE":
            return int(value[0]) <= ord(letter) <= int(value[1])
        case _:
            return _CATEGORIES[str(value)](letter)
