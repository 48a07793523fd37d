"""How pages break their word: sizes that are not kept, gaps, overlaps, numbers that do not agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from mockserver.breaking import after, crashing
from mockserver.misbehaviours.listing import Fits, after_listing, can_be_made, has, holds, listed, of_several_accounts, rearranged
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import tokens
from mockserver.store import Row
from specs.model import Clause, Spec

__all__ = ["FAULTS"]

CUT, TOLD = Stage.VALIDATION, Stage.DOCUMENT


def _source(call: Call, site: Site) -> Mapping[str, Any]:
    return call.inputs if site.parameters.place == "body" else call.query


def _sized(call: Call, site: Site) -> bool:
    """Whether the call says how many records it wants."""
    return site.parameters.size is not None and site.parameters.size in _source(call, site)


def _numbered(call: Call, site: Site) -> bool:
    """Whether the call says where to begin."""
    return site.parameters.page in _source(call, site)


def _integer(call: Call, site: Site) -> int | None:
    """The size that the call asks for, as a number; None where it is none."""
    try:
        return int(_source(call, site).get(site.parameters.size, ""))
    except ValueError:
        return None


def _default(site: Site) -> int:
    return int(site.parameters.default or site.parameters.stub_default)


def _maximum(site: Site) -> int:
    return int(site.parameters.maximum or site.parameters.stub_maximum)


def _resize(call: Call, site: Site, size: int) -> None:
    """Makes the page one of that size, with the same number."""
    wanted = call.wanted
    if site.parameters.style == "page_number" and wanted.limit:
        wanted.offset = wanted.offset // wanted.limit * size
    wanted.limit = size


Size = Callable[[int, Site], int]


def _half_at_most(size: int, site: Site) -> int:
    return min(size, _maximum(site) // 2)


def _holds_half(spec: Spec, clause: Clause) -> bool:
    """Whether a list has more records than half of the largest documented size, or can be given them."""
    maximum = spec.convention(clause).parameters.maximum
    return maximum is not None and holds(spec, clause, maximum // 2 + 1)


def _holds_more(spec: Spec, clause: Clause) -> bool:
    """Whether a list has more records than the largest documented size, or can be given them."""
    maximum = spec.convention(clause).parameters.maximum
    return maximum is not None and holds(spec, clause, maximum + 1)


def _has_a_third_page(spec: Spec, clause: Clause) -> bool:
    """Whether a list has, from the start, more records than fit on two pages: to make so many costs more than it tells."""
    return has(spec, clause, 2 * (spec.convention(clause).parameters.default or 0) + 1)


def _has_a_maximum(spec: Spec, clause: Clause) -> bool:
    return spec.convention(clause).parameters.maximum is not None


def _where_asked(size: Size) -> Wrap:
    """The wrap that gives another size than is asked for."""

    def change(call: Call, site: Site) -> None:
        if _sized(call, site):
            _resize(call, site, size(call.wanted.limit or _default(site), site))

    return after(change)


def _by_default(size: Callable[[Site], int]) -> Wrap:
    """The wrap that gives another size where none is asked for."""

    def change(call: Call, site: Site) -> None:
        if not _sized(call, site):
            _resize(call, site, size(site))

    return after(change)


def _more_later(call: Call, site: Site) -> None:
    if not _sized(call, site) and call.wanted.offset:
        _resize(call, site, _default(site) * 2)
        call.wanted.offset //= 2


def _everything(call: Call, site: Site) -> None:
    if not _sized(call, site):
        call.wanted.offset, call.wanted.limit = 0, None


def _refusing(value: Callable[[Site], int], parameter: str) -> Wrap:
    """The wrap that refuses a value of the size or page parameter."""

    def wrap(step: Step, site: Site) -> Step:
        name, refused = getattr(site.parameters, parameter), str(value(site))

        def cut(call: Call) -> Answer:
            if name is not None and str(_source(call, site).get(name)) == refused:
                return Refusal("page_out_of_bounds", {"name": name, "param": name})
            return step(call)

        return cut

    return wrap


def _honouring(concerns: Callable[[int, Site], bool], limit: Callable[[int], int | None]) -> Wrap:
    """The wrap that takes sizes which are outside of the bounds."""

    def wrap(step: Step, site: Site) -> Step:
        def cut(call: Call) -> Answer:
            size = _integer(call, site)
            if size is None or not concerns(size, site):
                return step(call)
            name, source = site.parameters.size, dict(_source(call, site))
            inputs, query = call.inputs, call.query
            source[name] = str(_maximum(site))
            call.inputs, call.query = (source, query) if site.parameters.place == "body" else (inputs, source)
            answer = step(call)
            call.inputs, call.query = inputs, query
            honoured = limit(size)
            if answer is None and honoured is not None:
                _resize(call, site, honoured)
            elif answer is None:
                call.wanted.limit = None
            return answer

        return cut

    return wrap


def _no_number(call: Call, site: Site) -> bool:
    return _sized(call, site) and _integer(call, site) is None


def _zero(call: Call, site: Site) -> bool:
    return _integer(call, site) == 0


# Where a page begins


def _shift(by: int, *, numbered: bool | None = None) -> Wrap:
    """The wrap that begins pages after the first so many records later, or earlier."""

    def change(call: Call, site: Site) -> None:
        if call.wanted.offset > 0 and numbered in (None, _numbered(call, site)):
            call.wanted.offset += by

    return after(change)


def _turn(by: int, *, numbered: bool) -> Wrap:
    """The wrap that gives a page so many pages on, where a number is given or where none is."""

    def change(call: Call, site: Site) -> None:
        if _numbered(call, site) is numbered:
            call.wanted.offset = max(call.wanted.offset + by * (call.wanted.limit or 0), 0)

    return after(change)


def _first_again(call: Call, site: Site) -> None:  # noqa: ARG001
    call.wanted.offset = 0


def _one_longer(call: Call, site: Site) -> None:
    if _sized(call, site) and call.wanted.limit is not None:
        call.wanted.limit += 1


# What stands on a page


def _shuffled(call: Call, site: Site, rows: list[Row]) -> list[Row]:
    if call.wanted.order:
        return rows
    turns = call.space.counters.setdefault(("shuffled", site.served.id), [0.0])
    turns[0] += 1
    shuffled = list(rows)
    Random(int(turns[0])).shuffle(shuffled)
    return shuffled


def _doubled(call: Call, site: Site, rows: list[Row]) -> list[Row]:  # noqa: ARG001
    middle = len(rows) // 2
    return [*rows[: middle + 1], *rows[middle:]]


def _without_last(call: Call, site: Site, rows: list[Row]) -> list[Row]:  # noqa: ARG001
    return rows[:-1] if len(rows) > 1 else rows


def _remainder_lost(call: Call, site: Site) -> None:  # noqa: ARG001
    wanted = call.wanted
    if wanted.offset and wanted.limit and wanted.offset + wanted.limit > call.total:
        call.rows = []


def _single_lost(call: Call, site: Site) -> None:  # noqa: ARG001
    if call.wanted.limit == 1:
        call.rows = []


def _thinned(call: Call, site: Site) -> None:  # noqa: ARG001
    call.rows = [row for place, row in enumerate(call.rows, call.wanted.offset) if place % 7 not in (1, 4)]


def _endless(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Gives the last page again for every page after it."""

    def listing(call: Call) -> Answer:
        answer, wanted = step(call), call.wanted
        if not call.rows and call.total and wanted.limit:
            offset, wanted.offset = wanted.offset, (call.total - 1) // wanted.limit * wanted.limit
            step(call)
            wanted.offset = offset
        return answer

    return listing


