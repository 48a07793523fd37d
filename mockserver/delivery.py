"""Brings disturbances about behind granian: what RSGI can't do is done to the socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

from mockserver.wire import link_of, reset, sever

if TYPE_CHECKING:
    from mockserver.engine import Engine
    from mockserver.exchange import Request, Response
    from mockserver.transport_faults import Disturbance

__all__ = ["disturbed"]

_LAST_MOMENT = 0.05
"""Seconds between the last piece of a body that breaks off and the end of its connection."""


async def disturbed(engine: Engine, request: Request, disturbance: Disturbance, scope: Any, protocol: Any) -> None:
    """Answers a request as a disturbance has it. Where the server stops meanwhile, the connection ends without an answer."""
    try:
        response = engine.under(request, disturbance)
        if disturbance.delay:
            await asyncio.sleep(disturbance.delay)
        if response is None or disturbance.garbage:
            _end(disturbance, scope, protocol)
        else:
            await _deliver(response, disturbance, protocol)
    except ProtocolClosed:
        return  # The client has gone.
    except asyncio.CancelledError:
        with suppress(ProtocolClosed, ProtocolError):  # which it raises where an answer has begun already
            protocol.response_empty(503, [("connection", "close")])


def _end(disturbance: Disturbance, scope: Any, protocol: Any) -> None:
    link = link_of(scope.client, int(scope.server.rpartition(":")[2]))
    if link is not None:
        reset(link) if disturbance.reset else sever(link, disturbance.garbage)
    # It reaches nobody; but the server has to know that the exchange is over. Where no socket was found, it tells so.
    protocol.response_empty(500, [("connection", "close")])


async def _deliver(response: Response, disturbance: Disturbance, protocol: Any) -> None:
    body, headers = response.body, [(name, value) for name, value in response.headers.items() if name != "content-length" or not response.body]
    if not body or not (disturbance.length or disturbance.spoils_body):
        if body:
            protocol.response_bytes(response.status, headers, body)
        else:
            protocol.response_empty(response.status, headers)
        return
    length = disturbance.content_length(body)
    headers.append(("content-length", str(length)))
    if not disturbance.spoils_body:
        protocol.response_bytes(response.status, headers, body)
        return
    stream = protocol.response_stream(response.status, headers)
    for number, piece in enumerate(disturbance.pieces(body)):
        if number and disturbance.every:
            await asyncio.sleep(disturbance.every)
        await stream.send_bytes(piece)
        length -= len(piece)
    if length:  # What has been sent may still be on its way to the socket, which is closed as soon as this returns.
        await asyncio.sleep(_LAST_MOMENT)
