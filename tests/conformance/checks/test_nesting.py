from __future__ import annotations

from typing import Any

import pytest

from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Resource
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused, verdict_on

LIST, SAME = "88miles/list/company", "88miles/nested/same"


class Nested(Miniature):
    def nested(self, call: Call) -> bool:
        return "company_uuid" in call.values


class AllCompanies(Nested):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        super().visible(call, resource)
        return self.records[resource.name]


class LosesOne(Nested):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        found = super().visible(call, resource)
        return found[1:] if self.nested(call) and len(found) > 1 else found


class IgnoresTheCompanyWhenOrdered(Nested):
    def visible(self, call: Call, resource: Resource) -> list[Record]:
        return self.records[resource.name] if "order" in call.query else super().visible(call, resource)


class OneCompany(Nested):
    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        first = self.records["projects"][0]["company_uuid"]
        self.records["projects"] = [record for record in self.records["projects"] if record["company_uuid"] == first]


class ShowsOtherNames(Nested):
    def perform(self, call: Call) -> tuple[int, Any]:
        status, document = super().perform(call)
        if self.nested(call) and call.operation.effect == "read":
            document["response"]["name"] += " (nested)"
        return status, document


class Forgets(Nested):
    effect = ""

    def perform(self, call: Call) -> tuple[int, Any]:
        if not self.nested(call) or call.operation.effect != self.effect:
            return super().perform(call)
        before = [dict(record) for record in self.records["projects"]]
        answer = super().perform(call)
        self.records["projects"] = before
        return answer


class ShowsWhatWasMade(Nested):
    """Shows records on nested reads as they were made, whatever they were changed to."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.first: dict[str, Record] = {}

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        self.first[record["uuid"]] = dict(record)
        return record

    def perform(self, call: Call) -> tuple[int, Any]:
        status, document = super().perform(call)
        if self.nested(call) and call.operation.effect == "read":
            document["response"] |= self.first.get(document["response"]["uuid"], {})
        return status, document


class HidesNestedCreates(Nested):
    """Lists on the plain path only what was made there."""

    hidden: tuple[str, ...] = ()

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        self.hidden += (record["uuid"],) if self.nested(call) else ()
        return record

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        found = super().visible(call, resource)
        return [record for record in found if self.nested(call) or call.operation.effect != "list" or record["uuid"] not in self.hidden]


class ListsWhereItWasMade(Nested):
    """Lists a record under the company in which it was made, wherever it was moved to."""

    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        record["made_in"] = record["company_uuid"]
        return record

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        company = call.values.get("company_uuid")
        records = self.records[resource.name]
        return [record for record in records if company is None or record.get("made_in", record["company_uuid"]) == company]


class StaysInItsCompany(Nested):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        company = record["company_uuid"]
        changed = super().update(call, resource, record)
        changed["company_uuid"] = company
        return changed


class RefusesWrites(Nested):
    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        if self.nested(call):
            raise Refused("invalid_record")
        return super().update(call, resource, record)


class CreatesInTheFirst(Nested):
    def create(self, call: Call, resource: Resource) -> Record:
        record = super().create(call, resource)
        if self.nested(call):
            record["company_uuid"] = self.records["projects"][0]["company_uuid"]
        return record


@pytest.mark.parametrize("clause", [LIST, SAME])
def test_right_nesting_passes(clause: str) -> None:
    assert isinstance(verdict_on(clause), Passed)


@pytest.mark.parametrize("kind", [AllCompanies, LosesOne, IgnoresTheCompanyWhenOrdered, ListsWhereItWasMade])
def test_inexact_list_fails(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on(LIST, kind), Failed)


def test_record_that_stays_in_its_company_passes() -> None:
    assert isinstance(verdict_on(LIST, StaysInItsCompany), Passed)


class MovesLater(Nested):
    """Needs a second until a record that was moved is in the other list."""

    moved: tuple[tuple[Record, str], ...] = ()

    def wait(self, seconds: float) -> None:
        self.moved = () if seconds >= 1 else self.moved

    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        company = record["company_uuid"]
        changed = super().update(call, resource, record)
        self.moved += ((changed, company),) if changed["company_uuid"] != company else ()
        return changed

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        now = [(record, record["company_uuid"]) for record, _ in self.moved]
        for record, before in self.moved if call.operation.effect == "list" else ():
            record["company_uuid"] = before
        found = super().visible(call, resource)
        for record, company in now:
            record["company_uuid"] = company
        return found


def test_record_may_be_moved_a_second_later() -> None:
    found = verdict_on(LIST, MovesLater)
    assert isinstance(found, Passed)
    assert any("still there" in remark for remark in found.remarks)


def test_records_of_one_company_prove_nothing() -> None:
    assert isinstance(verdict_on(LIST, OneCompany), Inconclusive)
    assert isinstance(verdict_on(LIST, most=0), Inconclusive)


@pytest.mark.parametrize("kind", [ShowsOtherNames, RefusesWrites, CreatesInTheFirst, ShowsWhatWasMade, HidesNestedCreates])
def test_other_records_fail(kind: type[Miniature]) -> None:
    assert isinstance(verdict_on(SAME, kind), Failed)


@pytest.mark.parametrize("effect", ["create", "update", "delete", "sign_off", "reopen"])
def test_lost_effect_fails(effect: str) -> None:
    assert isinstance(verdict_on(SAME, type("Kind", (Forgets,), {"effect": effect})), Failed)
