"""A connection within the process, held against one to a server: the same client code, both ways, comes to the same end."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from http.client import IncompleteRead
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from mockserver import Clock, Live, Stub, live
from mockserver.responses import activate
from tests.mockserver.conftest import NOON, spec_of

KEY = {"api_key": "paydirt-full-7d1f"}
Client = Callable[[requests.Session, str, float], Any]
"""What is done with a session at a base URL, and how many seconds it waits for each answer."""


def reads(session: requests.Session, url: str, patience: float) -> Any:
    answer = session.get(f"{url}/clients", params=KEY, timeout=patience)
    return answer.status_code, answer.reason, answer.content


def reads_piecewise(session: requests.Session, url: str, patience: float) -> Any:
    with session.get(f"{url}/clients", params=KEY, timeout=patience, stream=True) as answer:
        sizes = []
        try:
            sizes.extend(len(piece) for piece in answer.iter_content(1000))
        except requests.RequestException as error:
            return answer.status_code, sizes, shape(error)
        return answer.status_code, sizes


def reads_raw(session: requests.Session, url: str, patience: float) -> Any:
    with session.get(f"{url}/clients", params=KEY, timeout=(3, patience), stream=True) as answer:
        return answer.raw.read()


def writes(session: requests.Session, url: str, patience: float) -> Any:
    answer = session.post(f"{url}/clients", params=KEY, json={"business_name": "Kiln"}, timeout=patience)
    return answer.status_code, answer.json().get("client", {}).get("business_name")


def tries_again(session: requests.Session, url: str, patience: float) -> Any:
    session.mount("http://", HTTPAdapter(max_retries=Retry(2, status_forcelist=[503])))
    return reads(session, url, patience)


def tries_again_and_takes_what_comes(session: requests.Session, url: str, patience: float) -> Any:
    session.mount("http://", HTTPAdapter(max_retries=Retry(2, read=1, status_forcelist=[502, 503], raise_on_status=False)))
    return reads(session, url, patience)


def tries_a_write_again(session: requests.Session, url: str, patience: float) -> Any:
    session.mount("http://", HTTPAdapter(max_retries=Retry(2, status_forcelist=[503], allowed_methods=None)))
    return writes(session, url, patience)


def goes_on(session: requests.Session, url: str, patience: float) -> Any:
    return [ending(lambda: reads(session, url, patience)[0]) for _ in range(12)]


CLIENTS = [reads, reads_piecewise, reads_raw, writes, tries_again, tries_again_and_takes_what_comes, tries_a_write_again, goes_on]

QUICK = [
    (),
    ("latency=1ms",),
    ("dribble=1000B,every=1ms",),
    ("truncate",),
    ("truncate=1",),
    ("truncate=100%",),
    ("truncate=2000", "dribble=700B,every=1ms"),
    ("reset",),
    ("reset,when=before",),
    ("length=-10",),
    ("length=-99999",),
    ("length=+10", "truncate"),
    ("length=+10", "dribble=1000B,every=1ms"),
    ("length=-4000", "truncate"),
    ("garbage",),
    ("garbage=1B",),
    ("garbage=70000B",),
    ("status=500",),
    ("status=503",),
    ("status=599",),
    ("status=503", "truncate"),
    ("reset,rate=50%",),
    ("status=503,rate=50%,seed=9",),
    ("truncate,rate=40%", "reset,rate=30%", "status=502,rate=30%"),
]
SLOW = [("latency=2s",), ("dribble=4000B,every=2s",), ("length=+10",), ("latency=2s", "reset")]
CASES = [*((faults, client) for faults in QUICK for client in CLIENTS), *((faults, client) for faults in SLOW for client in (reads, reads_piecewise, writes))]


def shape(error: BaseException) -> Any:
    """An error as far as it has to be the same: its kind, what it says but for the host, and the errors in it."""
    if isinstance(error, IncompleteRead):
        return "IncompleteRead", error.partial, error.expected
    told = re.sub(r"host='[^']*', port=\d+", "", str(error))
    return type(error).__qualname__, told, [shape(one) for one in error.args if isinstance(one, BaseException)]


def ending(client: Callable[[], Any]) -> Any:
    try:
        return client()
    except Exception as error:  # noqa: BLE001 - whatever it is, it has to be the same
        return shape(error)


def outcome(client: Client, faults: tuple[str, ...], stub: Stub) -> Any:
    """How a client ends under faults, and how many records there are then."""
    stub.reset()
    stub.set_transport_faults(*faults)
    with requests.Session() as session:
        end = ending(lambda: client(session, stub.url, 0.5 if faults in SLOW else 10))
    stub.set_transport_faults()
    return end, len(requests.get(f"{stub.url}/clients", {**KEY, "per_page": "500"}, timeout=5).json()["clients"])


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A real one."""
    with live(spec_of("paydirt"), seed=5, clock=Clock(NOON)) as running:
        yield running


@pytest.fixture(scope="module")
def served(server: Live) -> dict[Any, Any]:
    """What the real one has led to, once for each case."""
    stub = Stub("paydirt", server.engine, server.of("paydirt"))
    return {(faults, client): outcome(client, faults, stub) for faults, client in CASES}


@pytest.fixture(scope="module")
def within(served: dict[Any, Any]) -> Iterator[Stub]:
    """The same without a socket. It begins when no server is asked any more, since that would be refused."""
    assert len(served) == len(CASES)
    with activate(spec_of("paydirt"), seed=5, clock=Clock(NOON), url="http://stub.test:8080") as stub:
        yield stub


