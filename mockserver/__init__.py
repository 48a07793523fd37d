"""A stub that is the API: it reads a spec and does what the API's document says, statefully, and can break each clause on purpose."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver import responses
    from mockserver.asgi import AsgiApp
    from mockserver.clock import Clock
    from mockserver.engine import Engine
    from mockserver.exchange import Request, Response
    from mockserver.faults import FaultError, FaultId, faults_of
    from mockserver.server import Live, live, serve
    from mockserver.stub import Stub
    from mockserver.wsgi import WsgiApp

__all__ = [
    "AsgiApp",
    "Clock",
    "Engine",
    "FaultError",
    "FaultId",
    "Live",
    "Request",
    "Response",
    "Stub",
    "WsgiApp",
    "faults_of",
    "live",
    "responses",
    "serve",
]

_HOMES = {
    "AsgiApp": "asgi",
    "Clock": "clock",
    "Engine": "engine",
    "FaultError": "faults",
    "FaultId": "faults",
    "Live": "server",
    "Request": "exchange",
    "Response": "exchange",
    "Stub": "stub",
    "WsgiApp": "wsgi",
    "faults_of": "faults",
    "live": "server",
    "serve": "server",
}
"""The module of each name: imported when it is first asked for, so that nobody waits for what is not used."""


def __getattr__(name: str) -> Any:
    if name == "responses":
        return import_module("mockserver.responses")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, getattr(import_module(f"mockserver.{_HOMES[name]}"), name))
