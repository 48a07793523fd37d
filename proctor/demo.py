"""`proctor demo`: the whole way through once, on this machine: the stub is served, and examined over HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from proctor.problems import served_together

__all__ = ["command"]

INTERRUPTED = 130
"""The exit code of an examination that was interrupted: whoever ends one ends them all."""


@click.command("demo")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
@click.option("--reports", default="reports", show_default=True, type=click.Path(), help="The folder for a JSON report an API.")
@click.option("--rate-limit/--no-rate-limit", default=False, help="Examine rate limits, too: that waits for their windows to pass.")
def command(apis: tuple[str, ...], reports: str, rate_limit: bool) -> None:
    """Serve the stub of each API, examine it over HTTP, print the verdict and write the reports."""
    from dataclasses import replace

    from conformance import Options, Permit, exit_code
    from mockserver import live
    from proctor.check import ensure_writable, examine_url, write_reports
    from proctor.inprocess import stub_target

    specs, codes = served_together(apis), []
    paths = {spec.api: Path(reports) / f"{spec.api}.json" for spec in specs}
    ensure_writable((("json", path) for path in paths.values()), "--reports")
    with live(*specs, tls=True, plain=True, rate_limit=None if rate_limit else 0) as server:
        for spec in specs:
            target = stub_target(spec, server.of(spec.api), plain_url=server.plain_of(spec.api))
            target = replace(target, ca_file=str(server.ca_file), permit=Permit(write=True, exhaust_rate_limit=rate_limit))
            examination = examine_url(spec, target, Options(paced=rate_limit))
            write_reports(examination, [("json", paths[spec.api])])
            click.echo(f"Report: {paths[spec.api]}\n")
            codes.append(exit_code(examination))
            if codes[-1] == INTERRUPTED:
                break
    raise SystemExit(max(codes))
