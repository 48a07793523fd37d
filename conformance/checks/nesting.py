"""One record under another's path: the same records, and the same effects, as at the plain path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response
from conformance.reading import agrees
from conformance.steps import calls, writes
from conformance.steps.aiming import attempt, passing
from conformance.steps.parts import each
from conformance.steps.patience import patient
from conformance.verdict import Failed, Inconclusive, Passed, Skipped, Verdict
from specs.conventions.actions import Actions
from specs.conventions.nesting import Nesting
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

_SOME = 3
"""Parents whose lists are compared."""

Records = Mapping[str, Mapping[str, Any]]


def _nesting(exam: Exam, clause: Clause) -> Nesting:
    parameters: Nesting = exam.spec.convention(clause).parameters
    return parameters


def _pairs(exam: Exam, clause: Clause) -> list[tuple[Operation, Operation]]:
    """The plain operations and their nested twins, where the target has both and the clause speaks of either."""
    known = exam.spec.operations
    found = [(known[plain], known[nested]) for plain, nested in _nesting(exam, clause).pairs.items() if plain in known and nested in known]
    return [(plain, nested) for plain, nested in found if {plain.id, nested.id} & set(clause.operations)]


# Lists


@patient
def nested_list_is_exact(exam: Exam, clause: Clause) -> Flow:
    """Compares the nested lists of some parents with the plain list."""
    lists = [pair for pair in _pairs(exam, clause) if pair[1].effect == "list"] or _lists(exam, clause)
    return each(_exact(exam, _nesting(exam, clause), plain, nested) for plain, nested in lists)


def _lists(exam: Exam, clause: Clause) -> list[tuple[Operation, Operation]]:
    """The plain list and each nested one that the clause speaks of, where no pair names them."""
    nesting = _nesting(exam, clause)
    plain = exam.operation(exam.spec.resources[nesting.resource], "list")
    lists = [operation for operation in exam.operations(clause) if operation.effect == "list" and operation.resource == nesting.resource]
    nested = [operation for operation in lists if nesting.parameter in operation.path_parameters]
    return [(plain, one) for one in nested] if plain is not None and nesting.parameter not in plain.path_parameters else []


def _exact(exam: Exam, nesting: Nesting, plain: Operation, nested: Operation) -> Flow:
    resource = exam.spec.resources[nesting.resource]
    flat = yield from _all(exam, resource, plain, {}, fresh=False)
    if not flat and not isinstance((yield from attempt(exam.make(resource))), Ended):
        flat = yield from _all(exam, resource, plain, {}, fresh=True)
    if not flat or not any(nesting.member in record for record in flat.values()):
        return Inconclusive(f"{plain.id} shows no {nesting.member}", f"{resource.plural} of two {nesting.parent}")
    parents = _parents(flat, nesting.member)
    for parent in parents[:_SOME]:
        wrong = yield from _difference(exam, nesting, plain, nested, parent, flat)
        if wrong is None and parent == parents[0]:
            wrong = yield from _ordered(exam, nesting, nested, parent)
        if wrong is not None:
            return Failed(f"exactly the {resource.plural} whose {nesting.member} is {parent}", wrong, operation=nested.id)
    if len(parents) < 2:
        return Inconclusive(f"all {resource.plural} belong to one of {nesting.parent}", f"{resource.plural} of two {nesting.parent}")
    moved = yield from attempt(_moved(exam, nesting, nested, parents))
    if isinstance(moved, Failed):
        return moved
    return Passed(f"{nested.id} holds exactly the {resource.plural} of {min(len(parents), _SOME)} {nesting.parent}")


def _all(exam: Exam, resource: Resource, operation: Operation, parents: Mapping[str, str], *, fresh: bool) -> Steps[Records]:
    walk = yield from exam.walk(resource, operation=operation, parents=parents, fresh=fresh)
    return {str(record.get(resource.key)): record for record in walk.records}


def _parents(flat: Records, member: str) -> list[str]:
    """The parents of the records of a list: the one with the most, then those with the fewest."""
    counts: dict[str, int] = {}
    for record in flat.values():
        if record.get(member) is not None:
            counts[str(record[member])] = counts.get(str(record[member]), 0) + 1
    ordered = sorted(counts, key=lambda parent: counts[parent])
    return [*ordered[-1:], *ordered[:-1]]


def _difference(exam: Exam, nesting: Nesting, plain: Operation, nested: Operation, parent: str, flat: Records) -> Steps[str | None]:
    """How a nested list differs from the plain one, and still does when both are read anew; None if it doesn't."""
    resource, wrong = exam.spec.resources[nesting.resource], None
    for fresh in (False, True):
        known = (yield from _all(exam, resource, plain, {}, fresh=True)) if fresh else flat
        wanted = {key for key, record in known.items() if str(record.get(nesting.member)) == parent}
        request = exam.ask.operation(nested, parents={nesting.parameter: parent}, fresh=fresh)
        response = yield request
        if not exam.read.succeeded(response):
            wrong = writes.told(exam, response) if response.status not in (429, 502, 503, 504) else None
            continue
        found = yield from _all(exam, resource, nested, {nesting.parameter: parent}, fresh=fresh)
        foreign, missing = sorted(set(found) - wanted), sorted(wanted - set(found))
        if not foreign and not missing:
            return None
        wrong = f"{len(foreign)} others, such as {foreign[0]}" if foreign else f"{len(missing)} missing, such as {missing[0]}"
    return wrong


