"""What a check has seen so far, and the verdict that follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.verdict import Inconclusive, Passed

__all__ = ["Findings"]


@dataclass(slots=True)
class Findings:
    """Collects what a check sees: observations that could have failed, remarks, and what was missing to see more."""

    seen: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def saw(self, what: str, remark: str = "") -> None:
        """Notes an observation that could have failed and did not."""
        self.seen.append(what)
        self.remark(remark)

    def remark(self, text: str) -> None:
        """Notes what the document leaves open or merely tolerates."""
        if text and text not in self.remarks:
            self.remarks.append(text)

    def lack(self, text: str) -> None:
        """Notes what could not be looked at, and why."""
        if text and text not in self.missing:
            self.missing.append(text)

    def verdict(self, passed: str, nothing: str, needs: str = "") -> Passed | Inconclusive:
        """`Passed` if something was seen that could have failed, else `Inconclusive`; `{n}` in `passed` is how often."""
        remarks = (*self.remarks, *(f"not examined: {text}" for text in self.missing))
        if self.seen:
            return Passed(passed.replace("{n}", str(len(self.seen))), remarks)
        return Inconclusive(nothing, needs or "; ".join(self.missing), remarks)
