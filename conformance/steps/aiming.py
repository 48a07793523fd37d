"""Aims requests at what they can't harm: reads at a record that is known, writes at one of our own, or at one that does not exist.

A check that must see an operation refuse (no credential, a wrong role, a foreign account) never knows whether it will: a broken
target may carry out what it should refuse. So nothing but a record made for the purpose is ever named in a write.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.addressing import MISSING
from conformance.asking import READS
from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Request, Response, Unreadable
from conformance.reading import agrees
from conformance.steps.findings import Findings
from conformance.verdict import Inconclusive, Skipped
from specs.conventions.actions import Actions
from specs.model import Operation, Resource

__all__ = ["Aim", "Aims", "Own", "absent_key", "attempt", "in_order", "names_a_record", "overloaded", "passing", "stands_in_list", "text_of_ours"]

T = TypeVar("T")

_ORDER = {"list": 0, "singleton": 0, "read": 1, "create": 2, "update": 3, "replace": 3, "delete": 9}
_ABSENT_UUID = "7f3c1d52-9b1e-4c6a-8f0d-5e2a90b71c44"
_ABSENT_NUMBER = "987654321"
_LONG = 14
"""Characters from which a key is taken for a random one."""
_OVERLOADED = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Own:
    """A record of our own: as it was made, whether it can be read, its flat members as read, and what writes tried to change.

    `done` are the members that a permitted write may have changed: what they hold says nothing of those that were refused.
    """

    made: Made
    readable: bool
    record: Mapping[str, Any]
    tried: dict[str, Any] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Aim:
    """What a request to an operation is aimed at: key, the path's other parameters, members to write; `own` is our record."""

    operation: Operation
    key: str | None = None
    parents: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, Any] | None = None
    absent: bool = False
    own: Own | None = None

    def request(self, exam: Exam, **how: Any) -> Request:
        """The request; `how` says what else `Asking.operation` is given, such as `as_` or `credential`."""
        asked = {"key": self.key, "parents": self.parents, "members": self.members, "absent": self.absent, **how}
        return exam.ask.operation(self.operation, **asked)

    @property
    def reads(self) -> bool:
        """Whether the operation changes nothing."""
        return self.operation.effect in READS

    @property
    def sure(self) -> bool:
        """Whether the aim is a record that exists, or an operation that needs none."""
        return not self.absent


