"""Cuts a list into pages, and tells about them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mockserver.breaking import Change, after
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import Tokens, tokens
from mockserver.store import Query, Row
from specs.conventions.pagination import Pagination

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}", re.ASCII)
_FARTHEST = 2**62


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Reads where to begin and how many, and puts numbers and links into the body."""
    if served.effect != "list":
        return {}
    pages = Pages(group.parameters)
    found: dict[Stage, Step] = {Stage.VALIDATION: pages.cut}
    if pages.tells:
        found[Stage.DOCUMENT] = pages.tell
    return found


class Pages:
    """The pages of one operation's list."""

    def __init__(self, parameters: Pagination) -> None:
        self.parameters = parameters
        self.default = parameters.default or parameters.stub_default
        self.maximum = parameters.maximum or parameters.stub_maximum
        numbers = parameters.numbers
        self._numbers: list[tuple[Tokens, Callable[[Call, int], Any]]] = [
            (tokens(pointer), tell)
            for pointer, tell in (
                (numbers.page, lambda call, size: self.page_at(call.wanted.offset, size)),
                (numbers.per_page, lambda call, size: size),  # noqa: ARG005
                (numbers.total_pages, lambda call, size: pages_of(call.total, size)),
                (numbers.total_records, lambda call, size: call.total),  # noqa: ARG005
                (numbers.maximum, lambda call, size: self.maximum),  # noqa: ARG005
            )
            if pointer is not None
        ]
        self._next_cursor = tokens(parameters.next_cursor) if parameters.next_cursor is not None else None
        self._links = {name: tokens(pointer) for name, pointer in parameters.links.items()}
        self.tells = bool(self._numbers or self._links or self._next_cursor is not None or parameters.link_header)

    def cut(self, call: Call) -> Answer:
        """Sets offset and limit of what the call wants."""
        parameters = self.parameters
        source: Any = call.inputs if parameters.place == "body" else call.query
        size = self.default
        if parameters.size is not None and parameters.size in source:
            bounded = self._bounded(source[parameters.size], parameters.minimum, self.maximum)
            if bounded is None:
                return self._refuse(parameters.size)
            size = bounded
        call.wanted.limit = size
        if parameters.page not in source:
            return None
        if parameters.style == "cursor":
            offset = _offset_of(source[parameters.page])
            if offset is None:
                return self._refuse(parameters.page)
            call.wanted.offset = offset
            return None
        first = self._bounded(source[parameters.page], parameters.first, _FARTHEST)
        if first is None:
            return self._refuse(parameters.page)
        steps_on = first - parameters.first
        call.wanted.offset = steps_on if parameters.style == "offset" else steps_on * size
        return None

    def _bounded(self, value: Any, low: int, high: int) -> int | None:
        """The number within its bounds; None where it is to be refused."""
        number = _integer(value)
        if number is not None and low <= number <= high:
            return number
        if self.parameters.out_of_bounds == "refuse":
            return None
        return (self.default if high == self.maximum else low) if number is None else min(max(number, low), high)

    def _refuse(self, name: str) -> Refusal:
        return Refusal("page_out_of_bounds", {"name": name, "param": name})

    def page_at(self, offset: int, size: int) -> int:
        """The number, or offset, by which a caller asks for the page that begins there."""
        return self.parameters.first + (offset if self.parameters.style == "offset" else offset // size)

    def tell(self, call: Call) -> Answer:
        """Adds what the page tells about itself."""
        size = call.wanted.limit or self.default
        for path, number in self._numbers:
            call.extras.append((path, number(call, size)))
        end = call.wanted.offset + size
        if self._next_cursor is not None:
            call.extras.append((self._next_cursor, _cursor(end) if end < call.total else None))
        if self._links or self.parameters.link_header:
            links = self._targets(call, size)
            call.extras.extend((path, links.get(name)) for name, path in self._links.items())
            if self.parameters.link_header:
                call.headers["link"] = ", ".join(f'<{link}>; rel="{name}"' for name, link in links.items() if link is not None)
        return None

    def _targets(self, call: Call, size: int) -> dict[str, str | None]:
        """The pages' absolute URLs by relation; None where there is no such page."""
        offset, total = call.wanted.offset, call.total
        last = max(pages_of(total, size) - 1, 0) * size
        begins = {"first": 0, "last": last, "prev": min(offset - size, last) if offset > 0 else None, "next": offset + size if offset + size < total else None}
        return {name: None if begin is None else self.url(call, max(begin, 0), size) for name, begin in begins.items()}

    def url(self, call: Call, begin: int, size: int) -> str:
        """The absolute URL of the page that begins there."""
        parameters = self.parameters
        query = {name: value for name, value in call.query.items() if name != parameters.page}
        query[parameters.page] = _cursor(begin) if parameters.style == "cursor" else str(self.page_at(begin, size))
        text = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query.items())
        return f"{call.request.origin}{call.mount}{call.path}?{text}"


