"""Fills a list with records that its schema allows: as many as are wanted, and the same ones each time."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice
from random import Random
from typing import Any

import orjson

from mockserver.keys import Keys
from mockserver.schemas import properties
from mockserver.store import Row
from specs.model import Principal, Resource, Spec
from specs.samples import sample

__all__ = ["AmountError", "Amounts", "amounts", "check_amounts", "generated"]

_KINDS = 4_096
"""How many records are drawn from the schema; those after them repeat their members under new ids, which is a hundred times faster."""

_FIRST_SEED = 1_000

Amounts = Mapping[tuple[str, str], int]
"""How many records a list is to have, by API and resource."""


class AmountError(ValueError):
    """A number of records that can't be made: what was asked for, and what can be."""


def amounts(texts: Iterable[str], specs: Iterable[Spec]) -> dict[tuple[str, str], int]:
    """How many records each list gets: `N` is meant for the largest list of each API, `API/RESOURCE=N` for that one.

    Raises `AmountError` where a text is neither, or there is no such list.
    """
    known = {spec.api: spec for spec in specs}
    found: dict[tuple[str, str], int] = {}
    for text in texts:
        where, _, number = text.rpartition("=")
        if not (number.isdecimal() and number.isascii()) or len(number) > 18:
            raise AmountError(f"{text!r}: expected a number of records, or API/RESOURCE=N")
        if "=" in text:
            found[_list_named(where, known)] = int(number)
        else:
            found.update(dict.fromkeys(((spec.api, name) for spec in known.values() if (name := _largest(spec)) is not None), int(number)))
    return found


def check_amounts(wanted: Amounts, specs: Iterable[Spec]) -> None:
    """Raises `AmountError` where there is no such list, and `TypeError` where it is not said of which list there are to be how many."""
    if not isinstance(wanted, Mapping):
        raise TypeError(f"records={wanted!r}: say how many of which list, such as {{('timedash', 'assignments'): 1000}}")
    known = {spec.api: spec for spec in specs}
    for api, resource in wanted:
        _list_named(f"{api}/{resource}", known)


def _list_named(where: str, known: Mapping[str, Spec]) -> tuple[str, str]:
    api, _, resource = where.partition("/")
    if api in known and resource in _lists(known[api]):
        return api, resource
    there = ", ".join(f"{spec.api}/{name}" for spec in known.values() for name in _lists(spec))
    raise AmountError(f"{where!r}: there is no such list; there are {there or 'none'}")


def _lists(spec: Spec) -> list[str]:
    return [resource.name for resource in spec.resources.values() if "list" in resource.operations]


def _largest(spec: Spec) -> str | None:
    """The list with the most records to begin with."""
    return max(_lists(spec), key=lambda name: len(spec.seed.records.get(name, ())), default=None)


def generated(spec: Spec, resource: Resource, kept: list[Row], wanted: int) -> Iterator[Row]:
    """The rows that a list lacks, beside those kept, to have as many as are wanted. They are the first caller's, and of no user."""
    owner = next(iter(spec.seed.principals), Principal("anyone", "", "", "full", {}))
    missing = wanted - sum(1 for row in kept if not resource.owned or row.account == owner.account)
    if missing <= 0:
        return
    taken = {row.key for row in kept}
    kinds = [_halves(resource, members) for members in islice(_drawn(spec, resource, owner.account), min(missing, _KINDS))]
    fresh = (key for key in _keys(resource, kept) if str(key) not in taken)
    for number, key in enumerate(islice(fresh, missing)):
        before, after = kinds[number % len(kinds)]
        yield Row.packed(str(key), owner.account, None, before + orjson.dumps(key) + after)


def _keys(resource: Resource, kept: list[Row]) -> Iterator[int | str]:
    keys = Keys(resource)
    form = keys.form(kept)
    if keys.are_numbers or form is not None:
        for number in count(len(kept) + 1):
            yield number if keys.are_numbers or form is None else form.key(number)
    random = Random(resource.name)
    while True:
        yield str(uuid.UUID(int=random.getrandbits(128), version=4))


def _drawn(spec: Spec, resource: Resource, account: str) -> Iterator[dict[str, Any]]:
    """Members that the schema allows, and that name parents which are there."""
    parents = {parent.member: _ids(spec, parent.resource, account) for parent in resource.parents}
    for number in count():
        members: dict[str, Any] = dict.fromkeys(properties(resource.schema))
        members.update(sample(resource.schema, _FIRST_SEED + number))
        members.update({member: ids[number % len(ids)] for member, ids in parents.items() if ids and member in members})
        yield members


def _ids(spec: Spec, resource: str, account: str) -> list[Any]:
    owned, key = spec.resources[resource].owned, spec.resources[resource].key
    return [item["record"][key] for item in spec.seed.records.get(resource, ()) if not owned or item["account"] == account]


def _halves(resource: Resource, members: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """A record's JSON up to its id, and from there on."""
    names = list(members) if resource.key in members else [resource.key, *members]
    at = names.index(resource.key)
    before = orjson.dumps({name: members[name] for name in names[:at]})[:-1]
    after = orjson.dumps({name: members[name] for name in names[at + 1 :]})[1:]
    joint = b"," if at else b""
    return before + joint + orjson.dumps(resource.key) + b":", (b"," if len(after) > 1 else b"") + after
