"""A tour of each shipped API: requests in order, successes and mistakes, on which every fault of the stub must show.

Each begins with what can be told from the spec alone (every operation, done right and in the usual wrong ways); the rest is
written by hand, a line a request.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mockserver.exchange import Request
from specs.model import Operation, Spec

__all__ = ["Step", "tour"]

Step = Request | float | None
"""A request, seconds that pass, or None: everything is put back to the start."""

ABSENT = {"88miles": "00000000-0000-4000-8000-000000000000", "moonrope": "99999999", "paydirt": "99999999"}
"""An id that no record has, by API."""

Line = tuple[Any, ...]
"""Method, path with query, and where they matter body, caller and further headers; or `WAIT` and seconds."""

PROJECT, LIMITED, CLOSED = "7dcb0cdb-ea5a-4b36-ae46-6ad3f0d33fcc", "9445ada7-c5bf-40e1-aec4-7f10bc3ff4dc", "f4b456c1-73be-4548-925d-593bfdc38aef"
COMPANY = "935956d8-a094-4948-ac47-d84d10a62eff"
LONG = {f"key{number:02}": "v" for number in range(21)}


def _wheres(*expressions: str) -> list[Line]:
    return [("GET", f"/projects.json?where={quote(text)}") for text in expressions]


def _within(lines: list[Line], before: str, after: str) -> list[Line]:
    return [(method, path.replace(before, after, 1), *rest) for method, path, *rest in lines]


_REST: Line = (None, "full", {})
"""What a line leaves out."""

_PUNCHES: list[Line] = [
    ("POST", f"/projects/{PROJECT}/punch_in.json?activity_uuid=d6d29e0f-9aeb-4258-b052-4df954a864d6"),
    ("WAIT", "90"),
    ("GET", f"/projects/{PROJECT}.json"),
    ("PUT", f"/projects/{PROJECT}.json", {"project": {"notes": "still running"}}),
    ("POST", f"/projects/{LIMITED}/punch_in.json"),
    ("WAIT", "7200"),
    ("PUT", f"/projects/{PROJECT}.json", {"project": {"notes": "stopped"}}),
    ("GET", f"/projects/{LIMITED}.json"),
    ("POST", f"/projects/{LIMITED}/punch_out.json?notes=done"),
    ("WAIT", "60"),
    ("GET", f"/projects/{LIMITED}.json"),
    ("POST", f"/projects/{PROJECT}/sign_off.json"),
    ("GET", f"/projects/{PROJECT}.json"),
    ("POST", f"/projects/{PROJECT}/punch_in.json"),
    ("POST", f"/projects/{PROJECT}/reopen.json"),
    ("GET", f"/projects/{PROJECT}.json"),
    ("POST", f"/projects/{PROJECT}/punch_in.json"),
    ("POST", f"/projects/{PROJECT}/punch_out.json"),
    ("POST", f"/projects/{CLOSED}/punch_in.json"),
]

_BULK = {"content-type": "application/vnd.api+json; ext=bulk"}


def _company(name: str) -> dict[str, Any]:
    return {"type": "companies", "attributes": {"name": name}}


TOURS: dict[str, list[Line]] = {
    "sixth": [
        *[("GET", f"/hives?limit={limit}") for limit in ("7", "50", "51", "0", "-1", "abc")],
        ("GET", "/hives?after=bzo3&limit=7"),
        ("GET", "/hives?after=bzo1MA&limit=20"),
        ("GET", "/hives?after=zz_no_cursor"),
        ("GET", "/hives?after=bzo1MA"),
        ("GET", "/hives?order_by=weight&limit=50"),
        ("GET", "/hives?order_by=weight&direction=desc&limit=50"),
        ("PATCH", "/hives/hive-001", {"name": 7}),
        ("PATCH", "/hives/hive-001", {"notes": "changed"}),
        ("GET", "/hives/hive-001"),
        ("DELETE", "/hives/hive-001"),
        ("GET", "/hives?after=bzo1MA&limit=20"),
        ("GET", "/hives/hive-001"),
        ("GET", "/hives?limit=5", None, "other"),
        *[("GET", "/hives?limit=1") for _ in range(70)],
        ("GET", "/hives", None, "second"),
        ("WAIT", 3601),
        ("GET", "/hives"),
    ],
    "paydirt": [
        ("GET", "/time?user_id=7"),
        ("POST", "/time", {"job_id": 148, "duration": 60}),
        ("GET", "/time"),
        ("GET", "/clients", None, "nobody", {"x-api-key": "paydirt-full-7d1f"}),
        ("GET", "/clients", None, "nobody", {"authorization": "Bearer paydirt-full-7d1f"}),
        ("GET", "/clients", None, "nobody", {"authorization": "Basic cGF5ZGlydC1mdWxsLTdkMWY6"}),
        ("POST", "/clients?business_name=In+the+query"),
        ("POST", "/clients", {"business_name": 7}),
        ("POST", "/jobs", {"project_id": 99999999, "name": "x", "price_type": 0, "price": "1.0"}),
        ("POST", "/clients?business_name=Left+outside", None, "nobody", {"authorization": "Bearer paydirt-full-7d1f"}),
        ("GET", "/clients/99999999", None, "nobody"),
        ("POST", "/clients?business_name=Smith+%26+%3CSons%3E"),
        ("GET", "/clients?api_key=paydirt-full-7d1f", None, "nobody"),
    ],
    "timedash": [
        ("GET", "/assignments?size=0"),
        ("GET", "/assignments?size=-1"),
        ("GET", "/assignments?size=abc"),
        ("GET", "/assignments?page=abc"),
        ("GET", "/assignments?size=100"),
        ("GET", "/assignments?size=101"),
        ("GET", "/assignments?size=60"),
        ("GET", "/assignments?page=0"),
        ("GET", "/assignments?page=1"),
        ("GET", "/assignments?page=7&size=20"),
        ("GET", "/assignments?page=8&size=20"),
        ("GET", "/assignments?page=9&size=20"),
        ("GET", "/assignments?status=planned&size=100"),
        ("GET", "/assignments?status=planned&size=5&page=1"),
        ("GET", "/assignments?status=planned&size=7&page=6"),
        ("POST", "/contacts", {"name": 7}),
        ("GET", "/assignments?invoiced=true&status=planned&size=100"),
        ("GET", "/assignments?invoiced=true&size=100"),
        ("GET", "/assignments?invoiced=true&sort=-duration&size=50"),
        ("GET", "/contacts?name=Nobody%20At%20All"),
        ("GET", "/contacts?size=20&page=2"),
        ("GET", "/contacts?name=Freja%20Holm"),
        ("GET", "/assignments?sort=timestamp&size=50"),
        ("GET", "/assignments?sort=-duration&size=50"),
        ("GET", "/assignments?sort=duration&size=50"),
        ("POST", "/contacts", {"name": "Meta", "metadata": {"Ключ": "Wert ü" * 5}}),
        *[("GET", f"/contacts/con_{number:04}") for number in range(900, 930)],  # among them what was just made
        ("PUT", "/contacts/con_0001", {"metadata": {"Key": "V" * 300}}),
        ("GET", "/contacts/con_0001"),
        ("POST", "/contacts", {"name": "Too many", "metadata": LONG}),
        ("POST", "/contacts", {"name": "No object", "metadata": "text"}),
        ("GET", "/contacts?size=100"),
        ("POST", "/contacts", {"name": "Just enough", "metadata": dict(list(LONG.items())[:20])}),
        ("POST", "/contacts", {"name": "x", "metadata": {"k" * 41: "v"}}),
        ("POST", "/contacts", {"name": "x", "metadata": {"k" * 40: "v"}}),
        ("POST", "/contacts", {"name": "x", "metadata": {"ü" * 40: "v"}}),
        ("POST", "/contacts", {"name": "x", "metadata": {"k": "v" * 501}}),
        ("POST", "/contacts", {"name": "x", "metadata": {"k": "v" * 500}}),
        ("POST", "/contacts", {"name": "x", "metadata": {"k": "ü" * 500}}),
        *[("GET", "/account") for _ in range(125)],
        ("GET", "/account", None, "second"),
        ("GET", "/account", None, "other"),
        ("WAIT", "61"),
        ("GET", "/account"),
    ],
    "moonrope": [
        ("POST", "/calls/list", {"page": 2}),
        ("POST", "/calls/list", {"page": 6, "per_page": 30}),
        ("POST", "/calls/list", {"page": 3, "per_page": 7}),
        ("POST", "/contacts/list", {"page": 3, "per_page": 20}),
        ("POST", "/units/list", {"page": 2, "per_page": 25}),
        ("POST", "/contacts/list", {"page": {"wrong": 1}}),
        ("POST", "/contacts/list", {"page": 10**20}),
        ("POST", "/contacts/list", {"per_page": 1}),
        ("POST", "/contacts/list", {"per_page": 100}),
    ],
    "88miles": [
        *_wheres('name = "quia itaque"', 'name != "quia itaque"', 'name = "x" || name = "X"', 'name >= "s" && name < "t"', 'name ~= "quia%"', 'name ~= "x"'),
        *_wheres('name = "plus+plus"', 'name = "%2B encoded"', 'name = "a && b"', "name ==== ", "zz_no_such = 1", 'name = "open', 'name = "Öl"'),
        *_wheres('name = "zz" && (name = "x" || name = "quia itaque")', 'name = "a \\" b"'),
        ("GET", "/projects.json?where=name+%3D+%22quia+itaque%22"),
        ("GET", "/projects.json?order=name"),
        ("GET", "/projects.json?order=name+desc"),
        ("GET", "/projects.json?order=name+desc&where=name+%3E%3D+%22s%22"),
        ("GET", "/projects.json?callback=f"),
        ("GET", f"/projects/{PROJECT}.json?callback=f"),
        (
            "POST",
            "/projects.json",
            {"project": {"name": "x", "company_uuid": COMPANY, "visibility": "private", "uuid": "11111111-1111-4111-8111-111111111111"}},
        ),
        ("POST", "/projects.json", {"project": {"name": "x", "company_uuid": COMPANY, "visibility": "nobody"}}),
        *[("POST", f"{place}/projects.json", {"project": {"name": "Öl 漢", "company_uuid": COMPANY}}) for place in ("", f"/companies/{COMPANY}")],
        ("GET", "/projects.json?where=name+%3E%3D+%22%22"),
        *[("PUT", f"{place}/projects/{PROJECT}.json", {"project": {"name": "Öl 漢"}}) for place in ("", f"/companies/{COMPANY}")],
        ("GET", f"/projects/{PROJECT}.json"),
        ("PUT", f"/projects/{PROJECT}.json", {"project": {"visibility": "nobody"}}),
        ("PUT", f"/projects/{PROJECT}.json", {"project": {"time_limit_string": "1h 30m", "hourly_rate": "$12.50"}}),
        ("PUT", f"/projects/{PROJECT}.json", {"project": {"time_limit_string": "2h", "time_limit": 60, "hourly_rate": "$1.00", "hourly_rate_cents": 7}}),
        ("PUT", f"/projects/{PROJECT}.json", {"project": {"grand_total": 7, "running": True, "started_at": 7, "overdue": True}}),
        *_PUNCHES,
        *_within(_PUNCHES, "/projects", f"/companies/{COMPANY}/projects"),
        ("DELETE", f"/projects/{PROJECT}.json"),
        ("GET", "/projects.json"),
        ("GET", f"/projects/{PROJECT}.json"),
    ],
    "productive": [
        ("GET", "/time_entries?page[number]=2&page[size]=7"),
        ("GET", "/time_entries?page[number]=1&page[size]=7"),
        ("GET", "/time_entries?page[number]=8&page[size]=20"),
        ("GET", "/time_entries?page[number]=1"),
        ("GET", "/people?filter[role]=employee"),
        ("GET", "/people?filter[role]=employee&filter[active]=true"),
        ("GET", "/time_entries?filter[time]=0"),
        *[("GET", f"/time_entries?page[size]=200&filter[time][{operator}]=240") for operator in ("eq", "not_eq", "gt", "gt_eq", "lt", "lt_eq")],
        *[("GET", f"/time_entries?page[size]=200&filter[note][{operator}]=a") for operator in ("eq", "not_eq", "contains", "not_contain")],
        ("GET", "/people?page[size]=200&filter[first_name][contains]=d"),
        ("GET", "/people?page[size]=200&filter[first_name][not_contain]=d"),
        ("GET", "/people?page[size]=200&filter[first_name][contains]=%25"),
        ("GET", "/people?filter[first_name]=Nobody&aggregates=count"),
        ("GET", "/people?filter[role]=employee&filter[zz_no_such]=1"),
        ("GET", "/people?filter[role][zz_no_such]=employee"),
        ("GET", "/people?filter[first_name]=O'Hara"),
        ("GET", "/time_entries?filter[time][gt]=60&sort=-time&page[size]=50"),
        ("GET", "/time_entries?filter[time][gt]=60&sort=time&page[size]=50"),
        ("GET", "/people?filter[zz_no_such]=1"),
        ("GET", "/people/%F0%9F%98%80"),
        ("GET", "/people/1%00"),
        ("GET", "/people/" + "9" * 30),
        ("GET", "/people?filter[active]=perhaps"),
        ("GET", "/time_entries?sort=time&page[size]=100"),
        ("GET", "/time_entries?sort=-time&page[size]=100"),
        ("GET", "/people", None, "full", {"x-organization-id": "2002"}),
        ("GET", "/people", None, "full", {"x-organization-id": "9999"}),
        ("GET", "/people", None, "full", {"x-organization-id": None}),
        ("POST", "/companies", {"data": {"type": "companies", "id": "4711", "attributes": {"name": "x"}}}),
        ("POST", "/companies", {"data": {"type": "people", "attributes": {"name": "x"}}}),
        ("POST", "/companies", {"data": [_company("one"), _company("two")]}, "full", _BULK),
        ("POST", "/companies", {"data": [_company("one"), {"type": "companies", "attributes": {"name": 7}}]}, "full", _BULK),
        ("POST", "/companies", {"data": [_company("one")]}),
        ("POST", "/companies", {"data": _company("Öl 漢")}),
        ("PATCH", "/companies/1", {"data": {**_company("Another name"), "id": "1"}}),
        ("GET", "/companies/1"),
        ("GET", "/companies?page[size]=200"),
        ("GET", "/people?sort=zz_no_such"),
        ("GET", "/people?aggregates=count,average_hourly_cost&page[size]=3&filter[role]=employee"),
        ("GET", "/projects?aggregates=zz_no_such"),
        ("GET", "/people?aggregates=zz_no_such"),
        ("GET", "/people?group=zz_no_such"),
        ("GET", "/projects?include=company"),
        ("GET", "/projects?include=company&page[number]=2&page[size]=2"),
        ("GET", "/projects?include=zz_no_such"),
        ("GET", "/people/1?include=company"),
    ],
}


def tour(spec: Spec) -> list[Step]:
    """The steps in order."""
    found: list[Step] = []
    for operation in spec.operations.values():
        found += [None, *_usual(spec, operation)]
    found.append(None)
    for line in TOURS[spec.api]:
        method, path, body, caller, headers = (*line, *_REST[len(line) - 2 :])
        if method == "WAIT":
            found.append(float(path))
        else:
            found.append(_request(spec, method, spec.base_path + path, body, caller, headers=headers))
    return found


def _usual(spec: Spec, operation: Operation) -> Iterator[Request]:
    """An operation done in the usual wrong ways, and right, by each caller."""
    path, method, body = spec.base_path + operation.path, operation.method.upper(), _example(operation)
    here, absent = _filled(spec, operation, path), _filled(spec, operation, path, ABSENT.get(spec.api, "zz_absent"))
    in_body = _key_in_body(spec, operation)
    right = {**(body or {}), **in_body} if isinstance(body, dict) or in_body else body
    for caller in ("nobody", "stranger", "limited", "observer", "second", "other"):
        yield _request(spec, method, here, right, caller)
    yield _request(spec, method, absent, {**(body or {}), **dict.fromkeys(in_body, ABSENT.get(spec.api, "zz_absent"))} if in_body else body, "full")
    yield _request(spec, method, here, right, "full", scheme="http")
    yield _request(spec, method, here, right, "full", headers={"origin": "https://app.example"})
    yield _request(spec, "OPTIONS", here, None, "nobody", headers={"origin": "https://app.example", "access-control-request-method": method})
    if method not in ("GET", "DELETE"):
        yield _request(spec, method, here, {}, "full")
        yield _request(spec, method, here, b'{"cut', "full")
        yield _request(spec, method, here, [1], "full")
        yield _request(spec, method, here, right, "full", headers={"content-type": "text/plain"})
    yield _request(spec, method, here, right, "full", headers={"accept": "text/html"})
    yield _request(spec, method, here.removesuffix(".json"), right, "full")
    yield _request(spec, "PATCH" if method != "PATCH" else "PUT", here + "/zz_no_such", None, "full")


def _example(operation: Operation) -> Any:
    media = operation.body.media[0] if operation.body is not None and operation.body.media else None
    return next(iter(media.examples.values()), None) if media is not None else None


def _key_in_body(spec: Spec, operation: Operation) -> dict[str, Any]:
    """The id of a seeded record, where an operation takes it in the body."""
    resource = spec.resources.get(operation.resource or "")
    if resource is None or operation.path_parameters or operation.effect in ("list", "create", "singleton") or operation.method.upper() == "GET":
        return {}
    return {resource.key_parameter: spec.seed.records[resource.name][0]["record"][resource.key]}


def _filled(spec: Spec, operation: Operation, path: str, key: str | None = None) -> str:
    """The path with the ids of the first seeded record and of its parents; `key` in the place of its own."""
    resource = spec.resources.get(operation.resource or "")
    if resource is None:
        return path
    record = spec.seed.records[resource.name][0]["record"]
    by_parent = {name: str(record[parent.member]) for parent in resource.parents for name in parent.parameters}
    for name in operation.path_parameters:
        path = path.replace("{" + name + "}", by_parent.get(name) or key or str(record[resource.key]))
    return path


def _request(spec: Spec, method: str, path: str, body: Any, caller: str, *, headers: Mapping[str, str | None] | None = None, scheme: str = "https") -> Request:
    path, _, query = path.partition("?")
    sent: dict[str, str] = {}
    if body is not None:
        media = spec.group_of_kind("content_negotiation")
        sent["content-type"] = media.parameters.request[0] if media is not None else "application/json"
    query = _signed(spec, caller, query, sent)
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    told = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
    return Request(method, path, query, told, content, scheme)


def _signed(spec: Spec, caller: str, query: str, headers: dict[str, str]) -> str:
    """The query with the caller's credential, where it travels there; else it goes into the headers."""
    group = spec.group_of_kind("authentication")
    principal = next((one for one in spec.seed.principals if one.name == caller), None)
    if group is None or caller == "nobody" or (principal is None and caller != "stranger"):
        return query
    for name, carrier in group.parameters.fields.items():
        value = principal.credential[name] if principal is not None else "zz-wrong"
        match carrier.place:
            case "query":
                query = "&".join(filter(None, (query, f"{carrier.name}={value}")))
            case "basic_user":
                headers["authorization"] = "Basic " + base64.b64encode(f"{value}:".encode()).decode()
            case "bearer":
                headers["authorization"] = f"Bearer {value}"
            case _:
                headers[carrier.name.lower()] = carrier.prefix + value
    return query
