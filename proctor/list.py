"""`proctor list`: APIs, their clauses, and what becomes of each."""

from __future__ import annotations

from typing import Any

import click

from proctor.problems import specs_of
from specs.model import Clause, Spec

__all__ = ["command"]


@click.command("list")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of a table.")
def command(apis: tuple[str, ...], as_json: bool) -> None:
    """List clauses: with no API, a line an API; with some, a line a clause, and whether stub and examination cover it."""
    loaded = specs_of(apis)
    if as_json:
        import orjson

        click.echo(orjson.dumps([_told(spec) for spec in loaded], option=orjson.OPT_INDENT_2))
    elif apis:
        for spec in loaded:
            _print_clauses(spec)
    else:
        for spec in loaded:
            click.echo(_summary(spec))


def _summary(spec: Spec) -> str:
    rows = _rows(spec)
    examined, breakable = sum(row["examined"] for row in rows), sum(bool(row["faults"]) for row in rows)
    return f"{spec.api:12} {spec.title}: {len(spec.operations)} operations, {len(rows)} clauses, {examined} examined, {breakable} breakable"


def _print_clauses(spec: Spec) -> None:
    click.echo(_summary(spec))
    for row in _rows(spec):
        state = "examined" if row["examined"] else "not yet examined"
        faults = ", ".join(row["faults"]) or "no fault"
        click.echo(f"  {row['id']:42} {row['level']:6} {state:16} [{faults}]  {row['requires']}")


def _told(spec: Spec) -> dict[str, Any]:
    return {"api": spec.api, "title": spec.title, "operations": list(spec.operations), "clauses": _rows(spec)}


def _rows(spec: Spec) -> list[dict[str, Any]]:
    return [_row(clause) for clause in spec.clauses.values()]


def _row(clause: Clause) -> dict[str, Any]:
    from conformance.checks import CHECKS
    from mockserver.behaviours import BEHAVIOURS

    behaviour = BEHAVIOURS.get(clause.kind)
    return {
        "id": clause.id,
        "level": clause.level,
        "requires": clause.requires,
        "rule": f"{clause.kind}.{clause.rule}",
        "examined": clause.rule in CHECKS.get(clause.kind, {}),
        "faults": list(behaviour.FAULTS.get(clause.rule, {})) if behaviour else [],
        "operations": list(clause.operations),
        "source": {"document": clause.source.document, "lines": list(clause.source.lines)},
    }
