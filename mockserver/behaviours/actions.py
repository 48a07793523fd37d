"""What a record can be told to do: guards, members set, and a timer that a user starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.behaviours.authentication import reader
from mockserver.breaking import Change, after
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import ABSENT, fetch, tokens
from mockserver.reading import ensure_read
from mockserver.schemas import Validator, properties
from mockserver.store import Row
from mockserver.timekeeper import Timekeeper, counted, elapsed, forget
from mockserver.values import MISFIT, coerce, types_of
from specs.conventions.actions import Action, Actions, Limit, Timer

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.conventions.rule import Carrier
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "steps"]

_Read = Callable[[Call], Any]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Does what the action says, and shows the timer's members on whatever shows a record."""
    parameters: Actions = group.parameters
    if served.resource is None or served.resource.name != parameters.resource or not served.stateful:
        return {}
    keeper = None if parameters.timer is None else Timekeeper(parameters.timer, api.name, parameters.resource)
    found: dict[Stage, Step] = {}
    action = parameters.actions.get(served.effect or "")
    if action is not None:
        found[Stage.VALIDATION] = _check(action, served)
        found[Stage.EFFECT] = _act(action, keeper)
    if keeper is not None and served.effect == "delete":
        found[Stage.EFFECT] = _forget
    elif keeper is not None:
        found[Stage.DOCUMENT] = keeper.show_started if action is not None and action.starts else keeper.show
    return found


def _check(action: Action, served: Served) -> Step:
    """Holds each input against the schema of the operation's parameter of its name, wherever the input comes from."""
    readers = _readers(action)
    described = {parameter.name: parameter.schema for parameter in served.operation.parameters if parameter.schema} if served.operation is not None else {}
    schemas = {name: (schema, Validator(schema)) for name, schema in described.items() if name in readers}

    def check(call: Call) -> Answer:
        for name, value in _inputs(call, readers).items():
            schema, validator = schemas.get(name, ({}, None))
            typed = coerce(value, schema) if isinstance(value, str) else value
            if typed is MISFIT or (typed is not None and validator is not None and not validator.accepts(typed)):
                return Refusal("invalid_parameter", {"name": name, "param": name, "value": value})
        return None

    return check


def _readers(action: Action) -> dict[str, list[_Read]]:
    return {name: [_read(carrier) for carrier in carriers] for name, carriers in action.inputs.items()}


def _read(carrier: Carrier) -> _Read:
    """What takes an input out of a request: a text, or from a JSON body any value; null is none."""
    if carrier.place != "body":
        return reader(carrier)
    path = tokens(carrier.name)

    def read(call: Call) -> Any:
        ensure_read(call)
        value = fetch(call.body, path)
        return None if value is ABSENT else value

    return read


def _act(action: Action, keeper: Timekeeper | None) -> Step:
    readers = _readers(action)

    def act(call: Call) -> Answer:
        row = call.row
        assert row is not None
        for guard in action.guards:
            if row.record.get(guard.member) == guard.equals:
                return Refusal(guard.cause, {"name": guard.member, "value": guard.equals})
        with call.space.store.transaction():
            if keeper is not None and action.stops:
                keeper.stop(call, row, _inputs(call, readers), everyone=bool(action.set))
            if action.set:
                call.row = Row(row.key, row.account, row.user, {**row.record, **action.set})
                call.space.store.put(call.served.table(call), call.row)
            if keeper is not None and action.starts:
                keeper.start(call, row, _inputs(call, readers))
        return None

    return act


def _forget(call: Call) -> Answer:
    """Drops the timers of the record that has just been deleted."""
    if call.row is not None:
        forget(call.space.store, call.served.table(call), call.row.key)
    return None


