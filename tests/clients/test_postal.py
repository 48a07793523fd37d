"""Postal's clients on PyPI and npm, unmodified, against a spec in which Postal's actions are declared and nothing else is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import Live, live
from specs import load
from tests.clients.conftest import HERE, credential, printed

pytestmark = pytest.mark.clients

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def secure_postal(monkeypatch_module: pytest.MonkeyPatch) -> Iterator[Live]:
    """Postal over TLS, whose authority clients in Python and Node are told to trust."""
    with live(load(HERE / "postal.yaml"), tls=True) as running:
        for name in ("REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"):
            monkeypatch_module.setenv(name, str(running.ca_file))
        yield running


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    """pytest's monkeypatch, for a module."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def done(postal: Live, python: str) -> dict[str, Any]:
    """What a program with postal-py got, step by step."""
    found: dict[str, Any] = printed([python, str(PROGRAMS / "postal_client.py")], postal.url, credential(postal, "postal"))
    return found


def test_each_recipient_gets_a_message(done: dict[str, Any]) -> None:
    assert set(done["sent"]["messages"]) == {"ada@example.com", "bea@example.com"}
    ids = [one["id"] for one in done["sent"]["messages"].values()]
    assert ids[0] != ids[1]
    assert set(done["raw"]["messages"]) == {"ada@example.com"}


def test_message_sent_can_be_read(done: dict[str, Any]) -> None:
    sent = done["sent"]["messages"]["ada@example.com"]
    assert {name: done["details"][name] for name in ("id", "token", "plain_body")} == {**sent, "plain_body": "Hello Ada"}


def test_deliveries_are_listed(done: dict[str, Any]) -> None:
    assert [one["status"] for one in done["deliveries"]] == ["Sent"]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("unknown", "MessageNotFound"),
        ("foreign", "MessageNotFound"),
        ("no_recipients", "NoRecipients"),
        ("no_content", "NoContent"),
        ("no_sender", "FromAddressMissing"),
        ("stranger", "InvalidServerAPIKey"),
    ],
)
def test_errors_have_their_own_class(done: dict[str, Any], step: str, error: str) -> None:
    assert done[step] == f"PostalPy{error}Error"


def test_anymail_sends(postal: Live, python: str) -> None:
    done = printed([python, str(PROGRAMS / "anymail_client.py"), "right"], postal.url, credential(postal, "postal"))
    assert done["whole"]["status"] == ["queued"]
    assert set(done["whole"]["recipients"]) == {"ada@example.com", "alan@example.com", "bea@example.com"}
    assert done["empty"]["told"]["data"]["code"] == "NoContent"


def test_anymail_tells_a_wrong_key(postal: Live, python: str) -> None:
    done = printed([python, str(PROGRAMS / "anymail_client.py"), "wrong"], postal.url, credential(postal, "postal"))
    assert done["whole"]["told"]["data"]["code"] == "InvalidServerAPIKey"


def test_null_is_what_was_not_said(secure_postal: Live, python: str) -> None:
    done = printed([python, str(PROGRAMS / "postalsend_client.py")], secure_postal.url, credential(secure_postal, "postal"))
    assert [done[step]["status"] for step in ("whole", "bare", "stranger")] == ["success", "success", "error"]
    assert set(done["whole"]["data"]["messages"]) == {"ada@example.com", "alan@example.com"}
    assert done["stranger"]["data"]["code"] == "InvalidServerAPIKey"


def test_postals_own_client_for_node_sends(secure_postal: Live, node_modules: Path) -> None:
    program = shutil.copy(PROGRAMS / "postal_node.cjs", node_modules)
    done = printed(["node", str(program)], secure_postal.url, credential(secure_postal, "postal"))
    assert set(done["sent"]) == {"ada@example.com", "alan@example.com", "bea@example.com"}
    assert set(done["raw"]) == {"ada@example.com"}
    assert (done["nobody"], done["stranger"]) == ("NoRecipients", "InvalidServerAPIKey")
