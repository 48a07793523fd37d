"""Productive's API as a vendor might write it who has only its document and the JSON:API specification."""

from __future__ import annotations

import datetime
import json
import logging
import re
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from tests.implementations.serving import Reply, Request, Served

MEDIA = "application/vnd.api+json"
BASE = "/api/v2"
TARGET = ""
NORTH, SOUTH = "north-41", "south-77"
CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"X-Auth-Token": "tok-alma-5f0c", "X-Organization-Id": NORTH},
    "second": {"X-Auth-Token": "tok-boris-91d2", "X-Organization-Id": NORTH},
    "limited": {"X-Auth-Token": "tok-guest-0b7e", "X-Organization-Id": NORTH},
    "other": {"X-Auth-Token": "tok-sole-c3a8", "X-Organization-Id": SOUTH},
}
TOKENS = {headers["X-Auth-Token"]: (name, headers["X-Organization-Id"]) for name, headers in CREDENTIALS.items()}
TEXTS = {
    401: ("Unauthenticated", "You are not authenticated"),
    403: ("Access Denied", "You are not authorized to access this resource"),
    404: ("Record Not Found", "The requested record was not found"),
    405: ("Method Not Allowed", "This endpoint does not know the method"),
    406: ("Not Acceptable", "The request was not accepted"),
    409: ("Conflict", "Type or id of the resource do not match the endpoint"),
    415: ("Unsupported Media Type", "Unsupported content type"),
    429: ("Too Many Requests", "Slow down"),
    500: ("Server Error", "An error occured on the server"),
}
ORDERED = ("eq", "not_eq", "gt", "gt_eq", "lt", "lt_eq")
OPERATIONS = {"text": ("eq", "not_eq", "contains", "not_contain"), "number": ORDERED, "date": ORDERED, "flag": ("eq", "not_eq"), "id": ("eq", "not_eq")}
SWAPS = {
    ("gt-equal", "number", "gt"): "gt_eq",
    ("gt-eq-strict", "", "gt_eq"): "gt",
    ("lt-equal", "date", "lt"): "lt_eq",
    ("lt-eq-strict", "", "lt_eq"): "lt",
}
LOG = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Resource:
    """One type of record: its attributes by kind, its relationships by type, and what its list can do."""

    name: str
    attributes: dict[str, str]
    required: tuple[str, ...]
    relations: dict[str, str] = field(default_factory=dict)
    operations: bool = True
    aggregates: tuple[str, ...] = ()
    size: int = 20
    tells: tuple[str, ...] = ()
    uuids: bool = False


RESOURCES = {
    each.name: each
    for each in (
        Resource("companies", {"legal_name": "text", "city": "text", "tier": "number"}, ("legal_name",), operations=False, tells=("meta",)),
        Resource(
            "people",
            {"given_name": "text", "family_name": "text", "mail": "text", "capacity": "number", "joined_on": "date", "active": "flag"},
            ("given_name", "family_name"),
            {"company": "companies"},
            tells=("links",),
        ),
        Resource(
            "projects",
            {"label": "text", "budget": "number", "starts_on": "date", "archived": "flag"},
            ("label", "company"),
            {"company": "companies"},
            aggregates=("budget",),
            tells=("meta", "links"),
            uuids=True,
        ),
        Resource(
            "time_entries",
            {"day": "date", "minutes": "number", "note": "text", "billable": "flag"},
            ("day", "minutes", "person", "project"),
            {"person": "people", "project": "projects"},
            aggregates=("minutes",),
            size=5,
            tells=("meta",),
            uuids=True,
        ),
    )
}


@dataclass(slots=True)
class Record:
    """One stored record; `links` holds the ids of the related ones, None where there is none."""

    id: str
    type: str
    organization: str
    attributes: dict[str, Any]
    links: dict[str, str | None]


