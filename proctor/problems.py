"""How the command line says that it can't go on: in words, with exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import click

from specs import SpecError, load
from specs.catalogue import names
from specs.model import Clause, Spec

__all__ = ["CannotGoOn", "clause_of", "spec_of", "specs_of"]


class CannotGoOn(click.ClickException):
    """A problem that the caller can mend: what was found, where, and what to do."""

    exit_code = 2


def spec_of(name_or_path: str) -> Spec:
    """The spec of that name or file; raises `CannotGoOn` with every problem in it."""
    try:
        return load(name_or_path)
    except SpecError as error:
        raise CannotGoOn(str(error)) from None


def specs_of(given: Iterable[str]) -> list[Spec]:
    """The specs named, or all that are shipped."""
    return [spec_of(name) for name in (list(given) or names())]


def clause_of(clause_id: str, file: str | None = None) -> tuple[Spec, Clause]:
    """The clause of that id with its spec, shipped or of a file; raises `CannotGoOn` with the nearest ids where there is none."""
    api = file or clause_id.partition("/")[0]
    if file is None and api not in names():
        raise CannotGoOn(f"{clause_id}: no shipped spec is called {api!r}; there are {', '.join(names())} (a clause is api/group/slug); or name its file")
    spec = spec_of(api)
    if clause_id not in spec.clauses:
        near = get_close_matches(clause_id, spec.clauses, 3) or list(spec.clauses)[:3]
        raise CannotGoOn(f"{clause_id}: no such clause; near it: {', '.join(near)} (`proctor list {api}` has all)")
    return spec, spec.clauses[clause_id]
