"""Tells in words what JSON Schema finds wrong with a file that somebody wrote: place, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from specs.errors import Problem, nearest
from specs.references import Node
from specs.schema import stored

__all__ = ["checker", "of_extension", "of_seed", "of_value"]

_CALLED = {
    "object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "null": "null",
}  # fmt: skip


def of_extension(node: Node) -> list[Problem]:
    """What is wrong with the extension keys among the members of a node."""
    return of_value(node, stored())


def of_seed(node: Node) -> list[Problem]:
    """What is wrong with a seed."""
    return of_value(node, {"$ref": "#/$defs/WrittenSeed", "$defs": stored()["$defs"]})


def of_value(node: Node, schema: dict[str, Any]) -> list[Problem]:
    """What a JSON Schema finds wrong with the value at a node, formats included."""
    return checker(schema)(node)


def checker(schema: dict[str, Any]) -> Callable[[Node], list[Problem]]:
    """What tells a schema's complaints about one value after another."""
    # jsonschema takes 0.1 s to import, and only a file with a mistake needs it.
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return lambda node: [problem for error in validator.iter_errors(node.value) for problem in _told(node, error)]


def _told(node: Node, error: Any) -> Iterator[Problem]:
    pointer = (*node.pointer, *error.absolute_path)
    place = Node(node.tree, pointer, error.instance)
    match error.validator:
        case "additionalProperties" | "unevaluatedProperties" if error.validator_value is False:
            yield from _unknown_members(place, error)
        case "required":
            missing = next(name for name in error.validator_value if f"{name!r} is a required" in error.message)
            yield place.problem(f"{_subject(place)} has no {missing!r}", f"a member {missing!r}", nearest(missing, error.instance))
        case "propertyNames":
            yield place.problem(f"the name {error.instance!r}", f"a name that matches {error.schema.get('pattern', '')}")
        case "items" if error.validator_value is False:
            pass  # too many elements: maxItems tells it
        case "anyOf" | "oneOf" if error.context:
            yield from _alternatives(node, place, error)
        case _:
            yield place.problem(f"{_subject(place)} is {_shown(error.instance)}", *_expected(error))


def _unknown_members(place: Node, error: Any) -> Iterator[Problem]:
    known = list(error.schema.get("properties", {}))
    for name in error.instance:
        if name not in known:
            inner = place.tree.problem(
                (*place.pointer, name), f"unknown member {str(name)[:80]!r}", f"one of {', '.join(known) or 'none'}", nearest(name, known), of_key=True
            )
            yield inner


def _alternatives(node: Node, place: Node, error: Any) -> Iterator[Problem]:
    """The complaints of the one alternative whose type fits, or that none fits."""
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [inner for inner in branches.values() if not any(one.validator == "type" and not one.path for one in inner)]
    if len(fitting) == 1:
        for inner in fitting[0]:
            yield from _told(node, inner)
        return
    wanted = dict.fromkeys(_expected(one)[0] for inner in (fitting or branches.values()) for one in inner)
    yield place.problem(f"{_subject(place)} is {_shown(error.instance)}", " or ".join(wanted))


def _expected(error: Any) -> tuple[str, str]:
    """What a keyword wanted, and what to do."""
    value = error.validator_value
    match error.validator:
        case "type":
            return " or ".join(_CALLED[name] for name in ([value] if isinstance(value, str) else value)), ""
        case "enum":
            return f"one of {', '.join(map(str, value))}", nearest(str(error.instance), [str(one) for one in value])
        case "const":
            return _shown(value), ""
        case "pattern":
            return f"text that matches {value}", ""
        case "format":
            return f"the format {value}", ""
        case "minimum" | "exclusiveMinimum":
            return f"{'at least' if error.validator == 'minimum' else 'more than'} {value}", ""
        case "maximum" | "exclusiveMaximum":
            return f"{'at most' if error.validator == 'maximum' else 'less than'} {value}", ""
        case "minLength" | "minItems" | "minProperties":
            return f"at least {value} {_counted(error.validator)}", ""
        case "maxProperties" if value == 0:
            return "nothing: this rule takes no arguments", "remove them"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"at most {value} {_counted(error.validator)}", ""
        case _:
            return error.message[:200], ""


def _counted(keyword: str) -> str:
    return {"Length": "characters", "Items": "elements"}.get(keyword[3:], "members")


def _subject(place: Node) -> str:
    return f"{place.pointer[-1]}" if place.pointer and isinstance(place.pointer[-1], str) else "this"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"a mapping of {', '.join(map(str, list(value)[:5]))}" if value else "an empty mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    return repr(value)[:80]
