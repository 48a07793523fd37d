"""Holds a value against a JSON Schema, and says in a refusal's words what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

__all__ = ["Problem", "Validator", "plain", "properties"]


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing wrong with a value: where, what, and whether something is missing."""

    path: tuple[str, ...]
    message: str
    missing: bool

    @property
    def name(self) -> str:
        """The name of the member that is wrong."""
        return self.path[-1] if self.path else "body"

    def values(self, before: tuple[str, ...] = ()) -> dict[str, Any]:
        """What a refusal's texts are filled with; `before` is where the value stands in the body."""
        names = [part for part in self.path if not part.isdigit()]
        name = names[0] if names else "body"
        pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in (*before, *self.path))
        return {"name": name, "param": name, "pointer": pointer, "detail": self.message, "reason": "missing" if self.missing else "invalid"}


class Validator:
    """A compiled schema; formats are checked, too."""

    __slots__ = ("_compiled",)

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._compiled = jsonschema_rs.validator_for(plain(schema), validate_formats=True)

    def accepts(self, value: Any) -> bool:
        """Whether the value keeps the schema."""
        return self._compiled.is_valid(value)

    def problem(self, value: Any) -> Problem | None:
        """What is wrong, a missing member before anything else; None where nothing is."""
        if self._compiled.is_valid(value):
            return None
        found: Problem | None = None
        for error in self._compiled.iter_errors(value):
            path = tuple(str(part) for part in error.instance_path)
            missing = error.kind.name == "required"
            if missing:
                return Problem((*path, str(getattr(error.kind, "property", "")).strip('"')), error.message, missing=True)
            found = found or Problem(path, error.message, missing=False)
        return found


def plain(schema: Any) -> Any:
    """The schema as plain dicts and lists, with OpenAPI 3.0's `nullable` said as JSON Schema does."""
    if isinstance(schema, Mapping):
        copied = {key: plain(value) for key, value in schema.items()}
        if copied.get("nullable") is True and isinstance(copied.get("type"), str):
            copied["type"] = [copied["type"], "null"]
            if "enum" in copied and None not in copied["enum"]:
                copied["enum"] = [*copied["enum"], None]
        return copied
    if isinstance(schema, list | tuple):
        return [plain(item) for item in schema]
    return schema


def properties(schema: Any) -> dict[str, Any]:
    """The properties of an object schema, those of its `allOf` included."""
    if not isinstance(schema, Mapping):
        return {}
    found: dict[str, Any] = {}
    for part in schema.get("allOf", ()):
        found.update(properties(part))
    found.update(schema.get("properties", {}))
    return found
