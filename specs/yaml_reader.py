"""Reads the YAML and JSON files that people write, safely, and remembers where each value stands.

YAML is read from the events of PyYAML's C parser, by the core schema of YAML 1.2: `on`, `no` and dates stay text, keys are always
text. Refused: anchors, aliases, merge keys, duplicate keys, tags of other types, numbers that are not finite, several documents in one
file, more than `MAX_DEPTH` levels or `MAX_BYTES` bytes. Neither can a file make the reader run code, nor grow beyond its own size.
"""

from __future__ import annotations

import json
import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

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

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Pointer", "Tree", "parse", "read", "read_text"]

MAX_DEPTH = 64
MAX_BYTES = 16 * 1024 * 1024
MAX_INTEGER_DIGITS = 400

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from a file's root to a value: keys and indices."""

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
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Place(NamedTuple):
    """Line and column, from 0, of a member's key and of its value."""

    key_line: int
    key_column: int
    line: int
    column: int


@dataclass(slots=True, eq=False)
class Tree:
    """The content of one file, and the place of everything in it."""

    file: str
    value: Any
    text: str = field(repr=False, default="")
    places: dict[int, dict[str | int, _Place]] | None = field(repr=False, default=None)

    def at(self, pointer: Pointer) -> Any:
        """The value a pointer leads to; raises `LookupError` where there is none."""
        value = self.value
        for step in pointer:
            value = _step(value, step)
        return value

    def place(self, pointer: Pointer, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of a value: of its key where it is a mapping or a list, or where the key is meant.

        A pointer to something absent gives the place of what is nearest above it.
        """
        if self.places is None:
            self.places, self.value = _places_of_json(self.text, self.value)
        found, value = _Place(0, 0, 0, 0), self.value
        for step in pointer:
            places = self.places.get(id(value), {})
            try:
                value = _step(value, step)
                found = places[_index(value, step, places)]
            except LookupError:
                of_key = of_key and step == pointer[-1]
                break
        if of_key or isinstance(value, dict | list):
            return found.key_line + 1, found.key_column + 1
        return found.line + 1, found.column + 1

    def problem(self, pointer: Pointer, message: str, expected: str = "", hint: str = "", *, of_key: bool = False) -> Problem:
        """A problem at the place a pointer leads to."""
        line, column = self.place(pointer, of_key=of_key)
        return Problem(self.file, line, column, message, expected, hint)


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value[step]
    if isinstance(value, list):
        if isinstance(step, str) and not (step.isascii() and step.isdigit() and len(step) < 10):
            raise LookupError(step)
        return value[int(step)]
    raise LookupError(step)


def _index(_value: Any, step: str | int, places: dict[str | int, _Place]) -> str | int:
    if step in places:
        return step
    if isinstance(step, str) and step.isdigit():
        return int(step)
    raise LookupError(step)


def read(path: Path, shown: str | None = None) -> Tree:
    """The content of a YAML or JSON file (told by the suffix `.json`); raises `SpecError`.

    `shown` is how the file is called in messages.
    """
    shown = shown if shown is not None else str(path)
    return parse(read_text(path, shown), shown, json_text=path.suffix.lower() == ".json")


def parse(text: str, file: str = "<text>", *, json_text: bool = False) -> Tree:
    """The content of a text; raises `SpecError` with the places of what is wrong."""
    if not text.strip():
        raise SpecError([Problem(file, 1, 1, "the file is empty", "an OpenAPI document")])
    return _parse_json(text, file) if json_text else _Builder(text, file).build()


def read_text(path: Path, shown: str) -> str:
    """The text of a regular file in UTF-8 of at most `MAX_BYTES` bytes; raises `SpecError`."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise SpecError([Problem(shown, 1, 1, "this is a directory", "a file", "name the YAML file in it")])
        if not stat.S_ISREG(mode):
            raise SpecError([Problem(shown, 1, 1, "this is no regular file", "a file")])
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SpecError([Problem(shown, 1, 1, f"the file can't be read ({said})", "a readable file", "check the path")]) from None
    if len(data) > MAX_BYTES:
        raise SpecError([Problem(shown, 1, 1, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "a smaller file")])
    return _decoded(data, shown)


def _decoded(data: bytes, shown: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        problem = Problem(shown, line, column, f"byte 0x{data[error.start]:02x} is not UTF-8", "a text file in UTF-8", "save it as UTF-8")
        raise SpecError([problem]) from None


class _Builder:
    """Builds values from the events of one YAML text."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file
        self.places: dict[int, dict[str | int, _Place]] = {}
        self.problems: list[Problem] = []
        self.documents = 0
        # One frame for each open container: the container, its places, and the key that waits for its value with the key's event.
        self.stack: list[tuple[Any, dict[str | int, _Place]]] = []
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
        return Tree(self.file, self.root, self.text, self.places)

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
        places: dict[str | int, _Place] = {}
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
            places[len(container)] = _Place(line, column, line, column)
            container.append(value)
            return
        waiting = self.keys[-1]
        if waiting is None:
            self._fatal(event, "a mapping or list as a key", "text as a key")
            return
        key, key_mark = waiting
        places[key] = _Place(key_mark.line, key_mark.column, line, column)
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
        if _INTEGER.fullmatch(text) and len(text) <= MAX_INTEGER_DIGITS:
            return _sized(int(text))
        if _OTHER_BASE.fullmatch(text) and len(text) <= MAX_INTEGER_DIGITS:
            return _sized(int(text, 0))
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


def _sized(number: int) -> int | float:
    # Integers beyond 64 bits are numbers that JSON tools do not agree on: they are read as the nearest float, as orjson does.
    return number if -(2**63) <= number < 2**64 else float(number) if abs(number) < 10**308 else math.copysign(1.7e308, number)


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is not None:
        said = getattr(error, "problem", None) or getattr(error, "context", None) or "syntax error"
        return Problem(file, mark.line + 1, mark.column + 1, f"not YAML: {said}", "well-formed YAML", "check indentation, quotes and colons here")
    before = text.encode()[: getattr(error, "position", None) or 0]
    reason = getattr(error, "reason", None) or str(error)
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return Problem(file, line, column, f"not YAML: {reason}", "printable text", "remove the control character")


def _parse_json(text: str, file: str) -> Tree:
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_json_integer, parse_float=_json_float)
    except json.JSONDecodeError as error:
        raise SpecError([Problem(file, error.lineno, error.colno, f"not JSON: {error.msg}", "well-formed JSON")]) from None
    except _DuplicateKeyError:
        _Builder(text, file).build()  # tells the place of each duplicate
        raise SpecError([Problem(file, 1, 1, "a key stands twice in one object", "each key once")]) from None
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise SpecError([Problem(file, 1, 1, f"not JSON: {said}", f"finite numbers and at most {MAX_DEPTH} levels")]) from None
    if _deeper_than(value, MAX_DEPTH):
        raise SpecError([Problem(file, 1, 1, "nested too deeply", f"at most {MAX_DEPTH} levels")])
    if _SURROGATE.search(text) and not _encodable(value):
        raise SpecError([Problem(file, 1, 1, "half of a surrogate pair in a string", "whole characters")])
    return Tree(file, value, text)


class _DuplicateKeyError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKeyError
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a finite number")


def _json_integer(digits: str) -> int | float:
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError("a number is too large")
    return _sized(int(digits)) if len(digits) > 18 else int(digits)


def _json_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _deeper_than(value: Any, levels: int) -> bool:
    layer = [value] if isinstance(value, dict | list) else []
    while layer and levels >= 0:
        levels -= 1
        layer = [inner for outer in layer for inner in (outer.values() if type(outer) is dict else outer) if type(inner) is dict or type(inner) is list]
    return bool(layer)


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _places_of_json(text: str, value: Any) -> tuple[dict[int, dict[str | int, _Place]], Any]:
    """Places in a JSON text, found only once a problem has to be told: JSON reads as YAML, but slower."""
    # YAML knows no pairs of surrogates; for the places, anything of their length does.
    builder = _Builder(_PAIR.sub("x" * 12, text), "")
    try:
        tree = builder.build()
    except SpecError:
        return {}, value
    return tree.places or {}, tree.value
