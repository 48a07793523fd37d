"""Requests generated from the schemas, right and wrong ones, by schemathesis: every answer goes to the observers.

The only module that knows schemathesis. What it generates is not sent as it stands: the credential is ours, and a write names a
record of our own or one that does not exist, so that nothing foreign is touched.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import hypothesis
import schemathesis
import schemathesis.core
from hypothesis.errors import HypothesisException
from schemathesis import GenerationMode
from schemathesis.generation.feedback import NO_FEEDBACK

from conformance.addressing import query_string
from conformance.asking import READS
from conformance.check import Steps
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.running.drawing import settings
from conformance.running.driver import Driver
from conformance.running.tour import absent_key
from conformance.verdict import Errored, Skipped
from specs.model import Operation

__all__ = ["generate"]

EFFECTS = READS | {"create", "update", "replace", "delete"}
"""What is generated for; an action may touch more than the record that it names."""

SHRINKING = 25
"""Requests that the shrinking of one failure may cost."""

_FRAMING = frozenset({"authorization", "cookie", "content-length", "transfer-encoding", "host", "connection", "content-type"})
_LONGEST_URL = 4000
_LONGEST_BODY = 20_000


class _Found(Exception):  # noqa: N818 - tells Hypothesis to shrink
    pass


@dataclass(frozen=True, slots=True)
class _Case:
    """What was generated, as plain values."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any
    has_body: bool
    media_type: str | None


