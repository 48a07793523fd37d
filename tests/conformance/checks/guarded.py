"""The tiny implementation with callers: credentials, roles, accounts, media types and a rate limit; and what drives a check to its verdict.

A bug is named by a word; each is one line where it bites.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import specs
from conformance.check import Broken, Check, Ended, Fine
from conformance.exam import Exam
from conformance.exchange import Exchange, NoAnswer, Request, Response, Wait
from conformance.target import Permit, Target
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Verdict
from specs.model import Principal, Resource, Spec
from tests.conformance.checks.miniature import Call, Miniature, Record, Refused

URL = "https://mini.test"


class Guarded(Miniature):
    """Knows its callers by the spec's seed; `few` records of each account."""

    def __init__(self, spec: Spec, bug: str = "", few: int = 4, limit: int = 0) -> None:
        super().__init__(spec)
        self.bug, self.limit, self.now = bug, limit, 0.0
        self.count = 900_000
        self.used: dict[str, list[float]] = {}
        self.owners: dict[int, tuple[str, str | None]] = {}
        self.auth = spec.group_of_kind("authentication").parameters
        isolation = spec.group_of_kind("isolation")
        self.isolation = isolation.parameters if isolation else None
        self.full, self.other = (next(one for one in spec.seed.principals if one.name == name) for name in ("full", "other"))
        for name, items in spec.seed.records.items():
            for caller in (self.full, self.other):
                mine = [item for item in items if item["account"] == caller.account and item["user"] in (None, caller.user)][:few]
                for item in mine:
                    self.keep(spec.resources[name], dict(item["record"]), caller)

    def keep(self, resource: Resource, record: Record, caller: Principal) -> None:
        if self.bug == "ids_by_account":
            record["id"] = self.next_of(resource, caller)
        self.records[resource.name].append(record)
        self.owners[id(record)] = (caller.account, caller.user)

    def next_of(self, resource: Resource, caller: Principal) -> int:
        """The next number of the caller's account."""
        return 1 + sum(self.owners.get(id(one), ("",))[0] == caller.account for one in self.records[resource.name])

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def __call__(self, request: Request) -> Response:
        if request.url.startswith("http://") and self.bug == "plain_done":
            super().__call__(replace(request, url=request.url.replace("http://", "https://")))
            return Response(301, (("location", request.url.replace("http://", "https://")),))
        if request.url.startswith("http://") and self.bug != "plain":
            raise NoAnswer("refused")
        if self.bug == "latin" and request.body:
            request = replace(request, body=json.dumps(json.loads(request.body.decode("latin-1"))).encode())
        response = super().__call__(request)
        if self.bug == "html_errors" and response.status >= 400:
            response = replace(response, headers=(("content-type", "text/html"),))
        return response

    def route(self, request: Request) -> Call:
        try:
            return super().route(request)
        except Refused:
            if not self.bug.startswith("bare") or ".json" in request.url:
                raise
            head, _, query = request.url.partition("?")
            call = super().route(replace(request, url=f"{head}.json?{query}"))
            call.bare = True
            return call

    def success(self, effect: str) -> int:
        return 201 if self.bug == "create_201" and effect == "create" else super().success(effect)

    # Who calls

    def authenticate(self, call: Call) -> None:
        given = {name: self.field(call, carrier) for name, carrier in self.auth.fields.items()}
        if self.bug == "open" or (self.bug == "open_delete" and call.operation.effect == "delete"):
            given = dict(self.full.credential)
        if self.bug == "prefix":
            given = {name: self.nearest(name, value or "") for name, value in given.items()}
        secrets = [name for name in given if name not in self.auth.public]
        if self.bug == "validates_first" and call.operation.effect == "create" and not call.query:
            raise Refused("missing_parameter")
        known = {str(record["id"]) for record in self.records[call.operation.resource]} if self.bug == "looks_up_first" else set()
        if self.bug == "looks_up_first" and call.operation.effect == "read" and not known & set(call.values.values()):
            raise Refused("not_found", 404)
        if self.bug == "any_case":
            given = {name: (value or "").lower() for name, value in given.items()}
        caller = next((one for one in self.spec.seed.principals if all(given[name] == one.credential[name] for name in secrets)), None)
        if caller is None:
            if self.bug == "created_all_the_same" and call.operation.effect == "create":
                call.caller = self.full
                self.create(call, self.spec.resources[call.operation.resource])
            raise Refused("unauthenticated", int(self.bug[7:]) if self.bug.startswith("status_") else None)
        call.caller = caller
        self.count_request(caller)
        selector = self.isolation.selector if self.isolation else None
        if selector and given[selector] != caller.credential[selector] and self.bug != "any_selector":
            raise Refused("foreign_account")
        self.permit(call)
        self.negotiate(call)

    def nearest(self, name: str, value: str) -> str:
        """The known credential with the same beginning."""
        return next((one.credential[name] for one in self.spec.seed.principals if value[:3] == one.credential[name][:3]), value)

    def field(self, call: Call, carrier: Any) -> str | None:
        headers = {name.lower(): value for name, value in call.request.headers}
        if carrier.place == "header":
            return headers.get(carrier.name.lower())
        if carrier.place == "query":
            if "x-api-key" in headers and (self.bug == "header_too" or (self.bug == "header_too_in_creates" and call.operation.effect == "create")):
                return headers["x-api-key"]
            if self.bug == "token_too" and headers.get("authorization", "").startswith("Token token="):
                return headers["authorization"].removeprefix("Token token=")
            return call.query.pop(carrier.name, None)
        return self.credential(call)

    def credential(self, call: Call) -> str | None:
        try:
            return super().credential(call)
        except ValueError:
            return None

    def count_request(self, caller: Principal) -> None:
        if not self.limit:
            return
        times = self.used.setdefault("all" if self.bug == "shared_limit" else caller.name, [])
        window = 600 if self.bug == "long_window" else 60
        times[:] = [at for at in times if at > self.now - window]
        if len(times) >= self.limit:
            raise Refused("rate_limited")
        times.append(self.now)

    def permit(self, call: Call) -> None:
        roles = self.spec.group_of_kind("authorization").parameters.roles
        denied = roles.get(call.caller.role) and roles[call.caller.role].denied
        if not denied or not ({"*", call.operation.id} & set(denied)) or self.bug == "no_roles":
            return
        if self.bug == "validates_first" and call.operation.effect == "create" and not call.query:
            raise Refused("missing_parameter")
        if self.bug == "done_all_the_same" and call.operation.effect == "update":
            call.caller = self.full
            self.update(call, self.spec.resources[call.operation.resource], self.find(call, self.spec.resources[call.operation.resource]))
        if self.bug == "closed_all_the_same" and call.operation.effect == "sign_off":
            next(record for record in self.records["projects"] if record["uuid"] in call.values.values())["active"] = "false"
        raise Refused("forbidden", 401 if self.bug == "as_unknown" else 404 if self.bug == "as_absent" else None)

    # What comes in and goes out

    def negotiate(self, call: Call) -> None:
        how = self.spec.group_of_kind("content_negotiation").parameters
        headers = {name.lower(): value for name, value in call.request.headers}
        kind = headers.get("content-type", "")
        if how.refuse_other_requests and call.request.body and kind.partition(";")[0] not in how.request and self.bug != "any_type":
            raise Refused("unsupported_media_type")
        accept = headers.get("accept", "*/*")
        parts = [part.strip() for part in accept.split(",")]
        met = "*/*" in accept or how.response in (parts[:1] if self.bug == "first_accept" else parts)
        lax = self.bug == "any_accept" or (self.bug == "creates_any_accept" and call.operation.effect == "create")
        if how.refuse_unacceptable and not met and not lax:
            if self.bug == "refused_and_made" and call.operation.effect == "create":
                self.create(call, self.spec.resources[call.operation.resource])
            raise Refused("not_acceptable")
        if self.bug == "always_406" and accept == "*/*":
            raise Refused("not_acceptable")
        if call.request.body and not isinstance(call.body, dict):
            raise Refused("malformed", 500 if self.bug == "broken_500" else None)
        call.bulk = bool(how.bulk) and how.bulk in kind

    def respond(self, call: Call | None, status: int, document: Any) -> Response:
        if self.bug == "bare_other" and getattr(call, "bare", False):
            document = [document]
        response = super().respond(call, status, document)
        if self.bug == "html" and response.body:
            return replace(response, headers=(("content-type", "text/html"),))
        return response

    # Whose records

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        seen = super().visible(call, resource)
        if self.bug == "all_listed" and call.operation.effect == "list":
            return seen
        if self.bug == "all_listed_of_a_client" and call.operation.effect == "list" and "client_id" in call.query:
            return seen
        if self.bug == "own_only":
            return [record for record in seen if self.owners.get(id(record)) == (call.caller.account, call.caller.user)]
        return [record for record in seen if self.owners.get(id(record), ("",))[0] == call.caller.account]

    def find(self, call: Call, resource: Resource) -> Record:
        try:
            return super().find(call, resource)
        except Refused:
            found = next((one for one in self.records[resource.name] if str(one[resource.key]) in call.values.values()), None)
            if self.bug == "ids_by_account":
                raise Refused("not_found", 404) from None
            if found is None:
                if self.bug == "unknown_is_fine" and call.operation.effect == "read":
                    return {resource.key: "0"}
                raise
            if self.bug == "foreign_200_with_errors" and call.operation.effect == "read":
                raise Refused("foreign_record", 200) from None
            if self.bug == "foreign_read" or (self.bug == "foreign_delete" and call.operation.effect == "delete"):
                return found
            raise Refused("foreign_record", 404 if self.bug == "foreign_404" else None) from None

    def create(self, call: Call, resource: Resource) -> Record:
        if isinstance(call.body, dict) and isinstance(call.body.get("data"), list):
            return self.several(call, resource)
        for parent in resource.parents:
            given = self.taken(call, resource).get(parent.member)
            theirs = next((one for one in self.records[parent.resource] if str(one[self.spec.resources[parent.resource].key]) == str(given)), None)
            if theirs is not None and self.owners[id(theirs)][0] != call.caller.account:
                if self.bug == "foreign_parent_kept":
                    self.keep(resource, super().create(call, resource), call.caller)
                raise Refused("foreign_record")
        for name, member in self.parent_names(resource).items():
            if name in call.values and not any(str(one.get(member)) == call.values[name] for one in self.records[resource.name]):
                raise Refused("parent_not_found")
        record = super().create(call, resource)
        if self.bug == "ids_by_account":
            record["id"] = self.next_of(resource, call.caller)
        self.owners[id(record)] = (call.caller.account, call.caller.user)
        return record

    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        for parent in resource.parents if self.bug != "foreign_parent_taken" else ():
            given = self.taken(call, resource).get(parent.member)
            if any(str(one.get("id")) == str(given) and self.owners[id(one)][0] != call.caller.account for one in self.records[parent.resource]):
                raise Refused("foreign_record")
        return super().update(call, resource, record)

    def several(self, call: Call, resource: Resource) -> Any:
        if not call.bulk and self.bug != "unmarked":
            raise Refused("bulk")
        documents, made = call.body["data"], []
        for document in documents:
            if document.get("type") != resource.type:
                for record in made if self.bug != "partial" else ():
                    self.records[resource.name].remove(record)
                raise Refused("conflict")
            call.body = {"data": document}
            made.append(self.create(call, resource))
        return made

    def one(self, resource: Resource, record: Any, call: Call) -> Any:
        if isinstance(record, list):
            return {"data": [self.show(resource, each) for each in record]}
        return super().one(resource, record, call)

    def taken(self, call: Call, resource: Resource) -> Record:
        wanted = call.body["data"].get("type", resource.type) if isinstance(call.body, dict) and isinstance(call.body.get("data"), dict) else resource.type
        if wanted != resource.type:
            raise Refused("conflict")
        return super().taken(call, resource)

    def required(self, resource: Resource, operation: Any) -> list[str]:
        required = super().required(resource, operation) or [name for name in resource.schema.get("required", ()) if name != resource.key]
        return [] if self.bug == "lax" else required

    def error_document(self, cause: str, status: int) -> Any:
        if self.bug == "no_message":
            return {"error": {"type": "api_error"}}
        if self.bug == "empty_errors":
            return {"errors": []}
        if self.bug == "no_type":
            return {"error": {"message": cause}}
        if self.bug == "other_text":
            return {"errors": [{"status": status, "title": "Sorry", "detail": cause}]}
        if self.bug == "odd_type":
            return {"error": {"type": "trouble", "message": cause, "param": "zz"}}
        if self.bug == "other_status" and "errors" in (document := super().error_document(cause, status)):
            return {"errors": [{**document["errors"][0], "status": 499}]}
        return super().error_document(cause, status)


