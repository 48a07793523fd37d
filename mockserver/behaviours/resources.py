"""What there is: finds the record that a path or body names, checks plain parameters, and answers what has no state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.behaviours.isolation import account_of
from mockserver.breaking import last_only, other_status_of, pick_status, put_in_records, refused, server_error, succeeded, violating
from mockserver.examples import example_of
from mockserver.exchange import Response
from mockserver.pipeline import EMPTY, Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import ABSENT, put, tokens
from mockserver.schemas import Validator, properties
from mockserver.store import Table
from mockserver.values import MISFIT, coerce

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.conventions.errors import Status
    from specs.model import Clause, Group, Operation, Spec

__all__ = ["FAULTS", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:  # noqa: ARG001
    """Refuses what is no operation, looks up the record, checks parameters and bodies that no other convention reads."""
    if served.operation is None:
        return _pseudo(served)
    found: dict[Stage, Step] = {}
    if served.names_record:
        found[Stage.SELECTION] = _record(served)
    elif served.stateful and served.effect == "singleton":
        found[Stage.SELECTION] = _only_record
    checks = [check for check in (_query_check(api, served), _body_check(served)) if check is not None]
    if checks:
        found[Stage.VALIDATION] = _all(checks)
    if not served.stateful:
        found[Stage.DOCUMENT] = _example(served.operation)
    return found


def _pseudo(served: Served) -> dict[Stage, Step]:
    if served.pseudo == "options":
        return {Stage.ROUTING: _methods}
    cause = served.pseudo

    def refuse(call: Call) -> Answer:
        if call.allow:
            call.headers["allow"] = call.allow
        return Refusal(cause, {"name": call.request.path, "method": call.request.method})

    return {Stage.ROUTING: refuse}


def _methods(call: Call) -> Answer:
    call.status = 204
    call.headers["allow"] = call.allow
    return None


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
    assert served.resource is not None
    schema = served.resource.key_schema or {}
    validator = Validator(schema) if schema else None

    def fits(key: Any) -> bool:
        if not isinstance(key, str | int) or isinstance(key, bool):
            return False
        value = coerce(key, schema) if isinstance(key, str) else key
        return value is not MISFIT and (validator is None or validator.accepts(value))

    def look_up(call: Call) -> Answer:
        key = call.inputs.get(name, call.query.get(name))
        if key is None:
            return Refusal("missing_parameter", {"name": name, "param": name})
        if not fits(key):
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


def _elsewhere(step: Step, site: Site) -> Step:  # noqa: ARG001
    """The operation is not there."""
    return lambda call: Refusal("unknown_operation", {"name": call.path, "method": call.request.method})


def _without_prefix(*, all_of_them: bool) -> Wrap:
    """The wrap that answers at paths without the base path, and not at those with it; for all operations, or for the first."""

    def wrap(step: Step, site: Site) -> Step:
        moved = site.operations if all_of_them else site.operations[:1]
        if site.served.operation is not None:
            return _elsewhere(step, site) if site.served.id in moved else step

        def broken(call: Call) -> Answer:
            served, values, suffix, _ = site.api.route(call.request.method, site.api.spec.base_path + call.path)
            if served.id not in moved:
                return step(call)
            inner = Call(call.request, served, values, call.query, call.space)
            inner.suffix, inner.path = suffix, call.path
            return served.honest.run(inner)

        return broken

    return wrap


def _items_elsewhere(step: Step, site: Site) -> Step:
    """A record is not found under its list's path."""
    return _elsewhere(step, site) if site.served.names_record else step


def _new_elsewhere(step: Step, site: Site) -> Step:
    """A record that was made since the start is not found under its list's path."""
    served = site.served
    if served.effect != "read" or not served.names_record or served.resource is None:
        return step
    name, key = served.resource.name, served.resource.key
    seeded = {str(kept["record"].get(key)) for kept in site.api.spec.seed.records.get(name, ())}

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is None and call.row is not None and call.row.key not in seeded:
            return Refusal("not_found", {"name": name, "value": call.row.key})
        return answer

    return broken


def _unknown_succeeds(step: Step, site: Site) -> Step:
    """What is no action is answered as a success."""
    envelope = site.api.parameters("envelope", site.served)
    document: Any = {}
    for pointer, value in envelope.constant.items():
        document = put(document, tokens(pointer), value)
    if envelope.outcome is not None:
        document = put(document, tokens(envelope.outcome.member), envelope.outcome.success[0])
    body = orjson.dumps(document)

    def broken(call: Call) -> Answer:
        answer = step(call)
        if site.served.pseudo == "unknown_operation" and answer is not None:
            return Response(200, {"content-type": site.served.media}, body)
        return answer

    return broken


def _begins_alike(step: Step, site: Site) -> Step:
    """What begins like the path of an operation is taken for that operation."""
    if site.served.operation is not None:
        return step

    def broken(call: Call) -> Answer:
        path = call.path.removeprefix(site.api.spec.base_path)
        known = next((operation for operation in site.api.spec.operations.values() if path.startswith(operation.path)), None)
        if known is None:
            return step(call)
        served, values, suffix, _ = site.api.route(call.request.method, site.api.spec.base_path + known.path)
        inner = Call(call.request, served, values, call.query, call.space)
        inner.suffix, inner.path = suffix, known.path
        return served.honest.run(inner)

    return broken


