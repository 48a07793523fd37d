"""What is settled of a replay beforehand is what a whole request would get, and nothing else is settled."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from mockserver import Engine, Live, live
from mockserver.exchange import Request
from mockserver.faults import faults_of
from mockserver.journal import Journal
from specs import load

APIS = ("paydirt", "timedash", "moonrope", "88miles", "productive")
CONTACTS = "/contacts"


@pytest.fixture(scope="module")
def replay() -> Engine:
    return Engine([load(api) for api in APIS], mode="replay")


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live(load("timedash"), mode="replay") as running:
        yield running


def asked(server: Live, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body that a GET over HTTP gets."""
    connection = http.client.HTTPConnection(server.url.partition("//")[2], timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.mark.parametrize("api", APIS)
def test_settled_is_what_a_request_gets(replay: Engine, api: str) -> None:
    spec = replay.apis[api].spec
    for operation in spec.operations.values():
        if operation.method.upper() == "GET":
            path = f"/{api}{spec.base_path}{operation.path}"
            assert replay.settled(path) == replay.handle(Request("GET", path)), operation.id


@pytest.mark.parametrize("path", ["/nothing", "/__proctor/health", "/timedash/nothing", "/timedash"])
def test_what_no_operation_answers_is_not_settled(replay: Engine, path: str) -> None:
    assert replay.settled(path) is None


def test_state_journal_and_faults_settle_nothing() -> None:
    spec = load("timedash")
    assert Engine([spec]).settled(CONTACTS) is None
    assert Engine([spec], mode="replay", journal=Journal()).settled(CONTACTS) is None
    assert Engine([spec], mode="replay", faults=[faults_of(spec)[0].name]).settled(CONTACTS) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Prefer": "code=401"}, 401), ({"X-Proctor-Space": "!"}, 400), ({"Host": "a, b"}, 400), ({"Content-Length": "nonsense"}, 400)],
)
def test_headers_that_count_are_listened_to(server: Live, headers: dict[str, str], status: int) -> None:
    assert asked(server, CONTACTS, headers)[0] == status


def test_query_and_credential_change_nothing(server: Live) -> None:
    assert asked(server, CONTACTS, {}) == asked(server, f"{CONTACTS}?page=7", {"Authorization": "Basic nobody"})


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_suffixed_fixed_path_is_found_at_once(suffix: str) -> None:
    engine = Engine([load("88miles")], mode="replay")
    settled = engine.settled(f"/api/1/projects{suffix}")
    assert settled is not None
    assert settled == engine.handle(Request("GET", f"/api/1/projects{suffix}"))