def exam_of(spec: Spec, *, write: bool = True, without: tuple[str, ...] = (), plain: str | None = None) -> Exam:
    """An exam with the seed's credentials, all or but some."""
    credentials = {one.name: one.credential for one in spec.seed.principals if one.name not in without}
    permit = Permit(write=write, exhaust_rate_limit=True)
    return Exam(spec, Target(api=spec.api, url=URL + spec.base_path, plain_url=plain, credentials=credentials, permit=permit))


def verdict(checks: dict[str, Check], clause: str, bug: str = "", *, limit: int = 0, few: int = 4, **how: Any) -> Verdict:
    """What a clause's check says of the tiny implementation: of its flow, and of its observer on every exchange."""
    spec = specs.load(clause.partition("/")[0])
    answer, exam, bound = Guarded(spec, bug, few=few, limit=limit), exam_of(spec, **how), spec.clauses[clause]
    exchanges: list[Exchange] = []
    check = checks[bound.rule]
    own = driven(check.flow(exam, bound), answer, exchanges) if check.flow else Inconclusive("no flow")
    if isinstance(own, Failed | Errored) or check.observe is None:
        return own
    seen = [check.observe(exam, bound, exchange) for exchange in exchanges]
    broken = next((one for one in seen if isinstance(one, Broken)), None)
    if broken is not None:
        return Failed(broken.expected, broken.observed)
    return Passed("observed") if any(isinstance(one, Fine) for one in seen) and isinstance(own, Inconclusive) else own


