"""88 Miles, clause by clause, over HTTP."""

from __future__ import annotations

import json as jsons
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest

from tests.served.clauses import clause, each
from tests.served.wire import NOON, Answer, Service, basic

TOKENS = {"full": "miles-full-token", "second": "miles-second-token", "limited": "miles-limited-token", "other": "miles-other-token"}

USERS = {"full": "0129a92a-5dd1-4da9-b4c6-ff5aeaf19d24", "second": "5532e8ba-3083-449e-b945-e4b665c1d4b4"}

COMPANY, ANOTHER_COMPANY, FOREIGN_COMPANY = (
    "935956d8-a094-4948-ac47-d84d10a62eff",
    "3e326ff3-f1f1-4ba7-96cf-b887c1446cb5",
    "4e356a17-23b5-49a2-af96-83b4ab79e6cc",
)

NOBODY = "00000000-0000-4000-8000-000000000000"

DOCUMENTED: dict[str, Any] = jsons.loads((Path(__file__).parent / "documented" / "88miles.json").read_text(encoding="utf-8"))
"""The document's examples, by operation."""

OPTIONAL = {"time_left", "overdue", "nearly_overdue", "started_at", "tag_list", "invoice_amount", "billable_by_default", "user_uuids"}
"""Members that the document describes and no example of a plain answer shows."""

TYPES: dict[str, tuple[type, ...]] = {
    "active": (str,),
    "company_uuid": (str,),
    "default_tags": (str, type(None)),
    "hourly_rate": (str, type(None)),
    "hourly_rate_cents": (int, type(None)),
    "name": (str,),
    "notes": (str, type(None)),
    "time_limit": (int, type(None)),
    "time_limit_string": (str, type(None)),
    "uuid": (str,),
    "visibility": (str,),
    "activities": (list,),
    "grand_total": (int,),
}


@dataclass(frozen=True)
class Operation:
    """One of the operations: its plain path, whether there is one under a company, and what it may be refused with."""

    method: str
    path: str
    example: str
    refusals: tuple[int, ...] = (401, 403, 404)
    nested: bool = False

    def at(self, uuid: str, company: str = COMPANY) -> str:
        return (f"/companies/{company}" if self.nested else "") + self.path.replace(":uuid", uuid)

    @property
    def action(self) -> bool:
        return self.method == "POST" and ":uuid" in self.path


def _operations() -> dict[str, Operation]:
    invalid = (401, 403, 404, 422)
    plain = {
        "list": Operation("GET", "/projects.json", "list", (401, 403)),
        "show": Operation("GET", "/projects/:uuid.json", "show"),
        "create": Operation("POST", "/projects.json", "create", invalid),
        "update": Operation("PUT", "/projects/:uuid.json", "update", invalid),
        "delete": Operation("DELETE", "/projects/:uuid.json", ""),
        **{name: Operation("POST", f"/projects/:uuid/{name.replace('-', '_')}.json", name) for name in ("punch-in", "punch-out", "sign-off", "reopen")},
    }
    nested = {f"{name}-in-company": Operation(one.method, one.path, one.example, one.refusals or (401, 403, 404), True) for name, one in plain.items()}
    return {f"88miles/operation/{name}": one for name, one in {**plain, **nested}.items()}


OPERATIONS = _operations()

ACTIONS = ("punch_in", "punch_out", "sign_off", "reopen")


def ask(api: Service, method: str, path: str, query: Any = "", *, who: str | None = "full", headers: dict[str, str] | None = None, **sent: Any) -> Answer:
    """The answer to one of the seeded users; `who` None is a stranger."""
    given = {} if who is None else {"authorization": f"Bearer {TOKENS.get(who, who)}"}
    return api.call(method, path, query, headers={**given, **(headers or {})}, **sent)


def perform(api: Service, one: Operation, uuid: str, company: str = COMPANY, who: str | None = "full", headers: dict[str, str] | None = None) -> Answer:
    """The answer to a valid call of an operation."""
    sent: dict[str, Any] = {}
    if one.example == "create":
        sent["json"] = {"project": {"name": "Made", "company_uuid": COMPANY, "visibility": "private"}}
    elif one.example == "update":
        sent["json"] = {"project": {"name": "Changed"}}
    return ask(api, one.method, one.at(uuid, company), who=who, headers=headers, **sent)


def shown(answer: Answer) -> Any:
    """What stands under `response` of a success."""
    body = answer.has(200).json
    assert isinstance(body, dict)
    assert "response" in body
    return body["response"]


def projects(api: Service, query: Any = "", who: str = "full", company: str | None = None) -> list[dict[str, Any]]:
    path = "/projects.json" if company is None else f"/companies/{company}/projects.json"
    found = shown(ask(api, "GET", path, query, who=who))
    assert isinstance(found, list)
    return found


def made(api: Service, who: str = "full", **members: Any) -> dict[str, Any]:
    """A project that has just been made."""
    found = shown(ask(api, "POST", "/projects.json", who=who, json={"project": {"name": "Made", "company_uuid": COMPANY, **members}}))
    assert isinstance(found, dict)
    assert "uuid" in found
    return found


def show(api: Service, uuid: str, who: str = "full") -> dict[str, Any]:
    found: dict[str, Any] = shown(ask(api, "GET", f"/projects/{uuid}.json", who=who))
    return found


def act(api: Service, uuid: str, action: str, query: Any = "", who: str = "full") -> dict[str, Any]:
    found: dict[str, Any] = shown(ask(api, "POST", f"/projects/{uuid}/{action}.json", query, who=who))
    return found


def update(api: Service, uuid: str, who: str = "full", **members: Any) -> dict[str, Any]:
    """The project after an update: of the plain answers, this one tells whether it runs."""
    found: dict[str, Any] = shown(ask(api, "PUT", f"/projects/{uuid}.json", who=who, json={"project": members}))
    return found


# Each operation


@each(OPERATIONS)
def test_operation_answers_as_documented(miles: Service, case: Operation) -> None:
    uuid = made(miles)["uuid"]
    for status, who in ((401, None), (401, "nobody"), (403, "limited")):
        perform(miles, case, uuid, who=who).has(status)
    if ":uuid" in case.path:
        perform(miles, case, NOBODY).has(404)
    if case.nested:
        perform(miles, case, uuid, company=NOBODY).has(404)
    if 422 in case.refusals:
        answer = ask(miles, case.method, case.at(uuid), json={"project": {"name": "", "company_uuid": COMPANY}}).has(422)
        assert isinstance(answer.json["error"], str)
    answer = perform(miles, case, uuid).has(200)
    if case.example == "":
        assert answer.body == b""
        return
    example = DOCUMENTED[case.example]
    assert set(answer.json) == set(example)
    if case.example == "list":
        assert all(set(example["response"][0]) <= set(project) <= set(example["response"][0]) | OPTIONAL for project in answer.json["response"])
    else:
        assert list(answer.json["response"]) == list(example["response"])


@each({name: one for name, one in OPERATIONS.items() if one.example in ("create", "update")}, "letters_lost")
def test_letters_outside_of_ascii_are_kept(miles: Service, case: Operation) -> None:
    given = {"name": "Ærø, Привет, 日本語 🚀", "notes": "naïve café"}
    sent = {"project": {"company_uuid": COMPANY, **given}}
    answered = shown(ask(miles, case.method, case.at(made(miles)["uuid"]), json=sent))
    for project in (answered, show(miles, answered["uuid"])):
        assert {name: project[name] for name in given} == given


