"""The RPC API, clause by clause, over HTTP."""

from __future__ import annotations

import json as jsons
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.served.clauses import clause
from tests.served.wire import NOON, Answer, Service

CALLERS = {
    "full": ("acme-switchboard", "full-token"),
    "second": ("acme-crm", "second-token"),
    "limited": ("acme-wallboard", "limited-token"),
    "other": ("globex-crm", "other-token"),
    "nobody": ("acme-switchboard", "no-token"),
    "mixed": ("acme-switchboard", "second-token"),
}

CALLS: dict[str, dict[str, Any]] = {
    "contacts/create": {"name": "Ada"},
    "contacts/list": {},
    "contacts/info": {"id": 1},
    "contacts/update": {"id": 1, "company": "Analytical Engines Ltd"},
    "calls/list": {},
    "units/create": {"name": "Lobby", "extension": "99"},
    "units/list": {},
    "contacts/delete": {"id": 2},
}
"""A call of each action that succeeds."""

LISTS = ("contacts/list", "calls/list", "units/list")

MEMBERS = {"status", "time", "flags", "data"}


def ask(api: Service, action: str, parameters: Any = None, *, who: str | None = "full", method: str = "POST", **sent: Any) -> Answer:
    """The answer to an action of one of the seeded callers; `who` None is a stranger."""
    headers = sent.pop("headers", {})
    if who is not None:
        headers = dict(zip(("X-Auth-Application", "X-Auth-Token"), CALLERS[who], strict=True)) | headers
    if "body" not in sent:
        sent["json"] = {} if parameters is None else parameters
    return api.call(method, f"/{action}", headers=headers, **sent)


def done(api: Service, action: str, parameters: Any = None, who: str = "full") -> dict[str, Any]:
    """The envelope of a call that succeeds."""
    body: dict[str, Any] = ask(api, action, parameters, who=who).has(200).json
    assert isinstance(body, dict)
    assert body.get("status") == "success"
    assert set(body) >= MEMBERS
    return body


def failures(api: Service) -> dict[str, Answer]:
    """An answer to each kind of failure that lies within the envelope."""
    return {
        "missing parameter": ask(api, "contacts/info", {}),
        "wrong type": ask(api, "contacts/info", {"id": "one"}),
        "wrong page": ask(api, "contacts/list", {"per_page": "many"}),
        "no object": ask(api, "contacts/info", [1]),
        "no JSON": ask(api, "contacts/info", body=b"{", headers={"content-type": "application/json"}),
        "invalid record": ask(api, "contacts/create", {"name": ""}),
        "unknown record": ask(api, "contacts/info", {"id": 999_999}),
        "stranger": ask(api, "contacts/list", who=None),
        "wrong token": ask(api, "contacts/list", who="nobody"),
        "denied": ask(api, "contacts/create", {"name": "Ada"}, who="limited"),
    }


# Actions


@clause("moonrope/rpc/action")
def test_each_action_has_its_url(moonrope: Service) -> None:
    for action, parameters in CALLS.items():
        done(moonrope, action, parameters)


@clause("moonrope/rpc/action", "unknown_succeeds")
def test_what_is_no_action_does_not_succeed(moonrope: Service) -> None:
    for action in ("contacts/nothing", "nothing/list", "contacts", "contacts/list/1"):
        assert ask(moonrope, action).has(400).json["status"] == "invalid-controller-or-action"


@clause("moonrope/transport/https")
def test_plain_http_never_succeeds(moonrope: Service) -> None:
    for action, parameters in CALLS.items():
        answer = ask(moonrope, action, parameters, url=moonrope.plain_url).has(400)
        assert answer.json["status"] == "http-not-supported"
    assert "Ada" not in [contact["name"] for contact in done(moonrope, "contacts/list", {"per_page": 60})["data"]]


@clause("moonrope/request/post-json")
def test_parameters_are_read_from_the_body(moonrope: Service) -> None:
    assert done(moonrope, "contacts/info", {"id": 3})["data"]["id"] == 3
    made = done(moonrope, "contacts/create", {"name": "Ægir", "category": "supplier"})["data"]
    assert (made["name"], made["category"]) == ("Ægir", "supplier")
    assert done(moonrope, "contacts/info", {"id": made["id"]})["data"] == made


