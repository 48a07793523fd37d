"""What there is: finds the record that a path or body names, checks plain parameters, and answers what has no state."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mockserver.behaviours.isolation import account_of
from mockserver.examples import example_of
from mockserver.exchange import Response
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Stage, Step
from mockserver.schemas import Validator
from mockserver.store import Table
from mockserver.values import MISFIT, coerce

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Operation

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses what is no operation, looks up the record, checks parameters and bodies that no other convention reads."""
    if served.operation is None:
        return _pseudo(served)
    found: dict[Stage, Step] = {}
    if served.names_record:
        found[Stage.SELECTION] = _record(served)
    elif served.effect == "singleton":
        found[Stage.SELECTION] = _only_record
    checks = [check for check in (_query_check(api, served), _body_check(served)) if check is not None]
    if checks:
        found[Stage.VALIDATION] = _all(checks)
    if not served.stateful:
        found[Stage.DOCUMENT] = _example(served.operation)
    return found


def _pseudo(served: Served) -> dict[Stage, Step]:
    if served.pseudo == "options":
        return {Stage.ROUTING: lambda call: Response(204, {"allow": call.allow}, b"")}
    cause = served.pseudo

    def refuse(call: Call) -> Answer:
        if call.allow:
            call.headers["allow"] = call.allow
        return Refusal(cause, {"name": call.request.path, "method": call.request.method})

    return {Stage.ROUTING: refuse}


def _record(served: Served) -> Step:
    name = served.key_parameter
    if name is None:
        assert served.resource is not None
        return _record_in_body(served, served.resource.key_parameter)

    def look_up(call: Call) -> Answer:
        row = call.space.store.get(served.table(call), call.values[name])
        if row is None or any(row.record.get(member) != value for member, value in call.parents.items()):
            return Refusal("not_found", {"name": name, "value": call.values[name]})
        call.row = row
        return None

    return look_up


def _record_in_body(served: Served, name: str) -> Step:
    def look_up(call: Call) -> Answer:
        key = call.inputs.get(name, call.query.get(name))
        if key is None:
            return Refusal("missing_parameter", {"name": name, "param": name})
        if not isinstance(key, str | int) or isinstance(key, bool):
            return Refusal("invalid_parameter", {"name": name, "param": name})
        call.row = call.space.store.get(served.table(call), str(key))
        return None if call.row is not None else Refusal("not_found", {"name": name, "param": name, "value": key})

    return look_up


def _only_record(call: Call) -> Answer:
    resource = call.served.resource
    assert resource is not None
    for row in call.space.store.scan(Table(call.space.name, call.served.api.name, resource.name), account_of(call) if resource.owned else None):
        call.row = row
        return None
    return Refusal("not_found", {"name": resource.name})


Check = Callable[[Call], Refusal | None]


def _all(checks: list[Check]) -> Step:
    def check_all(call: Call) -> Answer:
        for check in checks:
            refusal = check(call)
            if refusal is not None:
                return refusal
        return None

    return check_all


def _query_check(api: Api, served: Served) -> Check | None:
    """Checks the query and header parameters that no convention reads against their schemas."""
    operation = served.operation
    assert operation is not None
    taken = api.taken_parameters(served)
    checked = [
        (parameter, Validator(parameter.schema) if parameter.schema else None)
        for parameter in operation.parameters
        if parameter.place in ("query", "header") and parameter.name not in taken and parameter.name.partition("[")[0] not in taken
    ]
    if not checked:
        return None

    def check(call: Call) -> Refusal | None:
        for parameter, validator in checked:
            source = call.query if parameter.place == "query" else call.request.headers
            text = source.get(parameter.name if parameter.place == "query" else parameter.name.lower())
            names = {"name": parameter.name, "param": parameter.name}
            if text is None:
                if parameter.required:
                    return Refusal("missing_parameter", names)
            elif validator is not None:
                value = coerce(text, parameter.schema)
                if value is MISFIT or not validator.accepts(value):
                    return Refusal("invalid_parameter", {**names, "value": text})
        return None

    return check


def _body_check(served: Served) -> Check | None:
    """Checks the body of an operation that writes no record, such as the parameters of an action."""
    operation = served.operation
    if operation is None or operation.body is None or not operation.body.media or served.writes:
        return None
    schema = operation.body.media[0].schema
    if not schema:
        return None
    validator, required = Validator(schema), operation.body.required or served.params_field is not None

    def check(call: Call) -> Refusal | None:
        if call.body is EMPTY:
            if call.form is not None or not required:
                return None
            document: Any = {}
        else:
            document = call.body
        problem = validator.problem(document)
        if problem is None:
            return None
        return Refusal("missing_parameter" if problem.missing else "invalid_parameter", problem.values())

    return check


def _example(operation: Operation) -> Step:
    """Answers with the documented example: what an operation does that has neither record nor known effect."""
    status, media, document = example_of(operation)

    def answer(call: Call) -> Answer:
        call.status, call.media, call.document = status, media, document
        return None

    return answer


FAULTS: dict[str, dict[str, Fault]] = {}
