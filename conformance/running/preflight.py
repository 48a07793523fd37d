"""Before anything is examined: does the target answer, where do its paths begin, are the credentials right, what does it lack?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.addressing import base_paths
from conformance.check import Steps
from conformance.exam import Exam
from conformance.exchange import Exchange, NoAnswer, Request, Response, Unreadable
from conformance.running.driver import Driver, Manner, Run
from conformance.running.examination import CouldNotExamine
from conformance.target import Target
from specs.conventions.rule import Carrier
from specs.model import Operation, Resource, Spec

__all__ = ["Ready", "preflight"]

_PLACES = (
    Carrier("basic_user"),
    Carrier("basic_password"),
    Carrier("bearer"),
    Carrier("header", "X-Api-Key"),
    Carrier("header", "Authorization"),
    Carrier("query", "api_key"),
    Carrier("query", "key"),
    Carrier("query", "token"),
)
"""Where an implementation may look for a credential instead of the documented place."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the examination goes on with: the target with its base path, the resources it lacks (and why), what was seen,
    and a note for the report."""

    target: Target
    lacking: dict[str, str] = field(default_factory=dict)
    seen: tuple[Exchange, ...] = ()
    note: str = ""


def preflight(spec: Spec, target: Target, driver: Driver) -> Ready | CouldNotExamine:
    """Asks each list once, under the base paths that are possible, until one is known there.

    A base path that the target names is taken as it is, whatever is answered there.
    """
    bases = base_paths(spec.base_path, target.url) if target.base_path is None else (target.base_path,)
    refused: dict[str, str] = {}
    for base in bases:
        candidate = replace(target, base_path=base)
        exam = Exam(spec, candidate)
        driver.exam = exam
        asked = list(_lists(spec))
        if not asked:
            return Ready(candidate)
        answers = _answers(exam, driver, asked)
        if isinstance(answers, CouldNotExamine):
            return answers
        lacking = {resource.name: why for resource, exchange in answers if (why := _lacks(exam, exchange))}
        if len(lacking) == len(answers) and target.base_path is None:
            continue
        refusal = _refusal(exam, driver, answers)
        elsewhere = _elsewhere(exam, driver, answers) if refusal else ""
        if refusal and not elsewhere:
            refused[base] = refusal
            continue
        unbound = {name: why for name, why in lacking.items() if spec.resources[name].names == "choice" and name not in target.resources}
        note = f"{refusal}; but it is accepted {elsewhere}" if elsewhere else ""
        return Ready(candidate, unbound, tuple(exchange for _, exchange in answers), note)
    if refused:
        return _turned_away(refused)
    return CouldNotExamine(
        f"every list was answered as unknown under {' and '.join(base or '/' for base in bases)}",
        "say where the paths begin with base_path, or bind the target's paths under [resources]",
    )


def _turned_away(refused: Mapping[str, str]) -> CouldNotExamine:
    """What to say where the credential is refused under every base path: under which, if they answer differently, as one may be no path at all."""
    told = list(refused.values())
    if len(set(told)) == 1:
        return CouldNotExamine(told[0], "give the credential `full`, or correct it")
    reason = "; ".join(f"under {base or '/'} {why}" for base, why in refused.items())
    return CouldNotExamine(reason, "give the credential `full`, or correct it, or say where the paths begin with base_path")


def _lists(spec: Spec) -> Iterator[tuple[Resource, Operation]]:
    """For each resource a list (or the one record it has) that can be asked for without knowing anything."""
    for resource in spec.resources.values():
        names = [*resource.operations.get("list", ()), *resource.operations.get("singleton", ())]
        usable = (spec.operations[name] for name in names if name in spec.operations)
        operation = next((one for one in usable if not one.path_parameters), None)
        if operation is not None:
            yield resource, operation


def _answers(exam: Exam, driver: Driver, asked: list[tuple[Resource, Operation]]) -> list[tuple[Resource, Exchange]] | CouldNotExamine:
    answers: list[tuple[Resource, Exchange]] = []
    as_ = "full" if "full" in exam.target.credentials else None
    for resource, operation in asked:
        exchange = _ask(driver, exam.ask.page(operation, 0, as_=as_))
        if exchange is None or exchange.response is None:
            exchange = _ask(driver, exam.ask.page(operation, 0, as_=as_))
        if exchange is None or exchange.response is None:
            if not answers:
                why = exchange.failure if exchange else "no request could be sent"
                return CouldNotExamine(why, "see that the target runs at this URL and can be reached from here")
            continue
        answers.append((resource, exchange))
    return answers


def _ask(driver: Driver, request: Request) -> Exchange | None:
    run: Run = driver.drive(_one(request), Manner(heard=False))
    return run.exchanges[-1] if run.exchanges else None


def _one(request: Request) -> Steps[Any]:
    try:
        return (yield request)
    except NoAnswer:
        return None


def _lacks(exam: Exam, exchange: Exchange) -> str:
    """Why the answer says that there is no such operation; empty where it doesn't."""
    response = exchange.response
    if response is None:
        return ""
    unknown = exam.read.errors.causes.get("unknown_operation") if exam.read.errors else None
    if response.status == 404 or (unknown is not None and response.status == unknown.status and response.status >= 400):
        return f"{exchange.request.method} {exchange.request.url.partition('?')[0]} was answered with {response.status}"
    return ""