def fixed_id(name: str) -> str:
    """The id a seeded record with a UUID always has."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def seeds() -> list[Record]:
    """The records a fresh service starts with, oldest first."""
    rows: list[Record] = []

    def add(kind: str, key: str, organization: str, links: dict[str, str | None], *values: object) -> None:
        resource = RESOURCES[kind]
        rows.append(Record(fixed_id(key) if resource.uuids else key, kind, organization, dict(zip(resource.attributes, values, strict=True)), links))

    add("companies", "70014", NORTH, {}, "Quill & Sons", "Graz", 3)
    add("companies", "70021", NORTH, {}, "Amber Freight", None, 1)
    add("companies", "70028", NORTH, {}, "Nordlicht", "Kiel", 12)
    add("companies", "70035", SOUTH, {}, "Mesa Verde", "Quito", 2)
    add("people", "81002", NORTH, {"company": "70014"}, "Alma", "Reyes", "alma@example.org", 40, "2021-03-01", True)
    add("people", "81009", NORTH, {"company": None}, "Boris", "Tamm", None, 8, "2019-11-18", False)
    add("people", "81016", NORTH, {"company": "70021"}, "Chidi", "Okoro", "chidi@example.org", 32, "2023-07-10", True)
    add("people", "81023", NORTH, {"company": "70014"}, "Dagny", "Reyes", "dagny@example.org", 100, "2022-01-31", True)
    add("people", "81030", SOUTH, {"company": "70035"}, "Sole", "Paz", "sole@example.org", 40, "2020-05-05", True)
    add("projects", "harbor", NORTH, {"company": "70021"}, "Harbor", 9000, "2024-02-01", False)
    add("projects", "almanac", NORTH, {"company": "70014"}, "Almanac", 12000, "2023-10-15", True)
    add("projects", "lantern", NORTH, {"company": "70014"}, "Lantern", None, "2024-06-30", False)
    add("projects", "cumbre", SOUTH, {"company": "70035"}, "Cumbre", 700, "2024-01-01", False)
    for day, person, project, minutes, note, billable in (
        ("2024-07-01", "81002", "harbor", 90, "Kick-off with the crew", True),
        ("2024-07-01", "81016", "harbor", 480, "Survey", True),
        ("2024-07-02", "81002", "almanac", 15, None, False),
        ("2024-07-03", "81023", "lantern", 120, "Survey of the crew", True),
        ("2024-07-04", "81016", "harbor", 9, "Mail", False),
        ("2024-07-05", "81002", "lantern", 240, "Draft", True),
        ("2024-07-08", "81023", "almanac", 45, "Review draft", False),
    ):
        add("time_entries", f"{day}{person}", NORTH, {"person": person, "project": fixed_id(project)}, day, minutes, note, billable)
    add("time_entries", "south-entry", SOUTH, {"person": "81030", "project": fixed_id("cumbre")}, "2024-07-02", 77, "Survey", True)
    return rows


def linked(kind: str, key: str) -> dict[str, object]:
    """A to-one relationship object as a client sends it."""
    return {"data": {"type": kind, "id": key}}


CREATE: dict[str, dict[str, object]] = {
    "companies": {"type": "companies", "attributes": {"legal_name": "Tern Ltd", "city": "Oban", "tier": 2}},
    "people": {
        "type": "people",
        "attributes": {"given_name": "Edda", "family_name": "Lund", "mail": "edda@example.org", "capacity": 20, "joined_on": "2024-05-02", "active": True},
        "relationships": {"company": linked("companies", "70014")},
    },
    "projects": {
        "type": "projects",
        "attributes": {"label": "Orchard", "budget": 500, "starts_on": "2024-09-01", "archived": False},
        "relationships": {"company": linked("companies", "70028")},
    },
    "time_entries": {
        "type": "time_entries",
        "attributes": {"day": "2024-07-09", "minutes": 30, "note": "Call", "billable": True},
        "relationships": {"person": linked("people", "81009"), "project": linked("projects", fixed_id("harbor"))},
    },
}

BUGS: dict[str, str] = {
    "type-missing-on-update": "jsonapi.document: the answer to PATCH has no type",
    "number-id-on-create": "jsonapi.document: a created company or person has a number for an id",
    "data-beside-errors": "jsonapi.document: a 422 carries data next to errors",
    "flat-attributes": "jsonapi.document: one time entry has its attributes beside type and id",
    "included-missing": "jsonapi.included: include on one record adds nothing",
    "included-repeated": "jsonapi.included: a record that two rows share is included twice",
    "include-unknown-taken": "jsonapi.included: an unknown include answers 200",
    "create-200": "jsonapi.create: creating a project answers 200",
    "client-id-kept": "jsonapi.create: the client's own id is taken for companies instead of refused",
    "wrong-type-created": "jsonapi.create: people takes a resource of another type",
    "update-any-type": "content.request: PATCH takes application/json",
    "delete-any-type": "content.request: DELETE with a body takes any Content-Type",
    "create-form-500": "content.request: POST of a form is a 500",
    "plain-415": "content.request: the 415 has a body of its own kind",
    "json-on-errors": "content.response: errors come as application/json",
    "json-on-create": "content.response: 201 comes as application/json",
    "bulk-partial": "content.bulk: the good ones of a refused bulk create are stored",
    "bulk-first": "content.bulk: only the first resource is created",
    "bulk-unmarked": "content.bulk: an array is taken without ext=bulk",
    "accept-ignored": "content.accept: an Accept with parameters only is served",
    "plain-406": "content.accept: the 406 has no errors",
    "delete-open": "auth.token: DELETE needs no token",
    "empty-token": "auth.token: an empty token passes",
    "wrong-token-403": "auth.token: a wrong token is answered 403",
    "token-prefix": "auth.token: a token with something after it passes",
    "foreign-get": "auth.organization: one record of another organization can be read",
    "foreign-update": "auth.organization: a record of another organization can be changed",
    "foreign-filter": "auth.organization: a filtered list of time entries shows all organizations",
    "foreign-header": "auth.organization: any organization may be named in the header",
    "header-optional": "auth.organization: without the header all organizations are listed",
    "limited-deletes": "auth.denied: the limited token may delete",
    "limited-404": "auth.denied: a refused list answers 404",
    "limited-created": "auth.denied: a refused create is carried out all the same",
    "page-from-zero": "page.window: page[number]=1 is the second page",
    "people-unpaged": "page.window: people ignore page[size]",
    "size-plus-one": "page.window: a page of projects has one row more than asked",
    "last-page-lost": "page.walk: a last page that isn't full is empty",
    "pages-overlap": "page.walk: from the second page on, a row of the page before comes again",
    "next-forever": "page.walk: the last page links to a next one",
    "total-of-page": "page.walk: total_count counts the rows of the page",
    "filter-after-page": "filter.param: the page is cut before the filter",
    "last-filter-only": "filter.param: of several filters only the last one counts",
    "projects-unfiltered": "filter.param: projects ignore filter[company_id]",
    "false-ignored": "filter.param: filtering by false filters nothing",
    "unknown-filter-ignored": "filter.unsupported: companies ignore an unknown filter",
    "filter-undefined": "filter.unsupported: the detail says undefined instead of the name",
    "bad-number-empty": "filter.value: a word for a number gives an empty list",
    "bad-date-500": "filter.value: an impossible date is a 500",
    "eq-prefix": "filter.eq: text that begins with the value is equal",
    "eq-ignored": "filter.eq: the spelled out operation eq filters nothing",
    "not-eq-number": "filter.not_eq: a number is never equal, so all rows stay",
    "not-eq-id": "filter.not_eq: for ids it works like eq",
    "contains-prefix": "filter.contains: only the beginning is searched",
    "not-contain-prefix": "filter.not_contain: only the beginning is searched",
    "gt-equal": "filter.gt: gt lets equal numbers through",
    "gt-text": "filter.gt: numbers are compared as text",
    "gt-eq-strict": "filter.gt_eq: gt_eq keeps equal values out",
    "lt-equal": "filter.lt: lt lets equal dates through",
    "lt-eq-strict": "filter.lt_eq: lt_eq keeps equal values out",
    "sort-text": "sort.ascending: numbers are sorted as text",
    "sort-page": "sort.ascending: only the rows of the page are sorted",
    "minus-ignored": "sort.descending: dates ascend in spite of the minus",
    "minus-refused": "sort.descending: people refuse a sort with a minus",
    "unknown-sort-ignored": "sort.unsupported: an unknown sort is ignored",
    "unknown-minus-ignored": "sort.unsupported: an unknown sort with a minus is ignored",
    "sort-detail": "sort.unsupported: the detail doesn't name the sort",
    "aggregate-page": "aggregate.meta: the sum covers the page only",
    "aggregate-unfiltered": "aggregate.meta: the sum covers what the filter leaves out",
    "aggregate-flat": "aggregate.meta: the value is in meta itself",
    "unknown-aggregate-null": "aggregate.unsupported: an unknown aggregate is null",
    "unknown-aggregate-title": "aggregate.unsupported: the title is Unsupported Filter",
    "group-ignored": "group.unsupported: an unknown group is ignored",
    "errors-object": "error.shape: errors of a 422 are an object",
    "detail-missing": "error.shape: a 404 has no detail",
    "status-differs": "error.shape: a 422 has status 400 in its body",
    "deleted-readable": "error.not-found: a deleted record can still be read",
    "unknown-delete-204": "error.not-found: deleting an unknown record answers 204",
    "unknown-update-422": "error.not-found: changing an unknown record answers 422",
    "not-found-title": "error.not-found: the title is Not Found",
    "invalid-400": "error.invalid: an invalid attribute answers 400",
    "invalid-applied": "error.invalid: the valid half of a refused PATCH is stored",
    "blank-taken": "error.invalid: a required text may be blank",
    "kind-unchecked": "error.invalid: a number may be sent as text",
    "null-attributes-500": "error.server: attributes null is a 500",
    "array-body-500": "error.server: a body that is an array is a 500",
    "page-word-500": "error.server: a word for a page number is a 500",
    "plain-500": "error.server: a filter that is not closed answers 500 in plain text",
}


@dataclass(frozen=True, slots=True)
class Call(Request):
    """A request with the organization it is about."""

    organization: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out; `document` None means no body."""

    status: int
    document: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    media: str = MEDIA

    def reply(self) -> Reply:
        """The same as bytes."""
        headers = {**dict(self.headers), "X-Request-Id": uuid.uuid4().hex, "Vary": "Accept"}
        if self.document is None:
            return Reply(self.status, b"", headers)
        return Reply(self.status, json.dumps(self.document, indent=1).encode(), headers | {"Content-Type": self.media})


