"""One examination's view of spec and target: what there is, how to ask for it, and how to read the answers. No I/O.

`Exam` is made of three parts that can be read one by one: `asking` builds requests, `reading` understands responses, and the
steps here put both together (`known`, `walk`, `make`, …) for checks to use with `yield from`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.addressing import MISSING, dig
from conformance.asking import Asking
from conformance.check import Ended, Steps
from conformance.exchange import Request, Response, Unreadable
from conformance.payloads import Payloads
from conformance.reading import Reading
from conformance.target import Target
from conformance.verdict import Errored, Inconclusive, Skipped
from specs.conventions.pagination import Pagination
from specs.model import Clause, Operation, Resource, Spec

__all__ = ["Exam", "Made", "Walk"]

T = TypeVar("T")

LONGEST_WALK = 60
"""Pages after which a walk gives up: a list that never ends must not hang an examination."""


@dataclass(frozen=True, slots=True)
class Made:
    """A record that the examination made: its resource, id, members as answered, members as given, and the answer."""

    resource: Resource
    key: str
    record: Mapping[str, Any]
    given: Mapping[str, Any]
    response: Response
    as_: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A list read page by page: the records of each page, the answers, and whether the end was seen."""

    pages: tuple[tuple[Mapping[str, Any], ...], ...]
    responses: tuple[Response, ...]
    complete: bool

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """All records, in order."""
        return [record for page in self.pages for record in page]


