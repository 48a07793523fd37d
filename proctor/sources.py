"""`proctor sources`: the specs held against their documents."""

from __future__ import annotations

from pathlib import Path

import click

from proctor.explain import spelled
from proctor.problems import CannotGoOn, specs_of

__all__ = ["command"]


@click.command("sources")
@click.argument("directory", metavar="DIR")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
def command(directory: str, apis: tuple[str, ...]) -> None:
    """Hold specs against the documents in DIR (NAME.txt): name each clause whose lines changed, and each sentence that no clause cites.

    Exit code 1 if a document or a clause's lines changed.
    """
    raise NotImplementedError
