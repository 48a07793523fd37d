"""The RPC API of the Moonrope document as a vendor might write it who has only that page: a small telephony service."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.implementations.serving import Reply, Request, Served

BASE = "/api/v1"
TARGET = ""
CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"X-Auth-App": "desk-3", "X-Auth-Token": "9a1f-full"},
    "second": {"X-Auth-App": "desk-4", "X-Auth-Token": "27cc-second"},
    "limited": {"X-Auth-App": "wallboard", "X-Auth-Token": "e0d4-limited"},
    "other": {"X-Auth-App": "branch", "X-Auth-Token": "b7b7-other"},
}
ACCOUNTS = {"full": "head", "second": "head", "limited": "head", "other": "branch"}
CREATE: dict[str, dict[str, object]] = {
    "contacts": {"name": "Zora Vance", "email": "zora@example.org", "vip": True, "rank": 4},
    "units": {"serial": "SN-9001", "label": "Front desk", "floor": 2},
}
PARAMETERS: dict[str, dict[str, str]] = {
    "contacts": {"name": "text", "email": "text", "vip": "flag", "rank": "integer"},
    "units": {"serial": "text", "label": "text", "floor": "integer"},
    "calls": {"from": "text", "to": "text", "seconds": "integer", "answered": "flag"},
}
REQUIRED = {"contacts": ("name",), "units": ("serial", "floor")}
PER_PAGE = {"contacts": 4, "calls": 3}
WRITING = ("contacts/create", "contacts/update", "contacts/delete", "units/create")
KINDS: dict[str, tuple[type, str]] = {"text": (str, "a string"), "flag": (bool, "a boolean"), "integer": (int, "an integer"), "hash": (dict, "a hash")}
LOG = logging.getLogger(__name__)
LOG.addHandler(logging.NullHandler())

BUGS: dict[str, str] = {
    "unknown-lists": "rpc.action: an unknown action of contacts runs its list",
    "delete-unknown": "rpc.action: contacts/delete has no URL",
    "update-creates": "rpc.action: contacts/update adds a contact instead of changing one",
    "http-served": "transport.https: plain HTTP is served like HTTPS",
    "http-lists": "transport.https: lists are served over plain HTTP",
    "body-ignored-on-list": "request.post-json: lists read their parameters from the query only",
    "charset-ignored": "request.post-json: a body whose Content-Type names a charset is not read",
    "latin-body": "request.post-json: the body is read as Latin-1",
    "false-lost": "request.post-json: false in the body is taken for absent",
    "html-unknown-action": "content.json: an unknown action answers with a page of HTML",
    "html-type-on-error": "content.json: refusals are sent as text/html",
    "empty-delete": "content.json: contacts/delete answers an empty body",
    "single-quotes": "content.json: units/list is printed with single quotes",
    "bare-list": "envelope.hash: units/list answers the array alone",
    "time-missing-on-denied": "envelope.hash: access-denied has no time",
    "data-missing-on-delete": "envelope.hash: contacts/delete has no data",
    "nested-envelope": "envelope.hash: contacts/info puts the hash under response",
    "status-boolean": "envelope.status: status is true on units/list",
    "status-ok": "envelope.status: contacts/update says ok",
    "status-success-on-invalid": "envelope.status: a validation error says success",
    "status-number": "envelope.status: an unknown record has the number 404 for a status",
    "time-text": "envelope.time: time is a string on lists",
    "time-epoch": "envelope.time: time is the clock of the server",
    "time-negative": "envelope.time: refusals have a negative time",
    "time-milliseconds": "envelope.time: contacts/create gives milliseconds",
    "flags-null-on-error": "envelope.flags: flags is null on an error",
    "flags-array": "envelope.flags: flags without members is an array",
    "flags-text": "envelope.flags: flags of contacts/list is JSON in a string",
    "data-null-on-error": "envelope.data: a parameter error has no details",
    "data-text-on-error": "envelope.data: an unknown record has a string for details",
    "data-null-on-create": "envelope.data: units/create gives null",
    "data-stale": "envelope.data: contacts/update gives the contact as it was",
    "total-of-page": "page.flags: total_records counts the page",
    "pages-floor": "page.flags: total_pages leaves out the last page that isn't full",
    "flags-page-one": "page.flags: page is always 1",
    "numbers-as-text": "page.flags: the numbers of calls/list are strings",
    "per-page-plus-one": "page.flags: a page of calls has one row more than per_page",
    "per-page-unset": "page.flags: per_page tells the default although another was asked for",
    "walk-overlap": "page.walk: from the second page on, a row of the page before comes again",
    "walk-last-lost": "page.walk: the last page that isn't full is empty",
    "walk-first-only": "page.walk: contacts/list always gives the first page",
    "http-404": "status.http: an unknown record is HTTP 404",
    "http-422": "status.http: a validation error is HTTP 422",
    "http-403": "status.http: the limited token gets HTTP 403",
    "http-401": "status.http: a wrong token gets HTTP 401",
    "http-201": "status.http: contacts/create is HTTP 201",
    "http-400": "status.http: a missing parameter is HTTP 400",
    "missing-500": "error.parameter: contacts/info without id is a fault of the server",
    "text-id": "error.parameter: an id sent as text is taken",
    "wrong-type-taken": "error.parameter: units/create takes a number for the serial",
    "wrong-type-500": "error.parameter: a hash for the name is a fault of the server",
    "array-body": "error.parameter: a body that is an array counts as an empty one",
    "half-applied": "error.parameter: contacts/update stores what comes before the wrong parameter",
    "refused-created": "error.parameter: contacts/create stores a contact it refuses",
    "empty-token": "auth.access-denied: an empty token passes",
    "app-only": "auth.access-denied: only X-Auth-App is looked at",
    "token-only": "auth.access-denied: X-Auth-App may be missing",
    "units-open": "auth.access-denied: units/list needs no credentials",
    "denied-done": "auth.access-denied: contacts/create without credentials is refused but done",
    "denied-success": "auth.access-denied: a wrong token is answered with success and no data",
    "limited-updates": "auth.access-denied: the limited token may update",
    "foreign-info": "auth.access-denied: contacts/info shows another account's contact",
}


class RefusedError(Exception):
    """An action that ends without success: the status, the details, the HTTP status."""

    def __init__(self, status: str, details: dict[str, Any], http: int = 200) -> None:
        super().__init__(status)
        self.status = status
        self.details: Any = details
        self.http = http


@dataclass(slots=True)
class Call:
    """One action being run: who calls it, with what, and the flags it sets."""

    action: str
    account: str
    parameters: dict[str, Any]
    flags: dict[str, Any] = field(default_factory=dict)

    @property
    def controller(self) -> str:
        """The part of the action before the slash."""
        return self.action.partition("/")[0]


def seeds() -> dict[str, list[dict[str, Any]]]:
    """The records a fresh service starts with; `account` is never shown."""
    contacts = (("Ines Kolb", None, False, 7, "head"), ("Bram Tuck", "bram@example.org", True, 1, "head"), ("Nia Roy", "", False, 3, "branch"))
    more = (("Otto Finch", "otto@example.org", False, 3, "head"), ("Ada Moss", None, True, 12, "head"), ("Lew Park", None, False, 5, "head"))
    calls = ((41, True), (0, False), (305, True), (8, True), (61, True), (0, False), (1200, True))
    return {
        "contacts": [
            {"id": 4100 + 13 * place, "name": name, "email": email, "vip": vip, "rank": rank, "account": account}
            for place, (name, email, vip, rank, account) in enumerate((*contacts, *more))
        ],
        "units": [
            {"id": 77, "serial": "SN-0007", "label": "Lobby", "floor": 0, "account": "head"},
            {"id": 81, "serial": "SN-0031", "label": None, "floor": 3, "account": "head"},
            {"id": 90, "serial": "SN-0100", "label": "Depot", "floor": 1, "account": "branch"},
        ],
        "calls": [
            {"id": 900 - 3 * place, "from": f"+44161555{place:03}", "to": "+441615550", "seconds": seconds, "answered": answered, "account": "head"}
            for place, (seconds, answered) in enumerate(calls)
        ],
    }


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A record without what is internal to it."""
    return {name: value for name, value in row.items() if name != "account"}


