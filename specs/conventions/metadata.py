"""Key-value data that callers attach to records."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "Metadata"]


class Metadata(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `metadata`; lengths are counted in characters."""

    member: Annotated[str, Meta(description="The record's member that holds it.")] = "metadata"
    keys: int = 20
    key_length: int = 40
    value_length: int = 500
    cause: str = "metadata"


RULES = {
    "metadata_comes_back": Rule("Metadata given on create or update comes back unchanged."),
    "keys_are_limited": Rule("As many keys as allowed are taken; one more is refused and nothing changes."),
    "key_length_is_limited": Rule("A key as long as allowed is taken; a longer one is refused."),
    "value_length_is_limited": Rule("A value as long as allowed is taken; a longer one is refused."),
}
