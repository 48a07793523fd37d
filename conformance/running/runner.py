"""Examines a target: every selected clause, in an order in which nothing disturbs anything, and cleans up.

Preflight; the checks that only read; those that write; requests generated from the schemas; the checks that run alone, last (the
rate limit); then every record of our own is deleted. A failure is confirmed by asking again before it counts.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis.errors import HypothesisException

from conformance.binding import without
from conformance.check import Check, Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, Response
from conformance.running.audience import Audience
from conformance.running.drawing import NotDrawn, Source, Trial, replayed, trials, verdict_of
from conformance.running.driver import Driver, Manner, Run
from conformance.running.examination import NOT_YET, Completed, CouldNotExamine, Examination, Interrupted, Leftover, Listener, Options, Outcome, Result, Silent
from conformance.running.ledger import Own
from conformance.running.pacing import Clock
from conformance.running.preflight import Ready, preflight
from conformance.running.selection import select
from conformance.running.tour import tour
from conformance.running.transport import Transport
from conformance.target import Target
from conformance.verdict import Errored, Failed, Inconclusive, Skipped, Verdict
from specs.model import Clause, Spec

__all__ = ["Checks", "examine"]

_REPLAYS = 3
"""How often what failed is examined again until it fails once more: an order that changes at random may be right for once."""

Checks = Mapping[str, Mapping[str, Check]]
"""The checks by kind and rule."""


def examine(
    spec: Spec,
    target: Target,
    transport: Transport,
    *,
    clauses: Iterable[str] | None = None,
    options: Options | None = None,
    listener: Listener | None = None,
    clock: Clock | None = None,
    checks: Checks | None = None,
) -> Examination:
    """Examines a target by a spec that is bound to it, and gives all that was found.

    `clauses` are ids or beginnings of ids (see `select`); the target's own `only` and `skip` hold without them. `transport` brings the requests there,
    `clock` lets time pass: in process, both are the engine's. Raises `TargetError` for a clause that there isn't; nothing else.
    """
    chosen, options = select(spec, clauses if clauses is not None else target.only, target.skip), options or Options()
    target = _permitted(target, options)
    work = _Work(spec, target, chosen, options, listener or Silent(), dict(_all_checks() if checks is None else checks))
    driver = Driver(Exam(spec, target), transport, work.options, clock or Clock(), work.listener)
    return _Examiner(work, driver).examine()


def _permitted(target: Target, options: Options) -> Target:
    """The target as checks see it: where writing is ruled out, they must know, to judge by what they read and not end at their first write."""
    return replace(target, permit=replace(target.permit, write=False)) if options.read_only else target


def _all_checks() -> Checks:
    from conformance.checks import CHECKS

    checks: Checks = CHECKS
    return checks


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done, as it was asked for."""

    spec: Spec
    target: Target
    clauses: tuple[Clause, ...]
    options: Options
    listener: Listener
    checks: dict[str, Mapping[str, Check]]

    def check(self, clause: Clause) -> Check | None:
        """The check of a clause's rule, if there is one."""
        return self.checks.get(clause.kind, {}).get(clause.rule)

    @property
    def partial(self) -> bool:
        """Whether only some of the spec's clauses are examined."""
        return len(self.clauses) < len(self.spec.clauses)


@dataclass
class _Own:
    """A clause's own verdict so far, and what it cost."""

    verdict: Verdict | None = None
    requests: int = 0
    seconds: float = 0.0


