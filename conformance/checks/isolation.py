"""Examines whose data is seen: records of another account or user are never shown, listed or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.addressing import MISSING, dig
from conformance.asking import READS
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response, Unreadable
from conformance.reading import agrees
from conformance.steps import references
from conformance.steps.aiming import Aim, Aims, Own, attempt, in_order, names_a_record, overloaded, passing, text_of_ours
from conformance.steps.comparing import kind_of
from conformance.steps.findings import Findings
from conformance.steps.refusals import works
from conformance.verdict import Failed, Inconclusive
from specs.conventions.filtering import Filtering
from specs.conventions.isolation import Isolation
from specs.conventions.lifecycle import Lifecycle
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

Record = Mapping[str, Any]

NEEDS = "a credential of another account, as other, and records that it must not see"
TWINS = "as full and other may each have a record of their own with the same id and members"


def _how(exam: Exam, clause: Clause) -> Isolation:
    parameters: Isolation = exam.spec.convention(clause).parameters
    return parameters


def _owned(exam: Exam, clause: Clause) -> list[Resource]:
    """The resources that the clause's operations work on and that belong to an account."""
    names = dict.fromkeys(operation.resource for operation in exam.operations(clause) if operation.resource)
    return [exam.spec.resources[name] for name in names if exam.spec.resources[name].owned]


def _operations(exam: Exam, clause: Clause, resource: Resource) -> list[Operation]:
    return in_order(operation for operation in exam.operations(clause) if operation.resource == resource.name)


def _different(exam: Exam, name: str) -> None:
    """Ends the check where the two credentials are the same caller's."""
    if exam.target.credentials.get("full") == exam.target.credentials.get(name):
        raise Ended(Inconclusive(f"the credentials full and {name} are the same", NEEDS))


# What full has that others must not see


def _a_record(exam: Exam, aims: Aims, resource: Resource) -> Steps[tuple[str, Record, Own | None] | None]:
    """The id and members of a record of full's: one of our own where one can be made, else one of the list."""
    if aims.writing:
        own = yield from aims.own(resource)
        if own is not None:
            return own.made.key, {**own.made.given, **own.record}, own
    for record in (yield from exam.known(resource)) if "list" in resource.operations else []:
        if record.get(resource.key) not in (None, ""):
            return str(record[resource.key]), record, None
    aims.findings.lack(f"{resource.name}, as no record of it is known")
    return None


def _is_shown(exam: Exam, response: Response, resource: Resource, record: Record) -> bool:
    """Whether an answer shows that very record, and not another with the same id: accounts may number their records each from 1."""
    text = text_of_ours(exam, record)
    if text:
        return text.encode() in response.body
    shown = passing(exam, response, resource)
    return shown is not None and _same(shown, record)


def _same(one: Record, other: Record) -> bool:
    """Whether two readings are of one record: all members that both have agree, and there is more than the id."""
    both = set(one) & set(other)
    return len(both) > 1 and all(agrees(one[name], other[name]) for name in both)


def _may_have_a_twin(key: str, found: tuple[str, Record, Own | None] | None) -> bool:
    """Whether other may have a record of its own that looks like the one with that id: accounts may each count from one, and be filled alike."""
    ours = found is not None and found[2] is not None and found[0] == key
    return not ours and kind_of([key]) != "key"


def _has_a_twin(exam: Exam, resource: Resource, found: tuple[str, Record, Own | None]) -> Steps[bool]:
    """Whether other is shown such a record in its own list, or it could not be seen that it is not."""
    key, record, _ = found
    operation = exam.operation(resource, "list")
    if not _may_have_a_twin(key, found):
        return False
    if operation is None or operation.path_parameters:
        return True
    theirs, complete = yield from _walk(exam, resource, operation, "other")
    return not complete or any(str(each.get(resource.key)) == key and _same(each, record) for each in theirs)


def _fail(expected: str, observed: str, operation: Operation | None) -> Ended:
    return Ended(Failed(expected, observed, operation=operation.id if operation else None))


# A record is named by its id


