"""The records of a space: read, put, replaced, removed, and put back to the seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.control.asked import Asked, ControlError
from mockserver.exchange import Response
from mockserver.schemas import Validator
from mockserver.store import Query, Row, Table
from mockserver.timekeeper import forget, given
from mockserver.values import types_of

if TYPE_CHECKING:
    from specs.model import Resource

__all__ = ["delete", "put", "records", "replace", "reset", "resources", "show"]


def resources(asked: Asked) -> dict[str, Any]:
    """The resources, and how many records each has."""
    space = asked.space
    tables = [Table(space.name, api.name, name) for api in asked.engine.apis.values() for name in api.spec.resources]
    return {"resources": [{"api": table.api, "resource": table.resource, "count": space.store.count(table)} for table in tables]}


def records(asked: Asked) -> dict[str, Any]:
    """A part of a resource's records."""
    query = Query(offset=asked.query.get("offset", 0), limit=asked.query.get("limit", 100))
    rows, total = asked.space.store.select(_table(asked), query)
    return {"total": total, "records": [_shown(row) for row in rows]}


def show(asked: Asked) -> dict[str, Any]:
    """One record."""
    return _shown(_row(asked))


def put(asked: Asked) -> Response:
    """Adds a record, or puts it in the place of the one with its id."""
    table, space = _table(asked), asked.space
    before = space.store.get(table, asked.path["key"])
    row = _Judge(asked).row(asked.body, asked.path["key"], before)
    with space.store.transaction():
        space.store.put(table, row)
        if _is_timed(asked):
            given(space.store, table, row.key)
    body = orjson.dumps(_shown(row), default=str)
    return Response(201 if before is None else 200, {"content-type": "application/json", "cache-control": "no-store"}, body)


def replace(asked: Asked) -> dict[str, Any]:
    """Puts the records given in the place of all that there are, or of none if one of them is wrong."""
    table, space, judge = _table(asked), asked.space, _Judge(asked)
    total, sent = asked.body.get("total"), len(asked.body["records"])
    if total not in (None, sent):
        raise ControlError(422, f"/total: says that there are {total} records, and {sent} are given: read the others, too (offset), or leave total away.")
    rows: dict[str, Row] = {}
    for number, item in enumerate(asked.body["records"]):
        row = judge.row(item, None, None, f"/records/{number}")
        if row.key in rows:
            raise ControlError(422, f"/records/{number}: there is another record with the id {row.key!r}.")
        rows[row.key] = row
    with space.store.transaction():
        for old in list(space.store.scan(table)):
            space.store.delete(table, old.key)
            if _is_timed(asked):
                forget(space.store, table, old.key)
        for row in rows.values():
            space.store.put(table, row)
            if _is_timed(asked):
                given(space.store, table, row.key)
    return {"total": len(rows)}


def delete(asked: Asked) -> None:
    """Removes a record."""
    row, space = _row(asked), asked.space
    with space.store.transaction():
        space.store.delete(_table(asked), row.key)
        if _is_timed(asked):
            forget(space.store, _table(asked), row.key)


def reset(asked: Asked) -> None:
    """Puts a space back to the seed."""
    asked.engine.reset(asked.space)


def _resource(asked: Asked) -> Resource:
    name, there = asked.path["resource"], asked.api.spec.resources
    if name not in there:
        raise ControlError(404, f"{asked.api.name} has no resource {name!r}; there is {', '.join(there) or 'none'}.")
    return there[name]


def _table(asked: Asked) -> Table:
    return Table(asked.space.name, asked.api.name, _resource(asked).name)


def _row(asked: Asked) -> Row:
    row = asked.space.store.get(_table(asked), asked.path["key"])
    if row is None:
        raise ControlError(404, f"{asked.api.name} has no record {asked.path['key']!r} among its {asked.path['resource']}.")
    return row


def _is_timed(asked: Asked) -> bool:
    """Whether the resource's records run, so that what is known of that has to go with them."""
    actions = (group.parameters for group in asked.api.spec.groups.values() if group.kind == "actions")
    return any(one.resource == asked.path["resource"] and one.timer is not None for one in actions)


def _shown(row: Row) -> dict[str, Any]:
    return {"key": row.key, "account": row.account, "user": row.user, "record": row.record}


class _Judge:
    """Makes rows of one resource from what is given, or says what is wrong with it."""

    def __init__(self, asked: Asked) -> None:
        self._api = asked.api
        self._resource = _resource(asked)
        self._record = Validator(self._resource.schema)
        self._key = Validator(self._resource.key_schema) if self._resource.key_schema else None
        self._accounts = {principal.account for principal in self._api.principals} | {self._api.anyone.account}

    def row(self, item: Mapping[str, Any], key: str | None, before: Row | None, place: str = "") -> Row:
        """The row of a record, whose id is `key` where that is given; unless told otherwise it belongs to whom it belonged before."""
        record = dict(item["record"])
        member = self._resource.key
        if key is not None and item.get("key", key) != key:
            raise ControlError(422, f"{place}/key: {item['key']!r} is not the id in the path, {key!r}.")
        said, key = ("/key", item["key"]) if key is None and "key" in item else ("the path", key)
        if key is not None and member not in record:
            record[member] = self._typed(key)
        if member not in record:
            raise ControlError(422, f"{place}/record: the member {member!r}, its id, is missing.")
        self._check(record, place)
        if key is not None and str(record[member]) != key:
            raise ControlError(422, f"{place}/record/{member}: {record[member]!r} is not the id in {said}, {key!r}.")
        owner = before or Row("", self._api.anyone.account, self._api.anyone.user, {})
        account, user = item.get("account", owner.account), item.get("user", owner.user)
        if account not in self._accounts:
            raise ControlError(422, f"{place}/account: no caller has the account {account!r}; there is {', '.join(sorted(self._accounts))}.")
        return Row(str(record[member]), account, user, record)

    def _typed(self, key: str) -> Any:
        """The id as the resource's schema wants it: a number, where ids are numbers."""
        numeric = "integer" in types_of(self._resource.key_schema)
        return int(key) if numeric and key.isascii() and key.isdigit() and len(key) < 19 else key

    def _check(self, record: dict[str, Any], place: str) -> None:
        member = self._resource.key
        problem = self._key.problem(record[member]) if self._key is not None else None
        if problem is not None:
            raise ControlError(422, f"{place}/record/{member}: {problem.message}.")
        if not isinstance(record[member], str | int) or isinstance(record[member], bool) or not str(record[member]):
            raise ControlError(422, f"{place}/record/{member}: an id is a text or a whole number.")
        problem = self._record.problem(record)
        if problem is not None:
            raise ControlError(422, f"{place}/record{problem.values()['pointer']}: {problem.message}.")
