"""Examines who is let in: each operation, without a credential, with a wrong one, and with the right one in the right place."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit, urlunsplit

from conformance.check import Check, Ended, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.steps.aiming import Aim, Aims, in_order
from conformance.steps.findings import Findings
from conformance.steps.refusals import also_wrong, misworded, not_created, refused, trial, unharmed
from conformance.verdict import Failed, Inconclusive
from specs.conventions.authentication import Authentication, Places, Worded
from specs.conventions.rule import Carrier
from specs.model import Clause, Operation

__all__ = ["CHECKS"]


@dataclass(frozen=True, slots=True)
class Bad:
    """A credential that must not be accepted: what is wrong with it, and its fields."""

    what: str
    credential: Mapping[str, str]
    certain: bool = True


def _how(exam: Exam, clause: Clause) -> Authentication:
    parameters: Authentication = exam.spec.convention(clause).parameters
    return parameters


def _secrets(exam: Exam, how: Authentication) -> list[str]:
    valid = exam.target.credentials["full"]
    return [name for name in how.fields if name not in how.public and valid.get(name)]


def _missing(exam: Exam, how: Authentication) -> list[Bad]:
    """No credential at all, and each of its fields missing alone; what is public (an account's number) stays."""
    valid, secrets = exam.target.credentials["full"], _secrets(exam, how)
    bad = [Bad("no credential", _but(valid, secrets))]
    if len(secrets) > 1:
        bad += [Bad(f"no {name}", _but(valid, [name])) for name in secrets]
    return bad


def _wrong(exam: Exam, how: Authentication) -> list[Bad]:
    """A wrong credential of the right form, and each of its fields wrong alone; the beginning of each is right."""
    valid, secrets = exam.target.credentials["full"], _secrets(exam, how)
    scrambled = exam.ask.wrong_credential("full")
    wrong = {name: _with_end(valid[name], scrambled[name]) for name in secrets}
    bad = [Bad("a wrong credential", {**valid, **wrong})]
    if len(secrets) > 1:
        bad += [Bad(f"a wrong {name}", {**valid, name: wrong[name]}) for name in secrets]
    return bad


def _with_end(valid: str, scrambled: str) -> str:
    """The first half of the one and the second of the other, so that a comparison of beginnings is fooled."""
    half = len(valid) // 2
    mixed = valid[:half] + scrambled[half:]
    return mixed if mixed != valid else scrambled


def _odd(exam: Exam, how: Authentication) -> list[Bad]:
    """Credentials on which a careless comparison or lookup fails: made up, cut short, longer, and of odd characters."""
    valid, secrets = exam.target.credentials["full"], _secrets(exam, how)
    scrambled = exam.ask.wrong_credential("full")
    bad = [Bad("a made-up credential", {**valid, **{name: scrambled[name] for name in secrets}})]
    bad.append(Bad("a credential with a character more", {**valid, **{name: valid[name] + "x" for name in secrets}}))
    if all(len(valid[name]) > 4 for name in secrets):
        bad.append(Bad("a credential cut short", {**valid, **{name: valid[name][:-1] for name in secrets}}))
    if any(valid[name].swapcase() != valid[name] for name in secrets):
        # A database may look texts up without regard to case, which makes it the same credential: no document says that it is not.
        other = {name: valid[name].swapcase() for name in secrets}
        bad.append(Bad("a credential in the other case", {**valid, **other}, certain=False))
    bad.append(Bad("a wildcard as the credential", {**valid, **dict.fromkeys(secrets, "%")}))
    return [*bad, Bad("a credential of odd characters", {**valid, **dict.fromkeys(secrets, "' OR '1'='1-%_*")})]


def _but(fields: Mapping[str, str], gone: Iterable[str]) -> dict[str, str]:
    without = set(gone)
    return {name: value for name, value in fields.items() if name not in without}


# Refusals


def missing_credential_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Every operation, with no credential."""
    exam.need("full")
    return (yield from _refuses(exam, clause, _missing(exam, _how(exam, clause)), []))


def invalid_credential_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Every operation, with a wrong credential; one of them with odd ones."""
    exam.need("full")
    how = _how(exam, clause)
    return (yield from _refuses(exam, clause, _wrong(exam, how), _odd(exam, how)))


def missing_or_invalid_is_refused(exam: Exam, clause: Clause) -> Flow:
    """Every operation, with no credential and with a wrong one; one of them with odd ones."""
    exam.need("full")
    how = _how(exam, clause)
    return (yield from _refuses(exam, clause, [*_missing(exam, how), *_wrong(exam, how)], _odd(exam, how)))


def _refuses(exam: Exam, clause: Clause, bad: list[Bad], odd: list[Bad]) -> Flow:
    findings = Findings()
    aims = Aims(exam, findings)
    cause, what = _how(exam, clause).cause, "a caller is not known"
    for operation in in_order(exam.operations(clause)):
        aim = yield from aims.at(operation)
        if aim is None:
            continue
        for each in [*bad, *(odd if aim.reads else [])]:
            tried = replace(trial(exam, aim, cause, each.what, credential=each.credential), certain=each.certain)
            response = yield from refused(exam, tried, findings)
            wrong = misworded(exam, cause, response, _worded(clause))
            if wrong:
                raise Ended(Failed(f"the documented body for {each.what}", f"{operation.id} answered {response.status} with {wrong}", operation=operation.id))
        for also in (yield from also_wrong(exam, aim, cause, bad[0].what, credential=bad[0].credential)) if _is_first(clause) else ():
            yield from refused(exam, also, findings)
        if aim.reads and odd:
            odd = []
            yield from _unreadable(exam, clause, aim, findings)
        if aim.reads and aim.sure:
            yield from _empty(exam, clause, aim, findings)
        if operation.effect == "create":
            yield from not_created(aims, aim, what)
    yield from unharmed(aims, what)
    return findings.verdict("{n} requests without a valid credential were refused", "no operation could be asked without a valid credential")


def _is_first(clause: Clause) -> bool:
    """Whether the rule speaks of every request without a credential, whatever else is wrong with it."""
    return clause.rule == "missing_credential_is_refused"


def _worded(clause: Clause) -> list[str]:
    """The members of an error whose texts are documented."""
    return clause.arguments.members if isinstance(clause.arguments, Worded) else []


def _empty(exam: Exam, clause: Clause, aim: Aim, findings: Findings) -> Steps[None]:
    """An empty credential is neither said to be missing nor to be wrong: only where both are refused must it not do."""
    how = _how(exam, clause)
    empty = {**exam.target.credentials["full"], **dict.fromkeys(_secrets(exam, how), "")}
    response = yield aim.request(exam, credential=empty)
    name = aim.operation.id
    if exam.read.succeeded(response) and clause.rule == "missing_or_invalid_is_refused":
        expected = f"{exam.read.answered(how.cause, response).expected} for an empty credential"
        raise Ended(Failed(expected, f"{name} answered {response.status}, a success", operation=name))
    if not exam.read.answered(how.cause, response).fine:
        findings.remark(f"{name} answers an empty credential with {response.status}")


def _unreadable(exam: Exam, clause: Clause, aim: Aim, findings: Findings) -> Steps[None]:
    """An Authorization header that can't be read must neither do nor make the server fail."""
    scheme = {"basic_user": "Basic", "basic_password": "Basic", "bearer": "Bearer"}
    found = next((scheme[carrier.place] for carrier in _how(exam, clause).fields.values() if carrier.place in scheme), None)
    if found is None:
        return
    name, cause = aim.operation.id, exam.read.cause(_how(exam, clause).cause)
    nobody = base64.b64encode(b":proctor").decode()
    for value in (f"{found} !", found, *([f"{found} {nobody}"] if found == "Basic" else [])):
        response = yield aim.request(exam, headers=[("Authorization", value)])
        if exam.read.succeeded(response) or response.status == 500:
            raise Ended(Failed(f"{cause.status} for an Authorization of {value!r}", f"{name} answered {response.status}", operation=name))
        if response.status != cause.status:
            findings.remark(f"{name} answers an Authorization of {value!r} with {response.status}")


# Acceptance


def credential_is_accepted(exam: Exam, clause: Clause) -> Flow:
    """Every operation with the credential in its documented place; a wrong one there must not do."""
    exam.need("full")
    how, findings = _how(exam, clause), Findings()
    aims = Aims(exam, findings)
    accepted: list[Aim] = []
    turned_away: list[tuple[Operation, int]] = []
    for operation in in_order(exam.operations(clause)):
        aim = yield from aims.at(operation)
        if aim is None or not aim.sure:
            continue
        response = yield _turned(how, aim.request(exam), len(accepted) % 2 == 0)
        if exam.read.succeeded(response):
            accepted.append(aim)
            if operation.effect == "delete" and operation.resource:
                aims.spent(exam.spec.resources[operation.resource])
        elif _turned_away(exam, how, response.status):
            turned_away.append((operation, response.status))
        else:
            findings.lack(f"{operation.id} (answered {response.status})")
    return (yield from _accepted(exam, how, findings, accepted, turned_away))


def _turned(how: Authentication, request: Request, first: bool) -> Request:
    """The request with the credential before or behind all other parameters of the query, by turns: their order means nothing."""
    names = {carrier.name for carrier in how.fields.values() if carrier.place == "query"}
    parts = urlsplit(request.url)
    pairs = parts.query.split("&") if parts.query and names else []
    own = [pair for pair in pairs if unquote(pair.partition("=")[0]) in names]
    others = [pair for pair in pairs if pair not in own]
    query = "&".join([*own, *others] if first else [*others, *own]) if pairs else parts.query
    return replace(request, url=urlunsplit(parts._replace(query=query)))


def _turned_away(exam: Exam, how: Authentication, status: int) -> bool:
    return status in (401, exam.read.cause(how.cause).status) and status >= 400


def _accepted(exam: Exam, how: Authentication, findings: Findings, accepted: list[Aim], turned_away: list[tuple[Operation, int]]) -> Flow:
    where = ", ".join(_spelled(carrier) for name, carrier in how.fields.items() if name not in how.public)
    forbidden = exam.read.cause("forbidden")
    for operation, status in turned_away:
        if accepted and status in (forbidden.status, *forbidden.accept):
            findings.remark(f"{operation.id} answers {status}, which may say that the caller has no right to it")
            continue
        return Failed(f"a success with the credential in {where}", f"{operation.id} answered {status}", operation=operation.id)
    reads = [aim for aim in accepted if aim.reads]
    if not reads:
        return Inconclusive("no read works with the credential, so nothing is known of its place", "; ".join(findings.missing), tuple(findings.remarks))
    wrong = yield reads[0].request(exam, credential=_wrong(exam, how)[0].credential)
    if exam.read.succeeded(wrong):
        return Inconclusive(f"{reads[0].operation.id} works with a wrong credential, too, so that success says nothing of it")
    for aim in accepted:
        findings.saw(aim.operation.id)
    return findings.verdict("{n} operations accept the credential in " + where, "no operation could be asked")


def _spelled(carrier: Carrier) -> str:
    match carrier.place:
        case "basic_user":
            return "Authorization: Basic, as the user name"
        case "basic_password":
            return "Authorization: Basic, as the password"
        case "bearer":
            return "Authorization: Bearer"
        case place:
            return f"the {place} as {carrier.name}{f': {carrier.prefix}…' if carrier.prefix else ''}"


def other_places_are_refused(exam: Exam, clause: Clause) -> Flow:
    """A list, a read and a create, with the credential in another place than the documented one."""
    exam.need("full")
    how, findings = _how(exam, clause), Findings()
    aims = Aims(exam, findings)
    places = clause.arguments.places if isinstance(clause.arguments, Places) else []
    for operation in _one_of_each(in_order(exam.operations(clause))):
        aim = yield from aims.at(operation)
        if aim is None or not aim.sure or not (yield from _is_closed(exam, how, aim)):
            continue
        for place in places:
            if place in how.fields.values() or place.place in ("form", "body"):
                continue
            carriers = {**how.fields, **dict.fromkeys(_secrets(exam, how), place)}
            fresh = aim if aim.reads else (yield from aims.at(operation)) or aim  # what was made once may not be made twice
            yield from refused(exam, trial(exam, fresh, how.cause, f"the credential in {_spelled(place)}", carriers=carriers), findings)
    return findings.verdict("{n} requests with the credential in another place were refused", "no other place could be tried")


def _one_of_each(operations: Iterable[Operation]) -> list[Operation]:
    """The first list (or singleton), the first read and the first create."""
    first: dict[str | None, Operation] = {}
    for operation in operations:
        first.setdefault(operation.effect, operation)
    return [operation for effect, operation in first.items() if effect in ("list", "singleton", "read", "create")]


def _is_closed(exam: Exam, how: Authentication, aim: Aim) -> Steps[bool]:
    """Whether the operation needs a credential: it works with one, and not without."""
    valid = yield aim.request(exam)
    without = yield aim.request(exam, credential=_missing(exam, how)[0].credential)
    return exam.read.succeeded(valid) and not exam.read.succeeded(without)


def several_credentials_work(exam: Exam, clause: Clause) -> Flow:
    """Two credentials of one account, by turns."""
    exam.need("full", "second")
    how, findings = _how(exam, clause), Findings()
    secrets = _secrets(exam, how)
    both = [exam.target.credentials[name] for name in ("full", "second")]
    if all(both[0].get(name) == both[1].get(name) for name in secrets):
        return Inconclusive("the credentials full and second are the same", "another credential of the same account, as second")
    aims = Aims(exam, findings)
    for operation in in_order(exam.operations(clause)):
        if operation.effect not in ("list", "singleton", "create"):
            continue
        aim = (yield from aims.at(operation)) if aims.writing or operation.effect != "create" else None
        if aim is not None:
            yield from _by_turns(exam, how, aim, findings)
    return findings.verdict("{n} operations work with both credentials by turns", "no operation works with the credential full")


def _by_turns(exam: Exam, how: Authentication, aim: Aim, findings: Findings) -> Steps[None]:
    before = yield aim.request(exam)
    if not exam.read.succeeded(before):
        return
    name = aim.operation.id
    for caller, after in (("second", "full was used"), ("full", "second was used")):
        response = yield aim.request(exam, as_=caller, fresh=True)
        if _turned_away(exam, how, response.status) or (aim.reads and response.status < 300 and not exam.read.succeeded(response)):
            raise Ended(Failed(f"a success with {caller} after {after}", f"{name} answered {response.status}", operation=name))
        if not exam.read.succeeded(response):
            findings.lack(f"{name} as {caller} (answered {response.status})")
            return
    findings.saw(name)


CHECKS = {
    "credential_is_accepted": Check(
        credential_is_accepted,
        how="Calls each operation with the credential in its place, and one with a wrong credential there.",
    ),
    "other_places_are_refused": Check(
        other_places_are_refused,
        how="Sends the credential in other places than the documented one, to a list, a read and a create.",
    ),
    "missing_credential_is_refused": Check(
        missing_credential_is_refused,
        how="Calls each operation without a credential; writes name only records of the examination.",
    ),
    "invalid_credential_is_refused": Check(
        invalid_credential_is_refused,
        how="Calls each operation with a wrong credential; writes name only records of the examination.",
    ),
    "missing_or_invalid_is_refused": Check(
        missing_or_invalid_is_refused,
        how="Calls each operation without a credential and with a wrong one, each of its fields alone, too.",
    ),
    "several_credentials_work": Check(
        several_credentials_work,
        how="Reads with two credentials of one account by turns.",
    ),
}
