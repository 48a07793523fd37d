"""JSON wrapped in a call, for script elements: the same document, called JavaScript.

Where the parameter's name is a choice of the spec, an implementation that ignores it everywhere proves nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from conformance.check import Check, Flow, Steps
from conformance.exam import Exam
from conformance.exchange import Request, Response
from conformance.steps.aiming import Aim, Aims, overloaded
from conformance.steps.findings import Findings
from conformance.steps.listing import bound
from conformance.verdict import Failed
from specs.conventions.jsonp import Jsonp
from specs.model import Clause

__all__ = ["CHECKS"]

CALLBACK = "proctorCallback"
MARKUP = "<script>proctor</script>"
"""A name that is none: where it comes back in a page, it is run."""

_MEDIA = frozenset({"application/javascript", "text/javascript", "application/x-javascript", "application/ecmascript", "text/ecmascript"})


@dataclass(frozen=True, slots=True)
class Wrapped:
    """One operation: what it answers plainly, and what with a callback; `suffixed` says that the path asks for JavaScript, too."""

    aim: Aim
    plain: Response
    called: Response
    request: Request
    suffixed: bool = False

    @property
    def text(self) -> str:
        """The body that came with a callback, without the comment that keeps it from being taken for something else."""
        return re.sub(r"^\s*(/\*.*?\*/)?\s*", "", self.called.body.decode("utf-8-sig", "replace"), count=1, flags=re.DOTALL)

    @property
    def wraps(self) -> bool:
        """Whether the callback changed anything: the body begins with a call."""
        return 200 <= self.called.status <= 299 and re.match(r"[\w$.]+\s*\(|(typeof|window|if)\b", self.text) is not None

    @property
    def obeys(self) -> bool:
        """Whether it was the parameter that made the call: a suffix makes one by itself, of a function with a name of its own."""
        return self.wraps and (not self.suffixed or CALLBACK in self.text.partition("(")[0])


def callback_wraps_the_document(exam: Exam, clause: Clause) -> Flow:
    """Each read, plainly and with a callback; both documents are the same."""
    group, findings = exam.spec.convention(clause), Findings()
    aims, tried = Aims(exam, findings), list[Wrapped]()
    for operation in exam.operations(clause):
        aim = (yield from aims.at(operation)) if operation.method == "GET" else None
        if aim is not None and aim.sure:
            wrapped = yield from _asked(exam, group.parameters, aim, findings)
            tried += [wrapped] if wrapped is not None else []
    known = any(wrapped.obeys for wrapped in tried)
    configured = "parameter" not in group.choices or bound(exam, group, "parameter") is not None
    for wrapped in tried:
        name = wrapped.aim.operation.id
        if not (wrapped.obeys or known or configured):
            continue
        if not wrapped.wraps:
            return Failed(f"a call of {CALLBACK}", f"{wrapped.called.status}: {exam.read.excerpt(wrapped.called, 120)}", operation=name)
        wrong = yield from _wrong(exam, wrapped)
        if wrong is not None:
            return Failed(wrong[0], wrong[1], operation=name)
        findings.saw(name)
    needs = f'parameter = "…" under [{group.name}], if there is one'
    return findings.verdict("{n} documents come wrapped in the callback", f"{group.parameters.parameter} is ignored, and its name is not documented", needs)


def _asked(exam: Exam, parameters: Jsonp, aim: Aim, findings: Findings) -> Steps[Wrapped | None]:
    """The plain answer and the one with a callback: by the parameter alone, or else with a suffix as well."""
    plain = yield aim.request(exam)
    if not exam.read.succeeded(plain) or exam.read.document(plain) is None:
        findings.lack(f"{aim.operation.id} (answered {plain.status})")
        return None
    paths = [None, *(re.sub(r"\.\w+$", "", aim.operation.path) + suffix for suffix in parameters.suffixes)]
    found: list[Wrapped] = []
    for path in paths:
        request = aim.request(exam, query=[(parameters.parameter, CALLBACK)], path=path, headers=[("Accept", "*/*")])
        called = yield request
        if overloaded(called):
            findings.lack(f"{aim.operation.id} (answered {called.status})")
            return None
        found.append(Wrapped(aim, plain, called, request, path is not None))
        if found[-1].wraps:
            return found[-1]
    return found[0]


def _wrong(exam: Exam, wrapped: Wrapped) -> Steps[tuple[str, str] | None]:
    """What is wrong with a wrapped document: what was expected, and what came; None if nothing."""
    called = re.fullmatch(rf"(?:typeof {CALLBACK} === 'function' && )?{CALLBACK}\s*\((.*)\)\s*;?\s*", wrapped.text, flags=re.DOTALL)
    if called is None:
        return f"{CALLBACK}(…)", _shortened(wrapped.text)
    if wrapped.called.media_type not in _MEDIA:
        return "a media type of JavaScript", wrapped.called.media_type or "none"
    try:
        inner = json.loads(called[1])
    except ValueError as error:
        return "JSON within the call", f"{_shortened(called[1])} ({error})"
    if not _alike(inner, exam.read.document(wrapped.plain)):
        again = yield wrapped.aim.request(exam, fresh=True)
        if not _alike(inner, exam.read.document(again)):
            return "the document that comes without a callback", _shortened(called[1])
    return (yield from _markup(exam, wrapped))


def _markup(exam: Exam, wrapped: Wrapped) -> Steps[tuple[str, str] | None]:
    """A callback that is markup must not come back within a page."""
    response = yield replace(wrapped.request, url=wrapped.request.url.replace(CALLBACK, quote(MARKUP, safe="")))
    if MARKUP.encode() in response.body and response.media_type in ("text/html", "application/xhtml+xml", ""):
        return "no markup of the caller's in a page", f"{response.media_type or 'no media type'}: {exam.read.excerpt(response, 120)}"
    return None


def _alike(one: Any, other: Any) -> bool:
    """Whether two documents are the same but for numbers and times, which may have gone on between them."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    numbers = isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool) and not isinstance(other, bool)
    return numbers or bool(one == other) or (isinstance(one, str) and isinstance(other, str) and _is_time(one) and _is_time(other))


def _is_time(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*", text) is not None


def _shortened(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:60]} … {text[-50:]}"


CHECKS: dict[str, Check] = {
    "callback_wraps_the_document": Check(
        callback_wraps_the_document,
        how="Reads with a callback and without: the same document within a call of it, as JavaScript. Where it is ignored everywhere, nothing is said.",
    ),
}
