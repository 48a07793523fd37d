"""Judges walks of paged lists: records that come twice or not at all, pages of a wrong size, ends, and what pages tell of themselves."""

from __future__ import annotations

from conformance.addressing import dig
from conformance.check import Steps
from conformance.steps.aiming import overloaded
from conformance.steps.paging import Page, Paged, Trail, disagreement, number_at
from specs.conventions.pagination import Pagination

__all__ = ["confirmed", "tells", "total_of", "unsteady", "written_by_others"]


def unsteady(listed: Paged, *pages: Page) -> Steps[bool]:
    """Whether the pages differ from themselves when asked for anew: then somebody else is writing."""
    for page in pages:
        again = yield from listed.answer(page.index, page.request.anew())
        if again.ids != page.ids:
            return True
    return False


def written_by_others(listed: Paged, walk: Trail) -> Steps[bool]:
    """Whether a list has other records, or another number of them, than when it was walked: seen on one page, on which no order and no cut counts."""
    first = walk.pages[0]
    again = yield from listed.answer(first.index, first.request.anew())
    if walk.whole and len(walk.pages) == 1 and again.ids is not None:
        return set(again.ids) != set(first.ids or ())
    total = listed.parameters.numbers.total_records
    before, now = number_at(first.document, total), number_at(again.document, total)
    return before is not None and now is not None and now != before


def confirmed(listed: Paged, long: Trail, short: Trail, size: int | None) -> Steps[str | None]:
    """What is wrong with two walks of one list, and still is when they are walked anew; None if nothing."""
    largest = listed.parameters.maximum
    empty = listed.parameters.past_end == "empty"
    first = _wrong(long, largest, empty) or _wrong(short, size, empty) or _gap(long, short)
    if first is None and [key for key in long.ids if key in set(short.ids)] == short.ids[: len(long.ids)]:
        return None
    limit = len(long.ids) if long.end == "enough" else None
    long_again = yield from listed.walk(size=largest, limit=limit, fresh=True)
    short_again = yield from listed.walk(size=size, limit=limit, fresh=True)
    if first is not None:
        second = _wrong(long_again, largest, empty) or _wrong(short_again, size, empty)
        if second is not None and (yield from _has_grown(listed, long_again, short_again)):
            return None
        return second or _lasting_gap(long, long_again, short, short_again)
    if short_again.ids == short.ids or set(short_again.ids) != set(short.ids):
        return None
    third = yield from listed.walk(size=size, limit=limit, fresh=True)
    return "the order changes from walk to walk" if third.ids not in (short.ids, short_again.ids) else None


def _wrong(trail: Trail, size: int | None, empty: bool) -> str | None:
    """What is wrong with a walk in itself: repeated records, pages too long or too short, no end, an error."""
    seen: dict[str, int] = {}
    for page in trail.pages:
        for key in page.ids or ():
            if key in seen:
                return f"{key} on page {seen[key]} and again on page {page.index} (counted from 0; size {size})"
            seen[key] = page.index
    for page in trail.pages:
        last = page is trail.pages[-1]
        if size is not None and (page.count > size or (page.count < size and not last)):
            return f"{page.count} records on page {page.index} (counted from 0) of size {size}{'' if last else ', and more after it'}"
    if trail.end == "endless":
        return f"the last page again on page {len(trail.pages)} (counted from 0; size {size}): the list never ends"
    after = trail.after.response if trail.after is not None and trail.end == "refused" else None
    if trail.after is not None and after is not None and (empty or after.status >= 500) and not overloaded(after):
        return f"{trail.after.response.status} for page {trail.after.index} (counted from 0; size {size})"
    new = set(trail.after.ids or ()) - set(seen) if trail.end == "told" and trail.after is not None else set()
    return f"{len(new)} more records on the page after the one that is told to be the last" if new else None


def _has_grown(listed: Paged, *trails: Trail) -> Steps[bool]:
    """Whether a page that said to be the last says something else when asked anew: then the records after it are somebody else's new ones."""
    for trail in trails:
        if trail.end == "told" and trail.after is not None and trail.after.ids:
            last = trail.pages[-1]
            again = yield from listed.answer(last.index, last.request.anew())
            if _end_told(listed, again) != _end_told(listed, last):
                return True
    return False


