"""Orders of lists: ascending and descending, over all pages, with nothing lost; ties, nulls and collation are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.steps.aiming import overloaded
from conformance.steps.comparing import Kind, compare
from conformance.steps.filters import Filter, certain, filtering_of, filters_by, members_of, sent, told
from conformance.steps.findings import Findings
from conformance.steps.listing import Listing, Rows, bound, open_list, refused_as
from conformance.steps.orders import disorder, keys
from conformance.steps.parts import each
from conformance.steps.stocking import stocked_disorder, stocked_numbers
from conformance.verdict import Failed, Inconclusive, Skipped
from specs.conventions.sorting import Sorting
from specs.model import Clause, Group, Operation

__all__ = ["CHECKS"]

NONSENSE = "zz_no_such"
"""A key that no list has."""

WORDS: Mapping[bool, str] = {False: "ascending", True: "descending"}

_MEMBERS = 5
"""Members of one list that are sorted by."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """A list that is put in order: its syntax, what is known of it, and what was seen so far."""

    listing: Listing
    clause: Clause
    group: Group
    style: str
    known: Rows
    findings: Findings

    @property
    def parameters(self) -> Sorting:
        """The parameters of the convention."""
        found: Sorting = self.group.parameters
        return found

    @property
    def members(self) -> dict[str, Kind]:
        """The members to sort by: those with values that differ and can be compared."""
        found = members_of(self.listing, self.clause, self.known)
        telling = {name: kind for name, kind in found.items() if not self._is_enum(name, kind) and _tells(kind, self.known.values(name))}
        return dict(sorted(list(telling.items())[:_MEMBERS], key=lambda item: self._distinct(item[0])))

    def _distinct(self, member: str) -> int:
        """How many values records have in a member. Those with few come first: who cuts an order into pages may shuffle what is equal in it."""
        return len({repr(value) for value in self.known.values(member)})

    def _is_enum(self, member: str, kind: Kind) -> bool:
        """Whether a member's values may have an order of their own, as those of an enumeration have in a database."""
        texts = [value for value in self.known.values(member) if isinstance(value, str)]
        codes = kind == "text" and len(set(texts)) * 2 <= len(texts) and all(text.isidentifier() for text in texts)
        return codes or "enum" in self.listing.resource.schema.get("properties", {}).get(member, {})


def _lists(exam: Exam, clause: Clause) -> list[Operation]:
    return [operation for operation in exam.operations(clause) if operation.effect == "list"]


# Order


def _tells(kind: Kind, values: list[Any]) -> bool:
    """Whether the values could show a wrong order: two of them are certainly different."""
    shown = [value for value in values if value is not None and value is not MISSING][:60]
    return any(compare(kind, one, other) not in (0, None) for index, one in enumerate(shown) for other in shown[index + 1 :])


# Syntax


def _opened(exam: Exam, clause: Clause, operation: Operation) -> Steps[Sorted]:
    """The list, with the syntax of its order; ends the check where that is not known and can't be found out."""
    listing, group = (yield from open_list(exam, operation)), exam.spec.convention(clause)
    known = yield from listing.known()
    known = yield from stocked_numbers(listing, known, members_of(listing, clause, known))
    opened = Sorted(listing, clause, group, group.parameters.style, known, Findings())
    if any(all(not disorder(kind, name, known, descending) for name, kind in opened.members.items()) for descending in (False, True)):
        opened = replace(opened, known=(yield from stocked_disorder(listing, known, members_of(listing, clause, known))))
    if opened.style != "any":
        return opened
    for style in ("dash", "comma"):
        tried = Sorted(listing, clause, group, style, known, opened.findings)
        if (yield from _works(tried)):
            return tried
    add = f'style = "dash" (or "comma", "two_parameters", "order_string") under [{group.name}]'
    raise Ended(Skipped(f"the syntax of {opened.parameters.parameter} is not documented, and {operation.id} takes neither -name nor name,desc", add))


def _works(tried: Sorted) -> Steps[bool]:
    """Whether a syntax puts a list in descending order that is in another one without it."""
    for member, kind in tried.members.items():
        if disorder(kind, member, tried.known, True):
            rows = yield from tried.listing.rows(keys(tried.parameters, tried.style, member, True), short=tried.known.first)
            return rows.read and len(rows.records) > 1 and not disorder(kind, member, rows, True)
    return False


# Sorting


def both_directions_sort(exam: Exam, clause: Clause) -> Flow:
    """Each list by several members, ascending and descending, once by small pages."""
    return each(_sorted(exam, clause, operation, (False, True)) for operation in _lists(exam, clause))


