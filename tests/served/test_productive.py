"""Productive, clause by clause, over HTTP."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable
from typing import Any

import pytest

from tests.served.clauses import clause, each
from tests.served.wire import Answer, Service

CALLERS = {
    "full": {"X-Auth-Token": "acme-full-token", "X-Organization-Id": "1001"},
    "second": {"X-Auth-Token": "acme-second-token", "X-Organization-Id": "1001"},
    "limited": {"X-Auth-Token": "acme-limited-token", "X-Organization-Id": "1001"},
    "other": {"X-Auth-Token": "globex-full-token", "X-Organization-Id": "2002"},
    "nobody": {"X-Auth-Token": "no-token", "X-Organization-Id": "1001"},
}

MEDIA = "application/vnd.api+json"

NEW: dict[str, dict[str, Any]] = {
    "people": {"first_name": "Ada", "last_name": "Byron"},
    "projects": {"name": "Engine"},
    "companies": {"name": "Difference Ltd"},
    "time_entries": {"date": "2024-05-01", "time": 60},
}
"""The least that a create names, by type."""

PARENTS: dict[str, dict[str, str]] = {
    "people": {"company": "companies"},
    "projects": {"company": "companies"},
    "companies": {},
    "time_entries": {"person": "people", "project": "projects"},
}
"""The relationships of each type, with the types that they lead to."""

DOCUMENTED = {
    401: ("Unauthenticated", "You are not authenticated"),
    403: ("Access Denied", "You are not authorized to access this resource"),
    404: ("Record Not Found", "The requested record was not found"),
    406: ("Not Acceptable", "The request was not accepted"),
    415: ("Unsupported Media Type", "Unsupported content type"),
}

KEYS = {"people": "last_name", "projects": "name", "companies": "name", "time_entries": "note"}
"""A text that each type is filtered by."""


def ask(api: Service, method: str, path: str, query: Any = "", *, who: str | None = "full", headers: dict[str, str] | None = None, **sent: Any) -> Answer:
    """The answer to one of the seeded callers; `who` None is a stranger."""
    given = CALLERS[who] if who is not None else {}
    typed = {"content-type": MEDIA} if "json" in sent or "body" in sent else {}
    return api.call(method, path, query, headers={**given, **typed, **(headers or {})}, **sent)


def resource(kind: str, identity: str | None = None, **attributes: Any) -> dict[str, Any]:
    """A resource object as it is sent."""
    return {"type": kind, **({} if identity is None else {"id": identity}), "attributes": attributes}


def data(answer: Answer, status: int = 200) -> Any:
    body = answer.has(status).json
    assert isinstance(body, dict)
    assert "data" in body
    return body["data"]


def listed(api: Service, kind: str, query: dict[str, Any] | None = None, who: str = "full") -> list[dict[str, Any]]:
    """The resources of one page, of 200 at most."""
    found = data(ask(api, "GET", f"/{kind}", {"page[size]": 200, **(query or {})}, who=who))
    assert isinstance(found, list)
    return found


def made(api: Service, kind: str, **attributes: Any) -> dict[str, Any]:
    """A resource that has just been made."""
    found = data(ask(api, "POST", f"/{kind}", json={"data": resource(kind, **{**NEW[kind], **attributes})}), 201)
    assert isinstance(found, dict)
    assert "id" in found
    return found


def value(record: dict[str, Any], name: str) -> Any:
    """A resource's attribute, or the id that a relationship leads to."""
    if name in record["attributes"]:
        return record["attributes"][name]
    linkage = record["relationships"][name.removesuffix("_id")]["data"]
    return linkage and linkage["id"]


def error(answer: Answer, status: int) -> dict[str, Any]:
    """The only error of an answer, whose status it has."""
    errors = answer.has(status).json.get("errors")
    assert isinstance(errors, list)
    assert len(errors) == 1
    assert isinstance(errors[0], dict)
    found: dict[str, Any] = errors[0]
    return found


def told(answer: Answer, status: int) -> None:
    """Holds that an answer is the documented one of its status."""
    title, detail = DOCUMENTED[status]
    assert error(answer, status) == {"status": status, "title": title, "detail": detail}


