"""The engine behind `requests`, in process."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from requests.adapters import HTTPAdapter

import mockserver
from mockserver import Clock, Engine, Stub, live
from mockserver.engine import MAX_BODY
from mockserver.responses import activate
from tests.mockserver.conftest import NOON, SIXTH, spec_of

ROOT = Path(__file__).parent.parent.parent
KEY = ("sk_full_12345", "")
TIMEDASH = "https://api.timedash.dev"
PAYDIRT = "https://app.paydirtapp.com/api/v1"


@pytest.fixture
def stub() -> Iterator[Stub]:
    """Timedash behind `requests`."""
    with activate("timedash") as active:
        yield active


def created(stub: Stub, body: Any, **headers: str) -> requests.Response:
    sent = {"Content-Type": "application/json", **headers}
    return requests.post(f"{stub.url}/assignments", body, auth=KEY, headers=sent, timeout=5)


def test_client_walks_the_documented_pages(stub: Stub) -> None:
    pages = [requests.get(f"{stub.url}/assignments", {"page": page, "size": 50}, auth=KEY, timeout=5).json()["data"] for page in range(4)]
    ids = [record["id"] for page in pages for record in page]
    assert len(ids) == len(set(ids)) > 100


def test_stub_stands_at_the_specs_server(stub: Stub) -> None:
    assert (stub.api, stub.url) == ("timedash", TIMEDASH)


def test_credentials_are_known_by_name(stub: Stub) -> None:
    assert stub.credentials["full"] == {"key": KEY[0]}
    assert {"second", "limited", "other"} < set(stub.credentials)


def test_records_are_kept_between_calls(stub: Stub) -> None:
    made = created(stub, json.dumps({"title": "Roof", "timestamp": 1})).json()
    assert requests.get(f"{TIMEDASH}/assignments/{made['id']}", auth=KEY, timeout=5).json() == made
    gone = requests.delete(f"{TIMEDASH}/assignments/{made['id']}", auth=KEY, timeout=5)
    assert (gone.status_code, gone.content) == (204, b"")
    assert requests.get(f"{TIMEDASH}/assignments/{made['id']}", auth=KEY, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "form",
    [str, str.encode, lambda text: io.BytesIO(text.encode()), lambda text: io.StringIO(text), lambda text: (part.encode() for part in text)],
    ids=["text", "bytes", "file", "text_file", "generator"],
)
def test_any_form_of_body_is_read(stub: Stub, form: Any) -> None:
    answer = created(stub, form('{"title": "Dach über allem", "timestamp": 1}'.encode("ascii", "replace").decode()))
    assert answer.json()["title"] == "Dach ?ber allem"


def test_text_outside_ascii_comes_through(stub: Stub) -> None:
    assert created(stub, '{"title": "Dach über 日", "timestamp": 1}'.encode()).json()["title"] == "Dach über 日"


def test_too_large_body_is_refused(stub: Stub) -> None:
    assert created(stub, b" " * (MAX_BODY + 1)).status_code == 413


@pytest.mark.usefixtures("stub")
def test_head_has_the_length_and_no_body() -> None:
    get, head = (requests.request(method, f"{TIMEDASH}/assignments", auth=KEY, timeout=5) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", get.headers["content-length"])


@pytest.mark.usefixtures("stub")
def test_method_nobody_registered_gets_the_apis_answer() -> None:
    answer = requests.request("PROPFIND", f"{TIMEDASH}/assignments", auth=KEY, timeout=5)
    assert answer.status_code in (404, 405)
    assert answer.json()["error"]


def test_raw_query_reaches_the_engine() -> None:
    with activate("productive") as stub:
        headers = {"X-Auth-Token": stub.credentials["full"]["token"], "X-Organization-Id": stub.credentials["full"]["organization"]}
        raw, encoded = (requests.get(f"{stub.url}/people?{query}", headers=headers, timeout=5) for query in ("page[size]=3", "page%5Bsize%5D=3"))
    assert len(raw.json()["data"]) == 3
    assert raw.json()["data"] == encoded.json()["data"]


def test_links_lead_back_to_the_stub() -> None:
    with activate("productive", url="https://stub.test:8443/here") as stub:
        headers = {"X-Auth-Token": stub.credentials["full"]["token"], "X-Organization-Id": stub.credentials["full"]["organization"]}
        following = requests.get(f"{stub.url}/people", headers=headers, timeout=5).json()["links"]["next"]
        assert following.startswith("https://stub.test:8443/here/api/v2/people?")
        assert requests.get(following, headers=headers, timeout=5).status_code == 200


def test_other_hosts_are_refused(stub: Stub) -> None:
    for url in ("https://example.com/assignments", "https://api.timedash.dev.example.com/", "https://api.timedash.dev:444/assignments"):
        with pytest.raises(requests.ConnectionError, match="Connection refused by Responses"):
            requests.get(url, timeout=5)
    assert stub.engine.apis


def test_plain_http_is_refused_by_the_api_itself(stub: Stub) -> None:
    answer = requests.get(f"{stub.url.replace('https', 'http')}/assignments", auth=KEY, timeout=5)
    assert answer.status_code >= 400
    assert "HTTPS" in answer.json()["error"]["message"]


@pytest.mark.parametrize("url", ["http://stub.test", "http://stub.test/", "http://stub.test/api/v1", "http://stub.test/api/v1/"])
def test_url_may_have_the_base_path_or_not(url: str) -> None:
    with activate("paydirt", url=url) as stub:
        assert stub.url == "http://stub.test/api/v1"
        assert requests.get(f"{stub.url}/clients", {"api_key": "paydirt-full-7d1f"}, timeout=5).status_code == 200


def test_address_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="no address"), activate("timedash", url="timedash.dev"):
        pass


def test_spec_without_a_server_has_a_name_as_host() -> None:
    with activate(SIXTH) as stub:
        assert stub.url.startswith("http")
        assert stub.api == "sixth"


@activate("timedash", clock=Clock(NOON))
def test_decorated_function_is_inside() -> None:
    assert requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code == 200


decorated = activate("timedash")


class TestMethods:
    @decorated
    def test_decorated_method_knows_its_stub(self) -> None:
        created(decorated.stub, '{"title": "Once", "timestamp": 1}')
        assert requests.get(f"{decorated.stub.url}/assignments", {"title": "Once"}, auth=KEY, timeout=5).json()["data"][0]["title"] == "Once"

    @decorated
    def test_each_entry_begins_with_the_seed(self) -> None:
        assert requests.get(f"{decorated.stub.url}/assignments", {"title": "Once"}, auth=KEY, timeout=5).json()["data"] == []


def test_decorated_coroutine_is_inside() -> None:
    @decorated
    async def ask() -> int:
        await asyncio.sleep(0)
        return requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code

    assert asyncio.run(ask()) == 200


@pytest.mark.parametrize("wrong", [type("Tests", (), {}), (lambda: (yield))])
def test_only_functions_are_decorated(wrong: Any) -> None:
    with pytest.raises(TypeError, match="functions and methods"):
        decorated(wrong)


def test_stub_is_unknown_outside() -> None:
    with pytest.raises(RuntimeError, match="not active"):
        _ = decorated.stub


def test_faults_clock_and_reset_are_at_hand() -> None:
    with activate("timedash", rate_limit=2, clock=Clock(NOON)) as stub:
        asked = [requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).status_code for _ in range(3)]
        stub.clock.advance(3600)
        asked.append(requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).status_code)
        assert asked == [200, 200, 429, 200]
        stub.reset()
        stub.set_faults("timedash/auth/required")
        assert requests.get(f"{stub.url}/assignments", timeout=5).status_code == 200


def test_engine_may_be_handed_in() -> None:
    engine = Engine([spec_of("timedash")], rate_limit=1)
    for status in (200, 429):
        with activate("timedash", engine=engine):
            assert requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code == status


def test_options_beside_an_engine_are_an_error() -> None:
    with pytest.raises(TypeError, match="transport_faults would change nothing"):
        activate("timedash", engine=Engine([spec_of("timedash")]), transport_faults=["reset"])


def test_engine_of_several_apis_is_an_error() -> None:
    with pytest.raises(ValueError, match="one engine for each API"), activate("timedash", engine=Engine([spec_of("timedash"), spec_of("paydirt")])):
        pass


def test_two_apis_answer_side_by_side() -> None:
    with activate("timedash"):
        with activate("paydirt"):
            assert requests.get(f"{PAYDIRT}/clients", {"api_key": "paydirt-full-7d1f"}, timeout=5).status_code == 200
            assert requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{PAYDIRT}/clients", timeout=5)
        assert requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code == 200


def test_refusal_names_the_stubs_there_are(stub: Stub) -> None:
    with pytest.raises(requests.ConnectionError, match=r"GET https://api\.timedash\.com/ goes to no stub; there is https://api\.timedash\.dev\.") as caught:
        requests.get("https://api.timedash.com", timeout=5)
    assert stub.journal == []
    assert caught.value.request is not None


@pytest.mark.usefixtures("stub")
def test_servers_on_this_machine_are_reached() -> None:
    with live(spec_of("paydirt")) as server:
        assert requests.get(f"{server.of('paydirt')}/clients", {"api_key": "paydirt-full-7d1f"}, timeout=5).status_code == 200


def test_mock_around_goes_on() -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://elsewhere.example/", json={"mine": True})
        with activate("timedash") as stub:
            assert requests.get("https://elsewhere.example/", timeout=5).json() == {"mine": True}
            assert requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).status_code == 200
            with pytest.raises(requests.ConnectionError):
                requests.get("https://nowhere.example/", timeout=5)
        assert [call.request.url for call in mock.calls][:2] == ["https://elsewhere.example/", f"{TIMEDASH}/assignments"]


def test_mock_inside_lets_the_stub_answer(stub: Stub) -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://elsewhere.example/", json={"mine": True})
        mock.get(f"{TIMEDASH}/assignments", json={"mine": True}, match=[responses.matchers.query_param_matcher({"page": "9"})])
        for _ in range(2):
            assert requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).json() != {"mine": True}
            assert requests.get(f"{stub.url}/assignments?page=9", auth=KEY, timeout=5).json() == {"mine": True}
        assert requests.get("https://elsewhere.example/", timeout=5).json() == {"mine": True}


@responses.activate
def test_decorator_of_responses_stays_beside() -> None:
    responses.post("https://elsewhere.example/", status=202)
    with activate("timedash") as stub:
        assert requests.post("https://elsewhere.example/", timeout=5).status_code == 202
        assert requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).status_code == 200


def test_mock_sees_what_the_stub_raised(stub: Stub) -> None:
    stub.set_transport_faults("reset")
    with responses.RequestsMock(response_callback=_marked) as mock:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5)
        stub.set_transport_faults()
        assert requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).reason == "Marked"
        assert isinstance(mock.calls[0].response, requests.ConnectionError)


def _marked(answer: Any) -> Any:
    answer.reason = "Marked"
    return answer


def test_mock_may_be_named() -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get("https://elsewhere.example/", json={"mine": True})
        with activate("timedash", mock=mock):
            assert requests.get("https://elsewhere.example/", timeout=5).json() == {"mine": True}
            assert requests.get(f"{TIMEDASH}/assignments", auth=KEY, timeout=5).status_code == 200
        assert [call.url for call in mock.registered()] == ["https://elsewhere.example/"]


def test_session_and_threads_share_the_state(stub: Stub) -> None:
    session = requests.Session()
    session.auth = KEY
    workers = [threading.Thread(target=lambda: session.post(f"{TIMEDASH}/assignments", json={"title": "Many", "timestamp": 1}, timeout=5)) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(session.get(f"{stub.url}/assignments", params={"title": "Many"}, timeout=5).json()["data"]) == 8


def titles_made(count: int) -> int:
    """How many records a client finds that makes some, while others are active."""
    with activate("timedash") as stub:
        for number in range(count):
            created(stub, json.dumps({"title": "Mine", "timestamp": number}))
            time.sleep(0.002)
        return len(requests.get(f"{stub.url}/assignments", {"title": "Mine"}, auth=KEY, timeout=5).json()["data"])


def test_each_thread_has_its_own_activation() -> None:
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(titles_made, range(1, 7))) == list(range(1, 7))
    assert requests.adapters.HTTPAdapter.send.__module__ == "requests.adapters"


def test_each_task_has_its_own_activation() -> None:
    @decorated
    async def made(count: int) -> int:
        own = decorated.stub
        for number in range(count):
            await asyncio.to_thread(created, own, json.dumps({"title": "Mine", "timestamp": number}))
        assert decorated.stub is own
        return len(requests.get(f"{own.url}/assignments", {"title": "Mine"}, auth=KEY, timeout=5).json()["data"])

    async def together() -> list[int]:
        return await asyncio.gather(*(made(count) for count in (3, 1, 2)))

    assert asyncio.run(together()) == [3, 1, 2]


def test_same_api_within_itself_begins_anew() -> None:
    with activate("timedash") as outer:
        created(outer, '{"title": "Outer", "timestamp": 1}')
        with activate("timedash") as inner:
            assert requests.get(f"{inner.url}/assignments", {"title": "Outer"}, auth=KEY, timeout=5).json()["data"] == []
        assert len(requests.get(f"{outer.url}/assignments", {"title": "Outer"}, auth=KEY, timeout=5).json()["data"]) == 1


def test_threads_started_inside_reach_the_stub(stub: Stub) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: created(stub, '{"title": "Thread", "timestamp": 1}').status_code, range(4))) == [200] * 4


def test_activation_may_end_in_another_thread() -> None:
    activation = activate("timedash")
    stub = activation.__enter__()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(activation.__exit__, None, None, None).result()
    with pytest.raises(RuntimeError, match="not active"):
        _ = activation.stub
    with activate("paydirt"), pytest.raises(requests.ConnectionError, match="no stub"):
        requests.get(f"{stub.url}/assignments", timeout=5)


def test_forms_and_files_are_read(stub: Stub) -> None:
    assert requests.post(f"{stub.url}/assignments", {"title": "Form", "timestamp": 1}, auth=KEY, timeout=5).json()["title"] == "Form"
    requests.post(f"{stub.url}/assignments", {"title": "File"}, files={"file": ("a.txt", b"hello")}, auth=KEY, timeout=5)
    sent = stub.journal[-1].request
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'filename="a.txt"\r\n\r\nhello\r\n' in sent.body


def test_request_is_what_goes_over_the_wire(stub: Stub) -> None:
    with requests.Session() as session:
        session.cookies.set("seen", "once")
        session.get(f"{stub.url}/assignments", params={"title": "a b"}, headers={"X-Bytes": b"b"}, auth=KEY, timeout=5)
    sent = stub.journal[0].request
    assert (sent.method, sent.path, sent.query, sent.body) == ("GET", "/assignments", "title=a+b", b"")
    assert (sent.headers["host"], sent.headers["cookie"], sent.headers["x-bytes"]) == ("api.timedash.dev", "seen=once", "b")
    assert (sent.origin, sent.scheme, sent.client) == (TIMEDASH, "https", "")


def test_broken_body_is_never_sent(stub: Stub) -> None:
    def breaks() -> Iterator[bytes]:
        yield b'{"title":'
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        created(stub, breaks())
    assert stub.journal == []


def test_hooks_and_adapters_of_ones_own_are_called(stub: Stub) -> None:
    class Mine(HTTPAdapter):
        def add_headers(self, request: requests.PreparedRequest, **options: Any) -> None:
            request.headers["X-Timeout"] = str(options["timeout"])

        def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
            answer = super().build_response(req, resp)
            answer.reason = "Mine"
            return answer

    seen: list[str] = []
    with requests.Session() as session:
        session.mount("https://", Mine())
        session.get(f"{stub.url}/assignments", auth=KEY, timeout=5, hooks={"response": lambda answer, **_: seen.append(answer.reason)})
    assert (seen, stub.journal[0].request.headers["x-timeout"]) == (["Mine"], "5")


def test_certificates_and_proxies_are_not_looked_at(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    answer = requests.get(f"{stub.url}/assignments", auth=KEY, verify="/no/such/bundle.pem", cert="/no/such/cert.pem", timeout=5)
    assert answer.status_code == 200


def test_stream_may_be_read_after_the_stub_has_gone() -> None:
    with activate("timedash") as stub:
        answer = requests.get(f"{stub.url}/assignments", auth=KEY, stream=True, timeout=5)
        first = next(answer.iter_content(10))
    assert first + answer.raw.read() == requests_whole()


def requests_whole() -> bytes:
    with activate("timedash") as stub:
        return requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).content


@pytest.mark.parametrize("seed", [0, 7])
def test_sequence_of_faults_is_the_servers(seed: int) -> None:
    texts = ["status=503,rate=30%", "status=500,rate=20%,seed=3"]
    with activate("timedash", seed=seed, transport_faults=texts, rate_limit=0) as stub:
        within = [requests.get(f"{stub.url}/assignments", auth=KEY, timeout=5).status_code for _ in range(60)]
    with live(spec_of("timedash"), seed=seed, transport_faults=texts, rate_limit=0) as server, requests.Session() as session:
        served = [session.get(f"{server.url}/assignments", auth=KEY, timeout=5).status_code for _ in range(60)]
    assert within == served
    assert {200, 500, 503} == set(served)


def test_nothing_stays_behind() -> None:
    before = requests.adapters.HTTPAdapter.send, responses.RequestsMock._on_request
    with pytest.raises(ZeroDivisionError), activate("timedash"):
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="no address"), activate("timedash", url="nowhere"):
        pass
    assert (requests.adapters.HTTPAdapter.send, responses.RequestsMock._on_request) == before


def test_public_names_are_lazy() -> None:
    seen = "import sys, mockserver, mockserver.pytest_plugin; print([name for name in ('requests', 'responses', 'granian', 'specs') if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", seen], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
    assert all(getattr(mockserver, name) is not None for name in mockserver.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = mockserver.nonsense
