"""Sums and counts over a list: right for the records that the filters leave, whatever page is asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.addressing import MISSING, dig
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Response
from conformance.payloads import MARK
from conformance.steps.aiming import overloaded
from conformance.steps.comparing import compare, kind_of
from conformance.steps.filters import Filter, filtering_of, filters_by, members_of, sent, unchanged
from conformance.steps.findings import Findings
from conformance.steps.listing import Listing, Rows, bound, open_list, refused_as
from conformance.steps.parts import each
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from specs.conventions.aggregation import Aggregate, Aggregation
from specs.model import Clause, Group, Operation

__all__ = ["CHECKS"]

NONSENSE = "zz_no_such"
"""A name that is no aggregate, and no group."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One aggregate of one list: its name, what it is, and the filter that is asked for with it."""

    listing: Listing
    parameters: Aggregation
    name: str
    aggregate: Aggregate
    filtered: tuple[Filter, Mapping[str, Any]] | None = None

    def holds(self, record: Mapping[str, Any]) -> bool | None:
        """Whether the filter leaves a record; None where that is open."""
        return True if self.filtered is None else self.filtered[0].holds(record)

    @property
    def query(self) -> dict[str, Any]:
        """The request's parameters: the aggregate, the filter, and pages of two records."""
        pagination = self.listing.exam.pagination(self.listing.operation)
        small = {pagination.size: 2} if pagination is not None and pagination.size else {}
        return {**(self.filtered[1] if self.filtered else {}), self.parameters.parameter: self.name, **small}

    @property
    def told(self) -> str:
        """The aggregate in words."""
        of = f" of {self.aggregate.member}" if self.aggregate.member else ""
        with_ = f", of the records whose {self.filtered[0].member} is {self.filtered[0].wanted!r}" if self.filtered else ""
        return f"{self.name}, the {self.aggregate.function}{of}{with_}"


def _lists(exam: Exam, clause: Clause) -> list[Operation]:
    return [operation for operation in exam.operations(clause) if operation.effect == "list"]


# Values


def aggregate_is_right(exam: Exam, clause: Clause) -> Flow:
    """Each known aggregate of each list, of all records and of those that a filter leaves, by pages of two."""
    return each(_right(exam, clause, operation) for operation in _lists(exam, clause))


