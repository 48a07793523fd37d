"""Ways to spoil a list between what a call wants and the page that it gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from mockserver.breaking import Change, after
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.store import Row, Test
from specs.conventions.errors import Errors
from specs.model import Clause, Spec

__all__ = [
    "Arrange",
    "Fits",
    "after_listing",
    "can_be_made",
    "has",
    "has_pages",
    "has_sizes",
    "holds",
    "leaving_none",
    "listed",
    "never",
    "of_several_accounts",
    "of_several_users",
    "rearranged",
    "titled",
    "told_apart",
    "worded",
]

Arrange = Callable[[Call, Site, list[Row]], list[Row]]
"""Makes other rows of all that a call wants, before a page is cut from them."""

Fits = Callable[[Spec, Clause], bool]
"""Tells whether a clause can be broken in a way."""


def listed(says: str, wrap: Wrap, fits: Fits | None = None) -> Fault:
    """The fault that wraps the step which takes a list from the store."""
    return Fault(says, Stage.EFFECT, wrap, kind="lifecycle", fits=fits)


def rearranged(arrange: Arrange) -> Wrap:
    """The wrap, for `listed`, that arranges all rows that are wanted anew before the page is cut from them."""

    def wrap(step: Step, site: Site) -> Step:
        def listing(call: Call) -> Answer:
            wanted = call.wanted
            offset, limit = wanted.offset, wanted.limit
            wanted.offset, wanted.limit = 0, None
            answer = step(call)
            wanted.offset, wanted.limit = offset, limit
            rows = arrange(call, site, call.rows)
            call.rows, call.total = rows[offset : None if limit is None else offset + limit], len(rows)
            return answer

        return listing

    return wrap


def never(record: object) -> bool:  # noqa: ARG001
    """The test that no record passes."""
    return False


def leaving_none(*causes: str) -> Wrap:
    """The wrap that answers with an empty list what the honest step refuses for these causes."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            if isinstance(answer, Refusal) and answer.cause in causes:
                tests: list[Test] = call.wanted.tests
                tests.append(never)
                return None
            return answer

        return broken

    return wrap


def has_pages(spec: Spec, clause: Clause) -> bool:
    """Whether lists that a clause speaks of are cut into pages."""
    paged = {operation for group in spec.groups.values() if group.kind == "pagination" for operation in group.operations}
    return bool(paged & set(clause.operations))


def has_sizes(spec: Spec, clause: Clause) -> bool:
    """Whether callers say how large the pages are into which lists that a clause speaks of are cut."""
    groups = (group for group in spec.groups.values() if group.kind == "pagination" and group.parameters.size is not None)
    return any(set(group.operations) & set(clause.operations) for group in groups)


def can_be_made(spec: Spec, clause: Clause) -> bool:
    """Whether records of a list that a clause speaks of can be made, so that somebody knows what must stand in it."""
    return any("create" in spec.resources[name].operations for name in _listed(spec, clause))


def holds(spec: Spec, clause: Clause, wanted: int) -> bool:
    """Whether a list that a clause speaks of has so many records of one account from the start, or can be given them and rid of them."""
    return has(spec, clause, wanted) or any({"create", "delete"} <= set(spec.resources[name].operations) for name in _listed(spec, clause))


def has(spec: Spec, clause: Clause, wanted: int) -> bool:
    """Whether a list that a clause speaks of has so many records of one account from the start."""
    for name in _listed(spec, clause):
        accounts = Counter(row["account"] if spec.resources[name].owned else "" for row in spec.seed.records.get(name, ()))
        if max(accounts.values(), default=0) >= wanted:
            return True
    return False


def of_several_accounts(spec: Spec, clause: Clause) -> bool:
    """Whether some of the lists that a clause speaks of hold, from the start, records of more accounts than one."""
    owned = [name for name in _listed(spec, clause) if spec.resources[name].owned]
    return any(len({row["account"] for row in spec.seed.records.get(name, ())}) > 1 for name in owned)


def of_several_users(spec: Spec, clause: Clause) -> bool:
    """Whether some of the lists that a clause speaks of hold, from the start, records of which not every caller sees all."""
    group = spec.group_of_kind("isolation")
    if group is None or group.parameters.scope == "account":
        return of_several_accounts(spec, clause)
    owned = [name for name in _listed(spec, clause) if spec.resources[name].owned]
    return any(len({(row["account"], row["user"]) for row in spec.seed.records.get(name, ())}) > 1 for name in owned)


def _listed(spec: Spec, clause: Clause) -> set[str]:
    """The resources whose lists a clause speaks of."""
    operations = (spec.operations[name] for name in clause.operations)
    return {operation.resource for operation in operations if operation.effect == "list" and operation.resource is not None}


def titled(cause: str) -> Fits:
    """What tells whether the document gives the refusals for a cause a title."""

    def fits(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
        group = spec.group_of_kind("errors")
        return group is not None and "title" in group.parameters.members and cause in group.parameters.causes and bool(_title(group.parameters, cause))

    return fits


def worded(cause: str) -> Fits:
    """What tells whether the document gives the refusals for a cause a title, or a detail that names what was asked for."""

    def fits(spec: Spec, clause: Clause) -> bool:
        group = spec.group_of_kind("errors")
        if group is None or cause not in group.parameters.causes:
            return False
        detail = str(group.parameters.causes[cause].values.get("detail", ""))
        return titled(cause)(spec, clause) or ("detail" in group.parameters.members and ("{name}" in detail or "{param}" in detail))

    return fits


def told_apart(cause: str, other: str) -> Fits:
    """What tells whether the document gives the refusals for two causes answers that can be told apart."""

    def fits(spec: Spec, clause: Clause) -> bool:
        group = spec.group_of_kind("errors")
        if group is None or cause not in group.parameters.causes or other not in group.parameters.causes:
            return False
        one, another = group.parameters.causes[cause], group.parameters.causes[other]
        passing = one.accept or [one.status]
        by_status = another.status not in passing and f"{another.status // 100}xx" not in passing
        return by_status or (titled(cause)(spec, clause) and _title(group.parameters, cause) != _title(group.parameters, other))

    return fits


def _title(errors: Errors, cause: str) -> object:
    return errors.causes[cause].values.get("title")


def after_listing(says: str, change: Change, fits: Fits | None = None) -> Fault:
    """The fault that changes the page which was taken from the store."""
    return listed(says, after(change), fits)
