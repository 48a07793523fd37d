"""Keeps the records: lists, creates, changes and deletes them."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.behaviours.nesting import parent_of
from mockserver.breaking import (
    Change,
    after,
    other_status_of,
    pick_status,
    put_in_records,
    raw_members,
    records_in,
    refused,
    rewrite,
    step_of,
    succeeded,
    thaw,
)
from mockserver.inputs import Inputs
from mockserver.misbehaviours.listing import told_apart
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import fetch, tokens
from mockserver.records import Maker
from mockserver.schemas import Validator, properties
from mockserver.store import Row
from mockserver.values import duration, money
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.conventions.errors import Status
    from specs.model import Clause, Group, Spec

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
            return {Stage.VALIDATION: _check(api, served, maker, merges=not replaces), Stage.EFFECT: effect}
    return {}


def _check(api: Api, served: Served, maker: Maker, *, merges: bool) -> Step:
    assert served.resource is not None
    inputs, resource = Inputs(api, served), served.resource
    lifecycle: Lifecycle = api.parameters("lifecycle", served)
    demands, spread = lifecycle.demands.get(served.id, []), lifecycle.spread.get(served.id)
    related = _related(api, served)
    first = related if _parents_come_first(api, served) else _passed

    def check(call: Call) -> Answer:
        gathered = inputs.gather(call, first)
        if isinstance(gathered, Refusal):
            return gathered
        for demand in demands:
            if not all(any(_says(members.get(name)) for name in demand.any_of) for members in gathered):
                return Refusal(demand.cause, {"name": demand.any_of[0], "param": demand.any_of[0], "reason": "missing", **demand.values})
        if spread is not None:
            gathered = [one for members in gathered for one in maker.spread(call, members, spread)]
        for members in gathered:
            unrelated = related(call, members)
            if unrelated is not None:
                return unrelated
            given = dict(members)
            filled = maker.filled(members, call.row.record if merges and call.row is not None else {})
            if isinstance(filled, Refusal):
                return filled
            call.given.append(given)
            call.members.append(filled)
        return _taken(call, resource.key)

    return check


def _related(api: Api, served: Served) -> Callable[[Call, Mapping[str, Any]], Refusal | None]:
    """What refuses members that name a parent which is not there, or somebody else's; the path's own parents have been looked up."""
    resource, creates = served.resource, served.effect == "create"
    assert resource is not None
    parents = [(parent, Validator(api.member_schema(resource, parent.member) or {})) for parent in resource.parents if parent.resource in api.spec.resources]

    def related(call: Call, members: Mapping[str, Any]) -> Refusal | None:
        for parent, validator in parents:
            key, own = members.get(parent.member), call.parents.get(parent.member)
            if key is None or key == own or (creates and own is not None) or not validator.accepts(key):
                continue
            found = parent_of(call, api, parent, key)
            if isinstance(found, Refusal):
                return found
        return None

    return related


def _parents_come_first(api: Api, served: Served) -> bool:
    """Whether a parent that is not there counts before what else is wrong with a record: as 404 comes before 422, unless the spec has another order."""
    ranked = ("parent_not_found", "not_found", "missing_parameter", "invalid_parameter", "invalid_record")
    named = [cause for cause in api.parameters("errors", served).precedence if cause in ranked]
    return not named or named[0] in ("parent_not_found", "not_found")


def _passed(call: Call, members: Mapping[str, Any]) -> Refusal | None:  # noqa: ARG001
    return None


def _says(value: Any) -> bool:
    """Whether a member that is demanded is there, and says something."""
    return bool(value.strip()) if isinstance(value, str) else value not in (None, [], {})


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
    call.rows, call.total = call.space.store.select(call.served.table(call), call.wanted)
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


def _not_kept(call: Call, site: Site) -> None:
    for row in call.rows if site.served.effect == "create" else ():
        call.space.store.delete(call.served.table(call), row.key)


def _stored(call: Call, row: Row) -> None:
    call.row = row
    call.space.store.put(call.served.table(call), row)


def _value_lost(call: Call, site: Site) -> None:  # noqa: ARG001
    """Keeps something else than the last plain member that was given."""
    for row, given in zip(call.rows, call.given, strict=False):
        plain = [name for name in given if isinstance(given[name], str | int | float) and name in row.record]
        if plain:
            wrong = "something else" if isinstance(given[plain[-1]], str) else 0 if given[plain[-1]] else 1
            _stored(call, Row(row.key, row.account, row.user, {**row.record, plain[-1]: wrong}))
            call.rows[call.rows.index(row)] = call.row or row


def _made_twice(call: Call, site: Site) -> None:
    """Keeps a new record a second time, under another id."""
    resource = site.served.resource
    for row in call.rows if site.served.effect == "create" and resource is not None else ():
        assert resource is not None
        key = row.record[resource.key]
        again = key + 1_000_000 if isinstance(key, int) else f"{key}-again"
        call.space.store.put(call.served.table(call), Row(str(again), row.account, row.user, {**row.record, resource.key: again}))


def _overwritten(call: Call, site: Site) -> None:
    """Keeps a new record in the place of another of the same account."""
    resource, table = site.served.resource, call.served.table(call)
    for row in call.rows if site.served.effect == "create" and resource is not None else ():
        victim = next((one for one in call.space.store.scan(table, row.account) if one.key != row.key), None)
        if victim is not None and resource is not None:
            call.space.store.delete(table, row.key)
            _stored(call, Row(victim.key, row.account, row.user, {**row.record, resource.key: victim.record[resource.key]}))
            call.rows[call.rows.index(row)] = call.row or row


def _escaped(call: Call, site: Site) -> None:
    """Keeps texts as a page would have them."""
    for row in call.rows if site.served.effect == "create" else ():
        texts = {name: html.escape(value) for name, value in row.record.items() if isinstance(value, str)}
        _stored(call, Row(row.key, row.account, row.user, {**row.record, **texts}))
        call.rows[call.rows.index(row)] = call.row or row


def _makes_documented(spec: Spec, clause: Clause) -> bool:
    """Whether the clause is about creates of a documented resource, whose members have texts."""
    resources = (spec.resources[spec.operations[name].resource or ""] for name in clause.operations if spec.operations[name].effect == "create")
    return any(resource.names == "documented" and _has_free_text(resource.schema) for resource in resources)


def _has_free_text(schema: Mapping[str, Any]) -> bool:
    required = schema.get("required", ())
    return any(name in required and one.get("type") == "string" and not {"format", "enum", "pattern"} & set(one) for name, one in properties(schema).items())


def _another(call: Call, site: Site) -> None:  # noqa: ARG001
    """Takes another record than the one that was named."""
    if call.row is not None:
        for row in call.space.store.scan(call.served.table(call), call.row.account):
            if row.key != call.row.key:
                call.row = row
                return


def _never_found(step: Step, site: Site) -> Step:
    """A record that is named is not found."""
    return (lambda call: Refusal("not_found")) if site.served.names_record else step  # noqa: ARG005


def _with_body(body: bytes | None) -> Change:
    """Answers a delete with a body: the one given, or the record."""

    def change(call: Call, site: Site) -> None:
        if call.refusal is None and site.served.effect == "delete":
            call.content = body if body is not None else orjson.dumps(call.row.record if call.row is not None else {}, default=str)
            call.headers["content-type"] = site.served.media
            call.status = 200

    return change


def _letters_lost(call: Call, site: Site) -> None:
    """Keeps a new record's texts in ASCII, while the answer has them as they were given."""
    for row in call.rows if site.served.effect == "create" else ():
        plain = {name: value.encode("ascii", "replace").decode() if isinstance(value, str) else value for name, value in row.record.items()}
        call.space.store.put(call.served.table(call), Row(row.key, row.account, row.user, plain))


