"""Examines media types: what bodies come in, which requests are refused for theirs, bulk requests and path suffixes."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from conformance.addressing import MISSING, dig, plant
from conformance.asking import READS
from conformance.check import Broken, Check, Ended, Fine, Flow, Observation, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Exchange, Request, Response, Unreadable
from conformance.reading import agrees
from conformance.steps.aiming import Aim, Aims, attempt, in_order, overloaded, passing, stands_in_list, text_of_ours
from conformance.steps.findings import Findings
from conformance.steps.listing import bound
from conformance.steps.mistakes import cheap
from conformance.steps.oddities import BEFORE_THE_API, is_no_http
from conformance.steps.ordinary import ordinary
from conformance.steps.refusals import Trial, misworded, not_created, refused
from conformance.verdict import Failed, Inconclusive, Passed
from specs.conventions.content_negotiation import BodyMedia, ContentNegotiation
from specs.conventions.pagination import Pagination
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

ODD_METHOD = "PUT"
"""A method that a list's path does not have. Of PATCH a document may say nothing at all."""


def _how(exam: Exam, clause: Clause) -> ContentNegotiation:
    parameters: ContentNegotiation = exam.spec.convention(clause).parameters
    return parameters


def _fail(expected: str, observed: str, operation: Operation) -> Ended:
    return Ended(Failed(expected, observed, operation=operation.id))


# Bodies that come


def body_has_media_type(exam: Exam, clause: Clause) -> Flow:
    """Lists and reads, a few failures of different kinds, and (where the document speaks of them) an unknown path and method."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    arguments = clause.arguments if isinstance(clause.arguments, BodyMedia) else BodyMedia()
    for operation in exam.operations(clause):
        aim = (yield from aims.at(operation)) if operation.effect in READS else None
        if aim is not None and aim.sure:
            yield from _look(exam, clause, aim.request(exam), operation.id, findings)
    if arguments.promised and aims.writing:
        for aim in (yield from _writes(exam, clause, aims)):
            yield from _look(exam, clause, aim.request(exam), aim.operation.id, findings)
    if arguments.on == "any":
        for each in (yield from cheap(exam, aims, exam.operations(clause))):
            yield from _look(exam, clause, each.request, f"{each.operation.id}, for {each.what}", findings)
    if arguments.unknown_paths:
        yield from _unknown_places(exam, clause, aims, findings)
    return findings.verdict("{n} bodies have the documented media type", "no body was seen that the rule speaks of")


def _writes(exam: Exam, clause: Clause, aims: Aims) -> Steps[list[Aim]]:
    """The first create and the first update: what a document says of every answer holds of theirs, too."""
    found = []
    for effects in (("create",), ("update", "replace")):
        operation = next((operation for operation in exam.operations(clause) if operation.effect in effects), None)
        aim = (yield from aims.at(operation)) if operation is not None else None
        found += [aim] if aim is not None and aim.sure else []
    return found


def _look(exam: Exam, clause: Clause, request: Request, what: str, findings: Findings) -> Steps[None]:
    response = yield request
    seen = body_media(exam, clause, Exchange(request, response))
    if isinstance(seen, Broken):
        raise Ended(Failed(seen.expected, f"{what}: {seen.observed}", operation=request.operation))
    if isinstance(seen, Fine):
        findings.saw(what, seen.remark)


def _unknown_places(exam: Exam, clause: Clause, aims: Aims, findings: Findings) -> Steps[None]:
    """A path that is no operation, with a credential and without, and a method that a path does not have."""
    operation = next((operation for operation in exam.operations(clause) if operation.effect in READS), None)
    aim = (yield from aims.at(operation)) if operation is not None else None
    if operation is None or aim is None:
        return
    known = aim.request(exam)
    parts = urlsplit(known.url)
    unknown = replace(known, url=urlunsplit(parts._replace(path=exam.ask.base_path + "/zz-proctor-no-such")), operation=None, resource=None, effect=None)
    requests = [("an unknown path", unknown), ("an unknown path without a credential", _without(exam, aim, unknown))]
    if not any(other.method == ODD_METHOD and other.path == operation.path for other in exam.spec.operations.values()) and operation.method == "GET":
        requests.append(("a method that the path does not have", replace(known, method=ODD_METHOD, operation=None, effect=None)))
    for what, request in requests:
        response = yield request
        found = _wrong_media(_how(exam, clause), exam, response) if response.body.strip() and response.status not in BEFORE_THE_API else None
        if found is not None:
            raise Ended(Failed(found.expected, f"{what} was answered with {found.observed}"))
        if response.body.strip():
            findings.saw(what)


def _without(exam: Exam, aim: Aim, unknown: Request) -> Request:
    bare = aim.request(exam, as_=None)
    parts = urlsplit(bare.url)
    return replace(unknown, url=urlunsplit(urlsplit(unknown.url)._replace(query=parts.query)), headers=bare.headers, as_=None)


def body_media(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the body of any answer to a plain call of the clause's operations; of an empty one it says nothing."""
    operation, response = ordinary(exam, exchange), exchange.response
    arguments = clause.arguments if isinstance(clause.arguments, BodyMedia) else BodyMedia()
    if operation is None or operation.id not in clause.operations or response is None or response.status in (304, *BEFORE_THE_API):
        return None
    if response.status in (204, 205):
        return Broken("a body", f"{operation.id} answered {response.status}, which has none") if arguments.promised else None
    succeeded = exam.read.succeeded(response)
    if (arguments.on == "success" and not succeeded) or (succeeded and operation.effect == "delete") or is_no_http(exchange.request):
        return None
    if not response.body.strip():
        return None if response.status not in (200, 201) else Broken("a JSON body", f"{operation.id} answered {response.status} with none")
    marked = response.body.startswith(BOM_UTF8)
    return _wrong_media(_how(exam, clause), exam, response) or Fine("a byte order mark stands before the JSON, where RFC 8259 has none" if marked else "")


