"""Requests with a mistake in them, by what the mistake is: each with the same request without it, to tell one refusal from another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from zlib import crc32

from conformance.asking import READS
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.steps.aiming import Aim, Aims, absent_key, attempt, in_order, names_a_record
from conformance.steps.refusals import Trial, trial
from specs.model import Operation, Parent, Resource
from specs.words import an

__all__ = ["USUAL", "cheap", "credentials_taken_away", "trials"]

USUAL: dict[str, tuple[str, ...]] = {
    "not_found": ("unknown_id",),
    "parent_not_found": ("wrong_parent",),
    "missing_parameter": ("missing",),
    "invalid_parameter": ("wrong_type", "bad_page"),
    "invalid_record": ("missing", "empty", "outside_enum", "wrong_type"),
    "malformed": ("malformed_json", "not_an_object"),
    "page_out_of_bounds": ("bad_page",),
    "unauthenticated": ("no_credential",),
    "unsupported_media_type": (),
}
"""How a cause is usually brought about."""

_SOME = 3
"""Members of a create that are broken one by one."""

Makes = Callable[[Exam, Aims, Operation, str], Steps[list[Trial]]]


def trials(exam: Exam, aims: Aims, operations: Iterable[Operation], cause: str, mistakes: Iterable[str] = ()) -> Steps[list[Trial]]:
    """Every request with such a mistake that the operations offer, in an order in which none disturbs the next."""
    found: list[Trial] = []
    for mistake in tuple(mistakes) or USUAL.get(cause, ()):
        makes = _MAKES.get(mistake)
        for operation in in_order(operations) if makes else ():
            if not aims.writing and operation.effect not in READS:
                aims.findings.lack("writes, which are not permitted")
                continue
            made = yield from attempt(makes(exam, aims, operation, cause)) if makes else _none()
            if isinstance(made, Ended):
                aims.findings.lack(f"{operation.id} ({getattr(made.verdict, 'reason', '')})")
            else:
                found += made
    return found


def _none() -> Steps[list[Trial]]:
    yield from ()
    return []


def cheap(exam: Exam, aims: Aims, operations: Iterable[Operation], each: int = 2) -> Steps[list[Trial]]:
    """A few failures of different kinds: no credential, an unknown record, an empty record, an unknown page."""
    known = list(operations)
    reads = [operation for operation in known if operation.effect == "read"][:each]
    lists = [operation for operation in known if operation.effect in ("list", "singleton")][:1]
    creates = [operation for operation in known if operation.effect == "create"][:each]
    found = yield from trials(exam, aims, lists or reads[:1], "unauthenticated")
    found += yield from trials(exam, aims, reads, "not_found")
    if "other" in exam.target.credentials:
        for operation in reads:
            aim = yield from aims.at(operation)
            found += [trial(exam, aim, "foreign_record", "a record of another account", as_="other")] if aim is not None else []
    if aims.writing:
        found += yield from trials(exam, aims, creates, "missing_parameter", ["nothing_given"])
    return found


# Who calls


def credentials_taken_away(exam: Exam) -> dict[str, str]:
    """The credential called full without its secrets; what is public stays."""
    how = exam.ask.authentication
    return {name: value for name, value in exam.target.credentials.get("full", {}).items() if how is not None and name in how.public}


def _no_credential(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = yield from aims.at(operation)
    if aim is None or exam.ask.authentication is None:
        return []
    return [trial(exam, aim, cause, "no credential", credential=credentials_taken_away(exam))]


def _wrong_credential(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = (yield from aims.at(operation)) if operation.effect in READS else None
    if aim is None or exam.ask.authentication is None:
        return []
    return [trial(exam, aim, cause, "a wrong credential", credential=exam.ask.wrong_credential())]


# Which record


def _unknown_id(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    if not names_a_record(operation):
        return []
    resource = exam.spec.resources[operation.resource or ""]
    key = yield from absent_key(exam, resource)
    aim = yield from aims.at(operation)
    if aim is None:
        return []
    request = replace(aim, key=key, absent=True, own=None).request(exam)
    return [Trial(operation, request, cause, f"an unknown {resource.singular}", None if aim.absent else aim.request(exam))]


def _odd_id(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """Ids that no record can have: too large a number, and a text that is none."""
    aim = (yield from aims.at(operation)) if operation.effect == "read" else None
    if aim is None:
        return []
    found = []
    for what, key in (("an id that is too large", "9" * 30), ("an id with odd characters", "proctor'\"<é")):
        request = replace(aim, key=key, absent=True, own=None).request(exam)
        found.append(Trial(operation, request, cause, what, aim.request(exam), certain=False, loose=True))
    return found


def _wrong_parent(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """For `parent_not_found` a parent that does not exist; else one that exists and is not the record's."""
    parents = _parents_in_path(exam, operation)
    aim = (yield from aims.at(operation)) if parents else None
    if aim is None:
        return []
    found: list[Trial] = []
    for parent in parents:
        if cause == "parent_not_found":
            found.append((yield from _absent_parent(exam, aim, parent, cause)))
        elif aim.reads and aim.key is not None and aim.sure:
            found += yield from _other_parent(exam, aim, parent, cause)
    return found