def _update_not_kept(step: Step, site: Site) -> Step:
    """Answers an update as though it was done, and keeps the record as it was."""

    def broken(call: Call) -> Answer:
        before, answer = call.row, step(call)
        if site.served.effect == "update" and before is not None and not isinstance(answer, Refusal):
            call.space.store.put(call.served.table(call), before)
        return answer

    return broken


def _undeleted(call: Call, site: Site) -> None:
    if call.row is not None and site.served.effect == "delete":
        call.space.store.put(call.served.table(call), call.row)


def _still_listed(call: Call, site: Site) -> None:
    if call.row is not None and site.served.effect == "delete":
        row = call.row
        call.space.store.put(call.served.table(call), Row(f"{row.key}~deleted", row.account, row.user, row.record))


def _others_lost(*, all_of_them: bool) -> Change:
    """Loses what an update does not name: everything, or one member."""

    def change(call: Call, site: Site) -> None:
        row, resource = call.row, site.served.resource
        if row is None or resource is None or not call.given or site.served.effect == "create":
            return
        silent = site.parameters.read_only.get(resource.name, ())
        kept = {resource.key, *call.given[0], *call.members[0], *(parent.member for parent in resource.parents), *silent}
        doomed = [name for name, value in row.record.items() if name not in kept and value not in (None, "", [], {})]
        defaults = site.parameters.defaults.get(resource.name, {})
        lost = {name: defaults.get(name) if defaults.get(name) != row.record[name] else None for name in (doomed if all_of_them else doomed[:1])}
        _stored(call, Row(row.key, row.account, row.user, {**row.record, **lost}))

    return change


