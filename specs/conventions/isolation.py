"""Whose data: accounts do not see each other's records."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "Isolation"]


class Isolation(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `isolation`."""

    scope: Annotated[Literal["account", "user"], Meta(description="What owns a record: the account, or the user within it.")] = "account"
    selector: Annotated[str | None, Meta(description="The credential field that selects the account, if it is not the secret itself.")] = None
    cause: Annotated[str, Meta(description="The cause, in `errors`, when a record of somebody else is named.")] = "foreign_record"
    selector_cause: Annotated[str, Meta(description="The cause, in `errors`, of a missing or foreign selector.")] = "foreign_account"


RULES = {
    "foreign_record_is_refused": Rule("A record of another account, named by its id, is refused as documented and never shown or changed."),
    "only_own_records_are_seen": Rule("Lists and reads give the caller's own records and nobody else's."),
    "every_record_of_the_account_is_seen": Rule("A caller with full rights sees every record of the account, whoever made it."),
    "selector_selects_the_account": Rule("The selector decides whose data is seen; a missing or foreign one gives no data."),
}
