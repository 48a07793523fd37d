"""The timers of records: who runs what since when, and the seconds that were counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.clock import iso
from mockserver.pipeline import Answer, Call
from mockserver.records import new_uuid
from mockserver.refusals import fill
from mockserver.store import Row, Table
from specs.conventions.actions import Limit, Timer

__all__ = ["Timekeeper", "counted", "elapsed"]


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
        total = counted(row.record.get(timer.total)) + sum(seconds.values()) + elapsed(call, running) if timer.total is not None else 0
        if timer.total is not None:
            members[timer.total] = total
        if timer.own_total is not None:
            mine = [own] if own is not None else []
            members[timer.own_total] = counted(row.record.get(timer.own_total)) + seconds.get(user, 0) + elapsed(call, mine)
        if timer.limit is not None:
            members.update(_limited(timer.limit, row.record.get(timer.limit.limit), total))
        return members


def _limited(limit: Limit, value: Any, total: int) -> dict[str, Any]:
    """The members that follow from a limit and the seconds counted; null where there is no limit."""
    if not isinstance(value, int | float):
        return {limit.left: None, limit.over: None, limit.nearly: None}
    return {limit.left: max(value - total, 0), limit.over: total > value, limit.nearly: limit.nearly_from * value <= total <= value}


def elapsed(call: Call, entries: Iterable[Row]) -> int:
    """The seconds since entries were opened, summed up."""
    return sum(max(int(call.now) - int(entry.record["start"]), 0) for entry in entries)


def counted(value: Any) -> int:
    """The seconds that a record's member tells; 0 where it tells none."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _tags(value: Any) -> list[str]:
    return [tag.strip() for tag in value.split(",")] if isinstance(value, str) else []


def _key(call: Call) -> str:
    assert call.served.resource is not None
    return call.served.resource.key
