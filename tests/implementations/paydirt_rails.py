"""Paydirt as a Rails-like team would write it: large integer ids, strict foreign keys, reasons as objects.

Any parameter may come in the query, a form or a JSON body, flat or under the root; PATCH works like PUT; DELETE answers the
record as it was; an id nobody has is 404, one that another account has is 422; 401 and 403 have no body.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import threading
from typing import Any
from urllib.parse import parse_qsl

from tests.implementations.serving import Reply, Request, Served

CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"api_key": "c6ZrP0wqY3uTn8Ld"},
    "second": {"api_key": "c6ZrP0wqB7hXe2Ks"},
    "limited": {"api_key": "Jm4tGv9aQ1oCf5Ri"},
    "other": {"api_key": "Wd8yNb3kU6sHz0Ex"},
}

TARGET: str = ""

CREATE: dict[str, dict[str, object]] = {
    "clients": {"business_name": "Quarry Lane Bakery"},
    "projects": {"name": "Shop refit", "client_id": 70011},
    "jobs": {"name": "Signwriting", "client_id": 70011},
    "time": {"duration": 5400, "job_id": 70110},
}

BUGS: dict[str, str] = {
    "time-unversioned": "root.versioned: time is at /api/time only",
    "projects-v2": "root.versioned: projects are at /api/v2/projects only",
    "time-html": "content.json: POST time says text/html",
    "jobs-inspect": "content.json: the list of jobs is a Ruby hash as text, not JSON",
    "destroy-empty": "content.json: DELETE of a client is 200 with no body and no JSON",
    "post-body-key": "auth.parameter: POST reads api_key from the body only",
    "put-query-ignored": "auth.parameter: PUT does not see api_key in the query",
    "key-last": "auth.parameter: api_key works only as the last parameter of the query",
    "key-upper-case": "auth.parameter: the parameter is read as API_KEY for jobs",
    "basic-too": "auth.only-parameter: the key works as a Basic user name",
    "bearer-reads": "auth.only-parameter: the key works as Bearer on GET",
    "header-lists": "auth.only-parameter: the key works in X-Api-Key for collections",
    "missing-open-time": "auth.missing: POST time needs no api_key",
    "missing-403": "auth.missing: no api_key is 403",
    "missing-empty-list": "auth.missing: the list of projects without api_key is 200 and empty",
    "missing-created": "auth.missing: POST clients without api_key is 401 and creates the client",
    "missing-redirect": "auth.missing: reading one record without api_key redirects to the login page",
    "invalid-prefix": "auth.invalid: only the first eight characters of api_key are compared",
    "invalid-422": "auth.invalid: an invalid api_key is 422 on PUT",
    "invalid-deletes": "auth.invalid: DELETE takes any api_key that is not empty",
    "invalid-500": "auth.invalid: an api_key with other than letters and digits is 500",
    "limited-reads": "auth.limited: a limited user may read one client",
    "limited-logs-time": "auth.limited: a limited user may log time",
    "limited-401": "auth.limited: a limited user gets 401",
    "limited-created": "auth.limited: a limited user's POST is 403 and creates the record",
    "limited-lists-empty": "auth.limited: a limited user's lists are 200 and empty",
    "own-time-only": "auth.full-sees-account: users see only the time they logged themselves",
    "list-own-only": "auth.full-sees-account: the second user's lists hold only what that user created",
    "list-five": "auth.full-sees-account: lists end after five records",
    "create-201": "status.ok: POST clients is 201",
    "time-201": "status.ok: POST time is 201",
    "update-204": "status.ok: PUT projects is 204",
    "update-202": "status.ok: PUT is 202 for jobs",
    "bare-projects": "envelope.collection: the list of projects is a bare array",
    "empty-null": "envelope.collection: an empty collection is null under its root",
    "singular-root": "envelope.collection: the list of jobs has the root job",
    "clients-by-id": "envelope.collection: clients come as an object by id",
    "create-bare": "envelope.single: POST answers the record without a root",
    "plural-root": "envelope.single: one job has the root jobs",
    "update-array": "envelope.single: PUT answers the client in an array",
    "id-text": "resource.client: ids in the list of clients are strings",
    "client-name": "resource.client: the list calls business_name name",
    "client-no-id": "resource.client: POST clients answers no id",
    "job-neighbour": "resource.job: reading a job gives the first job of its client",
    "job-completed-404": "resource.job: a completed job cannot be read",
    "job-new-404": "resource.job: a job made over the API cannot be read",
    "time-minutes": "resource.time: duration is kept in minutes",
    "time-not-kept": "resource.time: POST time is 200 and keeps nothing",
    "time-first-job": "resource.time: the time is logged on the first job, whatever job_id says",
    "time-needs-body": "resource.time: duration and job_id in the query are not seen",
    "projects-read-only": "resource.create: POST projects is 405",
    "job-not-kept": "resource.create: POST jobs is 200 and keeps nothing",
    "client-cut": "resource.create: business_name is cut to ten characters",
    "foreign-404": "error.foreign-record: a client of another account is 404",
    "foreign-200": "error.foreign-record: a job of another account can be read",
    "foreign-put-applied": "error.foreign-record: PUT to a record of another account is 422 and applied",
    "foreign-deleted": "error.foreign-record: a record of another account can be deleted",
    "foreign-job": "error.foreign-record: time can be logged on a job of another account",
    "foreign-listed": "error.foreign-record: the list of time holds the records of every account",
    "foreign-403": "error.foreign-record: a project of another account is 403",
    "blank-name": "error.invalid-parameters: an empty business_name is accepted",
    "invalid-kept": "error.invalid-parameters: a refused time log is kept",
    "invalid-400": "error.invalid-parameters: a missing parameter is 400",
    "text-duration-500": "error.invalid-parameters: a duration that is not a number is 500",
    "text-duration-zero": "error.invalid-parameters: a duration that is not a number counts as 0",
    "unknown-job": "error.invalid-parameters: time can be logged on a job that does not exist",
    "missing-duration": "error.invalid-parameters: time without a duration is accepted",
    "invalid-200": "error.invalid-parameters: a refused project is 200 with errors",
    "error-key": "error.body: the reasons are under error",
    "errors-by-name": "error.body: errors is an object by parameter for a create",
    "errors-text": "error.body: errors is one string for a record of another account",
    "errors-bare": "error.body: the body is the array itself",
    "errors-empty": "error.helpful: errors is empty for a record of another account",
    "errors-blank": "error.helpful: the entries of errors are empty strings",
    "errors-null": "error.helpful: errors holds null for a refused time log",
}

USERS = {"c6ZrP0wqY3uTn8Ld": (501, 31, True), "c6ZrP0wqB7hXe2Ks": (502, 31, True), "Jm4tGv9aQ1oCf5Ri": (503, 31, False), "Wd8yNb3kU6sHz0Ex": (601, 44, True)}
ACCOUNTS = {number: account for number, account, _ in USERS.values()}
ROOTS = {"clients": ("client", "clients"), "projects": ("project", "projects"), "jobs": ("job", "jobs"), "time": ("time_entry", "time_entries")}
PARENTS = {"client_id": "clients", "project_id": "projects", "job_id": "jobs"}
# Each parameter: the kind it is read as, and whether a create must have it.
PARAMETERS: dict[str, dict[str, tuple[str, bool]]] = {
    "clients": {"business_name": ("text", True), "contact": ("text", False), "email": ("text", False), "rate": ("money", False), "archived": ("flag", False)},
    "projects": {"name": ("text", True), "client_id": ("id", True), "budget": ("money", False)},
    "jobs": {"name": ("text", True), "client_id": ("id", True), "project_id": ("id", False), "rate": ("money", False), "completed": ("flag", False)},
    "time": {"duration": ("seconds", True), "job_id": ("id", True), "description": ("text", False), "date": ("date", False), "billable": ("flag", False)},
}
Record = dict[str, Any]


class Refused(Exception):  # noqa: N818  it is an answer, not an accident
    """An answer outside 2xx; reasons are pairs of a parameter and what is wrong with it."""

    def __init__(self, status: int, *reasons: tuple[str, str]) -> None:
        super().__init__(status)
        self.status, self.reasons = status, reasons


class Paydirt:
    """The service: two accounts with their records, and one of the BUGS or none."""

    def __init__(self, bug: str) -> None:
        self.bug = bug
        self.lock = threading.Lock()
        self.last_id = 70_000
        self.made: set[int] = set()
        self.tables: dict[str, dict[int, Record]] = {name: {} for name in ROOTS}
        names = ("Widmer Optik", "Oak & Ash", "Café Lund", "Nine Mile Films", "Tern Studio", "Holt", "Bright Works")
        clients = [self.insert("clients", 501, {"business_name": name}) for name in names]
        projects = [self.insert("projects", 501, {"name": name, "client_id": clients[0]["id"]}) for name in ("Website", "Shop window")]
        for name, done in (("Layout", False), ("Photos", True), ("Copy", False)):
            job = self.insert("jobs", 501, {"name": name, "client_id": clients[0]["id"], "project_id": projects[0]["id"], "completed": done})
            self.insert("time", 501, {"duration": 2700, "job_id": job["id"], "description": f"{name}, first round", "date": "2024-04-02"})
        client = self.insert("clients", 601, {"business_name": "Far Shore Diving"})
        self.insert("projects", 601, {"name": "Season", "client_id": client["id"]})
        job = self.insert("jobs", 601, {"name": "Course plan", "client_id": client["id"]})
        self.insert("time", 601, {"duration": 600, "job_id": job["id"], "date": "2024-04-03"})

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        with self.lock:
            try:
                reply = self.route(request)
            except Refused as refused:
                reply = self.refuse(refused, request)
        reply.headers |= {"X-Runtime": "0.012", "Cache-Control": "max-age=0, private, must-revalidate"}
        return reply

    def refuse(self, refused: Refused, request: Request) -> Reply:
        status = refused.status
        if status in (401, 403):
            return Reply(status, b"", {"WWW-Authenticate": 'ApiKey realm="Paydirt"'} if status == 401 else {})
        foreign, create = any(what == "belongs to another account" for _, what in refused.reasons), request.method == "POST"
        errors: Any = [{"parameter": name, "message": f"{name} {what}"} for name, what in refused.reasons]
        if self.bug == "errors-by-name" and create:
            errors = {name: [what] for name, what in refused.reasons}
        if foreign and self.bug in ("errors-text", "errors-empty"):
            errors = "record belongs to another account" if self.bug == "errors-text" else []
        if self.bug == "errors-blank" or (self.bug == "errors-null" and create and request.path.endswith("/time")):
            errors = ["" if self.bug == "errors-blank" else None for _ in refused.reasons]
        if self.bug == "invalid-400" and any("is missing" in what for _, what in refused.reasons):
            status = 400
        if self.bug == "invalid-200" and create and request.path.endswith("/projects"):
            status = 200
        return self.json(status, errors if self.bug == "errors-bare" else {"error" if self.bug == "error-key" else "errors": errors})

    def json(self, status: int, body: object) -> Reply:
        return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def route(self, request: Request) -> Reply:
        path, method = request.path.removesuffix("/"), {"HEAD": "GET", "PATCH": "PUT"}.get(request.method, request.method)
        if self.bug == "time-unversioned":
            path = path.replace("/api/v1/time", "/nowhere").replace("/api/time", "/api/v1/time")
        if self.bug == "projects-v2":
            path = path.replace("/api/v1/projects", "/nowhere").replace("/api/v2/projects", "/api/v1/projects")
        match = re.fullmatch(r"/api/v1/(clients|projects|jobs|time)(?:/([^/]+))?", path)
        if not match:
            return Reply(404, b"<!DOCTYPE html><h1>The page you were looking for doesn't exist.</h1>", {"Content-Type": "text/html; charset=utf-8"})
        table, key = match[1], match[2]
        allowed = ("GET", "PUT", "DELETE") if key else ("GET",) if self.bug == "projects-read-only" and table == "projects" else ("GET", "POST")
        if method not in allowed:
            return Reply(405, b"", {"Allow": ", ".join(allowed)})
        user = self.authenticate(request, method, table, key)
        if user is None:
            if self.bug == "missing-redirect":
                return Reply(302, b"", {"Location": "/login"})
            return self.json(200, {ROOTS[table][1]: []})
        if not USERS[user][2] and not self.tolerates_limited(method, table, key):
            if self.bug == "limited-created" and method == "POST":
                self.create(request, table, user)
            if self.bug == "limited-lists-empty" and method == "GET" and not key:
                return self.json(200, {ROOTS[table][1]: []})
            raise Refused(401 if self.bug == "limited-401" else 403)
        return self.item(request, method, table, key, user) if key else self.collection(request, method, table, user)

    def tolerates_limited(self, method: str, table: str, key: str | None) -> bool:
        return (self.bug == "limited-reads" and method == "GET" and table == "clients" and bool(key)) or (
            self.bug == "limited-logs-time" and (method, table) == ("POST", "time")
        )

    def authenticate(self, request: Request, method: str, table: str, key: str | None) -> str | None:
        """Give the user's key; None only where a bug answers in place of 401."""
        query, bug = dict(request.query), self.bug
        try:
            body = parameters(request)
        except Refused:  # what is wrong with the body matters only to those who may send one
            body = {}
        given = query.get("api_key", body.get("api_key"))
        if (bug == "post-body-key" and method == "POST") or (bug == "put-query-ignored" and method == "PUT"):
            given = body.get("api_key")
        if bug == "key-last" and "api_key" in query and request.query[-1][0] != "api_key":
            given = None
        if bug == "key-upper-case" and table == "jobs":
            given = query.get("API_KEY")
        given = self.another_way(request, method, key) if given is None else given
        known = given if isinstance(given, str) and given in USERS else ""
        if given is None and bug == "missing-open-time" and (method, table) == ("POST", "time"):
            return next(iter(USERS))
        if given is None and method == "GET" and ((bug == "missing-empty-list" and table == "projects" and not key) or (bug == "missing-redirect" and key)):
            return None
        if given is None and bug == "missing-created" and (method, table) == ("POST", "clients"):
            self.create(request, table, next(iter(USERS)))
        if isinstance(given, str) and given and not known:
            if bug == "invalid-500" and not given.isalnum():
                raise ValueError(given)
            if bug == "invalid-deletes" and method == "DELETE":
                return next(iter(USERS))
            if bug == "invalid-prefix":
                known = next((user for user in USERS if user[:8] == given[:8]), "")
        if not known:
            status = 403 if bug == "missing-403" and given is None else 422 if bug == "invalid-422" and given and method == "PUT" else 401
            raise Refused(status, ("api_key", "is not valid"))
        return known

    def another_way(self, request: Request, method: str, key: str | None) -> str | None:
        scheme, _, token = request.header("Authorization").partition(" ")
        if self.bug == "basic-too" and scheme.lower() == "basic":
            return next((user for user in USERS for text in (user, f"{user}:", f"{user}:{user}") if token == encoded(text)), None)
        if self.bug == "bearer-reads" and scheme.lower() == "bearer" and method == "GET":
            return token
        return request.header("X-Api-Key") or None if self.bug == "header-lists" and method == "GET" and not key else None

    # Reading

    def collection(self, request: Request, method: str, table: str, user: str) -> Reply:
        if method == "POST":
            return self.created(table, self.create(request, table, user))
        everyone = self.bug == "foreign-listed" and table == "time"
        rows = [row for row in self.tables[table].values() if everyone or ACCOUNTS[row["_user"]] == USERS[user][1]]
        if (self.bug == "own-time-only" and table == "time") or (self.bug == "list-own-only" and user == CREDENTIALS["second"]["api_key"]):
            rows = [row for row in rows if row["_user"] == USERS[user][0]]
        records: Any = [public(row) for row in (rows[:5] if self.bug == "list-five" else rows)]
        if self.bug == "empty-null" and not records:
            records = None
        if table == "clients" and self.bug in ("id-text", "client-name"):
            records = [self.miswritten(record) for record in records]
        if self.bug == "clients-by-id" and table == "clients":
            records = {str(record["id"]): record for record in records}
        if self.bug == "bare-projects" and table == "projects":
            return self.json(200, records)
        reply = self.json(200, {ROOTS[table][0 if self.bug == "singular-root" and table == "jobs" else 1]: records})
        if self.bug == "jobs-inspect" and table == "jobs":
            reply.body = reply.body.replace(b'": ', b'"=>').replace(b"null", b"nil")
        return reply

    def miswritten(self, record: Record) -> Record:
        if self.bug == "id-text":
            return record | {"id": str(record["id"])}
        return {"name" if name == "business_name" else name: value for name, value in record.items()}

    def created(self, table: str, record: Record) -> Reply:
        body = public(record)
        if self.bug == "client-no-id" and table == "clients":
            del body["id"]
        reply = self.json(200, body if self.bug == "create-bare" else {ROOTS[table][0]: body})
        if (self.bug == "create-201" and table == "clients") or (self.bug == "time-201" and table == "time"):
            reply.status = 201
        if self.bug == "time-html" and table == "time":
            reply.headers["Content-Type"] = "text/html; charset=utf-8"
        return reply

    def item(self, request: Request, method: str, table: str, key: str, user: str) -> Reply:
        record = self.find(request, method, table, key, user)
        root = ROOTS[table][1 if self.bug == "plural-root" and table == "jobs" else 0]
        if method == "PUT":
            self.update(request, table, record, user)
            if self.bug == "update-204" and table == "projects":
                return Reply(204)
            if self.bug == "update-array" and table == "clients":
                return self.json(200, {root: [public(record)]})
            return self.json(202 if self.bug == "update-202" and table == "jobs" else 200, {root: public(record)})
        if method == "DELETE":
            self.delete(table, record["id"])
            if self.bug == "destroy-empty" and table == "clients":
                return Reply(200, b"", {"Content-Type": "text/html"})
            return self.json(200, {root: public(record)})
        if table == "jobs":
            if (self.bug == "job-completed-404" and record["completed"]) or (self.bug == "job-new-404" and record["id"] in self.made):
                raise Refused(404, ("id", "is unknown"))
            if self.bug == "job-neighbour":
                record = next(row for row in self.tables["jobs"].values() if row["client_id"] == record["client_id"])
        return self.json(200, {root: public(record)})

    def find(self, request: Request, method: str, table: str, key: str, user: str) -> Record:
        record = self.tables[table].get(int(key)) if re.fullmatch("[1-9][0-9]{0,17}", key) else None
        if record is None:
            raise Refused(404, ("id", "is unknown"))
        if ACCOUNTS[record["_user"]] != USERS[user][1]:
            if (self.bug == "foreign-200" and method == "GET" and table == "jobs") or (self.bug == "foreign-deleted" and method == "DELETE"):
                return record
            if self.bug == "foreign-put-applied" and method == "PUT":
                self.update(request, table, record, user)
            refused = (self.bug == "foreign-404" and table == "clients" and 404) or (self.bug == "foreign-403" and table == "projects" and 403) or 422
            raise Refused(refused, ("id", "belongs to another account"))
        return record

    # Writing

    def insert(self, table: str, user: int, values: Record) -> Record:
        self.last_id += 11
        blank = {name: kind == "flag" and name == "billable" if kind == "flag" else None for name, (kind, _) in PARAMETERS[table].items()}
        record = {"id": self.last_id, **blank, **values, "created_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), "_user": user}
        if table == "time":
            record |= {"user_id": user, "date": record["date"] or datetime.datetime.now(datetime.UTC).date().isoformat()}
        self.tables[table][self.last_id] = record
        return record

    def create(self, request: Request, table: str, user: str) -> Record:
        given = parameters(request, ROOTS[table][0])
        if not (self.bug == "time-needs-body" and table == "time"):
            given = dict(request.query) | given
        try:
            values = self.read(table, given, user, partial=False)
        except Refused:
            if self.bug == "invalid-kept" and table == "time":
                self.insert(table, USERS[user][0], {"duration": 0})
            raise
        record = self.insert(table, USERS[user][0], values)
        self.made.add(record["id"])
        if (self.bug == "time-not-kept" and table == "time") or (self.bug == "job-not-kept" and table == "jobs"):
            del self.tables[table][record["id"]]
        return record

    def update(self, request: Request, table: str, record: Record, user: str) -> None:
        record.update(self.read(table, dict(request.query) | parameters(request, ROOTS[table][0]), user, partial=True))

    def delete(self, table: str, key: int) -> None:
        """Delete a record and all that hangs on it."""
        del self.tables[table][key]
        owner = {"clients": "client_id", "projects": "project_id", "jobs": "job_id"}.get(table)
        for name, rows in self.tables.items():
            for child in [row["id"] for row in rows.values() if owner and row.get(owner) == key]:
                if child in rows:
                    self.delete(name, child)

    def read(self, table: str, given: Record, user: str, *, partial: bool) -> Record:
        """Read the parameters that the table knows and collect every reason against them."""
        values: Record = {}
        reasons: list[tuple[str, str]] = []
        for name, (kind, required) in PARAMETERS[table].items():
            value = given.get(name)
            if value is None or (isinstance(value, str) and not value.strip()):
                excused = self.bug == "missing-duration" and name == "duration"
                excused = excused or (self.bug == "blank-name" and name == "business_name" and value is not None)
                if required and not excused and not (partial and name not in given):
                    reasons.append((name, "is missing"))
                elif name in given:
                    values[name] = value if required else None
                continue
            if self.bug.startswith("text-duration") and kind == "seconds" and not str(value).isdigit():
                value = 0 if self.bug == "text-duration-zero" else int(str(value))
            if (parsed := parse(kind, value)) is None:
                reasons.append((name, f"is not valid as {kind}"))
            elif kind == "id" and (reason := self.reference(PARENTS[name], parsed, user)):
                reasons.append((name, reason))
            else:
                values[name] = self.kept(name, parsed)
        if reasons:
            raise Refused(422, *reasons)
        return values

    def kept(self, name: str, value: Any) -> object:
        if self.bug == "time-minutes" and name == "duration":
            return value // 60
        if self.bug == "time-first-job" and name == "job_id":
            return next(iter(self.tables["jobs"]))
        return value[:10] if self.bug == "client-cut" and name == "business_name" else value

    def reference(self, table: str, key: Any, user: str) -> str:
        """Say what is wrong with a reference, or nothing."""
        record = self.tables[table].get(key)
        if record is None:
            return "" if self.bug == "unknown-job" and table == "jobs" else "is unknown"
        foreign = ACCOUNTS[record["_user"]] != USERS[user][1] and not (self.bug == "foreign-job" and table == "jobs")
        return "belongs to another account" if foreign else ""


def parse(kind: str, value: Any) -> Any:
    """Read a parameter as its kind, from JSON or from text; None where it cannot be read."""
    if kind == "text":
        return value if isinstance(value, str) and len(value) <= 255 else None
    text = str(value).lower()
    if kind == "flag":
        return {"true": True, "1": True, "false": False, "0": False}.get(text)
    if kind == "money":
        return f"{float(text):.2f}" if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) else None
    if kind == "date":
        try:
            return datetime.date.fromisoformat(text).isoformat() if len(text) == 10 else None
        except ValueError:
            return None
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def parameters(request: Request, root: str = "") -> Record:
    """Read the body's parameters, form or JSON, with those under `root` brought to the top."""
    if request.header("Content-Type").startswith("application/x-www-form-urlencoded"):
        flat = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        return flat | {name[len(root) + 1 : -1]: value for name, value in flat.items() if root and name.startswith(root + "[")}
    if not request.body.strip():
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused(422, ("body", "is not JSON")) from None
    if not isinstance(body, dict):
        raise Refused(422, ("body", "is not an object"))
    return body | (body[root] if isinstance(body.get(root), dict) else {})


def encoded(text: str) -> str:
    """Write text as Basic credentials do."""
    return base64.b64encode(text.encode()).decode()


def public(record: Record) -> Record:
    """Give a record without what is the service's own."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def serve(bug: str = "", port: int = 0) -> Served:
    """Start it, with one of BUGS or none."""
    if bug and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}; known are {', '.join(BUGS)}")
    return Served(Paydirt(bug).answer, port)
