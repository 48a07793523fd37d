"""Reads YAML safely, and remembers where each value stands.

It is read from the events of PyYAML's C parser, by the core schema of YAML 1.2: `on`, `no` and dates stay text, keys are always
text. Refused: anchors, aliases, merge keys, duplicate keys, tags of other types, numbers that are not finite, several documents in one
file, more than `MAX_DEPTH` levels. Neither can a file make the reader run code, nor grow beyond its own size.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from specs.errors import Problem, SpecError
from specs.tree import MAX_DEPTH, Place, Places, Tree, sized

__all__ = ["parse_yaml"]

MAX_DIGITS = 300

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_STARTS = frozenset("-+.0123456789")
_TAG = "tag:yaml.org,2002:"
_TAGS = frozenset({_TAG + name for name in ("str", "int", "float", "bool", "null", "map", "seq")})


def parse_yaml(text: str, file: str) -> Tree:
    """The content of a YAML text; raises `SpecError` with the places of what is wrong."""
    return _Builder(text, file).build()


class _Builder:
    """Builds values from the events of one YAML text."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.places: Places = {}
        self.problems: list[Problem] = []
        self.documents = 0
        # One frame for each open container: the container, its places, and the key that waits for its value with the key's event.
        self.stack: list[tuple[Any, dict[str | int, Place]]] = []
        self.keys: list[tuple[str, Any] | None] = []
        self.root: Any = None

    def build(self) -> Tree:
        """The whole text's value; raises `SpecError` with all problems."""
        try:
            for event in _events(self.text):
                self._take(event)
        except yaml.YAMLError as error:
            self.problems.append(_syntax_problem(error, self.text, self.file))
        except RecursionError:
            self.problems.append(Problem(self.file, 1, 1, "nested too deeply", f"at most {MAX_DEPTH} levels"))
        if self.problems:
            raise SpecError(self.problems)
        located = self.places, self.root
        return Tree(self.file, self.root, lambda: located)

    def _take(self, event: Event) -> None:
        kind = type(event)
        if kind is ScalarEvent:
            self._scalar(event)
        elif kind is MappingStartEvent:
            self._open({}, event)
        elif kind is SequenceStartEvent:
            self._open([], event)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self.stack.pop()
            self.keys.pop()
        elif kind is AliasEvent:
            self._fatal(event, f"alias *{event.anchor}", "the value itself", "write it out, or use $ref")  # type: ignore[attr-defined]
        elif kind is DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self._fatal(event, "a second document in the file", "one document", "remove the line ---")

    def _open(self, container: Any, event: Any) -> None:
        if event.anchor is not None:
            self._fatal(event, f"anchor &{event.anchor}", "no anchors and aliases", "remove it, or use $ref")
        if event.tag is not None and event.tag not in _TAGS:
            self._fatal(event, f"tag {event.tag[:80]}", "plain YAML", "remove the tag")
        if len(self.stack) >= MAX_DEPTH:
            self._fatal(event, "nested too deeply", f"at most {MAX_DEPTH} levels")
        self._put(container, event)
        places: dict[str | int, Place] = {}
        self.places[id(container)] = places
        self.stack.append((container, places))
        self.keys.append(None)

    def _scalar(self, event: Any) -> None:
        if event.anchor is not None:
            self._fatal(event, f"anchor &{event.anchor}", "no anchors and aliases", "remove it, or use $ref")
        if self.stack and self.keys[-1] is None and type(self.stack[-1][0]) is dict:
            self._key(event)
        else:
            self._put(self._scalar_value(event), event)

    def _key(self, event: Any) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            self._fatal(event, "merge key <<", "the members themselves", "write them out, or use $ref")
        if key in self.stack[-1][0]:
            first = self.stack[-1][1][key]
            self._note(event, f"the key {key[:80]!r} stands twice", "each key once", f"the first is on line {first.key_line + 1}")
        self.keys[-1] = (key, event.start_mark)

    def _put(self, value: Any, event: Any) -> None:
        if not self.stack:
            self.root = value
            return
        container, places = self.stack[-1]
        mark = event.start_mark
        line, column = mark.line, mark.column
        if type(container) is list:
            places[len(container)] = Place(line, column, line, column)
            container.append(value)
            return
        waiting = self.keys[-1]
        if waiting is None:
            self._fatal(event, "a mapping or list as a key", "text as a key")
            return
        key, key_mark = waiting
        places[key] = Place(key_mark.line, key_mark.column, line, column)
        container[key] = value
        self.keys[-1] = None

    def _scalar_value(self, event: Any) -> Any:
        text, tag = event.value, event.tag
        if tag is None:
            return self._plain_value(text, event) if event.implicit[0] else text
        if tag in ("!", _TAG + "str"):
            return text
        if tag in _TAGS:
            return self._plain_value(text, event)
        return self._fatal(event, f"tag {tag[:80]}", "plain YAML", "remove the tag")

    def _plain_value(self, text: str, event: Any) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if text[0] not in _NUMBER_STARTS:
            return text
        if _INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
            return sized(int(text))
        if _OTHER_BASE.fullmatch(text) and len(text) <= MAX_DIGITS:
            return sized(int(text, 0))
        if _NOT_FINITE.fullmatch(text):
            return self._note(event, f"{text} is not a finite number", "a finite number", "put it in quotes if text is meant")
        if _FLOAT.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                return number
            return self._note(event, f"the number {text[:40]} is too large", "a finite number", "put it in quotes if text is meant")
        return text

    def _note(self, event: Any, message: str, expected: str, hint: str = "") -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, message, expected, hint))

    def _fatal(self, event: Any, message: str, expected: str, hint: str = "") -> None:
        self._note(event, message, expected, hint)
        raise SpecError(self.problems)


def _events(text: str) -> Iterator[Any]:
    parser = _Loader(text)
    try:
        get_event = parser.get_event
        while type(event := get_event()) is not StreamEndEvent:
            yield event
    finally:
        parser.dispose()


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        said = getattr(error, "problem", None) or getattr(error, "context", None) or "syntax error"
        return Problem(file, mark.line + 1, mark.column + 1, f"not YAML: {said}", "well-formed YAML", "check indentation, quotes and colons here")
    before = text.encode()[: getattr(error, "position", None) or 0]
    reason = getattr(error, "reason", None) or str(error)
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return Problem(file, line, column, f"not YAML: {reason}", "printable text", "remove the control character")