def foreign_record_is_refused(exam: Exam, clause: Clause) -> Flow:
    """A record of full's, named by other: read, updated, deleted, acted on, and referred to."""
    exam.need("full", "other")
    _different(exam, "other")
    findings = Findings()
    aims = Aims(exam, findings)
    for resource in _owned(exam, clause):
        found = yield from _a_record(exam, aims, resource)
        if found is not None and (yield from _is_valid(exam, resource, findings)):
            yield from _named(exam, clause, aims, resource, found)
    return findings.verdict("{n} requests that name another account's record were refused", "no other account's record could be named", NEEDS)


def _is_valid(exam: Exam, resource: Resource, findings: Findings) -> Steps[bool]:
    """Whether other may use the resource at all: else a refusal says nothing of whose record it is."""
    operation = exam.operation(resource, "list")
    if operation is None:
        return True
    parents = yield from attempt(exam.parents_of(operation))
    if isinstance(parents, Ended) or parents:
        return True
    response = yield exam.ask.operation(operation, as_="other")
    if not exam.read.succeeded(response):
        findings.lack(f"{resource.name}, as other may not list its own ({response.status})")
    return exam.read.succeeded(response)


def _named(exam: Exam, clause: Clause, aims: Aims, resource: Resource, found: tuple[str, Record, Own | None]) -> Steps[None]:
    key, record, own = found
    cause, findings = _how(exam, clause).cause, aims.findings
    operations = [operation for operation in _operations(exam, clause, resource) if names_a_record(operation)]
    if (yield from _has_a_twin(exam, resource, found)):
        findings.lack(f"{resource.name}, {TWINS}")
        return
    yield from _is_unlisted(exam, resource, found, findings)
    kept_apart = yield from _reads_by_id(exam, resource, operations, found, cause, findings)
    if own is None:
        return
    if not kept_apart and kind_of([key]) != "key":
        findings.lack(f"writes to {resource.name}, as other has a record with the same id or it could not be seen that it has none")
        return
    for operation in operations:
        if operation.effect not in READS:
            parents = yield from aims.parents(operation, record)
            members = (yield from aims.change(resource, own)) if operation.effect in ("update", "replace") else None
            yield from _refuses(exam, Aim(operation, key, parents, members, own=own), resource, record, cause, findings)
    harm = yield from aims.harmed(own)
    if harm:
        raise _fail(f"another account's {resource.singular} stays as it is", f"{harm} by other, whose requests were refused", None)
    yield from _referred_to(exam, aims, resource, findings)
    moved = yield from references.moved(exam, own.made)
    if moved is not None:
        raise Ended(moved)


def _is_unlisted(exam: Exam, resource: Resource, found: tuple[str, Record, Own | None], findings: Findings) -> Steps[None]:
    """The record does not stand in the plain list of other."""
    key, record, _ = found
    operation = exam.operation(resource, "list")
    if operation is None or set(operation.path_parameters):
        return
    theirs, complete = yield from _walk(exam, resource, operation, "other")
    if any(str(each.get(resource.key)) == key and _same(each, record) for each in theirs):
        raise _fail(f"no {resource.singular} of another account in a list", f"{operation.id} shows other the {resource.singular} {key} of full", operation)
    if complete:
        findings.saw(f"{operation.id}: not among {len(theirs)} of other")
    shown = yield from references.narrowed_to_a_parent(exam, resource, operation, record)
    if any(str(each.get(resource.key)) == key and _same(each, record) for each in shown):
        raise _fail(f"no {resource.singular} of another account in a list", f"{operation.id}, narrowed to full's records, shows other {key}", operation)


def _reads_by_id(
    exam: Exam, resource: Resource, operations: list[Operation], found: tuple[str, Record, Own | None], cause: str, findings: Findings
) -> Steps[bool]:
    """Reads the record as other; gives back whether it was seen that other has no record of that id, so that a write as other can hit none."""
    key, record, own = found
    reads = [operation for operation in operations if operation.effect == "read"]
    plain = exam.operation(resource, "read")
    seen = False
    for operation in reads or ([plain] if plain else []):
        parents = yield from Aims(exam, findings).parents(operation, record)
        aim = Aim(operation, key, parents, own=own)
        response = yield from _refuses(exam, aim, resource, record, cause, findings)
        if own is not None and not exam.read.succeeded(response):
            response = yield aim.request(exam, as_="other", fresh=True)  # what was made as other in between may have got the same id
        if exam.read.succeeded(response):
            return False
        seen = True
    return seen


