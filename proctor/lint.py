"""`proctor lint`: what is wrong with a spec."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("lint")
@click.argument("files", nargs=-1, required=True, metavar="SPEC...")
def command(files: tuple[str, ...]) -> None:
    """Find what is wrong with each SPEC: file, line, column, what was expected and what to do. Exit code 1 if anything is."""
    from specs import lint

    wrong = 0
    for file in files:
        problems = lint(file)
        wrong += len(problems)
        for problem in problems:
            click.echo(str(problem))
        if not problems:
            click.echo(f"{file}: nothing is wrong")
    raise SystemExit(1 if wrong else 0)