def _wrong_media(how: ContentNegotiation, exam: Exam, response: Response) -> Broken | None:
    accepted = [*how.accepted, *([exam.read.errors.media] if exam.read.errors and exam.read.errors.media and exam.read.failed(response) else [])]
    expected = f"a body of {' or '.join(accepted)}"
    if not any(_is_of(response.media_type, name) for name in accepted):
        return Broken(expected, f"{response.status} with {response.header('content-type') or 'no Content-Type'}")
    try:
        response.json()
    except Unreadable as problem:
        return Broken(expected, f"{response.status} with {problem}")
    return None


def _is_of(media: str, name: str) -> bool:
    """Whether a media type is the one of that name: `json` is any type that has it as subtype or suffix."""
    if "/" in name:
        return media == name.lower()
    subtype = media.partition("/")[2]
    return subtype == name or subtype.endswith(f"+{name}") or subtype == f"x-{name}"


# JSON that is read


def json_body_is_read(exam: Exam, clause: Clause) -> Flow:
    """Ids, page sizes and members, each in a JSON body, must each have their effect."""
    exam.need("full")
    findings = Findings()
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        if operation.body is None or operation.resource is None:
            continue
        resource = exam.spec.resources[operation.resource]
        if operation.effect == "read":
            yield from _id_is_read(exam, resource, operation, findings)
        elif operation.effect == "list":
            yield from _post_is_taken(exam, resource, operation)
            yield from _size_is_read(exam, resource, operation, findings)
        elif operation.effect == "create" and aims.writing:
            yield from _members_are_read(exam, aims, resource, operation, findings)
    return findings.verdict("{n} calls whose JSON body had its effect", "no parameter in a JSON body could be told by its effect")


def _id_is_read(exam: Exam, resource: Resource, operation: Operation, findings: Findings) -> Steps[None]:
    """Two ids give two records, each the one that was named."""
    if exam.ask.key_parameter(operation) is not None:
        return
    keys = [str(record[resource.key]) for record in (yield from exam.known(resource)) if record.get(resource.key) is not None]
    for key in keys[:1] + keys[1:][-1:]:
        response = yield exam.ask.operation(operation, key=key)
        record = passing(exam, response, resource)
        if overloaded(response):
            findings.lack(f"{operation.id} (answered {response.status})")
            return
        if record is None:
            told = exam.read.excerpt(response, 80)
            raise _fail(f"the {resource.singular} named in the body", f"{operation.id} answered {response.status}: {told}", operation)
        if str(record.get(resource.key)) != key:
            raise _fail(f"the {resource.singular} {key}, named in the body", f"{operation.id} gave {record.get(resource.key)!r}", operation)
    if len(keys) > 1:
        findings.saw(f"{operation.id} by two ids")


