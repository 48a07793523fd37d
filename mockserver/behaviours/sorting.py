"""Puts a list in the order that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from mockserver.pointer import tokens
from mockserver.schemas import properties
from mockserver.store import Key
from specs.conventions.sorting import Sorting

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Resource

__all__ = ["FAULTS", "steps"]

Asked = list[tuple[str, str]]
"""Keys in order, each with `asc`, `desc` or another word that is neither."""

_KEYS_READ = 8


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Reads the keys of a list and adds them to what it wants."""
    if served.effect != "list" or served.resource is None:
        return {}
    parameters: Sorting = group.parameters
    known, told = _members(api, served.resource, parameters), tokens(parameters.told_at or "")

    def order(call: Call) -> Answer:
        source: Any = call.inputs if parameters.place == "body" else call.query
        text = source.get(parameters.parameter)
        if text is None or text == "":
            return None
        if not isinstance(text, str):
            return Refusal("invalid_parameter", {"name": parameters.parameter, "param": parameters.parameter, "value": text})
        asked = _asked(parameters, text, source)
        for name, direction in asked:
            refusal = _refusal(parameters, known, name, direction)
            if refusal is not None:
                return refusal
            if name in known:
                call.wanted.order.append(Key(name, direction == "desc", parameters.nulls == "first"))
        if told and call.wanted.order:
            first = call.wanted.order[0]
            call.extras.append((told, {"by": first.member, "order": "desc" if first.descending else "asc"}))
        return None

    return {Stage.VALIDATION: order}


def _members(api: Api, resource: Resource, parameters: Sorting) -> frozenset[str]:
    listed = parameters.members.get(resource.name)
    names = listed if listed is not None else [resource.key, *properties(resource.schema)]
    return frozenset(name for name in (*names, *parameters.also.get(resource.name, ())) if api.member_schema(resource, name) is not None)


def _asked(parameters: Sorting, text: str, source: Any) -> Asked:
    readers: dict[str, Callable[[str], Asked]] = {"dash": _dash, "comma": _comma, "any": _any, "order_string": _order_string}
    if parameters.style != "two_parameters":
        return readers[parameters.style](text)[:_KEYS_READ]
    direction = source.get(parameters.direction or "order", "asc")
    return [(text, direction.lower() if isinstance(direction, str) else "")]


def _refusal(parameters: Sorting, known: frozenset[str], name: str, direction: str) -> Refusal | None:
    if direction not in ("asc", "desc"):
        where = parameters.direction or parameters.parameter
        return Refusal("unsupported_sort", {"name": direction or where, "param": where})
    if name not in known and parameters.unknown == "refuse":
        return Refusal("unsupported_sort", {"name": name, "param": parameters.parameter})
    return None


def _dash(text: str) -> Asked:
    parts = [part.strip() for part in text.split(",")]
    return [(part.removeprefix("-"), "desc" if part.startswith("-") else "asc") for part in parts]


def _comma(text: str) -> Asked:
    found: Asked = []
    for part in text.split(","):
        word = part.strip()
        if word.lower() in ("asc", "desc") and found:
            found[-1] = (found[-1][0], word.lower())
        else:
            found.append((word, "asc"))
    return found


def _any(text: str) -> Asked:
    return [(name.removeprefix("-"), "desc" if name.startswith("-") else direction) for name, direction in _comma(text)]


def _order_string(text: str) -> Asked:
    found: Asked = []
    for part in text.split(","):
        name, *words = part.split() or [""]
        found.append((name, words[0].lower() if len(words) == 1 else "asc" if not words else " ".join(words)))
    return found


FAULTS: dict[str, dict[str, Fault]] = {}  # faults author 2 writes these now; leave them
