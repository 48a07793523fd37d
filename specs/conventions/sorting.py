"""How a list is put in order."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Sorting"]


class Sorting(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `sorting`."""

    style: Annotated[
        Literal["dash", "comma", "two_parameters", "order_string", "any"],
        Meta(description="`sort=-name`; `sort=name,desc`; `sort_by=name&order=desc`; `order=name desc, other asc`; `any` is a stub that takes dash and comma."),
    ]
    parameter: Annotated[str, Meta(description="The parameter that names the key.")] = "sort"
    direction: Annotated[str | None, Meta(description="The parameter that names the direction, for `two_parameters`.")] = None
    place: Literal["query", "body"] = field(name="in", default="query")
    members: Annotated[dict[str, list[str]], Meta(description="By resource, the members that sort; without the resource, all of them.")] = field(
        default_factory=dict
    )
    also: Annotated[dict[str, list[str]], Meta(description="By resource, further members that sort in the stub; no implementation needs them.")] = field(
        default_factory=dict
    )
    unknown: Annotated[Literal["ignore", "refuse"], Meta(description="What the stub does with a key it does not know.")] = "refuse"
    nulls: Annotated[Literal["first", "last"], Meta(description="Where the stub puts nulls when ascending.")] = "last"
    told_at: Annotated[str | None, Meta(description="JSON pointer where the body repeats key and direction.")] = None


RULES = {
    "ascending_sorts": Rule("Sorting by a member puts its values in ascending order."),
    "descending_sorts": Rule("Sorting in descending order puts the member's values in descending order."),
    "both_directions_sort": Rule("Every member sorts, ascending and descending."),
    "unsupported_sort_is_refused": Rule("A sort key that is not known is refused as documented."),
}