def _end_is_not_told(spec: Spec, clause: Clause) -> bool:
    """Whether only an empty page tells a caller that the list has ended: a number past a told end may give anything."""
    parameters = spec.convention(clause).parameters
    return parameters.numbers.total_pages is None and parameters.next_cursor is None and "next" not in parameters.links


# What a page tells of itself

Told = Callable[[Call, Site, Any], Any]


def _telling(told: Told, *names: str) -> Wrap:
    """The wrap that changes some of the numbers that a page tells."""

    def change(call: Call, site: Site) -> None:
        places = {tokens(pointer) for name in names if (pointer := getattr(site.parameters.numbers, name)) is not None}
        call.extras = [(path, told(call, site, value) if path in places else value) for path, value in call.extras]

    return after(change)


def _tells(*names: str) -> Fits:
    """What tells whether pages tell some of these numbers."""

    def fits(spec: Spec, clause: Clause) -> bool:
        numbers = spec.convention(clause).parameters.numbers
        return any(getattr(numbers, name) is not None for name in names)

    return fits


def _tells_more_than_its_own(spec: Spec, clause: Clause) -> bool:
    return _tells("total_records")(spec, clause) and of_several_accounts(spec, clause)


def _everybodys(call: Call, site: Site, told: Any) -> int:  # noqa: ARG001
    return call.space.store.count(site.served.table(call))


