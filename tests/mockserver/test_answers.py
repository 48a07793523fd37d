"""Answers from templates, creates that spread, and what a create is asked to give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mockserver.answers import answered
from mockserver.store import Table
from tests.mockserver.conftest import NOON, Caller

POSTAL = Path(__file__).parent.parent / "clients" / "postal.yaml"
MAIL = {"to": ["Ada <ada@example.com>", "bea@example.com", "ada@example.com"], "from": "me@example.com", "plain_body": "Hello"}


@pytest.fixture
def postal(stub: Callable[..., Caller]) -> Caller:
    """A caller of it."""
    return stub(POSTAL)


def sent(postal: Caller, **changes: Any) -> Any:
    return postal("POST", "/send/message", {**MAIL, **changes}).json


def test_placeholders_are_filled_from_the_record() -> None:
    template = {"id": "{id}", "told": "number {id}", "inner": [{"name": "{name}"}], "fixed": None}
    assert answered(template, [{"id": 7, "name": None}]) == {"id": 7, "told": "number 7", "inner": [{"name": None}], "fixed": None}


def test_member_named_by_a_placeholder_stands_for_each_record() -> None:
    template = {"first": "{id}", "each": {"{name}": {"id": "{id}"}}}
    assert answered(template, [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]) == {"first": 1, "each": {"a": {"id": 1}, "b": {"id": 2}}}


def test_each_different_element_becomes_a_record(postal: Caller) -> None:
    messages = sent(postal, cc=["carl@example.com"])["data"]["messages"]
    assert list(messages) == ["ada@example.com", "bea@example.com", "carl@example.com"]
    assert len({one["id"] for one in messages.values()}) == len({one["token"] for one in messages.values()}) == 3


def test_shared_members_are_the_same_in_all(postal: Caller) -> None:
    answer = sent(postal)["data"]
    rows = [postal.engine.store.get(Table("", "postal", "messages"), str(one["id"])) for one in answer["messages"].values()]
    assert {row.record["message_id"] for row in rows if row is not None} == {answer["message_id"]}
    assert {row.record["timestamp"] for row in rows if row is not None} == {NOON}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"to": []}, "NoRecipients"),
        ({"to": None}, "NoRecipients"),
        ({"to": "ada@example.com"}, "ValidationError"),
        ({"cc": None, "subject": None}, None),
        ({"plain_body": " "}, "NoContent"),
        ({"plain_body": "", "html_body": "<p>"}, None),
        ({"from": ""}, "FromAddressMissing"),
        ({"to": [], "from": ""}, "NoRecipients"),
        ({"to": [{"odd": []}]}, "ValidationError"),
    ],
)
def test_create_gives_one_of_the_members_demanded(postal: Caller, changes: dict[str, Any], code: str | None) -> None:
    answer = sent(postal, **changes)
    assert (answer["status"] == "success") == (code is None)
    assert answer["data"].get("code") == code


def test_refused_create_makes_nothing(postal: Caller) -> None:
    sent(postal, plain_body="")
    assert sent(postal)["data"]["messages"]["ada@example.com"]["id"] == 3


def test_record_is_read_through_its_template(postal: Caller) -> None:
    key = sent(postal)["data"]["messages"]["bea@example.com"]["id"]
    shown = postal("POST", "/messages/message", {"id": key}).json["data"]
    assert (shown["id"], shown["plain_body"], shown["status"]["status"]) == (key, "Hello", "Pending")
    assert postal("POST", "/messages/deliveries", {"id": key}).json["data"] == []
