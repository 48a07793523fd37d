"""Which clauses are examined: by id, by the beginning of an id, with the API's name or without it."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.problems import TargetError, TargetProblem
from specs.errors import nearest
from specs.model import Clause, Spec

__all__ = ["select"]


def select(spec: Spec, only: Iterable[str] | None = None, skip: Iterable[str] = ()) -> tuple[Clause, ...]:
    """The clauses that the names in `only` mean (None or nothing: all), less those that `skip` means, in the order of the spec.

    A name is an id (`timedash/page/walk`), the same without the API (`page/walk`), or a group (`page`). Raises `TargetError`
    for a name that means no clause.
    """
    wanted = [name for name in only or () if name]
    chosen = _meant(spec, wanted) if wanted else frozenset(spec.clauses)
    left_out = _meant(spec, skip)
    return tuple(clause for clause in spec.clauses.values() if clause.id in chosen and clause.id not in left_out)


def _meant(spec: Spec, names: Iterable[str]) -> frozenset[str]:
    meant: set[str] = set()
    for name in names:
        short = name.strip("/").removeprefix(f"{spec.api}/")
        found = {clause.id for clause in spec.clauses.values() if _matches(clause, short) or short == spec.api}
        if not found:
            known = [clause.id for clause in spec.clauses.values()]
            todo = nearest(name, known) or nearest(f"{spec.api}/{short}", known) or f"see `proctor list {spec.api}`"
            example = known[0] if known else f"{spec.api}/group/slug"
            raise TargetError([TargetProblem("clauses", f"{name!r} means no clause of {spec.api}", f"an id such as {example}", todo)])
        meant |= found
    return frozenset(meant)


def _matches(clause: Clause, short: str) -> bool:
    own = f"{clause.group}/{clause.slug}"
    return own == short or own.startswith(short + "/")
