"""A stub that is the API: it reads a spec and does what the API's document says, statefully, and can break each clause on purpose."""

from __future__ import annotations

from mockserver.clock import Clock
from mockserver.engine import Engine
from mockserver.exchange import Request, Response
from mockserver.faults import FaultError, FaultId, faults_of
from mockserver.server import Live, live, serve

__all__ = ["Clock", "Engine", "FaultError", "FaultId", "Live", "Request", "Response", "faults_of", "live", "serve"]
