"""Lists page by page: asks for single pages, walks to the end, and follows the links and cursors that pages give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from conformance.addressing import MISSING, dig
from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.exchange import NotPermitted, Request, Response, Unreadable
from conformance.steps.aiming import overloaded
from conformance.verdict import Inconclusive, Skipped
from specs.conventions.pagination import Numbers, Pagination
from specs.model import Operation, Resource

__all__ = ["MOST_PAGES", "Page", "Paged", "Trail", "disagreement", "number_at", "opened"]

MOST_PAGES = 60
"""Pages after which a walk gives up."""

_OWN = "paging: own records"
"""The note that holds our records, by the operation that lists them."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the request, the answer, the ids of its records in order (None: it could not be read), and the body."""

    index: int
    request: Request
    response: Response
    ids: tuple[str, ...] | None
    document: Any = None

    @property
    def count(self) -> int:
        """How many records it has."""
        return len(self.ids or ())


@dataclass(slots=True)
class Trail:
    """Pages in order, up to the end or until enough was seen.

    `end` is `empty` (an empty page came), `told` (the page itself says that it is the last), `refused`, `endless` (the same page came
    again and again) or `enough`; `after` is the page asked for past the last one.
    """

    pages: list[Page] = field(default_factory=list)
    end: str = "enough"
    after: Page | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of all records, in order."""
        return [key for page in self.pages for key in page.ids or ()]

    @property
    def whole(self) -> bool:
        """Whether the end was seen."""
        return self.end in ("empty", "told", "refused")


@dataclass(frozen=True, slots=True)
class Paged:
    """A list that is cut into pages: its operation, resource, parameters, the path's parents, and which parameters are choices."""

    exam: Exam
    operation: Operation
    resource: Resource
    parameters: Pagination
    parents: Mapping[str, str]
    filters: Mapping[str, Any] = field(default_factory=dict)
    choices: frozenset[str] = frozenset()

    @property
    def numbered(self) -> bool:
        """Whether pages are asked for by number or offset."""
        return self.parameters.style in ("page_number", "offset")

    def page(self, index: int, *, size: int | None = None, fresh: bool = False, explicit: bool = False) -> Steps[Page]:
        """The page of that index from 0; `explicit` sends the first page's number, too."""
        asked = dict(self.filters)
        step = index * size if self.parameters.style == "offset" and size is not None else index
        if explicit and not index:
            asked[self.parameters.page] = self.parameters.first
        request = self.exam.ask.page(self.operation, step, size=size, parents=self.parents, parameters=asked, fresh=fresh)
        return (yield from self.answer(index, request))

    def after(self, page: Page, *, size: int) -> Steps[Page]:
        """The page after the first one of a size: where pages are asked for by offset, what follows its records, however many came."""
        if self.parameters.style != "offset":
            return (yield from self.page(1, size=size))
        request = self.exam.ask.page(self.operation, page.count, size=size, parents=self.parents, parameters=self.filters)
        return (yield from self.answer(1, request))

    def asked(self, parameters: Mapping[str, Any], *, fresh: bool = False) -> Steps[Page]:
        """The page that comes for parameters sent as they are."""
        request = self.exam.ask.operation(self.operation, parents=self.parents, parameters={**self.filters, **parameters}, fresh=fresh)
        return (yield from self.answer(0, request))

    def answer(self, index: int, request: Request) -> Steps[Page]:
        """The page that a request is answered with."""
        response = yield request
        if not self.exam.read.succeeded(response):
            return Page(index, request, response, None)
        try:
            records = self.exam.read.records(response, self.resource)
        except Unreadable:
            return Page(index, request, response, None)
        return Page(index, request, response, tuple(self._id(record) for record in records), self.exam.read.document(response))

    def _id(self, record: Mapping[str, Any]) -> str:
        key = self.exam.read.members(record, self.resource).get(self.resource.key)
        return json.dumps(record, sort_keys=True) if key is None else str(key)

    def linked(self, page: Page, link: str, index: int) -> Steps[Page | None]:
        """The page that a link leads to; None where it leads to another host."""
        url = urljoin(page.request.url, link)
        if urlsplit(url)[:2] != urlsplit(page.request.url)[:2]:
            return None
        known = self.exam.ask.authentication
        carried = {carrier.name for carrier in known.fields.values() if carrier.place == "query"} if known else set()
        pairs = [pair for pair in parse_qsl(urlsplit(url).query, keep_blank_values=True) if pair[0] not in carried]
        request = self.exam.ask.operation(self.operation, parents=self.parents, query=pairs)
        return (yield from self.answer(index, request))

    # Walking

    def walk(self, *, size: int | None, limit: int | None = None, fresh: bool = False) -> Steps[Trail]:
        """The pages from the first on, to the end or until there are as many records as `limit`."""
        trail = Trail()
        page: Page | None = yield from self.page(0, size=size, fresh=fresh)
        while page is not None and self._goes_on(trail, page):
            trail.pages.append(page)
            if (limit is not None and len(trail.ids) >= limit) or len(trail.pages) >= MOST_PAGES:
                return trail
            page = yield from self._following(trail, page, size, fresh)
        if page is None:
            trail.end = "told"
        return trail

    def _goes_on(self, trail: Trail, page: Page) -> bool:
        """Whether a page belongs to the walk; if not, the trail's end says why."""
        if page.ids is None and (not trail.pages or overloaded(page.response)):
            told = self.exam.read.excerpt(page.response)
            raise Ended(Inconclusive(f"{self.operation.id} was answered with {page.response.status}: {told}", "a list that can be read"))
        trail.after = page
        if page.ids is None:
            trail.end = "refused"
        elif not page.ids:
            trail.end = "empty"
        elif trail.pages and self._is_last(trail.pages[-1]):
            trail.end = "told"
        elif trail.pages and page.ids == trail.pages[-1].ids:
            trail.end = "told" if self._is_uncut(trail, page) else "endless"
        else:
            trail.after = None
            return True
        return False

    def _is_uncut(self, trail: Trail, page: Page) -> bool:
        """Whether a list does not take the page parameter, whose name the document does not tell: it has one page then."""
        told = number_at(page.document, self.parameters.numbers.page)
        return "page" in self.choices and len(trail.pages) == 1 and told != page.index + self.parameters.first

    def takes_size(self, size: int) -> Steps[bool]:
        """Whether the list takes the size parameter; in doubt it does, unless the document does not tell its name."""
        if "size" not in self.choices:
            return True
        page = yield from self.page(0, size=size)
        if overloaded(page.response):
            raise Ended(Inconclusive(f"{self.operation.id} was answered with {page.response.status}", "a list that can be read"))
        return page.count <= size

    def _is_last(self, page: Page) -> bool:
        """Whether a page says that it is the last one: by the number of pages, or by links without a next one."""
        total = number_at(page.document, self.parameters.numbers.total_pages)
        if total is not None:
            return page.index + 1 >= total
        pointer = self.parameters.links.get("next")
        if pointer is None or not isinstance(dig(page.document, pointer.rpartition("/")[0]), Mapping):
            return False
        return dig(page.document, pointer) in (MISSING, None, "")

    def _following(self, trail: Trail, page: Page, size: int | None, fresh: bool) -> Steps[Page | None]:
        index = len(trail.pages)
        if not self.numbered:
            request = self.exam.ask.following(
                self.operation, page.request, page.response, self.parameters, size=size, parents=self.parents, parameters=self.filters, fresh=fresh
            )
            return (yield from self.answer(index, request)) if request is not None else None
        if self.parameters.style == "offset" and size is None:
            request = self.exam.ask.page(self.operation, len(trail.ids), parents=self.parents, parameters=self.filters, fresh=fresh)
            return (yield from self.answer(index, request))
        return (yield from self.page(index, size=size, fresh=fresh))

    # Records enough

    def stocked(self, wanted: int) -> Steps[int]:
        """How many records the first page has, after making own ones where there are fewer than wanted and writing is permitted."""
        first = yield from self.page(0)
        missing = wanted - first.count
        if missing <= 0 or first.ids is None or self.filters:
            return first.count
        for _ in range(missing):
            if (yield from self.own()) is None:
                break
        return (yield from self.page(0, fresh=True)).count

    def filled(self, wanted: int) -> Steps[bool]:
        """Whether there are so many records, after making own ones; only where they can be deleted again."""
        if not self.exam.target.permit.write or not {"create", "delete"} <= set(self.resource.operations) or self.filters:
            return False
        size = self.parameters.maximum if self.parameters.size else None
        missing = wanted - (yield from self.page(0, size=size, fresh=True)).count
        if missing > 0 and size is not None:
            missing -= (yield from self.page(1, size=size, fresh=True)).count
        for _ in range(missing):
            if (yield from self.own()) is None:
                return False
        return True

    def own(self) -> Steps[str | None]:
        """The id of a new record of our own in this list, or None where none can be made."""
        members = {parent.member: self.parents[name] for parent in self.resource.parents for name in parent.parameters if name in self.parents}
        try:
            made = yield from self.exam.make(self.resource, members)
        except (Ended, NotPermitted):
            return None
        self.all_own.append(made)
        return made.key

    @property
    def all_own(self) -> list[Made]:
        """The records of our own that were made in this list for the sake of its pages, in their order; nothing changes or deletes them meanwhile."""
        kept: dict[str, list[Made]] = self.exam.notes.setdefault(_OWN, {})
        return kept.setdefault(self.operation.id, [])


