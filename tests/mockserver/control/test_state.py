"""The records: read, put, replaced, removed, reset."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import Request
from tests.mockserver.conftest import Caller, spec_of
from tests.mockserver.control.conftest import Plane, engine_of

SEEDED = len(spec_of("timedash").seed.records["contacts"])
JANE = {"id": "con_jane", "name": "Jane", "email": "jane@mail.example", "phone": None, "metadata": {}}


@pytest.fixture
def clients() -> Plane:
    """The control plane of a stub of Paydirt, whose ids are numbers."""
    return Plane(engine_of("paydirt"))


def test_resources_are_counted(plane: Plane) -> None:
    counts = {one["resource"]: one["count"] for one in plane("GET", "/state").json["resources"]}
    assert counts == {name: len(records) for name, records in spec_of("timedash").seed.records.items()}


def test_records_of_all_accounts_are_read(plane: Plane) -> None:
    answer = plane("GET", "/state/timedash/contacts", query="limit=1000").json
    assert (answer["total"], len(answer["records"])) == (SEEDED, SEEDED)
    assert {one["account"] for one in answer["records"]} == {"nordlys", "sydvind"}


def test_records_are_read_in_parts(plane: Plane) -> None:
    keys = [one["key"] for one in plane("GET", "/state/timedash/contacts", query="limit=1000").json["records"]]
    part = plane("GET", "/state/timedash/contacts", query="offset=5&limit=3").json
    assert ([one["key"] for one in part["records"]], part["total"]) == (keys[5:8], SEEDED)


def test_record_that_is_put_is_served(plane: Plane, caller: Caller) -> None:
    answer = plane("PUT", "/state/timedash/contacts/con_jane", {"record": JANE})
    assert (answer.status, answer.json) == (201, {"key": "con_jane", "account": "nordlys", "user": "u1", "record": JANE})
    assert caller("GET", "/contacts/con_jane").json["name"] == "Jane"
    assert plane("GET", "/state/timedash/contacts/con_jane").json == answer.json


def test_record_that_is_put_again_keeps_its_owner(plane: Plane) -> None:
    plane("PUT", "/state/timedash/contacts/con_jane", {"record": JANE, "account": "sydvind", "user": "u9"})
    answer = plane("PUT", "/state/timedash/contacts/con_jane", {"record": {**JANE, "name": "Joan"}})
    assert (answer.status, answer.json["account"], answer.json["user"], answer.json["record"]["name"]) == (200, "sydvind", "u9", "Joan")


def test_id_may_be_left_to_the_path(clients: Plane) -> None:
    assert clients("PUT", "/state/paydirt/clients/777", {"record": {"business_name": "B"}}).json["record"]["id"] == 777


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("777", {"record": {"business_name": 1}}, "/record/business_name: 1 is not of type"),
        ("abc", {"record": {"business_name": "B"}}, '/record/id: "abc" is not of type'),
        ("0", {"record": {"business_name": "B"}}, "/record/id: 0 is less than the minimum"),
        ("777", {"record": {"id": 778, "business_name": "B"}}, "778 is not the id in the path"),
        ("777", {"record": {"id": 777.0, "business_name": "B"}}, "an id is a text or a whole number"),
        ("777", {"record": {"id": None, "business_name": "B"}}, "/record/id"),
        ("777", {"record": {"business_name": "B"}, "account": "nobodys"}, "no caller has the account 'nobodys'; there is elsewhere, widgetry"),
        ("777", {"record": []}, "at /record"),
        ("777", {"record": {"business_name": "B"}, "key": "778"}, "/key: '778' is not the id in the path, '777'"),
        ("777", {"business_name": "B"}, "not as it should be"),
    ],
)
def test_wrong_record_is_refused_with_the_reason(clients: Plane, path: str, body: Any, told: str) -> None:
    answer = clients("PUT", f"/state/paydirt/clients/{path}", body)
    assert answer.status == 422
    assert told in answer.json["detail"]
    assert clients("GET", f"/state/paydirt/clients/{path}").status == 404


def test_records_are_replaced_all_at_once(plane: Plane, caller: Caller) -> None:
    assert plane("PUT", "/state/timedash/contacts", {"records": [{"record": JANE}]}).json == {"total": 1}
    assert [one["id"] for one in caller("GET", "/contacts").json["data"]] == ["con_jane"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"record": {**JANE, "name": 1}}, "/records/1/record/name"),
        ({"record": JANE}, "/records/1: there is another record"),
        ({"record": {}}, "/records/1/record"),
        ({"record": {**JANE, "id": "con_joan"}, "key": "con_jill"}, "'con_joan' is not the id in /key, 'con_jill'"),
    ],
)
def test_replacing_with_a_wrong_record_changes_nothing(plane: Plane, wrong: Any, told: str) -> None:
    answer = plane("PUT", "/state/timedash/contacts", {"records": [{"record": JANE}, wrong]})
    assert answer.status == 422
    assert told in answer.json["detail"]
    assert plane("GET", "/state/timedash/contacts").json["total"] == SEEDED


def test_part_of_a_list_does_not_take_the_place_of_all(plane: Plane) -> None:
    part = plane("GET", "/state/timedash/contacts", query="limit=5").json
    answer = plane("PUT", "/state/timedash/contacts", part)
    assert answer.status == 422
    assert f"/total: says that there are {SEEDED} records, and 5 are given" in answer.json["detail"]
    assert plane("PUT", "/state/timedash/contacts", {"records": part["records"]}).json == {"total": 5}


def test_record_is_removed(plane: Plane) -> None:
    assert plane("DELETE", "/state/timedash/contacts/con_0001").status == 204
    assert plane("DELETE", "/state/timedash/contacts/con_0001").status == 404
    assert plane("GET", "/state/timedash/contacts").json["total"] == SEEDED - 1


def test_unknown_resource_says_what_there_is(plane: Plane) -> None:
    answer = plane("GET", "/state/timedash/contact")
    assert answer.status == 404
    assert "there is contacts, assignments, agreements, account" in answer.json["detail"]


def test_reset_brings_the_seed_back(plane: Plane, caller: Caller) -> None:
    before = plane("GET", "/state/timedash/contacts").body
    plane("PUT", "/state/timedash/contacts", {"records": []})
    caller("POST", "/contacts", {"name": "New"})
    assert plane("POST", "/state/reset").status == 204
    assert plane("GET", "/state/timedash/contacts").body == before


@pytest.mark.parametrize("api", ["paydirt", "timedash", "moonrope", "88miles", "productive"])
def test_what_is_read_can_be_put_back(api: str) -> None:
    plane = Plane(engine_of(api))
    for one in plane("GET", "/state").json["resources"]:
        path = f"/state/{api}/{one['resource']}"
        read = plane("GET", path, query="limit=1000").json["records"]
        assert plane("PUT", path, plane("GET", path, query="limit=1000").json).json == {"total": one["count"]}
        records = [{name: kept[name] for name in ("record", "account", "user")} for kept in read]
        assert plane("PUT", path, {"records": records}).json == {"total": one["count"]}
        assert plane("GET", path, query="limit=1000").json["records"] == read
        assert {plane("PUT", f"{path}/{kept['key']}", kept).status for kept in read[:2]} == {200}


def test_key_may_hold_any_letter(plane: Plane) -> None:
    path = "/state/timedash/contacts/caf%C3%A9%20%26"
    assert plane("PUT", path, {"record": {**JANE, "id": "café &"}}).status == 201
    assert plane.engine.handle(Request("GET", f"/__proctor{path}")).status == 200
