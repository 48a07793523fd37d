"""`proctor serve`: the stub, behind a port."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proctor.interrupts import ends
from proctor.problems import CannotGoOn, served_together
from specs.model import Spec

if TYPE_CHECKING:
    from mockserver import Live
    from mockserver.tls import Identity

__all__ = ["command"]


_MOST_RECORDS = 10_000_000
"""More than a machine holds, and than anybody waits for."""

_MANY_RECORDS = 50_000
"""So many take a while to be made: in memory a quarter of a second, in a file five."""

_LAST_MOMENT = 253_370_764_800.0
"""The year 9999 begins: as for the control plane, later moments can't be written."""

_TRANSPORT = "Disturb connections: latency=200ms, dribble=16B, truncate=50%, reset, length=+10, garbage, status=503; each with rate=30%."


@click.command("serve")
@click.argument("apis", nargs=-1, metavar="[API|FILE]...")
@click.option("--host", default="127.0.0.1", show_default=True, callback=lambda *given: _bare(given[2]), help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 takes a free one.")
@click.option("--replay", is_flag=True, help="Answer with the documented examples and nothing else.")
@click.option("--seed", default=0, show_default=True, help="Seed of whatever the stub makes up: ids, dynamic examples.")
@click.option("--fault", "faults", multiple=True, metavar="CLAUSE[:WAY][@OPERATION]", help="Break a clause on purpose; may be given several times.")
@click.option("--transport-fault", "transport_faults", multiple=True, metavar="KIND[=VALUE][,OPTION]...[@OPERATION]", help=_TRANSPORT)
@click.option("--tls", is_flag=True, help="Serve HTTPS with a certificate made for this run; its CA file is named at the start.")
@click.option("--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Serve HTTPS with this certificate (PEM); with --tls-key.")
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="The certificate's key (PEM, not encrypted).")
@click.option("--plain-port", type=click.IntRange(0, 65535), help="A second port, whose callers come over plain HTTP as the API sees it; 0: any.")
@click.option("--watch", is_flag=True, help="Reload a spec when its files change, and keep the records.")
@click.option("--rate-limit", type=click.IntRange(0), help="Requests per window instead of the documented limit; 0 lifts it.")
@click.option(
    "--clock",
    type=float,
    callback=lambda *given: _moment(given[2]),
    metavar="SECONDS",
    help="Freeze the stub's clock at this moment (seconds since the epoch).",
)
@click.option("--store", default="memory", show_default=True, metavar="memory|sqlite:FILE", help="Where records are kept; a file keeps them after the end.")
@click.option("--records", multiple=True, metavar="[API/RESOURCE=]N", help="Fill the largest list of each API, or that one, up to N records.")
@click.option(
    "--control-token",
    envvar="PROCTOR_CONTROL_TOKEN",
    show_envvar=True,
    help="Opens the control plane, /__proctor/, to other machines. Others may read a command line, but not the environment.",
)
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
    transport_faults: tuple[str, ...],
    tls: bool,
    tls_cert: Path | None,
    tls_key: Path | None,
    plain_port: int | None,
    watch: bool,
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
    from mockserver.tls import TlsError

    idle = [option for option, given in (("--fault", faults), ("--store", store != "memory"), ("--records", records)) if given and replay]
    if idle:
        _say(
            f"Note: --replay answers with the documented examples and nothing else, so that {', '.join(idle)} {'has' if len(idle) == 1 else 'have'} no effect."
        )
    gc.disable()  # nothing that is loaded now is garbage; the server turns the collector on again
    specs, address = served_together(apis), _address(host)

    def engine() -> Engine:
        mode = "replay" if replay else "stateful"
        options = {**_stored(specs, store, records), **_controlled(replay, **control)}
        return Engine(specs, mode=mode, seed=seed, faults=faults, transport_faults=transport_faults, rate_limit=rate_limit, clock=Clock(clock), **options)  # type: ignore[arg-type]

    try:
        with _identity(host, tls, tls_cert, tls_key) as identity:
            beside = _watching(apis) if watch else None
            raise SystemExit(serve(engine, address, port, announce=_announce, identity=identity, plain_port=plain_port, beside=beside, signals=ends()))
    except (FaultError, StoreError, AmountError, TlsError) as error:
        raise CannotGoOn(str(error)) from None
    except OSError as error:
        raise CannotGoOn(_told(error, address, plain_port)) from None


def _moment(seconds: float | None) -> float | None:
    if seconds is not None and not 0 <= seconds < _LAST_MOMENT:
        raise click.BadParameter(f"{seconds:g} is no moment from 1970 to 9998; give the seconds since the epoch, such as 1700000000.")
    return seconds


