"""Key-value data that callers attach to records: it comes back unchanged, and its limits hold to the character."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response
from conformance.steps.aiming import attempt, overloaded, passing, stands_in_list, text_of_ours
from conformance.steps.calls import change, parents_for
from conformance.steps.findings import Findings
from conformance.steps.parts import each
from conformance.steps.patience import patient
from conformance.verdict import Failed, Inconclusive
from specs.conventions.metadata import Metadata
from specs.model import Clause, Operation, Resource

__all__ = ["CHECKS"]

FIRST = "proctor1"
"""The key that our records have from the beginning: where an update adds keys to those that there are, it counts as one of them."""

WIDE = "é"
"""A character of two bytes."""

ASTRAL = "\U0001d538"
"""A character that UTF-16 counts as two, of which nothing is said."""

Data = dict[str, str]


@dataclass(frozen=True, slots=True)
class Holder:
    """A resource that is known to take metadata: our record of it, and its operations that the clause speaks of."""

    exam: Exam
    clause: Clause
    made: Made
    operations: Mapping[str, Operation]
    findings: Findings = field(default_factory=Findings)

    @property
    def parameters(self) -> Metadata:
        """The parameters of the convention."""
        found: Metadata = self.exam.spec.convention(self.clause).parameters
        return found

    @property
    def member(self) -> str:
        """The member that holds the metadata."""
        return self.parameters.member

    @property
    def resource(self) -> Resource:
        """The resource."""
        return self.made.resource


def _every(exam: Exam, clause: Clause) -> list[tuple[Resource, dict[str, Operation]]]:
    """The resources of the clause's operations, with their create and update."""
    found: dict[str, dict[str, Operation]] = {}
    for operation in exam.operations(clause):
        if operation.resource and operation.effect in ("create", "update", "replace"):
            name = "create" if operation.effect == "create" else "update"
            found.setdefault(operation.resource, {}).setdefault(name, operation)
    return [(exam.spec.resources[name], operations) for name, operations in found.items()]


def _holder(exam: Exam, clause: Clause, resource: Resource, operations: Mapping[str, Operation]) -> Steps[Holder]:
    """Our record with one key of metadata; ends the check as inconclusive where the resource does not take any."""
    member = exam.spec.convention(clause).parameters.member
    needs = f"a resource that takes {member}"
    made = yield from attempt(exam.make(resource, {member: {FIRST: "one"}}))
    if isinstance(made, Ended):
        raise Ended(Inconclusive(f"{resource.name}: {getattr(made.verdict, 'reason', '')}", needs)) from None
    holder = Holder(exam, clause, made, operations)
    shown = yield from _shown(holder, made.response)
    if shown is MISSING:
        raise Ended(Inconclusive(f"{resource.name} shows no {member}, and may not take any", needs))
    wrong = _difference({FIRST: "one"}, shown)
    if wrong:
        raise Ended(Failed(f"{member} as it was given on create: {FIRST!r}: 'one'", wrong, operation=_operation(holder, "create")))
    return holder


# Asking


def _create(holder: Holder, data: Data) -> Steps[tuple[Response, Mapping[str, Any]]]:
    """A create with metadata: its answer, and the members that were sent."""
    exam, operation = holder.exam, holder.operations["create"]
    given = yield from exam.payload(holder.resource)
    members = {**given, holder.member: data}
    parents = yield from parents_for(exam, operation, given)
    return (yield exam.ask.operation(operation, members=members, parents=parents)), members


def _update(holder: Holder, data: Data, changed: Mapping[str, Any]) -> Steps[Response]:
    """An update of our record with metadata and other changes; all that a replacement needs is sent along."""
    operation = holder.operations["update"]
    members = {**holder.made.given, **changed, holder.member: data}
    parents = yield from parents_for(holder.exam, operation, {**holder.made.given, **holder.made.record})
    return (yield holder.exam.ask.operation(operation, key=holder.made.key, members=members, parents=parents))