class Aims:
    """Aims operations, with one record of our own for each resource; what can't be aimed at is noted in the findings.

    `given` are members that each record of our own is made with, where its resource has them.
    """

    def __init__(self, exam: Exam, findings: Findings, given: Mapping[str, Any] | None = None) -> None:
        self.exam = exam
        self.findings = findings
        self.given = dict(given or {})
        self.as_ = "full"
        self._own: dict[str, Own | None] = {}

    @property
    def writing(self) -> bool:
        """Whether the target permits writes."""
        return self.exam.target.permit.write

    def at(self, operation: Operation) -> Steps[Aim | None]:
        """An aim for the operation, or None where there is none without doing harm."""
        if operation.effect not in READS and not self.writing:
            self.findings.lack("writes, which are not permitted")
            return None
        aimed = yield from attempt(self._aim(operation))
        if isinstance(aimed, Ended):
            self.findings.lack(f"{operation.id} ({_reason(aimed)})")
            return None
        return aimed

    def _aim(self, operation: Operation) -> Steps[Aim]:
        resource = self.exam.spec.resources.get(operation.resource or "")
        if resource is None:
            return Aim(operation)
        if operation.effect == "create":
            members = yield from self.exam.payload(resource)
            parents = yield from self.exam.parents_of(operation)
            return Aim(operation, parents=parents, members=members)
        if not names_a_record(operation):
            parents = yield from self.exam.parents_of(operation)
            return Aim(operation, parents=parents)
        if operation.effect in READS:
            return (yield from self._at_known(operation, resource))
        return (yield from self._at_own(operation, resource))

    def _at_known(self, operation: Operation, resource: Resource) -> Steps[Aim]:
        for record in (yield from self.exam.known(resource, as_=self.as_)):
            if record.get(resource.key) not in (None, ""):
                parents = yield from self.parents(operation, record)
                return Aim(operation, str(record[resource.key]), parents)
        if self.writing:
            return (yield from self._at_own(operation, resource))
        raise Ended(Inconclusive(f"no {resource.singular} is known"))

    def _at_own(self, operation: Operation, resource: Resource) -> Steps[Aim]:
        own = yield from self.own(resource)
        if own is None:
            key = yield from absent_key(self.exam, resource)
            parents = yield from self.exam.parents_of(operation)
            members = (yield from self.change(resource, None)) if operation.effect in ("update", "replace") else None
            return Aim(operation, key, parents, members, absent=True)
        parents = yield from self.parents(operation, {**own.made.given, **own.record})
        members = (yield from self.change(resource, own)) if operation.effect in ("update", "replace") else None
        own.tried.update(self.set_by(operation, own))
        return Aim(operation, own.made.key, parents, members, own=own)

    def set_by(self, operation: Operation, own: Own) -> dict[str, Any]:
        """What an action would set to another value than our record has."""
        actions: Actions | None = self.exam.parameters_of("actions", operation)
        action = actions.actions.get(operation.effect or "") if actions is not None else None
        values = action.set if action is not None else {}
        return {name: value for name, value in values.items() if name not in own.done and not agrees(value, own.record.get(name))}

    def own(self, resource: Resource) -> Steps[Own | None]:
        """Our record of the resource, made on first use; None where none can be made."""
        if resource.name not in self._own:
            self._own[resource.name] = yield from self._make(resource)
        return self._own[resource.name]

    def _make(self, resource: Resource) -> Steps[Own | None]:
        if self.exam.operation(resource, "create") is None:
            return None
        known = resource.schema.get("properties", {})
        made = yield from attempt(self.exam.make(resource, {name: value for name, value in self.given.items() if name in known}, as_=self.as_))
        if isinstance(made, Ended):
            self.findings.lack(_reason(made))
            return None
        return (yield from self.owned(made))

    def owned(self, made: Made) -> Steps[Own]:
        """A record that was made, with what a read of it says."""
        if self.exam.operation(made.resource, "read") is None:
            return Own(made, False, made.record)
        response = yield from self.read(made)
        record = passing(self.exam, response, made.resource)
        return Own(made, record is not None, record if record is not None else made.record)

    def read(self, made: Made, *, as_: str | None = None) -> Steps[Response]:
        """The answer to a read of a record that was made."""
        operation = self.exam.operation(made.resource, "read")
        if operation is None:
            raise Ended(Skipped(f"{made.resource.name} has no operation that reads one"))
        parents = yield from self.parents(operation, {**made.given, **made.record})
        return (yield self.exam.ask.operation(operation, key=made.key, parents=parents, as_=as_ or made.as_, fresh=True))

    def spent(self, resource: Resource) -> None:
        """Says that our record is gone: the next aim makes another."""
        self._own.pop(resource.name, None)

    def every_own(self) -> Iterator[Own]:
        """The records made so far."""
        return (own for own in self._own.values() if own is not None)

    def parents(self, operation: Operation, record: Mapping[str, Any]) -> Steps[dict[str, str]]:
        """Values for the path parameters that name parents: those of the record itself, else ids that exist."""
        values: dict[str, str] = {}
        resource = self.exam.spec.resources[operation.resource or ""]
        for parent in resource.parents:
            for parameter in set(parent.parameters) & set(operation.path_parameters):
                of_record = record.get(parent.member, MISSING)
                values[parameter] = str(of_record) if of_record not in (None, MISSING, "") else (yield from self.exam.parent_key(resource, parent.member))
        return values

    def change(self, resource: Resource, own: Own | None) -> Steps[dict[str, Any]]:
        """Members for an update: those of a create with one free text changed, as an update may merge or replace."""
        first, second = self.exam.payloads.members(resource), self.exam.payloads.members(resource)
        free = (name for name, value in first.items() if isinstance(value, str) and value != second.get(name) and self.exam.payloads.run in value)
        parents = {parent.member for parent in resource.parents}
        changed = {name: first[name] for name in [name for name in free if name not in parents][:1]}
        given = dict(own.made.given) if own is not None else (yield from self.exam.payload(resource))
        if own is not None:
            own.tried.update(changed or given)
        return {**given, **changed}

    def harmed(self, own: Own) -> Steps[str]:
        """What became of our record through writes that were refused: empty if nothing, else what happened to it."""
        if not own.readable:
            return ""
        response = yield from self.read(own.made)
        record = passing(self.exam, response, own.made.resource)
        if record is None:
            return f"it is gone ({response.status})" if self.exam.read.answered("not_found", response).fine else ""
        for name, value in own.tried.items():
            if name in record and agrees(value, record[name]) and not agrees(value, own.record.get(name)):
                return f"its {name} was changed"
        return ""


