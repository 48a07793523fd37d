"""The timer of a record: one runs per user, totals grow, closed records do not start."""

from __future__ import annotations

from typing import Any

import pytest

START = 1_400_000_400


@pytest.fixture
def two(miles: Any) -> list[str]:
    """The uuids of two projects that are open and new."""
    company = miles.spec.seed.records["companies"][0]["record"]["uuid"]
    bodies = [{"project": {"name": name, "company_uuid": company, "time_limit": 100, "default_tags": "a, b"}} for name in ("A", "B")]
    return [miles("POST", "/projects", body).json["response"]["uuid"] for body in bodies]


def shown(miles: Any, uuid: str) -> dict[str, Any]:
    found: dict[str, Any] = miles("PUT", f"/projects/{uuid}", {"project": {}}).json["response"]
    return found


def test_punch_in_runs_from_now(miles: Any, two: list[str]) -> None:
    record = miles("POST", f"/projects/{two[0]}/punch_in.json", query="activity_uuid=d6d29e0f-9aeb-4258-b052-4df954a864d6").json["response"]
    assert (record["running"], record["started_at"]) == (True, START)
    shift = record["current_shift"]
    assert (shift["start"], shift["stop"], shift["project_uuid"]) == ("2014-05-13T17:00:00Z", None, two[0])
    assert shift["activity_uuid"] == "d6d29e0f-9aeb-4258-b052-4df954a864d6"
    assert (shift["tag_list"], record["shift_tag_list"]) == (["a", "b"], "a, b")


def test_inputs_travel_in_form_and_body(miles: Any, two: list[str]) -> None:
    activity = "d6d29e0f-9aeb-4258-b052-4df954a864d6"
    form = miles("POST", f"/projects/{two[0]}/punch_in", f"activity_uuid={activity}".encode(), content_type="application/x-www-form-urlencoded")
    body = miles("POST", f"/projects/{two[1]}/punch_in", {"project": {"activity_uuid": activity}})
    for answer in (form, body):
        assert answer.json["response"]["current_shift"]["activity_uuid"] == activity


def test_one_runs_per_user(miles: Any, two: list[str]) -> None:
    miles("POST", f"/projects/{two[0]}/punch_in")
    miles("POST", f"/projects/{two[1]}/punch_in")
    assert [shown(miles, uuid)["running"] for uuid in two] == [False, True]


def test_totals_grow_while_running(miles: Any, two: list[str]) -> None:
    miles("POST", f"/projects/{two[0]}/punch_in")
    miles.engine.clock.advance(40)
    running = shown(miles, two[0])
    assert (running["grand_total"], running["running_total"], running["time_left"]) == (40, 40, 60)
    miles.engine.clock.advance(45)
    assert shown(miles, two[0])["nearly_overdue"] is True
    miles.engine.clock.advance(45)
    stopped = miles("POST", f"/projects/{two[0]}/punch_out", query="notes=done").json["response"]
    assert stopped["grand_total"] == 130
    miles.engine.clock.advance(1000)
    after = shown(miles, two[0])
    assert (after["running"], after["grand_total"], after["running_total"], after["overdue"], after["time_left"]) == (False, 130, 130, True, 0)


def test_totals_are_each_users_own(stub: Any) -> None:
    miles = stub("88miles")
    second = miles.as_("second")
    public = next(project for project in second("GET", "/projects").json["response"] if project["visibility"] == "public" and project["active"] == "true")
    uuid, base = public["uuid"], public["grand_total"]
    mine = shown(miles, uuid)["running_total"]
    second("POST", f"/projects/{uuid}/punch_in")
    miles.engine.clock.advance(30)
    seen = shown(miles, uuid)
    assert (seen["grand_total"] - base, seen["running_total"] - mine, seen["running"]) == (30, 0, False)


def test_no_limit_gives_null(miles: Any) -> None:
    company = miles.spec.seed.records["companies"][0]["record"]["uuid"]
    record = miles("POST", "/projects", {"project": {"name": "Free", "company_uuid": company}}).json["response"]
    assert record.get("time_left") is None
    assert record.get("overdue") is None


def test_closed_project_does_not_start(miles: Any, two: list[str]) -> None:
    miles("POST", f"/projects/{two[0]}/punch_in")
    assert miles("POST", f"/projects/{two[0]}/sign_off").json["response"]["active"] == "false"
    assert shown(miles, two[0])["running"] is False
    assert miles("POST", f"/projects/{two[0]}/punch_in").status == 403
    assert miles("POST", f"/projects/{two[0]}/sign_off").status == 200
    assert miles("POST", f"/projects/{two[0]}/reopen").json["response"]["active"] == "true"
    assert miles("POST", f"/projects/{two[0]}/punch_in").status == 200


def test_punch_out_of_nothing_changes_nothing(miles: Any, two: list[str]) -> None:
    assert miles("POST", f"/projects/{two[0]}/punch_out").json["response"]["grand_total"] == 0


def test_nested_path_has_the_same_effect(miles: Any, two: list[str]) -> None:
    company = miles.spec.seed.records["companies"][0]["record"]["uuid"]
    miles("POST", f"/companies/{company}/projects/{two[0]}/punch_in")
    assert shown(miles, two[0])["running"] is True


def test_delete_is_no_method_of_an_action(miles: Any, two: list[str]) -> None:
    assert miles("DELETE", f"/projects/{two[0]}/punch_in").status == 405
