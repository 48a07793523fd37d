"""Who is calling: where the credential travels and what a bad one gets."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.rule import Carrier, Rule

__all__ = ["RULES", "Authentication", "Places", "Worded"]


class Authentication(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `authentication`."""

    fields: Annotated[dict[str, Carrier], Meta(description="Each field of a credential and where the document puts it.")]
    also: Annotated[dict[str, list[Carrier]], Meta(description="Further places where the stub reads a field; no implementation needs them.")] = field(
        default_factory=dict
    )
    public: Annotated[list[str], Meta(description="Fields that are no secret and do not authenticate, such as an organization's number.")] = field(
        default_factory=list
    )
    cause: Annotated[str, Meta(description="The cause, in `errors`, of a refusal.")] = "unauthenticated"


class Places(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: places in which a credential must not be honoured."""

    places: list[Carrier]


class Worded(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the named members of an error that are documented for the refusal."""

    members: Annotated[list[str], Meta(description="Named members whose documented value must be there.")] = field(default_factory=list)


RULES = {
    "credential_is_accepted": Rule("A valid credential in the documented place is accepted."),
    "other_places_are_refused": Rule("The same credential sent in another place instead is refused.", Places),
    "missing_credential_is_refused": Rule("Each operation refuses a request without a credential.", Worded),
    "invalid_credential_is_refused": Rule("Each operation refuses a request with a wrong credential.", Worded),
    "missing_or_invalid_is_refused": Rule("Each operation refuses a request without a credential, and one with a wrong credential.", Worded),
    "several_credentials_work": Rule("Several credentials of one account work at the same time."),
}
