"""What a plain OpenAPI file's paths mean by REST habit: resources, and the effect of each operation on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specs.model import Effect, Operation, Parent, Resource

__all__ = ["member_schema", "resources", "singular"]

_PARAMETER = re.compile(r"\{([^{}]+)\}")
_ON_COLLECTION = {"GET": "list", "POST": "create"}
_ON_ITEM = {"GET": "read", "PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_ON_SINGLETON = {"GET": "singleton", "PUT": "replace", "PATCH": "update"}


def singular(name: str) -> str:
    """The name of one thing from the name of several: less its s, with y for ies."""
    if name.endswith("ies") and len(name) > 4:
        return name[:-3] + "y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 1 else name


def member_schema(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The schema of a member, looked up in `properties` and through `allOf`; `{}` where nothing is said of it."""
    properties = schema.get("properties")
    if isinstance(properties, dict) and isinstance(properties.get(name), dict):
        found: Mapping[str, Any] = properties[name]
        return found
    for part in schema.get("allOf") or ():
        if isinstance(part, dict) and (found := member_schema(part, name)):
            return found
    return {}


@dataclass(slots=True)
class _Found:
    """A resource while its operations are gathered."""

    name: str
    parameter: str = ""
    operations: dict[Effect, list[Operation]] = field(default_factory=dict)
    parents: dict[str, Parent] = field(default_factory=dict)

    def add(self, effect: Effect, operation: Operation) -> None:
        """Add an operation; the one with the shortest path comes first."""
        found = self.operations.setdefault(effect, [])
        found.append(operation)
        found.sort(key=lambda one: one.path.count("{"))


def resources(operations: Mapping[str, Operation]) -> dict[str, Resource]:
    """The resources of some operations by REST habit.

    A path that ends in a parameter is an item of the collection above it: GET reads, PUT replaces, PATCH updates, DELETE deletes; on the
    collection GET lists and POST creates. A path without items that gives no list is a singleton. Other operations have no effect.
    """
    collections = {_way(_collection(operation.path)) for operation in operations.values() if _is_item(operation.path)}
    collections |= {_way(_bare(operation.path)) for operation in operations.values() if _gives_list(operation)}
    found: dict[tuple[str, ...], _Found] = {}
    for operation in operations.values():
        effect, collection = _effect(operation, collections)
        if effect is None:
            continue
        way = _way(collection)
        if way not in found:
            found[way] = _Found(_name(way, found))
        found[way].add(effect, operation)
        if _is_item(operation.path):
            found[way].parameter = _PARAMETER.findall(operation.path)[-1]
    for way, one in found.items():
        _add_parents(way, one, found)
    return {one.name: _resource(one) for one in found.values()}


def _effect(operation: Operation, collections: set[tuple[str, ...]]) -> tuple[Effect | None, str]:
    if _is_item(operation.path):
        return _ON_ITEM.get(operation.method), _collection(operation.path)
    path = _bare(operation.path)
    if not path.strip("/"):
        return None, path
    if _way(path) in collections:
        return _ON_COLLECTION.get(operation.method), path
    if operation.method == "POST":
        return None, path
    return _ON_SINGLETON.get(operation.method), path


def _bare(path: str) -> str:
    return re.sub(r"\.(json|xml)$", "", path).rstrip("/")


def _is_item(path: str) -> bool:
    return (
        _bare(path).endswith("}")
        and _bare(path).rsplit("/", 1)[-1].startswith("{")
        and _collection(path).strip("/") != ""
        and not _collection(path).endswith("}")
    )


def _collection(path: str) -> str:
    return _bare(path).rsplit("/", 1)[0]


def _way(collection: str) -> tuple[str, ...]:
    """What tells a collection from another: its literal segments, less those of the records it lies under."""
    segments = [segment for segment in collection.split("/") if segment]
    kept: list[str] = []
    for index, segment in enumerate(segments):
        below_record = index + 1 < len(segments) and segments[index + 1].startswith("{")
        if not segment.startswith("{") and not below_record:
            kept.append(segment)
    return tuple(kept)


def _name(way: tuple[str, ...], found: Mapping[tuple[str, ...], _Found]) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]", "_", way[-1]).lstrip("_-") if way else ""
    taken = {one.name for one in found.values()}
    if name and name not in taken:
        return name
    name = wanted = re.sub(r"[^A-Za-z0-9_-]", "_", "_".join(way)).lstrip("_-") or "resource"
    number = 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    return name


def _add_parents(way: tuple[str, ...], one: _Found, found: Mapping[tuple[str, ...], _Found]) -> None:
    for operations in one.operations.values():
        for operation in operations:
            collection = _collection(operation.path) if _is_item(operation.path) else _bare(operation.path)
            for upper, parameter in re.findall(r"((?:/[^/]+)*?/[^/{}]+)/\{([^{}]+)\}(?=/)", collection + "/"):
                parent = found.get(_way(upper))
                if parent is not None and _way(upper) != way:
                    one.parents.setdefault(parent.name, Parent(parent.name, parameter, (parameter,)))


def _gives_list(operation: Operation) -> bool:
    return operation.method == "GET" and not _is_item(operation.path) and _items(_answer(operation)) is not None


def _answer(operation: Operation) -> Mapping[str, Any]:
    for status, response in operation.responses.items():
        if status.startswith("2") and response.media:
            return response.media[0].schema
    return {}


def _items(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of a list's elements: of the array itself, or of the one array of objects in an object."""
    if _is_type(schema, "array"):
        items = schema.get("items")
        return items if isinstance(items, dict) else {}
    arrays = [inner for inner in (schema.get("properties") or {}).values() if isinstance(inner, dict) and _is_type(inner, "array")]
    records = [inner["items"] for inner in arrays if isinstance(inner.get("items"), dict) and "properties" in inner["items"]]
    return records[0] if len(arrays) == 1 and records and len(schema.get("properties", {})) <= 4 and "id" not in schema["properties"] else None


def _is_type(schema: Mapping[str, Any], name: str) -> bool:
    written = schema.get("type")
    return written == name or (isinstance(written, list) and name in written)


def _record_schema(one: _Found) -> Mapping[str, Any]:
    for effect in ("read", "singleton", "create", "update", "replace"):
        for operation in one.operations.get(effect, ()):
            schema = _answer(operation)
            if schema and not _is_type(schema, "array"):
                return schema
    for operation in one.operations.get("list", ()):
        if items := _items(_answer(operation)):
            return items
    for effect in ("create", "replace", "update"):
        for operation in one.operations.get(effect, ()):
            if operation.body is not None and operation.body.media:
                return operation.body.media[0].schema
    return {}


def _resource(one: _Found) -> Resource:
    schema = _record_schema(one)
    key = next((name for name in (one.parameter, "id", "uuid") if name and member_schema(schema, name)), "id")
    return Resource(
        name=one.name,
        singular=singular(one.name),
        plural=one.name,
        type=one.name,
        names="documented",
        schema=schema,
        key=key,
        key_schema=member_schema(schema, key),
        key_parameter=key,
        operations={effect: tuple(operation.id for operation in found) for effect, found in one.operations.items()},
        parents=tuple(one.parents.values()),
        create={},
    )
