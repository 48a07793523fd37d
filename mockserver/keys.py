"""The ids of one resource: of what kind they are, and what a new one looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from mockserver.schemas import Validator
from mockserver.store import Row
from mockserver.values import types_of
from specs.model import Resource

__all__ = ["Form", "Keys"]

_NUMBERED = re.compile(r"(.*?)([0-9]+)", re.DOTALL)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)


class Form(NamedTuple):
    """Ids that are text and end in a number: what they begin with, and how many digits there are at least."""

    head: str
    width: int

    def key(self, number: int) -> str:
        """The id with that number."""
        return self.head + str(number).rjust(self.width, "0")


class Keys:
    """The ids of one resource, which are numbers, numbered texts, or else UUIDs."""

    def __init__(self, resource: Resource) -> None:
        self._uuids = resource.key_schema.get("format") == "uuid"
        self._validator = Validator(resource.key_schema) if resource.key_schema else None
        self._known: Form | None = None
        self.are_numbers = bool(types_of(resource.key_schema) & {"integer", "number"})

    def form(self, rows: Iterable[Row]) -> Form | None:
        """The form that ids have, as the first of the rows shows; None for UUIDs."""
        if self._uuids or self._known is not None:
            return self._known
        for row in rows:
            numbered = _NUMBERED.fullmatch(row.key)
            if _UUID.fullmatch(row.key) or numbered is None:
                return None
            self._known = Form(numbered[1], len(numbered[2]) if numbered[2].startswith("0") else 0)
            return self._known
        return Form("", 0) if self._validator is None or self._validator.accepts("1") else None