def _next_for_ever(call: Call, site: Site) -> None:
    """Tells, on the last page, that page itself as the next."""
    links = {name: tokens(pointer) for name, pointer in site.parameters.links.items()}
    told = dict(call.extras)
    again = told.get(links.get("last", ()))
    call.extras = [(path, again if path == links["next"] and value is None else value) for path, value in call.extras]


def _links_unfiltered(call: Call, site: Site) -> None:
    """Leaves in the links what asks for a page, and nothing else."""
    paths = {tokens(pointer) for pointer in site.parameters.links.values()}
    call.extras = [(path, _paging_only(value, site) if path in paths and isinstance(value, str) else value) for path, value in call.extras]


def _paging_only(link: str, site: Site) -> str:
    parts = urlsplit(link)
    pairs = [pair for pair in parse_qsl(parts.query) if pair[0] in (site.parameters.page, site.parameters.size)]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _has_links(spec: Spec, clause: Clause) -> bool:
    return {"next", "last"} <= set(spec.convention(clause).parameters.links)


_NUMBERS = ("page", "per_page", "total_pages", "total_records")


def _size_asked_for(call: Call, site: Site, told: Any) -> Any:
    asked = {**call.query, **call.inputs}.get(site.parameters.size)
    return int(str(asked)) if str(asked).isdigit() else told


def _size_of(call: Call, site: Site) -> int:
    return call.wanted.limit or _default(site)


