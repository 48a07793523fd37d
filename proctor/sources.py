"""`proctor sources`: the specs held against their documents."""

from __future__ import annotations

from collections.abc import Iterator

import click

from proctor.problems import CannotGoOn, specs_of
from specs import SpecError
from specs.model import Spec
from specs.sources import CheckedDocument, check, spelled_lines

__all__ = ["command"]


@click.command("sources")
@click.argument("directory", metavar="DIR")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
def command(directory: str, apis: tuple[str, ...]) -> None:
    """Hold specs against the documents in DIR (NAME.txt).

    Names each clause whose lines changed, and each sentence that no clause cites. Exit code 1 if a document is missing, or it or a
    clause's lines changed.
    """
    drifted = False
    for spec in specs_of(apis):
        for document in _checked(spec, directory):
            drifted |= document.state != "unchanged" or any(clause.state != "unchanged" for clause in document.clauses)
            for line in _told(spec, document):
                click.echo(line)
    raise SystemExit(1 if drifted else 0)


def _checked(spec: Spec, directory: str) -> tuple[CheckedDocument, ...]:
    try:
        return check(spec, directory)
    except SpecError as error:
        raise CannotGoOn(str(error)) from None


def _told(spec: Spec, document: CheckedDocument) -> Iterator[str]:
    if document.state == "absent":
        yield f"{spec.api}: {document.name}.txt is not there"
        return
    changed = [clause for clause in document.clauses if clause.state != "unchanged"]
    same = "as the spec knows it" if document.state == "unchanged" else f"changed: sha256 is {document.sha256} now"
    yield f"{spec.api}: {document.name}.txt is {same}; {len(document.clauses) - len(changed)} of {len(document.clauses)} clauses stand where they say"
    for clause in changed:
        where = f", now at lines {spelled_lines(clause.found)}" if clause.found else ""
        told = f"; their sha256 is {clause.sha256} now" if clause.sha256 else ""
        yield f"  {clause.id}: lines {spelled_lines(clause.lines)} {clause.state}{where}{told}"
    for line in document.uncited:
        yield f"  line {line.line}, which no clause cites: {line.text.strip()[:100]}"
