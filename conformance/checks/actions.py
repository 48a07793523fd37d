"""What records can be told to do: starting, stopping, closing and reopening them, and the time that is counted meanwhile.

Only records of our own are told anything. Starting one stops whatever runs for the same caller: that is what the rule is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.addressing import MISSING
from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam, Made
from conformance.exchange import Response, Wait
from conformance.reading import agrees
from conformance.steps import writes
from conformance.steps.aiming import attempt, overloaded
from conformance.steps.counted import RUN, judge_growth, judge_limit, judge_totals, not_grown
from conformance.steps.listing import open_list
from conformance.steps.parts import each, settled
from conformance.steps.timers import Timed, moment_of, number_of, opened, true_of
from conformance.verdict import Failed, Inconclusive, Passed, Skipped
from specs.conventions.actions import Limit
from specs.model import Clause, Operation

__all__ = ["CHECKS"]

SKEW = 120
"""Seconds that a server's clocks may differ from one another."""

LONG_AGO, FAR_AHEAD = 1_000_000_000, 10_000_000_000
"""Between these, a number is one of seconds since the epoch; one of milliseconds is not."""


# Starting


def starting_runs(exam: Exam, clause: Clause) -> Flow:
    """Starts a new record by each operation that starts, with an input where one is known, and stops it again."""
    timed = opened(exam, clause)
    return each(_starts(opened(exam, clause), operation) for operation in timed.of_clause(*timed.starts))


def _starts(timed: Timed, operation: Operation) -> Flow:
    made, inputs = yield from _with_inputs(timed, operation)
    response = yield from timed.act(operation, made, inputs)
    if timed.refused(operation, response):
        return timed.findings.verdict("", f"{operation.id} could not be called")
    record = timed.shown(response)
    after = yield from timed.updated(made)
    running = timed.runs(record)
    running = timed.runs(after) if running is None else running
    wrong = None if running else ("a record that runs", f"{timed.timer.running}: {record.get(timed.timer.running)!r}")
    if running and true_of(after.get(timed.timer.running)) is False:
        wrong = (f"{timed.resource.one} that goes on running", "it runs in the answer, and not in that to an update")
    if running is not None:
        wrong = wrong or _since(timed, response, record) or _entry(timed, made, record, inputs)
        timed.findings.saw(operation.id)
    yield from timed.tell(timed.stops, made)
    if wrong is not None and running is not None:
        return Failed(wrong[0], wrong[1], operation=operation.id)
    return timed.findings.verdict(f"after {operation.id} the {timed.resource.singular} runs", f"no answer tells whether {timed.resource.one} runs")


def _with_inputs(timed: Timed, operation: Operation) -> Steps[tuple[Made, dict[str, Any]]]:
    """Our record and the inputs that its own members offer, such as one of its activities for `activity_uuid`."""
    members = timed.exam.payloads.schema(timed.resource).get("properties", {})
    names = [(wanted, name) for wanted in timed.action(operation).inputs for name in members if name[:6] == wanted[:6] and members[name].get("type") == "array"]
    for wanted, name in names:
        made = yield from attempt(timed.own({name: [{"name": f"proctor {timed.exam.payloads.run} {number}"} for number in (1, 2)]}))
        offered = made.record.get(name) if not isinstance(made, Ended) else None
        if isinstance(made, Ended) or not isinstance(offered, list) or not offered or not isinstance(offered[-1], Mapping):
            continue
        if offered[-1].get(timed.resource.key):  # the last of them: the first is what a default would be
            return made, {wanted: offered[-1][timed.resource.key]}
    return (yield from timed.own()), {}


