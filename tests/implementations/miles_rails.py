"""88 Miles' projects as a vendor with a Rails background would write them: Basic login, 201 on create, tag lists as arrays."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from tests.implementations.serving import Reply, Request, Served

Json = dict[str, Any]

COMPANIES: dict[str, str] = {
    "2f6a1f0e-5c0b-4f7e-9a54-6b1f6e0c1d01": "Fenwick & Sons",
    "2f6a1f0e-5c0b-4f7e-9a54-6b1f6e0c1d02": "Harbour Light",
    "2f6a1f0e-5c0b-4f7e-9a54-6b1f6e0c1d03": "Ninth Street Bakery",
}
FENWICK, HARBOUR, BAKERY = COMPANIES
CREATE: dict[str, dict[str, object]] = {"project": {"name": "Shop window", "company_uuid": FENWICK, "visibility": "private"}}
CREDENTIALS: dict[str, dict[str, str]] = {
    "full": {"login": "mara", "password": "tide-and-time"},
    "second": {"login": "mara@fenwick.example", "password": "tide-and-time"},
    "limited": {"login": "auditor", "password": "only:looking"},
    "other": {"login": "joss", "password": "kettle drum"},
}
STRICT_CREDENTIALS: dict[str, dict[str, str]] = {name: {"token": f"88m-{name}-7c1e"} for name in CREDENTIALS}
TARGET = ""


@dataclass(frozen=True, slots=True)
class User:
    """Someone who works with projects; a manager edits all that they see, a reader edits nothing."""

    uuid: str
    role: str


MARA = User("90d1b1c6-33a5-4f0d-8a53-1f1c6fd1a001", "manager")
AUDITOR = User("90d1b1c6-33a5-4f0d-8a53-1f1c6fd1a002", "reader")
JOSS = User("90d1b1c6-33a5-4f0d-8a53-1f1c6fd1a003", "staff")
PEOPLE = {"full": MARA, "second": MARA, "limited": AUDITOR, "other": JOSS}


@dataclass(slots=True)
class Shift:
    """A stretch of work of one user; without a stop it still runs."""

    user: User
    start: int
    stop: int | None = None
    activity: str | None = None
    notes: str | None = None
    tags: list[str] = field(default_factory=list)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def seconds(self, now: int) -> int:
        """Give the time worked up to now."""
        return max(0, (self.stop or now) - self.start)


@dataclass(slots=True)
class Project:
    """A project as kept: what its owner set, and the shifts of everyone."""

    uuid: str
    owner: User
    company: str
    values: Json
    shifts: list[Shift] = field(default_factory=list)

    def running(self, user: User | None) -> Shift | None:
        """Give the open shift of a user, or of anyone."""
        return next((s for s in self.shifts if s.stop is None and user in (None, s.user)), None)


class RefusalError(Exception):
    """A refusal with its status and the reasons given for it."""

    def __init__(self, status: int, *reasons: str) -> None:
        self.status, self.reasons = status, reasons


# --- values that clients send ---------------------------------------------------------------------------------------


def duration(text: object) -> int:
    """Read a time limit such as 10h, 1h 30m, 90m, 1:30 or 2.5 (hours)."""
    plain = str(text).strip().lower()
    if clock := re.fullmatch(r"(\d+):([0-5]\d)(?::([0-5]\d))?", plain):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)
    words = re.fullmatch(r"(?:(\d+(?:\.\d+)?)\s*h\w*)?[\s,]*(?:(\d+)\s*m\w*)?[\s,]*(?:(\d+)\s*s\w*)?", plain)
    if words and any(words.groups()):
        return int(float(words[1] or 0) * 3600) + int(words[2] or 0) * 60 + int(words[3] or 0)
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return int(float(plain) * 3600)
    raise ValueError("can't be read as a time")


def money(text: object) -> tuple[str, int]:
    """Read an hourly rate such as $1,250.50: its currency sign and its cents."""
    if match := re.fullmatch(r"\s*([^\d\s.,-]{0,3})\s*(\d[\d,]*)(?:\.(\d{1,2}))?\s*", str(text)):
        return match[1] or "$", int(match[2].replace(",", "")) * 100 + int((match[3] or "0").ljust(2, "0"))
    raise ValueError("can't be read as an amount")


def spell(seconds: int) -> str:
    """Write a time limit the short way, 1h 30m."""
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s"))
    return " ".join(f"{number}{unit}" for number, unit in parts if number) or "0h"


def a_name(value: object) -> str:
    """Accept a name that is not blank."""
    if not isinstance(value, str) or not value.strip() or len(value) > 255:
        raise ValueError("can't be blank or longer than 255 characters")
    return value


def a_flag(value: object) -> bool:
    """Accept true and false, also as text."""
    if str(value).lower() not in ("true", "false"):
        raise ValueError("must be true or false")
    return str(value).lower() == "true"


def a_visibility(value: object) -> str:
    """Accept one of the three visibilities."""
    if str(value).lower() not in ("public", "private", "custom"):
        raise ValueError("is not included in the list")
    return str(value).lower()


def a_count(value: object) -> int | None:
    """Accept a whole number from zero up, or nothing."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise ValueError("must be a whole number of at least 0")
    return value


def a_text(value: object) -> str | None:
    """Accept text or nothing."""
    if value is not None and not isinstance(value, str):
        raise ValueError("must be text")
    return value


def some_users(value: object) -> list[str]:
    """Accept uuids of users."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of uuids")
    return value


def some_activities(value: object) -> list[Json]:
    """Accept activities that have a name."""
    if not isinstance(value, list) or not all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in value):
        raise ValueError("must be a list of activities with names")
    return [{"name": item["name"], "uuid": str(item.get("uuid") or uuid.uuid4())} for item in value]


FIELDS: dict[str, Callable[[object], Any]] = {
    "name": a_name, "active": a_flag, "visibility": a_visibility, "time_limit": a_count, "hourly_rate_cents": a_count, "default_tags": a_text,
    "notes": a_text, "billable_by_default": a_flag, "user_uuids": some_users, "activities": some_activities,
}  # fmt: skip
NEW: Json = {
    "name": None, "active": True, "visibility": "private", "time_limit": None, "hourly_rate_cents": None, "default_tags": None, "notes": None,
    "billable_by_default": True, "user_uuids": [], "activities": [], "sign": "$",
}  # fmt: skip


# --- where and order ------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<op>!=|~=|>=|<=|=|>|<)|(?P<join>&&|\|\||[()])|(?P<word>[^\s"'=!<>~()&|]+))""")
Test = Callable[[Json], bool]


