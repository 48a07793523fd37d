"""Keeps accounts, or users, apart: a list holds the caller's records, and a record of somebody else is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.behaviours.authentication import reader
from mockserver.breaking import forgiving, wrong_status
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step
from mockserver.store import Row
from specs.conventions.isolation import Isolation, Sharing

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Clause, Group, Principal, Resource, Spec

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


def _by_user(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Lists only what the caller made itself."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        principal = call.principal or call.served.api.anyone
        call.wanted.seen = lambda row: row.user == principal.user
        return answer

    return broken


def _of_everyone(step: Step, site: Site) -> Step:
    """Lists the records of all users, or of all accounts, whichever the clause keeps apart."""
    by_user = site.parameters.scope == "user"

    def broken(call: Call) -> Answer:
        answer = step(call)
        call.wanted.seen = None
        if not by_user:
            call.wanted.account = None
        return answer

    return broken


def _unowned(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Shows any record whose id is known."""
    return lambda call: None  # noqa: ARG005


def _said_with_200(step: Step, site: Site) -> Step:
    """Answers a read of a foreign record with the error, and with a status that says success."""
    cause = site.parameters.cause

    def broken(call: Call) -> Answer:
        answer = step(call)
        if call.refusal is not None and call.refusal.cause == cause and site.served.effect == "read":
            call.status = 200
        return answer

    return broken


def _any_account(step: Step, site: Site) -> Step:
    """Gives the data of whatever account the selector names."""
    name = site.parameters.selector
    read = reader(site.api.parameters("authentication", site.served).fields[name])

    def broken(call: Call) -> Answer:
        answer = step(call)
        value = read(call)
        for principal in site.api.principals if answer is not None else ():
            if value is not None and principal.credential.get(name) == value:
                call.principal = principal
                return None
        return answer

    return broken


def _selector_may_be_missing(step: Step, site: Site) -> Step:
    """Gives the caller's own data where there is no selector."""
    read = reader(site.api.parameters("authentication", site.served).fields[site.parameters.selector])
    return lambda call: None if read(call) is None else step(call)


def _reads(spec: Spec, clause: Clause) -> bool:
    return any(spec.operations[name].effect == "read" for name in clause.operations)


FAULTS = {
    "foreign_record_is_refused": {
        "shown": Fault("Any record whose id is known can be read, changed and deleted.", Stage.SELECTION, _unowned),
        "wrong_status": Fault("The refusal has another error's status.", Stage.RENDERING, wrong_status),
        "success_status": Fault("The refusal of a read says 200.", Stage.RENDERING, _said_with_200, fits=_reads),
    },
    "only_own_records_are_seen": {
        "others_listed": Fault("Lists hold records of others, too.", Stage.VALIDATION, _of_everyone),
        "others_shown": Fault("A record of somebody else can be read by its id.", Stage.SELECTION, _unowned, fits=_reads),
    },
    "every_record_of_the_account_is_seen": {
        "own_only": Fault("Lists hold only what the caller made itself.", Stage.VALIDATION, _by_user),
    },
    "selector_selects_the_account": {
        "any_account": Fault("The selector gives the data of any account that it names.", Stage.AUTHORIZATION, _any_account),
        "ignored": Fault("The selector is not looked at.", Stage.AUTHORIZATION, forgiving()),
        "may_be_missing": Fault("Without a selector, the caller's own data comes.", Stage.AUTHORIZATION, _selector_may_be_missing),
    },
}
