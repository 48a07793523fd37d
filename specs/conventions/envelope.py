"""How a body wraps its data: roots, counts, outcome members, JSON:API documents."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Envelope", "Including", "Input", "MemberMatches", "Outcome"]


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """A member of the body that tells success, where the HTTP status does not."""

    member: Annotated[str, Meta(description="JSON pointer of the member.")]
    success: Annotated[list[str], Meta(description="Its values on success.")]


class Input(Struct, frozen=True, forbid_unknown_fields=True):
    """How a record travels in a request that creates or changes it."""

    place: Annotated[Literal["body", "form", "query"], Meta(description="Where its members stand.")] = field(name="in", default="body")
    root: Annotated[str, Meta(description="JSON pointer of the record's members in the body; `{singular}` stands for the resource's name.")] = ""
    constant: Annotated[dict[str, Any], Meta(description="Further members of the body by JSON pointer; `{type}` and `{id}` are filled in.")] = field(
        default_factory=dict
    )


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `envelope`. Pointers are JSON pointers; `{singular}`, `{plural}` and `{type}` stand for the resource's names."""

    style: Annotated[Literal["named_root", "fixed_root", "rpc", "jsonapi", "bare"], Meta(description="The family of the envelope, for people.")]
    items: Annotated[str, Meta(description="Where a list's array of records stands.")]
    item: Annotated[str, Meta(description="Where a single record stands.")]
    documented: Annotated[bool, Meta(description="False where the document does not show the place: a check then looks for the one array of objects.")] = True
    attributes: Annotated[str, Meta(description="Where, in a record, its members stand; the id stays beside it.")] = ""
    count: Annotated[str | None, Meta(description="Where a list's count of records stands.")] = None
    outcome: Outcome | None = None
    constant: Annotated[dict[str, Any], Meta(description="Members that every body of the stub has, by JSON pointer.")] = field(default_factory=dict)
    input: Input = Input()


class MemberMatches(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a member of the body and the JSON Schema it keeps."""

    at: Annotated[str, Meta(description="JSON pointer of the member; empty for the whole body.")] = ""
    always: Annotated[dict[str, Any] | None, Meta(description="JSON Schema on every response with a body.")] = None
    on_success: dict[str, Any] | None = None
    on_failure: dict[str, Any] | None = None


class Including(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the parameter that asks for related records, and the relationships that the stub offers."""

    parameter: str = "include"


RULES = {
    "collection_has_its_root": Rule("A list is an object whose root key holds the array of records."),
    "single_has_its_root": Rule("A single record is an object whose root key holds the record."),
    "count_is_the_number_of_items": Rule("A list's count is the number of its records."),
    "member_matches": Rule("A member of the body is there and has the documented form.", MemberMatches),
    "outcome_member_tells_success": Rule("The outcome member tells success from failure."),
    "lists_share_one_structure": Rule("All lists share one structure."),
    "jsonapi_document_is_valid": Rule("Every body is a JSON:API document."),
    "include_gives_full_linkage_or_refusal": Rule("Asked to include, the answer has full linkage, or is refused with 400.", Including),
}
