"""Which HTTP status says what."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.errors import Status
from specs.conventions.rule import Rule

__all__ = ["RULES", "Statuses", "Success"]


class Success(Struct, frozen=True, forbid_unknown_fields=True):
    """The status of a success."""

    status: Annotated[int, Meta(description="The status the stub answers with.", ge=200, le=299)]
    accept: Annotated[list[Status], Meta(description="Statuses an implementation may answer with; without them, `status` alone.")] = field(default_factory=list)
    tolerate: Annotated[list[Status], Meta(description="Statuses that pass with a remark.")] = field(default_factory=list)


class Statuses(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `statuses`."""

    success: Annotated[dict[str, Success], Meta(description="By effect (list, read, create, update, replace, delete, or an action); `default` for the others.")]
    documented: Annotated[list[int], Meta(description="All statuses the document names.")] = field(default_factory=list)
    by_protocol: Annotated[list[int], Meta(description="Statuses that HTTP itself may give and the document need not name.")] = field(default_factory=list)
    other_2xx: Annotated[bool, Meta(description="True where any 2xx is within the document.")] = False


RULES = {
    "success_status_is_documented": Rule("Every valid request is answered with the documented status."),
    "only_documented_codes": Rule("No status is answered that the document does not name."),
    "mistakes_are_client_errors": Rule("A success is 2xx; a mistake in what was sent is 4xx, and never 5xx."),
    "outcome_is_not_in_the_status": Rule("The outcome is not in the HTTP status: failures have the status of a success."),
}
