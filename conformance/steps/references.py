"""How one account's records refer to another's: by ids that both may have, in a list that is narrowed, in a create, in an update."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.reading import agrees
from conformance.steps import writes
from conformance.steps.aiming import attempt, passing
from conformance.verdict import Failed
from specs.model import Operation, Parent, Resource

__all__ = ["has_one_like_it", "ids_are_each_accounts_own", "moved", "narrowed_to_a_parent", "referring"]

Record = Mapping[str, Any]


def has_one_like_it(exam: Exam, resource: Resource, key: Any, caller: str) -> Steps[bool]:
    """Whether a caller has a record with the same id as another account's, or it can't be seen that the caller has none."""
    operation = exam.operation(resource, "read")
    if operation is None or operation.path_parameters != (exam.ask.key_parameter(operation),):
        return True
    response = yield exam.ask.operation(operation, key=key, as_=caller)
    return not exam.read.failed(response) or response.status in (401, 403, 429) or response.status >= 500


def ids_are_each_accounts_own(exam: Exam, resource: Resource) -> Steps[bool]:
    """Whether accounts number their records each for themselves: full and other have different records with the same id.

    Where other has none of the resource, or they are filled alike, it is a record that other makes of any which needs no parent.
    """
    roots = [one for one in exam.spec.resources.values() if not one.parents and exam.operation(one, "create") and exam.operation(one, "list")][:1]
    for one in (resource, *roots):
        if (yield from _shares_an_id(exam, one, (yield from exam.known(one, as_="other")))):
            return True
    for root in roots if exam.target.permit.write else ():
        made = yield from attempt(exam.make(root, as_="other"))
        if not isinstance(made, Ended):
            return (yield from _shares_an_id(exam, root, [made.record]))
    return False


def _shares_an_id(exam: Exam, resource: Resource, theirs: Iterable[Record]) -> Steps[bool]:
    mine = {str(record.get(resource.key)): record for record in (yield from exam.known(resource))}
    pairs = [(mine[key], record) for record in theirs if (key := str(record.get(resource.key))) in mine]
    return any(any(not agrees(one[name], other[name]) for name in set(one) & set(other)) for one, other in pairs)


def narrowed_to_a_parent(exam: Exam, resource: Resource, operation: Operation, record: Record) -> Steps[list[Record]]:
    """What other is shown by a list with the references of full's record as parameters: those that are not known narrow nothing."""
    named = (yield from _references(exam, resource, record)) if operation.method == "GET" and not operation.path_parameters else {}
    if not named:
        return []
    response = yield exam.ask.operation(operation, parameters=named, as_="other", fresh=True)
    try:
        return list(exam.page_records(response, resource))
    except Ended:
        return []


def _references(exam: Exam, resource: Resource, record: Record) -> Steps[dict[str, Any]]:
    """A record's references by member, and those of the records that it refers to: time is asked for by job and by client."""
    found = {parent.member: record[parent.member] for parent in resource.parents if record.get(parent.member) not in (None, "")}
    for parent in resource.parents:
        other = exam.spec.resources.get(parent.resource)
        if parent.member not in found or other is None or not other.parents or exam.operation(other, "list") is None:
            continue
        for each in (yield from exam.known(other)):
            if agrees(found[parent.member], each.get(other.key)):
                found |= {own.member: each[own.member] for own in other.parents if each.get(own.member) not in (None, "")}
    return found


def referring(exam: Exam, resource: Resource, given: Record) -> Steps[set[str]]:
    """The ids of other's records, as far as its list shows them, that have those references: to full's, or to what other once had under the same ids."""
    operation = exam.operation(resource, "list")
    if operation is None or operation.path_parameters:
        return set()
    found = yield from exam.known(resource, as_="other")
    return {str(record.get(resource.key)) for record in found if all(agrees(value, record.get(name)) for name, value in given.items())}


def moved(exam: Exam, made: Made) -> Steps[Failed | None]:
    """A failure where an update of our record takes a reference to a record of other's; one that is ignored is none."""
    resource, operation = made.resource, exam.operation(made.resource, "update")
    parent = next((parent for parent in resource.parents if not parent.parameters and made.given.get(parent.member) is not None), None)
    if operation is None or parent is None:
        return None
    key = yield from _of_other(exam, parent)
    if key is None:
        return None
    response = yield from writes.sent(exam, operation, made, {parent.member: key})
    if not exam.read.succeeded(response):
        return None
    after = yield from writes.read_back(exam, made)
    record = passing(exam, after, resource) if after is not None else None
    if record is None or not agrees(key, record.get(parent.member)):
        return None
    expected = f"a refusal where full's {resource.singular} is to refer to another account's record by its {parent.member}"
    return Failed(expected, f"{operation.id} answered {response.status}, and the reference is kept", operation=operation.id)


def _of_other(exam: Exam, parent: Parent) -> Steps[Any]:
    """The id of a record of other's that full has none like, or None."""
    resource = exam.spec.resources.get(parent.resource)
    if resource is None:
        return None
    for record in (yield from exam.known(resource, as_="other"))[-1:]:
        key = record.get(resource.key)
        if key is not None and not (yield from has_one_like_it(exam, resource, key, "full")):
            return key
    return None
