"""Lets Hypothesis draw the inputs of a check, and shrink what fails to the fewest and simplest.

Hypothesis runs the check many times; each run asks the target anew. The verdict that counts is the last failure: the one that
shrinking ended with. Hypothesis's own closing replay is answered with it, so that it costs no request and is never flaky.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from conformance.running.driver import Run
from conformance.verdict import Failed, Passed, Verdict

__all__ = ["NotDrawn", "Source", "Trial", "replayed", "trials", "verdict_of"]

Source = Callable[[Any, str], Any]
"""What draws: given a strategy and a label, a value."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a check, and the values that were drawn for it, in order."""

    run: Run
    drawn: tuple[tuple[str, Any], ...]


class NotDrawn(LookupError):  # noqa: N818 - a fact about a replay
    """A value is wanted in a replay that was not drawn before: the target has led the check another way."""


class _Found(Exception):  # noqa: N818 - tells Hypothesis to shrink
    pass


def trials(attempt: Callable[[Source], Trial | None], *, examples: int, seed: int, shrinking: int) -> list[Trial]:
    """Runs an attempt with drawn inputs until one fails, then shrinks that; gives all runs, in order.

    `attempt` gives None where it can't go on. `shrinking` bounds the requests that a failure may cost.
    """
    seen: list[Trial] = []
    state = _State(shrinking)

    @hypothesis.seed(seed)
    @settings(examples)
    @hypothesis.given(st.data())
    def example(data: st.DataObject) -> None:
        if state.closing():
            raise _Found
        if state.over:
            return
        trial = attempt(lambda strategy, label: data.draw(strategy, label=label))
        state.note(trial)
        if trial is None:
            return
        seen.append(trial)
        if isinstance(trial.run.value, Failed):
            raise _Found

    with contextlib.suppress(_Found, HypothesisException, ExceptionGroup):
        example()
    return seen


def settings(examples: int, *, shrink: bool = True) -> hypothesis.settings:
    """Hypothesis as an examination needs it: nothing remembered, nothing printed, no clock, every run the same."""
    return hypothesis.settings(
        max_examples=max(1, examples),
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
    )


def replayed(trial: Trial) -> Source:
    """A source that gives the values of a trial again; past their end, and where the labels differ, it raises `NotDrawn`."""
    left = list(trial.drawn)

    def draw(_strategy: Any, label: str) -> Any:
        if not left or left[0][0] != label:
            raise NotDrawn(f"nothing was drawn for {label!r} before")
        return left.pop(0)[1]

    return draw


def verdict_of(seen: list[Trial]) -> tuple[Verdict | None, Trial | None]:
    """What the runs come to: the last failure, else a pass, else the last of the rest; with its trial."""
    for wanted in (Failed, Passed, object):
        chosen = next((trial for trial in reversed(seen) if isinstance(trial.run.value, wanted)), None)
        if chosen is not None:
            return chosen.run.verdict(), chosen
    return None, None


class _State:
    def __init__(self, shrinking: int) -> None:
        self.left = shrinking
        self.failed = False
        self.over = False

    def note(self, trial: Trial | None) -> None:
        """Ends the runs where an attempt could not go on, or where shrinking has cost enough."""
        if trial is None:
            self.over = True
            return
        if self.failed:
            self.left -= trial.run.requests + 1
            self.over = self.left <= 0
        self.failed = self.failed or isinstance(trial.run.value, Failed)

    def closing(self) -> bool:
        """Whether this is Hypothesis's last replay, of a failure that is known already."""
        return self.failed and _is_final()


def _is_final() -> bool:
    from hypothesis.control import current_build_context

    return bool(current_build_context().is_final)
