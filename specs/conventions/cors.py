"""Calls from a browser on another origin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Cors"]


class Cors(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `cors`."""

    origins: Annotated[list[str], Meta(description="Origins the stub allows; `*` means any.")] = field(default_factory=lambda: ["*"])
    headers: Annotated[list[str], Meta(description="Request headers a preflight must allow.")] = field(
        default_factory=lambda: ["authorization", "content-type"]
    )
    expose: list[str] = field(default_factory=list)
    max_age: Annotated[int, Meta(description="Seconds a preflight may be remembered.")] = 600


RULES = {
    "preflight_allows": Rule("A preflight succeeds without credentials and allows method and headers."),
    "actual_response_allows": Rule("A response to a request with an Origin allows that origin, errors included."),
}
