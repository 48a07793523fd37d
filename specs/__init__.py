"""The ground floor: reads a spec and gives back what it says as plain values; it does no HTTP.

`load` makes a `Spec` of a shipped API or of anybody's OpenAPI file; `SpecError` tells every problem of a file with its place.
"""

from __future__ import annotations

from specs.catalogue import find, fixtures_root, names
from specs.errors import Problem, SpecError
from specs.loader import lint, load
from specs.model import Clause, Group, Operation, Resource, Spec

__all__ = ["Clause", "Group", "Operation", "Problem", "Resource", "Spec", "SpecError", "find", "fixtures_root", "lint", "load", "names"]
