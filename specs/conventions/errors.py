"""What a refusal looks like: status, body and texts, cause by cause."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = [
    "CAUSES",
    "RULES",
    "BodyShape",
    "Cause",
    "CauseAnswered",
    "CauseGivesMember",
    "EntriesAt",
    "Errors",
    "MemberIsOneOf",
    "Mistake",
    "NamedMember",
    "StatusNever",
]

CAUSES = {
    "unauthenticated": "no credential, or a wrong one",
    "forbidden": "the caller's role may not do it",
    "not_found": "a record that does not exist",
    "parent_not_found": "a parent record, named in the path or the body, that does not exist",
    "foreign_record": "a record of another account or user",
    "foreign_account": "an account selector that is missing or not the caller's",
    "unknown_operation": "a path that is no operation",
    "method_not_allowed": "a method that the path does not have",
    "missing_parameter": "a required parameter is missing",
    "invalid_parameter": "a parameter of the wrong type or value",
    "invalid_record": "a record that fails validation",
    "malformed": "a body that can't be read",
    "conflict": "a clash with what is there, such as a wrong type member",
    "client_id": "a client-made id that is not supported",
    "closed": "an action that the record's state refuses",
    "rate_limited": "too many requests",
    "plain_http": "a call over plain HTTP",
    "unsupported_media_type": "a request's media type",
    "not_acceptable": "an Accept that can't be met",
    "bulk": "a bulk request that is not marked as one",
    "too_large": "a body that is too large",
    "page_out_of_bounds": "a page number or size outside the bounds",
    "unsupported_filter": "a filter that is not known",
    "unsupported_filter_value": "a filter value that can't be one",
    "unsupported_sort": "a sort key that is not known",
    "unsupported_aggregate": "an aggregate that is not known",
    "unsupported_group": "a group that is not known",
    "unsupported_include": "an include that is not known",
    "invalid_query": "a query expression that does not parse",
    "metadata": "metadata over its limits",
    "request_failed": "valid parameters, and still it failed",
    "server_error": "a fault of the server",
    "unavailable": "the server can't answer now",
}
"""Every cause a spec may give an answer to, with what brings it about."""

Status = int | Literal["2xx", "3xx", "4xx", "5xx"]


class Cause(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one cause."""

    status: Annotated[int, Meta(description="The status the stub answers with.", ge=100, le=599)]
    accept: Annotated[list[Status], Meta(description="Statuses an implementation may answer with; without them, `status` alone.")] = field(default_factory=list)
    tolerate: Annotated[list[Status], Meta(description="Statuses that pass with a remark.")] = field(default_factory=list)
    values: Annotated[dict[str, Any], Meta(description="What the body's template says for this cause; `{name}` and the like are filled in.")] = field(
        default_factory=dict
    )
    template: Annotated[Any, Meta(description="A body of this cause's own, instead of the template of `errors`.")] = None
    empty: Annotated[bool, Meta(description="True where the stub answers without a body.")] = False
    headers: dict[str, str] = field(default_factory=dict)


class Errors(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `errors`."""

    causes: Annotated[dict[str, Cause], Meta(description="Answers by cause.")]
    template: Annotated[
        Any, Meta(description="The stub's body: `{message}` takes the cause's value, `{status}` the HTTP status; a placeholder alone keeps its value's type.")
    ] = None
    shape: Annotated[dict[str, Any] | None, Meta(description="JSON Schema of every error body that the document allows (the union of the readings).")] = None
    shape_on: Annotated[list[Status], Meta(description="Statuses whose body the document shows; without them, every failure's.")] = field(default_factory=list)
    media: Annotated[str | None, Meta(description="The error body's media type, where it has one of its own.")] = None
    members: Annotated[dict[str, list[str]], Meta(description="Where a named member of an error may stand: JSON pointers, `*` for each element.")] = field(
        default_factory=dict
    )
    status_at: Annotated[str | None, Meta(description="JSON pointer of members that repeat the HTTP status, as number or string.")] = None
    precedence: Annotated[list[str], Meta(description="Causes in the order in which the stub answers them; others follow the usual order.")] = field(
        default_factory=list
    )


Mistake = Literal["missing", "wrong_type", "outside_enum", "empty", "not_an_object", "malformed_json", "unknown_id", "wrong_parent"]


class BodyShape(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: which errors must have the shape beside those of the operations."""

    unknown_paths: Annotated[bool, Meta(description="True where the document speaks of every error, that of a path without an operation included.")] = False


class CauseAnswered(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the cause, the mistakes that bring it about, and the named members that are documented for it."""

    cause: str
    mistakes: Annotated[list[Mistake], Meta(description="Ways to bring it about; without them, the usual one.")] = field(default_factory=list)
    members: Annotated[list[str], Meta(description="Named members whose documented value must be there.")] = field(default_factory=list)


class EntriesAt(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: where the entries of an error stand."""

    at: str


class MemberIsOneOf(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a named member and its documented values."""

    member: str
    values: list[Any]


class CauseGivesMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a cause, and the value that a named member has then."""

    cause: str
    member: str
    value: Any


class NamedMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a named member."""

    member: str


class StatusNever(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a status, and causes that must not be answered with it."""

    status: int
    never_for: list[str]


RULES = {
    "error_body_has_shape": Rule("Every error's body has the documented shape.", BodyShape),
    "entries_say_something": Rule("The entries of an error are there and each says something.", EntriesAt),
    "cause_is_answered": Rule("A cause gets its documented answer.", CauseAnswered),
    "member_is_one_of": Rule("A member of an error has one of the documented values.", MemberIsOneOf),
    "cause_gives_member": Rule("A cause gives a member of the error its documented value.", CauseGivesMember),
    "param_names_a_parameter": Rule("Where a member of an error names a parameter, the request has or lacks one of that name.", NamedMember),
    "status_is_never_for": Rule("A status is not used for causes that it does not mean.", StatusNever),
    "no_input_causes_a_server_error": Rule("No input makes the server fail."),
}
