"""Who may call, see and do what: authentication, authorization, isolation, rate limit, transport, CORS."""

from __future__ import annotations

import base64
from typing import Any

import pytest

ALL = ["timedash", "paydirt", "moonrope", "88miles", "productive"]


def refused(answer: Any) -> bool:
    return answer.status in (401, 403) or (answer.status == 200 and answer.json.get("status") == "access-denied")


@pytest.mark.parametrize("api", ALL)
def test_every_operation_refuses_a_stranger(stub: Any, api: str) -> None:
    stranger = stub(api).as_(None)
    for operation in stranger.spec.operations.values():
        assert refused(stranger(operation.method, operation.path.replace("{", "").replace("}", ""))), operation.id


@pytest.mark.parametrize("api", ALL)
def test_wrong_credential_is_refused(stub: Any, api: str) -> None:
    caller = stub(api)
    caller.headers = {name: value[:-2] + "xx" for name, value in caller.headers.items()}
    caller.query = [part + "x" for part in caller.query]
    path = next(operation.path for operation in caller.spec.operations.values() if operation.effect == "list" and "{" not in operation.path)
    assert refused(caller("POST" if api == "moonrope" else "GET", path))


def test_password_of_basic_is_not_looked_at(timedash: Any) -> None:
    for text in ("sk_full_12345:", "sk_full_12345:anything", "sk_full_12345:a:b"):
        assert timedash("GET", "/account", authorization="Basic " + base64.b64encode(text.encode()).decode()).status == 200


@pytest.mark.parametrize("header", ["Bearer sk_full_12345", "Basic sk_full_12345", "Basic !!!", "Basic", "", "Basic c2tfZnVsbF8xMjM0NQ=="])
def test_key_anywhere_else_is_refused(timedash: Any, header: str) -> None:
    answer = timedash("GET", "/account", authorization=header)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_key_is_read_from_form_and_body_too(paydirt: Any) -> None:
    stranger, key = paydirt.as_(None), paydirt.principal.credential["key"]
    assert stranger("POST", "/clients", {"api_key": key, "business_name": "Body"}).status == 200
    form = f"api_key={key}&business_name=Form".encode()
    assert stranger("POST", "/clients", form, content_type="application/x-www-form-urlencoded").status == 200


def test_script_element_can_say_who_it_is(miles: Any) -> None:
    token, stranger = miles.principal.credential["token"], miles.as_(None)
    assert stranger("GET", "/projects.json", query=f"callback=f&access_token={token}").body == miles("GET", "/projects.json", query="callback=f").body
    assert stranger("GET", "/projects.json", query="access_token=nobody").status == 401


def test_limited_role_does_nothing(timedash: Any) -> None:
    limited = timedash.as_("limited")
    assert limited("GET", "/contacts/con_0001").status == 200
    assert limited("DELETE", "/contacts/con_0001").status == 403
    assert timedash("GET", "/contacts/con_0001").status == 200


def test_refusals_come_in_their_order(miles: Any) -> None:
    nowhere = "/projects/00000000-0000-4000-8000-000000000000"
    assert miles.as_(None)("PUT", nowhere, {"project": {"visibility": 7}}).status == 401
    assert miles.as_("limited")("PUT", nowhere, {"project": {"visibility": 7}}).status == 403
    assert miles("PUT", nowhere, {"project": {"visibility": 7}}).status == 404
    uuid = miles("GET", "/projects").json["response"][0]["uuid"]
    assert miles("PUT", f"/projects/{uuid}", {"project": {"visibility": 7}}).status == 422


def test_accounts_do_not_see_each_other(paydirt: Any) -> None:
    other = paydirt.as_("other")
    ours = {client["id"] for client in paydirt("GET", "/clients").json["clients"]}
    theirs = {client["id"] for client in other("GET", "/clients").json["clients"]}
    assert ours
    assert theirs
    assert not ours & theirs
    for method in ("GET", "PUT", "DELETE"):
        answer = other(method, f"/clients/{min(ours)}")
        assert answer.status == 422
        assert answer.json["errors"]
    assert paydirt("GET", f"/clients/{min(ours)}").status == 200


