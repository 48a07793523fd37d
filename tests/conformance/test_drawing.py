from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st

from conformance.running.drawing import Source, Trial, replayed, trials, verdict_of
from conformance.running.driver import Run
from conformance.verdict import Failed, Inconclusive, Passed, Verdict


def attempts(judge: Callable[[int], Verdict | None], asked: list[int]) -> Callable[[Source], Trial | None]:
    def attempt(source: Source) -> Trial | None:
        value = source(st.integers(0, 1000), "number")
        asked.append(value)
        verdict = judge(value)
        return None if verdict is None else Trial(Run(value=verdict, requests=1), (("number", value),))

    return attempt


def run(judge: Callable[[int], Verdict | None], **how: Any) -> tuple[list[Trial], list[int]]:
    asked: list[int] = []
    settings = {"examples": 20, "seed": 1, "shrinking": 100, **how}
    return trials(attempts(judge, asked), **settings), asked


def test_failure_is_shrunk_to_the_smallest() -> None:
    seen, _ = run(lambda value: Failed("small", str(value)) if value > 37 else Passed("small"))
    verdict, trial = verdict_of(seen)
    assert verdict == Failed("small", "38")
    assert trial is not None
    assert trial.drawn == (("number", 38),)


def test_closing_replay_asks_nothing() -> None:
    seen, asked = run(lambda value: Failed("small", str(value)) if value > 37 else Passed("small"))
    assert len(seen) == len(asked)


def test_shrinking_ends_with_its_budget() -> None:
    _, asked = run(lambda value: Failed("small", str(value)) if value > 37 else Passed("small"), shrinking=4)
    assert len(asked) <= 20 + 4


def test_all_examples_run_where_none_fails() -> None:
    seen, asked = run(lambda _: Passed("fine"))
    assert len(seen) == len(asked) == 20


def test_attempt_that_can_not_go_on_ends_the_runs() -> None:
    seen, asked = run(lambda _: None)
    assert (seen, len(asked)) == ([], 1)


def test_failure_that_does_not_recur_is_still_seen() -> None:
    left = [Failed("once", "once")]
    seen, _ = run(lambda _: left.pop() if left else Passed("fine"))
    assert isinstance(verdict_of(seen)[0], Failed)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([Passed("a"), Inconclusive("b")], Passed("a")),
        ([Failed("a", "b"), Passed("c")], Failed("a", "b")),
        ([Inconclusive("a"), Inconclusive("b")], Inconclusive("b")),
        ([], None),
    ],
)
def test_runs_come_to_one_verdict(values: list[Verdict], wanted: Verdict | None) -> None:
    assert verdict_of([Trial(Run(value=value), ()) for value in values])[0] == wanted


def test_drawn_values_are_given_again() -> None:
    draw = replayed(Trial(Run(), (("a", 1), ("b", 2))))
    assert (draw(None, "a"), draw(None, "b")) == (1, 2)
    with pytest.raises(LookupError, match="nothing was drawn for 'c' before"):
        draw(None, "c")
