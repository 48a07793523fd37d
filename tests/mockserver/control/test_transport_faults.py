"""Transport faults, switched while the stub runs."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from mockserver import live
from mockserver.transport_faults import KINDS, parse
from tests.mockserver.conftest import spec_of
from tests.mockserver.control.conftest import Plane

SLOW = "latency=200ms"


def test_kinds_are_told_with_examples_that_can_be_read(plane: Plane) -> None:
    told = plane("GET", "/transport-faults").json
    assert told["on"] == []
    assert [kind["kind"] for kind in told["kinds"]] == list(KINDS)
    assert [parse(kind["example"]).kind for kind in told["kinds"]] == list(KINDS)


def test_faults_are_put_and_taken_away(plane: Plane) -> None:
    assert plane("PUT", "/transport-faults", {"on": [SLOW, "reset,rate=5%@listContacts"]}).json == {"on": [SLOW, "reset,rate=5%@listContacts"]}
    assert plane("PUT", "/transport-faults", {"on": [SLOW]}).json == {"on": [SLOW]}
    assert plane("DELETE", "/transport-faults").status == 204
    assert plane("GET", "/transport-faults").json["on"] == []


def test_space_has_its_own(plane: Plane) -> None:
    plane.within("one")("PUT", "/transport-faults", {"on": [SLOW]})
    assert plane("GET", "/transport-faults").json["on"] == []
    assert plane.within("one")("GET", "/transport-faults").json["on"] == [SLOW]


@pytest.mark.parametrize(
    ("body", "told"),
    [({"on": ["nonsense"]}, "no transport fault"), ({"on": ["latency=1s@nobody"]}, "neither an operation"), ({"on": [""]}, "/on/0"), ({}, "on")],
)
def test_wrong_fault_changes_nothing(plane: Plane, body: object, told: str) -> None:
    plane("PUT", "/transport-faults", {"on": [SLOW]})
    answer = plane("PUT", "/transport-faults", body)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert told in answer.json["detail"]
    assert plane("GET", "/transport-faults").json["on"] == [SLOW]


def test_connections_are_broken_and_whole_again() -> None:
    with live(spec_of("timedash")) as running:
        link = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=5)

        def status(method: str, path: str, body: str | None = None) -> int:
            link.request(method, path, body)
            answer = link.getresponse()
            answer.read()
            return answer.status

        assert status("GET", "/contacts") == 401
        assert status("PUT", "/__proctor/transport-faults", '{"on": ["status=503"]}') == 200
        assert status("GET", "/contacts") == 503
        assert status("DELETE", "/__proctor/transport-faults") == 204
        assert status("GET", "/contacts") == 401
        link.close()
