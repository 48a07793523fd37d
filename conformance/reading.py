"""Understands responses by the bound spec: success, records, members, errors. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from conformance.addressing import dig, dig_all, fill
from conformance.exchange import Response, Unreadable
from specs.conventions.envelope import Envelope
from specs.conventions.errors import Cause, Errors
from specs.conventions.statuses import Statuses, Success
from specs.model import Operation, Resource, Spec

__all__ = ["Judged", "Reading", "agrees", "allows"]

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATE_LENGTH = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether an answer is within the document; `remark` says what is merely tolerated."""

    fine: bool
    expected: str
    observed: str
    remark: str = ""


class Reading:
    """Reads every response of an examination."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        group = spec.group_of_kind("envelope")
        self.envelope: Envelope | None = group.parameters if group else None
        group = spec.group_of_kind("errors")
        self.errors: Errors | None = group.parameters if group else None
        group = spec.group_of_kind("statuses")
        self.statuses: Statuses | None = group.parameters if group else None

    @staticmethod
    def document(response: Response) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return response.json()
        except Unreadable:
            return None

    # Success

    def succeeded(self, response: Response) -> bool:
        """Whether the answer says success: 2xx, and, where the body tells the outcome, a value of success."""
        if not 200 <= response.status <= 299:
            return False
        outcome = self.envelope.outcome if self.envelope else None
        if outcome is None:
            return True
        try:
            return dig(response.json(), outcome.member) in outcome.success
        except Unreadable:
            return False

    def failed(self, response: Response) -> bool:
        """Whether the answer says failure: 4xx or 5xx, or a readable outcome that is none of success."""
        if response.status >= 400:
            return True
        outcome = self.envelope.outcome if self.envelope else None
        if outcome is None:
            return False
        try:
            value = dig(response.json(), outcome.member)
        except Unreadable:
            return False
        return isinstance(value, str) and value not in outcome.success

    def success_of(self, operation: Operation) -> Success:
        """The documented status of the operation's success."""
        table = self.statuses.success if self.statuses else {}
        return table.get(operation.effect or "") or table.get("default") or Success(200, accept=["2xx"])

    def judge_success(self, operation: Operation, response: Response) -> Judged:
        """Holds an answer against the documented status of success."""
        success = self.success_of(operation)
        return self._judge(success.accept or [success.status], success.tolerate, response, success.status)

    # Refusals

    def cause(self, name: str) -> Cause:
        """The documented answer to a cause; where the spec has none any 4xx, and where the body tells the outcome any 2xx that tells a failure, too."""
        known = self.errors.causes.get(name) if self.errors else None
        in_body = self.envelope is not None and self.envelope.outcome is not None
        return known or Cause(400, accept=["2xx", "4xx"] if in_body else ["4xx"])

    def answered(self, name: str, response: Response) -> Judged:
        """Holds an answer against a cause's documented answer: its status, and that it says failure."""
        cause = self.cause(name)
        judged = self._judge(cause.accept or [cause.status], cause.tolerate, response, cause.status)
        if judged.fine and response.status < 300 and not self.failed(response):
            outcome = self.envelope.outcome if self.envelope else None
            where = f"a failure at {outcome.member}" if outcome else "a refusal"
            return Judged(False, f"{cause.status} with {where}", f"{response.status} that says success")
        return judged

    def members_of_error(self, response: Response, name: str) -> list[Any]:
        """The values of a named member of an error body, wherever the readings let it stand; empty where it isn't there."""
        try:
            document = response.json()
        except Unreadable:
            return []
        pointers = self.errors.members.get(name, []) if self.errors else []
        return [value for pointer in pointers for value in dig_all(document, pointer)]

    @staticmethod
    def _judge(accept: Iterable[int | str], tolerate: Iterable[int | str], response: Response, usual: int) -> Judged:
        expected, observed = _spelled(accept), str(response.status)
        if allows(accept, response.status):
            return Judged(True, expected, observed)
        if allows(tolerate, response.status):
            return Judged(True, expected, observed, f"answered with {response.status}; the document says {usual}")
        return Judged(False, expected, observed)

    # Records

    def records(self, response: Response, resource: Resource) -> list[Mapping[str, Any]]:
        """The records of a list's body, as they stand in it; raises `Unreadable` saying what is there instead."""
        document = response.json()
        if self.envelope is None or not self.envelope.documented or resource.names == "choice":
            return self._records_anywhere(document, resource)
        pointer = self._pointer(self.envelope.items, resource)
        found = dig(document, pointer)
        if not isinstance(found, list):
            raise Unreadable(f"no array at {pointer or 'the root'} of a list of {resource.plural}")
        return _objects(found, pointer)

    def _records_anywhere(self, document: Any, resource: Resource) -> list[Mapping[str, Any]]:
        if self.envelope is not None:
            found = dig(document, self._pointer(self.envelope.items, resource))
            if isinstance(found, list):
                return _objects(found, "")
        arrays = list(_arrays(document))
        filled = [array for array in arrays if array and all(isinstance(value, Mapping) for value in array)]
        if len(filled) == 1:
            return _objects(filled[0], "")
        if not filled and len([array for array in arrays if not array]) >= 1:
            return []
        raise Unreadable(f"{len(filled)} arrays of objects in a list of {resource.plural}, so that it is not clear which one is meant")

    def record(self, response: Response, resource: Resource) -> Mapping[str, Any]:
        """The single record of a body, as it stands in it; raises `Unreadable` saying what is there instead."""
        document = response.json()
        pointer = self._pointer(self.envelope.item, resource) if self.envelope else ""
        found = dig(document, pointer)
        if isinstance(found, Mapping) and (pointer or resource.key in found or self._strict(resource)):
            return found
        if not self._strict(resource) and isinstance(document, Mapping):
            inside = [value for value in document.values() if isinstance(value, Mapping) and resource.key in value]
            if resource.key in document or not inside:
                return document
            return inside[0]
        raise Unreadable(f"no object at {pointer or 'the root'} for one {resource.singular}")

    def _strict(self, resource: Resource) -> bool:
        return self.envelope is not None and self.envelope.documented and resource.names == "documented"

    def _pointer(self, pointer: str, resource: Resource) -> str:
        return fill(pointer, {"singular": resource.singular, "plural": resource.plural, "type": resource.type})

    def items_pointer(self, resource: Resource) -> str:
        """Where a list's array stands, by the document."""
        return self._pointer(self.envelope.items if self.envelope else "", resource)

    def item_pointer(self, resource: Resource) -> str:
        """Where a single record stands, by the document."""
        return self._pointer(self.envelope.item if self.envelope else "", resource)

    def members(self, record: Mapping[str, Any], resource: Resource) -> dict[str, Any]:
        """A record's members, flat: for JSON:API its id, attributes, and ids of to-one relationships under the parents' members."""
        root = self.envelope.attributes if self.envelope else ""
        if not root:
            return dict(record)
        inner = dig(record, root)
        flat = dict(inner) if isinstance(inner, Mapping) else {}
        if resource.key in record:
            flat[resource.key] = record[resource.key]
        for parent in resource.parents:
            linked = dig(record, f"/relationships/{parent.member.removesuffix('_id')}/data")
            if linked is None or isinstance(linked, Mapping):
                flat[parent.member] = linked.get("id") if linked else None
        return flat

    def excerpt(self, response: Response, length: int = 200) -> str:
        """The beginning of a body, for people."""
        text = response.body[: length * 4].decode("utf-8", "replace").strip()
        return (text[:length] + "…") if len(text) > length else (text or "no body")


