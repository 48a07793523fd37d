"""How bodies wrap their data: roots, counts, outcome members, JSON:API documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.addressing import MISSING, dig
from conformance.check import Broken, Check, Fine, Flow, Observation, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, Response, Unreadable
from conformance.schemas import mismatch
from conformance.steps import calls, including, jsonapi, structures
from conformance.steps.aiming import Aims
from conformance.steps.findings import Findings
from conformance.steps.listing import open_list
from conformance.steps.oddities import BEFORE_THE_API, is_no_http
from conformance.steps.ordinary import ordinary, readable
from conformance.steps.parts import each, watched
from conformance.verdict import Failed, Inconclusive, Passed
from specs.conventions.envelope import Envelope, Including, MemberMatches
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]


def _envelope(exam: Exam, clause: Clause) -> Envelope:
    parameters: Envelope = exam.spec.convention(clause).parameters
    return parameters


def _success(exam: Exam, clause: Clause, exchange: Exchange) -> tuple[Operation, Resource, Response] | None:
    """The operation, resource and answer of a plain call that succeeded and of which the clause speaks."""
    operation, response = ordinary(exam, exchange), exchange.response
    if operation is None or response is None or operation.id not in clause.operations or operation.resource is None:
        return None
    return (operation, exam.spec.resources[operation.resource], response) if exam.read.succeeded(response) else None


# Roots


def list_has_root(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the root of one list."""
    found = _success(exam, clause, exchange)
    if found is None or found[0].effect != "list":
        return None
    _, resource, response = found
    pointer = exam.read.items_pointer(resource)
    if _named(exam, clause, resource):
        return _at_pointer(response, pointer, list, "an array of records")
    return _one_root(response, pointer, list, "an array of records")