def like(actual: object, text: str, bug: str = "") -> bool:
    """Tell whether a value contains the text, or follows it as a pattern where it has a % in it."""
    value, wanted = str(actual).lower(), text.lower()
    if bug == "similar_everything":
        return True
    if bug == "similar_exact":
        return value == wanted
    if bug == "similar_prefix":
        return value.startswith(wanted) and value != wanted
    if "%" in wanted:
        return re.fullmatch(".*".join(map(re.escape, wanted.split("%"))), value) is not None
    return wanted in value


def compare(actual: Any, op: str, wanted: str | None, bug: str = "") -> bool:
    """Apply one comparison the way SQL does: nothing compares with null but = null and != null."""
    if wanted is None:
        return (actual is None) == (op == "=") if op in ("=", "!=") else False
    if actual is None:
        return bug == "where_null_as_zero" and op in ("<", "<=")
    if op == "~=":
        return like(actual, wanted, bug)
    if bug == "where_first_word":
        wanted = wanted.split(" ")[0] if op == "=" else wanted
    pair: tuple[Any, Any] = (str(actual).lower(), wanted.lower()) if isinstance(actual, bool) else (str(actual), wanted)
    if isinstance(actual, int) and not isinstance(actual, bool) and bug != "where_number_as_text":
        if not re.fullmatch(r"-?\d+(\.\d+)?", wanted):
            raise RefusalError(400, f"{wanted} is not a number")
        pair = (actual, float(wanted))
    left, right = pair
    if op == "!=":
        return bug == "where_unequal_ignored" or bool(left != right)
    if op == "=":
        return bool(left == right)
    strict = op in (">", "<") or (bug == "where_at_least_is_more" and op == ">=")
    return bool((left > right if op[0] == ">" else left < right) or (not strict and left == right))


