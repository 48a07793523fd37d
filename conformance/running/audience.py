"""Those who watch every exchange: the observers of the selected clauses, what they saw, and what that makes of a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from conformance.check import Broken, Check, Fine, Observation
from conformance.evidence import trimmed
from conformance.exam import Exam
from conformance.exchange import Exchange, Request
from conformance.running.defects import in_words
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Verdict
from specs.model import Clause

__all__ = ["Audience", "Heard", "Repeat", "RepeatWrite", "Sighting"]

Repeat = Callable[[Request], Exchange | None]
"""Sends a request once more, unwatched; None where that can't be done or brings no answer."""

RepeatWrite = Callable[[Exchange], Exchange | None]
"""Sends the write of an exchange once more, likewise."""

_SIGHTINGS = 6
_REPEATS = 3
_REMARKS = 5


@dataclass
class Sighting:
    """One answer that broke a rule; `vanished` once the same request was answered well."""

    exchange: Exchange
    broken: Broken
    vanished: bool = False


@dataclass
class Heard:
    """What one clause's observer has seen so far."""

    clause: Clause
    check: Check
    fine: int = 0
    remarks: dict[str, None] = field(default_factory=dict)
    sightings: list[Sighting] = field(default_factory=list)
    confirmed: Sighting | None = None
    defect: str = ""

    def speaks_of(self, request: Request) -> bool:
        """Whether the clause's operations include the request's; without an operation the observer decides itself."""
        return request.operation is None or request.operation in self.clause.operations


class Audience:
    """All observers. A broken rule counts once it is seen again: with the same request, or with another of the same operation."""

    def __init__(self, exam: Exam, watching: Iterable[tuple[Clause, Check]]) -> None:
        self.exam = exam
        self.members = {clause.id: Heard(clause, check) for clause, check in watching if check.observe is not None}

    def hear(self, exchange: Exchange, repeat: Repeat | None) -> frozenset[str]:
        """Shows one exchange to all; gives the ids of the clauses that it breaks. `repeat` confirms what only reads, at once."""
        broken, again = set(), _Once(repeat, exchange.request)
        for heard in self.members.values():
            if heard.speaks_of(exchange.request):
                observation = self._judged(heard, exchange)
                if isinstance(observation, Fine):
                    self._fine(heard, observation)
                elif isinstance(observation, Broken):
                    broken.add(heard.clause.id)
                    self._broken(heard, Sighting(trimmed(exchange), observation), again)
        return frozenset(broken)

    def settle(self, repeat: RepeatWrite) -> None:
        """Confirms what was seen in answers to writes, where the same write may be sent again."""
        for heard in self.members.values():
            for sighting in heard.sightings if heard.confirmed is None else ():
                if not sighting.vanished and not sighting.exchange.request.safe:
                    self._confirm(heard, sighting, repeat(sighting.exchange))

    def conclude(self) -> None:
        """Confirms what was seen more than once, where the same request could not be sent again."""
        for heard in self.members.values():
            left = [sighting for sighting in heard.sightings if not sighting.vanished]
            kinds = Counter((sighting.exchange.request.operation, sighting.broken.expected) for sighting in left)
            often = {kind for kind, count in kinds.items() if count > 1}
            if heard.confirmed is None:
                heard.confirmed = next((one for one in left if (one.exchange.request.operation, one.broken.expected) in often), None)

    def starving(self) -> list[Heard]:
        """The observers that have seen nothing yet."""
        return [heard for heard in self.members.values() if not heard.fine and not heard.sightings]

    def verdict(self, clause: Clause, own: Verdict | None) -> Verdict:
        """A clause's verdict: that of its own procedure (None: it has none) together with what its observer saw."""
        heard = self.members.get(clause.id)
        if heard is None or isinstance(own, Failed):
            return own or Inconclusive("nothing was seen of it")
        if heard.confirmed is not None:
            return _failed(heard, heard.confirmed)
        if heard.sightings:
            seen = heard.sightings[0]
            return Inconclusive(f"flaky: {seen.broken.observed}, but not when asked again", "an implementation that answers the same twice")
        if isinstance(own, Passed):
            return replace(own, remarks=(*own.remarks, *heard.remarks))
        if heard.fine:
            remarks = (f"its own procedure: {own.reason}",) if isinstance(own, Errored | Inconclusive) else ()
            return Passed(f"{heard.fine} answer{'s' if heard.fine > 1 else ''} kept it", (*heard.remarks, *remarks))
        if heard.defect:
            return Errored(heard.defect)
        return own or Inconclusive("nothing was seen that the rule speaks of", "an operation whose answers it speaks of")

    def _judged(self, heard: Heard, exchange: Exchange) -> Observation:
        try:
            return heard.check.observe(self.exam, heard.clause, exchange) if heard.check.observe else None
        except Exception as error:  # noqa: BLE001 - a defect of one check must not end the examination
            heard.defect = in_words(error)
            return None

    @staticmethod
    def _fine(heard: Heard, observation: Fine) -> None:
        heard.fine += 1
        if observation.remark and len(heard.remarks) < _REMARKS:
            heard.remarks[observation.remark] = None

    def _broken(self, heard: Heard, sighting: Sighting, again: _Once) -> None:
        if heard.confirmed is not None:
            if _simpler(sighting, heard.confirmed):
                heard.confirmed = sighting
            return
        if len(heard.sightings) >= _SIGHTINGS:
            return
        heard.sightings.append(sighting)
        if sighting.exchange.request.safe and len(heard.sightings) <= _REPEATS and again.possible:
            self._confirm(heard, sighting, again())

    def _confirm(self, heard: Heard, sighting: Sighting, exchange: Exchange | None) -> None:
        if exchange is None or exchange.response is None:
            return
        if isinstance(self._judged(heard, exchange), Broken):
            heard.confirmed = sighting
        else:
            sighting.vanished = True


class _Once:
    """The answer to a repeated request, asked for at most once however many observers want it."""

    def __init__(self, repeat: Repeat | None, request: Request) -> None:
        self._repeat, self._request = repeat, request
        self._answers: list[Exchange | None] = []

    @property
    def possible(self) -> bool:
        return self._repeat is not None

    def __call__(self) -> Exchange | None:
        if not self._answers and self._repeat is not None:
            self._answers.append(self._repeat(self._request))
        return self._answers[0]


def _failed(heard: Heard, sighting: Sighting) -> Failed:
    operation = sighting.exchange.request.operation
    return Failed(sighting.broken.expected, sighting.broken.observed, (sighting.exchange,), operation, tuple(heard.remarks))


def _simpler(one: Sighting, other: Sighting) -> bool:
    """Whether one shows the same in a smaller request: what shrinking leads to."""
    same = one.exchange.request.operation == other.exchange.request.operation and one.broken.expected == other.broken.expected
    return same and _size(one.exchange.request) < _size(other.exchange.request)


def _size(request: Request) -> int:
    return len(request.url) + len(request.body or b"") + sum(len(name) + len(value) for name, value in request.headers)