def _refusal(exam: Exam, driver: Driver, answers: list[tuple[Resource, Exchange]]) -> str:
    """Why the credential `full` is taken to be wrong: every list refuses it; empty where it isn't."""
    if exam.ask.authentication is None or not answers:
        return ""
    told = [exchange.response for _, exchange in answers if exchange.response is not None]
    if "full" not in exam.target.credentials:
        shut = all(response.status in (401, 403) for response in told)
        return f"no credential called `full` was given, and every list was refused with {told[0].status}" if shut else ""
    if all(response.status in (401, 403) for response in told):
        return f"the credential `full` was refused with {told[0].status}: {exam.read.excerpt(told[0])}"
    outcome = exam.read.envelope.outcome if exam.read.envelope else None
    if outcome is None or any(exam.read.succeeded(response) for response in told):
        return ""
    first = answers[0][1]
    operation = exam.spec.operations[first.request.operation or ""]
    wrong = _ask(driver, exam.ask.page(operation, 0, credential=exam.ask.wrong_credential()))
    if wrong is None or wrong.response is None or _steady(wrong.response) != _steady(told[0]):
        return ""
    return f"the credential `full` was answered as a wrong one is: {exam.read.excerpt(told[0])}"


def _elsewhere(exam: Exam, driver: Driver, answers: list[tuple[Resource, Exchange]]) -> str:
    """Where the target accepts a credential that it refuses in the documented place: then the credential is right and the target isn't."""
    if "full" not in exam.target.credentials:
        return ""
    operation = exam.spec.operations[answers[0][1].request.operation or ""]
    documented = exam.ask.authentication.fields if exam.ask.authentication else {}
    secret = [name for name in documented if name not in (exam.ask.authentication.public if exam.ask.authentication else ())]
    for carrier in _PLACES if len(secret) == 1 else ():
        if carrier != documented[secret[0]]:
            answer = _ask(driver, exam.ask.page(operation, 0, carriers={**documented, secret[0]: carrier}))
            if answer is not None and answer.response is not None and exam.read.succeeded(answer.response):
                return f"as {carrier.place.replace('_', ' ')} {carrier.name}".strip()
    return ""


def _steady(response: Response) -> Any:
    """Status and body without what differs from call to call."""
    try:
        document = response.json()
    except Unreadable:
        return response.status, None
    if isinstance(document, dict):
        return response.status, {name: value for name, value in document.items() if isinstance(value, str | dict | list)}
    return response.status, document
