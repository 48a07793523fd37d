"""Whole calls of operations, as steps: a valid one, one for a record that isn't there, one without a credential.

Writes aim at records of our own; where none can be made, at an id that no record has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from conformance.addressing import MISSING, query_string
from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Exchange, Request
from conformance.reading import agrees
from conformance.steps.aiming import Aims, absent_key
from conformance.verdict import Inconclusive
from specs.conventions.actions import Action, Actions
from specs.conventions.filtering import Filtering
from specs.conventions.sorting import Sorting
from specs.model import Operation, Resource

__all__ = [
    "absent_record",
    "again",
    "ask",
    "change",
    "narrowed",
    "narrowing",
    "narrows",
    "on_own",
    "ordered",
    "parents_for",
    "prepared",
    "read_only",
    "unauthenticated",
    "valid",
    "with_blanks",
    "without_members",
    "writable",
]


def ask(request: Request) -> Steps[Exchange]:
    """One request and its answer, together."""
    response = yield request
    return Exchange(request, response)


def again(request: Request, pairs: Iterable[tuple[str, Any]]) -> Request:
    """The same request with more query parameters."""
    parts = urlsplit(request.url)
    query = "&".join(text for text in (parts.query, query_string(pairs)) if text)
    return replace(request, url=urlunsplit(parts._replace(query=query)))


def valid(exam: Exam, operation: Operation, *, as_: str = "full") -> Steps[Exchange]:
    """A call that should succeed; ends the check where there is nothing to call it with."""
    resource = exam.spec.resources.get(operation.resource or "")
    if resource is None or operation.effect in ("list", "singleton"):
        parents = yield from exam.parents_of(operation)
        return (yield from ask(exam.ask.operation(operation, parents=parents, as_=as_)))
    if operation.effect == "read":
        return (yield from _valid_read(exam, resource, operation, as_))
    if operation.effect == "create":
        given = yield from exam.payload(resource)
        parents = yield from parents_for(exam, operation, given)
        return (yield from ask(exam.ask.operation(operation, members=given, parents=parents, as_=as_)))
    made = yield from exam.make(resource)
    return (yield from on_own(exam, operation, made, as_=as_))


def without_members(exam: Exam, operation: Operation) -> Steps[Exchange]:
    """A create without any members."""
    parents = yield from exam.parents_of(operation)
    return (yield from ask(exam.ask.operation(operation, members={}, parents=parents)))


def with_blanks(exam: Exam, operation: Operation) -> Steps[Exchange]:
    """A create whose texts are blank."""
    resource = exam.spec.resources[operation.resource or ""]
    given = yield from exam.payload(resource)
    parents = yield from parents_for(exam, operation, given)
    blank = {name: "" if isinstance(value, str) else value for name, value in given.items()}
    return (yield from ask(exam.ask.operation(operation, members=blank, parents=parents)))


def ordered(exam: Exam, operation: Operation) -> dict[str, Any] | None:
    """The parameters that ask a list for an order, or None where the spec does not know how."""
    parameters: Sorting | None = exam.parameters_of("sorting", operation)
    member = next(iter(parameters.members.get(operation.resource or "", ())), None) if parameters is not None else None
    if parameters is None or member is None:
        return None
    if parameters.style == "order_string":
        return {parameters.parameter: f"{member} asc"}
    direction = {parameters.direction: "asc"} if parameters.style == "two_parameters" and parameters.direction else {}
    return {parameters.parameter: f"{member},asc" if parameters.style == "comma" else member, **direction}


def narrows(exam: Exam, operation: Operation) -> bool:
    """Whether the spec knows a filter for the list."""
    return exam.parameters_of("filtering", operation) is not None


def narrowed(exam: Exam, operation: Operation, few: int) -> Steps[Exchange]:
    """A list filtered to one record, or (0) to none, as far as the target filters by a member that a record shows."""
    asked, parents = yield from narrowing(exam, operation, few)
    return (yield from ask(exam.ask.operation(operation, parameters=asked, parents=parents)))


def narrowing(exam: Exam, operation: Operation, few: int) -> Steps[tuple[dict[str, Any], dict[str, str]]]:
    """The parameters of such a list, and the parents in its path; ends the check where no member to filter by is known."""
    resource = exam.spec.resources[operation.resource or ""]
    parameters: Filtering = exam.parameters_of("filtering", operation)
    named = parameters.members.get(resource.name)
    for record in (yield from exam.known(resource)):
        for name, value in record.items():
            if name != resource.key and _is_plain(value) and (named is None or name in named):
                parents = yield from parents_for(exam, operation, record)
                asked = _filter(parameters, name, value if few else "proctor-none" if isinstance(value, str) else 987654321)
                return asked, parents
    raise Ended(Inconclusive(f"no member to filter {resource.plural} by is known", f"{resource.plural} with a text"))


def _is_plain(value: Any) -> bool:
    """Whether a value can be filtered by without a doubt about how it is written."""
    if isinstance(value, str):
        return value.isascii() and not set(value) & set('"\\%')
    return isinstance(value, int) and not isinstance(value, bool)


def _filter(parameters: Filtering, name: str, value: Any) -> dict[str, Any]:
    if parameters.style == "expression":
        spelled = next((spelled for spelled, meant in parameters.operators.items() if meant == "eq"), "=")
        return {parameters.parameter: f'{name} {spelled} "{value}"'}
    if parameters.style == "brackets":
        return {f"{parameters.parameter}[{name}]": value}
    return {parameters.parameter: {name: value}} if parameters.style == "object" else {name: value}


def on_own(exam: Exam, operation: Operation, made: Made, *, as_: str = "full") -> Steps[Exchange]:
    """A call that should succeed of an operation that writes, on a record of our own."""
    yield from prepared(exam, operation, made)
    members = None
    if operation.effect in ("update", "replace"):
        members = dict(made.given) if operation.effect == "replace" else {}
        members.update((yield from change(exam, made.resource, made.record)))
    parents = yield from parents_for(exam, operation, {**made.given, **made.record})
    return (yield from ask(exam.ask.operation(operation, key=made.key, members=members, parents=parents, as_=as_)))


def _valid_read(exam: Exam, resource: Resource, operation: Operation, as_: str) -> Steps[Exchange]:
    record: Mapping[str, Any] | None = None
    for known in (yield from exam.known(resource, as_=as_)):
        if known.get(resource.key) is not None:
            record = known
            break
    if record is None:
        made = yield from exam.make(resource)
        record = {**made.given, **made.record}
    parents = yield from parents_for(exam, operation, record)
    return (yield from ask(exam.ask.operation(operation, key=record[resource.key], parents=parents, as_=as_)))


def parents_for(exam: Exam, operation: Operation, record: Mapping[str, Any]) -> Steps[dict[str, str]]:
    """Values for the path parameters of an operation that name a record's parents; those of any known parent where it tells none."""
    resource = exam.spec.resources.get(operation.resource or "")
    named = {parameter: parent.member for parent in (resource.parents if resource else ()) for parameter in parent.parameters}
    wanted = [name for name in operation.path_parameters if name in named]
    if not wanted:
        return {}
    told = {name: str(record[named[name]]) for name in wanted if record.get(named[name]) not in (None, MISSING)}
    if len(told) == len(wanted):
        return told
    return {**(yield from exam.parents_of(operation)), **told}