def _refuses(exam: Exam, aim: Aim, resource: Resource, record: Record, cause: str, findings: Findings) -> Steps[Response]:
    operation = aim.operation
    response = yield aim.request(exam, as_="other")
    judged = exam.read.answered(cause, response)
    expected = f"{judged.expected} where other names {resource.one} of another account"
    if _is_shown(exam, response, resource, record):
        raise _fail(expected, f"{operation.id} answered {response.status} and shows the record", operation)
    if judged.fine:
        findings.saw(f"{operation.id}: {response.status}", judged.remark)
    elif exam.read.succeeded(response):
        if not aim.reads or (yield from _shows_nothing(exam, aim, resource, response)):
            raise _fail(expected, f"{operation.id} answered {response.status}", operation)
        findings.remark(f"{operation.id} shows other a record of its own with the same id")
    elif overloaded(response):
        findings.lack(f"{operation.id} (answered {response.status})")
    elif exam.read.answered("not_found", response).fine and (yield from references.ids_are_each_accounts_own(exam, resource)):
        findings.remark(
            f"{operation.id} answers {response.status}: each account counts its {resource.plural} from the beginning, so that none of others can be named"
        )
    elif (yield from works(exam, aim.request(exam))):
        raise _fail(expected, f"{operation.id} answered {response.status}", operation)
    else:
        findings.lack(f"{operation.id} (answered {response.status}, and it does not work for full either)")
    return response


def _shows_nothing(exam: Exam, aim: Aim, resource: Resource, response: Response) -> Steps[bool]:
    """Whether a read's success holds no record, though full is shown one by the same read: then it is none of other's either."""
    if (passing(exam, response, resource) or {}).get(resource.key) not in (None, ""):
        return False
    control = passing(exam, (yield aim.request(exam)), resource)
    return control is not None and control.get(resource.key) not in (None, "")


def _referred_to(exam: Exam, aims: Aims, resource: Resource, findings: Findings) -> Steps[None]:
    """A create as other whose members refer to full's records must not succeed; with which status it is refused is open."""
    operation = exam.operation(resource, "create")
    given = yield from attempt(exam.payload(resource))
    if operation is None or isinstance(given, Ended) or not any(given.get(parent.member) is not None for parent in resource.parents):
        return
    named = [parent for parent in resource.parents if given.get(parent.member) is not None]
    for parent in named:
        resource_of = exam.spec.resources.get(parent.resource)
        if resource_of is None or (yield from references.has_one_like_it(exam, resource_of, given[parent.member], "other")):
            return
    parents, references_given = (yield from aims.parents(operation, given)), {parent.member: given[parent.member] for parent in named}
    before = yield from references.referring(exam, resource, references_given)
    response = yield exam.ask.operation(operation, members=given, parents=parents, as_="other")
    if exam.read.succeeded(response):
        members = ", ".join(parent.member for parent in named)
        expected = f"a refusal where other's new {resource.singular} refers to another account's record by its {members}"
        raise _fail(expected, f"{operation.id} answered {response.status}", operation)
    findings.saw(f"{operation.id}: {response.status}")
    if (yield from references.referring(exam, resource, references_given)) - before:
        expected = f"no new {resource.singular} where it refers to another account's record"
        raise _fail(expected, f"{operation.id} was refused ({response.status}), and other's list has one", operation)


# Lists


def only_own_records_are_seen(exam: Exam, clause: Clause) -> Flow:
    """Lists and reads of two callers that have nothing in common, each with a record of its own."""
    exam.need("full", "other")
    _different(exam, "other")
    findings = Findings()
    aims = Aims(exam, findings)
    for resource in _owned(exam, clause):
        found = yield from _a_record(exam, aims, resource)
        yield from _lists_are_apart(exam, clause, resource, found, findings)
        if found is not None and not (yield from _has_a_twin(exam, resource, found)):
            yield from _is_hidden(exam, clause, resource, found, findings)
            if found[2] is not None:
                yield from _is_listed(exam, clause, resource, found, findings)
                yield from _is_unlisted_for_second(exam, clause, resource, found, findings)
                yield from _is_not_shown_by_writes(exam, clause, resource, found, findings)
    return findings.verdict("{n} lists and reads hold nothing of another caller", "no record was there that must not be seen", NEEDS)


