"""The other half of the proof: `python -m tests.implementations.matrix [NAME…]` examines every bug of every stranger.

Only the clause that a bug breaks is examined, as a user would who selects it. Exit code 1 if a bug is missed that excused.yaml
does not excuse, or if one is caught that it says no check may catch.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

from conformance import CouldNotExamine, Examination, state_of
from tests.implementations.strangers import STRANGERS, clause_of, examined

__all__ = ["Outcome", "excuses", "main", "outcome"]

PROCESSES = 2
EXCUSED = Path(__file__).parent / "excused.yaml"

Excuses = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one bug: `caught`, `elsewhere` (another clause failed, not the one it breaks) or `missed`.

    Caught is also what keeps anything from being examined, as a refused credential does: the examination ends with 2, not with 0.
    """

    stranger: str
    bug: str
    clause: str
    word: str
    said: str
    requests: int
    seconds: float


def excuses() -> dict[str, dict[str, dict[str, str]]]:
    """The bugs that need not be caught, by implementation: each with `why`, and `reading` where one leaves it open."""
    loaded: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(EXCUSED.read_text(encoding="utf-8")) or {}
    return loaded


def outcome(name: str, bug: str) -> Outcome:
    """Examines the clause that a bug breaks; where it holds and the bug is not excused, every clause."""
    stranger, begun = STRANGERS[name], time.perf_counter()
    clause = clause_of(stranger, bug)
    found = examined(stranger, bug, (clause,))
    requests, (state, said) = found.requests, _of_clause(found, clause)
    word = "caught" if state == "failed" or isinstance(found.outcome, CouldNotExamine) else "missed"
    if word == "missed" and bug not in excuses().get(name, {}):
        found = examined(stranger, bug)
        requests += found.requests
        failed = [result.clause.id for result in found.results if state_of(result) == "failed"]
        if failed:
            word, said = ("caught" if clause in failed else "elsewhere"), f"{', '.join(failed)} ({state}: {said})"
    return Outcome(name, bug, clause, word, said, requests, time.perf_counter() - begun)


def _of_clause(found: Examination, clause: str) -> tuple[str, str]:
    """The state of a clause, and what is said of it."""
    result = next(result for result in found.results if result.clause.id == clause)
    return state_of(result), getattr(result.verdict, "observed", "") or getattr(result.verdict, "reason", "")


def main(arguments: list[str] | None = None) -> int:
    """Prints what became of every bug, and gives the exit code."""
    parser = argparse.ArgumentParser(prog="matrix", description="Examine every bug of the implementations that strangers wrote.")
    parser.add_argument("names", nargs="*", help=f"implementations ({', '.join(STRANGERS)}), or one bug as NAME:BUG")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each bug, not only for those that are not caught")
    given = parser.parse_args(arguments)
    wanted, known = list(_wanted(given.names)), excuses()
    begun, wrong, counts = time.perf_counter(), 0, Counter[str]()
    with ProcessPoolExecutor(PROCESSES) as pool:
        for found in pool.map(outcome, *zip(*wanted, strict=True)):
            excuse = known.get(found.stranger, {}).get(found.bug)
            word = _judged(found, excuse)
            counts[word] += 1
            wrong += word in ("MISSED", "FALSE ALARM")
            if given.verbose or word != "caught":
                print(f"{word:11} {found.stranger}:{found.bug} ({found.requests} requests, {found.seconds:.1f} s) {_told(found, excuse)}", flush=True)
    print(f"{len(wanted)} bugs: {', '.join(f'{count} {word}' for word, count in sorted(counts.items()))}; {time.perf_counter() - begun:.0f} s")
    return 1 if wrong else 0


def _wanted(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The bugs asked for; those of a variant are the same code's, and are examined once."""
    for name in names or [name for name, stranger in STRANGERS.items() if not stranger.arguments]:
        stranger, _, bug = name.partition(":")
        yield from ((stranger, one) for one in ([bug] if bug else STRANGERS[stranger].bugs))


def _judged(found: Outcome, excuse: Mapping[str, str] | None) -> str:
    """The word for an outcome: an excuse turns a miss into none, and a catch into a false alarm where a reading says so."""
    if found.word == "caught":
        return "FALSE ALARM" if excuse and "reading" in excuse else "caught"
    if excuse:
        return "excused"
    return "MISSED" if found.word == "missed" else "elsewhere"


def _told(found: Outcome, excuse: Mapping[str, str] | None) -> str:
    bug = STRANGERS[found.stranger].bugs[found.bug]
    return f"{bug}\n{'':12}{found.said[:300]}" + (f"\n{'':12}excused: {excuse.get('reading', '')} {excuse['why']}" if excuse else "")


if __name__ == "__main__":
    sys.exit(main())
