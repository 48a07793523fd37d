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
from conformance.steps.listing import Listing, Rows, open_list
from conformance.verdict import Inconclusive
from specs.conventions.filtering import Filtering
from specs.model import Clause, Operation

__all__ = ["Column", "Condition", "column_of", "mismatch_of"]

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
    keys = column.keys(rows)
    for record in known.records if rows.whole else ():
        if condition.holds(record) is True and column.listing.key(record) not in keys:
            return f"{len(keys)} records without {column.listing.key(record)}, whose {column.member} is {record.get(column.member)!r}"
    return ""


def _quotable(text: str) -> bool:
    return 1 < len(text) < 100 and text.isprintable() and text == text.strip() and not set(text) & set("\"'\\%_+")


def _sql(operator: Operator | str, value: Any, wanted: str) -> bool | None:
    """How SQL compares text: without regard to case or with it, as the database is set up."""
    if operator not in ("eq", "not_eq", "gt", "gt_eq", "lt", "lt_eq"):
        return None
    if isinstance(value, str) and value != wanted and value.casefold() == wanted.casefold():
        return None
    return satisfies(operator, "text", value, wanted)