def _post_is_taken(exam: Exam, resource: Resource, operation: Operation) -> Steps[None]:
    """A list that fails for a POST with a JSON body must not succeed for a bare GET."""
    request = exam.ask.operation(operation)
    response = yield request
    if operation.method != "POST" or exam.read.succeeded(response) or overloaded(response):
        return
    headers = tuple((name, value) for name, value in request.headers if name.lower() != "content-type")
    bare = yield replace(request, method="GET", body=None, headers=headers)
    if _count(exam, bare, resource) >= 0:
        told = exam.read.excerpt(response, 80)
        raise _fail("a list for a POST with a JSON body", f"{operation.id} answered {response.status}: {told}, and gave the list for a GET", operation)


def _size_is_read(exam: Exam, resource: Resource, operation: Operation, findings: Findings) -> Steps[None]:
    """A page of one record, where the list says that it is cut into pages of one: neither pages nor the parameter's name need be documented."""
    pagination = exam.pagination(operation)
    if pagination is None or not pagination.size or not pagination.numbers.per_page:
        return
    usual = yield exam.ask.operation(operation)
    response = yield exam.ask.operation(operation, parameters={pagination.size: 1})
    many, one = (_count(exam, each, resource) for each in (usual, response))
    told = dig(exam.read.document(response), pagination.numbers.per_page)
    if many < 2 or told is MISSING or one < 0:
        return
    if one > 1 and told != 1 and not (yield from _is_the_size(exam, resource, operation, pagination)):
        findings.lack(f"{operation.id} with {pagination.size} 1 (it may call the size otherwise: {told!r} is told)")
        return
    if one > 1:
        raise _fail(f"one record, for {pagination.size} 1 in the body", f"{operation.id} gave {one}", operation)
    findings.saw(f"{operation.id} with {pagination.size} 1")


def _is_the_size(exam: Exam, resource: Resource, operation: Operation, pagination: Pagination) -> Steps[bool]:
    """Whether the list's size goes by that name: by the document or the target, or because it has its effect in a query."""
    group = next(group for group in exam.spec.groups.values() if group.parameters is pagination)
    if "size" not in group.choices or bound(exam, group, "size") is not None:
        return True
    response = yield exam.ask.operation(operation, query=[(pagination.size or "", "1")])
    return _count(exam, response, resource) == 1


def _count(exam: Exam, response: Response, resource: Resource) -> int:
    """The number of records of a list, below zero where it can't be read."""
    try:
        return len(exam.read.records(response, resource)) if exam.read.succeeded(response) else -1
    except Unreadable:
        return -1


def _members_are_read(exam: Exam, aims: Aims, resource: Resource, operation: Operation, findings: Findings) -> Steps[None]:
    """A record made of members in JSON, in UTF-8 as it stands, has them: texts with letters of many alphabets, and false."""
    given = yield from attempt(exam.payload(resource))
    parents = yield from attempt(exam.parents_of(operation))
    if isinstance(given, Ended) or isinstance(parents, Ended):
        findings.lack(f"{operation.id}, as its members are not known")
        return
    given = {name: _telling(exam, value) for name, value in given.items()}
    request = exam.ask.operation(operation, members=given, parents=parents)
    request = replace(request, body=json.dumps(json.loads(request.body or b"{}"), ensure_ascii=False).encode())
    response = yield request
    made = yield from attempt(_made(exam, resource, given, response))
    if isinstance(made, Ended):
        yield from _is_no_fault_of_letters(exam, resource, operation, response)
        findings.lack(f"{operation.id} ({getattr(made.verdict, 'reason', '')})")
        return
    own = yield from aims.owned(made)
    shown = {**made.record, **own.record}
    for name in (name for name, value in given.items() if name in shown and (isinstance(value, bool) or _is_ours(exam, value))):
        if not agrees(given[name], shown[name]):
            raise _fail(f"{name} as given in the body, {given[name]!r}", f"{operation.id} made one with {shown[name]!r}", operation)
        findings.saw(f"{operation.id}: {name}")


def _telling(exam: Exam, value: Any) -> Any:
    """A value that a careless reader of JSON loses: a text with letters of many alphabets, or false."""
    if isinstance(value, bool):
        return False
    return f"{value} é漢😀" if _is_ours(exam, value) else value