def operations(api: Service) -> list[tuple[str, str, dict[str, Any]]]:
    """A valid call of each operation; what deletes comes last."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    for kind in NEW:
        identity = made(api, kind)["id"]
        found += [("GET", f"/{kind}", {}), ("POST", f"/{kind}", {"json": {"data": resource(kind, **NEW[kind])}}), ("GET", f"/{kind}/{identity}", {})]
        found += [("PATCH", f"/{kind}/{identity}", {"json": {"data": resource(kind, identity, **NEW[kind])}}), ("DELETE", f"/{kind}/{identity}", {})]
    return sorted(found, key=lambda call: call[0] == "DELETE")


def mistakes(api: Service) -> dict[str, Answer]:
    """An answer to each kind of mistake."""
    post = {"json": {"data": resource("companies", name="")}}
    return {
        "filter": ask(api, "GET", "/companies", {"filter[nothing]": "1"}),
        "filter value": ask(api, "GET", "/companies", {"filter[due_days]": "soon"}),
        "sort": ask(api, "GET", "/companies", {"sort": "nothing"}),
        "aggregate": ask(api, "GET", "/companies", {"aggregates": "nothing"}),
        "group": ask(api, "GET", "/companies", {"group": "nothing"}),
        "include": ask(api, "GET", "/companies", {"include": "nothing"}),
        "token": ask(api, "GET", "/companies", who=None),
        "denied": ask(api, "GET", "/companies", who="limited"),
        "unknown record": ask(api, "GET", "/companies/999999"),
        "unknown path": ask(api, "GET", "/nothing"),
        "method": ask(api, "PUT", "/companies", json={}),
        "accept": ask(api, "GET", "/companies", headers={"accept": f"{MEDIA}; version=1"}),
        "content type": ask(api, "POST", "/companies", **post, headers={"content-type": "application/json"}),
        "attribute": ask(api, "POST", "/companies", **post),
        "body": ask(api, "POST", "/companies", body=b"{"),
        "type": ask(api, "POST", "/companies", json={"data": resource("people", name="Ltd")}),
        "client id": ask(api, "POST", "/companies", json={"data": resource("companies", "77", name="Ltd")}),
    }


# JSON:API


def check_resource(record: Any, kind: str) -> None:
    assert isinstance(record, dict)
    assert set(record) <= {"id", "type", "attributes", "relationships", "links", "meta"}
    assert isinstance(record.get("id"), str)
    assert record.get("type") == kind
    assert isinstance(record.get("attributes"), dict)
    assert not {"id", "type"} & set(record["attributes"])
    assert set(NEW[kind]) <= set(record["attributes"])
    relationships = record.get("relationships", {})
    assert set(relationships) == set(PARENTS[kind])
    for name, relationship in relationships.items():
        assert isinstance(relationship, dict)
        linkage = relationship["data"]
        if linkage is not None:
            assert isinstance(linkage, dict)
            assert set(linkage) == {"type", "id"}
            assert (linkage["type"], type(linkage["id"])) == (PARENTS[kind][name], str)


@clause("productive/jsonapi/document")
def test_every_body_is_a_jsonapi_document(productive: Service) -> None:
    top = {"data", "errors", "meta", "links", "included", "jsonapi"}
    for method, path, sent in operations(productive):
        answer = ask(productive, method, path, **sent)
        if answer.body == b"":
            continue
        kind = path.split("/")[1]
        assert isinstance(answer.json, dict)
        assert set(answer.json) <= top
        assert "errors" not in answer.json
        several = method == "GET" and path.count("/") == 1
        assert isinstance(data(answer, answer.status), list if several else dict)
        for record in answer.json["data"] if several else [answer.json["data"]]:
            check_resource(record, kind)
    for answer in mistakes(productive).values():
        assert isinstance(answer.json, dict)
        assert set(answer.json) <= top - {"data", "included"}
        assert isinstance(answer.json["errors"], list)
        assert set(answer.json["errors"][0]) <= {"id", "links", "status", "code", "title", "detail", "source", "meta"}


def linked(records: list[dict[str, Any]], names: set[str]) -> set[tuple[str, str]]:
    links = [record["relationships"][name]["data"] for record in records for name in names if name in record.get("relationships", {})]
    return {(link["type"], link["id"]) for link in links if link is not None}


@clause("productive/jsonapi/included")
def test_included_resources_are_those_linked(productive: Service) -> None:
    for kind, parents in PARENTS.items():
        for names in [{name} for name in parents] + [set(parents)] if parents else []:
            for path in (f"/{kind}", f"/{kind}/1"):
                body = ask(productive, "GET", path, {"include": ",".join(sorted(names))}).has(200).json
                primary = body["data"] if isinstance(body["data"], list) else [body["data"]]
                found = [(record["type"], record["id"]) for record in body.get("included", [])]
                assert sorted(found) == sorted(linked(primary, names)) != []
                for record in body["included"]:
                    assert record == data(ask(productive, "GET", f"/{record['type']}/{record['id']}"))
        for path in (f"/{kind}", f"/{kind}/1"):
            ask(productive, "GET", path, {"include": "nothing"}).has(400)
            assert "included" not in ask(productive, "GET", path).has(200).json
    body = {"json": {"data": resource("time_entries", **NEW["time_entries"])}}
    made = ask(productive, "POST", "/time_entries", {"include": "nothing"}, **body).has(400)
    assert "included" not in made.json
    made = ask(productive, "POST", "/time_entries", {"include": "person"}, **body).has(201)
    assert {(one["type"], one["id"]) for one in made.json["included"]} == linked([made.json["data"]], {"person"})


@clause("productive/jsonapi/included", "first_page_only")
def test_later_pages_include_what_they_link_to(productive: Service) -> None:
    for kind, parents in PARENTS.items():
        for name in parents:
            body = ask(productive, "GET", f"/{kind}", {"include": name, "page[size]": 7, "page[number]": 2}).has(200).json
            found = sorted((record["type"], record["id"]) for record in body.get("included", []))
            assert found == sorted(linked(body["data"], {name})) != []


@clause("productive/jsonapi/create")
def test_create_answers_201_with_the_resource(productive: Service) -> None:
    for kind, attributes in NEW.items():
        record = made(productive, kind)
        assert {name: record["attributes"][name] for name in attributes} == attributes
        assert data(ask(productive, "GET", f"/{kind}/{record['id']}")) == record
        assert record in listed(productive, kind)
        before = len(listed(productive, kind))
        ask(productive, "POST", f"/{kind}", json={"data": resource(kind, "4711", **attributes)}).has(403)
        ask(productive, "POST", f"/{kind}", json={"data": resource("things", **attributes)}).has(409)
        assert len(listed(productive, kind)) == before


@clause("productive/jsonapi/create", "letters_lost")
def test_text_of_any_script_is_kept(productive: Service) -> None:
    for kind, name in KEYS.items():
        for text in ("Ærøskøbing", "Ελλάδα", "東京", "\U0001f600"):
            record = made(productive, kind, **{name: text})
            assert record["attributes"][name] == text
            assert data(ask(productive, "GET", f"/{kind}/{record['id']}")) == record


@clause("productive/jsonapi/create", "update_not_kept")
def test_update_is_read_back(productive: Service) -> None:
    for kind, name in KEYS.items():
        record = made(productive, kind, **{name: "Before"})
        path = f"/{kind}/{record['id']}"
        after = data(ask(productive, "PATCH", path, json={"data": resource(kind, record["id"], **{name: "After"})}))
        assert after["attributes"][name] == "After"
        assert data(ask(productive, "GET", path)) == after
        assert after in listed(productive, kind)


def test_relationship_is_made_and_changed(productive: Service) -> None:
    sent = {**resource("projects", name="Engine"), "relationships": {"company": {"data": {"type": "companies", "id": "2"}}}}
    record = data(ask(productive, "POST", "/projects", json={"data": sent}), 201)
    assert record["relationships"]["company"]["data"] == {"type": "companies", "id": "2"}
    change = {"type": "projects", "id": record["id"], "relationships": {"company": {"data": None}}}
    assert data(ask(productive, "PATCH", f"/projects/{record['id']}", json={"data": change}))["relationships"]["company"]["data"] is None


def test_unknown_relative_is_refused(productive: Service) -> None:
    sent = {**resource("projects", name="Engine"), "relationships": {"company": {"data": {"type": "companies", "id": "999999"}}}}
    ask(productive, "POST", "/projects", json={"data": sent}).has(404)
    sent["relationships"]["company"]["data"]["type"] = "people"
    ask(productive, "POST", "/projects", json={"data": sent}).has(422)


def test_key_of_a_relative_is_text_as_an_attribute_too(productive: Service) -> None:
    answer = ask(productive, "POST", "/projects", json={"data": resource("projects", name="Engine", company_id=2)})
    assert error(answer, 422)["source"] == {"pointer": "/data/attributes/company_id"}
    made(productive, "projects", name="Engine", company_id="2")
    assert [value(one, "name") for one in listed(productive, "projects", {"filter[company_id]": "2", "filter[name]": "Engine"})] == ["Engine"]


def test_unknown_relative_comes_before_an_invalid_attribute(productive: Service) -> None:
    sent = {**resource("projects", name=""), "relationships": {"company": {"data": {"type": "companies", "id": "999999"}}}}
    told(ask(productive, "POST", "/projects", json={"data": sent}), 404)


@clause("productive/jsonapi/create", "others_lost")
def test_update_leaves_the_rest(productive: Service) -> None:
    record = made(productive, "companies", billing_name="Kept", due_days=14)
    after = data(ask(productive, "PATCH", f"/companies/{record['id']}", json={"data": resource("companies", record["id"], name="Changed")}))
    assert after["attributes"] == {**record["attributes"], "name": "Changed"}
    assert data(ask(productive, "GET", f"/companies/{record['id']}"))["attributes"] == after["attributes"]


def test_update_of_another_id_is_a_conflict(productive: Service) -> None:
    ask(productive, "PATCH", "/companies/1", json={"data": resource("companies", "2", name="Changed")}).has(409)


def test_deleted_resource_is_gone(productive: Service) -> None:
    identity = made(productive, "companies")["id"]
    answer = ask(productive, "DELETE", f"/companies/{identity}")
    assert (answer.status, answer.body) == (204, b"")
    told(ask(productive, "GET", f"/companies/{identity}"), 404)


# Content


@clause("productive/content/request")
def test_other_content_type_is_refused(productive: Service) -> None:
    for method, path, sent in operations(productive):
        if "json" not in sent:
            continue
        body = jsons.dumps(sent["json"]).encode()
        for media in ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/vnd.api+xml", MEDIA + "x"):
            told(ask(productive, method, path, body=body, headers={"content-type": media}), 415)
        told(productive.call(method, path, body=body, headers=CALLERS["full"]), 415)


def test_read_needs_no_content_type(productive: Service) -> None:
    ask(productive, "GET", "/companies", headers={"content-type": "text/plain"}).has(200)


@clause("productive/content/response")
def test_bodies_are_of_the_media_type(productive: Service) -> None:
    for answer in [*(ask(productive, method, path, **sent) for method, path, sent in operations(productive)), *mistakes(productive).values()]:
        if answer.body:
            assert answer.headers.get("content-type") == MEDIA
            assert isinstance(answer.json, dict)


@clause("productive/content/accept")
def test_accept_that_can_not_be_met_is_refused(productive: Service) -> None:
    for method, path, sent in operations(productive):
        for accept in (f"{MEDIA}; version=1", "text/html", f"{MEDIA}; q=0"):
            told(ask(productive, method, path, headers={"accept": accept}, **sent), 406)


@pytest.mark.parametrize(
    "accept", [MEDIA, "*/*", "application/*", f"text/html, {MEDIA}", f"{MEDIA}; version=1, {MEDIA}", f"{MEDIA};q=0.5", "text/html, */*;q=0.1"]
)
def test_accept_that_can_be_met_is(productive: Service, accept: str) -> None:
    assert ask(productive, "GET", "/companies", headers={"accept": accept}).has(200).media == MEDIA


@clause("productive/content/bulk")
def test_bulk_is_all_or_none(productive: Service) -> None:
    bulk = {"content-type": f"{MEDIA}; ext=bulk"}
    for kind, attributes in NEW.items():
        before = listed(productive, kind)
        good, bad = resource(kind, **attributes), resource(kind, **{name: [] for name in attributes})
        for wrong in ([good, bad], [bad, good], [good, good, bad], [good, resource("things", **attributes)], [good, None], []):
            assert 400 <= ask(productive, "POST", f"/{kind}", json={"data": wrong}, headers=bulk).status < 500
            assert listed(productive, kind) == before
        assert 400 <= ask(productive, "POST", f"/{kind}", json={"data": [good, good]}).status < 500
        assert listed(productive, kind) == before
        found = data(ask(productive, "POST", f"/{kind}", json={"data": [good, good, good]}, headers=bulk), 201)
        assert isinstance(found, list)
        assert listed(productive, kind) == before + found
        assert len({record["id"] for record in found}) == 3


def test_pointer_leads_to_the_resource_that_is_wrong(productive: Service) -> None:
    sent = {"data": [resource("companies", name="Good"), resource("companies", name="")]}
    answer = ask(productive, "POST", "/companies", json=sent, headers={"content-type": f"{MEDIA}; ext=bulk"})
    assert error(answer, 422)["source"] == {"pointer": "/data/1/attributes/name"}
    answer = ask(productive, "POST", "/companies", json={"data": sent["data"][1]}, headers={"content-type": f"{MEDIA}; ext=bulk"})
    assert error(answer, 422)["source"] == {"pointer": "/data/attributes/name"}


@pytest.mark.parametrize("media", [f"{MEDIA};ext=bulk", f'{MEDIA}; ext="bulk"', f"{MEDIA} ; ext=bulk", f"{MEDIA}; EXT=bulk"])
def test_bulk_may_be_written_otherwise(productive: Service, media: str) -> None:
    sent = {"data": [resource("companies", name="One"), resource("companies", name="Two")]}
    found = data(ask(productive, "POST", "/companies", json=sent, headers={"content-type": media}), 201)
    assert [record["attributes"]["name"] for record in found] == ["One", "Two"]


def test_single_resource_may_come_as_bulk(productive: Service) -> None:
    sent = {"data": resource("companies", name="One")}
    assert data(ask(productive, "POST", "/companies", json=sent, headers={"content-type": f"{MEDIA}; ext=bulk"}), 201)["attributes"]["name"] == "One"


def test_marked_array_of_nothing_is_422(productive: Service) -> None:
    answer = ask(productive, "POST", "/companies", json={"data": []}, headers={"content-type": f"{MEDIA}; ext=bulk"})
    assert error(answer, 422)["source"] == {"pointer": "/data"}


def test_other_extension_is_not_taken(productive: Service) -> None:
    sent = {"data": resource("companies", name="One")}
    told(ask(productive, "POST", "/companies", json=sent, headers={"content-type": f"{MEDIA}; ext=atomic"}), 415)
    told(ask(productive, "GET", "/companies", headers={"accept": f'{MEDIA}; ext="https://jsonapi.org/ext/atomic"'}), 406)
    ask(productive, "GET", "/companies", headers={"accept": f"{MEDIA}; ext=bulk"}).has(200)


@pytest.mark.parametrize(("written", "whole"), [("3.0", 3), ("1.2e2", 120), ("9007199254740992.0", 2**53)])
def test_whole_number_comes_back_as_one(productive: Service, written: str, whole: int) -> None:
    body = b'{"data": {"type": "companies", "attributes": {"name": "One", "due_days": %b}}}' % written.encode()
    answer = ask(productive, "POST", "/companies", body=body, headers={"content-type": MEDIA}).has(201)
    assert f'"due_days":{whole},' in answer.body.decode()


@pytest.mark.parametrize("written", ["18446744073709551617", "1e40", "-1e40"])
def test_number_too_large_to_be_kept_is_422(productive: Service, written: str) -> None:
    body = b'{"data": {"type": "time_entries", "attributes": {"date": "2024-04-02", "time": %b}}}' % written.encode()
    answer = ask(productive, "POST", "/time_entries", body=body, headers={"content-type": MEDIA})
    assert error(answer, 422)["source"] == {"pointer": "/data/attributes/time"}


def test_array_without_the_mark_is_415(productive: Service) -> None:
    told(ask(productive, "POST", "/companies", json={"data": [resource("companies", name="One")]}), 415)


# Who may


@clause("productive/auth/token")
def test_every_operation_asks_for_a_token(productive: Service) -> None:
    for method, path, sent in operations(productive):
        for who in (None, "nobody"):
            told(ask(productive, method, path, who=who, **sent), 401)
        told(ask(productive, method, path, who=None, headers={"X-Organization-Id": "1001"}, **sent), 401)


def test_token_is_taken_in_no_other_place(productive: Service) -> None:
    for headers in ({"authorization": "Bearer acme-full-token"}, {"x-api-key": "acme-full-token"}):
        told(ask(productive, "GET", "/companies", who=None, headers={"X-Organization-Id": "1001", **headers}), 401)


@clause("productive/auth/organization")
def test_organization_selects_the_data(productive: Service) -> None:
    token = {"X-Auth-Token": "acme-full-token"}
    for kind in NEW:
        mine, theirs = ({record["id"] for record in listed(productive, kind, who=who)} for who in ("full", "other"))
        assert mine
        assert theirs
        assert not mine & theirs
        told(ask(productive, "GET", f"/{kind}/{sorted(theirs)[0]}"), 404)
        for organization in ({"X-Organization-Id": "2002"}, {"X-Organization-Id": "9999"}, {"X-Organization-Id": "x"}, {}):
            assert ask(productive, "GET", f"/{kind}", who=None, headers={**token, **organization}).status == 403


def test_users_of_an_organization_see_the_same(productive: Service) -> None:
    assert listed(productive, "companies") == listed(productive, "companies", who="second")


@clause("productive/auth/denied")
def test_what_is_denied_is_not_done(productive: Service) -> None:
    before = {kind: listed(productive, kind) for kind in NEW}
    identity = {kind: records[0]["id"] for kind, records in before.items()}
    told(ask(productive, "GET", "/companies", who="limited"), 403)
    told(ask(productive, "GET", f"/companies/{identity['companies']}", who="limited"), 403)
    for kind in ("companies", "people", "projects"):
        path = f"/{kind}/{identity[kind]}"
        told(ask(productive, "POST", f"/{kind}", who="limited", json={"data": resource(kind, **NEW[kind])}), 403)
        told(ask(productive, "PATCH", path, who="limited", json={"data": resource(kind, identity[kind], **NEW[kind])}), 403)
        told(ask(productive, "DELETE", path, who="limited"), 403)
    told(ask(productive, "DELETE", f"/time_entries/{identity['time_entries']}", who="limited"), 403)
    assert {kind: listed(productive, kind) for kind in NEW} == before


def test_limited_caller_keeps_time(productive: Service) -> None:
    data(ask(productive, "POST", "/time_entries", who="limited", json={"data": resource("time_entries", **NEW["time_entries"])}), 201)
    ask(productive, "GET", "/people", who="limited").has(200)


def test_refusals_have_an_order(productive: Service) -> None:
    odd = {"accept": "text/html", "content-type": "text/plain"}
    ask(productive, "PATCH", "/companies/999999", who=None, body=b"{", headers=odd).has(401)
    ask(productive, "PATCH", "/companies/999999", who="limited", body=b"{", headers=odd).has(403)
    ask(productive, "PATCH", "/companies/999999", body=b"{", headers=odd).has(415)
    ask(productive, "PATCH", "/companies/999999", body=b"{", headers={"accept": "text/html"}).has(406)
    ask(productive, "PATCH", "/companies/999999", body=b"{").has(422)
    ask(productive, "PATCH", "/companies/999999", json={"data": resource("companies", "999999", name="")}).has(404)
    ask(productive, "PATCH", "/companies/1", json={"data": resource("people", "1", name="")}).has(409)
    ask(productive, "PATCH", "/companies/1", json={"data": resource("companies", "1", name="")}).has(422)
    ask(productive, "PUT", "/companies", who="limited", body=b"{", headers=odd).has(405)
    ask(productive, "GET", "/nothing", who="limited").has(404)


# Pages


@clause("productive/page/window")
def test_number_and_size_cut_the_list(productive: Service) -> None:
    for kind in NEW:
        whole = listed(productive, kind)
        for size in (1, 7, 20):
            for number in (1, 2, 3):
                page = data(ask(productive, "GET", f"/{kind}", f"page[number]={number}&page[size]={size}"))
                assert page == whole[(number - 1) * size : number * size]
        assert data(ask(productive, "GET", f"/{kind}")) == data(ask(productive, "GET", f"/{kind}", "page%5Bnumber%5D=1")) == whole[:30]


@clause("productive/page/walk")
def test_walk_meets_every_resource_once(productive: Service) -> None:
    for kind in NEW:
        last = made(productive, kind)["id"]
        url: str | None = f"{productive.url}/{kind}?page[size]=17&page[number]=1"
        met: list[str] = []
        numbers = 0
        while url is not None:
            body = ask(productive, "GET", "", url=url).has(200).json
            numbers += 1
            page, total = [record["id"] for record in body["data"]], body["meta"]["total_count"]
            met += page
            assert body["meta"] == {"current_page": numbers, "page_size": 17, "total_pages": -(-total // 17), "total_count": total, "max_page_size": 200}
            assert numbers <= body["meta"]["total_pages"]
            assert len(page) == min(17, total - 17 * (numbers - 1))
            links = body["links"]
            assert (links["prev"] is None, links["next"] is None) == (numbers == 1, numbers == body["meta"]["total_pages"])
            assert ask(productive, "GET", "", url=links["first"]).json["meta"]["current_page"] == 1
            url = links["next"]
        assert len(met) == len(set(met)) == total
        assert met[-1] == last
        assert data(ask(productive, "GET", f"/{kind}", {"page[size]": 17, "page[number]": numbers + 1})) == []


def test_sizes_out_of_bounds_are_bent(productive: Service) -> None:
    for size, taken in (("0", 1), ("-3", 1), ("201", 200), ("999999", 200)):
        assert ask(productive, "GET", "/companies", {"page[size]": size}).has(200).json["meta"]["page_size"] == taken
    assert ask(productive, "GET", "/companies", {"page[number]": "0"}).has(200).json["meta"]["current_page"] == 1


@clause("productive/page/walk", "links_unfiltered")
def test_links_keep_the_rest_of_the_query(productive: Service) -> None:
    body = ask(productive, "GET", "/companies", {"filter[archived]": "false", "sort": "-name", "page[size]": 5}).json
    following = ask(productive, "GET", "", url=body["links"]["next"]).json
    wanted = [record["id"] for record in listed(productive, "companies", {"filter[archived]": "false", "sort": "-name"})]
    assert [record["id"] for record in (*body["data"], *following["data"])] == wanted[:10]


# Filters

FILTERED = {
    "people": ["first_name", "last_name", "email", "title", "role", "hourly_cost", "active", "company_id"],
    "projects": ["name", "number", "project_type", "budget", "started_on", "archived", "company_id"],
    "companies": ["name", "billing_name", "default_currency", "due_days", "archived"],
    "time_entries": ["date", "time", "billable_time", "note", "status", "person_id", "project_id"],
}


def text_of(own: Any) -> str:
    return str(own).lower() if isinstance(own, bool) else str(own)


@clause("productive/filter/param")
def test_filter_gives_the_records_that_match(productive: Service) -> None:
    for kind, names in FILTERED.items():
        whole = listed(productive, kind)
        for name in names:
            wanted = next(value(record, name) for record in reversed(whole) if value(record, name) not in (None, ""))
            found = listed(productive, kind, {f"filter[{name}]": text_of(wanted)})
            assert found == [record for record in whole if value(record, name) == wanted] != [], name
            assert len(found) < len(whole)


@clause("productive/filter/param", "either")
def test_filters_must_all_match(productive: Service) -> None:
    found = listed(productive, "people", {"filter[role]": "employee", "filter[active]": "false"})
    assert found == [one for one in listed(productive, "people") if value(one, "role") == "employee" and value(one, "active") is False] != []


@clause("productive/filter/param", "all_if_none")
def test_filter_that_nothing_matches_gives_an_empty_list(productive: Service) -> None:
    for kind, name in KEYS.items():
        body = ask(productive, "GET", f"/{kind}", {f"filter[{name}]": "nobody has this"}).has(200).json
        assert (body["data"], body["meta"]["total_count"]) == ([], 0)


@clause("productive/filter/param", "after_the_cut")
def test_filtered_list_is_cut_into_pages(productive: Service) -> None:
    wanted = [record["id"] for record in listed(productive, "people") if value(record, "role") == "employee"]
    pages = [data(ask(productive, "GET", "/people", {"filter[role]": "employee", "page[size]": 5, "page[number]": number})) for number in (1, 2)]
    assert [record["id"] for page in pages for record in page] == wanted[:10]


Relation = Callable[[Any, Any], bool]

OPERATORS: dict[str, Relation] = {
    "eq": lambda own, wanted: own == wanted,
    "not_eq": lambda own, wanted: own != wanted,
    "gt": lambda own, wanted: own is not None and own > wanted,
    "gt_eq": lambda own, wanted: own is not None and own >= wanted,
    "lt": lambda own, wanted: own is not None and own < wanted,
    "lt_eq": lambda own, wanted: own is not None and own <= wanted,
}

TEXT_OPERATORS: dict[str, Relation] = {
    "contains": lambda own, wanted: own is not None and wanted in own,
    "not_contain": lambda own, wanted: own is None or wanted not in own,
}


def holds_operator(api: Service, operator: str, relation: Relation, wanted: list[tuple[str, str, Any]]) -> None:
    """Holds that an operator gives those of whom the relation is true."""
    for kind, name, limit in wanted:
        whole = listed(api, kind)
        found = listed(api, kind, {f"filter[{name}][{operator}]": text_of(limit)})
        assert found == [record for record in whole if relation(value(record, name), limit)], f"{kind} {name}"
        assert 0 < len(found) < len(whole), f"{kind} {name} {limit}"


@each({f"productive/filter/{operator}": (operator, relation) for operator, relation in OPERATORS.items()})
def test_operator_compares(productive: Service, case: tuple[str, Relation]) -> None:
    numbers = sorted({value(record, "time") for record in listed(productive, "time_entries")})
    days = sorted({value(record, "due_days") for record in listed(productive, "companies")} - {None})
    dates = sorted({value(record, "date") for record in listed(productive, "time_entries")})
    names = sorted({value(record, "last_name") for record in listed(productive, "people")})
    limits = [("time_entries", "time", limit) for limit in (numbers[1], numbers[len(numbers) // 2], numbers[-2])]
    limits += [("companies", "due_days", days[len(days) // 2]), ("time_entries", "date", dates[len(dates) // 2])]
    holds_operator(productive, *case, [*limits, ("people", "last_name", names[len(names) // 2])])


@each({f"productive/filter/{operator}": (operator, relation) for operator, relation in TEXT_OPERATORS.items()})
def test_operator_looks_into_text(productive: Service, case: tuple[str, Relation]) -> None:
    wanted = [("companies", "name", "e"), ("companies", "name", "& Sons"), ("people", "last_name", "o"), ("people", "email", "1@"), ("projects", "name", "We")]
    wanted += [("people", "title", value(next(one for one in listed(productive, "people") if value(one, "title")), "title")[1:4])]
    holds_operator(productive, *case, wanted)


def test_two_operators_make_a_range(productive: Service) -> None:
    found = listed(productive, "time_entries", {"filter[time][gt_eq]": 60, "filter[time][lt]": 240})
    assert found == [record for record in listed(productive, "time_entries") if 60 <= value(record, "time") < 240] != []


@clause("productive/filter/unsupported")
def test_unknown_filter_is_refused_by_name(productive: Service) -> None:
    for kind in NEW:
        for name in ("nothing", "zz no such", "ætt", "id"):
            wanted = {"status": 400, "title": "Unsupported Filter", "detail": f"Filter '{name}' is not supported on this endpoint"}
            assert error(ask(productive, "GET", f"/{kind}", {f"filter[{name}]": "1"}), 400) == wanted


@clause("productive/filter/unsupported", "ignored_behind_another")
def test_unknown_filter_is_refused_beside_known_ones(productive: Service) -> None:
    for kind, name in KEYS.items():
        known, unknown = (f"filter[{name}]", "x"), ("filter[nothing]", "1")
        for query in ([known, unknown], [unknown, known], [known, (f"filter[{name}][not_eq]", "y"), unknown]):
            found = error(ask(productive, "GET", f"/{kind}", query), 400)
            assert (found["title"], found["detail"]) == ("Unsupported Filter", "Filter 'nothing' is not supported on this endpoint")


@clause("productive/filter/unsupported", "operator_ignored")
def test_unknown_operator_is_an_unsupported_filter(productive: Service) -> None:
    for operator in ("like", "not_contains", "gte", ""):
        assert error(ask(productive, "GET", "/companies", {f"filter[name][{operator}]": "x"}), 400)["title"] == "Unsupported Filter"


@pytest.mark.parametrize(
    ("key", "name"), [("filter[name][eq][x]", "name[eq][x]"), ("filter[0][name][eq]", "0[name][eq]"), ("filter[name", "name"), ("filter", "filter")]
)
def test_filter_that_is_no_filter_is_told_as_it_was_written(productive: Service, key: str, name: str) -> None:
    assert error(ask(productive, "GET", "/companies", {key: "x"}), 400)["detail"] == f"Filter '{name}' is not supported on this endpoint"


IMPOSSIBLE = [
    ("people", "hourly_cost", "much"),
    ("people", "active", "perhaps"),
    ("people", "role", "boss"),
    ("projects", "budget", "1e"),
    ("projects", "started_on", "soon"),
    ("projects", "archived", "2"),
    ("companies", "due_days", "1.5"),
    ("companies", "default_currency", "gold"),
    ("time_entries", "time", "x"),
    ("time_entries", "date", "2024-13-01"),
]


@clause("productive/filter/value")
def test_value_that_can_be_none_is_refused(productive: Service) -> None:
    for kind, name, text in IMPOSSIBLE:
        for operator in ("", "[eq]", "[not_eq]"):
            assert error(ask(productive, "GET", f"/{kind}", {f"filter[{name}]{operator}": text}), 400)["title"] == "Unsupported Filter Value"


# Sorting

SORTED = {
    "people": ["first_name", "last_name", "email", "title", "hourly_cost"],
    "projects": ["name", "number", "budget", "started_on"],
    "companies": ["name", "billing_name", "default_currency", "due_days"],
    "time_entries": ["date", "time", "billable_time", "note"],
}


def in_order(values: list[Any]) -> list[Any]:
    """The values ascending, null last."""
    return sorted(values, key=lambda own: (own is None, 0 if own is None else own))


@each({"productive/sort/ascending": "", "productive/sort/descending": "-"})
def test_sort_key_puts_values_in_order(productive: Service, case: str) -> None:
    for kind, names in SORTED.items():
        whole = listed(productive, kind)
        for name in names:
            ascending = in_order([value(record, name) for record in whole])
            found = listed(productive, kind, {"sort": case + name})
            assert [value(record, name) for record in found] == (ascending[::-1] if case else ascending), name
            pages = [ask(productive, "GET", f"/{kind}", {"sort": case + name, "page[size]": 9, "page[number]": number}) for number in (1, 2, 3)]
            assert [record for page in pages for record in data(page)] == found[:27], name


NARROWED = {
    "people": {"filter[role]": "employee"},
    "projects": {"filter[archived]": "false"},
    "companies": {"filter[archived]": "false"},
    "time_entries": {"filter[time][gt]": "60"},
}
"""A filter by type that leaves several records, and not all."""


@each({"productive/sort/ascending": "", "productive/sort/descending": "-"}, "forgotten_where_filtered")
def test_filtered_list_is_sorted_too(productive: Service, case: str) -> None:
    for kind, filters in NARROWED.items():
        left = listed(productive, kind, filters)
        assert 2 < len(left) < len(listed(productive, kind))
        for name in SORTED[kind]:
            ascending = in_order([value(record, name) for record in left])
            found = listed(productive, kind, {**filters, "sort": case + name})
            assert [value(record, name) for record in found] == (ascending[::-1] if case else ascending), name


def test_sort_may_have_several_keys(productive: Service) -> None:
    found = [(value(record, "default_currency"), value(record, "name")) for record in listed(productive, "companies", {"sort": "-default_currency,name"})]
    by_name = sorted(found, key=lambda pair: pair[1])
    assert found == sorted(by_name, key=lambda pair: pair[0], reverse=True)


@clause("productive/sort/unsupported")
def test_unknown_sort_is_refused_by_name(productive: Service) -> None:
    for kind in NEW:
        for sort in ("nothing", "-nothing", f"{SORTED[kind][0]},nothing", ",".join([SORTED[kind][0]] * 20) + ",-nothing"):
            name = "nothing"
            wanted = {"status": 400, "title": "Unsupported Sort", "detail": f"Sort by '{name}' is not supported on this endpoint"}
            assert error(ask(productive, "GET", f"/{kind}", {"sort": sort}), 400) == wanted


# Aggregates


@clause("productive/aggregate/meta")
def test_aggregates_are_of_all_that_match(productive: Service) -> None:
    asked = "count,total_time,total_billable_time,first_date,last_date"
    for filters in ({}, {"filter[status]": "open"}, {"filter[time][gt]": "240"}, {"filter[person_id]": "1"}):
        records = listed(productive, "time_entries", filters)
        body = ask(productive, "GET", "/time_entries", {**filters, "aggregates": asked, "page[size]": 3}).has(200).json
        times, dates = [value(record, "time") for record in records], [value(record, "date") for record in records]
        assert body["meta"].get("aggregates") == {
            "count": len(records),
            "total_time": sum(times),
            "total_billable_time": sum(value(record, "billable_time") for record in records),
            "first_date": min(dates),
            "last_date": max(dates),
        }
    for kind in NEW:
        meta = ask(productive, "GET", f"/{kind}", "aggregates=count").has(200).json["meta"]
        assert meta.get("aggregates") == {"count": len(listed(productive, kind))}
        assert "aggregates" not in ask(productive, "GET", f"/{kind}").json["meta"]


@clause("productive/aggregate/meta", "none_of_nothing")
def test_count_of_nothing_is_zero(productive: Service) -> None:
    for kind, name in KEYS.items():
        body = ask(productive, "GET", f"/{kind}", {f"filter[{name}]": "nobody has this", "aggregates": "count"}).has(200).json
        assert body["data"] == []
        assert body["meta"].get("aggregates") == {"count": 0}


def test_average_is_of_the_filtered(productive: Service) -> None:
    costs = [value(record, "hourly_cost") for record in listed(productive, "people", {"filter[active]": "true"})]
    meta = ask(productive, "GET", "/people", {"aggregates": "average_hourly_cost", "filter[active]": "true"}).json["meta"]
    assert meta["aggregates"]["average_hourly_cost"] == pytest.approx(sum(costs) / len(costs))


def test_aggregate_outgrows_64_bits(productive: Service) -> None:
    for _ in range(2):
        made(productive, "time_entries", date="2024-04-02", time=2**64 - 1, note="endless")
    found = ask(productive, "GET", "/time_entries", query={"filter[note]": "endless", "aggregates": "total_time"}).has(200)
    assert found.json["meta"]["aggregates"] == {"total_time": 2.0**65}


@clause("productive/aggregate/unsupported")
def test_unknown_aggregate_is_refused_by_name(productive: Service) -> None:
    for kind in NEW:
        for asked in ("nothing", "count,nothing"):
            wanted = {"status": 400, "title": "Unsupported Aggregate", "detail": "Aggregate 'nothing' is not supported on this endpoint"}
            assert error(ask(productive, "GET", f"/{kind}", {"aggregates": asked}), 400) == wanted


@clause("productive/group/unsupported")
def test_unknown_group_is_refused(productive: Service) -> None:
    for kind in NEW:
        assert error(ask(productive, "GET", f"/{kind}", {"group": "nothing"}), 400)["title"] == "Unsupported Group"


# Errors


@clause("productive/error/shape")
def test_every_error_has_status_title_and_detail(productive: Service) -> None:
    for mistake, answer in mistakes(productive).items():
        assert 400 <= answer.status < 500, mistake
        found = error(answer, answer.status)
        assert found.get("status") == answer.status, mistake
        assert isinstance(found.get("title"), str), mistake
        assert isinstance(found.get("detail"), str), mistake
        assert found["title"] != "", mistake


@clause("productive/error/not-found")
def test_unknown_record_is_not_found(productive: Service) -> None:
    for kind, attributes in NEW.items():
        for identity in ("999999", "nobody", "0"):
            told(ask(productive, "GET", f"/{kind}/{identity}"), 404)
            told(ask(productive, "PATCH", f"/{kind}/{identity}", json={"data": resource(kind, identity, **attributes)}), 404)
            told(ask(productive, "DELETE", f"/{kind}/{identity}"), 404)


@clause("productive/error/invalid")
def test_invalid_attribute_changes_nothing(productive: Service) -> None:
    wrong: dict[str, list[dict[str, Any]]] = {
        "people": [{"last_name": ""}, {"last_name": None}, {"role": "boss"}, {"active": "yes"}],
        "projects": [{"name": 7}, {"budget": "much"}, {"started_on": "soon"}, {"project_type": ""}],
        "companies": [{"name": "x" * 101}, {"due_days": -1}, {"default_currency": "gold"}, {"archived": None}],
        "time_entries": [{"date": None}, {"time": "an hour"}, {"status": "lost"}, {"note": []}],
    }
    for kind, attributes in NEW.items():
        before = listed(productive, kind)
        identity = before[0]["id"]
        for members in wrong[kind]:
            sent = [ask(productive, "POST", f"/{kind}", json={"data": resource(kind, **{**attributes, **members})})]
            sent += [ask(productive, "PATCH", f"/{kind}/{identity}", json={"data": resource(kind, identity, **members)})]
            for answer in sent:
                found = error(answer, 422)
                assert found["title"] == "Invalid Attribute"
                assert found["source"] == {"pointer": f"/data/attributes/{next(iter(members))}"}
        for name in attributes:
            short = {member: own for member, own in attributes.items() if member != name}
            assert error(ask(productive, "POST", f"/{kind}", json={"data": resource(kind, **short)}), 422)["title"] == "Invalid Attribute"
        assert listed(productive, kind) == before


def test_pointer_leads_to_what_is_wrong(productive: Service) -> None:
    answer = ask(productive, "POST", "/companies", json={"data": {"attributes": {"name": "Ltd"}}})
    assert error(answer, 422)["source"] == {"pointer": "/data/type"}


ODD_TEXTS = ["\U0001f600" * 20, "\x00", "a\x00b", "\ud800", "' OR 1=1 --", "%00", "<script>", "\u202e", "x" * 5000, "9" * 400, "-1e400", "NaN", "../../x"]

ODD_BODIES = [b"", b"{", b"null", b"[]", b"7", b'""', b"\xff\xfe", b"\x00", b'{"data": null}', b'{"data": 7}', b'{"data": {"type": []}}', b"[" * 3000]

ODD_QUERIES = ["&&&", "=", "filter", "filter[", "filter[]=1", "filter[name][][eq]=1", "page[number]=", "page=1", "sort=", "include=,", "%ff=%ff", "a=%zz"]

ODD_IDS = ["0", "-1", "9" * 40, "%F0%9F%98%80", "%00", "a%2Fb", "%", "null"]

ODD_NUMBERS = [10**400, -(10**30), 1e308, 0.1]


@clause("productive/error/server")
def test_no_input_makes_the_server_fail(productive: Service) -> None:
    answers: list[Answer] = []
    for kind, attributes in NEW.items():
        for text in ODD_TEXTS:
            safe = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
            names = (f"filter[{KEYS[kind]}]", "sort", "include", "page[number]", "aggregates", safe)
            answers += [ask(productive, "GET", f"/{kind}", {name: safe}) for name in names]
            answers += [ask(productive, "POST", f"/{kind}", json={"data": resource(kind, **{**attributes, KEYS[kind]: text})})]
        for number in ODD_NUMBERS:
            sent = [resource(kind, **{**attributes, name: number}) for name in ("time", "due_days", "budget", "name")]
            answers += [ask(productive, "POST", f"/{kind}", json={"data": one}) for one in sent]
        answers += [ask(productive, method, path, body=body) for body in ODD_BODIES for method, path in (("POST", f"/{kind}"), ("PATCH", f"/{kind}/1"))]
        answers += [ask(productive, "GET", f"/{kind}/{identity}") for identity in ODD_IDS]
        answers += [ask(productive, "GET", f"/{kind}", query) for query in ODD_QUERIES]
    assert {answer.status for answer in answers if answer.status >= 500} == set()


def test_server_error_has_the_shape_of_the_others(productive: Service) -> None:
    answer = ask(productive, "GET", "/companies", headers={"prefer": "code=500"})
    assert error(answer, 500)["title"] == "Server Error"


# HTTP


def test_head_is_get_without_a_body(productive: Service) -> None:
    get, head = (ask(productive, method, "/companies") for method in ("GET", "HEAD"))
    assert (head.status, head.body, int(head.headers["content-length"])) == (200, b"", len(get.body))


def test_unknown_method_tells_those_there_are(productive: Service) -> None:
    answer = ask(productive, "PUT", "/companies/1", json={}).has(405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}
    options = ask(productive, "OPTIONS", "/companies")
    assert 200 <= options.status < 300
    assert set(options.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_trailing_slash_makes_no_difference(productive: Service) -> None:
    assert data(ask(productive, "GET", "/companies/")) == data(ask(productive, "GET", "/companies"))