def _read(holder: Holder, key: str) -> Steps[Mapping[str, Any] | None]:
    """A record of ours as it reads now; None where it can't be read."""
    operation = holder.exam.operation(holder.resource, "read")
    if operation is None:
        return None
    parents = yield from parents_for(holder.exam, operation, {**holder.made.given, **holder.made.record})
    response = yield holder.exam.ask.operation(operation, key=key, parents=parents, fresh=True)
    return passing(holder.exam, response, holder.resource)


def _shown(holder: Holder, response: Response) -> Steps[Any]:
    """The metadata of the record that a write answered with, read anew where that is possible; `MISSING` where there is none."""
    written = passing(holder.exam, response, holder.resource) or {}
    record = yield from _read(holder, str(written.get(holder.resource.key, holder.made.key)))
    return (record if record is not None else written).get(holder.member, MISSING)


def _difference(given: Mapping[str, Any], shown: Any) -> str:
    """What is wrong with metadata that came back; more keys than were given are no matter. Empty if nothing."""
    if not isinstance(shown, Mapping):
        return f"{shown!r}" if shown is not MISSING else "none"
    for key, value in given.items():
        if key not in shown:
            return f"no {_short(key)} among {', '.join(map(_short, list(shown)[:4])) or 'no keys'}"
        if shown[key] != value:
            return f"{_short(key)}: {_short(shown[key])}"
    return ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 60 else f"{text[:24]}… ({len(value)} characters)"


# Coming back


@patient
def metadata_comes_back(exam: Exam, clause: Clause) -> Flow:
    """Writes metadata on create and update, then odd texts; each comes back as it was given."""
    return each(_comes_back(exam, clause, resource, operations) for resource, operations in _every(exam, clause))


def _comes_back(exam: Exam, clause: Clause, resource: Resource, operations: Mapping[str, Operation]) -> Flow:
    holder = yield from _holder(exam, clause, resource, operations)
    holder.findings.saw("a create")
    answered = passing(exam, holder.made.response, resource) or {}
    if holder.member in answered:
        _same(holder, "create", {FIRST: "one"}, answered[holder.member])
    odd: dict[str, Data] = {
        "an empty text": {FIRST: ""},
        "spaces at the ends": {FIRST: " one "},
        "letters of both cases": {FIRST: "One", "Proctor Two": "2"},
        "signs of markup": {FIRST: "Q&A <b> \"x\" 'y' &amp; %20"},
        "letters outside of ASCII": {FIRST: "Zoë ✓ 水", "Ключ": "x"},
    }
    limits = holder.parameters
    for what, data in {"a longer text": {FIRST: "two, and more words, so that it is a text of some length"[: limits.value_length]}, **odd}.items():
        yield from _written(holder, "update" if "update" in operations else "create", what, data)
    if "update" in operations:
        before = yield from _read(holder, holder.made.key)
        yield from _written(holder, "create", "odd texts", _under_other_keys(odd.values()))
        yield from _stays(holder, before)
    return holder.findings.verdict(f"{resource.name}: {{n}} writes of {holder.member} came back", f"no write of {resource.name} could be made")


def _under_other_keys(written: Iterable[Data]) -> Data:
    """Everything that was written, under keys that no write had before."""
    return {f"{key} {number}": value for number, data in enumerate(written) for key, value in data.items()}


def _stays(holder: Holder, before: Mapping[str, Any] | None) -> Steps[None]:
    """Our record keeps its own metadata when another one is made with some."""
    after = yield from _read(holder, holder.made.key)
    given = (before or {}).get(holder.member)
    wrong = _difference(given, (after or {}).get(holder.member, MISSING)) if isinstance(given, Mapping) and after is not None else ""
    if wrong:
        raise Ended(
            Failed(
                f"{holder.member} of one {holder.resource.singular} as it was, after another was made with other texts",
                wrong,
                operation=_operation(holder, "create"),
            )
        )


def _written(holder: Holder, effect: str, what: str, data: Data) -> Steps[None]:
    """One write that must come back if it is taken: which texts are taken is open."""
    response = (yield from _update(holder, data, {})) if effect == "update" else (yield from _create(holder, data))[0]
    if not holder.exam.read.succeeded(response):
        holder.findings.lack(f"{effect} of {holder.resource.name} with {what} (answered {response.status})")
        return
    answered = passing(holder.exam, response, holder.resource) or {}
    if holder.member in answered:
        _same(holder, effect, data, answered[holder.member])
    _same(holder, effect, data, (yield from _shown(holder, response)))
    holder.findings.saw(f"{effect} with {what}")


