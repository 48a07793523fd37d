"""What there is: resources, their URLs and members."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "Prefix", "RecordMembers", "Resources"]


class Resources(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `resources`; what there is stands in `x-resources`."""

    any_method: Annotated[bool, Meta(description="True where the stub ignores the method, as an RPC API may; no implementation needs to.")] = False


class Prefix(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: what every path begins with."""

    prefix: str


class RecordMembers(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a resource and the JSON Schema that each of its records keeps."""

    resource: str
    record: Annotated[dict[str, Any], Meta(description="JSON Schema of a record, or `$ref` to one.")]


RULES = {
    "paths_lie_under_the_prefix": Rule("Every path lies under the documented prefix.", Prefix),
    "records_have_their_members": Rule("A record has the documented members, of the documented types.", RecordMembers),
    "collection_and_item_share_a_path": Rule("A record of a list is found under the list's path."),
    "every_action_has_its_url": Rule("Every action answers at its own URL, and an unknown one is no success."),
    "operation_keeps_its_contract": Rule("The operation answers a valid call as its example shows, and each of its documented errors."),
}
