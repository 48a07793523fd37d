"""Holds a spec against the documents it comes from: which lines changed, and which lines no clause cites."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from specs.errors import Problem, SpecError
from specs.model import Clause, Document, Spec

__all__ = ["CheckedClause", "CheckedDocument", "Uncited", "check", "fingerprint", "lines_of", "spelled_lines"]


@dataclass(frozen=True, slots=True)
class CheckedClause:
    """A clause held against its document.

    `changed`: the lines say something else now. `moved`: they stand at the lines given in `found`. `gone`: the document is too short.
    `sha256` is that of the clause's lines as they are now, empty where they are gone.
    """

    id: str
    state: Literal["unchanged", "changed", "moved", "gone"]
    lines: tuple[int, ...]
    found: tuple[int, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Uncited:
    """A line that no clause cites and that is not declared to need none."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document held against the spec: `absent` where the folder has no `<name>.txt`, `changed` where its hash is another."""

    name: str
    state: Literal["unchanged", "changed", "absent"]
    sha256: str
    clauses: tuple[CheckedClause, ...]
    uncited: tuple[Uncited, ...]

    @property
    def is_faithful(self) -> bool:
        """True where the document is there, every clause's lines are unchanged and every line is cited or ignored."""
        return self.state == "unchanged" and not self.uncited and all(clause.state == "unchanged" for clause in self.clauses)


def check(spec: Spec, folder: str | Path) -> tuple[CheckedDocument, ...]:
    """Each document of a spec, held against `<folder>/<name>.txt`; raises `SpecError` where a file there can't be read."""
    folder = Path(folder)
    if not folder.is_dir():
        raise SpecError([Problem(str(folder)[:300], 0, 0, "no such directory", "the directory with the documents as <name>.txt")])
    return tuple(_checked(spec, document, folder / f"{document.name}.txt") for document in spec.documents.values())


def fingerprint(text_lines: Sequence[str], lines: Iterable[int]) -> str:
    """The SHA-256 of some lines, by number from 1: without line ends, joined by a line feed, in UTF-8.

    Raises `IndexError` where there is no such line.
    """
    numbers = list(lines)
    if any(number < 1 or number > len(text_lines) for number in numbers):
        raise IndexError("no such line")
    return hashlib.sha256("\n".join(text_lines[number - 1] for number in numbers).encode()).hexdigest()


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def spelled_lines(lines: Iterable[int]) -> str:
    """Line numbers for people: `16, 60-66`."""
    parts: list[list[int]] = []
    for line in sorted(set(lines)):
        if parts and line == parts[-1][-1] + 1:
            parts[-1].append(line)
        else:
            parts.append([line])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _checked(spec: Spec, document: Document, path: Path) -> CheckedDocument:
    clauses = [clause for clause in spec.clauses.values() if clause.source.document == document.name]
    if not path.is_file():
        return CheckedDocument(document.name, "absent", "", (), ())
    try:
        data = path.read_bytes()
        text_lines = lines_of(data.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError([Problem(str(path), 1, 1, f"the document can't be read ({error})", "a text file in UTF-8")]) from None
    sha256 = hashlib.sha256(data).hexdigest()
    cited = {number for clause in clauses for number in clause.source.lines} | set(document.ignored)
    uncited = tuple(Uncited(number, line) for number, line in enumerate(text_lines, 1) if line.strip() and number not in cited)
    state: Literal["unchanged", "changed"] = "unchanged" if sha256 == document.sha256 else "changed"
    return CheckedDocument(document.name, state, sha256, tuple(_checked_clause(clause, text_lines) for clause in clauses), uncited)


def _checked_clause(clause: Clause, text_lines: list[str]) -> CheckedClause:
    lines = clause.source.lines
    try:
        sha256 = fingerprint(text_lines, lines)
    except IndexError:
        moved = _moved(clause, text_lines)
        return CheckedClause(clause.id, "moved" if moved else "gone", lines, moved)
    if sha256 == clause.source.sha256:
        return CheckedClause(clause.id, "unchanged", lines, sha256=sha256)
    moved = _moved(clause, text_lines)
    return CheckedClause(clause.id, "moved" if moved else "changed", lines, moved, sha256)


def _moved(clause: Clause, text_lines: list[str]) -> tuple[int, ...]:
    """Where the clause's lines stand now, all moved by the same distance; nearest first; empty where nowhere."""
    lines = clause.source.lines
    for distance in sorted(range(1 - lines[0], len(text_lines) - lines[-1] + 1), key=abs):
        shifted = tuple(number + distance for number in lines)
        if fingerprint(text_lines, shifted) == clause.source.sha256:
            return shifted
    return ()
