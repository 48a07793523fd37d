"""Keeps the records: lists, creates, changes and deletes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockserver.behaviours.nesting import parent_of
from mockserver.inputs import Inputs
from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from mockserver.records import Maker
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Checks what a write gives, and does what the operation's effect says."""
    if not served.stateful:
        return {}
    parameters: Lifecycle = group.parameters
    match served.effect:
        case "list":
            return {Stage.EFFECT: _list}
        case "delete":
            return {Stage.EFFECT: _delete}
        case "create" | "update" | "replace":
            maker = Maker(api, served)
            replaces = served.effect == "replace" or parameters.update == "replace"
            effect = _create(maker) if served.effect == "create" else _change(maker, replaces=replaces)
            return {Stage.VALIDATION: _check(api, served, maker), Stage.EFFECT: effect}
    return {}


def _check(api: Api, served: Served, maker: Maker) -> Step:
    assert served.resource is not None
    inputs, resource = Inputs(api, served), served.resource
    references = [parent for parent in resource.parents if parent.resource in api.spec.resources]

    def check(call: Call) -> Answer:
        gathered = inputs.gather(call)
        if isinstance(gathered, Refusal):
            return gathered
        for members in gathered:
            for parent in references:
                if members.get(parent.member) is not None and parent.member not in call.parents:
                    found = parent_of(call, api, parent, members[parent.member])
                    if isinstance(found, Refusal):
                        return found
            given = dict(members)
            filled = maker.filled(members)
            if isinstance(filled, Refusal):
                return filled
            call.given.append(given)
            call.members.append(filled)
        return _taken(call, resource.key)

    return check


def _taken(call: Call, key: str) -> Answer:
    """Refuses an id that a record has already, or that is given twice."""
    seen: set[str] = set()
    for members in call.members:
        if call.served.effect == "create" and members.get(key) is not None:
            given = str(members[key])
            if given in seen or call.space.store.get(call.served.table(call), given) is not None:
                return Refusal("conflict", {"name": key, "param": key, "value": given})
            seen.add(given)
    return None


def _list(call: Call) -> Answer:
    rows, call.total = call.space.store.select(call.served.table(call), call.wanted)
    call.rows = list(rows)
    return None


def _delete(call: Call) -> Answer:
    if call.row is not None:
        call.space.store.delete(call.served.table(call), call.row.key)
    return None


def _create(maker: Maker) -> Step:
    def create(call: Call) -> Answer:
        table = call.served.table(call)
        with call.space.store.transaction():
            for members in call.members:
                row = maker.new(call, members)
                call.space.store.put(table, row)
                call.rows.append(row)
        call.row = call.rows[0]
        return None

    return create


def _change(maker: Maker, *, replaces: bool) -> Step:
    make = maker.replaced if replaces else maker.changed

    def change(call: Call) -> Answer:
        assert call.row is not None
        call.row = make(call, call.row, call.members[0])
        call.space.store.put(call.served.table(call), call.row)
        return None

    return change


FAULTS: dict[str, dict[str, Fault]] = {}
