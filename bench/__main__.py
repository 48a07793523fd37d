"""`python -m bench`: starts everyone on one core, presses each in turn from another, and prints the table."""

from __future__ import annotations

import os
import platform
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from bench.contenders import Contender, Started, StartError, all_specs, contenders, started
from bench.installing import MissingError, Tools, installed
from bench.listing import written
from bench.load import CONNECTIONS, LoadError, press
from bench.processes import cpu_seconds, memory
from bench.table import Measured, markdown

_STARTS = 9


@click.command()
@click.option("--seconds", default=360, show_default=True, type=click.IntRange(1), help="How long the load lasts in all; starting comes on top.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="How often each is measured; a round to warm up comes before.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Write the table to this file, too.")
def main(seconds: int, rounds: int, report: Path | None) -> None:
    """Measure the stub beside Prism, WireMock, nginx and a bare application."""
    server, load = _cores()
    try:
        tools = installed()
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = contenders(written(Path(folder)), tools, Path(folder))
            each = max(1, round(seconds / (len(found) * (rounds + 1))))
            starts = [_start(all_specs(), server) for _ in range(_STARTS)]
            measured = _measured(found, rounds, each, (server, load))
    except (MissingError, StartError, LoadError) as problem:
        raise click.ClickException(str(problem)) from None
    text = f"{_how(tools, rounds, each)}\n\n{markdown(measured, starts)}\n"
    click.echo(text)
    if report is not None:
        report.write_text(text, encoding="utf-8")


def _cores() -> tuple[int, int]:
    """The core for the servers and the one for the load."""
    there = sorted(os.sched_getaffinity(0))
    if len(there) < 2:
        raise click.ClickException("two cores are needed: one for the server, one for the load")
    return there[0], there[-1]


def _start(contender: Contender, core: int) -> float:
    with started(contender, core) as running:
        return running.seconds


def _measured(found: dict[str, Contender], rounds: int, seconds: int, cores: tuple[int, int]) -> dict[str, Measured]:
    """What each does in each round; all run from the beginning to the end, and one at a time has something to do."""
    server, load = cores
    with ExitStack() as stack:
        running: dict[str, Started] = {}
        for name, contender in found.items():
            click.echo(f"starting {contender.name}", err=True)
            running[name] = stack.enter_context(started(contender, server))
        measured = {name: Measured(contender.name, running[name].size, running[name].seconds) for name, contender in found.items()}
        for number in range(rounds + 1):
            click.echo(f"round {number} of {rounds}" if number else "warming up", err=True)
            for name, contender in found.items():
                _press(contender, running[name], seconds, load, measured[name])
        return measured


def _press(contender: Contender, running: Started, seconds: int, core: int, into: Measured) -> None:
    """Presses one contender, and writes down what came of it; the first time stands apart, since whoever compiles as it goes is slower then."""
    before = cpu_seconds(running.pid)
    told = press(f"http://127.0.0.1:{running.port}{contender.path}", contender.headers, seconds, core)
    if into.first is None:
        into.first = told
        return
    into.loads.append(told)
    into.costs.append((cpu_seconds(running.pid) - before) / told.requests * 1e6)
    into.memory = memory(running.pid)


def _how(tools: Tools, rounds: int, seconds: int) -> str:
    """What was measured, and how."""
    way = f"{rounds} rounds of {seconds} s each, interleaved; one core for the server, another for wrk with {CONNECTIONS} kept connections; medians."
    return f"{'; '.join(tools.versions())}; {platform.system()} {platform.machine()}.\n{way}"


if __name__ == "__main__":
    main()
