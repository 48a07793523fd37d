"""The implementation under examination: where it is, who calls, what is bound to what, and what is permitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["OperationBinding", "Permit", "ResourceBinding", "Target"]


@dataclass(frozen=True, slots=True)
class Permit:
    """What an examination may do beside reading."""

    write: bool = False
    exhaust_rate_limit: bool = False


@dataclass(frozen=True, slots=True)
class ResourceBinding:
    """How a target calls one of the spec's resources; what is None stays as the spec has it.

    `path` replaces the collection's path; `create` gives the members of a create: a JSON type's name (`"string"`), a schema
    (`{enum = ["a", "b"]}`), or `{value = …}` as it stands; `members` renames members; `absent` says the target has no such resource.
    """

    path: str | None = None
    item: str | None = None
    singular: str | None = None
    plural: str | None = None
    key: str | None = None
    create: Mapping[str, Any] | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    absent: bool = False


@dataclass(frozen=True, slots=True)
class OperationBinding:
    """Where a target has one operation; `absent` says it has none."""

    method: str | None = None
    path: str | None = None
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """One target; `parameters` overrides parameters of groups (by group or kind), where the spec calls them choices.

    `only` and `skip` name clauses, by id or by the beginning of one: what is examined, and what is not.
    """

    api: str
    url: str
    plain_url: str | None = None
    base_path: str | None = None
    credentials: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    resources: Mapping[str, ResourceBinding] = field(default_factory=dict)
    operations: Mapping[str, OperationBinding] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    permit: Permit = Permit()
    timeout: float = 10.0
    ca_file: str | None = None
    verify: bool = True
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
