"""Faults by name: `clause`, `clause:way`, `clause@operation`, `clause:way@operation`, and what there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mockserver.behaviours import BEHAVIOURS
from mockserver.pipeline import Call, Fault, Pipeline, Site, Step
from specs.model import Clause, Spec

if TYPE_CHECKING:
    from mockserver.api import Api, Entry, Served

__all__ = ["FaultError", "FaultId", "Planted", "faults_of", "plant", "resolve"]


class FaultError(ValueError):
    """A fault that does not exist: what was asked for, and what there is."""


@dataclass(frozen=True, slots=True)
class FaultId:
    """One way to break one clause; `name` is what `--fault` takes, the usual way also without `:way`."""

    clause: str
    way: str
    usual: bool
    says: str

    @property
    def name(self) -> str:
        """The fault's name in full."""
        return f"{self.clause}:{self.way}"


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault and the operations in which it breaks its clause."""

    api: str
    clause: Clause
    fault: Fault
    operations: tuple[str, ...]
    pseudo: bool


def faults_of(spec: Spec) -> list[FaultId]:
    """All faults of a spec, clause by clause, the usual way of each first."""
    found = []
    for clause in spec.clauses.values():
        for number, (way, fault) in enumerate(_ways(spec, clause).items()):
            found.append(FaultId(clause.id, way, number == 0, fault.says))
    return found


def _ways(spec: Spec, clause: Clause) -> Mapping[str, Fault]:
    """The ways to break a clause: those of its rule that fit it."""
    ways = BEHAVIOURS[clause.kind].FAULTS.get(clause.rule, {})
    return {way: fault for way, fault in ways.items() if fault.fits is None or fault.fits(spec, clause)}


def resolve(text: str, apis: Mapping[str, Api]) -> Planted:
    """The fault of that name among the APIs served; raises `FaultError` with what there is instead."""
    name, at, operation = text.partition("@")
    name, colon, way = name.partition(":")
    clauses = {clause.id: (api, clause) for api in apis.values() for clause in api.spec.clauses.values()}
    if name not in clauses:
        there = [identity for identity in clauses if identity.split("/")[0] == name.split("/")[0]] or list(clauses)
        raise FaultError(f"{name!r} is no clause of what is served{_meant(name, clauses)}; there is {', '.join(there)}")
    api, clause = clauses[name]
    ways = _ways(api.spec, clause)
    if not ways:
        raise FaultError(f"{name} has no fault")
    if colon and way not in ways:
        raise FaultError(f"{name} can't be broken by {way!r}; there is {', '.join(ways)}")
    if at and operation not in clause.operations:
        raise FaultError(f"{name} does not speak of {operation!r}, but of {', '.join(clause.operations)}")
    fault = ways[way] if way else next(iter(ways.values()))
    spoken_of = tuple(api.spec.operations) if fault.everywhere else clause.operations
    operations = (operation,) if operation else spoken_of
    return Planted(api.name, clause, fault, operations, not operation and set(operations) >= set(api.spec.operations))


def _meant(name: str, clauses: Iterable[str]) -> str:
    """The question whether the nearest name was meant, if one is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, clauses, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def plant(api: Api, planted: Sequence[Planted]) -> dict[Served, Pipeline]:
    """The pipelines of an API's operations that these faults break."""
    broken = {}
    for served in (*api.served.values(), *api.pseudo.values()):
        here = [one for one in planted if served.id in one.operations or (served.operation is None and one.pseudo)]
        if here:
            entries = list(served.entries)
            for one in here:
                _wrap(api, served, entries, one)
            broken[served] = api.compile(entries, served)
    return broken


def _wrap(api: Api, served: Served, entries: list[Entry], planted: Planted) -> None:
    """Puts a fault in the place of the step that it breaks; of an empty one, where there is none."""
    from mockserver.api import Entry

    fault, clause = planted.fault, planted.clause
    kind = fault.kind or clause.kind
    site = Site(api, served, api.spec.convention(clause), clause, planted.operations)
    for number, entry in enumerate(entries):
        if entry.kind == kind and entry.stage is fault.stage:
            entries[number] = entry._replace(step=fault.wrap(entry.step, site))
            return
    step: Step = _pass
    entries.append(Entry(fault.stage, kind, site.group, fault.wrap(step, site)))


def _pass(call: Call) -> None:  # noqa: ARG001
    return None
