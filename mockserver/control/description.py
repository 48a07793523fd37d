"""The control plane's own OpenAPI document: its routes, and the calls held against it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from mockserver.control.asked import ControlError
from mockserver.reading import pairs
from mockserver.router import Router
from mockserver.schemas import Validator

if TYPE_CHECKING:
    from mockserver.engine import Engine

__all__ = ["Described", "described", "document", "router"]

_INTEGER = re.compile(r"-?[0-9]{1,100}", re.ASCII)
_SHOWN = 300
"""How much is told of what a schema says is wrong: it repeats what it was given."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    integer: bool
    moment: bool
    validator: Validator

    def read(self, text: str | None, place: str) -> Any:
        """The value of its text, of the type that the schema wants."""
        status = 404 if place == "path" else 400
        if text is None:
            raise ControlError(status, f"The {place} parameter {self.name} can't be read: undone, its percent-encoding is no UTF-8.")
        value: Any = int(text) if self.integer and _INTEGER.fullmatch(text) else text
        if self.moment:
            value = text.replace(" ", "+")  # what a plus becomes that nobody encoded
        problem = self.validator.problem(value)
        if problem is not None:
            raise ControlError(status, f"The {place} parameter {self.name} {text[:80]!r} can't be read: {_short(problem.message)}.")
        return value


def _short(message: str) -> str:
    """A message whose middle is left out where it is long: its end says what was expected."""
    return message if len(message) <= _SHOWN else f"{message[: _SHOWN // 2]} … {message[-_SHOWN // 2 :]}"


@dataclass(frozen=True, slots=True)
class Described:
    """One operation of the control plane, ready to hold a call against."""

    id: str
    path: Mapping[str, _Parameter]
    query: Mapping[str, _Parameter]
    body: Validator | None
    required: bool

    def path_of(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The path's parameters, typed; raises `ControlError`."""
        return {name: self.path[name].read(value, "path") for name, value in values.items()}

    def query_of(self, text: str) -> dict[str, Any]:
        """The query's parameters, typed; raises `ControlError` for one that is unknown, twice or can't be read."""
        found: dict[str, Any] = {}
        for name, value in pairs(text):
            parameter = self.query.get(name)
            if parameter is None:
                there = f"it takes {', '.join(self.query)}" if self.query else "it takes none"
                raise ControlError(400, f"This operation has no query parameter {name[:80]!r}; {there}.")
            if name in found:
                raise ControlError(400, f"The query parameter {name} is there more than once.")
            found[name] = parameter.read(value, "query")
        return found

    def body_of(self, body: bytes) -> Any:
        """The body's JSON, or None where there is none; raises `ControlError`."""
        if self.body is None:
            return None
        if not body.strip():
            if self.required:
                raise ControlError(400, "This operation needs a body of JSON, and there is none.")
            return None
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ControlError(400, f"The body is not JSON: {error}.") from None
        problem = self.body.problem(value)
        if problem is not None:
            place = f" at /{'/'.join(problem.path)}" if problem.path else ""
            raise ControlError(422, f"The body is not as it should be{place}: {_short(problem.message)}.")
        return value


@cache
def _written() -> dict[str, Any]:
    text = Path(__file__).with_name("openapi.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def document(engine: Engine) -> dict[str, Any]:
    """The OpenAPI document, with the names of the APIs, resources and operations that the engine serves."""
    found = copy.deepcopy(_written())
    schemas = found["components"]["schemas"]
    schemas["ApiName"]["enum"] = list(engine.apis)
    resources = sorted({name for api in engine.apis.values() for name in api.spec.resources})
    operations = [operation for api in engine.apis.values() for operation in api.spec.operations]
    for name, there in (("ResourceName", resources), ("OperationName", sorted(set(operations)))):
        if there:
            schemas[name]["enum"] = there
    return found


def described() -> Iterator[tuple[str, str, Described]]:
    """Every operation with its method and path."""
    for path, item in _written()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                yield method.upper(), path, _described(operation, [_resolved(parameter) for parameter in parameters])


def _described(operation: Mapping[str, Any], parameters: list[Any]) -> Described:
    body = operation.get("requestBody", {})
    validator = Validator(_resolved(body["content"]["application/json"]["schema"])) if body else None
    places = {place: {one["name"]: _parameter(one) for one in parameters if one["in"] == place} for place in ("path", "query")}
    return Described(operation["operationId"], places["path"], places["query"], validator, body.get("required", False))


def _parameter(written: Mapping[str, Any]) -> _Parameter:
    schema = written["schema"]
    return _Parameter(written["name"], schema.get("type") == "integer", schema.get("format") == "date-time", Validator(schema))


def _resolved(value: Any) -> Any:
    """The same with what it refers to in the place of each reference; the document has no circles."""
    if isinstance(value, Mapping):
        if "$ref" not in value:
            return {name: _resolved(part) for name, part in value.items()}
        found: Any = _written()
        for part in value["$ref"].split("/")[1:]:
            found = found[part]
        return _resolved(found)
    return [_resolved(part) for part in value] if isinstance(value, list) else value


@cache
def router() -> Router[Described]:
    """The routes of the control plane."""
    found: Router[Described] = Router()
    for method, path, operation in described():
        found.add(path, method, operation)
    return found
