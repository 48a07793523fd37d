"""Documented examples on demand: `--replay`, and the preferences that ask for one (`Prefer: code=404`), as Prism takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mockserver.examples import body_of, headers_of, response_for, success_of
from mockserver.exchange import Request, Response
from mockserver.pipeline import EMPTY, Refusal
from mockserver.reading import read_query
from mockserver.refusals import USUAL, Refuser
from specs.model import Media
from specs.model import Response as Documented

if TYPE_CHECKING:
    from mockserver.api import Served

__all__ = ["Replayer", "preferences"]

NAMES = ("code", "example", "dynamic")


def preferences(request: Request) -> dict[str, str]:
    """What a request prefers of a response: `code`, `example` and `dynamic`, from Prefer (RFC 7240), or else from `__code` and the like in the query."""
    found: dict[str, str] = {}
    for part in request.headers.get("prefer", "").replace(";", ",").split(","):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if name in NAMES and equals:
            found.setdefault(name, value.strip().strip('"'))
    if "__" in request.query:
        asked = read_query(request.query)[0]
        found = {**{name: asked[f"__{name}"] for name in NAMES if f"__{name}" in asked}, **found}
    return found


class Replayer:
    """Answers one operation with its documented examples."""

    def __init__(self, served: Served, media: str) -> None:
        assert served.operation is not None
        self._served = served
        self._operation = served.operation
        self._media = media
        self._usual: Response | None = None

    def usual(self) -> Response:
        """The documented success, made once."""
        if self._usual is None:
            self._usual = self._rendered(success_of(self._operation), None, {})
        return self._usual

    def preferred(self, wanted: dict[str, str]) -> Response:
        """The response that fits the preferences, which it names; one that the operation does not have is a problem (404)."""
        code = wanted.get("code")
        if code is not None and not (code.isascii() and code.isdigit() and len(code) == 3 and code >= "100"):
            return _problem(422, f"Prefer: code={code} is no status; three digits are expected.")
        answer = self._of_code(int(code), wanted) if code is not None else self._rendered(success_of(self._operation), None, wanted)
        applied = ", ".join(f"{name}={wanted[name]}" for name in NAMES if name in wanted)
        return Response(answer.status, {**answer.headers, "preference-applied": applied}, answer.body) if answer.status != 0 else _lacking(answer)

    def _of_code(self, code: int, wanted: dict[str, str]) -> Response:
        documented = response_for(self._operation, code)
        if documented is not None:
            return self._rendered(documented, code, wanted)
        refuser = Refuser(self._served.api, self._served)
        for name in USUAL:
            found, cause = refuser.cause(name)
            if found == name and cause.status == code and "example" not in wanted:
                status, headers, media, document = refuser.answer(Refusal(name))
                return self._written(status, dict(headers), media or self._media, document)
        return Response(0, {}, f"The operation {self._operation.id} has no response with the code {code}.".encode())

    def _rendered(self, documented: Documented | None, code: int | None, wanted: dict[str, str]) -> Response:
        if documented is None:
            return self._written(200, {}, self._media, EMPTY)
        status = code or (int(documented.status) if documented.status.isdigit() else 200)
        headers = headers_of(documented)
        if not documented.media:
            return self._written(status, headers, self._media, EMPTY)
        media = _media_with(documented, wanted.get("example"))
        document = body_of(media, name=wanted.get("example"), dynamic=wanted.get("dynamic", "").lower() == "true")
        if document is EMPTY and "example" in wanted:
            names = ", ".join(sorted({name for one in documented.media for name in one.examples})) or "none"
            return Response(0, {}, f"The response {documented.status} of {self._operation.id} has no example {wanted['example']}; it has: {names}.".encode())
        return self._written(status, headers, media.type, document)

    def _written(self, status: int, headers: dict[str, str], media: str, document: Any) -> Response:
        if document is EMPTY:
            return Response(status, headers, b"")
        return Response(status, {"content-type": media, **headers}, orjson.dumps(document, default=str))


def _media_with(documented: Documented, example: str | None) -> Media:
    """The media type that has the example; the first where none is asked for."""
    return next((media for media in documented.media if example is not None and example in media.examples), documented.media[0])


def _lacking(answer: Response) -> Response:
    return _problem(404, answer.body.decode())


def _problem(status: int, detail: str) -> Response:
    title = "No such response is documented" if status == 404 else "The preference can't be read"
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Response(status, {"content-type": "application/problem+json"}, body)
