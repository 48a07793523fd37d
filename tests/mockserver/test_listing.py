"""Lists: pages, filters, order, sums, links and numbers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import pytest


def walk(caller: Any, path: str, query: str = "") -> list[dict[str, Any]]:
    """All records of a list of Timedash, page by page."""
    found: list[dict[str, Any]] = []
    for page in range(100):
        rows = caller("GET", path, query=f"page={page}&size=7&{query}").json["data"]
        if not rows:
            return found
        found.extend(rows)
    raise AssertionError("the walk does not end")


def test_walk_gives_every_record_once(timedash: Any) -> None:
    keys = [row["id"] for row in walk(timedash, "/assignments")]
    seeded = [item["record"]["id"] for item in timedash.spec.seed.records["assignments"] if item["account"] == timedash.principal.account]
    assert keys == seeded


def test_size_is_twenty_unless_asked(timedash: Any) -> None:
    assert len(timedash("GET", "/assignments").json["data"]) == 20
    assert len(timedash("GET", "/assignments", query="size=1").json["data"]) == 1
    assert len(timedash("GET", "/assignments", query="size=100").json["data"]) == 100


@pytest.mark.parametrize("query", ["size=0", "size=101", "size=-1", "size=x", "size=", "size=1e2", "page=-1", "page=x", "size=" + "9" * 300])
def test_out_of_bounds_is_refused_with_its_name(timedash: Any, query: str) -> None:
    answer = timedash("GET", "/assignments", query=query)
    assert answer.status == 400
    assert answer.json["error"]["param"] == query.split("=")[0]


def test_far_page_is_empty(timedash: Any) -> None:
    assert timedash("GET", "/assignments", query="page=999999999999").json == {"data": []}


def test_first_page_is_the_default(timedash: Any) -> None:
    assert timedash("GET", "/assignments", query="page=0").body == timedash("GET", "/assignments").body


def test_equality_is_sound_and_complete(timedash: Any) -> None:
    everything = walk(timedash, "/assignments")
    for member in ("invoiced", "status", "contact_id", "timestamp", "title"):
        value = everything[3][member]
        text = quote({True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value))
        assert walk(timedash, "/assignments", f"{member}={text}") == [row for row in everything if row[member] == value], member


def test_filters_combine_with_and(timedash: Any) -> None:
    rows = walk(timedash, "/assignments", "invoiced=true&status=done")
    assert rows
    assert all(row["invoiced"] and row["status"] == "done" for row in rows)


@pytest.mark.parametrize("query", ["sort=-timestamp", "sort=timestamp,desc"])
def test_descending_is_said_in_two_ways(timedash: Any, query: str) -> None:
    values = [row["timestamp"] for row in walk(timedash, "/assignments", query)]
    assert values == sorted(values, reverse=True)


def test_equal_values_keep_their_order(timedash: Any) -> None:
    order = {row["id"]: number for number, row in enumerate(walk(timedash, "/assignments"))}
    rows = walk(timedash, "/assignments", "sort=status")
    assert [(row["status"], order[row["id"]]) for row in rows] == sorted((row["status"], order[row["id"]]) for row in rows)


def test_rpc_page_tells_its_numbers(moonrope: Any) -> None:
    answer = moonrope("POST", "/calls/list", {"page": 2, "per_page": 7}).json
    paginated = answer["flags"]["paginated"]
    assert (paginated["page"], paginated["per_page"], len(answer["data"])) == (2, 7, 7)
    assert paginated["total_pages"] == -(-paginated["total_records"] // 7)


def test_null_is_no_parameter(moonrope: Any) -> None:
    body = {"page": None, "per_page": None, "filters": None, "sort_by": None, "order": None}
    nothing, nulls = (moonrope("POST", "/contacts/list", sent).json for sent in ({}, body))
    assert {**nulls, "time": 0} == {**nothing, "time": 0}


def test_rpc_filters_and_sort_are_told(moonrope: Any) -> None:
    body = {"filters": {"balance": {"operator": "gte", "value": 0}, "category": "customer"}, "sort_by": "balance", "order": "desc"}
    answer = moonrope("POST", "/contacts/list", body).json
    values = [contact["balance"] for contact in answer["data"]]
    assert values
    assert values == sorted(values, reverse=True)
    assert min(values) >= 0
    assert {contact["category"] for contact in answer["data"]} == {"customer"}
    assert answer["flags"]["sorted"] == {"by": "balance", "order": "desc"}
    assert answer["flags"]["filters"] == {**body["filters"], "category": {"operator": "eq", "value": "customer"}}


STRANGE = [{"page": "x"}, {"filters": 5}, {"filters": {"zz": 1}}, {"filters": {"balance": {"operator": "zz"}}}, {"sort_by": "zz"}, {"sort_by": 5}, [1]]


@pytest.mark.parametrize("body", STRANGE)
def test_rpc_refuses_strange_lists(moonrope: Any, body: Any) -> None:
    answer = moonrope("POST", "/contacts/list", body)
    assert (answer.status, answer.json["status"]) == (200, "parameter-error")


def test_links_are_absolute_and_lead_on(productive: Any) -> None:
    seen: list[str] = []
    answer = productive("GET", "/people", query="page[size]=10&filter[active]=true").json
    while True:
        seen.extend(person["id"] for person in answer["data"])
        following = answer["links"]["next"]
        if following is None:
            break
        parts = urlsplit(following)
        assert (parts.scheme, parts.netloc) == ("https", "stub.example")
        answer = productive("GET", parts.path.removeprefix("/api/v2"), query=parts.query).json
    assert len(seen) == len(set(seen)) == answer["meta"]["total_count"]
    assert productive("GET", "/people", query="page[size]=10").json["links"]["prev"] is None


OPERATORS: dict[str, Any] = {
    "eq": lambda own, value: own == value,
    "not_eq": lambda own, value: own != value,
    "gt": lambda own, value: own > value,
    "gt_eq": lambda own, value: own >= value,
    "lt": lambda own, value: own < value,
    "lt_eq": lambda own, value: own <= value,
    "contains": lambda own, value: str(value) in str(own),
    "not_contain": lambda own, value: str(value) not in str(own),
}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize(("member", "value"), [("hourly_cost", 4500), ("last_name", "a")])
def test_operators_are_sound_and_complete(productive: Any, operator: str, member: str, value: Any) -> None:
    everyone = productive("GET", "/people", query="page[size]=200").json["data"]
    found = productive("GET", "/people", query=f"page[size]=200&filter[{member}][{operator}]={value}").json["data"]
    assert [one["id"] for one in found] == [one["id"] for one in everyone if OPERATORS[operator](one["attributes"][member], value)]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("filter[zz]=1", "Unsupported Filter"),
        ("filter[title][zz]=1", "Unsupported Filter"),
        ("filter=1", "Unsupported Filter"),
        ("filter[]=1", "Unsupported Filter"),
        ("filter[hourly_cost]=many", "Unsupported Filter Value"),
        ("filter[role]=zz", "Unsupported Filter Value"),
        ("sort=zz", "Unsupported Sort"),
        ("sort=name,-zz", "Unsupported Sort"),
        ("aggregates=zz", "Unsupported Aggregate"),
        ("group=zz", "Unsupported Group"),
    ],
)
def test_unsupported_queries_have_their_titles(productive: Any, query: str, title: str) -> None:
    answer = productive("GET", "/people", query=query)
    assert answer.status == 400
    assert [error["title"] for error in answer.json["errors"]] == [title]


def test_aggregates_count_the_filtered_list(productive: Any) -> None:
    query = "filter[billable_time][gt]=0&aggregates=count,total_time,first_date,last_date"
    answer = productive("GET", "/time_entries", query=f"page[size]=1&{query}").json
    rows = [row["attributes"] for row in productive("GET", "/time_entries", query="page[size]=200&filter[billable_time][gt]=0").json["data"]]
    dates = sorted(row["date"] for row in rows)
    assert answer["meta"]["aggregates"] == {"count": len(rows), "total_time": sum(row["time"] for row in rows), "first_date": dates[0], "last_date": dates[-1]}


def test_where_and_order_are_read(miles: Any) -> None:
    where = quote('(name ~= "a" || visibility = public) && time_limit > 0')
    rows = miles("GET", "/projects", query=f"where={where}&order=name%20desc").json["response"]
    names = [row["name"] for row in rows]
    assert names
    assert names == sorted(names, reverse=True)
    assert all(("a" in row["name"].casefold() or row["visibility"] == "public") and row["time_limit"] > 0 for row in rows)


def test_plus_and_percent_20_are_spaces(miles: Any) -> None:
    plus = miles("GET", "/projects", query="where=name+~%3D+%22commodi+deserunt%22").json
    percent = miles("GET", "/projects", query="where=name%20~%3D%20%22commodi%20deserunt%22").json
    assert plus == percent
    assert plus["count"] > 0
    assert all("commodi deserunt" in row["name"].casefold() for row in plus["response"])


@pytest.mark.parametrize("query", ["where=name", "where=name+%3D", "where=zz+%3D+1", "where=%28", "order=zz", "order=name+sideways", "where=" + "%28" * 5000])
def test_query_that_does_not_parse_is_refused(miles: Any, query: str) -> None:
    answer = miles("GET", "/projects", query=query)
    assert answer.status == 400
    assert "response" not in answer.json


def test_null_is_compared_by_name(miles: Any) -> None:
    assert all(row["notes"] is None for row in miles("GET", "/projects", query="where=notes+%3D+null").json["response"])
    assert all(row["notes"] is not None for row in miles("GET", "/projects", query="where=notes+!%3D+null").json["response"])


def test_cursor_pages_end_with_null(sixth: Any) -> None:
    seen, query = [], "limit=7"
    while True:
        answer = sixth("GET", "/hives", query=query).json
        seen.extend(hive["ref"] for hive in answer["items"])
        if answer["next"] is None:
            break
        query = f"limit=7&after={answer['next']}"
    assert len(seen) == len(set(seen)) == len([1 for item in sixth.spec.seed.records["hives"] if item["account"] == sixth.principal.account])


@pytest.mark.parametrize("cursor", ["nonsense", "%ff", "bzox", "", "é"])
def test_cursor_of_another_make_is_refused(sixth: Any, cursor: str) -> None:
    answer = sixth("GET", "/hives", query=f"after={cursor}")
    assert answer.status in (200, 400)
    assert answer.status == 400 or cursor == "bzox"
