"""The ring of exchanges."""

from __future__ import annotations

from mockserver.exchange import Request, Response
from mockserver.journal import Journal


def filled(journal: Journal, count: int, body: bytes = b"", space: str = "") -> Journal:
    for _ in range(count):
        journal.add(Request("POST", "/", body=body), Response(200, {}, body), space, 0.1)
    return journal


def test_oldest_go_when_there_are_too_many() -> None:
    journal = filled(Journal(limit=3), 5)
    assert [entry.number for entry in journal.entries()] == [3, 4, 5]


def test_oldest_go_when_they_are_too_large() -> None:
    journal = filled(Journal(max_bytes=100_000), 50, b"x" * 10_000)
    assert 0 < len(journal) < 6
    assert journal.held <= 100_000
    assert journal.entries()[-1].number == 50


def test_exchange_over_the_bound_is_not_kept() -> None:
    journal = filled(Journal(max_bytes=100_000), 1, b"x" * 100_000)
    assert (len(journal), journal.held, journal.number) == (0, 0, 1)


def test_cleared_journal_holds_nothing() -> None:
    journal = filled(Journal(), 3, b"x")
    journal.clear()
    assert (len(journal), journal.held, journal.number) == (0, 0, 3)


def test_one_space_is_cleared_alone() -> None:
    journal = filled(filled(Journal(), 2, b"x", "one"), 1, b"x", "two")
    held = journal.held
    journal.clear("one")
    assert [entry.space for entry in journal.entries()] == ["two"]
    assert journal.held == held / 3


def test_time_is_when_it_ended() -> None:
    journal = Journal(now=lambda: 7.0)
    filled(journal, 1)
    assert journal.entries()[0].at == 7.0
