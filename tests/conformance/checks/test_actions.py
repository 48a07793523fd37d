# ruff: noqa: ARG002 - the methods override others
from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

import specs
from conformance.check import Ended
from conformance.checks.actions import CHECKS
from conformance.exam import Exam
from conformance.exchange import Request, Response, Wait
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from specs.model import Resource
from tests.conformance.checks.listed import COMPANY, MILES, OTHER
from tests.conformance.checks.miniature import KEYS, Call, Miniature, Record, Refused, exam_of

SPEC = specs.load("88miles")
IN, ONE, OUT, CLOSED, OPEN, LIMITS, TOTALS = (
    f"88miles/{slug}" for slug in ("punch/in", "punch/one-running", "punch/out", "sign-off/closed", "reopen/open", "project/overdue", "project/totals")
)


UNSHOWN = {"running", "running_total", "started_at", "current_shift"}
"""What a read does not tell."""


class Clocked(Miniature):
    """Times projects, by a clock that the driver moves; `bug` names the way in which it is wrong or odd."""

    bug = ""

    def __init__(self, records: dict[str, list[Record]]) -> None:
        super().__init__(SPEC, records)
        self.now = 1_700_000_000.0
        self.shifts: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Response:
        response = super().__call__(request)
        dated = () if self.bug == "no_date" else (("date", formatdate(self.now, usegmt=True)),)
        return Response(response.status, (*response.headers, *dated), response.body, 0.01)

    def authenticate(self, call: Call) -> None:
        super().authenticate(call)
        self.user = self.credential(call)

    # Acting

    def act(self, call: Call, resource: Resource, record: Record) -> Record:
        effect, nested = call.operation.effect, "company_uuid" in call.values
        if self.bug == f"{effect}_does_nothing" or (self.bug == "nested_does_nothing" and nested):
            return record
        if effect == "punch_in":
            self.start(call, record)
        elif effect == "punch_out":
            self.stop(call, record)
        elif self.bug != "reopen_forbidden" or effect != "reopen":
            self.end([shift for shift in self.shifts if shift["project"] == record["uuid"]])
            record["active"] = {"sign_off": "false", "reopen": "true"}[effect]
            if self.bug == f"{effect}_clears_the_limit":
                record["time_limit"] = None
        else:
            raise Refused("forbidden")
        return record

    def start(self, call: Call, record: Record) -> None:
        if record["active"] == "false" and self.bug != "closed_starts":
            if self.bug == "refused_but_runs":
                self.open(call, record)
            raise Refused("closed", 500 if self.bug == "closed_500" else 409)
        running = [shift for shift in self.shifts if shift["user"] == self.user and shift["stop"] is None]
        if self.bug == "busy" and running:
            raise Refused("closed")
        if self.bug != "two_run":
            self.end(self.shifts if self.bug == "stops_everyone" else running)
        if self.bug == "start_forgets":
            self.shifts = [shift for shift in self.shifts if shift not in running]
        self.open(call, record)

    def open(self, call: Call, record: Record) -> None:
        given = call.query.get("activity_uuid") if self.bug != "activity_lost" else None
        if self.bug == "first_activity" and given is not None:
            given = record["activities"][0]["uuid"]
        self.shifts.append({"project": record["uuid"], "user": self.user, "start": self.now, "stop": None, "activity": given})

    def stop(self, call: Call, record: Record) -> None:
        if self.bug == "quote_500" and '"' in call.query.get("notes", ""):
            raise Refused("server_error", 500)
        if self.bug == "quotes_refused" and set("'\"") & set(call.query.get("notes", "")):
            raise Refused("invalid_record", 422)
        if self.bug == "body_500" and "notes" in (call.body or {}):
            raise Refused("server_error", 500)
        mine = [shift for shift in self.shifts if shift["project"] == record["uuid"] and shift["user"] == self.user and shift["stop"] is None]
        self.end(mine)
        for shift in mine:
            if self.bug == "time_lost":
                self.shifts.remove(shift)
            if self.bug == "twice":
                self.shifts.append({**shift})

    def end(self, shifts: list[dict[str, Any]]) -> None:
        for shift in shifts:
            shift["stop"] = self.now if shift["stop"] is None else shift["stop"]

    # Showing

    def one(self, resource: Resource, record: Record, call: Call) -> Any:
        document = super().one(resource, record, call)
        effect, shown = call.operation.effect, document["response"]
        running = next((shift for shift in self.shifts if shift["project"] == record["uuid"] and shift["user"] == self.user and shift["stop"] is None), None)
        if effect in ("create", "update", "punch_in") and self.bug != "silent":
            shown["running"] = running is not None if record.get("time_limit") or self.bug != "null_running" else None
            shown["running_total"] = self.seconds(record, self.user)
        if effect in ("create", "update", "punch_in"):
            shown["started_at"] = running["start"] if running and self.bug != "silent" else None
        if self.bug == "told_while_running" and running is None and effect == "update":
            shown["running"] = None
            del shown["started_at"]
        if effect in ("create", "update", "punch_in") and running is not None and self.bug == "first_start":
            shown["started_at"] = next(shift["start"] for shift in self.shifts if shift["project"] == record["uuid"])
        if effect == "punch_in":
            self.show_shift(shown, running)
            if self.bug == "nested_shown_only" and "company_uuid" in call.values:
                self.shifts.pop()
        return document

    def show_shift(self, shown: Record, running: dict[str, Any] | None) -> None:
        offset = {"an_hour_ahead": 3600}.get(self.bug, 0)
        if shown["started_at"] is not None:
            shown["started_at"] = int((shown["started_at"] + offset) * (1000 if self.bug == "milliseconds" else 1))
        if running is None or self.bug in ("silent", "no_entry"):
            return
        start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(running["start"] + (60 if self.bug == "entry_later" else 0)))
        shown["current_shift"] = {"start": start, "stop": start if self.bug == "entry_closed" else None, "activity_uuid": running["activity"]}
        shown["current_shift"]["project_uuid"] = OTHER if self.bug == "entry_of_another" else running["project"]

    def show(self, resource: Resource, record: Record) -> Any:
        total = self.seconds(record, self.user if self.bug == "own_only" else None)
        limit, shown = record.get("time_limit"), {name: value for name, value in record.items() if name not in UNSHOWN}
        shown["grand_total"] = float(total) if self.bug == "whole_floats" else total
        if self.bug == "totals_as_text":
            shown["grand_total"] = f"{total} s"
        left = None if limit is None else max(0, limit - total)
        over = None if limit is None else total > limit
        shown |= {"time_left": left, "overdue": over, "nearly_overdue": over}
        changes = {
            "over_late": {"overdue": over and total > 2 * (limit or 0)},
            "left_full": {"time_left": limit},
            "not_null": {"overdue": bool(over), "nearly_overdue": False},
            "limits_null": {"overdue": None, "nearly_overdue": None, "time_left": None},
        }
        return {**shown, **changes.get(self.bug, {})}

    def seconds(self, record: Record, user: str | None) -> int:
        mine = [shift for shift in self.shifts if shift["project"] == record["uuid"] and (user in (None, shift["user"]) or self.bug == "everyones")]
        mine = mine[-1:] if self.bug == "last_only" else mine
        ended = [shift for shift in mine if shift["stop"] is not None or self.bug != "totals_stand"]
        on = self.now if self.bug == "goes_on" else None
        return int(record.get("grand_total") or 0) + sum(int(on or shift["stop"] or self.now) - int(shift["start"]) for shift in ended)

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        record["active"], record["grand_total"] = "true", 0
        names = [one["name"] for one in record.get("activities") or []]
        uuids = [f"99999999-9999-4999-8999-99999999999{number}" for number in range(10)]
        record["activities"] = [{"name": name, "uuid": uuid, "project_uuid": record["uuid"]} for name, uuid in zip(names, uuids, strict=False)]
        return record


