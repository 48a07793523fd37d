"""Sums and counts over the filtered list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mockserver.breaking import Change, after, forgiving, other_status_of, refused, rewrite, server_error, thaw
from mockserver.misbehaviours.listing import has_pages, leaving_none, titled, worded
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import tokens
from mockserver.store import Query, Row, sort_value
from specs.conventions.aggregation import Aggregate, Aggregation

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses aggregates and groups that are not known, and works out the others over all pages."""
    if served.effect != "list" or served.resource is None:
        return {}
    parameters: Aggregation = group.parameters
    known = parameters.aggregates.get(served.resource.name, {})
    return {Stage.VALIDATION: _check(parameters, known), Stage.DOCUMENT: _tell(parameters, known)}


def _asked(call: Call, parameters: Aggregation) -> list[str]:
    return [name.strip() for name in call.query.get(parameters.parameter, "").split(",") if name.strip()]


def _check(parameters: Aggregation, known: dict[str, Aggregate]) -> Step:
    def check(call: Call) -> Answer:
        for name in _asked(call, parameters):
            if name not in known:
                return Refusal("unsupported_aggregate", {"name": name, "param": parameters.parameter})
        group = call.query.get(parameters.group_parameter) if parameters.group_parameter is not None else None
        return None if not group else Refusal("unsupported_group", {"name": group, "param": parameters.group_parameter})

    return check


def _tell(parameters: Aggregation, known: dict[str, Aggregate]) -> Step:
    place = tokens(parameters.at)

    def tell(call: Call) -> Answer:
        asked = _asked(call, parameters)
        if asked:
            wanted = call.wanted
            everything = Query(account=wanted.account, equal=wanted.equal, tests=wanted.tests, seen=wanted.seen)
            records = [row.record for row in call.space.store.select(call.served.table(call), everything)[0]]
            call.extras.append((place, {name: value_of(known[name], records) for name in asked}))
        return None

    return tell


_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": lambda values: _whole(sum(values)),
    "average": lambda values: _whole(sum(values) / len(values)) if values else None,
    "minimum": lambda values: min(values, key=sort_value, default=None),
    "maximum": lambda values: max(values, key=sort_value, default=None),
}


def value_of(aggregate: Aggregate, records: Iterable[Any]) -> Any:
    """The aggregate's value over records; null members do not count."""
    records = list(records)
    if aggregate.member is None:
        return len(records)
    values = [record.get(aggregate.member) for record in records if record.get(aggregate.member) is not None]
    if aggregate.function == "count":
        return len(values)
    if aggregate.function in ("sum", "average"):
        values = [value for value in values if isinstance(value, int | float)]
    return _FUNCTIONS[aggregate.function](values)


def _whole(value: float) -> float | int:
    """The value as a whole number, if it is one; as a float where it has more digits than a JSON writer takes."""
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else float(value)
    return int(value) if value.is_integer() and abs(value) <= 2**53 else value


def _over(rows: Callable[[Call], Iterable[Row]]) -> Wrap:
    """The wrap that works an aggregate out over other rows than the filtered list."""

    def wrap(step: Step, site: Site) -> Step:
        known = site.parameters.aggregates.get(site.served.resource.name, {}) if site.served.resource is not None else {}
        place = tokens(site.parameters.at)

        def broken(call: Call) -> Answer:
            answer = step(call)
            records = [row.record for row in rows(call)]
            call.extras = [
                (path, {name: value_of(known[name], records) for name in value} if path == place and isinstance(value, dict) else value)
                for path, value in call.extras
            ]
            return answer

        return broken

    return wrap


def _unfiltered(call: Call) -> Iterable[Row]:
    return call.space.store.scan(call.served.table(call), call.wanted.account)


def _told(change: Callable[[Any], Any]) -> Change:
    def apply(call: Call, site: Site) -> None:
        place = tokens(site.parameters.at)
        call.extras = [(path, {name: change(item) for name, item in value.items()} if path == place else value) for path, value in call.extras]

    return apply


def _left_out(call: Call, site: Site) -> None:
    place = tokens(site.parameters.at)
    call.extras = [(path, value) for path, value in call.extras if path != place]


def _retitled(call: Call, site: Site) -> None:
    members = site.api.parameters("errors", site.served).members
    for name in ("title", "detail"):
        call.document = rewrite(thaw(call), members.get(name, []), lambda value: "Bad Request")  # noqa: ARG005


def _unknown_left_out(step: Step, site: Site) -> Step:
    """Leaves out aggregates that are not known, and gives the others."""
    name, known = site.parameters.parameter, site.parameters.aggregates

    def broken(call: Call) -> Answer:
        answer = step(call)
        if isinstance(answer, Refusal) and answer.cause == "unsupported_aggregate":
            offered = known.get(site.served.resource.name, {}) if site.served.resource is not None else {}
            call.query = {**call.query, name: ",".join(part for part in call.query[name].split(",") if part in offered)}
            return None
        return answer

    return broken


def _misstatus(cause: str) -> Change:
    def change(call: Call, site: Site) -> None:
        call.status = other_status_of(site, cause)

    return change


_READ, _TOLD = Stage.VALIDATION, Stage.DOCUMENT


def _left_out_of_nothing(call: Call, site: Site) -> None:
    if call.wanted.tests and not call.rows:
        _left_out(call, site)


FAULTS = {
    "aggregate_is_right": {
        "unfiltered": Fault("Aggregates count the whole list, filtered or not.", _TOLD, _over(_unfiltered)),
        "page_only": Fault("Aggregates count the page only.", _TOLD, _over(lambda call: call.rows), fits=has_pages),
        "one_more": Fault("Aggregates are one too high.", _TOLD, after(_told(lambda value: value + 1 if isinstance(value, int | float) else value))),
        "missing": Fault("Aggregates do not come.", _TOLD, after(_left_out)),
        "none_of_nothing": Fault("Where a filter leaves no record, aggregates do not come.", _TOLD, after(_left_out_of_nothing)),
    },
    "unsupported_aggregate_is_refused": {
        "ignored": Fault("An unknown aggregate is not looked at.", _READ, _unknown_left_out),
        "server_error": Fault("An unknown aggregate makes the server fail.", Stage.RENDERING, refused(server_error, "unsupported_aggregate")),
        "other_text": Fault(
            "The refusal has other texts than documented.", Stage.RENDERING, refused(_retitled, "unsupported_aggregate"), fits=worded("unsupported_aggregate")
        ),
        "other_status": Fault("The refusal has another status.", Stage.RENDERING, refused(_misstatus("unsupported_aggregate"), "unsupported_aggregate")),
    },
    "unsupported_group_is_refused": {
        "ignored": Fault("An unknown group is not looked at.", _READ, forgiving("unsupported_group")),
        "nothing": Fault("An unknown group gives an empty list.", _READ, leaving_none("unsupported_group")),
        "server_error": Fault("An unknown group makes the server fail.", Stage.RENDERING, refused(server_error, "unsupported_group")),
        "other_text": Fault(
            "The refusal has other texts than documented.", Stage.RENDERING, refused(_retitled, "unsupported_group"), fits=titled("unsupported_group")
        ),
        "other_status": Fault("The refusal has another status.", Stage.RENDERING, refused(_misstatus("unsupported_group"), "unsupported_group")),
    },
}
