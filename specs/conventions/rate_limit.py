"""How many requests a caller may make."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from specs.conventions.rule import Rule

__all__ = ["RULES", "RateLimit"]


class RateLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `rate_limit`."""

    limit: Annotated[int, Meta(description="Requests within a window.", ge=1)]
    window: Annotated[int, Meta(description="Seconds.", ge=1)] = 60
    scope: Annotated[Literal["credential", "account", "address"], Meta(description="Whose requests are counted together.")] = "credential"
    kind: Annotated[Literal["fixed", "sliding"], Meta(description="How the stub counts; open for an implementation.")] = "fixed"
    cause: str = "rate_limited"
    message: Annotated[str | None, Meta(description="The named member of `errors` that holds the message.")] = "message"


RULES = {
    "limit_is_enforced": Rule("As many requests as the limit says pass within a window, and more than that are refused."),
    "keys_are_independent": Rule("One caller's use does not use up another's."),
    "refusal_has_a_message": Rule("The refusal says so in a brief message."),
    "window_passes": Rule("Once the window has passed, the caller may go on."),
}
