"""What a caller may do: roles, and what a role that may not gets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Authorization", "OfRole", "Role"]


class Role(Struct, frozen=True, forbid_unknown_fields=True):
    """What one role may not do."""

    denied: Annotated[list[str], Meta(description="Operations refused to the role; `*` means all of them.")] = field(default_factory=list)


class Authorization(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `authorization`."""

    roles: Annotated[dict[str, Role], Meta(description="Roles by name. A credential bears the name of its role.")]
    documented: Annotated[bool, Meta(description="True where the document itself says which operations are denied; else the denied ones are a choice.")] = False
    cause: Annotated[str, Meta(description="The cause, in `errors`, of a refusal.")] = "forbidden"


class OfRole(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the role that is meant, and the named members of an error that are documented for the refusal."""

    role: str = "limited"
    members: Annotated[list[str], Meta(description="Named members whose documented value must be there.")] = field(default_factory=list)


RULES = {
    "limited_role_is_refused": Rule("A caller whose role may not do it is refused, and nothing is done.", OfRole),
}