def _may_be_shared(exam: Exam, clause: Clause, record: Record) -> bool:
    """Whether the record's owner may let others see it; one that doesn't say is given the benefit of the doubt."""
    shared = _how(exam, clause).shared
    if shared is None:
        return False
    value = record.get(shared.member)
    return value is None or any(agrees(value, each) for each in (*shared.everyone, *shared.named))


def _lists(exam: Exam, clause: Clause, resource: Resource) -> list[Operation]:
    named = [operation for operation in _operations(exam, clause, resource) if operation.effect == "list"]
    plain = exam.operation(resource, "list")
    return named or ([plain] if plain else [])


def _walk(exam: Exam, resource: Resource, operation: Operation, as_: str, parents: Mapping[str, str] | None = None) -> Steps[tuple[list[Record], bool]]:
    """All records that a caller sees in a list, and whether the list could be read to its end; a refusal shows nothing."""
    pagination = exam.pagination(operation)
    size = (pagination.maximum or pagination.stub_default) if pagination is not None and pagination.size else None
    walk = yield from attempt(exam.walk(resource, operation=operation, size=size, as_=as_, parents=parents, fresh=True))
    return ([], False) if isinstance(walk, Ended) else (walk.records, walk.complete)


def _lists_are_apart(exam: Exam, clause: Clause, resource: Resource, found: tuple[str, Record, Own | None] | None, findings: Findings) -> Steps[None]:
    """No record stands in both callers' lists; on a nested list, both ask under full's parent."""
    for operation in _lists(exam, clause, resource):
        parents = yield from attempt(Aims(exam, findings).parents(operation, found[1] if found else {}))
        if isinstance(parents, Ended):
            continue
        mine, _ = yield from _walk(exam, resource, operation, "full", parents)
        theirs, read = yield from _walk(exam, resource, operation, "other", parents)
        by_key = {str(record.get(resource.key)): record for record in mine}
        common = [
            str(key)
            for record in theirs
            if (key := record.get(resource.key)) is not None and _same(by_key.get(str(key), {}), record) and not _may_be_shared(exam, clause, record)
        ]
        for key in common:
            if not _may_have_a_twin(key, found):
                observed = f"{operation.id} shows the {resource.singular} {key} to both full and other"
                raise _fail(f"no {resource.singular} in the lists of two accounts", observed, operation)
        if common:
            findings.lack(f"{operation.id}, {TWINS}")
        elif (mine and read) or theirs:
            findings.saw(f"{operation.id}: {len(mine)} and {len(theirs)} records, none in common")
        if found is not None and not _may_be_shared(exam, clause, found[1]) and not _may_have_a_twin(found[0], found):
            yield from _is_not_found(exam, resource, operation, found, parents, findings)


def _is_not_found(
    exam: Exam, resource: Resource, operation: Operation, found: tuple[str, Record, Own | None], parents: Mapping[str, str], findings: Findings
) -> Steps[None]:
    """A filter by the record's own members doesn't find it for other either."""
    key, record, _ = found
    how: Filtering | None = exam.parameters_of("filtering", operation)
    if how is None:
        return
    named = how.members.get(resource.name, list(record))
    usable = [name for name in named if isinstance(record.get(name), str) and record[name] and name != resource.key]
    text = text_of_ours(exam, record)
    for name in sorted(usable, key=lambda name: record[name] != text)[:2]:
        response = yield exam.ask.operation(operation, parents=parents, parameters=_narrowing(how, name, record[name]), as_="other")
        if not exam.read.succeeded(response):
            continue
        seen = yield from attempt(_records(exam, response, resource))
        if not isinstance(seen, Ended) and any(str(each.get(resource.key)) == key and _same(each, record) for each in seen):
            expected = f"no {resource.singular} of another account in a list narrowed by {name}"
            raise _fail(expected, f"{operation.id} shows other the {resource.singular} {key} of full", operation)
        findings.saw(f"{operation.id} narrowed by {name}")


def _narrowing(how: Filtering, name: str, value: str) -> dict[str, Any]:
    """The parameters that ask for records equal in one member."""
    match how.style:
        case "equality":
            return {name: value}
        case "brackets":
            return {f"{how.parameter}[{name}]": value}
        case "expression":
            return {how.parameter: f'{name} = "{value}"'}
        case "object":
            return {how.parameter: {name: value}}