FAULTS = {
    "size_sets_the_number": {
        "one_less": Fault("A page has one record less than asked for.", CUT, _where_asked(lambda size, site: max(size - 1, 1))),  # noqa: ARG005
        "one_more": Fault("A page has one record more than asked for.", CUT, _where_asked(lambda size, site: size + 1)),  # noqa: ARG005
        "ignored": Fault("The size is ignored: a page always has the default size.", CUT, _where_asked(lambda size, site: _default(site))),  # noqa: ARG005
        "cut_at_half": Fault("A size over half of the maximum is cut down to that.", CUT, _where_asked(_half_at_most), fits=_holds_half),
        "maximum_refused": Fault("The largest size is refused.", CUT, _refusing(_maximum, "size"), fits=_has_a_maximum),
    },
    "default_size_is_used": {
        "other": Fault("Without a size, a page has another size than documented.", CUT, _by_default(lambda site: _default(site) + 5)),
        "one_less": Fault("Without a size, a page has one record less than documented.", CUT, _by_default(lambda site: max(_default(site) - 1, 1))),
        "maximum": Fault("Without a size, a page has the largest size.", CUT, _by_default(_maximum)),
        "everything": Fault("Without a size, the list comes whole.", CUT, after(_everything)),
        "more_later": Fault("Without a size, pages after the first have twice as many records.", CUT, after(_more_later), fits=_has_a_third_page),
    },
    "size_bounds_hold": {
        "honoured": Fault(
            "A size over the maximum is honoured.", CUT, _honouring(lambda size, site: size > _maximum(site), lambda size: size), fits=_holds_more
        ),
        "zero_gives_all": Fault("A size of 0 gives the whole list.", CUT, _honouring(lambda size, site: size == 0, lambda size: None), fits=_holds_more),  # noqa: ARG005
        "negative_gives_all": Fault("A negative size gives the whole list.", CUT, _honouring(lambda size, site: size < 0, lambda size: None), fits=_holds_more),  # noqa: ARG005
        "zero_fails": Fault("A size of 0 makes the server fail.", CUT, crashing(_zero)),
        "text_fails": Fault("A size that is no number makes the server fail.", CUT, crashing(_no_number)),
    },
    "first_page_is_the_default": {
        "counted_from_one_later": Fault("The first two numbers both give the first page.", CUT, _turn(-1, numbered=True)),
        "counted_from_one_earlier": Fault("The first page's number gives the second page.", CUT, _turn(1, numbered=True)),
        "default_is_second": Fault("Without a number, the second page comes.", CUT, _turn(1, numbered=False)),
        "first_refused": Fault("The first page's number is refused.", CUT, _refusing(lambda site: int(site.parameters.first), "page")),
    },
    "walk_gives_every_object_once": {
        "overlap": Fault("Each page begins with the last record of the one before.", CUT, _shift(-1)),
        "gap": Fault("A record is left out between two pages.", CUT, _shift(1)),
        "page_ignored": Fault("Every page is the first one.", CUT, after(_first_again)),
        "unstable": listed("Without a sort key, the order is another one each time.", rearranged(_shuffled)),
        "doubled": listed("One record stands in the list twice.", rearranged(_doubled)),
        "last_lost": listed("The last record never comes.", rearranged(_without_last), fits=can_be_made),
        "remainder_lost": after_listing("The last page is empty unless it is full.", _remainder_lost),
        "thinned": after_listing("Records are left out after the page was cut, so that pages are short.", _thinned),
        "endless": listed("The last page comes again for every page after it.", _endless, fits=_end_is_not_told),
        "links_unfiltered": Fault("The links of a filtered list lead into the whole one.", TOLD, after(_links_unfiltered), fits=_has_links),
        "next_for_ever": Fault("The last page has a next one: itself.", TOLD, after(_next_for_ever), fits=_has_links),
    },
    "numbers_agree_with_the_data": {
        "total_of_page": Fault(
            "The total is the number of records on the page.",
            TOLD,
            _telling(lambda call, site, told: len(call.rows), "total_records"),  # noqa: ARG005
            fits=_tells("total_records"),
        ),
        "total_one_more": Fault(
            "The total is one too high.",
            TOLD,
            _telling(lambda call, site, told: told + 1, "total_records"),  # noqa: ARG005
            fits=_tells("total_records"),
        ),
        "total_of_everybody": Fault(
            "The total counts other accounts' records, too.", TOLD, _telling(_everybodys, "total_records"), fits=_tells_more_than_its_own
        ),
        "pages_rounded_down": Fault(
            "The number of pages leaves out one that is not full.",
            TOLD,
            _telling(lambda call, site, told: call.total // _size_of(call, site), "total_pages"),  # noqa: ARG005
            fits=_tells("total_pages"),
        ),
        "page_one_less": Fault(
            "The page's number is one less than the one asked for.",
            TOLD,
            _telling(lambda call, site, told: told - 1, "page"),  # noqa: ARG005
            fits=_tells("page"),
        ),
        "page_stands_still": Fault(
            "The page's number is always the first.",
            TOLD,
            _telling(lambda call, site, told: site.parameters.first, "page"),  # noqa: ARG005
            fits=_tells("page"),
        ),
        "size_by_default": Fault(
            "The page's size is always told as the default.",
            TOLD,
            _telling(lambda call, site, told: _default(site), "per_page"),  # noqa: ARG005
            fits=_tells("per_page"),
        ),
        "size_as_asked": Fault(
            "The page's size is told as it was asked for, where it is cut down.", TOLD, _telling(_size_asked_for, "per_page"), fits=_tells("per_page")
        ),
        "single_lost": after_listing("A page of one record is empty.", _single_lost),
        "as_text": Fault(
            "The numbers are text.",
            TOLD,
            _telling(lambda call, site, told: str(told), *_NUMBERS),  # noqa: ARG005
            fits=_tells(*_NUMBERS),
        ),
    },
    "window_is_cut": {
        "overlap": Fault("Each page begins with the last record of the one before.", CUT, _shift(-1)),
        "one_longer": Fault("A page has one record more than asked for.", CUT, after(_one_longer)),
        "size_ignored": Fault("The size is ignored.", CUT, _where_asked(lambda size, site: _default(site))),  # noqa: ARG005
        "number_ignored": Fault("The number is ignored: every page is the first one.", CUT, after(_first_again)),
        "counted_from_zero": Fault("Pages are counted from one number earlier.", CUT, _turn(1, numbered=True)),
    },
}