def opened(exam: Exam, operation: Operation) -> Steps[Paged]:
    """The list of an operation, ready to be asked for page by page; ends the check where it has no pages."""
    group = exam.spec.group_for("pagination", operation)
    if group is None or operation.resource is None:
        raise Ended(Skipped(f"{operation.id} is not cut into pages"))
    parents = yield from exam.parents_of(operation)
    resource = exam.spec.resources[operation.resource]
    return Paged(exam, operation, resource, group.parameters, parents, choices=frozenset(group.choices))


def number_at(document: Any, pointer: str | None) -> int | None:
    """The integer at a pointer, or None."""
    found = dig(document, pointer) if pointer else MISSING
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def disagreement(page: Page, parameters: Pagination, *, asked: bool, typed: bool = True) -> str | None:
    """How the numbers that a page tells of itself disagree with its records and with one another, or None.

    `asked` says that the page of that index was asked for by number, so that the page's own number must be that; without `typed`
    what stands in a number's place and is none is taken for something else.
    """
    numbers = parameters.numbers
    wrong = _no_integers(page.document, numbers) if typed else None
    if wrong is not None:
        return wrong
    told = {name: number_at(page.document, getattr(numbers, name)) for name in ("page", "per_page", "total_pages", "total_records", "maximum")}
    number, per_page, total_pages, total = told["page"], told["per_page"], told["total_pages"], told["total_records"]
    if number is not None and (number < parameters.first or (asked and page.ids and number != page.index + parameters.first)):
        return f"page {number} at {numbers.page}, when page {page.index + parameters.first} was asked for"
    if total and per_page and not page.count and number == parameters.first:
        return f"no records on the first page, when there are {total} at {numbers.total_records}"
    if per_page is not None and page.count > per_page:
        return f"{page.count} records, more than the {per_page} at {numbers.per_page}"
    if total is not None and total < page.count:
        return f"{page.count} records, more than the {total} at {numbers.total_records}"
    if per_page and total is not None and total_pages is not None and total_pages != max(-(-total // per_page), min(total_pages, 1) if not total else 1):
        return f"{total_pages} pages at {numbers.total_pages}, when {total} records make {-(-total // per_page)} pages of {per_page}"
    if number is not None and total_pages is not None and page.ids and number - parameters.first + 1 > total_pages:
        return f"page {number} of {total_pages} has records"
    return None


def _no_integers(document: Any, numbers: Numbers) -> str | None:
    for name in ("page", "per_page", "total_pages", "total_records"):
        pointer = getattr(numbers, name)
        value = dig(document, pointer) if pointer else MISSING
        if value is not MISSING and (isinstance(value, bool) or not isinstance(value, int)):
            return f"{value!r} at {pointer} instead of an integer"
    return None