def _moved(exam: Exam, nesting: Nesting, nested: Operation, parents: list[str]) -> Steps[Failed | None]:
    """A failure where a record of ours that an update moves stays in the list that it leaves, or is missing in the other."""
    resource = exam.spec.resources[nesting.resource]
    update = exam.operation(resource, "update")
    if update is None or not exam.target.permit.write:
        return None
    own = yield from exam.make(resource, {nesting.member: parents[0]})
    yield from writes.sent(exam, update, own, {nesting.member: parents[1]})
    if str((yield from writes.current(exam, own)).get(nesting.member)) != parents[1]:
        return None  # whether a record can be moved is open
    for parent, there in ((parents[0], False), (parents[1], True)):
        listed = yield from exam.listed(resource, own.key, operation=nested, parents={nesting.parameter: parent})
        if listed is (not there):
            expected = f"{own.key}, which {update.id} moved to the {nesting.member} {parents[1]}, {'in' if there else 'no longer in'} the list of {parent}"
            return Failed(expected, "it is not there" if there else "it is still there", operation=nested.id)
    return None


def _ordered(exam: Exam, nesting: Nesting, nested: Operation, parent: str) -> Steps[str | None]:
    """How a nested list that is asked for an order differs in its records from itself; None if it doesn't."""
    asked = calls.ordered(exam, nested)
    if asked is None:
        return None
    resource, wrong = exam.spec.resources[nesting.resource], None
    for fresh in (False, True):
        plain = yield from _all(exam, resource, nested, {nesting.parameter: parent}, fresh=fresh)
        response = yield exam.ask.operation(nested, parents={nesting.parameter: parent}, parameters=asked, fresh=fresh)
        if not exam.read.succeeded(response):
            return None
        found = {str(record.get(resource.key)) for record in exam.page_records(response, resource)}
        if found == set(plain) or exam.pagination(nested) is not None:
            return None
        wrong = f"{len(found)} of them when asked for an order, instead of {len(plain)}"
    return wrong


# Single records


@patient
def nested_path_gives_the_same(exam: Exam, clause: Clause) -> Flow:
    """Does by each nested operation what the plain one does, and looks at the effect by the plain path."""
    return each(_same(exam, clause, plain, nested) for plain, nested in _pairs(exam, clause))


def _same(exam: Exam, clause: Clause, plain: Operation, nested: Operation) -> Flow:
    nesting = _nesting(exam, clause)
    resource = exam.spec.resources[nesting.resource]
    if nested.effect == "list":
        return (yield from _same_in_list(exam, nesting, resource, plain, nested))
    if nested.effect == "read":
        return (yield from _same_read(exam, resource, plain, nested))
    if nested.effect == "create":
        return (yield from _same_create(exam, nesting, resource, nested))
    own = yield from exam.make(resource)
    if nested.effect in ("update", "replace"):
        changed = yield from _same_update(exam, own, plain, nested)
        return (yield from _same_afterwards(exam, clause, own, changed))
    if nested.effect == "delete":
        return (yield from _same_delete(exam, own, plain, nested))
    return (yield from _same_action(exam, own, plain, nested))


def _same_in_list(exam: Exam, nesting: Nesting, resource: Resource, plain: Operation, nested: Operation) -> Flow:
    """A record is the same in both lists; whether they hold the same ones is another rule's."""
    flat = yield from _all(exam, resource, plain, {}, fresh=False)
    parents = _parents(flat, nesting.member)
    if not parents:
        return Inconclusive(f"{plain.id} shows no {nesting.member}", f"{resource.plural} of one of {nesting.parent}")
    found = yield from _all(exam, resource, nested, {nesting.parameter: parents[0]}, fresh=False)
    both = [key for key in found if key in flat]
    names = writes.own_names(exam, resource, ())
    for key in both:
        wrong = writes.differences(exam, resource, flat[key], found[key], names)
        if wrong and (yield from _lasting(exam, nesting, resource, plain, nested, key, parents[0])):
            return Failed(f"the {resource.singular} {key} as {plain.id} shows it", wrong[0], operation=nested.id)
    return Passed(f"{nested.id} shows {len(both)} records as {plain.id} does") if both else Inconclusive(f"{nested.id} shows none of the records of {plain.id}")


