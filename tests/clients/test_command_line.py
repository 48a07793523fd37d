"""curl and httpie against the five APIs: the same calls, and what each of the two sends in a way of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from mockserver import Live
from tests.clients.conftest import SHIPPED, credential, unavailable
from tests.clients.usual_calls import Ask, calls

pytestmark = pytest.mark.clients


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.text)


Send = Callable[..., Reply]


def parsed(output: str) -> Reply:
    """The last response in what `curl -i` or `http --print=hb` prints."""
    head, _, text = output.replace("\r\n", "\n").partition("\n\n")
    while head.split()[1].startswith("1"):
        head, _, text = text.partition("\n\n")
    first, *lines = head.split("\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Reply(int(first.split()[1]), headers, text)


def run(command: list[str], text: str | None = None) -> Reply:
    """What a command prints, as a response."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return parsed(done.stdout)


def curl(url: str, ask: Ask, *options: str, text: str | None = None) -> Reply:
    """Sends with curl, globbing off, so that brackets stay as they are."""
    if shutil.which("curl") is None:
        unavailable("curl is not here")
    headers = [part for name, value in ask.headers.items() for part in ("-H", f"{name}: {value}")]
    body = [] if ask.body is None else ["--data-binary", json.dumps(ask.body)]
    return run(["curl", "-sSgi", "--max-time", "20", "-X", ask.method, *headers, *body, *options, url + ask.path], text)


@pytest.fixture(scope="session")
def httpie(python: str) -> Send:
    """Sends with httpie."""

    def send(url: str, ask: Ask, *options: str, text: str | None = None) -> Reply:
        headers = [f"{name}:{value}" for name, value in ask.headers.items()]
        body = [] if ask.body is None else ["--raw", json.dumps(ask.body)]
        quiet = [] if text is not None else ["--ignore-stdin"]
        return run([python, "-m", "httpie", *quiet, "--pretty=none", "--print=hb", *body, *options, ask.method, url + ask.path, *headers], text)

    return send


@pytest.fixture(params=["curl", "httpie"])
def send(request: pytest.FixtureRequest) -> Send:
    """Each of the two."""
    return curl if request.param == "curl" else request.getfixturevalue("httpie")


STATUSES = {"paydirt": (200, 422), "timedash": (200, 404), "moonrope": (200, 200), "88miles": (200, 404), "productive": (201, 404)}
"""What a create and an unknown record are answered with."""


@pytest.mark.parametrize("api", SHIPPED)
def test_usual_calls_are_answered(served: Live, send: Send, api: str) -> None:
    url, asked = served.of(api), calls(served, api)
    replies = {name: send(url, ask) for name, ask in asked.items()}
    assert [replies[name].status for name in ("list", "read")] == [200, 200]
    assert (replies["create"].status, replies["error"].status) == STATUSES[api]
    assert "Kiln & Co" in replies["create"].text
    assert all("json" in reply.headers["content-type"] for reply in replies.values())
    assert replies["error"].json != replies["read"].json


def test_both_get_the_same(served: Live, httpie: Send) -> None:
    for api in SHIPPED:
        read = calls(served, api)["read"]
        one, other = curl(served.of(api), read).json, httpie(served.of(api), read).json
        for document in (one, other):
            document.pop("time", None)
        assert one == other


def test_brackets_mean_the_same_raw_and_encoded(served: Live, send: Send) -> None:
    query = {"page[size]": "2", "filter[due_days][gt_eq]": "14"}
    headers = calls(served, "productive")["list"].headers
    raw = "&".join(f"{name}={value}" for name, value in query.items())
    encoded = "&".join(f"{quote(name)}={value}" for name, value in query.items())
    answers = [send(served.of("productive"), Ask("GET", f"/companies?{text}", None, headers)).json["data"] for text in (raw, encoded)]
    assert answers[0] == answers[1]
    assert len(answers[0]) == 2


def test_chunked_body_is_read(served: Live, send: Send) -> None:
    options = ["-H", "Transfer-Encoding: chunked", "-d", "@-"] if send is curl else ["--chunked"]
    ask = calls(served, "timedash")["create"]
    reply = send(served.of("timedash"), Ask("POST", ask.path, None, ask.headers), *options, text=json.dumps({"title": "In pieces", "timestamp": 2}))
    assert (reply.status, reply.json["title"]) == (200, "In pieces")