def _own_id(call: Call, site: Site) -> None:
    for members in call.members:
        members.pop(site.served.resource.key if site.served.resource is not None else "id", None)


def _no_id(call: Call, site: Site) -> None:
    key = site.served.resource.key if site.served.resource is not None else "id"
    if not any(key in given for given in call.given):
        for record in records_in(call, site):
            record[key] = "unknown"


def _outside_enum(*, kept: bool) -> Wrap:
    """The wrap that takes a value outside the set: as it is, or as the set's first."""

    def wrap(step: Step, site: Site) -> Step:
        member, values = site.arguments.member, site.arguments.values
        root = tokens(site.api.parameters("envelope", site.served).input.root, site.served.resource)

        def broken(call: Call) -> Answer:
            place = fetch(call.body, root)
            if not isinstance(place, dict) or member not in place or place[member] in values:
                return step(call)
            given, place[member] = place[member], values[0]
            answer = step(call)
            if answer is None and kept:
                call.members[0][member] = given
            return answer

        return broken

    return wrap


def _not_filled(call: Call, site: Site) -> None:
    for given, members in zip(call.given, call.members, strict=True):
        if given.get(site.arguments.text) is not None and given.get(site.arguments.number) is None:
            members[site.arguments.number] = None


def _text_wins(call: Call, site: Site) -> None:
    arguments = site.arguments
    for given, members in zip(call.given, call.members, strict=True):
        text = given.get(arguments.text)
        if isinstance(text, str):
            number = duration(text) if arguments.form == "duration" else money(text)
            members[arguments.number] = members.get(arguments.number) if number is None else number


def _read_only_given(call: Call, site: Site) -> dict[str, Any]:
    return {name: value for name, value in raw_members(call, site).items() if name in site.arguments.members}


def _read_only_refused(step: Step, site: Site) -> Step:
    """Refuses a write that names what it can't change."""

    def broken(call: Call) -> Answer:
        named = _read_only_given(call, site)
        return Refusal(site.parameters.cause, {"name": next(iter(named)), "param": next(iter(named))}) if named else step(call)

    return broken


def _read_only_written(call: Call, site: Site) -> None:
    """Shows, and keeps, what was given for members that can't be changed."""
    named = _read_only_given(call, site)
    if named and call.row is not None:
        _stored(call, Row(call.row.key, call.row.account, call.row.user, {**call.row.record, **named}))
        put_in_records(call, site, lambda record: record.update(named))


def _concerns(site: Site, answer: Answer) -> bool:
    """Whether a refusal is of a write that the clause is about."""
    return isinstance(answer, Refusal) and answer.cause in _INVALID and site.served.effect in site.arguments.effects