def _records(exam: Exam, response: Response, resource: Resource) -> Steps[list[Record]]:
    yield from ()
    return list(exam.page_records(response, resource))


def _is_hidden(exam: Exam, clause: Clause, resource: Resource, found: tuple[str, Record, Own | None], findings: Findings) -> Steps[None]:
    """A read of the record by other doesn't show it; with which status is open."""
    key, record, _ = found
    if _may_be_shared(exam, clause, record):
        return
    for operation in (operation for operation in _operations(exam, clause, resource) if operation.effect == "read"):
        parents = yield from Aims(exam, findings).parents(operation, record)
        response = yield exam.ask.operation(operation, key=key, parents=parents, as_="other", fresh=True)
        if _is_shown(exam, response, resource, record):
            raise _fail(f"{resource.one} of full is not shown to other", f"{operation.id} answered {response.status} and shows it", operation)
        if exam.read.failed(response) and not overloaded(response):
            findings.saw(f"{operation.id}: {response.status} for other")


def _is_not_shown_by_writes(exam: Exam, clause: Clause, resource: Resource, found: tuple[str, Record, Own | None], findings: Findings) -> Steps[None]:
    """Updates of our record and actions on it by other, under any path, don't show it in their answers."""
    key, record, own = found
    if own is None or _may_be_shared(exam, clause, record):
        return
    if kind_of([key]) != "key" and (yield from references.has_one_like_it(exam, resource, key, "other")):
        findings.lack(f"writes to {resource.name}, as other has a record with the same id or it could not be seen that it has none")
        return
    aims = Aims(exam, findings)
    names = [name for effect, named in resource.operations.items() if effect not in (*READS, "create", "delete") for name in named]
    for operation in (exam.spec.operations[name] for name in names if name in exam.spec.operations):
        parents = yield from aims.parents(operation, record)
        members = (yield from _changed(exam, aims, operation, own)) if operation.effect in ("update", "replace") else None
        response = yield exam.ask.operation(operation, key=key, parents=parents, members=members, as_="other")
        shown = passing(exam, response, resource)
        if shown is not None and str(shown.get(resource.key)) == key and exam.read.succeeded((yield from aims.read(own.made))):
            raise _fail(f"{resource.one} of full is not shown to other", f"{operation.id} answered {response.status} and shows it", operation)
        if exam.read.failed(response) and not overloaded(response):
            findings.saw(f"{operation.id}: {response.status} for other")
    yield from _is_not_deleted(exam, aims, resource, own, findings)


def _changed(exam: Exam, aims: Aims, operation: Operation, own: Own) -> Steps[dict[str, Any]]:
    """Members of an update by other: a text alone where updates merge, as what it refers to may be refused for its own sake."""
    lifecycle: Lifecycle | None = exam.parameters_of("lifecycle", operation)
    whole = yield from aims.change(own.made.resource, own)
    if lifecycle is None or lifecycle.update != "merge" or operation.effect != "update":
        return whole
    return {name: value for name, value in whole.items() if name in own.tried} or whole


def _is_not_deleted(exam: Exam, aims: Aims, resource: Resource, own: Own, findings: Findings) -> Steps[None]:
    """A delete of our record by other leaves it where it is."""
    for name in resource.operations.get("delete", ()):
        operation = exam.spec.operations.get(name)
        if operation is None or not exam.read.succeeded((yield from aims.read(own.made))):
            return
        parents = yield from aims.parents(operation, {**own.made.given, **own.record})
        response = yield exam.ask.operation(operation, key=own.made.key, parents=parents, as_="other")
        if exam.read.answered("not_found", (yield from aims.read(own.made))).fine:
            raise _fail(f"{resource.one} of full, after a delete by other", f"{name} answered {response.status}, and it is gone", operation)
        if exam.read.failed(response) and not overloaded(response):
            findings.saw(f"{name}: {response.status} for other")


