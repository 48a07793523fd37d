"""What a client's tests have in hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from mockserver import Clock, FaultError, Stub
from mockserver.responses import activate
from tests.mockserver.conftest import NOON


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Timedash behind `requests`."""
    with activate("timedash", clock=Clock(NOON), rate_limit=3, max_spaces=2) as active:
        yield active


def ask(stub: Stub, **parameters: str) -> requests.Response:
    return requests.get(f"{stub.url}/assignments", parameters, auth=(stub.credentials["full"]["key"], ""), headers=dict(stub.headers), timeout=5)


def make(stub: Stub, title: str) -> None:
    record = {"title": title, "timestamp": 1}
    requests.post(f"{stub.url}/assignments", json=record, auth=(stub.credentials["full"]["key"], ""), headers=dict(stub.headers), timeout=5).raise_for_status()


def test_space_has_records_of_its_own(stub: Stub) -> None:
    with stub.space() as one, stub.space() as two:
        make(one, "Mine")
        assert [len(ask(each, title="Mine").json()["data"]) for each in (one, two, stub)] == [1, 0, 0]


def test_space_has_limits_clock_and_faults_of_its_own(stub: Stub) -> None:
    with stub.space() as own:
        assert [ask(own).status_code for _ in range(4)] == [200, 200, 200, 429]
        own.clock.advance(60)
        own.set_transport_faults("status=503")
        assert (ask(own).status_code, ask(stub).status_code) == (503, 200)
        own.set_transport_faults()
        own.set_faults("timedash/auth/required")
        assert [requests.get(f"{stub.url}/assignments", headers=dict(each.headers), timeout=5).status_code for each in (own, stub)] == [200, 401]
        assert (own.clock.now(), stub.clock.now()) == (NOON + 60, NOON)


def test_reset_of_a_space_leaves_the_others(stub: Stub) -> None:
    with stub.space() as own:
        make(own, "Mine")
        make(stub, "Ours")
        own.reset()
        assert (len(ask(own, title="Mine").json()["data"]), len(ask(stub, title="Ours").json()["data"])) == (0, 1)


def test_space_is_forgotten_at_its_end(stub: Stub) -> None:
    for _ in range(5):
        with stub.space("mine") as own:
            assert ask(own, title="Mine").json()["data"] == []
            make(own, "Mine")
    assert stub.engine.spaces.all() == []


def test_space_that_cannot_be_had_is_told(stub: Stub) -> None:
    with pytest.raises(ValueError, match="can't name a space"), stub.space("a/b"):
        pass
    with stub.space(), stub.space(), pytest.raises(ValueError, match="no more are allowed"), stub.space():
        pass


def test_journal_tells_what_a_space_was_asked(stub: Stub) -> None:
    with stub.space() as own:
        ask(own, page="1")
        ask(stub)
        assert [(entry.request.query, entry.response.status) for entry in own.journal] == [("page=1", 200)]
        assert [entry.request.query for entry in stub.journal] == [""]


def test_transport_faults_are_switched(stub: Stub) -> None:
    stub.set_transport_faults("reset@listAssignments", "latency=1ms")
    with pytest.raises(requests.ConnectionError):
        ask(stub)
    stub.set_transport_faults()
    assert ask(stub).status_code == 200
    with pytest.raises(FaultError, match="no transport fault"):
        stub.set_transport_faults("lateness")