def driven(flow: Generator[Request | Wait, Response, Verdict], answer: Guarded, exchanges: list[Exchange] | None = None) -> Verdict:
    """The verdict of a flow that the tiny implementation answers."""
    exchanges = [] if exchanges is None else exchanges
    try:
        step = next(flow)
        while True:
            assert len(exchanges) < 2000, "a flow without end"
            if isinstance(step, Wait):
                answer.wait(step.seconds)
                step = flow.send(None)  # type: ignore[arg-type]
                continue
            assert step.safe or step.touches is None or step.absent or _is_ours(answer, step), f"{step.operation} writes to what is not ours"
            try:
                response = answer(step)
            except NoAnswer as fact:
                step = flow.throw(fact)
            else:
                exchanges.append(Exchange(step, response, number=len(exchanges) + 1))
                step = flow.send(response)
    except StopIteration as end:
        found: Verdict = end.value
        return found
    except Ended as end:
        return end.verdict


def _is_ours(answer: Guarded, request: Request) -> bool:
    """Whether a write names a record that was made in the examination: those are not of the seed."""
    resource = answer.spec.resources[request.resource or ""]
    seeded = {str(item["record"][resource.key]) for item in answer.spec.seed.records.get(resource.name, ())}
    return request.touches not in seeded


def queried(request: Request) -> dict[str, str]:
    """The query's parameters."""
    return dict(parse_qsl(urlsplit(request.url).query))


def bodied(request: Request) -> Any:
    """The body as JSON."""
    return json.loads(request.body or b"null")
