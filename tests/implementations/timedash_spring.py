"""Timedash as a Spring-like team would write it: uuids, a page object with `content`, the error under `error`, everything validated.

The oldest record comes first in a list, `sort=name,desc` sorts, a size out of bounds is refused, PUT replaces the whole record,
unknown members and parameters are refused, POST is 201, DELETE is 200 with nothing, and the key is looked at before the path.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.implementations.serving import Reply, Request, Served

CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"username": "td-7c1e9b52-admin", "password": ""},
    "second": {"username": "td-e0438f6a-admin", "password": ""},
    "limited": {"username": "td-51d2aa90-field", "password": ""},
    "other": {"username": "td-b96f03c7-admin", "password": ""},
}

TARGET: str = ""

CREATE: dict[str, dict[str, object]] = {
    "assignments": {"title": "Inspect the boiler", "timestamp": "2024-06-03T10:00:00Z", "durationMinutes": 75},
    "contacts": {"firstName": "Ilse", "lastName": "Brandt", "email": "ilse@brandt.example"},
    "agreements": {"title": "Winter service", "startsOn": "2024-11-01", "monthlyHours": 12.5},
}

BUGS: dict[str, str] = {
    "agreement-unreadable": "rest.resources: an agreement is listed but cannot be read by its id",
    "contacts-elsewhere": "rest.resources: contacts are at /people",
    "preflight-items-403": "cors.preflight: the preflight for one record is 403",
    "preflight-content-type-only": "cors.preflight: of the headers only Content-Type is allowed",
    "preflight-put-refused": "cors.preflight: a preflight for PUT is 403",
    "cors-own-origin": "cors.actual: Access-Control-Allow-Origin always names the own web interface",
    "cors-not-on-401": "cors.actual: the 401 has no Access-Control-Allow-Origin",
    "put-empty": "content.json: PUT answers 200 with nothing",
    "405-html": "content.json: the 405 is an HTML page",
    "json-trailing": "content.json: the list of assignments ends in a comma",
    "delete-echo": "delete.empty: DELETE of an assignment answers with the record",
    "delete-null": "delete.empty: DELETE answers null",
    "empty-password": "auth.basic: an empty password is refused",
    "delete-wants-header": "auth.basic: DELETE wants the key in X-Api-Key",
    "list-token-query": "auth.basic: lists take the key from the query only",
    "latest-key-wins": "auth.multiple-keys: using one key makes the other keys of the account invalid for writing",
    "second-key-reads-only": "auth.multiple-keys: the second key gets 401 on POST",
    "shortened-key": "auth.required: only the first eight characters of a key are compared",
    "open-items": "auth.required: one record can be read without a key",
    "missing-key-403": "auth.required: no key at all is 403",
    "empty-key": "auth.required: an empty user name with a password works",
    "refused-put-applied": "auth.required: PUT with a wrong key is 401 and applied",
    "field-key-lists": "auth.forbidden: a field key may list agreements, though not read one",
    "field-key-creates": "auth.forbidden: a field key's POST of a contact is 403 and creates it",
    "field-key-404": "auth.forbidden: a field key gets 404 where it should get 403",
    "plain-http-works": "transport.https: POST over plain HTTP works",
    "long-text-500": "status.classes: a title that the column cannot hold is 500",
    "null-body-500": "status.classes: null as the body is 500",
    "sort-unknown-500": "status.classes: sort by an unknown property is 500",
    "error-200": "status.classes: the 400 of a contact is sent as 200",
    "conflict-409": "status.documented: DELETE of what is already deleted is 409",
    "invalid-422": "status.documented: a value out of its range is 422",
    "error-array": 'error.object: refused members come as {"errors": [...two...]}',
    "error-problem": "error.object: the 404 is {status, title, path} without the Error object",
    "405-message": "error.object: the 405 holds a message but no type",
    "type-authentication": "error.type: the 401 has the type authentication_error",
    "type-on-delete": "error.type: the 404 of a DELETE has the type NOT_FOUND",
    "size-is-api-error": "error.type-meaning: a refused size gives api_error",
    "missing-is-api-error": "error.type-meaning: a missing member on PUT gives api_error",
    "param-path": "error.param: param is createContactRequest.body, whatever was wrong",
    "param-size": "error.param: param says limit where size was wrong",
    "put-missing-kept": "error.bad-request: PUT without the required members is 200",
    "missing-title-created": "error.bad-request: an agreement without a title is refused with 400, and created",
    "missing-404": "error.bad-request: an assignment without a timestamp is 404",
    "failed-is-500": "error.request-failed: what should be 402 is 500",
    "deleted-still-read": "error.not-found: a deleted contact can still be read",
    "unknown-null": "error.not-found: an unknown assignment is 200 with null",
    "unknown-put-200": "error.not-found: PUT to an unknown contact is 200",
    "other-account-read": "error.not-found: a record of another account can be read by its id",
    "limit-triple": "rate.limit: three times as many requests pass",
    "limit-items-free": "rate.limit: requests for one record do not count",
    "limit-by-account": "rate.per-key: keys of one account share a counter",
    "limit-html": "rate.message: the 429 is an HTML page",
    "limit-refused-count": "rate.recovers: the first request after the window is refused too",
    "contacts-items": "list.common: contacts come under items, the others under content",
    "assignments-by-id": "list.common: the content of assignments is an object by id",
    "size-one-is-two": "page.size: size=1 gives two",
    "size-in-total-only": "page.size: size has no effect together with a filter",
    "size-agreements-five": "page.size: agreements come five at most",
    "default-25": "page.default: without size, 25",
    "default-10": "page.default: without size, 10",
    "size-negative-cut": "page.bounds: size=-1 gives all but the last",
    "size-zero-500": "page.bounds: size=0 is 500",
    "size-unbounded": "page.bounds: any size over 100 is honoured",
    "page-from-one": "page.zero-based: page=1 is the first page",
    "page-zero-empty": "page.zero-based: page=0 is empty",
    "second-page-gap": "page.walk: the second page leaves one out",
    "second-page-repeats": "page.walk: the second page begins with the last of the first",
    "last-page-lost": "page.walk: a last page that would be short is empty",
    "past-end-400": "page.walk: the page past the end is 400",
    "past-end-first": "page.walk: past the end the first page comes again",
    "filter-contains": "filter.equality: text that contains the value is kept",
    "filter-or": "filter.equality: several filters combine with or",
    "filter-id-ignored": "filter.equality: the filter by id has no effect",
    "filter-bool-true": "filter.equality: every value of a boolean filter is taken for true",
    "filter-agreements": "filter.equality: agreements cannot be filtered",
    "filter-first-twenty": "filter.pages: only the first page's worth of records is looked through",
    "filter-page-loses": "filter.pages: pages are counted over all records, though only equal ones are shown",
    "sort-descending-by-id": "sort.both: descending order sorts by id",
    "sort-reverses": "sort.both: descending order is the default order reversed",
    "sort-contacts": "sort.both: contacts cannot be sorted",
    "metadata-on-update-lost": "metadata.roundtrip: PUT empties metadata",
    "metadata-trimmed": "metadata.roundtrip: values lose spaces at their ends",
    "metadata-ascii": "metadata.roundtrip: letters outside ASCII become question marks",
    "keys-21": "metadata.keys: 21 keys are accepted",
    "keys-unchecked-on-put": "metadata.keys: PUT takes any number of keys",
    "keys-refused-created": "metadata.keys: a POST with 21 keys is refused, and creates the record without metadata",
    "key-39": "metadata.key-length: 40 characters are refused",
    "key-utf16": "metadata.key-length: characters outside the basic plane count twice",
    "key-unchecked-on-put": "metadata.key-length: PUT takes names of any length",
    "value-cut": "metadata.value-length: values are cut to 500",
    "value-bytes": "metadata.value-length: bytes are counted, not characters",
    "value-499": "metadata.value-length: 500 characters are refused",
}

KEYS = {"td-7c1e9b52-admin": "north", "td-e0438f6a-admin": "north", "td-51d2aa90-field": "north", "td-b96f03c7-admin": "south"}
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One property of a resource: how to read it from text, whether a value will do, and whether it must be given."""

    kind: type
    valid: Callable[[Any], bool] = lambda _: True
    required: bool = False
    default: object = None


