"""Filters of lists: sound (no other record comes) and complete (every record comes), alone, together and page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.payloads import MARK
from conformance.steps.aiming import attempt, overloaded
from conformance.steps.comparing import Kind, Operator
from conformance.steps.expressions import Column, Condition, beside_an_order, column_of, in_parentheses, looked_again, mismatch_of
from conformance.steps.filters import SAYS, Filter, certain, filters_by, judged, members_of, pairs, sent, told, unchanged
from conformance.steps.findings import Findings
from conformance.steps.listing import Listing, Rows, open_list, refused_as
from conformance.steps.paging import Paged, Trail
from conformance.steps.parts import each
from conformance.steps.stocking import stocked_alike, stocked_numbers, stocked_others, stocked_texts
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.filtering import Filtering, OfOperator
from specs.model import Clause, Group, Operation

__all__ = ["CHECKS"]

NONSENSE = "zz_no_such"
"""A name that no list filters by."""

_CUT = 3
"""Matches that a page size of two cuts into pages of which one is not full."""

_TRIED = 3
"""Members that are tried one after the other where a target may refuse some."""

_DRAWN = 4
"""Of values that tell as much, so many are drawn from."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A list that is filtered: how, what is known of it, and what was seen so far."""

    listing: Listing
    clause: Clause
    group: Group
    known: Rows
    findings: Findings

    @property
    def parameters(self) -> Filtering:
        """The parameters of the convention."""
        found: Filtering = self.group.parameters
        return found

    @property
    def members(self) -> dict[str, Kind]:
        """The members to filter by."""
        return members_of(self.listing, self.clause, self.known)

    def drawn(self, member: str, kind: Kind, operator: Operator) -> Filter | None:
        """A filter by a member that tells much; None where the known values tell nothing."""
        found = filters_by(member, kind, operator, self.known)[:_DRAWN]
        if not found:
            return None
        wanted = self.listing.exam.draw(st.sampled_from([one.wanted for one in found]), f"{self.listing.name} {member}", found[0].wanted)
        return Filter(member, kind, operator, wanted)


def _lists(exam: Exam, clause: Clause) -> list[Operation]:
    return [operation for operation in exam.operations(clause) if operation.effect == "list"]


def _opened(exam: Exam, clause: Clause, operation: Operation) -> Steps[Narrowed]:
    listing = yield from open_list(exam, operation)
    known = yield from listing.known()
    known = yield from stocked_others(listing, known, members_of(listing, clause, known))
    return Narrowed(listing, clause, exam.spec.convention(clause), known, Findings())


# One filter, held against what is known


def _rows(narrowed: Narrowed, wanted: list[Filter], *, spelled: str | None = None) -> Steps[Rows]:
    parameters = sent(narrowed.parameters, wanted, spelled=spelled)
    return (yield from narrowed.listing.rows(parameters, short=narrowed.known.first))


def _hold(narrowed: Narrowed, rows: Rows, wanted: list[Filter], *, spelled: str | None = None) -> Steps[None]:
    """Ends the check as failed where a filtered list is wrong, and still is when both lists are read anew."""
    listing = narrowed.listing
    wrong = judged(listing, rows, narrowed.known, wanted)
    if not wrong:
        narrowed.findings.saw(f"{listing.name} by {told(wanted)}")
        return
    before = yield from listing.rows(fresh=True)
    again = yield from listing.rows(sent(narrowed.parameters, wanted, spelled=spelled), fresh=True)
    known = unchanged(listing, before, (yield from listing.rows(fresh=True)), [one.member for one in wanted])
    wrong = judged(listing, again, known, wanted) if again.read else ""
    if wrong:
        raise Ended(Failed(f"the records with {told(wanted)}, all of them and no other", wrong, operation=listing.name))
    narrowed.findings.lack(f"{listing.name} by {told(wanted)} (it changes while it is looked at)")


def _not_taken(narrowed: Narrowed, response: Response, wanted: list[Filter]) -> Steps[None]:
    """What it means that a filter brought no list: a failure where the list must take it, else it is noted as missing."""
    yield from ()
    name, status = narrowed.listing.name, response.status
    if overloaded(response) or (status < 500 and not certain(narrowed.listing, narrowed.group)):
        narrowed.findings.lack(f"{name} by {told(wanted)} (answered {status})")
        return
    observed = f"{status}: {narrowed.listing.exam.read.excerpt(response, 120)}"
    raise Ended(Failed(f"the records with {told(wanted)}", observed, operation=name))


# Equality


