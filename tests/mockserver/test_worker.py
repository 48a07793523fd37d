"""Requests that need no waiting are answered on the thread that took them from the wire."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import urllib3

from mockserver import Engine, Request, live
from mockserver.exchange import Response
from mockserver.store import Table
from specs.model import Spec
from tests.mockserver.conftest import spec_of

KEY = {"authorization": urllib3.util.make_headers(basic_auth="sk_full_12345:")["authorization"]}


class Watched(Engine):
    """Notes which thread answers each method, and fails where it is asked to."""

    def __init__(self, spec: Spec) -> None:
        self.threads: dict[str, str] = {}
        super().__init__([spec])

    def handle(self, request: Request) -> Response:
        self.threads[request.method] = threading.current_thread().name
        if "fail" in request.query:
            raise RuntimeError("as asked")
        return super().handle(request)


def test_only_a_body_is_waited_for_in_the_event_loop() -> None:
    engine = Watched(spec_of("timedash"))
    with live(engine=engine) as server, urllib3.PoolManager() as pool:
        assert pool.request("GET", server.of("timedash") + "/contacts", headers=KEY).status == 200
        assert pool.request("POST", server.of("timedash") + "/contacts", headers=KEY, json={"name": "Ann"}).status < 300
    assert engine.threads["POST"].startswith("mockserver:")
    assert not engine.threads["GET"].startswith("mockserver:")


def test_body_of_no_length_is_not_waited_for() -> None:
    engine = Watched(spec_of("timedash"))
    with live(engine=engine) as server, urllib3.PoolManager() as pool:
        assert pool.request("PUT", server.of("timedash") + "/contacts/none", headers={**KEY, "content-length": "0"}).status >= 400
    assert not engine.threads["PUT"].startswith("mockserver:")


def test_failing_engine_is_a_500_and_not_the_end() -> None:
    with live(engine=Watched(spec_of("timedash"))) as server, urllib3.PoolManager(retries=False) as pool:
        url = server.of("timedash") + "/contacts"
        assert pool.request("GET", url + "?fail", headers=KEY).status == 500
        assert pool.request("POST", url + "?fail", headers=KEY, json={}).status == 500
        assert pool.request("GET", url, headers=KEY).status == 200


def test_reads_and_writes_at_once_lose_nothing() -> None:
    engine, table = Engine([spec_of("timedash")], rate_limit=0), Table("", "timedash", "contacts")
    before = engine.store.count(table)
    with live(engine=engine) as server, urllib3.PoolManager(maxsize=8) as pool:
        url = server.of("timedash") + "/contacts"

        def work(number: int) -> str:
            made: str = pool.request("POST", url, headers=KEY, json={"name": f"Contact {number}"}).json()["id"]
            assert pool.request("GET", f"{url}/{made}", headers=KEY).json()["name"] == f"Contact {number}"
            return made

        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(work, range(60)))
    assert len(set(made)) == 60
    assert engine.store.count(table) == before + 60
