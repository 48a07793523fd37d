"""What `x-documents`, `x-resources`, `x-conventions` and `x-seed` hold as they are written, before names in them are resolved."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from specs.references import Node

__all__ = [
    "KEYS",
    "Extension",
    "Written",
    "WrittenClause",
    "WrittenDocument",
    "WrittenGroup",
    "WrittenParent",
    "WrittenResource",
    "WrittenSeed",
    "WrittenSource",
    "spelled_out",
]

KEYS = ("x-documents", "x-seed", "x-resources", "x-conventions")

MAX_LINES = 1_000_000

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="A SHA-256 in hexadecimal, lower case.")]
# The bounds of a line's number are checked in `spelled_out`: msgspec 0.22 crashes in the garbage collector over bounds inside a union.
Lines = Annotated[list[int | tuple[int, int]], Meta(description="Lines, counted from 1: a number, or [first, last], both included, in ascending order.")]
Name = Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class WrittenDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """A document of the API's owner, known by its name and its hash."""

    sha256: Annotated[Sha256, Meta(description="The SHA-256 of the whole file `<name>.txt`.")]
    ignored: Annotated[Lines, Meta(description="Lines that need no clause: page furniture, headings, what is not about this API.")] = field(
        default_factory=list
    )


class WrittenParent(Struct, frozen=True, forbid_unknown_fields=True):
    """A reference from a record to a record of another resource."""

    resource: str
    member: Annotated[str, Meta(description="The record's member that holds the parent's id.")]
    parameters: Annotated[list[str], Meta(description="Path parameters that hold the parent's id.")] = field(default_factory=list)


class WrittenResource(Struct, frozen=True, forbid_unknown_fields=True):
    """A resource: what its operations have in common."""

    operations: Annotated[
        dict[str, str | list[str]],
        Meta(description="By effect (list, read, create, update, replace, delete, singleton, or an action's name): operationIds, the plain one first."),
    ] = field(default_factory=dict)
    schema: Annotated[dict[str, Any], Meta(description="JSON Schema of one record's members, or `$ref` to one.")] = field(default_factory=dict)
    singular: Annotated[str | None, Meta(description="The name of one record; without it, the resource's name less its s.")] = None
    plural: Annotated[str | None, Meta(description="The name of several; without it, the resource's name.")] = None
    type: Annotated[str | None, Meta(description="The JSON:API type; without it, the resource's name.")] = None
    names: Annotated[Literal["choice", "documented"], Meta(description="`choice` where the document does not name it and a target may bind it.")] = "documented"
    key: Annotated[str, Meta(description="The member that holds a record's id.")] = "id"
    key_parameter: Annotated[str | None, Meta(description="The parameter that names a record where the path does not; without it, `key`.")] = None
    parents: list[WrittenParent] = field(default_factory=list)
    create: Annotated[dict[str, Any], Meta(description="What a create needs beside what the schema requires; `{jobs.id}` is the id of a record of jobs.")] = (
        field(default_factory=dict)
    )
    owned: Annotated[bool, Meta(description="False where records belong to nobody and every account sees them.")] = True


class WrittenSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a document says it."""

    document: Annotated[str, Meta(description="A name among `x-documents`.")]
    lines: Annotated[Lines, Meta(min_length=1)]
    sha256: Annotated[Sha256, Meta(description="The SHA-256 of those lines, without their line ends, joined by a line feed.")]


class WrittenClause(Struct, frozen=True, forbid_unknown_fields=True):
    """One documented requirement: the rule it binds, and where the document says it."""

    rule: Annotated[str, Meta(description="The rule that it binds, one of the convention's kind.")]
    requires: Annotated[str, Meta(min_length=1, description="What is required, in one sentence of our own words.")]
    source: WrittenSource
    level: Literal["must", "should", "may"] = "must"
    of: Annotated[str | None, Meta(description="The group whose rule and parameters it uses, where it is not its own.")] = None
    arguments: Annotated[dict[str, Any] | None, Meta(description="The rule's arguments.")] = None
    applies_to: Annotated[list[str] | None, Meta(description="The operationIds it speaks of; without it, the group's.")] = None
    note: str | None = None
    assumed: str | None = None


class WrittenGroup(Struct, frozen=True, forbid_unknown_fields=True):
    """One convention of the API: its parameters, written once, and the clauses that bind its rules."""

    kind: Annotated[str, Meta(description="The kind of convention.")]
    applies_to: Annotated[list[str] | None, Meta(description="The operationIds it speaks of; without it, all.")] = None
    parameters: Annotated[dict[str, Any], Meta(description="The kind's parameters.")] = field(default_factory=dict)
    clauses: Annotated[dict[Name, WrittenClause], Meta(description="Clauses by slug.")] = field(default_factory=dict)
    choices: Annotated[dict[str, str], Meta(description="What the document leaves open and the stub had to decide, by parameter or topic.")] = field(
        default_factory=dict
    )


class WrittenPrincipal(Struct, frozen=True, forbid_unknown_fields=True):
    """A caller of the stub."""

    name: str
    account: str
    user: str
    role: str
    credential: dict[str, str]


class WrittenRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """A record that is there from the start, with its owner."""

    account: str
    record: dict[str, Any]
    user: str | None = None


class WrittenSeed(Struct, frozen=True, forbid_unknown_fields=True):
    """What the stub starts with."""

    principals: list[WrittenPrincipal] = field(default_factory=list)
    records: Annotated[dict[str, list[WrittenRecord]], Meta(description="Records by resource.")] = field(default_factory=dict)


class Extension(Struct, frozen=True):
    """The extension's keys at the top level of an OpenAPI document."""

    documents: Annotated[dict[Name, WrittenDocument], Meta(description="The documents that clauses come from.")] = field(
        name="x-documents", default_factory=dict
    )
    resources: Annotated[dict[Name, WrittenResource], Meta(description="The API's resources by name.")] = field(name="x-resources", default_factory=dict)
    conventions: Annotated[dict[Name, WrittenGroup], Meta(description="Groups by name: each binds one convention.")] = field(
        name="x-conventions", default_factory=dict
    )


@dataclass(slots=True)
class Written:
    """The extension as written: each part that has the right form, with its place."""

    documents: dict[str, tuple[Node, WrittenDocument]] = dataclass_field(default_factory=dict)
    resources: dict[str, tuple[Node, WrittenResource]] = dataclass_field(default_factory=dict)
    groups: dict[str, tuple[Node, WrittenGroup]] = dataclass_field(default_factory=dict)
    clauses: dict[str, dict[str, tuple[Node, WrittenClause]]] = dataclass_field(default_factory=dict)
    seed: tuple[Node, WrittenSeed] | None = None


def spelled_out(lines: list[int | tuple[int, int]]) -> tuple[int, ...] | None:
    """The numbers of some lines with their ranges spelled out, or None where they do not ascend from 1."""
    made: list[int] = []
    for part in lines:
        first, last = (part, part) if isinstance(part, int) else part
        if last < first or first <= (made[-1] if made else 0) or len(made) + last - first > MAX_LINES:
            return None
        made.extend(range(first, last + 1))
    return tuple(made)
