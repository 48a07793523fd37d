"""`proctor explain`: one clause, from the document to its fault."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from proctor.problems import clause_of
from specs.conventions import CONVENTIONS
from specs.model import Clause, Spec
from specs.sources import spelled_lines

__all__ = ["command"]


@click.command("explain")
@click.argument("clause_id", metavar="CLAUSE")
@click.argument("file", required=False, metavar="[FILE]")
def command(clause_id: str, file: str | None) -> None:
    """Say what CLAUSE (api/group/slug) requires, where it is written, how it is examined and how the stub can break it.

    The clause of an API that is not shipped stands in FILE.
    """
    spec, clause = clause_of(clause_id, file)
    click.echo(f"{clause.id}  ({clause.level})")
    for label, text in _told(spec, clause):
        click.echo(textwrap.fill(text, 100, initial_indent=f"  {label:12} ", subsequent_indent=" " * 15))


def _told(spec: Spec, clause: Clause) -> Iterator[tuple[str, str]]:
    yield "requires", clause.requires
    yield "source", f"{clause.source.document}, lines {spelled_lines(clause.source.lines)} (sha256 {clause.source.sha256[:12]}…)"
    if clause.assumed:
        yield "assumed", clause.assumed
    if clause.note:
        yield "note", clause.note
    yield "rule", f"{clause.kind}.{clause.rule}: {CONVENTIONS[clause.kind].rules[clause.rule].says}"
    yield "operations", ", ".join(clause.operations) or "none"
    yield "examined", _examined(clause)
    for way, fault in _faults(clause):
        yield "fault", f"--fault {clause.id}:{way}{fault}"
    for topic, text in spec.convention(clause).choices.items():
        yield "open", f"{topic}: {text}"


def _examined(clause: Clause) -> str:
    from conformance.checks import CHECKS

    check = CHECKS.get(clause.kind, {}).get(clause.rule)
    return "not yet examined" if check is None else check.how


def _faults(clause: Clause) -> Iterator[tuple[str, str]]:
    from mockserver.behaviours import BEHAVIOURS

    behaviour = BEHAVIOURS.get(clause.kind)
    for way, fault in (behaviour.FAULTS.get(clause.rule, {}) if behaviour else {}).items():
        says = getattr(fault, "says", "")
        yield way, f"  {says}" if says else ""
