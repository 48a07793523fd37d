"""Finds the caller by the credential's fields, wherever the spec says they travel."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TYPE_CHECKING

from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from mockserver.pointer import fetch, tokens
from mockserver.reading import ensure_read
from specs.conventions.authentication import Authentication
from specs.conventions.rule import Carrier

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Principal

__all__ = ["FAULTS", "reader", "steps"]

Reader = Callable[[Call], str | None]
"""Takes one field of a credential out of a request."""


def reader(carrier: Carrier) -> Reader:
    """What takes a value out of a request at that place."""
    if carrier.place in ("basic_user", "basic_password"):
        part = 0 if carrier.place == "basic_user" else 1
        return lambda call: _basic(call.request.headers.get("authorization", ""))[part]
    read = _plain_reader(carrier)
    if not carrier.prefix:
        return read

    def prefixed(call: Call) -> str | None:
        value = read(call)
        return value[len(carrier.prefix) :] if value is not None and value.startswith(carrier.prefix) else None

    return prefixed


def _plain_reader(carrier: Carrier) -> Reader:
    name = carrier.name
    match carrier.place:
        case "query":
            return lambda call: call.query.get(name)
        case "header":
            name = name.lower()
            return lambda call: call.request.headers.get(name)
        case "bearer":
            return lambda call: _bearer(call.request.headers.get("authorization", ""))
        case "cookie":
            return lambda call: _cookie(call.request.headers.get("cookie", ""), name)
        case "path":
            return lambda call: call.values.get(name)
        case "form":
            return lambda call: _form(call, name)
    path = tokens(name)
    return lambda call: _body(call, path)


def _bearer(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _basic(header: str) -> tuple[str | None, str | None]:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        user, colon, password = base64.b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None, None
    return (user, password) if colon else (None, None)


def _cookie(header: str, name: str) -> str | None:
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def _form(call: Call, name: str) -> str | None:
    ensure_read(call)
    return None if call.form is None else call.form.get(name)


def _body(call: Call, path: tuple[str, ...]) -> str | None:
    ensure_read(call)
    value = fetch(call.body, path)
    return value if isinstance(value, str) else None


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Sets the call's principal, or refuses; a preflight and OPTIONS need no credential."""
    if served.pseudo == "options":
        return {}
    parameters: Authentication = group.parameters
    secret = [name for name in parameters.fields if name not in parameters.public]
    readers = [tuple(reader(carrier) for carrier in (parameters.fields[name], *parameters.also.get(name, ()))) for name in secret]
    callers = _callers(api, secret)
    challenge = _challenge([parameters.fields[name] for name in secret])
    cause = parameters.cause

    def authenticate(call: Call) -> Answer:
        values = tuple(_first(places, call) for places in readers)
        found = callers.get(values)
        if found is None and not api.principals and all(values):
            found = (api.anyone,)
        if found is None:
            call.headers.update(challenge)
            return Refusal(cause, {"reason": "missing" if None in values else "invalid"})
        call.principal, call.candidates, call.credential = found[0], found, values
        return None

    return {Stage.AUTHENTICATION: authenticate}


def _first(places: tuple[Reader, ...], call: Call) -> str | None:
    for place in places:
        value = place(call)
        if value is not None:
            return value
    return None


def _callers(api: Api, secret: list[str]) -> dict[tuple[str | None, ...], tuple[Principal, ...]]:
    """The callers by the secret fields of their credential; several may share them and differ in a public field."""
    found: dict[tuple[str | None, ...], tuple[Principal, ...]] = {}
    for principal in api.principals:
        key = tuple(principal.credential.get(name) for name in secret)
        if all(key):
            found[key] = (*found.get(key, ()), principal)
    return found


def _challenge(carriers: list[Carrier]) -> dict[str, str]:
    places = {carrier.place for carrier in carriers}
    if "basic_user" in places:
        return {"www-authenticate": 'Basic realm="api", charset="UTF-8"'}
    return {"www-authenticate": "Bearer"} if "bearer" in places else {}


FAULTS: dict[str, dict[str, Fault]] = {}