def _right(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    listing, group = (yield from open_list(exam, operation)), exam.spec.convention(clause)
    offered: Mapping[str, Aggregate] = group.parameters.aggregates.get(listing.resource.name, {})
    if not offered:
        return Skipped(f"no aggregate of {operation.id} is known", f"aggregates.{listing.resource.name} under [{group.name}]")
    known = yield from listing.known()
    if not known.whole:
        return Inconclusive(f"{operation.id} is too long to be counted", f"a caller with fewer {listing.resource.plural}")
    findings = Findings()
    filtered = yield from _filter(listing, known)
    for name, aggregate in offered.items():
        asked = Asked(listing, group.parameters, name, aggregate)
        if aggregate.member is not None and not any(aggregate.member in record for record in known.records):
            findings.lack(f"{name} of {operation.id} (its records show no {aggregate.member})")
        elif (yield from _value(asked, known, group, findings)) and filtered is not None:
            yield from _value(Asked(listing, group.parameters, name, aggregate, filtered), known, group, findings)
    if filtered is not None and findings.seen:
        yield from _of_nothing(listing, group.parameters, next(iter(offered)), filtered[0])
    return findings.verdict(f"{operation.id}: {{n}} aggregates are right", f"no aggregate of {operation.id} could be worked out")


def _filter(listing: Listing, known: Rows) -> Steps[tuple[Filter, Mapping[str, Any]] | None]:
    """A filter that the list takes and that leaves several records, but not all; None where there is none."""
    clause = filtering_of(listing)
    if clause is None:
        return None
    parameters = listing.exam.spec.convention(clause).parameters
    for member, kind in members_of(listing, clause, known).items():
        found = [one for one in filters_by(member, kind, "eq", known) if sum(one.holds(record) is True for record in known.records) > 1]
        for one in found[:1]:
            query = sent(parameters, [one])
            rows = yield from listing.rows(query, short=known.first)
            if rows.read and len(rows.records) < len(known.records):
                return one, query
    return None


def _of_nothing(listing: Listing, parameters: Aggregation, name: str, one: Filter) -> Steps[None]:
    """Where no record is left, there are still the aggregates that were asked for, or at least their place; what they are then is open."""
    clause = filtering_of(listing)
    wanted = {"text": f"{MARK} nowhere {listing.exam.payloads.run}", "number": 987654321, "digits": "987654321"}.get(one.kind)
    if clause is None or wanted is None:
        return
    query = sent(listing.exam.spec.convention(clause).parameters, [replace(one, wanted=wanted)])
    rows = yield from listing.answer(listing.request({**query, parameters.parameter: name}))
    held = dig(listing.exam.read.document(rows.response), parameters.at) if rows.read and not rows.records else {}
    if not isinstance(held, dict) and held not in (None, []):  # nothing, as some languages write an object without members
        observed = f"nothing at {parameters.at}" if held is MISSING else f"{type(held).__name__} at {parameters.at}"
        raise Ended(Failed(f"an object at {parameters.at} where no record is left, too", observed, operation=listing.name))


def _value(asked: Asked, known: Rows, group: Group, findings: Findings) -> Steps[bool]:
    """Asks for one aggregate and holds it against the records; gives whether it was taken."""
    listing, exam = asked.listing, asked.listing.exam
    response = yield listing.request(asked.query)
    if not exam.read.succeeded(response):
        claimed = asked.name in (bound(exam, group, "aggregates") or {}).get(listing.resource.name, {})
        if not overloaded(response) and (claimed or response.status >= 500):
            raise Ended(Failed(asked.told, f"{response.status}: {exam.read.excerpt(response, 120)}", operation=listing.name))
        findings.lack(f"{asked.told} of {listing.name} (answered {response.status})")
        return False
    wrong = _wrong(asked, response, known)
    if wrong:
        before, members = (yield from listing.rows(fresh=True)), [name for name in (asked.aggregate.member,) if name]
        response = yield listing.request(asked.query, fresh=True)
        again = unchanged(listing, before, (yield from listing.rows(fresh=True)), members)
        wrong = _wrong(asked, response, again) if again.read else ""
        if not again.read:
            findings.lack(f"{asked.told} of {listing.name} (it changes while it is looked at)")
            return True
    if wrong:
        raise Ended(Failed(f"{asked.told}: {_spelled(_right_values(asked, known))}", wrong, operation=listing.name))
    shown = dig(exam.read.document(response), f"{asked.parameters.at}/{asked.name}")
    if isinstance(shown, dict | list):
        findings.remark(f"{listing.name} gives {asked.name} as {type(shown).__name__}, of which nothing is said")
    elif _right_values(asked, known):
        findings.saw(asked.told)
    return True


def _wrong(asked: Asked, response: Response, known: Rows) -> str:
    """What is wrong with an answer that should have an aggregate; empty if nothing."""
    at, document = asked.parameters.at, asked.listing.exam.read.document(response)
    held = dig(document, at)
    if not isinstance(held, dict):
        return f"no object at {at}" if held is MISSING else f"{type(held).__name__} at {at}"
    if asked.name not in held:
        return f"no {asked.name} at {at}"
    value, right = held[asked.name], _right_values(asked, known)
    if isinstance(value, dict | list) or not right or any(_equal(value, one) for one in right):
        return ""
    return f"{value!r} at {at}/{asked.name}"


def _right_values(asked: Asked, known: Rows) -> list[Any]:
    """The values that would be right: several where nulls may count or not; none where nothing can be said."""
    outcomes = [(record, asked.holds(record)) for record in known.records]
    if any(outcome is None for _, outcome in outcomes):
        return []
    records = [record for record, outcome in outcomes if outcome]
    if asked.aggregate.member is None:
        return [len(records)] if asked.aggregate.function == "count" else []
    values = [record.get(asked.aggregate.member) for record in records]
    filled = [value for value in values if value is not None]
    if asked.aggregate.function == "count":
        return [len(filled), len(records)]
    return _FUNCTIONS[asked.aggregate.function](_numbers(filled), len(values)) if filled else [0, None]


def _numbers(values: list[Any]) -> list[Any]:
    """Numbers that are written as text, as numbers; other values as they are."""
    return [float(value) for value in values] if kind_of(values) == "digits" else values


def _sum(values: Sequence[Any], total: int) -> list[Any]:  # noqa: ARG001 - nulls add nothing
    return [math.fsum(values)] if kind_of(values) == "number" else []


def _average(values: Sequence[Any], total: int) -> list[Any]:
    return [math.fsum(values) / len(values), math.fsum(values) / total] if kind_of(values) == "number" else []


def _extreme(sign: int) -> Callable[[Sequence[Any], int], list[Any]]:
    def extreme(values: Sequence[Any], total: int) -> list[Any]:  # noqa: ARG001 - a null is never the least
        kind = kind_of(values)
        return [one for one in values if all((order := compare(kind, one, other)) is None or order * sign <= 0 for other in values)]

    return extreme


_FUNCTIONS: dict[str, Callable[[Sequence[Any], int], list[Any]]] = {"sum": _sum, "average": _average, "minimum": _extreme(1), "maximum": _extreme(-1)}


def _equal(value: Any, right: Any) -> bool:
    """Equality, of numbers up to rounding to two decimals, also where one is written as text."""
    try:
        return math.isclose(float(value), float(right), rel_tol=1e-6, abs_tol=0.00501)
    except (TypeError, ValueError):
        return bool(value == right)


def _spelled(right: list[Any]) -> str:
    return " or ".join(dict.fromkeys(f"{value:g}" if isinstance(value, float) else repr(value) for value in right))


# What is refused


def unsupported_aggregate_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Each list for an aggregate that there isn't; one that may have no aggregates at all proves nothing."""
    return each(_unsupported(exam, clause, operation) for operation in _lists(exam, clause))


def _unsupported(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    listing, group = (yield from open_list(exam, operation)), exam.spec.convention(clause)
    response = yield listing.request({group.parameters.parameter: NONSENSE})
    wrong = refused_as(exam, response, "unsupported_aggregate", NONSENSE)
    if not wrong:
        return Passed(f"{operation.id} refuses an aggregate that there isn't")
    if overloaded(response) or (_is_open(exam, response, "unsupported_aggregate") and not (yield from _has_aggregates(listing, group))):
        needs = f"aggregates.{listing.resource.name} under [{group.name}]"
        return Inconclusive(f"{operation.id} answered {response.status}, and may have no aggregates", needs)
    return Failed(_expected(exam, "unsupported_aggregate", f"{group.parameters.parameter}={NONSENSE}", NONSENSE), wrong, operation=operation.id)


def _is_open(exam: Exam, response: Response, cause: str) -> bool:
    """Whether an answer is one of a list that knows no such parameter: it is ignored, or refused as something else that is not supported."""
    if exam.read.succeeded(response):
        return True
    others = exam.read.errors.causes if exam.read.errors else {}
    return any(name.startswith("unsupported_") and name != cause and not refused_as(exam, response, name, None) for name in others)


def _has_aggregates(listing: Listing, group: Group) -> Steps[bool]:
    """Whether the list takes one of the aggregates that are known of it."""
    for name in group.parameters.aggregates.get(listing.resource.name, {}):
        response = yield listing.request({group.parameters.parameter: name})
        if isinstance(dig(listing.exam.read.document(response), group.parameters.at), dict):
            return True
        if name in (bound(listing.exam, group, "aggregates") or {}).get(listing.resource.name, {}) and listing.exam.read.succeeded(response):
            return True
    return False


def unsupported_group_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Each list for a grouping that there isn't; where the parameter's name is not the target's own, ignoring it proves nothing."""
    return each(_ungrouped(exam, clause, operation) for operation in _lists(exam, clause))


def _ungrouped(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    listing, group = (yield from open_list(exam, operation)), exam.spec.convention(clause)
    name = group.parameters.group_parameter
    if name is None:
        return Skipped(f"{operation.id} has no parameter that groups", f"group_parameter under [{group.name}]")
    response = yield listing.request({name: NONSENSE})
    wrong = refused_as(exam, response, "unsupported_group", None)
    if not wrong:
        return Passed(f"{operation.id} refuses a grouping that there isn't")
    certain = "group_parameter" not in group.choices or bound(exam, group, "group_parameter") is not None
    if overloaded(response) or (_is_open(exam, response, "unsupported_group") and not certain):
        needs = f'group_parameter = "…" under [{group.name}]'
        return Inconclusive(f"{operation.id} answered {name}={NONSENSE} with {response.status}, and may group by another parameter or by none", needs)
    return Failed(_expected(exam, "unsupported_group", f"{name}={NONSENSE}", None), wrong, operation=operation.id)


def _expected(exam: Exam, cause: str, what: str, name: str | None) -> str:
    documented = exam.read.cause(cause)
    title = documented.values.get("title")
    named = f", with a detail that names {name}" if name is not None else ""
    return f"{documented.status} for {what}" + (f", titled {title!r}{named}" if title else "")


CHECKS: dict[str, Check] = {
    "aggregate_is_right": Check(
        aggregate_is_right,
        how="Asks for each known aggregate, with a filter and without, by pages of two records, and works it out from the whole list.",
    ),
    "unsupported_aggregate_is_refused": Check(
        unsupported_aggregate_is_refused,
        how="Asks for an aggregate that there isn't: the documented status and title, and a detail that names it.",
    ),
    "unsupported_group_is_refused": Check(
        unsupported_group_is_refused,
        how="Asks for a grouping that there isn't: the documented status and title. Where the parameter is not known, ignoring it proves nothing.",
    ),
}
