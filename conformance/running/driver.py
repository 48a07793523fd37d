"""Drives checks: sends what they yield, within what the target permits and the budget allows, and shows every answer to the observers.

Nothing else sends a request. What a check may not do is thrown into it as `NotPermitted`, what the target does not answer as
`NoAnswer`; what ends it from outside (budget, too many requests) ends it with a verdict.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.check import Ended
from conformance.evidence import trimmed
from conformance.exam import Exam
from conformance.exchange import Exchange, NoAnswer, NotPermitted, Request, Response, Unreadable, Wait
from conformance.running.audience import Audience
from conformance.running.defects import in_words
from conformance.running.examination import Listener, Options
from conformance.running.ledger import Ledger
from conformance.running.pacing import Clock, Pace, back_off
from conformance.running.transport import Transport, within
from conformance.verdict import Errored, Failed, Inconclusive, Skipped, Verdict

__all__ = ["Driver", "Manner", "Refusal", "Run"]

SILENCE = 5
"""Unanswered requests in a row after which the target is taken for dead."""

_KEPT_FIRST, _KEPT_LAST = 10, 30
_SHARED_BYTES = 32 * 1024 * 1024
_LONGEST_WAIT = 900.0
_LONG_PAUSE = 2.0

Key = tuple[str, str, tuple[tuple[str, str], ...], bytes | None, str | None]


class Refusal(NotPermitted):
    """Why a request is not sent, and what to add to the target so that it is."""

    def __init__(self, reason: str, add: str = "") -> None:
        super().__init__(f"{reason}; add: {add}" if add else reason)
        self.reason = reason
        self.add = add


class _Stop(Exception):  # noqa: N818 - the end of a flow, not an error
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(type(verdict).__name__)
        self.verdict = verdict


class _Postponed(Exception):  # noqa: N818 - the flow's turn comes later
    pass


@dataclass(frozen=True, slots=True)
class Manner:
    """How steps are driven.

    `writes` False postpones them at their first write; `fresh` takes no shared answer; `alone` is the rate-limit check's: unpaced, and a
    429 is an answer like others; `heard` shows the exchanges to the observers; `free` is outside of budgets, as cleaning up is;
    exceptions of the types `passing` are let through.
    """

    writes: bool = True
    fresh: bool = False
    alone: bool = False
    heard: bool = True
    free: bool = False
    passing: tuple[type[Exception], ...] = ()


@dataclass
class Run:
    """How steps went: what they ended with, the exchanges that show it, and the requests really sent for them.

    `broken` are the clauses that observers saw broken on the way.
    """

    value: Any = None
    exchanges: list[Exchange] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    postponed: bool = False
    broken: frozenset[str] = frozenset()

    def keep(self, exchange: Exchange) -> None:
        """Adds an exchange; of very many, the first and the last are kept."""
        self.exchanges.append(exchange)
        if len(self.exchanges) > _KEPT_FIRST + _KEPT_LAST:
            del self.exchanges[_KEPT_FIRST]

    def verdict(self) -> Verdict:
        """The verdict that the steps ended with; a failure bears the exchanges that show it."""
        if isinstance(self.value, Failed):
            exchanges = tuple(map(trimmed, self.value.exchanges or self.exchanges))
            operation = self.value.operation or next((one.request.operation for one in reversed(exchanges) if one.request.operation), None)
            return replace(self.value, exchanges=exchanges, operation=operation)
        if isinstance(self.value, Errored) and not self.value.exchanges:
            return replace(self.value, exchanges=tuple(map(trimmed, self.exchanges[-2:])))
        if self.value is None:
            return Errored("a defect of the examination: the check ended without a verdict")
        verdict: Verdict = self.value
        return verdict


class Driver:
    """Sends the requests of one examination, one after the other."""

    def __init__(self, exam: Exam, transport: Transport, options: Options, clock: Clock, listener: Listener) -> None:
        self.exam = exam
        self.transport = transport
        self.options = options
        self.clock = clock
        self.listener = listener
        self.audience = Audience(exam, ())
        self.ledger = Ledger()
        self.pace = Pace.of(exam.spec, clock, slow=options.paced)
        self.requests = 0
        self.begun = clock.now()
        self._what = ""
        self._silence = 0
        self._shared: dict[Key, Exchange] = {}
        self._shared_bytes = 0

    @property
    def may_write(self) -> bool:
        """Whether the target permits writing at all."""
        return self.exam.target.permit.write and not self.options.read_only

    def turn_to(self, what: str) -> None:
        """Says what comes next."""
        self._what = what
        self.listener.turned_to(what, self.requests)

    def drive(self, steps: Generator[Request | Wait, Response, Any], manner: Manner | None = None) -> Run:
        """Runs steps to their end; whatever happens becomes a verdict."""
        run, begun = Run(), time.perf_counter()
        manner = manner or Manner()
        try:
            self._to_the_end(steps, run, manner)
        except Ended as end:
            run.value = end.verdict
        except _Stop as stop:
            run.value = stop.verdict
        except _Postponed:
            run.postponed = True
        except NoAnswer as fact:
            run.value = self._unanswered(fact, run)
        except NotPermitted as fact:
            run.value = Skipped(fact.reason, fact.add) if isinstance(fact, Refusal) else Skipped(str(fact))
        except manner.passing:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of one check must not end the examination
            run.value = Errored(in_words(error))
        finally:
            _close(steps)
            run.seconds = time.perf_counter() - begun
        return run

    def _to_the_end(self, steps: Generator[Request | Wait, Response, Any], run: Run, manner: Manner) -> None:
        try:
            step = next(steps)
            while True:
                try:
                    answer = self._answer(step, run, manner)
                except (NoAnswer, NotPermitted) as fact:
                    step = steps.throw(fact)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            run.value = end.value

    def repeat(self, request: Request, *, alone: bool = False) -> Exchange | None:
        """Sends a request once more, unwatched, if it only reads or touches nothing but what is ours; None without an answer.

        `alone` does not wait for the pace, where a window that passes would change the answer.
        """
        if not self._repeatable(request) or self._silence >= SILENCE:
            return None
        try:
            exchange = self._send(request.anew(), Run(), Manner(heard=False, alone=alone))
        except (NoAnswer, _Stop):
            return None
        return exchange if exchange.response is not None and exchange.response.status != 429 else None

    def repeat_answered(self, exchange: Exchange) -> Exchange | None:
        """Sends an answered write once more, also a delete that was refused: its record is still there."""
        refused = exchange.response is not None and 400 <= exchange.response.status <= 499
        return self.repeat_write(exchange.request, refused=refused)

    def repeat_write(self, request: Request, *, refused: bool = False) -> Exchange | None:
        """Sends a write once more where that proves something: not a delete of a record, which works only once, unless it was refused."""
        if not self.may_write or (request.effect == "delete" and not request.absent and not refused):
            return None
        own = self.ledger.records.get((request.resource or "", request.touches or ""))
        return None if own is not None and own.gone else self.repeat(request)

    def _repeatable(self, request: Request) -> bool:
        if request.safe or request.absent:
            return True
        return self.ledger.owns(request) if request.touches is not None else request.effect == "create"

    # One step

    def _answer(self, step: Request | Wait, run: Run, manner: Manner) -> Any:
        if isinstance(step, Wait):
            self._pause(min(step.seconds, _LONGEST_WAIT), step.why)
            return None
        known = self._known(step, manner)
        if known is not None:
            run.keep(known)
            return known.response
        self._permit(step, manner)
        if self._silence >= SILENCE:
            raise NoAnswer("the target has stopped answering")
        exchange = self._send(step, run, manner)
        if exchange.response is not None and exchange.response.status == 429 and not manner.alone:
            exchange = self._after_refusal(exchange, run, manner)
        self._share(exchange)
        if manner.heard:
            run.broken |= self.audience.hear(exchange, None if manner.alone else self.repeat)
        return exchange.response

    def _permit(self, request: Request, manner: Manner) -> None:
        if not within(self.exam.target, request.url):
            raise Refusal(f"{request.url[:200]} is not on the target's host, and nothing is sent elsewhere")
        if request.safe:
            return
        if self.options.read_only:
            raise Refusal("writing was ruled out for this run", "nothing; run without --read-only")
        if not self.exam.target.permit.write:
            raise Refusal("writing is not permitted", "write = true under [permit]")
        if request.touches is not None and not request.absent and not self.ledger.owns(request):
            raise Refusal(f"{request.resource} {request.touches!r} is not a record that this examination made")
        if not manner.writes:
            raise _Postponed

    def _send(self, request: Request, run: Run, manner: Manner) -> Exchange:
        if not manner.free:
            self._check_budget(run, manner)
        if not manner.alone:
            self._pause(self.pace.wait(request), "the declared rate limit; --unpaced for a target that has none", free=manner.free)
        self.pace.note(request)
        self.requests += 1
        run.requests += 1
        number = self.requests
        self.listener.sent(number)
        if not request.safe:
            self._forget_shared()
        try:
            response = self.transport.send(request)
        except NoAnswer as fact:
            self._silence += 1
            run.keep(Exchange(request, None, str(fact), number))
            if request.effect == "create" and not request.safe:
                self.ledger.nameless.append(f"a create of {request.resource} was not answered ({fact})")
            raise
        self._silence = 0
        exchange = Exchange(request, response, "", number)
        run.keep(exchange)
        self._book(request, response)
        return exchange

    def _check_budget(self, run: Run, manner: Manner) -> None:
        most, seconds = self.options.max_requests, self.options.max_time
        if most is not None and self.requests >= most:
            raise _Stop(Skipped(f"the {most} requests allowed were used up", "a larger --max-requests"))
        if seconds is not None and self.clock.now() - self.begun >= seconds:
            raise _Stop(Skipped(f"the {seconds:g} s allowed were over", "a longer --max-time"))
        alone = 6 * self.pace.limit.limit if manner.alone and self.pace.limit is not None else 0
        if run.requests >= max(self.options.per_check, alone):
            raise _Stop(Inconclusive(f"no end after {run.requests} requests"))

    def _pause(self, seconds: float, why: str, *, free: bool = False) -> None:
        if seconds <= 0:
            return
        most = self.options.max_time
        if most is not None and not free and self.clock.now() + seconds - self.begun > most:
            raise _Stop(Skipped(f"waiting {seconds:.0f} s ({why}) would take longer than the {most:g} s allowed", "a longer --max-time"))
        if seconds > _LONG_PAUSE:
            self.listener.turned_to(f"{self._what}, after {seconds:.0f} s of waiting ({why})", self.requests)
        self.clock.sleep(seconds)

    def _after_refusal(self, exchange: Exchange, run: Run, manner: Manner) -> Exchange:
        """Backs off after a 429 and asks once more; a second one ends the check."""
        response = exchange.response
        if manner.heard and self.pace.limit is not None:
            self.audience.hear(exchange, None)
        if response is not None:
            self._pause(back_off(response, self.pace.limit), "the target answered 429", free=manner.free)
        exchange = self._send(exchange.request, run, manner)
        if exchange.response is not None and exchange.response.status == 429:
            raise _Stop(Inconclusive("the target refused with 429, again after a pause", "a caller with a higher limit, or a quieter target"))
        return exchange

    # What is remembered

    def _known(self, request: Request, manner: Manner) -> Exchange | None:
        if not request.safe or request.fresh or manner.fresh or manner.alone:
            return None
        return self._shared.get(_key(request))

    def _share(self, exchange: Exchange) -> None:
        if not exchange.request.safe or exchange.response is None or exchange.response.status >= 500:
            return
        self._shared_bytes += len(exchange.response.body) + 1000
        if self._shared_bytes > _SHARED_BYTES:
            self._forget_shared()
        self._shared[_key(exchange.request)] = exchange

    def _forget_shared(self) -> None:
        self._shared.clear()
        self._shared_bytes = 0

    def _book(self, request: Request, response: Response) -> None:
        """Keeps the ledger: what a create made, what a delete took away."""
        if request.safe or not self.exam.read.succeeded(response):
            return
        if request.effect == "delete" and request.touches is not None:
            self.ledger.gone(request)
        resource = self.exam.spec.resources.get(request.resource or "")
        if request.effect != "create" or resource is None:
            return
        keys = self._keys(response, resource)
        for key in keys or ():
            self.ledger.add(resource.name, key, request.as_ or "full")
        if keys == []:
            self.ledger.nameless.append(f"{resource.one} was made (request {self.requests}), but the answer does not tell its {resource.key}")

    def _keys(self, response: Response, resource: Any) -> list[str] | None:
        """The ids that the answer to a create tells, of the one record, or of several made at once; None where it says that it made none."""
        reading, found = self.exam.read, []
        for several in (False, True):
            try:
                records = reading.records(response, resource) if several else [reading.record(response, resource)]
            except Unreadable:
                continue
            if several and not records:
                return None
            found = [str(key) for record in records if (key := reading.members(record, resource).get(resource.key)) not in (None, "")]
            if found:
                break
        return found

    def _unanswered(self, fact: NoAnswer, run: Run) -> Verdict:
        last = run.exchanges[-1] if run.exchanges else None
        if last is None or last.response is not None or not self._repeatable(last.request):
            return Errored(f"no answer: {fact}")
        again = self.repeat(last.request)
        if again is None:
            return Errored(f"no answer: {fact}")
        return Inconclusive(f"flaky: no answer once ({fact}), and one when asked again", "a target that answers")


def _key(request: Request) -> Key:
    return request.method, request.url, request.headers, request.body, request.as_


def _close(steps: Generator[Any, Any, Any]) -> None:
    try:
        steps.close()
    except Exception:  # noqa: BLE001 - a check that yields once more while it is closed has nothing left to say
        return
