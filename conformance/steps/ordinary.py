"""Tells the plain calls of an operation from those that a check made odd on purpose. No I/O."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from conformance.exchange import Exchange, Request
from specs.model import Operation

if TYPE_CHECKING:
    from conformance.exam import Exam

__all__ = ["ordinary", "readable"]


def ordinary(exam: Exam, exchange: Exchange) -> Operation | None:
    """The operation of which an exchange is a plain call that was answered, or None.

    Another method, path, scheme or host, a callback, an Accept of something else and a marked array of records are not plain:
    what such a call is answered with is for the check that made it.
    """
    request = exchange.request
    operation = exam.spec.operations.get(request.operation or "")
    if operation is None or exchange.response is None or request.method != operation.method:
        return None
    if _elsewhere(exam, request, operation) or _called_back(exam, request):
        return None
    return None if _other_media(exam, request) else operation


def readable(request: Request) -> bool:
    """Whether a request's body, if it has one that should be JSON, is a JSON object."""
    if request.body is None or "json" not in _header(request, "content-type"):
        return True
    try:
        return isinstance(json.loads(request.body), dict)
    except ValueError:
        return False


def _elsewhere(exam: Exam, request: Request, operation: Operation) -> bool:
    asked, known = urlsplit(request.url), urlsplit(exam.target.url)
    template = re.sub(r"\\\{[^{}]+\\\}", "[^/]+", re.escape(exam.ask.base_path + operation.path))
    return asked[:2] != known[:2] or re.fullmatch(template, asked.path) is None


def _called_back(exam: Exam, request: Request) -> bool:
    group = exam.spec.group_of_kind("jsonp")
    return group is not None and any(name == group.parameters.parameter for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True))


def _other_media(exam: Exam, request: Request) -> bool:
    accept = _header(request, "accept")
    bulk = (exam.ask.media.bulk or "").replace(" ", "")
    if bulk and bulk in _header(request, "content-type").replace(" ", "").replace('"', ""):
        return True
    return bool(accept) and exam.ask.media.response not in accept and "*/*" not in accept


def _header(request: Request, name: str) -> str:
    return next((value.lower() for key, value in request.headers if key.lower() == name), "")
