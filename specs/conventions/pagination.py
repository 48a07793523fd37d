"""How a list is cut into pages."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from specs.conventions.rule import Rule

__all__ = ["RULES", "Numbers", "Pagination"]


class Numbers(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a page tells about itself: JSON pointers of members that are optional for an implementation."""

    page: str | None = None
    per_page: str | None = None
    total_pages: str | None = None
    total_records: str | None = None
    maximum: str | None = None


class Pagination(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of `pagination`."""

    style: Annotated[Literal["page_number", "offset", "cursor", "link"], Meta(description="`link` follows the URL at `links.next`.")]
    place: Annotated[Literal["query", "body"], Meta(description="Where the parameters travel.")] = field(name="in", default="query")
    page: Annotated[str, Meta(description="The parameter that says where to begin: page number, offset or cursor.")] = "page"
    size: Annotated[str | None, Meta(description="The parameter that says how many; null where there is none.")] = "size"
    first: Annotated[int, Meta(description="The first page's number (0 or 1), or the first offset.")] = 1
    default: Annotated[int | None, Meta(description="How many without the size parameter; null where not documented.")] = None
    stub_default: Annotated[int, Meta(description="How many the stub gives where `default` is not documented.")] = 30
    minimum: int = 1
    maximum: Annotated[int | None, Meta(description="The largest documented size.")] = None
    stub_maximum: Annotated[int, Meta(description="The stub's largest size where `maximum` is not documented.")] = 200
    out_of_bounds: Annotated[
        Literal["refuse", "clamp", "maximum"],
        Meta(description="What the stub does with a size outside the bounds: `clamp` takes the nearest bound, `maximum` the largest size."),
    ] = "clamp"
    past_end: Annotated[Literal["empty", "open"], Meta(description="What a page past the end is: an empty list, or open where that is not said.")] = "open"
    numbers: Numbers = Numbers()
    next_cursor: Annotated[str | None, Meta(description="JSON pointer of the next cursor; absent or null on the last page.")] = None
    links: Annotated[dict[str, str], Meta(description="JSON pointers of the links first, last, prev and next.")] = field(default_factory=dict)
    link_header: Annotated[bool, Meta(description="True where the links stand in a Link header.")] = False


RULES = {
    "size_sets_the_number": Rule("The size parameter says how many records come."),
    "default_size_is_used": Rule("Without the size parameter, the documented number of records comes."),
    "size_bounds_hold": Rule("A size outside the bounds is refused or clamped, never honoured."),
    "first_page_is_the_default": Rule("The first page's number gives the same as no number."),
    "walk_gives_every_object_once": Rule("Walking the pages gives every object once, in a stable order, and ends."),
    "numbers_agree_with_the_data": Rule("The numbers that a page tells of itself agree with its data."),
    "window_is_cut": Rule("Number and size cut the list: pages are disjoint and of the size asked."),
}