def test_record_of_another_account_is_no_parent(paydirt: Any) -> None:
    theirs = paydirt.as_("other")("GET", "/jobs").json["jobs"][0]["id"]
    assert paydirt("POST", "/time", query=f"job_id={theirs}&duration=60").status == 422


def test_users_see_their_own_projects(miles: Any) -> None:
    second = miles.as_("second")
    ours = {project["uuid"]: project["visibility"] for project in miles("GET", "/projects").json["response"]}
    theirs = {project["uuid"]: project["visibility"] for project in second("GET", "/projects").json["response"]}
    private = next(uuid for uuid, visibility in ours.items() if visibility == "private" and uuid not in theirs)
    assert second("GET", f"/projects/{private}").status == 404
    shared = set(ours) & set(theirs)
    assert shared
    assert {ours[uuid] for uuid in shared} <= {"public", "custom"}


def test_selector_must_be_the_callers_own(productive: Any) -> None:
    other = productive.as_("other").principal.credential["organization"]
    assert productive("GET", "/people").status == 200
    assert productive("GET", "/people", x_organization_id=other).status == 403
    del productive.headers["x-organization-id"]
    assert productive("GET", "/people").status == 403


def test_limit_counts_each_key_alone(timedash: Any) -> None:
    second = timedash.as_("second")
    assert {timedash("GET", "/account").status for _ in range(120)} == {200}
    over = timedash("GET", "/account")
    assert over.status == 429
    assert "rate limit" in over.json["error"]["message"]
    assert second("GET", "/account").status == 200
    timedash.engine.clock.advance(59)
    assert timedash("GET", "/account").status == 429
    timedash.engine.clock.advance(1)
    assert timedash("GET", "/account").status == 200


def test_strangers_are_not_counted(timedash: Any) -> None:
    stranger = timedash.as_(None)
    assert {stranger("GET", "/account").status for _ in range(200)} == {401}
    assert timedash("GET", "/account").status == 200


def test_limit_can_be_changed_and_lifted(stub: Any) -> None:
    few, many = stub("timedash", rate_limit=2), stub("timedash", rate_limit=0)
    assert [few("GET", "/account").status for _ in range(3)] == [200, 200, 429]
    assert {many("GET", "/account").status for _ in range(300)} == {200}


def test_plain_http_fails_as_documented(timedash: Any, moonrope: Any, paydirt: Any) -> None:
    assert timedash("GET", "/account", scheme="http").status == 403
    assert moonrope("POST", "/contacts/list", {}, scheme="http").json == {"status": "http-not-supported"}
    assert paydirt("GET", "/clients", scheme="http").status == 200


def test_preflight_needs_no_credential(timedash: Any) -> None:
    asked = {"origin": "https://app.example", "access_control_request_method": "PUT", "access_control_request_headers": "authorization"}
    answer = timedash.as_(None)("OPTIONS", "/contacts/con_0001", **asked)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]


def test_preflight_allows_what_the_stub_itself_listens_to(timedash: Any) -> None:
    asked = {"origin": "https://app.example", "access_control_request_method": "GET"}
    for names, taken in (("x-proctor-space, authorization", True), ("authorization", False)):
        answer = timedash("OPTIONS", "/contacts", **asked, access_control_request_headers=names)
        assert ("x-proctor-space" in answer.headers["access-control-allow-headers"]) is taken


@pytest.mark.parametrize(("path", "status"), [("/account", 200), ("/nothing", 404), ("/contacts/none", 404)])
def test_answers_allow_the_origin(timedash: Any, path: str, status: int) -> None:
    answer = timedash("GET", path, origin="https://app.example")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    assert "access-control-allow-origin" not in timedash("GET", path).headers