class RefusedError(Exception):
    """A request that can't be met: a status and its problems (title, detail, source)."""

    def __init__(self, status: int, title: str = "", detail: str = "", source: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        known = TEXTS.get(status, ("", ""))
        self.problems = [(title or known[0], detail or known[1], source or {})]


def kind_fits(kind: str, value: object) -> bool:
    """Whether a JSON value may stand for an attribute of this kind."""
    match kind:
        case "text":
            return isinstance(value, str)
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10**9
        case _:
            return isinstance(value, str) and is_date(value)


def is_date(text: str) -> bool:
    """Whether the text is a day of the calendar, written YYYY-MM-DD."""
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII)) and bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def media_parts(value: str) -> tuple[str, list[str]]:
    """The media type and its parameters, lower case and without blanks."""
    kind, *parameters = [part.strip().lower() for part in value.split(";")]
    return kind, [part.replace('"', "").replace(" ", "") for part in parameters if part]


def acceptable(accept: str) -> bool:
    """Whether an Accept header allows the plain JSON:API media type."""
    for part in accept.split(","):
        kind, parameters = media_parts(part)
        if kind in ("*/*", "application/*", "") or (kind == MEDIA and all(each.startswith("q=") for each in parameters)):
            return True
    return False


class Productive:
    """The service: one store, one answer per request."""

    def __init__(self, bug: str = "", limit: int = 0) -> None:
        self.bug = bug
        self.limit = limit
        self.lock = threading.Lock()
        self.records = {row.id: row for row in seeds()}
        self.deleted: dict[str, Record] = {}
        self.number = 90000
        self.calls: dict[str, list[float]] = {}

    def answer(self, request: Request) -> Reply:
        """The reply to one request; nothing escapes as an exception."""
        call = Call("GET" if request.method == "HEAD" else request.method, request.path, request.query, request.headers, request.body)
        try:
            with self.lock:
                response = self.route(call)
        except RefusedError as refusal:
            response = self.refused(refusal)
        except Exception:
            LOG.exception("fault")
            response = self.refused(RefusedError(500))
            if self.bug == "plain-500":
                response = Response(500, "Internal error", media="text/plain")
        if self.bug == "json-on-errors" and response.status >= 400:
            response = replace(response, media="application/json")
        return response.reply()

    def refused(self, refusal: RefusedError) -> Response:
        """The error document of a refusal."""
        status = str(400 if self.bug == "status-differs" and refusal.status == 422 else refusal.status)
        errors: list[dict[str, object]] = [
            {"status": status, "code": title.lower().replace(" ", "-"), "title": title, "detail": detail} | ({"source": source} if source else {})
            for title, detail, source in refusal.problems
        ]
        if self.bug == "detail-missing" and refusal.status == 404:
            del errors[0]["detail"]
        document: dict[str, object] = {"errors": errors, "jsonapi": {"version": "1.0"}}
        if self.bug == "errors-object" and refusal.status == 422:
            document["errors"] = {str(problem[2].get("pointer")): problem[1] for problem in refusal.problems}
        if self.bug == "data-beside-errors" and refusal.status == 422:
            document["data"] = None
        if (self.bug, refusal.status) in (("plain-415", 415), ("plain-406", 406)):
            document = {"message": refusal.problems[0][0]}
        headers = {405: (("Allow", "GET, POST, PATCH, DELETE"),), 429: (("Retry-After", "60"),)}.get(refusal.status, ())
        return Response(400 if self.bug == "invalid-400" and refusal.status == 422 else refusal.status, document, headers)

    def route(self, request: Call) -> Response:
        """Negotiate, authenticate, authorize, then run the operation."""
        if request.header("Accept") and not acceptable(request.header("Accept")) and self.bug != "accept-ignored":
            raise RefusedError(406)
        bulk = self.negotiated(request)
        name, request = self.authenticated(request)
        kind, _, key = request.path.removeprefix(BASE).strip("/").partition("/")
        resource = RESOURCES.get(kind)
        if not request.path.startswith(BASE + "/") or resource is None or "/" in key:
            raise RefusedError(404)
        if name == "limited" and (request.method, kind) != ("GET", "people"):
            self.denied(request, resource)
        if request.method not in (("GET", "PATCH", "DELETE") if key else ("GET", "POST", "PATCH", "DELETE") if bulk else ("GET", "POST")):
            raise RefusedError(405)
        match request.method:
            case "GET":
                return self.one(resource, key, request) if key else self.listed(resource, request)
            case "POST":
                return self.created(resource, request, bulk)
            case "PATCH":
                return self.updated(resource, key, request, bulk)
            case _:
                return self.removed(resource, key, request, bulk)

    def negotiated(self, request: Call) -> bool:
        """Whether this is a bulk request; refuses a body of another media type."""
        sent = request.header("Content-Type")
        if not sent and (request.method == "GET" or (request.method == "DELETE" and not request.body)):
            return False
        kind, parameters = media_parts(sent)
        if kind == MEDIA and parameters in ([], ["ext=bulk"]):
            return bool(parameters)
        if (self.bug, request.method) == ("update-any-type", "PATCH") or (self.bug, request.method) == ("delete-any-type", "DELETE"):
            return False
        if self.bug == "create-form-500" and "form" in kind:
            raise RefusedError(500)
        raise RefusedError(415)

    def authenticated(self, request: Call) -> tuple[str, Call]:
        """Who calls, and the request with its organization; 401, 404 and 429 otherwise."""
        token, organization = request.header("X-Auth-Token"), request.header("X-Organization-Id")
        emptied = self.bug == "empty-token" and "X-Auth-Token" in request.headers and not token
        if emptied or ((self.bug, request.method) == ("delete-open", "DELETE") and token not in TOKENS):
            token, organization = CREDENTIALS["full"]["X-Auth-Token"], NORTH
        if self.bug == "token-prefix":
            token = next((known for known in TOKENS if token.startswith(known)), token)
        if token not in TOKENS:
            raise RefusedError(403 if token and self.bug == "wrong-token-403" else 401)
        name, own = TOKENS[token]
        if not organization and self.bug == "header-optional":
            organization = "*"
        elif organization != own and not (self.bug == "foreign-header" and organization in (NORTH, SOUTH)):
            raise RefusedError(404 if organization else 401)
        recent = [moment for moment in self.calls.get(token, []) if moment > time.monotonic() - 60]
        if self.limit and len(recent) >= self.limit:
            raise RefusedError(429)
        self.calls[token] = [*recent, time.monotonic()] if self.limit else []
        return name, replace(request, organization=organization)

    def denied(self, request: Call, resource: Resource) -> None:
        """Refuse what the limited token may not do."""
        if (self.bug, request.method) == ("limited-deletes", "DELETE"):
            return
        if (self.bug, request.method) == ("limited-created", "POST"):
            self.created(resource, request, False)
        raise RefusedError(404 if self.bug == "limited-404" and request.method == "GET" else 403)

    def find(self, resource: Resource, key: str, request: Call) -> Record:
        """The organization's record with this id, else 404."""
        row = self.records.get(key)
        if row is None and self.bug == "deleted-readable" and request.method == "GET":
            row = self.deleted.get(key)
        seen = (self.bug, request.method) in (("foreign-get", "GET"), ("foreign-update", "PATCH")) or request.organization == "*"
        if row is None or row.type != resource.name or not (seen or row.organization == request.organization):
            raise RefusedError(404, "Not Found" if self.bug == "not-found-title" else "")
        return row

    def shown(self, row: Record, request: Call) -> dict[str, Any]:
        """The resource object of a record, cut to the fields asked for."""
        asked = dict(request.query).get(f"fields[{row.type}]")
        fields = None if asked is None else asked.split(",")
        relations = {
            name: {"data": {"type": kind, "id": row.links[name]} if row.links.get(name) else None} for name, kind in RESOURCES[row.type].relations.items()
        }
        shown: dict[str, Any] = {"type": row.type, "id": row.id}
        shown["attributes"] = {name: value for name, value in row.attributes.items() if fields is None or name in fields}
        if kept := {name: value for name, value in relations.items() if fields is None or name in fields}:
            shown["relationships"] = kept
        return shown | {"links": {"self": f"{BASE}/{row.type}/{quote(row.id)}"}}

    def included(self, resource: Resource, rows: list[Record], request: Call) -> dict[str, object]:
        """The member `included`, if the request asks for it."""
        asked = dict(request.query).get("include")
        if asked is None:
            return {}
        found: list[Record] = []
        for path in filter(None, asked.split(",")):
            level, kind = rows, resource
            for step in path.split("."):
                if step not in kind.relations:
                    if self.bug == "include-unknown-taken":
                        break
                    raise unsupported("Filter", "Include", path, "include")
                level = [self.records[key] for row in level if (key := row.links.get(step)) and key in self.records]
                kind = RESOURCES[kind.relations[step]]
                found += level if self.bug == "included-repeated" else [row for place, row in enumerate(level) if row not in found and row not in level[:place]]
        return {"included": [self.shown(row, request) for row in found if row not in rows]}

    def one(self, resource: Resource, key: str, request: Call) -> Response:
        """The answer to a read of one record."""
        check_names(request, ("include",))
        row = self.find(resource, key, request)
        document: dict[str, Any] = {"data": self.shown(row, request)} | self.included(resource, [row], request)
        if self.bug == "included-missing":
            document.pop("included", None)
        if self.bug == "flat-attributes" and resource.name == "time_entries":
            document["data"] |= document["data"].pop("attributes")
        return Response(200, document)

    def listed(self, resource: Resource, request: Call) -> Response:
        """The answer to a list: filtered, sorted, cut, aggregated."""
        check_names(request, ("include", "sort", "aggregates", *(("group",) if self.bug == "group-ignored" else ())))
        filters = [(name, value) for name, value in request.query if name.startswith("filter")]
        leaks = request.organization == "*" or (self.bug == "foreign-filter" and filters and resource.name == "time_entries")
        rows = [row for row in reversed(self.records.values()) if row.type == resource.name and (leaks or row.organization == request.organization)]
        everything = rows
        tests = [self.test(resource, name, value) for name, value in filters]
        if self.bug == "last-filter-only":
            tests = tests[-1:]
        matching = [row for row in rows if all(self.holds(row, test) for test in tests)]
        ordered = matching if self.bug == "sort-page" else self.ordered(resource, matching, request)
        number, size = self.window(resource, request)
        page = self.cut(ordered, number, size, resource)
        if self.bug == "filter-after-page":
            page = [row for row in self.cut(self.ordered(resource, rows, request), number, size, resource) if row in matching]
        if self.bug == "sort-page":
            page = self.ordered(resource, page, request)
        document: dict[str, Any] = {"data": [self.shown(row, request) for row in page]} | self.included(resource, page, request)
        meta: dict[str, Any] = {"total_count": len(page) if self.bug == "total-of-page" else len(matching)} if "meta" in resource.tells else {}
        summed = page if self.bug == "aggregate-page" else everything if self.bug == "aggregate-unfiltered" else matching
        if aggregates := self.aggregates(resource, summed, request):
            meta |= aggregates if self.bug == "aggregate-flat" else {"aggregates": aggregates}
        more = number * size < len(matching) or self.bug == "next-forever"
        links = {"links": page_links(request, number, size, more)} if "links" in resource.tells else {}
        return Response(200, document | links | ({"meta": meta} if meta else {}))

    def window(self, resource: Resource, request: Call) -> tuple[int, int]:
        """Page number and size; what is no number from 1 on is refused, a size over 50 is cut to 50."""
        values = {"page[number]": 1, "page[size]": resource.size}
        for name, value in request.query:
            if name in values:
                if self.bug == "page-word-500" and not value.isdigit():
                    values[name] = int(value)
                if not re.fullmatch(r"0*[1-9]\d{0,8}", value, re.ASCII):
                    raise unsupported("Filter Value", "Page", value, name)
                values[name] = int(value) + (self.bug == "page-from-zero" and name == "page[number]")
        size = 20 if self.bug == "people-unpaged" and resource.name == "people" else values["page[size]"]
        return values["page[number]"], min(size, 50)

    def cut(self, rows: list[Record], number: int, size: int, resource: Resource) -> list[Record]:
        """The rows of one page."""
        start = (number - 1) * size
        if self.bug == "pages-overlap" and start:
            start -= 1
        page = rows[start : start + size + (1 if self.bug == "size-plus-one" and resource.name == "projects" else 0)]
        return [] if self.bug == "last-page-lost" and start and len(page) < size else page

    def test(self, resource: Resource, name: str, value: str) -> tuple[str, str, str, Any]:
        """A filter parameter as attribute, kind, operation and wanted value."""
        found = re.fullmatch(r"filter\[([^\[\]]*)\](?:\[([^\[\]]*)\])?", name)
        if self.bug == "plain-500" and not found:
            raise ValueError(name)
        attribute, operation = (found[1], found[2]) if found else (name, None)
        kind = resource.attributes.get(attribute) or ("id" if attribute == "id" or attribute.removesuffix("_id") in resource.relations else "")
        if attribute in resource.relations or not kind:
            if self.bug == "unknown-filter-ignored" and resource.name == "companies":
                return "id", "id", "not_eq", ""
            raise unsupported("Filter", "Filter", "undefined" if self.bug == "filter-undefined" else attribute, name)
        if operation is not None and (not resource.operations or operation not in OPERATIONS[kind]):
            raise unsupported("Filter", "Filter", f"{attribute}[{operation}]", name)
        if self.bug == "eq-ignored" and operation == "eq":
            return "id", "id", "not_eq", ""
        return attribute, kind, operation or "eq", self.wanted(kind, value, name)

    def wanted(self, kind: str, value: str, name: str) -> Any:
        """The value to compare with, else 400."""
        if kind == "number":
            if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", value, re.ASCII):
                return float(value)
            if self.bug == "bad-number-empty":
                return float("nan")
        elif kind == "date":
            if is_date(value):
                return value
            if self.bug == "bad-date-500":
                datetime.date.fromisoformat(value)
        elif kind != "flag":
            return value
        elif value in ("true", "false"):
            return value == "true"
        raise unsupported("Filter Value", "Value", value, name)

    def holds(self, row: Record, test: tuple[str, str, str, Any]) -> bool:
        """Whether a record passes one filter; nothing compares with null but not_eq and not_contain."""
        attribute, kind, operation, wanted = test
        value = row.id if attribute == "id" else row.links.get(attribute.removesuffix("_id")) if kind == "id" else row.attributes.get(attribute)
        if (self.bug == "false-ignored" and wanted is False) or (self.bug == "projects-unfiltered" and (row.type, attribute) == ("projects", "company_id")):
            return True
        if self.bug == "not-eq-id" and kind == "id" and operation == "not_eq" and wanted:
            operation = "eq"
        if value is None:
            return operation in ("not_eq", "not_contain")
        if self.bug == "gt-text" and kind == "number" and operation == "gt":
            return str(value) > f"{wanted:g}"
        operation = SWAPS.get((self.bug, kind, operation)) or SWAPS.get((self.bug, "", operation)) or operation
        match operation:
            case "eq":
                return bool(value == wanted) or (self.bug == "eq-prefix" and kind == "text" and value.startswith(wanted))
            case "not_eq":
                return bool(value != wanted) or (self.bug == "not-eq-number" and kind == "number")
            case "contains":
                return value.lower().startswith(wanted.lower()) if self.bug == "contains-prefix" else wanted.lower() in value.lower()
            case "not_contain":
                return not (value.lower().startswith(wanted.lower()) if self.bug == "not-contain-prefix" else wanted.lower() in value.lower())
            case "gt":
                return bool(value > wanted)
            case "gt_eq":
                return bool(value >= wanted)
            case "lt":
                return bool(value < wanted)
            case _:
                return bool(value <= wanted)

    def ordered(self, resource: Resource, rows: list[Record], request: Call) -> list[Record]:
        """The rows in the order asked for; null comes last, the newest first without a sort."""
        for key in reversed([key for name, value in request.query if name == "sort" for key in value.split(",")]):
            attribute, falling = key.removeprefix("-"), key.startswith("-")
            if attribute not in resource.attributes or (self.bug == "minus-refused" and falling and resource.name == "people"):
                if self.bug == "unknown-sort-ignored" or (self.bug == "unknown-minus-ignored" and falling):
                    continue
                raise unsupported("Sort", "Sort by", "unsupported" if self.bug == "sort-detail" else attribute, "sort")
            if self.bug == "minus-ignored" and resource.attributes[attribute] == "date":
                falling = False
            text = self.bug == "sort-text"
            filled = [row for row in rows if row.attributes.get(attribute) is not None]
            empty = [row for row in rows if row.attributes.get(attribute) is None]
            ranks = {row.id: str(row.attributes[attribute]) if text else row.attributes[attribute] for row in filled}
            rows = sorted(filled, key=lambda row, ranks=ranks: ranks[row.id], reverse=falling) + empty  # type: ignore[misc]
        return rows

    def aggregates(self, resource: Resource, rows: list[Record], request: Call) -> dict[str, object]:
        """The sums asked for."""
        sums: dict[str, object] = {}
        for name in [name for key, value in request.query if key == "aggregates" for name in value.split(",")]:
            if name in resource.aggregates:
                sums[name] = sum(row.attributes[name] or 0 for row in rows)
            elif self.bug == "unknown-aggregate-null":
                sums[name] = None
            else:
                raise unsupported("Filter" if self.bug == "unknown-aggregate-title" else "Aggregate", "Aggregate", name, "aggregates")
        return sums

    def members(self, request: Call, bulk: bool) -> list[Any]:
        """The resource objects of the body: one, or an array of them in a bulk request."""
        try:
            document = json.loads(request.body)
        except (ValueError, RecursionError):
            raise invalid("The body is not JSON", "") from None
        if isinstance(document, list) and self.bug == "array-body-500":
            raise TypeError(document)
        data = document.get("data") if isinstance(document, dict) else None
        if isinstance(data, list) and data and (bulk or self.bug == "bulk-unmarked"):
            return data
        if not isinstance(data, dict) or bulk:
            raise invalid("must be an array of resources" if bulk else "must be a resource", "/data")
        return [data]

    def checked(self, resource: Resource, member: Any, place: str, row: Record | None, request: Call) -> Record:
        """The record a resource object describes: a new one, or a changed copy of `row`; else 409 or 422."""
        if not isinstance(member, dict):
            raise invalid("must be a resource", place)
        if member.get("type") != resource.name and not (self.bug == "wrong-type-created" and row is None and resource.name == "people"):
            raise RefusedError(409, source={"pointer": f"{place}/type"})
        attributes, relations = member.get("attributes", {}), member.get("relationships", {})
        if self.bug == "null-attributes-500" and attributes is None:
            raise TypeError(place)
        if not isinstance(attributes, dict) or not isinstance(relations, dict):
            raise invalid("must be an object", place)
        problems = [problem for name, value in attributes.items() if (problem := self.wrong_attribute(resource, name, value))]
        links: dict[str, str | None] = dict.fromkeys(resource.relations) if row is None else dict(row.links)
        for name, value in relations.items():
            try:
                links[name] = self.target(resource, name, value, request)
            except KeyError:
                problems.append((name, "is not a known relationship or record"))
        values = dict.fromkeys(resource.attributes) if row is None else dict(row.attributes)
        bad = {name for name, _ in problems}
        values |= {name: value for name, value in attributes.items() if name not in bad}
        present = {**values, **links}
        problems += [(name, "can't be blank") for name in resource.required if name not in bad and self.blank(present.get(name))]
        if problems:
            if self.bug == "invalid-applied" and row is not None:
                row.attributes = values
            refusal = invalid("", "")
            kinds = {name: "relationships" if name in resource.relations else "attributes" for name, _ in problems}
            refusal.problems = [("Invalid Attribute", text, {"pointer": f"{place}/{kinds[name]}/{name}"}) for name, text in problems]
            raise refusal
        return Record(row.id if row else "", resource.name, request.organization, values, links)

    def blank(self, value: object) -> bool:
        """Whether a required value is missing."""
        return value is None or (isinstance(value, str) and not value.strip() and self.bug != "blank-taken")

    def wrong_attribute(self, resource: Resource, name: str, value: object) -> tuple[str, str] | None:
        """What is wrong with one attribute, if anything."""
        if name not in resource.attributes:
            return name, "is not an attribute"
        if value is None or kind_fits(resource.attributes[name], value):
            return None
        if self.bug == "kind-unchecked" and resource.attributes[name] == "number" and isinstance(value, str):
            return None
        return name, f"is not a {resource.attributes[name]}"

    def target(self, resource: Resource, name: str, value: Any, request: Call) -> str | None:
        """The id a relationship points to; KeyError where there is no such record."""
        data = value["data"] if isinstance(value, dict) and name in resource.relations and "data" in value else name
        if data is None:
            return None
        key = data.get("id") if isinstance(data, dict) and data.get("type") == resource.relations.get(name) else None
        row = self.records[key if isinstance(key, str) else ""]
        if row.type != resource.relations[name] or row.organization != request.organization:
            raise KeyError(name)
        return key

    def created(self, resource: Resource, request: Call, bulk: bool) -> Response:
        """Store one or several new records, all or none."""
        members = self.members(request, bulk)
        rows: list[Record] = []
        for place, member in enumerate(members):
            pointer = f"/data/{place}" if len(members) > 1 or bulk else "/data"
            own = isinstance(member, dict) and "id" in member
            if own and not (self.bug == "client-id-kept" and resource.name == "companies"):
                raise RefusedError(403, detail="The id of a new record is not the client's to choose", source={"pointer": f"{pointer}/id"})
            row = self.checked(resource, member, pointer, None, request)
            row.id = str(member["id"]) if own else self.fresh_id(resource)
            rows.append(row)
            if self.bug == "bulk-partial":
                self.records[row.id] = row
        self.records |= {row.id: row for row in (rows[:1] if self.bug == "bulk-first" else rows)}
        shown = [self.shown(row, request) for row in rows]
        if self.bug == "number-id-on-create" and not resource.uuids:
            shown[0]["id"] = int(shown[0]["id"])
        media = "application/json" if self.bug == "json-on-create" else MEDIA
        if bulk or len(rows) > 1:
            return Response(201, {"data": shown}, media=media)
        status = 200 if self.bug == "create-200" and resource.name == "projects" else 201
        return Response(status, {"data": shown[0]}, (("Location", f"{BASE}/{resource.name}/{quote(rows[0].id)}"),), media)

    def fresh_id(self, resource: Resource) -> str:
        """An id nobody has had."""
        self.number += 7
        return str(uuid.uuid4()) if resource.uuids else str(self.number)

    def updated(self, resource: Resource, key: str, request: Call, bulk: bool) -> Response:
        """Change one or several records, all or none; what isn't sent stays."""
        if key and bulk:
            raise invalid("Bulk requests go to the collection", "")
        if key and key not in self.records and self.bug == "unknown-update-422":
            raise invalid("is unknown", "/data/id")
        rows = [self.find(resource, key, request)] if key else []
        members = self.members(request, bulk)
        changed: list[tuple[Record, Record]] = []
        for place, member in enumerate(members):
            pointer = f"/data/{place}" if bulk else "/data"
            own = member.get("id") if isinstance(member, dict) else None
            if not isinstance(own, str):
                raise invalid("must be the id of the record", f"{pointer}/id")
            if key and own != key:
                raise RefusedError(409, source={"pointer": f"{pointer}/id"})
            row = rows[0] if rows else self.find(resource, own, request)
            changed.append((row, self.checked(resource, member, pointer, row, request)))
        for row, copy in changed:
            row.attributes, row.links = copy.attributes, copy.links
        shown = [self.shown(row, request) for row, _ in changed]
        if self.bug == "type-missing-on-update":
            del shown[0]["type"]
        return Response(200, {"data": shown if bulk else shown[0]})

    def removed(self, resource: Resource, key: str, request: Call, bulk: bool) -> Response:
        """Delete one or several records, all or none; what points to them points to nothing then."""
        if key and key not in self.records and self.bug == "unknown-delete-204":
            return Response(204)
        if bulk and key:
            raise invalid("Bulk requests go to the collection", "")
        keys = [key] if key else [str(member.get("id")) if isinstance(member, dict) else "" for member in self.members(request, bulk)]
        for row in [self.find(resource, each, request) for each in keys]:
            self.deleted[row.id] = row
            self.records.pop(row.id, None)
        for row in self.records.values():
            row.links |= {name: None for name, target in row.links.items() if target in keys}
        return Response(204)


