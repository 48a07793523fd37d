"""Keeps accounts, or users, apart: a list holds the caller's records, and a record of somebody else is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.behaviours.authentication import reader
from mockserver.pipeline import Answer, Call, Fault, Refusal, Stage, Step
from mockserver.store import Row
from specs.conventions.isolation import Isolation, Sharing

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Principal, Resource

__all__ = ["FAULTS", "account_of", "steps", "visible"]

Sees = Callable[["Principal", Row], bool]


def account_of(call: Call) -> str:
    """The account whose data a call sees."""
    return (call.principal or call.served.api.anyone).account


def visible(parameters: Isolation, resource: Resource) -> Sees:
    """What tells whether a caller may see a row."""
    if not resource.owned:
        return lambda principal, row: True  # noqa: ARG005
    if parameters.scope == "account":
        return lambda principal, row: row.account == principal.account
    sharing = parameters.shared

    def sees(principal: Principal, row: Row) -> bool:
        if row.account != principal.account:
            return False
        return row.user is None or row.user == principal.user or (sharing is not None and _shared(sharing, principal, row.record))

    return sees


def _shared(sharing: Sharing, principal: Principal, record: Mapping[str, Any]) -> bool:
    """Whether a record's owner lets a caller of the same account see it."""
    value = record.get(sharing.member)
    if value in sharing.everyone:
        return True
    users = record.get(sharing.named.get(value, "")) if isinstance(value, str) else None
    return isinstance(users, list) and principal.user in users


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Picks the account by its selector, narrows lists to what the caller may see, and refuses what it may not."""
    parameters: Isolation = group.parameters
    found: dict[Stage, Step] = {}
    if parameters.selector is not None and served.pseudo != "options":
        found[Stage.AUTHORIZATION] = _selector(parameters, api, served)
    if served.resource is None:
        return found
    sees = visible(parameters, served.resource)
    if served.effect == "list":
        found[Stage.VALIDATION] = _narrow(parameters, served.resource.owned, sees)
    else:
        found[Stage.SELECTION] = _own(parameters, sees)
    return found


def _selector(parameters: Isolation, api: Api, served: Served) -> Step:
    authentication = api.parameters("authentication", served)
    name = parameters.selector
    assert name is not None
    if authentication is None or name not in authentication.fields:
        return lambda call: None  # noqa: ARG005
    read = reader(authentication.fields[name])

    def select(call: Call) -> Answer:
        if call.principal is None:
            return None
        value = read(call)
        for principal in call.candidates:
            if value is not None and principal.credential.get(name) == value:
                call.principal = principal
                return None
        return Refusal(parameters.selector_cause, {"name": name, "param": name})

    return select


def _narrow(parameters: Isolation, owned: bool, sees: Sees) -> Step:
    by_user = owned and parameters.scope == "user"

    def narrow(call: Call) -> Answer:
        principal = call.principal or call.served.api.anyone
        if owned:
            call.wanted.account = principal.account
        if by_user:
            call.wanted.seen = lambda row: sees(principal, row)
        return None

    return narrow


def _own(parameters: Isolation, sees: Sees) -> Step:
    def own(call: Call) -> Answer:
        if call.row is not None and not sees(call.principal or call.served.api.anyone, call.row):
            return Refusal(parameters.cause, {"name": call.served.key_parameter or "id", "value": call.row.key})
        return None

    return own


FAULTS: dict[str, dict[str, Fault]] = {}
