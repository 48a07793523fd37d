"""Whose data: accounts do not see each other's records."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Isolation", "Sharing"]


class Sharing(Struct, frozen=True, forbid_unknown_fields=True):
    """How an owner lets other users of the account see a record."""

    member: Annotated[str, Meta(description="The record's member that says who sees it.")]
    everyone: Annotated[list[Any], Meta(description="Its values with which every user of the account does.")] = field(default_factory=list)
    named: Annotated[dict[str, str], Meta(description="Its values with which only the users do that another member lists: value → that member.")] = field(
        default_factory=dict
    )


class Isolation(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `isolation`."""

    scope: Annotated[Literal["account", "user"], Meta(description="What owns a record: the account, or the user within it.")] = "account"
    shared: Annotated[Sharing | None, Meta(description="With scope `user`: records that the stub shows to others than their owner, too.")] = None
    selector: Annotated[str | None, Meta(description="The credential field that selects the account, if it is not the secret itself.")] = None
    cause: Annotated[str, Meta(description="The cause, in `errors`, when a record of somebody else is named.")] = "foreign_record"
    selector_cause: Annotated[str, Meta(description="The cause, in `errors`, of a missing or foreign selector.")] = "foreign_account"


RULES = {
    "foreign_record_is_refused": Rule("A record of another account, named by its id, is refused as documented and never shown or changed."),
    "only_own_records_are_seen": Rule("Lists and reads give the caller's own records and nobody else's."),
    "every_record_of_the_account_is_seen": Rule("A caller with full rights sees every record of the account, whoever made it."),
    "selector_selects_the_account": Rule("The selector decides whose data is seen; a missing or foreign one gives no data."),
}
