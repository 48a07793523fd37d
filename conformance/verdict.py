"""What an examination can say of a clause: a closed union of values."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.exchange import Exchange

__all__ = ["Errored", "Failed", "Inconclusive", "Passed", "Skipped", "Verdict"]


@dataclass(frozen=True, slots=True)
class Passed:
    """At least one observation could have failed, and none did.

    `reason` says what was seen; `remarks` what the document leaves open or merely tolerates.
    """

    reason: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The implementation broke its word: what was expected, what was observed, and the exchanges that show it, in order."""

    expected: str
    observed: str
    exchanges: tuple[Exchange, ...] = ()
    operation: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Nothing was seen that could have failed; `needs` says what data or setting would make it conclusive."""

    reason: str
    needs: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """Not examined; `add` says what to add to the target so that it is."""

    reason: str
    add: str = ""


@dataclass(frozen=True, slots=True)
class Errored:
    """The examination itself could not be carried out: no answer, a hostile one, or a defect of the check."""

    reason: str
    exchanges: tuple[Exchange, ...] = ()


Verdict = Passed | Failed | Inconclusive | Skipped | Errored
