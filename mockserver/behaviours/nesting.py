"""A record under another's path: the parent must be there, and be the record's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockserver.behaviours.isolation import account_of
from mockserver.breaking import after, put_in_records, succeeded
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.values import MISFIT, coerce
from specs.model import Parent

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "parent_of", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Looks up the parents that the path names, and narrows a list to theirs."""
    if not served.parents:
        return {}
    found: dict[Stage, Step] = {Stage.SELECTION: _look_up(api, served)}
    if served.effect == "list":
        found[Stage.VALIDATION] = _narrow
    return found


def parent_of(call: Call, api: Api, parent: Parent, key: Any) -> Answer | Any:
    """The row of a parent that the caller may name; a refusal where there is none or it is somebody else's."""
    row = api.row_of(call, parent.resource, key)
    if row is None:
        return Refusal("parent_not_found", {"name": parent.member, "param": parent.member, "value": key})
    if row.account != account_of(call) and api.spec.resources[parent.resource].owned:
        return Refusal(api.foreign_parent, {"name": parent.member, "param": parent.member, "value": key})
    return row


def _look_up(api: Api, served: Served) -> Step:
    assert served.resource is not None
    wanted = []
    for parent in served.parents:
        name = next(name for name in parent.parameters if served.operation is not None and name in served.operation.path_parameters)
        wanted.append((parent, name, api.member_schema(served.resource, parent.member) or {}, parent.resource in api.spec.resources))

    def look_up(call: Call) -> Answer:
        for parent, name, schema, known in wanted:
            text = call.values[name]
            if known:
                answer = parent_of(call, api, parent, text)
                if isinstance(answer, Refusal):
                    return Refusal("parent_not_found", answer.values)
            value = coerce(text, schema)
            call.parents[parent.member] = text if value is MISFIT else value
        return None

    return look_up


def _narrow(call: Call) -> Answer:
    call.wanted.equal.extend(call.parents.items())
    return None


def _unnarrowed(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Lists every record, whoever's child it is."""
    return lambda call: None  # noqa: ARG005


def _one_hidden(call: Call, site: Site) -> None:  # noqa: ARG001
    call.rows = call.rows[:-1]


def _differing(call: Call, site: Site) -> None:
    """Changes a text in the record that a nested path shows."""

    def change(record: dict[str, Any]) -> None:
        for name, value in record.items():
            if isinstance(value, str) and name not in (site.parameters.member, site.served.resource.key if site.served.resource is not None else "id"):
                record[name] = value + " (nested)"
                return

    if site.served.parents:
        put_in_records(call, site, change)


def _without_effect(step: Step, site: Site) -> Step:
    """A write on a nested path is answered, and not done."""
    if not site.served.parents or site.served.effect in ("list", "read"):
        return step

    def broken(call: Call) -> Answer:
        before = call.row
        try:
            with call.space.store.transaction():
                step(call)
                raise _UndoneError
        except _UndoneError:
            call.row = call.row or before
        return None

    return broken


def _writes_own(spec: Spec, clause: Clause) -> bool:
    """Whether the clause speaks of a write on a nested path that can be tried on a record made for it."""
    nesting = spec.convention(clause).parameters
    written = [name for name in clause.operations if spec.operations[name].effect not in ("list", "read") and name in nesting.pairs.values()]
    return bool(written) and "create" in spec.resources[nesting.resource].operations


class _UndoneError(Exception):
    """Takes back what was written."""


FAULTS = {
    "nested_list_is_exact": {
        "all_listed": Fault("The nested list holds every record.", Stage.VALIDATION, _unnarrowed),
        "one_hidden": Fault("The nested list lacks a record.", Stage.EFFECT, after(_one_hidden), kind="lifecycle"),
    },
    "nested_path_gives_the_same": {
        "differs": Fault("The nested path shows the record otherwise.", Stage.RENDERING, succeeded(_differing)),
        "without_effect": Fault("A write on a nested path is answered, and not done.", Stage.EFFECT, _without_effect, kind="lifecycle", fits=_writes_own),
    },
}
