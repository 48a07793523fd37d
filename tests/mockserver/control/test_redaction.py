"""No secret leaves the journal."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest

from mockserver import Engine, Request
from mockserver.control.redaction import REDACTED
from tests.mockserver.conftest import SIXTH, Caller, spec_of
from tests.mockserver.control.conftest import TOKEN, Plane, engine_of

KEY = "paydirt-full-7d1f"
FORM = "application/x-www-form-urlencoded"


def told(plane: Plane, request: Request) -> tuple[dict[str, Any], str]:
    """The exchange of a request as the journal tells it, and all that it tells, the archive included."""
    plane("DELETE", "/journal")
    plane.engine.handle(request)
    exchanges, archive = plane("GET", "/journal"), plane("GET", "/journal.har")
    assert (exchanges.status, archive.status) == (200, 200)
    text = json.dumps([exchanges.json, archive.json], ensure_ascii=False)
    return exchanges.json["exchanges"][0], text


@pytest.fixture
def paying() -> Plane:
    """The control plane of a stub of Paydirt, whose key travels in the query, a form or the body."""
    return Plane(engine_of("paydirt"))


@pytest.mark.parametrize("api", ["paydirt", "timedash", "moonrope", "88miles", "productive"])
@pytest.mark.parametrize("name", ["full", "other"])
def test_callers_credentials_are_taken_out(api: str, name: str) -> None:
    plane = Plane(engine_of(api))
    caller = Caller(plane.engine, name)
    listing = next(one for one in caller.spec.operations.values() if one.effect == "list" and not one.path_parameters)
    assert caller(listing.method.upper(), listing.path).status == 200
    public = caller.spec.group_of_kind("authentication").parameters.public  # type: ignore[union-attr]
    secrets = [value for field, value in caller.principal.credential.items() if field not in public]  # type: ignore[union-attr]
    for path in ("/journal", "/journal.har"):
        text = plane("GET", path).body.decode()
        assert REDACTED in text
        assert not [secret for secret in secrets if secret in text or base64.b64encode(f"{secret}:".encode()).decode() in text]


def test_public_field_stays() -> None:
    plane = Plane(engine_of("productive"))
    Caller(plane.engine)("GET", "/people")
    headers = plane("GET", "/journal/1").json["request"]["headers"]
    assert (headers["x-organization-id"], headers["x-auth-token"]) == ("1001", REDACTED)


@pytest.mark.parametrize("value", [KEY, "mistyped", quote(KEY).replace("p", "%70"), "a%20b", "%ff", ""])
@pytest.mark.parametrize("name", ["api_key", "%61pi_key"])
def test_key_in_a_query_is_taken_out(paying: Plane, name: str, value: str) -> None:
    exchange, text = told(paying, Request("GET", "/api/v1/clients", f"page=1&{name}={value}&x=y"))
    assert exchange["request"]["url"] == f"http://localhost/api/v1/clients?page=1&{name}={REDACTED}&x=y"
    assert not value or value not in text


def test_known_key_under_another_name_is_taken_out(paying: Plane) -> None:
    exchange, text = told(paying, Request("GET", f"/api/v1/clients/{KEY}", f"key={KEY.replace('-', '%2d')}", {"x-note": f"mine is {KEY}."}))
    assert exchange["request"]["url"] == f"http://localhost/api/v1/clients/{REDACTED}?key={REDACTED}"
    assert exchange["request"]["headers"]["x-note"] == f"mine is {REDACTED}."
    assert KEY not in text


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b'{"api_key": "%s", "business_name": "B"}'),
        ("application/json", b'{"client": [{"api_key": "%s"}], "business_name": "B"}'),
        ("application/json", b'{"api_key" : "%s", "business_name": "B"'),
        ("application/json", b'\xff{"api_key": "%s"}'),
        ("text/plain", b"api_key=%s"),
        (FORM, b"business_name=B&api_key=%s"),
        (FORM, b"business_name=B&%%61pi_key=%s&x"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="api_key"\r\nX-Y: z\r\n\r\n%s\r\n--x--'),
        ("", b'callback({"api_key":"%s"})'),
    ],
)
@pytest.mark.parametrize("value", [KEY, "mistyped-key"])
def test_key_in_a_body_is_taken_out(paying: Plane, media: str, body: bytes, value: str) -> None:
    exchange, text = told(paying, Request("POST", "/api/v1/clients", "", {"content-type": media}, body % value.encode()))
    shown = exchange["request"]["body"]
    decoded = base64.b64decode(shown).decode("latin-1") if exchange["request"]["encoding"] == "base64" else shown
    assert REDACTED in decoded
    assert value not in decoded
    assert value not in text


@pytest.mark.parametrize(
    "query",
    [
        "API_KEY=mistyped",
        "apiKey=mistyped",
        "api-key=mistyped",
        "client[api_key]=mistyped",
        "client%5Bapi_key%5D=mistyped",
        "api_key[]=mistyped",
        "client.api_key=mistyped",
        "params=%7B%22api_key%22%3A%22mistyped%22%7D",
        "api_key%3Dmistyped",
        "next=http%3A%2F%2Fa.example%2F%3Fapi_key%3Dmistyped",
        "a=1;api_key=mistyped",
        "access_token=mistyped",
        "password=mistyped",
    ],
)
def test_key_that_is_nearly_named_so_is_taken_out(paying: Plane, query: str) -> None:
    _, text = told(paying, Request("GET", "/api/v1/clients", f"page=1&{query}"))
    assert "mistyped" not in text
    assert "page=1" in text


@pytest.mark.parametrize("query", ["key=value", "token_type=value", "passwords_changed=value", "api_keyring=value", "a=%ff&b=value", "email=value@b.example"])
def test_harmless_parameter_stays(paying: Plane, query: str) -> None:
    exchange, _ = told(paying, Request("GET", "/api/v1/clients", query))
    assert exchange["request"]["url"].endswith(query)


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/json", b'{"API_KEY": "mistyped"}'),
        ("application/json", b'{"client[api_key]": "mistyped", "a": ["password"]}'),
        ("application/json", b'{"next": "http://a.example/?b=1&api%5Fkey=mistyped"}'),
        ("application/json", b'{"api_key": ["mistyped"'),
        ("application/json", b"{'apiKey': 'mistyped'}"),
        ("application/json", '{"api_key": "mistyped"}'.encode("utf-16")),
        ("application/json", '{"api_key": "mistyped"}'.encode("utf-16-le")),
        ("text/xml", b'<a><api_key type="text">mistyped</api_key></a>'),
        ("text/plain", b"curl https://me:mistyped@a.example/x"),
        (FORM, b"a=1&client%5Bapi_key%5D=mistyped"),
    ],
)
def test_key_that_a_body_half_hides_is_taken_out(paying: Plane, media: str, body: bytes) -> None:
    exchange, text = told(paying, Request("POST", "/api/v1/clients", "", {"content-type": media}, body))
    shown = exchange["request"]["body"]
    decoded = base64.b64decode(shown).decode("latin-1") if exchange["request"]["encoding"] == "base64" else shown
    assert REDACTED in decoded
    assert "mistyped" not in decoded.replace("\0", "") + text


def test_body_in_an_encoding_is_not_shown(paying: Plane) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    exchange, text = told(paying, Request("POST", "/api/v1/clients", "", headers, gzip.compress(KEY.encode())))
    assert (exchange["request"]["body"], exchange["request"]["encoding"]) == (f"{REDACTED}: encoded as gzip", "text")
    assert base64.b64encode(gzip.compress(KEY.encode())[:12]).decode() not in text


@pytest.mark.parametrize("name", ["x-api-key", "x-auth-token", "X_Api_Key", "private-token"])
def test_header_that_means_a_secret_elsewhere_is_taken_out(paying: Plane, name: str) -> None:
    exchange, text = told(paying, Request("GET", "/api/v1/clients", "", {name: "mistyped"}))
    assert exchange["request"]["headers"] == {name: REDACTED}
    assert "mistyped" not in text


def test_key_in_a_host_or_an_encoded_header_is_taken_out(paying: Plane) -> None:
    headers = {"host": f"me:{KEY}@a.example", "x-note": quote(KEY).replace("p", "%70")}
    exchange, text = told(paying, Request("GET", "/api/v1/clients", "", headers, origin=f"http://me:{KEY}@a.example"))
    assert exchange["request"]["url"] == f"http://{REDACTED}@a.example/api/v1/clients"
    assert exchange["request"]["headers"]["x-note"] == REDACTED
    assert KEY not in text


def test_rest_of_a_body_stays_as_it_came(paying: Plane) -> None:
    body = b'{ "business_name":  "B\xc3\xa9" }'
    exchange, _ = told(paying, Request("POST", "/api/v1/clients", "", {"content-type": "application/json"}, body))
    assert exchange["request"]["body"] == body.decode()


def test_body_nested_deeply_does_no_harm(paying: Plane) -> None:
    body = b'{"a":' * 900 + b'"' + KEY.encode() + b'"' + b"}" * 900
    _, text = told(paying, Request("POST", "/api/v1/clients", "", {"content-type": "application/json"}, body))
    assert KEY not in text


@pytest.mark.parametrize(
    ("header", "value", "shown"),
    [
        ("authorization", "Basic c2VjcmV0OnNlY3JldA==", f"Basic {REDACTED}"),
        ("authorization", "Bearer secret", f"Bearer {REDACTED}"),
        ("authorization", "secret", REDACTED),
        ("proxy-authorization", "Basic c2VjcmV0", f"Basic {REDACTED}"),
        ("cookie", "session=secret; theme=dark", REDACTED),
    ],
)
def test_headers_for_secrets_are_taken_out(paying: Plane, header: str, value: str, shown: str) -> None:
    exchange, _ = told(paying, Request("GET", "/api/v1/clients", "", {header: value, "accept": "application/json"}))
    assert exchange["request"]["headers"] == {header: shown, "accept": "application/json"}


def test_secret_in_a_referer_is_taken_out(paying: Plane) -> None:
    exchange, _ = told(paying, Request("GET", "/api/v1/clients", "", {"referer": "http://a.example/?api_key=mistyped&x=1"}))
    assert exchange["request"]["headers"]["referer"] == f"http://a.example/?api_key={REDACTED}&x=1"


def test_secret_in_an_answer_is_taken_out(paying: Plane) -> None:
    exchange, text = told(paying, Request("POST", "/api/v1/clients", f"api_key={KEY}&business_name=my+{KEY}"))
    assert exchange["response"]["status"] == 200
    assert KEY not in text
    assert json.loads(exchange["response"]["body"])["client"]["business_name"] == f"my {REDACTED}"


def test_token_of_the_control_plane_is_taken_out(paying: Plane) -> None:
    _, text = told(paying, Request("GET", "/api/v1/clients", f"q={TOKEN}", {"x-note": TOKEN}))
    assert TOKEN not in text


def test_api_that_nobody_wrote_for_us_is_safe_too() -> None:
    plane = Plane(Engine([spec_of(SIXTH)]))
    plane("PUT", "/journal", {"on": True})
    caller = Caller(plane.engine)
    for operation in caller.spec.operations.values():
        if not operation.path_parameters:
            caller(operation.method.upper(), operation.path)
    text = plane("GET", "/journal").body.decode() + plane("GET", "/journal.har").body.decode()
    secrets = [value for one in caller.spec.seed.principals for value in one.credential.values() if len(value) >= 6]
    assert plane("GET", "/journal").json["held"] > 0
    assert not [secret for secret in secrets if secret in text]
