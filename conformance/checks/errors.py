"""Examines refusals: the shape of their bodies, the answer to each cause, and that no input makes the server fail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from conformance.addressing import MISSING, dig, dig_all, texts
from conformance.asking import READS
from conformance.check import Broken, Check, Ended, Fine, Flow, Observation, Steps
from conformance.exam import Exam, Walk
from conformance.exchange import Exchange, NoAnswer, Request, Response, Unreadable
from conformance.reading import allows
from conformance.schemas import mismatch
from conformance.steps.aiming import Aims, Own, attempt, overloaded, passing, text_of_ours
from conformance.steps.findings import Findings
from conformance.steps.mistakes import USUAL, cheap, trials
from conformance.steps.oddities import BEFORE_THE_API, Odd, is_no_http, odd, oddities, sent
from conformance.steps.refusals import Trial, refused
from conformance.verdict import Failed, Inconclusive
from specs.conventions.errors import BodyShape, Cause, CauseAnswered, CauseGivesMember, EntriesAt, Errors, MemberIsOneOf, NamedMember, StatusNever
from specs.model import Clause, Operation, Resource
from specs.words import an

__all__ = ["CHECKS"]

Judge = Callable[[Exam, Clause, Exchange], Observation]


def _how(exam: Exam, clause: Clause) -> Errors:
    parameters: Errors = exam.spec.convention(clause).parameters
    return parameters


def spoken_of(exam: Exam, clause: Clause, exchange: Exchange) -> Response | None:
    """The answer, if it is a refusal that the API itself gave to a call of one of the clause's operations, else None."""
    request, response = exchange.request, exchange.response
    operation = exam.spec.operations.get(request.operation or "")
    if response is None or operation is None or request.operation not in clause.operations:
        return None
    if request.method != operation.method and (response.status != 405 or 405 not in _how(exam, clause).shape_on):
        return None
    if not exam.read.failed(response) or response.status > 500 or response.status in BEFORE_THE_API or is_no_http(request):
        return None
    return response


def _watched(exam: Exam, clause: Clause, judge: Judge, tried: Iterable[Trial], findings: Findings) -> Steps[None]:
    """Sends each request and judges its answer; ends the check as failed at the first that breaks the rule."""
    for each in tried:
        response = yield each.request
        seen = judge(exam, clause, Exchange(each.request, response))
        if isinstance(seen, Broken):
            raise Ended(Failed(seen.expected, f"{each.operation.id}, for {each.what}: {seen.observed}", operation=each.operation.id))
        if isinstance(seen, Fine):
            findings.saw(f"{each.operation.id} for {each.what}", seen.remark)


# The shape of a body


def error_body_has_shape(exam: Exam, clause: Clause) -> Flow:
    """A few failures of different kinds; every other failure of the examination is observed, too."""
    findings = Findings()
    exam.need("full")
    aims = Aims(exam, findings)
    tried = yield from cheap(exam, aims, exam.operations(clause))
    if 405 in _how(exam, clause).shape_on:
        tried += yield from _odd_methods(exam, aims, clause)
    yield from _watched(exam, clause, shape, tried, findings)
    if isinstance(clause.arguments, BodyShape) and clause.arguments.unknown_paths:
        yield from _unknown_path(exam, aims, clause, findings)
    return findings.verdict("{n} refusals have the documented body", "no refusal was seen whose body is documented")


def _odd_methods(exam: Exam, aims: Aims, clause: Clause) -> Steps[list[Trial]]:
    """A method that the first list's path does not have."""
    operation = next((operation for operation in exam.operations(clause) if operation.effect == "list" and operation.method == "GET"), None)
    aim = (yield from aims.at(operation)) if operation is not None else None
    if operation is None or aim is None or any(other.path == operation.path and other.method == "PUT" for other in exam.spec.operations.values()):
        return []
    return [Trial(operation, aim.request(exam, method="PUT"), "method_not_allowed", "a method that the path does not have", certain=False)]