def _parents_in_path(exam: Exam, operation: Operation) -> list[Parent]:
    resource = exam.spec.resources.get(operation.resource or "")
    return [parent for parent in resource.parents if set(parent.parameters) & set(operation.path_parameters)] if resource else []


def _absent_parent(exam: Exam, aim: Aim, parent: Parent, cause: str) -> Steps[Trial]:
    known = exam.spec.resources[parent.resource]
    key = yield from absent_key(exam, known)
    given = None if aim.members is None else {name: value for name, value in aim.members.items() if name != parent.member}
    wrong = replace(aim, parents={**aim.parents, **{name: key for name in parent.parameters if name in aim.parents}}, members=given)
    return Trial(aim.operation, wrong.request(exam), cause, f"an unknown {known.singular}", aim.request(exam) if aim.sure else None)


def _other_parent(exam: Exam, aim: Aim, parent: Parent, cause: str) -> Steps[list[Trial]]:
    """A nested path that names a record of another parent: whether that is a mistake is not said in so many words."""
    resource = exam.spec.resources[aim.operation.resource or ""]
    mine = next(iter(aim.parents[name] for name in parent.parameters if name in aim.parents))
    records = yield from exam.known(resource)
    others = sorted({str(record[parent.member]) for record in records if record.get(parent.member) is not None} - {mine})
    if not others:
        return []
    wrong = replace(aim, parents={**aim.parents, **{name: others[0] for name in parent.parameters if name in aim.parents}})
    what = f"{resource.one} of another {exam.spec.resources[parent.resource].singular}"
    also = ("parent_not_found", "foreign_record", "forbidden", "invalid_record")
    return [Trial(aim.operation, wrong.request(exam), cause, what, aim.request(exam), certain=False, also=also)]


# Members


def _writes_members(operation: Operation) -> bool:
    return operation.effect == "create"


