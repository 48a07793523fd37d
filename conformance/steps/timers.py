"""Actions on records of our own, and what their answers tell of a timer: whether it runs, since when, and how much it has counted.

Which answers show which members is open, so that everything here may be unknown.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Ended, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Request, Response
from conformance.reading import agrees
from conformance.steps.aiming import attempt, passing
from conformance.steps.calls import change, parents_for
from conformance.steps.findings import Findings
from conformance.verdict import Failed, Skipped
from specs.conventions.actions import Action, Actions, Guard, Timer
from specs.model import Clause, Operation, Resource

__all__ = ["Timed", "moment_of", "number_of", "opened", "true_of"]


@dataclass(frozen=True, slots=True)
class Timed:
    """The resource whose records are told to start and stop, and what was seen so far."""

    exam: Exam
    clause: Clause
    actions: Actions
    resource: Resource
    findings: Findings = field(default_factory=Findings)

    @property
    def timer(self) -> Timer:
        """The members that a running timer shows; ends the check where the API has none."""
        if self.actions.timer is None:
            raise Ended(Skipped("the records have no timer"))
        return self.actions.timer

    # What there is

    def operations(self, *effects: str) -> list[Operation]:
        """The resource's operations of these effects, the plain one of each before its twins."""
        names = [name for effect in effects for name in self.resource.operations.get(effect, ())]
        return [self.exam.spec.operations[name] for name in names if name in self.exam.spec.operations]

    def of_clause(self, *effects: str) -> list[Operation]:
        """The clause's operations of these effects."""
        return [operation for operation in self.exam.operations(self.clause) if operation.effect in effects]

    @property
    def starts(self) -> list[str]:
        """The actions that start."""
        return [name for name, action in self.actions.actions.items() if action.starts]

    @property
    def stops(self) -> list[str]:
        """The actions that stop and do nothing else."""
        return [name for name, action in self.actions.actions.items() if action.stops and not action.set]

    @property
    def guard(self) -> Guard:
        """The state in which nothing can be started; ends the check where there is none."""
        guards = [guard for name in self.starts for guard in self.actions.actions[name].guards]
        if not guards:
            raise Ended(Skipped("there is no state in which a start is refused"))
        return guards[0]

    def leading(self, *, to: bool) -> list[str]:
        """The actions that lead to the state in which nothing can be started, or out of it."""
        guard = self.guard
        return [name for name, action in self.actions.actions.items() if guard.member in action.set and agrees(guard.equals, action.set[guard.member]) is to]

    def action(self, operation: Operation) -> Action:
        """What an operation's action does."""
        return self.actions.actions[operation.effect or ""]

    # Steps

    def own(self, members: Mapping[str, Any] | None = None) -> Steps[Made]:
        """A record of our own; ends the check where none can be made."""
        return (yield from self.exam.make(self.resource, members))

    def request(self, operation: Operation, made: Made, inputs: Mapping[str, Any] | None = None, **how: Any) -> Steps[Request]:
        """The request of an action on a record of our own; inputs travel in the query where they may."""
        query, document = [], {}
        for name, value in (inputs or {}).items():
            carriers = self.action(operation).inputs.get(name, [])
            in_query = next((carrier.name for carrier in carriers if carrier.place == "query"), None)
            if in_query is not None:
                query.append((in_query, value))
            else:
                document[name] = value
        parents = yield from parents_for(self.exam, operation, {**made.given, **made.record})
        if document:
            how["document"] = document
        return self.exam.ask.operation(operation, key=made.key, parents=parents, query=query, **how)

    def act(self, operation: Operation, made: Made, inputs: Mapping[str, Any] | None = None, *, as_: str = "full") -> Steps[Response]:
        """The answer to an action on a record of our own."""
        return (yield (yield from self.request(operation, made, inputs, as_=as_)))

    def tell(self, effects: Iterable[str], made: Made, *, as_: str = "full") -> Steps[Response | None]:
        """The answer to the plain operation of the first of these actions; None where the target has none."""
        operations = self.operations(*effects)
        return (yield from self.act(operations[0], made, as_=as_)) if operations else None

    def shown(self, response: Response | None) -> Mapping[str, Any]:
        """The record of an answer; empty where it shows none."""
        return (passing(self.exam, response, self.resource) or {}) if response is not None else {}

    def updated(self, made: Made) -> Steps[Mapping[str, Any]]:
        """The record as an update of it answers, which is where running is shown; empty where it can't be updated."""
        operation = self.exam.operation(self.resource, "update")
        changed = yield from attempt(change(self.exam, self.resource, made.record))
        if operation is None or isinstance(changed, Ended):
            return {}
        parents = yield from parents_for(self.exam, operation, {**made.given, **made.record})
        return self.shown((yield self.exam.ask.operation(operation, key=made.key, members=changed, parents=parents)))

    def read(self, made: Made, operation: Operation | None = None) -> Steps[Mapping[str, Any]]:
        """The record as a read of it answers; empty where it can't be read."""
        operation = operation or self.exam.operation(self.resource, "read")
        if operation is None:
            return {}
        parents = yield from parents_for(self.exam, operation, {**made.given, **made.record})
        return self.shown((yield self.exam.ask.operation(operation, key=made.key, parents=parents, fresh=True)))

    # What is told

    def runs(self, record: Mapping[str, Any]) -> bool | None:
        """Whether a record says that it runs: by the flag, else by its start or its open entry; None where it tells nothing."""
        timer = self.timer
        flag = true_of(record.get(timer.running))
        if flag is not None:
            return flag
        started = record.get(timer.started, MISSING) if timer.started else MISSING
        if started is not MISSING:
            return started is not None
        current = record.get(timer.current, MISSING) if timer.current else MISSING
        if isinstance(current, Mapping):
            return current.get(self.entry("{stop}") or "") is None
        return False if current is None else None

    def entry(self, meaning: str) -> str | None:
        """The member of an entry that has a meaning, such as `{start}`."""
        return next((name for name, value in self.timer.entry.items() if value == meaning), None)

    def refused(self, operation: Operation, response: Response, *, besides: tuple[int, ...] = (403,)) -> bool:
        """Whether an action that should work was refused for a reason that says nothing of it: a load, no right (`besides`). Another refusal fails."""
        if self.exam.read.succeeded(response):
            return False
        if response.status in (401, 429, 502, 503, 504, *besides):
            self.findings.lack(f"{operation.id} (answered {response.status})")
            return True
        told = f"{response.status}: {self.exam.read.excerpt(response, 120)}"
        raise Ended(Failed(f"a success of {operation.id} on {self.resource.one} of the caller's own", told, operation=operation.id))


def opened(exam: Exam, clause: Clause) -> Timed:
    """The resource that the clause's actions are of."""
    actions: Actions = exam.spec.convention(clause).parameters
    return Timed(exam, clause, actions, exam.spec.resources[actions.resource])


def true_of(value: Any) -> bool | None:
    """A truth value, also written as text; None where it is neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def number_of(value: Any) -> float | None:
    """A number, also written as text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def moment_of(value: Any) -> float | None:
    """Seconds since the epoch of an ISO 8601 time with its offset, or of a Date header; None where it is neither."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.datetime.fromisoformat(value.replace("Z", "+00:00")) if value[:1].isdigit() else parsedate_to_datetime(value)
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo is not None else None