def matches(pattern: str) -> Callable[[Any], bool]:
    """Accept text that the whole pattern matches."""
    return lambda value: re.fullmatch(pattern, value) is not None


def instant(value: str) -> bool:
    """Accept a moment in UTC in whole seconds, or a day."""
    try:
        datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ" if "T" in value else "%Y-%m-%d")
    except ValueError:
        return False
    return len(value) in (10, 20)


TEXT = matches(r"(?s)(?=.*\S).{1,255}")
MEMBERS: dict[str, dict[str, Member]] = {
    "assignments": {
        "title": Member(str, TEXT, True),
        "timestamp": Member(str, lambda value: instant(value) and len(value) == 20, True),
        "durationMinutes": Member(int, lambda value: 0 <= value <= 1440, True),
        "invoiced": Member(bool, default=False),
        "rate": Member(float, lambda value: 0 <= value <= 1e6),
    },
    "contacts": {
        "firstName": Member(str, TEXT, True),
        "lastName": Member(str, TEXT, True),
        "email": Member(str, matches(r"[^@\s]+@[^@\s]+\.[^@\s]+"), True),
        "phone": Member(str, matches(r"[+0-9 ()/-]{3,30}")),
    },
    "agreements": {
        "title": Member(str, TEXT, True),
        "startsOn": Member(str, lambda value: instant(value) and len(value) == 10, True),
        "monthlyHours": Member(float, lambda value: 0 <= value <= 744, True),
        "status": Member(str, matches("DRAFT|SIGNED"), default="DRAFT"),
    },
}
READ_ONLY = {"id": Member(str), "createdAt": Member(str), "version": Member(int)}
SEED: dict[str, list[Record]] = {
    "assignments": [
        {"title": what, "timestamp": f"2024-05-{day}T08:30:00Z", "durationMinutes": minutes, "invoiced": day % 3 == 0, "rate": rate}
        for day, what, minutes, rate in [(11, "Gutter", 9, 55), (12, "Roof", 240, 61.5), (14, "Chimney", 100, None), (15, "Fence", 60, 55), (17, "Lamp", 20, 4)]
    ],
    "contacts": [
        {"firstName": first, "lastName": last, "email": f"{first}.{last}@mail.example".lower(), "phone": phone}
        for first, last, phone in [("Ada", "Kern", None), ("Ben", "Kern", "+49 30 555"), ("Ula", "Oz", None), ("Jon", "Abel", "0664 555"), ("Mia", "Zo", None)]
    ],
    "agreements": [
        {"title": title, "startsOn": day, "monthlyHours": hours, "status": status}
        for title, day, hours, status in [
            ("Grounds", "2023-01-01", 9, "SIGNED"), ("Snow", "2023-12-01", 30, "SIGNED"), ("Lifts", "2024-02-15", 4.25, "DRAFT"),
            ("Roofs", "2024-03-01", 100, "DRAFT"), ("Gates", "2022-07-01", 2, "SIGNED"), ("Pools", "2024-05-01", 16, "DRAFT"),
            ("Paths", "2024-01-10", 11, "DRAFT"),
        ]
    ],
}  # fmt: skip


