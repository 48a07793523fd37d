"""How lists are cut into pages: sizes, bounds, walks, and what pages tell of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st

from conformance.addressing import dig
from conformance.check import Broken, Check, Ended, Fine, Flow, Observation, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, Request
from conformance.payloads import MARK
from conformance.steps import calls, walks
from conformance.steps.aiming import attempt
from conformance.steps.filters import filtering_of, filters_by, members_of, sent
from conformance.steps.listing import Listing
from conformance.steps.ordinary import ordinary
from conformance.steps.paging import Page, Paged, Trail, disagreement, number_at, opened
from conformance.steps.parts import each
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.pagination import Pagination
from specs.model import Clause, Operation

__all__ = ["CHECKS"]


FEW = 5
"""Records that are made for a walk where there are fewer."""

MANY = 101
"""Records that there are at most, own ones included, to see whether a default size or the largest one holds."""

OWN = "pagination: own records"
"""The note that holds the ids of our records in walks, by operation."""

_SMALL = 1000
"""Numbers below this are no moments, by which a list might leave records out."""

_LARGE = 1000
"""A size that is asked for where the document tells no largest one: more than most lists give at once."""

_BEYOND = 2**53
"""Numbers from this on are integers in some programs, and in others rounded, or cut to what fits."""

PAGES = 6
"""Pages of a list too long to be walked to its end."""


def _lists(exam: Exam, clause: Clause) -> list[Operation]:
    return [operation for operation in exam.operations(clause) if operation.effect == "list"]


def _refused(listed: Paged, page: Page, expected: str) -> Flow:
    """What a page that should have come and did not means: a failure, unless the server could not answer or the caller may not ask."""
    yield from ()
    status, name = page.response.status, listed.operation.id
    if status >= 500 or status in (401, 403, 429):
        return Inconclusive(f"{name} was answered with {status}")
    return Failed(expected, f"{status}: {listed.exam.read.excerpt(page.response, 120)}", operation=name)


# Size


def size_sets_the_number(exam: Exam, clause: Clause) -> Flow:
    """Asks each list for the largest size and for one that is drawn; if none has more than half of the largest size, makes them in one."""
    yield from attempt(_half_filled(exam, clause))
    return (yield from each(_size(exam, operation) for operation in _lists(exam, clause)))


def _half_filled(exam: Exam, clause: Clause) -> Steps[None]:
    """Sees to it that one of the lists has more records than half of the largest size, so that a smaller largest size would show."""
    short: list[tuple[Paged, int]] = []
    for operation in _lists(exam, clause):
        listed = yield from opened(exam, operation)
        largest = listed.parameters.maximum
        if listed.parameters.size is None or largest is None or largest >= MANY:
            continue
        if (yield from listed.page(0, size=largest)).count > largest // 2:
            return
        short.append((listed, largest // 2 + 1))
    for listed, wanted in short:
        if (yield from listed.filled(wanted)):
            return


def _size(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    largest = listed.parameters.maximum
    if listed.parameters.size is None:
        return Skipped(f"{operation.id} takes no size")
    yield from listed.stocked(3)
    most = yield from listed.page(0, size=largest)
    if most.ids is None:
        return (yield from _refused(listed, most, f"records for {listed.parameters.size}={largest}"))
    if largest is not None and most.count > largest:
        return Failed(f"{largest} records at most", str(most.count), operation=operation.id)
    if largest is not None and 0 < most.count < largest:
        following = yield from listed.after(most, size=largest)
        if listed.numbered and following.count and (yield from _still(listed, most, following)):
            return Failed(f"{largest} records for {listed.parameters.size}={largest}, as more follow", str(most.count), operation=operation.id)
    if most.count < 2:
        return Inconclusive(f"{operation.id} has {most.count} records", f"two {listed.resource.plural} or more")
    size = exam.draw(st.integers(1, most.count - 1), f"{operation.id} size", max(1, most.count // 2))
    return (yield from _exactly(listed, size, most))


def _still(listed: Paged, first: Page, second: Page) -> Steps[bool]:
    """Whether both pages still have as many records when asked for anew, so that nobody changed the list in between."""
    one = yield from listed.answer(0, first.request.anew())
    other = yield from listed.answer(1, second.request.anew())
    return one.count == first.count and other.count > 0 and not set(one.ids or ()) & set(other.ids or ())


def _exactly(listed: Paged, size: int, most: Page) -> Flow:
    """The verdict on a page of a size of which there are enough records."""
    expected = f"{size} records for {listed.parameters.size}={size}"
    page = yield from listed.page(0, size=size)
    if page.ids is None:
        return (yield from _refused(listed, page, expected))
    if page.count < size:
        again = yield from listed.answer(0, most.request.anew())
        page = yield from listed.page(0, size=size, fresh=True)
        if again.count < size:
            return Inconclusive(f"{listed.operation.id} changes while it is looked at")
    if page.count != size:
        return Failed(expected, str(page.count), operation=listed.operation.id)
    following = (yield from listed.page(1, size=size)) if listed.numbered else page
    least = min(size, most.count - size)
    if listed.numbered and not least <= following.count <= size:
        again = yield from listed.answer(0, most.request.anew())
        following = yield from listed.page(1, size=size, fresh=True)
        if again.count >= most.count and not least <= following.count <= size:
            return Failed(f"{least} records on the second page of size {size}", str(following.count), operation=listed.operation.id)
    return Passed(f"{listed.operation.id} gives {size} of {most.count} records for size {size}")


def default_size_is_used(exam: Exam, clause: Clause) -> Flow:
    """Asks each list without a size, and whether there are more records than come by default; if none has, makes them in one list."""
    lists = _lists(exam, clause)
    verdict = yield from each(_default(exam, operation) for operation in lists)
    if not isinstance(verdict, Inconclusive) or not exam.target.permit.write:
        return verdict
    for operation in lists:
        listed = yield from opened(exam, operation)
        default = listed.parameters.default
        if default is not None and default < MANY and (yield from listed.filled(default + 1)):
            return (yield from each([_default(exam, operation)]))
    return verdict


def _default(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    default = listed.parameters.default
    if default is None:
        return Skipped(f"the default size of {operation.id} is not documented")
    expected = f"{default} records without a size"
    page = yield from listed.page(0)
    if page.ids is None:
        return Inconclusive(f"{operation.id} was answered with {page.response.status}")
    if page.count > default:
        return Failed(expected, str(page.count), operation=operation.id)
    if not (yield from _has_more(listed, default, page)):
        return Inconclusive(f"{operation.id} has no more than {page.count} records", f"more than {default} {listed.resource.plural}")
    if page.count < default:
        page = yield from listed.page(0, fresh=True)
    if page.count != default:
        return Failed(f"{expected}, as there are more", str(page.count), operation=operation.id)
    following = (yield from listed.page(1)).count if listed.numbered else 0
    if following > default:
        return Failed(f"at most {expected}, on the second page as on the first", str(following), operation=operation.id)
    return Passed(f"{operation.id} gives {default} records by default")


def _has_more(listed: Paged, default: int, page: Page) -> Steps[bool]:
    """Whether a list has more records than come by default."""
    largest = listed.parameters.maximum
    if listed.parameters.size is not None and (largest is None or largest > default):
        longer = yield from listed.page(0, size=default + 1)
        if longer.count > default:
            return True
    if not listed.numbered:
        return False
    following = yield from listed.page(1)
    return following.count > 0 and not set(following.ids or ()) & set(page.ids or ())


# Bounds


def size_bounds_hold(exam: Exam, clause: Clause) -> Flow:
    """Sends sizes outside of the bounds, and texts that are none; if no list has more records than the largest size, makes them in one."""
    lists, whole = _lists(exam, clause), list[bool]()
    verdict = yield from each(_bounds(exam, operation, whole, first=index == 0) for index, operation in enumerate(lists))
    unclear = isinstance(verdict, Inconclusive) or (isinstance(verdict, Passed) and any(whole))
    if not unclear or not exam.target.permit.write:
        return verdict
    for operation in lists:
        listed = yield from opened(exam, operation)
        largest = listed.parameters.maximum
        if largest is not None and largest < MANY and (yield from listed.filled(largest + 1)):
            return (yield from each([_bounds(exam, operation, whole, first=False)]))
    return verdict


def _bounds(exam: Exam, operation: Operation, whole: list[bool], *, first: bool) -> Flow:
    """The verdict on one list; notes whether a size below the bounds gave a list so short that it may have been the whole of it."""
    listed = yield from opened(exam, operation)
    name, largest = listed.parameters.size, listed.parameters.maximum
    if name is None or largest is None:
        return Skipped(f"the sizes of {operation.id} have no documented bounds")
    usual = yield from listed.page(0)
    if not usual.count:
        return Inconclusive(f"{operation.id} has no records", f"more than {largest} {listed.resource.plural}")
    odd: list[Any] = [0, -1, largest + 1, "abc", *([10**9, "1.5", ""] if first else [])]
    remarks: list[str] = []
    upper = False
    for value in odd:
        page = yield from listed.asked({name: value})
        wrong = _out_of_bounds(listed, page, largest) or (yield from _honoured(listed, value, page, usual, largest))
        if wrong is not None:
            return Failed(f"{name}={value} refused, or a list of {largest} records at most", wrong, operation=operation.id)
        if value == 0 and page.ids == ():
            remarks.append(f"{operation.id} answers {name}=0 with an empty list")
        whole.append(value in (0, -1) and 0 < page.count == usual.count < (listed.parameters.default or largest))
        upper = upper or (isinstance(value, int) and value > largest and (page.ids is None or page.count == largest))
    if not upper:
        upper = yield from _more_than(listed, largest)
    if not upper:
        reason = f"{operation.id} has too few records to see whether {name}={largest + 1} is honoured; nothing else was wrong"
        return Inconclusive(reason, f"more than {largest} {listed.resource.plural}", tuple(remarks))
    return Passed(f"{operation.id} refuses or clamps {len(odd)} sizes outside of its bounds", tuple(remarks))


def _out_of_bounds(listed: Paged, page: Page, largest: int) -> str | None:
    if page.response.status >= 500 and page.response.status != 503:
        return f"{page.response.status}: {listed.exam.read.excerpt(page.response, 120)}"
    return f"{page.count} records" if page.count > largest else None


def _honoured(listed: Paged, value: Any, page: Page, usual: Page, largest: int) -> Steps[str | None]:
    """What shows that a negative size was taken as it stands: a number of records that no bound and no default gives."""
    if not isinstance(value, int) or value >= 0 or page.count < 2:
        return None
    most = yield from listed.page(0, size=largest, fresh=True)
    if page.count in (usual.count, most.count, listed.parameters.minimum):
        return None
    again = yield from listed.answer(0, page.request.anew())
    return f"{page.count} records, of {most.count}" if again.count == page.count else None


def _more_than(listed: Paged, largest: int) -> Steps[bool]:
    """Whether there are more records than fit on the largest page, so that honouring a larger size would have shown."""
    page = yield from listed.page(1, size=largest)
    return page.count > 0


# The first page


def first_page_is_the_default(exam: Exam, clause: Clause) -> Flow:
    """Compares each list without a number with its first page by number, and that with the next one."""
    return each(_first(exam, operation) for operation in _lists(exam, clause))


def _first(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    if not listed.numbered:
        return Skipped(f"the pages of {operation.id} have no numbers")
    known = yield from listed.stocked(2)
    if not known:
        return (yield from _nothing_first(listed))
    size = max(1, min(known // 2, 10)) if listed.parameters.size is not None and known > 1 else None
    plain = yield from listed.page(0, size=size)
    numbered = yield from listed.page(0, size=size, explicit=True)
    told = f"{listed.parameters.page}={listed.parameters.first}"
    if numbered.ids is None or plain.ids is None:
        return (yield from _refused(listed, numbered if numbered.ids is None else plain, f"the first page for {told}"))
    if numbered.ids != plain.ids and not (yield from walks.unsteady(listed, plain, numbered)):
        return Failed(f"for {told} the same as without a number", _difference(plain, numbered), operation=operation.id)
    if size is None:
        return Inconclusive(f"{operation.id} gives the same for {told}, but has too few records to tell pages apart", f"two {listed.resource.plural} or more")
    following = yield from listed.page(1, size=size)
    shared = set(following.ids or ()) & set(numbered.ids)
    if (shared or not following.count) and not (yield from walks.unsteady(listed, numbered, following)):
        observed = f"the same {len(shared)} records again" if shared else f"no records, and {following.response.status}"
        return Failed(f"other records on the page after {told}", observed, operation=operation.id)
    return Passed(f"{operation.id} gives the same for {told}, and other records after it")


def _nothing_first(listed: Paged) -> Flow:
    """The verdict on a list that has no records without a number: with the first page's number, there must be none either."""
    plain = yield from listed.page(0, fresh=True)
    numbered = yield from listed.page(0, fresh=True, explicit=True)
    told = f"{listed.parameters.page}={listed.parameters.first}"
    if plain.ids == () and numbered.ids and not (yield from walks.unsteady(listed, plain, numbered)):
        return Failed(f"without a number the same as for {told}", f"no records, and {numbered.count} for {told}", operation=listed.operation.id)
    return Inconclusive(f"{listed.operation.id} has no records", f"two {listed.resource.plural} or more")


