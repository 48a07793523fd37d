"""Lists filled with records from their schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from mockserver import Clock, Engine
from mockserver.filling import AmountError, amounts
from mockserver.schemas import plain
from mockserver.store import Query, Table
from proctor.serve import command
from tests.mockserver.conftest import NOON, SIXTH, Caller, spec_of

APIS: list[str | Path] = ["paydirt", "timedash", "moonrope", "88miles", "productive", SIXTH]


def engine_with(number: int, api: str | Path) -> tuple[Engine, Table]:
    spec = spec_of(api)
    ((api_name, resource),) = found = amounts([str(number)], [spec])
    return Engine([spec], records=found, clock=Clock(NOON)), Table("", api_name, resource)


@pytest.mark.parametrize("api", APIS, ids=str)
def test_list_has_as_many_as_asked_for(api: str | Path) -> None:
    engine, table = engine_with(300, api)
    spec = spec_of(api)
    account = spec.seed.principals[0].account if spec.resources[table.resource].owned else None
    assert engine.store.count(table, account) == 300


@pytest.mark.parametrize("api", APIS, ids=str)
def test_records_keep_their_schema_and_ids_differ(api: str | Path) -> None:
    engine, table = engine_with(400, api)
    resource = spec_of(api).resources[table.resource]
    validator = jsonschema_rs.validator_for(plain(resource.schema))
    rows = engine.store.select(table, Query())[0]
    assert [error.message for row in rows for error in validator.iter_errors(row.record)] == []
    assert len({row.key for row in rows}) == len(rows)
    assert all(str(row.record[resource.key]) == row.key for row in rows)


def test_records_name_parents_that_are_there() -> None:
    engine, table = engine_with(300, "timedash")
    contacts = {row.key for row in engine.store.scan(Table("", "timedash", "contacts"), "nordlys")}
    made = [row.record for row in engine.store.scan(table, "nordlys") if row.user is None]
    assert made
    assert {record["contact_id"] for record in made} <= contacts


def test_records_are_the_same_each_time() -> None:
    first, second = (engine_with(300, "88miles") for _ in range(2))
    assert [row.json for row in first[0].store.scan(first[1])] == [row.json for row in second[0].store.scan(second[1])]


def test_filled_list_can_be_written_to_and_reset() -> None:
    engine, _ = engine_with(500, "timedash")
    caller = Caller(engine)
    before = caller("GET", "/assignments", query="size=100&page=4")
    made = caller("POST", "/assignments", {"title": "New", "timestamp": 1}).json
    assert caller("GET", f"/assignments/{made['id']}").json["title"] == "New"
    assert caller("DELETE", f"/assignments/{before.json['data'][0]['id']}").status == 204
    assert caller("GET", "/assignments", query="size=100&page=4").body != before.body
    engine.reset()
    assert caller("GET", "/assignments", query="size=100&page=4").body == before.body


def test_list_that_has_enough_is_left_alone() -> None:
    engine, table = engine_with(3, "timedash")
    assert engine.store.count(table, "nordlys") == Engine([spec_of("timedash")]).store.count(table, "nordlys") > 3


def test_amount_names_one_list_or_the_largest_of_each() -> None:
    specs = [spec_of("timedash"), spec_of("paydirt")]
    assert amounts(["5", "timedash/contacts=7"], specs) == {("timedash", "assignments"): 5, ("paydirt", "time_logs"): 5, ("timedash", "contacts"): 7}


@pytest.mark.parametrize("text", ["", "many", "-1", "1.5", "=", "timedash/contacts=", "9" * 30, "²"])
def test_amount_that_is_none_is_told(text: str) -> None:
    with pytest.raises(AmountError, match="expected a number of records"):
        amounts([text], [spec_of("timedash")])


@pytest.mark.parametrize("text", ["timedash/nothing=1", "paydirt/clients=1", "timedash/account=1", "timedash=1"])
def test_list_that_is_none_is_told(text: str) -> None:
    with pytest.raises(AmountError, match="there are timedash/contacts, timedash/assignments"):
        amounts([text], [spec_of("timedash")])


@pytest.mark.parametrize(
    ("records", "error", "told"),
    [({("timedash", "nothing"): 1}, AmountError, "'timedash/nothing': there is no such list"), (1000, TypeError, "say how many of which list")],
)
def test_engine_tells_of_a_list_that_is_none(records: Any, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        Engine([spec_of("timedash")], records=records)


@pytest.mark.parametrize(("options", "told"), [(["--records", "x"], "expected a number"), (["--store", "redis"], "there are memory and sqlite:FILE")])
def test_command_line_tells_what_is_wrong(options: list[str], told: str) -> None:
    result = CliRunner().invoke(command, ["timedash", "--port", "0", *options])
    assert (result.exit_code, told in result.output) == (2, True), result.output
