"""Which clause a test is of: a mark that names it, and how the tests of a module are found by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

__all__ = ["Proof", "clause", "each", "proofs"]


@dataclass(frozen=True, slots=True)
class Proof:
    """A test of a clause, and the way of breaking the clause under which it fails; the usual one where that is empty."""

    clause: str
    way: str
    test: Callable[..., None]
    case: tuple[Any, ...] = ()

    @property
    def fault(self) -> str:
        """The fault that the test catches, by name."""
        return f"{self.clause}:{self.way}" if self.way else self.clause

    @property
    def name(self) -> str:
        """The test's name and the fault."""
        return f"{self.test.__name__}-{self.fault}"


def clause(identity: str, way: str = "") -> pytest.MarkDecorator:
    """Marks a test as one of a clause, which fails when the clause is broken in that way."""
    return pytest.mark.clause(id=identity, way=way)


def each(cases: Mapping[str, Any], way: str = "") -> pytest.MarkDecorator:
    """Parametrises a test by `case`, one for each clause."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=identity, marks=clause(identity, way)) for identity, case in cases.items()])


def proofs(module: ModuleType) -> Iterator[Proof]:
    """The tests of clauses that a module has."""
    for name, test in vars(module).items():
        if not name.startswith("test_"):
            continue
        for mark in getattr(test, "pytestmark", ()):
            if mark.name == "clause":
                yield Proof(mark.kwargs["id"], mark.kwargs["way"], test)
            for param in mark.args[1] if mark.name == "parametrize" else ():
                for inner in getattr(param, "marks", ()):
                    yield Proof(inner.kwargs["id"], inner.kwargs["way"], test, tuple(param.values))
