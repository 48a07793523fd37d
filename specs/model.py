"""A loaded spec: plain frozen values that the upper floors read and never change.

`specs.load` makes a `Spec` from one YAML file. Schemas and examples in it are dereferenced; nothing here does I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

from specs.words import an

__all__ = [
    "Body",
    "Clause",
    "Document",
    "Effect",
    "Group",
    "Media",
    "Operation",
    "Parameter",
    "Parent",
    "Principal",
    "Resource",
    "Response",
    "Seed",
    "Source",
    "Spec",
]

Effect = str
"""What an operation does to its resource: `list`, `read`, `create`, `update`, `replace`, `delete`, `singleton` or an action's name."""

Level = Literal["must", "should", "may"]


@dataclass(frozen=True, slots=True)
class Document:
    """The prose an API's owner published: its name, and the SHA-256 of its bytes.

    `ignored` are the numbers of lines that need no clause: page furniture, headings, what belongs to another API.
    """

    name: str
    sha256: str
    ignored: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """The lines of a document that a clause comes from.

    `lines` are numbers counted from 1, ranges already spelled out; `sha256` is that of those lines, without their line ends,
    joined by a line feed, in UTF-8.
    """

    document: str
    lines: tuple[int, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Clause:
    """One documented requirement: the rule of a convention it binds, and where the document says it.

    `group` is the one it is written in, `convention` the group whose parameters it uses (the same, unless it says `of`);
    `arguments` is the rule's argument type, or None where the rule takes none; `operations` are those it speaks of, resolved.
    """

    id: str
    api: str
    group: str
    slug: str
    convention: str
    kind: str
    rule: str
    arguments: Struct | None
    level: Level
    requires: str
    operations: tuple[str, ...]
    source: Source
    note: str | None = None
    assumed: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """One convention of an API with its parameters written once.

    `parameters` is an instance of the kind's parameter type; `choices` says, by parameter or topic, what the stub had to decide:
    a target may bind a parameter that is named there.
    """

    name: str
    kind: str
    parameters: Any
    operations: tuple[str, ...]
    choices: Mapping[str, str]
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Media:
    """One media type of a body: its schema (dereferenced, `{}` if none) and its examples by name."""

    type: str
    schema: Mapping[str, Any]
    examples: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, as OpenAPI says it."""

    name: str
    place: Literal["path", "query", "header", "cookie"]
    required: bool
    schema: Mapping[str, Any]
    example: Any = None


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: required or not, and its media types in the order of the spec."""

    required: bool
    media: tuple[Media, ...]


@dataclass(frozen=True, slots=True)
class Response:
    """One documented response: its status (`200`, `4XX`, `default`), media types (none: no body) and headers."""

    status: str
    description: str
    media: tuple[Media, ...]
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: OpenAPI's part of it, and the resource and effect that `x-resources` gives it."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Response]
    resource: str | None = None
    effect: Effect | None = None
    summary: str = ""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in the path's braces, in order."""
        return tuple(re.findall(r"\{([^{}]+)\}", self.path))


@dataclass(frozen=True, slots=True)
class Parent:
    """A reference from a record to another: the member that holds its id, and the path parameters that name it."""

    resource: str
    member: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """What the operations of one resource have in common.

    `names` is `documented` where the document itself names it; else it is representative and a target may bind it. `schema` is
    that of one record's members (for JSON:API, of its attributes and of the ids it refers to). `key` is the member with the id;
    `key_parameter` the body or query parameter that names a record where the path has none. `operations` gives the ids of its
    operations by effect, the plain one first. `create` holds member values a create needs beside those its schema requires;
    `{jobs.id}` there names a record of that resource.
    """

    name: str
    singular: str
    plural: str
    type: str
    names: Literal["documented", "choice"]
    schema: Mapping[str, Any]
    key: str
    key_schema: Mapping[str, Any]
    key_parameter: str
    operations: Mapping[Effect, tuple[str, ...]]
    parents: tuple[Parent, ...]
    create: Mapping[str, Any]
    owned: bool = True

    @property
    def one(self) -> str:
        """One of its records in words: `an assignment`."""
        return an(self.singular)


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller of the stub: name (`full`, `second`, `limited`, `other`), account, user, role and the fields of its credential."""

    name: str
    account: str
    user: str
    role: str
    credential: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seed:
    """What the stub starts with: callers, and records by resource.

    A record is `{"account": …, "user": … or null, "record": {its members}}`.
    """

    principals: tuple[Principal, ...]
    records: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class Spec:
    """One API: everything its YAML file says, dereferenced and checked.

    `base_path` is the path of the first server URL, without a trailing slash (`/api/v1`, or empty); `openapi` the whole
    document with local references bundled, for tools that read OpenAPI.
    """

    api: str
    title: str
    version: str
    base_path: str
    documents: Mapping[str, Document]
    operations: Mapping[str, Operation]
    resources: Mapping[str, Resource]
    groups: Mapping[str, Group]
    clauses: Mapping[str, Clause]
    seed: Seed
    openapi: Mapping[str, Any]
    path: str

    def group_of_kind(self, kind: str) -> Group | None:
        """The first group of a kind, or None: conventions such as `errors` stand once in a spec."""
        return next((group for group in self.groups.values() if group.kind == kind), None)

    def group_for(self, kind: str, operation: Operation) -> Group | None:
        """The first group of a kind that speaks of an operation, or None."""
        return next((group for group in self.groups.values() if group.kind == kind and operation.id in group.operations), None)

    def convention(self, clause: Clause) -> Group:
        """The group whose parameters a clause's rule uses."""
        return self.groups[clause.convention]
