from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from conformance import Options, Permit, bind
from conformance.check import Broken, Check, Fine, Observation
from conformance.exam import Exam
from conformance.exchange import Exchange, Request, Response
from conformance.running.audience import Audience
from conformance.running.driver import Driver
from conformance.running.examination import Silent
from conformance.running.generation import generate
from specs.model import Clause
from tests.conformance.notes_target import KEYS, Notes, notes_spec, notes_target

SPEC = notes_spec()


def driver(notes: Notes, **changes: Any) -> Driver:
    target = notes_target(base_path="/api", **changes)
    return Driver(Exam(bind(SPEC, target), target), notes, Options(), notes.ticking.clock, Silent())


def sent(notes: Notes, *, each: int = 8, seed: int = 0, **changes: Any) -> list[Request]:
    generate(driver(notes, **changes), set(SPEC.operations), each=each, seed=seed)
    return notes.sent


def test_every_operation_is_asked_a_few_times() -> None:
    counts = Counter(request.operation for request in sent(Notes()))
    assert set(counts) == {"listNotes", "createNote", "readNote", "updateNote", "deleteNote", "listTags"}
    assert max(counts.values()) <= 9


def test_what_can_not_be_deleted_is_not_made() -> None:
    notes = Notes()
    sent(notes)
    assert len(notes.tags) == 1


def test_right_and_wrong_requests_are_sent() -> None:
    notes = Notes()
    statuses = Counter()  # type: ignore[var-annotated]

    class Counting(Notes):
        def send(self, request: Request) -> Response:
            response = notes.send(request)
            statuses[request.operation, response.status // 100] += 1
            return response

    generate(driver(Counting()), {"createNote"}, each=12, seed=0)
    assert statuses["createNote", 2] > 0
    assert statuses["createNote", 4] > 0


def test_writes_name_own_or_absent_records() -> None:
    notes = Notes(count=5)
    before = {key: dict(record) for key, record in notes.notes.items()}
    writes = [request for request in sent(notes, each=20) if request.operation in ("updateNote", "deleteNote")]
    assert writes
    assert {key: notes.notes[key] for key in before} == before
    assert any(request.absent for request in writes)
    assert any(not request.absent for request in writes)


def test_nothing_is_written_where_that_is_not_permitted() -> None:
    assert {request.method for request in sent(Notes(), permit=Permit())} == {"GET"}


def test_credential_is_always_ours() -> None:
    assert all(dict(request.headers).get("X-Key") == KEYS["full"] for request in sent(Notes(), each=12))


def test_same_seed_generates_the_same() -> None:
    one, other = (sent(Notes(), seed=3) for _ in range(2))
    assert [(request.method, request.url) for request in one if request.safe] == [(request.method, request.url) for request in other if request.safe]


def no_page(_exam: Exam, _clause: Clause, exchange: Exchange) -> Observation:
    return Broken("no page", "a page") if "page=" in exchange.request.url else Fine()


def test_what_breaks_a_rule_is_shrunk() -> None:
    notes = Notes()
    asking = driver(notes)
    asking.audience = Audience(asking.exam, [(SPEC.clauses["notes/content/json"], Check(observe=no_page))])
    generate(asking, {"listNotes"}, each=20, seed=1)
    confirmed = asking.audience.members["notes/content/json"].confirmed
    assert confirmed is not None
    assert len(confirmed.exchange.request.url) <= len("http://notes.test/api/notes?page=1&size=1")
    assert len(notes.sent) < 100


@pytest.mark.parametrize("change", [{"paths": {}}, {"openapi": "9.9.9"}])
def test_document_from_which_nothing_can_be_generated_sends_nothing(change: dict[str, Any]) -> None:
    notes = Notes()
    asking = driver(notes)
    asking.exam = Exam(replace(asking.exam.spec, openapi={**asking.exam.spec.openapi, **change}), asking.exam.target)
    assert bool(generate(asking, set(SPEC.operations), each=4, seed=0)) is ("openapi" in change)
    assert not any("page=" in request.url for request in notes.sent)
