"""What is known of a target before it is examined."""

from __future__ import annotations

import pytest

import specs
from conformance import Completed, CouldNotExamine, Examination, Failed, Options, UrlTransport, bind, examine, from_arguments
from tests.implementations import timedash_plain

KEY = timedash_plain.CREDENTIALS["full"]["username"]


def examined(bug: str, key: str) -> Examination:
    with timedash_plain.serve(bug) as server:
        target = from_arguments("timedash", server.url, credentials={"full": {"key": key}})
        with UrlTransport(target) as transport:
            bound = bind(specs.load("timedash"), target)
            return examine(bound, target, transport, clauses=["auth/basic"], options=Options(paced=False, generated=0))


def test_credential_that_is_accepted_elsewhere_is_the_targets_failing() -> None:
    found = examined("key-as-password", KEY)
    assert isinstance(found.outcome, Completed)
    assert isinstance(found.results[0].verdict, Failed)
    assert any("accepted as basic password" in note for note in found.notes)


@pytest.mark.parametrize("bug", ["", "key-as-password"])
def test_credential_that_is_accepted_nowhere_can_not_be_examined_with(bug: str) -> None:
    found = examined(bug, "sk_live_nobody")
    assert isinstance(found.outcome, CouldNotExamine)
    assert "credential" in found.outcome.reason
