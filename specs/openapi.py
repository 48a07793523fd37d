"""Checks that a file has the structure of OpenAPI 3.0 or 3.1, as far as Proctor reads it, and finds the schemas and references in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from specs.errors import nearest
from specs.references import Files, Node
from specs.schemas import Schemas

__all__ = ["METHODS", "Structure", "check"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_STATUS = re.compile(r"[1-5][0-9][0-9]|[1-5]XX|default")
_PLACES = ("path", "query", "header", "cookie")

Form = Literal["one", "map", "list"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """One object of OpenAPI: its members that are objects themselves, those that are plain values, and those that must be there."""

    called: str
    objects: Mapping[str, tuple[Form, str]] = field(default_factory=dict)
    values: Mapping[str, type | tuple[type, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()


_CONTENT: dict[str, tuple[Form, str]] = {"schema": ("one", "schema"), "examples": ("map", "example"), "content": ("map", "media")}

_KINDS: dict[str, _Kind] = {
    "document": _Kind(
        "the document",
        {"info": ("one", "info"), "servers": ("list", "server"), "paths": ("map", "path item"), "webhooks": ("map", "path item"),
         "components": ("one", "components")},
        required=("info",),
    ),
    "info": _Kind("info", values={"title": (str, int, float), "version": (str, int, float)}),
    "server": _Kind("a server", {"variables": ("map", "variable")}, {"url": str}, ("url",)),
    "variable": _Kind("a server's variable", values={"default": (str, int, float)}),
    "components": _Kind(
        "components",
        {"schemas": ("map", "schema"), "responses": ("map", "response"), "parameters": ("map", "parameter"), "examples": ("map", "example"),
         "requestBodies": ("map", "request body"), "headers": ("map", "header"), "callbacks": ("map", "callback"), "pathItems": ("map", "path item"),
         "securitySchemes": ("map", "security scheme"), "links": ("map", "link")},
    ),
    "path item": _Kind("a path item", {"parameters": ("list", "parameter"), **dict.fromkeys(METHODS, ("one", "operation"))}),
    "operation": _Kind(
        "an operation",
        {"parameters": ("list", "parameter"), "requestBody": ("one", "request body"), "responses": ("map", "response"), "callbacks": ("map", "callback")},
        {"operationId": str, "summary": str, "description": str, "deprecated": bool, "tags": list},
    ),
    "parameter": _Kind("a parameter", {**_CONTENT}, {"name": str, "in": str, "required": bool, "style": str, "explode": bool}, ("name", "in")),
    "request body": _Kind("a request body", {"content": ("map", "media")}, {"required": bool}, ("content",)),
    "response": _Kind("a response", {"headers": ("map", "header"), "content": ("map", "media"), "links": ("map", "link")}, {"description": str}),
    "header": _Kind("a header", {**_CONTENT}, {"required": bool}),
    "media": _Kind("a media type", {"schema": ("one", "schema"), "examples": ("map", "example"), "encoding": ("map", "encoding")}),
    "encoding": _Kind("an encoding", {"headers": ("map", "header")}),
    "example": _Kind("an example", values={"summary": str}),
    "callback": _Kind("a callback"),
    "security scheme": _Kind("a security scheme", values={"type": str}),
    "link": _Kind("a link"),
}  # fmt: skip


@dataclass(slots=True)
class Structure:
    """What `check` found: the operations' places and the schemas, settled."""

    operations: list[tuple[str, str, Node, Node]]
    """Path, method, the path item and the operation."""
    schemas: Schemas


def check(files: Files, *, dialect: str) -> Structure:
    """Check the structure of a spec's own file and of what it refers to; problems go to the files' problems.

    The schemas are added and not yet settled: the extension may bring more.
    """
    return _Check(files, dialect).run()