def prepared(exam: Exam, operation: Operation, made: Made) -> Steps[None]:
    """Brings a record of our own into the state in which an action makes a difference: running before a stop, closed before a reopening."""
    actions: Actions | None = exam.parameters_of("actions", operation)
    if actions is None or operation.effect not in actions.actions:
        return
    before = _before(actions.actions, operation.effect, made.record)
    first = exam.operation(made.resource, before) if before else None
    if first is not None:
        parents = yield from parents_for(exam, first, {**made.given, **made.record})
        yield exam.ask.operation(first, key=made.key, parents=parents, as_=made.as_)


def _before(actions: Mapping[str, Action], effect: str, record: Mapping[str, Any]) -> str | None:
    action = actions[effect]
    undone = {name for name, value in action.set.items() if agrees(value, record.get(name))}
    for name, other in actions.items():
        if any(member in other.set and other.set[member] != action.set[member] for member in undone):
            return name
    if action.stops and not action.set:
        return next((name for name, other in actions.items() if other.starts), None)
    return None


# Changes


def writable(exam: Exam, resource: Resource, effect: str = "update") -> dict[str, Mapping[str, Any]]:
    """The schemas of the members that a write takes, by name, without the id, the references and the read-only ones."""
    properties = exam.payloads.schema(resource, effect).get("properties", {})
    left_out = {resource.key, *(parent.member for parent in resource.parents), *read_only(exam, resource)}
    return {name: schema for name, schema in properties.items() if name not in left_out and not schema.get("readOnly")}


def read_only(exam: Exam, resource: Resource) -> set[str]:
    """Members that a write is silent about, and those that another member fills or is parsed from."""
    group = exam.spec.group_of_kind("lifecycle")
    if group is None:
        return set()
    parsed = {name for pair in group.parameters.parsed if pair.resource in ("", resource.name) for name in (pair.text, pair.number)}
    return set(group.parameters.read_only.get(resource.name, ())) | parsed


def change(exam: Exam, resource: Resource, record: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """One member with a value other than the record's that an update should take; ends the check where there is none."""
    given = yield from exam.payload(resource)
    allowed = set(writable(exam, resource)) or set(given)
    for some in (given, exam.payloads.members(resource, rich=True)):
        named = [name for name in some if name in allowed and isinstance(some[name], str | int | float) and not agrees(some[name], record.get(name))]
        texts = [name for name in named if isinstance(some[name], str) and exam.payloads.run in some[name]]
        for name in texts or named:
            return {name: some[name]}
    raise Ended(Inconclusive(f"no member of {resource.name} that could be changed is known", f"create under [resources.{resource.name}]"))


# Records that are not there


def absent_record(exam: Exam, operation: Operation, *, as_: str = "full") -> Steps[Exchange]:
    """A call of an operation for a record that does not exist, valid in all else."""
    resource = exam.spec.resources[operation.resource or ""]
    key = yield from absent_key(exam, resource)
    members = None
    if operation.effect in ("update", "replace"):
        members = yield from change(exam, resource, {})
    parents = yield from exam.parents_of(operation)
    return (yield from ask(exam.ask.operation(operation, key=key, members=members, parents=parents, as_=as_, absent=True)))


def unauthenticated(aims: Aims, operation: Operation) -> Steps[Exchange]:
    """A call of an operation without a credential; of one that writes, on a record of our own or else on none."""
    aim = yield from aims.at(operation)
    if aim is None:
        raise Ended(Inconclusive(f"nothing to aim {operation.id} at without doing harm", "; ".join(aims.findings.missing)))
    return (yield from ask(aim.request(aims.exam, as_=None)))
