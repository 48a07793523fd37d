"""Reads JSON: no duplicate keys, no numbers that are not finite, no half characters."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from specs.errors import Problem, SpecError
from specs.tree import MAX_DEPTH, Places, Tree, sized
from specs.yaml_reader import parse_yaml

__all__ = ["parse_json"]

MAX_DIGITS = 300

_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(text: str, file: str) -> Tree:
    """The content of a JSON text; raises `SpecError` with the places of what is wrong."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_json_integer, parse_float=_json_float)
    except json.JSONDecodeError as error:
        raise SpecError([Problem(file, error.lineno, error.colno, f"not JSON: {error.msg}", "well-formed JSON")]) from None
    except _DuplicateKeyError:
        parse_yaml(text, file)  # tells the place of each duplicate
        raise SpecError([Problem(file, 1, 1, "a key stands twice in one object", "each key once")]) from None
    except (ValueError, RecursionError) as error:
        said = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]
        raise SpecError([Problem(file, 1, 1, f"not JSON: {said}", f"finite numbers and at most {MAX_DEPTH} levels")]) from None
    if _deeper_than(value, MAX_DEPTH):
        raise SpecError([Problem(file, 1, 1, "nested too deeply", f"at most {MAX_DEPTH} levels")])
    if _SURROGATE.search(text) and not _encodable(value):
        raise SpecError([Problem(file, 1, 1, "half of a surrogate pair in a string", "whole characters")])
    return Tree(file, value, lambda: _places(text, value))


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
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number is too large")
    return sized(int(digits)) if len(digits) > 18 else int(digits)


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


def _places(text: str, value: Any) -> tuple[Places, Any]:
    """Places in a JSON text, found only once a problem has to be told: JSON reads as YAML, but slower."""
    try:
        # YAML knows no pairs of surrogates; for the places, anything of their length does.
        return parse_yaml(_PAIR.sub("x" * 12, text), "").locate()
    except SpecError:
        return {}, value
