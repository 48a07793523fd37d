"""Puts a list in the order that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, after, forgiving, other_status_of, refused, rewrite, thaw
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.pointer import tokens
from mockserver.schemas import properties
from mockserver.store import Key, Query
from mockserver.store.memory import sort_value
from specs.conventions.sorting import Sorting

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Resource

__all__ = ["FAULTS", "steps"]

Asked = list[tuple[str, str]]
"""Keys in order, each with `asc`, `desc` or another word that is neither."""

_KEYS_READ = 8


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Reads the keys of a list and adds them to what it wants."""
    if served.effect != "list" or served.resource is None:
        return {}
    parameters: Sorting = group.parameters
    known, told = _members(api, served.resource, parameters), tokens(parameters.told_at or "")

    def order(call: Call) -> Answer:
        source: Any = call.inputs if parameters.place == "body" else call.query
        text = source.get(parameters.parameter)
        if text is None or text == "":
            return None
        if not isinstance(text, str):
            return Refusal("invalid_parameter", {"name": parameters.parameter, "param": parameters.parameter, "value": text})
        asked = _asked(parameters, text, source)
        for name, direction in asked:
            refusal = _refusal(parameters, known, name, direction)
            if refusal is not None:
                return refusal
            if name in known:
                call.wanted.order.append(Key(name, direction == "desc", parameters.nulls == "first"))
        if told and call.wanted.order:
            first = call.wanted.order[0]
            call.extras.append((told, {"by": first.member, "order": "desc" if first.descending else "asc"}))
        return None

    return {Stage.VALIDATION: order}


def _members(api: Api, resource: Resource, parameters: Sorting) -> frozenset[str]:
    listed = parameters.members.get(resource.name)
    names = listed if listed is not None else [resource.key, *properties(resource.schema)]
    return frozenset(name for name in (*names, *parameters.also.get(resource.name, ())) if api.member_schema(resource, name) is not None)


def _asked(parameters: Sorting, text: str, source: Any) -> Asked:
    readers: dict[str, Callable[[str], Asked]] = {"dash": _dash, "comma": _comma, "any": _any, "order_string": _order_string}
    if parameters.style != "two_parameters":
        return readers[parameters.style](text)[:_KEYS_READ]
    direction = source.get(parameters.direction or "order", "asc")
    return [(text, direction.lower() if isinstance(direction, str) else "")]


def _refusal(parameters: Sorting, known: frozenset[str], name: str, direction: str) -> Refusal | None:
    if direction not in ("asc", "desc"):
        where = parameters.direction or parameters.parameter
        return Refusal("unsupported_sort", {"name": direction or where, "param": where})
    if name not in known and parameters.unknown == "refuse":
        return Refusal("unsupported_sort", {"name": name, "param": parameters.parameter})
    return None


def _dash(text: str) -> Asked:
    parts = [part.strip() for part in text.split(",")]
    return [(part.removeprefix("-"), "desc" if part.startswith("-") else "asc") for part in parts]


def _comma(text: str) -> Asked:
    found: Asked = []
    for part in text.split(","):
        word = part.strip()
        if word.lower() in ("asc", "desc") and found:
            found[-1] = (found[-1][0], word.lower())
        else:
            found.append((word, "asc"))
    return found


def _any(text: str) -> Asked:
    return [(name.removeprefix("-"), "desc" if name.startswith("-") else direction) for name, direction in _comma(text)]


def _order_string(text: str) -> Asked:
    found: Asked = []
    for part in text.split(","):
        name, *words = part.split() or [""]
        found.append((name, words[0].lower() if len(words) == 1 else "asc" if not words else " ".join(words)))
    return found


def _unsorted(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Looks at no sort key."""
    return lambda call: None  # noqa: ARG005


def _turned(*, ascending: bool) -> Change:
    """Turns round the keys of one direction."""

    def change(call: Call, site: Site) -> None:  # noqa: ARG001
        call.wanted.order = [key._replace(descending=not key.descending) if key.descending is not ascending else key for key in call.wanted.order]

    return change


def _as_text(call: Call, site: Site) -> None:  # noqa: ARG001
    """Sorts everything as text, numbers, too."""
    if not call.wanted.order:
        return
    key, wanted = call.wanted.order[0], call.wanted
    whole = Query(account=wanted.account, equal=wanted.equal, tests=wanted.tests, seen=wanted.seen)
    rows = list(call.space.store.select(call.served.table(call), whole)[0])
    rows.sort(key=lambda row: str(row.record.get(key.member)), reverse=key.descending)
    call.rows = rows[wanted.offset :][: wanted.limit]


def _each_page_alone(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Cuts the pages first, and sorts each."""

    def broken(call: Call) -> Answer:
        order, call.wanted.order = call.wanted.order, []
        answer = step(call)
        for key in reversed(order):
            call.rows.sort(key=lambda row, member=key.member: sort_value(row.record.get(member)), reverse=key.descending)  # type: ignore[misc]
        return answer

    return broken


def _retitled(call: Call, site: Site) -> None:
    members = site.api.parameters("errors", site.served).members
    for name in ("title", "detail"):
        call.document = rewrite(thaw(call), members.get(name, []), lambda value: "Bad Request")  # noqa: ARG005


def _misstatus(call: Call, site: Site) -> None:
    call.status = other_status_of(site, "unsupported_sort")


_READ, _LISTED = Stage.VALIDATION, Stage.EFFECT

FAULTS = {
    "ascending_sorts": {
        "ignored": Fault("Sort keys are not looked at.", _READ, _unsorted),
        "descending": Fault("Ascending is taken for descending.", _READ, after(_turned(ascending=True))),
        "as_text": Fault("Numbers are sorted as text.", _LISTED, after(_as_text), kind="lifecycle"),
        "each_page_alone": Fault("Each page is sorted by itself.", _LISTED, _each_page_alone, kind="lifecycle"),
    },
    "descending_sorts": {
        "ascending": Fault("Descending is taken for ascending.", _READ, after(_turned(ascending=False))),
        "ignored": Fault("Sort keys are not looked at.", _READ, _unsorted),
        "as_text": Fault("Numbers are sorted as text.", _LISTED, after(_as_text), kind="lifecycle"),
    },
    "both_directions_sort": {
        "ignored": Fault("Sort keys are not looked at.", _READ, _unsorted),
        "descending_only": Fault("Ascending is taken for descending.", _READ, after(_turned(ascending=True))),
        "ascending_only": Fault("Descending is taken for ascending.", _READ, after(_turned(ascending=False))),
    },
    "unsupported_sort_is_refused": {
        "ignored": Fault("An unknown sort key is not looked at.", _READ, forgiving("unsupported_sort")),
        "other_text": Fault("The refusal has other texts than documented.", Stage.RENDERING, refused(_retitled, "unsupported_sort")),
        "other_status": Fault("The refusal has another status.", Stage.RENDERING, refused(_misstatus, "unsupported_sort")),
    },
}
