"""The names by which one part of a spec speaks of another: which members hold one, and whether there is what it names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from specs.conventions import (
    actions,
    aggregation,
    authentication,
    authorization,
    errors,
    filtering,
    isolation,
    lifecycle,
    metadata,
    nesting,
    rate_limit,
    resources,
    sorting,
    statuses,
    transport,
)
from specs.errors import Problem, nearest
from specs.references import Node

__all__ = ["NAMED", "Names", "misnamed", "misnamed_ids"]

What: TypeAlias = Literal["resource", "effect", "operation", "cause", "member of an error", "field of a credential", "role"]

NAMED: dict[type[Struct], tuple[tuple[str, What], ...]] = {
    actions.Actions: (("resource", "resource"), ("actions/~", "effect"), ("actions/*/guards/*/cause", "cause")),
    aggregation.Aggregation: (("aggregates/~", "resource"),),
    authentication.Authentication: (("cause", "cause"), ("also/~", "field of a credential"), ("public/*", "field of a credential")),
    authorization.Authorization: (("cause", "cause"), ("roles/*/denied/*", "operation")),
    authentication.Worded: (("members/*", "member of an error"),),
    authorization.OfRole: (("role", "role"), ("members/*", "member of an error")),
    errors.Errors: (("causes/~", "cause"), ("precedence/*", "cause")),
    errors.CauseAnswered: (("cause", "cause"), ("members/*", "member of an error")),
    errors.MemberIsOneOf: (("member", "member of an error"),),
    errors.CauseGivesMember: (("cause", "cause"), ("member", "member of an error")),
    errors.NamedMember: (("member", "member of an error"),),
    errors.StatusNever: (("never_for/*", "cause"),),
    filtering.Filtering: (("members/~", "resource"), ("also/~", "resource"), ("named/~", "resource")),
    isolation.Isolation: (("cause", "cause"), ("selector_cause", "cause"), ("selector", "field of a credential")),
    lifecycle.Lifecycle: (
        ("cause", "cause"), ("read_only/~", "resource"), ("defaults/~", "resource"), ("parsed/*/resource", "resource"), ("shown/~", "operation"),
        ("shown_with_value/~", "resource"), ("as_text/~", "resource"), ("lower_case/~", "resource"), ("elements/~", "resource"),
        ("demands/~", "operation"), ("demands/*/*/cause", "cause"), ("spread/~", "operation"), ("answers/~", "operation"),
    ),
    lifecycle.OnResource: (("resources/*", "resource"),),
    lifecycle.Members: (("resource", "resource"),),
    lifecycle.EnumMember: (("resource", "resource"),),
    lifecycle.ClientIds: (("resource", "resource"),),
    lifecycle.Parsed: (("resource", "resource"),),
    lifecycle.WriteRefused: (("cause", "cause"), ("effects/*", "effect"), ("members/*", "member of an error")),
    metadata.Metadata: (("cause", "cause"),),
    nesting.Nesting: (("resource", "resource"), ("parent", "resource"), ("pairs/~", "operation"), ("pairs/*", "operation")),
    rate_limit.RateLimit: (("cause", "cause"), ("message", "member of an error")),
    resources.RecordMembers: (("resource", "resource"),),
    sorting.Sorting: (("members/~", "resource"), ("also/~", "resource")),
    statuses.Statuses: (("success/~", "effect"),),
    transport.Transport: (("cause", "cause"),),
}  # fmt: skip
"""By type, the members that name something: `*` is each element or value, `~` each key."""

ALSO: Mapping[What, frozenset[Any]] = {"effect": frozenset({"default"}), "operation": frozenset({"*"}), "resource": frozenset({""})}
"""Words that stand for all, or for none, instead of a name."""

EFFECTS = ("list", "read", "create", "update", "replace", "delete", "singleton")


@dataclass(slots=True)
class Names:
    """What there is to name, by what it is."""

    known: dict[What, Collection[str]] = field(default_factory=dict)

    def unknown(self, what: What, name: Any) -> bool:
        """True where a name names nothing, and what could be named is known."""
        return isinstance(name, str) and what in self.known and name not in self.known[what] and name not in ALSO.get(what, ())


def misnamed(node: Node, form: type[Struct], names: Names) -> Iterator[Problem]:
    """A problem for each name in some written parameters or arguments that names nothing."""
    for pattern, what in NAMED.get(form, ()):
        for place, name, of_key in _matches(node, pattern.split("/")):
            if names.unknown(what, name):
                yield unknown_name(place, what, name, names.known[what], of_key=of_key)


def unknown_name(place: Node, what: str, name: Any, known: Collection[str], *, of_key: bool = False) -> Problem:
    """The problem of a name that names nothing."""
    some = sorted(map(str, known))
    listed = ", ".join(some[:12]) + (", …" if len(some) > 12 else "")
    return place.problem(
        f"no {what} is called {str(name)[:80]!r}", f"one of {listed}" if some else f"no {what}: there is none", nearest(str(name), some), of_key=of_key
    )


def _matches(node: Node, steps: list[str]) -> Iterator[tuple[Node, Any, bool]]:
    if not steps:
        yield node, node.value, False
        return
    step, rest = steps[0], steps[1:]
    if step == "~":
        for name, inner in node.members():
            yield inner, name, True
    elif step == "*":
        for inner in (*node.elements(), *(one for _, one in node.members())):
            yield from _matches(inner, rest)
    elif isinstance(node.value, dict) and step in node.value:
        yield from _matches(node.child(step), rest)


def misnamed_ids(node: Node, names: Names) -> Iterator[Problem]:
    """A problem for each `{jobs.id}` in some values that names no resource."""
    if isinstance(node.value, str):
        for name in re.findall(r"\{([A-Za-z0-9_-]+)\.id\}", node.value):
            if names.unknown("resource", name):
                yield unknown_name(node, "resource", name, names.known["resource"])
    for inner in (*node.elements(), *(one for _, one in node.members())):
        yield from misnamed_ids(inner, names)
