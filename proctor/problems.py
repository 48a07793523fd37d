"""How the command line says that it can't go on: in words, with exit code 2."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click

from specs import SpecError, load
from specs.catalogue import names
from specs.model import Clause, Spec

__all__ = ["CannotGoOn", "clause_of", "served_together", "spec_of", "specs_of"]

_SEGMENT = re.compile(r"(?!__proctor$)[A-Za-z0-9._~-]+", re.ASCII)
"""A name that can be the first segment of a path as it stands; one is the control plane's own."""


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


def served_together(given: Iterable[str]) -> list[Spec]:
    """The specs named, or all that are shipped, each of which has a name of its own to be served under; raises `CannotGoOn`."""
    chosen = list(given) or list(names())
    found: dict[str, tuple[str, Spec]] = {}
    for text, spec in zip(chosen, specs_of(chosen), strict=True):
        other, known = found.setdefault(spec.api, (text, spec))
        if known is spec:
            continue
        if Path(known.path).resolve() == Path(spec.path).resolve():
            raise CannotGoOn(f"{text}: is named twice; leave one of the two away")
        raise CannotGoOn(f"{other}, {text}: both are called {spec.api!r}, and an API is served under its name; rename one of the files")
    for text, spec in found.values() if len(found) > 1 else ():
        if not _SEGMENT.fullmatch(spec.api):
            wanted = "letters, digits, '.', '_', '~' and '-', and not '__proctor'"
            raise CannotGoOn(f"{text}: beside others it is served under /{spec.api}, which is no path; rename the file (expected {wanted}), or serve it alone")
    return [spec for _, spec in found.values()]


def clause_of(clause_id: str, file: str | None = None) -> tuple[Spec, Clause]:
    """The clause of that id with its spec, shipped or of a file; raises `CannotGoOn` with the nearest ids where there is none."""
    api = file or clause_id.partition("/")[0]
    if file is None and api not in names():
        raise CannotGoOn(f"{clause_id}: no shipped spec is called {api!r}; there are {', '.join(names())} (a clause is api/group/slug); or name its file")
    spec = spec_of(api)
    if clause_id not in spec.clauses:
        from difflib import get_close_matches

        near = get_close_matches(clause_id, spec.clauses, 3) or list(spec.clauses)[:3]
        raise CannotGoOn(f"{clause_id}: no such clause; near it: {', '.join(near)} (`proctor list {api}` has all)")
    return spec, spec.clauses[clause_id]
