"""What an examination is asked for, what it found, and what that means to a pipeline: values only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, Protocol

from conformance.target import Target
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Skipped, Verdict
from specs.model import Clause, Spec

__all__ = [
    "NOT_YET",
    "Completed",
    "CouldNotExamine",
    "Examination",
    "Interrupted",
    "Leftover",
    "Listener",
    "Options",
    "Outcome",
    "Result",
    "Silent",
    "exit_code",
    "state_of",
]

NOT_YET: Literal["not yet examined"] = "not yet examined"

State = Literal["passed", "failed", "inconclusive", "skipped", "errored", "not yet examined"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an examination is done.

    `max_requests` and `max_time` (seconds) end it early; `examples` is the most that Hypothesis draws for one check (None: as
    many as the check says); `generated` the requests per operation that are generated from the schemas (0: none; None: 8, or 2 where the
    spec declares a rate limit); `strict` counts failures of level `should`; not `paced` does not wait under the declared rate limit,
    for a target that is known to have none. `assured` says that paths and credentials are known to be right, so that nothing is asked
    beforehand and a refusal is the implementation's failing: an examination in process, of a stub with a planted fault, is so.
    """

    read_only: bool = False
    max_requests: int | None = None
    max_time: float | None = None
    per_check: int = 1500
    examples: int | None = None
    shrinking: int = 150
    generated: int | None = None
    seed: int = 0
    strict: bool = False
    assured: bool = False
    paced: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """One clause's verdict, the requests sent for it and the seconds that took; `examined` is False where no check exists."""

    clause: Clause
    verdict: Verdict
    requests: int = 0
    seconds: float = 0.0
    examined: bool = True


@dataclass(frozen=True, slots=True)
class Leftover:
    """A record that the examination made and could not delete."""

    resource: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Completed:
    """Everything was examined that could be."""


@dataclass(frozen=True, slots=True)
class CouldNotExamine:
    """Nothing could be examined: why, and what to do."""

    reason: str
    todo: str = ""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The examination was ended from outside; the results are those so far."""


Outcome = Completed | CouldNotExamine | Interrupted


@dataclass(frozen=True, slots=True)
class Examination:
    """All that an examination found: results in the order of the spec, and what is worth knowing beside them.

    `spec` and `target` are those that were used: bound, with the base path that was found.
    """

    spec: Spec
    target: Target
    options: Options
    outcome: Outcome
    results: tuple[Result, ...]
    requests: int = 0
    seconds: float = 0.0
    leftovers: tuple[Leftover, ...] = ()
    notes: tuple[str, ...] = ()
    counts: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(state_of(result) for result in self.results))

    def failures(self) -> tuple[Result, ...]:
        """The results that count as failures: those of level `must`, and of `should` where the options are strict."""
        levels = ("must", "should") if self.options.strict else ("must",)
        return tuple(result for result in self.results if isinstance(result.verdict, Failed) and result.clause.level in levels)


class Listener(Protocol):
    """Hears how an examination goes on."""

    def begun(self, spec: Spec, total: int) -> None:
        """The examination begins; so many clauses are to be examined."""
        ...

    def turned_to(self, what: str, requests: int) -> None:
        """A clause (its id) or a phase is begun, after so many requests."""
        ...

    def examined(self, clause: Clause, verdict: Verdict) -> None:
        """A clause's own procedure has ended; the answers to others' requests may still change its verdict."""
        ...

    def sent(self, requests: int) -> None:
        """One more request was sent."""
        ...


class Silent:
    """A listener that does nothing."""

    def begun(self, spec: Spec, total: int) -> None:
        """Does nothing."""

    def turned_to(self, what: str, requests: int) -> None:
        """Does nothing."""

    def examined(self, clause: Clause, verdict: Verdict) -> None:
        """Does nothing."""

    def sent(self, requests: int) -> None:
        """Does nothing."""


def state_of(result: Result) -> State:
    """The one word for a result."""
    if not result.examined:
        return NOT_YET
    match result.verdict:
        case Passed():
            return "passed"
        case Failed():
            return "failed"
        case Inconclusive():
            return "inconclusive"
        case Skipped():
            return "skipped"
        case Errored():
            return "errored"


def exit_code(examination: Examination) -> int:
    """What the process ends with: 0 conformant, 1 clauses failed, 2 could not examine, 130 interrupted."""
    match examination.outcome:
        case Interrupted():
            return 130
        case CouldNotExamine():
            return 2
        case Completed():
            if examination.failures():
                return 1
            return 0 if examination.counts["passed"] or examination.counts["failed"] else 2