def _lasting(exam: Exam, nesting: Nesting, resource: Resource, plain: Operation, nested: Operation, key: str, parent: str) -> Steps[bool]:
    """Whether a record differs between both lists when they are read anew."""
    flat = yield from _all(exam, resource, plain, {}, fresh=True)
    found = yield from _all(exam, resource, nested, {nesting.parameter: parent}, fresh=True)
    return key in flat and key in found and bool(writes.differences(exam, resource, flat[key], found[key], writes.own_names(exam, resource, ())))


def _same_read(exam: Exam, resource: Resource, plain: Operation, nested: Operation) -> Flow:
    exchange = yield from calls.valid(exam, plain)
    one = passing(exam, exchange.response, resource) if exchange.response else None
    if one is None:
        return Inconclusive(f"{plain.id} gave no {resource.singular}", f"{resource.one} that can be read")
    key = str(one.get(resource.key))
    parents = yield from calls.parents_for(exam, nested, one)
    wrong = ""
    for fresh in (False, True):
        response = yield exam.ask.operation(nested, key=key, parents=parents, fresh=fresh)
        other = passing(exam, response, resource)
        if fresh:
            again = yield exam.ask.operation(plain, key=key, fresh=True)
            one = passing(exam, again, resource) or one
        if other is None:
            wrong = writes.told(exam, response)
            continue
        names = [resource.key, *writes.own_names(exam, resource, ())]
        found = writes.differences(exam, resource, one, other, names)
        if not found:
            return Passed(f"{nested.id} gives the same {resource.singular} as {plain.id}")
        wrong = found[0]
    return Failed(f"the {resource.singular} {key} as {plain.id} gives it", wrong, operation=nested.id)


def _same_create(exam: Exam, nesting: Nesting, resource: Resource, nested: Operation) -> Flow:
    flat = yield from exam.known(resource)
    parents = sorted({str(record[nesting.member]) for record in flat if record.get(nesting.member) is not None})
    first = yield from exam.parents_of(nested)
    other = next((parent for parent in reversed(parents) if parent != first.get(nesting.parameter)), first.get(nesting.parameter))
    own = yield from writes.made(exam, resource, nested, members={nesting.member: other})
    given = {**own.given}
    response = yield from writes.read_back(exam, own)
    if response is None:
        return Skipped(f"{resource.name} has no operation that reads one")
    record = passing(exam, response, resource)
    if record is None:
        return writes.failed_read(exam, own, response)
    wrong = writes.differences(exam, resource, given, record)
    if wrong:
        return Failed(f"the {resource.singular} that {nested.id} made, with the values given", wrong[0], operation=nested.id)
    wrong = _told_otherwise(exam, resource, own.record, record)
    if wrong:
        return Failed(f"{nested.id} to answer with the {resource.singular} that the plain path shows", wrong[0], operation=nested.id)
    if "list" in resource.operations and (yield from exam.listed(resource, own.key)) is False:
        return Failed(f"the {resource.singular} that {nested.id} made in the plain list", f"{own.key} is not in it", operation=nested.id)
    return Passed(f"what {nested.id} makes is read by the plain path")


def _same_update(exam: Exam, own: Made, plain: Operation, nested: Operation) -> Flow:
    before = yield from writes.current(exam, own)
    change = yield from calls.change(exam, own.resource, before)
    response = yield from writes.sent(exam, nested, own, change)
    if not exam.read.succeeded(response):
        again = yield from writes.sent(exam, plain, own, change)
        return _refused(exam, plain, nested, response, again)
    after = yield from writes.current(exam, own)
    wrong = writes.differences(exam, own.resource, change, after)
    if wrong:
        return Failed(f"the change by {nested.id} seen by the plain path", wrong[0], operation=nested.id)
    wrong = _told_otherwise(exam, own.resource, passing(exam, response, own.resource) or {}, after)
    if wrong:
        return Failed(f"{nested.id} to answer with the {own.resource.singular} that the plain path shows", wrong[0], operation=nested.id)
    return Passed(f"a change by {nested.id} is seen by the plain path")