def _end_told(listed: Paged, page: Page) -> tuple[object, ...]:
    """What a page has and tells of where its list ends."""
    numbers = listed.parameters.numbers
    return page.ids, number_at(page.document, numbers.total_pages), number_at(page.document, numbers.total_records), _link(listed, page, "next")


def _gap(long: Trail, short: Trail) -> str | None:
    reach = set(short.ids)
    missing = [key for key in long.ids if key not in reach]
    if not missing and long.whole:
        missing = [key for key in short.ids if key not in set(long.ids)]
    return f"{missing[0]} is missing" if missing else None


def _lasting_gap(long: Trail, long_again: Trail, short: Trail, short_again: Trail) -> str | None:
    """A record that both walks of one size found and neither walk of the other did."""
    steady, seen = set(long.ids) & set(long_again.ids), set(short.ids) | set(short_again.ids)
    other, known = set(short.ids) & set(short_again.ids), set(long.ids) | set(long_again.ids)
    missing = sorted(steady - seen)
    if not missing and long.whole and long_again.whole:
        missing = sorted(other - known)
    return f"{len(missing)} records, such as {missing[0]}, come in a walk by one size and not by another" if missing else None


def tells(listed: Paged, trail: Trail) -> Steps[str | None]:
    """How a walk's pages misreport themselves: numbers that disagree, links that lead elsewhere; None if they don't."""
    for page in trail.pages:
        wrong = disagreement(page, listed.parameters, asked=listed.numbered and page.index > 0, typed="numbers" not in listed.choices)
        if wrong is not None:
            return wrong
    wrong = total_of(listed.parameters, trail)
    if wrong is not None:
        return wrong
    return (yield from _links(listed, trail)) if listed.parameters.links and listed.numbered else None


def total_of(parameters: Pagination, trail: Trail) -> str | None:
    """How the totals that the pages tell disagree with a walk to the end, or None."""
    if not trail.whole:
        return None
    totals = {number_at(page.document, parameters.numbers.total_records) for page in trail.pages} - {None}
    if totals and len(trail.ids) not in totals:
        return f"{_spelled(totals)} at {parameters.numbers.total_records}, when the walk gives {len(trail.ids)}"
    pages = {number_at(page.document, parameters.numbers.total_pages) for page in trail.pages} - {None}
    if pages and len(trail.pages) not in pages:
        return f"{_spelled(pages)} at {parameters.numbers.total_pages}, when the walk gives {len(trail.pages)} pages"
    return None


def _spelled(told: set[int | None]) -> str:
    """What pages tell of one number: one value, or several where they do not agree."""
    return " and ".join(str(value) for value in sorted(value for value in told if value is not None))


def _links(listed: Paged, trail: Trail) -> Steps[str | None]:
    """Follows the links of the first page and the one after it, where they are given."""
    second = trail.pages[1]
    wanted = [(trail.pages[0], "next", 1), (second, "prev", 0), (second, "first", 0)]
    if trail.whole:
        wanted.append((second, "last", len(trail.pages) - 1))
    for page, relation, index in wanted:
        link = _link(listed, page, relation)
        if link is None:
            continue
        found = yield from listed.linked(page, link, index)
        if found is not None and found.ids != trail.pages[index].ids and not (yield from unsteady(listed, trail.pages[index])):
            return f"the link {relation} of page {page.index} leads to other records than page {index} has (counted from 0): {link[:120]}"
    return (yield from _links_end(listed, trail.pages[-1])) if trail.whole else None


def _link(listed: Paged, page: Page, relation: str) -> str | None:
    """A page's link of that relation, or None."""
    link = dig(page.document, listed.parameters.links[relation]) if relation in listed.parameters.links else None
    link = link.get("href") if isinstance(link, dict) else link
    return link if isinstance(link, str) and link else None


def _links_end(listed: Paged, last: Page) -> Steps[str | None]:
    """Whether the links to a next page come to an end after the last one; an empty page after it passes."""
    page: Page | None = last
    for index in (last.index + 1, last.index + 2):
        link = _link(listed, page, "next") if page is not None else None
        if page is None or link is None:
            return None
        page = yield from listed.linked(page, link, index)
        if page is not None and page.ids and not (yield from unsteady(listed, last)):
            return f"the last page links to a next one with {page.count} records: {link[:120]}"
    return "the last page links to a next one, which is empty and links to another" if page is not None and page.ids is not None else None