def _made(exam: Exam, resource: Resource, given: Mapping[str, Any], response: Response) -> Steps[Made]:
    yield from ()
    return exam.made(resource, given, response, "full")


def _is_no_fault_of_letters(exam: Exam, resource: Resource, operation: Operation, response: Response) -> Steps[None]:
    """Letters of other alphabets may be refused, but the server must not fail over them where it makes a record without."""
    if response.status < 500 or overloaded(response) or isinstance((yield from attempt(exam.make(resource))), Ended):
        return
    told = f"{operation.id} answered {response.status}, and made a record without them"
    raise _fail("a record, or a refusal, for letters of many alphabets", told, operation)


def _is_ours(exam: Exam, value: Any) -> bool:
    return isinstance(value, str) and exam.payloads.run in value


# Requests of another media type


def wrong_content_type_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Valid creates and updates, sent as something else; nothing is made or changed."""
    exam.need("full")
    how, findings = _how(exam, clause), Findings()
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        if operation.method not in ("POST", "PATCH", "PUT") or operation.body is None or operation.effect in READS:
            continue
        aim = yield from aims.at(operation)
        if aim is None or not aim.sure or aim.request(exam).body is None:
            continue
        types = [kind for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded") if kind not in how.request]
        for kind in types if operation.effect == "create" else types[:2]:
            yield from _sent_as(exam, aim, kind, findings)
    for own in aims.every_own():
        harm = yield from aims.harmed(own)
        if harm:
            raise Ended(Failed("nothing changes where the media type is refused", f"{own.made.resource.singular}: {harm}"))
    return findings.verdict("{n} requests of another media type were refused", "no request with a body could be sent as something else")


def _sent_as(exam: Exam, aim: Aim, kind: str, findings: Findings) -> Steps[None]:
    request = aim.request(exam, headers=[("Content-Type", kind)])
    control = aim.request(exam)
    response = yield from refused(exam, Trial(aim.operation, request, "unsupported_media_type", f"a body sent as {kind}", control), findings)
    wrong = misworded(exam, "unsupported_media_type", response)
    if wrong:
        raise _fail(f"the documented body for a body sent as {kind}", f"{aim.operation.id} answered {response.status} with {wrong}", aim.operation)
    if aim.operation.effect != "create":
        return
    resource = exam.spec.resources[aim.operation.resource or ""]
    if (yield from stands_in_list(exam, resource, text_of_ours(exam, aim.members or {}))):
        raise _fail(f"no new {resource.singular} where the media type is refused", f"{aim.operation.id} refused it and made one", aim.operation)


def unacceptable_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Accept headers that can always be met, and some that can't.

    Which of the latter are refused is not said, so that each may be served; but one of them must be refused, a refusal is as
    documented, and what is refused by one operation is refused by all.
    """
    exam.need("full")
    findings = Findings()
    served: list[tuple[str, Operation]] = []
    refusing: list[tuple[str, Operation]] = []
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        aim = (yield from aims.at(operation)) if operation.effect in READS else None
        if operation.effect == "create" and aims.writing:
            yield from _create_not_met(exam, clause, aims, operation, served, refusing)
        if aim is None or not aim.sure or not exam.read.succeeded((yield aim.request(exam))):
            continue
        yield from _met(exam, clause, aim, findings)
        for what, accept in _unmet(exam, clause):
            response = yield from _not_met(exam, aim, what, accept, findings)
            if exam.read.succeeded(response):
                served.append((what, operation))
            elif exam.read.answered("not_acceptable", response).fine:
                refusing.append((what, operation))
    return _by_all(exam, findings, served, refusing)


def _create_not_met(
    exam: Exam, clause: Clause, aims: Aims, operation: Operation, served: list[tuple[str, Operation]], refusing: list[tuple[str, Operation]]
) -> Steps[None]:
    """A create whose answer can't be accepted: notes whether it was served; one that was refused so must not have made its record."""
    aim = yield from aims.at(operation)
    if aim is None or not aim.sure:
        return
    what, accept = _unmet(exam, clause)[0]
    response = yield aim.request(exam, headers=[("Accept", accept)])
    if exam.read.succeeded(response):
        served.append((what, operation))
    elif exam.read.answered("not_acceptable", response).fine:
        refusing.append((what, operation))
        yield from not_created(aims, aim, f"{what} is refused")


