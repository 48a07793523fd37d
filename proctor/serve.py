"""`proctor serve`: the stub, behind a port."""

from __future__ import annotations

import click

from proctor.problems import CannotGoOn, specs_of

__all__ = ["command"]


@click.command("serve")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--replay", is_flag=True, help="Answer with the documented examples and nothing else.")
@click.option("--seed", default=0, show_default=True, help="Seed of whatever the stub makes up: ids, dynamic examples.")
@click.option("--fault", "faults", multiple=True, metavar="CLAUSE[:WAY][@OPERATION]", help="Break a clause on purpose; may be given several times.")
@click.option("--rate-limit", type=click.IntRange(0), help="Requests per window instead of the documented limit; 0 lifts it.")
@click.option("--clock", type=float, metavar="SECONDS", help="Freeze the stub's clock at this moment (seconds since the epoch).")
def command(apis: tuple[str, ...], host: str, port: int, replay: bool, seed: int, faults: tuple[str, ...], rate_limit: int | None, clock: float | None) -> None:
    """Be each API (all that are shipped, without any): one at the root, several under /NAME. Ctrl-C ends it."""
    from mockserver import Clock, Engine, FaultError, serve

    specs = specs_of(apis)

    def engine() -> Engine:
        mode = "replay" if replay else "stateful"
        return Engine(specs, mode=mode, seed=seed, faults=faults, rate_limit=rate_limit, clock=Clock(clock))  # type: ignore[arg-type]

    try:
        raise SystemExit(serve(engine, host, port, announce=_announce))
    except FaultError as error:
        raise CannotGoOn(str(error)) from None
    except OSError as error:
        raise CannotGoOn(f"{host}:{port}: can't be listened on ({error.strerror or error}); choose another with --port, or 0 for any that is free") from None


def _announce(url: str, engine: object) -> None:
    from mockserver import Engine

    assert isinstance(engine, Engine)
    for api in engine.apis.values():
        credential = next((principal.credential for principal in api.spec.seed.principals if principal.name == "full"), {})
        fields = " ".join(f"{name}={value}" for name, value in credential.items())
        click.echo(f"{api.spec.title}: {url}{api.mount}{api.spec.base_path}" + (f"  (full: {fields})" if fields else ""))
    click.echo(f"Ready on {url}. Ctrl-C ends it.")
