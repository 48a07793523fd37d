"""What comes in: query, form and JSON in any state."""

from __future__ import annotations

import pytest

from mockserver.exchange import Request
from mockserver.pipeline import EMPTY
from mockserver.reading import BROKEN, decode, media_type, nested, read_body, read_query


def test_query_is_decoded_once() -> None:
    assert read_query("a=1%2B1&b=x+y&c=%2520&d") == ({"a": "1+1", "b": "x y", "c": "%20", "d": ""}, None)


def test_brackets_are_read_raw_and_encoded() -> None:
    assert read_query("page[size]=2")[0] == read_query("page%5Bsize%5D=2")[0] == {"page[size]": "2"}


def test_last_of_a_repeated_name_counts() -> None:
    assert read_query("a=1&a=2")[0] == {"a": "2"}


@pytest.mark.parametrize("value", ["%ff", "%C3", "\udc80"])
def test_value_that_is_no_text_is_told(value: str) -> None:
    assert read_query(f"ok=1&name={value}") == ({"ok": "1"}, "name")


def test_bad_percent_sign_stays() -> None:
    assert decode("100%") == "100%"


def test_json_is_read_with_and_without_a_type() -> None:
    for headers in ({}, {"content-type": "application/json; charset=utf-8"}, {"content-type": "application/vnd.api+json"}):
        assert read_body(Request("POST", "/", "", headers, b'{"a": 1}'), None) == ({"a": 1}, None)


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[" * 5000, b'"\\ud800"', b"\xff", b"1e999", b"\x00", b"{'a': 1}"])
def test_what_is_no_json_is_broken(body: bytes) -> None:
    assert read_body(Request("POST", "/", "", {}, body), None)[0] is BROKEN


def test_form_is_no_json() -> None:
    request = Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, b"a=1&b=%C3%A9")
    assert read_body(request, None) == (EMPTY, {"a": "1", "b": "é"})


def test_params_field_holds_json() -> None:
    form = Request("POST", "/", "", {"content-type": "application/x-www-form-urlencoded"}, b"params=%7B%22id%22%3A1%7D")
    query = Request("POST", "/", "params=%7B%22id%22%3A2%7D")
    plain = Request("POST", "/", "", {"content-type": "text/plain"}, b'{"id": 3}')
    assert read_body(form, "params")[0] == {"id": 1}
    assert read_body(query, "params")[0] == {"id": 2}
    assert read_body(plain, "params")[0] is EMPTY


def test_media_type_has_parameters() -> None:
    assert media_type('Application/JSON; ext="bulk"; q=0.5') == ("application/json", {"ext": "bulk", "q": "0.5"})


def test_form_fields_stand_under_a_root() -> None:
    assert nested({"project[name]": "a", "notes": "b", "other[name]": "c", "project[a][b]": "d"}, "project") == {"name": "a", "notes": "b"}