def test_body_on_delete_is_taken(served: Live, send: Send) -> None:
    made = send(served.of("productive"), calls(served, "productive")["create"])
    key, headers = made.json["data"]["id"], calls(served, "productive")["create"].headers
    reply = send(served.of("productive"), Ask("DELETE", f"/companies/{key}", {"data": {"type": "companies", "id": key}}, headers))
    assert (reply.status, reply.text.strip()) == (204, "")
    assert send(served.of("productive"), Ask("GET", f"/companies/{key}", None, headers)).status == 404


def test_get_needs_no_content_type(served: Live, send: Send) -> None:
    options = [] if send is curl else ["--form"]
    assert send(served.of("productive"), calls(served, "productive")["read"], *options).status == 200


def test_basic_credentials_are_taken(served: Live, send: Send) -> None:
    flag, key = "-u" if send is curl else "-a", credential(served, "timedash")["key"]
    statuses = [send(served.of("timedash"), Ask("GET", "/assignments"), flag, given).status for given in (f"{key}:", "nobody:")]
    assert statuses == [200, 401]


def test_form_field_holds_the_parameters(served: Live, send: Send) -> None:
    headers = {name: value for name, value in calls(served, "moonrope")["read"].headers.items() if name != "Content-Type"}
    options = ["--data-urlencode", 'params={"id": 1}'] if send is curl else []
    form = {} if send is curl else {"Content-Type": "application/x-www-form-urlencoded"}
    text = None if send is curl else f"params={quote(json.dumps({'id': 1}))}"
    reply = send(served.of("moonrope"), Ask("POST", "/contacts/info", None, {**headers, **form}), *options, text=text)
    assert (reply.json["status"], reply.json["data"]["id"]) == ("success", 1)


def test_suffix_and_bare_path_agree(served: Live, send: Send) -> None:
    headers = calls(served, "88miles")["read"].headers
    path = "/projects/7dcb0cdb-ea5a-4b36-ae46-6ad3f0d33fcc"
    assert send(served.of("88miles"), Ask("GET", f"{path}.json", None, headers)).text == send(served.of("88miles"), Ask("GET", path, None, headers)).text


def test_action_takes_its_input_anywhere(served: Live) -> None:
    headers = {"Authorization": f"Bearer {credential(served, '88miles')['token']}"}
    path, url = "/projects/7dcb0cdb-ea5a-4b36-ae46-6ad3f0d33fcc", served.of("88miles")
    activity = "d6d29e0f-9aeb-4258-b052-4df954a864d6"
    started = curl(url, Ask("POST", f"{path}/punch_in.json", None, headers), "-d", f"activity_uuid={activity}")
    stopped = curl(url, Ask("POST", f"{path}/punch_out.json?notes=done", None, headers))
    assert (started.status, stopped.status) == (200, 200)
    assert activity in started.text


def test_preflight_is_answered(served: Live, send: Send) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    reply = send(served.of("timedash"), Ask("OPTIONS", "/assignments", None, asked))
    assert reply.status in (200, 204)
    assert reply.headers["access-control-allow-origin"] in ("*", "https://app.example")


def test_curl_keeps_the_connection(served: Live) -> None:
    if shutil.which("curl") is None:
        unavailable("curl is not here")
    read = calls(served, "productive")["read"]
    headers = [part for name, value in read.headers.items() for part in ("-H", f"{name}: {value}")]
    urls = [served.of("productive") + read.path] * 3
    done = subprocess.run(["curl", "-sS", *headers, "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects}", *urls],
                          capture_output=True, text=True, timeout=30)  # fmt: skip
    assert done.stdout == "100"


def test_curl_head_ends_at_once(served: Live) -> None:
    head = run(["curl", "-sSI", "--max-time", "10", "-u", f"{credential(served, 'timedash')['key']}:", f"{served.of('timedash')}/assignments"])
    assert (head.status, head.text) == (200, "")
    assert int(head.headers["content-length"]) > 100


def test_large_upload_is_answered(served: Live) -> None:
    ask = calls(served, "productive")["create"]
    text = json.dumps({"data": {"type": "companies", "attributes": {"name": "x" * 1_500_000}}})
    reply = curl(served.of("productive"), Ask("POST", ask.path, None, ask.headers), "-d", "@-", text=text)
    assert reply.status in (201, 413, 422)
