"""Ways to spoil a list between what a call wants and the page that it gets."""

from __future__ import annotations

from collections.abc import Callable

from mockserver.breaking import Change, after
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.store import Row, Test
from specs.model import Clause, Spec

__all__ = ["Arrange", "Fits", "after_listing", "has_pages", "leaving_none", "listed", "never", "rearranged"]

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


def after_listing(says: str, change: Change, fits: Fits | None = None) -> Fault:
    """The fault that changes the page which was taken from the store."""
    return listed(says, after(change), fits)