def reads_as(kind: str, value: object) -> bool:
    """Whether a JSON value is of the kind a parameter has; a boolean is no integer."""
    return isinstance(value, KINDS[kind][0]) and (kind == "flag" or not isinstance(value, bool))


class Moonrope:
    """The service: one store, one envelope around every answer."""

    def __init__(self, bug: str = "", *, tls: bool = False) -> None:
        self.bug = bug
        self.tls = tls
        self.lock = threading.Lock()
        self.rows = seeds()
        self.number = 6000
        self.actions: dict[str, Callable[[Call], Any]] = {
            "contacts/create": self.create,
            "contacts/list": self.paged,
            "contacts/info": self.info,
            "contacts/update": self.update,
            "contacts/delete": self.delete,
            "calls/list": self.paged,
            "units/create": self.create,
            "units/list": self.units,
        }
        if bug == "delete-unknown":
            del self.actions["contacts/delete"]

    def answer(self, request: Request) -> Reply:
        """The reply to one request; nothing escapes as an exception."""
        started = time.monotonic()
        call = Call(request.path.removeprefix(BASE).strip("/") if request.path.startswith(BASE + "/") else "", "", {})
        status, http = "success", 200
        try:
            with self.lock:
                data = self.run(call, request)
        except RefusedError as refusal:
            status, data, http, call.flags = refusal.status, refusal.details, refusal.http, {}
        except Exception:
            LOG.exception("fault")
            status, data, http, call.flags = "error", {"code": "internal", "message": "Something broke on our side"}, 500, {}
        return self.reply(call, {"status": status, "time": round(time.monotonic() - started, 2), "flags": call.flags, "data": data}, http, started)

    def run(self, call: Call, request: Request) -> Any:
        """What the action gives: checks transport, action, method, credentials, rights and body before it runs."""
        if self.tls and not request.secure and self.bug != "http-served" and not (self.bug == "http-lists" and call.action.endswith("/list")):
            raise RefusedError("http-not-supported", {"message": "Use https"}, 400)
        if self.bug == "unknown-lists" and call.controller == "contacts" and call.action not in self.actions:
            call.action = "contacts/list"
        if call.action not in self.actions:
            raise RefusedError("invalid-controller-or-action", {"message": "There is no such action"}, 400)
        if request.method != "POST":
            raise RefusedError("error", {"code": "post-required", "message": "Actions are called with POST"})
        name = self.caller(call, request)
        call.account = ACCOUNTS[name]
        if name == "limited" and call.action in WRITING and (self.bug, call.action) != ("limited-updates", "contacts/update"):
            raise RefusedError("access-denied", {"code": "read-only", "message": "This token may only look"}, 403 if self.bug == "http-403" else 200)
        call.parameters = self.read(call, request)
        return self.actions[call.action](call)

    def caller(self, call: Call, request: Request) -> str:
        """The name of the credentials sent, else access-denied."""
        app, token = request.header("X-Auth-App"), request.header("X-Auth-Token")
        for name, headers in CREDENTIALS.items():
            right_app = app == headers["X-Auth-App"] or (self.bug == "token-only" and not app)
            right_token = token == headers["X-Auth-Token"] or self.bug == "app-only" or (self.bug == "empty-token" and not token)
            if right_app and right_token:
                return name
        if (self.bug, call.action) == ("units-open", "units/list"):
            return "full"
        if (self.bug, call.action) == ("denied-done", "contacts/create"):
            self.create(Call(call.action, "head", self.read(call, request)))
        status = "success" if self.bug == "denied-success" and token else "access-denied"
        details = {"code": "unknown-token", "message": "X-Auth-App and X-Auth-Token name nobody"}
        refusal = RefusedError(status, details, 401 if self.bug == "http-401" and token else 200)
        if status == "success":
            refusal.details = None
        raise refusal

    def read(self, call: Call, request: Request) -> dict[str, Any]:
        """The parameters in the body; an empty body has none."""
        if self.bug == "body-ignored-on-list" and call.action.endswith("/list"):
            return {name: int(value) for name, value in request.query if value.isdigit()}
        if self.bug == "charset-ignored" and "charset" in request.header("Content-Type"):
            return {}
        try:
            body = request.body.decode("latin-1" if self.bug == "latin-body" else "utf-8")
            parameters = json.loads(body) if body.strip() else {}
        except (ValueError, RecursionError):
            raise RefusedError("invalid-json", {"message": "The body is not JSON"}, 400) from None
        if isinstance(parameters, list) and self.bug == "array-body":
            return {}
        if not isinstance(parameters, dict):
            raise RefusedError("parameter-error", {"message": "The body must be a hash of parameters"})
        if self.bug == "false-lost":
            return {name: value for name, value in parameters.items() if value is not False}
        return parameters

    def checked(self, call: Call, wanted: dict[str, str], required: tuple[str, ...]) -> dict[str, Any]:
        """The known parameters sent; others are ignored, null counts as sent where it is not required."""
        found: dict[str, Any] = {}
        for name, kind in wanted.items():
            value = call.parameters.get(name)
            if name in required and value is None:
                if (self.bug, name) == ("missing-500", "id"):
                    raise KeyError(name)
                raise self.wrong(name, "is missing", 400 if self.bug == "http-400" else 200)
            if name not in call.parameters:
                continue
            if value is not None and not reads_as(kind, value):
                if self.bug == "text-id" and name == "id" and isinstance(value, str) and value.isdigit():
                    value = int(value)
                elif self.bug == "wrong-type-500" and name == "name" and isinstance(value, dict):
                    raise TypeError(name)
                elif not (self.bug == "wrong-type-taken" and name == "serial" and isinstance(value, int)):
                    if (self.bug, call.action) == ("half-applied", "contacts/update"):
                        self.find(call).update(found)
                    raise self.wrong(name, f"must be {KINDS[kind][1]}")
            found[name] = value
        return found

    def wrong(self, name: str, problem: str, http: int = 200) -> RefusedError:
        """The refusal of one parameter."""
        refusal = RefusedError("parameter-error", {"parameter": name, "message": f"{name} {problem}"}, http)
        if self.bug == "data-null-on-error":
            refusal.details = None
        return refusal

    def valid(self, values: dict[str, Any]) -> None:
        """Refuse values that no record may have."""
        errors = {}
        for name in ("name", "serial"):
            if isinstance(text := values.get(name), str) and not text.strip():
                errors[name] = ["can't be blank"]
        if values.get("email") and "@" not in values["email"]:
            errors["email"] = ["is not an address"]
        if errors:
            raise RefusedError(
                "success" if self.bug == "status-success-on-invalid" else "validation-error",
                {"errors": errors},
                422 if self.bug == "http-422" else 200,
            )

    def own(self, call: Call) -> list[dict[str, Any]]:
        """The rows of the controller that the caller's account has."""
        return [row for row in self.rows[call.controller] if row["account"] == call.account]

    def find(self, call: Call) -> dict[str, Any]:
        """The contact with the id sent, else not-found."""
        rows = self.rows["contacts"] if (self.bug, call.action) == ("foreign-info", "contacts/info") else self.own(call)
        key = self.checked(Call("", "", {"id": call.parameters.get("id")}), {"id": "integer"}, ("id",))["id"]
        for row in rows:
            if row["id"] == key:
                return row
        details = {"code": "contact-not-found", "id": key, "message": "There is no such contact"}
        refusal = RefusedError("not-found", details, 404 if self.bug == "http-404" else 200)
        if self.bug == "data-text-on-error":
            refusal.details = "There is no such contact"
        raise refusal

    def create(self, call: Call) -> Any:
        """Add a record and give it back."""
        wanted = PARAMETERS[call.controller]
        self.number += 11
        row = {"id": self.number} | dict.fromkeys(wanted) | {"account": call.account}
        try:
            values = self.checked(call, wanted, REQUIRED[call.controller])
            self.valid(values)
        except RefusedError:
            if (self.bug, call.action) == ("refused-created", "contacts/create"):
                self.rows[call.controller].append(row | {name: call.parameters.get(name) for name in wanted})
            raise
        self.rows[call.controller].append(row | values)
        return None if (self.bug, call.action) == ("data-null-on-create", "units/create") else shown(row | values)

    def info(self, call: Call) -> Any:
        """Give one contact."""
        return shown(self.find(call))

    def update(self, call: Call) -> Any:
        """Change what is sent of one contact and give it back."""
        row = self.find(call)
        values = self.checked(call, PARAMETERS["contacts"], ())
        if "name" in values and values["name"] is None:
            raise self.wrong("name", "must be a string")
        self.valid(values)
        before = shown(row)
        if self.bug == "update-creates":
            self.number += 11
            row = row | {"id": self.number}
            self.rows["contacts"].append(row)
        row.update(values)
        return before if self.bug == "data-stale" else shown(row)

    def delete(self, call: Call) -> Any:
        """Take one contact away."""
        self.rows["contacts"].remove(self.find(call))
        return True

    def units(self, call: Call) -> Any:
        """Give all units; there are never many."""
        return [shown(row) for row in self.own(call)]

    def paged(self, call: Call) -> Any:
        """Give one page of the rows whose attributes equal those in `filters`, and tell the window in the flags."""
        found = self.checked(call, {"page": "integer", "per_page": "integer", "filters": "hash"}, ())
        sent = {name: value for name, value in found.items() if value is not None}
        number, size = sent.get("page", 1), sent.get("per_page", PER_PAGE[call.controller])
        for name, value, most in (("page", number, 10**6), ("per_page", size, 100)):
            if not 1 <= value <= most:
                raise self.wrong(name, f"must be between 1 and {most}")
        filters = sent.get("filters", {})
        for name in filters:
            if name not in PARAMETERS[call.controller]:
                raise self.wrong("filters", f"can't have {name}")
        rows = [shown(row) for row in self.own(call) if all(row[name] == value for name, value in filters.items())]
        page = self.cut(call, rows, number, size)
        counts = {"page": number, "per_page": size, "total_pages": math.ceil(len(rows) / size), "total_records": len(rows)}
        match self.bug:
            case "total-of-page":
                counts["total_records"] = len(page)
            case "pages-floor":
                counts["total_pages"] = max(1, len(rows) // size)
            case "flags-page-one":
                counts["page"] = 1
            case "per-page-unset":
                counts["per_page"] = PER_PAGE[call.controller]
        texts = self.bug == "numbers-as-text" and call.controller == "calls"
        call.flags["paginated"] = {name: str(value) for name, value in counts.items()} if texts else counts
        return page

    def cut(self, call: Call, rows: list[dict[str, Any]], number: int, size: int) -> list[dict[str, Any]]:
        """The rows of one page."""
        start = (number - 1) * size
        if self.bug == "walk-first-only" and call.controller == "contacts":
            start = 0
        if self.bug == "walk-overlap" and start:
            start -= 1
        page = rows[start : start + size + (1 if self.bug == "per-page-plus-one" and call.controller == "calls" else 0)]
        return [] if self.bug == "walk-last-lost" and start and len(page) < size else page

    def reply(self, call: Call, envelope: dict[str, Any], http: int, started: float) -> Reply:
        """The envelope as bytes, with what the bug does to it."""
        body: Any = envelope
        failed, denied = envelope["status"] != "success", envelope["status"] == "access-denied"
        match self.bug, call.action:
            case "html-unknown-action", _ if envelope["status"] == "invalid-controller-or-action":
                return Reply(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"})
            case "empty-delete", "contacts/delete" if not failed:
                return Reply(http, b"", {"Content-Type": "application/json"})
            case "single-quotes", "units/list" if not failed:
                return Reply(http, str(envelope).encode(), {"Content-Type": "application/json"})
            case "bare-list", "units/list" if not failed:
                body = envelope["data"]
            case "nested-envelope", "contacts/info":
                body = {"response": envelope}
            case "time-missing-on-denied", _ if denied:
                del envelope["time"]
            case "data-missing-on-delete", "contacts/delete":
                del envelope["data"]
            case "status-boolean", "units/list" if not failed:
                envelope["status"] = True
            case "status-ok", "contacts/update" if not failed:
                envelope["status"] = "ok"
            case "status-number", _ if envelope["status"] == "not-found":
                envelope["status"] = 404
            case "time-text", ("contacts/list" | "calls/list" | "units/list"):
                envelope["time"] = f"{envelope['time']:.2f}"
            case "time-epoch", _:
                envelope["time"] = round(time.time(), 2)
            case "time-negative", _ if failed:
                envelope["time"] = -0.01
            case "time-milliseconds", "contacts/create":
                envelope["time"] = round((time.monotonic() - started) * 1000, 2) + 3
            case "flags-null-on-error", _ if failed:
                envelope["flags"] = None
            case "flags-array", _ if not envelope["flags"]:
                envelope["flags"] = []
            case "flags-text", "contacts/list":
                envelope["flags"] = json.dumps(envelope["flags"])
            case "http-201", "contacts/create" if not failed:
                http = 201
        media = "text/html" if self.bug == "html-type-on-error" and failed else "application/json; charset=utf-8"
        return Reply(http, json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode(), {"Content-Type": media, "X-Powered-By": "switchboard"})


def serve(bug: str = "", port: int = 0, certificate: str = "") -> Served:
    """Start it with one of BUGS or none; with the PEM file `certificate` it speaks TLS, and its plain door refuses."""
    if bug and bug not in BUGS:
        raise ValueError(f"no such bug: {bug}; known are {', '.join(BUGS)}")
    return Served(Moonrope(bug, tls=bool(certificate)).answer, port, certificate)
