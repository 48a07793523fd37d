from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.exchange import Request, Response
from conformance.verdict import Failed, Inconclusive, Passed, Verdict
from tests.conformance.checks.listed import Listed, verdict

PREFLIGHT, ACTUAL = "timedash/cors/preflight", "timedash/cors/actual"


class Shared(Listed):
    """Answers calls from other origins."""

    def __call__(self, request: Request) -> Response:
        asked = {name.lower(): value for name, value in request.headers}
        if request.method == "OPTIONS":
            status, headers = self.preflight(request, asked)
            return Response(status, tuple(headers))
        response = super().__call__(request)
        silent = {"disabled": True, "not_on_actual": True, "not_on_errors": response.status >= 400, "not_on_401": response.status == 401}.get(self.bug, False)
        return response if silent else replace(response, headers=(*response.headers, *self.origin(asked)))

    def origin(self, asked: dict[str, str]) -> Iterator[tuple[str, str]]:
        told = {"own_origin": "https://app.example", "echo": asked.get("origin", "")}.get(self.bug, "*")
        yield "access-control-allow-origin", told
        if self.bug == "twice":
            yield "access-control-allow-origin", "https://app.example"
        if self.bug == "same_twice":
            yield "access-control-allow-origin", told

    def preflight(self, request: Request, asked: dict[str, str]) -> tuple[int, Any]:
        method, names = asked["access-control-request-method"], asked.get("access-control-request-headers", "")
        refused = {"needs_key": 401, "no_such_method": 405, "forbidden": 403}.get(self.bug)
        if self.bug == "items_refused" and len(request.url.split("/")) > 4:
            refused = 403
        if refused is not None:
            return refused, ()
        if self.bug in ("disabled", "preflight_untold"):
            return 204, ()
        methods = {"no_delete": "GET, PUT, POST", "any_method": "*"}.get(self.bug, f"GET, PUT, POST, {method}")
        allowed = {"no_authorization": "content-type", "upper_case": names.upper(), "no_content_type": "authorization"}.get(self.bug, names)
        told = [("Access-Control-Allow-Methods", methods), ("access-control-allow-headers", allowed)]
        return 204 if self.bug != "status_200" else 200, [*self.origin(asked), *told]


def shared(clause: str, bug: str = "", **how: Any) -> Verdict:
    return verdict(clause, bug, kind=Shared, write=True, **how)


@pytest.mark.parametrize("clause", [PREFLIGHT, ACTUAL])
@pytest.mark.parametrize("quirk", ["", "echo", "any_method", "upper_case", "status_200", "no_content_type"])
def test_right_implementation_passes(clause: str, quirk: str) -> None:
    assert isinstance(shared(clause, quirk), Passed)


@pytest.mark.parametrize(
    ("clause", "bug"),
    [
        (PREFLIGHT, "needs_key"),
        (PREFLIGHT, "no_such_method"),
        (PREFLIGHT, "forbidden"),
        (PREFLIGHT, "items_refused"),
        (PREFLIGHT, "preflight_untold"),
        (PREFLIGHT, "no_delete"),
        (PREFLIGHT, "no_authorization"),
        (ACTUAL, "not_on_actual"),
        (ACTUAL, "not_on_errors"),
        (ACTUAL, "not_on_401"),
        (PREFLIGHT, "same_twice"),
        (ACTUAL, "same_twice"),
    ],
)
def test_broken_implementation_fails(clause: str, bug: str) -> None:
    found = shared(clause, bug)
    assert isinstance(found, Failed)
    assert found.operation


@pytest.mark.parametrize("clause", [PREFLIGHT, ACTUAL])
@pytest.mark.parametrize("bug", ["own_origin", "disabled", "twice"])
def test_origin_that_is_allowed_nowhere_proves_nothing(clause: str, bug: str) -> None:
    found = shared(clause, bug)
    assert isinstance(found, Inconclusive)
    assert "origins" in found.needs


@pytest.mark.parametrize("clause", [PREFLIGHT, ACTUAL])
def test_origin_of_the_target_must_be_allowed(clause: str) -> None:
    assert isinstance(shared(clause, "disabled", parameters={"cors": {"origins": ["https://ours.example"]}}), Failed)


def test_reading_alone_passes() -> None:
    assert isinstance(verdict(ACTUAL, kind=Shared), Passed)
