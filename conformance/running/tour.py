"""Valid and plainly mistaken calls of some operations: something to see for observers whose own rule asks for nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import NoAnswer, NotPermitted
from specs.model import Operation

__all__ = ["absent_key", "tour"]


def tour(exam: Exam, operations: Collection[str]) -> Iterator[Steps[None]]:
    """Steps for each of the operations, one after the other; reading ones first."""
    order = ("list", "singleton", "read", "create", "update", "replace", "delete")
    known = [operation for operation in exam.spec.operations.values() if operation.id in operations and operation.effect in order]
    for operation in sorted(known, key=lambda one: order.index(one.effect or "")):
        yield _valid(exam, operation)
        yield _mistaken(exam, operation)


def absent_key(schema: Mapping[str, Any], number: int = 0) -> Any:
    """An id of the schema's form that no record has."""
    types = schema.get("type", "string")
    if "integer" in ([types] if isinstance(types, str) else types):
        return 2_147_000_000 + number
    if schema.get("format") == "uuid" or "[0-9a-f]" in schema.get("pattern", ""):
        return f"00000000-0000-4000-8000-{number:012x}"
    return f"proctor-no-such-{number}"


def _valid(exam: Exam, operation: Operation) -> Steps[None]:
    try:
        resource = exam.spec.resources[operation.resource or ""]
        parents = yield from exam.parents_of(operation)
        if operation.effect in ("list", "singleton"):
            yield exam.ask.operation(operation, parents=parents)
        elif operation.effect == "read":
            key = yield from exam.known_key(resource)
            yield exam.ask.operation(operation, key=key, parents=parents)
        elif operation.effect == "create":
            yield from exam.make(resource, operation=operation)
        else:
            made = yield from exam.make(resource)
            members = None if operation.effect == "delete" else (yield from exam.payload(resource))
            yield exam.ask.operation(operation, key=made.key, parents=parents, members=members)
    except (Ended, KeyError, NoAnswer, NotPermitted):
        return


def _mistaken(exam: Exam, operation: Operation) -> Steps[None]:
    try:
        resource = exam.spec.resources[operation.resource or ""]
        parents = yield from exam.parents_of(operation)
        key = None if operation.effect in ("list", "singleton", "create") else absent_key(resource.key_schema)
        members: dict[str, Any] | None = {} if operation.effect in ("create", "update", "replace") else None
        if key is not None or members is not None:
            yield exam.ask.operation(operation, key=key, parents=parents, members=members, absent=key is not None)
        if operation.effect in ("list", "read", "singleton") and exam.ask.authentication is not None:
            yield exam.ask.operation(operation, key=key, parents=parents, as_=None, absent=key is not None)
    except (Ended, KeyError, NoAnswer, NotPermitted):
        return