@pytest.mark.parametrize("operation", OPERATIONS)
def test_documented_example_comes_on_demand(miles: Service, operation: str) -> None:
    case = OPERATIONS[operation]
    answer = perform(miles, case, NOBODY, headers={"prefer": "code=200"}).has(200)
    if case.example == "":
        assert answer.body == b""
    else:
        assert answer.json == DOCUMENTED[case.example]


@pytest.mark.parametrize("action", ACTIONS)
def test_action_is_no_delete(miles: Service, action: str) -> None:
    answer = ask(miles, "DELETE", f"/projects/{made(miles)['uuid']}/{action}.json").has(405)
    assert set(answer.headers["allow"].split(", ")) == {"POST", "OPTIONS"}


def test_head_is_get_without_a_body(miles: Service) -> None:
    get, head = (ask(miles, method, "/projects.json") for method in ("GET", "HEAD"))
    assert (head.status, head.body, int(head.headers["content-length"])) == (200, b"", len(get.body))


def test_options_tells_the_methods(miles: Service) -> None:
    answer = ask(miles, "OPTIONS", f"/projects/{NOBODY}.json")
    assert 200 <= answer.status < 300
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}


# Formats and envelope


def readable(api: Service) -> list[str]:
    """The paths that a GET answers, without a suffix."""
    uuid = made(api)["uuid"]
    return ["/projects", f"/companies/{COMPANY}/projects", f"/projects/{uuid}", f"/companies/{COMPANY}/projects/{uuid}"]


@clause("88miles/format/json")
def test_suffix_makes_no_difference(miles: Service) -> None:
    for path in readable(miles):
        plain, suffixed = ask(miles, "GET", path), ask(miles, "GET", path + ".json")
        assert plain.has(200).json == suffixed.has(200).json
        assert plain.media == suffixed.media == "application/json"


@clause("88miles/format/jsonp")
def test_callback_wraps_the_document(miles: Service) -> None:
    for path in readable(miles):
        document = ask(miles, "GET", path + ".json").json
        for name, suffix in (("render", ".json"), ("app.render_2$", ""), ("render", ".jsonp")):
            answer = ask(miles, "GET", path + suffix, {"callback": name}).has(200)
            assert answer.media == "application/javascript"
            script = answer.body.decode().removeprefix("/**/")
            assert script.startswith(f"{name}(")
            assert script.endswith(");")
            assert jsons.loads(script[len(name) + 1 : -2]) == document


def test_callback_wraps_refusals(miles: Service) -> None:
    answer = ask(miles, "GET", f"/projects/{NOBODY}.json", {"callback": "render"}).has(404)
    assert (answer.media, answer.body[:11]) == ("application/javascript", b"/**/render(")


@pytest.mark.parametrize("name", ["a-b", "1a", "alert(1)//", "a b", "<script>", ""])
def test_callback_must_be_a_name(miles: Service, name: str) -> None:
    answer = ask(miles, "GET", "/projects.json", {"callback": name}).has(422)
    assert answer.media == "application/json"


def test_line_separators_do_not_end_the_script(miles: Service) -> None:
    project = made(miles, notes="a\u2028b\u2029c")
    body = ask(miles, "GET", f"/projects/{project['uuid']}.json", {"callback": "f"}).body.decode()
    assert "\u2028" not in body
    assert jsons.loads(body[len("/**/f(") : -2])["response"]["notes"] == "a\u2028b\u2029c"


def test_writes_are_not_wrapped(miles: Service) -> None:
    answer = ask(miles, "POST", "/projects.json", {"callback": "f"}, json={"project": {"name": "Made", "company_uuid": COMPANY}})
    assert answer.has(200).media == "application/json"


@clause("88miles/envelope/response")
def test_success_stands_under_response(miles: Service) -> None:
    for _ in range(3):
        for one in OPERATIONS.values():
            if one.example:
                assert isinstance(shown(perform(miles, one, made(miles)["uuid"])), list if one.example == "list" else dict)


@clause("88miles/envelope/count")
def test_list_is_counted(miles: Service) -> None:
    for path in ("/projects.json", f"/companies/{COMPANY}/projects.json"):
        for query in ({}, {"where": 'name ~= "quia"'}, {"where": 'name = "no such name"'}):
            body = ask(miles, "GET", path, query).has(200).json
            assert type(body.get("count")) is int
            assert body["count"] == len(body["response"])


