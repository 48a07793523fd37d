"""Filters of lists: sound (no other record comes) and complete (every record comes), alone, together and page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from conformance.aiming import overloaded
from conformance.check import Check, Ended, Flow, Steps
from conformance.comparing import Kind, Operator
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.filters import SAYS, Filter, certain, filters_by, judged, members_of, pairs, sent, told
from conformance.findings import Findings
from conformance.listing import Listing, Rows, bound, open_list, refused_as
from conformance.paging import Paged, Trail
from conformance.parts import each
from conformance.verdict import Failed, Inconclusive, Skipped
from specs.conventions.filtering import Filtering, OfOperator
from specs.model import Clause, Group, Operation

__all__ = ["CHECKS"]

NONSENSE = "zz_no_such"
"""A name that no list filters by."""

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
    return Narrowed(listing, clause, exam.spec.convention(clause), known, Findings())


# One filter, held against what is known


def _holds(narrowed: Narrowed, wanted: list[Filter], *, spelled: str | None = None) -> Steps[bool]:
    """Asks with filters; ends the check as failed where the answer is wrong. Gives whether they were taken at all."""
    parameters = sent(narrowed.parameters, wanted, spelled=spelled)
    listing = narrowed.listing
    rows = yield from listing.rows(parameters, short=narrowed.known.first)
    if not rows.read:
        yield from _not_taken(narrowed, rows.response, wanted)
        return False
    wrong = judged(listing, rows, narrowed.known, wanted)
    if wrong:
        again = yield from listing.rows(parameters, fresh=True)
        known = yield from listing.rows(fresh=True)
        wrong = judged(listing, again, known, wanted) if again.read and known.read else ""
        if not wrong:
            narrowed.findings.lack(f"{listing.name} by {told(wanted)} (it changes while it is looked at)")
            return True
    if wrong:
        raise Ended(Failed(f"the records with {told(wanted)}, all of them and no other", wrong, operation=listing.name))
    return True


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
            elif (yield from _holds(narrowed, [one])):
                findings.saw(f"{operation.id} by {member}")
                taken.append(member)
    yield from _together(narrowed, list(dict.fromkeys(taken)))
    yield from _nearly(narrowed, [member for member in taken if narrowed.members[member] == "text"], None)
    nothing = f"no filter of {operation.id} could tell anything"
    return findings.verdict(f"{operation.id}: {{n}} filters give what matches, and nothing else", nothing, f"{narrowed.listing.resource.plural} that differ")


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
    if (yield from _holds(narrowed, list(known[index]))):
        narrowed.findings.saw(f"{narrowed.listing.name} by {told(known[index])}")


def _nearly(narrowed: Narrowed, members: list[str], spelled: str | None) -> Steps[None]:
    """A text cut short, and one in the other case: no record is equal to it, so that none may come; a refusal is as good."""
    listing = narrowed.listing
    for member in members:
        texts = [value for value in narrowed.known.values(member) if isinstance(value, str)]
        usual = next((text for text in sorted(texts, key=lambda text: " " not in text) if _is_prose(text)), None)
        if usual is None or _is_enum(listing, member, texts):
            continue
        for text in (usual[:-1], usual.swapcase()):
            wanted = Filter(member, "text", "eq", text)
            rows = yield from listing.rows(sent(narrowed.parameters, [wanted], spelled=spelled), short=narrowed.known.first)
            wrong = judged(listing, rows, Rows((), rows.response), [wanted]) if rows.read and text not in texts else ""
            if wrong:
                raise Ended(Failed(f"only records with {told([wanted])}", wrong, operation=listing.name))
        return


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
    done: set[Kind] = set()
    for member, kind in narrowed.members.items():
        wanted = narrowed.drawn(member, kind, meant) if kind not in done else None
        if wanted is None:
            continue
        if (yield from _operated(narrowed, wanted, spelled)):
            narrowed.findings.saw(f"{operation.id} by {member}")
            done.add(kind)
            if meant == "eq" and kind == "text":
                yield from _nearly(narrowed, [member], spelled)
    nothing = f"{operation.id} could not be filtered with {spelled}"
    return narrowed.findings.verdict(f"{operation.id}: {spelled} by {{n}} members gives what matches", nothing, f"{narrowed.listing.resource.plural} that differ")


def _operated(narrowed: Narrowed, wanted: Filter, spelled: str) -> Steps[bool]:
    """One filter with an operator; which lists and members take which operators is open, so that a refusal says nothing."""
    try:
        return (yield from _holds(narrowed, [wanted], spelled=spelled))
    except Ended as ended:
        refused = isinstance(ended.verdict, Failed) and re.match(r"4\d\d:", ended.verdict.observed)
        if not refused:
            raise
        narrowed.findings.lack(f"{narrowed.listing.name} by {wanted.member} with {spelled} (refused)")
        return False


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
    found = _frequent(narrowed)
    if not found:
        needs = f"three {narrowed.listing.resource.plural} or more that are equal in a member, and one that is not"
        return Inconclusive(f"no filter of {operation.id} is known to have several matches", needs)
    index = exam.draw(st.integers(0, min(len(found), _DRAWN) - 1), f"{operation.id} filter", 0)
    wanted, matches = found[index]
    size = exam.draw(st.integers(1, max(1, matches // 2)), f"{operation.id} size", max(1, matches // 3)) if pagination.size else None
    paged = Paged(exam, operation, narrowed.listing.resource, pagination, narrowed.listing.parents, sent(narrowed.parameters, [wanted]))
    first = yield from paged.page(0, size=size)
    if first.ids is None:
        yield from _not_taken(narrowed, first.response, [wanted])
        return narrowed.findings.verdict("", f"{operation.id} was not filtered")
    return (yield from _walked(narrowed, paged, wanted, size))


def _frequent(narrowed: Narrowed) -> list[tuple[Filter, int]]:
    """Filters that at least two known records pass, and at least one does not, with the number that pass: those of few members first."""
    found: list[tuple[Filter, int]] = []
    for member, kind in narrowed.members.items():
        for one in filters_by(member, kind, "eq", narrowed.known):
            matches = sum(one.holds(record) is True for record in narrowed.known.records)
            if matches > 1:
                found.append((one, matches))
    return sorted(found, key=lambda pair: (min(pair[1], 3) * -1, pair[1]))


def _walked(narrowed: Narrowed, paged: Paged, wanted: Filter, size: int | None) -> Flow:
    listing = narrowed.listing
    trail = yield from paged.walk(size=size, limit=200)
    wrong = _wrong_walk(narrowed, trail, narrowed.known, wanted)
    if wrong:
        trail = yield from paged.walk(size=size, limit=200, fresh=True)
        known = yield from listing.rows(fresh=True)
        wrong = _wrong_walk(narrowed, trail, known, wanted) if known.read else ""
    if wrong:
        expected = f"the records with {told([wanted])}, each once, on pages of {size if size is not None else 'the usual size'}"
        return Failed(expected, wrong, operation=listing.name)
    if len(trail.pages) < 2:
        return Inconclusive(f"{listing.name}: the records with {told([wanted])} fit on one page", "more of them")
    return Passed_(listing, trail, wanted)


def Passed_(listing: Listing, trail: Trail, wanted: Filter) -> Any:
    raise NotImplementedError


def _wrong_walk(narrowed: Narrowed, trail: Trail, known: Rows, wanted: Filter) -> str:
    exam, listing = narrowed.listing.exam, narrowed.listing
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
    return findings.verdict(f"{operation.id} refuses a filter that there isn't", "")


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
    if wanted.kind == "date" and response.status < 500 and not 400 <= response.status:
        findings.remark(f"{listing.name} takes {wanted.wanted!r} for {wanted.member}")
        return
    yield from _refusal(listing, response, "unsupported_filter_value", f"{wanted.member} = {wanted.wanted!r}", None)
    findings.saw(f"{listing.name}: {wanted.member} = {wanted.wanted!r}")