@pytest.mark.parametrize(("faults", "client"), CASES, ids=[f"{'+'.join(faults) or 'calm'}-{client.__name__}" for faults, client in CASES])
def test_client_ends_as_with_a_server(served: dict[Any, Any], within: Stub, faults: tuple[str, ...], client: Any) -> None:
    assert outcome(client, faults, within) == served[faults, client]


def test_endings_are_those_of_requests(served: dict[Any, Any]) -> None:
    def kind(*faults: str) -> str:
        return str(served[faults, reads][0][0])

    assert [kind(fault) for fault in ("reset", "garbage", "truncate")] == ["ConnectionError", "ConnectionError", "ChunkedEncodingError"]
    assert [kind(fault) for fault in ("latency=2s", "length=+10", "dribble=4000B,every=2s")] == ["ReadTimeout", "ConnectionError", "ConnectionError"]


# Time


def test_latency_moves_the_clock_and_takes_no_time() -> None:
    with activate("timedash", clock=Clock(NOON), transport_faults=["latency=500s"]) as stub:
        started = time.monotonic()
        with pytest.raises(requests.ReadTimeout, match=r"read timeout=60"):
            requests.get(f"{stub.url}/assignments", timeout=60)
        assert stub.clock.now() == NOON + 60
        assert requests.get(f"{stub.url}/assignments", timeout=None).status_code == 401
        assert stub.clock.now() == NOON + 560
        assert time.monotonic() - started < 5


def test_operation_is_done_though_its_answer_comes_too_late() -> None:
    with activate("timedash", transport_faults=["latency=2s"]) as stub:
        key = (stub.credentials["full"]["key"], "")
        with pytest.raises(requests.ReadTimeout):
            requests.post(f"{stub.url}/assignments", json={"title": "Late", "timestamp": 1}, auth=key, timeout=1)
        assert len(requests.get(f"{stub.url}/assignments", {"title": "Late"}, auth=key, timeout=3).json()["data"]) == 1


def test_each_wait_has_the_whole_timeout() -> None:
    with activate("timedash", clock=Clock(NOON), transport_faults=["dribble=1000B,every=3s"]) as stub:
        key = (stub.credentials["full"]["key"], "")
        answer = requests.get(f"{stub.url}/assignments", auth=key, timeout=3.5)
        assert stub.clock.now() == NOON + 3 * (len(answer.content) // 1000)


def test_retry_after_is_waited_for_by_the_stubs_clock() -> None:
    with activate("timedash", rate_limit=2, clock=Clock(NOON)) as stub, requests.Session() as session:
        session.auth = (stub.credentials["full"]["key"], "")
        session.mount("https://", HTTPAdapter(max_retries=Retry(2, status_forcelist=[429])))
        started = time.monotonic()
        assert [session.get(f"{stub.url}/assignments").status_code for _ in range(6)] == [200] * 6
        assert [entry.response.status for entry in stub.journal] == [200, 200, 429, 200, 200, 429, 200, 200]
        assert stub.clock.now() >= NOON + 60
        assert time.monotonic() - started < 5


def test_backoff_is_waited_for_by_the_stubs_clock() -> None:
    with activate("timedash", clock=Clock(NOON), transport_faults=["reset"]) as stub, requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=Retry(3, backoff_factor=10)))
        with pytest.raises(requests.ConnectionError, match="Max retries exceeded"):
            session.get(f"{stub.url}/assignments")
        assert stub.clock.now() == NOON + 20 + 40


def test_pauses_of_ones_own_are_kept() -> None:
    slept = []

    class Mine(Retry):
        def sleep(self, response: Any = None) -> None:
            slept.append(response)

    with activate("timedash", clock=Clock(NOON), transport_faults=["status=503"]) as stub, requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=Mine(2, backoff_factor=10, status_forcelist=[503])))
        with pytest.raises(requests.exceptions.RetryError):
            session.get(f"{stub.url}/assignments")
        assert (len(slept), stub.clock.now()) == (2, NOON)


def test_time_passes_in_the_space_of_the_request() -> None:
    with activate("timedash", clock=Clock(NOON)) as stub, stub.space() as own:
        own.set_transport_faults("latency=5s")
        requests.get(f"{stub.url}/assignments", headers=own.headers, timeout=9)
        assert (own.clock.now(), stub.clock.now()) == (NOON + 5, NOON)


def test_body_that_stays_short_is_waited_for() -> None:
    with activate("timedash", clock=Clock(NOON)) as stub, requests.Session() as session:
        call = session.prepare_request(requests.Request("POST", f"{stub.url}/assignments", data=b"{}"))
        call.headers["Content-Length"] = "9"
        with pytest.raises(requests.ReadTimeout):
            session.send(call, timeout=5)
        assert session.send(call, timeout=60).status_code == 408
        assert (stub.clock.now(), stub.journal) == (NOON + 35, [])


def test_body_framed_in_two_ways_is_refused() -> None:
    with activate("timedash") as stub:
        # What requests makes of a length for an iterator: it announces chunks, and sends none.
        answer = requests.post(f"{stub.url}/assignments", iter([b"{}"]), headers={"Content-Length": "2"}, timeout=5)
        assert (answer.status_code, stub.journal) == (400, [])
