"""Filters as values: which members of a list can be filtered by, which values tell a right filter from a wrong one, and how both are sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from conformance.addressing import MISSING
from conformance.steps.comparing import Kind, Operator, kind_of, satisfies
from conformance.steps.listing import Listing, Rows, bound
from specs.conventions.filtering import Filtering
from specs.model import Clause, Group

__all__ = ["SAYS", "Filter", "certain", "filtering_of", "filters_by", "judged", "members_of", "pairs", "sent", "told", "unchanged"]

SAYS: dict[Operator, str] = {
    "eq": "equal to", "not_eq": "other than", "contains": "containing", "not_contain": "not containing",
    "gt": "greater than", "gt_eq": "at least", "lt": "less than", "lt_eq": "at most",
}  # fmt: skip

_LONGEST_VALUE = 120
_VALUES = 40
"""Values of one member that are weighed against each other."""
_MOST_MEMBERS = 8

Wrong = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter: a member, what its values are, an operator and the value wanted."""

    member: str
    kind: Kind
    operator: Operator
    wanted: Any

    def holds(self, record: Mapping[str, Any]) -> bool | None:
        """Whether a record passes; None where that is open, as it is whether texts in another case are equal: databases differ in it."""
        value, wanted = record.get(self.member, MISSING), self.wanted
        if self.operator in ("eq", "not_eq") and isinstance(value, str) and isinstance(wanted, str) and value != wanted and _folded(value) == _folded(wanted):
            return None
        return satisfies(self.operator, self.kind, value, wanted)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().rstrip()


def told(group_of: Iterable[Filter]) -> str:
    """Filters in words."""
    return " and ".join(f"{test.member} {SAYS[test.operator]} {test.wanted!r}" for test in group_of)


# What may be asked


def certain(listing: Listing, group: Group) -> bool:
    """Whether the list must filter by the members named: by the document, or because the target says so."""
    members = group.parameters.members
    if listing.resource.name not in members or "members" not in group.choices:
        return True
    return listing.resource.name in (bound(listing.exam, group, "members") or {})


def filtering_of(listing: Listing) -> Clause | None:
    """The first clause on filters of the list that are sent one by one; None where there is none."""
    clauses = (clause for clause in listing.exam.spec.clauses.values() if clause.kind == "filtering" and listing.name in clause.operations)
    return next((clause for clause in clauses if listing.exam.spec.convention(clause).parameters.style != "expression"), None)


def members_of(listing: Listing, clause: Clause, known: Rows) -> dict[str, Kind]:
    """The members that the clause's list takes as filters or keys and that the known records show, each with what its values are.

    A member whose name is another parameter's is left out; of many, there are some of each kind.
    """
    group = listing.exam.spec.convention(clause)
    named = group.parameters.members.get(listing.resource.name)
    names = list(named) if named is not None else list(dict.fromkeys(name for record in known.records[:50] for name in record))
    taken = _taken(listing)
    found = {name: kind_of(known.values(name)) for name in names if name not in taken}
    return _some_of_each({name: kind for name, kind in found.items() if kind != "other"})


def _taken(listing: Listing) -> set[str]:
    """The names of parameters that a list takes for something else."""
    exam = listing.exam
    pagination, how = exam.pagination(listing.operation), exam.ask.authentication
    taken = {carrier.name for carrier in how.fields.values() if carrier.name} if how else set()
    if pagination is not None:
        taken |= {pagination.page, pagination.size or pagination.page}
    sorting = exam.parameters_of("sorting", listing.operation)
    return taken | ({sorting.parameter, sorting.direction or sorting.parameter} if sorting else set())


def _some_of_each(found: Mapping[str, Kind]) -> dict[str, Kind]:
    by_kind: dict[Kind, list[str]] = {}
    for name, kind in found.items():
        by_kind.setdefault(kind, []).append(name)
    order = sorted(found, key=lambda name: by_kind[found[name]].index(name))
    return {name: found[name] for name in order[:_MOST_MEMBERS]}


# Which values tell most


def filters_by(member: str, kind: Kind, operator: Operator, known: Rows) -> list[Filter]:
    """Filters by a member that some of the known records pass and some do not, those first that tell most kinds of wrong filters apart."""
    values = [value for value in known.values(member) if value is not None and value is not MISSING]
    candidates = [Filter(member, kind, operator, value) for value in _candidates(operator, kind, values)]
    weighed = [(_weight(test, values), test) for test in candidates]
    best = max((weight for weight, _ in weighed), default=0)
    return [test for weight, test in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0 and weight >= best - 1]


def _candidates(operator: Operator, kind: Kind, values: list[Any]) -> list[Any]:
    if operator in ("contains", "not_contain"):
        if kind != "text":
            return []
        return list(dict.fromkeys(piece for value in values[: _VALUES * 4] for piece in _pieces(value)))[:_VALUES]
    if operator not in ("eq", "not_eq") and kind in ("boolean", "key", "digits"):
        return []
    found: dict[Any, Any] = {}
    for value in values:
        if _can_be_sent(value):
            found.setdefault((type(value).__name__, value), value)
    return list(found.values())[:_VALUES]


def _can_be_sent(value: Any) -> bool:
    """Whether a value may stand in a query without doubt: no empty, very long or oddly spaced text, no number in scientific notation."""
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_VALUE and value == value.strip() and value.isprintable() and "," not in value
    return not isinstance(value, float) or (abs(value) < 1e15 and "e" not in repr(value))


