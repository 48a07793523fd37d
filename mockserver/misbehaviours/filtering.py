"""How filters break their word: ignored, too wide, too narrow, applied at the wrong moment, badly decoded."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson

from mockserver.breaking import answered_as, forgiving, other_status_of, refused, rewrite, server_error, thaw
from mockserver.misbehaviours.expressions import EXPRESSIONS
from mockserver.misbehaviours.listing import after_listing, has_sizes, leaving_none, listed, never, titled, told_apart
from mockserver.misbehaviours.matching import Concerns, all_pass, last_counts, matching, one_is_enough, one_missing, one_too_many
from mockserver.pipeline import Answer, Call, Fault, Site, Stage, Step, Wrap
from mockserver.schemas import properties
from mockserver.store import Test
from mockserver.values import coerce, types_of
from specs.model import Clause, Spec

__all__ = ["FAULTS"]

READ = Stage.VALIDATION

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


class _Filter(NamedTuple):
    """One filter of a call: its member, the operator as it is spelled (empty: equality) and the value, as text or as JSON."""

    member: str
    spelled: str
    value: Any


def _filters(call: Call, site: Site) -> list[_Filter]:
    """The filters of a call, in the order of their tests."""
    parameters, resource = site.parameters, site.served.resource
    if parameters.style == "object":
        return list(_in_object((call.inputs if parameters.place == "body" else call.query).get(parameters.parameter)))
    if parameters.style == "equality":
        return [_Filter(name, "", text) for name, text in call.query.items() if resource and site.api.member_schema(resource, name) is not None]
    found = []
    for key, text in call.query.items():
        parts = _BRACKETS.findall(key) if key.startswith(parameters.parameter + "[") else []
        if parts:
            found.append(_Filter(parts[0], parts[1] if len(parts) > 1 else "", text))
    return found


def _in_object(given: Any) -> Iterator[_Filter]:
    """The filters of an object: for each member a value, `{operator, value}`, or a list of such."""
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            return
    for name, wanted in given.items() if isinstance(given, dict) else ():
        for part in wanted if isinstance(wanted, list) and wanted and all(isinstance(item, dict) for item in wanted) else [wanted]:
            yield _Filter(name, str(part.get("operator", "")), part.get("value")) if isinstance(part, dict) else _Filter(name, "", part)


def _plain(call: Call, site: Site) -> bool:
    """Whether all filters are equalities without an operator."""
    found = _filters(call, site)
    return bool(found) and not any(each.spelled for each in found)


def _texts_only(step: Step, site: Site) -> Step:
    """Compares every value as text, so that numbers and booleans are never equal."""

    def narrow(call: Call) -> Answer:
        answer = step(call)
        names = [each.member for each in _filters(call, site)] if _plain(call, site) else []
        if names:
            call.wanted.tests.append(lambda record: all(isinstance(record.get(name), str) for name in names))
        return answer

    return narrow


# The wrong moment


def _after_the_cut(step: Step, site: Site) -> Step:
    """Filters the page after it was cut from the whole list."""

    def listing(call: Call) -> Answer:
        if not _plain(call, site):
            return step(call)
        tests, call.wanted.tests = call.wanted.tests, []
        answer = step(call)
        call.wanted.tests = tests
        call.rows = [row for row in call.rows if all(test(row.record) for test in tests)]
        return answer

    return listing


def _forgotten_later(step: Step, site: Site) -> Step:
    """Filters the first page only."""

    def listing(call: Call) -> Answer:
        if call.wanted.offset and _plain(call, site):
            call.wanted.tests = []
        return step(call)

    return listing


def _overlapping(step: Step, site: Site) -> Step:
    """Begins each page of a filtered list with the last record of the one before."""

    def listing(call: Call) -> Answer:
        if call.wanted.offset and _plain(call, site):
            call.wanted.offset -= 1
        return step(call)

    return listing


def _remainder_lost(call: Call, site: Site) -> None:
    wanted = call.wanted
    if wanted.offset and wanted.limit and wanted.offset + wanted.limit > call.total and _plain(call, site):
        call.rows = []


# One operator

_ORDERS: dict[str, Callable[[str, str], bool]] = {"gt": operator.gt, "gt_eq": operator.ge, "lt": operator.lt, "lt_eq": operator.le}


class _Asked(NamedTuple):
    """One filter with its honest test: the member, the meaning of its operator, and the value as it is typed."""

    test: Test
    member: str
    meaning: str
    value: Any


def _operating(other: Callable[[_Asked], list[Test]]) -> Wrap:
    """The wrap that puts other tests in the place of those of the clause's operator."""

    def wrap(step: Step, site: Site) -> Step:
        def narrow(call: Call) -> Answer:
            known = len(call.wanted.tests)
            answer = step(call)
            own, filters = call.wanted.tests[known:], _filters(call, site)
            if answer is None and len(own) == len(filters):
                pairs = zip(own, filters, strict=True)
                call.wanted.tests[known:] = [test for honest, each in pairs for test in _others(honest, each, site, other)]
            return answer

        return narrow

    return wrap