def _same(holder: Holder, effect: str, data: Data, shown: Any) -> None:
    wrong = _difference(data, shown)
    if wrong:
        told = ", ".join(f"{_short(key)}: {_short(value)}" for key, value in list(data.items())[:3])
        raise Ended(Failed(f"{holder.member} as it was given on {effect}: {told}", wrong, operation=_operation(holder, effect)))


def _operation(holder: Holder, effect: str) -> str | None:
    return holder.operations[effect].id if effect in holder.operations else None


# Limits


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: metadata that just keeps it and metadata that just breaks it, in words and as data.

    `wide` is as long as allowed in characters of two bytes (taken where such a character is taken at all), `astral` in characters
    that some count as two (taken or not, as it likes).
    """

    allowed: tuple[str, Data]
    beyond: tuple[str, Data]
    wide: tuple[Data, Data] | None = None
    astral: Data | None = None


def keys_are_limited(exam: Exam, clause: Clause) -> Flow:
    """As many keys as are allowed, and one more, on create and update."""
    most = exam.spec.convention(clause).parameters.keys

    def keys(count: int) -> Data:
        return {f"proctor{number}": str(number) for number in range(1, count + 1)}

    return _limited(exam, clause, Limit((f"{most} keys", keys(most)), (f"{most + 1} keys", keys(most + 1))))


def key_length_is_limited(exam: Exam, clause: Clause) -> Flow:
    """A key as long as is allowed, and one that is a character longer, on create and update."""
    longest = exam.spec.convention(clause).parameters.key_length

    def key(length: int, char: str = "k") -> Data:
        return {char * length: "one"}

    allowed, beyond = (f"a key of {longest} characters", key(longest)), (f"a key of {longest + 1} characters", key(longest + 1))
    return _limited(exam, clause, Limit(allowed, beyond, (key(1, WIDE), key(longest, WIDE)), key(longest, ASTRAL)))


def value_length_is_limited(exam: Exam, clause: Clause) -> Flow:
    """A value as long as is allowed, and one that is a character longer, on create and update."""
    longest = exam.spec.convention(clause).parameters.value_length

    def value(length: int, char: str = "v") -> Data:
        return {FIRST: char * length}

    allowed, beyond = (f"a value of {longest} characters", value(longest)), (f"a value of {longest + 1} characters", value(longest + 1))
    return _limited(exam, clause, Limit(allowed, beyond, (value(1, WIDE), value(longest, WIDE)), value(longest, ASTRAL)))


def _limited(exam: Exam, clause: Clause, limit: Limit) -> Flow:
    return each(_keeps(exam, clause, resource, operations, limit) for resource, operations in _every(exam, clause))


def _keeps(exam: Exam, clause: Clause, resource: Resource, operations: Mapping[str, Operation], limit: Limit) -> Flow:
    holder = yield from _holder(exam, clause, resource, operations)
    for effect in operations:
        yield from _refused(holder, effect, limit)
        yield from _taken(holder, effect, limit.allowed)
    if limit.wide is not None:
        yield from _counts_characters(holder, limit)
    passed, nothing = f"{resource.name}: {limit.allowed[0]} taken, {limit.beyond[0]} refused", f"no write of {resource.name} could be made"
    return holder.findings.verdict(passed, nothing, f"create under [resources.{resource.name}]")


def _write(holder: Holder, effect: str, data: Data) -> Steps[Response]:
    if effect == "update":
        return (yield from _update(holder, data, {}))
    response, _ = yield from _create(holder, data)
    return response


def _taken(holder: Holder, effect: str, allowed: tuple[str, Data]) -> Steps[None]:
    """What is allowed is taken, and comes back whole."""
    what, data = allowed
    response = yield from _write(holder, effect, data)
    if overloaded(response):
        holder.findings.lack(f"{effect} of {holder.resource.name} with {what} (answered {response.status})")
        return
    if not holder.exam.read.succeeded(response):
        if effect == "update" and not holder.exam.read.succeeded((yield from _update(holder, {FIRST: "one"}, {}))):
            holder.findings.lack(f"update of {holder.resource.name} (answered {response.status}, with one key as well)")
            return
        observed = f"{response.status}: {holder.exam.read.excerpt(response, 120)}"
        raise Ended(Failed(f"a success for {what} on {effect}", observed, operation=_operation(holder, effect)))
    _same(holder, effect, data, (yield from _shown(holder, response)))
    holder.findings.saw(f"{effect} with {what}")


def _refused(holder: Holder, effect: str, limit: Limit) -> Steps[None]:
    """What is beyond the limit is refused, and changes nothing."""
    what, data = limit.beyond
    before = yield from _read(holder, holder.made.key)
    changed = yield from attempt(change(holder.exam, holder.resource, holder.made.record))
    sent: Mapping[str, Any] = changed if not isinstance(changed, Ended) else {}
    if effect == "update":
        response = yield from _update(holder, data, sent)
    else:
        response, sent = yield from _create(holder, data)
    if overloaded(response):
        holder.findings.lack(f"{effect} of {holder.resource.name} with {what} (answered {response.status})")
        return
    if not 400 <= response.status <= 499:
        raise Ended(Failed(f"a refusal (4xx) of {what} on {effect}", str(response.status), operation=_operation(holder, effect)))
    if effect == "update":
        yield from _unchanged(holder, before, what)
    else:
        yield from _not_made(holder, sent, what)
    holder.findings.saw(f"{effect} with {what}")


def _unchanged(holder: Holder, before: Mapping[str, Any] | None, what: str) -> Steps[None]:
    after = yield from _read(holder, holder.made.key)
    if before is None or after is None:
        return
    for name in (holder.member, *holder.made.given):
        if name in before and before[name] != after.get(name):
            expected = f"{holder.resource.one} that stays as it is when an update with {what} is refused"
            raise Ended(Failed(expected, f"{name} is {_short(after.get(name))}, and was {_short(before[name])}", operation=_operation(holder, "update")))


def _not_made(holder: Holder, sent: Mapping[str, Any], what: str) -> Steps[None]:
    if (yield from stands_in_list(holder.exam, holder.resource, text_of_ours(holder.exam, sent))):
        expected = f"no new {holder.resource.singular} when a create with {what} is refused"
        raise Ended(Failed(expected, "the record is in the list", operation=_operation(holder, "create")))


def _counts_characters(holder: Holder, limit: Limit) -> Steps[None]:
    """Lengths are counted in characters: as many of two bytes are taken as of one. How those beyond the basic plane count is open."""
    effect = "update" if "update" in holder.operations else "create"
    assert limit.wide is not None
    short, long = limit.wide
    response = yield from _write(holder, effect, short)
    if not holder.exam.read.succeeded(response):
        holder.findings.remark(f"{holder.resource.name} takes no {WIDE} there ({response.status})")
        return
    yield from _taken(holder, effect, (f"{limit.allowed[0]}, each of two bytes,", long))
    if limit.astral is not None:
        response = yield from _write(holder, effect, limit.astral)
        if not holder.exam.read.succeeded(response):
            holder.findings.remark(f"{holder.resource.name} refuses {limit.allowed[0]} outside of the basic plane ({response.status})")


CHECKS: dict[str, Check] = {
    "metadata_comes_back": Check(
        metadata_comes_back,
        how="Writes metadata on create and update, odd texts among it, and reads it again; which texts are taken is open.",
    ),
    "keys_are_limited": Check(
        keys_are_limited,
        how="Writes as many keys as allowed, and one more, on create and update; a refusal changes nothing.",
    ),
    "key_length_is_limited": Check(
        key_length_is_limited,
        how="Writes keys as long as allowed, also of two bytes a character, and a character longer, on create and update.",
    ),
    "value_length_is_limited": Check(
        value_length_is_limited,
        how="Writes values as long as allowed, also of two bytes a character, and a character longer, on create and update.",
    ),
}
