from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.check import Broken, Ended, Fine, Flow
from conformance.exchange import Exchange, NotPermitted, Request, Response
from conformance.steps.parts import each, joined, watched
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped, Verdict
from tests.conformance.checks.miniature import clause_of, exam_of


def part(verdict: Verdict) -> Flow:
    yield from ()
    return verdict


def ending(error: Exception) -> Flow:
    yield Request("GET", "http://x.test")
    raise error


def run(flow: Flow) -> Verdict:
    try:
        next(flow)
        while True:
            flow.send(Response(200))
    except StopIteration as end:
        verdict: Verdict = end.value
        return verdict


def test_first_failure_ends_all() -> None:
    seen = []

    def parts() -> Iterator[Flow]:
        for verdict in (Passed("one"), Failed("a", "b"), Passed("three")):
            seen.append(verdict)
            yield part(verdict)

    assert run(each(parts())) == Failed("a", "b")
    assert len(seen) == 2


def test_pass_names_what_was_not_examined() -> None:
    verdict = run(each([part(Passed("one", ("odd",))), part(Inconclusive("two", "more"))]))
    assert verdict == Passed("one", ("odd", "not examined: two"))


def test_part_that_ends_early_counts_with_its_verdict() -> None:
    assert run(each([ending(Ended(Failed("a", "b")))])) == Failed("a", "b")
    assert run(each([ending(Ended(Inconclusive("no record"))), part(Passed("one"))])) == Passed("one", ("not examined: no record",))


def test_what_is_not_permitted_is_skipped() -> None:
    assert run(each([ending(NotPermitted("no writing"))])) == Skipped("no writing")


@pytest.mark.parametrize(
    ("verdicts", "kind"),
    [
        ([], Skipped),
        ([Skipped("a"), Skipped("b")], Skipped),
        ([Skipped("a"), Inconclusive("b")], Inconclusive),
        ([Errored("a"), Inconclusive("b")], Errored),
        ([Errored("a"), Passed("b")], Passed),
        ([Errored("a"), Failed("b", "c"), Passed("d")], Failed),
    ],
)
def test_joined_verdict_is_the_strongest(verdicts: list[Verdict], kind: type) -> None:
    assert isinstance(joined(verdicts), kind)


def test_reasons_are_told_once() -> None:
    assert joined([Inconclusive("a", "x"), Inconclusive("a", "y")]) == Inconclusive("a", "x; y")


@pytest.mark.parametrize(("seen", "kind"), [(Fine("odd"), Passed), (Broken("a", "b"), Failed), (None, Inconclusive)])
def test_observer_decides_on_its_calls(seen: Fine | Broken | None, kind: type) -> None:
    exam = exam_of("timedash")
    clause = clause_of(exam.spec, "page/size")

    def call() -> Iterator[Exchange]:
        request = Request("GET", "http://x.test", operation="listContacts")
        response = yield request
        return Exchange(request, response)

    verdict = run(watched(exam, clause, lambda *_: seen, [call()]))
    assert isinstance(verdict, kind)
    assert not isinstance(verdict, Failed) or verdict.operation == "listContacts"