def clocked(
    clause: str, bug: str = "", *, write: bool = True, records: list[Record] | None = None, kind: type[Clocked] = Clocked, without: str = ""
) -> Verdict:
    known = {"companies": MILES["companies"], "projects": records if records is not None else MILES["projects"]}
    mini = kind(known)
    mini.bug = bug
    exam = exam_of("88miles", write=write, spec=SPEC)
    credentials = {name: fields for name, fields in exam.target.credentials.items() if name != without}
    exam = Exam(SPEC, replace(exam.target, credentials=credentials))
    bound = SPEC.clauses[clause]
    flow = CHECKS[bound.rule].flow
    assert flow is not None
    try:
        return next(_driven(flow(exam, bound), mini))
    except Ended as end:
        return end.verdict


def _driven(steps: Any, mini: Clocked) -> Iterator[Verdict]:
    """The verdict of a flow, whose waits move the implementation's clock."""
    answer: Response | None = None
    try:
        while True:
            step = steps.send(answer)
            if isinstance(step, Wait):
                mini.now += step.seconds
            answer = None if isinstance(step, Wait) else mini(step)
    except StopIteration as end:
        yield end.value


@pytest.mark.parametrize("clause", [IN, ONE, OUT, CLOSED, OPEN, LIMITS, TOTALS])
@pytest.mark.parametrize("quirk", ["", "null_running", "told_while_running", "no_date", "whole_floats"])
def test_right_implementation_passes(clause: str, quirk: str) -> None:
    assert isinstance(clocked(clause, quirk), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        (IN, "punch_in_does_nothing"),
        (IN, "nested_does_nothing"),
        (IN, "milliseconds"),
        (IN, "an_hour_ahead"),
        (IN, "entry_closed"),
        (IN, "entry_later"),
        (IN, "no_entry"),
        (IN, "activity_lost"),
        (IN, "first_activity"),
        (IN, "entry_of_another"),
        (IN, "nested_shown_only"),
        (ONE, "two_run"),
        (ONE, "busy"),
        (ONE, "stops_everyone"),
        (OUT, "punch_out_does_nothing"),
        (OUT, "nested_does_nothing"),
        (OUT, "time_lost"),
        (OUT, "twice"),
        (OUT, "body_500"),
        (OUT, "quote_500"),
        (CLOSED, "sign_off_does_nothing"),
        (CLOSED, "nested_does_nothing"),
        (CLOSED, "closed_starts"),
        (CLOSED, "closed_500"),
        (CLOSED, "refused_but_runs"),
        (CLOSED, "sign_off_clears_the_limit"),
        (OPEN, "reopen_clears_the_limit"),
        (OPEN, "reopen_does_nothing"),
        (OPEN, "nested_does_nothing"),
        (OPEN, "reopen_forbidden"),
        (LIMITS, "over_late"),
        (LIMITS, "left_full"),
        (LIMITS, "not_null"),
        (TOTALS, "totals_stand"),
        (TOTALS, "totals_as_text"),
        (TOTALS, "goes_on"),
        (TOTALS, "own_only"),
        (TOTALS, "everyones"),
        (TOTALS, "last_only"),
        (TOTALS, "start_forgets"),
        (TOTALS, "first_start"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = clocked(clause, bug)
    assert isinstance(found, Failed)
    assert found.expected
    assert found.observed


def test_members_that_are_not_shown_prove_nothing() -> None:
    assert isinstance(clocked(ONE, "silent"), Inconclusive)


def test_notes_with_quotes_may_be_refused() -> None:
    assert isinstance(clocked(OUT, "quotes_refused"), Passed)


def test_limits_that_are_null_are_open() -> None:
    assert isinstance(clocked(LIMITS, "limits_null"), Passed)


def test_known_records_are_looked_at() -> None:
    over = {**MILES["projects"][0], "time_limit": 10, "grand_total": 15}
    assert isinstance(clocked(LIMITS, "over_late", records=[over, {**over, "uuid": OTHER, "company_uuid": COMPANY}]), Failed)


class OneUser(Clocked):
    """All credentials are of one user, as the entries say."""

    def credential(self, call: Call) -> str:
        super().credential(call)
        return KEYS["full"]

    def show_shift(self, shown: Record, running: dict[str, Any] | None) -> None:
        super().show_shift(shown, running)
        if running is not None:
            shown["current_shift"]["user_uuid"] = OTHER


@pytest.mark.parametrize("clause", [ONE, TOTALS])
def test_other_who_is_the_same_user_proves_nothing_of_others(clause: str) -> None:
    assert not isinstance(clocked(clause, kind=OneUser), Failed)


class Reticent(OneUser):
    """Shows the user of an entry to a colleague alone."""

    def credential(self, call: Call) -> str:
        self.asking = Miniature.credential(self, call)
        return super().credential(call)

    def show_shift(self, shown: Record, running: dict[str, Any] | None) -> None:
        super().show_shift(shown, running)
        if self.asking == KEYS["full"] and "current_shift" in shown:
            shown["current_shift"].pop("user_uuid", None)


def test_user_who_is_not_always_shown_proves_nothing_of_others() -> None:
    assert not isinstance(clocked(TOTALS, kind=Reticent, without="other"), Failed)


def test_start_that_does_nothing_proves_nothing_of_others() -> None:
    assert isinstance(clocked(ONE, "punch_in_does_nothing"), Inconclusive)


def test_only_own_records_are_told_anything() -> None:
    mini = Clocked({"companies": MILES["companies"], "projects": MILES["projects"]})
    before = [dict(record) for record in mini.records["projects"]]
    exam = exam_of("88miles", spec=SPEC)
    for slug in (IN, ONE, OUT, CLOSED, OPEN, LIMITS, TOTALS):
        clause = SPEC.clauses[slug]
        next(_driven(CHECKS[clause.rule].flow(exam, clause), mini))  # type: ignore[misc]
    keys = {record["uuid"] for record in before}
    assert [record for record in mini.records["projects"] if record["uuid"] in keys] == before
    assert not [shift for shift in mini.shifts if shift["project"] in keys]