def _met(exam: Exam, clause: Clause, aim: Aim, findings: Findings) -> Steps[None]:
    plain, status = _how(exam, clause).response, _not_acceptable(exam)
    both = (f"Accept: {plain} with a parameter and without", f"{plain}; proctor=1, {plain}")
    for what, accept in (("Accept: */*", "*/*"), ("no Accept", ""), (f"Accept: {plain} among others", f"text/html, {plain}, */*;q=0.1"), both):
        response = yield aim.request(exam, headers=[("Accept", accept)])
        if response.status == status:
            raise _fail(f"no {status} for {what}", f"{aim.operation.id} answered it", aim.operation)
        if not exam.read.succeeded(response):
            findings.remark(f"{aim.operation.id} answers {what} with {response.status}")


def _not_acceptable(exam: Exam) -> int:
    """The status of such a refusal: the documented one, else that of HTTP."""
    known = exam.read.errors.causes.get("not_acceptable") if exam.read.errors else None
    return known.status if known is not None else 406


def _unmet(exam: Exam, clause: Clause) -> tuple[tuple[str, str], ...]:
    plain = _how(exam, clause).response
    with_parameter = (f"Accept: {plain} with a parameter alone", f"{plain}; proctor=1")
    return (with_parameter, ("Accept: text/html alone", "text/html"), ("Accept: image/png alone", "image/png"))


def _not_met(exam: Exam, aim: Aim, what: str, accept: str, findings: Findings) -> Steps[Response]:
    response = yield aim.request(exam, headers=[("Accept", accept)])
    cause, name = exam.read.cause("not_acceptable"), aim.operation.id
    wrong_status = 400 <= response.status <= 499 and response.status != 429 and accept != "text/html"
    fine = exam.read.answered("not_acceptable", response).fine
    if response.status == 500 or (wrong_status and not fine):
        raise _fail(f"{cause.status}, or to be served, for {what}", f"{name} answered {response.status}", aim.operation)
    if not fine:
        findings.remark(f"{name} answers {what} with {response.status}")
        return response
    wrong = misworded(exam, "not_acceptable", response)
    if wrong:
        raise _fail(f"the documented body for {what}", f"{name} answered {response.status} with {wrong}", aim.operation)
    findings.saw(f"{name}: {response.status} for {what}")
    return response


def _by_all(exam: Exam, findings: Findings, served: list[tuple[str, Operation]], refusing: list[tuple[str, Operation]]) -> Failed | Passed | Inconclusive:
    refused_somewhere, status = {what for what, _ in refusing}, _not_acceptable(exam)
    if served and not refusing:
        every = ", ".join(dict.fromkeys(what for what, _ in served))
        return Failed(f"{status} for an Accept that can't be met", f"{served[0][1].id} serves every one: {every}", operation=served[0][1].id)
    for what, operation in served:
        if what in refused_somewhere:
            return Failed(f"{status} for {what}, as other operations answer", f"{operation.id} answered with a success", operation=operation.id)
    return findings.verdict("{n} Accept headers that can't be met were refused as documented", "no Accept header was refused")


# Bulk requests


def bulk_is_all_or_none(exam: Exam, clause: Clause) -> Flow:
    """A marked array of two records; one with a record in it that can't be; and an array that is not marked."""
    exam.need("full")
    how, findings = _how(exam, clause), Findings()
    if how.bulk is None:
        return Inconclusive("no parameter marks a bulk request")
    aims = Aims(exam, findings)
    for operation in exam.operations(clause):
        if operation.effect != "create" or operation.resource is None:
            continue
        aim = yield from aims.at(operation)
        if aim is not None and (yield from _takes_one(exam, aim, findings)):
            yield from _all(exam, how, aim, findings)
            yield from _none(exam, how, aim, findings)
            yield from _unmarked(exam, how, aim, findings)
    return findings.verdict("{n} bulk requests were taken wholly or not at all", "no bulk request could be sent, or all were refused")


def _takes_one(exam: Exam, aim: Aim, findings: Findings) -> Steps[bool]:
    response = yield aim.request(exam)
    if not exam.read.succeeded(response):
        findings.lack(f"{aim.operation.id} (a single one was answered with {response.status})")
    return exam.read.succeeded(response)