def allows(statuses: Iterable[int | str], status: int) -> bool:
    """Whether a status is in a list of statuses and classes such as `4xx`."""
    return any(entry == status or entry == f"{status // 100}xx" for entry in statuses)


def agrees(given: Any, got: Any) -> bool:
    """Whether a value that came back is the one that was given: numbers and moments by value, also where one is written as text."""
    if isinstance(given, bool) or isinstance(got, bool):
        return given == got or str(given).lower() == str(got).lower()
    if isinstance(given, int | float | str) and isinstance(got, int | float | str) and given != got:
        return _same_number(given, got) or _same_moment(given, got)
    if isinstance(given, Mapping) and isinstance(got, Mapping):
        return all(name in got and agrees(value, got[name]) for name, value in given.items())
    if isinstance(given, list) and isinstance(got, list):
        return len(given) == len(got) and all(map(agrees, given, got))
    return bool(given == got)


def _same_number(given: float | str, got: float | str) -> bool:
    try:
        return float(given) == float(got)
    except (ValueError, OverflowError):
        return False


def _same_moment(given: float | str, got: float | str) -> bool:
    """Whether both are texts of one moment: other fractions and offsets, or a date and its midnight."""
    if not (isinstance(given, str) and isinstance(got, str) and _DATE.match(given) and _DATE.match(got)):
        return False
    try:
        one, other = datetime.fromisoformat(given), datetime.fromisoformat(got)
    except ValueError:
        return False
    if len(given) == _DATE_LENGTH or len(got) == _DATE_LENGTH:
        return one.date() == other.date()
    return (one if one.tzinfo else one.replace(tzinfo=UTC)) == (other if other.tzinfo else other.replace(tzinfo=UTC))


def _spelled(statuses: Iterable[int | str]) -> str:
    return " or ".join(map(str, statuses))


def _objects(found: list[Any], pointer: str) -> list[Mapping[str, Any]]:
    for index, value in enumerate(found):
        if not isinstance(value, Mapping):
            raise Unreadable(f"{type(value).__name__} at {pointer}/{index} where a record was expected")
    return found


def _arrays(document: Any, depth: int = 0) -> Iterable[list[Any]]:
    """The arrays of a body, but not those inside of records."""
    if isinstance(document, list):
        yield document
    elif isinstance(document, Mapping) and depth < 3:
        for value in document.values():
            yield from _arrays(value, depth + 1)