def generate(driver: Driver, operations: Collection[str], *, each: int, seed: int) -> str:
    """Sends up to `each` generated requests to each of the operations; the observers make of the answers what they are.

    Gives the reason where nothing can be generated from the document, else an empty text.
    """
    spec = driver.exam.spec
    try:
        document = schemathesis.openapi.from_dict(copy.deepcopy(dict(spec.openapi)), config=schemathesis.Config())
    except schemathesis.errors.SchemathesisError as error:
        return " ".join(str(error).split())[:200]
    for operation in spec.operations.values():
        if operation.id not in operations or not _is_harmless(driver, operation):
            continue
        parents = driver.drive(driver.exam.parents_of(operation)).value
        if not isinstance(parents, dict):
            continue
        for mode, examples in ((GenerationMode.POSITIVE, (each + 1) // 2), (GenerationMode.NEGATIVE, each // 2)):
            if examples:
                _send_some(driver, operation, _Cases(document, operation, mode, parents), examples, seed)
    return ""


def _is_harmless(driver: Driver, operation: Operation) -> bool:
    """Whether generated requests may be sent: reads always, writes where they are permitted and what they make can be deleted again."""
    if operation.effect not in EFFECTS or (operation.effect not in READS and not driver.may_write):
        return False
    resource = driver.exam.spec.resources.get(operation.resource or "")
    return operation.effect != "create" or (resource is not None and driver.exam.operation(resource, "delete") is not None)


@dataclass(frozen=True, slots=True)
class _Cases:
    document: Any
    operation: Operation
    mode: GenerationMode
    parents: Mapping[str, str]

    def strategy(self) -> Any:
        """What Hypothesis draws from."""
        return self.document[self.operation.path][self.operation.method].as_strategy(generation_mode=self.mode, feedback=NO_FEEDBACK)


def _send_some(driver: Driver, operation: Operation, cases: _Cases, examples: int, seed: int) -> None:
    known_broken = frozenset(heard.clause.id for heard in driver.audience.members.values() if heard.confirmed is not None)
    state = _State()

    def example(case: Any) -> None:
        if state.done():
            return
        request = _request(driver, operation, _plain(case), cases.parents, state)
        if request is None:
            return
        run = driver.drive(_one(request))
        state.count(run.value)
        if run.broken - known_broken:
            state.found = True
            raise _Found

    try:
        run: Any = example
        for wrap in (hypothesis.given(cases.strategy()), settings(examples), hypothesis.seed(seed)):
            run = wrap(run)
        run()
    except (_Found, HypothesisException, ExceptionGroup):
        return
    except Exception:  # noqa: BLE001 - a schema from which nothing can be generated is not the target's failing
        return


@dataclass
class _State:
    found: bool = False
    ended: bool = False
    shrinking: int = 0
    number: int = 0

    def done(self) -> bool:
        """Whether no further request is wanted."""
        return self.ended or self.shrinking >= SHRINKING

    def count(self, value: Any) -> None:
        """One request more; a refusal to send or a dead target ends the rest."""
        self.shrinking += self.found
        self.ended = isinstance(value, Skipped | Errored)


def _one(request: Request) -> Steps[None]:
    yield request


def _plain(case: Any) -> _Case:
    has_body = not isinstance(case.body, schemathesis.core.NotSet)
    return _Case(dict(case.path_parameters or {}), dict(case.query or {}), dict(case.headers or {}), case.body if has_body else None, has_body, case.media_type)


def _request(driver: Driver, operation: Operation, case: _Case, parents: Mapping[str, str], state: _State) -> Request | None:
    """The request that is sent for a case; None where it could not be sent or would be too large."""
    exam = driver.exam
    state.number += 1
    key, absent = _key(driver, operation, case, state.number)
    try:
        body = _body(operation, exam, case, key) if case.has_body else None
        request = exam.ask.operation(
            operation,
            key=key,
            parents={**{name: unquote(str(value)) for name, value in case.path.items()}, **parents},
            query=list(_pairs(exam, case.query)),
            headers=list(_headers(exam, case)),
            body=body,
            content_type=case.media_type,
            absent=absent,
        )
    except (ValueError, TypeError):
        return None
    too_large = len(request.url) > _LONGEST_URL or len(body or b"") > _LONGEST_BODY
    return None if too_large else request


def _key(driver: Driver, operation: Operation, case: _Case, number: int) -> tuple[Any, bool]:
    """The id that the request names, and whether it is of no record: for a write, one of ours or an absent one, in turn."""
    resource = driver.exam.spec.resources.get(operation.resource or "")
    if resource is None or operation.effect in ("list", "create", "singleton"):
        return None, False
    parameter = driver.exam.ask.key_parameter(operation)
    if operation.effect in READS:
        if number % 2 and parameter is not None and parameter in case.path:
            return unquote(str(case.path[parameter])), False
        own = driver.ledger.one_of(resource.name)
        return (own, False) if own is not None else (absent_key(resource.key_schema, number), True)
    if operation.effect != "delete" and number % 2:
        own = driver.ledger.one_of(resource.name)
        if own is None and driver.exam.operation(resource, "delete") is not None:
            driver.drive(driver.exam.make(resource))
            own = driver.ledger.one_of(resource.name)
        if own is not None:
            return own, False
    return absent_key(resource.key_schema, number), True


def _body(operation: Operation, exam: Exam, case: _Case, key: Any) -> bytes:
    body = case.body
    resource = exam.spec.resources.get(operation.resource or "")
    if isinstance(body, dict) and key is not None and resource is not None and exam.ask.key_parameter(operation) is None:
        body = {**body, resource.key_parameter: key}
    envelope = exam.ask.envelope()
    if key is not None and envelope is not None and envelope.style == "jsonapi" and isinstance(body, dict) and isinstance(body.get("data"), dict):
        body = {**body, "data": {**body["data"], "id": str(key)}}
    if isinstance(body, bytes):
        return body
    if case.media_type == "application/x-www-form-urlencoded" and isinstance(body, dict):
        return query_string(list(_pairs(exam, body))).encode()
    if isinstance(body, str) and "json" not in (case.media_type or "json"):
        return body.encode()
    return json.dumps(body).encode()


def _pairs(exam: Exam, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The pairs of a query; those in which the credential travels are left out."""
    carried = _carried(exam, "query")
    for name, value in values.items():
        if name in carried:
            continue
        for one in value if isinstance(value, list) else [value]:
            yield name, json.dumps(one) if isinstance(one, dict | list) else one


def _headers(exam: Exam, case: _Case) -> Iterator[tuple[str, str]]:
    """The headers that were generated, but for the credential's and those that frame the message."""
    ours = {name.lower() for name in _carried(exam, "header")} | _FRAMING
    for name, value in case.headers.items():
        if name.lower() not in ours and name.isascii() and str(value).isprintable() and str(value).isascii():
            yield name, str(value)


def _carried(exam: Exam, place: str) -> set[str]:
    authentication = exam.ask.authentication
    return {carrier.name for carrier in authentication.fields.values() if carrier.place == place} if authentication else set()
