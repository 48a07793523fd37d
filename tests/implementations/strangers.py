"""Holds an examination against the implementations beside this file, over HTTP, as the command line does.

Each was written from its API's document alone, by somebody who had not seen the examination: it is right as it stands, and wrong
in one way where it is given the name of one of its BUGS.
"""

from __future__ import annotations

import functools
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import trustme

import specs
from conformance import Clock, Examination, Options, Target, UrlTransport, bind, examine, from_arguments, target_file
from tests.implementations import miles_rails, moonrope_ruby, paydirt_rails, productive_jsonapi, timedash_plain, timedash_spring
from tests.implementations.serving import Served

__all__ = ["STRANGERS", "Stranger", "clause_of", "examined", "plainly_examined"]

TARGETS = Path(__file__).parent / "targets"
GENERATED = 2
"""Requests per operation that are generated from the schemas: enough to see that none raises a false alarm."""

_LIMIT, _WINDOW = 120, 1.5
_HURRY, _IDLE = 60 / _WINDOW, 1e6
"""How much faster the examination's clock goes: a minute is as long as a limited implementation's window, or nothing at all."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """One implementation: its module, the API, and what its `serve` is given besides a bug."""

    name: str
    api: str
    module: ModuleType
    arguments: Mapping[str, Any]
    secure: bool = False
    limited: bool = False

    @property
    def bugs(self) -> dict[str, str]:
        """Its bugs by name; those of a variant are its implementation's."""
        known: dict[str, str] = self.module.BUGS
        return known

    @property
    def credentials(self) -> dict[str, dict[str, str]]:
        """Its callers by name."""
        strict = self.arguments.get("variant") == "strict"
        known: dict[str, dict[str, str]] = self.module.STRICT_CREDENTIALS if strict else self.module.CREDENTIALS
        return known

    def serve(self, bug: str = "", *, limited: bool = False) -> Served:
        """The running implementation, over TLS and with a rate limit where it has one."""
        arguments = {**self.arguments}
        if self.secure:
            arguments["certificate"] = _certificates()[1]
        if limited and self.limited:
            arguments |= {"limit": _LIMIT, "window": _WINDOW}
        served: Served = self.module.serve(bug, **arguments)
        return served

    def target(self, served: Served) -> Target:
        """The target file that its vendor wrote, for one run of it."""
        environ = {"URL": served.url, "PLAIN_URL": served.plain_url, "CA_FILE": _certificates()[0]}
        for role, fields in self.credentials.items():
            environ |= {re.sub(r"\W", "_", f"{role}_{field}").upper(): value for field, value in fields.items()}
        return target_file.load(TARGETS / f"{self.name}.toml", environ=environ)


STRANGERS: dict[str, Stranger] = {
    one.name: one
    for one in (
        Stranger("timedash_plain", "timedash", timedash_plain, {}, secure=True, limited=True),
        Stranger("timedash_spring", "timedash", timedash_spring, {}, secure=True, limited=True),
        Stranger("paydirt_rails", "paydirt", paydirt_rails, {}),
        Stranger("moonrope_ruby", "moonrope", moonrope_ruby, {}, secure=True),
        Stranger("miles_rails", "88miles", miles_rails, {}),
        Stranger("miles_rails_strict", "88miles", miles_rails, {"variant": "strict"}),
        Stranger("productive_jsonapi", "productive", productive_jsonapi, {}),
    )
}


def clause_of(stranger: Stranger, bug: str) -> str:
    """The id of the clause that a bug breaks."""
    group, _, slug = stranger.bugs[bug].partition(":")[0].partition(".")
    return f"{stranger.api}/{group}/{slug}"


def examined(stranger: Stranger, bug: str = "", clauses: tuple[str, ...] | None = None) -> Examination:
    """What the examination by the vendor's target file finds.

    The rate limit is on only where it is named among the clauses: all others would have to keep to it.
    """
    limited = stranger.limited and any("/rate/" in clause for clause in clauses or ())
    with stranger.serve(bug, limited=limited) as served:
        target = stranger.target(served)
        if stranger.limited and not limited:
            target = replace(target, skip=(f"{stranger.api}/rate",), permit=replace(target.permit, exhaust_rate_limit=False))
        spec = bind(specs.load(stranger.api), target)
        with UrlTransport(target) as transport:
            return examine(spec, target, transport, clauses=clauses, options=Options(generated=GENERATED), clock=_clock(stranger, limited))


def plainly_examined(stranger: Stranger, field: str) -> Examination:
    """What is found without a target file: a URL and one credential are given, as on the command line.

    What the target file skips, because it takes long, is skipped here, too.
    """
    with stranger.serve() as served:
        value = next(iter(stranger.credentials["full"].values()))
        settings: dict[str, Any] = {"ca_file": _certificates()[0]} if stranger.secure else {}
        target = from_arguments(stranger.api, served.url, credentials={"full": {field: value}}, skip=stranger.target(served).skip, **settings)
        with UrlTransport(target) as transport:
            spec = bind(specs.load(stranger.api), target)
            return examine(spec, target, transport, options=Options(generated=GENERATED), clock=_clock(stranger, False))


def _clock(stranger: Stranger, limited: bool) -> Clock:
    """Time for an API with a rate limit goes fast, so that nobody waits for windows to pass; for the others it is the real time."""
    if not stranger.limited:
        return Clock()
    hurry = _HURRY if limited else _IDLE
    return Clock(lambda: time.monotonic() * hurry, lambda seconds: time.sleep(seconds / hurry))


@functools.cache
def _certificates() -> tuple[str, str]:
    """Files of a CA's certificate, and of a server's key and certificate by it."""
    folder = Path(tempfile.mkdtemp(prefix="strangers-"))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return str(folder / "ca.pem"), str(folder / "server.pem")
