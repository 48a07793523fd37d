"""Puts a list in the order that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, after, forgiving, other_status_of, refused, rewrite, server_error, thaw
from mockserver.misbehaviours.listing import Arrange, has_pages, leaving_none, listed, rearranged, worded
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import tokens
from mockserver.schemas import properties
from mockserver.store import Key, Row, sort_value
from mockserver.values import types_of
from specs.conventions.sorting import Sorting

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Resource, Spec

__all__ = ["FAULTS", "steps"]

Asked = list[tuple[str, str]]
"""Keys in order, each with `asc`, `desc` or another word that is neither."""


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
        keys: dict[str, Key] = {}
        for name, direction in _asked(parameters, text, source):
            refusal = _refusal(parameters, known, name, direction)
            if refusal is not None:
                return refusal
            if name in known:
                keys.setdefault(name, Key(name, direction == "desc", parameters.nulls == "first"))
        call.wanted.order.extend(keys.values())
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
        return readers[parameters.style](text)
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


def _of_direction(keys: list[Key], direction: str) -> bool:
    """Whether a list is sorted in a direction (`asc`, `desc`, or `both` for any) by its first key."""
    return bool(keys) and (direction == "both" or keys[0].descending == (direction == "desc"))


def _dropped(direction: str) -> Change:
    """Looks at no sort key of a direction."""

    def change(call: Call, site: Site) -> None:  # noqa: ARG001
        if _of_direction(call.wanted.order, direction):
            call.wanted.order = []

    return change


def _turned(direction: str) -> Change:
    """Turns round the keys of one direction."""

    def change(call: Call, site: Site) -> None:  # noqa: ARG001
        if _of_direction(call.wanted.order, direction):
            call.wanted.order = [key._replace(descending=not key.descending) for key in call.wanted.order]

    return change


def _refused_descending(step: Step, site: Site) -> Step:
    """Takes the sign of descending order for a part of the key, and refuses it."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        name = call.query.get(site.parameters.parameter, "")
        return Refusal("unsupported_sort", {"name": name, "param": site.parameters.parameter}) if _of_direction(call.wanted.order, "desc") else answer

    return broken


def _as_text(direction: str) -> Arrange:
    """Sorts everything as text, numbers, too."""

    def arrange(call: Call, site: Site, rows: list[Row]) -> list[Row]:  # noqa: ARG001
        if not _of_direction(call.wanted.order, direction):
            return rows
        key = call.wanted.order[0]
        return sorted(rows, key=lambda row: str(row.record.get(key.member)), reverse=key.descending)

    return arrange


def _each_page_alone(direction: str) -> Wrap:
    """The wrap that cuts the pages first, and sorts each."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            order = call.wanted.order
            if not _of_direction(order, direction):
                return step(call)
            call.wanted.order = []
            answer = step(call)
            call.wanted.order = order
            for key in reversed(order):
                call.rows.sort(key=lambda row, member=key.member: sort_value(row.record.get(member)), reverse=key.descending)  # type: ignore[misc]
            return answer

        return broken

    return wrap


def _forgotten_where_filtered(direction: str) -> Wrap:
    """The wrap that does not sort what a filter leaves."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            if call.wanted.tests and _of_direction(call.wanted.order, direction):
                call.wanted.order = []
            return step(call)

        return broken

    return wrap


def _is_filtered(spec: Spec, clause: Clause) -> bool:
    """Whether a list that the clause speaks of is filtered by single members, too."""
    groups = [group for group in spec.groups.values() if group.kind == "filtering" and set(group.operations) & set(clause.operations)]
    return any(group.parameters.style != "expression" for group in groups)


def _one_misplaced(direction: str) -> Change:
    """Changes the places of the page's first and last record."""

    def change(call: Call, site: Site) -> None:  # noqa: ARG001
        if len(call.rows) > 1 and _of_direction(call.wanted.order, direction):
            call.rows[0], call.rows[-1] = call.rows[-1], call.rows[0]

    return change


def _sorts_numbers(spec: Spec, clause: Clause) -> bool:
    """Whether numbers are among the members that sort."""
    parameters: Sorting = spec.convention(clause).parameters
    for name in {spec.operations[operation].resource for operation in clause.operations} - {None}:
        schemas = properties(spec.resources[name or ""].schema)
        if any(types_of(schemas[member]) & {"integer", "number"} for member in parameters.members.get(name or "", schemas) if member in schemas):
            return True
    return False


def _retitled(call: Call, site: Site) -> None:
    members = site.api.parameters("errors", site.served).members
    for name in ("title", "detail"):
        call.document = rewrite(thaw(call), members.get(name, []), lambda value: "Bad Request")  # noqa: ARG005


def _misstatus(call: Call, site: Site) -> None:
    call.status = other_status_of(site, "unsupported_sort")


_READ = Stage.VALIDATION


def _ways(direction: str) -> dict[str, Fault]:
    """The ways not to sort in a direction."""
    return {
        "ignored": Fault("Sort keys are not looked at.", _READ, after(_dropped(direction))),
        "turned": Fault("The list comes in the opposite order.", _READ, after(_turned(direction))),
        "as_text": listed("Numbers are sorted as text.", rearranged(_as_text(direction)), fits=_sorts_numbers),
        "each_page_alone": listed("Each page is sorted by itself.", _each_page_alone(direction), fits=has_pages),
        "forgotten_where_filtered": listed("A list that is filtered is not sorted.", _forgotten_where_filtered(direction), fits=_is_filtered),
        "one_misplaced": listed("The first and the last record have changed places.", after(_one_misplaced(direction))),
    }


FAULTS = {
    "ascending_sorts": _ways("asc"),
    "descending_sorts": {**_ways("desc"), "refused": Fault("Descending order is refused.", _READ, _refused_descending)},
    "both_directions_sort": {
        **_ways("both"),
        "descending_only": Fault("Ascending is taken for descending.", _READ, after(_turned("asc"))),
        "ascending_only": Fault("Descending is taken for ascending.", _READ, after(_turned("desc"))),
    },
    "unsupported_sort_is_refused": {
        "ignored": Fault("An unknown sort key is not looked at.", _READ, forgiving("unsupported_sort")),
        "nothing": Fault("An unknown sort key gives an empty list.", _READ, leaving_none("unsupported_sort")),
        "server_error": Fault("An unknown sort key makes the server fail.", Stage.RENDERING, refused(server_error, "unsupported_sort")),
        "other_text": Fault(
            "The refusal has other texts than documented.", Stage.RENDERING, refused(_retitled, "unsupported_sort"), fits=worded("unsupported_sort")
        ),
        "other_status": Fault("The refusal has another status.", Stage.RENDERING, refused(_misstatus, "unsupported_sort")),
    },
}