def _difference(one: Page, other: Page) -> str:
    new = [key for key in other.ids or () if key not in set(one.ids or ())]
    return f"{len(new)} other records, such as {new[0]}" if new else f"{other.count} records instead of {one.count}, or in another order"


# Walking


def walk_gives_every_object_once(exam: Exam, clause: Clause) -> Flow:
    """Walks each list by pages of a drawn size and compares with a walk by the largest pages."""
    return each(_walk(exam, operation) for operation in _lists(exam, clause))


def _walk(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    known = yield from listed.stocked(FEW)
    own = yield from _own_record(listed)  # made last: an end that is lost loses it
    largest = listed.parameters.maximum
    long = yield from listed.walk(size=largest, limit=PAGES * (largest or 100))
    if max(known, len(long.ids)) < 2:
        return Inconclusive(f"{operation.id} has {known} records", f"three {listed.resource.plural} or more")
    if listed.parameters.size is None and _is_full(long) and not _missing(listed, own, long) and (yield from _one_more(listed)):
        long = yield from listed.walk(size=None, limit=PAGES * 100, fresh=True)
    size = _drawn_size(exam, listed, long)
    if size is not None and not (yield from listed.takes_size(size)):
        size = None
    limit = len(long.ids) if long.end == "enough" else None
    short = yield from listed.walk(size=size, limit=limit, fresh=size is None)
    wrong = yield from walks.confirmed(listed, long, short, size)
    if wrong is not None:
        if (yield from walks.written_by_others(listed, long)):
            return Inconclusive(f"{operation.id} changes while it is looked at")
        return Failed("every object once, in a stable order, and then the end", wrong, operation=operation.id)
    lost = yield from _lost(listed, own, long)
    if lost is not None:
        return lost
    if len(short.pages) < 2:
        needs = f"more {listed.resource.plural} than fit on a page, or page and size in the target under [{_group(exam, operation)}]"
        return Inconclusive(f"{operation.id} has one page of {short.pages[0].count} records", needs)
    wrong = (yield from walks.tells(listed, short)) or (yield from _told_of_a_part(listed))
    if wrong is not None:
        if (yield from walks.written_by_others(listed, long)):
            return Inconclusive(f"{operation.id} changes while it is looked at")
        return Failed("numbers and links that agree with the walk", wrong, operation=operation.id)
    return Passed(f"{operation.id}: {len(short.ids)} records on {len(short.pages)} pages", _remarks(operation, long, short))


def _is_full(long: Trail) -> bool:
    """Whether the last page of a list that was walked to its end is full: one that is not may be lost where this is not."""
    return long.whole and bool(long.pages) and long.pages[-1].count == long.pages[0].count


def _group(exam: Exam, operation: Operation) -> str:
    group = exam.spec.group_for("pagination", operation)
    return group.name if group else "pagination"


def _drawn_size(exam: Exam, listed: Paged, long: Trail) -> int | None:
    """A size that gives three pages or a few more; where no largest one is documented, no larger than the pages that came."""
    if listed.parameters.size is None:
        return None
    total = len(long.ids)
    pages = exam.draw(st.integers(min(3, total), min(PAGES, total)), f"{listed.operation.id} pages", min(4, total))
    size: int = max(1, -(-total // pages))
    if exam.draw(st.booleans(), f"{listed.operation.id} short last page", True):
        size = next((larger for larger in range(size, total) if total % larger), size)
    return min(size, listed.parameters.maximum or long.pages[0].count)


def _own_record(listed: Paged) -> Steps[str | None]:
    """The id of a record of our own, made once for an examination: it must be found."""
    made: dict[str, str | None] = listed.exam.notes.setdefault(OWN, {})
    name = listed.operation.id
    if name not in made and listed.exam.target.permit.write:
        made[name] = yield from listed.own()
    return made.get(name)


def _lost(listed: Paged, own: str | None, long: Trail) -> Steps[Verdict | None]:
    """Records that we made must be found; where one is not, another tells a lost end from a list that leaves ours out."""
    missing = _missing(listed, own, long)
    if not long.whole or not missing:
        return None
    for _ in range(2):  # a page that the next record fills shows what it hid before
        newest = yield from listed.own()
        again = yield from listed.walk(size=listed.parameters.maximum, fresh=True)
        gap = _gap_among_ours(listed, missing - set(again.ids), again)
        if gap:
            return Failed("every object once", gap, operation=listed.operation.id)
        if newest is not None and newest not in again.ids and (own is None or own in again.ids):
            # Seen again, it has to be a new record that nothing was made after.
            listed.exam.notes[OWN].pop(listed.operation.id, None)
            return Failed("every object once", "the record made last is missing until another one is made", operation=listed.operation.id)
    if own is None or own in again.ids:
        listed.exam.notes[OWN].pop(listed.operation.id, None)
        return None
    return Inconclusive(f"{listed.operation.id} does not list the {listed.resource.singular} that was made", "a payload whose record the list shows")


def _missing(listed: Paged, own: str | None, long: Trail) -> set[str]:
    """The ids of our records that a walk did not find."""
    return {key for key in (own, *(made.key for made in listed.all_own)) if key is not None} - set(long.ids)


def _one_more(listed: Paged) -> Steps[bool]:
    """Whether one more record of ours could be made."""
    return listed.exam.target.permit.write and (yield from listed.own()) is not None


def _gap_among_ours(listed: Paged, missing: set[str], trail: Trail) -> str:
    """One of our missing records of which a walk to the end finds another that was made alike; empty if there is none."""
    ids = set(trail.ids)
    for lost in listed.all_own if trail.whole else ():
        if lost.key in missing and any(made.key in ids and _alike(lost.given, made.given) for made in listed.all_own):
            return f"{lost.key} is missing, and another {listed.resource.singular} that was made like it is not"
    return ""


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether what two records were made with differs in free texts and in small numbers at most, so that no list may show one of them only."""
    if one.keys() != other.keys():
        return False
    return all(value == other[name] or (_is_free(value) and _is_free(other[name])) for name, value in one.items())


def _is_free(value: Any) -> bool:
    return value.startswith(MARK) if isinstance(value, str) else isinstance(value, int) and not isinstance(value, bool) and 0 < value < _SMALL


def _told_of_a_part(listed: Paged) -> Steps[str | None]:
    """How the pages of a list that is filtered (and ordered, where it can be) misreport themselves; None if they don't, or tell nothing."""
    parameters, listing = listed.parameters, Listing(listed.exam, listed.operation, listed.resource, listed.parents)
    clause = filtering_of(listing)
    if clause is None or parameters.size is None or not (parameters.links or parameters.numbers.total_records):
        return None
    found = yield from attempt(_part(listing, clause))
    if found is None or isinstance(found, Ended):
        return None
    asked, ids = found
    for order in (calls.ordered(listed.exam, listed.operation) or {}, {}):
        part = replace(listed, filters={**asked, **order})
        trail = yield from attempt(part.walk(size=-(-len(ids) // 2), limit=2 * len(ids)))
        if not isinstance(trail, Ended):
            # What the filter leaves is the matter of another clause.
            return (yield from walks.tells(part, trail)) if len(trail.pages) > 1 and sorted(trail.ids) == ids else None
    return None


def _part(listing: Listing, clause: Clause) -> Steps[tuple[dict[str, Any], list[str]] | None]:
    """A filter that leaves several records, but not all of them, as parameters, and their ids in order; None where none is known."""
    known = yield from listing.known()
    for member, kind in members_of(listing, clause, known).items():
        for one in filters_by(member, kind, "eq", known):
            ids = sorted(listing.key(record) for record in known.records if one.holds(record) is True)
            if known.whole and 1 < len(ids) < len(known.records):
                return sent(listing.exam.spec.convention(clause).parameters, [one]), ids
    return None


def _remarks(operation: Operation, *trails: Trail) -> tuple[str, ...]:
    refused = [trail.after for trail in trails if trail.end == "refused" and trail.after is not None]
    told = [f"{operation.id} answers a page past the end with {page.response.status}" for page in refused[:1]]
    return (*told, *(f"{operation.id} is too long to be walked to its end" for trail in trails[:1] if not trail.whole))


# What pages tell


def numbers_agree(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the numbers of one page against its records and one another."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or response is None or operation.effect != "list" or operation.id not in clause.operations or not exam.read.succeeded(response):
        return None
    parameters: Pagination = exam.spec.convention(clause).parameters
    if not _is_a_window(exchange.request, parameters):
        return None
    document = exam.read.document(response)
    pointers = (parameters.numbers.page, parameters.numbers.per_page, parameters.numbers.total_pages, parameters.numbers.total_records)
    records = dig(document, exam.read.items_pointer(exam.spec.resources[operation.resource or ""]))
    if not isinstance(records, list) or all(pointer is None or dig(document, pointer) is dig(None, "/none") for pointer in pointers):
        return None
    page = Page(0, exchange.request, response, tuple(map(str, range(len(records)))), document)
    wrong = disagreement(page, parameters, asked=False)
    return Fine() if wrong is None else Broken("numbers that agree with the page", wrong)


def _is_a_window(request: Request, parameters: Pagination) -> bool:
    """Whether the page and the size asked for, where they are, could be some list's: what others tell of themselves is open."""
    query = dict(parse_qsl(urlsplit(request.url).query))
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = {}
    asked = {**query, **(body if isinstance(body, dict) else {})}
    bounds = ((parameters.page, parameters.first), (parameters.size, 1))
    given = [(asked[name], least) for name, least in bounds if name is not None and name in asked]
    return all(str(value).isdecimal() and least <= int(value) < _BEYOND for value, least in given)


def numbers_agree_with_the_data(exam: Exam, clause: Clause) -> Flow:
    """Walks each list by pages of a drawn size and holds the numbers of each page, and the total, against it."""
    return each(_numbers(exam, operation) for operation in _lists(exam, clause))


def _numbers(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    known = yield from listed.stocked(3)
    plain = yield from listed.page(0)
    wrong = disagreement(plain, listed.parameters, asked=False)
    if wrong is not None:
        return Failed("numbers that agree with the page", wrong, operation=operation.id)
    if not any(_told(plain, listed.parameters)):
        return Inconclusive(f"{operation.id} tells no numbers of its pages", "an implementation that does")
    if known < 2:
        return Inconclusive(f"{operation.id} has {known} records", f"two {listed.resource.plural} or more")
    size = None
    if listed.parameters.size is not None:
        size = exam.draw(st.integers(1, known - 1), f"{operation.id} size", max(1, known // 2))
        size = next((larger for larger in range(size, known) if known % larger), size)
    trail = yield from listed.walk(size=size, limit=PAGES * (size or known))
    wrong = _first_of(disagreement(page, listed.parameters, asked=page.index > 0) for page in trail.pages) or walks.total_of(listed.parameters, trail)
    if wrong is None and not trail.whole and size is not None:
        wrong = yield from _long_total(listed, plain, size)
    if wrong is None and listed.parameters.size is not None:
        wrong = yield from _extremes(listed)
    if wrong is not None and (yield from _changed(listed, plain)):
        return Inconclusive(f"{operation.id} changes while it is looked at")
    if wrong is not None:
        return Failed("numbers that agree with the pages", wrong, operation=operation.id)
    return Passed(f"{operation.id}: the numbers of {len(trail.pages) + 1} pages agree with their records")


def _told(page: Page, parameters: Pagination) -> Iterator[bool]:
    numbers = parameters.numbers
    for pointer in (numbers.page, numbers.per_page, numbers.total_pages, numbers.total_records):
        yield number_at(page.document, pointer) is not None


def _first_of(texts: Iterator[str | None]) -> str | None:
    return next((text for text in texts if text is not None), None)


def _long_total(listed: Paged, plain: Page, size: int) -> Steps[str | None]:
    """Of a list too long to be walked by small pages: whether the last page that the numbers promise is there, and the last one."""
    total = number_at(plain.document, listed.parameters.numbers.total_records)
    if total is None or not listed.numbered or total < size:
        return None
    last = yield from listed.page(-(-total // size) - 1, size=size)
    after = yield from listed.page(-(-total // size), size=size)
    expected = (total - 1) % size + 1
    if last.ids is not None and last.count != expected:
        return f"{total} at {listed.parameters.numbers.total_records}, and {last.count} instead of {expected} records on the last page of size {size}"
    return f"{total} at {listed.parameters.numbers.total_records}, and more records after those" if after.count and after.ids != last.ids else None


def _extremes(listed: Paged) -> Steps[str | None]:
    """What is wrong with the smallest page there is and with one that is larger than a list may give: refused, clamped and ignored, each is right."""
    for size in (1, listed.parameters.maximum or _LARGE):
        page = yield from listed.page(0, size=size)
        document = listed.exam.read.document(page.response)
        if page.ids is None and listed.exam.read.succeeded(page.response) and any(_told(replace(page, document=document), listed.parameters)):
            return f"numbers of a page, and no array of records, for {listed.parameters.size} {size}"
        wrong = disagreement(page, listed.parameters, asked=False) or _nothing_of(page, listed.parameters.numbers.total_records)
        if wrong is not None:
            return f"{wrong}, for {listed.parameters.size} {size}"
    return None


def _nothing_of(page: Page, place: str | None) -> str | None:
    """How a first page for at least one record has none, though there are some; None if it hasn't."""
    total = number_at(page.document, place) if page.ids == () else None
    return f"no records on the first page, when there are {total} at {place}" if total else None


def _changed(listed: Paged, plain: Page) -> Steps[bool]:
    """Whether the total is another one now: then somebody else is writing."""
    again = yield from listed.answer(0, plain.request.anew())
    pointer = listed.parameters.numbers.total_records
    return number_at(again.document, pointer) != number_at(plain.document, pointer)


# Windows


def window_is_cut(exam: Exam, clause: Clause) -> Flow:
    """Compares the first pages of a drawn size with one another, with the default page and with a page twice as long."""
    return each(_window(exam, operation) for operation in _lists(exam, clause))


def _window(exam: Exam, operation: Operation) -> Flow:
    listed = yield from opened(exam, operation)
    if not listed.numbered or listed.parameters.size is None:
        return Skipped(f"the pages of {operation.id} have no numbers")
    known = yield from listed.stocked(3)
    if known < 2:
        return Inconclusive(f"{operation.id} has {known} records", f"two {listed.resource.plural} or more")
    size = exam.draw(st.integers(1, max(1, known // 2)), f"{operation.id} size", max(1, known // 3))
    verdict = yield from _cut(listed, size, False)
    return verdict if isinstance(verdict, Passed) else (yield from _cut(listed, size, True))


def _cut(listed: Paged, size: int, fresh: bool) -> Flow:
    """The verdict on the first two pages of a size of which there are two pages."""
    name = listed.operation.id
    first = yield from _read_page(listed, 0, size, fresh)
    second = yield from _read_page(listed, 1, size, fresh)
    numbered = yield from listed.page(0, size=size, fresh=fresh, explicit=True)
    both = yield from _read_page(listed, 0, 2 * size, fresh)
    for page in (first, second):
        if page.count != size:
            return Failed(f"{size} records on page {page.index + listed.parameters.first} of size {size}", str(page.count), operation=name)
    if set(first.ids or ()) & set(second.ids or ()):
        return Failed("pages without common records", f"{min(set(first.ids or ()) & set(second.ids or ()))} on both", operation=name)
    if numbered.ids != first.ids:
        return Failed(f"for {listed.parameters.page}={listed.parameters.first} the same as without a number", _difference(first, numbered), operation=name)
    if both.count != 2 * size:
        return Failed(f"{2 * size} records for a page of that size", str(both.count), operation=name)
    if set(both.ids or ()) != {*(first.ids or ()), *(second.ids or ())}:
        return Failed(f"the first two pages of size {size} to be the first of size {2 * size}", "other records", operation=name)
    return Passed(f"{name} is cut into pages of {size}")


def _read_page(listed: Paged, index: int, size: int, fresh: bool) -> Steps[Page]:
    page = yield from listed.page(index, size=size, fresh=fresh)
    if page.ids is None:
        raise Ended((yield from _refused(listed, page, f"page {index + listed.parameters.first} of size {size}")))
    return page


CHECKS: dict[str, Check] = {
    "size_sets_the_number": Check(
        flow=size_sets_the_number,
        examples=3,
        how="Asks each list for the largest size and for drawn ones, up to the number of records known, and counts.",
    ),
    "default_size_is_used": Check(
        flow=default_size_is_used,
        how="Asks each list without a size; conclusive where there are more records than the documented default.",
    ),
    "size_bounds_hold": Check(
        flow=size_bounds_hold,
        how="Sends sizes of 0, below, just above and far above the bounds, and texts: refused or clamped, never honoured and never a server error.",
    ),
    "first_page_is_the_default": Check(
        flow=first_page_is_the_default,
        how="Compares each list without a page number with the documented first number, and that page with the next one.",
    ),
    "walk_gives_every_object_once": Check(
        flow=walk_gives_every_object_once,
        examples=3,
        how="Walks each list by pages of drawn sizes and by the largest ones: no record twice, none missing, only the last page short, and an end; "
        "numbers and links, where given, agree. What differs is walked anew before it counts.",
    ),
    "numbers_agree_with_the_data": Check(
        flow=numbers_agree_with_the_data,
        observe=numbers_agree,
        examples=2,
        how="Holds the numbers that pages tell of themselves, where they do, against their records, one another and the walk.",
    ),
    "window_is_cut": Check(
        flow=window_is_cut,
        examples=3,
        how="Compares the first two pages of drawn sizes with one another, with the page without a number and with one twice as long.",
    ),
}
