"""What makes a JSON document a JSON:API document: the rules of jsonapi.org, versions 1.0 and 1.1, for documents that a server sends.

Where the versions differ, both pass. Members whose names hold a colon or begin with `@` belong to extensions and pass. An error's
status as a number, which the specification wants as text, is a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

__all__ = ["judged", "linkage", "linked", "problems", "relationships"]

TOP = frozenset({"data", "errors", "meta", "jsonapi", "links", "included"})
RESOURCE = frozenset({"type", "id", "lid", "attributes", "relationships", "links", "meta"})
IDENTIFIER = frozenset({"type", "id", "lid", "meta"})
RELATIONSHIP = frozenset({"links", "data", "meta"})
ERROR = frozenset({"id", "links", "status", "code", "title", "detail", "source", "meta"})
NAME = re.compile(r"[a-zA-Z0-9\u0080-\U0010ffff]([-a-zA-Z0-9_ \u0080-\U0010ffff]*[a-zA-Z0-9\u0080-\U0010ffff])?")

Identity = tuple[str, str]


def judged(document: Any, *, success: bool) -> tuple[str | None, str]:
    """The first thing that makes a body no JSON:API document (None: it is one), and a remark (or an empty text)."""
    problem = next(problems(document), None)
    if problem is None and success and "errors" in document:
        problem = "errors beside a status of success"
    return problem, _remark(document) if problem is None else ""


def _remark(document: Mapping[str, Any]) -> str:
    errors = document.get("errors")
    numbers = any(isinstance(error.get("status"), int) for error in errors) if isinstance(errors, list) else False
    return "an error's status is a number; JSON:API wants text" if numbers else ""


def problems(document: Any) -> Iterator[str]:
    """Everything that makes a body no JSON:API document, each with its place."""
    if not isinstance(document, Mapping):
        yield f"{_kind(document)} at the root instead of an object"
        return
    yield from _additional(document, TOP, "the root")
    if not {"data", "errors", "meta"} & set(document) and not any(":" in name for name in document):
        yield "none of data, errors and meta at the root"
    if "data" in document and "errors" in document:
        yield "data and errors at once"
    if "included" in document and "data" not in document:
        yield "included without data"
    yield from _objects(document, ("meta", "jsonapi"), "")
    yield from _links(document.get("links", {}), "/links")
    if "data" in document:
        yield from _primary(document["data"])
    if "errors" in document:
        yield from _errors(document["errors"])
    if "included" in document:
        yield from _included(document)


def _additional(value: Mapping[str, Any], allowed: frozenset[str], place: str) -> Iterator[str]:
    for name in value:
        if name not in allowed and ":" not in name and not name.startswith("@"):
            yield f"an unknown member {name!r} at {place}"


def _objects(value: Mapping[str, Any], names: tuple[str, ...], place: str) -> Iterator[str]:
    for name in names:
        if name in value and not isinstance(value[name], Mapping):
            yield f"{_kind(value[name])} at {place}/{name} instead of an object"


def _kind(value: Any) -> str:
    names = {str: "a string", bool: "a boolean", int: "a number", float: "a number", list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def _links(links: Any, place: str) -> Iterator[str]:
    if not isinstance(links, Mapping):
        yield f"{_kind(links)} at {place} instead of an object"
        return
    for name, link in links.items():
        fine = link is None or isinstance(link, str) or (isinstance(link, Mapping) and isinstance(link.get("href"), str))
        if not fine and not (name == "describedby" and isinstance(link, list)):
            yield f"{_kind(link)} at {place}/{name} instead of a link"


# Data


def _primary(data: Any) -> Iterator[str]:
    for resource, place in _placed(data, "/data"):
        yield from _resource(resource, place)


def _placed(data: Any, place: str) -> list[tuple[Any, str]]:
    """What a `data` member holds, each with its place: one thing, an array of things, or (null) nothing."""
    if isinstance(data, list):
        return [(one, f"{place}/{index}") for index, one in enumerate(data)]
    return [] if data is None else [(data, place)]


def _resource(resource: Any, place: str) -> Iterator[str]:
    if not isinstance(resource, Mapping):
        yield f"{_kind(resource)} at {place} instead of a resource object"
        return
    yield from _identity(resource, place)
    yield from _additional(resource, RESOURCE, place)
    yield from _objects(resource, ("attributes", "relationships", "meta"), place)
    yield from _links(resource.get("links", {}), f"{place}/links")
    yield from _fields(resource, place)
    related = resource.get("relationships")
    for name, relationship in related.items() if isinstance(related, Mapping) else ():
        yield from _relationship(relationship, f"{place}/relationships/{name}")


def _identity(value: Mapping[str, Any], place: str) -> Iterator[str]:
    for name in ("type", "id"):
        if name not in value:
            yield f"no {name} at {place}"
        elif not isinstance(value[name], str):
            yield f"{_kind(value[name])} at {place}/{name} instead of a string"


def _fields(resource: Mapping[str, Any], place: str) -> Iterator[str]:
    """Attributes and relationships share one set of names, none of them `type` or `id`."""
    attributes, related = (resource.get(name) for name in ("attributes", "relationships"))
    own = set(attributes) if isinstance(attributes, Mapping) else set()
    others = set(related) if isinstance(related, Mapping) else set()
    for name in sorted(own & others):
        yield f"{name!r} is an attribute and a relationship of {place}"
    for name in sorted((own | others) & {"type", "id"}):
        yield f"a field of {place} is called {name!r}"
    for name in sorted(own | others):
        if not NAME.fullmatch(name) and ":" not in name and not name.startswith("@"):
            yield f"{name!r} at {place} is no name of a member"


def _relationship(relationship: Any, place: str) -> Iterator[str]:
    if not isinstance(relationship, Mapping):
        yield f"{_kind(relationship)} at {place} instead of an object"
        return
    if not RELATIONSHIP & set(relationship) and not any(":" in name for name in relationship):
        yield f"none of links, data and meta at {place}"
    yield from _additional(relationship, RELATIONSHIP, place)
    yield from _objects(relationship, ("meta",), place)
    yield from _links(relationship.get("links", {}), f"{place}/links")
    for one, at in _placed(relationship.get("data"), f"{place}/data"):
        yield from _identifier(one, at)


def _identifier(value: Any, place: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{_kind(value)} at {place} instead of a resource identifier"
        return
    yield from _identity(value, place)
    yield from _additional(value, IDENTIFIER, place)


# Errors


def _errors(errors: Any) -> Iterator[str]:
    if not isinstance(errors, list):
        yield f"{_kind(errors)} at /errors instead of an array"
        return
    for index, error in enumerate(errors):
        yield from _error(error, f"/errors/{index}")


def _error(error: Any, place: str) -> Iterator[str]:
    if not isinstance(error, Mapping):
        yield f"{_kind(error)} at {place} instead of an error object"
        return
    if not error:
        yield f"an error without members at {place}"
    yield from _additional(error, ERROR, place)
    yield from _objects(error, ("source", "meta"), place)
    yield from _links(error.get("links", {}), f"{place}/links")
    for name in ("id", "code", "title", "detail"):
        if name in error and not isinstance(error[name], str):
            yield f"{_kind(error[name])} at {place}/{name} instead of a string"
    status = error.get("status", "")
    if not isinstance(status, str) and (isinstance(status, bool) or not isinstance(status, int)):
        yield f"{_kind(status)} at {place}/status instead of the status as text"


# Included


def _included(document: Mapping[str, Any]) -> Iterator[str]:
    included = document["included"]
    if not isinstance(included, list):
        yield f"{_kind(included)} at /included instead of an array"
        return
    broken = False
    for index, resource in enumerate(included):
        for problem in _resource(resource, f"/included/{index}"):
            broken = True
            yield problem
    if not broken:
        yield from _whole(document, included)


def _whole(document: Mapping[str, Any], included: list[Any]) -> Iterator[str]:
    """Every included resource is there once, and linked to from the primary data, directly or by others."""
    primary = [resource for resource in _resources(document) if _identified(resource)]
    known = {_of(resource): resource for resource in included}
    seen: set[Identity] = {_of(resource) for resource in primary if "attributes" in resource or "relationships" in resource}
    for resource in included:
        if _of(resource) in seen:
            yield f"{' '.join(_of(resource))} is there more than once"
        seen.add(_of(resource))
    reached: set[Identity] = set()
    left = [identity for resource in primary for identity in _links_of(resource)] + [_of(resource) for resource in primary]
    while left:
        identity = left.pop()
        if identity not in reached:
            reached.add(identity)
            left += _links_of(known[identity]) if identity in known else []
    for identity in known:
        if identity not in reached:
            yield f"{' '.join(identity)} is included, and nothing links to it"


def _resources(document: Any) -> list[Mapping[str, Any]]:
    """The primary resources of a document."""
    data = document.get("data") if isinstance(document, Mapping) else None
    return [resource for resource in (data if isinstance(data, list) else [data]) if isinstance(resource, Mapping)]


def _identified(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and isinstance(value.get("type"), str) and isinstance(value.get("id"), str)


def _of(value: Mapping[str, Any]) -> Identity:
    return value["type"], value["id"]


def _links_of(resource: Mapping[str, Any], name: str | None = None) -> list[Identity]:
    """The identities that a resource's relationships (or one of them) link to."""
    related = resource.get("relationships")
    found: list[Identity] = []
    for known, relationship in related.items() if isinstance(related, Mapping) else ():
        data = relationship.get("data") if isinstance(relationship, Mapping) and name in (None, known) else None
        found += [_of(one) for one in (data if isinstance(data, list) else [data]) if _identified(one)]
    return found


