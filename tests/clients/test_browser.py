"""A page of another origin: its browser asks before it sends, shows it what CORS allows, and loads JSONP as a script."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mockserver import Live
from tests.clients.conftest import HERE, credential, printed

pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def done(served: Live, node_modules: Path) -> dict[str, Any]:
    """What a page in jsdom got, step by step."""
    program = shutil.copy(HERE / "programs" / "browser.mjs", node_modules)
    closed = f"{served.of('paydirt')}/clients?api_key={credential(served, 'paydirt')['key']}"
    told = {**credential(served, "timedash"), **credential(served, "88miles"), "miles": served.of("88miles"), "closed": closed}
    found: dict[str, Any] = printed(["node", str(program)], served.of("timedash"), told)
    return found


def test_page_reads_and_writes(done: dict[str, Any]) -> None:
    assert [done[step]["status"] for step in ("list", "created", "updated", "deleted")] == [200, 200, 200, 204]
    assert len(done["list"]["body"]["data"]) == 2
    assert done["updated"]["body"] == {**done["created"]["body"], "title": "From another"}


def test_page_sees_errors(done: dict[str, Any]) -> None:
    assert [done[step]["status"] for step in ("gone", "stranger")] == [404, 401]
    assert done["gone"]["body"]["error"]["type"] == "invalid_request_error"


def test_page_sees_nothing_of_an_api_without_cors(done: dict[str, Any]) -> None:
    assert done["closed"] == {"status": 0, "body": None}


def test_page_gets_jsonp_by_a_script(done: dict[str, Any]) -> None:
    assert done["called"]["count"] == len(done["called"]["response"]) > 0
    assert "problem" in done["uncalled"]