def _inputs(call: Call, readers: Mapping[str, list[_Read]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, places in readers.items():
        found[name] = next((value for value in (place(call) for place in places) if value is not None), None)
    return found


def _keeper(site: Site) -> Timekeeper:
    return Timekeeper(site.parameters.timer, site.api.name, site.parameters.resource)


def _live(change: Callable[[dict[str, Any], Row, Timer], None]) -> Change:
    """Changes the timer's members of each row that the answer shows."""

    def apply(call: Call, site: Site) -> None:
        rows = call.rows if call.rows else [call.row] if call.row is not None else []
        for row in rows:
            if call.live is not None and row.key in call.live:
                change(call.live[row.key], row, site.parameters.timer)

    return apply


def _where(concerns: Callable[[Action, Actions], bool], wrap: Wrap) -> Wrap:
    """The wrap that breaks the operations of the actions that a fault is about, and no others."""

    def broken(step: Step, site: Site) -> Step:
        action = site.parameters.actions.get(site.served.effect or "")
        return wrap(step, site) if action is not None and concerns(action, site.parameters) else step

    return broken


def _starts(action: Action, actions: Actions) -> bool:  # noqa: ARG001
    return action.starts


def _stops(action: Action, actions: Actions) -> bool:  # noqa: ARG001
    return action.stops and not action.set


def _guarded(action: Action, actions: Actions) -> list[bool]:
    """For each guarded member that the action sets, whether it sets it to the value with which nothing can be started."""
    guards = [guard for other in actions.actions.values() if other.starts for guard in other.guards]
    return [action.set[guard.member] == guard.equals for guard in guards if guard.member in action.set]


def _closes(action: Action, actions: Actions) -> bool:
    return any(_guarded(action, actions))


def _reopens(action: Action, actions: Actions) -> bool:
    return False in _guarded(action, actions)


def _not_done(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Answers, and does nothing."""
    return lambda call: None  # noqa: ARG005


def _shown_only(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Answers as though it were done, and keeps the record as it was."""

    def broken(call: Call) -> Answer:
        before = call.row
        answer = step(call)
        if answer is None and before is not None:
            call.space.store.put(call.served.table(call), before)
        return answer

    return broken


def _no_entry(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    if timer.current is not None:
        members[timer.current] = None


def _input_lost(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    entry = members.get(timer.current or "")
    if isinstance(entry, dict):
        lost = {name: None for name, written in timer.entry.items() if isinstance(written, str) and written[1:-1] not in _OWN and written.startswith("{")}
        members[timer.current or ""] = {**entry, **lost}


def _of_another(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    entry = members.get(timer.current or "")
    if isinstance(entry, dict):
        members[timer.current or ""] = {**entry, **dict.fromkeys((name for name, written in timer.entry.items() if written == "{record}"), "none")}


def _milliseconds(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    if timer.started is not None and isinstance(members.get(timer.started), int):
        members[timer.started] *= 1000


def _not_running(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    members[timer.running] = False


def _an_hour_ago(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    if timer.started is not None and isinstance(members.get(timer.started), int):
        members[timer.started] -= 3600


def _entry_closed(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    entry = members.get(timer.current or "")
    if isinstance(entry, dict):
        began = next((entry.get(name) for name, written in timer.entry.items() if written == "{start}"), None)
        ends = {name: began for name, written in timer.entry.items() if written == "{stop}"}
        members[timer.current or ""] = {**entry, **ends}


def _busy(step: Step, site: Site) -> Step:
    """Refuses a start while another record runs."""
    keeper = _keeper(site)

    def broken(call: Call) -> Answer:
        user = (call.principal or call.served.api.anyone).user
        busy = any(entry.user == user and call.row is not None and entry.record["record"] != call.row.key for entry in keeper.open_entries(call))
        return Refusal("closed", {"name": site.parameters.timer.running, "value": True}) if busy else step(call)

    return broken


def _refused(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Refuses whatever is told."""
    return lambda call: Refusal("closed")  # noqa: ARG005


def _in_capitals(step: Step, site: Site) -> Step:
    """Sets the members to another spelling of their values, which no guard knows."""
    action = site.parameters.actions.get(site.served.effect or "")

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is None and call.row is not None and action is not None:
            odd = {name: str(value).capitalize() for name, value in action.set.items()}
            call.row = Row(call.row.key, call.row.account, call.row.user, {**call.row.record, **odd})
            call.space.store.put(call.served.table(call), call.row)
        return answer

    return broken


def _closed_only(step: Step, site: Site) -> Step:
    """Leaves the time that runs out of the totals."""
    keeper = _keeper(site)

    def broken(call: Call) -> Answer:
        answer, timer, user = step(call), keeper.timer, (call.principal or call.served.api.anyone).user
        for entry in keeper.open_entries(call):
            members = (call.live or {}).get(entry.record["record"], {})
            for name in (timer.total, timer.own_total if entry.user == user else None):
                if name is not None and name in members:
                    members[name] -= elapsed(call, [entry])
        return answer

    return broken


def _several_run(step: Step, site: Site) -> Step:
    """Starts a record beside the one that runs."""
    keeper = _keeper(site)

    def broken(call: Call) -> Answer:
        principal = call.principal or call.served.api.anyone
        running = [row for row in keeper.open_entries(call) if row.user == principal.user and call.row is not None and row.record["record"] != call.row.key]
        answer = step(call)
        for row in running if answer is None else []:
            keeper.keep_open(call, Row(f"{row.key}/{row.record['record']}", row.account, row.user, row.record))
        return answer

    return broken


def _without_totals(*, factor: int) -> Wrap:
    """The wrap that adds the time of a stop another number of times than once."""

    def wrap(step: Step, site: Site) -> Step:
        keeper = _keeper(site)

        def broken(call: Call) -> Answer:
            key = call.row.key if call.row is not None else ""
            before = keeper.seconds(call, key)
            answer = step(call)
            added = {user: before.get(user, 0) + factor * (total - before.get(user, 0)) for user, total in keeper.seconds(call, key).items()}
            if answer is None and call.row is not None and added:
                keeper.keep_seconds(call, call.row, added)
            return answer

        return broken

    return wrap


def _starting_closed(step: Step, site: Site) -> Step:
    """Starts a closed record."""
    action = site.parameters.actions.get(site.served.effect or "")
    if action is None or not action.starts:
        return step

    def broken(call: Call) -> Answer:
        row = call.row
        if row is None:
            return step(call)
        opened = {guard.member: None for guard in action.guards if row.record.get(guard.member) == guard.equals}
        call.row = Row(row.key, row.account, row.user, {**row.record, **opened})
        answer = step(call)
        call.row = row
        return answer

    return broken


def _limited_otherwise(change: Callable[[dict[str, Any], Limit, Row], None]) -> Change:
    def apply(members: dict[str, Any], row: Row, timer: Timer) -> None:
        if timer.limit is not None:
            change(members, timer.limit, row)

    return _live(apply)


def _never_over(members: dict[str, Any], limit: Limit, row: Row) -> None:  # noqa: ARG001
    for name in (limit.over, limit.nearly):
        members[name] = None if members[name] is None else False


def _left_stands_still(members: dict[str, Any], limit: Limit, row: Row) -> None:
    members[limit.left] = None if members[limit.left] is None else row.record.get(limit.limit)


def _never_null(members: dict[str, Any], limit: Limit, row: Row) -> None:  # noqa: ARG001
    members.update({name: value for name, value in ((limit.left, 0), (limit.over, False), (limit.nearly, False)) if members[name] is None})


def _standing_still(members: dict[str, Any], row: Row, timer: Timer) -> None:
    for name in (timer.total, timer.own_total):
        if name is not None:
            members[name] = counted(row.record.get(name))


def _in_minutes(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    for name in (timer.total, timer.own_total):
        if name is not None:
            members[name] //= 60


def _has_limit(spec: Spec, clause: Clause) -> bool:
    timer = spec.convention(clause).parameters.timer
    return timer is not None and timer.limit is not None and _are_made(spec, clause)


def _are_made(spec: Spec, clause: Clause) -> bool:
    """Whether records of the actions' resource can be made, so that they may be told anything."""
    return "create" in spec.resources[spec.convention(clause).parameters.resource].operations


def _timer(spec: Spec, clause: Clause) -> Timer | None:
    found: Timer | None = spec.convention(clause).parameters.timer
    return found


def _shows_entries(spec: Spec, clause: Clause) -> bool:
    timer = _timer(spec, clause)
    return timer is not None and timer.current is not None


def _shows_ends(spec: Spec, clause: Clause) -> bool:
    timer = _timer(spec, clause)
    return timer is not None and timer.current is not None and "{stop}" in timer.entry.values()


def _shows_starts(spec: Spec, clause: Clause) -> bool:
    timer = _timer(spec, clause)
    return timer is not None and timer.started is not None


def _enters_the_record(spec: Spec, clause: Clause) -> bool:
    timer = _timer(spec, clause)
    return timer is not None and timer.current is not None and "{record}" in timer.entry.values()


def _enters_inputs(spec: Spec, clause: Clause) -> bool:
    """Whether the open entry shows an input of a start for which the record offers values: in an array that is named like it."""
    timer, parameters = _timer(spec, clause), spec.convention(clause).parameters
    arrays = [name for name, schema in properties(spec.resources[parameters.resource].schema).items() if "array" in types_of(schema)]
    known = [name for action in parameters.actions.values() if action.starts for name in action.inputs]
    offered = {f"{{{name}}}" for name in known if any(array[:_ALIKE] == name[:_ALIKE] for array in arrays)}
    return timer is not None and timer.current is not None and any(written in offered for written in timer.entry.values() if isinstance(written, str))


def _shows_running(spec: Spec, clause: Clause) -> bool:
    """Whether the clause speaks of an operation that shows a record while it runs: any but those that start and stop it."""
    actions = spec.convention(clause).parameters.actions
    return _are_made(spec, clause) and any(spec.operations[name].effect not in (*actions, "create", "delete") for name in clause.operations)


_ALIKE = 6
"""So many letters are the same in the name of an input and in that of the array that offers its values: `activity_uuid`, `activities`."""

_OWN = {"start", "stop", "record", "user", "uuid"}
_DONE, _SHOWN = Stage.EFFECT, Stage.DOCUMENT

FAULTS = {
    "starting_runs": {
        "not_done": Fault("A start is answered, and nothing runs.", _DONE, _where(_starts, _not_done)),
        "not_running": Fault("The answer to a start says that nothing runs.", _SHOWN, after(_live(_not_running))),
        "no_entry": Fault("There is no open entry after a start.", _SHOWN, after(_live(_no_entry)), fits=_shows_entries),
        "input_lost": Fault("The entry lacks what was given.", _SHOWN, after(_live(_input_lost)), fits=_enters_inputs),
        "of_another": Fault("The open entry is another record's.", _SHOWN, after(_live(_of_another)), fits=_enters_the_record),
        "milliseconds": Fault("The start is in milliseconds.", _SHOWN, after(_live(_milliseconds)), fits=_shows_starts),
        "an_hour_ago": Fault("The start is an hour too early.", _SHOWN, after(_live(_an_hour_ago)), fits=_shows_starts),
        "entry_closed": Fault("The entry has an end already.", _SHOWN, after(_live(_entry_closed)), fits=_shows_ends),
    },
    "one_runs_per_user": {
        "several_run": Fault("The record that ran before runs on.", _DONE, _where(_starts, _several_run)),
        "busy": Fault("A start is refused while another record runs.", _DONE, _where(_starts, _busy)),
    },
    "stopping_adds_the_time": {
        "time_lost": Fault("The time is not added.", _DONE, _without_totals(factor=0)),
        "twice": Fault("The time is added twice.", _DONE, _without_totals(factor=2)),
        "not_done": Fault("A stop is answered, and the record runs on.", _DONE, _where(_stops, _not_done)),
    },
    "closed_refuses_to_start": {
        "not_done": Fault("A record that is closed stays open.", _DONE, _where(_closes, _not_done)),
        "shown_only": Fault("A record is shown as closed, and stays open.", _DONE, _where(_closes, _shown_only)),
        "other_spelling": Fault("A record is closed with a word that nobody knows, so that it can be started.", _DONE, _where(_closes, _in_capitals)),
        "starts": Fault("A closed record can be started.", _DONE, _starting_closed, everywhere=True),
    },
    "reopened_can_start": {
        "not_done": Fault("A record that is reopened stays closed.", _DONE, _where(_reopens, _not_done)),
        "shown_only": Fault("A record is shown as open, and stays closed.", _DONE, _where(_reopens, _shown_only)),
        "refused": Fault("A closed record can't be reopened.", _DONE, _where(_reopens, _refused)),
    },
    "limit_members_follow": {
        "never_over": Fault("A record is never over its limit.", _SHOWN, after(_limited_otherwise(_never_over)), fits=_has_limit),
        "left_stands_still": Fault("The time left is always the limit.", _SHOWN, after(_limited_otherwise(_left_stands_still)), fits=_has_limit),
        "never_null": Fault("Without a limit, the members are not null.", _SHOWN, after(_limited_otherwise(_never_null)), fits=_has_limit),
    },
    "totals_count_the_time": {
        "standing_still": Fault("The totals never grow.", _SHOWN, after(_live(_standing_still)), fits=_are_made),
        "not_while_running": Fault("The totals leave out the time that runs.", _SHOWN, _closed_only, fits=_shows_running),
        "minutes": Fault("The totals are in minutes.", _SHOWN, after(_live(_in_minutes)), fits=_are_made),
    },
}