def _several(exam: Exam, aim: Aim, count: int) -> Steps[tuple[list[str], list[Any], str]]:
    """Several new records: the text by which each is known, their documents, and where the array of them stands in the body."""
    resource = exam.spec.resources[aim.operation.resource or ""]
    known, documents, root = [], [], "/" + _root(exam).lstrip("/").partition("/")[0]
    for _ in range(count):
        members = yield from exam.payload(resource)
        known.append(text_of_ours(exam, members))
        body = json.loads(replace(aim, members=members).request(exam).body or b"{}")
        documents.append(dig(body, root) if root != "/" else body)
    return known, documents, root


def _root(exam: Exam) -> str:
    envelope = exam.ask.envelope()
    return envelope.input.root if envelope is not None else ""


def _bulk(exam: Exam, how: ContentNegotiation, aim: Aim, documents: list[Any], root: str, *, marked: bool) -> Request:
    body: Any = documents
    if root != "/":
        body = {}
        plant(body, root, documents)
    kind = f"{how.request[0]}; {how.bulk}" if marked else how.request[0]
    return replace(aim, members=None).request(exam, body=json.dumps(body).encode(), headers=[("Content-Type", kind)])


def _all(exam: Exam, how: ContentNegotiation, aim: Aim, findings: Findings) -> Steps[None]:
    """A marked array of two is taken, and then both are there; whether each resource takes such an array is open."""
    known, documents, root = yield from _several(exam, aim, 2)
    response = yield _bulk(exam, how, aim, documents, root, marked=True)
    name, resource = aim.operation.id, exam.spec.resources[aim.operation.resource or ""]
    if response.status >= 500 and not overloaded(response):
        raise _fail("a marked array of records taken or refused", f"{name} answered {response.status}", aim.operation)
    there = 0
    for text in known:
        there += yield from stands_in_list(exam, resource, text)
    if exam.read.succeeded(response) and all(known):
        if there < len(known):
            raise _fail(f"both {resource.plural} of a marked array made", f"{name} answered {response.status}, and {there} of them in the list", aim.operation)
        findings.saw(f"{name}: both")
    elif there:
        raise _fail("none made of a marked array that is refused", f"{name} answered {response.status}, and {there} of them in the list", aim.operation)
    elif exam.read.succeeded(response):
        findings.lack(f"{name} (its records have no text by which they could be found)")
    else:
        findings.lack(f"{name} (a marked array was answered with {response.status})")


def _none(exam: Exam, how: ContentNegotiation, aim: Aim, findings: Findings) -> Steps[None]:
    """A marked array with one record that can't be: if that one alone is refused, nothing of the array may be made."""
    known, documents, root = yield from _several(exam, aim, 2)
    bad = _impossible(documents[1])
    alone: Any = {}
    plant(alone, root, bad)
    response = yield replace(aim, members=None).request(exam, document=alone if root != "/" else bad)
    if exam.read.succeeded(response) or overloaded(response):
        return
    response = yield _bulk(exam, how, aim, [documents[0], bad], root, marked=True)
    name, resource = aim.operation.id, exam.spec.resources[aim.operation.resource or ""]
    if response.status >= 500 and not overloaded(response):
        raise _fail("a marked array with a wrong record refused", f"{name} answered {response.status}", aim.operation)
    if known[0] and (yield from stands_in_list(exam, resource, known[0])):
        raise _fail("nothing made of a marked array with a wrong record in it", f"{name} answered {response.status} and made the other", aim.operation)
    if exam.read.succeeded(response):
        raise _fail("a marked array with a wrong record refused", f"{name} answered {response.status}", aim.operation)
    findings.saw(f"{name}: none")


def _impossible(document: Any) -> Any:
    """A record of a type that there isn't, or, where records have no type, one without members."""
    return {**document, "type": "zz-proctor-no-such"} if isinstance(document, Mapping) and "type" in document else {}


def _unmarked(exam: Exam, how: ContentNegotiation, aim: Aim, findings: Findings) -> Steps[None]:
    known, documents, root = yield from _several(exam, aim, 2)
    response = yield _bulk(exam, how, aim, documents, root, marked=False)
    name, resource = aim.operation.id, exam.spec.resources[aim.operation.resource or ""]
    if exam.read.succeeded(response):
        raise _fail("an array that is not marked refused", f"{name} answered {response.status}", aim.operation)
    if response.status >= 500 and not overloaded(response):
        raise _fail("an array that is not marked refused", f"{name} answered {response.status}", aim.operation)
    if known[0] and (yield from stands_in_list(exam, resource, known[0])):
        raise _fail("nothing made of an array that is not marked", f"{name} answered {response.status} and made one", aim.operation)
    findings.saw(f"{name}: {response.status} for an array that is not marked")


