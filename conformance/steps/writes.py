"""Steps around writes: makes records with many members, reads them back, and compares what came with what was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response
from conformance.reading import agrees, allows
from conformance.steps import calls
from conformance.steps.aiming import passing
from conformance.verdict import Failed, Inconclusive
from specs.model import Operation, Resource

__all__ = ["current", "differences", "failed_read", "fails_itself", "kept", "made", "mark_of", "named_members", "own_names", "read_back", "sent", "told"]

SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


def made(
    exam: Exam,
    resource: Resource,
    operation: Operation | None = None,
    *,
    members: Mapping[str, Any] | None = None,
    rich: bool = False,
    everything: bool = False,
) -> Steps[Made]:
    """A new record by an operation (the plain create without one).

    `rich` gives its optional plain members, too, if the target takes them, and `everything` before that arrays and objects as well.
    """
    operation = operation or exam.operation(resource, "create")
    if operation is None:
        return (yield from exam.make(resource))
    filled = yield from exam.filled(resource, members or {})
    response: Response | None = None
    given: dict[str, Any] = {}
    for kinds in ([None] if everything else []) + ([SCALARS] if rich else []) + [frozenset()]:
        given = {**(yield from _given(exam, resource, kinds)), **filled}
        parents = yield from calls.parents_for(exam, operation, given)
        response = yield exam.ask.operation(operation, members=given, parents=parents)
        if exam.read.succeeded(response):
            break
    assert response is not None
    return exam.made(resource, given, response, "full")


def _given(exam: Exam, resource: Resource, kinds: frozenset[str] | None) -> Steps[dict[str, Any]]:
    """Members of a create: those it needs, and the optional ones of these kinds (None: of any)."""
    plain = yield from exam.payload(resource)
    if kinds is not None and not kinds:
        return plain
    schemas = calls.writable(exam, resource, "create")
    more = exam.payloads.members(resource, rich=True)
    return {**{name: more[name] for name in more if name in schemas and _is_of(schemas[name], kinds)}, **plain}


def _is_of(schema: Mapping[str, Any], kinds: frozenset[str] | None) -> bool:
    types = schema.get("type")
    known = set(types) if isinstance(types, list) else {types}
    return known <= kinds if kinds is not None else "type" in schema


def sent(exam: Exam, operation: Operation, own: Made, members: Mapping[str, Any]) -> Steps[Response]:
    """The answer to an update of a record of our own."""
    parents = yield from calls.parents_for(exam, operation, {**own.given, **own.record})
    return (yield exam.ask.operation(operation, key=own.key, members=members, parents=parents, as_=own.as_))


def read_back(exam: Exam, own: Made) -> Steps[Response | None]:
    """The answer to a read of a record of our own; None where nothing reads it."""
    operation = exam.operation(own.resource, "read")
    if operation is None:
        return None
    parents = yield from calls.parents_for(exam, operation, {**own.given, **own.record})
    return (yield exam.ask.operation(operation, key=own.key, parents=parents, as_=own.as_, fresh=True))


def current(exam: Exam, own: Made) -> Steps[Mapping[str, Any]]:
    """The flat members of a record of our own as they are now; ends the check where it can't be read."""
    response = yield from read_back(exam, own)
    if response is None:
        found = yield from _in_list(exam, own)
        return found
    record = passing(exam, response, own.resource)
    if record is None:
        raise Ended(Inconclusive(f"the {own.resource.singular} that was made is answered with {response.status}: {exam.read.excerpt(response, 80)}"))
    return record


def _in_list(exam: Exam, own: Made) -> Steps[Mapping[str, Any]]:
    walk = yield from exam.walk(own.resource, as_=own.as_, fresh=True)
    for record in walk.records:
        if str(record.get(own.resource.key)) == own.key:
            return record
    raise Ended(Inconclusive(f"nothing shows the {own.resource.singular} that was made", f"an operation that reads one of {own.resource.name}"))


# Comparing


def kept(given: Any, got: Any, schema: Mapping[str, Any] | None = None) -> bool:
    """Whether a value came back as it was given; texts of a closed set or a format without regard to case, and without space around."""
    if agrees(given, got):
        return True
    if isinstance(given, str) and isinstance(got, str):
        loose = schema is not None and bool({"enum", "format"} & set(schema))
        return given.strip() == got.strip() or (loose and given.casefold() == got.casefold())
    return False


def differences(exam: Exam, resource: Resource, given: Mapping[str, Any], got: Mapping[str, Any], names: Iterable[str] | None = None) -> list[str]:
    """The members that came back other than given, in words; those that are not shown are unknown, and no difference."""
    properties = resource.schema.get("properties", {})
    silent = _silent(exam, resource)
    wrong = []
    for name in names if names is not None else given:
        if name not in given or name not in got or name in silent:
            continue
        if not kept(given[name], got[name], properties.get(name)):
            wrong.append(f"{name} is {_short(got[name])} instead of {_short(given[name])}")
    return wrong


def _silent(exam: Exam, resource: Resource) -> set[str]:
    group = exam.spec.group_of_kind("lifecycle")
    return set(group.parameters.read_only.get(resource.name, ())) if group else set()


def _short(value: Any) -> str:
    text = "nothing" if value is MISSING else repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def own_names(exam: Exam, resource: Resource, given: Iterable[str]) -> list[str]:
    """The members that only a write changes: those given, and those that a write may give."""
    silent = {*_silent(exam, resource), resource.key}
    known = {*given}
    for effect in ("create", "update"):
        properties = exam.payloads.schema(resource, effect).get("properties", {})
        known |= {name for name, schema in properties.items() if not schema.get("readOnly")}
    return sorted(known - silent)


def mark_of(exam: Exam, members: Mapping[str, Any]) -> tuple[str, Any] | None:
    """A member whose value no other record has, or None."""
    for name, value in members.items():
        if isinstance(value, str) and exam.payloads.run in value:
            return name, value
    return None


def told(exam: Exam, response: Response) -> str:
    """An answer in few words: its status and how its body begins."""
    return f"{response.status}: {exam.read.excerpt(response, 100)}"


def named_members(exam: Exam, cause: str, names: Iterable[str], response: Response) -> str | None:
    """How an error lacks the documented value of a named member, or None."""
    values = exam.read.cause(cause).values
    for name in names:
        found = exam.read.members_of_error(response, name)
        if name in values and "{" not in str(values[name]) and values[name] not in found:
            return f"{name} {', '.join(map(_short, found)) or 'missing'} instead of {values[name]!r}"
    return None


def fails_itself(exam: Exam, response: Response) -> bool:
    """Whether an implementation fails on a call, which no document allows that does not name 500: what stands before it gives other codes."""
    statuses = exam.read.statuses
    return response.status == 500 and statuses is not None and bool(statuses.documented) and not allows(statuses.documented, 500)


def failed_read(exam: Exam, own: Made, response: Response) -> Failed | Inconclusive:
    """What it means that a record of our own can't be read: the server may be down, else it isn't there."""
    if (response.status >= 500 or response.status == 429) and not fails_itself(exam, response):
        return Inconclusive(f"reading the {own.resource.singular} that was made was answered with {told(exam, response)}")
    operation = exam.operation(own.resource, "read")
    return Failed(f"the {own.resource.singular} {own.key} that was made", told(exam, response), operation=operation.id if operation else None)
