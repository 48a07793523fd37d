from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from conformance.exchange import Request, Response
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from tests.conformance.checks.listed import MILES, Listed, verdict

CLAUSE = "88miles/format/jsonp"


class Wrapping(Listed):
    """Wraps what it is asked to wrap."""

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        name = dict(parse_qsl(parts.query)).get("callback")
        plain = Request("GET", request.url.replace(".jsonp", ".json"), request.headers, operation=request.operation)
        response = super().__call__(plain)
        if name is None or self.bug == "ignored" or response.status >= 400 or (self.bug.startswith("suffix_") and ".jsonp" not in parts.path):
            return response
        if self.bug == "refused":
            return self.respond(None, 400, {"error": "callback"})
        if self.bug == "nested_ignored" and "companies" in parts.path:
            return response
        return self.wrapped(name, response)

    def wrapped(self, name: str, response: Response) -> Response:
        inner = response.body.decode()
        if self.bug == "other_document":
            inner = '{"response": []}'
        text = {
            "cut": f"{name}({inner}",
            "other_name": f"jsonp({inner});",
            "suffix_names_it": f"callback({inner});",
            "bare": f"{name}({inner})",
            "comment": f"/**/ {name}({inner});\n",
            "guarded": f"/**/ typeof {name} === 'function' && {name}({inner});",
        }.get(self.bug, f"{name}({inner});")
        others = {"called_json": "application/json", "called_html": "text/html", "old_type": "text/javascript; charset=utf-8"}
        media = others.get(self.bug, "application/javascript")
        if self.bug == "markup" and "<" in name:
            media = "text/html"
        return Response(200, (("content-type", media),), text.encode())


def wrapping(bug: str = "", **how: Any) -> Verdict:
    return verdict(CLAUSE, bug, kind=Wrapping, **how)


@pytest.mark.parametrize("quirk", ["", "bare", "comment", "guarded", "old_type", "suffix_only"])
def test_right_implementation_passes(quirk: str) -> None:
    assert isinstance(wrapping(quirk), Passed)


@pytest.mark.parametrize("bug", ["nested_ignored", "cut", "other_name", "other_document", "called_json", "called_html", "markup"])
def test_broken_implementation_fails(bug: str) -> None:
    assert isinstance(wrapping(bug), Failed)


@pytest.mark.parametrize("quirk", ["ignored", "refused", "suffix_names_it"])
def test_undocumented_parameter_may_be_ignored(quirk: str) -> None:
    assert isinstance(wrapping(quirk), Inconclusive)


@pytest.mark.parametrize("bug", ["ignored", "suffix_names_it"])
def test_parameter_of_the_target_must_work(bug: str) -> None:
    assert isinstance(wrapping(bug, parameters={"jsonp": {"parameter": "callback"}}), Failed)


def test_nothing_to_read_proves_nothing() -> None:
    assert not isinstance(wrapping("ignored", records={**MILES, "projects": []}), Passed | Failed)