@dataclass
class Exam:
    """What a check is given. `spec` is bound to the target; `drawn` are the values that Hypothesis drew, by label, in order.

    `notes` is what checks of one examination leave for one another: the runner gives all its exams the same.
    """

    spec: Spec
    target: Target
    source: Callable[[Any, str], Any] | None = None
    drawn: list[tuple[str, Any]] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    ask: Asking = field(init=False)
    read: Reading = field(init=False)
    payloads: Payloads = field(init=False)

    def __post_init__(self) -> None:
        self.read = Reading(self.spec)
        self.ask = Asking(self.spec, self.target)
        self.payloads = Payloads(self.spec, self.target)

    # What there is

    def operations(self, clause: Clause) -> list[Operation]:
        """The operations that a clause speaks of and the target has."""
        return [self.spec.operations[name] for name in clause.operations if name in self.spec.operations]

    def resources(self, clause: Clause, effect: str = "list") -> Iterator[tuple[Resource, Operation]]:
        """The resources with an operation of that effect among the clause's operations, each with the first such operation."""
        seen = set()
        for operation in self.operations(clause):
            if operation.effect == effect and operation.resource and operation.resource not in seen:
                seen.add(operation.resource)
                yield self.spec.resources[operation.resource], operation

    def operation(self, resource: Resource, effect: str) -> Operation | None:
        """The resource's plain operation of that effect, if the target has it."""
        names = (name for name in resource.operations.get(effect, ()) if name in self.spec.operations)
        return next((self.spec.operations[name] for name in names), None)

    def pagination(self, operation: Operation) -> Pagination | None:
        """How the operation's list is cut into pages, or None."""
        found: Pagination | None = self.parameters_of("pagination", operation)
        return found

    def parameters_of(self, kind: str, operation: Operation) -> Any:
        """The parameters of the first group of a kind that speaks of the operation, or None."""
        group = self.spec.group_for(kind, operation)
        return group.parameters if group else None

    def need(self, *names: str) -> None:
        """Ends the check as skipped unless the target has credentials of these names."""
        if self.spec.group_of_kind("authentication") is None:
            return
        for name in names:
            if name not in self.target.credentials:
                fields = ", ".join(self.ask.fields) or "key"
                raise Ended(Skipped(f"no credential called {name!r}", f"a credential under [credentials], {name} = {{{fields} = …}}"))

    def draw(self, strategy: Any, label: str, otherwise: T) -> T:
        """A value that Hypothesis draws (and shrinks); `otherwise` where nothing draws, as in a test with canned answers."""
        value = otherwise if self.source is None else self.source(strategy, label)
        self.drawn.append((label, value))
        return value

    # Steps

    def known(self, resource: Resource, *, as_: str | None = "full", operation: Operation | None = None) -> Steps[list[Mapping[str, Any]]]:
        """The records of the list's first page, as flat members; empty where the list can't be read."""
        operation = operation or self.operation(resource, "list")
        if operation is None:
            return []
        parents = yield from self.parents_of(operation)
        response = yield self.ask.operation(operation, parents=parents, as_=as_)
        if not self.read.succeeded(response):
            return []
        try:
            return [self._flat(record, resource) for record in self.read.records(response, resource)]
        except Unreadable:
            return []

    def _flat(self, record: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
        """A record's flat members; an id that is text, whatever the spec says, is sent as text from then on."""
        members = self.read.members(record, resource)
        if isinstance(members.get(resource.key), str):
            self.ask.text_keys.add(resource.name)
        return members

    def parents_of(self, operation: Operation) -> Steps[dict[str, str]]:
        """Values for the path parameters of an operation that name parents: ids of records that exist and have children."""
        if operation.resource is None:
            return {}
        resource, values = self.spec.resources[operation.resource], {}
        for parent in resource.parents:
            for parameter in set(parent.parameters) & set(operation.path_parameters):
                values[parameter] = yield from self.parent_key(resource, parent.member)
        return values

    def parent_key(self, resource: Resource, member: str) -> Steps[str]:
        """The id of a parent that a record of the resource refers to; ends the check where none is known."""
        for record in (yield from self.known(resource)):
            if record.get(member) not in (None, MISSING):
                return str(record[member])
        parent = next(self.spec.resources[known.resource] for known in resource.parents if known.member == member)
        for record in (yield from self.known(parent)):
            return str(record[parent.key])
        made = self.payloads.bound_value(resource, member)
        if made is not None:
            return str(made)
        raise Ended(
            Inconclusive(
                f"no {parent.singular} is known", f"a record of {resource.name} whose {member} is set, or create.{member} under [resources.{resource.name}]"
            )
        )

    def known_key(self, resource: Resource, *, as_: str | None = "full") -> Steps[str]:
        """The id of a record that exists: one of the list, or else one made for it; ends the check where there is none."""
        for record in (yield from self.known(resource, as_=as_)):
            if record.get(resource.key) is not None:
                return str(record[resource.key])
        made = yield from self.make(resource, as_=as_ or "full")
        return made.key

    def make(self, resource: Resource, members: Mapping[str, Any] | None = None, *, as_: str = "full", operation: Operation | None = None) -> Steps[Made]:
        """A new record of our own (the runner deletes it at the end); ends the check where it can't be made."""
        operation = operation or self.operation(resource, "create")
        if operation is None:
            raise Ended(Skipped(f"{resource.name} has no operation that creates", f"the operation's path under [resources.{resource.name}]"))
        given = yield from self.payload(resource)
        given.update(members or {})
        parents = yield from self.parents_of(operation)
        response = yield self.ask.operation(operation, members=given, parents=parents, as_=as_)
        return self.made(resource, given, response, as_)

    def made(self, resource: Resource, given: Mapping[str, Any], response: Response, as_: str) -> Made:
        """What a create's answer says was made; ends the check where it says nothing usable."""
        if not self.read.succeeded(response):
            told = self.read.excerpt(response)
            raise Ended(
                Inconclusive(
                    f"creating {resource.one} was answered with {response.status}: {told}",
                    f"a payload that works, as `create` under [resources.{resource.name}]",
                )
            )
        try:
            record = self._flat(self.read.record(response, resource), resource)
        except Unreadable as problem:
            raise Ended(Inconclusive(f"the answer to a create of {resource.singular} could not be read: {problem}")) from None
        if record.get(resource.key) in (None, ""):
            raise Ended(Inconclusive(f"the answer to a create of {resource.singular} has no {resource.key}"))
        return Made(resource, str(record[resource.key]), record, given, response, as_)

    def payload(self, resource: Resource, *, rich: bool = False) -> Steps[dict[str, Any]]:
        """Members for a create that should be valid: those required (`rich`: optional ones, too), references filled with ids that exist."""
        return (yield from self.filled(resource, self.payloads.members(resource, rich=rich)))

    def filled(self, resource: Resource, members: Mapping[str, Any]) -> Steps[dict[str, Any]]:
        """The members with references such as `{jobs.id}` filled with ids that exist."""
        filled = dict(members)
        for name, value in members.items():
            if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
                filled[name] = yield from self._reference(resource, name, value[1:-1])
        return filled

    def _reference(self, resource: Resource, member: str, text: str) -> Steps[Any]:
        """A value for `{jobs.id}` (a record of jobs) or `{companies}` (a parent)."""
        name, _, wanted = text.partition(".")
        other = self.spec.resources.get(name)
        if other is None:
            raise Ended(Errored(f"{resource.name}.{member} refers to {name!r}, which is no resource"))
        if "list" not in other.operations and "create" not in other.operations:
            return (yield from self.parent_key(resource, member))
        for record in (yield from self.known(other)):
            if record.get(wanted or other.key) is not None:
                return record[wanted or other.key]
        made = yield from self.make(other)
        return made.record[wanted or other.key]

    def fetch(self, resource: Resource, key: str, *, as_: str | None = "full", fresh: bool = True) -> Steps[Response]:
        """The answer to a read of one record by its id."""
        operation = self.operation(resource, "read")
        if operation is None:
            raise Ended(Skipped(f"{resource.name} has no operation that reads one", f"the operation's path under [resources.{resource.name}]"))
        parents = yield from self.parents_of(operation)
        return (yield self.ask.operation(operation, key=key, parents=parents, as_=as_, fresh=fresh))

    def walk(
        self,
        resource: Resource,
        *,
        operation: Operation | None = None,
        size: int | None = None,
        as_: str | None = "full",
        parameters: Mapping[str, Any] | None = None,
        parents: Mapping[str, str] | None = None,
        until: Callable[[Mapping[str, Any]], bool] | None = None,
        fresh: bool = False,
    ) -> Steps[Walk]:
        """A list read page by page to its end (or until a record is found); records are flat members.

        Without a pagination it is one request. `parameters` go with each request (query or body, as the list takes them). Ends
        the check as inconclusive where a page can't be read.
        """
        operation = operation or self.operation(resource, "list")
        if operation is None:
            raise Ended(Skipped(f"{resource.name} has no list", f"the list's path under [resources.{resource.name}]"))
        pages: list[tuple[Mapping[str, Any], ...]] = []
        responses: list[Response] = []
        if parents is None:
            parents = yield from self.parents_of(operation)
        request: Request | None = self.ask.page(operation, 0, size=size, parents=parents, as_=as_, parameters=parameters, fresh=fresh)
        while request is not None and len(pages) < LONGEST_WALK:
            response = yield request
            if not pages and size is not None and self._refuses_size(operation, response):
                size = None
                response = yield self.ask.page(operation, 0, parents=parents, as_=as_, parameters=parameters, fresh=fresh)
            records = self.page_records(response, resource)
            pages.append(tuple(records))
            responses.append(response)
            if until is not None and any(map(until, records)):
                return Walk(tuple(pages), tuple(responses), False)
            request = self._next_page(operation, request, response, pages, size=size, parents=parents, as_=as_, parameters=parameters, fresh=fresh)
        return Walk(tuple(pages), tuple(responses), request is None)

    def _refuses_size(self, operation: Operation, response: Response) -> bool:
        """Whether a page may be refused for its size alone, as no largest one is documented."""
        pagination = self.pagination(operation)
        outcome = self.read.failed(response) and response.status < 500 and response.status not in (401, 403, 404, 429)
        return pagination is not None and pagination.maximum is None and outcome

    def page_records(self, response: Response, resource: Resource) -> list[Mapping[str, Any]]:
        """The flat records of one page; ends the check as inconclusive where it can't be read."""
        if not self.read.succeeded(response):
            raise Ended(Inconclusive(f"a list of {resource.name} was answered with {response.status}: {self.read.excerpt(response)}"))
        try:
            return [self._flat(record, resource) for record in self.read.records(response, resource)]
        except Unreadable as problem:
            raise Ended(Inconclusive(f"a list of {resource.name} could not be read: {problem}")) from None

    def _next_page(self, operation: Operation, request: Request, response: Response, pages: list[Any], **asked: Any) -> Request | None:
        pagination = self.pagination(operation)
        if pagination is None or not pages[-1]:
            return None
        asked_size = asked["size"]
        if pagination.style in ("cursor", "link"):
            return self.ask.following(operation, request, response, pagination, **asked)
        # Where no largest size is documented a page may be short because the target has one: then the first page tells it.
        full = min(asked_size, len(pages[0])) if asked_size is not None and pagination.maximum is None else asked_size
        if full is not None and len(pages[-1]) < full:
            return None
        if len(pages) > 1 and pages[-1] == pages[-2]:
            return None
        told = dig(self._document(response), pagination.numbers.total_pages) if pagination.numbers.total_pages else MISSING
        if isinstance(told, int) and told <= len(pages):
            return None
        done = sum(map(len, pages))
        return self.ask.page(operation, done if pagination.style == "offset" else len(pages), **asked)

    @staticmethod
    def _document(response: Response) -> Any:
        try:
            return response.json()
        except Unreadable:
            return None

    def listed(
        self, resource: Resource, key: str, *, as_: str | None = "full", operation: Operation | None = None, parents: Mapping[str, str] | None = None
    ) -> Steps[bool | None]:
        """Whether a record of that id stands in the list: True, False, or None where the list's end could not be seen."""
        pagination = self.pagination(operation or self._list_of(resource))
        size = (pagination.maximum or pagination.stub_default) if pagination is not None and pagination.size else None
        walk = yield from self.walk(
            resource, operation=operation, size=size, as_=as_, parents=parents, until=lambda record: str(record.get(resource.key)) == key, fresh=True
        )
        if any(str(record.get(resource.key)) == key for record in walk.records):
            return True
        return False if walk.complete else None

    def _list_of(self, resource: Resource) -> Operation:
        operation = self.operation(resource, "list")
        if operation is None:
            raise Ended(Skipped(f"{resource.name} has no list", f"the list's path under [resources.{resource.name}]"))
        return operation
