"""JSON wrapped in a call, for script elements."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Jsonp"]


class Jsonp(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `jsonp`."""

    parameter: Annotated[str, Meta(description="The query parameter that names the callback.")] = "callback"
    suffixes: Annotated[list[str], Meta(description="Path suffixes that ask for it.")] = field(default_factory=list)
    media: str = "application/javascript"


RULES = {
    "callback_wraps_the_document": Rule("With a callback, the same document comes wrapped in a call of it, as JavaScript."),
}
