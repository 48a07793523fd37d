"""Who may use the control plane: this machine, and from elsewhere whoever has the token; never a web page of another host."""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from mockserver.control.asked import ControlError
from mockserver.exchange import Request

__all__ = ["admit", "is_loopback"]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORWARDED = (
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "true-client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "via",
)
"""What proxies add of the caller for whom they speak."""

_SEND = "send it as Authorization: Bearer TOKEN"
_HOW = f"start the server with --control-token or PROCTOR_CONTROL_TOKEN, and {_SEND}"


def admit(request: Request, token: str | None) -> None:
    """Lets a call pass or raises `ControlError`: 401 for want of the token, 403 where there is none or a web page is behind it."""
    _same_host(request)
    if request.client == "" or _has(request, token) or _local(request, token):
        return
    if not token:
        raise ControlError(403, f"From {_address(request.client)} the control plane needs a token, and this server has none: {_HOW}.")
    wrong = "what was sent is another" if "authorization" in request.headers else "none was sent"
    detail = f"From another machine the control plane needs the token that the server was started with, and {wrong}: {_SEND}."
    raise ControlError(401, detail, {"www-authenticate": "Bearer"})


def _has(request: Request, token: str | None) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), (token or "").encode("utf-8", "replace"))
    return bool(token) and scheme.lower() == "bearer" and known


def _local(request: Request, token: str | None) -> bool:
    """Whether the call comes from this machine, under a name of this machine.

    A proxy on this machine speaks for others, and a page whose name has been pointed here (DNS rebinding) for itself.
    """
    if not is_loopback(_address(request.client)):
        return False
    how = "send the token that the server was started with, as Authorization: Bearer TOKEN" if token else _HOW
    for name in _FORWARDED:
        if name in request.headers:
            raise ControlError(403, f"A proxy has passed this call on ({name}), so that it may come from anywhere: {how}.")
    host = request.headers.get("host")
    if host is not None and not _names_this_machine(host):
        raise ControlError(403, f"Without a token the control plane is to be called as localhost, 127.0.0.1 or [::1], not as {host!r}; or {how}.")
    return True


def _same_host(request: Request) -> None:
    """Refuses a change that a browser makes for a page of another host (CSRF)."""
    if request.method in _READS:
        return
    origin = request.headers.get("origin")
    if origin is not None and _host(origin) != _host(f"//{request.headers.get('host') or urlsplit(request.origin).netloc}"):
        raise ControlError(403, f"A page of {origin!r} can't change this stub: its host is not the one that was called.")
    if origin is None and request.headers.get("sec-fetch-site") == "cross-site":
        raise ControlError(403, "A page of another site can't change this stub.")


def _host(url: str) -> str:
    """The host of a URL, in lower case; `null` and other nonsense are a host that nobody has."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def _names_this_machine(host: str) -> bool:
    name = _host(f"//{host}")
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def _address(client: str) -> str:
    """The address of a peer that is given with its port or without: `127.0.0.1:8080`, `[::1]:8080`, `::1`."""
    if client.startswith("["):
        return client[1:].partition("]")[0]
    return client.partition(":")[0] if client.count(":") == 1 else client


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own loopback; no name is."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback
