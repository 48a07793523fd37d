"""Finds the caller by the credential's fields, wherever the spec says they travel."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from mockserver.breaking import denied, last_only, wrong_status, wrong_text
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import fetch, tokens
from mockserver.reading import ensure_read
from specs.conventions.authentication import Authentication
from specs.conventions.rule import Carrier

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Principal, Spec

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


@lru_cache(256)  # A client sends the same one with every request.
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
        values = tuple([_first(places, call) for places in readers])
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


def _everyone(call: Call) -> None:
    """Lets a caller in who was refused, as the first there is."""
    call.principal = call.served.api.anyone
    call.candidates = call.served.api.principals or (call.principal,)
    call.credential = ("everyone",)
    call.headers.pop("www-authenticate", None)


def _accepting(reason: str | None = None, *, reads_only: bool = False) -> Wrap:
    """The wrap that lets in whoever is refused, for that reason or any."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            if not isinstance(answer, Refusal) or (reason is not None and answer.values.get("reason") != reason):
                return answer
            if reads_only and call.request.method not in ("GET", "HEAD"):
                return answer
            _everyone(call)
            return None

        return broken

    return wrap


def _told_before(cause: str, *, effect: str) -> Wrap:
    """The wrap that tells another mistake than a missing credential first, in operations of one effect."""

    def wrap(step: Step, site: Site) -> Step:
        name = site.served.key_parameter or ""

        def broken(call: Call) -> Answer:
            answer = step(call)
            if not isinstance(answer, Refusal) or answer.values.get("reason") != "missing" or site.served.effect != effect:
                return answer
            mistaken = not call.query if effect == "create" else call.space.store.get(call.served.table(call), call.values[name]) is None
            return Refusal(cause, {"name": name, "param": name}) if mistaken else answer

        return broken

    return wrap


def _ranks_first(spec: Spec, clause: Clause) -> bool:
    """Whether the spec has a missing credential told before all other mistakes, on a record named in the path and a create in the query."""
    errors, envelope = spec.group_of_kind("errors"), spec.group_of_kind("envelope")
    first = errors is not None and errors.parameters.precedence[:1] == [_CAUSE]
    effects = {spec.operations[name].effect for name in clause.operations}
    return first and envelope is not None and envelope.parameters.input.place == "query" and {"create", "read"} <= effects


def _also_in(which: slice, effect: str | None = None) -> Wrap:
    """The wrap that reads the secret in some of the clause's other places, too, in all operations or those of one effect."""

    def wrap(step: Step, site: Site) -> Step:
        if effect not in (None, site.served.effect):
            return step
        readers = [reader(carrier) for carrier in site.arguments.places[which]]
        secrets = {value: principal for principal in site.api.principals for value in principal.credential.values()}

        def broken(call: Call) -> Answer:
            answer = step(call)
            for read in readers if answer is not None else []:
                principal = secrets.get(read(call) or "")
                if principal is not None:
                    call.principal, call.candidates, call.credential = principal, (principal,), (principal.name,)
                    call.headers.pop("www-authenticate", None)
                    return None
            return answer

        return broken

    return wrap


def _first_only(step: Step, site: Site) -> Step:
    """Lets in the first credential that is used, and no other of its account."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is not None or call.principal is None:
            return answer
        used = call.space.counters.setdefault(("authentication", site.api.name, call.principal.account), [])
        mark = float(hash(call.credential))
        if not used:
            used.append(mark)
        return None if used[0] == mark else Refusal(site.parameters.cause, {"reason": "invalid"})

    return broken


def _newest_only(step: Step, site: Site) -> Step:
    """Shuts out a credential once another of its account has been used after it."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        if answer is not None or call.principal is None:
            return answer
        used = call.space.counters.setdefault(("authentication", site.api.name, call.principal.account), [])
        mark = float(hash(call.credential))
        if mark in used[:-1]:
            return Refusal(site.parameters.cause, {"reason": "invalid"})
        if mark not in used:
            used.append(mark)
        return None

    return broken


_CAUSE = "unauthenticated"


def _creates(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect == "create" for name in clause.operations)


def _has_texts(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return bool(getattr(clause.arguments, "members", []))


FAULTS = {
    "credential_is_accepted": {
        "refused": Fault("A valid credential is refused.", Stage.AUTHENTICATION, denied(_CAUSE)),
        "refused_once": Fault("One operation refuses a valid credential.", Stage.AUTHENTICATION, last_only(denied(_CAUSE))),
    },
    "other_places_are_refused": {
        "accepted": Fault("The credential is accepted in every other place.", Stage.AUTHENTICATION, _also_in(slice(None))),
        "first_place": Fault("The credential is accepted in the first of the other places.", Stage.AUTHENTICATION, _also_in(slice(0, 1))),
        "creates": Fault("The credential is accepted in every other place by creates.", Stage.AUTHENTICATION, _also_in(slice(None), "create"), fits=_creates),
        "last_place": Fault("The credential is accepted in the last of the other places.", Stage.AUTHENTICATION, _also_in(slice(-1, None))),
    },
    "missing_credential_is_refused": {
        "accepted": Fault("No operation asks for a credential.", Stage.AUTHENTICATION, _accepting("missing")),
        "reads_accepted": Fault("A GET needs no credential.", Stage.AUTHENTICATION, _accepting("missing", reads_only=True)),
        "one_accepted": Fault("One operation needs no credential.", Stage.AUTHENTICATION, last_only(_accepting("missing"))),
        "unknown_first": Fault(
            "An unknown record is told to a caller without a credential.", Stage.AUTHENTICATION, _told_before("not_found", effect="read"), fits=_ranks_first
        ),
        "invalid_first": Fault(
            "A create without members is told before that the credential is missing.",
            Stage.AUTHENTICATION,
            _told_before("missing_parameter", effect="create"),
            fits=_ranks_first,
        ),
        "wrong_status": Fault("A missing credential gets another error's status.", Stage.RENDERING, wrong_status),
    },
    "invalid_credential_is_refused": {
        "accepted": Fault("Any credential is taken.", Stage.AUTHENTICATION, _accepting("invalid")),
        "reads_accepted": Fault("A GET takes any credential.", Stage.AUTHENTICATION, _accepting("invalid", reads_only=True)),
        "one_accepted": Fault("One operation takes any credential.", Stage.AUTHENTICATION, last_only(_accepting("invalid"))),
        "wrong_status": Fault("A wrong credential gets another error's status.", Stage.RENDERING, wrong_status),
    },
    "missing_or_invalid_is_refused": {
        "missing_accepted": Fault("No operation asks for a credential.", Stage.AUTHENTICATION, _accepting("missing")),
        "invalid_accepted": Fault("Any credential is taken.", Stage.AUTHENTICATION, _accepting("invalid")),
        "one_accepted": Fault("One operation lets anybody in.", Stage.AUTHENTICATION, last_only(_accepting())),
        "wrong_status": Fault("A missing or wrong credential gets another error's status.", Stage.RENDERING, wrong_status),
        "other_text": Fault("A missing or wrong credential gets other texts than documented.", Stage.RENDERING, wrong_text, fits=_has_texts),
    },
    "several_credentials_work": {
        "first_only": Fault("Only the first credential of an account works.", Stage.AUTHENTICATION, _first_only),
        "newest_only": Fault("Using a credential shuts out those used before.", Stage.AUTHENTICATION, _newest_only),
    },
}