def test_parameters_may_stand_in_a_form(moonrope: Service) -> None:
    sent = b"params=" + quote(jsons.dumps({"id": 3})).encode()
    answer = ask(moonrope, "contacts/info", body=sent, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.json["data"]["id"] == 3


def test_any_method_is_taken(moonrope: Service) -> None:
    for method in ("GET", "PUT", "PATCH"):
        assert ask(moonrope, "contacts/info", {"id": 3}, method=method).has(200).json["data"]["id"] == 3
    head = ask(moonrope, "contacts/list", method="HEAD")
    assert (head.status, head.body) == (200, b"")


@clause("moonrope/content/json")
def test_every_answer_is_json(moonrope: Service) -> None:
    answers = [ask(moonrope, action, parameters) for action, parameters in CALLS.items()]
    answers += [*failures(moonrope).values(), ask(moonrope, "nothing/list"), ask(moonrope, "contacts/list", url=moonrope.plain_url)]
    for answer in answers:
        assert answer.media == "application/json"
        assert isinstance(answer.json, dict)


def test_changes_are_kept(moonrope: Service) -> None:
    before = done(moonrope, "contacts/info", {"id": 1})["data"]
    after = done(moonrope, "contacts/update", {"id": 1, "blocked": True})["data"]
    assert after == {**before, "blocked": True} == done(moonrope, "contacts/info", {"id": 1})["data"]
    assert done(moonrope, "contacts/delete", {"id": 1})["data"] == {}
    assert ask(moonrope, "contacts/info", {"id": 1}).has(200).json["status"] == "not-found"


def test_balance_is_not_the_callers_to_set(moonrope: Service) -> None:
    assert done(moonrope, "contacts/create", {"name": "Ada", "balance": 1000})["data"]["balance"] == 0


# Credentials


@clause("moonrope/auth/access-denied")
def test_every_action_asks_for_credentials(moonrope: Service) -> None:
    for action, parameters in CALLS.items():
        for who in (None, "nobody", "mixed"):
            answer = ask(moonrope, action, parameters, who=who).has(200)
            assert answer.json["status"] == "access-denied"
            assert answer.json["time"] is None
            assert isinstance(answer.json["data"], dict)
    assert done(moonrope, "contacts/info", {"id": 2})["data"]["id"] == 2


@clause("moonrope/auth/access-denied", "invalid_accepted")
def test_wrong_token_is_refused(moonrope: Service) -> None:
    assert ask(moonrope, "contacts/list", who="nobody").has(200).json["status"] == "access-denied"


def test_half_a_credential_is_none(moonrope: Service) -> None:
    for name, value in zip(("X-Auth-Application", "X-Auth-Token"), CALLERS["full"], strict=True):
        assert ask(moonrope, "contacts/list", who=None, headers={name: value}).json["status"] == "access-denied"


def test_limited_caller_only_reads(moonrope: Service) -> None:
    done(moonrope, "contacts/list", who="limited")
    done(moonrope, "contacts/info", {"id": 1}, who="limited")
    for action in ("contacts/create", "contacts/update", "contacts/delete", "units/create"):
        assert ask(moonrope, action, CALLS[action], who="limited").has(200).json["status"] == "access-denied"


def test_accounts_do_not_meet(moonrope: Service) -> None:
    foreign = done(moonrope, "contacts/list", who="other")["data"][0]["id"]
    assert ask(moonrope, "contacts/info", {"id": foreign}).has(200).json["status"] == "not-found"


# The envelope


@clause("moonrope/envelope/hash")
def test_every_body_has_the_four_members(moonrope: Service) -> None:
    answers = [ask(moonrope, action, parameters) for action, parameters in CALLS.items()] * 3
    for answer in (*answers, *failures(moonrope).values()):
        assert isinstance(answer.json, dict)
        assert set(answer.json) == MEMBERS


def test_members_stand_as_in_the_sample(moonrope: Service) -> None:
    answers = [ask(moonrope, action, parameters) for action, parameters in CALLS.items()]
    for answer in (*answers, *failures(moonrope).values()):
        assert list(answer.json) == ["status", "time", "flags", "data"]


@clause("moonrope/envelope/hash", "null_on_failure")
def test_failure_is_an_object(moonrope: Service) -> None:
    assert isinstance(failures(moonrope)["unknown record"].json, dict)


@clause("moonrope/envelope/status")
def test_status_says_success_of_successes_alone(moonrope: Service) -> None:
    for answer in failures(moonrope).values():
        assert isinstance(answer.json.get("status"), str)
        assert answer.json["status"] not in ("", "success")
    for action, parameters in CALLS.items():
        assert ask(moonrope, action, parameters).json.get("status") == "success", action


def test_status_tells_what_went_wrong(moonrope: Service) -> None:
    told = {failure: answer.json["status"] for failure, answer in failures(moonrope).items()}
    assert told == {
        "missing parameter": "parameter-error",
        "wrong type": "parameter-error",
        "wrong page": "parameter-error",
        "no object": "parameter-error",
        "no JSON": "parameter-error",
        "invalid record": "validation-error",
        "unknown record": "not-found",
        "stranger": "access-denied",
        "wrong token": "access-denied",
        "denied": "access-denied",
    }


@clause("moonrope/envelope/time")
def test_time_is_what_the_server_took(moonrope: Service) -> None:
    moonrope.engine.clock.run()
    for action, parameters in CALLS.items():
        started = time.monotonic()
        body = ask(moonrope, action, parameters).has(200).json
        elapsed = time.monotonic() - started
        assert type(body.get("time")) in (int, float)
        assert 0 <= body["time"] <= elapsed + 0.005
        assert round(body["time"], 2) == body["time"]


@clause("moonrope/envelope/flags")
def test_flags_are_an_object(moonrope: Service) -> None:
    answers = [ask(moonrope, action, parameters) for action, parameters in CALLS.items()] * 3
    for answer in (*answers, *failures(moonrope).values()):
        assert isinstance(answer.json.get("flags"), dict)


@clause("moonrope/envelope/data")
def test_data_holds_the_result_or_the_details(moonrope: Service) -> None:
    for answer in (failures(moonrope) | failures(moonrope) | {"again": failures(moonrope)["unknown record"]}).values():
        assert isinstance(answer.json.get("data"), dict)
        assert set(answer.json["data"]) in ({"message"}, {"errors"})
    for action, parameters in CALLS.items():
        assert isinstance(ask(moonrope, action, parameters).json["data"], list if action in LISTS else dict)


@clause("moonrope/status/http")
def test_outcome_is_not_in_the_http_status(moonrope: Service) -> None:
    assert {failure: answer.status for failure, answer in failures(moonrope).items() if answer.status != 200} == {}


@clause("moonrope/status/http", "huge_page_fails")
def test_page_of_any_number_is_not_in_the_http_status(moonrope: Service) -> None:
    for action in LISTS:
        for page in (2**31, 2**63, 10**30):
            ask(moonrope, action, {"page": page}).has(200)


def test_server_error_is_in_the_http_status(moonrope: Service) -> None:
    for code in (500, 503):
        answer = ask(moonrope, "contacts/list", headers={"prefer": f"code={code}"}).has(code)
        assert answer.json["status"] == "error"


@clause("moonrope/error/parameter")
def test_wrong_parameters_are_told_with_details(moonrope: Service) -> None:
    wrong: list[tuple[str, Any]] = [
        (action, value) for action in ("contacts/info", "contacts/update", "contacts/delete") for value in ({}, {"id": "one"}, {"id": None}, [], 7, "x", None)
    ]
    wrong += [(action, value) for action in ("contacts/create", "units/create") for value in ({}, {"name": 7}, [], "x")]
    wrong += [(action, value) for action in LISTS for value in ({"page": "one"}, {"per_page": []}, {"sort_by": 7}, {"filters": "x"}, [], 7)]
    for action, value in wrong:
        answer = ask(moonrope, action, body=jsons.dumps(value).encode(), headers={"content-type": "application/json"}).has(200)
        assert answer.json["status"] in ("parameter-error", "validation-error"), f"{action} {value}"
        assert isinstance(answer.json["data"], dict)
        assert answer.json["data"] != {}
    for action in CALLS:
        answer = ask(moonrope, action, body=b'{"id": ', headers={"content-type": "application/json"}).has(200)
        assert answer.json["status"] == "parameter-error", action


@pytest.mark.parametrize("body", [b"[]", b"7", b'"x"', b"null", b"{"])
def test_parameters_are_an_object(moonrope: Service, body: bytes) -> None:
    for action in CALLS:
        for sent, media in ((body, "application/json"), (b"params=" + body, "application/x-www-form-urlencoded")):
            answer = ask(moonrope, action, body=sent, headers={"content-type": media}).has(200).json
            assert (answer["status"], answer["data"]) == ("parameter-error", {"message": "The parameters are not a JSON object."}), action


# Pages


@clause("moonrope/page/flags")
def test_flags_agree_with_the_data(moonrope: Service) -> None:
    for action in LISTS:
        total = len(done(moonrope, action, {"per_page": 60})["data"])
        total = total if total < 60 else 60 + len(done(moonrope, action, {"per_page": 60, "page": 2})["data"])
        total = total if total < 120 else 120 + len(done(moonrope, action, {"per_page": 60, "page": 3})["data"])
        for page, size in ((1, 7), (2, 7), (1, None), (3, 11)):
            body = done(moonrope, action, {"page": page, **({} if size is None else {"per_page": size})})
            told, length = body["flags"].get("paginated"), size or 30
            assert told == {"page": page, "per_page": length, "total_pages": -(-total // length), "total_records": total}
            assert [type(number) for number in told.values()] == [int] * 4
            assert len(body["data"]) == min(length, total - (page - 1) * length)


@clause("moonrope/page/flags", "size_as_asked")
def test_flags_tell_the_size_that_was_taken(moonrope: Service) -> None:
    for size in (100, 100_000):
        body = done(moonrope, "calls/list", {"per_page": size})
        told = body["flags"].get("paginated", {})
        assert told.get("total_records", 0) > 60
        assert told["total_pages"] == -(-told["total_records"] // told["per_page"])
        assert len(body["data"]) == min(told["per_page"], told["total_records"])


@clause("moonrope/page/flags", "single_lost")
def test_page_of_one_has_one_record(moonrope: Service) -> None:
    for action in LISTS:
        whole = done(moonrope, action, {"per_page": 3})["data"]
        pages = [done(moonrope, action, {"per_page": 1, "page": page}) for page in (1, 2, 3)]
        assert [record for page in pages for record in page["data"]] == whole
        assert [page["flags"].get("paginated", {}).get("per_page") for page in pages] == [1, 1, 1]


@clause("moonrope/page/walk")
def test_walk_meets_every_record_once(moonrope: Service) -> None:
    last = done(moonrope, "contacts/create", {"name": "The last"})["data"]["id"]
    for action in LISTS:
        told = done(moonrope, action, {"per_page": 7})["flags"]["paginated"]
        pages = [done(moonrope, action, {"per_page": 7, "page": page})["data"] for page in range(1, told["total_pages"] + 1)]
        met = [record["id"] for page in pages for record in page]
        assert len(met) == len(set(met)) == told["total_records"]
        assert all(len(page) == 7 for page in pages[:-1])
        assert action != "contacts/list" or last in met
        assert done(moonrope, action, {"per_page": 7, "page": told["total_pages"] + 1})["data"] == []


def test_sizes_out_of_bounds_are_bent(moonrope: Service) -> None:
    for size, taken in ((0, 60), (-1, 60), (60, 60), (61, 60), (100_000, 60), (10**30, 60)):
        assert done(moonrope, "calls/list", {"per_page": size})["flags"]["paginated"]["per_page"] == taken


def test_whole_number_may_have_a_fraction_of_zero(moonrope: Service) -> None:
    body = done(moonrope, "calls/list", {"per_page": 7.0, "page": 2.0})
    assert body == done(moonrope, "calls/list", {"per_page": 7, "page": 2})
    assert (body["flags"]["paginated"]["page"], len(body["data"])) == (2, 7)
    assert done(moonrope, "calls/list", {"page": 10**30})["data"] == []


def everything(api: Service, action: str, **parameters: Any) -> list[dict[str, Any]]:
    pages = done(api, action, {"per_page": 60, **parameters})["flags"]["paginated"]["total_pages"]
    return [record for page in range(1, pages + 1) for record in done(api, action, {"per_page": 60, "page": page, **parameters})["data"]]


@pytest.mark.parametrize(("direction", "sign"), [("asc", 1), ("desc", -1)])
def test_lists_sort_by_a_number(moonrope: Service, direction: str, sign: int) -> None:
    found = [call["duration"] for call in everything(moonrope, "calls/list", sort_by="duration", order=direction)]
    assert found == sorted(found, reverse=sign < 0)
    flags = done(moonrope, "calls/list", {"sort_by": "duration", "order": direction})["flags"]
    assert flags["sorted"] == {"by": "duration", "order": direction}


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("eq", lambda own: own == 500),
        ("not_eq", lambda own: own != 500),
        ("gt", lambda own: own > 500),
        ("gte", lambda own: own >= 500),
        ("lt", lambda own: own < 500),
        ("lte", lambda own: own <= 500),
    ],
)
def test_lists_filter_by_operators(moonrope: Service, operator: str, holds: Any) -> None:
    whole = everything(moonrope, "contacts/list")
    found = everything(moonrope, "contacts/list", filters={"balance": {"operator": operator, "value": 500}})
    assert found == [contact for contact in whole if holds(contact["balance"])] != []


def test_filters_are_told_with_their_operators(moonrope: Service) -> None:
    span = [{"operator": "gt", "value": 0}, {"operator": "lte", "value": 500}]
    body = done(moonrope, "contacts/list", {"filters": {"category": "customer", "blocked": {"value": False}, "balance": span}, "per_page": 60})
    equal = {"category": {"operator": "eq", "value": "customer"}, "blocked": {"operator": "eq", "value": False}}
    assert body["flags"]["filters"] == {**equal, "balance": span}
    whole = everything(moonrope, "contacts/list")
    wanted = [one for one in whole if one["category"] == "customer" and not one["blocked"] and 0 < one["balance"] <= 500]
    assert body["data"] == wanted != []


@pytest.mark.parametrize("asked", [{}, {"operator": "eq"}, {"operator": "near", "value": 1}, {"operator": 1, "value": 1}, {"operator": None, "value": 1}])
def test_filter_that_says_too_little_is_refused(moonrope: Service, asked: dict[str, Any]) -> None:
    answer = ask(moonrope, "contacts/list", {"filters": {"balance": asked}}).has(200).json
    assert (answer["status"], answer["flags"]) == ("parameter-error", {})


def test_refusals_have_an_order(moonrope: Service) -> None:
    assert ask(moonrope, "nothing/list", who=None).json["status"] == "invalid-controller-or-action"
    assert ask(moonrope, "contacts/info", {"id": "x"}, who=None).json["status"] == "access-denied"
    assert ask(moonrope, "contacts/update", {"id": "x"}, who="limited").json["status"] == "access-denied"
    assert ask(moonrope, "contacts/update", {"name": ""}).json["status"] == "parameter-error"
    assert ask(moonrope, "contacts/update", {"id": "x", "name": ""}).json["status"] == "parameter-error"
    assert ask(moonrope, "contacts/update", {"id": 999_999, "name": ""}).json["status"] == "not-found"
    assert ask(moonrope, "contacts/update", {"id": 1, "name": ""}).json["status"] == "validation-error"


def test_clock_is_the_tests_own(moonrope: Service) -> None:
    assert moonrope.engine.clock.now() == NOON
    assert done(moonrope, "contacts/list")["time"] == 0
