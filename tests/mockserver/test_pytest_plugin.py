"""The fixture `proctor_stub`, in a test session of its own."""

from __future__ import annotations

import os
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent.parent

README = """
import requests

def test_client_reads_all_pages(proctor_stub):
    api = proctor_stub.in_process("timedash")                       # api.timedash.dev, answered in this process
    session = requests.Session()
    session.auth = (api.credentials["full"]["key"], "")

    def page(number):
        return [row["id"] for row in session.get(f"{api.url}/assignments", params={"page": number}).json()["data"]]

    assert not set(page(0)) & set(page(1))
    api.set_faults("timedash/page/walk:overlap")                    # now the API breaks its word
    assert set(page(0)) & set(page(1))
"""

LIVE = """
import urllib.request

LEFT = []

def test_server_answers(proctor_stub):
    one, two = proctor_stub("paydirt"), proctor_stub("paydirt", rate_limit=3)
    key = one.credentials["full"]["key"]
    assert one.url != two.url
    for api in (one, two):
        with urllib.request.urlopen(f"{api.url}/clients?api_key={key}", timeout=5) as answer:
            assert answer.status == 200
    LEFT.append(one.url)

def test_server_has_gone_with_its_test():
    try:
        urllib.request.urlopen(LEFT[0], timeout=1)
    except OSError as problem:
        assert "refused" in str(problem)
    else:
        raise AssertionError("it still answers")
"""


SHARED = """
import pytest, requests

URLS = set()

@pytest.mark.parametrize("number", range(3))
def test_space_begins_with_the_seed(proctor_stub, number):
    api = proctor_stub.space("timedash")
    session = requests.Session()
    session.auth, session.headers = (api.credentials["full"]["key"], ""), dict(api.headers)
    assert session.get(f"{api.url}/assignments", params={"title": "Mine"}, timeout=5).json()["data"] == []
    assert session.post(f"{api.url}/assignments", json={"title": "Mine", "timestamp": 1}, timeout=5).ok
    api.set_transport_faults("status=503")
    assert session.get(f"{api.url}/assignments", timeout=5).status_code == 503
    assert [entry.response.status for entry in api.journal] == [200, 200, 503]
    URLS.add(api.url)
    assert len(URLS) == 1

def test_both_at_once(proctor_stub):
    one, two, near = proctor_stub.space("timedash"), proctor_stub.space("timedash"), proctor_stub.in_process("paydirt")
    assert one.url == two.url and one.headers != two.headers
    assert requests.get(f"{near.url}/clients", params={"api_key": near.credentials["full"]["key"]}, timeout=5).ok
    assert requests.get(f"{one.url}/assignments", auth=(one.credentials["full"]["key"], ""), timeout=5).ok
"""


@pytest.mark.parametrize(("text", "passed"), [(README, 1), (LIVE, 2), (SHARED, 4)], ids=["in_process", "live", "shared"])
def test_fixture_gives_stubs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, text: str, passed: int) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    pytester.makepyfile(text)
    # Installed, the plugin is known by its entry point; a checkout names it. Both at once would be twice.
    result = pytester.runpytest_subprocess("-p", "no:proctor", "-p", "mockserver.pytest_plugin", "-W", "error", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=passed)


def test_plugin_is_found_where_it_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert callable(import_module(project["entry-points"]["pytest11"]["proctor"]).proctor_stub)