def record_has_root(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the root of one single record."""
    found = _success(exam, clause, exchange)
    if found is None or found[0].effect in ("list", "delete") or not found[2].body.strip():
        return None
    _, resource, response = found
    pointer = exam.read.item_pointer(resource)
    if _named(exam, clause, resource):
        return _at_pointer(response, pointer, dict, "an object")
    seen = _one_root(response, pointer, dict, "an object")
    if isinstance(seen, Fine) and _is_the_record(exam, resource, pointer, exchange):
        return Broken(f"the {resource.singular} under a root", f"the {resource.singular} itself: {structures.outline(exam.read.document(response))}")
    return seen


def _is_the_record(exam: Exam, resource: Resource, pointer: str, exchange: Exchange) -> bool:
    """Whether a body has the id that was asked for beside what might be its root, which has none: then an object within a record was taken for one."""
    document = exam.read.document(exchange.response) if exchange.response is not None else None
    if not isinstance(document, Mapping) or isinstance(dig(document, pointer), Mapping) or resource.key not in document:
        return False
    inside = any(isinstance(value, Mapping) and resource.key in value for value in document.values())
    return not inside and str(document[resource.key]) == unquote(urlsplit(exchange.request.url).path.rpartition("/")[2])


def _named(exam: Exam, clause: Clause, resource: Resource) -> bool:
    return _envelope(exam, clause).documented and resource.names == "documented"


def _at_pointer(response: Response, pointer: str, kind: type, what: str) -> Observation:
    expected = f"{what} at {pointer or 'the root'}"
    try:
        document = response.json()
    except Unreadable as problem:
        return Broken(expected, str(problem))
    value = dig(document, pointer)
    if value is MISSING:
        return Broken(expected, f"nothing there, but {structures.outline(document)}")
    if not isinstance(value, kind):
        return Broken(expected, f"{structures.kind(value)} there")
    return _of_records(value, expected)


def _one_root(response: Response, pointer: str, kind: type, what: str) -> Observation:
    """Where the name of the root is not documented: exactly one root key holds a list, or a record."""
    expected = f"an object with exactly one root key that holds {what}"
    try:
        document = response.json()
    except Unreadable as problem:
        return Broken(expected, str(problem))
    if not isinstance(document, Mapping):
        return Broken(expected, structures.outline(document))
    if pointer and isinstance(dig(document, pointer), kind):
        return _of_records(dig(document, pointer), expected)
    roots = [value for value in document.values() if isinstance(value, kind)]
    if len(roots) != 1:
        return Broken(expected, structures.outline(document))
    return _of_records(roots[0], expected)


def _of_records(value: Any, expected: str) -> Observation:
    if isinstance(value, list) and not all(isinstance(entry, Mapping) for entry in value):
        return Broken(expected, "an array of something else than objects")
    return Fine()


def collection_has_its_root(exam: Exam, clause: Clause) -> Flow:
    """Asks for every list."""
    return watched(exam, clause, list_has_root, _lists(exam, clause))


def _lists(exam: Exam, clause: Clause) -> Iterator[Steps[Exchange]]:
    """Calls of every list: as it stands, and where the spec knows a filter, narrowed to one record and to none."""
    lists = [operation for operation in exam.operations(clause) if operation.effect == "list"]
    for operation in lists:
        yield _filled(exam, operation)
    for operation in lists if "other" in exam.target.credentials else ():
        yield calls.valid(exam, operation, as_="other")
    for operation in lists:
        for few in (1, 0):
            if calls.narrows(exam, operation):
                yield calls.narrowed(exam, operation, few)


def _filled(exam: Exam, operation: Operation) -> Steps[Exchange]:
    """A call of a list; where it is empty, once more with a record of our own in it, if one can be made."""
    exchange = yield from calls.valid(exam, operation)
    listing = yield from open_list(exam, operation)
    rows = yield from listing.answer(exchange.request)
    if rows.records or not rows.read or not (yield from listing.own()):
        return exchange
    return (yield from calls.ask(listing.request(fresh=True)))


def single_has_its_root(exam: Exam, clause: Clause) -> Flow:
    """Reads, makes and changes a record by every operation."""
    return watched(exam, clause, record_has_root, _singles(exam, clause))


def _singles(exam: Exam, clause: Clause) -> Iterator[Steps[Exchange]]:
    """Calls of the operations that answer with one record, the reads first."""
    singles = [operation for operation in exam.operations(clause) if operation.effect not in ("list", "delete")]
    for operation in sorted(singles, key=lambda operation: operation.effect not in ("read", "singleton")):
        yield calls.valid(exam, operation)


# Count


def count_matches(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the count of one list."""
    found, pointer = _success(exam, clause, exchange), _envelope(exam, clause).count
    if found is None or found[0].effect != "list" or pointer is None:
        return None
    operation, resource, response = found
    try:
        number = len(exam.read.records(response, resource))
        count = dig(response.json(), pointer)
    except Unreadable:
        return None
    expected = f"{number} at {pointer}, the number of records"
    if count is MISSING:
        return Broken(expected, "nothing there")
    if isinstance(count, bool) or not isinstance(count, int):
        return Broken(expected, f"{structures.kind(count)}: {str(count)[:40]}")
    more_pages = exam.pagination(operation) is not None and count > number
    return Fine("the count is that of all pages") if more_pages else Fine() if count == number else Broken(expected, str(count))


def count_is_the_number_of_items(exam: Exam, clause: Clause) -> Flow:
    """Asks for every list, as it stands and filtered; of those that have pages, the count may be that of all of them, which are walked."""
    verdict = yield from watched(exam, clause, count_matches, _lists(exam, clause))
    if not isinstance(verdict, Passed):
        return verdict
    paged = [operation for operation in exam.operations(clause) if operation.effect == "list" and exam.pagination(operation) is not None]
    walked = yield from each(_count_of_all(exam, clause, operation) for operation in paged)
    return walked if isinstance(walked, Failed) else verdict


def _count_of_all(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    """Holds the count on the first page against the records there, and against those of all pages; once more with a filter that the list takes."""
    listing, pointer = (yield from open_list(exam, operation)), _envelope(exam, clause).count or ""
    yield from listing.known(2)
    asked: list[Mapping[str, Any]] = [{}]
    asked += [(yield from calls.narrowing(exam, operation, 1))[0]] if calls.narrows(exam, operation) else []
    for parameters in asked:
        rows = yield from listing.rows(parameters)
        right = {rows.first, len(rows.records)}
        if not (rows.read and rows.whole and _told(rows.response, pointer) not in right):
            continue
        rows = yield from listing.rows(parameters, fresh=True)
        count = _told(rows.response, pointer)
        if rows.read and rows.whole and isinstance(count, int) and count not in {rows.first, len(rows.records)}:
            return Failed(f"{len(rows.records)} at {pointer}, the number of records", str(count), operation=operation.id)
    return Passed(f"the counts of {operation.id} are those of its pages")


def _told(response: Response, pointer: str) -> Any:
    """What stands where the count does; None where the body can't be read."""
    try:
        return dig(response.json(), pointer)
    except Unreadable:
        return None


# A member and its schema


def member_keeps_schema(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges a member of one body against the schemas for any answer, for a success and for a failure."""
    response, arguments = exchange.response, clause.arguments
    if response is None or not isinstance(arguments, MemberMatches) or not _speaks_of(exam, clause, exchange, response):
        return None
    schemas = _schemas(exam, arguments, exchange, response)
    if not schemas:
        return None
    place = arguments.at or "the root"
    try:
        value = dig(response.json(), arguments.at)
    except Unreadable as problem:
        return Broken(f"a JSON body with a value at {place}", str(problem))
    if value is MISSING:
        return Broken(f"a value at {place}", f"nothing there, but {structures.outline(response.json())}")
    for schema in schemas:
        wrong = mismatch(schema, value)
        if wrong is not None:
            return Broken(f"{place} as documented: {_short(schema)}", wrong)
    return Fine(_further(arguments, value))


def _further(arguments: MemberMatches, value: Any) -> str:
    """A remark on members of a body beside those that it must always have; empty where there are none, or may be any."""
    known = (arguments.always or {}).get("required", ())
    further = sorted(set(value) - set(known)) if known and not arguments.at and isinstance(value, Mapping) else []
    return f"further members that are not documented: {', '.join(further[:5])}" if further else ""


def _speaks_of(exam: Exam, clause: Clause, exchange: Exchange, response: Response) -> bool:
    """Whether the clause speaks of an answer.

    Where the body tells the outcome, an answer outside of HTTP 2xx is none of its envelope if the call named no action or could
    not be read, or if the server itself failed; elsewhere an answer without a body has no members.
    """
    if exchange.request.method in ("HEAD", "OPTIONS") or response.status == 429 or 300 <= response.status <= 399 or response.status >= 500:
        return False
    if response.status in BEFORE_THE_API or (is_no_http(exchange.request) and response.status >= 400):
        return False
    operation = ordinary(exam, exchange)
    if operation is not None and operation.id not in clause.operations:
        return False
    tells = _envelope(exam, clause).outcome is not None
    if not tells and not response.body.strip():
        return False
    if operation is None:
        return tells and 200 <= response.status <= 299 and exchange.request.operation is not None
    return readable(exchange.request) or response.status < 300


def _schemas(exam: Exam, arguments: MemberMatches, exchange: Exchange, response: Response) -> list[dict[str, Any]]:
    schemas = [arguments.always] if arguments.always is not None else []
    if arguments.on_success is not None and exam.read.succeeded(response) and exchange.request.effect != "delete":
        schemas.append(arguments.on_success)
        schemas += _list_or_one(exam, arguments, exchange)
    if arguments.on_failure is not None and exam.read.failed(response):
        schemas.append(arguments.on_failure)
    return schemas


def _list_or_one(exam: Exam, arguments: MemberMatches, exchange: Exchange) -> list[dict[str, Any]]:
    """At the place of the records, a list is an array and a single record an object."""
    resource = exam.spec.resources.get(exchange.request.resource or "")
    if resource is None or not _strict(exam, resource):
        return []
    if exchange.request.effect == "list":
        return [{"type": "array"}] if arguments.at == exam.read.items_pointer(resource) else []
    return [{"type": "object"}] if arguments.at == exam.read.item_pointer(resource) else []


def _strict(exam: Exam, resource: Resource) -> bool:
    return exam.read.envelope is not None and exam.read.envelope.documented and resource.names == "documented"


def _short(schema: Mapping[str, Any]) -> str:
    text = str(dict(schema))
    return text if len(text) <= 120 else text[:120] + "…"


def member_matches(exam: Exam, clause: Clause) -> Flow:
    """Provokes successes and failures, so that the member is seen in both."""
    return watched(exam, clause, member_keeps_schema, _successes_and_failures(exam, clause))


def _successes_and_failures(exam: Exam, clause: Clause) -> Iterator[Steps[Exchange]]:
    operations = exam.operations(clause)
    arguments = clause.arguments
    speaks = (not isinstance(arguments, MemberMatches)) or arguments.always is not None
    if speaks or (isinstance(arguments, MemberMatches) and arguments.on_success is not None):
        yield from _lists(exam, clause)
        for operation in sorted(operations, key=lambda operation: operation.effect not in ("read", "singleton")):
            if operation.effect not in ("list", "delete"):
                yield calls.valid(exam, operation)
    if speaks or (isinstance(arguments, MemberMatches) and arguments.on_failure is not None):
        yield from _failures(exam, operations)


def _failures(exam: Exam, operations: list[Operation]) -> Iterator[Steps[Exchange]]:
    """A refused caller at every operation, and an unknown record at those that take one."""
    aims = Aims(exam, Findings())
    for operation in operations:
        if exam.ask.authentication is not None:
            yield calls.unauthenticated(aims, operation)
    for operation in operations:
        if operation.effect not in ("list", "create", "singleton", None):
            yield calls.absent_record(exam, operation)


# The outcome


def outcome_is_told(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges the outcome member of one body: a text, and no success beside an HTTP error."""
    operation, response, outcome = ordinary(exam, exchange), exchange.response, _envelope(exam, clause).outcome
    if operation is None or response is None or outcome is None or operation.id not in clause.operations:
        return None
    expected = f"a word at {outcome.member} that tells the outcome"
    try:
        value = dig(response.json(), outcome.member)
    except Unreadable:
        return None
    if response.status != 200:
        told = value in outcome.success and response.status >= 400
        return Broken("no success at " + outcome.member, f"{value!r} beside HTTP {response.status}") if told else None
    if not isinstance(value, str) or not value.strip():
        return Broken(expected, "nothing there" if value is MISSING else f"{structures.kind(value)}: {str(value)[:40]!r}")
    return Fine()


def outcome_member_tells_success(exam: Exam, clause: Clause) -> Flow:
    """Calls every operation so that it succeeds, and so that it is refused or finds no record."""
    operations, aims = exam.operations(clause), Aims(exam, Findings())
    return each(
        [
            *(_success_is_told(exam, clause, operation) for operation in operations),
            *(_failure_is_told(exam, clause, calls.absent_record(exam, operation)) for operation in operations if _takes_a_record(operation)),
            *(_failure_is_told(exam, clause, call) for operation in operations if operation.effect == "create" for call in _invalid(exam, operation)),
            *(_failure_is_told(exam, clause, calls.unauthenticated(aims, operation)) for operation in operations if exam.ask.authentication is not None),
        ]
    )


def _invalid(exam: Exam, operation: Operation) -> tuple[Steps[Exchange], ...]:
    return calls.without_members(exam, operation), calls.with_blanks(exam, operation)


def _takes_a_record(operation: Operation) -> bool:
    return operation.effect not in ("list", "create", "singleton", None)


def _success_is_told(exam: Exam, clause: Clause, operation: Operation) -> Flow:
    exchange = yield from calls.valid(exam, operation)
    response, outcome = exchange.response, _envelope(exam, clause).outcome
    broken = outcome_is_told(exam, clause, exchange)
    if isinstance(broken, Broken):
        return Failed(broken.expected, broken.observed, operation=operation.id)
    if response is None or outcome is None or response.status != 200:
        return Inconclusive(f"{operation.id} was not answered with HTTP 200")
    value = dig(exam.read.document(response), outcome.member)
    if value in outcome.success:
        return Passed(f"{operation.id} succeeded and says {value!r}")
    if _has_data(exam, operation, response):
        return Failed(f"{' or '.join(outcome.success)} at {outcome.member} of an answer with the data asked for", repr(value), operation=operation.id)
    told = exam.read.excerpt(response, 80)
    return Inconclusive(f"{operation.id} was answered with {value!r}: {told}", "a call that succeeds: records, or `create` in the target")


def _has_data(exam: Exam, operation: Operation, response: Response) -> bool:
    resource = exam.spec.resources.get(operation.resource or "")
    if resource is None or operation.effect == "delete":
        return False
    try:
        if operation.effect == "list":
            return isinstance(dig(response.json(), exam.read.items_pointer(resource)), list)
        return resource.key in exam.read.members(exam.read.record(response, resource), resource)
    except Unreadable:
        return False


def _failure_is_told(exam: Exam, clause: Clause, call: Steps[Exchange]) -> Flow:
    exchange = yield from call
    response, outcome, operation = exchange.response, _envelope(exam, clause).outcome, exchange.request.operation
    broken = outcome_is_told(exam, clause, exchange)
    if isinstance(broken, Broken):
        return Failed(broken.expected, broken.observed, operation=operation)
    if response is None or outcome is None or response.status != 200:
        return Inconclusive(f"a failure of {operation} was not answered with HTTP 200")
    value = dig(exam.read.document(response), outcome.member)
    if value not in outcome.success:
        return Passed(f"{operation} failed and says {value!r}")
    called = exchange.request.as_ is not None
    why = "for a record that does not exist" if exchange.request.absent else "with invalid members" if called else "without a credential"
    if not exchange.request.absent and _has_data(exam, exam.spec.operations[operation or ""], response):
        return Inconclusive(f"{operation} gave its data {why}: no failure to tell")
    if exchange.request.absent and exchange.request.effect == "delete":
        return Inconclusive(f"{operation} says {value!r} {why}: what isn't there may count as deleted")
    if called and not exchange.request.absent and (yield from _is_as_usual(exam, exam.spec.operations[operation or ""], response)):
        return Inconclusive(f"{operation} answered {why} as it answers any call: no failure to tell")
    return Failed(f"no success at {outcome.member} of a call {why}", repr(value), operation=operation)


def _is_as_usual(exam: Exam, operation: Operation, response: Response) -> Steps[bool]:
    """Whether an answer has data of the kind that a valid call is answered with, which may be null: then nothing shows that the call failed."""
    usual = (yield from calls.valid(exam, operation)).response
    if usual is None or operation.resource is None or not exam.read.succeeded(usual):
        return False
    pointer = exam.read.item_pointer(exam.spec.resources[operation.resource])
    one, other = (dig(exam.read.document(each), pointer) for each in (response, usual))
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return type(one) is type(other)
    return one.keys() == other.keys() or bool(one.keys() & other.keys())


# Lists among themselves


def lists_share_one_structure(exam: Exam, clause: Clause) -> Flow:
    """Compares the kind of the root and the place of the array of all lists."""
    seen: dict[str, tuple[str, str, frozenset[str]]] = {}
    notes: list[str] = []
    for operation in exam.operations(clause):
        if operation.effect != "list" or operation.resource is None:
            continue
        exchange = yield from calls.valid(exam, operation)
        structure = structures.structure(exam, exam.spec.resources[operation.resource], exchange.response)
        if isinstance(structure, str):
            notes.append(f"{operation.id}: {structure}")
        else:
            seen[operation.id] = structure
    return structures.compared(seen, notes)


# JSON:API


def document_is_valid(exam: Exam, clause: Clause, exchange: Exchange) -> Observation:
    """Judges one body as a JSON:API document."""
    response, operation = exchange.response, exam.spec.operations.get(exchange.request.operation or "")
    if response is None or operation is None or operation.id not in clause.operations or not _is_document(exam, exchange, response):
        return None
    expected = "a JSON:API document"
    try:
        document = response.json()
    except Unreadable as problem:
        return Broken(expected, str(problem))
    wrong, remark = jsonapi.judged(document, success=response.status < 300)
    if wrong is None and response.status < 300 and ordinary(exam, exchange) is not None:
        wrong = _of_the_operation(operation, document)
    return Broken(expected, wrong) if wrong is not None else Fine(remark)


def _is_document(exam: Exam, exchange: Exchange, response: Response) -> bool:
    """Whether an answer must be a document: not where there is no body, nor where a proxy may have answered or another type was asked for."""
    if exchange.request.method == "HEAD" or response.status in (204, 304, 429) or 300 <= response.status < 400 or response.status >= 500:
        return False
    if response.status in BEFORE_THE_API or (is_no_http(exchange.request) and response.status >= 400):
        return False
    if ordinary(exam, exchange) is not None:
        return bool(response.body.strip()) or (response.status == 200 and exchange.request.method == "GET")
    return bool(response.body.strip()) and response.media_type.endswith("json")


def _of_the_operation(operation: Operation, document: Any) -> str | None:
    """A list's primary data is an array, that of a single record is none."""
    if operation.effect == "delete" or "data" not in document or (operation.effect == "list") == isinstance(document["data"], list):
        return None
    return f"{structures.kind(document['data'])} at /data of {'a list' if operation.effect == 'list' else 'a single record'}"


def jsonapi_document_is_valid(exam: Exam, clause: Clause) -> Flow:
    """Provokes successes and failures of every operation."""
    return watched(exam, clause, document_is_valid, _successes_and_failures(exam, clause))


def include_gives_full_linkage_or_refusal(exam: Exam, clause: Clause) -> Flow:
    """Asks each list and read to include a relationship that it shows, and one that nobody has."""
    arguments = clause.arguments if isinstance(clause.arguments, Including) else Including()
    reads = [operation for operation in exam.operations(clause) if operation.effect in ("list", "read")]
    parts = [including.includes(exam, operation, arguments.parameter) for operation in reads]
    return each([*parts, *(including.nonsense_is_refused(exam, operation, arguments.parameter) for operation in reads)])


CHECKS: dict[str, Check] = {
    "collection_has_its_root": Check(
        flow=collection_has_its_root,
        observe=list_has_root,
        how="Looks at every list: its root key is the documented one, or where the name is open the only one that holds an array of objects.",
    ),
    "single_has_its_root": Check(
        flow=single_has_its_root,
        observe=record_has_root,
        how="Looks at every answer with one record, to a read, a create and an update: its root key holds an object.",
    ),
    "count_is_the_number_of_items": Check(
        flow=count_is_the_number_of_items,
        observe=count_matches,
        how="Compares the count of every list, also of filtered and empty ones, with the records in it.",
    ),
    "member_matches": Check(
        flow=member_matches,
        observe=member_keeps_schema,
        how="Provokes successes and failures and holds the member of every answer against its JSON Schema.",
    ),
    "outcome_member_tells_success": Check(
        flow=outcome_member_tells_success,
        observe=outcome_is_told,
        how="Calls every operation with success, for a record that does not exist and without a credential, and compares what the outcome member says.",
    ),
    "lists_share_one_structure": Check(
        flow=lists_share_one_structure,
        how="Asks for every list and compares the kind of the root and the place of the array.",
    ),
    "jsonapi_document_is_valid": Check(
        flow=jsonapi_document_is_valid,
        observe=document_is_valid,
        how="Provokes successes and failures and holds every body against the rules of JSON:API for documents.",
    ),
    "include_gives_full_linkage_or_refusal": Check(
        flow=include_gives_full_linkage_or_refusal,
        how="Asks lists and reads to include a relationship that they show, and one that nobody has: full linkage or 400.",
    ),
}