def _is_unlisted_for_second(exam: Exam, clause: Clause, resource: Resource, found: tuple[str, Record, Own | None], findings: Findings) -> Steps[None]:
    """With scope `user`: what a colleague may not read is not in the colleague's lists either; second may also be the same user."""
    key, record, _ = found
    how, operation = _how(exam, clause), exam.operation(resource, "read")
    if how.scope != "user" or "second" not in exam.target.credentials or operation is None or _may_be_shared(exam, clause, record):
        return
    parents = yield from Aims(exam, findings).parents(operation, record)
    response = yield exam.ask.operation(operation, key=key, parents=parents, as_="second", fresh=True)
    if not exam.read.failed(response) or overloaded(response):
        findings.remark(f"{operation.id} shows second {resource.one} of full, so second is taken for the same user")
        return
    for listing in _lists(exam, clause, resource):
        under = yield from Aims(exam, findings).parents(listing, record)
        theirs, _ = yield from _walk(exam, resource, listing, "second", under)
        if any(str(each.get(resource.key)) == key and _same(each, record) for each in theirs):
            expected = f"no {resource.singular} in second's list that second may not read ({response.status})"
            raise _fail(expected, f"{listing.id} shows second the {resource.singular} {key} of full", listing)


def _is_listed(exam: Exam, clause: Clause, resource: Resource, found: tuple[str, Record, Own | None], findings: Findings) -> Steps[None]:
    """The caller's own record is in the caller's own list."""
    key, record, _ = found
    for operation in _lists(exam, clause, resource):
        parents = yield from Aims(exam, findings).parents(operation, record)
        listed = yield from attempt(exam.listed(resource, key, operation=operation, parents=parents))
        if listed is False:
            raise _fail(f"the caller's own {resource.singular} in the list", f"{operation.id} does not hold {key}, which full made", operation)
        if listed is True:
            findings.saw(f"{operation.id} holds the caller's own")


# The whole account


def every_record_of_the_account_is_seen(exam: Exam, clause: Clause) -> Flow:
    """A record that a colleague made is listed and read by full."""
    exam.need("full")
    findings = Findings()
    for resource in _owned(exam, clause):
        if exam.target.permit.write and exam.operation(resource, "create") is not None:
            yield from _made_is_seen(exam, clause, resource, findings)
        elif "second" in exam.target.credentials:
            yield from _all_of_second_is_seen(exam, clause, resource, findings)
        else:
            findings.lack(f"{resource.name}: no record of it may be made, and there is no credential called second")
    needs = "permit.write, or a credential of a colleague, as second"
    return findings.verdict("{n} records of the account are seen", "no record is known that full must see", needs)


def _made_is_seen(exam: Exam, clause: Clause, resource: Resource, findings: Findings) -> Steps[None]:
    """What second makes full sees, and the other way round, as both have full rights; with one credential, its own."""
    second = "second" in exam.target.credentials
    for maker, viewer in (("second", "full"), ("full", "second")) if second else (("full", "full"),):
        made = yield from attempt(exam.make(resource, as_=maker))
        if isinstance(made, Ended):
            findings.lack(f"{resource.name}, as none could be made by {maker}")
        else:
            yield from _sees(exam, clause, made, viewer, findings)


def _sees(exam: Exam, clause: Clause, made: Made, viewer: str, findings: Findings) -> Steps[None]:
    resource, maker = made.resource, made.as_
    aims = Aims(exam, findings)
    if exam.operation(resource, "read") is not None:
        response = yield from aims.read(made, as_=viewer)
        if exam.read.succeeded(response):
            findings.saw(f"{resource.one} is read")
        elif overloaded(response) or not exam.read.succeeded((yield from aims.read(made))):
            findings.lack(f"reads of {resource.one}, which {maker}, who made it, can't read either ({response.status})")
        else:
            raise _fail(f"{viewer} reads the {resource.singular} that {maker} made", f"answered {response.status}", exam.operation(resource, "read"))
    for operation in _lists(exam, clause, resource):
        parents = yield from aims.parents(operation, {**made.given, **made.record})
        listed = yield from attempt(exam.listed(resource, made.key, as_=viewer, operation=operation, parents=parents))
        if listed is False:
            raise _fail(f"{viewer}'s list holds the {resource.singular} that {maker} made", f"{operation.id} does not hold {made.key}", operation)
        if listed is True:
            findings.saw(f"{resource.one} is listed")


