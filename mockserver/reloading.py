"""Puts a changed spec in the place of the one that is served, with the records that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from mockserver.api import Api
from mockserver.schemas import Validator
from mockserver.store import Row, Table
from mockserver.store.memory import MemoryStore
from mockserver.timekeeper import BESIDE

if TYPE_CHECKING:
    from mockserver.engine import Engine
    from mockserver.pipeline import Space
    from specs.model import Resource, Spec

__all__ = ["UnfitError", "reload"]

_TOLD = 3
"""How many records are told of by name."""

Seeded = Mapping[str, Mapping[str, Row]]
"""A seed's rows by resource and key."""


class UnfitError(ValueError):
    """A spec in which there is no place for what the stub holds: which records, and why."""


def reload(engine: Engine, spec: Spec) -> list[str]:
    """Serves a changed spec instead of the one of its name; gives what else there is to tell, line by line.

    Records that nobody has touched follow the spec's seed. All others stay as they are: where one does not fit any more, or its
    resource is gone, `UnfitError` is raised, and nothing has changed. One whose key the new seed has, too, hides that of the seed.
    Faults that the new spec does not know are taken out.
    """
    with engine.turn:
        old = engine.apis[spec.api]
        spaces = [engine.main, *engine.spaces.all()]
        before, after = _seeded(old.spec), _seeded(spec)
        problems = [problem for space in spaces for problem in _problems(space, old.spec, spec, before)]
        if problems:
            raise UnfitError("\n".join(problems))
        new = Api(spec, old.mount, old.rate_limit)
        if _differ(before, after) or _keys(old.spec) != _keys(spec):
            for space in spaces:
                _replant(space, engine.apis.values(), new, before, after)
        return engine.adopt(new)


def _keys(spec: Spec) -> dict[str, str]:
    return {resource.name: resource.key for resource in spec.resources.values()}


def _seeded(spec: Spec) -> Seeded:
    found = {}
    for resource, items in spec.seed.records.items():
        key = spec.resources[resource].key
        rows = [Row(str(item["record"][key]), item["account"], item["user"], item["record"]) for item in items]
        found[resource] = {row.key: row for row in rows}
    return found


def _differ(before: Seeded, after: Seeded) -> bool:
    if before.keys() != after.keys():
        return True
    return any(list(before[name]) != list(after[name]) or not all(map(_same, before[name].values(), after[name].values())) for name in before)


def _same(row: Row, other: Row | None) -> bool:
    return other is not None and (row.json, row.account, row.user) == (other.json, other.account, other.user)


def _problems(space: Space, old: Spec, new: Spec, before: Seeded) -> Iterable[str]:
    """Why a space's records have no place in a new spec, a line for each resource."""
    name = f"space {space.name}: " if space.name else ""
    if not isinstance(space.store, MemoryStore) and _keys(old) != _keys(new):
        yield "the store's file was made for other resources; start again with another file"
    for resource in old.resources.values():
        changed = new.resources.get(resource.name)
        if changed is not None and (changed.schema, changed.key) == (resource.schema, resource.key):
            continue
        seeded = before.get(resource.name, {})
        rows = (row for row in space.store.scan(Table(space.name, old.api, resource.name)) if not _same(row, seeded.get(row.key)))
        if changed is None:
            keys = [row.key for row in rows]
            if keys:
                yield f"{name}{resource.name} is gone, but there {_are(len(keys))} of it: {_listed(keys)}"
        else:
            unfit = list(_unfit(rows, resource, changed))
            if unfit:
                yield f"{name}{resource.name}: there {_are(len(unfit))} that no longer {'fits' if len(unfit) == 1 else 'fit'}: {_listed(unfit)}"


def _unfit(rows: Iterable[Row], old: Resource, new: Resource) -> Iterable[str]:
    """The records that kept the old schema and do not keep the new one, with the reason."""
    was, will = Validator(old.schema), Validator(new.schema)
    for row in rows:
        record = row.record
        if str(record.get(new.key)) != row.key:
            yield f"{row.key} (has no {new.key})"
            continue
        problem = will.problem(record)
        if problem is not None and was.accepts(record):
            yield f"{row.key} ({problem.message})"


def _are(count: int) -> str:
    return "is 1 record" if count == 1 else f"are {count} records"


def _listed(told: Sequence[str]) -> str:
    more = f", and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
    return ", ".join(told[:_TOLD]) + more


def _replant(space: Space, apis: Iterable[Api], new: Api, before: Seeded, after: Seeded) -> None:
    """Changes the seed under a space's records: it is put back to the old start, given the new one, and what was done is done again."""
    store = space.store
    names = {(api.name, resource) for api in apis for resource in api.spec.resources} | {(new.name, resource) for resource in new.spec.resources}
    names |= {(api, f"{resource}~{beside}") for api, resource in names for beside in BESIDE}
    tables = [Table(space.name, *name) for name in sorted(names)]
    with store.transaction():
        current = {table: {row.key: row for row in store.scan(table)} for table in tables}
        store.reset(space.name)
        done = {table: _done(current[table], {row.key: row for row in store.scan(table)}) for table in tables}
        for table in tables:
            if table.api == new.name and "~" not in table.resource:
                _reseed(space, table, before.get(table.resource, {}), after.get(table.resource, {}) if table.resource in new.spec.resources else None)
        store.snapshot(space.name)
        for table, (rows, gone) in done.items():
            for row in rows:
                store.put(table, Row.packed(row.key, row.account, row.user, row.json))
            for key in gone:
                store.delete(table, key)


def _done(current: Mapping[str, Row], start: Mapping[str, Row]) -> tuple[list[Row], list[str]]:
    """What was written since the start, and the keys of what was deleted."""
    return [row for key, row in current.items() if not _same(row, start.get(key))], [key for key in start if key not in current]


def _reseed(space: Space, table: Table, before: Mapping[str, Row], after: Mapping[str, Row] | None) -> None:
    """Gives a table its new start; None empties it."""
    if after is None:
        for key in [row.key for row in space.store.scan(table)]:
            space.store.delete(table, key)
        return
    for key in before:
        if key not in after:
            space.store.delete(table, key)
    for row in after.values():
        if not _same(row, before.get(row.key)):
            space.store.put(table, row)