def _nothing_given(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = yield from _creating(aims, operation)
    return [_with(exam, aim, cause, {}, "a create without members", tuple(aim.members or ()))] if aim is not None else []


def _missing(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A create without members, and without each of those that a create gives; which of them a target needs is open."""
    if operation.effect in ("update", "replace"):
        aim = yield from aims.at(operation)
        return [_with(exam, aim, cause, {}, "an update without members", tuple(aim.members or ()))] if aim is not None else []
    if names_a_record(operation):
        return (yield from _no_key(exam, aims, operation, cause))
    aim = yield from _creating(aims, operation)
    if aim is None:
        return []
    given = dict(aim.members or {})
    found = [_with(exam, aim, cause, {}, "a create without members", tuple(given))]
    for name in _required(exam, aim)[:_SOME] if len(given) > 1 else ():
        left = {other: value for other, value in given.items() if other != name}
        found.append(_with(exam, aim, cause, left, f"no {name}", (name,)))
    return found


def _no_key(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A read that does not say of which record, where that is a parameter of its body."""
    if operation.effect != "read" or exam.ask.key_parameter(operation) is not None:
        return []
    aim = yield from aims.at(operation)
    if aim is None or not aim.sure:
        return []
    name = exam.spec.resources[operation.resource or ""].key_parameter
    return [Trial(operation, replace(aim, key=None).request(exam), cause, f"no {name}", aim.request(exam), certain=False, names=(name,))]


def _creating(aims: Aims, operation: Operation) -> Steps[Aim | None]:
    if not _writes_members(operation):
        return None
    return (yield from aims.at(operation))


def _required(exam: Exam, aim: Aim) -> list[str]:
    resource = exam.spec.resources[aim.operation.resource or ""]
    required = exam.payloads.schema(resource).get("required", ())
    given = list(aim.members or ())
    return [name for name in given if name in required] or given


def _with(exam: Exam, aim: Aim, cause: str, members: Mapping[str, Any], what: str, names: tuple[str, ...]) -> Trial:
    """The aim with other members: which of them a target minds is open, so that a success is no failure.

    Texts of ours become another one in each, so that a record tells which request made it.
    """
    mark = f"{crc32(what.encode()) % 1000}"
    ours = [name for name, value in members.items() if isinstance(value, str) and exam.payloads.run in value and name not in names]
    written = {name: f"{value} {mark}" if name in ours else value for name, value in members.items()}
    request = replace(aim, members=written).request(exam)
    return Trial(aim.operation, request, cause, what, aim.request(exam), certain=False, names=names, members=written)


def _properties(exam: Exam, resource: Resource) -> dict[str, Mapping[str, Any]]:
    """The schemas of a create's members, and of a record's where the create says nothing."""
    own, shown = exam.payloads.schema(resource).get("properties", {}), resource.schema.get("properties", {})
    return {name: own.get(name) or shown.get(name) or {} for name in {**shown, **own}}


def _wrong_type(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    if operation.effect in READS:
        return (yield from _wrong_parameters(exam, aims, operation, cause))
    aim = (yield from aims.at(operation)) if operation.effect in ("create", "update", "replace") else None
    if aim is None or not aim.sure:
        return []
    found = []
    properties = _properties(exam, exam.spec.resources[operation.resource or ""])
    for name in list(aim.members or ())[: _SOME + 1]:
        wrong = _of_wrong_type(properties.get(name, {}), _in_text(exam))
        if wrong is not None:
            found.append(_with(exam, aim, cause, {**(aim.members or {}), name: wrong}, f"{name} of a wrong type", (name,)))
    return found


def _in_text(exam: Exam) -> bool:
    """Whether a record travels as text, where any text is a text."""
    envelope = exam.ask.envelope()
    return envelope is not None and envelope.input.place != "body"


def _of_wrong_type(schema: Mapping[str, Any], text: bool) -> Any:
    types = schema.get("type")
    types = set(types) if isinstance(types, list) else {types}
    if types & {"integer", "number", "boolean"}:
        return "proctor" if "string" not in types else None
    if text or None in types:
        return None
    return {"proctor": ["of a wrong type"]} if not types & {"object"} else "proctor"


def _wrong_parameters(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A call with JSON parameters of which one is of a wrong type: only where parameters travel in the body."""
    if operation.body is None or operation.method in ("GET", "HEAD"):
        return []
    aim = yield from aims.at(operation)
    if aim is None:
        return []
    properties = operation.body.media[0].schema.get("properties", {}) if operation.body.media else {}
    found = []
    for name, schema in list(properties.items())[:_SOME]:
        wrong = _of_wrong_type(schema, text=False)
        if wrong is not None and operation.resource:
            request = exam.ask.operation(operation, parents=aim.parents, parameters={name: wrong})
            found.append(Trial(operation, request, cause, f"{name} of a wrong type", aim.request(exam), certain=False, names=(name,)))
    return found


def _outside_enum(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = yield from _creating(aims, operation)
    if aim is None:
        return []
    properties = _properties(exam, exam.spec.resources[operation.resource or ""])
    named = [name for name, schema in properties.items() if schema.get("enum")][:_SOME]
    return [_with(exam, aim, cause, {**(aim.members or {}), name: "proctor-no-such"}, f"{name} outside its values", (name,)) for name in named]


def _out_of_range(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """Numbers below zero and very large: whether a target has bounds is open."""
    aim = yield from _creating(aims, operation)
    if aim is None:
        return []
    numbers = [name for name, value in (aim.members or {}).items() if isinstance(value, int | float) and not isinstance(value, bool)][:1]
    return [_with(exam, aim, cause, {**(aim.members or {}), name: value}, f"{name} {value}", (name,)) for name in numbers for value in (-1, 10**12)]


def _long_text(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A text that is longer than a column may hold."""
    aim = yield from _creating(aims, operation)
    if aim is None:
        return []
    texts = [name for name, value in (aim.members or {}).items() if isinstance(value, str) and exam.payloads.run in value][:1]
    return [_with(exam, aim, cause, {**(aim.members or {}), name: "proctor " * 1000}, f"a long {name}", (name,)) for name in texts]


def _empty(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = yield from _creating(aims, operation)
    if aim is None:
        return []
    texts = [name for name in _required(exam, aim) if isinstance((aim.members or {})[name], str)][:_SOME]
    return [_with(exam, aim, cause, {**(aim.members or {}), name: ""}, f"an empty {name}", (name,)) for name in texts]


# Bodies


def _takes_json(operation: Operation) -> bool:
    return operation.body is not None and any("json" in media.type for media in operation.body.media) and operation.method not in ("GET", "HEAD", "DELETE")


def _not_an_object(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    documents: tuple[tuple[str, Any], ...] = (
        ("an array as the body", ["proctor"]),
        ("a text as the body", "proctor"),
        ("a number as the body", 42),
        ("null as the body", None),
    )
    aim = (yield from aims.at(operation)) if _takes_json(operation) else None
    if aim is None:
        return []
    some = documents if operation.effect == "create" else documents[:1]
    return [_with_body(exam, aim, cause, what, document=document) for what, document in some]


def _malformed_json(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    aim = (yield from aims.at(operation)) if _takes_json(operation) else None
    if aim is None:
        return []
    return [_with_body(exam, aim, cause, "a body that is no JSON", body=b'{"proctor": ')]


def _with_body(exam: Exam, aim: Aim, cause: str, what: str, **body: Any) -> Trial:
    """A body that can't be read: certainly a mistake where the operation needs what stands in it."""
    known = exam.read.errors is not None and "malformed" in exam.read.errors.causes
    in_body = aim.key is not None and exam.ask.key_parameter(aim.operation) is None
    key = None if in_body else aim.key
    request = replace(replace(aim, key=key, members=None).request(exam, **body), touches=None if aim.reads else aim.key)
    needed = aim.operation.effect == "create" or in_body
    return Trial(aim.operation, request, "malformed" if known else cause, what, aim.request(exam), certain=needed)


# Parameters of lists


def _bad_encoding(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A query that can't be decoded."""
    aim = (yield from aims.at(operation)) if operation.effect == "list" and operation.method == "GET" else None
    if aim is None:
        return []
    request = aim.request(exam)
    broken = replace(request, url=request.url + ("&" if "?" in request.url else "?") + "zz_proctor=%FF%zz")
    return [Trial(operation, broken, cause, "a query that can't be decoded", request, certain=False, names=("zz_proctor",))]


def _unknown_sort(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    sorting = exam.parameters_of("sorting", operation) if operation.effect == "list" else None
    aim = (yield from aims.at(operation)) if sorting is not None else None
    if aim is None or sorting is None:
        return []
    request = aim.request(exam, parameters={sorting.parameter: "zz_proctor_no_such"})
    return [Trial(operation, request, cause, "a sort key that there isn't", aim.request(exam), certain=False, names=(sorting.parameter,))]


def _bad_page(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A page size that is no number: an invalid parameter that needs no write; clamping it is open."""
    pagination = exam.pagination(operation) if operation.effect == "list" else None
    if pagination is None or not pagination.size:
        return []
    aim = yield from aims.at(operation)
    if aim is None:
        return []
    request = aim.request(exam, parameters={pagination.size: "proctor"})
    return [Trial(operation, request, cause, f"{an(pagination.size)} that is no number", aim.request(exam), certain=False, names=(pagination.size,))]


def _no_page(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A page that is no number: what it gets is open, but for a failure of the server."""
    pagination = exam.pagination(operation) if operation.effect == "list" else None
    if pagination is None or pagination.style not in ("page_number", "offset"):
        return []
    aim = yield from aims.at(operation)
    if aim is None:
        return []
    name = pagination.page
    return [Trial(operation, aim.request(exam, parameters={name: "proctor"}), cause, f"{an(name)} that is no number", certain=False, names=(name,))]


def _odd_metadata(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A create whose metadata is a text, or null: whether that is a mistake is open."""
    metadata = exam.parameters_of("metadata", operation)
    aim = (yield from _creating(aims, operation)) if metadata is not None and not _in_text(exam) else None
    if aim is None or metadata is None or not aim.sure:
        return []
    name = metadata.member
    odd = ((f"a text as {name}", "proctor"), (f"null as {name}", None))
    return [_with(exam, aim, cause, {**(aim.members or {}), name: value}, what, (name,)) for what, value in odd]


def _odd_page(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A page that no list has and a size of nothing, as numbers: what they get is open, but for a failure of the server."""
    pagination = exam.pagination(operation) if operation.effect == "list" else None
    if pagination is None or not pagination.size:
        return []
    aim = yield from aims.at(operation)
    if aim is None:
        return []
    odd = ((pagination.page, 10**20), (pagination.size, 0))
    return [Trial(operation, aim.request(exam, parameters={name: value}), cause, f"{name} {value}", certain=False, names=(name,)) for name, value in odd]


def _null(exam: Exam, aims: Aims, operation: Operation, cause: str) -> Steps[list[Trial]]:
    """A create with null for the member given last: whether that is a mistake is open."""
    aim = yield from _creating(aims, operation)
    name = next(reversed(list((aim.members if aim is not None else None) or ())), None)
    if aim is None or name is None or _in_text(exam):
        return []
    return [_with(exam, aim, cause, {**(aim.members or {}), name: None}, f"null for {name}", (name,))]


_MAKES: dict[str, Makes] = {
    "no_credential": _no_credential,
    "wrong_credential": _wrong_credential,
    "unknown_id": _unknown_id,
    "wrong_parent": _wrong_parent,
    "nothing_given": _nothing_given,
    "odd_id": _odd_id,
    "long_text": _long_text,
    "unknown_sort": _unknown_sort,
    "missing": _missing,
    "wrong_type": _wrong_type,
    "outside_enum": _outside_enum,
    "out_of_range": _out_of_range,
    "empty": _empty,
    "not_an_object": _not_an_object,
    "malformed_json": _malformed_json,
    "bad_page": _bad_page,
    "no_page": _no_page,
    "odd_metadata": _odd_metadata,
    "odd_page": _odd_page,
    "null": _null,
    "bad_encoding": _bad_encoding,
}
