"""Which media types go in and come out."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "BodyMedia", "ContentNegotiation"]


class ContentNegotiation(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `content_negotiation`."""

    response: Annotated[str, Meta(description="Media type of the stub's bodies.")] = "application/json"
    accepted: Annotated[
        list[str], Meta(description="Media types that a response's body may have; a name such as `json` matches any type that has it as subtype or suffix.")
    ] = field(default_factory=lambda: ["json"])
    request: Annotated[list[str], Meta(description="Media types that a request's body may have.")] = field(default_factory=lambda: ["application/json"])
    refuse_other_requests: Annotated[bool, Meta(description="True where another media type is refused as unsupported.")] = False
    refuse_unacceptable: Annotated[bool, Meta(description="True where an Accept that can't be met is refused.")] = False
    bulk: Annotated[str | None, Meta(description="The media type parameter that marks an array of records, such as `ext=bulk`.")] = None
    suffixes: Annotated[list[str], Meta(description="Path suffixes that answer the same as the bare path, such as `.json`.")] = field(default_factory=list)
    params_field: Annotated[str | None, Meta(description="A form or query field that may hold the JSON parameters instead of the body.")] = None


class BodyMedia(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: which bodies must have the media type."""

    on: Literal["success", "any"] = "any"
    unknown_paths: Annotated[bool, Meta(description="True where the document speaks of answers to unknown paths and methods, too.")] = False
    promised: Annotated[bool, Meta(description="True where the document says that there always is a body, so that a 204 breaks its word.")] = False


RULES = {
    "body_has_media_type": Rule("A body comes in the documented media type and parses as such.", BodyMedia),
    "json_body_is_read": Rule("Parameters sent as JSON in the body have their effect."),
    "wrong_content_type_is_refused": Rule("A request body of another media type is refused as documented."),
    "unacceptable_is_refused": Rule("An Accept that can't be met is refused as documented."),
    "bulk_is_all_or_none": Rule("A marked array of records is taken wholly or not at all; an unmarked one is refused."),
    "suffix_and_bare_path_agree": Rule("A path with its suffix and without answers the same."),
}
