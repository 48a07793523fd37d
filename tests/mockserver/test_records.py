"""Records: made, read, changed and deleted; what is refused, and what a body looks like."""

from __future__ import annotations

from typing import Any

import pytest

NOBODY = "00000000-0000-4000-8000-000000000000"


def company(miles: Any) -> str:
    return str(miles.spec.seed.records["companies"][0]["record"]["uuid"])


def made(miles: Any, **members: Any) -> dict[str, Any]:
    answer = miles("POST", "/projects.json", {"project": {"name": "New", "company_uuid": company(miles), **members}})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json["response"]
    return found


def test_created_record_is_read_back(timedash: Any) -> None:
    record = timedash("POST", "/contacts", {"name": "Zoë 🐝", "metadata": {"k": "v"}}).json
    assert record["name"] == "Zoë 🐝"
    assert timedash("GET", f"/contacts/{record['id']}").json == record
    assert record in timedash("GET", "/contacts", query="size=100").json["data"]


def test_members_come_from_query_form_and_body(paydirt: Any) -> None:
    by_query = paydirt("POST", "/clients", query="business_name=A+B").json["client"]
    by_body = paydirt("POST", "/clients", {"client": {"business_name": "A B"}}).json["client"]
    by_form = paydirt("POST", "/clients", b"client[business_name]=A+B", content_type="application/x-www-form-urlencoded").json["client"]
    assert by_query["business_name"] == by_body["business_name"] == by_form["business_name"] == "A B"
    assert len({by_query["id"], by_body["id"], by_form["id"]}) == 3


def test_text_in_a_query_becomes_its_type(paydirt: Any) -> None:
    record = paydirt("POST", "/time", query="duration=3600&job_id=148&billable=false").json["time_log"]
    assert (record["duration"], record["job_id"], record["billable"]) == (3600, 148, False)


def test_update_leaves_the_rest_alone(miles: Any) -> None:
    before = made(miles, notes="kept", time_limit=60)
    after = miles("PUT", f"/projects/{before['uuid']}.json", {"project": {"name": "Other"}}).json["response"]
    assert after == {**before, "name": "Other"}


def test_deleted_record_is_gone(miles: Any) -> None:
    uuid = made(miles)["uuid"]
    answer = miles("DELETE", f"/projects/{uuid}.json")
    assert (answer.status, answer.body) == (200, b"")
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/punch_in"), ("POST", "/sign_off")):
        assert miles(method, f"/projects/{uuid}{path}", {"project": {"name": "x"}}).status == 404
    assert uuid not in {project["uuid"] for project in miles("GET", "/projects").json["response"]}


def test_given_uuid_is_used_once(miles: Any) -> None:
    uuid = "12345678-1234-4234-8234-123456789abc"
    assert made(miles, uuid=uuid)["uuid"] == uuid
    assert miles("POST", "/projects", {"project": {"name": "B", "company_uuid": company(miles), "uuid": uuid}}).status == 422
    assert miles("POST", "/projects", {"project": {"name": "B", "company_uuid": company(miles), "uuid": "no uuid"}}).status == 422
    assert made(miles, uuid=None)["uuid"] != uuid


def test_texts_fill_numbers_unless_given(miles: Any) -> None:
    filled = made(miles, time_limit_string="1h 30m", hourly_rate="$12.50")
    assert (filled["time_limit"], filled["hourly_rate_cents"]) == (5400, 1250)
    given = made(miles, time_limit_string="1h 30m", time_limit=60)
    assert given["time_limit"] == 60
    changed = miles("PUT", f"/projects/{given['uuid']}", {"project": {"time_limit_string": "2h"}}).json["response"]
    assert changed["time_limit"] == 7200


def test_read_only_members_are_ignored(miles: Any) -> None:
    record = made(miles, running=True, overdue=True, time_left=5, started_at=1, grand_total=99)
    assert (record["running"], record["grand_total"]) == (False, 0)


def test_booleans_are_kept_as_text(miles: Any) -> None:
    assert made(miles, active=False)["active"] == "false"


@pytest.mark.parametrize(
    "body",
    [{}, {"project": {}}, {"project": []}, {"project": {"name": "x"}}, {"name": "x"}, [], None, {"project": {"name": 5}}, {"project": {"name": None}}],
)
def test_invalid_create_makes_nothing(miles: Any, body: Any) -> None:
    before = miles("GET", "/projects").json["count"]
    answer = miles("POST", "/projects", body) if body is not None else miles("POST", "/projects", b"null", content_type="application/json")
    assert answer.status in (400, 422)
    assert answer.json["error"]
    assert miles("GET", "/projects").json["count"] == before


