"""How records are made, changed and removed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "ClientIds", "Demand", "Effects", "EnumMember", "Lifecycle", "Members", "OnResource", "Parsed", "Spread", "WriteRefused"]


class Parsed(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments and parameter: a text member from which a number member is filled when that is null."""

    text: str
    number: str
    form: Annotated[Literal["duration", "money"], Meta(description="`duration` gives seconds (1h 30m, 90m, 1:30); `money` gives cents ($12.50).")]
    resource: str = ""


class Demand(Struct, frozen=True, forbid_unknown_fields=True):
    """Members of which a create must give one that says something, and what it is refused with otherwise."""

    any_of: Annotated[list[str], Meta(description="The members; none of them counts as given while it is null, empty or blank.")]
    cause: str = "invalid_record"
    values: Annotated[dict[str, str], Meta(description="Placeholders of the cause's template, with what they stand for.")] = field(default_factory=dict)


class Spread(Struct, frozen=True, forbid_unknown_fields=True):
    """Array members of which each different element becomes a record of its own."""

    of: Annotated[list[str], Meta(description="The array members, in order.")]
    member: Annotated[str, Meta(description="The record's member that takes the element.")]
    part: Annotated[str | None, Meta(description="Regular expression; the first group of its first match is taken instead of a text.")] = None
    shared: Annotated[dict[str, Any], Meta(description="Members that all records of one create have in common; `{uuid}` is a new one.")] = field(
        default_factory=dict
    )


class Lifecycle(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `lifecycle`."""

    update: Annotated[Literal["merge", "replace"], Meta(description="What an update does with members that it does not name.")] = "merge"
    client_ids: Annotated[Literal["refuse", "ignore", "use"], Meta(description="What the stub does with an id given on create.")] = "ignore"
    read_only: Annotated[dict[str, list[str]], Meta(description="By resource, members that a write is silent about.")] = field(default_factory=dict)
    parsed: Annotated[list[Parsed], Meta(description="Number members filled from text members.")] = field(default_factory=list)
    defaults: Annotated[
        dict[str, dict[str, Any]],
        Meta(
            description="By resource, what the stub gives members that a create does not name; "
            "`{uuid}` is a new one, `{now}` the time in seconds, `{user}` the caller's user."
        ),
    ] = field(default_factory=dict)
    delete_body: Annotated[Literal["empty", "record", "object"], Meta(description="What the stub answers a delete with.")] = "empty"
    shown: Annotated[dict[str, list[str]], Meta(description="By operation, the members that the stub shows; without the operation, all of them.")] = field(
        default_factory=dict
    )
    shown_with_value: Annotated[
        dict[str, list[str]], Meta(description="By resource, further members that every operation of the stub shows where they are not null.")
    ] = field(default_factory=dict)
    as_text: Annotated[dict[str, list[str]], Meta(description="By resource, members whose booleans the stub keeps as text: true as `true`.")] = field(
        default_factory=dict
    )
    lower_case: Annotated[dict[str, list[str]], Meta(description="By resource, members whose text the stub keeps in lower case.")] = field(default_factory=dict)
    elements: Annotated[
        dict[str, dict[str, dict[str, Any]]],
        Meta(description="By resource and array member, what its elements get: a constant or `{uuid}` (a new one) where they lack it, `{record}` always."),
    ] = field(default_factory=dict)
    demands: Annotated[dict[str, list[Demand]], Meta(description="By operation, members that a create must give one of, in the order of asking.")] = field(
        default_factory=dict
    )
    spread: Annotated[dict[str, Spread], Meta(description="By operation, members of which a create makes one record for each element.")] = field(
        default_factory=dict
    )
    answers: Annotated[
        dict[str, Any],
        Meta(
            description="By operation, the stub's data in place of the record: a template in which `{member}` is the record's; "
            "a member with a placeholder in its name stands once for each record made."
        ),
    ] = field(default_factory=dict)
    cause: Annotated[str, Meta(description="The cause, in `errors`, of a record that fails validation.")] = "invalid_record"


class OnResource(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the resources that are meant (none: all), and members that a create gives."""

    resources: list[str] = field(default_factory=list)
    members: Annotated[dict[str, Any], Meta(description="Members that the create must give, with values; `{jobs.id}` names a record.")] = field(
        default_factory=dict
    )


class Effects(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: what a delete that succeeds is answered with."""

    accept: Annotated[list[int], Meta(description="Statuses that pass, where they are narrower than the success statuses.")] = field(default_factory=list)
    body: Annotated[Literal["empty", "open"], Meta(description="`open` where the document does not say in words that there is no body.")] = "empty"


class Members(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: members of a resource."""

    resource: str
    members: list[str]


class EnumMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: a member with a closed set of values."""

    resource: str
    member: str
    values: list[str]


class WriteRefused(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the cause with which an invalid write is refused, and the effects that are tried."""

    cause: str = "invalid_record"
    effects: list[str] = field(default_factory=lambda: ["create"])
    members: Annotated[list[str], Meta(description="Named members of the error whose documented value must be there.")] = field(default_factory=list)
    certain: Annotated[
        dict[str, list[str]],
        Meta(description="By resource, members of which a wrong value surely makes a create invalid; `*` where having no members at all does."),
    ] = field(default_factory=dict)


class ClientIds(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the resource whose id a client may give."""

    resource: str


RULES = {
    "created_can_be_read": Rule("A record can be created, and read back with what was given.", OnResource),
    "record_is_read_by_its_id": Rule("A record is read by its id.", OnResource),
    "delete_answers_empty": Rule("A delete that succeeds answers with an empty body.", Effects),
    "deleted_is_gone": Rule("A deleted record is not shown, listed or changed any more."),
    "update_merges": Rule("Members missing from an update keep their values."),
    "given_id_is_used": Rule("An id given on create is used; without one, one is made.", ClientIds),
    "value_outside_the_enum_is_refused": Rule("A value outside a member's closed set fails validation.", EnumMember),
    "text_fills_the_number": Rule("A text member is parsed into its number member when that is null; a number given wins.", Parsed),
    "read_only_members_are_ignored": Rule("Read-only members are ignored in a write.", Members),
    "invalid_write_changes_nothing": Rule("An invalid write is refused as documented, and nothing is created or changed.", WriteRefused),
    "create_answers_as_jsonapi_says": Rule("A create answers with the resource; an unsupported client id and a wrong type are refused."),
}