def _record_schema(site: Site) -> Mapping[str, Any]:
    """The schema that the clause's records keep; that of the resource, where the rule takes none."""
    arguments = site.arguments
    if arguments is not None:
        found: Mapping[str, Any] = arguments.record
        return found
    return site.served.resource.schema if site.served.resource is not None else {}


def _doomed(record: dict[str, Any], site: Site) -> str | None:
    """The member that a fault takes: the last that is required and there, and not the id; else the last there is."""
    schema = _record_schema(site)
    required = [name for name in schema.get("required", ()) if name in record]
    key = site.served.resource.key if site.served.resource is not None else "id"
    others = [name for name in required if name != key]
    return others[-1] if others else next(iter(reversed(required or list(record))), None)


def _member_missing(call: Call, site: Site) -> None:
    def change(record: dict[str, Any]) -> None:
        record.pop(_doomed(record, site) or "", None)

    put_in_records(call, site, change)


def _member_wrong(call: Call, site: Site) -> None:
    def change(record: dict[str, Any]) -> None:
        name = _doomed(record, site)
        wrong = violating(properties(_record_schema(site)).get(name, {})) if name is not None else ABSENT
        if name is not None and wrong is not ABSENT:
            record[name] = wrong

    put_in_records(call, site, change)


def _id_missing(call: Call, site: Site) -> None:
    key = site.served.resource.key if site.served.resource is not None else "id"
    put_in_records(call, site, lambda record: record.pop(key, None))


def _id_as_text(call: Call, site: Site) -> None:
    """Writes the ids of a list's records as text, where they are else numbers."""
    key = site.served.resource.key if site.served.resource is not None else "id"
    if site.served.effect == "list":
        put_in_records(call, site, lambda record: record.update({key: str(record[key])}))


def _type_of_ids_is_open(spec: Spec, clause: Clause) -> bool:
    resource = spec.resources.get(getattr(clause.arguments, "resource", ""))
    if resource is None or resource.key_schema.get("type") != "integer":
        return False
    types = properties(getattr(clause.arguments, "record", {})).get(resource.key, {}).get("type")
    return isinstance(types, list) and "string" in types


def _other_success(call: Call, site: Site) -> None:
    statuses = site.api.parameters("statuses", site.served)
    success = statuses.success.get(site.served.effect or "") or statuses.success.get("default")
    passing: list[Status] = ["2xx"] if success is None else [success.status, *success.accept, *success.tolerate]
    call.status = pick_status((206, 202, 302, 500), [call.status, *passing])


def _misstatus(call: Call, site: Site) -> None:
    assert call.refusal is not None
    call.status = other_status_of(site, call.refusal.cause)


def _shows_a_record(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect != "delete" for name in clause.operations)


def _documents_errors(spec: Spec, clause: Clause) -> bool:
    return any(status[:1] == "4" for name in clause.operations for status in spec.operations[name].responses)


_REFUSALS = ("unauthenticated", "forbidden", "not_found", "parent_not_found", "foreign_record", "invalid_record", "missing_parameter")


def _letters_lost(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Keeps question marks for all letters that are not ASCII."""

    def plain(value: Any) -> Any:
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value

    def broken(call: Call) -> Answer:
        call.members = [{name: plain(value) for name, value in members.items()} for members in call.members]
        return step(call)

    return broken


def _writes(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect in ("create", "update") for name in clause.operations)


FAULTS = {
    "paths_lie_under_the_prefix": {
        "without": Fault("Paths lie under no prefix.", Stage.ROUTING, _without_prefix(all_of_them=True)),
        "one_without": Fault("One path does not lie under the prefix.", Stage.ROUTING, _without_prefix(all_of_them=False)),
    },
    "records_have_their_members": {
        "missing": Fault("Records lack a documented member.", Stage.RENDERING, succeeded(_member_missing)),
        "wrong": Fault("A documented member has another type.", Stage.RENDERING, succeeded(_member_wrong)),
        "no_id": Fault("Records have no id.", Stage.RENDERING, succeeded(_id_missing)),
        "id_as_text": Fault("Ids are texts in lists, and numbers elsewhere.", Stage.RENDERING, succeeded(_id_as_text), fits=_type_of_ids_is_open),
    },
    "collection_and_item_share_a_path": {
        "items_elsewhere": Fault("A record is not found under its list's path.", Stage.ROUTING, _items_elsewhere),
        "new_elsewhere": Fault("A record made since the start is not found under its list's path.", Stage.SELECTION, _new_elsewhere),
    },
    "every_action_has_its_url": {
        "one_missing": Fault("One action is not at its URL.", Stage.ROUTING, last_only(_elsewhere)),
        "unknown_succeeds": Fault("What is no action is answered as a success.", Stage.ROUTING, _unknown_succeeds),
        "begins_alike": Fault("What begins like an action is taken for that action.", Stage.ROUTING, _begins_alike),
    },
    "operation_keeps_its_contract": {
        "other_success": Fault("A valid call is answered with another status.", Stage.RENDERING, succeeded(_other_success)),
        "fails": Fault("A valid call makes the server fail.", Stage.RENDERING, succeeded(server_error)),
        "member_missing": Fault("The answer lacks a documented member.", Stage.RENDERING, succeeded(_member_missing), fits=_shows_a_record),
        "letters_lost": Fault("Letters outside of ASCII become question marks.", Stage.EFFECT, _letters_lost, kind="lifecycle", fits=_writes),
        "other_errors": Fault("Documented errors have another status.", Stage.RENDERING, refused(_misstatus, *_REFUSALS), fits=_documents_errors),
    },
}