def _invalid_taken(step: Step, site: Site) -> Step:
    """Does an invalid write as though it were valid."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        if not _concerns(site, answer):
            return answer
        call.given = [raw_members(call, site)]
        call.members = [{**call.given[0], **call.parents}]
        return None

    return broken


def _invalid_done(step: Step, site: Site) -> Step:
    """Refuses an invalid write, and does it."""
    effect = step_of(site, "lifecycle", Stage.EFFECT)

    def broken(call: Call) -> Answer:
        answer = step(call)
        if _concerns(site, answer):
            call.given = [raw_members(call, site)]
            call.members = [{**call.given[0], **call.parents}]
            if site.served.effect == "create" or call.row is not None:
                effect(call)
        return answer

    return broken


def _misstatus(call: Call, site: Site) -> None:
    if site.served.effect in site.arguments.effects:
        call.status = other_status_of(site, site.arguments.cause)


def _mistext(call: Call, site: Site) -> None:
    places = site.api.parameters("errors", site.served).members
    for member in site.arguments.members:
        call.document = rewrite(thaw(call), places.get(member, []), lambda value: "Something Else")  # noqa: ARG005


def _must_be_empty(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "body", "empty") == "empty"


def _other_success(call: Call, site: Site) -> None:
    if site.served.effect != "delete":
        return
    success = site.api.parameters("statuses", site.served).success
    documented = success.get(site.served.effect or "") or success.get("default")
    passing: list[Status] = ["2xx"] if documented is None else [documented.status, *documented.accept, *documented.tolerate]
    call.status = pick_status((202, 206, 500), getattr(site.arguments, "accept", ()) or passing)


def _has_texts(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "members", []))


def _plainly_ok(call: Call, site: Site) -> None:
    if site.served.effect == "create":
        call.status = 200


def _resource_left_out(call: Call, site: Site) -> None:
    if site.served.effect == "create":
        call.document = {"meta": {"created": True}}


def _not_found(call: Call, site: Site) -> None:  # noqa: ARG001
    call.status = 404


_INVALID = frozenset({"invalid_record", "missing_parameter", "invalid_parameter", "metadata"})
_CHECKED, _DONE = Stage.VALIDATION, Stage.EFFECT

FAULTS = {
    "created_can_be_read": {
        "not_kept": Fault("A create is answered, and not kept.", _DONE, after(_not_kept)),
        "value_lost": Fault("Something else is kept than was given.", _DONE, after(_value_lost)),
        "twice": Fault("A create makes two records.", _DONE, after(_made_twice), fits=_makes_documented),
        "overwritten": Fault("A new record takes the place of another.", _DONE, after(_overwritten), fits=_makes_documented),
        "escaped": Fault("Texts are kept as a page of HTML would have them.", _DONE, after(_escaped), fits=_makes_documented),
    },
    "record_is_read_by_its_id": {
        "another": Fault("Another record is read than the one named.", Stage.SELECTION, after(_another), kind="resources"),
        "not_found": Fault("No record is found by its id.", Stage.SELECTION, _never_found, kind="resources"),
    },
    "delete_answers_empty": {
        "record": Fault("A delete is answered with the record.", Stage.ENCODING, after(_with_body(None)), kind="envelope", fits=_must_be_empty),
        "null": Fault("A delete is answered with null.", Stage.ENCODING, after(_with_body(b"null")), kind="envelope", fits=_must_be_empty),
        "message": Fault("A delete is answered with a message.", Stage.ENCODING, after(_with_body(b'{"ok":true}')), kind="envelope", fits=_must_be_empty),
        "other_status": Fault("A delete is answered with another status than documented.", Stage.RENDERING, succeeded(_other_success)),
    },
    "deleted_is_gone": {
        "kept": Fault("A delete is answered, and not done.", _DONE, after(_undeleted)),
        "still_listed": Fault("A deleted record is still listed.", _DONE, after(_still_listed)),
    },
    "update_merges": {
        "others_lost": Fault("An update loses all members that it does not name.", _DONE, after(_others_lost(all_of_them=True))),
        "one_lost": Fault("An update loses a member that it does not name.", _DONE, after(_others_lost(all_of_them=False))),
    },
    "given_id_is_used": {
        "ignored": Fault("An id that is given is not used.", _CHECKED, after(_own_id)),
        "none_made": Fault("Without an id given, what is made is none.", Stage.RENDERING, succeeded(_no_id)),
    },
    "value_outside_the_enum_is_refused": {
        "accepted": Fault("A value outside the set is taken.", _CHECKED, _outside_enum(kept=True)),
        "replaced": Fault("A value outside the set is taken for another.", _CHECKED, _outside_enum(kept=False)),
    },
    "text_fills_the_number": {
        "not_filled": Fault("The text does not fill the number.", _CHECKED, after(_not_filled)),
        "text_wins": Fault("The text wins over a number given.", _CHECKED, after(_text_wins)),
    },
    "read_only_members_are_ignored": {
        "refused": Fault("A write that names a read-only member is refused.", _CHECKED, _read_only_refused),
        "written": Fault("A read-only member is written.", Stage.RENDERING, succeeded(_read_only_written)),
    },
    "invalid_write_changes_nothing": {
        "accepted": Fault("An invalid write is done.", _CHECKED, _invalid_taken),
        "done_all_the_same": Fault("An invalid write is refused, and done.", _CHECKED, _invalid_done),
        "other_status": Fault("An invalid write has another error's status.", Stage.RENDERING, refused(_misstatus, *_INVALID)),
        "other_text": Fault("An invalid write has other texts than documented.", Stage.RENDERING, refused(_mistext, *_INVALID), fits=_has_texts),
    },
    "create_answers_as_jsonapi_says": {
        "plainly_ok": Fault("A create has the status 200.", Stage.RENDERING, succeeded(_plainly_ok)),
        "no_resource": Fault("A create does not show the resource.", Stage.RENDERING, succeeded(_resource_left_out)),
        "client_id_is_not_found": Fault(
            "A client's id is answered with 404.", Stage.RENDERING, refused(_not_found, "client_id"), fits=told_apart("client_id", "not_found")
        ),
        "wrong_type_is_not_found": Fault(
            "A wrong type is answered with 404.", Stage.RENDERING, refused(_not_found, "conflict"), fits=told_apart("conflict", "not_found")
        ),
        "letters_lost": Fault("A create keeps question marks for letters outside of ASCII, and answers with the letters.", _DONE, after(_letters_lost)),
        "update_not_kept": Fault("An update answers with the new values, and keeps the old ones.", Stage.EFFECT, _update_not_kept),
        "others_lost": Fault("An update loses all members that it does not name.", _DONE, after(_others_lost(all_of_them=True))),
    },
}
