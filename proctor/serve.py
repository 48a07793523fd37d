"""`proctor serve`: the stub, behind a port."""

from __future__ import annotations

from typing import Any

import click

from proctor.problems import CannotGoOn, specs_of
from specs.model import Spec

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
@click.option("--store", default="memory", show_default=True, metavar="memory|sqlite:FILE", help="Where records are kept; a file keeps them after the end.")
@click.option("--records", multiple=True, metavar="[API/RESOURCE=]N", help="Fill the largest list of each API, or that one, up to N records.")
@click.option("--control-token", envvar="PROCTOR_CONTROL_TOKEN", show_envvar=True, help="Opens the control plane, /__proctor/, to other machines.")
@click.option("--journal/--no-journal", default=None, help="Keep the exchanges, to be read from the control plane; without --replay they are kept.")
@click.option("--journal-size", default=1000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many exchanges the journal keeps.")
@click.option("--max-spaces", default=64, show_default=True, type=click.IntRange(0), help="How many spaces (X-Proctor-Space) there may be at a time.")
def command(
    apis: tuple[str, ...],
    host: str,
    port: int,
    replay: bool,
    seed: int,
    faults: tuple[str, ...],
    rate_limit: int | None,
    clock: float | None,
    store: str,
    records: tuple[str, ...],
    **control: Any,
) -> None:
    """Be each API (all that are shipped, without any): one at the root, several under /NAME. Ctrl-C ends it."""
    from mockserver import Clock, Engine, FaultError, serve
    from mockserver.filling import AmountError
    from mockserver.store import StoreError

    specs = specs_of(apis)

    def engine() -> Engine:
        mode = "replay" if replay else "stateful"
        options = {**_stored(specs, store, records), **_controlled(replay, **control)}
        return Engine(specs, mode=mode, seed=seed, faults=faults, rate_limit=rate_limit, clock=Clock(clock), **options)  # type: ignore[arg-type]

    try:
        raise SystemExit(serve(engine, host, port, announce=_announce))
    except (FaultError, StoreError, AmountError) as error:
        raise CannotGoOn(str(error)) from None
    except OSError as error:
        raise CannotGoOn(f"{host}:{port}: can't be listened on ({error.strerror or error}); choose another with --port, or 0 for any that is free") from None


def _stored(specs: list[Spec], store: str, records: tuple[str, ...]) -> dict[str, Any]:
    """The engine's options for its records: where they are kept, and how many there are to begin with."""
    from mockserver.filling import amounts
    from mockserver.store.opening import open_store

    return {"records": amounts(records, specs), "store": open_store(store, specs)}


def _controlled(replay: bool, *, journal: bool | None, journal_size: int, control_token: str | None, max_spaces: int) -> dict[str, Any]:
    """The engine's options for its control plane; a replay keeps no journal unasked, since it is there for speed."""
    from mockserver.journal import Journal

    kept = Journal(on=not replay if journal is None else journal, limit=journal_size)
    return {"journal": kept, "control_token": control_token, "max_spaces": max_spaces}


def _announce(url: str, engine: object) -> None:
    from mockserver import Engine

    assert isinstance(engine, Engine)
    for api in engine.apis.values():
        credential = next((principal.credential for principal in api.spec.seed.principals if principal.name == "full"), {})
        fields = " ".join(f"{name}={value}" for name, value in credential.items())
        click.echo(f"{api.spec.title}: {url}{api.mount}{api.spec.base_path}" + (f"  (full: {fields})" if fields else ""))
    click.echo(f"Ready on {url}. Ctrl-C ends it.")
