"""Whatever a target answers, an examination ends soon, with verdicts in words and never with a defect of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

import specs
from conformance import CouldNotExamine, Errored, Options, Permit, Target, UrlTransport, bind, examine, exit_code
from conformance.exchange import NoAnswer, Request, Response
from conformance.report import REPORTS
from tests.conformance.notes_target import CHECKS, Ticking, notes_spec, notes_target
from tests.conformance.test_url_transport import HOSTILE, answering, listening, patience

APIS = ("timedash", "paydirt", "moonrope", "88miles", "productive")


def json_of(document: object) -> Callable[[Request], Response]:
    return lambda _: Response(200, (("content-type", "application/json"),), json.dumps(document).encode())


def deep(_: Request) -> Response:
    return Response(200, (("content-type", "application/json"),), b"[" * 20_000)


def moody(request: Request) -> Response:
    number = sum(request.url.encode())
    if number % 5 == 0:
        raise NoAnswer("not now")
    return Response((200, 404, 500, 204, 201)[number % 5], (("content-type", "text/html; charset=\x00"),), b"\xff\xfe\x1b[2J")


ANSWERS: dict[str, Callable[[Request], Response]] = {
    "invalid JSON": lambda _: Response(200, (("content-type", "application/json"),), b'{"data": [1, 2'),
    "JSON that nests without end": deep,
    "NaN": lambda _: Response(200, (("content-type", "application/json"),), b'{"data": NaN}'),
    "no body": lambda _: Response(200),
    "HTML": lambda _: Response(200, (("content-type", "text/html"),), b"<html>"),
    "null": json_of(None),
    "a number": json_of(7),
    "a list of numbers": json_of([1, 2, 3]),
    "a list of nulls": json_of({"data": [None, None], "status": "success", "flags": {}, "response": [None], "clients": [None]}),
    "records without an id": json_of({"data": [{}, {}], "status": "success", "flags": {}, "response": [{}], "clients": [{}]}),
    "records whose ids are objects": json_of({"data": [{"id": {"a": []}}, {"id": [1]}], "status": ["success"], "response": [{"uuid": {}}]}),
    "the same page for ever": json_of(
        {"data": [{"id": 1, "type": "x", "attributes": 7}], "links": {"next": "?page=1"}, "status": "success", "flags": {"paginated": "yes"}}
    ),
    "a redirect to another host": lambda _: Response(302, (("location", "http://evil.test/"),)),
    "a teapot": lambda _: Response(418, (("content-type", "application/json"),), b'{"error": 5}'),
    "a server error": lambda _: Response(500, (), b"Traceback (most recent call last):"),
    "an odd status": lambda _: Response(999, (), b""),
    "too many requests": lambda _: Response(429, (("retry-after", "-1e9"),), b""),
    "one thing or another": moody,
}


class Canned:
    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("api", APIS)
def test_odd_answers_cause_no_defect(api: str, name: str) -> None:
    spec = specs.load(api)
    credentials = {principal.name: principal.credential for principal in spec.seed.principals}
    target = Target(api, "https://x.test", plain_url="http://x.test", credentials=credentials, permit=Permit(True, True))
    transport = Canned(ANSWERS[name])
    for assured in (False, True) if api == "timedash" else (True,):
        options = Options(generated=0, assured=assured, examples=2)
        examination = examine(bind(spec, target), target, transport, options=options, clock=Ticking().clock)
        errored = [result for result in examination.results if isinstance(result.verdict, Errored)]
        assert [result for result in errored if isinstance(result.verdict, Errored) and "defect" in result.verdict.reason] == []
        for report in REPORTS.values():
            assert report(examination)
    assert len(transport.sent) < 4000
    assert all(request.url.partition("://")[2].startswith("x.test/") for request in transport.sent)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_server_can_not_be_examined_and_soon(name: str) -> None:
    behave, words = HOSTILE[name]
    with listening(behave) as server:
        target = notes_target(url=server.url, timeout=patience(words))
        begun = time.monotonic()
        with UrlTransport(target) as transport:
            examination = examine(bind(notes_spec(), target), target, transport, checks=CHECKS)
        assert time.monotonic() - begun < 10
    assert isinstance(examination.outcome, CouldNotExamine)
    assert words in examination.outcome.reason
    assert exit_code(examination) == 2


def test_credentials_never_follow_a_redirect() -> None:
    with listening(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as other:
        redirect = f"HTTP/1.1 307 Go\r\nLocation: {other.url}/notes\r\nContent-Length: 0\r\n\r\n".encode()
        with listening(answering(redirect)) as server:
            target = notes_target(url=server.url, timeout=1.0)
            with UrlTransport(target) as transport:
                examine(bind(notes_spec(), target), target, transport, checks=CHECKS, options=Options(generated=0, examples=1), clock=Ticking().clock)
            assert server.received
        assert other.received == []
