"""Makes the model's operations from a checked OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, cast
from urllib.parse import unquote, urlsplit

from specs.model import Body, Media, Operation, Parameter, Response
from specs.openapi import Structure
from specs.references import Files, Node
from specs.schemas import Schemas

__all__ = ["base_path", "operation_ids", "operations"]


def operation_ids(structure: Structure) -> list[str]:
    """The id of each operation found, in order: its operationId, or one made of method and path."""
    taken = {str(node.value.get("operationId")) for _, _, _, node in structure.operations}
    made: list[str] = []
    for path, method, _, node in structure.operations:
        written = node.value.get("operationId")
        if not isinstance(written, str):
            written = wanted = _made_id(method, path)
            number = 2
            while written in taken:
                written, number = f"{wanted}_{number}", number + 1
            taken.add(written)
        made.append(written)
    return made


def _made_id(method: str, path: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path)
    return "_".join([method, *words]) if words else f"{method}_root"


def operations(files: Files, structure: Structure) -> dict[str, Operation]:
    """The operations of a document without problems, by id, in the order of the file."""
    maker = _Maker(files, structure.schemas)
    ids = operation_ids(structure)
    return {name: maker.operation(name, *found) for name, found in zip(ids, structure.operations, strict=True)}


def base_path(files: Files) -> str:
    """The path of the first server URL, its variables filled in, without a trailing slash."""
    servers = files.root.value.get("servers") or [{"url": ""}]
    server = servers[0]
    variables = server.get("variables") or {}
    url = re.sub(r"\{([^{}]*)\}", lambda found: str(variables.get(found[1], {}).get("default", "")), server.get("url", ""))
    try:
        path = unquote(urlsplit(url).path)
    except ValueError:
        path = ""
    path = path.rstrip("/")
    return path if path.startswith("/") or not path else f"/{path}"


class _Maker:
    def __init__(self, files: Files, schemas: Schemas) -> None:
        self.files = files
        self.schemas = schemas
        self.headers: dict[Any, Mapping[str, Any]] = {}
        self.responses: dict[Any, Response] = {}

    def operation(self, name: str, path: str, method: str, item: Node, node: Node) -> Operation:
        """One operation, with the parameters of its path item."""
        value = node.value
        body = self._followed(node, "requestBody")
        responses = node.child("responses") if isinstance(value.get("responses"), dict) else None
        return Operation(
            id=name,
            method=method.upper(),
            path=path,
            parameters=self._parameters(path, item, node),
            body=None if body is None else Body(bool(body.value.get("required", False)), self._media(body)),
            responses={} if responses is None else {status: self._response(status, inner) for status, inner in responses.members() if status[:2] != "x-"},
            summary=str(value.get("summary") or ""),
        )

    def _followed(self, node: Node, *names: str) -> Node | None:
        """What stands at a member, references followed; None where nothing does."""
        for name in names:
            if not isinstance(node.value, dict) or name not in node.value:
                return None
            found = self.files.follow(node.child(name))
            if found is None or found.value is None:
                return None
            node = found
        return node

    def _parameters(self, path: str, item: Node, node: Node) -> tuple[Parameter, ...]:
        made: dict[tuple[str, str], Parameter] = {}
        for holder in (item, node):
            for written in holder.child("parameters").elements() if "parameters" in holder.value else ():
                found = self.files.follow(written)
                if found is not None:
                    parameter = self._parameter(found)
                    made[parameter.name, parameter.place] = parameter
        for name in re.findall(r"\{([^{}]+)\}", path):
            # A file that names a parameter in the path alone still means one.
            made.setdefault((name, "path"), Parameter(name, "path", True, {"type": "string"}))
        return tuple(made.values())

    def _parameter(self, node: Node) -> Parameter:
        value = node.value
        place = cast(Literal["path", "query", "header", "cookie"], value["in"])
        content = self._media(node)
        schema = content[0].schema if content else self.schemas.expanded(node.child("schema") if "schema" in value else None)
        examples = self._examples(node)
        example = next(iter(examples.values()), None)
        return Parameter(value["name"], place, place == "path" or bool(value.get("required", False)), schema, example)

    def _response(self, status: str, written: Node) -> Response:
        node = self.files.follow(written)
        if node is None:
            return Response(status, "", ())
        if (status, node.key) not in self.responses:  # many operations share a response, most of all the errors
            self.responses[status, node.key] = self._new_response(status, node)
        return self.responses[status, node.key]

    def _new_response(self, status: str, node: Node) -> Response:
        headers = node.value.get("headers")
        made = {name: self._header(inner) for name, inner in node.child("headers").members()} if isinstance(headers, dict) else {}
        return Response(status, str(node.value.get("description") or ""), self._media(node), made)

    def _header(self, written: Node) -> Mapping[str, Any]:
        node = self.files.follow(written)
        if node is None:
            return {}
        if node.key not in self.headers:
            schema = self.schemas.expanded(node.child("schema") if "schema" in node.value else None)
            examples = self._examples(node)
            kept = {name: value for name, value in node.value.items() if name not in ("schema", "example", "examples", "content")}
            self.headers[node.key] = {**kept, "schema": schema, **({"examples": examples} if examples else {})}
        return self.headers[node.key]

    def _media(self, node: Node) -> tuple[Media, ...]:
        if not isinstance(node.value.get("content"), dict):
            return ()
        return tuple(self._one_media(name, inner) for name, inner in node.child("content").members())

    def _one_media(self, name: str, written: Node) -> Media:
        node = self.files.follow(written)
        if node is None:
            return Media(name, {}, {})
        return Media(name, self.schemas.expanded(node.child("schema") if "schema" in node.value else None), self._examples(node))

    def _examples(self, node: Node) -> dict[str, Any]:
        """Examples by name; a single `example` is called `example`."""
        made = dict(self._named_examples(node))
        return {"example": node.value["example"], **made} if "example" in node.value else made

    def _named_examples(self, node: Node) -> Iterator[tuple[str, Any]]:
        if not isinstance(node.value.get("examples"), dict):
            return
        for name, written in node.child("examples").members():
            found = self.files.follow(written)
            if found is not None and isinstance(found.value, dict) and "value" in found.value:
                yield name, found.value["value"]
