"""`proctor init`: a target file to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from proctor.problems import CannotGoOn, spec_of

__all__ = ["command"]


@click.command("init")
@click.argument("api", metavar="API|FILE")
@click.option("-o", "--output", default="proctor.toml", show_default=True, help="Where to write it; - for standard output.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(api: str, output: str, force: bool) -> None:
    """Write a commented target file for API: where it is, who calls, what is bound to what, what is permitted."""
    from conformance.starter import starter

    text = starter(spec_of(api))
    if output == "-":
        click.echo(text, nl=False)
        return
    path = Path(output)
    if path.is_dir():
        raise CannotGoOn(f"{path}: is a directory; name a file in it with --output")
    if path.exists() and not force:
        raise CannotGoOn(f"{path}: is there already; name another with --output, or write over it with --force")
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotGoOn(f"{path}: can't be written ({error.strerror}); name another with --output") from None
    click.echo(f"{path}: fill in url and credentials, then run `proctor check`")
