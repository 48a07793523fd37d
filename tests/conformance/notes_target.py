"""A tiny implementation of notes.yaml, in memory, that can be wrong in some ways; and checks of a few lines that see it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from hypothesis import strategies as st

import specs
from conformance.check import Broken, Check, Fine, Flow, Observation
from conformance.exam import Exam
from conformance.exchange import Exchange, NoAnswer, Request, Response, Wait
from conformance.running.pacing import Clock
from conformance.target import Permit, Target
from conformance.verdict import Failed, Inconclusive, Passed
from specs.model import Clause, Spec

SPEC_FILE = Path(__file__).with_name("notes.yaml")
KEYS = {"full": "secret-full-key", "other": "secret-other-key"}


def notes_spec() -> Spec:
    return specs.load(SPEC_FILE)


def notes_target(**changes: Any) -> Target:
    credentials = {name: {"key": key} for name, key in KEYS.items()}
    settings = {"url": "http://notes.test", "credentials": credentials, "permit": Permit(write=True, exhaust_rate_limit=True), **changes}
    return Target(api="notes", **settings)


class Ticking:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Notes:
    """The transport and the implementation in one. `wrong` names what it does wrong."""

    def __init__(self, count: int = 25, *, base: str = "/api", wrong: str = "", limit: int | None = None, ticking: Ticking | None = None) -> None:
        self.notes: dict[int, dict[str, Any]] = {number: {"id": number, "title": f"note {number}", "stars": 0} for number in range(1, count + 1)}
        self.tags: list[dict[str, Any]] = [{"id": 1, "label": "red"}]
        self.base, self.wrong, self.limit, self.ticking = base, wrong, limit, ticking or Ticking()
        self.sent: list[Request] = []
        self.times: list[float] = []

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        if self.wrong == "silent":
            raise NoAnswer("nobody is there")
        if self.limit is not None:
            now = self.ticking.time
            self.times = [moment for moment in self.times if now - moment < 60]
            if len(self.times) >= self.limit:
                return answer(429, {"message": "too many"})
            self.times.append(now)
        parts = urlsplit(request.url)
        if not parts.path.startswith(self.base + "/"):
            return answer(404, {"message": "no such path"})
        if self.wrong != "open" and dict(request.headers).get("X-Key") not in KEYS.values():
            return answer(401, {"message": "who are you?"})
        return self.route(request, parts.path[len(self.base) :], dict(parse_qsl(parts.query)))

    def route(self, request: Request, path: str, query: Mapping[str, str]) -> Response:
        if path == "/tags" and self.wrong != "no tags":
            return self.tagged(request)
        if path == "/notes":
            return self.create(request) if request.method == "POST" else self.list(query)
        found = re.fullmatch(r"/notes/(-?\d+)", path)
        if found is None or int(found.group(1)) not in self.notes:
            return answer(404, {"message": "no such note"})
        number = int(found.group(1))
        if request.method == "DELETE":
            if self.wrong == "undeletable":
                return answer(409, {"message": "it stays"})
            del self.notes[number]
            return Response(204)
        if request.method == "PUT":
            self.notes[number].update(json.loads(request.body or b"{}"), id=number)
        return answer(200, {"data": self.notes[number]})

    def tagged(self, request: Request) -> Response:
        if request.method == "POST":
            self.tags.append({"id": len(self.tags) + 1})
            return answer(201, {"data": self.tags[-1]})
        return answer(200, {"data": self.tags})

    def create(self, request: Request) -> Response:
        try:
            given = json.loads(request.body or b"")
        except ValueError:
            return answer(422, {"message": "no JSON"})
        if not isinstance(given, dict) or not isinstance(given.get("title"), str) or not 1 <= len(given["title"]) <= 40:
            return answer(422, {"message": "no title"})
        number = max(self.notes, default=0) + 1
        self.notes[number] = {"stars": 0, **given, "id": number}
        if self.wrong == "create as html":
            return Response(201, (("content-type", "text/html"),), json.dumps({"data": self.notes[number]}).encode())
        return answer(201, {"data": {} if self.wrong == "nameless" else [] if self.wrong == "none" else self.notes[number]})

    def list(self, query: Mapping[str, str]) -> Response:
        page, size = number(query.get("page"), 1), min(number(query.get("size"), 10), 50)
        skipped = (page - 1) * size
        if self.wrong == "overlap" and page > 1:
            skipped -= 1
        if self.wrong == "once" and page == 2 and sum("page=2" in request.url for request in self.sent) == 1:
            skipped -= 1
        if self.wrong == "html" or (self.wrong == "html of 3" and size == 3):
            return Response(200, (("content-type", "text/html"),), b"<p>notes</p>")
        if self.wrong == "size" and number(query.get("size"), 0) > 7:
            size += 1
        return answer(200, {"data": list(self.notes.values())[max(0, skipped) : skipped + size]})


def answer(status: int, document: Any) -> Response:
    return Response(status, (("content-type", "application/json"),), json.dumps(document).encode())


def number(text: str | None, otherwise: int) -> int:
    return max(1, int(text)) if text and text.isdigit() else otherwise


# Checks


def walk(exam: Exam, _clause: Clause) -> Flow:
    walked = yield from exam.walk(exam.spec.resources["notes"])
    keys = [record["id"] for record in walked.records]
    if len(walked.pages) < 2:
        return Inconclusive("one page", "more notes")
    return Passed(f"{len(walked.pages)} pages") if len(keys) == len(set(keys)) else Failed("each note once", "one came twice")


def size(exam: Exam, _clause: Clause) -> Flow:
    wanted = exam.draw(st.integers(1, 20), "size", 5)
    response = yield exam.ask.page(exam.spec.operations["listNotes"], 0, size=wanted)
    records = exam.page_records(response, exam.spec.resources["notes"])
    return Passed("as many as asked") if len(records) <= wanted else Failed(f"{wanted} notes", f"{len(records)} notes")


def create(exam: Exam, _clause: Clause) -> Flow:
    made = yield from exam.make(exam.spec.resources["notes"])
    response = yield from exam.fetch(made.resource, made.key)
    return Passed("it was read") if response.status == 200 else Failed("200", str(response.status))


def required(exam: Exam, _clause: Clause) -> Flow:
    exam.need("full")
    response = yield exam.ask.operation(exam.spec.operations["listNotes"], as_=None)
    return Passed("refused") if response.status == 401 else Failed("401", str(response.status))


def limited(exam: Exam, _clause: Clause) -> Flow:
    yield Wait(61, "a window of its own")
    for index in range(61):
        response = yield exam.ask.page(exam.spec.operations["listNotes"], 0).anew()
        if response.status == 429:
            return Passed("refused") if index >= 60 else Failed("60 requests", f"a refusal after {index}")
    return Failed("a refusal after 60 requests", "none")


def tags(exam: Exam, _clause: Clause) -> Flow:
    response = yield exam.ask.operation(exam.spec.operations["listTags"])
    return Passed("under data") if "data" in response.json() else Failed("data", "something else")


def is_json(_exam: Exam, _clause: Clause, exchange: Exchange) -> Observation:
    response = exchange.response
    if response is None or not response.body:
        return None
    return Fine() if response.media_type == "application/json" else Broken("application/json", response.media_type)


CHECKS: dict[str, dict[str, Check]] = {
    "pagination": {"walk_gives_every_object_once": Check(walk), "size_sets_the_number": Check(size, examples=12)},
    "lifecycle": {"created_can_be_read": Check(create)},
    "authentication": {"missing_or_invalid_is_refused": Check(required)},
    "content_negotiation": {"body_has_media_type": Check(observe=is_json)},
    "rate_limit": {"limit_is_enforced": Check(limited, last=True)},
    "envelope": {"collection_has_its_root": Check(tags)},
}


def only(flow: Callable[[Exam, Clause], Flow], **how: Any) -> dict[str, dict[str, Check]]:
    """The one check of the clause notes/page/walk."""
    return {"pagination": {"walk_gives_every_object_once": Check(flow, **how)}}
