"""How a list is narrowed to the records that match."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Filtering", "NamedFilter", "OfOperator"]

Operator = Literal["eq", "not_eq", "contains", "not_contain", "gt", "gt_eq", "lt", "lt_eq", "similar"]


class NamedFilter(Struct, frozen=True, forbid_unknown_fields=True):
    """A filter with a name of its own."""

    member: Annotated[str, Meta(description="The member that is compared.")]
    operator: Operator = "eq"
    through: Annotated[str | None, Meta(description="The member that names the record whose member is compared, where that is another one.")] = None


class Filtering(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `filtering`."""

    style: Annotated[
        Literal["equality", "brackets", "expression", "object"],
        Meta(description="`?name=value`, `?filter[name][op]=value`, one SQL-like expression, or a JSON object in the body."),
    ]
    parameter: Annotated[str, Meta(description="The parameter of `brackets`, `expression` and `object`.")] = "filter"
    place: Literal["query", "body"] = field(name="in", default="query")
    operators: Annotated[dict[str, Operator], Meta(description="How each operator is spelled, and what it means.")] = field(default_factory=dict)
    members: Annotated[dict[str, list[str]], Meta(description="By resource, the members that filter; without the resource, all of them.")] = field(
        default_factory=dict
    )
    also: Annotated[dict[str, list[str]], Meta(description="By resource, further members that filter in the stub; no implementation needs them.")] = field(
        default_factory=dict
    )
    named: Annotated[
        dict[str, dict[str, NamedFilter]],
        Meta(description="By resource, filters of the stub whose names are no members, for `equality`; no implementation needs them."),
    ] = field(default_factory=dict)
    unknown: Annotated[Literal["ignore", "refuse"], Meta(description="What the stub does with a member it does not know.")] = "refuse"
    told_at: Annotated[str | None, Meta(description="JSON pointer where the body repeats the filters.")] = None


class OfOperator(Struct, frozen=True, forbid_unknown_fields=True):
    """Arguments: the operator that is meant."""

    operator: Operator


RULES = {
    "equality_is_sound_and_complete": Rule("Only records equal in the member come back, and all of them; several filters combine with and."),
    "filters_combine_with_pages": Rule("Walking the pages of a filtered list gives every match once."),
    "operator_is_sound_and_complete": Rule("An operator gives every record that satisfies it and no other.", OfOperator),
    "unsupported_filter_is_refused": Rule("A filter that is not known is refused as documented."),
    "unsupported_value_is_refused": Rule("A value that can't be one is refused as documented."),
    "expression_is_sound_and_complete": Rule("An expression gives every record that satisfies it and no other."),
    "similar_matches_the_text": Rule("The similarity operator gives the records whose member is similar to the text."),
    "encoding_is_undone": Rule("An expression is URL-decoded; a plus and %20 are spaces."),
    "invalid_expression_is_not_ignored": Rule("An expression that does not parse is neither ignored in silence nor a server error."),
}
