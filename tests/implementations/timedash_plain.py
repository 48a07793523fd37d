"""Timedash as a small Express-like team would write it: integer ids, bare arrays for lists, a bare error object, sizes clamped.

The newest record comes first in a list, `sort=-name` sorts, PUT merges, members nobody knows are dropped, paths that
nobody routes are 404 before the key is looked at. With `certificate` it speaks TLS and its plain door refuses.
"""

from __future__ import annotations

import base64
import json
import math
import re
import threading
import time
from typing import Any

from tests.implementations.serving import Reply, Request, Served

CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"username": "sk_live_4f7Qa81mZ", "password": ""},
    "second": {"username": "sk_live_9bT2xWc60", "password": ""},
    "limited": {"username": "rk_live_1pV5sKd37", "password": ""},
    "other": {"username": "sk_live_7hN3eLy92", "password": ""},
}

TARGET: str = ""

CREATE: dict[str, dict[str, object]] = {
    "assignments": {"title": "Repaint the hallway", "timestamp": 1717408800, "minutes": 90},
    "contacts": {"name": "Ines Duarte", "email": "ines@duarte.example"},
    "agreements": {"name": "Upkeep 2024", "hourly_price": 72.5},
}

BUGS: dict[str, str] = {
    "agreements-under-account": "rest.resources: agreements are at /account/agreements, not at the top",
    "assignment-singular-item": "rest.resources: one assignment is at /assignment/{id}, its collection at /assignments",
    "preflight-needs-key": "cors.preflight: a preflight without a key is 401",
    "preflight-no-authorization": "cors.preflight: the Authorization header is not allowed",
    "preflight-no-delete": "cors.preflight: DELETE is not among the allowed methods",
    "cors-not-on-errors": "cors.actual: errors carry no Access-Control-Allow-Origin",
    "cors-not-on-items": "cors.actual: answers about one record carry no Access-Control-Allow-Origin",
    "html-404": "content.json: the 404 of an unrouted path is an HTML page",
    "post-text": "content.json: the answer to POST /contacts says text/html",
    "delete-body": 'delete.empty: DELETE of a contact answers 200 with {"deleted": true}',
    "password-checked": "auth.basic: a password that is not empty is refused",
    "put-wants-bearer": "auth.basic: PUT takes the key as Bearer only",
    "key-as-password": "auth.basic: the key is taken from the password",
    "second-key-dead": "auth.multiple-keys: only the first key of an account works",
    "second-key-own-records": "auth.multiple-keys: the second key sees only what it created itself",
    "open-delete": "auth.required: DELETE of an assignment needs no key",
    "any-key-reads": "auth.required: any key with the right prefix may list",
    "refused-but-created": "auth.required: POST without a key answers 401 and creates all the same",
    "account-open": "auth.required: GET /account without a key is 200",
    "limited-deletes": "auth.forbidden: a restricted key may delete agreements",
    "forbidden-applied": "auth.forbidden: a restricted key's PUT answers 403 and is applied",
    "forbidden-as-401": "auth.forbidden: a restricted key gets 401 where it should get 403",
    "plain-http-reads": "transport.https: GET over plain HTTP works",
    "broken-json-500": "status.classes: a body that is not JSON is 500",
    "array-body-500": "status.classes: a JSON array as the body is 500",
    "long-id-500": "status.classes: an id too large for the database is 500",
    "wrong-type-422": "status.documented: a member of the wrong type is 422",
    "gone-410": "status.documented: a deleted record is 410",
    "error-string": 'error.object: the 404 of a record is {"error": "Not found"}',
    "error-no-type": "error.object: the 401 has no type",
    "type-not-found": "error.type: the 404 of a record has the type not_found_error",
    "type-capital": "error.type: the 400 of a missing member has the type InvalidRequestError",
    "api-error-on-metadata": "error.type-meaning: refused metadata gives api_error",
    "param-column": "error.param: param is a column's name (contacts.email_text), not the parameter's",
    "param-number": "error.param: param is a number",
    "missing-accepted": "error.bad-request: a contact without an email is created",
    "missing-null-accepted": "error.bad-request: an assignment whose body is {} is created",
    "402-as-200": "error.request-failed: a refusal by the payment provider is 200",
    "unknown-empty": "error.not-found: an unknown agreement is 200 with {}",
    "delete-unknown-204": "error.not-found: DELETE of a contact that does not exist is 204",
    "put-creates": "error.not-found: PUT to an unknown id creates the record",
    "delete-any-account": "error.not-found: DELETE reaches records of other accounts",
    "limit-reads-free": "rate.limit: only writes count",
    "limit-503": "rate.limit: the refused request is 503",
    "limit-shared": "rate.per-key: all keys share one counter",
    "limit-empty": "rate.message: the 429 has no body",
    "limit-forever": "rate.recovers: a key that ran out stays out",
    "agreements-wrapped": 'list.common: agreements alone come as {"agreements": [...]}',
    "size-off-by-one": "page.size: a page holds one more than asked",
    "size-ignored-contacts": "page.size: size has no effect on contacts",
    "size-of-second-page": "page.size: from the second page on, size is 20",
    "default-10": "page.default: without size, 10",
    "default-all-agreements": "page.default: without size, all agreements",
    "size-over-100": "page.bounds: a size over 100 is honoured",
    "size-zero-all": "page.bounds: size=0 gives everything",
    "size-text-500": "page.bounds: a size that is not a number is 500",
    "page-from-one": "page.zero-based: page=1 is the first page, and so is no page",
    "page-zero-skips": "page.zero-based: page=0 given is not the same as no page",
    "walk-gap": "page.walk: each later page starts one too far",
    "walk-duplicate": "page.walk: each later page repeats the last of the one before",
    "past-end-last": "page.walk: past the end the last page comes again",
    "past-end-404": "page.walk: past the end it is 404",
    "walk-unstable": "page.walk: the order changes from request to request",
    "filter-prefix": "filter.equality: text that merely begins with the value is kept",
    "filter-false": "filter.equality: a filter for false has no effect",
    "filter-first": "filter.equality: only the first of several filters counts",
    "filter-case": "filter.equality: upper and lower case are taken for equal",
    "filter-number": "filter.equality: numbers are never equal to what the query says",
    "filter-after-page": "filter.pages: the page is cut first and filtered then",
    "filter-first-page-only": "filter.pages: later pages forget the filter",
    "sort-desc-ignored": "sort.both: descending order is ascending",
    "sort-numbers-as-text": "sort.both: numbers are sorted as text",
    "sort-within-page": "sort.both: only the page is sorted",
    "metadata-lower": "metadata.roundtrip: key names come back in lower case",
    "metadata-put-lost": "metadata.roundtrip: metadata in a PUT is not stored",
    "metadata-empty-lost": "metadata.roundtrip: empty values are dropped",
    "keys-19": "metadata.keys: twenty keys are refused",
    "keys-cut": "metadata.keys: the twenty-first key is dropped silently",
    "keys-put-applied": "metadata.keys: a PUT with 21 keys is refused and applied",
    "key-bytes": "metadata.key-length: bytes are counted, not characters",
    "key-cut": "metadata.key-length: longer names are cut to forty",
    "value-255": "metadata.value-length: values over 255 are refused",
    "value-501": "metadata.value-length: 501 characters are accepted",
}