def pages_of(total: int, size: int) -> int:
    """How many pages a list has."""
    return -(-total // size)


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o:{offset}".encode()).decode().rstrip("=")


def _offset_of(cursor: Any) -> int | None:
    if not isinstance(cursor, str) or not cursor.isascii():
        return None
    try:
        mark, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        return None
    return int(number) if mark == "o" and number.isdecimal() and len(number) < 18 else None


def _sized(change: Callable[[int], int]) -> Change:
    """Changes how many come where a size is asked for."""

    def apply(call: Call, site: Site) -> None:
        if _given(call, site, site.parameters.size) is not None and call.wanted.limit is not None:
            call.wanted.limit = max(change(call.wanted.limit), 0)

    return apply


def _given(call: Call, site: Site, name: str | None) -> Any:
    source: Any = call.inputs if site.parameters.place == "body" else call.query
    return source.get(name)


def _default_size(call: Call, site: Site) -> None:
    if _given(call, site, site.parameters.size) is not None:
        call.wanted.offset = call.wanted.offset // (call.wanted.limit or 1) * Pages(site.parameters).default
        call.wanted.limit = Pages(site.parameters).default


def _unsized(change: Callable[[int], int | None]) -> Change:
    """Changes how many come where no size is asked for."""

    def apply(call: Call, site: Site) -> None:
        if _given(call, site, site.parameters.size) is None and call.wanted.limit is not None:
            call.wanted.limit = change(call.wanted.limit)

    return apply


def _honouring(*, high: bool) -> Wrap:
    """The wrap that honours sizes above, or below, the bounds."""

    def wrap(step: Step, site: Site) -> Step:
        pages = Pages(site.parameters)

        def broken(call: Call) -> Answer:
            asked = _integer(_given(call, site, site.parameters.size))
            beyond = asked is not None and (asked > pages.maximum if high else asked < site.parameters.minimum)
            answer = step(call)
            if not beyond or asked is None:
                return answer
            call.wanted.limit = asked if high else None
            return None

        return broken

    return wrap


def _failing(step: Step, site: Site) -> Step:
    """Fails where a size is no number within the bounds."""
    pages = Pages(site.parameters)

    def broken(call: Call) -> Answer:
        answer = step(call)
        size = _given(call, site, site.parameters.size)
        number = _integer(size)
        if size is not None and (number is None or not site.parameters.minimum <= number <= pages.maximum):
            return Refusal("server_error")
        return answer

    return broken


def _first_is_second(call: Call, site: Site) -> None:
    if _given(call, site, site.parameters.page) is None:
        call.wanted.offset += call.wanted.limit or 0


def _off_by_one_page(call: Call, site: Site) -> None:
    if _given(call, site, site.parameters.page) is not None:
        call.wanted.offset = max(call.wanted.offset - (call.wanted.limit or 0), 0)


def _shifted(by: int) -> Change:
    """Moves where every page but the first begins."""

    def apply(call: Call, site: Site) -> None:  # noqa: ARG001
        if call.wanted.offset > 0:
            call.wanted.offset = max(call.wanted.offset + by, 0)

    return apply


def _from_start(call: Call, site: Site) -> None:  # noqa: ARG001
    call.wanted.offset = 0


def _everything(call: Call) -> list[Row]:
    """All rows that the call wants, of whatever page."""
    wanted = call.wanted
    whole = Query(account=wanted.account, equal=wanted.equal, tests=wanted.tests, seen=wanted.seen, order=wanted.order)
    return list(call.space.store.select(call.served.table(call), whole)[0])


def _cut_from(call: Call, rows: list[Row]) -> None:
    call.rows = rows[call.wanted.offset :][: call.wanted.limit]


def _shuffled(call: Call, site: Site) -> None:  # noqa: ARG001
    rows = _everything(call)
    call.space.random.shuffle(rows)
    _cut_from(call, rows)


def _without_last(call: Call, site: Site) -> None:  # noqa: ARG001
    _cut_from(call, _everything(call)[:-1])


def _with_one_twice(call: Call, site: Site) -> None:  # noqa: ARG001
    rows = _everything(call)
    _cut_from(call, [*rows, *rows[:1]])


def _last_page_again(call: Call, site: Site) -> None:  # noqa: ARG001
    if not call.rows and call.total and call.wanted.limit:
        rows = _everything(call)
        begin = (pages_of(call.total, call.wanted.limit) - 1) * call.wanted.limit
        call.rows = rows[begin:]


def _retold(which: str, change: Callable[[int], Any]) -> Change:
    """Changes one of the numbers that a page tells about itself."""

    def apply(call: Call, site: Site) -> None:
        place = tokens(getattr(site.parameters.numbers, which))
        call.extras = [(path, change(value) if path == place and isinstance(value, int) else value) for path, value in call.extras]

    return apply


def _more(value: int) -> int:
    return value + 1


def _less(value: int) -> int:
    return value - 1


def _next_for_ever(call: Call, site: Site) -> None:
    pages, size = Pages(site.parameters), call.wanted.limit or 1
    place = tokens(site.parameters.links["next"])
    call.extras = [(path, pages.url(call, call.wanted.offset, size) if path == place and value is None else value) for path, value in call.extras]


def _tells(which: str) -> Callable[[Spec, Clause], bool]:
    return lambda spec, clause: getattr(spec.convention(clause).parameters.numbers, which) is not None


def _links_on(spec: Spec, clause: Clause) -> bool:
    return "next" in spec.convention(clause).parameters.links


def _ends_by_emptiness(spec: Spec, clause: Clause) -> bool:
    """Whether a caller can tell the end of a walk only by an empty page, since no number and no link says it."""
    parameters = spec.convention(clause).parameters
    return parameters.numbers.total_pages is None and parameters.numbers.total_records is None and not parameters.links


_CUT, _LISTED = Stage.VALIDATION, Stage.EFFECT

_WALKS = {
    "overlap": Fault("Each page begins with the last record of the one before.", _CUT, after(_shifted(-1))),
    "gap": Fault("Between two pages a record is left out.", _CUT, after(_shifted(1))),
    "unstable_order": Fault("The order changes from page to page.", _LISTED, after(_shuffled), kind="lifecycle"),
    "first_page_for_ever": Fault("Every page is the first.", _CUT, after(_from_start)),
    "last_page_again": Fault("Past the end, the last page comes again.", _LISTED, after(_last_page_again), kind="lifecycle", fits=_ends_by_emptiness),
    "one_missing": Fault("The last record is on no page.", _LISTED, after(_without_last), kind="lifecycle"),
    "one_twice": Fault("The first record comes again at the end.", _LISTED, after(_with_one_twice), kind="lifecycle", fits=_ends_by_emptiness),
    "next_for_ever": Fault("The last page has a next one.", Stage.DOCUMENT, after(_next_for_ever), fits=_links_on),
}

FAULTS = {
    "size_sets_the_number": {
        "ignored": Fault("The size is not looked at.", _CUT, after(_default_size)),
        "one_less": Fault("One record less comes than asked for.", _CUT, after(_sized(lambda size: size - 1))),
        "one_more": Fault("One record more comes than asked for.", _CUT, after(_sized(lambda size: size + 1))),
    },
    "default_size_is_used": {
        "half": Fault("Without a size, half of the documented number comes.", _CUT, after(_unsized(lambda size: size // 2))),
        "more": Fault("Without a size, five more than documented come.", _CUT, after(_unsized(lambda size: size + 5))),
        "everything": Fault("Without a size, everything comes.", _CUT, after(_unsized(lambda size: None))),  # noqa: ARG005
    },
    "size_bounds_hold": {
        "honoured": Fault("A size over the largest is honoured.", _CUT, _honouring(high=True)),
        "fails": Fault("A size outside the bounds makes the server fail.", _CUT, _failing),
        "small_is_everything": Fault("A size below the smallest gives everything.", _CUT, _honouring(high=False)),
    },
    "first_page_is_the_default": {
        "default_is_second": Fault("Without a number, the second page comes.", _CUT, after(_first_is_second)),
        "counts_from_one_more": Fault("Pages are counted from one more than documented.", _CUT, after(_off_by_one_page)),
    },
    "walk_gives_every_object_once": _WALKS,
    "numbers_agree_with_the_data": {
        "total": Fault("The number of records is one too high.", Stage.DOCUMENT, after(_retold("total_records", _more)), fits=_tells("total_records")),
        "pages": Fault("The number of pages is one too high.", Stage.DOCUMENT, after(_retold("total_pages", _more)), fits=_tells("total_pages")),
        "page": Fault("The page's number is one too high.", Stage.DOCUMENT, after(_retold("page", _more)), fits=_tells("page")),
        "size": Fault("The page's size is one too low.", Stage.DOCUMENT, after(_retold("per_page", _less)), fits=_tells("per_page")),
        "text": Fault("The number of records is text.", Stage.DOCUMENT, after(_retold("total_records", str)), fits=_tells("total_records")),
    },
    "window_is_cut": {
        "number_ignored": Fault("The number is not looked at.", _CUT, after(_from_start)),
        "size_ignored": Fault("The size is not looked at.", _CUT, after(_default_size)),
        "overlap": _WALKS["overlap"],
        "one_more": Fault("One record more comes than asked for.", _CUT, after(_sized(lambda size: size + 1))),
    },
}
