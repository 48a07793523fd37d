"""`proctor mutate`: the proof. The clean stub passes, and the stub with a clause's fault fails that clause."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from proctor.problems import CannotGoOn, specs_of

if TYPE_CHECKING:
    from conformance.running.examination import Examination
    from conformance.verdict import Verdict
    from mockserver.engine import Engine
    from mockserver.faults import FaultId
    from specs.model import Spec

__all__ = ["Killed", "command", "examine_engine", "mutants"]


@dataclass(frozen=True, slots=True)
class Killed:
    """One fault held against the examination: whether its clause failed, and if not what was said of it; requests and seconds to tell.

    `state` is that of the clause: a fault of one that could not be examined without it either proves nothing.
    """

    fault: FaultId
    killed: bool
    verdict: str
    requests: int
    seconds: float
    state: str = ""


@click.command("mutate")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
@click.option("--only", multiple=True, metavar="CLAUSE", help="Only these clauses (an id, or the beginning of one).")
@click.option("-v", "--verbose", is_flag=True, help="A line for each fault, not only for those that survive.")
def command(apis: tuple[str, ...], only: tuple[str, ...], verbose: bool) -> None:
    """Break every examined clause of each API in the stub, in process, in every way it can be broken, and examine it.

    Exit code 1 if a fault survives, if the clean stub fails anything, or if it has too few records to decide a clause; 2 if there is nothing
    to prove; 130: interrupted. A clause that can't be examined at all, as one about changes where nobody can make a record, is named, and its
    faults are left untried.
    """
    specs, sound = specs_of(apis), True
    for spec in specs:
        if not spec.clauses:
            raise CannotGoOn(f"{spec.path}: has no clauses, so that there is nothing to prove; write some under x-conventions")
    for spec in specs:
        sound &= _prove(spec, only, verbose)
    raise SystemExit(0 if sound else 1)


def examine_engine(spec: Spec, engine: Engine, clauses: tuple[str, ...] | None = None) -> Examination:
    """What an examination finds of an engine, in process; time passes by the engine's clock. Raises `KeyboardInterrupt` where it is interrupted."""
    from conformance.binding import bind
    from conformance.running.examination import Interrupted, Options
    from conformance.running.runner import examine
    from proctor.inprocess import EngineTransport, engine_clock, stub_target

    options, target = Options(generated=8 if clauses is None else 4, assured=True), stub_target(spec)
    found = examine(bind(spec, target), target, EngineTransport(engine), clauses=clauses, options=options, clock=engine_clock(engine))
    if isinstance(found.outcome, Interrupted):
        raise KeyboardInterrupt
    return found


def mutants(spec: Spec, only: tuple[str, ...] = ()) -> list[FaultId]:
    """The faults of every examined clause (among those that `only` means)."""
    from conformance.checks import CHECKS
    from conformance.running.selection import select
    from mockserver import faults_of

    chosen = {clause.id for clause in select(spec, only) if clause.rule in CHECKS.get(clause.kind, {})}
    return [fault for fault in faults_of(spec) if fault.clause in chosen]


def kill(spec: Spec, fault: FaultId) -> Killed:
    """Examines the one clause on a stub with the fault."""
    from conformance.running.examination import state_of
    from mockserver import Engine

    begun = time.perf_counter()
    found = examine_engine(spec, Engine([spec], faults=[fault.name]), (fault.clause,))
    result = next(result for result in found.results if result.clause.id == fault.clause)
    state = state_of(result)
    reason = getattr(result.verdict, "reason", "")
    return Killed(fault, state == "failed", f"{state}: {reason}" if reason else state, found.requests, time.perf_counter() - begun, state)


def _prove(spec: Spec, only: tuple[str, ...], verbose: bool) -> bool:
    from conformance.problems import TargetError
    from conformance.running.examination import state_of
    from mockserver import Engine

    begun = time.perf_counter()
    try:
        faults = mutants(spec, only)
    except TargetError as error:
        raise CannotGoOn(str(error)) from None
    clean = examine_engine(spec, Engine([spec]), only or None)
    wrong = [result for result in clean.results if result.examined and state_of(result) != "passed"]
    for result in wrong:
        click.echo(f"  clean stub {state_of(result):12} {result.clause.id}: {_told(result.verdict)}")
    unclear = {(result.clause.id, state_of(result)) for result in wrong if state_of(result) in ("inconclusive", "skipped")}
    outcomes = []
    for fault in faults:
        outcome = kill(spec, fault)
        outcomes.append(outcome)
        untried = (fault.clause, outcome.state) in unclear
        if verbose or not (outcome.killed or untried):
            word = "killed  " if outcome.killed else "untried " if untried else "SURVIVED"
            why = "" if outcome.killed else f": {fault.says} {outcome.verdict}"
            click.echo(f"  {word} {fault.name} ({outcome.requests} requests, {outcome.seconds:.2f} s){why}")
    return _summed_up(spec, clean, outcomes, [one for one in outcomes if (one.fault.clause, one.state) in unclear], time.perf_counter() - begun)


def _told(verdict: Verdict | None) -> str:
    """Why the clean stub did not pass a clause, and what is missing to say more."""
    reason = getattr(verdict, "reason", "") or getattr(verdict, "observed", "")
    needs = getattr(verdict, "needs", "")
    return f"{reason}; needs {needs}" if needs else str(reason)


def _summed_up(spec: Spec, clean: Examination, outcomes: list[Killed], untried: list[Killed], seconds: float) -> bool:
    """Tells what came of it; sound is a proof in which nothing survived, and nothing was left open that more records in the seed could decide."""
    from conformance.verdict import Inconclusive, Skipped

    examined = sum(result.examined for result in clean.results)
    passing = {result.clause.id for result in clean.results if result.examined and not isinstance(result.verdict, Inconclusive | Skipped)}
    unbroken = passing - {outcome.fault.clause for outcome in outcomes}
    killed, requests = sum(outcome.killed for outcome in outcomes), clean.requests + sum(outcome.requests for outcome in outcomes)
    tried = len(outcomes) - len(untried)
    failed, passed = clean.counts["failed"] + clean.counts["errored"], clean.counts["passed"]
    click.echo(
        f"{spec.api}: {examined} of {len(clean.results)} clauses examined; clean stub {passed} passed, {failed} failed; "
        f"{killed} of {tried} faults killed{f', {len(untried)} untried' if untried else ''}; {requests} requests, {seconds:.1f} s"
    )
    if killed < tried:
        click.echo("  What survives may need other records to show: let those of the seed differ in every member, and be of several parents and accounts.")
    for clause in sorted(unbroken):
        click.echo(f"  no fault for {clause}")
    return not failed and killed == tried and not unbroken and not clean.counts["inconclusive"]
