"""One record under another's path."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Nesting"]


class Nesting(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `nesting`."""

    resource: str
    parent: Annotated[str, Meta(description="The parent's resource.")]
    parameter: Annotated[str, Meta(description="The path parameter that names the parent.")]
    member: Annotated[str, Meta(description="The record's member that names the parent.")]
    pairs: Annotated[dict[str, str], Meta(description="Each plain operation and its nested twin.")] = field(default_factory=dict)


RULES = {
    "nested_list_is_exact": Rule("The nested list holds exactly the parent's records."),
    "nested_path_gives_the_same": Rule("The nested path gives the same record and the same effect as the plain one."),
}
