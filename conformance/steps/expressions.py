"""SQL-like expressions in a query: how they are written, sent, and held against what is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.steps.comparing import Operator, kind_of, satisfies
from conformance.steps.filters import unchanged
from conformance.steps.listing import Listing, Rows, open_list
from conformance.steps.orders import disorder, keys
from conformance.steps.stocking import stocked_disorder
from conformance.verdict import Failed, Inconclusive
from specs.conventions.filtering import Filtering
from specs.model import Clause, Operation

__all__ = ["Column", "Condition", "beside_an_order", "column_of", "in_parentheses", "looked_again", "mismatch_of"]

Holds = Callable[[Mapping[str, Any]], bool | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression and whether a record satisfies it (None: open); `others` are other ways to write it, tried where it is refused.

    `sure` says that every reading of the document takes it.
    """

    text: str
    holds: Holds
    others: tuple[str, ...] = ()
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A text member of a list by which expressions select, and what is known of the list."""

    listing: Listing
    parameters: Filtering
    member: str
    known: Rows

    @property
    def values(self) -> list[str]:
        """The member's values that may stand between quotes as they are, those with a space first."""
        texts = {value for value in self.known.values(self.member) if isinstance(value, str) and _quotable(value)}
        return sorted(texts, key=lambda text: (" " not in text, not text.isascii(), text))

    def compares(self, operator: Operator | str, value: str) -> Condition | None:
        """The condition `member operator "value"`; None where the API has no such operator."""
        spelled = next((name for name, meant in self.parameters.operators.items() if meant == operator), None)
        if spelled is None:
            return None
        return Condition(f'{self.member} {spelled} "{value}"', lambda record: _sql(operator, record.get(self.member, MISSING), value), sure=operator == "eq")

    def request(self, expression: str, **how: Any) -> Request:
        """A request with an expression, in which a space is %20."""
        return self.listing.request({self.parameters.parameter: expression}, **how)

    def plussed(self, expression: str) -> Request:
        """A request with an expression, in which a space is a plus."""
        request = self.request(expression)
        path, _, query = request.url.partition("?")
        return replace(request, url=f"{path}?{query.replace('%20', '+')}")

    def keys(self, rows: Rows) -> set[str]:
        """The ids of records."""
        return {self.listing.key(record) for record in rows.records}


def column_of(exam: Exam, clause: Clause, operation: Operation) -> Steps[Column]:
    """The first member that expressions select by and that is text in the known records; ends the check where there is none."""
    parameters: Filtering = exam.spec.convention(clause).parameters
    listing = yield from open_list(exam, operation)
    known = yield from listing.known()
    named = parameters.members.get(listing.resource.name) or list(known.records[0] if known.records else ())
    for name in named:
        column = Column(listing, parameters, name, known)
        if kind_of(known.values(name)) == "text" and column.values:
            return column
    raise Ended(Inconclusive(f"no text in the records of {operation.id} is known", f"{listing.resource.plural} that have {' or '.join(named) or 'members'}"))


def mismatch_of(column: Column, rows: Rows, known: Rows, condition: Condition) -> str:
    """What is wrong with the records that an expression gave; empty if nothing."""
    for record in rows.records:
        if condition.holds(record) is False:
            return f"{column.listing.key(record)}, whose {column.member} is {record.get(column.member)!r}"
    keys, before = column.keys(rows), column.keys(known)
    foreign = min(keys - before) if known.whole and keys - before else ""
    if foreign:
        return f"{foreign}, which the list without an expression does not hold"
    for record in known.records if rows.whole else ():
        if condition.holds(record) is True and column.listing.key(record) not in keys:
            return f"{len(keys)} records without {column.listing.key(record)}, whose {column.member} is {record.get(column.member)!r}"
    return ""


def looked_again(column: Column, parameters: Mapping[str, Any]) -> Steps[tuple[Rows, Rows]]:
    """The records that parameters give, read anew, and what is known of the list then: nothing where others changed it meanwhile."""
    before = yield from column.listing.rows(fresh=True)
    rows = yield from column.listing.rows(parameters, fresh=True)
    after = yield from column.listing.rows(fresh=True)
    return rows, unchanged(column.listing, before, after, [column.member])


# Together with others


def in_parentheses(column: Column, first: str, second: str) -> Steps[None]:
    """A join that says another thing without its parentheses, whichever binds tighter: where they are taken, they count."""
    one, other, not_one = column.compares("eq", first), column.compares("eq", second), column.compares("not_eq", first)
    if one is None or other is None or not_one is None:
        return
    condition = replace(other, text=f"({one.text} || {other.text}) && {not_one.text}")
    query, known = {column.parameters.parameter: condition.text}, column.known
    for fresh in (False, True):
        if fresh:
            rows, known = yield from looked_again(column, query)
        else:
            rows = yield from column.listing.rows(query, short=known.first)
        if not rows.read or not rows.records or len(rows.records) >= len(known.records) or not mismatch_of(column, rows, known, condition):
            return  # taken and right, or not understood, which is open
    raise Ended(Failed(f"the records with {condition.text}", mismatch_of(column, rows, known, condition), operation=column.listing.name))


def beside_an_order(column: Column, first: str, second: str) -> Steps[None]:
    """Expressions beside an order, as the document's own example has them: the same records, in that order."""
    sorting = column.listing.exam.parameters_of("sorting", column.listing.operation)
    if sorting is None or sorting.style == "any" or column.member not in sorting.members.get(column.listing.resource.name, ()):
        return
    column = replace(column, known=(yield from stocked_disorder(column.listing, column.known, {column.member: "text"})))
    conditions = [condition for condition in (column.compares("eq", first), column.compares("not_eq", second)) if condition is not None]
    for condition in conditions:
        for descending in (True, False):
            order = keys(sorting, sorting.style, column.member, descending)
            wrong = yield from _wrong_in_order(column, condition, order, descending, fresh=False)
            if wrong and (wrong := (yield from _wrong_in_order(column, condition, order, descending, fresh=True))):
                asked = ", ".join(f"{name}={value}" for name, value in order.items())
                raise Ended(Failed(f"the records with {condition.text}, all of them and no other, for {asked}", wrong, operation=column.listing.name))


def _wrong_in_order(column: Column, condition: Condition, order: Mapping[str, Any], descending: bool, *, fresh: bool) -> Steps[str]:
    """What is wrong with the records that an expression and an order give together; empty if nothing, or if they are not taken together."""
    query, known = {column.parameters.parameter: condition.text, **order}, column.known
    if fresh:
        rows, known = yield from looked_again(column, query)
    else:
        rows = yield from column.listing.rows(query, short=known.first)
    if not rows.read:
        return ""
    return mismatch_of(column, rows, known, condition) or disorder("text", column.member, rows, descending)


def _quotable(text: str) -> bool:
    return 1 < len(text) < 100 and text.isprintable() and text == text.strip() and not set(text) & set("\"'\\%_+")


def _sql(operator: Operator | str, value: Any, wanted: str) -> bool | None:
    """How SQL compares text: without regard to case or with it, as the database is set up."""
    if operator not in ("eq", "not_eq", "gt", "gt_eq", "lt", "lt_eq"):
        return None
    if isinstance(value, str) and value != wanted and value.casefold() == wanted.casefold():
        return None
    return satisfies(operator, "text", value, wanted)