ACCOUNTS = {"sk_live_4f7Qa81mZ": 1, "sk_live_9bT2xWc60": 1, "rk_live_1pV5sKd37": 1, "sk_live_7hN3eLy92": 2}
FIRST_KEYS = ("sk_live_4f7Qa81mZ", "rk_live_1pV5sKd37", "sk_live_7hN3eLy92")
NUMBER = (int, float)
FIELDS: dict[str, dict[str, Any]] = {
    "assignments": {"title": str, "timestamp": int, "minutes": int, "invoiced": False, "note": ""},
    "contacts": {"name": str, "email": str, "city": "", "company": False},
    "agreements": {"name": str, "hourly_price": NUMBER, "currency": "EUR", "active": True},
}
SEED: dict[str, list[tuple[Any, ...]]] = {
    "assignments": [("Survey", 1714550400, 45, True), ("Demolition", 1714636800, 480, True),
                    ("Wiring", 1714723200, 200, False), ("Plaster", 1714809600, 95, False)],
    "contacts": [("Bea Holm", "bea@holm.example", "Oslo", False), ("Cy Adler", "cy@adler.example", "Graz", False),
                 ("Dax Ltd", "hi@dax.example", "Oslo", True), ("Eno Park", "eno@park.example", "Seoul", False),
                 ("Fay Ruiz", "fay@ruiz.example", "Lima", False), ("Gus GmbH", "gus@gus.example", "Graz", True),
                 ("Hal Ito", "hal@ito.example", "Kobe", False)],
    "agreements": [("Standard", 60, "EUR", True), ("Rush", 95.5, "EUR", True), ("Old terms", 48, "USD", False)],
}  # fmt: skip
Record = dict[str, Any]


