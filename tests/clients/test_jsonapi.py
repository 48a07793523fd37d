"""JSON:API clients that others wrote, unmodified, against Productive's API."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver import Live
from tests.clients.conftest import ROOT, credential, printed

pytestmark = pytest.mark.clients

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    """The people of the account, as the seed has them."""
    seed = json.loads((ROOT / "fixtures" / "productive" / "seed.json").read_text("utf-8"))
    return [row["record"] for row in seed["records"]["people"] if row["account"] == "acme"]


@pytest.fixture(scope="module")
def contractors(people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those with a name to sort by, in descending order."""
    return sorted((one for one in people if one["role"] == "contractor"), key=lambda one: str(one["last_name"]), reverse=True)


@pytest.fixture(scope="module", params=["kitsu", "devour", "spraypaint", "coloquent"])
def done(request: pytest.FixtureRequest, served: Live, node_modules: Path) -> dict[str, Any]:
    """What a program of each npm client got, step by step."""
    program = shutil.copy(PROGRAMS / f"{request.param}.mjs", node_modules)
    found: dict[str, Any] = printed(["node", str(program)], served.of("productive"), credential(served, "productive"))
    return found


def test_list_is_filtered_sorted_and_cut(done: dict[str, Any], contractors: list[dict[str, Any]]) -> None:
    names = [one["last_name"] for one in contractors]
    assert [one["last_name"] for one in done["list"]["data"]] == names[:4]
    assert [one["last_name"] for one in done["second"]["data"]] == names[4:8]
    assert {one["role"] for one in done["list"]["data"]} == {"contractor"}


def test_operator_compares(done: dict[str, Any], people: list[dict[str, Any]]) -> None:
    dear = {one["id"] for one in people if one["hourly_cost"] is not None and one["hourly_cost"] >= 5000}
    assert {one["id"] for one in done["compared"]["data"]} == dear


def test_fields_asked_for_are_all_that_come(done: dict[str, Any], people: list[dict[str, Any]]) -> None:
    shown = [set(one) - {"id", "type"} for one in done["sparse"]["data"][:4]]
    assert shown == [{"last_name"}] * 4
    assert [one["last_name"] for one in done["sparse"]["data"][:4]] == [one["last_name"] for one in people[:4]]


def test_included_record_is_joined(done: dict[str, Any]) -> None:
    company = done["included"]["data"]["company"]
    assert company.get("data", company)["name"] == "Analytical Engines"


def test_created_record_is_read_back(done: dict[str, Any]) -> None:
    assert done["created"]["data"]["email"] == "katherine@example.com"
    assert done["read"]["data"] == done["created"]["data"]


def test_update_changes_what_it_names(done: dict[str, Any]) -> None:
    assert done["updated"]["data"] == {**done["created"]["data"], "title": "Mathematician"}


def test_deleted_record_is_gone(done: dict[str, Any]) -> None:
    assert done["gone"] is not None
    assert "Record Not Found" in json.dumps(done["gone"])


def test_errors_reach_the_program(done: dict[str, Any]) -> None:
    assert "Invalid Attribute" in json.dumps(done["invalid"])
    assert "Filter 'shoe_size' is not supported" in json.dumps(done["unsupported"])


def test_jsonapi_requests_works(served: Live, python: str, contractors: list[dict[str, Any]]) -> None:
    done = printed([python, str(PROGRAMS / "jsonapi_requests_client.py")], served.of("productive"), credential(served, "productive"))
    assert done["list"] == [one["id"] for one in contractors][:4]
    assert done["read"] == done["updated"] == {**done["created"], "title": "Mathematician"}
    assert (done["deleted"], done["gone"]) == (204, 404)


def test_jsonapi_client_works(served: Live, python: str, people: list[dict[str, Any]], contractors: list[dict[str, Any]]) -> None:
    done = printed([python, str(PROGRAMS / "jsonapi_session.py")], served.of("productive"), credential(served, "productive"))
    assert done["list"] == [one["id"] for one in contractors][:4]
    assert sorted(done["all"]) == sorted(one["id"] for one in people)
    assert (done["created"][1], done["read"], done["gone"]) == ("Johnson", "Mathematician", 404)
