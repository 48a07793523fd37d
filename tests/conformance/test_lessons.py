"""What a create takes is learned from a target's own records, where neither document nor target file says it."""

from __future__ import annotations

import pytest

import specs
from conformance import Options, UrlTransport, bind, examine, from_arguments, state_of
from conformance.payloads import Payloads
from tests.implementations import timedash_plain, timedash_spring

WRITING = ["delete/empty", "metadata/roundtrip", "page/walk"]


@pytest.mark.parametrize("stranger", [timedash_plain, timedash_spring], ids=["plain", "spring"])
def test_url_and_credential_are_enough_to_write(stranger: object) -> None:
    with stranger.serve("") as server:  # type: ignore[attr-defined]
        key = stranger.CREDENTIALS["full"]["username"]  # type: ignore[attr-defined]
        target = from_arguments("timedash", server.url, credentials={"full": {"key": key}})
        with UrlTransport(target) as transport:
            found = examine(bind(specs.load("timedash"), target), target, transport, clauses=WRITING, options=Options(paced=False, generated=0))
    assert {state_of(result) for result in found.results} == {"passed"}
    assert found.leftovers == ()


def test_what_is_bound_or_documented_is_not_learned() -> None:
    spec = specs.load("paydirt")
    payloads = Payloads(spec, from_arguments("paydirt", "http://127.0.0.1:9"))
    assert payloads.may_learn(spec.resources["jobs"])
    assert not payloads.may_learn(spec.resources["clients"])
    payloads.learn(spec.resources["jobs"], None)
    assert not payloads.may_learn(spec.resources["jobs"])


def test_texts_of_words_become_our_own() -> None:
    spec = specs.load("timedash")
    payloads = Payloads(spec, from_arguments("timedash", "http://127.0.0.1:9"))
    record = {"id": 7, "title": "Roof of the east wing", "kind": "BILLABLE", "day": "2024-01-02", "at": "2024-01-02 10:00", "note": None, "rate": 1.5}
    alike = payloads.alike(spec.resources["assignments"], record)
    assert alike.pop("title").startswith("proctor ")
    assert alike == {"kind": "BILLABLE", "day": "2024-01-02", "at": "2024-01-02 10:00", "rate": 1.5}