def _since(timed: Timed, response: Response, record: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with the start that is told: what was expected, and what came."""
    name = timed.timer.started
    told = record.get(name, MISSING) if name else MISSING
    if told in (MISSING, None):
        timed.findings.lack(f"{name} (not shown)")
        return None
    started, now = number_of(told), moment_of(response.header("date"))
    if started is None or not LONG_AGO < started < FAR_AHEAD:
        return f"{name} in seconds since the epoch", repr(told)
    if now is not None and abs(started - now) > SKEW:
        return f"{name} at the time of the call ({now:.0f})", repr(told)
    if now is None:
        timed.findings.remark("the answer has no Date, so that the start could not be compared with it")
    return None


def _entry(timed: Timed, made: Made, record: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, str] | None:
    """What is wrong with the open entry: it is open, begins with the timer, is the record's own, and has the inputs."""
    if timed.timer.current is None or not record:
        return None
    current = record.get(timed.timer.current)
    if not isinstance(current, Mapping):
        return f"an open {timed.timer.current}", repr(current) if timed.timer.current in record else "none"
    start, stop = timed.entry("{start}") or "", timed.entry("{stop}") or ""
    if current.get(stop) is not None:
        return f"an open {timed.timer.current}, with {stop} null", f"{stop}: {current[stop]!r}"
    began, started = moment_of(current.get(start)), number_of(record.get(timed.timer.started or ""))
    if began is not None and started is not None and abs(began - started) > 1.5:
        return f"{timed.timer.current}.{start} and {timed.timer.started} of the same moment", f"{current.get(start)!r} and {started:.0f}"
    for name, value in {"record": made.key, **inputs}.items():
        shown = timed.entry("{" + name + "}") or ""
        if shown in current and str(current[shown]).lower() != str(value).lower():
            return f"{timed.timer.current}.{shown} {value!r}", repr(current[shown])
    return None


# One at a time


def one_runs_per_user(exam: Exam, clause: Clause) -> Flow:
    """Starts one record, then another by each operation that starts; the answer to an update tells what became of the first."""
    timed = opened(exam, clause)
    if not timed.timer.one_per_user:
        return Skipped("several may run for one caller")
    verdict = yield from each(_alone(opened(exam, clause), operation) for operation in timed.of_clause(*timed.starts))
    others = (yield from settled(_others_go_on(opened(exam, clause)))) if isinstance(verdict, Passed) else verdict
    return others if isinstance(others, Failed) else verdict


def _alone(timed: Timed, operation: Operation) -> Flow:
    first = yield from timed.own()
    second = yield from _elsewhere(timed, first)
    yield from timed.tell(timed.starts, first)
    ran = timed.runs((yield from timed.updated(first)))
    response = yield from timed.act(operation, second)
    if not timed.exam.read.succeeded(response):
        return (yield from _busy(timed, operation, first, second, response))
    after = yield from timed.updated(first)
    runs = timed.runs(after)
    for made in (first, second):
        yield from timed.tell(timed.stops, made)
    if ran and runs:
        expected = f"the first {timed.resource.singular} stopped when another one is started"
        return Failed(expected, f"it still runs ({timed.timer.running}: {after.get(timed.timer.running)!r})", operation=operation.id)
    if ran and after:
        # No flag, where there was one while it ran, tells as much as a false one: it may be null without a limit.
        timed.findings.saw(operation.id)
    return timed.findings.verdict(f"{operation.id} stops what ran", f"the answer to an update does not tell whether {timed.resource.one} runs")


def _others_go_on(timed: Timed) -> Flow:
    """A start stops what runs for the same caller: what another caller runs goes on, as the total of a record that both see tells."""
    made, other = yield from _run_by_other(timed)
    yield Wait(RUN, "time of another user to be counted")
    first = yield from _total(timed, made, {})
    mine = yield from timed.own()
    yield from timed.tell(timed.starts, mine)
    second = yield from _total(timed, made, {})
    yield Wait(RUN, "time of another user to be counted")
    third = yield from _total(timed, made, {})
    yield from timed.tell(timed.stops, mine)
    yield from timed.tell(timed.stops, made, as_=other)
    if first is None or second is None or third is None or first < 1:
        return Inconclusive(f"no answer shows what {timed.resource.one} of another user counts")
    if third <= second:
        expected = f"{timed.resource.one} that another user runs to go on when the caller starts one"
        return Failed(expected, f"{timed.timer.total} {second:g} after the start, and {third:g} two seconds later")
    return Passed("what another user runs goes on")


def _run_by_other(timed: Timed) -> Steps[tuple[Made, str]]:
    """A record of ours that others see, started by another caller, and who that is; ends the check where that can't be done."""
    group = timed.exam.spec.group_of_kind("isolation")
    shared = group.parameters.shared if group is not None else None
    needs = "a credential called other or second, of another user who sees shared records"
    known = timed.exam.target.credentials
    callers = [name for name in ("other", "second") if name in known and known[name] != known.get("full")]
    if shared is None or not shared.everyone or not {"other", "second"} & set(known):
        raise Ended(Skipped("no other user is known", needs))
    for name in callers:
        made = yield from timed.own({shared.member: shared.everyone[0]})
        started = yield from timed.tell(timed.starts, made, as_=name)
        if started is not None and timed.exam.read.succeeded(started):
            same = yield from _is_the_same(timed, started)
            # What is another account's is certainly another user's; a colleague may be the same user with a second key.
            if same is False or (same is None and name == "other"):
                return made, name
            yield from timed.tell(timed.stops, made, as_=name)
    raise Ended(Inconclusive(f"no credential is that of another user who could start {timed.resource.one}", needs))


def _user_of(timed: Timed, response: Response | None) -> Any:
    """Whose the open entry is that an answer shows; None where it does not say."""
    current = timed.shown(response).get(timed.timer.current or "")
    return current.get(timed.entry("{user}") or "") if isinstance(current, Mapping) else None


def _is_the_same(timed: Timed, theirs: Response | None) -> Steps[bool | None]:
    """Whether another caller, who was answered so, is the user who is called full: a start by full shows the same user. None where none is shown."""
    if _user_of(timed, theirs) is None:
        return None
    mine = yield from timed.own()
    started = yield from timed.tell(timed.starts, mine)
    same = None if _user_of(timed, started) is None else bool(_user_of(timed, started) == _user_of(timed, theirs))
    yield from timed.tell(timed.stops, mine)
    return same


def _busy(timed: Timed, operation: Operation, first: Made, second: Made, response: Response) -> Flow:
    """What a refused start means: a failure where the same start works once nothing else runs."""
    yield from timed.tell(timed.stops, first)
    again = yield from timed.act(operation, second)
    yield from timed.tell(timed.stops, second)
    if timed.exam.read.succeeded(again) and not overloaded(response):
        return Failed(f"a start while another {timed.resource.singular} runs", f"{response.status}, and a success once nothing runs", operation=operation.id)
    return Inconclusive(f"{operation.id} was answered with {response.status}", f"{timed.resource.one} that can be started")


def _elsewhere(timed: Timed, first: Made) -> Steps[Made]:
    """Another record of ours, under another parent than the first if one is known."""
    here = {**first.given, **first.record}
    for parent in timed.resource.parents:
        for record in (yield from timed.exam.known(timed.resource)):
            if record.get(parent.member) not in (None, here.get(parent.member)):
                made = yield from attempt(timed.own({parent.member: record[parent.member]}))
                if not isinstance(made, Ended):
                    return made
                break
    return (yield from timed.own())


# Stopping


def stopping_adds_the_time(exam: Exam, clause: Clause) -> Flow:
    """Starts a new record, lets two seconds pass and stops it by each operation that stops, with inputs."""
    timed = opened(exam, clause)
    return each(_stops(opened(exam, clause), operation) for operation in timed.of_clause(*timed.stops))


def _stops(timed: Timed, operation: Operation) -> Flow:
    made = yield from timed.own()
    before = yield from _total(timed, made, made.record)
    started = yield from timed.tell(timed.starts, made)
    if started is None or not timed.exam.read.succeeded(started):
        needs = f"{timed.resource.one} that can be started"
        return Inconclusive(f"{timed.resource.one} could not be started, so that it can't be stopped", needs)
    yield Wait(RUN, "time to be counted")
    inputs = dict.fromkeys(timed.action(operation).inputs, f'proctor {timed.exam.payloads.run}: Zoë\'s "wall"')
    while_running = yield from _total(timed, made, (yield from timed.updated(made)))
    response = yield from timed.act(operation, made, inputs)
    if 400 <= response.status < 500 and not overloaded(response) and inputs:  # which signs a text may have is open
        inputs = dict.fromkeys(inputs, f"proctor {timed.exam.payloads.run}")
        response = yield from timed.act(operation, made, inputs)
    if timed.refused(operation, response, besides=()):
        return timed.findings.verdict("", f"{operation.id} could not be called")
    record = timed.shown(response)
    state = yield from timed.updated(made)
    told = timed.runs(state) if timed.runs(state) is not None else timed.runs(record)
    if told:
        return Failed(f"{timed.resource.one} that no longer runs", f"{timed.timer.running}: {state.get(timed.timer.running)!r}", operation=operation.id)
    after = yield from _total(timed, made, record)
    wrong = not_grown(before, after) or _leaps(timed, while_running, after, response)
    if wrong:
        return Failed(f"{timed.timer.total} with the seconds from start to stop ({RUN:.0f} or a little more), once", wrong, operation=operation.id)
    for _ in filter(None, [told is False, before is not None and after is not None]):
        timed.findings.saw(operation.id)
    yield from _stopped_by_body(timed, operation, made, inputs)
    return timed.findings.verdict(f"{operation.id} stops, and the time is added", f"no answer tells whether {timed.resource.one} runs, or its total")


def _total(timed: Timed, made: Made, record: Mapping[str, Any]) -> Steps[float | None]:
    """The seconds counted that an answer shows, or else a read of the record; None where neither does."""
    name = timed.timer.total or ""
    if name not in record:
        record = yield from timed.read(made)
    return number_of(record.get(name))


def _leaps(timed: Timed, running: float | None, after: float | None, response: Response) -> str:
    """What is wrong where a total leaps by a stop; not judged where requests may have been held back in between."""
    if running is None or after is None or running < 2 or timed.exam.spec.group_of_kind("rate_limit") is not None:
        return ""
    return f"{running:g} just before, {after:g} after" if after - running > 1.5 + 2 * response.elapsed else ""


def _stopped_by_body(timed: Timed, operation: Operation, made: Made, inputs: Mapping[str, Any]) -> Steps[None]:
    """Inputs in a JSON body: whether they are taken there is open, but they must not break the server."""
    places = {carrier.place for carriers in timed.action(operation).inputs.values() for carrier in carriers}
    if not inputs or "body" not in places:
        return
    yield from timed.tell(timed.starts, made)
    response = yield (yield from timed.request(operation, made, document=dict(inputs)))
    if response.status >= 500 and not overloaded(response):
        raise Ended(Failed(f"no server error for {', '.join(inputs)} in the body", str(response.status), operation=operation.id))


# Closing


def closed_refuses_to_start(exam: Exam, clause: Clause) -> Flow:
    """Closes a new record by each operation that closes, and tries to start it by each that starts."""
    timed = opened(exam, clause)
    return each(_closed(opened(exam, clause), operation) for operation in timed.of_clause(*timed.leading(to=True)))


def _closed(timed: Timed, operation: Operation) -> Flow:
    made = yield from _with_limit(timed)
    response = yield from timed.act(operation, made)
    if timed.refused(operation, response):
        return timed.findings.verdict("", f"{operation.id} could not be called")
    yield from _state_is(timed, operation, made, response, timed.guard.equals)
    for start in timed.operations(*timed.starts):
        yield from _refuses_start(timed, start, made)
    passed = f"after {operation.id} {timed.resource.one} is closed, and can't be started"
    return timed.findings.verdict(passed, "no operation that starts could be tried")


def _state_is(timed: Timed, operation: Operation, made: Made, response: Response, wanted: Any) -> Steps[None]:
    """Ends the check as failed where the answer, or a read afterwards, shows another state than the action leads to, or another change."""
    member, exam = timed.guard.member, timed.exam
    others = [name for name in made.given if name not in timed.action(operation).set]
    for how, record in (("answer", timed.shown(response)), ("read", (yield from timed.read(made)))):
        if member in record and not agrees(wanted, record[member]):
            raise Ended(Failed(f"{member} {wanted!r} in the {how} after {operation.id}", repr(record[member]), operation=operation.id))
        wrong = writes.differences(exam, timed.resource, made.record, record, others)
        if wrong:
            raise Ended(Failed(f"all members but {member} as they were before {operation.id}", "; ".join(wrong[:3]), operation=operation.id))


def _with_limit(timed: Timed) -> Steps[Made]:
    """A record of our own, with a limit where one is taken: something that an action has no reason to change."""
    limit = timed.timer.limit
    made = (yield from attempt(timed.own({limit.limit: 7200}))) if limit is not None else None
    return made if made is not None and not isinstance(made, Ended) else (yield from timed.own())


def _refuses_start(timed: Timed, start: Operation, made: Made) -> Steps[None]:
    """A start of a closed record: any refusal will do, and so does a success after which it does not run."""
    response = yield from timed.act(start, made)
    if overloaded(response):
        timed.findings.lack(f"{start.id} (answered {response.status})")
        return
    if response.status >= 500:
        raise Ended(Failed(f"a refusal of {start.id} on a closed {timed.resource.singular}", str(response.status), operation=start.id))
    succeeded = timed.exam.read.succeeded(response)
    runs = timed.runs(timed.shown(response)) if succeeded else timed.runs((yield from timed.read(made)))
    if not runs:
        # A read need not tell; an update does, and comes last because it may itself stop a closed record.
        runs = timed.runs((yield from timed.updated(made))) or runs
    if runs:
        observed = f"{response.status}, and it runs"
        raise Ended(Failed(f"a closed {timed.resource.singular} that {start.id} does not start", observed, operation=start.id))
    if succeeded and runs is None:
        timed.findings.lack(f"{start.id} (answered {response.status}; nothing tells whether it runs)")
        return
    timed.findings.saw(start.id, f"{start.id} answers {response.status} for a closed {timed.resource.singular}" if succeeded else "")


# Reopening


def reopened_can_start(exam: Exam, clause: Clause) -> Flow:
    """Closes a new record, reopens it by each operation that does, and starts it by each that starts."""
    timed = opened(exam, clause)
    return each(_reopened(opened(exam, clause), operation) for operation in timed.of_clause(*timed.leading(to=False)))


def _reopened(timed: Timed, operation: Operation) -> Flow:
    made = yield from _with_limit(timed)
    yield from timed.tell(timed.leading(to=True), made)
    closed = yield from timed.read(made)
    if not agrees(timed.guard.equals, closed.get(timed.guard.member)):
        return Inconclusive(f"{timed.resource.one} could not be closed, so that it can't be reopened", f"{timed.resource.one} that can be closed")
    response = yield from timed.act(operation, made)
    if timed.refused(operation, response, besides=()):
        return timed.findings.verdict("", f"{operation.id} could not be called")
    yield from _state_is(timed, operation, made, response, timed.action(operation).set[timed.guard.member])
    for start in timed.operations(*timed.starts):
        yield from _starts_again(timed, operation, start, made)
    return timed.findings.verdict(f"after {operation.id} {timed.resource.one} is open, and can be started", "no operation that starts could be tried")


def _starts_again(timed: Timed, operation: Operation, start: Operation, made: Made) -> Steps[None]:
    response = yield from timed.act(start, made)
    if timed.refused(start, response):
        return
    runs = timed.runs(timed.shown(response))
    if runs is None:
        runs = timed.runs((yield from timed.updated(made)))
    if runs is False:
        expected = f"{timed.resource.one} that runs after {operation.id} and {start.id}"
        raise Ended(Failed(expected, f"{response.status}, and it does not run", operation=start.id))
    timed.findings.saw(start.id)
    yield from timed.tell(timed.stops, made)


# Limits


def limit_members_follow(exam: Exam, clause: Clause) -> Flow:
    """Looks at every known record, and at two of our own: one far from its limit and one beyond it."""
    timed = opened(exam, clause)
    limit = timed.timer.limit
    if limit is None or not timed.timer.total:
        return each([])
    return each([_known_limits(timed, limit), _own_limits(opened(exam, clause), limit)])


def _known_limits(timed: Timed, limit: Limit) -> Flow:
    for operation in timed.of_clause("list"):
        listing = yield from open_list(timed.exam, operation)
        rows = yield from listing.rows()
        for record in rows.records:
            judge_limit(timed, limit, record, operation)
    shown = f"{limit.left}, {limit.over} or {limit.nearly}"
    return timed.findings.verdict("{n} members of known records follow from limit and time", f"no known {timed.resource.singular} shows {shown}")


def _own_limits(timed: Timed, limit: Limit) -> Flow:
    """A record without a limit, one far from it, and one that goes on for longer than it may."""
    for seconds in (None, 7200, 3):
        made = yield from timed.own({limit.limit: seconds} if seconds is not None else None)
        create, update = timed.exam.operation(timed.resource, "create"), timed.exam.operation(timed.resource, "update")
        if seconds == 3:
            yield from timed.tell(timed.starts, made)
            yield Wait(seconds + 1.2, "time to be counted beyond the limit")
            stopped = yield from timed.tell(timed.stops, made)
            judge_limit(timed, limit, timed.shown(stopped), next(iter(timed.operations(*timed.stops)), None))
        else:
            judge_limit(timed, limit, made.record, create)
        judge_limit(timed, limit, (yield from timed.updated(made)), update)
        for operation in timed.of_clause("read"):
            judge_limit(timed, limit, (yield from timed.read(made, operation)), operation)
    shown = f"{limit.left}, {limit.over} or {limit.nearly}"
    return timed.findings.verdict("{n} members of our records follow from limit and time", f"no answer shows {shown}, which are optional")


# Totals


def totals_count_the_time(exam: Exam, clause: Clause) -> Flow:
    """Looks at every total of a new record before a start, while it runs and after a stop."""
    timed = opened(exam, clause)
    if not timed.timer.total:
        return each([])
    return each([_known_totals(timed), _own_totals(opened(exam, clause)), _others_totals(opened(exam, clause))])


def _known_totals(timed: Timed) -> Flow:
    """Totals are whole seconds, and a caller's own time is part of everybody's, on every known record."""
    for operation in timed.of_clause("list"):
        listing = yield from open_list(timed.exam, operation)
        rows = yield from listing.rows()
        for record in rows.records:
            judge_totals(timed, record, operation)
    return timed.findings.verdict("{n} totals of known records are whole seconds", "no known record shows a total")


def _own_totals(timed: Timed) -> Flow:
    made = yield from timed.own()
    before = yield from _total(timed, made, made.record)
    started = yield from timed.tell(timed.starts, made)
    if started is None or not timed.exam.read.succeeded(started):
        return Inconclusive(f"{timed.resource.one} could not be started", f"{timed.resource.one} that can be started")
    yield Wait(RUN, "time to be counted")
    seen = yield from _totals_everywhere(timed, made)
    for operation, record in seen:
        judge_totals(timed, record, operation)
        judge_growth(timed, before or 0.0, record, operation)
    stopped = yield from timed.tell(timed.stops, made)
    for operation in timed.operations(*timed.stops)[:1] if stopped is not None else ():
        judge_totals(timed, timed.shown(stopped), operation)
        judge_growth(timed, before or 0.0, timed.shown(stopped), operation)
    first = yield from _total(timed, made, {})
    beside = yield from timed.own()
    yield from timed.tell(timed.starts, beside)
    yield Wait(RUN, "time that must not be counted")
    second = yield from _total(timed, made, {})
    if first is not None and second is not None and first != second:
        return Failed(f"{timed.timer.total} that stays as it is after a stop", f"{first:g}, then {second:g}")
    yield from _again(timed, made, started, beside)
    return timed.findings.verdict("{n} totals go on while it runs, and stand after it stops", f"no answer shows {timed.timer.total}")


def _again(timed: Timed, made: Made, before: Response, beside: Made) -> Steps[None]:
    """Starts our record once more while another one runs: neither loses what was counted, and the start is a new one."""
    counted = ((made, (yield from _total(timed, made, {}))), (beside, (yield from _total(timed, beside, {}))))
    again = yield from timed.tell(timed.starts, made)
    if again is not None and timed.exam.read.succeeded(again):
        judge_totals(timed, timed.shown(again), timed.operations(*timed.starts)[0])
        first, second = (number_of(timed.shown(answer).get(timed.timer.started or "")) for answer in (before, again))
        if first is not None and second is not None and second <= first:
            raise Ended(Failed(f"{timed.timer.started} of the start that it runs since", f"{second:.0f}, though it was {first:.0f} the time before"))
        for one, least in counted:
            most = yield from _total(timed, one, {})
            if most is not None and least is not None and most < least - 1:  # the one that ran may have been rounded up
                raise Ended(Failed(f"{timed.timer.total} with all that was counted, when {timed.resource.one} is started again", f"{most:g} after {least:g}"))
    for one in (made, beside):
        yield from timed.tell(timed.stops, one)


def _others_totals(timed: Timed) -> Flow:
    """A record that others see, and that another caller runs: that time is in everybody's total, and not in the caller's own."""
    made, other = yield from _run_by_other(timed)
    own = number_of(made.record.get(timed.timer.own_total or ""))
    before = yield from _total(timed, made, made.record)
    yield Wait(RUN, "time of another user to be counted")
    yield from timed.tell(timed.stops, made, as_=other)
    after = yield from _total(timed, made, {})
    wrong = not_grown(before, after)
    if wrong:
        return Failed(f"{timed.timer.total} with the seconds of all users", wrong)
    own_after = number_of((yield from timed.updated(made)).get(timed.timer.own_total or ""))
    if own is not None and own_after is not None and own_after > own:
        return Failed(f"{timed.timer.own_total} without the seconds of other users", f"{own:g} before, {own_after:g} after another user's")
    if before is not None and after is not None:
        timed.findings.saw("another user's time")
    return timed.findings.verdict("another user's time is in the total", f"no answer shows {timed.timer.total}")


def _totals_everywhere(timed: Timed, made: Made) -> Steps[list[tuple[Operation, Mapping[str, Any]]]]:
    """Our running record as each read, each list and an update show it."""
    seen: list[tuple[Operation, Mapping[str, Any]]] = []
    for operation in timed.of_clause("read"):
        record = yield from timed.read(made, operation)
        seen += [(operation, record)]
    for operation in timed.of_clause("list"):
        listing = yield from open_list(timed.exam, operation)
        rows = yield from listing.rows(fresh=True)
        seen += [(operation, record) for record in rows.records if listing.key(record) == made.key]
    update = timed.exam.operation(timed.resource, "update")
    if update is not None:
        seen.append((update, (yield from timed.updated(made))))
    return seen


CHECKS: dict[str, Check] = {
    "starting_runs": Check(
        starting_runs,
        how="Starts a new record by each operation: it runs, from about now, and what it shows of its entry is open and has the inputs given.",
    ),
    "one_runs_per_user": Check(
        one_runs_per_user,
        how="Starts one new record and then another; the answer to an update of the first must not say that it runs.",
    ),
    "stopping_adds_the_time": Check(
        stopping_adds_the_time,
        how="Starts a new record, waits two seconds and stops it: it no longer runs, and what it shows as total has grown.",
    ),
    "closed_refuses_to_start": Check(
        closed_refuses_to_start,
        how="Closes a new record and tries to start it by each operation: any refusal passes, as long as it does not run.",
    ),
    "reopened_can_start": Check(
        reopened_can_start,
        how="Closes a new record, reopens it and starts it by each operation.",
    ),
    "limit_members_follow": Check(
        limit_members_follow,
        how="Holds what records show of their limit against limit and time: known ones, and new ones without, below and beyond a limit.",
    ),
    "totals_count_the_time": Check(
        totals_count_the_time,
        how="Looks at the totals of a new record while it runs and after it was stopped: whole seconds that go on, and then stand.",
    ),
}