def _same_afterwards(exam: Exam, clause: Clause, own: Made, verdict: Verdict) -> Flow:
    """The nested read shows what a change left, and not what stood there before."""
    nested = next((nested for _, nested in _pairs(exam, clause) if nested.effect == "read"), None)
    if not isinstance(verdict, Passed) or nested is None:
        return verdict
    after = yield from writes.current(exam, own)
    parents = yield from calls.parents_for(exam, nested, after)
    shown = passing(exam, (yield exam.ask.operation(nested, key=own.key, parents=parents, fresh=True)), own.resource)
    wrong = writes.differences(exam, own.resource, after, shown or {}, writes.own_names(exam, own.resource, ()))
    if wrong:
        return Failed(f"the {own.resource.singular} as it is after a change, by {nested.id}", wrong[0], operation=nested.id)
    return verdict


def _refused(exam: Exam, plain: Operation, nested: Operation, response: Response, again: Response) -> Verdict:
    """A nested operation that is refused is wrong where the plain one is not."""
    if response.status in (429, 502, 503, 504) or not exam.read.succeeded(again):
        return Inconclusive(f"{nested.id} was answered with {writes.told(exam, response)}, and {plain.id} with {again.status}")
    return Failed(f"a success of {nested.id}, as of {plain.id}", writes.told(exam, response), operation=nested.id)


def _same_delete(exam: Exam, own: Made, plain: Operation, nested: Operation) -> Flow:
    exchange = yield from calls.on_own(exam, nested, own)
    response = exchange.response
    if response is None or not exam.read.succeeded(response):
        again = (yield from calls.on_own(exam, plain, own)).response
        if response is None or again is None:
            return Inconclusive(f"{nested.id} was not answered")
        return _refused(exam, plain, nested, response, again)
    found = yield from writes.read_back(exam, own)
    if found is not None and passing(exam, found, own.resource) is not None:
        return Failed(f"the {own.resource.singular} that {nested.id} deleted gone from the plain path", "it is still there", operation=nested.id)
    return Passed(f"what {nested.id} deletes is gone from the plain path") if found is not None else Inconclusive(f"nothing reads one of {own.resource.name}")


def _same_action(exam: Exam, own: Made, plain: Operation, nested: Operation) -> Flow:
    """The nested action on our record, the plain one on another of ours: both answer the same of what the action sets."""
    exchange = yield from calls.on_own(exam, nested, own)
    twin = yield from exam.make(own.resource)
    other = (yield from calls.on_own(exam, plain, twin)).response
    response = exchange.response
    if response is None or other is None:
        return Inconclusive(f"{nested.id} was not answered")
    if not exam.read.succeeded(response):
        return _refused(exam, plain, nested, response, other)
    actions: Actions | None = exam.parameters_of("actions", nested)
    names = _told_by(actions, nested.effect or "")
    one, two = passing(exam, response, own.resource) or {}, passing(exam, other, own.resource) or {}
    for name in names:
        if name in two and not (name in one and agrees(two[name], one[name])):
            return Failed(f"{name} {two[name]!r} after {nested.id}, as after {plain.id}", repr(one.get(name)), operation=nested.id)
    after = yield from writes.current(exam, own)
    for name, value in (actions.actions[nested.effect or ""].set if actions else {}).items():
        if name in after and not agrees(value, after[name]):
            return Failed(f"{name} {value!r} by the plain path after {nested.id}", repr(after[name]), operation=nested.id)
    wrong = _told_otherwise(exam, own.resource, one, after)
    if wrong:
        return Failed(f"{nested.id} to answer with the {own.resource.singular} that the plain path shows", wrong[0], operation=nested.id)
    return Passed(f"{nested.id} does as {plain.id}") if names else Inconclusive(f"nothing is known of what {nested.id} does")


def _told_otherwise(exam: Exam, resource: Resource, answer: Mapping[str, Any], record: Mapping[str, Any]) -> list[str]:
    """The members that only a write changes and that an answer shows other than a read after it."""
    return writes.differences(exam, resource, record, answer, writes.own_names(exam, resource, ()))


def _told_by(actions: Actions | None, effect: str) -> list[str]:
    """The members that tell what an action did: those that it sets, and whether the timer runs."""
    action = actions.actions.get(effect) if actions else None
    if actions is None or action is None:
        return []
    return [*action.set, *([actions.timer.running] if actions.timer and (action.starts or action.stops) else [])]


CHECKS: dict[str, Check] = {
    "nested_list_is_exact": Check(
        flow=nested_list_is_exact,
        how="Compares the nested lists of some parents with the plain list, in both directions; needs records of two parents.",
    ),
    "nested_path_gives_the_same": Check(
        flow=nested_path_gives_the_same,
        how="Lists, reads, makes, changes, deletes and acts by the nested paths, and looks at what came of it by the plain ones.",
    ),
}
