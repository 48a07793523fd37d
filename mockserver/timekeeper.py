"""The timers of records: who runs what since when, and the seconds that were counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.clock import iso
from mockserver.pipeline import Answer, Call
from mockserver.records import new_uuid
from mockserver.refusals import fill
from mockserver.store import Row, Store, Table
from specs.conventions.actions import Limit, Timer

__all__ = ["BESIDE", "Timekeeper", "counted", "elapsed", "forget", "given"]

BESIDE = ("running", "totals", "entries", "given")
"""What the tables beside a resource's are called, after its name and a tilde: what runs, what was counted, what ended, and what came from elsewhere."""

_SEED = ""
"""The mark, among the records that were given, of the seed's having been looked through."""


class Timekeeper:
    """The timers of one resource: which records run, for whom since when, and how many seconds each user has had.

    Both stand in tables of their own beside the records': an open entry for each user that runs one, and the seconds of the
    entries that were closed, by record. A record of the seed, or of the control plane, that says that it runs, runs for its owner.
    """

    def __init__(self, timer: Timer, api: str, resource: str) -> None:
        self.timer = timer
        self._api = api
        self._resource = resource

    def open_entries(self, call: Call) -> list[Row]:
        """The entries that run, of all users."""
        self._adopt(call)
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
        return _beside(self._records(call), name)

    def _records(self, call: Call) -> Table:
        return Table(call.space.name, self._api, self._resource)

    def _adopt(self, call: Call) -> None:
        """Opens the entries of records that came from elsewhere, and say that they run."""
        store, table = call.space.store, self._table(call, "given")
        keys = [row.key for row in store.scan(table) if row.key != _SEED]
        seeded = store.get(table, _SEED) is not None
        if seeded and not keys:
            return
        if not seeded:
            seed = call.served.api.spec.seed.records.get(self._resource, ())
            keys = [*(str(item["record"][_key(call)]) for item in seed), *keys]
        with store.transaction():
            store.put(table, Row(_SEED, "", None, {}))
            for key in keys:
                row = store.get(self._records(call), key)
                if row is not None and row.user is not None and row.record.get(self.timer.running) is True:
                    self._take_up(call, row, row.user)
                store.delete(table, key)

    def _take_up(self, call: Call, row: Row, user: str) -> None:
        """Opens the entry that a running record tells of itself, which the record then tells no more."""
        start, entry = row.record.get(self.timer.started or ""), row.record.get(self.timer.current or "")
        began = start if isinstance(start, int) and not isinstance(start, bool) else int(call.now)
        shown = entry if isinstance(entry, dict) else self._entry(call, row, user, {}, began)
        self._open(call, row, user, {"record": row.key, "start": began, "entry": shown})
        told = {name: None for name in (self.timer.started, self.timer.current) if name is not None and name in row.record}
        call.space.store.put(self._records(call), Row(row.key, row.account, row.user, {**row.record, **told, self.timer.running: False}))

    def _open(self, call: Call, row: Row, user: str, opened: Mapping[str, Any]) -> None:
        """Opens an entry for a user, and closes the one that it takes the place of."""
        key = f"{row.account}/{user}" if self.timer.one_per_user else f"{row.account}/{user}/{row.key}"
        running = call.space.store.get(self._table(call, "running"), key)
        if running is not None:
            self._close(call, running, {})
        self.keep_open(call, Row(key, row.account, user, opened))

    def start(self, call: Call, row: Row, inputs: Mapping[str, Any]) -> None:
        """Opens an entry for the caller, and closes the one that it ran."""
        self._adopt(call)
        principal = call.principal or call.served.api.anyone
        entry = self._entry(call, row, principal.user, inputs, int(call.now))
        self._open(call, row, principal.user, {"record": row.key, "start": int(call.now), "entry": entry})

    def stop(self, call: Call, row: Row, inputs: Mapping[str, Any], *, everyone: bool = False) -> None:
        """Closes the caller's entry of a record, or everyone's."""
        principal = call.principal or call.served.api.anyone
        for running in self.open_entries(call):
            if running.record["record"] == row.key and (everyone or running.user == principal.user):
                self._close(call, running, inputs if running.user == principal.user else {})

    def _close(self, call: Call, running: Row, inputs: Mapping[str, Any]) -> None:
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

    def _entry(self, call: Call, row: Row, user: str, inputs: Mapping[str, Any], start: int) -> dict[str, Any]:
        values = {**inputs, "start": iso(start), "stop": None, "record": row.record[_key(call)], "user": user, "uuid": new_uuid(call)}
        entry: dict[str, Any] = {name: fill(written, values) for name, written in self.timer.entry.items()}
        tags = self.timer.tags
        if tags is not None:
            entry[tags.entry] = _tags(row.record.get(tags.member))
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
            mine, before = [own] if own is not None else [], row.record.get(timer.own_total) if row.user == user else 0
            members[timer.own_total] = counted(before) + seconds.get(user, 0) + elapsed(call, mine)
        if timer.limit is not None:
            members.update(_limited(timer.limit, row.record.get(timer.limit.limit), total))
        return members


def forget(store: Store, table: Table, key: str) -> None:
    """Drops what the timers of a table know of a record: nobody runs it any more, and no second of it was counted."""
    running = _beside(table, "running")
    for entry in [row for row in store.scan(running) if row.record["record"] == key]:
        store.delete(running, entry.key)
    store.delete(_beside(table, "totals"), key)


def given(store: Store, table: Table, key: str) -> None:
    """Tells the timers of a table of a record from elsewhere: if it says that it runs, it does from now on."""
    store.put(_beside(table, "given"), Row(key, "", None, {}))


def _beside(table: Table, name: str) -> Table:
    return table._replace(resource=f"{table.resource}~{name}")


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
    return [tag for part in value.split(",") if (tag := part.strip())] if isinstance(value, str) else []


def _key(call: Call) -> str:
    assert call.served.resource is not None
    return call.served.resource.key