class _Check:
    def __init__(self, files: Files, dialect: str) -> None:
        self.files = files
        self.schemas = Schemas(files, dialect=dialect)
        self.found: list[tuple[str, str, Node, Node]] = []
        self.waiting: list[tuple[str, Node]] = []
        self.seen: set[tuple[str, Any]] = set()

    def run(self) -> Structure:
        root = self.files.root
        self._object("document", Node(root, (), root.value))
        while self.waiting:  # what references name waits its turn here, so that a long chain of them is no deep recursion
            self._object(*self.waiting.pop())
        self._paths(Node(root, (), root.value))
        return Structure(self.found, self.schemas)

    def _object(self, name: str, node: Node) -> None:
        if name == "schema":
            self.schemas.add(node)
            return
        if not isinstance(node.value, dict):
            self._problem(node, f"{_KINDS[name].called} is {_called(node.value)}", "a mapping")
            return
        if "$ref" in node.value:
            self._referred(name, node)
            if name != "path item":
                return
        if name == "callback":
            for key, inner in node.members():
                if not key.startswith("x-"):
                    self._object("path item", inner)
            return
        self._members(_KINDS[name], node)
        if name == "parameter":
            self._parameter(node)

    def _referred(self, name: str, node: Node) -> None:
        target = self.files.follow(node)
        if target is not None and (name, target.key) not in self.seen:
            self.seen.add((name, target.key))
            self.waiting.append((name, target))

    def _members(self, kind: _Kind, node: Node) -> None:
        value = node.value
        for name in kind.required:
            if name not in value and "$ref" not in value:
                self._problem(node, f"{kind.called} has no {name}", f"a member {name!r}", nearest(name, value))
        for name, written in value.items():
            if name in kind.objects:
                self._inner(node.child(name), *kind.objects[name])
            elif name in kind.values and not _is(written, kind.values[name]):
                self._problem(node.child(name), f"{name} is {_called(written)}", _expected(kind.values[name]))

    def _inner(self, node: Node, form: Form, name: str) -> None:
        if form == "one":
            self._object(name, node)
        elif form == "map":
            if not isinstance(node.value, dict):
                self._problem(node, f"{node.pointer[-1]} is {_called(node.value)}", f"{_KINDS[name].called if name in _KINDS else 'a schema'} by name")
            for key, inner in node.members():
                if not key.startswith("x-") or name not in ("path item", "response"):
                    self._object(name, inner)
        else:
            if not isinstance(node.value, list):
                self._problem(node, f"{node.pointer[-1]} is {_called(node.value)}", "a list")
            for inner in node.elements():
                self._object(name, inner)

    def _parameter(self, node: Node) -> None:
        place = node.value.get("in")
        if isinstance(place, str) and place not in _PLACES:
            self._problem(node.child("in"), f"a parameter in {place[:40]!r}", f"one of {', '.join(_PLACES)}", nearest(place, _PLACES))

    # Paths: what only they have.

    def _paths(self, root: Node) -> None:
        if not isinstance(root.value, dict):
            return
        if "paths" not in root.value and not {"components", "webhooks"} & set(root.value):
            self._problem(root, "there are no paths", "a member 'paths'", nearest("paths", root.value))
        shapes: dict[str, str] = {}
        ids: dict[str, Node] = {}
        for path, item in root.child("paths").members() if "paths" in root.value else ():
            if path.startswith("x-"):
                continue
            self._path(path, item, shapes)
            followed = self.files.follow(item) if isinstance(item.value, dict) else None
            for method in METHODS:
                operation = _own(item, method) or (_own(followed, method) if followed else None)
                if operation is not None:
                    self._operation(path, method, followed if followed and "$ref" in item.value else item, operation, ids)

    def _path(self, path: str, item: Node, shapes: dict[str, str]) -> None:
        if not path.startswith("/"):
            self.files.problems.append(item.problem(f"the path {path[:120]!r}", "a path that begins with /", "put a / before it", of_key=True))
        names = re.findall(r"\{([^{}]*)\}", path)
        if len(names) != len(set(names)) or "" in names or re.sub(r"\{[^{}]*\}", "", path).strip("{}") != re.sub(r"\{[^{}]*\}", "", path):
            self.files.problems.append(item.problem(f"the path {path[:120]!r} has unclear braces", "each parameter once, as in /clients/{id}", of_key=True))
        shape = re.sub(r"\{[^{}]*\}", "{}", path)
        if shape in shapes:
            said = f"the path {path[:120]!r} is the same as {shapes[shape][:120]!r}"
            self.files.problems.append(item.problem(said, "each path once", "put the operations of both under one", of_key=True))
        shapes.setdefault(shape, path)

    def _operation(self, path: str, method: str, item: Node, operation: Node, ids: dict[str, Node]) -> None:
        if not isinstance(operation.value, dict):
            return
        self.found.append((path, method, item, operation))
        written = operation.value.get("operationId")
        if isinstance(written, str):
            if written in ids:
                line = ids[written].tree.place((*ids[written].pointer, "operationId"))[0]
                self._problem(operation.child("operationId"), f"the operationId {written[:80]!r} stands twice", "each once", f"the first is on line {line}")
            ids.setdefault(written, operation)
        responses = operation.value.get("responses")
        for status in responses if isinstance(responses, dict) else ():
            if not _STATUS.fullmatch(status) and not status.startswith("x-"):
                place = operation.child("responses", status)
                self.files.problems.append(place.problem(f"a response for {status[:40]!r}", "a status such as 200, 4XX or default", of_key=True))

    def _problem(self, node: Node, message: str, expected: str, hint: str = "") -> None:
        self.files.problems.append(node.problem(message, expected, hint))


def _own(item: Node | None, method: str) -> Node | None:
    return item.child(method) if item is not None and isinstance(item.value, dict) and method in item.value else None


def _is(value: Any, expected: type | tuple[type, ...]) -> bool:
    allowed = expected if isinstance(expected, tuple) else (expected,)
    return isinstance(value, allowed) and (not isinstance(value, bool) or bool in allowed)


def _expected(expected: type | tuple[type, ...]) -> str:
    first = expected[0] if isinstance(expected, tuple) else expected
    return {str: "text", bool: "true or false", list: "a list"}[first]


def _called(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "empty" if value is None else repr(value)[:80]