# Suffixes


def suffix_and_bare_path_agree(exam: Exam, clause: Clause) -> Flow:
    """Each read with the suffix and without it; one of the two may be unknown, but where both answer they say the same."""
    exam.need("full")
    how, findings = _how(exam, clause), Findings()
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        aim = (yield from aims.at(operation)) if operation.effect in READS else None
        for suffix in how.suffixes if aim is not None and aim.sure else ():
            if aim is not None:
                yield from _agree(exam, how, aim, suffix, findings)
    return findings.verdict("{n} paths answer the same with the suffix and without", "no path answers both with the suffix and without")


def _agree(exam: Exam, how: ContentNegotiation, aim: Aim, suffix: str, findings: Findings) -> Steps[None]:
    path, name = aim.operation.path, aim.operation.id
    bare = path.removesuffix(suffix)
    first = yield aim.request(exam, path=bare + suffix)
    second = yield aim.request(exam, path=bare)
    for what, response in (("with", first), ("without", second)):
        if response.status >= 500 and not overloaded(response):
            raise _fail(f"no server error {what} {suffix}", f"{name} answered {response.status}", aim.operation)
    if not exam.read.succeeded(first):
        if exam.read.succeeded(second):
            raise _fail(f"the path with {suffix} answers, as the one without does", f"{name} answered {first.status}", aim.operation)
        findings.lack(f"{name} (answered {first.status})")
        return
    wrong = _wrong_media(how, exam, first)
    if wrong is not None:
        raise _fail(wrong.expected, f"{name} answered {wrong.observed}", aim.operation)
    if not exam.read.succeeded(second):
        findings.remark(f"{name} answers {second.status} without {suffix}")
        return
    yield from _same(exam, aim, suffix, first, second, findings)


def _bare(document: Any, suffix: str) -> Any:
    """A document whose links lack the suffix: those to other pages lead to the path that was asked for."""
    if isinstance(document, str):
        return re.sub(re.escape(suffix) + r"(?=$|[?#])", "", document) if "/" in document else document
    if isinstance(document, Mapping):
        return {name: _bare(value, suffix) for name, value in document.items()}
    return [_bare(value, suffix) for value in document] if isinstance(document, list) else document


def _same(exam: Exam, aim: Aim, suffix: str, first: Response, second: Response, findings: Findings) -> Steps[None]:
    """Fails where the two differ and do so again: data may change in between."""
    name, bare = aim.operation.id, aim.operation.path.removesuffix(suffix)
    if _bare(_document(first), suffix) != _bare(_document(second), suffix):
        again = yield aim.request(exam, path=bare + suffix, fresh=True)
        twice = yield aim.request(exam, path=bare, fresh=True)
        if _document(again) == _document(first) and _document(twice) == _document(second):
            told = f"{name} answers {exam.read.excerpt(first, 60)} and {exam.read.excerpt(second, 60)}"
            raise _fail(f"the same with {suffix} and without", told, aim.operation)
        findings.remark(f"{name} changes from call to call")
        return
    findings.saw(name)


def _document(response: Response) -> Any:
    try:
        return response.json()
    except Unreadable:
        return response.body


CHECKS = {
    "body_has_media_type": Check(
        body_has_media_type,
        body_media,
        how="Looks at the Content-Type and the body of every answer, failures and unknown paths included where the document speaks of them.",
    ),
    "json_body_is_read": Check(
        json_body_is_read,
        how="Sends ids, page sizes and members in a JSON body, and looks for their effect.",
    ),
    "wrong_content_type_is_refused": Check(
        wrong_content_type_is_refused,
        how="Sends valid creates and updates as another media type, and looks that nothing is made or changed.",
    ),
    "unacceptable_is_refused": Check(
        unacceptable_is_refused,
        how="Reads with Accept headers that can be met and some that can't.",
    ),
    "bulk_is_all_or_none": Check(
        bulk_is_all_or_none,
        how="Creates two records at once, two of which one can't be, and two without the mark.",
    ),
    "suffix_and_bare_path_agree": Check(
        suffix_and_bare_path_agree,
        how="Reads each path with its suffix and without.",
    ),
}
