"""The records that an examination made: what it may write to, and what it deletes at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.exchange import Request

__all__ = ["Ledger", "Own"]


@dataclass
class Own:
    """One record of our own: its resource and id, the credential that made it, and whether it is gone again."""

    resource: str
    key: str
    as_: str
    gone: bool = False


@dataclass
class Ledger:
    """All records of our own, in the order in which they were made; `nameless` are those whose id the answer did not tell."""

    records: dict[tuple[str, str], Own] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)

    def add(self, resource: str, key: str, as_: str) -> None:
        """Notes a record that was made."""
        self.records[resource, key] = Own(resource, key, as_)

    def owns(self, request: Request) -> bool:
        """Whether the record that a request writes to is ours."""
        return (request.resource or "", request.touches or "") in self.records

    def gone(self, request: Request) -> None:
        """Notes that a request deleted the record that it touches."""
        known = self.records.get((request.resource or "", request.touches or ""))
        if known is not None:
            known.gone = True

    def left(self) -> list[Own]:
        """What is still there, the youngest first: children were made after their parents."""
        return [own for own in reversed(self.records.values()) if not own.gone]

    def one_of(self, resource: str) -> str | None:
        """The id of a record of ours that is still there, or None."""
        return next((own.key for own in self.left() if own.resource == resource), None)