def unsupported(title: str, word: str, value: str, parameter: str) -> RefusedError:
    """The refusal of a query parameter."""
    return RefusedError(400, f"Unsupported {title}", f"{word} '{value}' is not supported on this endpoint", {"parameter": parameter})


def invalid(detail: str, pointer: str) -> RefusedError:
    """The refusal of a body or of one member of it."""
    return RefusedError(422, "Invalid Attribute", detail, {"pointer": pointer})


def check_names(request: Call, known: tuple[str, ...]) -> None:
    """Refuse query parameters that JSON:API reserves and this endpoint doesn't know."""
    for name, value in request.query:
        if name == "group" and name not in known:
            raise unsupported("Group", "Group", value, name)
        listing = "sort" in known and (name.startswith("filter") or name in ("page[number]", "page[size]"))
        if name not in known and not listing and not name.startswith("fields["):
            raise unsupported("Filter", "Parameter", name, name)


def page_links(request: Call, number: int, size: int, more: bool) -> dict[str, str]:
    """Links to this page and, if there is one, the next."""
    rest = [(name, value) for name, value in request.query if not name.startswith("page[")]

    def link(page: int) -> str:
        return f"http://{request.header('Host')}{request.path}?{urlencode([*rest, ('page[number]', page), ('page[size]', size)])}"

    return {"self": link(number)} | ({"next": link(number + 1)} if more else {})


def serve(bug: str = "", port: int = 0, limit: int = 0) -> Served:
    """Start it with one of BUGS or none; `limit` requests a minute for each token (0: no limit)."""
    if bug and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}; known are {', '.join(BUGS)}")
    return Served(Productive(bug, limit).answer, port)
