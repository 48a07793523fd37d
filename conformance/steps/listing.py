"""Lists as a whole: read to their end whatever they are cut into, narrowed or ordered by further parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import NotPermitted, Request, Response, Unreadable
from conformance.steps.paging import Paged
from conformance.verdict import Inconclusive, Skipped
from specs.conventions.errors import Cause
from specs.model import Group, Operation, Resource

__all__ = ["Listing", "Rows", "bound", "open_list", "refused_as"]

MOST_RECORDS = 600
"""Records after which a longer list is not read on: what is known of them is enough."""

LARGE = 100
"""The size asked for where the largest is not documented; where it is refused, the usual one is taken."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a list gave: its flat records in order, the first answer, whether its end was seen, and how many stood on the first page.

    `read` is False where the first answer was no list.
    """

    records: tuple[Mapping[str, Any], ...]
    response: Response
    whole: bool = True
    first: int = 0
    read: bool = True

    def values(self, member: str) -> list[Any]:
        """The member's values, in order; `MISSING` where a record has none."""
        return [record.get(member, MISSING) for record in self.records]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: its operation and resource, and the path's parents."""

    exam: Exam
    operation: Operation
    resource: Resource
    parents: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The operation's id."""
        return self.operation.id

    def request(self, parameters: Mapping[str, Any] | None = None, **how: Any) -> Request:
        """A request for the first page."""
        return self.exam.ask.operation(self.operation, parents=self.parents, parameters=parameters, **how)

    def rows(self, parameters: Mapping[str, Any] | None = None, *, size: int | None = None, short: int = 0, fresh: bool = False) -> Steps[Rows]:
        """The list to its end, by its largest pages or by those of a size; a first page of fewer records than `short` is taken for the end."""
        pagination = self.exam.pagination(self.operation)
        if pagination is None:
            return (yield from self.answer(self.request(parameters, fresh=fresh)))
        paged = Paged(self.exam, self.operation, self.resource, pagination, self.parents, dict(parameters or {}))
        size = size or pagination.maximum or (LARGE if pagination.size else None)
        first = yield from paged.page(0, size=size, fresh=fresh)
        if first.ids is None and size == LARGE != pagination.maximum:
            size = None
            first = yield from paged.page(0, fresh=fresh)
        if first.ids is None:
            return Rows((), first.response, False, 0, False)
        if first.count < short:
            return Rows(tuple(self.exam.page_records(first.response, self.resource)), first.response, True, first.count)
        trail = yield from paged.walk(size=size, limit=MOST_RECORDS, fresh=fresh)
        records = [record for page in trail.pages for record in self.exam.page_records(page.response, self.resource)]
        return Rows(tuple(records), first.response, trail.whole, first.count)

    def answer(self, request: Request) -> Steps[Rows]:
        """What one request gives, as a list that is not cut."""
        response = yield request
        if not self.exam.read.succeeded(response):
            return Rows((), response, False, 0, False)
        try:
            found = self.exam.read.records(response, self.resource)
        except Unreadable:
            return Rows((), response, False, 0, False)
        return Rows(tuple(self.exam.read.members(record, self.resource) for record in found), response, True, len(found))

    def known(self, wanted: int = 3, *, fresh: bool = False) -> Steps[Rows]:
        """The list without further parameters, after making own records where there are fewer than wanted; ends the check where it can't be read."""
        rows = yield from self.rows(fresh=fresh)
        if not rows.read:
            told = self.exam.read.excerpt(rows.response)
            raise Ended(Inconclusive(f"{self.name} was answered with {rows.response.status}: {told}", "a list that can be read"))
        missing = wanted - len(rows.records)
        if missing <= 0:
            return rows
        for _ in range(missing):
            if not (yield from self.own()):
                break
        else:
            return (yield from self.rows(fresh=True))
        return rows

    def own(self, members: Mapping[str, Any] | None = None) -> Steps[str]:
        """The id of a new record of ours in this list; empty where none can be made."""
        placed = {parent.member: self.parents[name] for parent in self.resource.parents for name in parent.parameters if name in self.parents}
        try:
            made = yield from self.exam.make(self.resource, {**placed, **(members or {})})
        except (Ended, NotPermitted):
            return ""
        return made.key

    def key(self, record: Mapping[str, Any]) -> str:
        """A record's id, as text."""
        return str(record.get(self.resource.key))


def open_list(exam: Exam, operation: Operation) -> Steps[Listing]:
    """The list of an operation; one below a parent is that of the parent with the most records."""
    if operation.resource is None:
        raise Ended(Skipped(f"{operation.id} lists no resource"))
    resource = exam.spec.resources[operation.resource]
    parents = yield from exam.parents_of(operation)
    if not parents:
        return Listing(exam, operation, resource)
    records = yield from exam.known(resource)
    for parent in resource.parents:
        counted = Counter(str(record[parent.member]) for record in records if record.get(parent.member) is not None)
        for name in set(parent.parameters) & set(parents) if counted else ():
            parents[name] = counted.most_common(1)[0][0]
    return Listing(exam, operation, resource, parents)


def bound(exam: Exam, group: Group, parameter: str) -> Any:
    """What the target itself says of a group's parameter, by the group or its kind; None where it says nothing."""
    for table in (group.name, group.kind):
        values = exam.target.parameters.get(table, {})
        if parameter in values:
            return values[parameter]
    return None


def refused_as(exam: Exam, response: Response, cause: str, name: str | None) -> str:
    """What is wrong with a refusal for a cause, against its documented status and title; empty if nothing.

    `name` is what the refusal's detail has to name, where the documented one does; None where that is open.
    """
    judged = exam.read.answered(cause, response)
    if not judged.fine or exam.read.succeeded(response):
        return f"{response.status}: {exam.read.excerpt(response, 120)}"
    title = exam.read.cause(cause).values.get("title")
    told = [str(value) for value in exam.read.members_of_error(response, "title")]
    has_titles = exam.read.errors is not None and "title" in exam.read.errors.members
    if title and has_titles and title not in told:
        return f"the title {told[0]!r}" if told else "no title"
    details = [str(value) for value in exam.read.members_of_error(response, "detail")]
    if name is not None and _names_it(exam.read.cause(cause)) and details and not any(name in detail for detail in details):
        return f"the detail {details[0]!r}, which does not name {name}"
    return ""


def _names_it(cause: Cause) -> bool:
    """Whether the documented detail of a cause names what was asked for."""
    detail = str(cause.values.get("detail", ""))
    return "{name}" in detail or "{param}" in detail