def _pieces(text: str) -> list[str]:
    """Parts of a text that can be searched for: words within it before its beginning."""
    words = [word for word in text.split() if len(word) > 2 and word.isalnum()]
    inner = [text[1:-1]] if len(text) > 4 and text[1:-1].isalnum() else []
    return [*words[1:], *inner, *words[:1]]


def _weight(test: Filter, values: list[Any]) -> int:
    """How many kinds of wrong filters give another result than the right one; 0 where all records pass, or none."""
    right = [satisfies(test.operator, test.kind, value, test.wanted) for value in values]
    if True not in right or False not in right:
        return 0
    pairs_ = [(value, outcome) for value, outcome in zip(values, right, strict=True) if outcome is not None]
    return 1 + sum(any(wrong(value, test.wanted) != outcome for value, outcome in pairs_) for wrong in _WRONG[test.operator])


def _text(value: Any) -> str:
    return str(value)


def _least(value: Any, wanted: Any) -> bool:
    return bool(value <= wanted)


def _but(wrong: Wrong) -> Wrong:
    return lambda value, wanted: not wrong(value, wanted)


_EQUAL: list[Wrong] = [
    lambda value, wanted: _text(value).startswith(_text(wanted)),
    lambda value, wanted: _text(wanted) in _text(value),
    lambda value, wanted: _text(value).split(" ")[:1] == _text(wanted).split(" ")[:1],
    lambda value, wanted: _text(value) == _text(wanted).split(" ")[0],
    lambda value, wanted: bool(value),  # noqa: ARG005
    lambda value, wanted: not isinstance(value, int | float) and value == wanted,
]
_WRONG: dict[Operator, list[Wrong]] = {
    "eq": _EQUAL,
    "not_eq": [lambda value, wanted: value == wanted, *map(_but, _EQUAL)],
    "contains": [
        lambda value, wanted: _text(value).startswith(wanted),
        lambda value, wanted: _text(value).endswith(wanted),
        lambda value, wanted: value == wanted,
        lambda value, wanted: wanted not in value,
    ],
    "not_contain": [
        lambda value, wanted: not _text(value).startswith(wanted),
        lambda value, wanted: not _text(value).endswith(wanted),
        lambda value, wanted: value != wanted,
        lambda value, wanted: wanted in value,
    ],
    "gt": [
        lambda value, wanted: value >= wanted,
        lambda value, wanted: value < wanted,
        lambda value, wanted: _text(value) > _text(wanted),
        lambda value, wanted: value == wanted,
    ],
    "gt_eq": [
        lambda value, wanted: value > wanted,
        _least,
        lambda value, wanted: _text(value) >= _text(wanted),
        lambda value, wanted: value == wanted,
    ],
    "lt": [
        _least,
        lambda value, wanted: value > wanted,
        lambda value, wanted: _text(value) < _text(wanted),
        lambda value, wanted: value == wanted,
    ],
    "lt_eq": [
        lambda value, wanted: value < wanted,
        lambda value, wanted: value >= wanted,
        lambda value, wanted: _text(value) <= _text(wanted),
        lambda value, wanted: value == wanted,
    ],
}


def pairs(found: Iterable[Filter], known: Rows) -> list[tuple[Filter, Filter]]:
    """Pairs of filters by different members that both leave out what the other one lets pass; those that share a record first."""
    weighed: list[tuple[int, tuple[Filter, Filter]]] = []
    for one, other in combinations(list(found)[:24], 2):
        if one.member == other.member:
            continue
        outcomes = {(one.holds(record), other.holds(record)) for record in known.records}
        if (True, False) in outcomes and (False, True) in outcomes:
            weighed.append((1 + ((True, True) in outcomes), (one, other)))
    best = max((weight for weight, _ in weighed), default=0)
    return [pair for weight, pair in weighed if weight == best]


# Sending and judging


def sent(parameters: Filtering, wanted: Iterable[Filter], *, spelled: str | None = None) -> dict[str, Any]:
    """The request parameters that carry filters; `spelled` names the operator, None leaves it out."""
    found: dict[str, Any] = {}
    for test in wanted:
        if parameters.style == "equality":
            found[test.member] = test.wanted
        elif parameters.style == "brackets":
            operator = f"[{spelled}]" if spelled is not None else ""
            found[f"{parameters.parameter}[{test.member}]{operator}"] = test.wanted
        else:
            value = test.wanted if spelled is None else {"operator": spelled, "value": test.wanted}
            found[parameters.parameter] = {**found.get(parameters.parameter, {}), test.member: value}
    return found


def judged(listing: Listing, rows: Rows, known: Rows, wanted: Iterable[Filter]) -> str:
    """What is wrong with a filtered list: a record that does not pass, or one that is known to pass and is not there; empty if nothing."""
    filters = list(wanted)
    for record in rows.records:
        failed = next((test for test in filters if test.holds(record) is False), None)
        if failed is not None:
            return f"{listing.key(record)}, whose {failed.member} is {record.get(failed.member)!r}"
    ids = {listing.key(record) for record in rows.records}
    for record in known.records if rows.whole else ():
        if listing.key(record) not in ids and all(test.holds(record) is True for test in filters):
            shown = ", ".join(f"{test.member} is {record.get(test.member)!r}" for test in filters)
            return f"{len(rows.records)} records without {listing.key(record)}, whose {shown}"
    return ""


def unchanged(listing: Listing, before: Rows, after: Rows, members: Iterable[str]) -> Rows:
    """What is known of a list that was read before and after another look at it: nothing where others changed it in between."""
    names = (listing.resource.key, *members)
    one, other = ({tuple(repr(record.get(name)) for name in names) for record in rows.records} for rows in (before, after))
    return after if before.read and after.read and one == other else Rows((), after.response, False, 0, False)
