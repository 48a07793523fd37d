# ruff: noqa: ARG002 - the methods are there to be overridden
"""A tiny implementation of any spec's operations, in memory, and what drives a check against it.

It is written from the conventions' parameters for these tests alone: each method may be overridden, so that it is wrong in one way.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import specs
from conformance.addressing import dig, fill, plant
from conformance.check import Broken, Check, Ended, Fine
from conformance.exam import Exam
from conformance.exchange import Exchange, NotPermitted, Request, Response
from conformance.schemas import mismatch
from conformance.target import Permit, Target
from conformance.verdict import Errored, Failed, Inconclusive, Passed, Verdict
from specs.model import Clause, Operation, Resource, Spec

Answer = Callable[[Request], Response]
Record = dict[str, Any]

KEYS = {"full": "11111111", "second": "22222222", "limited": "33333333", "other": "44444444"}


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """An answer that says failure: its cause in the spec's errors, and a status in its stead."""

    def __init__(self, cause: str, status: int | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.status = status


class Call:
    """What a request asks: operation, path values, parameters, and its JSON body."""

    def __init__(self, request: Request, operation: Operation, values: dict[str, str]) -> None:
        self.request, self.operation, self.values = request, operation, values
        self.query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        try:
            self.body: Any = json.loads(request.body) if request.body else {}
        except ValueError:
            self.body = None


class Miniature:
    """Answers requests from records in memory."""

    def __init__(self, spec: Spec, records: Mapping[str, list[Record]] | None = None) -> None:
        self.spec = spec
        self.records: dict[str, list[Record]] = {name: [dict(record) for record in (records or {}).get(name, [])] for name in spec.resources}
        self.sent: list[Request] = []
        self.count = 0
        self.envelope = spec.group_of_kind("envelope").parameters
        errors = spec.group_of_kind("errors")
        self.errors = errors.parameters if errors else None

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        call: Call | None = None
        try:
            call = self.route(request)
            self.authenticate(call)
            status, document = self.perform(call)
        except Refused as refusal:
            return self.refuse(call, refusal)
        return self.respond(call, status, document)

    # Routing and callers

    def wait(self, seconds: float) -> None:
        """Lets time pass, which nothing here takes any of."""

    def route(self, request: Request) -> Call:
        path = urlsplit(request.url).path
        found = None
        for operation in self.spec.operations.values():
            template = re.sub(r"\\\{([^{}]+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.spec.base_path + operation.path))
            match = re.fullmatch(template, path)
            if match and operation.method == request.method:
                found = Call(request, operation, {name: unquote(value) for name, value in match.groupdict().items()})
        if found is None:
            raise Refused("unknown_operation")
        return found

    def authenticate(self, call: Call) -> None:
        if self.credential(call) not in KEYS.values():
            raise Refused("unauthenticated")

    def credential(self, call: Call) -> str | None:
        headers = {name.lower(): value for name, value in call.request.headers}
        for field in self.spec.group_of_kind("authentication").parameters.fields.values():
            if field.place == "query" and field.name in call.query:
                return call.query.pop(field.name)
            if field.place == "header" and field.name.lower() in headers:
                return headers[field.name.lower()]
            if field.place == "bearer" and headers.get("authorization", "").startswith("Bearer "):
                return headers["authorization"][7:]
            if field.place == "basic_user" and headers.get("authorization", "").startswith("Basic "):
                return base64.b64decode(headers["authorization"][6:]).decode().partition(":")[0]
        return None

    # Operations

    def perform(self, call: Call) -> tuple[int, Any]:
        resource = self.spec.resources[call.operation.resource]
        effect = call.operation.effect
        if effect == "list":
            return 200, self.including(call, resource, self.list_document(call, resource))
        if effect == "singleton":
            return 200, {resource.key: "1"}
        if effect == "create":
            return self.success("create"), self.one(resource, self.create(call, resource), call)
        record = self.find(call, resource)
        if effect == "read":
            return 200, self.including(call, resource, self.one(resource, record, call))
        if effect == "update":
            return 200, self.one(resource, self.update(call, resource, record), call)
        if effect == "delete":
            self.delete(resource, record)
            return self.success("delete"), self.deleted()
        return 200, self.one(resource, self.act(call, resource, record), call)

    def deleted(self) -> Any:
        return self.wrap({}) if self.envelope.outcome else None

    def success(self, effect: str) -> int:
        group = self.spec.group_of_kind("statuses")
        known = group.parameters.success if group else {}
        entry = known.get(effect) or known.get("default")
        return entry.status if entry else 200

    def find(self, call: Call, resource: Resource) -> Record:
        own = [name for name in call.values if name not in self.parent_names(resource)]
        key = call.values[own[-1]] if own else dig(call.body, f"/{resource.key_parameter}")
        for record in self.visible(call, resource):
            if str(record[resource.key]) == str(key):
                return record
        raise Refused("not_found")

    def parent_names(self, resource: Resource) -> dict[str, str]:
        return {name: parent.member for parent in resource.parents for name in parent.parameters}

    def visible(self, call: Call, resource: Resource) -> list[Record]:
        records = self.records[resource.name]
        for name, member in self.parent_names(resource).items():
            if name in call.values:
                if not any(str(record.get(member)) == call.values[name] for record in self.records[resource.name]):
                    raise Refused("parent_not_found")
                records = [record for record in records if str(record.get(member)) == call.values[name]]
        return records

    def create(self, call: Call, resource: Resource) -> Record:
        self.refuse_conflicts(call, resource)
        members = self.taken(call, resource)
        for name, member in self.parent_names(resource).items():
            if name in call.values:
                members[member] = call.values[name]
        self.validate(resource, members, "create")
        blank = {name: None for name, schema in self.properties(resource).items() if not schema.get("readOnly")}
        record = {**blank, **self.defaults(resource), **self.parsed(resource, members), resource.key: self.new_key(resource, members)}
        self.complete(resource, record)
        self.records[resource.name].append(record)
        return record

    def new_key(self, resource: Resource, members: Record) -> Any:
        if resource.key_schema.get("format") == "uuid":
            return members.get(resource.key) or str(uuid.uuid4())
        self.count += 1
        return 9000 + self.count if resource.key_schema.get("type") == "integer" else str(9000 + self.count)

    def refuse_conflicts(self, call: Call, resource: Resource) -> None:
        """JSON:API: another type, and an id of the client."""
        if self.envelope.style != "jsonapi":
            return
        if dig(call.body, "/data/type") != resource.type:
            raise Refused("conflict")
        if isinstance(dig(call.body, "/data/id"), str):
            raise Refused("client_id")

    def defaults(self, resource: Resource) -> Record:
        group = self.spec.group_of_kind("lifecycle")
        found = group.parameters.defaults.get(resource.name, {}) if group else {}
        return {name: 7 if value == "{user}" else value for name, value in found.items()}

    def complete(self, resource: Resource, record: Record) -> None:
        """Gives the elements of arrays what they lack."""
        group = self.spec.group_of_kind("lifecycle")
        for name, lacking in (group.parameters.elements.get(resource.name, {}) if group else {}).items():
            made = {member: record[resource.key] if value == "{record}" else str(uuid.uuid4()) for member, value in lacking.items()}
            record[name] = [{**made, **element} for element in record.get(name) or [] if isinstance(element, dict)]

    def parsed(self, resource: Resource, members: Record) -> Record:
        """Numbers filled from texts: hours as `10h` or `1h 30m`, money as `$12.50`."""
        filled = dict(members)
        for pair in self.spec.group_of_kind("lifecycle").parameters.parsed if self.spec.group_of_kind("lifecycle") else ():
            text = members.get(pair.text)
            if isinstance(text, str) and members.get(pair.number) is None:
                filled[pair.number] = self.number(pair.form, text)
        return filled

    def number(self, form: str, text: str) -> int | None:
        if form == "money":
            return round(float(text.lstrip("$€")) * 100) if re.fullmatch(r"[$€]?\d+(\.\d\d)?", text) else None
        found = re.fullmatch(r"(?:(\d+)h)? ?(?:(\d+)m)?", text)
        return int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 if found and (found[1] or found[2]) else None

    def update(self, call: Call, resource: Resource, record: Record) -> Record:
        members = {**self.taken(call, resource)}
        members.pop(resource.key, None)
        self.validate(resource, {**record, **members}, "update")
        record.update(self.parsed(resource, members))
        return record

    def delete(self, resource: Resource, record: Record) -> None:
        self.records[resource.name].remove(record)

    def act(self, call: Call, resource: Resource, record: Record) -> Record:
        actions = self.spec.group_of_kind("actions").parameters
        action = actions.actions[call.operation.effect]
        record.update(action.set)
        if action.starts or action.stops:
            record[actions.timer.running] = action.starts
        if not action.starts:
            return record
        shift = dict.fromkeys(actions.timer.entry) | {"project_uuid": record[resource.key], "start": "2026-01-01T00:00:00Z", "tag_list": []}
        shift |= {"uuid": str(uuid.uuid4()), "user_uuid": str(uuid.uuid4())}
        return {**record, **actions.timer.also, "started_at": 1767225600, "current_shift": shift}

    # Members

    def properties(self, resource: Resource) -> Mapping[str, Any]:
        return resource.schema.get("properties", {})

    def taken(self, call: Call, resource: Resource) -> Record:
        """The members that a write gives, without those that nobody may write."""
        if self.envelope.input.place == "query":
            given = {name: self.typed(resource, name, value) for name, value in call.query.items()}
        else:
            given = dig(call.body, fill(self.envelope.input.root, self.names(resource)))
        if not isinstance(given, Mapping):
            raise Refused("malformed")
        members = {name: value for name, value in given.items() if name in self.properties(resource) and not self.properties(resource)[name].get("readOnly")}
        related = dig(call.body, "/data/relationships")
        for parent in resource.parents:
            linked = dig(related, f"/{parent.member.removesuffix('_id')}/data/id") if isinstance(related, Mapping) else None
            if isinstance(linked, str):
                members[parent.member] = linked
        return members

    def typed(self, resource: Resource, name: str, value: str) -> Any:
        types = self.properties(resource).get(name, {}).get("type")
        wanted = set(types) if isinstance(types, list) else {types}
        if wanted & {"integer", "number"}:
            try:
                return int(value) if "integer" in wanted else float(value)
            except ValueError:
                return value
        return {"true": True, "false": False}.get(value, value) if "boolean" in wanted else value

    def validate(self, resource: Resource, members: Record, effect: str) -> None:
        operation = self.spec.operations[resource.operations["create"][0]]
        required = self.required(resource, operation)
        if any(members.get(name) in (None, "") for name in required):
            raise Refused("invalid_record")
        for parent in resource.parents:
            known = {str(record[self.spec.resources[parent.resource].key]) for record in self.records[parent.resource]}
            if known and members.get(parent.member) is not None and str(members[parent.member]) not in known:
                raise Refused("parent_not_found")
        for name, value in members.items():
            schema = self.properties(resource).get(name, {})
            if value is not None and not (isinstance(value, list) and schema.get("type") == "array") and mismatch(schema, value) is not None:
                raise Refused("invalid_record")

    def required(self, resource: Resource, operation: Operation) -> list[str]:
        if self.envelope.input.place == "query":
            return [parameter.name for parameter in operation.parameters if parameter.required and parameter.name in self.properties(resource)]
        schema = operation.body.media[0].schema
        for token in fill(self.envelope.input.root, self.names(resource)).split("/")[1:]:
            schema = schema.get("properties", {}).get(token, {})
        return list(schema.get("required", ()))

    # Lists

    def list_document(self, call: Call, resource: Resource) -> Any:
        records = self.select(call, resource, self.visible(call, resource))
        pagination = next((g.parameters for g in self.spec.groups.values() if g.kind == "pagination" and call.operation.id in g.operations), None)
        document: Any = {}
        if pagination is None:
            page = records
        else:
            index, size = self.window(call, pagination)
            page = self.cut(records, index, size)
            self.tell(document, pagination, len(records), index, size)
        return self.many(resource, page, document)

    def select(self, call: Call, resource: Resource, records: list[Record]) -> list[Record]:
        """The records that a filter of the simplest form lets through."""
        found = re.fullmatch(r'(\w+) = "(.*)"', call.query.get("where", ""))
        return [record for record in records if str(record.get(found[1])) == found[2]] if found else list(records)

    def including(self, call: Call, resource: Resource, document: Any) -> Any:
        """JSON:API: the related records that are asked for."""
        wanted = call.query.get("include")
        if wanted is None or self.envelope.style != "jsonapi":
            return document
        parents = {parent.member.removesuffix("_id"): parent for parent in resource.parents}
        if wanted not in parents:
            raise Refused("unsupported_include")
        other = self.spec.resources[parents[wanted].resource]
        data = document["data"] if isinstance(document["data"], list) else [document["data"]]
        ids = {dig(one, f"/relationships/{wanted}/data/id") for one in data}
        return {**document, "included": [self.show(other, record) for record in self.records[other.name] if str(record[other.key]) in ids]}

    def window(self, call: Call, pagination: Any) -> tuple[int, int]:
        """The page's index and the size asked for."""
        given = call.query if pagination.place == "query" else call.body
        usual = pagination.default or pagination.stub_default
        largest = pagination.maximum or pagination.stub_maximum
        try:
            size = int(given.get(pagination.size, usual))
            index = int(given.get(pagination.page, pagination.first)) - pagination.first
        except ValueError:
            raise Refused("page_out_of_bounds") from None
        return max(index, 0), self.bounded(size, largest)

    def bounded(self, size: int, largest: int) -> int:
        if not 1 <= size <= largest:
            raise Refused("page_out_of_bounds")
        return size

    def cut(self, records: list[Record], index: int, size: int) -> list[Record]:
        return records[index * size : (index + 1) * size]

    def tell(self, document: Any, pagination: Any, total: int, index: int, size: int) -> None:
        numbers = pagination.numbers
        told = {numbers.page: index + pagination.first, numbers.per_page: size, numbers.total_pages: -(-total // size), numbers.total_records: total}
        for pointer, value in told.items():
            if pointer:
                plant(document, pointer, value)

    # Envelopes

    def names(self, resource: Resource) -> dict[str, str]:
        return {"singular": resource.singular, "plural": resource.plural, "type": resource.type}

    def many(self, resource: Resource, records: list[Record], document: Any) -> Any:
        shown = [self.show(resource, record) for record in records]
        plant(document, fill(self.envelope.items, self.names(resource)), shown)
        if self.envelope.count:
            plant(document, self.envelope.count, len(shown))
        return self.wrap(document)

    def one(self, resource: Resource, record: Record, call: Call) -> Any:
        pointer = fill(self.envelope.item, self.names(resource))
        if not pointer:
            return self.show(resource, record)
        document: Any = {}
        plant(document, pointer, self.show(resource, record))
        return self.wrap(document)

    def show(self, resource: Resource, record: Record) -> Any:
        if self.envelope.style != "jsonapi":
            return dict(record)
        parents = {parent.member: parent for parent in resource.parents}
        shown: Any = {"type": resource.type, "id": str(record[resource.key]), "attributes": {}, "relationships": {}}
        for name, value in record.items():
            if name in parents:
                linked = None if value is None else {"type": self.spec.resources[parents[name].resource].type, "id": str(value)}
                shown["relationships"][name.removesuffix("_id")] = {"data": linked}
            elif name != resource.key:
                shown["attributes"][name] = value
        return shown

    def wrap(self, document: Any) -> Any:
        if self.envelope.outcome is None:
            return document
        return {"status": "success", "time": 0.01, "flags": {}, "data": None, **document}

    def respond(self, call: Call, status: int, document: Any) -> Response:
        media = self.spec.group_of_kind("content_negotiation").parameters.response
        if document is None:
            return Response(status)
        return Response(status, (("content-type", media),), json.dumps(document).encode(), elapsed=0.02)

    def refuse(self, call: Call | None, refusal: Refused) -> Response:
        cause = self.errors.causes.get(refusal.cause) if self.errors else None
        status = refusal.status or (cause.status if cause else 400)
        if self.envelope.outcome is not None and status == 200:
            return self.respond(call, 200, self.wrap({"status": "error", "data": {"code": refusal.cause, "message": "no"}}))
        return self.respond(call, status, self.error_document(refusal.cause, status))

    def error_document(self, cause: str, status: int) -> Any:
        if self.envelope.style == "jsonapi":
            values = self.errors.causes[cause].values if cause in self.errors.causes else {}
            return {"errors": [{"status": status, "title": values.get("title", "No"), "detail": values.get("detail", "No")}]}
        return {"error": {"type": "invalid_request_error", "message": cause}, "errors": [cause]}


# Driving checks


loaded = cache(specs.load)
"""A shipped spec, read once: it never changes."""


def exam_of(api: str, *, write: bool = True, spec: Spec | None = None, **how: Any) -> Exam:
    """An exam of a spec with credentials for everybody."""
    spec = spec or loaded(api)
    group = spec.group_of_kind("authentication")
    fields = list(group.parameters.fields) if group else []
    public = set(group.parameters.public) if group else set()
    credentials = {name: {field: "1" if field in public else value for field in fields} for name, value in KEYS.items()}
    target = Target(api=api, url="http://mini.test" + spec.base_path, credentials=credentials, permit=Permit(write=write), **how)
    return Exam(spec, target)


def seeded(api: str, kind: type[Miniature] = Miniature, *, most: int | None = None, **how: Any) -> tuple[Exam, Miniature]:
    """An exam of a spec, and an implementation of it with the spec's own seed records, or the first of them."""
    exam = exam_of(api, **how)
    account = exam.spec.seed.principals[0].account
    records = {name: [dict(row["record"]) for row in rows if row["account"] == account][:most] for name, rows in exam.spec.seed.records.items()}
    return exam, kind(exam.spec, records)


def verdict_on(clause: str, kind: type[Miniature] = Miniature, **how: Any) -> Verdict:
    """The verdict of a clause's check on an implementation; `clause` is its whole id."""
    api, _, name = clause.partition("/")
    exam, implementation = seeded(api, kind, **how)
    known = clause_of(exam.spec, name)
    return examine(exam, import_module(f"conformance.checks.{known.kind}").CHECKS[known.rule], known, implementation)


def clause_of(spec: Spec, clause: str) -> Clause:
    return spec.clauses[f"{spec.api}/{clause}"]


def examine(exam: Exam, check: Check, clause: Clause, answer: Answer) -> Verdict:
    """The verdict on an implementation: of the flow, and of the observer on every exchange."""
    exchanges: list[Exchange] = []
    own = _flow(exam, check, clause, answer, exchanges) if check.flow else None
    seen = [check.observe(exam, clause, exchange) for exchange in exchanges] if check.observe else []
    broken = next((one for one in seen if isinstance(one, Broken)), None)
    if isinstance(own, Failed) or own is None:
        return own or Inconclusive("no flow")
    if broken is not None:
        return Failed(broken.expected, broken.observed)
    return Passed("observed") if any(isinstance(one, Fine) for one in seen) and not isinstance(own, Errored) else own


def _flow(exam: Exam, check: Check, clause: Clause, answer: Answer, exchanges: list[Exchange]) -> Verdict:
    flow = check.flow(exam, clause)
    try:
        request = next(flow)
        while True:
            if not isinstance(request, Request):
                if isinstance(answer, Miniature):
                    answer.wait(request.seconds)
                request = flow.send(None)
            elif not request.safe and not exam.target.permit.write:
                request = flow.throw(NotPermitted("writing is not permitted"))
            else:
                response = answer(request)
                exchanges.append(Exchange(request, response, number=len(exchanges) + 1))
                request = flow.send(response)
            assert len(exchanges) < 2000, "a flow without end"
    except StopIteration as end:
        return end.value
    except Ended as end:
        return end.verdict


__all__ = ["KEYS", "Answer", "Call", "Miniature", "Record", "Refused", "clause_of", "exam_of", "examine", "seeded", "verdict_on"]
