"""Odd inputs: texts, numbers, encodings and bodies on which servers fall over, fixed and drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from hypothesis import strategies as st

from conformance.addressing import fill, plant
from conformance.asking import READS
from conformance.check import Ended, Steps
from conformance.exam import Exam
from conformance.exchange import Request
from conformance.steps.aiming import Aim, Aims, attempt
from conformance.steps.calls import narrowing, narrows
from specs.model import Operation

__all__ = ["BEFORE_THE_API", "Odd", "is_no_http", "odd", "oddities", "sent"]

BEFORE_THE_API = frozenset({408, 413, 414, 431, 494, 495, 496, 497, 499, 502, 503, 504})
"""Statuses that a web server before the API gives, in a body of its own."""

Place = Literal["path", "query", "filter", "page", "member", "members", "body"]


@dataclass(frozen=True, slots=True)
class Odd:
    """One odd input: where it stands, what it is in words, and what is sent.

    `sent` is percent-encoded text for the path (the id) and the query (added to what is there), JSON text for a member and for
    what stands in the place of all members, the raw text of a body, and plain text to filter by or to ask for as a page.
    """

    place: Place
    what: str
    sent: str


_LONG = 4000
_WRONG = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")

TEXTS = {
    "a NUL": "proctor\x00",
    "an emoji": "proctor 😀",
    "a quote": "proctor' OR ''='",
    "a long text": "proctor" * 300,
    "a newline": "proctor\r\nX-Proctor: 1",
    "an empty text": "",
    "a bidirectional mark": "proctor\u202eabc",
    "a format string": "%s%n{0}${7*7}",
}

VALUES: dict[str, Any] = {
    "a huge number": 10**30,
    "a negative number": -1,
    "a tiny fraction": 1e-320,
    "null": None,
    "true": True,
    "an array": [[], {}],
    "an object": {"proctor": {"proctor": 1}},
}

BODIES = {
    "an empty body": "",
    "null as the body": "null",
    "an array as the body": "[1]",
    "a text as the body": '"proctor"',
    "a number as the body": "-0",
    "a body cut short": '{"proctor": [',
    "a body nested deep": "[" * 300 + "]" * 300,
    "a member named twice": '{"id": 1, "id": 2}',
    "a lone surrogate": '{"proctor": "\\ud800"}',
    "an infinite number": '{"proctor": 1e999}',
}

QUERIES = {
    "a parameter twice": "zz_proctor=1&zz_proctor=2",
    "a parameter with brackets left open": "zz_proctor%5B=1&zz_proctor%5B%5D%5D=2",
    "bytes that are no UTF-8": "zz_proctor=%FF%FE",
    "wrong percent-encoding": "zz_proctor=%zz%",
    "a parameter without a name": "=1&&=",
}


def is_no_http(request: Request) -> bool:
    """Whether a web server may refuse the request before the API is asked: wrong percent-encoding, a NUL, or very long."""
    return len(request.url) > _LONG or _WRONG.search(request.url) is not None


def oddities(operation: Operation) -> tuple[Odd, ...]:
    """A fixed handful of odd inputs for an operation: one or two of each place that it has."""
    found = [Odd("query", what, QUERIES[what]) for what in ("bytes that are no UTF-8", "wrong percent-encoding")]
    found += [Odd("query", f"an odd {name}", sent) for name, sent in _odd_parameters(operation)]
    if operation.effect == "list":
        found += [Odd("filter", "a quote to filter by", TEXTS["a quote"]), Odd("page", "the page of a huge number", str(10**30))]
    if _has_key(operation) and operation.effect in READS:
        found += [Odd("path", what, quote(TEXTS[what], safe="")) for what in ("a NUL", "an emoji", "a quote")]
        found.append(Odd("path", "a huge number", str(10**30)))
    if _has_body(operation):
        named = ("an empty body", "null as the body", "an array as the body", "a body cut short", "a lone surrogate")
        found += [Odd("body", what, BODIES[what]) for what in named]
    if operation.effect in ("create", "update", "replace"):
        found += [Odd("member", what, json.dumps(VALUES[what])) for what in ("null", "an object", "a huge number")]
        found += [Odd("member", what, json.dumps(TEXTS[what])) for what in ("a NUL", "an emoji", "a long text")]
        found += [Odd("members", f"{json.dumps(value)} in the place of the members", json.dumps(value)) for value in (None, [1], "proctor")]
    return tuple(found)


def odd(operation: Operation) -> st.SearchStrategy[Odd]:
    """A strategy for one odd input of an operation."""
    kinds = [st.sampled_from([Odd("query", what, sent) for what, sent in QUERIES.items()])]
    texts = st.one_of(st.sampled_from(list(TEXTS.values())), st.text(max_size=20))
    kinds.append(texts.map(lambda text: Odd("query", "a drawn parameter", "zz_proctor=" + _encoded(text))))
    if _has_key(operation) and operation.effect in READS:
        kinds.append(texts.map(lambda text: Odd("path", "a drawn id", _encoded("proctor" + text))))
    if _has_body(operation):
        kinds.append(st.sampled_from([Odd("body", what, sent) for what, sent in BODIES.items()]))
    if operation.effect in ("create", "update", "replace"):
        inner = st.one_of(texts, st.sampled_from(list(VALUES.values())), st.integers(), st.lists(st.integers(), max_size=2))
        kinds.append(inner.map(lambda value: Odd("member", "a drawn member", json.dumps(value))))
    return st.one_of(kinds)


def sent(exam: Exam, aims: Aims, operation: Operation, what: Odd) -> Steps[Request | None]:
    """The request with the odd input, aimed at what it can't harm; None where there is nothing to aim at."""
    aim = yield from aims.at(operation)
    if aim is None:
        return None
    match what.place:
        case "query":
            return _in_query(aim.request(exam), what.sent)
        case "filter":
            return (yield from _in_filter(exam, aim, what.sent))
        case "page":
            pagination = exam.pagination(operation)
            return aim.request(exam, parameters={pagination.page: what.sent}) if pagination is not None else None
        case "path":
            return _in_path(exam, aim, what.sent)
        case "member":
            return replace(aim, members=_with_member(aim, json.loads(what.sent))).request(exam)
        case "members":
            return _in_place_of_members(exam, aim, json.loads(what.sent))
        case "body":
            return replace(aim, members=None).request(exam, body=what.sent.encode())


