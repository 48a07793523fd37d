"""What a check is: a generator that examines one rule, an observer that judges every answer, or both.

A check does no I/O: it yields a `Request` (or `Wait`) and is sent the `Response`. The same check runs against a URL, against an
engine in process and against canned responses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from conformance.exchange import Exchange, Request, Response, Wait
from conformance.verdict import Verdict

if TYPE_CHECKING:
    from conformance.exam import Exam
    from specs.model import Clause

__all__ = ["Broken", "Check", "Ended", "Fine", "Flow", "Observation", "Observe", "Steps"]

T = TypeVar("T")

Steps = Generator[Request | Wait, Response, T]
"""A part of a check that ends with a value: use it with `yield from`."""

Flow = Steps[Verdict]


class Ended(Exception):  # noqa: N818 - the end of a check, not an error
    """Ends a check from within its steps, with a verdict: no credential to ask with, no record to look at."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(type(verdict).__name__)
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Fine:
    """An answer that the rule speaks of, and that keeps it; `remark` says what is merely tolerated."""

    remark: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """An answer that breaks the rule."""

    expected: str
    observed: str


Observation = Fine | Broken | None
"""What an observer says of one exchange; None: the rule does not speak of it."""

Observe = Callable[["Exam", "Clause", Exchange], Observation]


@dataclass(frozen=True, slots=True)
class Check:
    """How one rule is examined.

    `flow` is the procedure; `observe` judges every exchange of the whole examination, whoever asked for it. With `observe`
    alone the rule lives on what the others ask; a rule with both passes if either saw something, and fails if either does.
    `examples` is how many times Hypothesis draws anew (1: the flow draws nothing); `last` runs after all others, alone.
    """

    flow: Callable[[Exam, Clause], Flow] | None = None
    observe: Observe | None = None
    examples: int = 1
    last: bool = False
    how: str = ""
