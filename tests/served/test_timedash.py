"""Timedash, clause by clause, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.served.clauses import clause
from tests.served.wire import Answer, Service, basic

KEYS = {"full": "sk_full_12345", "second": "sk_second_67890", "limited": "sk_limited_24680", "other": "sk_other_13579"}

LISTS = ("/contacts", "/assignments", "/agreements")

NEW: dict[str, dict[str, Any]] = {"/contacts": {"name": "Ada"}, "/assignments": {"title": "Roof", "timestamp": 1_400_000_000}, "/agreements": {"title": "Roof"}}
"""The least that a create names."""

DOCUMENTED = {200, 400, 401, 402, 403, 404, 429, 500, 502, 503, 504}

PROTOCOL = {405, 406, 413, 415}

ORIGIN = "https://app.example"


def ask(api: Service, method: str, path: str, query: Any = "", *, who: str | None = "full", headers: dict[str, str] | None = None, **sent: Any) -> Answer:
    """The answer to one of the seeded keys; `who` None sends none."""
    given = {} if who is None else {"authorization": basic(KEYS.get(who, who))}
    return api.call(method, path, query, headers={**given, **(headers or {})}, **sent)


def rows(api: Service, path: str, query: Any = "", who: str = "full") -> list[dict[str, Any]]:
    """The records of one page."""
    found: list[dict[str, Any]] = ask(api, "GET", path, query, who=who).has(200).json["data"]
    return found


def everything(api: Service, path: str, who: str = "full", **query: Any) -> list[dict[str, Any]]:
    """All records of a list, in pages of 100."""
    found: list[dict[str, Any]] = []
    while True:
        page = rows(api, path, {**query, "size": 100, "page": len(found) // 100}, who)
        found += page
        if len(page) < 100:
            return found


def ids(records: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in records]


def first(api: Service, path: str) -> str:
    found: str = rows(api, path)[0]["id"]
    return found


def made(api: Service, path: str, **members: Any) -> dict[str, Any]:
    """A record that has just been made."""
    found: dict[str, Any] = ask(api, "POST", path, json={**NEW[path], **members}).has(200).json
    return found


def operations(api: Service) -> list[tuple[str, str]]:
    """A call of each operation that names a record that is there."""
    found = [("GET", "/account")]
    for path in LISTS:
        item = f"{path}/{first(api, path)}"
        found += [("GET", path), ("POST", path), ("GET", item), ("PUT", item), ("DELETE", item)]
    return found


def mistakes(api: Service) -> dict[str, Answer]:
    """An answer to each kind of mistake."""
    item = f"/contacts/{first(api, '/contacts')}"
    return {
        "missing parameter": ask(api, "POST", "/contacts", json={}),
        "wrong type": ask(api, "POST", "/contacts", json={"name": 7}),
        "wrong type in a change": ask(api, "PUT", item, json={"name": None}),
        "no JSON": ask(api, "POST", "/contacts", body=b"{", headers={"content-type": "application/json"}),
        "no object": ask(api, "POST", "/contacts", json=[]),
        "bad size": ask(api, "GET", "/contacts", "size=x"),
        "unknown record": ask(api, "GET", "/contacts/nobody"),
        "unknown path": ask(api, "GET", "/nothing"),
        "unknown method": ask(api, "PATCH", item, json={}),
        "no key": ask(api, "GET", "/contacts", who=None),
        "wrong key": ask(api, "GET", "/contacts", who="sk_nobody"),
        "denied": ask(api, "POST", "/contacts", json=NEW["/contacts"], who="limited"),
    }


# Resources and lists


@clause("timedash/rest/resources")
def test_record_lies_under_its_list(timedash: Service) -> None:
    for path in LISTS:
        record = rows(timedash, path)[0]
        assert ask(timedash, "GET", f"{path}/{record['id']}").has(200).json == record


@clause("timedash/rest/resources", "new_elsewhere")
def test_new_record_lies_under_its_list(timedash: Service) -> None:
    for path in LISTS:
        record = made(timedash, path)
        assert ask(timedash, "GET", f"{path}/{record['id']}").has(200).json == record


@clause("timedash/list/common")
def test_lists_have_one_structure(timedash: Service) -> None:
    bodies = [ask(timedash, "GET", path).has(200).json for path in LISTS]
    assert [type(body) for body in bodies] == [dict] * 3
    assert [{name: type(value) for name, value in body.items()} for body in bodies] == [{"data": list}] * 3


@clause("timedash/delete/empty")
def test_delete_answers_nothing(timedash: Service) -> None:
    for path in LISTS:
        record = made(timedash, path)
        answer = ask(timedash, "DELETE", f"{path}/{record['id']}")
        assert (answer.status, answer.body) == (204, b"")
        ask(timedash, "GET", f"{path}/{record['id']}").has(404)


def test_update_leaves_the_rest(timedash: Service) -> None:
    record = made(timedash, "/contacts", email="a@b.example", metadata={"a": "b"})
    changed = ask(timedash, "PUT", f"/contacts/{record['id']}", json={"name": "Bea"}).has(200).json
    assert changed == {**record, "name": "Bea"}


def test_account_has_its_own_record(timedash: Service) -> None:
    assert ask(timedash, "GET", "/account").json["id"] == "acc_nordlys"
    assert ask(timedash, "GET", "/account", who="other").json["id"] == "acc_sydvind"


def test_other_accounts_record_is_not_there(timedash: Service) -> None:
    foreign = rows(timedash, "/contacts", who="other")[0]["id"]
    for method in ("GET", "PUT", "DELETE"):
        ask(timedash, method, f"/contacts/{foreign}", **({"json": {}} if method == "PUT" else {})).has(404)
    assert foreign not in ids(everything(timedash, "/contacts"))


def test_record_of_an_unknown_parent_is_refused(timedash: Service) -> None:
    answer = ask(timedash, "POST", "/assignments", json={**NEW["/assignments"], "contact_id": "nobody"}).has(400)
    assert answer.json["error"]["param"] == "contact_id"


# Cross-origin calls


def preflight(api: Service, path: str, method: str) -> Answer:
    wanted = {"origin": ORIGIN, "access-control-request-method": method, "access-control-request-headers": "authorization,content-type"}
    return api.call("OPTIONS", path, headers=wanted)


def names(answer: Answer, header: str) -> set[str]:
    return {name.strip().lower() for name in answer.headers.get(header, "").split(",")}


@clause("timedash/cors/preflight")
def test_preflight_needs_no_key(timedash: Service) -> None:
    for method, path in operations(timedash):
        answer = preflight(timedash, path, method)
        assert 200 <= answer.status < 300
        assert answer.headers.get("access-control-allow-origin") in ("*", ORIGIN)
        assert method.lower() in names(answer, "access-control-allow-methods")
        assert {"authorization", "content-type"} <= names(answer, "access-control-allow-headers")


@clause("timedash/cors/actual")
def test_every_answer_allows_the_origin(timedash: Service) -> None:
    sent = {"origin": ORIGIN}
    item = f"/contacts/{first(timedash, '/contacts')}"
    answers = [
        ask(timedash, "GET", "/contacts", headers=sent),
        ask(timedash, "POST", "/contacts", json=NEW["/contacts"], headers=sent),
        ask(timedash, "DELETE", item, headers=sent),
        ask(timedash, "POST", "/contacts", json={}, headers=sent),
        ask(timedash, "GET", "/contacts", who=None, headers=sent),
        ask(timedash, "DELETE", "/contacts/x", who="limited", headers=sent),
        ask(timedash, "GET", "/contacts/nobody", headers=sent),
        ask(timedash, "PATCH", "/contacts", headers=sent),
        ask(timedash, "GET", "/nothing", headers=sent),
        timedash.call("GET", "/contacts", headers=sent, url=timedash.plain_url),
    ]
    assert [answer.status for answer in answers] == [200, 200, 204, 400, 401, 403, 404, 405, 404, 403]
    answers += [ask(timedash, "GET", "/contacts", headers={**sent, "prefer": f"code={code}"}).has(code) for code in (200, 402, 429, 500)]
    assert all(answer.headers.get("access-control-allow-origin") in ("*", ORIGIN) for answer in answers)


@clause("timedash/cors/actual", "not_on_errors")
def test_refusal_allows_the_origin(timedash: Service) -> None:
    answer = ask(timedash, "GET", "/contacts", who=None, headers={"origin": ORIGIN}).has(401)
    assert answer.headers.get("access-control-allow-origin") in ("*", ORIGIN)


def test_plain_options_tells_the_methods(timedash: Service) -> None:
    answer = ask(timedash, "OPTIONS", "/contacts")
    assert 200 <= answer.status < 300
    assert names(answer, "allow") == {"get", "head", "post", "options"}


@clause("timedash/cors/actual", "never")
def test_options_that_is_no_preflight_allows_the_origin(timedash: Service) -> None:
    answer = ask(timedash, "OPTIONS", "/contacts", headers={"origin": ORIGIN})
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers.get("access-control-allow-origin") in ("*", ORIGIN)
    assert names(answer, "allow") == {"get", "head", "post", "options"}


# Content


@clause("timedash/content/json")
def test_bodies_are_json(timedash: Service) -> None:
    item = f"/contacts/{first(timedash, '/contacts')}"
    good = [ask(timedash, "GET", path) for path in (*LISTS, item, "/account")]
    good += [ask(timedash, "POST", path, json=NEW[path]) for path in LISTS]
    good += [ask(timedash, "PUT", item, json={"name": "Bea"})]
    assert {answer.status for answer in good} == {200}
    for answer in (*good, *mistakes(timedash).values()):
        assert answer.media == "application/json"
        assert isinstance(answer.json, dict)


def test_head_is_get_without_a_body(timedash: Service) -> None:
    get, head = (ask(timedash, method, "/contacts") for method in ("GET", "HEAD"))
    assert (head.status, head.body, head.media) == (200, b"", "application/json")
    assert int(head.headers["content-length"]) == len(get.body)


def test_unknown_method_tells_those_there_are(timedash: Service) -> None:
    item = f"/contacts/{first(timedash, '/contacts')}"
    assert names(ask(timedash, "PATCH", item, json={}).has(405), "allow") == {"get", "head", "put", "delete", "options"}
    assert names(ask(timedash, "DELETE", "/contacts").has(405), "allow") == {"get", "head", "post", "options"}


# Keys


@clause("timedash/auth/basic")
def test_key_is_the_user_name(timedash: Service) -> None:
    for method, path in operations(timedash):
        sent: dict[str, Any] = {"json": NEW.get(path, {})} if method in ("POST", "PUT") else {}
        assert 200 <= ask(timedash, method, path, **sent).status < 300


def test_password_is_not_used(timedash: Service) -> None:
    timedash.call("GET", "/contacts", headers={"authorization": basic(KEYS["full"], "anything")}).has(200)


def test_scheme_is_named_in_any_case(timedash: Service) -> None:
    timedash.call("GET", "/contacts", headers={"authorization": basic(KEYS["full"]).replace("Basic", "basic")}).has(200)


@clause("timedash/auth/multiple-keys")
def test_two_keys_of_an_account_work_at_once(timedash: Service) -> None:
    pages = [rows(timedash, "/contacts", who=who) for who in ("full", "second", "full", "second")]
    assert pages[0] == pages[1] == pages[2] == pages[3] != []


@clause("timedash/auth/required")
def test_every_operation_asks_for_a_key(timedash: Service) -> None:
    for method, path in operations(timedash):
        for who in (None, "sk_nobody", ""):
            sent: dict[str, Any] = {"json": NEW.get(path, {})} if method in ("POST", "PUT") else {}
            ask(timedash, method, path, who=who, **sent).has(401)


def test_refusal_names_the_scheme_and_its_realm(timedash: Service) -> None:
    answer = ask(timedash, "GET", "/contacts", who=None).has(401)
    assert answer.headers["www-authenticate"] == 'Basic realm="Timedash"'


@clause("timedash/auth/required", "invalid_accepted")
def test_wrong_key_is_refused(timedash: Service) -> None:
    ask(timedash, "GET", "/contacts", who="sk_nobody").has(401)


def test_key_is_taken_in_no_other_place(timedash: Service) -> None:
    key = KEYS["full"]
    timedash.call("GET", "/contacts", headers={"authorization": f"Bearer {key}"}).has(401)
    timedash.call("GET", "/contacts", headers={"x-api-key": key}).has(401)
    timedash.call("GET", "/contacts", {"api_key": key}).has(401)
    timedash.call("GET", "/contacts", headers={"authorization": basic("", key)}).has(401)
    timedash.call("GET", "/contacts", headers={"authorization": "Basic %%%"}).has(401)


@clause("timedash/auth/forbidden")
def test_limited_key_only_reads(timedash: Service) -> None:
    for method, path in operations(timedash):
        sent: dict[str, Any] = {"json": NEW.get(path, {"title": "Changed", "name": "Changed"})} if method in ("POST", "PUT") else {}
        before = [ids(everything(timedash, path)) for path in LISTS]
        ask(timedash, method, path, who="limited", **sent).has(200 if method == "GET" else 403)
        timedash.engine.main.counters.clear()
        assert [ids(everything(timedash, path)) for path in LISTS] == before


@clause("timedash/transport/https")
def test_plain_http_is_refused(timedash: Service) -> None:
    assert timedash.plain_url is not None
    for method, path in operations(timedash):
        assert ask(timedash, method, path, url=timedash.plain_url).has(403).json["error"]["type"] == "invalid_request_error"
    ask(timedash, "GET", "/contacts").has(200)


# Statuses and errors


@clause("timedash/status/classes")
def test_mistakes_are_the_callers(timedash: Service) -> None:
    for mistake, answer in mistakes(timedash).items():
        assert 400 <= answer.status < 500, mistake


@clause("timedash/status/classes", "page_fails")
def test_page_that_is_no_number_is_the_callers_mistake(timedash: Service) -> None:
    for path in LISTS:
        for page in ("one", "1.5", "x1"):
            assert 400 <= ask(timedash, "GET", path, {"page": page}).status < 500, f"{path} {page}"


@clause("timedash/status/classes", "metadata_fails")
def test_metadata_that_is_no_object_is_the_callers_mistake(timedash: Service) -> None:
    for path in LISTS:
        item = f"{path}/{first(timedash, path)}"
        for metadata in ("x", 7, ["a", "b"], True):
            made_so = ask(timedash, "POST", path, json={**NEW[path], "metadata": metadata})
            changed_so = ask(timedash, "PUT", item, json={"metadata": metadata})
            assert all(400 <= answer.status < 500 for answer in (made_so, changed_so)), f"{path} {metadata}"


@clause("timedash/status/documented")
def test_statuses_are_documented(timedash: Service) -> None:
    assert {answer.status for answer in mistakes(timedash).values()} <= DOCUMENTED | PROTOCOL


@clause("timedash/error/object")
def test_error_is_an_object_with_a_type(timedash: Service) -> None:
    for mistake, answer in mistakes(timedash).items():
        assert isinstance(answer.json.get("error"), dict), mistake
        assert isinstance(answer.json["error"].get("type"), str), mistake
        assert isinstance(answer.json["error"].get("message"), str), mistake
        assert answer.json["error"]["message"] != "", mistake


@clause("timedash/error/type")
def test_error_has_one_of_two_types(timedash: Service) -> None:
    for mistake, answer in mistakes(timedash).items():
        assert answer.json["error"]["type"] in ("invalid_request_error", "api_error"), mistake


@clause("timedash/error/type-meaning")
def test_invalid_parameters_are_an_invalid_request(timedash: Service) -> None:
    told = mistakes(timedash)
    for mistake in ("missing parameter", "wrong type", "wrong type in a change", "bad size"):
        assert told[mistake].has(400).json["error"]["type"] == "invalid_request_error"


@clause("timedash/error/param")
def test_param_is_one_of_the_request(timedash: Service) -> None:
    told = mistakes(timedash)
    named = {mistake: told[mistake].json["error"].get("param") for mistake in ("missing parameter", "wrong type", "wrong type in a change", "bad size")}
    assert named == {"missing parameter": "name", "wrong type": "name", "wrong type in a change": "name", "bad size": "size"}
    assert all("param" not in told[mistake].json["error"] for mistake in ("no JSON", "unknown record", "no key", "denied"))


def test_wrong_and_missing_are_told_apart(timedash: Service) -> None:
    told = mistakes(timedash)
    assert told["missing parameter"].json["error"]["message"] == "Missing required parameter: name"
    assert told["wrong type"].json["error"]["message"] == "Invalid value of parameter: name"


@pytest.mark.parametrize("member", ["timestamp", "duration"])
@pytest.mark.parametrize("value", [2**53, 10**30, 1e300])
def test_number_that_cannot_be_kept_is_refused(timedash: Service, member: str, value: float) -> None:
    before = ids(everything(timedash, "/assignments"))
    error = ask(timedash, "POST", "/assignments", json={**NEW["/assignments"], member: value}).has(400).json["error"]
    assert error["param"] == member
    assert ids(everything(timedash, "/assignments")) == before
    kept = made(timedash, "/assignments", **{member: 2**53 - 1})
    assert kept[member] == 2**53 - 1


@clause("timedash/error/bad-request")
def test_missing_parameter_is_a_bad_request(timedash: Service) -> None:
    for path in LISTS:
        for name in NEW[path]:
            short = {member: value for member, value in NEW[path].items() if member != name}
            answer = ask(timedash, "POST", path, json=short).has(400)
            assert answer.json["error"]["param"] == name


@clause("timedash/error/request-failed")
def test_payment_status_is_given_on_demand_only(timedash: Service) -> None:
    told = mistakes(timedash)
    assert (told["missing parameter"].status, told["unknown record"].status, told["no key"].status) == (400, 404, 401)
    answer = ask(timedash, "GET", "/contacts", headers={"prefer": "code=402"}).has(402)
    assert answer.json["error"]["type"] == "api_error"


@clause("timedash/error/not-found")
def test_unknown_record_is_not_found(timedash: Service) -> None:
    for path in LISTS:
        for method in ("GET", "PUT", "DELETE"):
            sent: dict[str, Any] = {"json": {}} if method == "PUT" else {}
            assert ask(timedash, method, f"{path}/nobody", **sent).has(404).json["error"]["type"] == "invalid_request_error"


def test_refusals_have_an_order(timedash: Service) -> None:
    ask(timedash, "POST", "/nothing", who=None, body=b"{").has(401)
    ask(timedash, "PATCH", "/contacts", who=None).has(401)
    ask(timedash, "PATCH", "/contacts", who="limited").has(405)
    ask(timedash, "PUT", "/contacts/nobody", who="limited", json={"name": 7}).has(403)
    ask(timedash, "PUT", "/contacts/nobody", json={"name": 7}).has(404)
    timedash.call("GET", "/nothing", url=timedash.plain_url).has(403)


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_server_errors_come_on_demand(timedash: Service, code: int) -> None:
    assert ask(timedash, "GET", "/contacts", headers={"prefer": f"code={code}"}).has(code).json["error"]["type"] == "api_error"


# The limit


def spent(api: Service, who: str = "full") -> Answer:
    """The answer to the first request over the limit."""
    for number in range(120):
        assert ask(api, "GET", "/account", who=who).status == 200, f"request {number + 1}"
    return ask(api, "GET", "/account", who=who)


@clause("timedash/rate/limit")
def test_request_over_the_limit_is_refused(timedash: Service) -> None:
    spent(timedash).has(429)
    ask(timedash, "POST", "/contacts", json=NEW["/contacts"]).has(429)
    ask(timedash, "GET", "/nothing").has(429)


@clause("timedash/rate/per-key")
def test_keys_are_counted_apart(timedash: Service) -> None:
    spent(timedash)
    for who in ("second", "limited", "other"):
        ask(timedash, "GET", "/account", who=who).has(200)


@clause("timedash/rate/message")
def test_refusal_says_what_happened(timedash: Service) -> None:
    answer = spent(timedash).has(429)
    assert answer.media == "application/json"
    assert "limit" in answer.json["error"].get("message", "")
    assert answer.json["error"]["type"] == "api_error"


@clause("timedash/rate/recovers")
def test_key_works_again_after_a_minute(timedash: Service) -> None:
    spent(timedash).has(429)
    timedash.engine.clock.advance(60)
    spent(timedash).has(429)


def test_key_waits_for_the_whole_minute(timedash: Service) -> None:
    timedash.engine.clock.freeze(1_400_000_400 // 60 * 60)
    spent(timedash).has(429)
    timedash.engine.clock.advance(59)
    ask(timedash, "GET", "/account").has(429)


def test_refusal_tells_how_long_to_wait(timedash: Service) -> None:
    for _ in range(120):
        ask(timedash, "GET", "/account").has(200)
    for passed, left in ((0, "60"), (0.5, "60"), (58.5, "1")):
        timedash.engine.clock.advance(passed)
        assert ask(timedash, "GET", "/account").has(429).headers["retry-after"] == left
    timedash.engine.clock.advance(1)
    ask(timedash, "GET", "/account").has(200)


def test_refused_callers_are_not_counted(timedash: Service) -> None:
    for _ in range(130):
        ask(timedash, "GET", "/account", who="sk_nobody").has(401)
    ask(timedash, "GET", "/account").has(200)


# Pages


@clause("timedash/page/size")
def test_size_is_how_many_come(timedash: Service) -> None:
    for path in LISTS:
        assert [len(rows(timedash, path, {"size": size})) for size in (1, 2, 19, 31)] == [1, 2, 19, 31]
    assert len(rows(timedash, "/assignments", "size=100")) == 100


@clause("timedash/page/default")
def test_twenty_come_without_a_size(timedash: Service) -> None:
    assert [len(rows(timedash, path)) for path in LISTS] == [20, 20, 20]


@clause("timedash/page/default", "more_later")
def test_later_pages_have_the_default_size_too(timedash: Service) -> None:
    for path in LISTS:
        whole = everything(timedash, path)
        assert len(whole) > 20
        assert [rows(timedash, path, {"page": page}) for page in (0, 1, 2)] == [whole[:20], whole[20:40], whole[40:60]]


@clause("timedash/page/bounds")
def test_size_out_of_bounds_is_refused(timedash: Service) -> None:
    for size in ("0", "-1", "101", "100000", "ten", "1.5", ""):
        answer = ask(timedash, "GET", "/assignments", {"size": size})
        assert (answer.status, answer.json.get("error", {}).get("param")) == (400, "size"), size


@clause("timedash/page/zero-based")
def test_page_zero_is_the_first(timedash: Service) -> None:
    for path in LISTS:
        whole = rows(timedash, path, "size=20")
        assert rows(timedash, path, "page=0&size=10") == rows(timedash, path, "size=10") == whole[:10]
        assert rows(timedash, path, "page=1&size=10") == whole[10:]


@clause("timedash/page/walk")
def test_walk_meets_every_record_once(timedash: Service) -> None:
    for path in LISTS:
        last, total = made(timedash, path)["id"], len(everything(timedash, path))
        pages = [rows(timedash, path, {"size": 13, "page": page}) for page in range(total // 13 + 2)]
        met = [record["id"] for page in pages for record in page]
        assert last in met
        assert len(met) == len(set(met)) == total
        assert [len(page) for page in pages] == [13] * (total // 13) + [total % 13, 0]


def test_page_far_past_the_end_is_empty(timedash: Service) -> None:
    assert rows(timedash, "/contacts", "page=100000") == []


# Filters


def text_of(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


@clause("timedash/filter/equality")
def test_every_plain_property_filters(timedash: Service) -> None:
    for path in LISTS:
        whole = everything(timedash, path)
        for name in (name for name in whole[0] if name != "metadata"):
            value = next(record[name] for record in reversed(whole) if record[name] is not None)
            found = everything(timedash, path, **{name: text_of(value)})
            assert found == [record for record in whole if record[name] == value] != [], f"{path} {name}"


@clause("timedash/filter/equality", "either")
def test_filters_must_all_match(timedash: Service) -> None:
    whole = everything(timedash, "/assignments")
    found = everything(timedash, "/assignments", invoiced="true", status="planned")
    assert found == [record for record in whole if record["invoiced"] is True and record["status"] == "planned"] != []


@clause("timedash/filter/equality", "all_if_none")
def test_filter_that_nothing_meets_gives_nothing(timedash: Service) -> None:
    assert rows(timedash, "/contacts", {"name": "Nobody at all"}) == []


@pytest.mark.parametrize(("name", "value"), [("status", "perhaps"), ("rate", "much"), ("invoiced", "maybe"), ("metadata", "east")])
def test_refused_filter_is_told_by_name(timedash: Service, name: str, value: str) -> None:
    error = ask(timedash, "GET", "/assignments", {name: value}).has(400).json["error"]
    assert (error["type"], error["param"]) == ("invalid_request_error", name)
    assert name in error["message"]


def test_metadata_filters_as_a_whole(timedash: Service) -> None:
    record = made(timedash, "/assignments", metadata={"site": "east", "n": 1})
    assert rows(timedash, "/assignments", {"metadata": '{"n": 1, "site": "east"}'}) == [record]
    assert rows(timedash, "/assignments", {"metadata": '{"site": "east"}'}) == []


def test_unknown_property_is_ignored(timedash: Service) -> None:
    assert rows(timedash, "/contacts", "colour=red") == rows(timedash, "/contacts")


@clause("timedash/filter/pages")
def test_filtered_list_is_cut_into_pages(timedash: Service) -> None:
    wanted = ids([record for record in everything(timedash, "/assignments") if record["invoiced"]])
    pages = [ids(rows(timedash, "/assignments", {"invoiced": "true", "size": 7, "page": page})) for page in range(len(wanted) // 7 + 2)]
    assert [identity for page in pages for identity in page] == wanted
    assert all(len(page) == 7 for page in pages[: len(wanted) // 7])


# Sorting


def in_order(values: list[Any]) -> list[Any]:
    """The values ascending, null last."""
    return sorted(values, key=lambda value: (value is None, 0 if value is None else value))


@clause("timedash/sort/both")
def test_every_plain_property_sorts_both_ways(timedash: Service) -> None:
    for path in LISTS:
        whole = everything(timedash, path)
        for name in (name for name in whole[0] if name != "metadata"):
            timedash.engine.main.counters.clear()
            ascending = in_order([record[name] for record in whole])
            assert [record[name] for record in everything(timedash, path, sort=name)] == ascending, f"{path} {name}"
            assert [record[name] for record in everything(timedash, path, sort=f"-{name}")] == ascending[::-1], f"{path} -{name}"


@clause("timedash/sort/both", "turned")
def test_least_comes_first_without_a_dash(timedash: Service) -> None:
    times = [record["timestamp"] for record in everything(timedash, "/assignments")]
    assert rows(timedash, "/assignments", "sort=timestamp&size=1")[0]["timestamp"] == min(times) < max(times)


@clause("timedash/sort/both", "forgotten_where_filtered")
def test_filtered_list_is_sorted_both_ways(timedash: Service) -> None:
    times = [record["timestamp"] for record in everything(timedash, "/assignments", invoiced="true")]
    ascending = sorted(times)
    assert times not in (ascending, ascending[::-1])
    assert [record["timestamp"] for record in everything(timedash, "/assignments", invoiced="true", sort="timestamp")] == ascending
    assert [record["timestamp"] for record in everything(timedash, "/assignments", invoiced="true", sort="-timestamp")] == ascending[::-1]


def test_direction_may_follow_a_comma(timedash: Service) -> None:
    assert rows(timedash, "/assignments", "sort=timestamp,desc") == rows(timedash, "/assignments", "sort=-timestamp")
    assert rows(timedash, "/assignments", "sort=timestamp,asc") == rows(timedash, "/assignments", "sort=timestamp")


# Metadata


def with_metadata(api: Service, metadata: Any, path: str = "/contacts") -> Answer:
    return ask(api, "POST", path, json={**NEW[path], "metadata": metadata})


def refused_both_ways(api: Service, metadata: dict[str, str]) -> None:
    """Holds that neither a create nor an update takes the metadata, and that nothing changes."""
    for path in LISTS:
        record, before = made(api, path, metadata={"kept": "as it was"}), len(everything(api, path))
        for answer in (with_metadata(api, metadata, path), ask(api, "PUT", f"{path}/{record['id']}", json={"metadata": metadata})):
            assert answer.has(400).json["error"]["param"] == "metadata"
        assert ask(api, "GET", f"{path}/{record['id']}").json == record
        assert len(everything(api, path)) == before


@clause("timedash/metadata/roundtrip")
def test_metadata_comes_back(timedash: Service) -> None:
    given = {"name": "Ære", "colour": "", "long": "x" * 500, "Ω": '\U0001f600 "\\ \u2028', "empty": " "}
    for path in LISTS:
        record = made(timedash, path, metadata=given)
        assert record["metadata"] == ask(timedash, "GET", f"{path}/{record['id']}").json["metadata"] == given
        other = {"other": "value"}
        assert ask(timedash, "PUT", f"{path}/{record['id']}", json={"metadata": other}).has(200).json["metadata"] == other
        assert ask(timedash, "GET", f"{path}/{record['id']}").json["metadata"] == other


@clause("timedash/metadata/keys")
def test_twenty_first_key_is_refused(timedash: Service) -> None:
    twenty = {f"key {number}": "x" for number in range(20)}
    assert with_metadata(timedash, twenty).has(200).json["metadata"] == twenty
    refused_both_ways(timedash, {**twenty, "one more": "x"})


@clause("timedash/metadata/key-length")
def test_key_of_forty_one_characters_is_refused(timedash: Service) -> None:
    for letter in ("k", "é", "\U0001f600"):
        with_metadata(timedash, {letter * 40: "x"}).has(200)
        refused_both_ways(timedash, {letter * 41: "x"})


@clause("timedash/metadata/key-length", "bytes")
def test_key_length_is_in_characters(timedash: Service) -> None:
    with_metadata(timedash, {"é" * 40: "x"}).has(200)


@clause("timedash/metadata/value-length")
def test_value_of_501_characters_is_refused(timedash: Service) -> None:
    for letter in ("v", "é", "\U0001f600"):
        with_metadata(timedash, {"k": letter * 500}).has(200)
        refused_both_ways(timedash, {"k": letter * 501})


@clause("timedash/metadata/value-length", "bytes")
def test_value_length_is_in_characters(timedash: Service) -> None:
    with_metadata(timedash, {"k": "é" * 500}).has(200)


@pytest.mark.parametrize("path", LISTS)
def test_created_record_is_listed(timedash: Service, path: str) -> None:
    record = made(timedash, path)
    assert record in everything(timedash, path)
    assert ask(timedash, "GET", f"{path}/{record['id']}").json == record