def _bare(host: str) -> str:
    """A host without the brackets in which a URL has an address of IPv6."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") and ":" in host else host


def _address(host: str) -> str:
    """The address that a host is, or that its name stands for, that of IPv4 first; raises `CannotGoOn` where it stands for none."""
    from socket import AF_INET, SOCK_STREAM, getaddrinfo

    try:
        found = sorted(getaddrinfo(host or "?", None, type=SOCK_STREAM), key=lambda one: one[0] != AF_INET)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is no name"
        raise CannotGoOn(f"--host {host!r}: stands for no address ({why}); give an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all") from None
    return str(found[0][4][0])


def _told(error: OSError, address: str, plain_port: int | None) -> str:
    """What to do about a port that can't be had, or another thing that the system refuses."""
    place, reason = error.filename, error.strerror or str(error)
    if place is None or not str(place).startswith(f"{address}:"):
        return f"{place}: {reason}" if place else f"the system refuses: {reason}"
    if error.errno in (EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL):
        return f"{place}: can't be listened on ({reason}); give --host an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
    option = "--plain-port" if place == f"{address}:{plain_port}" else "--port"
    what = {EADDRINUSE: "another", EACCES: "one above 1023"}.get(error.errno or 0, "another")
    return f"{place}: can't be listened on ({reason}); choose {what} with {option}, or 0 for any that is free"


def _stored(specs: list[Spec], store: str, records: tuple[str, ...]) -> dict[str, Any]:
    """The engine's options for its records: where they are kept, and how many there are to begin with."""
    from mockserver.filling import amounts
    from mockserver.store.opening import open_store

    wanted = amounts(records, specs)
    for (api, resource), number in wanted.items():
        if number > _MOST_RECORDS:
            raise CannotGoOn(f"--records: {number} records of {api}/{resource} are too many; at most {_MOST_RECORDS} are made")
    kept = open_store(store, specs)
    if wanted and kept.remembers(""):
        _say(f"Note: {store.partition(':')[2]} has its records already; --records fills a new file, and adds nothing to this one.")
    elif sum(wanted.values()) >= _MANY_RECORDS:
        _say(f"Making {sum(wanted.values())} records" + (" …" if store == "memory" else ", some seconds for each 50000 in a file …"), err=True)
    return {"records": wanted, "store": kept}


def _controlled(replay: bool, *, journal: bool | None, journal_size: int, control_token: str | None, max_spaces: int) -> dict[str, Any]:
    """The engine's options for its control plane; a replay keeps no journal unasked, since it is there for speed."""
    from mockserver.journal import Journal

    if control_token and not (control_token.isascii() and control_token.isprintable() and control_token == control_token.strip()):
        wanted = "printable ASCII without spaces around it, as a header can hold it"
        raise CannotGoOn(f"--control-token: the token (or PROCTOR_CONTROL_TOKEN) is not {wanted}; choose another")
    kept = Journal(on=not replay if journal is None else journal, limit=journal_size)
    return {"journal": kept, "control_token": control_token, "max_spaces": max_spaces}


@contextmanager
def _identity(host: str, made: bool, certificate: Path | None, key: Path | None) -> Iterator[Identity | None]:
    """What is needed for TLS, if it is wanted; for as long as the `with` block lasts."""
    if (certificate is None) is not (key is None) or (made and certificate is not None):
        raise CannotGoOn("--tls makes a certificate; --tls-cert and --tls-key, both together, take yours: give the one or the others")
    if made:
        from mockserver.tls import made_identity

        with made_identity(host) as identity:
            yield identity
    elif certificate is not None and key is not None:
        from mockserver.tls import given_identity

        yield given_identity(certificate, key)
    else:
        yield None


def _watching(apis: tuple[str, ...]) -> Callable[[Any], Any]:
    from mockserver.watch import watching
    from specs import names

    return watching(apis or names(), _say)


def _say(line: str, *, err: bool = False) -> None:
    """Prints a line; that nobody reads any more is no reason not to serve."""
    with suppress(OSError):
        click.echo(line, err=err)


def _announce(live: Live) -> None:
    for api in live.engine.apis.values():
        credential = next((principal.credential for principal in api.spec.seed.principals if principal.name == "full"), {})
        fields = " ".join(f"{name}={value}" for name, value in credential.items())
        _say(f"{api.spec.title}: {live.of(api.name)}" + (f"  (full: {fields})" if fields else ""))
    if live.ca_file is not None:
        _say(f"Trust this CA file, which is there until the end: {live.ca_file}")
    if live.plain_url is not None:
        _say(f"Plain HTTP, as the API sees it: {live.plain_url}")
    _say(f"Ready on {live.url}. Ctrl-C ends it.")