class ApiError(Exception):
    """An answer with an Error object."""

    def __init__(self, status: int, message: str, param: str = "", kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.kind = status, message, param, kind


class Timedash:
    """The service: its repositories, its keys and one of the BUGS, or none."""

    def __init__(self, bug: str, limit: int, window: float, tls: bool) -> None:
        self.bug, self.limit, self.window, self.tls = bug, limit, window, tls
        self.lock = threading.Lock()
        self.calls: dict[str, deque[float]] = {}
        self.latest: dict[str, str] = {}
        self.deleted: dict[str, Record] = {}
        self.rows: dict[str, list[Record]] = {name: [] for name in MEMBERS}
        for name, records in SEED.items():
            for record in records:
                self.save(name, "north", record | {"metadata": {}})
            self.save(name, "south", records[-1] | {"metadata": {}})

    def answer(self, request: Request) -> Reply:
        """Answer one request, errors and cross-origin headers included."""
        with self.lock:
            try:
                reply = self.filter_chain(request)
            except ApiError as error:
                reply = self.error(request, error)
        origin = request.header("Origin")
        if origin and not (self.bug == "cors-not-on-401" and reply.status == 401):
            reply.headers["Access-Control-Allow-Origin"] = "https://app.timedash.app" if self.bug == "cors-own-origin" else origin
            reply.headers["Access-Control-Allow-Credentials"] = "true"
        reply.headers |= {"Vary": "Origin", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return reply

    def json(self, status: int, body: object, **headers: str) -> Reply:
        return Reply(status, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json;charset=UTF-8", **headers})

    def error(self, request: Request, error: ApiError) -> Reply:
        kind, status, param, method = error.kind, error.status, error.param, request.method
        if self.bug == "type-authentication" and status == 401:
            kind = "authentication_error"
        if self.bug == "type-on-delete" and status == 404 and method == "DELETE":
            kind = "NOT_FOUND"
        if self.bug == "size-is-api-error" and param == "size":
            kind = "api_error"
        if self.bug == "missing-is-api-error" and method == "PUT" and error.message == f"{param} is required.":
            kind = "api_error"
        if param and self.bug == "param-path":
            param = "createContactRequest.body"
        if param == "size" and self.bug == "param-size":
            param = "limit"
        inner = {"type": kind, "message": error.message} | ({"param": param} if param else {})
        body: Record = {"error": inner, "status": status, "path": request.path}
        if self.bug == "error-array" and status == 400 and method in ("POST", "PUT"):
            body = {"errors": [inner, inner]}
        if self.bug == "error-problem" and status == 404:
            body = {"status": 404, "title": "Not Found", "path": request.path}
        if self.bug == "405-message" and status == 405:
            body = {"error": {"message": error.message}}
        if self.bug == "error-200" and status == 400 and request.path.startswith("/contacts") and method == "POST":
            status = 200
        if (self.bug == "405-html" and status == 405) or (self.bug == "limit-html" and status == 429):
            return Reply(status, f"<html><body>{error.message}</body></html>".encode(), {"Content-Type": "text/html;charset=UTF-8"})
        extra = {"WWW-Authenticate": 'Basic realm="Timedash", charset="UTF-8"'} if status == 401 else {}
        if status == 405:
            extra = {"Allow": error.message.split(": ")[1]}
        return self.json(status, body, **extra)

    def filter_chain(self, request: Request) -> Reply:
        method, parts = "GET" if request.method == "HEAD" else request.method, request.path.removeprefix("/").split("/")
        if self.tls and not request.secure and not (self.bug == "plain-http-works" and method == "POST"):
            raise ApiError(403, "Only HTTPS is served.")
        if self.bug == "contacts-elsewhere":
            parts[0] = {"contacts": "nowhere", "people": "contacts"}.get(parts[0], parts[0])
        if method == "OPTIONS" and request.header("Origin") and request.header("Access-Control-Request-Method"):
            return self.preflight(request, parts)
        try:
            key = self.authenticate(request, method, parts)
        except ApiError:
            if self.bug == "refused-put-applied" and method == "PUT" and len(parts) == 2:
                self.replace(request, parts[0], self.find(parts[0], parts[1], "north", method))
            raise
        self.throttle(key, parts)
        self.authorize(request, key, method, parts)
        allowed = "GET, HEAD" if parts == ["account"] else ""
        if parts[0] in MEMBERS:
            allowed = {1: "GET, HEAD, POST", 2: "GET, HEAD, PUT, DELETE"}.get(len(parts), "") if parts[-1] else ""
        if not allowed:
            raise ApiError(404, "No such path.")
        if method == "OPTIONS":
            return Reply(200, b"", {"Allow": allowed})
        if method not in allowed.split(", "):
            raise ApiError(405, f"Not allowed here; allowed are: {allowed}")
        if parts == ["account"]:
            return self.json(200, {"id": str(uuid.uuid5(uuid.NAMESPACE_DNS, KEYS[key])), "name": f"Facility {KEYS[key]}", "seats": 4, "currency": "CHF"})
        return self.collection(request, method, parts[0], KEYS[key]) if len(parts) == 1 else self.item(request, method, parts[0], parts[1], KEYS[key])

    def preflight(self, request: Request, parts: list[str]) -> Reply:
        method = request.header("Access-Control-Request-Method")
        refused = (self.bug == "preflight-items-403" and len(parts) == 2) or (self.bug == "preflight-put-refused" and method == "PUT")
        if method not in ("GET", "HEAD", "POST", "PUT", "DELETE") or refused:
            raise ApiError(403, "Invalid CORS request.")
        names = "content-type" if self.bug == "preflight-content-type-only" else "authorization, content-type, accept"
        headers = {"Access-Control-Allow-Methods": "GET,HEAD,POST,PUT,DELETE", "Access-Control-Allow-Headers": names, "Access-Control-Max-Age": "1800"}
        return Reply(200, b"", headers)

    def authenticate(self, request: Request, method: str, parts: list[str]) -> str:
        scheme, _, token = request.header("Authorization").partition(" ")
        text = ""
        if scheme.lower() == "basic":
            try:
                text = base64.b64decode(token.strip(), validate=True).decode()
            except ValueError:
                raise ApiError(401, "The Authorization header is malformed.") from None
        key, colon, password = text.partition(":")
        if not colon or (self.bug == "empty-password" and not password):
            key = ""
        if self.bug == "delete-wants-header" and method == "DELETE":
            key = request.header("X-Api-Key")
        if self.bug == "list-token-query" and method == "GET" and len(parts) == 1:
            key = dict(request.query).get("token", "")
        if self.bug == "shortened-key" and len(key) >= 8:
            key = next((known for known in KEYS if known[:8] == key[:8]), key)
        if (self.bug == "open-items" and not text and method == "GET" and len(parts) == 2) or (self.bug == "empty-key" and not key and password):
            return next(iter(KEYS))
        if self.bug == "latest-key-wins" and key in KEYS:
            if method != "GET" and self.latest.get(KEYS[key], key) != key:
                key = ""
            elif method == "GET":
                self.latest[KEYS[key]] = key
        if self.bug == "second-key-reads-only" and key == CREDENTIALS["second"]["username"] and method == "POST":
            key = ""
        if key not in KEYS:
            raise ApiError(403 if self.bug == "missing-key-403" and not scheme else 401, "Full authentication is required.")
        return key

    def throttle(self, key: str, parts: list[str]) -> None:
        if not self.limit or (self.bug == "limit-items-free" and len(parts) == 2):
            return
        now, calls = time.monotonic(), self.calls.setdefault(KEYS[key] if self.bug == "limit-by-account" else key, deque())
        full = len(calls) >= self.limit
        while calls and now - calls[0] >= self.window:
            calls.popleft()
        if len(calls) >= self.limit * (3 if self.bug == "limit-triple" else 1) or (full and self.bug == "limit-refused-count"):
            raise ApiError(429, f"Limit of {self.limit} requests exceeded.", kind="api_error")
        calls.append(now)

    def authorize(self, request: Request, key: str, method: str, parts: list[str]) -> None:
        """Field keys write assignments, read contacts and the account, and have nothing to do with agreements."""
        if not key.endswith("-field") or parts[0] == "assignments" or (method in ("GET", "OPTIONS") and parts[0] != "agreements"):
            return
        if self.bug == "field-key-lists" and method == "GET" and len(parts) == 1:
            return
        if self.bug == "field-key-creates" and method == "POST" and parts == ["contacts"]:
            self.collection(request, method, "contacts", KEYS[key])
        raise ApiError(404 if self.bug == "field-key-404" else 403, "Access is denied.")

    def collection(self, request: Request, method: str, table: str, account: str) -> Reply:
        if method == "GET":
            return self.page(request, table, account)
        try:
            record = self.read(request, table)
        except ApiError as error:
            created = (self.bug == "missing-title-created" and table == "agreements" and error.param == "title") or (
                self.bug == "keys-refused-created" and "20 keys" in error.message
            )
            if created:
                given = {name: json.loads(request.body).get(name, member.default) for name, member in MEMBERS[table].items()}
                self.save(table, account, given | {"metadata": {}})
            raise
        record = self.save(table, account, record)
        return self.json(201, view(record), Location=f"/{table}/{record['id']}")

    def item(self, request: Request, method: str, table: str, key: str, account: str) -> Reply:
        if self.bug == "unknown-null" and method == "GET" and table == "assignments" and not self.lookup(table, key, account):
            return self.json(200, None)
        if self.bug == "unknown-put-200" and method == "PUT" and table == "contacts" and not self.lookup(table, key, account):
            return self.json(200, self.read(request, table))
        record = self.find(table, key, account, method)
        if method == "GET":
            if self.bug == "agreement-unreadable" and table == "agreements":
                raise ApiError(404, "There is no such record.")
            return self.json(200, view(record))
        if method == "PUT":
            self.replace(request, table, record)
            return Reply(200, b"", {"Content-Type": "application/json"}) if self.bug == "put-empty" else self.json(200, view(record))
        self.rows[table].remove(record)
        self.deleted[record["id"]] = record
        if self.bug == "delete-null" or (self.bug == "delete-echo" and table == "assignments"):
            return self.json(200, view(record) if self.bug == "delete-echo" else None)
        return Reply(200)

    def lookup(self, table: str, key: str, account: str) -> Record | None:
        foreign = self.bug == "other-account-read"
        return next((row for row in self.rows[table] if row["id"] == key and (foreign or row["_account"] == account)), None)

    def find(self, table: str, key: str, account: str, method: str) -> Record:
        record = self.lookup(table, key, account)
        if record and (method == "GET" or record["_account"] == account):
            return record
        if self.bug == "deleted-still-read" and method == "GET" and table == "contacts" and key in self.deleted:
            return self.deleted[key]
        raise ApiError(409 if self.bug == "conflict-409" and method == "DELETE" and key in self.deleted else 404, "There is no such record.")

    # Writing

    def save(self, table: str, account: str, values: Record) -> Record:
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        record = {"id": str(uuid.uuid4()), **values, "createdAt": now, "version": 0, "_account": account}
        self.rows[table].append(record)
        return record

    def replace(self, request: Request, table: str, record: Record) -> None:
        values = self.read(request, table, record)
        if record.get("status") == "SIGNED" and values.get("status") == "DRAFT":
            raise ApiError(500 if self.bug == "failed-is-500" else 402, "A signed agreement cannot become a draft.", kind="api_error")
        if self.bug == "metadata-on-update-lost":
            values["metadata"] = {}
        record |= values | {"version": record["version"] + 1}

    def read(self, request: Request, table: str, old: Record | None = None) -> Record:
        """Read and validate a whole record; `old` is there where it replaces one."""
        media = request.header("Content-Type").partition(";")[0].strip().lower()
        if not re.fullmatch(r"application/([\w.-]+\+)?json", media):
            raise ApiError(415, "Send application/json.")
        try:
            body = json.loads(request.body, parse_constant=float)
            json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ApiError(400, "The body is not JSON.") from None
        if body is None and self.bug == "null-body-500":
            raise TypeError(body)
        if not isinstance(body, dict):
            raise ApiError(400, "The body is not a JSON object.")
        for name in body:
            if name not in MEMBERS[table] and name not in READ_ONLY and name != "metadata":
                raise ApiError(400, f"{name} is unknown.", name)
        values = {name: self.value(name, member, body.get(name), old) for name, member in MEMBERS[table].items()}
        return values | {"metadata": self.metadata(body.get("metadata"), old)}

    def value(self, name: str, member: Member, value: Any, old: Record | None) -> object:
        if value is None:
            if member.required and old and self.bug == "put-missing-kept":
                return old[name]
            if member.required:
                raise ApiError(404 if self.bug == "missing-404" and name == "timestamp" else 400, f"{name} is required.", name)
            return member.default
        kinds = (int, float) if member.kind is float else member.kind
        if not isinstance(value, kinds) or (isinstance(value, bool) and member.kind is not bool):
            raise ApiError(400, f"{name} has the wrong type.", name)
        if not member.valid(value):
            if self.bug == "long-text-500" and member.valid is TEXT and len(str(value)) > 255:
                raise RuntimeError("value too long for type character varying(255)")
            raise ApiError(422 if self.bug == "invalid-422" else 400, f"{name} is not valid.", name)
        return value

    def metadata(self, data: Any, old: Record | None) -> Record:
        if data is None:
            return {}
        if not isinstance(data, dict) or not all(isinstance(text, str) for text in data.values()):
            raise ApiError(400, "metadata holds texts by name.", "metadata")
        if len(data) > (21 if self.bug == "keys-21" else 20) and not (self.bug == "keys-unchecked-on-put" and old):
            raise ApiError(400, "metadata has at most 20 keys.", "metadata")
        longest_key, longest = 39 if self.bug == "key-39" else 40, 499 if self.bug == "value-499" else 500
        for key, value in data.items():
            units = len(key.encode("utf-16-le")) // 2 if self.bug == "key-utf16" else len(key)
            if units > longest_key and not (self.bug == "key-unchecked-on-put" and old):
                raise ApiError(400, "The names in metadata have at most 40 characters.", "metadata")
            text: Any = value.encode() if self.bug == "value-bytes" else value
            if len(text) > longest and self.bug != "value-cut":
                raise ApiError(400, "The values in metadata have at most 500 characters.", "metadata")
        if self.bug == "metadata-trimmed":
            return {key: value.strip() for key, value in data.items()}
        if self.bug == "metadata-ascii":
            return {key: value.encode("ascii", "replace").decode() for key, value in data.items()}
        return {key: value[:500] for key, value in data.items()}

    # Lists

    def page(self, request: Request, table: str, account: str) -> Reply:
        page, size = self.pageable(request.query)
        rows = [row for row in self.rows[table] if row["_account"] == account]
        tests = [test for name, text in request.query if name not in ("page", "size", "sort", "token") for test in self.equality(table, name, text)]
        if self.bug == "size-in-total-only" and tests:
            size = 20
        if self.bug == "size-agreements-five" and table == "agreements":
            size = min(size, 5)
        if self.bug == "filter-first-twenty" and tests:
            rows = rows[:size]
        everything, match = rows, any if self.bug == "filter-or" and tests else all
        rows = self.order([row for row in rows if match(test(row) for test in tests)], table, [text for name, text in request.query if name == "sort"])
        content = self.cut(rows, page, size)
        if self.bug == "filter-page-loses" and tests:
            content = [row for row in self.cut(everything, page, size) if row in rows]
        shown: Any = [view(row) for row in content]
        if self.bug == "assignments-by-id" and table == "assignments":
            shown = {row["id"]: row for row in shown}
        pages = -(-len(rows) // max(size, 1))
        body = {"items" if self.bug == "contacts-items" and table == "contacts" else "content": shown, "totalElements": len(rows), "totalPages": pages}
        reply = self.json(200, body | {"number": page, "size": size, "first": page == 0, "last": page >= pages - 1, "empty": not content})
        if self.bug == "json-trailing" and table == "assignments":
            reply.body = reply.body[:-1] + b",}"
        return reply

    def pageable(self, query: list[tuple[str, str]]) -> tuple[int, int]:
        given, bug = dict(query), self.bug
        for name in ("page", "size"):
            if name in given and not re.fullmatch("-?[0-9]{1,18}", given[name]):
                raise ApiError(400, f"{name} is not a whole number.", name)
        page, size = int(given.get("page", 0)), int(given.get("size", {"default-25": 25, "default-10": 10}.get(bug, 20)))
        honoured = (bug == "size-unbounded" and size > 100) or (bug == "size-negative-cut" and size == -1)
        if size == 0 and bug == "size-zero-500":
            raise ZeroDivisionError
        if not 1 <= size <= 100 and not honoured:
            raise ApiError(400, "size is between 1 and 100.", "size")
        if page < 0:
            raise ApiError(400, "page is zero or more.", "page")
        if bug == "page-from-one" and page:
            page -= 1
        if bug == "page-zero-empty" and given.get("page") == "0":
            page = 10**8
        return page, 2 if bug == "size-one-is-two" and size == 1 else size

    def cut(self, rows: list[Record], page: int, size: int) -> list[Record]:
        if size < 0:
            return rows[:size]
        start, bug = page * size, self.bug
        if page and start >= len(rows) and bug in ("past-end-400", "past-end-first"):
            if bug == "past-end-400":
                raise ApiError(400, "page is past the end.", "page")
            start = 0
        if page == 1:
            start += {"second-page-gap": 1, "second-page-repeats": -1}.get(bug, 0)
        content = rows[start : start + size]
        return [] if bug == "last-page-lost" and page and len(content) < size else content

    def equality(self, table: str, name: str, text: str) -> list[Callable[[Record], bool]]:
        """Give the tests for one filter: none where it has no effect."""
        member = (MEMBERS[table] | READ_ONLY | {"metadata": Member(dict)}).get(name)
        if member is None:
            raise ApiError(400, f"{name} is not a property of {table}.", name)
        if (self.bug == "filter-id-ignored" and name == "id") or (self.bug == "filter-agreements" and table == "agreements"):
            return []
        if member.kind is str:
            return [lambda row: text in (row[name] or "") if self.bug == "filter-contains" else row[name] == text]
        try:
            wanted = json.loads(text)
        except (ValueError, RecursionError):
            wanted = text
        fits = isinstance(wanted, dict) if member.kind is dict else isinstance(wanted, bool) == (member.kind is bool) and isinstance(wanted, int | float)
        if not fits and wanted is not None:
            raise ApiError(400, f"{name} has no such value.", name)
        if self.bug == "filter-bool-true" and member.kind is bool:
            wanted = True
        return [lambda row: bool(row[name] == wanted)]

    def order(self, rows: list[Record], table: str, sorts: list[str]) -> list[Record]:
        for text in reversed(sorts):
            name, _, direction = text.partition(",")
            if name not in MEMBERS[table] and name not in READ_ONLY and name != "metadata":
                if self.bug == "sort-unknown-500":
                    raise KeyError(name)
                raise ApiError(400, f"{table} have no property {name}.", "sort")
            if direction.lower() not in ("", "asc", "desc"):
                raise ApiError(400, "A sort is ascending (asc) or descending (desc).", "sort")
            descending = direction.lower() == "desc"
            if self.bug == "sort-contacts" and table == "contacts":
                continue
            if self.bug == "sort-reverses" and descending:
                rows = rows[::-1]
                continue
            by = "id" if self.bug == "sort-descending-by-id" and descending else name
            known = [row for row in rows if row[by] is not None]
            known.sort(key=lambda row: json.dumps(row[by]) if by == "metadata" else row[by], reverse=descending)
            rows = known + [row for row in rows if row[by] is None]
        return rows


def view(record: Record) -> Record:
    """Give a record as the outside sees it."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def serve(bug: str = "", port: int = 0, limit: int = 0, window: float = 60.0, certificate: str = "") -> Served:
    """Start it; `limit` requests in any `window` of seconds for each key (0: no limit), TLS with the PEM file `certificate`."""
    if bug and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}; known are {', '.join(BUGS)}")
    return Served(Timedash(bug, limit, window, bool(certificate)).answer, port, certificate)