def _in_query(request: Request, sent: str) -> Request:
    parts = urlsplit(request.url)
    return replace(request, url=urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, sent))))))


def _in_filter(exam: Exam, aim: Aim, text: str) -> Steps[Request | None]:
    """The list filtered by a text, by a member that it filters by; None where none is known."""
    found = (yield from attempt(narrowing(exam, aim.operation, 1))) if narrows(exam, aim.operation) else None
    if found is None or isinstance(found, Ended):
        return None
    asked = {name: dict.fromkeys(value, text) if isinstance(value, dict) else text for name, value in found[0].items()}
    return aim.request(exam, parameters=asked)


def _in_path(exam: Exam, aim: Aim, sent: str) -> Request | None:
    """The read of an odd id: in the path, or where its parameter travels."""
    if exam.ask.key_parameter(aim.operation) is None:
        return None
    mark = "proctorsoddid"
    request = replace(aim, key=mark, own=None).request(exam)
    return replace(request, url=request.url.replace(mark, sent, 1))


def _in_place_of_members(exam: Exam, aim: Aim, value: Any) -> Request | None:
    """The body with something else where the record's members stand; None where they stand at the root, or not in a body."""
    request, envelope = aim.request(exam), exam.ask.envelope()
    resource = exam.spec.resources.get(aim.operation.resource or "")
    if envelope is None or resource is None or not envelope.input.root or envelope.input.place != "body" or request.body is None:
        return None
    document = json.loads(request.body)
    plant(document, fill(envelope.input.root, {"singular": resource.singular, "plural": resource.plural, "type": resource.type}), value)
    return replace(request, body=json.dumps(document).encode())


def _with_member(aim: Aim, value: Any) -> Mapping[str, Any]:
    """The members with one of them odd: which one depends on the value, so that it is not always the same."""
    members = dict(aim.members or {})
    texts = [name for name, given in members.items() if isinstance(given, str)] if isinstance(value, str) else []
    names = texts or list(members) or ["proctor"]
    return {**members, names[len(json.dumps(value)) % len(names)]: value}


def _odd_parameters(operation: Operation) -> Iterator[tuple[str, str]]:
    """Each declared query parameter of a list with a value that makes no sense, and, where it has members, one that there isn't."""
    for parameter in operation.parameters if operation.effect == "list" else ():
        if parameter.place != "query":
            continue
        name = quote(parameter.name, safe="")
        if parameter.schema.get("type") == "object":
            yield parameter.name, f"{name}%5Bzz_proctor%5D=1"
            yield f"{parameter.name}, left open,", f"{name}%5Bzz_proctor=1"
        else:
            yield parameter.name, f"{name}=zz_proctor%22%28"


def _has_key(operation: Operation) -> bool:
    return bool(operation.path_parameters) and operation.effect == "read"


def _has_body(operation: Operation) -> bool:
    return operation.body is not None and operation.method not in ("GET", "HEAD", "DELETE")


def _encoded(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
