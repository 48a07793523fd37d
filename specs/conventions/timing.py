"""A duration in the body that the server measured itself."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "Timing"]


class Timing(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `timing`."""

    member: Annotated[str, Meta(description="JSON pointer of the duration, in seconds.")]
    nullable_on_failure: Annotated[bool, Meta(description="True where a failure may have null instead.")] = True
    tolerance: Annotated[float, Meta(description="Seconds by which it may exceed the client's own measure.")] = 1.0
    decimals: Annotated[int, Meta(description="Decimals of the stub's number.")] = 3


RULES = {
    "time_is_the_servers_duration": Rule("The time is a number of seconds, not negative, and not longer than the call took."),
}