def _all_of_second_is_seen(exam: Exam, clause: Clause, resource: Resource, findings: Findings) -> Steps[None]:
    for operation in _lists(exam, clause, resource):
        theirs, _ = yield from _walk(exam, resource, operation, "second")
        mine, complete = yield from _walk(exam, resource, operation, "full")
        again, _ = yield from _walk(exam, resource, operation, "second")
        keys, still = ({str(record.get(resource.key)) for record in records} for records in (mine, again))
        gone = sorted(key for key in {str(record.get(resource.key)) for record in theirs} & still if key not in keys)
        if gone and complete:
            raise _fail(f"full sees every {resource.singular} that second sees", f"{operation.id} lacks {', '.join(gone[:3])} for full", operation)
        if theirs and complete:
            findings.saw(f"{operation.id}: {len(theirs)} records of second")


# The selector


def selector_selects_the_account(exam: Exam, clause: Clause) -> Flow:
    """Lists without the selector, with a nonsense one, and with another account's; then both accounts' lists side by side."""
    exam.need("full", "other")
    _different(exam, "other")
    how, findings = _how(exam, clause), Findings()
    if how.selector is None:
        return Inconclusive("no credential field selects the account")
    aims = Aims(exam, findings)
    for resource in _owned(exam, clause):
        for operation in _operations(exam, clause, resource):
            if operation.effect in ("list", "singleton"):
                yield from _selected(exam, how.selector, resource, operation, findings)
        found = yield from _a_record(exam, aims, resource)
        yield from _lists_are_apart(exam, clause, resource, found, findings)
        if found is not None:
            yield from _named(exam, clause, aims, resource, found)
    return findings.verdict("{n} requests showed only the selected account's data", "no list gave data that a selector could select", NEEDS)


def _selected(exam: Exam, selector: str, resource: Resource, operation: Operation, findings: Findings) -> Steps[None]:
    parents = yield from attempt(exam.parents_of(operation))
    if isinstance(parents, Ended):
        return
    valid = yield exam.ask.operation(operation, parents=parents)
    if not exam.read.succeeded(valid):
        findings.lack(f"{operation.id} (answered {valid.status})")
        return
    for what, credential in _selectors(exam, selector):
        response = yield exam.ask.operation(operation, parents=parents, credential=credential)
        if exam.read.succeeded(response) and _has_data(exam, response, resource, operation):
            raise _fail(f"a 4xx and no data with {what}", f"{operation.id} answered {response.status} with data", operation)
        if exam.read.succeeded(response):
            findings.remark(f"{operation.id} answers {response.status} with no data with {what}")
        elif overloaded(response):
            findings.lack(f"{operation.id} with {what} (answered {response.status})")
        elif response.status >= 500:
            raise _fail(f"a 4xx and no data with {what}", f"{operation.id} answered {response.status}", operation)
        elif exam.read.failed(response):
            findings.saw(f"{operation.id}: {response.status} with {what}")


def _selectors(exam: Exam, selector: str) -> list[tuple[str, dict[str, str]]]:
    """Credentials of full's with the selector missing, made up, and (unless it is the same caller's) of the other account."""
    full, other = exam.target.credentials["full"], exam.target.credentials["other"]
    made_up = "".join("9" if char.isdigit() else char for char in full.get(selector, "")) + "9"
    bad = [("no " + selector, {name: value for name, value in full.items() if name != selector}), (f"a made-up {selector}", {**full, selector: made_up})]
    secrets = [name for name in full if name != selector]
    if other.get(selector) != full.get(selector) and any(full.get(name) != other.get(name) for name in secrets):
        bad.append((f"full's secret and other's {selector}", {**full, selector: other.get(selector, "")}))
    return bad


def _has_data(exam: Exam, response: Response, resource: Resource, operation: Operation) -> bool:
    try:
        if operation.effect == "list":
            return bool(exam.read.records(response, resource))
        return dig(response.json(), exam.read.item_pointer(resource)) not in (MISSING, None, {}, [])
    except Unreadable:
        return False


CHECKS = {
    "foreign_record_is_refused": Check(
        foreign_record_is_refused,
        how="Makes a record as full, and reads, updates and deletes it, and refers to it, as other.",
    ),
    "only_own_records_are_seen": Check(
        only_own_records_are_seen,
        how="Compares the lists of full and other, and reads full's record as other.",
    ),
    "every_record_of_the_account_is_seen": Check(
        every_record_of_the_account_is_seen,
        how="Makes a record as second, and looks for it as full.",
    ),
    "selector_selects_the_account": Check(
        selector_selects_the_account,
        how="Lists without the selector, with one that is made up and with another account's, and compares the accounts' lists.",
    ),
}