def ascending_sorts(exam: Exam, clause: Clause) -> Flow:
    """Each list by several members in ascending order, once by small pages."""
    return each(_sorted(exam, clause, operation, (False,)) for operation in _lists(exam, clause))


def descending_sorts(exam: Exam, clause: Clause) -> Flow:
    """Each list by several members in descending order, once by small pages."""
    return each(_sorted(exam, clause, operation, (True,)) for operation in _lists(exam, clause))


def _sorted(exam: Exam, clause: Clause, operation: Operation, directions: tuple[bool, ...]) -> Flow:
    opened = yield from _opened(exam, clause, operation)
    size = _small(opened)
    for member, kind in opened.members.items():
        for descending in directions:
            size = yield from _ordered(opened, member, kind, descending, size=size)
    for descending in directions:
        yield from _ordered_and_filtered(opened, descending)
    words = " and ".join(WORDS[descending] for descending in directions)
    needs = f"{opened.listing.resource.plural} that differ in a member"
    return opened.findings.verdict(f"{operation.id}: {{n}} orders are {words}", f"no order of {operation.id} could tell anything", needs)


def _small(opened: Sorted) -> int | None:
    """A size that cuts the list into three pages or a few more; None where it can't be cut, or is too long to be walked so."""
    pagination = opened.listing.exam.pagination(opened.listing.operation)
    total = len(opened.known.records)
    return max(1, total // 3) if pagination is not None and pagination.size and total > 2 and opened.known.whole else None


def _ordered(opened: Sorted, member: str, kind: Kind, descending: bool, *, size: int | None) -> Steps[int | None]:
    """One order of one list; ends the check as failed where it is wrong. Gives the size that is still to be tried."""
    listing, parameters = opened.listing, keys(opened.parameters, opened.style, member, descending)
    already = not disorder(kind, member, opened.known, descending)
    left, size = size, None if already else size
    rows = yield from listing.rows(parameters, size=size, short=0 if size else opened.known.first)
    expected = f"{member} {WORDS[descending]} for {', '.join(f'{name}={value}' for name, value in parameters.items())}"
    if not rows.read:
        turned = keys(opened.parameters, opened.style, member, not descending)
        other = yield from listing.rows(turned, short=opened.known.first)
        _not_taken(opened, rows.response, expected, must=other.read or _must_sort(opened))
        return left
    wrong = disorder(kind, member, rows, descending) or _loss(listing, rows, opened.known)
    if wrong:
        first = rows
        before = yield from listing.rows(fresh=True)
        rows = yield from listing.rows(parameters, size=size, fresh=True)
        after = yield from listing.rows(fresh=True)
        readable = rows.read and before.read and after.read
        wrong = (disorder(kind, member, rows, descending) or _lasting_loss(listing, (first, rows), (opened.known, before, after))) if readable else ""
    if wrong:
        raise Ended(Failed(expected, wrong, operation=listing.name))
    if already:
        opened.findings.remark(f"{listing.name} is {WORDS[descending]} by {member} without being asked, too")
        return left
    opened.findings.saw(f"{listing.name} by {member}")
    return None if rows.first < len(rows.records) else left


def _ordered_and_filtered(opened: Sorted, descending: bool) -> Steps[None]:
    """One order of what a filter leaves, where the plain list has it in another one; whether the filter is right is not asked here."""
    listing, clause = opened.listing, filtering_of(opened.listing)
    found = next(_left_in_disorder(opened, clause, descending), None) if clause is not None else None
    if clause is None or found is None:
        return
    member, kind, one = found
    narrowed = sent(listing.exam.spec.convention(clause).parameters, [one])
    asked = {**narrowed, **keys(opened.parameters, opened.style, member, descending)}
    rows = yield from listing.rows(asked, short=opened.known.first)
    if rows.read and disorder(kind, member, rows, descending):
        rows = yield from listing.rows(asked, fresh=True)
    wrong = disorder(kind, member, rows, descending) if rows.read else ""
    if wrong:
        raise Ended(Failed(f"{member} {WORDS[descending]}, of the records with {told([one])}", wrong, operation=listing.name))


def _left_in_disorder(opened: Sorted, clause: Clause, descending: bool) -> Iterator[tuple[str, Kind, Filter]]:
    """Members to sort by, each with a filter that leaves records whose values are not in that order by themselves."""
    known, by = opened.known, members_of(opened.listing, clause, opened.known)
    filters = [one for name, kind in by.items() for one in filters_by(name, kind, "eq", known)]
    for member, kind in opened.members.items():
        for one in filters:
            left = replace(known, records=tuple(record for record in known.records if one.holds(record) is True))
            if len(left.records) > 1 and disorder(kind, member, left, descending):
                yield member, kind, one


def _not_taken(opened: Sorted, response: Response, expected: str, *, must: bool) -> None:
    """What it means that an order brought no list: a failure where the key must be taken, as it is in the other direction; else it is missing."""
    name, status = opened.listing.name, response.status
    if overloaded(response) or (status < 500 and not must):
        opened.findings.lack(f"{name}, {expected} (answered {status})")
        return
    raise Ended(Failed(expected, f"{status}: {opened.listing.exam.read.excerpt(response, 120)}", operation=name))


def _must_sort(opened: Sorted) -> bool:
    """Whether the list must take the key: the members are documented or the target's own, and so is the syntax."""
    exam, group = opened.listing.exam, opened.group
    spoken = opened.parameters.style != "any" or bound(exam, group, "style") is not None
    return spoken and certain(opened.listing, group)


def _loss(listing: Listing, rows: Rows, known: Rows) -> str:
    """What an ordered list has lost or doubled against the plain one; empty if nothing."""
    if any(record.get(listing.resource.key) is None for record in (*rows.records, *known.records)):
        # Without an id no record can be told from another: only how many there are can be said.
        return f"{len(rows.records)} records of {len(known.records)}" if rows.whole and len(rows.records) < len(known.records) else ""
    found = [listing.key(record) for record in rows.records]
    doubled = next((key for key in found if found.count(key) > 1), None) if len(set(found)) < len(found) else None
    if doubled is not None:
        return f"{doubled} twice"
    lost = {listing.key(record) for record in known.records} - set(found) if rows.whole else set()
    return f"{len(found)} records without {min(lost)}" if lost else ""


def _lasting_loss(listing: Listing, walks: tuple[Rows, Rows], plain: tuple[Rows, Rows, Rows]) -> str:
    """What the second of two ordered walks has lost or doubled; where others write meanwhile, what both have lost of the records there all the time."""
    first, second = walks
    ids = [{listing.key(record) for record in rows.records} for rows in plain]
    if ids[1] == ids[2]:
        return _loss(listing, second, plain[2])
    found = {listing.key(record) for rows in walks for record in rows.records}
    lost = set.intersection(*ids) - found if first.whole and second.whole else set()
    return f"{len(second.records)} records without {min(lost)}" if lost else ""


# What is refused


def unsupported_sort_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Each list by a key that there isn't, in both directions."""
    return each(_unsupported(exam, clause, operation) for operation in _lists(exam, clause))


def _unsupported(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    listing, parameters, findings = (yield from open_list(exam, operation)), exam.spec.convention(clause).parameters, Findings()
    style = "dash" if parameters.style == "any" else parameters.style
    documented = exam.read.cause("unsupported_sort")
    title = documented.values.get("title")
    for descending in (False, True):
        asked = keys(parameters, style, NONSENSE, descending)
        response = yield listing.request(asked)
        if overloaded(response):
            return Inconclusive(f"{operation.id} was answered with {response.status}")
        wrong = refused_as(exam, response, "unsupported_sort", NONSENSE)
        if wrong:
            expected = f"{documented.status} for {', '.join(f'{name}={value}' for name, value in asked.items())}"
            return Failed(expected + (f", titled {title!r}, with a detail that names {NONSENSE}" if title else ""), wrong, operation=operation.id)
        findings.saw(f"{operation.id}: {response.status}")
    return findings.verdict(f"{operation.id} refuses a key that there isn't", "")


CHECKS: dict[str, Check] = {
    "both_directions_sort": Check(
        both_directions_sort,
        how="Sorts each list by members of each kind, both ways, once by small pages; ties, nulls and collation are open. The syntax has to be known.",
    ),
    "ascending_sorts": Check(
        ascending_sorts,
        how="Sorts each list by members of each kind, once by small pages; ties, nulls and collation are open.",
    ),
    "descending_sorts": Check(
        descending_sorts,
        how="Sorts each list downwards by members of each kind, once by small pages; ties, nulls and collation are open.",
    ),
    "unsupported_sort_is_refused": Check(
        unsupported_sort_is_refused,
        how="Sorts each list by a key that there isn't, both ways: the documented status and title, and a detail that names it.",
    ),
}