@dataclass
class _Examiner:
    """One examination under way."""

    work: _Work
    driver: Driver
    spec: Spec = field(init=False)
    target: Target = field(init=False)
    own: dict[str, _Own] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    leftovers: list[Leftover] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.perf_counter)

    def __post_init__(self) -> None:
        self.spec, self.target = self.work.spec, self.work.target

    def examine(self) -> Examination:
        """All phases, one after the other; an interruption ends them, but not the cleaning up."""
        outcome: Outcome = Completed()
        self.work.listener.begun(self.spec, sum(self.work.check(clause) is not None for clause in self.work.clauses))
        try:
            unready = self._prepare()
            if unready is not None:
                return self._examination(unready)
            self._phases()
        except KeyboardInterrupt:
            outcome = Interrupted()
        try:
            self._clean_up()
            self.driver.audience.conclude()
        except KeyboardInterrupt:
            outcome = Interrupted()
            self.leftovers += [Leftover(own.resource, own.key, "interrupted while deleting") for own in self.driver.ledger.left()]
        return self._examination(outcome)

    # Before

    def _prepare(self) -> CouldNotExamine | None:
        exchanges: tuple[Exchange, ...] = ()
        if not self.work.options.assured:
            self.driver.turn_to("preflight")
            ready = preflight(self.spec, self.target, self.driver)
            if not isinstance(ready, Ready):
                return ready
            self.target, self.lacking, exchanges = ready.target, dict(ready.lacking), ready.seen
            self.notes += [ready.note] if ready.note else []
        self.spec = without(self.spec, set(self.lacking))
        self.driver.exam = Exam(self.spec, self.target)
        watching = [(clause, check) for clause in self._present() if (check := self.work.check(clause)) is not None]
        self.driver.audience = Audience(self.driver.exam, watching)
        for exchange in exchanges:
            if exchange.request.resource not in self.lacking:
                self.driver.audience.hear(exchange, self.driver.repeat)
        return None

    def _present(self) -> list[Clause]:
        """The selected clauses, as bound, that the target has something of."""
        return [bound for clause in self.work.clauses if self._missing(bound := self.spec.clauses[clause.id]) is None]

    def _missing(self, clause: Clause) -> Skipped | None:
        """Why a clause can't be examined on this target: all of its operations, or the resource it names, are not there."""
        before = self.work.spec.clauses[clause.id].operations
        several = getattr(clause.arguments, "resources", None) or []
        named = [getattr(clause.arguments, "resource", None), getattr(self.spec.groups[clause.convention].parameters, "resource", None), *several[:1]]
        gone = next((name for name in named if isinstance(name, str) and name and name not in self.spec.resources), None)
        if gone is None and (clause.operations or not (before or self._has_absent())):
            return None
        if gone is None:
            gone = next((resource for name in before if (resource := self.work.spec.operations[name].resource) in self.lacking), None)
        if gone is None:
            return Skipped("the target has none of its operations", "their paths under [operations], in the place of absent = true")
        why = self.lacking.get(gone)
        return Skipped(f"the target has no {gone}" + (f": {why}" if why else ""), f'its path: [resources.{gone}] path = "…"')

    def _has_absent(self) -> bool:
        """Whether the target said of something that it is absent: then a clause without operations has lost them so."""
        resources, operations = self.target.resources.values(), self.target.operations.values()
        return any(binding.absent for binding in resources) or any(binding.absent for binding in operations)

    # Phases

    def _phases(self) -> None:
        present = [(clause, check) for clause in self._present() if (check := self.work.check(clause)) is not None and check.flow is not None]
        usual = [pair for pair in present if not pair[1].last]
        writing = [pair for pair in usual if not self._examine(*pair, Manner(writes=not self.driver.may_write))]
        for clause, check in writing:
            self._examine(clause, check, Manner())
            self.driver.audience.settle(self.driver.repeat_answered)
        self._give_observers_something()
        for clause, check in present:
            if check.last:
                self._examine_alone(clause, check)

    def _examine_alone(self, clause: Clause, check: Check) -> None:
        if not self.target.permit.exhaust_rate_limit:
            skipped = Skipped("sending more than the rate limit allows is not permitted", "exhaust_rate_limit = true under [permit]")
            self.own[clause.id] = _Own(skipped)
            self.work.listener.examined(clause, skipped)
            return
        self._examine(clause, check, Manner(alone=True))

    def _give_observers_something(self) -> None:
        """A tour where only some clauses are examined, and generated requests: only for operations that somebody watches."""
        options, members = self.work.options, self.driver.audience.members.values()
        hungry = list(members) if self.work.partial else self.driver.audience.starving()
        operations = {name for heard in hungry for name in heard.clause.operations}
        if operations:
            self.driver.turn_to("a tour of the operations")
            for steps in tour(self.driver.exam, operations):
                self.driver.drive(steps)
                self.driver.audience.settle(self.driver.repeat_answered)
        watched = {name for heard in members for name in heard.clause.operations}
        each = options.generated if options.generated is not None else 8 if self.driver.pace.limit is None else 2
        if watched and each:
            from conformance.running.generation import generate

            self.driver.turn_to("requests generated from the schemas")
            why = generate(self.driver, watched, each=each, seed=options.seed)
            self.notes += [f"no requests could be generated: {why}"] if why else []
            self.driver.audience.settle(self.driver.repeat_answered)

    # One clause

    def _examine(self, clause: Clause, check: Check, manner: Manner) -> bool:
        """Runs a clause's own procedure; False where it wants to write and its turn comes later."""
        self.driver.turn_to(clause.id)
        record = self.own.setdefault(clause.id, _Own())
        requests, begun = self.driver.requests, time.perf_counter()
        verdict = self._drawn(clause, check, manner) if self._examples(check) > 1 else self._once(clause, check, manner)
        record.requests += self.driver.requests - requests
        record.seconds += time.perf_counter() - begun
        if verdict is None:
            return False
        record.verdict = verdict
        self.work.listener.examined(clause, verdict)
        return True

    def _examples(self, check: Check) -> int:
        most = self.work.options.examples
        return check.examples if most is None else min(check.examples, most)

    def _once(self, clause: Clause, check: Check, manner: Manner) -> Verdict | None:
        trial = self._attempt(clause, check, manner, None)
        if trial.run.postponed:
            return None
        return self._confirmed(clause, check, manner, trial, trial.run.verdict())

    def _drawn(self, clause: Clause, check: Check, manner: Manner) -> Verdict | None:
        postponed: list[bool] = []

        def attempt(source: Source) -> Trial | None:
            trial = self._attempt(clause, check, replace(manner, passing=(HypothesisException,)), source)
            if trial.run.postponed:
                postponed.append(True)
                return None
            return trial

        seed = self.work.options.seed + zlib.crc32(clause.id.encode())
        seen = trials(attempt, examples=self._examples(check), seed=seed, shrinking=self.work.options.shrinking)
        if postponed:
            return None
        verdict, trial = verdict_of(seen)
        if verdict is None or trial is None:
            return Inconclusive("nothing could be drawn to examine it with")
        return self._confirmed(clause, check, manner, trial, verdict)

    def _attempt(self, clause: Clause, check: Check, manner: Manner, source: Source | None) -> Trial:
        exam = Exam(self.spec, self.target, source, notes=self.driver.exam.notes)
        flow = check.flow
        steps: Any = flow(exam, clause) if flow is not None else iter(())
        run: Run = self.driver.drive(steps, manner)
        return Trial(run, tuple(exam.drawn))

    def _confirmed(self, clause: Clause, check: Check, manner: Manner, trial: Trial, verdict: Verdict) -> Verdict:
        """The verdict; a failure is one only if it comes again with the same inputs and fresh requests, which are sent up to three times.

        Where the first run has changed what the second one needs (a caller is shut out now), the refusal that it ended with must come again.
        """
        if not isinstance(verdict, Failed):
            return verdict
        seen: Verdict = verdict
        for _ in range(_REPLAYS):
            seen = self._replayed(clause, check, manner, trial, verdict)
            if seen is verdict:
                break
        return seen

    def _replayed(self, clause: Clause, check: Check, manner: Manner, trial: Trial, verdict: Failed) -> Verdict:
        """The failure itself, if it comes again in one more run; else what it is without that."""
        try:
            again = self._attempt(clause, check, replace(manner, fresh=True, writes=True, passing=(NotDrawn,)), replayed(trial))
        except NotDrawn as other_way:
            return Inconclusive(f"flaky: {verdict.observed}, but the next time it went another way ({other_way})", "a target that is left alone")
        if isinstance(again.run.value, Inconclusive | Skipped) and self._still_refused(verdict, manner):
            return verdict
        match again.run.value:
            case Failed():
                return verdict
            case Skipped() | Errored() as other:
                return Inconclusive(f"seen once, but it could not be confirmed: {verdict.observed}; then: {other.reason}", "a run that is allowed more")
            case _:
                return Inconclusive(f"flaky: {verdict.observed}, but not when examined again", "an implementation that answers the same twice")

    def _still_refused(self, verdict: Failed, manner: Manner) -> bool:
        """Whether the last request of a failure was refused, and is refused with the same status when it is sent once more."""
        last = verdict.exchanges[-1] if verdict.exchanges else None
        if last is None or last.response is None or not 400 <= last.response.status <= 499:
            return False
        again = self.driver.repeat(last.request, alone=manner.alone) if last.request.safe else self.driver.repeat_write(last.request)
        return again is not None and again.response is not None and again.response.status == last.response.status

    # After

    def _clean_up(self) -> None:
        """Deletes what we made: youngest first, and once more what was refused, for a parent goes only after its children."""
        self.driver.turn_to("cleaning up")
        reasons: dict[tuple[str, str], str] = {}
        for _ in range(2):
            for own in self.driver.ledger.left():
                reasons[own.resource, own.key] = self._delete(own)
        self.leftovers = [Leftover(own.resource, own.key, reasons.get((own.resource, own.key), "")) for own in self.driver.ledger.left()]
        self.leftovers += [Leftover("", "", text) for text in self.driver.ledger.nameless]

    def _delete(self, own: Own) -> str:
        """Deletes one record; gives the reason where that failed."""
        for as_ in dict.fromkeys((own.as_, "full")):
            run = self.driver.drive(_deletion(self.driver.exam, own, as_), Manner(free=True))
            if own.gone:
                return ""
            response = run.value
            if isinstance(response, Response) and response.status in (404, 410):
                own.gone = True
                return ""
        return f"answered with {response.status}" if isinstance(response, Response) else getattr(response, "reason", "it could not be deleted")

    def _examination(self, outcome: Outcome) -> Examination:
        results = tuple(self._result(clause, outcome) for clause in self.work.clauses)
        seconds, leftovers = time.perf_counter() - self.begun, tuple(self.leftovers)
        return Examination(self.spec, self.target, self.work.options, outcome, results, self.driver.requests, seconds, leftovers, tuple(self._notes()))

    def _result(self, clause: Clause, outcome: Outcome) -> Result:
        clause = self.spec.clauses[clause.id]
        check = self.work.check(clause)
        if check is None:
            return Result(clause, Skipped(NOT_YET), examined=False)
        if isinstance(outcome, CouldNotExamine):
            return Result(clause, Skipped(f"nothing could be examined: {outcome.reason}", outcome.todo))
        missing = self._missing(clause)
        if missing is not None:
            return Result(clause, missing)
        own = self.own.get(clause.id, _Own())
        verdict = own.verdict
        if verdict is None and isinstance(outcome, Interrupted) and check.flow is not None:
            verdict = Skipped("interrupted before it was examined")
        return Result(clause, self.driver.audience.verdict(clause, verdict), own.requests, own.seconds)

    def _notes(self) -> Iterable[str]:
        yield from self.notes
        for name, why in self.lacking.items():
            yield f"{name} is taken to be absent: {why}"
        for name in ("full", "second", "limited", "other"):
            if name not in self.target.credentials and self.driver.exam.ask.authentication is not None:
                yield f"no credential called {name!r}"


def _deletion(exam: Exam, own: Own, as_: str) -> Steps[Any]:
    resource = exam.spec.resources[own.resource]
    operation = exam.operation(resource, "delete")
    if operation is None:
        return Skipped(f"{own.resource} has no operation that deletes")
    parents = yield from exam.parents_of(operation)
    return (yield exam.ask.operation(operation, key=own.key, parents=parents, as_=as_))
