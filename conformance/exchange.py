"""Requests, responses and their pairs: plain values, no I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Exchange", "NoAnswer", "NotPermitted", "Request", "Response", "Unreadable", "Wait"]


class NoAnswer(Exception):  # noqa: N818 - a fact about the target, thrown into the check that asked
    """The target gave no usable HTTP response: refused, timed out, closed half way, too large."""


class NotPermitted(Exception):  # noqa: N818 - a fact about the target, thrown into the check that asked
    """The request would touch what the target does not permit; the message says what to add."""


class Unreadable(ValueError):  # noqa: N818 - a fact about a body, not an error of ours
    """A body is not what was asked of it: the message says what was found."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, exactly as it is sent.

    `url` is absolute and percent-encoded; `headers` keep their order and case; `body` is bytes or None. The rest says what it is
    for: the operation, the credential's name, whether it only reads (`safe`, so that its answer may be shared between checks),
    the id of the record that it writes to (`touches`; None: none, as for a create), and whether that record is known not to exist.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    operation: str | None = None
    resource: str | None = None
    effect: str | None = None
    as_: str | None = None
    safe: bool = True
    touches: str | None = None
    absent: bool = False
    fresh: bool = False
    timeout: float | None = None

    def anew(self) -> Request:
        """The same request, to be sent again even if its answer is known."""
        return replace(self, fresh=True)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response: status, headers (names lower case, repeated ones repeated), body, and seconds until it was whole."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    elapsed: float = 0.0
    _parsed: list[Any] = field(default_factory=list, compare=False, repr=False)

    def header(self, name: str) -> str | None:
        """The first header of that name, or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, lower case; empty if there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON (UTF-8, no NaN, bounded depth); raises `Unreadable`."""
        if not self._parsed:
            self._parsed.append(_parse(self.body))
        outcome = self._parsed[0]
        if isinstance(outcome, Unreadable):
            raise outcome
        return outcome


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its response, kept as evidence; `failure` says why there is no response."""

    request: Request
    response: Response | None
    failure: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """What a check yields to let time pass: seconds, and why."""

    seconds: float
    why: str


def _parse(body: bytes) -> Any:
    if not body.strip():
        return Unreadable("an empty body")
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return Unreadable(f"bytes that are not UTF-8 (at byte {error.start})")
    except RecursionError:
        return Unreadable("JSON nested too deeply")
    except ValueError as error:
        return Unreadable(f"no JSON ({error})")


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