def _unknown_path(exam: Exam, aims: Aims, clause: Clause, findings: Findings) -> Steps[None]:
    """A path that is no operation, with a credential."""
    operation = next((operation for operation in exam.operations(clause) if operation.effect == "list"), None)
    aim = (yield from aims.at(operation)) if operation is not None else None
    if aim is None:
        return
    known = aim.request(exam)
    url = urlunsplit(urlsplit(known.url)._replace(path=exam.ask.base_path + "/zz-proctor-no-such"))
    response = yield replace(known, url=url, operation=None, resource=None, effect=None)
    if not exam.read.failed(response) or response.status > 500 or response.status in BEFORE_THE_API:
        return
    seen = _judged(exam, clause, response)
    if isinstance(seen, Broken):
        raise Ended(Failed(seen.expected, f"an unknown path: {seen.observed}"))
    if isinstance(seen, Fine):
        findings.saw("an unknown path", seen.remark)


def shape(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the body of a refusal, where the document shows the bodies of its status."""
    response = spoken_of(exam, clause, exchange)
    return _judged(exam, clause, response) if response is not None else None


def _judged(exam: Exam, clause: Clause, response: Response) -> Observation:
    how = _how(exam, clause)
    if how.shape is None or (how.shape_on and not allows(how.shape_on, response.status)):
        return None
    try:
        document = response.json()
    except Unreadable as problem:
        return Broken("a JSON body of the documented shape", f"{response.status} with {problem}")
    found = mismatch(how.shape, document)
    if found is not None:
        return _misshapen(exam, clause, how, document, f"{response.status} with {found}")
    exam.notes[_known_place(clause)] = True
    return _status_repeated(how, document, response)


def _known_place(clause: Clause) -> str:
    return f"{clause.id}: a body of the documented shape was seen"


def _misshapen(exam: Exam, clause: Clause, how: Errors, document: Any, observed: str) -> Observation:
    """Where several readings of the place are open, an object at a place that none of them knows is no failure."""
    expected = "a body of the documented shape"
    if "anyOf" not in (how.shape or {}) or not isinstance(document, Mapping):
        return Broken(expected, observed)
    known = any(dig_all(document, pointer) for pointers in how.members.values() for pointer in pointers)
    if known or exam.notes.get(_known_place(clause)):
        return Broken(expected, observed)
    return None


def _status_repeated(how: Errors, document: Any, response: Response) -> Observation:
    told = dig_all(document, how.status_at) if how.status_at else []
    for status in told:
        if str(status) != str(response.status):
            return Broken(f"{response.status} at {how.status_at}, as the HTTP status says", f"{status!r}")
    return Fine("the status stands as a string in the body" if any(isinstance(status, str) for status in told) else "")


def entries_say_something(exam: Exam, clause: Clause) -> Flow:
    """A few failures of different kinds, and every other one of the examination."""
    findings = Findings()
    exam.need("full")
    aims = Aims(exam, findings)
    tried = yield from cheap(exam, aims, exam.operations(clause))
    yield from _watched(exam, clause, entries, tried, findings)
    return findings.verdict("{n} refusals say what is wrong", "no refusal was seen whose entries are documented")


def entries(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the entries of a refusal: there, and each with something to read in it."""
    how, response = _how(exam, clause), spoken_of(exam, clause, exchange)
    at = clause.arguments.at if isinstance(clause.arguments, EntriesAt) else ""
    if response is None or (how.shape_on and not allows(how.shape_on, response.status)):
        return None
    try:
        found = dig(response.json(), at)
    except Unreadable:
        return None
    if found is MISSING or not isinstance(found, list | Mapping):
        return None
    expected = f"entries at {at}, each with a text"
    listed = list(found.values()) if isinstance(found, Mapping) else found
    if not listed:
        return Broken(expected, f"{response.status} with none")
    silent = next((entry for entry in listed if not any(texts(entry))), None)
    return Fine() if all(any(texts(entry)) for entry in listed) else Broken(expected, f"{response.status} with {json.dumps(silent)[:80]}")


# The answer to a cause


def cause_is_answered(exam: Exam, clause: Clause) -> Flow:
    """Each operation, with each of the mistakes that bring the cause about."""
    findings, arguments = Findings(), clause.arguments
    assert isinstance(arguments, CauseAnswered)
    exam.need("full")
    if arguments.cause not in USUAL and not arguments.mistakes:
        return Inconclusive(f"no request is known that surely brings {arguments.cause} about")
    aims = Aims(exam, findings)
    tried = yield from trials(exam, aims, exam.operations(clause), arguments.cause, arguments.mistakes)
    if arguments.cause == "not_found":
        tried += yield from trials(exam, aims, exam.operations(clause), arguments.cause, ["odd_id"])
    known, turned_down = (yield from _listed_before(exam, tried)), []
    for each in tried:
        response = yield from refused(exam, each, findings)
        if each.cause == arguments.cause and exam.read.answered(each.cause, response).fine:
            _documented_members(exam, each, arguments.members, response, findings)
        if exam.read.failed(response):
            turned_down.append(each)
    yield from _nothing_was_done(exam, aims, known, tried, turned_down)
    if arguments.cause == "not_found":
        yield from _deleted_are_unknown(exam, clause, aims)
    return findings.verdict("{n} mistakes got the documented answer", f"nothing was refused for {arguments.cause}")


def _nothing_was_done(exam: Exam, aims: Aims, known: Mapping[str, set[str]], tried: list[Trial], turned_down: list[Trial]) -> Steps[None]:
    """Ends the check as failed where a create that was refused made its record, or an update that was refused changed ours."""
    for name, before in known.items():
        creates = [each for each in tried if each.operation.resource == name and each.operation.effect == "create"]
        walk = yield from attempt(_all_of(exam, exam.spec.resources[name]))
        for record in walk.records if not isinstance(walk, Ended) else ():
            new = str(record.get(exam.spec.resources[name].key)) not in before
            each = next((one for one in creates if new and one in turned_down and _made_by(exam, one, record, creates, turned_down)), None)
            if each is not None:
                raise Ended(Failed(f"no new record for {each.what}, which was refused", "it is in the list", operation=each.operation.id))
    updates = [each for each in turned_down if each.operation.effect in ("update", "replace")]
    for own in list(aims.every_own()):
        if own.readable and any(each.operation.resource == own.made.resource.name for each in updates):
            yield from _is_unchanged(exam, aims, own, updates)


def _all_of(exam: Exam, resource: Resource) -> Steps[Walk]:
    operation = exam.operation(resource, "list")
    pagination = exam.pagination(operation) if operation is not None else None
    size = (pagination.maximum or pagination.stub_default) if pagination is not None and pagination.size else None
    return (yield from exam.walk(resource, size=size, fresh=True))


def _listed_before(exam: Exam, tried: list[Trial]) -> Steps[dict[str, set[str]]]:
    """The ids in the lists of the resources that are to be made, where those can be read to their end."""
    found: dict[str, set[str]] = {}
    for name in dict.fromkeys(each.operation.resource for each in tried if each.operation.effect == "create" and each.members is not None):
        resource = exam.spec.resources[name or ""]
        walk = (yield from attempt(_all_of(exam, resource))) if exam.operation(resource, "list") is not None else None
        if isinstance(walk, Walk) and walk.complete:
            found[resource.name] = {str(record.get(resource.key)) for record in walk.records}
    return found


def _made_by(exam: Exam, create: Trial, record: Mapping[str, Any], creates: list[Trial], turned_down: list[Trial]) -> bool:
    """Whether a new record is that of a refused create: by its text, or by lacking the one member that no create which was taken lacked."""
    text = text_of_ours(exam, create.members or {})
    if text and text in record.values():
        return True
    if len(create.names) != 1 or not create.members or create.names[0] in create.members:
        return False
    name = create.names[0]
    lax = any(each not in turned_down and name not in (each.members or {}) for each in creates)
    return not lax and record.get(name, MISSING) in (None, "")


def _is_unchanged(exam: Exam, aims: Aims, own: Own, updates: list[Trial]) -> Steps[None]:
    """Ends the check as failed where our record has a text that a refused update would have written."""
    record = passing(exam, (yield from aims.read(own.made)), own.made.resource) or {}
    changed = {name: value for name, value in record.items() if isinstance(value, str) and value != own.record.get(name)}
    for each in updates:
        written = [name for name, value in (each.members or {}).items() if name in changed and value == changed[name]]
        if written:
            expected = f"{own.made.resource.one} as it was after {each.what}, which was refused"
            raise Ended(Failed(expected, f"its {written[0]} is {record[written[0]]!r}", operation=each.operation.id))


def _deleted_are_unknown(exam: Exam, clause: Clause, aims: Aims) -> Steps[None]:
    """A record that was deleted is unknown; one that is kept as deleted, and says so, is no failure."""
    for resource, deletes in exam.resources(clause, "delete"):
        own = (yield from aims.own(resource)) if aims.writing and exam.operation(resource, "read") is not None else None
        if own is None or not own.readable:
            continue
        parents = yield from aims.parents(deletes, {**own.made.given, **own.record})
        gone = yield exam.ask.operation(deletes, key=own.made.key, parents=parents)
        aims.spent(resource)
        after = (yield from aims.read(own.made)) if exam.read.succeeded(gone) else None
        if after is None:
            continue
        if passing(exam, after, resource) == own.record:
            expected = f"{exam.read.answered('not_found', after).expected} for {resource.one} that was deleted"
            raise Ended(Failed(expected, f"a read answered {after.status} and shows it as it was", operation=deletes.id))
        if exam.read.answered("not_found", after).fine:
            aims.findings.saw(f"a deleted {resource.singular}: {after.status}")


def _documented_members(exam: Exam, tried: Trial, members: Iterable[str], response: Response, findings: Findings) -> None:
    """Ends the check as failed where a documented text is another; one with a name filled in is only remarked on."""
    cause = exam.read.cause(tried.cause)
    for name in members if response.status == cause.status else ():
        value, found = cause.values.get(name), exam.read.members_of_error(response, name)
        if value is None or value in found:
            continue
        observed = ", ".join(map(repr, found)) or f"no {name}"
        if isinstance(value, str) and "{" in value:
            findings.remark(f"{tried.operation.id} says {observed} as {name}")
            continue
        expected = f"{value!r} as the error's {name} for {tried.what}"
        raise Ended(Failed(expected, f"{tried.operation.id} says {observed[:160]}", operation=tried.operation.id))


def status_is_never_for(exam: Exam, clause: Clause) -> Flow:
    """Each of the causes that the status does not mean, brought about."""
    findings, arguments = Findings(), clause.arguments
    assert isinstance(arguments, StatusNever)
    exam.need("full")
    aims = Aims(exam, findings)
    for cause in arguments.never_for:
        for each in (yield from trials(exam, aims, _cheapest(exam.operations(clause), cause), cause)):
            if each.request.absent:
                continue  # that the record is not there may be told first
            response = yield each.request
            if response.status == arguments.status:
                name = each.operation.id
                raise Ended(Failed(f"another status than {arguments.status} for {each.what}", f"{name} answered it", operation=name))
            if exam.read.failed(response) and not overloaded(response):
                findings.saw(f"{each.operation.id}: {response.status} for {each.what}")
    return findings.verdict(f"{{n}} refusals for other causes, none with {arguments.status}", "nothing was refused")


def _cheapest(operations: list[Operation], cause: str) -> list[Operation]:
    """For a caller who is not known, reads do: every operation is asked so elsewhere."""
    return [operation for operation in operations if operation.effect in READS] if cause == "unauthenticated" else operations


# Members of an error


def member_is_one_of(exam: Exam, clause: Clause) -> Flow:
    """A few failures of different kinds, and every other one of the examination."""
    findings = Findings()
    exam.need("full")
    tried = yield from cheap(exam, Aims(exam, findings), exam.operations(clause))
    yield from _watched(exam, clause, one_of, tried, findings)
    name = clause.arguments.member if isinstance(clause.arguments, MemberIsOneOf) else ""
    return findings.verdict("{n} refusals have a documented value", f"no refusal was seen with {an(name)} where one of the readings has it")


def one_of(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges a named member of a refusal, where it is there."""
    response, arguments = spoken_of(exam, clause, exchange), clause.arguments
    if response is None or not isinstance(arguments, MemberIsOneOf):
        return None
    found = exam.read.members_of_error(response, arguments.member)
    wrong = [value for value in found if value not in arguments.values]
    if wrong:
        expected = " or ".join(map(repr, arguments.values))
        return Broken(f"{expected} as {arguments.member}", f"{response.status} with {wrong[0]!r}")
    return Fine() if found else None


def cause_gives_member(exam: Exam, clause: Clause) -> Flow:
    """The cause, brought about in several ways; only answers with its documented status are judged."""
    findings, arguments = Findings(), clause.arguments
    assert isinstance(arguments, CauseGivesMember)
    exam.need("full")
    mistakes = tuple(dict.fromkeys((*USUAL.get(arguments.cause, ()), *(() if _is_shared(exam, clause, arguments) else ("missing", "bad_encoding")))))
    for each in (yield from trials(exam, Aims(exam, findings), exam.operations(clause), arguments.cause, mistakes)):
        response = yield each.request
        if response.status != exam.read.cause(arguments.cause).status or not exam.read.failed(response):
            continue
        found = exam.read.members_of_error(response, arguments.member)
        if any(value != arguments.value for value in found):
            expected = f"{arguments.value!r} as {arguments.member} for {each.what}"
            raise Ended(Failed(expected, f"{each.operation.id} says {found[0]!r}", operation=each.operation.id))
        if found:
            findings.saw(f"{each.operation.id} for {each.what}")
    return findings.verdict("{n} refusals have the documented value", f"no refusal for {arguments.cause} was seen that has {an(arguments.member)}")


def _is_shared(exam: Exam, clause: Clause, arguments: CauseGivesMember) -> bool:
    """Whether other causes have the same status and give the member another value, so that the status does not tell the cause."""
    status = exam.read.cause(arguments.cause).status
    alike = [cause for cause in _how(exam, clause).causes.values() if cause.status == status]
    return any(_documented(cause, arguments.member) not in (None, arguments.value) for cause in alike)


def gives_member(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges every refusal with the cause's status, where all causes of that status are documented with the same value."""
    response, arguments = spoken_of(exam, clause, exchange), clause.arguments
    if response is None or not isinstance(arguments, CauseGivesMember) or response.status != exam.read.cause(arguments.cause).status:
        return None
    found = exam.read.members_of_error(response, arguments.member)
    if not found or _is_shared(exam, clause, arguments):
        return None
    wrong = [value for value in found if value != arguments.value]
    return Broken(f"{arguments.value!r} as {arguments.member}", f"{response.status} with {wrong[0]!r}") if wrong else Fine()


def _documented(cause: Cause, member: str) -> Any:
    """The value that a cause gives a member: by name, or at that name within its template."""
    if member in cause.values:
        return cause.values[member]
    return _within(cause.template, member)


def _within(document: Any, member: str) -> Any:
    if not isinstance(document, Mapping):
        return None
    return document.get(member) or next((found for inner in document.values() if (found := _within(inner, member)) is not None), None)


# A member that names a parameter


def param_names_a_parameter(exam: Exam, clause: Clause) -> Flow:
    """Creates with one member wrong or missing, that work without the mistake, and a page size that is no number."""
    findings, arguments = Findings(), clause.arguments
    assert isinstance(arguments, NamedMember)
    exam.need("full")
    aims = Aims(exam, findings)
    for each in (yield from trials(exam, aims, exam.operations(clause), "invalid_parameter", ["missing", "wrong_type", "bad_page"])):
        response = yield each.request
        seen = named(exam, clause, Exchange(each.request, response), each.names)
        if isinstance(seen, Broken) and (each.control is None or exam.read.succeeded((yield each.control))):
            raise Ended(Failed(seen.expected, f"{each.operation.id}, for {each.what}: {seen.observed}", operation=each.operation.id))
        if isinstance(seen, Fine):
            findings.saw(f"{each.operation.id} for {each.what}", seen.remark)
    return findings.verdict("{n} refusals name a parameter of the request", f"no mistake made on purpose was refused with {an(arguments.member)}")


def names_in_reads(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges refusals of reads: a write may lack a member that this target needs and the spec does not know."""
    operation = exam.spec.operations.get(exchange.request.operation or "")
    if operation is None or operation.effect not in READS or exchange.request.body is not None:
        return None
    return named(exam, clause, exchange)


def named(exam: Exam, clause: Clause, exchange: Exchange, expected: Iterable[str] = ()) -> Observation:
    """Judges what a refusal names: something that the request has or lacks, in whatever spelling."""
    response, arguments = spoken_of(exam, clause, exchange), clause.arguments
    if response is None or not isinstance(arguments, NamedMember):
        return None
    found = [value for value in exam.read.members_of_error(response, arguments.member) if value not in (None, "", [])]
    if not found:
        return None
    some = tuple(expected)
    known = {_plain(name) for name in (*_names_of(exam, exchange.request), *some, *(_GENERAL if len(some) != 1 else ()))}
    for value in (name for each in found for name in (each if isinstance(each, list) else [each])):
        if not isinstance(value, str):
            return Broken(f"the name of a parameter as {arguments.member}", f"{response.status} with {value!r}")
        parts = [_plain(part) for part in re.split(r"[.\[\]/\s,]+", value) if part and not part.isdigit()]
        if not {*parts[-1:], _plain(value)} & known:
            observed = f"{response.status} with {value[:80]!r}, which the request neither has nor lacks"
            return Broken(f"the name of a parameter as {arguments.member}", observed)
    return Fine()


_GENERAL = ("body", "data", "json", "payload", "request", "id", "path", "url", "query")
"""Names for a request's parts, which may stand where no one parameter is wrong."""


def _plain(name: str) -> str:
    """A name without what differs between spellings: case, underscores, dashes."""
    return re.sub(r"[^0-9a-z]", "", name.lower()) or name


def _names_of(exam: Exam, request: Request) -> Iterator[str]:
    """The names that a refusal may speak of: of the request's parameters and headers, and of what the operation declares."""
    operation = exam.spec.operations[request.operation or ""]
    for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True):
        yield from re.split(r"[.\[\]]+", name)
    yield from (name for name, _ in request.headers)
    yield from _keys(_json(request.body))
    yield from (parameter.name for parameter in operation.parameters)
    yield from operation.path_parameters
    yield from exam.ask.fields
    yield from (carrier.name for carrier in (exam.ask.authentication.fields.values() if exam.ask.authentication else ()))
    yield from _declared(exam, operation)


def _declared(exam: Exam, operation: Operation) -> Iterator[str]:
    resource = exam.spec.resources.get(operation.resource or "")
    if resource is not None:
        yield from (resource.name, resource.singular, resource.plural, resource.key)
        yield from resource.schema.get("properties", {})
        yield from exam.payloads.schema(resource).get("properties", {})
        yield from exam.payloads.members(resource)


def _keys(document: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(document, Mapping) and depth < 5:
        for name, value in document.items():
            yield str(name)
            yield from _keys(value, depth + 1)
    elif isinstance(document, list) and depth < 5:
        for value in document[:20]:
            yield from _keys(value, depth + 1)


def _json(body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        return dict(parse_qsl(unquote((body or b"").decode("utf-8", "replace"))))


# Server errors


def no_input_causes_a_server_error(exam: Exam, clause: Clause) -> Flow:
    """Every operation with odd inputs: fixed ones that break many servers, and one that is drawn."""
    findings = Findings()
    exam.need("full")
    aims = Aims(exam, findings)
    survived = f"{clause.id}: the fixed inputs were survived"
    for operation in exam.operations(clause):
        if operation.effect not in READS and not aims.writing:
            findings.lack("writes, which are not permitted")
            continue
        drawn: Odd = exam.draw(odd(operation), f"an odd input of {operation.id}", oddities(operation)[0])
        fixed = () if exam.notes.get(survived) else oddities(operation)
        for each in dict.fromkeys([*fixed, drawn]):
            yield from _survives(exam, clause, aims, operation, each, findings)
    exam.notes[survived] = True
    return findings.verdict("{n} odd requests, and no server error", "no operation could be asked")


def _survives(exam: Exam, clause: Clause, aims: Aims, operation: Operation, each: Odd, findings: Findings) -> Steps[None]:
    request = yield from attempt(sent(exam, aims, operation, each))
    if isinstance(request, Ended) or request is None:
        return
    try:
        response = yield request
    except NoAnswer as fact:
        findings.remark(f"{operation.id} gives no answer to {each.what} ({fact})")
        return
    seen = server_error(exam, clause, Exchange(request, response))
    if isinstance(seen, Broken):
        raise Ended(Failed(seen.expected, f"{operation.id} answered {each.what} with {response.status}", operation=operation.id))
    findings.saw(f"{operation.id} with {each.what}", seen.remark if seen else "")


def server_error(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:  # noqa: ARG001 - an observer's signature
    """Judges any answer: 5xx is a fault of the server, save what says that it can't or won't answer now."""
    response = exchange.response
    if response is None or exchange.request.operation is None:
        return None
    if response.status in (501, 503):
        return Fine(f"{exchange.request.operation} answered {response.status} once")
    if response.status >= 500:
        return Broken("no server error, whatever the input", f"{exchange.request.operation} answered {response.status}")
    return Fine()


CHECKS = {
    "error_body_has_shape": Check(
        error_body_has_shape,
        shape,
        how="Brings about a few failures, and holds the body of every failure of the examination against the documented shape.",
    ),
    "entries_say_something": Check(
        entries_say_something,
        entries,
        how="Looks whether the entries of every failure have a text.",
    ),
    "cause_is_answered": Check(
        cause_is_answered,
        how="Makes the mistake with each operation, and holds the answer against the documented one.",
    ),
    "member_is_one_of": Check(
        member_is_one_of,
        one_of,
        how="Looks at a member of every failure of the examination.",
    ),
    "cause_gives_member": Check(
        cause_gives_member,
        gives_member,
        how="Brings the cause about in several ways, and looks at a member of the answers.",
    ),
    "param_names_a_parameter": Check(
        param_names_a_parameter,
        names_in_reads,
        how="Breaks one member of a create at a time, and looks which parameter the answer names.",
    ),
    "status_is_never_for": Check(
        status_is_never_for,
        how="Brings other causes about, and looks for the status.",
    ),
    "no_input_causes_a_server_error": Check(
        no_input_causes_a_server_error,
        server_error,
        examples=4,
        how="Sends odd inputs to each operation: strange texts, numbers, encodings and bodies, some of them drawn.",
    ),
}
