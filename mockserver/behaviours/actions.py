"""What a record can be told to do: guards, members set, and a timer that a user starts and stops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.behaviours.authentication import Reader, reader
from mockserver.breaking import Change, after
from mockserver.clock import iso
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.records import new_uuid
from mockserver.refusals import fill
from mockserver.store import Row, Table
from specs.conventions.actions import Action, Actions, Limit, Timer

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Spec

__all__ = ["FAULTS", "Timekeeper", "steps"]


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Does what the action says, and shows the timer's members on whatever shows a record."""
    parameters: Actions = group.parameters
    if served.resource is None or served.resource.name != parameters.resource or not served.stateful:
        return {}
    keeper = None if parameters.timer is None else Timekeeper(parameters.timer, api.name, parameters.resource)
    found: dict[Stage, Step] = {}
    action = parameters.actions.get(served.effect or "")
    if action is not None:
        found[Stage.EFFECT] = _act(action, keeper)
    if keeper is not None and served.effect != "delete":
        found[Stage.DOCUMENT] = keeper.show_started if action is not None and action.starts else keeper.show
    return found


def _act(action: Action, keeper: Timekeeper | None) -> Step:
    readers = {name: [reader(carrier) for carrier in carriers] for name, carriers in action.inputs.items()}

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


def _inputs(call: Call, readers: Mapping[str, list[Reader]]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, places in readers.items():
        found[name] = next((value for value in (place(call) for place in places) if value is not None), None)
    return found


class Timekeeper:
    """The timers of one resource: which records run, for whom since when, and how many seconds each user has had.

    Both stand in tables of their own beside the records': an open entry for each user that runs one, and the seconds of the
    entries that were closed, by record.
    """

    def __init__(self, timer: Timer, api: str, resource: str) -> None:
        self.timer = timer
        self._api = api
        self._resource = resource

    def open_entries(self, call: Call) -> list[Row]:
        """The entries that run, of all users."""
        return list(call.space.store.scan(self._table(call, "running")))

    def keep_open(self, call: Call, entry: Row) -> None:
        """Puts an open entry down."""
        call.space.store.put(self._table(call, "running"), entry)

    def seconds(self, call: Call, key: str) -> Mapping[str, int]:
        """The seconds of a record's closed entries, by user."""
        row = call.space.store.get(self._table(call, "totals"), key)
        return {} if row is None else row.record

    def keep_seconds(self, call: Call, row: Row, seconds: Mapping[str, int]) -> None:
        """Puts down the seconds of a record's closed entries."""
        call.space.store.put(self._table(call, "totals"), Row(row.key, row.account, None, seconds))

    def _table(self, call: Call, name: str) -> Table:
        return Table(call.space.name, self._api, f"{self._resource}~{name}")

    def start(self, call: Call, row: Row, inputs: Mapping[str, str | None]) -> None:
        """Opens an entry for the caller, and closes the one that it ran."""
        principal = call.principal or call.served.api.anyone
        key = f"{row.account}/{principal.user}" if self.timer.one_per_user else f"{row.account}/{principal.user}/{row.key}"
        running = call.space.store.get(self._table(call, "running"), key)
        if running is not None:
            self._close(call, running, {})
        entry = self._entry(call, row, principal.user, inputs)
        opened = {"record": row.key, "start": int(call.now), "entry": entry}
        call.space.store.put(self._table(call, "running"), Row(key, row.account, principal.user, opened))

    def stop(self, call: Call, row: Row, inputs: Mapping[str, str | None], *, everyone: bool = False) -> None:
        """Closes the caller's entry of a record, or everyone's."""
        principal = call.principal or call.served.api.anyone
        for running in self.open_entries(call):
            if running.record["record"] == row.key and (everyone or running.user == principal.user):
                self._close(call, running, inputs if running.user == principal.user else {})

    def _close(self, call: Call, running: Row, inputs: Mapping[str, str | None]) -> None:
        store, record = call.space.store, running.record["record"]
        store.delete(self._table(call, "running"), running.key)
        seconds = dict(self.seconds(call, record))
        user = running.user or ""
        seconds[user] = seconds.get(user, 0) + max(int(call.now) - running.record["start"], 0)
        store.put(self._table(call, "totals"), Row(record, running.account, None, seconds))
        given = {name: value for name, value in inputs.items() if value is not None}
        entry = {name: iso(call.now) if written == "{stop}" else running.record["entry"].get(name) for name, written in self.timer.entry.items()}
        closed = {**entry, **{name: value for name, value in given.items() if name in entry}}
        number = store.next_number(self._table(call, "entries"))
        store.put(self._table(call, "entries"), Row(str(number), running.account, running.user, {"record": record, "entry": closed}))

    def _entry(self, call: Call, row: Row, user: str, inputs: Mapping[str, str | None]) -> dict[str, Any]:
        values = {**inputs, "start": iso(call.now), "stop": None, "record": row.record[_key(call)], "user": user, "uuid": new_uuid(call)}
        entry: dict[str, Any] = {name: fill(written, values) for name, written in self.timer.entry.items()}
        tags = self.timer.tags
        if tags is not None:
            entry[tags.entry] = [tag for tag in _tags(row.record.get(tags.member)) if tag]
        return entry

    def show(self, call: Call) -> Answer:
        """Works out the timer's members of the rows that the answer shows."""
        rows = call.rows if call.rows else [call.row] if call.row is not None else []
        running: dict[str, list[Row]] = {}
        for entry in self.open_entries(call):
            running.setdefault(entry.record["record"], []).append(entry)
        call.live = {row.key: self._members(call, row, running.get(row.key, [])) for row in rows}
        return None

    def show_started(self, call: Call) -> Answer:
        """The same, with what the answer to a start shows beside."""
        self.show(call)
        assert call.row is not None
        assert call.live is not None
        tags, also = self.timer.tags, dict(self.timer.also)
        if tags is not None and tags.also is not None:
            also[tags.also] = ", ".join(_tags(call.row.record.get(tags.member)))
        call.live[call.row.key].update(also)
        return None

    def _members(self, call: Call, row: Row, running: list[Row]) -> dict[str, Any]:
        timer = self.timer
        user = (call.principal or call.served.api.anyone).user
        own = next((entry for entry in running if entry.user == user), None)
        seconds = self.seconds(call, row.key)
        members: dict[str, Any] = {timer.running: own is not None}
        if timer.started is not None:
            members[timer.started] = own.record["start"] if own is not None else None
        if timer.current is not None:
            members[timer.current] = own.record["entry"] if own is not None else None
        total = _number(row.record.get(timer.total)) + sum(seconds.values()) + _elapsed(call, running) if timer.total is not None else 0
        if timer.total is not None:
            members[timer.total] = total
        if timer.own_total is not None:
            mine = [own] if own is not None else []
            members[timer.own_total] = _number(row.record.get(timer.own_total)) + seconds.get(user, 0) + _elapsed(call, mine)
        if timer.limit is not None:
            members.update(_limited(timer.limit, row.record.get(timer.limit.limit), total))
        return members


def _limited(limit: Limit, value: Any, total: int) -> dict[str, Any]:
    """The members that follow from a limit and the seconds counted; null where there is no limit."""
    if not isinstance(value, int | float):
        return {limit.left: None, limit.over: None, limit.nearly: None}
    return {limit.left: max(value - total, 0), limit.over: total > value, limit.nearly: limit.nearly_from * value <= total <= value}


def _elapsed(call: Call, entries: Iterable[Row]) -> int:
    return sum(max(int(call.now) - int(entry.record["start"]), 0) for entry in entries)


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _tags(value: Any) -> list[str]:
    return [tag.strip() for tag in value.split(",")] if isinstance(value, str) else []


def _key(call: Call) -> str:
    assert call.served.resource is not None
    return call.served.resource.key


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


def _milliseconds(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    if timer.started is not None and isinstance(members.get(timer.started), int):
        members[timer.started] *= 1000


def _not_running(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    members[timer.running] = False


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
            members[name] = _number(row.record.get(name))


def _in_minutes(members: dict[str, Any], row: Row, timer: Timer) -> None:  # noqa: ARG001
    for name in (timer.total, timer.own_total):
        if name is not None:
            members[name] //= 60


def _has_limit(spec: Spec, clause: Clause) -> bool:
    timer = spec.convention(clause).parameters.timer
    return timer is not None and timer.limit is not None


_OWN = {"start", "stop", "record", "user", "uuid"}
_DONE, _SHOWN = Stage.EFFECT, Stage.DOCUMENT

FAULTS = {
    "starting_runs": {
        "not_done": Fault("A start is answered, and nothing runs.", _DONE, _not_done),
        "not_running": Fault("The answer to a start says that nothing runs.", _SHOWN, after(_live(_not_running))),
        "no_entry": Fault("There is no open entry after a start.", _SHOWN, after(_live(_no_entry))),
        "input_lost": Fault("The entry lacks what was given.", _SHOWN, after(_live(_input_lost))),
        "milliseconds": Fault("The start is in milliseconds.", _SHOWN, after(_live(_milliseconds))),
    },
    "one_runs_per_user": {
        "several_run": Fault("The record that ran before runs on.", _DONE, _several_run),
    },
    "stopping_adds_the_time": {
        "time_lost": Fault("The time is not added.", _DONE, _without_totals(factor=0)),
        "twice": Fault("The time is added twice.", _DONE, _without_totals(factor=2)),
        "not_done": Fault("A stop is answered, and the record runs on.", _DONE, _not_done),
    },
    "closed_refuses_to_start": {
        "not_done": Fault("A record that is closed stays open.", _DONE, _not_done),
        "shown_only": Fault("A record is shown as closed, and stays open.", _DONE, _shown_only),
        "starts": Fault("A closed record can be started.", _DONE, _starting_closed, everywhere=True),
    },
    "reopened_can_start": {
        "not_done": Fault("A record that is reopened stays closed.", _DONE, _not_done),
        "shown_only": Fault("A record is shown as open, and stays closed.", _DONE, _shown_only),
    },
    "limit_members_follow": {
        "never_over": Fault("A record is never over its limit.", _SHOWN, after(_limited_otherwise(_never_over)), fits=_has_limit),
        "left_stands_still": Fault("The time left is always the limit.", _SHOWN, after(_limited_otherwise(_left_stands_still)), fits=_has_limit),
        "never_null": Fault("Without a limit, the members are not null.", _SHOWN, after(_limited_otherwise(_never_null)), fits=_has_limit),
    },
    "totals_count_the_time": {
        "standing_still": Fault("The totals never grow.", _SHOWN, after(_live(_standing_still))),
        "minutes": Fault("The totals are in minutes.", _SHOWN, after(_live(_in_minutes))),
    },
}
