"""The structure of bodies in words, and whether lists share one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.exam import Exam
from conformance.exchange import Response, Unreadable
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from specs.model import Resource

__all__ = ["compared", "kind", "outline", "structure"]


def outline(document: Any) -> str:
    """The kind of a body's root, and what stands in it, in a few words."""
    if not isinstance(document, Mapping):
        return kind(document)
    members = ", ".join(f"{name} ({kind(value)})" for name, value in list(document.items())[:6])
    return f"an object with {members or 'no members'}"


def kind(value: Any) -> str:
    """The kind of a value, in words."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), "nothing")


def structure(exam: Exam, resource: Resource, response: Response | None) -> tuple[str, str, frozenset[str]] | str:
    """The kind of a list's root, the place of its array and its other members; a reason where they can't be told."""
    if response is None or not exam.read.succeeded(response):
        return f"answered with {response.status if response else 'nothing'}"
    try:
        document = response.json()
    except Unreadable as problem:
        return str(problem)
    if not isinstance(document, Mapping):
        return (kind(document), "", frozenset())
    places = _places(document)
    if not places and not _shows_a_record(document, resource):
        return "neither an array nor a record, as an empty list may be wrapped"
    if not places:
        return ("an object without any array", "", frozenset(document))
    usual = exam.read.items_pointer(resource)
    place = usual if usual in places else next(iter(places), None) if len(places) == 1 else None
    if place is None:
        return f"{len(places)} arrays, so that it is not clear which one is meant"
    own = [name.replace("_", "").lower() for name in (resource.plural, resource.singular, resource.name, resource.type)]
    named = "/".join("{plural}" if any(name in token.replace("_", "").lower() for name in own) else token for token in place.split("/"))
    return ("an object", named, frozenset(document))


def _shows_a_record(document: Mapping[str, Any], resource: Resource, depth: int = 0) -> bool:
    """Whether some object within a body looks like a record."""
    inner = [value for value in document.values() if isinstance(value, Mapping)]
    return any(resource.key in value or (depth < 2 and _shows_a_record(value, resource, depth + 1)) for value in inner)


def _places(document: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, list[Any]]:
    """Where the arrays of records (or of nothing) of a body stand."""
    found: dict[str, list[Any]] = {}
    for name, value in document.items():
        if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
            found[f"{before}/{name}"] = value
        elif isinstance(value, Mapping) and depth < 2:
            found.update(_places(value, f"{before}/{name}", depth + 1))
    filled = {place: value for place, value in found.items() if value}
    return filled if len(filled) == 1 else found


def compared(seen: dict[str, tuple[str, str, frozenset[str]]], notes: list[str]) -> Verdict:
    """The verdict on the structures of lists, by operation; `notes` say which could not be told."""
    if len(seen) < 2:
        return Inconclusive("; ".join(["fewer than two lists could be compared", *notes]), "two or more resources with lists in the target")
    (first, (kind, place, members)), *others = seen.items()
    for name, (other_kind, other_place, other_members) in others:
        if (kind, place) != (other_kind, other_place):
            expected = f"the structure of {first}: {kind}, its array at {place or 'the root'}"
            return Failed(expected, f"{other_kind}, its array at {other_place or 'the root'}", operation=name)
        if members != other_members:
            notes.append(f"{first} and {name} differ in {', '.join(sorted(members ^ other_members))}")
    return Passed(f"{len(seen)} lists: {kind}, the array at {place or 'the root'}", tuple(notes))