def relationships(document: Any) -> list[str]:
    """The names of the relationships that a document's resources show: first those that link to something."""
    names: dict[str, bool] = {}
    for resource in _resources(document):
        related = resource.get("relationships")
        for name in related if isinstance(related, Mapping) else ():
            names[name] = names.get(name, False) or bool(_links_of(resource, name))
    return sorted(names, key=lambda name: not names[name])


def linked(document: Any, name: str) -> set[Identity]:
    """What the primary resources of a document link to by a relationship."""
    return {identity for resource in _resources(document) for identity in _links_of(resource, name)}


def linkage(document: Any, name: str, before: Any) -> str | None:
    """Why a document that was asked to include a relationship lacks full linkage, or None; `before` is the same without asking."""
    problem = next(problems(document), None)
    if problem is not None:
        return problem
    included = document.get("included")
    there = {_of(resource) for resource in included} if isinstance(included, list) else set()
    there |= {_of(resource) for resource in _resources(document)}
    missing = linked(document, name) - there
    if missing:
        return f"{' '.join(min(missing))} is linked to and not included"
    ids = {_of(resource) for resource in _resources(document)}
    same = [resource for resource in _resources(before) if _identified(resource) and _of(resource) in ids]
    lost = {identity for resource in same for identity in _links_of(resource, name)} - there
    return f"{' '.join(min(lost))} was linked to before, and is not included" if lost else None
