from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

import specs
from specs import sources
from specs.errors import SpecError

TEXT = "Heading\nPages hold 20 books.\n\nThe last page may be short.\nA walk gives each book once.\nWrite to us."
CLAUSE = """
      %s: {rule: walk_gives_every_object_once, requires: r, source: {document: doc, lines: %s, sha256: %s}}"""


@pytest.fixture
def checked(written: Callable[..., Path]) -> Callable[..., sources.CheckedDocument]:
    """Holds a spec that cites lines 2 and 4-5 of a text, and ignores line 1, against another text."""

    def check(now: bytes | str | None) -> sources.CheckedDocument:
        lines = sources.lines_of(TEXT)
        clauses = CLAUSE % ("default", "[2]", sources.fingerprint(lines, [2])) + CLAUSE % ("walk", "[[4, 5]]", sources.fingerprint(lines, [4, 5]))
        path = written(
            f"openapi: 3.1.0\ninfo: {{title: T, version: '1'}}\npaths: {{}}\n"
            f"x-documents: {{doc: {{sha256: {hashlib.sha256(TEXT.encode()).hexdigest()}, ignored: [1]}}}}\n"
            f"x-conventions:\n  page:\n    kind: pagination\n    parameters: {{style: page_number}}\n    clauses:{clauses}\n"
        )
        if now is not None:
            written(now, "documents/doc.txt")
        (path.parent / "documents").mkdir(exist_ok=True)
        return sources.check(specs.load(path), path.parent / "documents")[0]

    return check


def states(document: sources.CheckedDocument) -> dict[str, str]:
    return {clause.id.rsplit("/", 1)[1]: clause.state for clause in document.clauses}


def test_unchanged_document_is_faithful_but_for_uncited_lines(checked: Callable[..., sources.CheckedDocument]) -> None:
    document = checked(TEXT)
    assert (document.state, states(document)) == ("unchanged", {"default": "unchanged", "walk": "unchanged"})
    assert document.uncited == (sources.Uncited(6, "Write to us."),)
    assert not document.is_faithful


def test_changed_line_changes_its_clause_alone(checked: Callable[..., sources.CheckedDocument]) -> None:
    document = checked(TEXT.replace("20 books", "30 books"))
    assert (document.state, states(document)) == ("changed", {"default": "changed", "walk": "unchanged"})


def test_added_line_moves_the_clauses_after_it(checked: Callable[..., sources.CheckedDocument]) -> None:
    document = checked(TEXT.replace("\n\n", "\nNew.\n\n"))
    assert states(document) == {"default": "unchanged", "walk": "moved"}
    assert document.clauses[1].found == (5, 6)


def test_cut_document_loses_its_clauses(checked: Callable[..., sources.CheckedDocument]) -> None:
    assert states(checked("Heading\n")) == {"default": "gone", "walk": "gone"}


def test_line_ends_do_not_matter_to_lines(checked: Callable[..., sources.CheckedDocument]) -> None:
    document = checked(TEXT.replace("\n", "\r\n"))
    assert (document.state, states(document)) == ("changed", {"default": "unchanged", "walk": "unchanged"})


def test_absent_document_is_told(checked: Callable[..., sources.CheckedDocument]) -> None:
    assert checked(None).state == "absent"


def test_document_that_is_no_text_is_refused(checked: Callable[..., sources.CheckedDocument]) -> None:
    with pytest.raises(SpecError, match="can't be read"):
        checked(b"\xff\xfe")


def test_folder_that_does_not_exist_is_refused(library: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="no such directory"):
        sources.check(specs.load(library), tmp_path / "absent")


def test_fingerprint_is_of_the_joined_lines() -> None:
    assert sources.fingerprint(["a", "b", "ü"], [1, 3]) == hashlib.sha256("a\nü".encode()).hexdigest()


@pytest.mark.parametrize("lines", [[0], [3], [-1]])
def test_fingerprint_of_no_line_is_an_error(lines: list[int]) -> None:
    with pytest.raises(IndexError):
        sources.fingerprint(["a", "b"], lines)