def test_value_outside_the_enum_is_refused(miles: Any) -> None:
    uuid = made(miles)["uuid"]
    assert miles("PUT", f"/projects/{uuid}", {"project": {"visibility": "secret"}}).status == 422
    assert miles("GET", f"/projects/{uuid}").json["response"]["visibility"] == "private"


def test_nested_path_is_the_same_record(miles: Any) -> None:
    record = made(miles)
    nested = f"/companies/{record['company_uuid']}/projects/{record['uuid']}"
    assert miles("GET", nested).json == miles("GET", f"/projects/{record['uuid']}").json
    other = miles.spec.seed.records["companies"][1]["record"]["uuid"]
    assert miles("GET", f"/companies/{other}/projects/{record['uuid']}").status == 404
    assert miles("GET", f"/companies/{NOBODY}/projects/{record['uuid']}").status == 404
    assert miles("PUT", nested, {"project": {"notes": "nested"}}).status == 200
    assert miles("GET", f"/projects/{record['uuid']}").json["response"]["notes"] == "nested"


def test_nested_list_is_exact(miles: Any) -> None:
    everything = miles("GET", "/projects").json["response"]
    nested = miles("GET", f"/companies/{company(miles)}/projects").json
    assert nested["response"] == [project for project in everything if project["company_uuid"] == company(miles)]
    assert nested["count"] == len(nested["response"]) > 0


def test_unknown_parent_in_the_body_is_refused(miles: Any) -> None:
    assert miles("POST", "/projects", {"project": {"name": "x", "company_uuid": NOBODY}}).status == 404


LIMITS = [(20, 2, 5, 200), (21, 2, 5, 400), (1, 40, 5, 200), (1, 41, 5, 400), (1, 2, 500, 200), (1, 2, 501, 400)]


@pytest.mark.parametrize(("keys", "key", "value", "status"), LIMITS)
def test_metadata_is_limited_in_characters(timedash: Any, keys: int, key: int, value: int, status: int) -> None:
    metadata = {("é" * key)[: key - 2] + f"{number:02}": "🐝" * value for number in range(keys)}
    answer = timedash("POST", "/contacts", {"name": "M", "metadata": metadata})
    assert answer.status == status
    if status == 200:
        assert timedash("GET", f"/contacts/{answer.json['id']}").json["metadata"] == metadata
    else:
        assert answer.json["error"]["param"] == "metadata"


def test_jsonapi_create_reads_relationships(productive: Any) -> None:
    body = {
        "data": {
            "type": "people",
            "attributes": {"first_name": "A", "last_name": "B", "email": "a@example.com"},
            "relationships": {"company": {"data": {"type": "companies", "id": "1"}}},
        }
    }
    answer = productive("POST", "/people", body)
    assert answer.status == 201
    person = answer.json["data"]
    assert person["relationships"]["company"]["data"] == {"type": "companies", "id": "1"}
    assert "company_id" not in person["attributes"]
    shown = productive("GET", f"/people/{person['id']}", query="include=company").json
    assert [one["id"] for one in shown["included"]] == ["1"]
    assert answer.headers["location"] == f"https://stub.example/api/v2/people/{person['id']}"


def test_several_records_have_no_one_location(productive: Any) -> None:
    body = {"data": [{"type": "companies", "attributes": {"name": name}} for name in "AB"]}
    answer = productive("POST", "/companies", body, content_type="application/vnd.api+json; ext=bulk")
    assert (answer.status, len(answer.json["data"])) == (201, 2)
    assert "location" not in answer.headers


def test_fields_asked_for_are_all_that_is_shown(productive: Any) -> None:
    people = productive("GET", "/people", query="fields%5Bpeople%5D=last_name,company&fields[companies]=name&include=company").json
    assert {tuple(one) for one in people["data"]} == {("id", "type", "attributes", "relationships")}
    assert {tuple(one["attributes"]) for one in people["data"]} == {("last_name",)}
    assert {tuple(one["attributes"]) for one in people["included"]} == {("name",)}
    assert productive("GET", "/people/1", query="fields[people]=").json["data"] == {"id": "1", "type": "people"}
    assert productive("GET", "/people/1", query="fields[companies]=name").json == productive("GET", "/people/1").json


