"""Paydirt, clause by clause, over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.served.clauses import clause
from tests.served.wire import Answer, Service, basic

KEYS = {"full": "paydirt-full-7d1f", "second": "paydirt-second-2b9c", "limited": "paydirt-limited-e04a", "other": "paydirt-other-58aa"}

ROOTS = {"/clients": ("clients", "client"), "/projects": ("projects", "project"), "/jobs": ("jobs", "job"), "/time": ("time_logs", "time_log")}
"""The names of many and of one, by path."""

FORM = {"content-type": "application/x-www-form-urlencoded"}


def ask(api: Service, method: str, path: str, *, who: str | None = "full", query: dict[str, Any] | None = None, **sent: Any) -> Answer:
    """The answer to one of the seeded keys, which is a parameter of the query; `who` None sends none."""
    key = {} if who is None else {"api_key": KEYS.get(who, who)}
    return api.call(method, path, {**key, **(query or {})}, **sent)


def rows(api: Service, path: str, who: str = "full") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(api, "GET", path, who=who).has(200).json[ROOTS[path][0]]
    return found


def first(api: Service, path: str, who: str = "full") -> int:
    found: int = rows(api, path, who)[0]["id"]
    return found


def new(api: Service) -> dict[str, dict[str, Any]]:
    """What a create of each kind names."""
    return {
        "/clients": {"business_name": "Cogs & Co"},
        "/projects": {"name": "Cogs", "client_id": first(api, "/clients")},
        "/jobs": {"name": "Polish", "project_id": first(api, "/projects"), "price_type": 0, "price": "12.5"},
        "/time": {"duration": 3600, "job_id": first(api, "/jobs")},
    }


def operations(api: Service) -> list[tuple[str, str, dict[str, Any]]]:
    """A valid call of each operation, with its parameters; what deletes comes last."""
    given = new(api)
    items = {path: f"{path}/{first(api, path)}" for path in ROOTS}
    found: list[tuple[str, str, dict[str, Any]]] = [(method, path, {} if method == "GET" else given[path]) for path in ROOTS for method in ("GET", "POST")]
    found += [(method, item, {} if method == "GET" else given[path]) for path, item in items.items() for method in ("GET", "PUT")]
    return found + [("DELETE", items[path], {}) for path in reversed(ROOTS)]


def mistakes(api: Service) -> list[Answer]:
    """Answers to requests that are refused for what they ask."""
    item = f"/clients/{first(api, '/clients')}"
    return [
        ask(api, "POST", "/clients"),
        ask(api, "POST", "/clients", query={"business_name": ""}),
        ask(api, "POST", "/time", query={"duration": "an hour", "job_id": first(api, "/jobs")}),
        ask(api, "POST", "/time", query={"duration": 3600}),
        ask(api, "POST", "/time", query={"duration": 3600, "job_id": 999_999}),
        ask(api, "POST", "/clients", json=[]),
        ask(api, "PUT", item, query={"active": "perhaps"}),
        ask(api, "GET", "/clients/999999"),
        ask(api, "GET", f"/clients/{first(api, '/clients', 'other')}"),
        ask(api, "POST", "/projects", query={"name": "Stolen", "client_id": first(api, "/clients", "other")}),
    ]


@clause("paydirt/root/versioned")
def test_paths_lie_under_the_version(paydirt: Service) -> None:
    assert paydirt.url.endswith("/api/v1")
    for path in ROOTS:
        ask(paydirt, "GET", path).has(200)
        for root in ("", "/api", "/api/v2", "/v1"):
            ask(paydirt, "GET", path, url=paydirt.origin + root).has(404)


@clause("paydirt/content/json")
def test_successes_are_json(paydirt: Service) -> None:
    for method, path, given in operations(paydirt):
        answer = ask(paydirt, method, path, query=given).has(200)
        assert answer.media == "application/json"
        assert isinstance(answer.json, dict)


# Keys


@clause("paydirt/auth/parameter")
def test_key_is_a_parameter_of_the_query(paydirt: Service) -> None:
    for method, path, given in operations(paydirt):
        ask(paydirt, method, path, query=given).has(200)


def test_key_may_stand_in_a_form(paydirt: Service) -> None:
    sent = urlencode({"api_key": KEYS["full"], "business_name": "Cogs & Co"}).encode()
    assert paydirt.call("POST", "/clients", body=sent, headers=FORM).has(200).json["client"]["business_name"] == "Cogs & Co"


def test_key_may_stand_in_a_json_body(paydirt: Service) -> None:
    answer = paydirt.call("POST", "/clients", json={"api_key": KEYS["full"], "business_name": "Cogs & Co"})
    assert answer.has(200).json["client"]["business_name"] == "Cogs & Co"
    assert "api_key" not in answer.json["client"]


@clause("paydirt/auth/only-parameter")
def test_key_is_taken_in_no_header(paydirt: Service) -> None:
    key = KEYS["full"]
    for header in ({"authorization": basic(key)}, {"authorization": f"Bearer {key}"}, {"x-api-key": key}, {"authorization": basic("", key)}):
        for method, path, given in operations(paydirt):
            paydirt.call(method, path, given, headers=header).has(401)


@clause("paydirt/auth/missing")
def test_request_without_a_key_is_refused(paydirt: Service) -> None:
    for method, path, given in operations(paydirt):
        ask(paydirt, method, path, who=None, query=given).has(401)


@clause("paydirt/auth/missing", "unknown_first")
def test_request_without_a_key_learns_of_no_record(paydirt: Service) -> None:
    for path in ROOTS:
        for method in ("GET", "PUT", "DELETE"):
            ask(paydirt, method, f"{path}/999999", who=None).has(401)


@clause("paydirt/auth/missing", "invalid_first")
def test_request_without_a_key_learns_of_no_parameter(paydirt: Service) -> None:
    for path in ROOTS:
        ask(paydirt, "POST", path, who=None).has(401)


@clause("paydirt/auth/invalid")
def test_key_of_nobody_is_refused(paydirt: Service) -> None:
    for method, path, given in operations(paydirt):
        for who in ("nobody", "", KEYS["full"].upper(), KEYS["full"] + " "):
            ask(paydirt, method, path, who=who, query=given).has(401)


@clause("paydirt/auth/limited")
def test_limited_user_may_do_nothing(paydirt: Service) -> None:
    before = {path: rows(paydirt, path) for path in ROOTS}
    for method, path, given in operations(paydirt):
        ask(paydirt, method, path, who="limited", query=given).has(403)
    assert {path: rows(paydirt, path) for path in ROOTS} == before


@clause("paydirt/auth/full-sees-account")
def test_users_of_an_account_see_the_same(paydirt: Service) -> None:
    for path in ROOTS:
        made = ask(paydirt, "POST", path, who="second", query=new(paydirt)[path]).has(200).json[ROOTS[path][1]]
        assert made in rows(paydirt, path)
        assert rows(paydirt, path) == rows(paydirt, path, "second")
        assert not {record["id"] for record in rows(paydirt, path)} & {record["id"] for record in rows(paydirt, path, "other")}


# Answers


@clause("paydirt/status/ok")
def test_valid_request_is_answered_200(paydirt: Service) -> None:
    assert {ask(paydirt, method, path, query=given).status for method, path, given in operations(paydirt)} == {200}


@clause("paydirt/envelope/collection")
def test_collection_stands_under_its_plural(paydirt: Service) -> None:
    for path, (many, _) in ROOTS.items():
        body = ask(paydirt, "GET", path).has(200).json
        assert isinstance(body, dict)
        assert list(body) == [many]
        assert isinstance(body[many], list)
        assert all(isinstance(record, dict) for record in body[many])
        assert len(body[many]) > 1


@clause("paydirt/envelope/single")
def test_record_stands_under_its_singular(paydirt: Service) -> None:
    for path, (_, one) in ROOTS.items():
        given = new(paydirt)[path]
        item = f"{path}/{first(paydirt, path)}"
        for answer in (ask(paydirt, "GET", item), ask(paydirt, "POST", path, query=given), ask(paydirt, "PUT", item, query=given)):
            body = answer.has(200).json
            assert isinstance(body, dict)
            assert list(body) == [one]
            assert isinstance(body[one], dict)


@clause("paydirt/resource/client")
def test_client_has_an_id_and_a_name(paydirt: Service) -> None:
    item = f"/clients/{first(paydirt, '/clients')}" if "id" in rows(paydirt, "/clients")[0] else "/clients/123"
    singles = [ask(paydirt, "GET", item), ask(paydirt, "POST", "/clients", query={"business_name": "Cogs"}), ask(paydirt, "PUT", item, query={"locale": "de"})]
    for client in [*rows(paydirt, "/clients"), *(answer.has(200).json["client"] for answer in singles)]:
        assert type(client.get("id")) is int
        assert isinstance(client.get("business_name"), str)


def test_documented_client_is_there(paydirt: Service) -> None:
    client = ask(paydirt, "GET", "/clients/123").has(200).json["client"]
    assert (client["id"], client["business_name"]) == (123, "Widgets Inc")
    assert client in rows(paydirt, "/clients")


@clause("paydirt/resource/job")
def test_job_is_read_by_its_id(paydirt: Service) -> None:
    assert ask(paydirt, "GET", "/jobs/148").has(200).json["job"]["id"] == 148
    for job in rows(paydirt, "/jobs"):
        assert ask(paydirt, "GET", f"/jobs/{job['id']}").has(200).json == {"job": job}


@clause("paydirt/resource/time")
def test_time_is_logged_for_a_job(paydirt: Service) -> None:
    before = rows(paydirt, "/time")
    made = ask(paydirt, "POST", "/time", query={"duration": 5400, "job_id": 148}).has(200).json["time_log"]
    assert (made["duration"], made["job_id"]) == (5400, 148)
    assert ask(paydirt, "GET", f"/time/{made['id']}").has(200).json["time_log"] == made
    assert [record for record in rows(paydirt, "/time") if record not in before] == [made]


@clause("paydirt/resource/create")
def test_records_can_be_made(paydirt: Service) -> None:
    for path in ("/clients", "/projects", "/jobs"):
        given = new(paydirt)[path]
        made = ask(paydirt, "POST", path, query=given).has(200).json[ROOTS[path][1]]
        assert {name: made[name] for name in given} == given
        assert ask(paydirt, "GET", f"{path}/{made['id']}").has(200).json == {ROOTS[path][1]: made}
        assert rows(paydirt, path).count(made) == 1


@clause("paydirt/resource/create", "twice")
@clause("paydirt/resource/create", "overwritten")
def test_create_adds_one_record_and_leaves_the_others(paydirt: Service) -> None:
    for path in ("/clients", "/projects", "/jobs"):
        given, before = new(paydirt)[path], rows(paydirt, path)
        made = ask(paydirt, "POST", path, query=given).has(200).json[ROOTS[path][1]]
        after = rows(paydirt, path)
        assert [record for record in after if record not in before] == [made]
        assert [record for record in after if record in before] == before


@pytest.mark.parametrize("rooted", [False, True])
@pytest.mark.parametrize("way", ["query", "form", "json"])
def test_parameters_travel_in_query_form_or_json(paydirt: Service, way: str, rooted: bool) -> None:
    given = {"business_name": "Ærø & Söhne", "active": False, "invoicing_threshold": 7}
    flat = {f"client[{name}]" if rooted else name: str(value).lower() if value is False else value for name, value in given.items()}
    if way == "query":
        answer = ask(paydirt, "POST", "/clients", query=flat)
    elif way == "form":
        answer = ask(paydirt, "POST", "/clients", body=urlencode(flat).encode(), headers=FORM)
    else:
        answer = ask(paydirt, "POST", "/clients", json={"client": given} if rooted else given)
    made = answer.has(200).json["client"]
    assert {name: made[name] for name in given} == given


def test_update_leaves_the_rest(paydirt: Service) -> None:
    before = ask(paydirt, "GET", "/clients/123").json["client"]
    changed = ask(paydirt, "PUT", "/clients/123", query={"locale": "de"}).has(200).json["client"]
    assert changed == {**before, "locale": "de"} != before


def test_deleted_record_is_answered_and_gone(paydirt: Service) -> None:
    made = ask(paydirt, "POST", "/clients", query={"business_name": "Gone"}).json
    assert ask(paydirt, "DELETE", f"/clients/{made['client']['id']}").has(200).json == made
    ask(paydirt, "GET", f"/clients/{made['client']['id']}").has(422)


def test_time_is_narrowed_by_user(paydirt: Service) -> None:
    found = ask(paydirt, "GET", "/time", query={"user_id": 8}).json["time_logs"]
    assert found == [record for record in rows(paydirt, "/time") if record["user_id"] == 8] != []


def test_time_is_narrowed_by_dates_and_client(paydirt: Service) -> None:
    logs = rows(paydirt, "/time")
    first, *_, last = days = sorted({log["date"] for log in logs})[2:-2]
    found = ask(paydirt, "GET", "/time", query={"start": first, "end": last}).json["time_logs"]
    assert found == [log for log in logs if log["date"] in days] != logs
    jobs = {job["id"] for job in rows(paydirt, "/jobs") if job["client_id"] == 123}
    assert ask(paydirt, "GET", "/time", query={"client_id": 123}).json["time_logs"] == [log for log in logs if log["job_id"] in jobs] != []
    assert ask(paydirt, "GET", "/time", query={"start": "yesterday"}).has(422).json == {"errors": ["start is invalid"]}


def test_time_is_its_users(paydirt: Service) -> None:
    made = ask(paydirt, "POST", "/time", who="second", query={"duration": 60, "job_id": 148, "user_id": 7}).has(200).json["time_log"]
    assert made["user_id"] == 8
    assert made in ask(paydirt, "GET", "/time", query={"user_id": 8}).json["time_logs"]


def test_read_only_members_are_not_written(paydirt: Service) -> None:
    made = ask(paydirt, "POST", "/time", query={"duration": 60, "job_id": 148, "value": "1000.0", "billed": "true"}).has(200).json["time_log"]
    assert (made["value"], made["billed"]) == ("0.0", False)


# Refusals


@clause("paydirt/error/foreign-record")
def test_record_of_another_account_is_refused(paydirt: Service) -> None:
    for path in ROOTS:
        before = rows(paydirt, path, "other")
        foreign = f"{path}/{before[0]['id']}"
        for method in ("GET", "PUT", "DELETE"):
            answer = ask(paydirt, method, foreign, query=new(paydirt)[path] if method == "PUT" else {}).has(422)
            assert isinstance(answer.json["errors"], list)
        assert rows(paydirt, path, "other") == before


def test_record_of_another_account_is_no_parent(paydirt: Service) -> None:
    ask(paydirt, "POST", "/time", query={"duration": 60, "job_id": first(paydirt, "/jobs", "other")}).has(422)


@clause("paydirt/error/invalid-parameters")
def test_invalid_create_makes_nothing(paydirt: Service) -> None:
    before = {path: rows(paydirt, path) for path in ROOTS}
    wrong: list[tuple[str, dict[str, Any]]] = [("/time", {**new(paydirt)["/time"], "duration": value}) for value in ("an hour", "-1", "1.5")]
    wrong += [("/time", {"duration": 3600}), ("/time", {"duration": 3600, "job_id": "148x"}), ("/time", {"duration": 3600, "job_id": 999_999})]
    wrong += [(path, {}) for path in ROOTS]
    for path, given in wrong:
        assert isinstance(ask(paydirt, "POST", path, query=given).has(422).json["errors"], list)
    assert {path: rows(paydirt, path) for path in ROOTS} == before


@clause("paydirt/error/body")
def test_refusal_has_an_array_of_errors(paydirt: Service) -> None:
    for answer in mistakes(paydirt):
        body = answer.has(422).json
        assert isinstance(body, dict)
        assert isinstance(body.get("errors"), list)
        assert answer.media == "application/json"


@clause("paydirt/error/helpful")
def test_each_error_says_something(paydirt: Service) -> None:
    for answer in mistakes(paydirt):
        errors = answer.has(422).json["errors"]
        assert errors != []
        assert all(isinstance(error, str) and error.strip() for error in errors)


def test_error_names_the_parameter(paydirt: Service) -> None:
    assert "duration" in ask(paydirt, "POST", "/time", query={"duration": "an hour", "job_id": 148}).json["errors"][0]
    assert "business_name" in ask(paydirt, "POST", "/clients").json["errors"][0]


def test_wrong_and_missing_are_told_apart(paydirt: Service) -> None:
    assert ask(paydirt, "POST", "/time", query={"duration": 60}).has(422).json == {"errors": ["job_id is missing"]}
    assert ask(paydirt, "POST", "/time", query={"duration": 60, "job_id": "x"}).has(422).json == {"errors": ["job_id is invalid"]}
    assert ask(paydirt, "GET", "/time", query={"user_id": "x"}).has(422).json == {"errors": ["user_id is invalid"]}


@pytest.mark.parametrize("given", [{}, {"duration": ""}, {"duration[]": 60}, {"ended_at": "2014-07-01T10:00:00.000Z"}])
def test_time_without_a_duration_is_refused(paydirt: Service, given: dict[str, Any]) -> None:
    before = rows(paydirt, "/time")
    assert ask(paydirt, "POST", "/time", query={"job_id": 148, **given}).has(422).json == {"errors": ["duration is missing"]}
    assert rows(paydirt, "/time") == before


def test_time_has_a_duration_or_a_start(paydirt: Service) -> None:
    span = {"started_at": "2014-07-01T09:00:00.000Z", "ended_at": "2014-07-01T10:00:00.000Z"}
    made = ask(paydirt, "POST", "/time", query={"job_id": 148, **span}).has(200).json["time_log"]
    assert {name: made[name] for name in span} == span
    assert made["duration"] is None
    assert ask(paydirt, "POST", "/time", query={"job_id": 148, "duration": 0}).has(200).json["time_log"]["duration"] == 0


def test_number_that_cannot_be_kept_is_refused(paydirt: Service) -> None:
    for duration in (2**53, 10**30, 1e300):
        ask(paydirt, "POST", "/time", json={"job_id": 148, "duration": duration}).has(422)


def test_refusals_have_an_order(paydirt: Service) -> None:
    ask(paydirt, "POST", "/clients", who=None).has(401)
    ask(paydirt, "POST", "/clients", who="limited").has(403)
    ask(paydirt, "GET", "/clients/999999", who="limited").has(403)
    ask(paydirt, "POST", "/clients").has(422)


def test_unknown_path_and_method_are_told_apart(paydirt: Service) -> None:
    ask(paydirt, "GET", "/invoices").has(404)
    answer = ask(paydirt, "PATCH", "/clients").has(405)
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_head_is_get_without_a_body(paydirt: Service) -> None:
    get, head = (ask(paydirt, method, "/clients") for method in ("GET", "HEAD"))
    assert (head.status, head.body, int(head.headers["content-length"])) == (200, b"", len(get.body))


def test_plain_http_is_answered(paydirt: Service) -> None:
    ask(paydirt, "GET", "/clients", url=paydirt.plain_url).has(200)