def attempt(steps: Steps[T]) -> Steps[T | Ended]:
    """The value of the steps, or the end that they came to."""
    try:
        return (yield from steps)
    except Ended as ended:
        return ended


def passing(exam: Exam, response: Response, resource: Resource) -> dict[str, Any] | None:
    """The flat record of a successful answer, or None."""
    if not exam.read.succeeded(response):
        return None
    try:
        return exam.read.members(exam.read.record(response, resource), resource)
    except Unreadable:
        return None


def names_a_record(operation: Operation) -> bool:
    """Whether the operation is one on a single record that its request names."""
    return operation.resource is not None and operation.effect not in (None, "list", "create", "singleton")


def in_order(operations: Iterable[Operation]) -> list[Operation]:
    """The operations in an order in which none takes away what the next needs: reads, creates, updates, actions, deletes."""
    return sorted(operations, key=lambda operation: _ORDER.get(operation.effect or "", 5))


def overloaded(response: Response) -> bool:
    """Whether the answer says that the server (or what stands before it) can't answer now, which says nothing of the rule."""
    return response.status in _OVERLOADED


def text_of_ours(exam: Exam, members: Mapping[str, Any]) -> str:
    """A text of ours among the members that stands nowhere else, or an empty one."""
    return next((value for value in members.values() if isinstance(value, str) and exam.payloads.run in value), "")


def stands_in_list(exam: Exam, resource: Resource, text: str, *, as_: str = "full") -> Steps[bool]:
    """Whether a record with that text among its members is found in the resource's list; False where the list can't be read."""
    operation = exam.operation(resource, "list")
    if operation is None or not text:
        return False
    pagination = exam.pagination(operation)
    size = (pagination.maximum or pagination.stub_default) if pagination is not None and pagination.size else None
    walk = yield from attempt(exam.walk(resource, operation=operation, size=size, as_=as_, until=lambda record: text in record.values(), fresh=True))
    return not isinstance(walk, Ended) and any(text in record.values() for record in walk.records)


def absent_key(exam: Exam, resource: Resource) -> Steps[str]:
    """An id of the resource's form that no record has."""
    types = resource.key_schema.get("type")
    known = yield from attempt(exam.known(resource)) if exam.operation(resource, "list") is not None else _nothing()
    keys = [str(record[resource.key]) for record in known if record.get(resource.key) is not None] if not isinstance(known, Ended) else []
    if keys and all(map(_is_uuid, keys)):
        return _unlike(_ABSENT_UUID, keys)
    if (keys and all(key.isdigit() for key in keys)) or types == "integer":
        return _unlike(_ABSENT_NUMBER, keys)
    return _unlike(_turned(keys[0]), keys) if keys else _ABSENT_UUID


def _nothing() -> Steps[list[Mapping[str, Any]]]:
    yield from ()
    return []


def _is_uuid(key: str) -> bool:
    try:
        uuid.UUID(key)
    except ValueError:
        return False
    return len(key) == len(_ABSENT_UUID)


def _turned(key: str) -> str:
    """A key of the same form that is no neighbour of it: prefixes such as `asg_` stay, counted numbers become very large."""
    if len(key) >= _LONG:
        half = len(key) // 2
        return key[:half] + "".join(_next(char) for char in key[half:])
    return key.rstrip("0123456789") + _ABSENT_NUMBER


def _next(char: str) -> str:
    for row in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        if char in row:
            return row[(row.index(char) + 7) % len(row)]
    return char


def _unlike(key: str, keys: list[str]) -> str:
    while key in keys:
        key = key[:-1] + _next(key[-1])
    return key


def _reason(ended: Ended) -> str:
    return str(getattr(ended.verdict, "reason", "") or getattr(ended.verdict, "observed", ""))