def test_fields_asked_for_are_all_that_a_write_shows(productive: Any) -> None:
    body = {"data": {"type": "people", "id": "1", "attributes": {"title": "Countess"}}}
    assert productive("PATCH", "/people/1", body, query="fields[people]=title").json["data"]["attributes"] == {"title": "Countess"}
    assert len(productive("GET", "/people/1").json["data"]["attributes"]) > 1


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"type": "people", "attributes": {"name": "A"}}, 409),
        ({"type": "companies", "id": "9", "attributes": {"name": "A"}}, 403),
        ({"type": "companies", "attributes": {}}, 422),
        ({"type": "companies", "attributes": []}, 422),
        ({"type": "companies"}, 422),
        ({"attributes": {"name": "A"}}, 422),
        (5, 422),
        ([{"type": "companies", "attributes": {"name": "A"}}], 415),
    ],
)
def test_jsonapi_create_is_refused(productive: Any, data: Any, status: int) -> None:
    answer = productive("POST", "/companies", {"data": data})
    assert answer.status == status
    assert answer.json["errors"][0]["status"] == status


@pytest.mark.parametrize("media", ["application/vnd.api+json; ext=bulk", 'application/vnd.api+json;ext="bulk"'])
def test_bulk_is_all_or_none(productive: Any, media: str) -> None:
    before = productive("GET", "/companies").json["meta"]["total_count"]
    good = {"type": "companies", "attributes": {"name": "Bulk"}}
    bad = {"type": "companies", "attributes": {"name": 5}}
    assert productive("POST", "/companies", {"data": [good, bad]}, content_type=media).status == 422
    assert productive("GET", "/companies").json["meta"]["total_count"] == before
    answer = productive("POST", "/companies", {"data": [good, good]}, content_type=media)
    assert (answer.status, len(answer.json["data"])) == (201, 2)
    assert productive("GET", "/companies").json["meta"]["total_count"] == before + 2


def test_media_types_are_negotiated(productive: Any) -> None:
    body = {"data": {"type": "companies", "attributes": {"name": "A"}}}
    assert productive("POST", "/companies", body, content_type="application/json").status == 415
    assert productive("GET", "/companies", accept="text/html").status == 406
    assert productive("GET", "/companies", accept="application/vnd.api+json; version=2").status == 406
    for accept in ("*/*", "application/vnd.api+json", "application/*;q=0.1", "text/html, */*", "application/vnd.api+json; version=2, application/vnd.api+json"):
        answer = productive("GET", "/companies", accept=accept)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/vnd.api+json")


def test_suffix_and_bare_path_agree(miles: Any) -> None:
    assert miles("GET", "/projects.json").body == miles("GET", "/projects").body


def test_callback_wraps_the_same_document(miles: Any) -> None:
    plain = miles("GET", "/projects").body
    answer = miles("GET", "/projects.jsonp", query="callback=app.load_1")
    assert answer.body == b"/**/app.load_1(" + plain + b");"
    assert answer.headers["content-type"] == "application/javascript"


@pytest.mark.parametrize("name", ["alert(1)", "a b", "", "1a", "a..b", "x" * 500, "<script>"])
def test_callback_that_is_no_name_is_refused(miles: Any, name: str) -> None:
    answer = miles("GET", "/projects", query=f"callback={name.replace(' ', '%20')}")
    assert answer.status == 422
    assert answer.headers["content-type"] == "application/json"


def test_rpc_record_is_named_in_the_body(moonrope: Any) -> None:
    record = moonrope("POST", "/contacts/create", {"name": "New"}).json["data"]
    assert moonrope("POST", "/contacts/info", {"id": record["id"]}).json["data"] == record
    assert moonrope("POST", "/contacts/update", {"id": record["id"], "name": "Old"}).json["data"] == {**record, "name": "Old"}
    assert moonrope("POST", "/contacts/delete", {"id": record["id"]}).json["data"] == {}
    gone = moonrope("POST", "/contacts/info", {"id": record["id"]})
    assert (gone.status, gone.json["status"], gone.json["flags"]) == (200, "not-found", {})


@pytest.mark.parametrize(
    ("body", "word"),
    [(b"{", "parameter-error"), (b"[1]", "parameter-error"), (b"{}", "parameter-error"), (b'{"name": {}}', "validation-error"), (b"5", "parameter-error")],
)
def test_rpc_failures_travel_with_200(moonrope: Any, body: bytes, word: str) -> None:
    answer = moonrope("POST", "/contacts/create", body, content_type="application/json")
    assert (answer.status, answer.json["status"]) == (200, word)
    assert set(answer.json) == {"status", "time", "flags", "data"}


def test_rpc_parameters_may_stand_in_a_field(moonrope: Any) -> None:
    answer = moonrope("POST", "/contacts/info", b"params=%7B%22id%22%3A1%7D", content_type="application/x-www-form-urlencoded")
    assert answer.json["data"]["id"] == 1


def test_time_is_null_where_access_was_refused(moonrope: Any) -> None:
    assert moonrope.as_(None)("POST", "/contacts/list", {}).json["time"] is None
    assert moonrope("POST", "/contacts/list", {}).json["time"] == 0.0