@clause("88miles/envelope/delete")
def test_delete_answers_no_document(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        answer = ask(miles, "DELETE", f"{path}/{made(miles)['uuid']}.json")
        assert (answer.status, answer.body) == (200, b"")


# Who may


@clause("88miles/auth/missing")
def test_every_operation_asks_for_a_token(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    for one in OPERATIONS.values():
        for who in (None, "nobody", ""):
            perform(miles, one, uuid, who=who).has(401)
    assert show(miles, uuid)["name"] == "Made"


def test_token_is_taken_in_no_other_place(miles: Service) -> None:
    token = TOKENS["full"]
    miles.call("GET", "/projects.json", headers={"authorization": basic(token)}).has(401)
    miles.call("GET", "/projects.json", {"token": token}).has(401)
    miles.call("GET", "/projects.json", headers={"authorization": token}).has(401)


@clause("88miles/auth/read-denied")
def test_limited_user_may_do_nothing(miles: Service) -> None:
    project = made(miles, visibility="public")
    before = projects(miles)
    for one in OPERATIONS.values():
        perform(miles, one, project["uuid"], who="limited").has(403)
    assert projects(miles) == before


def test_refusals_have_an_order(miles: Service) -> None:
    bad = {"project": {"name": ""}}
    ask(miles, "PUT", f"/projects/{NOBODY}.json", who=None, json=bad).has(401)
    ask(miles, "PUT", f"/projects/{NOBODY}.json", who="limited", json=bad).has(403)
    ask(miles, "PUT", f"/projects/{NOBODY}.json", json=bad).has(404)
    ask(miles, "PUT", f"/projects/{made(miles)['uuid']}.json", json=bad).has(422)
    ask(miles, "POST", f"/companies/{NOBODY}/projects.json", json=bad).has(404)
    ask(miles, "POST", f"/companies/{COMPANY}/projects.json", json=bad).has(422)
    for method, path in (("POST", "/projects.json"), ("PUT", f"/projects/{made(miles)['uuid']}.json")):
        ask(miles, method, path, json={"project": {"name": "", "company_uuid": NOBODY}}).has(404)
        ask(miles, method, path, json={"project": {"name": "Made", "company_uuid": "none"}}).has(422)


@clause("88miles/list/own")
def test_projects_of_others_are_not_seen(miles: Service) -> None:
    private = made(miles, "second", visibility="private")["uuid"]
    foreign = [project["uuid"] for project in projects(miles, who="other")]
    seen = {project["uuid"] for project in projects(miles)} | {project["uuid"] for project in projects(miles, company=COMPANY)}
    assert private not in seen
    assert not seen & set(foreign)
    for uuid in (private, *foreign):
        ask(miles, "GET", f"/projects/{uuid}.json").has(404)
    ask(miles, "GET", f"/companies/{COMPANY}/projects/{private}.json").has(404)


@clause("88miles/list/own", "others_shown")
def test_project_of_another_user_is_not_there(miles: Service) -> None:
    uuid = made(miles, "second", visibility="private")["uuid"]
    for one in OPERATIONS.values():
        if ":uuid" in one.path:
            perform(miles, one, uuid).has(404)
    assert show(miles, uuid, "second")["name"] == "Made"


def test_public_project_is_everybodys_of_the_account(miles: Service) -> None:
    uuid = made(miles, visibility="public")["uuid"]
    assert uuid in [project["uuid"] for project in projects(miles, who="second")]
    assert show(miles, uuid, "second")["visibility"] == "public"
    ask(miles, "GET", f"/projects/{uuid}.json", who="other").has(404)


def test_custom_project_is_seen_by_those_it_names(miles: Service) -> None:
    named = made(miles, visibility="custom", user_uuids=[USERS["second"]])["uuid"]
    unnamed = made(miles, visibility="custom", user_uuids=[])["uuid"]
    assert show(miles, named, "second")["uuid"] == named
    ask(miles, "GET", f"/projects/{unnamed}.json", who="second").has(404)
    assert {named, unnamed} <= {project["uuid"] for project in projects(miles)}


def test_project_that_turns_private_is_lost_to_others(miles: Service) -> None:
    uuid = made(miles, visibility="public")["uuid"]
    update(miles, uuid, visibility="private")
    ask(miles, "GET", f"/projects/{uuid}.json", who="second").has(404)


# Companies


@clause("88miles/list/company")
def test_company_lists_its_projects_alone(miles: Service) -> None:
    whole = projects(miles)
    companies = {project["company_uuid"] for project in whole}
    assert len(companies) > 3
    for company in companies:
        assert projects(miles, company=company) == [project for project in whole if project["company_uuid"] == company]


@clause("88miles/nested/same")
def test_nested_paths_do_what_plain_ones_do(miles: Service) -> None:
    for name, nested in OPERATIONS.items():
        plain = OPERATIONS[name.removesuffix("-in-company")]
        if not nested.nested or nested.example == "list":
            continue
        effects = []
        for one in (nested, plain):
            uuid = made(miles, **{"active": "false"} if one.example == "reopen" else {})["uuid"]
            if one.example == "punch-out":
                act(miles, uuid, "punch_in")
            miles.engine.clock.freeze(NOON + 60)
            answer = perform(miles, one, uuid)
            after = ask(miles, "GET", f"/projects/{uuid}.json")
            effects.append((answer.status, _alike(answer, uuid), after.status, _alike(after, uuid), _runs(miles, uuid)))
            miles.engine.clock.freeze(NOON)
        assert effects[0] == effects[1], name


def _alike(answer: Answer, uuid: str) -> Any:
    """What an answer says, without what tells two projects apart."""
    if answer.body == b"":
        return None
    record = dict(answer.json.get("response", answer.json))
    record["current_shift"] = {**record.get("current_shift", {}), "uuid": "", "project_uuid": record.get("uuid")}
    return jsons.loads(jsons.dumps(record).replace(record.get("uuid", uuid), "UUID"))


def _runs(api: Service, uuid: str) -> bool:
    answer = ask(api, "PUT", f"/projects/{uuid}.json", json={"project": {}})
    return answer.status == 200 and answer.json["response"]["running"] is True


def test_nested_create_takes_the_company_of_the_path(miles: Service) -> None:
    sent = {"project": {"name": "Made", "company_uuid": ANOTHER_COMPANY}}
    project = shown(ask(miles, "POST", f"/companies/{COMPANY}/projects.json", json=sent))
    assert project["company_uuid"] == show(miles, project["uuid"])["company_uuid"] == COMPANY
    assert shown(ask(miles, "POST", f"/companies/{COMPANY}/projects.json", json={"project": {"name": "Made"}}))["company_uuid"] == COMPANY


def test_update_moves_a_project_to_another_company(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        uuid = made(miles)["uuid"]
        moved = shown(ask(miles, "PUT", f"{path}/{uuid}.json", json={"project": {"company_uuid": ANOTHER_COMPANY}}))
        assert moved["company_uuid"] == show(miles, uuid)["company_uuid"] == ANOTHER_COMPANY
        ask(miles, "GET", f"/companies/{COMPANY}/projects/{uuid}.json").has(404)
        assert uuid in [project["uuid"] for project in projects(miles, company=ANOTHER_COMPANY)]
        for company in (NOBODY, FOREIGN_COMPANY):
            ask(miles, "PUT", f"/companies/{ANOTHER_COMPANY}/projects/{uuid}.json", json={"project": {"company_uuid": company}}).has(404)
        ask(miles, "PUT", f"/companies/{ANOTHER_COMPANY}/projects/{uuid}.json", json={"project": {"company_uuid": "none"}}).has(422)
        assert show(miles, uuid)["company_uuid"] == ANOTHER_COMPANY


@clause("88miles/error/company-not-found")
def test_unknown_company_is_not_found(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    for one in OPERATIONS.values():
        for company in (NOBODY, FOREIGN_COMPANY, "none") if one.nested else ():
            perform(miles, one, uuid, company=company).has(404)
    assert show(miles, uuid)["name"] == "Made"


def test_unknown_company_of_a_body_is_not_found(miles: Service) -> None:
    ask(miles, "POST", "/projects.json", json={"project": {"name": "Made", "company_uuid": NOBODY}}).has(404)
    ask(miles, "POST", "/projects.json", json={"project": {"name": "Made", "company_uuid": FOREIGN_COMPANY}}).has(404)
    ask(miles, "PUT", f"/projects/{made(miles)['uuid']}.json", json={"project": {"company_uuid": NOBODY}}).has(404)


@clause("88miles/error/project-not-found")
def test_unknown_project_is_not_found(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    for one in OPERATIONS.values():
        if ":uuid" in one.path:
            perform(miles, one, NOBODY).has(404)
            perform(miles, one, "no-uuid").has(404)
            if one.nested:
                perform(miles, one, uuid, company=ANOTHER_COMPANY).has(404)
    assert show(miles, uuid)["name"] == "Made"


# The where language


def names(api: Service, where: str, **query: str) -> list[str]:
    return [project["name"] for project in projects(api, {"where": where, **query})]


Holds = Callable[[dict[str, Any]], bool]

EXPRESSIONS: dict[str, Holds] = {
    'name = "quia itaque"': lambda one: one["name"] == "quia itaque",
    "name = x": lambda one: one["name"] == "x",
    'name != "quia itaque"': lambda one: one["name"] != "quia itaque",
    'name > "velit"': lambda one: one["name"] > "velit",
    'name <= "aut delendum"': lambda one: one["name"] <= "aut delendum",
    "time_limit = 5400": lambda one: one["time_limit"] == 5400,
    'time_limit = "5400"': lambda one: one["time_limit"] == 5400,
    "time_limit != 5400": lambda one: one["time_limit"] != 5400,
    "time_limit > 5400": lambda one: one["time_limit"] is not None and one["time_limit"] > 5400,
    "time_limit >= 5400": lambda one: one["time_limit"] is not None and one["time_limit"] >= 5400,
    "time_limit < 5400": lambda one: one["time_limit"] is not None and one["time_limit"] < 5400,
    "time_limit <= 5400": lambda one: one["time_limit"] is not None and one["time_limit"] <= 5400,
    "time_limit>=5400": lambda one: one["time_limit"] is not None and one["time_limit"] >= 5400,
    "time_limit = null": lambda one: one["time_limit"] is None,
    "time_limit != null": lambda one: one["time_limit"] is not None,
    "time_limit = NULL": lambda one: one["time_limit"] is None,
    "notes = null": lambda one: one["notes"] is None,
    'notes = ""': lambda one: one["notes"] == "",
    'name = "null"': lambda one: one["name"] == "null",
    'active = "false"': lambda one: one["active"] == "false",
    "active = false": lambda one: one["active"] == "false",
    "hourly_rate_cents = 1250": lambda one: one["hourly_rate_cents"] == 1250,
    f"company_uuid = {COMPANY}": lambda one: one["company_uuid"] == COMPANY,
    'visibility = "public" && active = "true"': lambda one: one["visibility"] == "public" and one["active"] == "true",
    "visibility = public and active = true": lambda one: one["visibility"] == "public" and one["active"] == "true",
    "visibility = public AND active = true": lambda one: one["visibility"] == "public" and one["active"] == "true",
    'name = "x" || name = "X"': lambda one: one["name"] in ("x", "X"),
    'name = "x" or name = "X"': lambda one: one["name"] in ("x", "X"),
    "name = x || visibility = public && time_limit = 5400": lambda one: one["name"] == "x" or (one["visibility"] == "public" and one["time_limit"] == 5400),
    "visibility = public && time_limit = 5400 || name = x": lambda one: one["name"] == "x" or (one["visibility"] == "public" and one["time_limit"] == 5400),
    "(visibility = public || visibility = custom) && active = true": lambda one: one["visibility"] != "private" and one["active"] == "true",
    "((name = x))": lambda one: one["name"] == "x",
    "active = true && (time_limit = null || (time_limit > 3600 && time_limit < 86400))": lambda one: (
        one["active"] == "true" and (one["time_limit"] is None or 3600 < one["time_limit"] < 86400)
    ),
    'name = "say \\"hello\\""': lambda one: one["name"] == 'say "hello"',
    'name = "back\\\\slash"': lambda one: one["name"] == "back\\slash",
    'name = "it\'s done"': lambda one: one["name"] == "it's done",
    'name = "a && b" || name = "x || y" || name = "(in brackets)" || name = "="': lambda one: one["name"] in ("a && b", "x || y", "(in brackets)", "="),
    "name = 42": lambda one: one["name"] == "42",
    'name = "日本語プロジェクト" || name = "🚀 launch"': lambda one: one["name"] in ("日本語プロジェクト", "🚀 launch"),
    'name = " leading"': lambda one: one["name"] == " leading",
    "time_limit > 5399.5": lambda one: one["time_limit"] is not None and one["time_limit"] > 5399,
    "time_limit < 1e20 && time_limit >= +3600.0": lambda one: one["time_limit"] is not None and one["time_limit"] >= 3600,
    "time_limit = .54e4": lambda one: one["time_limit"] == 5400,
    "hourly_rate_cents > -1": lambda one: one["hourly_rate_cents"] is not None,
    'visibility > "p" && visibility != secret': lambda one: one["visibility"] in ("private", "public"),
    "active = TRUE": lambda one: one["active"] == "true",
}


@clause("88miles/query/where")
def test_where_lists_what_satisfies_it(miles: Service) -> None:
    whole = projects(miles)
    for where, holds in EXPRESSIONS.items():
        expected = [project for project in whole if holds(project)]
        assert 0 < len(expected) < len(whole), where
        assert projects(miles, {"where": where}) == expected, where


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_where_narrows_a_companys_list_too(miles: Service, where: str) -> None:
    found = projects(miles, {"where": where}, company=COMPANY)
    assert found == [project for project in projects(miles, {"where": where}) if project["company_uuid"] == COMPANY]


@clause("88miles/query/where", "or_is_and")
def test_and_binds_tighter_than_or(miles: Service) -> None:
    assert names(miles, "name = x || name = X && name = Zebra") == ["x"]
    assert names(miles, "(name = x || name = X) && name = Zebra") == []


def test_null_stands_in_no_order(miles: Service) -> None:
    assert projects(miles, {"where": "time_limit > null"}) == projects(miles, {"where": "time_limit <= null"}) == []


def test_text_is_compared_with_any_text(miles: Service) -> None:
    for where in ('visibility = "secret"', "uuid = none", 'company_uuid = ""', "active = 1", "name = SECRET"):
        assert projects(miles, {"where": where}) == [], where


def test_refusal_says_what_is_wrong(miles: Service) -> None:
    for where, told in (("name = x)", "')' at 8"), ("(name = x", "the end"), ("nothing = x", "nothing"), ("time_limit = soon", "time_limit")):
        assert told in ask(miles, "GET", "/projects.json", {"where": where}).has(400).json["error"]


def test_empty_where_is_none(miles: Service) -> None:
    assert projects(miles, "where=") == projects(miles)


@clause("88miles/query/similar")
def test_similar_finds_names_that_contain_the_text(miles: Service) -> None:
    whole = [project["name"] for project in projects(miles)]
    found = names(miles, 'name ~= "quia itaque"')
    assert found == [name for name in whole if "quia itaque" in name]
    assert {"quia itaque", "quia itaque secunda", "ante quia itaque"} <= set(found)
    assert names(miles, 'name ~= "zebra"') == names(miles, "name ~= ZEBRA") == [name for name in whole if name.lower() == "zebra"]
    assert names(miles, 'name ~= "no such text"') == []


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ("quia%", lambda name: name.startswith("quia")),
        ("%itaque", lambda name: name.endswith("itaque")),
        ("q%a", lambda name: name.lower().startswith("q") and name.lower().endswith("a") and len(name) > 1),
        ("%quia%secunda%", lambda name: "quia" in name and "secunda" in name),
        ("x", lambda name: "x" in name.lower()),
        ("100_p", lambda name: name[:3] == "100" and name[4:5] == "p"),
        (r"100\_p", lambda name: name.startswith("100_p")),
        ("100_p%", lambda name: name[:3] == "100" and name[4:5] == "p"),
        (r"%\%%", lambda name: "%" in name),
        (r"0\% ", lambda name: "0% " in name),
        (r"say \"hello_", lambda name: 'say "hello' in name),
        (r"%\\%", lambda name: "\\" in name),
        ("%", lambda name: name is not None),
    ],
)
def test_percent_and_underscore_are_wildcards(miles: Service, pattern: str, holds: Callable[[str], bool]) -> None:
    whole = [project["name"] for project in projects(miles)]
    assert names(miles, f'name ~= "{pattern}"') == [name for name in whole if holds(name)] != []


def test_null_is_similar_to_nothing(miles: Service) -> None:
    assert all(project["notes"] is not None for project in projects(miles, {"where": 'notes ~= "%"'}))


def test_documented_query_is_understood(miles: Service) -> None:
    found = [project["name"] for project in projects(miles, 'where=name~%3D"quia+itaque"&order=name+asc')]
    assert found == sorted(name for name in found if "quia itaque" in name) != []


@clause("88miles/query/order")
def test_order_sorts_both_ways(miles: Service) -> None:
    whole = projects(miles)
    ascending = sorted(project["name"] for project in whole)
    assert [project["name"] for project in projects(miles, {"order": "name asc"})] == ascending
    assert [project["name"] for project in projects(miles, {"order": "name desc"})] == ascending[::-1]
    assert [project["name"] for project in projects(miles, {"order": "name"})] == ascending
    assert [project["name"] for project in projects(miles, {"order": "name ASC"})] == ascending


def test_order_puts_null_last(miles: Service) -> None:
    limits = [project["time_limit"] for project in projects(miles, {"order": "time_limit asc"})]
    assert limits == sorted(limits, key=lambda limit: (limit is None, limit or 0))
    assert [project["time_limit"] for project in projects(miles, {"order": "time_limit desc"})] == limits[::-1]


def test_order_may_have_two_keys(miles: Service) -> None:
    found = [(project["visibility"], project["name"]) for project in projects(miles, {"order": "visibility desc, name asc"})]
    by_name = sorted(found, key=lambda pair: pair[1])
    assert found == sorted(by_name, key=lambda pair: pair[0], reverse=True)


def test_order_and_where_combine(miles: Service) -> None:
    found = names(miles, 'name ~= "quia"', order="name desc")
    assert found == sorted(found, reverse=True)
    assert len(found) > 2


@clause("88miles/query/where", "ignored_beside_an_order")
def test_where_narrows_an_ordered_list(miles: Service) -> None:
    whole = projects(miles)
    public = {project["uuid"] for project in whole if project["visibility"] == "public"}
    assert 1 < len(public) < len(whole)
    for order in ("name asc", "name desc"):
        found = projects(miles, {"where": 'visibility = "public"', "order": order})
        assert {project["uuid"] for project in found} == public


@clause("88miles/query/where", "unordered")
def test_narrowed_list_is_ordered_both_ways(miles: Service) -> None:
    ascending = sorted(names(miles, 'visibility = "public"'))
    assert len(set(ascending)) > 1
    assert names(miles, 'visibility = "public"', order="name asc") == ascending
    assert names(miles, 'visibility = "public"', order="name desc") == ascending[::-1]


@pytest.mark.parametrize("order", ["nothing", "grand_total", "name sideways", "name asc desc", ",", "name,,name", "name, " * 9 + "nothing"])
def test_order_that_is_none_is_refused(miles: Service, order: str) -> None:
    ask(miles, "GET", "/projects.json", {"order": order}).has(400)


@clause("88miles/query/encoding")
def test_expression_is_decoded_once(miles: Service) -> None:
    wanted = names(miles, 'name = "quia itaque"')
    assert wanted != []
    for where in ("name+%3D+%22quia+itaque%22", "name%20%3D%20%22quia%20itaque%22", 'name%3D"quia+itaque"', "%6eame=%22quia%20itaque%22"):
        assert [project["name"] for project in projects(miles, f"where={where}")] == wanted, where
    for name in ("plus+plus", "amp & co", "%2B encoded", "percent%", "Привет мир", "#hash", "naïve café", "50% off"):
        assert set(names(miles, f'name = "{name}"')) == {name}
        where = quote(f'name = "{name}"', safe="")
        assert {project["name"] for project in projects(miles, f"where={where}")} == {name}


INVALID = [
    "name =",
    '= "x"',
    "name",
    'name "x"',
    'name = "x',
    '(name = "x"',
    'name = "x")',
    'name = "x" &&',
    '&& name = "x"',
    'name = "x" && || name = "y"',
    'name = "x" name = "y"',
    'name == "x"',
    'name ? "x"',
    '"name" = "x"',
    'not name = "x"',
    'nothing = "x"',
    "nothing = null",
    "activities != null",
    "grand_total = 0",
    "time_limit = soon",
    'time_limit = "null"',
    'time_limit = ""',
    "name = 'x'",
    "name = 'quia itaque'",
    'name ~= "' + "_" * 300 + '"',
    "()",
    "(" * 200,
]


@clause("88miles/query/invalid")
def test_expression_that_does_not_parse_is_refused(miles: Service) -> None:
    for where in INVALID:
        for path in ("/projects.json", f"/companies/{COMPANY}/projects.json"):
            answer = ask(miles, "GET", path, {"where": where})
            assert answer.status == 400, f"{answer.status} for {where}"
            assert isinstance(answer.json["error"], str)


@clause("88miles/query/invalid", "escaped_quote_fails")
def test_quote_within_a_text_is_no_failure_of_the_server(miles: Service) -> None:
    for where in (r'name = "say \"hello\""', r'name ~= "\""', r'name = "no such \" name"'):
        for path in ("/projects.json", f"/companies/{COMPANY}/projects.json"):
            assert ask(miles, "GET", path, {"where": where}).status == 200, where


def test_expression_may_be_long_and_deep(miles: Service) -> None:
    assert names(miles, "(" * 100 + "name = x" + ")" * 100) == ["x"]
    assert names(miles, " || ".join(["name = x"] * 100)) == ["x"]
    assert ask(miles, "GET", "/projects.json", {"where": " || ".join(["name = x"] * 2000)}).status == 400


# Projects


@clause("88miles/project/members")
def test_projects_have_the_members_of_the_examples(miles: Service) -> None:
    found = [*projects(miles), *projects(miles, company=COMPANY)]
    found += [shown(perform(miles, one, made(miles)["uuid"])) for one in OPERATIONS.values() if one.example not in ("", "list")]
    for project in found:
        for name, types in TYPES.items():
            assert name in project, name
            assert type(project[name]) in types, f"{name} {project[name]!r}"
        assert project["active"] in ("true", "false")
        assert project["visibility"] in ("public", "private", "custom")
        assert str(UUID(project["uuid"])) == project["uuid"]
        for activity in project["activities"]:
            assert set(activity) == {"name", "project_uuid", "uuid"}
            assert activity["project_uuid"] == project["uuid"]


@clause("88miles/project/uuid")
def test_uuid_that_is_given_is_used(miles: Service) -> None:
    for path in ("/projects.json", f"/companies/{COMPANY}/projects.json"):
        given = str(uuid4())
        project = shown(ask(miles, "POST", path, json={"project": {"uuid": given, "name": "Made", "company_uuid": COMPANY}}))
        assert project["uuid"] == given == show(miles, given)["uuid"]


@clause("88miles/project/uuid", "none_made")
def test_uuid_is_made_where_none_is_given(miles: Service) -> None:
    found = [made(miles)["uuid"], made(miles, uuid=None)["uuid"], made(miles)["uuid"]]
    assert len(set(found)) == 3
    assert all(isinstance(uuid, str) and UUID(uuid).version == 4 for uuid in found)


def test_uuid_can_not_be_taken_twice(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    ask(miles, "POST", "/projects.json", json={"project": {"uuid": uuid, "name": "Again", "company_uuid": COMPANY}}).has(422)
    ask(miles, "POST", "/projects.json", json={"project": {"uuid": "none", "name": "Again", "company_uuid": COMPANY}}).has(422)
    assert shown(ask(miles, "PUT", f"/projects/{uuid}.json", json={"project": {"uuid": NOBODY}}))["uuid"] == uuid


@clause("88miles/project/visibility")
def test_unknown_visibility_is_refused(miles: Service) -> None:
    uuid, before = made(miles)["uuid"], len(projects(miles)) + 1
    for value in ("secret", "", 7, None):
        for path in ("/projects", f"/companies/{COMPANY}/projects"):
            sent = {"project": {"name": "Made", "company_uuid": COMPANY, "visibility": value}}
            ask(miles, "POST", f"{path}.json", json=sent).has(422)
            ask(miles, "PUT", f"{path}/{uuid}.json", json={"project": {"visibility": value}}).has(422)
    assert show(miles, uuid)["visibility"] == "private"
    for value in ("public", "private", "custom"):
        assert update(miles, uuid, visibility=value)["visibility"] == value
    assert len(projects(miles)) == before - 1


def test_capitals_of_a_visibility_do_not_count(miles: Service) -> None:
    project = made(miles, visibility="Public")
    assert project["visibility"] == show(miles, project["uuid"], "second")["visibility"] == "public"
    for where in ("visibility = public", "visibility = Public"):
        assert project["uuid"] in [one["uuid"] for one in projects(miles, {"where": where}, "second")]
    assert update(miles, project["uuid"], visibility="PRIVATE")["visibility"] == "private"
    ask(miles, "GET", f"/projects/{project['uuid']}.json", who="second").has(404)


def test_visibility_is_private_unless_said(miles: Service) -> None:
    assert made(miles)["visibility"] == "private"


DURATIONS = {"10h": 36000, "1h 30m": 5400, "1h30m": 5400, "90m": 5400, "1:30": 5400, "45 min": 2700, "1.5h": 5400, "30s": 30}


@clause("88miles/project/time-limit-string")
def test_text_of_a_limit_fills_the_limit(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    for text, seconds in DURATIONS.items():
        project = made(miles, time_limit_string=text)
        assert (project["time_limit"], project["time_limit_string"]) == (seconds, text)
        assert made(miles, time_limit_string=text, time_limit=None)["time_limit"] == seconds
        project = update(miles, uuid, time_limit_string=text, time_limit=None)
        assert (project["time_limit"], project["time_limit_string"]) == (seconds, text)


@clause("88miles/project/time-limit-string", "text_wins")
def test_limit_that_is_given_wins(miles: Service) -> None:
    project = made(miles, time_limit_string="10h", time_limit=60)
    assert project["time_limit"] == 60
    assert update(miles, project["uuid"], time_limit_string="2h", time_limit=90)["time_limit"] == 90


def test_text_that_is_no_time_is_refused(miles: Service) -> None:
    for text in ("soon", "1 fortnight", "-1h"):
        ask(miles, "POST", "/projects.json", json={"project": {"name": "Made", "company_uuid": COMPANY, "time_limit_string": text}}).has(422)


RATES = {"$100": 10000, "$12.50": 1250, "€85.50": 8550, "£0.01": 1, "100": 10000, "$1,234.56": 123456}


@clause("88miles/project/hourly-rate")
def test_text_of_a_rate_fills_the_cents(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    for text, cents in RATES.items():
        project = made(miles, hourly_rate=text)
        assert (project["hourly_rate_cents"], project["hourly_rate"]) == (cents, text)
        assert update(miles, uuid, hourly_rate=text, hourly_rate_cents=None)["hourly_rate_cents"] == cents


def test_number_that_is_taken_away_is_read_from_the_text_that_stays(miles: Service) -> None:
    uuid = made(miles, hourly_rate="$100", hourly_rate_cents=7, time_limit_string="2h", time_limit=7)["uuid"]
    project = update(miles, uuid, hourly_rate_cents=None, time_limit=None)
    assert (project["hourly_rate_cents"], project["time_limit"]) == (10000, 7200)
    project = update(miles, uuid, hourly_rate_cents=None, time_limit=None, hourly_rate=None, time_limit_string=None)
    assert (project["hourly_rate_cents"], project["time_limit"]) == (None, None)


@clause("88miles/project/hourly-rate", "text_wins")
def test_cents_that_are_given_win(miles: Service) -> None:
    assert made(miles, hourly_rate="$100", hourly_rate_cents=7)["hourly_rate_cents"] == 7


@clause("88miles/project/read-only")
def test_computed_members_are_not_written(miles: Service) -> None:
    wrong = {"running": True, "time_left": 5, "overdue": True, "nearly_overdue": True, "started_at": 1, "grand_total": 99, "running_total": 99}
    right = {"running": False, "time_left": 100, "overdue": False, "nearly_overdue": False, "grand_total": 0, "running_total": 0}
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        sent = {"name": "Made", "company_uuid": COMPANY, "time_limit": 100, **wrong}
        project = shown(ask(miles, "POST", f"{path}.json", json={"project": sent}))
        assert {name: project[name] for name in right} == right
        changed = shown(ask(miles, "PUT", f"{path}/{project['uuid']}.json", json={"project": {"name": "Changed", **wrong}}))
        assert {name: changed[name] for name in right} == right
        assert changed.get("started_at") is None
        assert changed["name"] == "Changed"


@clause("88miles/error/invalid-record")
def test_invalid_project_is_not_written(miles: Service) -> None:
    project = made(miles)
    before = projects(miles)
    wrong: list[Any] = [{"name": ""}, {"name": None}, {"name": 7}, {"time_limit": "x"}, {"visibility": "secret"}, {"active": "maybe"}]
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        for members in wrong:
            answer = ask(miles, "POST", f"{path}.json", json={"project": {"name": "Made", "company_uuid": COMPANY, **members}}).has(422)
            assert answer.json["error"] != ""
            ask(miles, "PUT", f"{path}/{project['uuid']}.json", json={"project": members}).has(422)
        ask(miles, "POST", f"{path}.json", json={"project": {}}).has(422)
        ask(miles, "POST", f"{path}.json", json={"name": "Made"}).has(422)
        ask(miles, "POST", f"{path}.json", json={"project": []}).has(422)
    assert projects(miles) == before


def test_activity_of_a_project_is_completed(miles: Service) -> None:
    project = made(miles, activities=[{"name": "Design"}, {"name": "Print"}])
    assert [activity["name"] for activity in project["activities"]] == ["Design", "Print"]
    assert {activity["project_uuid"] for activity in project["activities"]} == {project["uuid"]}
    assert len({activity["uuid"] for activity in project["activities"]}) == 2


def test_activity_is_of_its_own_project(miles: Service) -> None:
    other = {"name": "Design", "project_uuid": NOBODY}
    project = made(miles, activities=[other])
    assert [activity["project_uuid"] for activity in project["activities"]] == [project["uuid"]]
    assert [activity["project_uuid"] for activity in update(miles, project["uuid"], activities=[other])["activities"]] == [project["uuid"]]


@pytest.mark.parametrize("members", [{"activities": [{"name": "Design", "uuid": "design"}]}, {"visibility": "custom", "user_uuids": ["ada"]}])
def test_uuids_within_a_project_must_be_some(miles: Service, members: dict[str, Any]) -> None:
    ask(miles, "POST", "/projects.json", json={"project": {"name": "Made", "company_uuid": COMPANY, **members}}).has(422)


def test_empty_tags_are_left_out(miles: Service) -> None:
    uuid = made(miles, default_tags=",a, ,b ,")["uuid"]
    answer = shown(ask(miles, "POST", f"/projects/{uuid}/punch_in.json"))
    assert (answer["current_shift"]["tag_list"], answer["shift_tag_list"]) == (["a", "b"], "a, b")


@pytest.mark.parametrize("value", [5, True, [], {}])
@pytest.mark.parametrize("action", ["punch_in", "punch_out"])
def test_input_of_another_type_is_refused(miles: Service, action: str, value: Any) -> None:
    uuid, name = made(miles)["uuid"], "activity_uuid" if action == "punch_in" else "notes"
    if action == "punch_out":
        ask(miles, "POST", f"/projects/{uuid}/punch_in.json").has(200)
    for sent in ({name: value}, {"project": {name: value}}):
        ask(miles, "POST", f"/projects/{uuid}/{action}.json", json=sent).has(422)
    assert update(miles, uuid)["running"] is (action == "punch_out")


def test_active_may_be_given_as_a_boolean(miles: Service) -> None:
    assert made(miles, active=False)["active"] == "false"
    assert update(miles, made(miles)["uuid"], active="false")["active"] == "false"


@clause("88miles/update/merge")
def test_update_leaves_what_it_does_not_name(miles: Service) -> None:
    members = {"notes": "Kept", "default_tags": "a,b", "time_limit": 60, "time_limit_string": "1m", "hourly_rate": "$1", "hourly_rate_cents": 100}
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        before = made(miles, activities=[{"name": "Design"}], visibility="public", **members)
        after = shown(ask(miles, "PUT", f"{path}/{before['uuid']}.json", json={"project": {"name": "Changed"}}))
        assert after == {**before, "name": "Changed"}
        assert show(miles, before["uuid"])["notes"] == "Kept"
        assert update(miles, before["uuid"]) == after


def test_update_can_empty_a_member(miles: Service) -> None:
    uuid = made(miles, notes="Gone soon")["uuid"]
    assert update(miles, uuid, notes=None)["notes"] is None
    assert show(miles, uuid)["notes"] is None


@clause("88miles/delete/gone")
def test_deleted_project_is_gone(miles: Service) -> None:
    for delete in (OPERATIONS["88miles/operation/delete"], OPERATIONS["88miles/operation/delete-in-company"]):
        uuid = made(miles)["uuid"]
        perform(miles, delete, uuid).has(200)
        for one in OPERATIONS.values():
            if ":uuid" in one.path:
                perform(miles, one, uuid).has(404)
        assert uuid not in [project["uuid"] for project in (*projects(miles), *projects(miles, company=COMPANY))]


# Time


@clause("88miles/punch/in")
def test_punch_in_starts_the_clock(miles: Service) -> None:
    project = made(miles, activities=[{"name": "Design"}], default_tags="a,b")
    activity = project["activities"][0]["uuid"]
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        answer = shown(ask(miles, "POST", f"{path}/{project['uuid']}/punch_in.json", {"activity_uuid": activity}))
        assert answer["running"] is True
        assert answer["started_at"] == int(NOON)
        shift = answer["current_shift"]
        assert shift is not None
        assert set(shift) == set(DOCUMENTED["punch-in"]["response"]["current_shift"])
        assert (shift["start"], shift["stop"]) == ("2014-05-13T17:00:00Z", None)
        assert (shift["activity_uuid"], shift["project_uuid"], shift["user_uuid"]) == (activity, project["uuid"], USERS["full"])
        assert (shift["tag_list"], answer["shift_tag_list"]) == (["a", "b"], "a, b")
        assert update(miles, project["uuid"])["running"] is True
        act(miles, project["uuid"], "punch_out")


@pytest.mark.parametrize("way", ["query", "form", "form project", "top", "project"])
def test_activity_may_be_given_anywhere(miles: Service, way: str) -> None:
    project = made(miles, activities=[{"name": "Design"}])
    activity = project["activities"][0]["uuid"]
    path, given = f"/projects/{project['uuid']}/punch_in.json", {"activity_uuid": activity}
    sent: dict[str, Any] = {"top": {"json": given}, "project": {"json": {"project": given}}}.get(way, {})
    if way.startswith("form"):
        name = "activity_uuid" if way == "form" else "project%5Bactivity_uuid%5D"
        sent = {"body": f"{name}={activity}".encode(), "headers": {"content-type": "application/x-www-form-urlencoded"}}
    answer = shown(ask(miles, "POST", path, given if way == "query" else "", **sent))
    assert answer["current_shift"]["activity_uuid"] == activity


@pytest.mark.parametrize("way", ["query", "form", "top", "project"])
def test_activity_must_be_a_uuid(miles: Service, way: str) -> None:
    uuid, given = made(miles)["uuid"], {"activity_uuid": "design"}
    sent: dict[str, Any] = {"top": {"json": given}, "project": {"json": {"project": given}}}.get(way, {})
    if way == "form":
        sent = {"body": b"activity_uuid=design", "headers": {"content-type": "application/x-www-form-urlencoded"}}
    ask(miles, "POST", f"/projects/{uuid}/punch_in.json", given if way == "query" else "", **sent).has(422)
    assert update(miles, uuid)["running"] is False


@clause("88miles/punch/one-running")
def test_punch_in_elsewhere_punches_out(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        one, two = made(miles)["uuid"], made(miles)["uuid"]
        ask(miles, "POST", f"{path}/{one}/punch_in.json").has(200)
        miles.engine.clock.advance(60)
        assert shown(ask(miles, "POST", f"{path}/{two}/punch_in.json"))["running"] is True
        miles.engine.clock.advance(30)
        first, second = update(miles, one), update(miles, two)
        assert (first["running"], first["grand_total"]) == (False, 60)
        assert (second["running"], second["grand_total"]) == (True, 30)


def test_users_run_apart(miles: Service) -> None:
    mine, theirs = made(miles)["uuid"], made(miles, "second")["uuid"]
    act(miles, mine, "punch_in")
    act(miles, theirs, "punch_in", who="second")
    assert update(miles, mine)["running"] is True
    assert update(miles, theirs, "second")["running"] is True


@clause("88miles/punch/out")
def test_punch_out_adds_the_time(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        uuid = made(miles)["uuid"]
        for total in (90, 180):
            act(miles, uuid, "punch_in")
            miles.engine.clock.advance(90)
            answer = shown(ask(miles, "POST", f"{path}/{uuid}/punch_out.json", {"notes": "Done"}))
            assert answer["grand_total"] == total
            miles.engine.clock.advance(3600)
            after = update(miles, uuid)
            assert (after["running"], after["grand_total"], after["running_total"]) == (False, total, total)


def test_punch_out_of_what_stands_changes_nothing(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    before = show(miles, uuid)
    miles.engine.clock.advance(60)
    assert act(miles, uuid, "punch_out") == before == show(miles, uuid)


def test_months_are_counted(miles: Service) -> None:
    one, two = made(miles)["uuid"], made(miles)["uuid"]
    miles.engine.clock.freeze(1_401_580_799)  # 2014-05-31T23:59:59Z
    act(miles, one, "punch_in")
    miles.engine.clock.advance(30 * 86_400 + 2)
    assert act(miles, two, "punch_in")["current_shift"]["start"] == "2014-07-01T00:00:01Z"
    assert show(miles, one)["grand_total"] == 30 * 86_400 + 2


def test_refused_punch_in_stops_nothing(miles: Service) -> None:
    running, closed = made(miles)["uuid"], made(miles, active=False)["uuid"]
    act(miles, running, "punch_in")
    for uuid, status in ((closed, 403), (NOBODY, 404)):
        ask(miles, "POST", f"/projects/{uuid}/punch_in.json").has(status)
    assert update(miles, running)["running"] is True


def test_deleted_project_leaves_no_time_behind(miles: Service) -> None:
    uuid = made(miles, visibility="public")["uuid"]
    for who in ("full", "second"):
        act(miles, uuid, "punch_in", who=who)
    miles.engine.clock.advance(60)
    act(miles, uuid, "punch_out")
    ask(miles, "DELETE", f"/projects/{uuid}.json").has(200)
    again = made(miles, uuid=uuid, visibility="public")
    assert (again["running"], again["grand_total"], again["running_total"]) == (False, 0, 0)
    assert update(miles, uuid, "second")["running"] is False


def test_project_of_a_company_that_is_gone_can_be_stopped(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    act(miles, uuid, "punch_in")
    miles.engine.clock.advance(60)
    miles.call("DELETE", "", url=f"{miles.origin}/__proctor/state/88miles/companies/{COMPANY}").has(204)
    ask(miles, "POST", f"/companies/{COMPANY}/projects/{uuid}/punch_out.json").has(404)
    assert act(miles, uuid, "punch_out")["grand_total"] == 60


def test_running_project_of_the_seed_runs(miles: Service) -> None:
    mine = next(project for project in projects(miles, who="second") if project["name"] == "second is running")
    assert update(miles, mine["uuid"], "second")["running"] is True
    other = made(miles, "second")["uuid"]
    assert act(miles, other, "punch_in", who="second")["running"] is True
    assert update(miles, mine["uuid"], "second")["running"] is False


def test_project_that_is_put_running_runs(miles: Service) -> None:
    project, other = made(miles), made(miles)
    act(miles, other["uuid"], "punch_in")
    miles.engine.clock.advance(30)
    record = {**project, "running": True, "started_at": int(NOON) - 100}
    place = f"{miles.origin}/__proctor/state/88miles/projects/{project['uuid']}"
    miles.call("PUT", "", json={"record": record}, url=place).has(200)
    seen = update(miles, project["uuid"])
    assert (seen["running"], seen["grand_total"]) == (True, 130)
    stopped = update(miles, other["uuid"])
    assert (stopped["running"], stopped["grand_total"]) == (False, 30)
    miles.engine.clock.advance(20)
    assert act(miles, project["uuid"], "punch_out")["grand_total"] == 150
    miles.call("PUT", "", json=miles.call("GET", "", url=place).has(200).json, url=place)
    assert update(miles, project["uuid"])["running"] is False


@pytest.mark.parametrize("way", ["deleted", "replaced"])
def test_project_that_is_taken_away_leaves_no_time_behind(miles: Service, way: str) -> None:
    uuid = made(miles)["uuid"]
    act(miles, uuid, "punch_in")
    miles.engine.clock.advance(60)
    place = f"{miles.origin}/__proctor/state/88miles/projects"
    if way == "deleted":
        miles.call("DELETE", f"/{uuid}", url=place).has(204)
    else:
        miles.call("PUT", "", json={"records": []}, url=place).has(200)
    again = made(miles, uuid=uuid)
    assert (again["running"], again["grand_total"]) == (False, 0)


def test_colleagues_running_project_is_not_the_callers(miles: Service) -> None:
    theirs = next(project for project in projects(miles) if project["name"] == "a colleague is running")
    miles.engine.clock.freeze(1_767_225_600 + 90)
    seen = update(miles, theirs["uuid"])
    assert (seen["running"], seen["grand_total"], seen["running_total"]) == (False, theirs["grand_total"] + 90, 0)


@clause("88miles/project/totals")
def test_totals_grow_while_it_runs(miles: Service) -> None:
    uuid = made(miles, visibility="public")["uuid"]
    act(miles, uuid, "punch_in")
    miles.engine.clock.advance(60)
    assert show(miles, uuid)["grand_total"] == 60
    act(miles, uuid, "punch_in", who="second")
    miles.engine.clock.advance(60)
    mine, theirs = update(miles, uuid), update(miles, uuid, "second")
    assert (mine["grand_total"], mine["running_total"]) == (180, 120)
    assert (theirs["grand_total"], theirs["running_total"]) == (180, 60)
    listed = next(project for project in projects(miles) if project["uuid"] == uuid)
    assert listed["grand_total"] == 180
    act(miles, uuid, "punch_out")
    miles.engine.clock.advance(60)
    assert update(miles, uuid)["grand_total"] == 240


@clause("88miles/project/overdue")
def test_limit_members_follow_the_time(miles: Service) -> None:
    project = made(miles, time_limit=100)
    assert (project["time_left"], project["overdue"], project["nearly_overdue"]) == (100, False, False)
    act(miles, project["uuid"], "punch_in")
    for passed, nearly, over in ((79, False, False), (85, True, False), (99, True, False), (101, True, True), (500, True, True)):
        miles.engine.clock.freeze(NOON + passed)
        now = show(miles, project["uuid"])
        assert now["time_left"] in (100 - passed, max(0, 100 - passed))
        assert now["overdue"] is over
        assert over or now["nearly_overdue"] is nearly
    act(miles, project["uuid"], "punch_out")
    assert show(miles, project["uuid"])["overdue"] is True
    assert update(miles, project["uuid"], time_limit=1000)["overdue"] is False


@clause("88miles/project/overdue", "never_null")
def test_without_a_limit_nothing_is_overdue(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    act(miles, uuid, "punch_in")
    miles.engine.clock.advance(1_000_000)
    for project in (show(miles, uuid), update(miles, uuid)):
        assert [project.get(name) for name in ("time_left", "overdue", "nearly_overdue")] == [None, None, None]


@clause("88miles/sign-off/closed")
def test_signed_off_project_does_not_start(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        uuid = made(miles)["uuid"]
        assert shown(ask(miles, "POST", f"{path}/{uuid}/sign_off.json"))["active"] == "false"
        assert show(miles, uuid)["active"] == "false"
        assert ask(miles, "POST", f"{path}/{uuid}/punch_in.json").status == 403
        assert update(miles, uuid)["running"] is False
        ask(miles, "POST", f"{path}/{uuid}/sign_off.json").has(200)


def test_inactive_project_does_not_start(miles: Service) -> None:
    ask(miles, "POST", f"/projects/{made(miles, active='false')['uuid']}/punch_in.json").has(403)


def test_sign_off_punches_out(miles: Service) -> None:
    uuid = made(miles)["uuid"]
    act(miles, uuid, "punch_in")
    miles.engine.clock.advance(60)
    act(miles, uuid, "sign_off")
    miles.engine.clock.advance(60)
    after = update(miles, uuid)
    assert (after["running"], after["grand_total"]) == (False, 60)


@clause("88miles/reopen/open")
def test_reopened_project_starts(miles: Service) -> None:
    for path in ("/projects", f"/companies/{COMPANY}/projects"):
        uuid = made(miles)["uuid"]
        act(miles, uuid, "sign_off")
        assert shown(ask(miles, "POST", f"{path}/{uuid}/reopen.json"))["active"] == "true"
        assert show(miles, uuid)["active"] == "true"
        assert act(miles, uuid, "punch_in")["running"] is True
        ask(miles, "POST", f"{path}/{uuid}/reopen.json").has(200)
        assert update(miles, uuid)["running"] is True
