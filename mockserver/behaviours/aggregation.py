"""Sums and counts over the filtered list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from mockserver.pointer import tokens
from mockserver.store import Query
from mockserver.store.memory import sort_value
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
    return int(value) if isinstance(value, float) and value.is_integer() else value


FAULTS: dict[str, dict[str, Fault]] = {}  # faults author 2 writes these now; leave them