class Filter:
    """A where expression, parsed: comparisons joined by and (&&), or (||) and parentheses."""

    def __init__(self, text: str, columns: set[str], bug: str = "") -> None:
        self.tokens, self.columns, self.bug = self._split(text), columns, bug
        self.test = self._either()
        if self.tokens:
            raise RefusalError(400, f"Unexpected {self.tokens[0][1]} in where")

    def _split(self, text: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if not match:
                raise RefusalError(400, f"where can't be read from {text[at:].strip()!r} on")
            found.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        return found

    def _take(self, *wanted: str) -> bool:
        if self.tokens and self.tokens[0][0] != "text" and self.tokens[0][1].lower() in wanted:
            self.tokens.pop(0)
            return True
        return False

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("||", "or"):
            tests.append(self._both())
        if self.bug == "where_or_first_only":
            tests = tests[:1]
        return lambda row: any(test(row) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("&&", "and"):
            tests.append(self._one())
        join = any if self.bug == "where_and_is_or" else all
        return lambda row: join(test(row) for test in tests)

    def _one(self) -> Test:
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise RefusalError(400, "where lacks a closing parenthesis")
            return inner
        kinds, parts = [kind for kind, _ in self.tokens[:3]], [text for _, text in self.tokens[:3]]
        del self.tokens[:3]
        if kinds[:2] != ["word", "op"] or len(kinds) < 3 or kinds[2] not in ("word", "text") or parts[0] not in self.columns:
            raise RefusalError(400, f"where has no such comparison: {' '.join(parts)}")
        column, op, value = parts
        wanted = re.sub(r"\\(.)", r"\1", value[1:-1]) if kinds[2] == "text" else None if value.lower() == "null" else value
        return lambda row: compare(row[column], op, wanted, self.bug)


def arrange(rows: list[Json], text: str, columns: set[str], bug: str = "") -> list[Json]:
    """Sort by an order string, `column [asc|desc], …`; nulls come last."""
    for part in reversed(text.split(",")):
        words = part.split()
        if not 1 <= len(words) <= 2 or words[0] not in columns or (words[1:] and words[1].lower() not in ("asc", "desc")):
            raise RefusalError(400, f"order can't be read: {part.strip()}")
        down = words[-1].lower() == "desc" and len(words) == 2 and bug != "order_desc_ignored"
        filled = [row for row in rows if row[words[0]] is not None]
        empty = [row for row in rows if row[words[0]] is None]
        filled.sort(key=lambda row, name=words[0]: len(str(row[name])) if bug == "order_by_length" else row[name], reverse=down)  # type: ignore[misc]
        rows = filled + empty
    return [*rows[1:], rows[0]] if bug == "order_first_row_last" and len(rows) > 2 else rows


# --- the API --------------------------------------------------------------------------------------------------------

PATH = re.compile(
    r"/api/1(?:/companies/(?P<company>[^/]+))?/projects(?:/(?P<uuid>[^/.]+)(?:/(?P<action>punch_in|punch_out|sign_off|reopen))?)?(?:\.(?P<format>\w+))?"
)
ACTIONS = ("punch_in", "punch_out", "sign_off", "reopen")
EDITS = ("update", "delete", "sign_off", "reopen")


@dataclass(slots=True)
class Call:
    """One operation asked for: by whom, of which project and company, with what."""

    op: str
    user: User
    company: str
    uuid: str
    query: dict[str, str]
    body: Json
    bare: bool

    def given(self, name: str) -> str | None:
        """Find a parameter of an action in the query, in the body or under project."""
        project = self.body.get("project")
        for place in (self.query, self.body, project if isinstance(project, dict) else {}):
            if place.get(name) not in (None, ""):
                return str(place[name])
        return None


class Miles:
    """The projects of one account and the eighteen operations on them."""

    def __init__(self, bug: str = "", variant: str = "") -> None:
        if bug and bug not in BUGS:
            raise ValueError(f"no such bug: {bug}")
        self.bug, self.strict = bug, variant == "strict"
        self.lock, self.projects = threading.Lock(), dict[str, Project]()
        self.requests = itertools.count(1)
        seeds: list[tuple[User, str, str, Json, int]] = [
            (MARA, FENWICK, "Ledger cleanup", {"activities": ["Sorting", "Filing"], "time_limit": 7200}, 3600),
            (MARA, FENWICK, "Spring catalogue", {"hourly_rate_cents": 9550, "notes": "print run in May"}, 0),
            (JOSS, HARBOUR, "Buoy survey", {"visibility": "public", "activities": ["Diving"], "time_limit": 36000}, 5400),
            (JOSS, HARBOUR, "Private notes", {}, 0),
            (MARA, HARBOUR, "Lamp repair", {"visibility": "public", "default_tags": "night, urgent", "time_limit": 900}, 1000),
            (JOSS, BAKERY, "Recipe book", {"visibility": "custom", "user_uuids": [MARA.uuid]}, 60),
            (MARA, BAKERY, "Oven manual", {"active": False}, 120),
            (MARA, BAKERY, "Apron order", {"time_limit": 5400, "hourly_rate_cents": 4000}, 0),
            (JOSS, FENWICK, "Joss and ledger", {}, 30),
        ]
        for owner, company, name, more, worked in seeds:
            project = Project(str(uuid.uuid4()), owner, company, NEW | {"name": name} | more)
            project.values["activities"] = some_activities([{"name": text} for text in more.get("activities", [])])
            project.shifts = [Shift(owner, 1760000000, 1760000000 + worked)] if worked else []
            self.projects[project.uuid] = project

    # --- a request and its reply ---

    def answer(self, request: Request) -> Reply:
        """Answer one request; what is refused becomes an error document."""
        match = PATH.fullmatch(request.path)
        ending, query = (match["format"] or "" if match else ""), dict(request.query)
        callback = query.get("callback") or ("callback" if ending == "jsonp" else "")
        headers = {"X-Request-Id": f"{next(self.requests):08x}", "Cache-Control": "no-cache"}
        try:
            if not re.fullmatch(r"[\w$.]*", callback):
                raise RefusalError(400, "callback is not a name")
            op = self._operation(request, match, headers)
            with self.lock:
                status, document = self._call(op, request, match, query)
        except RefusalError as failure:
            status, document = failure.status, self._error(failure)
            if status == 401:
                headers["WWW-Authenticate"] = "Bearer" if self.strict else 'Basic realm="88 Miles"'
            op = "error"
        if document is None:
            return Reply(status, b"", headers)
        if status == 201:
            headers["Location"] = f"/api/1/projects/{document['response']['uuid']}.json"
        return self._written(status, document, headers, (op, callback, ending, bool(match and match["company"])))

    def _written(self, status: int, document: Json, headers: dict[str, str], how: tuple[str, str, str, bool]) -> Reply:
        op, callback, ending, nested = how
        text: Any = document
        if self.bug == "bare_list_is_array" and op == "list" and not ending:
            text = document["response"]
        text = json.dumps(text, ensure_ascii=False)
        headers["Content-Type"] = "application/json; charset=utf-8"
        if self.bug == "json_as_html" and op == "show" and nested:
            headers["Content-Type"] = "text/html; charset=utf-8"
        if callback and not (self.bug == "jsonp_not_in_companies" and nested):
            text = f"/**/{callback}({text}" + ("" if self.bug == "jsonp_cut" and op == "show" else ");")
            headers["Content-Type"] = "application/json" if self.bug == "jsonp_as_json" else "application/javascript; charset=utf-8"
        return Reply(status, text.encode(), headers)

    def _error(self, failure: RefusalError) -> Json | None:
        if self.bug == "invalid_without_message" and failure.status == 422:
            return None
        if self.strict:
            return {"message": "; ".join(failure.reasons)}
        return {"status": failure.status, "errors": [{"message": reason} for reason in failure.reasons]}

    def _operation(self, request: Request, match: re.Match[str] | None, headers: dict[str, str]) -> str:
        if not match or (self.strict and not match["format"]):
            raise RefusalError(404, "There is nothing at this address")
        if match["format"] not in (None, "json", "jsonp"):
            raise RefusalError(406, "Ask for json or jsonp")
        operations = {"GET": "show", "PUT": "update", "DELETE": "delete"} if match["uuid"] else {"GET": "list", "POST": "create"}
        if match["action"]:
            operations = {"POST": match["action"]}
        method = "GET" if request.method == "HEAD" else request.method
        if method not in operations:
            headers["Allow"] = ", ".join(operations)
            raise RefusalError(405, f"{request.method} is not possible here")
        return operations[method]

    def _user(self, request: Request, op: str, nested: bool) -> User:
        scheme, _, secret = request.header("Authorization").partition(" ")
        if self.strict:
            names = [name for name, known in STRICT_CREDENTIALS.items() if scheme.lower() == "bearer" and known["token"] == secret.strip()]
        else:
            try:
                login, _, password = base64.b64decode(secret.strip(), validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                if self.bug == "auth_garbage_500":
                    raise
                login = password = ""
            known = [(name, pair["login"], pair["password"]) for name, pair in CREDENTIALS.items() if scheme.lower() == "basic"]
            names = [n for n, *pair in known if pair == [login, password] or (self.bug == "auth_any_password" and pair[0] == login)]
        if names:
            return PEOPLE[names[0]]
        if (self.bug == "auth_open_reopen" and op == "reopen") or (self.bug == "auth_open_in_companies" and nested and op == "show"):
            return MARA
        if self.bug == "auth_missing_empty_list" and op == "list" and not scheme:
            return User("nobody", "reader")
        raise RefusalError(400 if self.bug == "auth_delete_400" and op == "delete" else 401, "Log in with your 88 Miles account")

    def _call(self, op: str, request: Request, match: re.Match[str] | None, query: dict[str, str]) -> tuple[int, Json | None]:
        assert match is not None
        company = match["company"] or ""
        user = self._user(request, op, bool(company))
        call = Call(op, user, company.lower(), (match["uuid"] or "").lower(), query, {}, not match["format"])
        if op not in ("list", "show", "delete"):
            call.body = self._body(request)
        if self.bug == "bare_show_crashes" and op == "show" and call.bare:
            raise RuntimeError
        self._permit(call)
        if company and company.lower() not in COMPANIES:
            self._unknown_company(call)
        if op == "list" and self.bug == "unknown_company_empty" and company.lower() not in COMPANIES and company:
            return 200, {"response": [], "count": 0}
        operations: dict[str, Callable[[Call], tuple[int, Json | None]]] = {"list": self._list, "create": self._create, "delete": self._delete}
        return operations.get(op, self._on_one)(call)

    def _permit(self, call: Call) -> None:
        if call.op in ("list", "show") or call.user.role != "reader":
            return
        if self.bug == "limited_may_punch" and call.op == "punch_in":
            return
        if self.bug == "limited_may_delete_in_company" and call.op == "delete" and call.company:
            return
        if self.bug == "limited_refused_but_created" and call.op == "create":
            self._create(call)
        raise RefusalError(401 if self.bug == "limited_update_401" and call.op == "update" else 403, "Your role does not allow this")

    def _unknown_company(self, call: Call) -> None:
        if self.bug == "unknown_company_crash" and call.op == "create":
            raise RuntimeError
        ignored = {"unknown_company_empty": ("list",), "unknown_company_in_actions": ACTIONS}
        if call.op not in ignored.get(self.bug, ()):
            raise RefusalError(422 if self.bug == "unknown_company_422" and call.op == "show" else 404, "Record Not Found: company")

    def _body(self, request: Request) -> Json:
        if "form" in request.header("Content-Type"):
            form: Json = {}
            for name, value in parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True):
                inner = re.fullmatch(r"project\[(\w+)\]", name)
                (form.setdefault("project", {}) if inner else form)[inner[1] if inner else name] = value
            return form
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            raise RefusalError(400, "The body is not JSON") from None
        return body if isinstance(body, dict) else {}

    # --- what users see ---

    def _sees(self, user: User, project: Project) -> bool:
        visibility = project.values["visibility"]
        return user == project.owner or visibility == "public" or (visibility == "custom" and user.uuid in project.values["user_uuids"])

    def _find(self, call: Call) -> Project:
        project, bug = self.projects.get(call.uuid), self.bug
        if project is None:
            if bug == "odd_uuid_500" and not re.fullmatch(r"[0-9a-f-]{36}", call.uuid):
                raise RuntimeError
            raise RefusalError(422 if bug == "unknown_project_422_on_actions" and call.op in ACTIONS else 404, "Record Not Found: project")
        seen = self._sees(call.user, project)
        seen = seen or (bug == "foreign_shown" and call.op == "show") or (bug == "foreign_updated_in_company" and call.op == "update" and call.company != "")
        seen = seen or (bug == "foreign_punched" and call.op == "punch_in")
        lost = call.company and project.company != call.company and not (bug == "other_company_ignored" and call.op in ("show", "update"))
        lost = lost and not (bug == "unknown_company_in_actions" and call.company not in COMPANIES)
        if not seen or (lost and not (bug == "other_company_ignored_on_delete" and call.op == "delete")):
            raise RefusalError(404, "Record Not Found: project")
        excused = bug.startswith("foreign_updated") or (bug == "limited_may_delete_in_company" and call.op == "delete" and call.company != "")
        if call.op in EDITS and call.user != project.owner and call.user.role != "manager" and not excused:
            raise RefusalError(403, "Only the owner may do this")
        return project

    def _shown(self, project: Project, user: User, op: str = "", nested: bool = False) -> Json:
        values, now, bug = project.values, int(time.time()), self.bug
        shift, limit, cents = project.running(user), values["time_limit"], values["hourly_rate_cents"]
        if bug == "totals_stand_while_running":
            now = 0
        grand = sum(s.seconds(now) for s in project.shifts if bug != "grand_total_own_only" or s.user == user)
        mine = sum(s.seconds(now) for s in project.shifts if bug == "running_total_of_all" or s.user == user)
        document: Json = {
            "uuid": project.uuid,
            "name": values["name"],
            "company_uuid": project.company,
            "active": values["active"] if bug == "active_boolean_in_list" and op == "list" else str(values["active"]).lower(),
            "visibility": values["visibility"],
            "owner_uuid": project.owner.uuid,
            "user_uuids": values["user_uuids"],
            "activities": [{"uuid": a["uuid"], "name": a["name"], "project_uuid": project.uuid} for a in values["activities"]],
            "default_tags": values["default_tags"],
            "tag_list": [COMPANIES[project.company].split()[0].lower()],
            "notes": values["notes"],
            "time_limit": limit,
            "time_limit_string": None if limit is None else spell(limit),
            "hourly_rate": None if cents is None else f"{values['sign']}{cents / 100:,.2f}",
            "hourly_rate_cents": str(cents) if bug == "cents_as_text" and cents is not None else cents,
            "billable_by_default": values["billable_by_default"],
            "invoice_amount": None,
            "running": True if shift else None if limit is None else False,
            "started_at": shift.start if shift else None,
            "grand_total": str(grand) if bug == "grand_total_text_in_list" and op == "list" else grand,
            "running_total": mine,
            "time_left": None if limit is None else max(0, limit - (0 if bug == "time_left_full" else grand)),
            "overdue": None if limit is None else grand >= limit,
            "nearly_overdue": None if limit is None else limit * 0.8 <= grand < limit,
        }
        self._spoil_shown(document, project, op, nested)
        return document

    def _spoil_shown(self, document: Json, project: Project, op: str, nested: bool) -> None:
        bug, limit = self.bug, document["time_limit"]
        if bug == "no_limit_not_null" and limit is None:
            document |= {"overdue": False, "nearly_overdue": False, "time_left": 0}
        if bug == "overdue_late" and limit is not None:
            document["overdue"] = document["grand_total"] >= 2 * limit
        if bug == "activities_without_project":
            document["activities"] = [a | {"project_uuid": None} for a in document["activities"]]
        if bug == "activities_missing_when_empty" and not document["activities"]:
            del document["activities"]
        if bug == "nested_show_lacks_notes" and op == "show" and nested:
            document |= {"notes": None, "default_tags": None, "time_limit": None}
        if bug == "signed_off_still_true" and op == "sign_off":
            document["active"] = "true"
        if bug == "grand_total_lags_in_list" and op == "list":
            document["grand_total"] = sum(s.seconds(0) for s in project.shifts)

    def _with_shift(self, document: Json, project: Project, user: User) -> Json:
        mine = [shift for shift in project.shifts if shift.user == user]
        if not mine:
            return document | {"current_shift": None}
        shift, bug = mine[-1], self.bug
        shown = {
            "uuid": shift.uuid, "project_uuid": project.uuid, "user_uuid": user.uuid, "activity_uuid": shift.activity, "notes": shift.notes, "stop": None,
            "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(shift.start)), "billable": project.values["billable_by_default"],
            "tag_list": shift.tags, "time_zone": "Europe/Lisbon", "time_zone_offset": 0,
        }  # fmt: skip
        if bug == "current_shift_closed":
            shown["stop"] = shown["start"]
        if bug == "started_at_milliseconds" and document["started_at"]:
            document["started_at"] *= 1000
        if bug == "started_at_zone" and document["started_at"]:
            document["started_at"] += 3600
        more = {"shift_notes": shift.notes, "shift_tag_list": shift.tags, "shift_billable": shown["billable"]}
        return document | {"current_shift": shown if shift.stop is None else None} | more

    # --- operations ---

    def _list(self, call: Call) -> tuple[int, Json | None]:
        bug, nested = self.bug, bool(call.company)
        projects = [p for p in reversed(self.projects.values()) if self._sees(call.user, p) or (bug == "foreign_listed_in_company" and nested)]
        projects += [p for p in self.projects.values() if bug == "foreign_listed_by_where" and call.query.get("where") and p not in projects]
        if nested and not (bug == "company_list_all_when_ordered" and call.query.get("order")):
            projects = [p for p in projects if p.company == call.company]
        if nested and bug == "company_list_active_only":
            projects = [p for p in projects if p.values["active"]]
        if nested and bug == "company_list_own_only":
            projects = [p for p in projects if p.owner == call.user]
        rows = [self._shown(p, call.user, "list", nested) for p in projects]
        found = self._arranged(call, self._filtered(call, rows))
        document: Json = {"count": len(found), "response": found}
        if bug == "count_before_where":
            document["count"] = len(rows)
        if bug == "count_as_text":
            document["count"] = str(len(found))
        if bug == "count_missing_in_company" and nested:
            del document["count"]
        if bug == "list_root_in_company" and nested:
            document["projects"] = document.pop("response")
        if bug == "empty_list_is_null" and not found:
            document["response"] = None
        return 200, document

    def _columns(self) -> set[str]:
        return {name for name, value in self._shown(Project("", MARA, FENWICK, NEW), MARA).items() if not isinstance(value, list)}

    def _filtered(self, call: Call, rows: list[Json]) -> list[Json]:
        text, bug = call.query.get("where", ""), self.bug
        if not text.strip() or (bug == "where_ignored_in_company" and call.company):
            return rows
        if bug == "encoding_decoded_twice":
            text = unquote_plus(text)
        if bug == "encoding_latin":
            text = text.encode().decode("latin-1")
        if bug == "encoding_plus_kept":
            text = re.sub(r'"[^"]*"', lambda quoted: quoted[0].replace(" ", "+"), text)
        if bug == "where_unbalanced_500" and (text.count('"') % 2 or text.count("(") != text.count(")")):
            raise RuntimeError
        try:
            test = Filter(text, self._columns(), bug).test
        except RefusalError:
            if bug == "where_invalid_ignored":
                return rows
            if bug == "where_unparsable_500":
                raise RuntimeError from None
            raise
        return [row for row in rows if test(row)]

    def _arranged(self, call: Call, rows: list[Json]) -> list[Json]:
        text = call.query.get("order", "")
        if not text.strip() or (self.bug == "order_ignored_in_company" and call.company):
            return rows
        try:
            return arrange(rows, text, self._columns(), self.bug)
        except RefusalError:
            if self.bug == "order_invalid_500":
                raise RuntimeError from None
            raise

    def _create(self, call: Call) -> tuple[int, Json | None]:
        given, bug = self._given(call), self.bug
        company = call.company or given.get("company_uuid")
        if bug == "nested_create_elsewhere" and call.company:
            company = FENWICK
        if company is None or not isinstance(company, str):
            raise RefusalError(422, "company_uuid can't be blank")
        if company.lower() not in COMPANIES:
            if bug != "body_company_unchecked":
                raise RefusalError(404, "Record Not Found: company")
            company = HARBOUR
        identity = self._identity(given)
        project = Project(identity, call.user, company.lower(), dict(NEW))
        try:
            project.values = self._checked(given, dict(NEW), create=True)
        except RefusalError:
            if bug == "invalid_saved" and isinstance(given.get("name"), str):
                project.values["name"] = given["name"]
                self.projects[identity.lower()] = project
            raise
        self.projects[identity.lower()] = project
        self._take_read_only(project, given, call.user)
        document = self._shown(project, call.user, "create", bool(call.company))
        if bug == "overdue_taken" and "overdue" in given:
            document["overdue"] = given["overdue"]
        return 200 if self.strict else 201, {"response": document}

    def _identity(self, given: Json) -> str:
        made, wanted = str(uuid.uuid4()), given.get("uuid")
        if self.bug == "uuid_without_dashes":
            made = made.replace("-", "")
        if wanted is None or self.bug == "uuid_ignored":
            return made
        if self.bug == "uuid_given_422" or not isinstance(wanted, str) or not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", wanted):
            raise RefusalError(422, "uuid is not a uuid")
        if wanted.lower() in self.projects:
            raise RefusalError(422, "uuid has already been taken")
        return wanted

    def _given(self, call: Call) -> Json:
        given = call.body.get("project")
        if given is None:
            raise RefusalError(400, "param is missing or the value is empty: project")
        if not isinstance(given, dict):
            raise RefusalError(422, "project must be an object")
        return given

    def _checked(self, given: Json, values: Json, *, create: bool) -> Json:
        wrong, bug = [], self.bug
        if create and "name" not in given and bug != "name_not_required":
            wrong.append("name can't be blank")
        for name, check in FIELDS.items():
            value = given.get(name)
            if name not in given or (create and value is None and name != "name"):
                continue
            if bug == "blank_name_on_update" and not create and name == "name" and value == "":
                values[name] = value
                continue
            if name == "visibility" and (bug == "visibility_any" or (bug == "visibility_any_on_update" and not create)):
                values[name] = value
                continue
            try:
                values[name] = check(value)
            except ValueError as error:
                wrong.append(f"{name} {error}")
        if bug == "visibility_no_custom" and given.get("visibility") == "custom":
            wrong.append("visibility is not included in the list")
        if bug == "read_only_refused" and not create and {"running", "overdue", "time_left"} & set(given):
            wrong.append("running, overdue and time_left can't be written")
        wrong += self._parse(given, values, create=create)
        if wrong:
            raise RefusalError(400 if bug == "invalid_400_on_update" and not create else 422, *wrong)
        return values

    def _parse(self, given: Json, values: Json, *, create: bool) -> list[str]:
        wrong, bug = [], self.bug
        limit, rate = given.get("time_limit_string"), given.get("hourly_rate")
        try:
            if limit is not None and given.get("time_limit") is None and not (bug == "time_limit_string_unread_on_update" and not create):
                values["time_limit"] = duration(limit)
                if bug == "time_limit_minutes_lost":
                    values["time_limit"] -= values["time_limit"] % 3600
                if bug == "time_limit_in_minutes":
                    values["time_limit"] //= 60
        except ValueError as error:
            wrong.append(f"time_limit_string {error}")
        if limit is not None and bug == "time_limit_string_wins":
            values["time_limit"] = duration(limit)
        try:
            if rate is not None:
                sign, cents = money(rate)
                cents = cents // 100 if bug == "rate_in_dollars" else cents - cents % 100 if bug == "rate_fraction_lost" else cents
                values["sign"] = sign
                if given.get("hourly_rate_cents") is None and not (bug == "rate_unread_with_thousands" and "," in str(rate)):
                    values["hourly_rate_cents"] = cents
        except ValueError as error:
            wrong.append(f"hourly_rate {error}")
        return wrong

    def _take_read_only(self, project: Project, given: Json, user: User) -> None:
        if self.bug == "running_taken" and given.get("running") is True:
            project.shifts.append(Shift(user, int(time.time())))
        if self.bug == "started_at_taken" and isinstance(given.get("started_at"), int):
            project.shifts.append(Shift(user, given["started_at"]))

    def _delete(self, call: Call) -> tuple[int, Json | None]:
        if self.bug == "unknown_deleted" and call.uuid not in self.projects:
            return 200, None
        project, bug = self._find(call), self.bug
        document = {"response": self._shown(project, call.user)}
        if bug == "delete_keeps_running" and project.running(None):
            return 200, None
        if bug == "deleted_in_lists":
            self.projects[call.uuid + "-"] = project
        if bug == "deleted_shown_in_company":
            self.projects[call.uuid + "+"] = project
        if not (bug == "delete_noop_in_company" and call.company):
            del self.projects[call.uuid]
        if bug == "delete_answers_record" and call.company:
            return 200, document
        return 202 if bug == "delete_202" else 200, {} if bug == "delete_answers_object" else None

    def _on_one(self, call: Call) -> tuple[int, Json | None]:
        if self.bug == "deleted_shown_in_company" and call.company and call.op == "show" and call.uuid + "+" in self.projects:
            call.uuid += "+"
        if self.bug == "unknown_shown_null" and call.op == "show" and call.uuid not in self.projects:
            return 200, {"response": None}
        project = self._find(call)
        actions: dict[str, Callable[[Call, Project], None]] = {
            "update": self._update, "punch_in": self._punch_in, "punch_out": self._punch_out, "sign_off": self._sign_off, "reopen": self._reopen,
        }  # fmt: skip
        if call.op in actions:
            actions[call.op](call, project)
        document: Any = self._shown(project, call.user, call.op, bool(call.company))
        if call.op in ("punch_in", "punch_out"):
            document = self._with_shift(document, project, call.user)
        if self.bug == "show_array_in_company" and call.op == "show" and call.company:
            document = [document]
        return 200, {"project" if self.bug == "update_root_project" and call.op == "update" else "response": document}

    def _update(self, call: Call, project: Project) -> None:
        given, bug = self._given(call), self.bug
        company = given.get("company_uuid") or project.company
        if str(company).lower() not in COMPANIES:
            raise RefusalError(404, "Record Not Found: company")
        before = dict(project.values)
        if bug == "update_replaces" or (bug == "update_replaces_in_company" and call.company):
            before = NEW | {"name": before["name"]}
        if bug == "update_resets_visibility" and "visibility" not in given:
            before["visibility"] = "private"
        if bug == "update_drops_activities" and "activities" not in given:
            before["activities"] = []
        try:
            values = self._checked(given, before, create=False)
        except RefusalError:
            if bug == "invalid_update_half_saved":
                project.values = before
            raise
        if bug == "nested_update_not_saved" and call.company:
            return
        project.values, project.company = values, str(company).lower()
        if not values["active"]:
            self._stop(project.shifts)
        self._take_read_only(project, given, call.user)

    def _stop(self, shifts: list[Shift]) -> None:
        for shift in shifts:
            shift.stop = shift.stop or int(time.time())

    def _punch_in(self, call: Call, project: Project) -> None:
        activity, bug = call.given("activity_uuid"), self.bug
        if not project.values["active"] and not (bug == "signed_off_punched" or (bug == "signed_off_punched_in_company" and call.company)):
            if bug == "signed_off_refused_but_runs":
                project.shifts.append(Shift(call.user, int(time.time())))
            raise RefusalError(409, "The project is signed off")
        if bug == "reopened_not_punched" and project.values.get("reopened"):
            raise RefusalError(409, "The project is signed off")
        if activity and activity not in [known["uuid"] for known in project.values["activities"]]:
            raise RefusalError(422, "activity_uuid is not an activity of this project")
        if bug == "punch_in_does_not_run" and call.company:
            return
        if shift := project.running(call.user):
            shift.activity = activity or shift.activity
            return
        for other in self.projects.values():
            kept = bug == "two_run" or (bug == "two_run_across_companies" and other.company != project.company)
            if not kept and not (bug == "two_run_in_company" and call.company):
                self._stop([shift for shift in other.shifts if shift.user == call.user or bug == "punch_stops_everyone"])
        tags = [tag.strip() for tag in (project.values["default_tags"] or "").split(",") if tag.strip()]
        project.shifts.append(Shift(call.user, int(time.time()), None, None if bug == "activity_lost" else activity, call.given("notes"), tags))

    def _punch_out(self, call: Call, project: Project) -> None:
        shift, notes, bug = project.running(call.user), call.given("notes"), self.bug
        if bug == "punch_out_notes_500" and notes and "notes" not in call.query:
            raise RuntimeError
        if shift is None or (bug == "punch_out_noop_in_company" and call.company):
            return
        self._stop([shift])
        shift.notes = shift.notes if bug == "punch_out_notes_lost" else notes or shift.notes
        if bug == "punch_out_time_lost":
            project.shifts.remove(shift)

    def _sign_off(self, call: Call, project: Project) -> None:
        if not (self.bug == "sign_off_noop_in_company" and call.company):
            project.values["active"] = False
            self._stop(project.shifts)

    def _reopen(self, call: Call, project: Project) -> None:
        if not (self.bug == "reopen_noop_in_company" and call.company):
            project.values |= {"active": True, "reopened": True}


BUGS: dict[str, str] = {
    "bare_show_crashes": "format.json: one project without .json is a 500",
    "bare_list_is_array": "format.json: the list without .json is a naked array",
    "json_as_html": "format.json: one project under its company is sent as text/html",
    "jsonp_not_in_companies": "format.jsonp: the callback is ignored under a company",
    "jsonp_as_json": "format.jsonp: the wrapped document is sent as application/json",
    "jsonp_cut": "format.jsonp: the call of a single project lacks its closing parenthesis",
    "list_root_in_company": "envelope.response: the list under a company has the root projects",
    "show_array_in_company": "envelope.response: one project under its company is an array of one",
    "update_root_project": "envelope.response: an update answers with the root project",
    "empty_list_is_null": "envelope.response: a list without objects has null in place of an array",
    "count_before_where": "envelope.count: count ignores the filter",
    "count_as_text": "envelope.count: count is text",
    "count_missing_in_company": "envelope.count: the list under a company has no count",
    "delete_answers_record": "envelope.delete: a delete under a company answers with the project",
    "delete_answers_object": "envelope.delete: a delete answers with an empty object",
    "delete_202": "envelope.delete: a delete answers 202",
    "auth_open_reopen": "auth.missing: reopen needs no credentials",
    "auth_open_in_companies": "auth.missing: one project under its company needs no credentials",
    "auth_any_password": "auth.missing: a known login needs no right password",
    "auth_missing_empty_list": "auth.missing: without credentials the list is 200 and has public projects only",
    "auth_garbage_500": "auth.missing: credentials that are not base64 are a 500",
    "auth_delete_400": "auth.missing: a delete without credentials is a 400",
    "limited_may_punch": "auth.read-denied: a reader may punch in",
    "limited_may_delete_in_company": "auth.read-denied: a reader may delete under a company",
    "limited_refused_but_created": "auth.read-denied: a reader's project is refused, yet created",
    "limited_update_401": "auth.read-denied: a reader's update is a 401",
    "unknown_company_empty": "error.company-not-found: the list of an unknown company is 200 and empty",
    "unknown_company_crash": "error.company-not-found: creating under an unknown company is a 500",
    "unknown_company_in_actions": "error.company-not-found: the four actions don't look at the company",
    "unknown_company_422": "error.company-not-found: one project under an unknown company is a 422",
    "body_company_unchecked": "error.company-not-found: an unknown company_uuid in a new project is accepted",
    "unknown_shown_null": "error.project-not-found: an unknown project is shown as null",
    "unknown_deleted": "error.project-not-found: deleting an unknown project is 200",
    "odd_uuid_500": "error.project-not-found: something that is no uuid is a 500",
    "unknown_project_422_on_actions": "error.project-not-found: the actions answer 422",
    "other_company_ignored": "error.project-not-found: a project is shown and updated under any company",
    "other_company_ignored_on_delete": "error.project-not-found: a project is deleted under any company",
    "name_not_required": "error.invalid-record: a project without a name is created",
    "blank_name_on_update": "error.invalid-record: an update may empty the name",
    "invalid_400_on_update": "error.invalid-record: an invalid update is a 400",
    "invalid_saved": "error.invalid-record: a refused project is created all the same",
    "invalid_update_half_saved": "error.invalid-record: of a refused update the valid members are kept",
    "invalid_without_message": "error.invalid-record: 422 has no message",
    "foreign_listed_in_company": "list.own: the list under a company has other users' private projects",
    "foreign_listed_by_where": "list.own: a filter finds other users' private projects",
    "foreign_shown": "list.own: another user's private project is shown",
    "foreign_updated_in_company": "list.own: another user's private project is updated under its company",
    "foreign_punched": "list.own: another user's private project can be punched in to",
    "company_list_all_when_ordered": "list.company: with an order the list has all companies' projects",
    "company_list_active_only": "list.company: signed-off projects are missing from the list",
    "company_list_own_only": "list.company: public projects of others are missing from the list",
    "where_ignored_in_company": "query.where: the list under a company ignores where",
    "where_or_first_only": "query.where: of two alternatives only the first counts",
    "where_and_is_or": "query.where: and works as or",
    "where_at_least_is_more": "query.where: >= works as >",
    "where_unequal_ignored": "query.where: != matches everything",
    "where_number_as_text": "query.where: numbers compare as text",
    "where_null_as_zero": "query.where: < and <= match null",
    "where_first_word": "query.where: = compares with the first word only",
    "similar_everything": "query.similar: ~= matches everything",
    "similar_exact": "query.similar: ~= matches whole values only",
    "similar_prefix": "query.similar: ~= matches beginnings, but not the whole value",
    "order_desc_ignored": "query.order: desc sorts ascending",
    "order_ignored_in_company": "query.order: the list under a company ignores order",
    "order_by_length": "query.order: values are sorted by their length",
    "order_first_row_last": "query.order: the first row comes last",
    "encoding_decoded_twice": "query.encoding: the expression is decoded twice, an encoded plus is a space",
    "encoding_latin": "query.encoding: the expression's bytes are read as Latin-1",
    "encoding_plus_kept": "query.encoding: a space in quotes stays a plus",
    "where_invalid_ignored": "query.invalid: an expression that does not parse gives the whole list",
    "where_unbalanced_500": "query.invalid: an open quote or parenthesis is a 500",
    "where_unparsable_500": "query.invalid: an expression that does not parse is a 500",
    "order_invalid_500": "query.invalid: an unknown order is a 500",
    "active_boolean_in_list": "project.members: active is a boolean in lists",
    "cents_as_text": "project.members: hourly_rate_cents is text",
    "grand_total_text_in_list": "project.members: grand_total is text in lists",
    "activities_without_project": "project.members: an activity's project_uuid is null",
    "activities_missing_when_empty": "project.members: a project without activities lacks the member",
    "uuid_ignored": "project.uuid: the client's uuid is not used",
    "uuid_given_422": "project.uuid: the client's uuid is refused",
    "uuid_without_dashes": "project.uuid: a made uuid has no dashes",
    "visibility_any": "project.visibility: any value is accepted",
    "visibility_any_on_update": "project.visibility: an update accepts any value",
    "visibility_no_custom": "project.visibility: custom is refused",
    "time_limit_minutes_lost": "project.time-limit-string: minutes are lost",
    "time_limit_in_minutes": "project.time-limit-string: time_limit is minutes",
    "time_limit_string_wins": "project.time-limit-string: the text wins over the number",
    "time_limit_string_unread_on_update": "project.time-limit-string: an update does not read it",
    "rate_in_dollars": "project.hourly-rate: hourly_rate_cents is whole dollars",
    "rate_fraction_lost": "project.hourly-rate: cents after the point are lost",
    "rate_unread_with_thousands": "project.hourly-rate: an amount with a thousands separator is not read",
    "running_taken": "project.read-only: running true starts a shift",
    "started_at_taken": "project.read-only: started_at starts a shift",
    "overdue_taken": "project.read-only: a new project answers with the overdue sent",
    "read_only_refused": "project.read-only: an update with running, overdue or time_left is refused",
    "no_limit_not_null": "project.overdue: without a limit the three are false and 0",
    "overdue_late": "project.overdue: overdue comes at twice the limit",
    "time_left_full": "project.overdue: time_left ignores the time punched",
    "grand_total_own_only": "project.totals: grand_total lacks the other users' time",
    "running_total_of_all": "project.totals: running_total has everyone's time",
    "totals_stand_while_running": "project.totals: totals lack the running shift",
    "grand_total_lags_in_list": "project.totals: lists lack the running shift",
    "update_replaces": "update.merge: missing members are reset",
    "update_replaces_in_company": "update.merge: missing members are reset under a company",
    "update_resets_visibility": "update.merge: a missing visibility becomes private",
    "update_drops_activities": "update.merge: missing activities are deleted",
    "delete_noop_in_company": "delete.gone: a delete under a company does nothing",
    "deleted_in_lists": "delete.gone: a deleted project is still listed",
    "deleted_shown_in_company": "delete.gone: a deleted project is still shown under its company",
    "delete_keeps_running": "delete.gone: a running project is not deleted",
    "punch_in_does_not_run": "punch.in: under a company nothing starts",
    "started_at_milliseconds": "punch.in: started_at is milliseconds",
    "started_at_zone": "punch.in: started_at is an hour ahead",
    "current_shift_closed": "punch.in: current_shift has a stop",
    "activity_lost": "punch.in: activity_uuid is not kept",
    "two_run": "punch.one-running: the running project goes on",
    "two_run_across_companies": "punch.one-running: a project of another company goes on",
    "two_run_in_company": "punch.one-running: punching in under a company stops nothing",
    "punch_stops_everyone": "punch.one-running: other users' shifts are stopped too",
    "punch_out_noop_in_company": "punch.out: under a company the project goes on",
    "punch_out_notes_500": "punch.out: notes in the body are a 500",
    "punch_out_notes_lost": "punch.out: notes are not kept",
    "punch_out_time_lost": "punch.out: the time is not added to the totals",
    "signed_off_still_true": "sign-off.closed: the answer says active",
    "signed_off_punched": "sign-off.closed: a signed-off project can be punched in to",
    "signed_off_punched_in_company": "sign-off.closed: it can be punched in to under its company",
    "signed_off_refused_but_runs": "sign-off.closed: the punch is refused, yet runs",
    "sign_off_noop_in_company": "sign-off.closed: under a company it does nothing",
    "reopen_noop_in_company": "reopen.open: under a company it does nothing",
    "reopened_not_punched": "reopen.open: a reopened project is active, yet can't be punched in to",
    "nested_show_lacks_notes": "nested.same: under a company notes, default_tags and time_limit are null",
    "nested_update_not_saved": "nested.same: an update under a company changes nothing",
    "nested_create_elsewhere": "nested.same: a new project lands in the first company",
}


def serve(bug: str = "", port: int = 0, variant: str = "") -> Served:
    """Start the implementation, with one bug if named; `variant="strict"` wants a bearer token and .json and says less."""
    return Served(Miles(bug, variant).answer, port)