def _others(honest: Test, each: _Filter, site: Site, other: Callable[[_Asked], list[Test]]) -> list[Test]:
    meaning, resource = site.parameters.operators.get(each.spelled), site.served.resource
    if meaning != site.arguments.operator or resource is None:
        return [honest]
    value = coerce(each.value, site.api.member_schema(resource, each.member) or {}) if isinstance(each.value, str) else each.value
    return other(_Asked(honest, each.member, meaning, value))


def _as_equality(asked: _Asked) -> list[Test]:
    return [lambda record: record.get(asked.member) == asked.value]


def _bound_turned(asked: _Asked) -> list[Test]:
    return [lambda record: asked.test(record) != (record.get(asked.member) == asked.value)]


def _in_order_of_text(asked: _Asked) -> list[Test]:
    order = _ORDERS[asked.meaning]
    return [lambda record: record.get(asked.member) is not None and order(str(record[asked.member]), str(asked.value))]


def _with_wildcards(asked: _Asked) -> list[Test]:
    pattern = re.compile(re.escape(str(asked.value)).replace("%", ".*").replace("_", "."), re.IGNORECASE)
    return [lambda record: pattern.search(str(record.get(asked.member) or "")) is not None]


def _all_if_none(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Gives the whole list where its filters leave nothing."""

    def broken(call: Call) -> Answer:
        answer = step(call)
        if call.wanted.tests and not call.rows and not call.wanted.offset:
            call.wanted.tests = []
            answer = step(call)
        return answer

    return broken


def _ignored_where(concerns: Concerns) -> Wrap:
    """The wrap that forgives filters that are not known in some calls."""

    def wrap(step: Step, site: Site) -> Step:
        forgiven = forgiving("unsupported_filter")(step, site)
        return lambda call: forgiven(call) if concerns(call, site) else step(call)

    return wrap


def _behind_another(call: Call, site: Site) -> bool:
    return len(_filters(call, site)) > 1


def _with_odd_operator(call: Call, site: Site) -> bool:
    return any(each.spelled and each.spelled not in site.parameters.operators for each in _filters(call, site))


def _at_the_beginning(asked: _Asked) -> list[Test]:
    begins = asked.meaning == "contains"
    return [lambda record: str(record.get(asked.member) or "").startswith(str(asked.value)) is begins]


def _members(spec: Spec, clause: Clause) -> Iterator[dict[str, Any]]:
    """The members by which each list that a clause speaks of is filtered, with their schemas."""
    listed = spec.convention(clause).parameters.members
    for name in {spec.operations[operation].resource for operation in clause.operations if spec.operations[operation].effect == "list"} - {None}:
        resource = spec.resources[name or ""]
        known = {resource.key: resource.key_schema, **properties(resource.schema)}
        yield {member: known.get(member, {}) for member in listed.get(resource.name, known)}


def _by_several(spec: Spec, clause: Clause) -> bool:
    """Whether a list has two members to filter by at once."""
    return any(len(members) > 1 for members in _members(spec, clause))


def _leaves_a_remainder(spec: Spec, clause: Clause) -> bool:
    """Whether three records of a list are equal in a member that filters, so that pages of two leave one, or can be made so."""
    for operation in (spec.operations[name] for name in clause.operations):
        if operation.effect != "list" or operation.resource is None:
            continue
        rows, resource = spec.seed.records.get(operation.resource, ()), spec.resources[operation.resource]
        names = spec.convention(clause).parameters.members.get(resource.name, properties(resource.schema))
        alike = Counter((row["account"], name, repr(row["record"].get(name))) for row in rows for name in names)
        if {"create", "delete"} <= set(resource.operations) or max(alike.values(), default=0) > 2:
            return True
    return False


def _by_more_than_text(spec: Spec, clause: Clause) -> bool:
    """Whether a list is filtered by members that are no text."""
    return any(types_of(schema) - {"string", "null"} for members in _members(spec, clause) for schema in members.values())


def _ordered(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "operator", "") in _ORDERS


def _contained(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "operator", "") in ("contains", "not_contain")


def _searched(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "operator", "") == "contains"


def _has_operators(spec: Spec, clause: Clause) -> bool:
    return bool(spec.convention(clause).parameters.operators)


def _by_text(spec: Spec, clause: Clause) -> bool:
    """Whether a list is filtered by members whose text may be any."""
    return any("string" in types_of(schema) and "enum" not in schema for members in _members(spec, clause) for schema in members.values())


def _not_equality(spec: Spec, clause: Clause) -> bool:  # noqa: ARG001
    return getattr(clause.arguments, "operator", "") != "eq"


# Refusals


def _misstatus(call: Call, site: Site) -> None:
    assert call.refusal is not None
    call.status = other_status_of(site, call.refusal.cause)


def _retitled(call: Call, site: Site) -> None:
    members = site.api.parameters("errors", site.served).members
    call.document = rewrite(thaw(call), members.get("title", []), lambda value: "Bad Request")  # noqa: ARG005


def _refusals(what: str, cause: str) -> dict[str, Fault]:
    """The ways not to refuse something as documented."""
    return {
        "ignored": Fault(f"{what} is ignored.", READ, forgiving(cause)),
        "nothing": Fault(f"{what} gives an empty list.", READ, leaving_none(cause)),
        "server_error": Fault(f"{what} makes the server fail.", Stage.RENDERING, refused(server_error, cause)),
        "not_found": Fault(f"{what} is answered as an unknown record.", Stage.RENDERING, answered_as("not_found", cause), fits=told_apart(cause, "not_found")),
        "other_status": Fault(f"{what} is refused with another status.", Stage.RENDERING, refused(_misstatus, cause)),
        "other_text": Fault(f"{what} is refused with other texts.", Stage.RENDERING, refused(_retitled, cause), fits=titled(cause)),
    }


FAULTS = {
    "equality_is_sound_and_complete": {
        "ignored": Fault("Filters are ignored.", READ, matching(all_pass, _plain)),
        "either": Fault("Of several filters, a record needs to match one only.", READ, matching(one_is_enough, _plain), fits=_by_several),
        "last_only": Fault("Of several filters, only the last one counts.", READ, matching(last_counts, _plain), fits=_by_several),
        "one_too_many": Fault("One record that does not match comes along.", READ, matching(one_too_many, _plain)),
        "one_missing": Fault("One record that matches is missing.", READ, matching(one_missing, _plain)),
        "texts_only": Fault("Numbers and booleans are compared as text, and never match.", READ, _texts_only, fits=_by_more_than_text),
        "after_the_cut": listed("Only the records of the unfiltered list's page are filtered.", _after_the_cut, fits=has_sizes),
        "all_if_none": listed("Where no record matches, all come.", _all_if_none, fits=_by_text),
    },
    "filters_combine_with_pages": {
        "after_the_cut": listed("Pages are cut from the whole list, and filtered after that.", _after_the_cut, fits=has_sizes),
        "forgotten_later": listed("Pages after the first are not filtered.", _forgotten_later),
        "overlap": listed("Pages of a filtered list overlap.", _overlapping),
        "remainder_lost": after_listing("The last page of a filtered list is empty unless it is full.", _remainder_lost, fits=_leaves_a_remainder),
    },
    "operator_is_sound_and_complete": {
        "ignored": Fault("The operator's filters are ignored.", READ, _operating(lambda asked: [])),  # noqa: ARG005
        "nothing": Fault("The operator gives no record.", READ, _operating(lambda asked: [never])),  # noqa: ARG005
        "negated": Fault("The operator means its opposite.", READ, _operating(lambda asked: [lambda record: not asked.test(record)])),
        "one_too_many": Fault("One record that does not satisfy the operator comes along.", READ, _operating(lambda asked: one_too_many([asked.test]))),
        "one_missing": Fault("One record that satisfies the operator is missing.", READ, _operating(lambda asked: one_missing([asked.test]))),
        "as_equality": Fault("The operator is taken for equality.", READ, _operating(_as_equality), fits=_not_equality),
        "bound_turned": Fault("A record with just the value comes where it must not, or the other way round.", READ, _operating(_bound_turned), fits=_ordered),
        "order_of_text": Fault("Numbers are compared as text: 9 is more than 10.", READ, _operating(_in_order_of_text), fits=_ordered),
        "wildcards": Fault("Signs in the text are read as SQL's wildcards.", READ, _operating(_with_wildcards), fits=_searched),
        "beginning_only": Fault("Only the beginning of the text is looked at.", READ, _operating(_at_the_beginning), fits=_contained),
    },
    "unsupported_filter_is_refused": {
        **_refusals("A filter that is not known", "unsupported_filter"),
        "ignored_behind_another": Fault("A filter that is not known is ignored behind another one.", READ, _ignored_where(_behind_another)),
        "operator_ignored": Fault("A filter with an operator that there isn't is ignored.", READ, _ignored_where(_with_odd_operator), fits=_has_operators),
        "as_sort": Fault(
            "A filter that is not known is told as a sort key.",
            Stage.RENDERING,
            answered_as("unsupported_sort", "unsupported_filter"),
            fits=told_apart("unsupported_filter", "unsupported_sort"),
        ),
    },
    "unsupported_value_is_refused": _refusals("A value that can't be one", "unsupported_filter_value"),
    **EXPRESSIONS,
}
