"""What the connection must be."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "Transport"]


class Transport(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `transport`."""

    scheme: Literal["https"] = "https"
    plain: Annotated[Literal["refuse", "redirect"], Meta(description="What the stub's plain listener does.")] = "refuse"
    cause: str = "plain_http"


RULES = {
    "plain_http_fails": Rule("A call over plain HTTP is never answered with a success."),
}