def equality_is_sound_and_complete(exam: Exam, clause: Clause) -> Flow:
    """Each list by each member that its records show, by two together, and by texts that are nearly right."""
    return each(_equality(exam, clause, operation) for operation in _lists(exam, clause))


def _equality(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    narrowed = yield from _opened(exam, clause, operation)
    findings, taken = narrowed.findings, []
    for member, kind in narrowed.members.items():
        wanted = _both(narrowed, member) if kind == "boolean" else [narrowed.drawn(member, kind, "eq")]
        for one in wanted:
            if one is None:
                findings.lack(f"{operation.id} by {member} (its known values are all alike)")
            elif (yield from _equal(narrowed, [one])):
                taken.append(member)
    yield from _together(narrowed, list(dict.fromkeys(taken)))
    yield from _by_pages(narrowed, taken)
    texts = [member for member in taken if narrowed.members[member] == "text"]
    yield from _nearly(narrowed, texts, None)
    yield from _unmatched(narrowed, texts)
    nothing = f"no filter of {operation.id} could tell anything"
    return findings.verdict(f"{operation.id}: {{n}} filters give what matches, and nothing else", nothing, f"{narrowed.listing.resource.plural} that differ")


def _equal(narrowed: Narrowed, wanted: list[Filter]) -> Steps[bool]:
    """Asks with filters and holds the answer against what is known; gives whether they were taken at all."""
    rows = yield from _rows(narrowed, wanted)
    if rows.read:
        yield from _hold(narrowed, rows, wanted)
    else:
        yield from _not_taken(narrowed, rows.response, wanted)
    return rows.read


def _both(narrowed: Narrowed, member: str) -> list[Filter | None]:
    """Filters by false and by true: each is forgotten as easily as the other."""
    found = filters_by(member, "boolean", "eq", narrowed.known)
    return [*sorted(found, key=lambda one: bool(one.wanted))] or [None]


def _together(narrowed: Narrowed, members: list[str]) -> Steps[None]:
    """Two filters at once, each of which leaves out what the other one lets pass."""
    kinds = narrowed.members
    found = [one for member in members for one in filters_by(member, kinds[member], "eq", narrowed.known)[:6]]
    known = pairs(found, narrowed.known)
    if not known:
        narrowed.findings.lack(f"two filters of {narrowed.listing.name} together (no two members differ enough)")
        return
    index = narrowed.listing.exam.draw(st.integers(0, min(len(known), _DRAWN) - 1), f"{narrowed.listing.name} pair", 0)
    yield from _equal(narrowed, list(known[index]))


def _by_pages(narrowed: Narrowed, members: list[str]) -> Steps[None]:
    """One filter by pages of a single record: a list that is cut before it is filtered loses what stands further back."""
    listing = narrowed.listing
    pagination = listing.exam.pagination(listing.operation)
    frequent = _frequent(narrowed)
    several = [(one, matches) for one, matches in frequent if matches <= _CUT and _is_behind(narrowed, one)]  # they also show whether the size holds
    found = [one for one, matches in (*several, *_behind(narrowed), *frequent) if one.member in members and matches < 10]
    if pagination is None or pagination.size is None or not found:
        return
    paged = Paged(listing.exam, listing.operation, listing.resource, pagination, listing.parents, sent(narrowed.parameters, found[:1]))
    first = yield from paged.page(0, size=1)
    if first.ids is not None:
        verdict = yield from _walked(narrowed, paged, found[0], 1)
        if isinstance(verdict, Failed):
            raise Ended(verdict)


def _nearly(narrowed: Narrowed, members: list[str], spelled: str | None) -> Steps[None]:
    """A text cut short, one in the other case (open where they are equal but for it), and one with a wildcard of SQL: no other record may come."""
    listing = narrowed.listing
    for member in members:
        texts = [value for value in narrowed.known.values(member) if isinstance(value, str)]
        usual = next((text for text in sorted(texts, key=lambda text: " " not in text) if _is_prose(text)), None)
        if usual is None or _is_enum(listing, member, texts):
            continue
        for text in (usual[:-1], usual.swapcase(), f"{usual[:-1]}%"):
            wanted = Filter(member, "text", "eq", text)
            rows = yield from listing.rows(sent(narrowed.parameters, [wanted], spelled=spelled), short=narrowed.known.first)
            wrong = judged(listing, rows, Rows((), rows.response), [wanted]) if rows.read and text not in texts else ""
            if wrong:
                raise Ended(Failed(f"only records with {told([wanted])}", wrong, operation=listing.name))
        return


def _unmatched(narrowed: Narrowed, members: list[str]) -> Steps[None]:
    """A text that no record has: none may come, least of all every one; where it is refused, another member is tried."""
    for member in members[:_TRIED]:
        wanted = Filter(member, "text", "eq", f"{MARK} nowhere {narrowed.listing.exam.payloads.run}")
        rows = yield from narrowed.listing.rows(sent(narrowed.parameters, [wanted]), short=narrowed.known.first)
        wrong = judged(narrowed.listing, rows, Rows((), rows.response), [wanted]) if rows.read else ""
        if wrong:
            raise Ended(Failed(f"no record with {told([wanted])}, which none has", wrong, operation=narrowed.listing.name))
        if rows.read:
            return


def _wildcards(narrowed: Narrowed, member: str, spelled: str) -> Steps[None]:
    """A word of which some letters are signs that SQL reads as wildcards: a text with the letters does not have the signs in it."""
    words = [word for text in narrowed.known.values(member) if isinstance(text, str) for word in text.split()]
    word = next((word for word in words if len(word) > 4 and word.isascii() and word.isalpha()), None)
    if word is None:
        return
    wanted = Filter(member, "text", "contains", f"{word[0]}%{word[-3]}_{word[-1]}")
    rows = yield from narrowed.listing.rows(sent(narrowed.parameters, [wanted], spelled=spelled), short=narrowed.known.first)
    wrong = judged(narrowed.listing, rows, Rows((), rows.response), [wanted]) if rows.read else ""
    if wrong:
        raise Ended(Failed(f"only records with {told([wanted])}, % and _ being themselves", wrong, operation=narrowed.listing.name))


def _is_prose(text: str) -> bool:
    """Whether a text is certainly one that is compared letter by letter: words, no address, no id, no date."""
    return text.isascii() and re.fullmatch(r"[A-Za-z][A-Za-z ]{2,60}[A-Za-z]", text) is not None and text[-2] != " "


def _is_enum(listing: Listing, member: str, texts: list[str]) -> bool:
    return "enum" in listing.resource.schema.get("properties", {}).get(member, {}) or len(set(texts)) * 2 < len(texts)


# Operators


def operator_is_sound_and_complete(exam: Exam, clause: Clause) -> Flow:
    """Each list, by a member of each kind that the operator can compare."""
    return each(_operator(exam, clause, operation) for operation in _lists(exam, clause))


def _operator(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    narrowed = yield from _opened(exam, clause, operation)
    meant = clause.arguments.operator if isinstance(clause.arguments, OfOperator) else "eq"
    spelled = next((name for name, operator in narrowed.parameters.operators.items() if operator == meant), None)
    if spelled is None or meant not in SAYS:
        return Skipped(f"the list has no operator {meant}")
    if meant not in ("eq", "not_eq"):
        narrowed = replace(narrowed, known=(yield from stocked_numbers(narrowed.listing, narrowed.known, narrowed.members)))
        narrowed = replace(narrowed, known=(yield from stocked_texts(narrowed.listing, narrowed.known, narrowed.members)))
    done: set[Kind] = set()
    for member, kind in narrowed.members.items():
        wanted = narrowed.drawn(member, kind, meant) if kind not in done else None
        if wanted is None:
            continue
        rows = yield from _rows(narrowed, [wanted], spelled=spelled)
        if not rows.read and rows.response.status >= 500 and not overloaded(rows.response):
            return Failed(f"the records with {told([wanted])}", str(rows.response.status), operation=operation.id)
        if not rows.read:
            # Which lists and members take which operators is open.
            narrowed.findings.lack(f"{operation.id} by {member} with {spelled} (answered {rows.response.status})")
            continue
        yield from _hold(narrowed, rows, [wanted], spelled=spelled)
        done.add(kind)
        if meant == "eq" and kind == "text":
            yield from _nearly(narrowed, [member], spelled)
        if meant == "contains":
            yield from _wildcards(narrowed, member, spelled)
    nothing, needs = f"{operation.id} could not be filtered with {spelled}", f"{narrowed.listing.resource.plural} that differ"
    return narrowed.findings.verdict(f"{operation.id}: {spelled} by {{n}} members gives what matches", nothing, needs)


# Pages


def filters_combine_with_pages(exam: Exam, clause: Clause) -> Flow:
    """Walks each list, filtered, by small pages."""
    return each(_paged(exam, clause, operation) for operation in _lists(exam, clause))


def _paged(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    narrowed = yield from _opened(exam, clause, operation)
    pagination = exam.pagination(operation)
    if pagination is None:
        return Skipped(f"{operation.id} is not cut into pages")
    if not _frequent(narrowed) and (yield from narrowed.listing.own()):
        yield from narrowed.listing.own()
        narrowed = yield from _opened(exam, clause, operation)
    if not any(matches >= _CUT and _is_behind(narrowed, one) for one, matches in _frequent(narrowed)):
        narrowed = yield from _stocked(narrowed)
    found = _frequent(narrowed)
    if not found:
        needs = f"three {narrowed.listing.resource.plural} or more that are equal in a member, and one that is not"
        return Inconclusive(f"no filter of {operation.id} is known to have several matches", needs)
    index = exam.draw(st.integers(0, min(len(found), _DRAWN) - 1), f"{operation.id} filter", 0)
    wanted, matches = found[index]
    sizes = _sizes(matches, pagination.maximum or narrowed.known.first)
    size = exam.draw(st.sampled_from(sizes), f"{operation.id} size", sizes[0]) if pagination.size else None
    paged = Paged(exam, operation, narrowed.listing.resource, pagination, narrowed.listing.parents, sent(narrowed.parameters, [wanted]))
    first = yield from paged.page(0, size=size)
    if first.ids is None:
        yield from _not_taken(narrowed, first.response, [wanted])
        return narrowed.findings.verdict("", f"{operation.id} was not filtered")
    return (yield from _walked(narrowed, paged, wanted, size))


def _stocked(narrowed: Narrowed) -> Steps[Narrowed]:
    """The list with so many records equal in a member, behind others, that pages of two leave one which is not full, where they can be made."""
    found = [one for one, _ in (*_frequent(narrowed), *_behind(narrowed)) if _is_behind(narrowed, one)]
    for one in found:
        known = yield from stocked_alike(narrowed.listing, narrowed.known, one.member, one.wanted)
        if known is not narrowed.known and known.read:
            return replace(narrowed, known=known)
    return narrowed


def _sizes(matches: int, largest: int) -> list[int]:
    """Sizes that cut so many records into two pages or more: those first that leave a last page which is not full."""
    found = [size for size in range(2, min(matches, largest + 1)) if matches % size]
    return [*(size for size in found if size * 4 >= matches), 1] if found else [1]


def _frequent(narrowed: Narrowed) -> list[tuple[Filter, int]]:
    """Filters that at least two known records pass, and at least one does not, with the number that pass.

    Those come first that leave a page of two which is not full, and of them those that a record before the last match does not
    pass, as a list that is cut too early loses a match only there; then those of few matches.
    """
    found: list[tuple[int, int, int, Filter]] = []
    for member, kind in narrowed.members.items():
        for one in filters_by(member, kind, "eq", narrowed.known):
            matches = sum(one.holds(record) is True for record in narrowed.known.records)
            if matches > 1:
                found.append((-min(matches, _CUT), not _is_behind(narrowed, one), matches, one))
    return [(one, matches) for _, _, matches, one in sorted(found, key=lambda ranked: ranked[:3])]


def _is_behind(narrowed: Narrowed, one: Filter) -> bool:
    """Whether a record that does not pass stands before one that does: a list that is cut too early loses a match there."""
    outcomes = [one.holds(record) is True for record in narrowed.known.records]
    return not all(outcomes[: sum(outcomes)])


def _behind(narrowed: Narrowed) -> list[tuple[Filter, int]]:
    """Filters that one known record passes, which is not the first of the list."""
    found = [one for member, kind in narrowed.members.items() for one in filters_by(member, kind, "eq", narrowed.known)]
    passing = [(one, sum(one.holds(record) is True for record in narrowed.known.records)) for one in found if _is_behind(narrowed, one)]
    return [(one, matches) for one, matches in passing if matches == 1]


def _walked(narrowed: Narrowed, paged: Paged, wanted: Filter, size: int | None) -> Flow:
    listing = narrowed.listing
    trail = yield from paged.walk(size=size, limit=200)
    wrong = _too_long(trail, size) or _wrong_walk(narrowed, trail, narrowed.known, wanted)
    if wrong:
        before = yield from listing.rows(fresh=True)
        trail = yield from paged.walk(size=size, limit=200, fresh=True)
        known = unchanged(listing, before, (yield from listing.rows(fresh=True)), [wanted.member])
        wrong = _too_long(trail, size) or (_wrong_walk(narrowed, trail, known, wanted) if known.read else "")
        if not wrong and not known.read:
            return Inconclusive(f"{listing.name} changes while it is looked at", "a list that nobody else writes to")
    if wrong:
        expected = f"the records with {told([wanted])}, each once, on pages of {size if size is not None else 'the usual size'}"
        return Failed(expected, wrong, operation=listing.name)
    if len(trail.pages) < 2:
        return Inconclusive(f"{listing.name}: the records with {told([wanted])} fit on one page", "more of them")
    return Passed(f"{listing.name}: {len(trail.ids)} records with {told([wanted])} on {len(trail.pages)} pages")


def _too_long(trail: Trail, size: int | None) -> str:
    """How a page holds more records than its size, which the filter must not undo; empty if none does."""
    longest = max((page.count for page in trail.pages), default=0)
    return f"{longest} records on one page" if size is not None and longest > size else ""


def _wrong_walk(narrowed: Narrowed, trail: Trail, known: Rows, wanted: Filter) -> str:
    exam, listing = narrowed.listing.exam, narrowed.listing
    if trail.end == "endless":
        return f"page {len(trail.pages) - 1} again after itself (counted from 0)"
    if len(set(trail.ids)) < len(trail.ids):
        return f"{next(key for key in trail.ids if trail.ids.count(key) > 1)} twice"
    records = tuple(record for page in trail.pages for record in exam.page_records(page.response, listing.resource))
    return judged(listing, Rows(records, trail.pages[0].response, trail.whole) if trail.pages else Rows((), known.response), known, [wanted])


# What is refused


def unsupported_filter_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Each list by a member that there isn't, alone and beside a filter that works."""
    return each(_unsupported(exam, clause, operation) for operation in _lists(exam, clause))


def _unsupported(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    listing, group = (yield from open_list(exam, operation)), exam.spec.convention(clause)
    findings, parameters = Findings(), group.parameters
    wanted = Filter(NONSENSE, "text", "eq", "1")
    response = yield listing.request(sent(parameters, [wanted]))
    yield from _refusal(listing, response, "unsupported_filter", f"a filter by {NONSENSE}", NONSENSE)
    findings.saw(f"{operation.id}: {response.status}")
    spelled = next(iter(parameters.operators), None)
    if spelled is not None:
        response = yield listing.request(sent(parameters, [wanted], spelled=spelled))
        yield from _refusal(listing, response, "", f"a filter by {NONSENSE} with {spelled}", None)
    usual = yield from attempt(_usual(listing, clause))
    if isinstance(usual, Filter):
        yield from _beside(listing, parameters, usual, wanted)
    return findings.verdict(f"{operation.id} refuses a filter that there isn't", "")


def _usual(listing: Listing, clause: Clause) -> Steps[Filter | None]:
    """A filter by a member that the list's records show, or None."""
    known = yield from listing.known(1)
    found = (filters_by(member, kind, "eq", known) for member, kind in members_of(listing, clause, known).items())
    return next((filters[0] for filters in found if filters), None)


def _beside(listing: Listing, parameters: Filtering, usual: Filter, wanted: Filter) -> Steps[None]:
    """What is not known is refused behind a filter that is known and on a small page, too; and so is an operator. How is open."""
    pagination = listing.exam.pagination(listing.operation)
    small = {pagination.size: 2} if pagination is not None and pagination.size else {}
    response = yield listing.request({**sent(parameters, [usual, wanted]), **small})
    yield from _refusal(listing, response, "", f"a filter by {NONSENSE} behind one by {usual.member}", None)
    if parameters.operators:
        response = yield listing.request(sent(parameters, [usual], spelled=NONSENSE))
        yield from _refusal(listing, response, "", f"a filter by {usual.member} with the operator {NONSENSE}", None)


def _refusal(listing: Listing, response: Response, cause: str, what: str, name: str | None) -> Steps[None]:
    """Ends the check where an answer is not the refusal for a cause, or, without a cause, no mistake of the caller's."""
    yield from ()
    exam = listing.exam
    if overloaded(response):
        raise Ended(Inconclusive(f"{listing.name} was answered with {response.status}"))
    wrong = refused_as(exam, response, cause, name) if cause else ("" if 400 <= response.status < 500 else str(response.status))
    if wrong:
        documented = exam.read.cause(cause) if cause else None
        title = documented.values.get("title") if documented else None
        expected = f"{documented.status if documented else 'a refusal (4xx)'} for {what}" + (f", titled {title!r}" if title else "")
        raise Ended(Failed(expected, wrong, operation=listing.name))


def unsupported_value_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Each list by a word where its records have numbers or truth values, and by dates that there aren't."""
    return each(_bad_values(exam, clause, operation) for operation in _lists(exam, clause))


def _bad_values(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    narrowed = yield from _opened(exam, clause, operation)
    done: set[Kind] = set()
    for member, kind in narrowed.members.items():
        usual = next((one for one in filters_by(member, kind, "eq", narrowed.known)), None)
        if kind in done or kind not in _IMPOSSIBLE or usual is None:
            continue
        rows = yield from narrowed.listing.rows(sent(narrowed.parameters, [usual]), short=narrowed.known.first)
        if not rows.read:
            narrowed.findings.lack(f"{operation.id} by {member} (answered {rows.response.status} for a value that there is)")
            continue
        done.add(kind)
        for value in _IMPOSSIBLE[kind]:
            yield from _bad_value(narrowed, Filter(member, kind, "eq", value))
    return narrowed.findings.verdict(f"{operation.id} refuses {{n}} values that can't be", f"{operation.id} has no filter by numbers, truth values or dates")


_IMPOSSIBLE: Mapping[Kind, tuple[str, ...]] = {"number": ("proctor",), "boolean": ("proctor",), "date": ("proctor", "2024-02-31")}


def _bad_value(narrowed: Narrowed, wanted: Filter) -> Steps[None]:
    """A number or truth value that is none must be refused; how a text is read as a date is open, but it must not break the server."""
    listing, findings = narrowed.listing, narrowed.findings
    response = yield listing.request(sent(narrowed.parameters, [wanted]))
    if wanted.kind == "date" and response.status < 400:
        findings.remark(f"{listing.name} takes {wanted.wanted!r} for {wanted.member}")
        return
    yield from _refusal(listing, response, "unsupported_filter_value", f"{wanted.member} = {wanted.wanted!r}", None)
    findings.saw(f"{listing.name}: {wanted.member} = {wanted.wanted!r}")


# Expressions


def expression_is_sound_and_complete(exam: Exam, clause: Clause) -> Flow:
    """Each list by comparisons of a text, alone and joined; the values are those of its records."""
    return each(_expression(exam, clause, operation) for operation in _lists(exam, clause))


def _expression(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    column = yield from column_of(exam, clause, operation)
    findings, values = Findings(), column.values
    if len(values) < 2:
        needs = f"{column.listing.resource.plural} that differ in {column.member}"
        return Inconclusive(f"{operation.id} shows fewer than two values of {column.member}", needs)
    first = exam.draw(st.sampled_from(values[:_VALUES]), f"{operation.id} value", values[0])
    second = next(value for value in reversed(values) if value != first)
    for condition in _conditions(column, first, second):
        yield from _satisfied(column, condition, findings)
    yield from in_parentheses(column, first, second)
    yield from beside_an_order(column, first, second)
    return findings.verdict(f"{operation.id}: {{n}} expressions give what satisfies them", f"no expression of {operation.id} was taken")


_VALUES = 20


def _conditions(column: Column, first: str, second: str) -> Iterator[Condition]:
    """Equality, both joins, and the other comparisons, by values of two records."""
    one, other = column.compares("eq", first), column.compares("eq", second)
    if one is not None and other is not None:
        yield one
        yield _joined(one, other, "||", "or")
    not_one, not_other = column.compares("not_eq", first), column.compares("not_eq", second)
    if not_one is not None and not_other is not None:
        yield not_one
        yield _joined(not_one, not_other, "&&", "and")
    middle = sorted(column.values)[len(column.values) // 2]
    orders: tuple[Operator, ...] = ("gt_eq", "gt", "lt_eq", "lt")
    for operator in orders:
        compared = column.compares(operator, middle)
        if compared is not None:
            yield compared


def _joined(one: Condition, other: Condition, sign: str, word: str) -> Condition:
    def holds(record: Mapping[str, Any]) -> bool | None:
        outcomes, decisive = {one.holds(record), other.holds(record)}, word == "or"
        if decisive in outcomes:
            return decisive
        return None if None in outcomes else not decisive

    return Condition(f"{one.text} {sign} {other.text}", holds, (f"{one.text} {word} {other.text}",))


def _satisfied(column: Column, condition: Condition, findings: Findings) -> Steps[None]:
    """Holds one expression's records against what is known; ends the check as failed where they are wrong."""
    listing = column.listing
    for text in (condition.text, *condition.others):
        rows = yield from listing.rows({column.parameters.parameter: text}, short=column.known.first)
        if rows.read or rows.response.status >= 500:
            break
    if not rows.read:
        refused = not condition.sure and rows.response.status < 500
        if refused or overloaded(rows.response):
            findings.lack(f"{listing.name} by {condition.text} (answered {rows.response.status})")
            return
        raise Ended(Failed(f"the records with {text}", f"{rows.response.status}: {listing.exam.read.excerpt(rows.response, 120)}", operation=listing.name))
    wrong = mismatch_of(column, rows, column.known, condition)
    if wrong:
        rows, known = yield from looked_again(column, {column.parameters.parameter: text})
        wrong = mismatch_of(column, rows, known, condition) if rows.read else ""
        if not wrong and not known.read:
            findings.lack(f"{listing.name} by {text} (it changes while it is looked at)")
            return
    if wrong:
        raise Ended(Failed(f"the records with {text}, all of them and no other", wrong, operation=listing.name))
    findings.saw(f"{listing.name} by {text}")


def similar_matches_the_text(exam: Exam, clause: Clause) -> Flow:
    """Each list by a whole value, and by a text that is like none."""
    return each(_similar(exam, clause, operation) for operation in _lists(exam, clause))


def _similar(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    column = yield from column_of(exam, clause, operation)
    value = exam.draw(st.sampled_from(column.values[:_VALUES]), f"{operation.id} value", column.values[0])
    alike = column.compares("similar", value)
    if alike is None:
        return Skipped("the list has no operator for similar texts")
    rows = yield from column.listing.answer(column.request(alike.text))
    if not rows.read:
        return _unanswered(column, alike.text, rows.response)
    there = {column.listing.key(record) for record in rows.records if record.get(column.member) == value}
    known = {column.listing.key(record) for record in column.known.records if record.get(column.member) == value}
    if not there:
        return Failed(f"the record whose {column.member} is {value!r}", f"{len(rows.records)} records without it", operation=operation.id)
    if known - there:
        return Failed(f"every record whose {column.member} is {value!r}", f"{len(rows.records)} records without {min(known - there)}", operation=operation.id)
    return (yield from _unlike(column, value))


def _unlike(column: Column, value: str) -> Flow:
    """A text that is like no record must not bring them all."""
    unlike = column.compares("similar", "qzxv jkwq zvxq")
    total = len(column.known.records)
    rows = (yield from column.listing.answer(column.request(unlike.text))) if unlike is not None else column.known
    if total > 2 and rows.read and len(rows.records) >= total and unlike is not None:
        return Failed(f"not every record for {unlike.text}", f"all {len(rows.records)} records", operation=column.listing.name)
    return Passed(f"{column.listing.name} finds {value!r}, and not every record for a text that is like none")


def _unanswered(column: Column, expression: str, response: Response) -> Verdict:
    if overloaded(response):
        return Inconclusive(f"{column.listing.name} was answered with {response.status}")
    told_ = f"{response.status}: {column.listing.exam.read.excerpt(response, 120)}"
    return Failed(f"the records with {expression}", told_, operation=column.listing.name)


# Encoding


def encoding_is_undone(exam: Exam, clause: Clause) -> Flow:
    """Each list by a text with a space, sent as %20 and as a plus, and by one with letters outside of ASCII."""
    return each(_encoding(exam, clause, operation) for operation in _lists(exam, clause))


def _encoding(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    column = yield from column_of(exam, clause, operation)
    findings = Findings()
    odd = (yield from _own(column, f"proctor {exam.payloads.run} Zoë's naïve & co")) if exam.target.permit.write else None
    if odd is not None and (yield from _turned_away(column, odd)):
        findings.remark(f"{operation.id} refuses an expression with {odd!r}")
        odd = yield from _own(column, f"proctor {exam.payloads.run} Zoë naïve & co")
    values = [value for value in (odd, next((value for value in column.values if " " in value), None)) if value is not None]
    for value in values:
        condition = column.compares("eq", value)
        if condition is not None:
            yield from _decoded(column, condition, value, findings)
    if exam.target.permit.write:
        yield from _plus(column, findings)
    needs = f"a record whose {column.member} has a space, or write = true under [permit]"
    return findings.verdict(f"{operation.id} decodes {{n}} expressions", f"{operation.id} shows no {column.member} with a space", needs)


def _own(column: Column, value: str) -> Steps[str | None]:
    """The value, after making a record that shows it as given; None where that can't be done."""
    key = yield from column.listing.own({column.member: value})
    rows = (yield from column.listing.rows(fresh=True)) if key else column.known
    shown = next((record.get(column.member) for record in rows.records if column.listing.key(record) == key), None)
    return value if key and shown == value else None


def _turned_away(column: Column, value: str) -> Steps[bool]:
    """Whether an expression with such a text is refused as a mistake: whether quotes may stand between quotes is not said."""
    condition = column.compares("eq", value)
    response = (yield column.request(condition.text)) if condition is not None else None
    return response is not None and 400 <= response.status < 500 and not overloaded(response)


def _decoded(column: Column, condition: Condition, value: str, findings: Findings) -> Steps[None]:
    for request, how in ((column.request(condition.text), "%20"), (column.plussed(condition.text), "a plus")):
        rows = yield from column.listing.answer(request)
        if overloaded(rows.response):
            findings.lack(f"{column.listing.name} with {how} for a space (answered {rows.response.status})")
            continue
        if not rows.read or not any(record.get(column.member) == value for record in rows.records):
            observed = f"{len(rows.records)} records without it" if rows.read else str(rows.response.status)
            expected = f"the record whose {column.member} is {value!r}, with {how} for a space"
            raise Ended(Failed(expected, observed, operation=column.listing.name))
        findings.saw(f"{column.listing.name}: {value!r} with {how}")


def _plus(column: Column, findings: Findings) -> Steps[None]:
    """A plus within the text: the document's sample may be read as encoded twice, so that a space in its stead passes."""
    value = yield from _own(column, f"proctor {column.listing.exam.payloads.run} a+b")
    condition = column.compares("eq", value) if value is not None else None
    if condition is None:
        return
    rows = yield from column.listing.answer(column.request(condition.text))
    if not any(record.get(column.member) == value for record in rows.records):
        findings.remark(f"{column.listing.name} does not find {value!r}: it may decode twice")


# What does not parse


def invalid_expression_is_not_ignored(exam: Exam, clause: Clause) -> Flow:
    """Each list by expressions that do not parse: any refusal passes, a server error does not, and of a success nothing is said."""
    return each(_invalid(exam, clause, operation) for operation in _lists(exam, clause))


def _invalid(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    column = yield from column_of(exam, clause, operation)
    findings, name = Findings(), column.parameters.parameter
    member = column.member
    odd = [f'{member} = "proctor', f"{member} = = =", f"({member} =", f'"{member}" proctor proctor', "&& ||", f'{member} = "a \\" proctor"']
    asked: list[tuple[str, str]] = [(name, text) for text in odd]
    sorting = exam.parameters_of("sorting", operation)
    if sorting is not None and sorting.style == "order_string":
        asked += [(sorting.parameter, "proctor proctor proctor"), (sorting.parameter, f"{member} proctor")]
    for parameter, text in asked:
        response = yield column.listing.request({parameter: text})
        if response.status >= 500 and not overloaded(response):
            return Failed(f"no server error for {parameter}={text}", str(response.status), operation=operation.id)
        if 400 <= response.status < 500 and parameter == name:
            findings.saw(f"{parameter}={text}")
        elif not 400 <= response.status < 500:
            findings.remark(f"{operation.id} answers {parameter}={text} with {response.status}")
    nothing = f"{operation.id} answers every expression that does not parse with a success, of which nothing can be said"
    return findings.verdict(f"{operation.id} refuses {{n}} expressions that do not parse", nothing)


CHECKS: dict[str, Check] = {
    "equality_is_sound_and_complete": Check(
        equality_is_sound_and_complete,
        examples=2,
        how="Filters each list by values of its own records, by two members at once, and by texts that are nearly right; compares with the whole list.",
    ),
    "filters_combine_with_pages": Check(
        filters_combine_with_pages,
        examples=2,
        how="Walks each list by small pages with a filter that several records pass, and compares with the whole list.",
    ),
    "operator_is_sound_and_complete": Check(
        operator_is_sound_and_complete,
        how="Filters each list with the operator, by a member of each kind; null, case and collation are open.",
    ),
    "unsupported_filter_is_refused": Check(
        unsupported_filter_is_refused,
        how="Filters each list by a member that there isn't: the documented status and title, and a detail that names it.",
    ),
    "unsupported_value_is_refused": Check(
        unsupported_value_is_refused,
        how="Filters by a word where the records have numbers or truth values: the documented status and title. Dates must not break the server.",
    ),
    "expression_is_sound_and_complete": Check(
        expression_is_sound_and_complete,
        examples=2,
        how="Sends comparisons of a text, alone and joined, and compares with the whole list; only equality must be taken.",
    ),
    "similar_matches_the_text": Check(
        similar_matches_the_text,
        how="Searches for a whole value, which must come, and for a text that is like none, for which not everything may come.",
    ),
    "encoding_is_undone": Check(
        encoding_is_undone,
        how="Sends a text with spaces as %20 and as a plus, and letters outside of ASCII.",
    ),
    "invalid_expression_is_not_ignored": Check(
        invalid_expression_is_not_ignored,
        how="Sends expressions that do not parse; a server error fails, and a success says nothing.",
    ),
}
