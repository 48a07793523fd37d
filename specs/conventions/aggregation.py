"""Sums and counts over a list, and grouping."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Aggregate", "Aggregation"]


class Aggregate(Struct, frozen=True, forbid_unknown_fields=True):
    """One value over the filtered list."""

    function: Literal["count", "sum", "average", "minimum", "maximum"]
    member: str | None = None


class Aggregation(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `aggregation`."""

    parameter: str = "aggregates"
    group_parameter: Annotated[str | None, Meta(description="The parameter that groups.")] = None
    at: Annotated[str, Meta(description="JSON pointer of the object that holds the values by name.")] = "/meta/aggregates"
    aggregates: Annotated[dict[str, dict[str, Aggregate]], Meta(description="By resource, the aggregates that the stub offers.")] = field(default_factory=dict)


RULES = {
    "aggregate_is_right": Rule("An aggregate that is asked for comes, and is right for the filtered list."),
    "unsupported_aggregate_is_refused": Rule("An aggregate that is not known is refused as documented."),
    "unsupported_group_is_refused": Rule("A group that is not known is refused as documented."),
}