class Refusal(Exception):  # noqa: N818  it is an answer, not an accident
    """An answer outside 2xx, to be sent as the Error object."""

    def __init__(self, status: int, message: str, param: str = "", kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status = status
        self.body: Record = {"type": kind, "message": message} | ({"param": param} if param else {})


class Timedash:
    """The service: its records, its keys and one of the BUGS, or none."""

    def __init__(self, bug: str, limit: int, window: float, tls: bool) -> None:
        self.bug, self.limit, self.window, self.tls = bug, limit, window, tls
        self.lock = threading.Lock()
        self.turn = 0
        self.last_id = 1000
        self.windows: dict[str, tuple[float, int]] = {}
        self.tables: dict[str, dict[int, Record]] = {name: {} for name in FIELDS}
        self.gone: set[tuple[str, int]] = set()
        for name, rows in SEED.items():
            for row in rows:
                self.insert(name, 1, dict(zip(FIELDS[name], row, strict=False)), "")
            self.insert(name, 2, dict(zip(FIELDS[name], rows[0], strict=False)), "")

    def answer(self, request: Request) -> Reply:
        """Answer one request; the whole service is one critical section."""
        with self.lock:
            try:
                reply = self.route(request)
            except Refusal as refusal:
                reply = self.refuse(request, refusal)
        item = len(request.path.strip("/").split("/")) == 2
        if not (self.bug == "cors-not-on-errors" and reply.status >= 400) and not (self.bug == "cors-not-on-items" and item and request.method != "OPTIONS"):
            reply.headers["Access-Control-Allow-Origin"] = "*"
        reply.headers["X-Powered-By"] = "Timedash"
        return reply

    def refuse(self, request: Request, refusal: Refusal) -> Reply:
        status, body = refusal.status, refusal.body
        if status == 401 and self.bug == "error-no-type":
            del body["type"]
        if self.bug == "param-column" and "param" in body:
            body["param"] = f"{request.path.strip('/').split('/')[0]}.{body['param']}_text"
        if self.bug == "param-number" and "param" in body:
            body["param"] = len(body["param"])
        reply = self.send(status, body)
        if status == 401:
            reply.headers["WWW-Authenticate"] = 'Basic realm="api"'
        if status == 429:
            reply.headers["Retry-After"] = str(math.ceil(self.window))
            reply.body = b"" if self.bug == "limit-empty" else reply.body
        return reply

    def send(self, status: int, body: object) -> Reply:
        return Reply(status, json.dumps(body, separators=(",", ":")).encode(), {"Content-Type": "application/json"})

    def route(self, request: Request) -> Reply:
        if self.tls and not request.secure and not (self.bug == "plain-http-reads" and request.method == "GET"):
            raise Refusal(403, "Use https.")
        parts = [part for part in request.path.split("/") if part]
        if self.bug == "agreements-under-account" and "agreements" in parts[:2]:
            parts = parts[1:] if parts[0] == "account" else ["nowhere"]
        if self.bug == "assignment-singular-item" and parts[:1] in (["assignments"], ["assignment"]):
            parts = ["assignments", *parts[1:]] if len(parts) == (2 if parts[0] == "assignment" else 1) else ["nowhere"]
        verbs = ("GET", "POST") if len(parts) == 1 else ("GET", "PUT", "DELETE")
        known = parts == ["account"] or (len(parts) in (1, 2) and parts[0] in FIELDS)
        method = "GET" if request.method == "HEAD" else request.method
        if known and method == "OPTIONS":
            return self.preflight(request)
        if not known or method not in (("GET",) if parts == ["account"] else verbs):
            if self.bug == "html-404":
                return Reply(404, b"<!DOCTYPE html><pre>Cannot GET " + request.path.encode() + b"</pre>", {"Content-Type": "text/html"})
            raise Refusal(404, f"Nothing answers {method} here.")
        try:
            key = self.authenticate(request, method, parts)
        except Refusal:
            if self.bug == "refused-but-created" and method == "POST":
                self.create(request, parts[0], 1, "")
            raise
        self.count(key, method)
        if parts == ["account"]:
            return self.send(200, {"id": ACCOUNTS.get(key, 1), "company": "Holm & Sons", "time_zone": "Europe/Oslo", "plan": "team"})
        return self.operate(request, method, parts, key)

    def preflight(self, request: Request) -> Reply:
        if self.bug == "preflight-needs-key":
            raise Refusal(401, "No API key.")
        methods = "GET,HEAD,PUT,POST" if self.bug == "preflight-no-delete" else "GET,HEAD,PUT,POST,DELETE"
        allowed = request.header("Access-Control-Request-Headers") or "authorization,content-type"
        if self.bug == "preflight-no-authorization":
            allowed = ",".join(name for name in allowed.split(",") if name.strip().lower() != "authorization")
        return Reply(204, b"", {"Access-Control-Allow-Methods": methods, "Access-Control-Allow-Headers": allowed, "Vary": "Access-Control-Request-Headers"})

    def authenticate(self, request: Request, method: str, parts: list[str]) -> str:
        scheme, _, rest = request.header("Authorization").partition(" ")
        try:
            user, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
        except ValueError:
            user = password = ""
        key = user if scheme.lower() == "basic" else ""
        if self.bug == "key-as-password":
            key = password
        if self.bug == "put-wants-bearer" and method == "PUT":
            key = rest if scheme.lower() == "bearer" else ""
        if self.bug == "password-checked" and password:
            key = ""
        if self.bug == "second-key-dead" and key not in FIRST_KEYS:
            key = ""
        open_door = (self.bug == "open-delete" and method == "DELETE" and parts[0] == "assignments") or (self.bug == "account-open" and parts == ["account"])
        if key not in ACCOUNTS and (open_door or (self.bug == "any-key-reads" and key.startswith("sk_live_") and method == "GET" and len(parts) == 1)):
            return FIRST_KEYS[0]
        if key not in ACCOUNTS:
            raise Refusal(401, "No valid API key." if rest else "No API key.")
        return key

    def count(self, key: str, method: str) -> None:
        if not self.limit or (self.bug == "limit-reads-free" and method == "GET"):
            return
        now, name = time.monotonic(), "all" if self.bug == "limit-shared" else key
        start, used = self.windows.get(name, (now, 0))
        if now - start >= self.window and not (self.bug == "limit-forever" and used >= self.limit):
            start, used = now, 0
        self.windows[name] = (start, used + 1)
        if used >= self.limit:
            raise Refusal(503 if self.bug == "limit-503" else 429, "Rate limit exceeded, slow down.", kind="api_error")

    def operate(self, request: Request, method: str, parts: list[str], key: str) -> Reply:
        table, account = parts[0], ACCOUNTS[key]
        if key.startswith("rk_") and method != "GET" and not (self.bug == "limited-deletes" and method == "DELETE" and table == "agreements"):
            if self.bug == "forbidden-applied" and method == "PUT":
                self.update(request, table, self.find(table, parts[1], account, key))
            raise Refusal(401 if self.bug == "forbidden-as-401" else 403, "This key may only read.")
        if len(parts) == 1:
            return self.index(request, table, account, key) if method == "GET" else self.create(request, table, account, key)
        try:
            record = self.find(table, parts[1], account, key, anyone=self.bug == "delete-any-account" and method == "DELETE")
        except Refusal:
            if self.bug == "delete-unknown-204" and method == "DELETE" and table == "contacts":
                return Reply(204)
            if self.bug == "put-creates" and method == "PUT":
                return self.create(request, table, account, key)
            if self.bug == "unknown-empty" and method == "GET" and table == "agreements":
                return self.send(200, {})
            raise
        if method == "DELETE":
            del self.tables[table][record["id"]]
            self.gone.add((table, record["id"]))
            return self.send(200, {"deleted": True}) if self.bug == "delete-body" and table == "contacts" else Reply(204)
        return self.send(200, public(record if method == "GET" else self.update(request, table, record)))

    def find(self, table: str, text: str, account: int, key: str, *, anyone: bool = False) -> Record:
        if self.bug == "long-id-500" and len(text) > 12:
            raise OverflowError(text)
        number = int(text) if re.fullmatch("[1-9][0-9]{0,11}", text) else 0
        record = self.tables[table].get(number)
        if record and (anyone or record["_account"] == account) and self.visible(record, key):
            return record
        refusal = Refusal(410 if self.bug == "gone-410" and (table, number) in self.gone else 404, f"There is no {text} among the {table}.")
        if self.bug == "error-string":
            refusal.body = {"error": "Not found"}
        if self.bug == "type-not-found":
            refusal.body["type"] = "not_found_error"
        raise refusal

    def visible(self, record: Record, key: str) -> bool:
        return not (self.bug == "second-key-own-records" and key == CREDENTIALS["second"]["username"]) or record["_key"] == key

    # Writing

    def insert(self, table: str, account: int, given: Record, key: str) -> Record:
        self.last_id += 7
        record = {name: default for name, default in FIELDS[table].items() if not isinstance(default, type | tuple)}
        record = {"id": self.last_id, **record, "metadata": {}, **given, "_account": account, "_key": key}
        self.tables[table][self.last_id] = record
        return record

    def create(self, request: Request, table: str, account: int, key: str) -> Reply:
        body = self.read(request)
        for name, kind in FIELDS[table].items():
            excused = (self.bug == "missing-accepted" and name == "email") or (self.bug == "missing-null-accepted" and table == "assignments" and not body)
            if isinstance(kind, type | tuple) and body.get(name) is None and not excused:
                raise Refusal(400, f"{name} is missing.", name, "InvalidRequestError" if self.bug == "type-capital" else "invalid_request_error")
        given = self.check(table, body)
        if given.get("currency") == "XTS":
            if self.bug == "402-as-200":
                return self.send(200, {"message": "The payment provider declined."})
            raise Refusal(402, "The payment provider does not settle this currency.", "currency", "api_error")
        reply = self.send(200, public(self.insert(table, account, given, key)))
        if self.bug == "post-text" and table == "contacts":
            reply.headers["Content-Type"] = "text/html"
        return reply

    def update(self, request: Request, table: str, record: Record) -> Record:
        body = self.read(request)
        try:
            given = self.check(table, body)
        except Refusal:
            if self.bug == "keys-put-applied" and isinstance(body.get("metadata"), dict) and len(body["metadata"]) > 20:
                record["metadata"] = body["metadata"]
            raise
        if self.bug == "metadata-put-lost":
            given.pop("metadata", None)
        record.update(given)
        return record

    def read(self, request: Request) -> Record:
        if "json" not in request.header("Content-Type"):
            return {}
        try:
            body = json.loads(request.body or b"{}", parse_constant=reject)
            json.dumps(body, allow_nan=False)
        except (ValueError, RecursionError):
            if self.bug == "broken-json-500":
                raise RuntimeError("SyntaxError") from None
            raise Refusal(400, "The body is not JSON.") from None
        if not isinstance(body, dict):
            if self.bug == "array-body-500":
                raise TypeError(body)
            raise Refusal(400, "The body is not a JSON object.")
        return body

    def check(self, table: str, body: Record) -> Record:
        """Keep the members that the table knows, each of its type; null means not given."""
        given: Record = {}
        for name, kind in FIELDS[table].items():
            value = body.get(name)
            wanted = kind if isinstance(kind, type | tuple) else type(kind)
            if value is None:
                continue
            if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
                raise Refusal(422 if self.bug == "wrong-type-422" else 400, f"{name} has the wrong type.", name)
            if isinstance(value, NUMBER) and abs(value) > 2**53:
                raise Refusal(400, f"{name} is too large.", name)
            given[name] = value
        if body.get("metadata") is not None:
            given["metadata"] = self.check_metadata(body["metadata"])
        return given

    def check_metadata(self, data: object) -> Record:
        kind = "api_error" if self.bug == "api-error-on-metadata" else "invalid_request_error"
        if not isinstance(data, dict):
            raise Refusal(400, "metadata is an object.", "metadata", kind)
        most_keys, longest = 19 if self.bug == "keys-19" else 20, {"value-255": 255, "value-501": 501}.get(self.bug, 500)
        if self.bug == "keys-cut":
            data = dict(list(data.items())[:20])
        if self.bug == "key-cut":
            data = {key[:40]: value for key, value in data.items()}
        if len(data) > most_keys:
            raise Refusal(400, "metadata has too many keys.", "metadata", kind)
        for key, value in data.items():
            if (len(key.encode(errors="replace")) if self.bug == "key-bytes" else len(key)) > 40:
                raise Refusal(400, "A key of metadata is too long.", "metadata", kind)
            if isinstance(value, dict | list) or len(str(value)) > longest:
                raise Refusal(400, "A value of metadata is nested or too long.", "metadata", kind)
        if self.bug == "metadata-empty-lost":
            data = {key: value for key, value in data.items() if value != ""}
        return {key.lower(): value for key, value in data.items()} if self.bug == "metadata-lower" else data

    # Lists

    def index(self, request: Request, table: str, account: int, key: str) -> Reply:
        query = dict(request.query)
        rows = [row for row in reversed(self.tables[table].values()) if row["_account"] == account and self.visible(row, key)]
        if self.bug == "walk-unstable" and rows:
            self.turn += 1
            rows = rows[self.turn % len(rows) :] + rows[: self.turn % len(rows)]
        page, size = self.window_of(query, table)
        if self.bug == "filter-after-page":
            shown = self.filter(self.cut(rows, page, size, query), table, request.query)
        elif self.bug == "sort-within-page":
            shown = self.sort(self.cut(self.filter(rows, table, request.query), page, size, query), table, query)
        else:
            if not (self.bug == "filter-first-page-only" and page > 0):
                rows = self.filter(rows, table, request.query)
            shown = self.cut(self.sort(rows, table, query), page, size, query)
        records = [public(row) for row in shown]
        return self.send(200, {table: records} if self.bug == "agreements-wrapped" and table == "agreements" else records)

    def window_of(self, query: dict[str, str], table: str) -> tuple[int, int]:
        default = 10 if self.bug == "default-10" else 10_000 if self.bug == "default-all-agreements" and table == "agreements" else 20
        size, page = integer(query.get("size"), default), integer(query.get("page"), 0)
        if self.bug == "size-text-500" and "size" in query:
            int(query["size"])
        if size == 0 and self.bug == "size-zero-all":
            return 0, 10_000
        size = max(1, size if self.bug == "size-over-100" or "size" not in query else min(size, 100))
        if self.bug == "page-from-one":
            page -= 1
        if self.bug == "size-ignored-contacts" and table == "contacts":
            size = 20
        return max(page, 0), 20 if self.bug == "size-of-second-page" and page > 0 else size

    def cut(self, rows: list[Record], page: int, size: int, query: dict[str, str]) -> list[Record]:
        start = page * size
        if self.bug == "walk-gap" and page:
            start += 1
        if self.bug == "walk-duplicate" and page:
            start -= 1
        if self.bug == "page-zero-skips" and query.get("page") == "0":
            start += 1
        if start >= len(rows) and page:
            if self.bug == "past-end-404":
                raise Refusal(404, "There is no such page.", "page")
            if self.bug == "past-end-last" and rows:
                start = (len(rows) - 1) // size * size
        return rows[start : start + size + (self.bug == "size-off-by-one")]

    def filter(self, rows: list[Record], table: str, query: list[tuple[str, str]]) -> list[Record]:
        names = {"id", "metadata", *FIELDS[table]}
        wanted = [(name, value) for name, value in query if name in names]
        if self.bug == "filter-false":
            wanted = [(name, value) for name, value in wanted if value != "false"]
        if self.bug == "filter-first":
            wanted = wanted[:1]
        return [row for row in rows if all(self.equal(row.get(name), text) for name, text in wanted)]

    def equal(self, value: object, text: str) -> bool:
        if isinstance(value, str):
            if self.bug == "filter-case":
                return value.lower() == text.lower()
            return value.startswith(text) if self.bug == "filter-prefix" else value == text
        if self.bug == "filter-number" and isinstance(value, NUMBER) and not isinstance(value, bool):
            return False
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(said, bool) == isinstance(value, bool) and bool(said == value)

    def sort(self, rows: list[Record], table: str, query: dict[str, str]) -> list[Record]:
        for key in reversed(query.get("sort", "").split(",")):
            name = key.lstrip("-+ ")
            if name in {"id", "metadata", *FIELDS[table]}:
                descending = key.startswith("-") and self.bug != "sort-desc-ignored"
                rows = sorted(rows, key=lambda row, name=name: self.rank(row.get(name)), reverse=descending)  # type: ignore[misc]
        return rows

    def rank(self, value: object) -> tuple[int, float, str]:
        if isinstance(value, NUMBER) and self.bug != "sort-numbers-as-text":
            return 1, float(value), ""
        return (0, 0, "") if value is None else (2, 0, value if isinstance(value, str) else json.dumps(value))


def public(record: Record) -> Record:
    """Give a record without what is the service's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def integer(text: str | None, default: int) -> int:
    """Read a whole number, or fall back."""
    return int(text) if text is not None and re.fullmatch("-?[0-9]{1,18}", text) else default


def reject(constant: str) -> float:
    """Refuse NaN and the infinities, which JSON does not have."""
    raise ValueError(constant)


def serve(bug: str = "", port: int = 0, limit: int = 0, window: float = 60.0, certificate: str = "") -> Served:
    """Start it; `limit` requests a `window` of seconds for each key (0: no limit), TLS with the PEM file `certificate`."""
    if bug and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}; known are {', '.join(BUGS)}")
    return Served(Timedash(bug, limit, window, bool(certificate)).answer, port, certificate)
