"""Narrows a list to the records that match: by equality, by operators in brackets, by an expression or by an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import orjson

from mockserver.breaking import after, before, forgiving, pick_status, refused, rewrite, server_error, status_of, thaw
from mockserver.expression import BadExpressionError, Comparison, compile_expression, like
from mockserver.pipeline import Answer, Call, Fault, Refusal, Site, Stage, Step, Wrap
from mockserver.pointer import tokens
from mockserver.schemas import Validator, properties
from mockserver.store import Test
from mockserver.values import MISFIT, coerce, types_of
from specs.conventions.filtering import Filtering

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.model import Group, Resource

__all__ = ["FAULTS", "comparison", "steps"]

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_ORDERED = {"gt": 1, "gt_eq": 1, "lt": -1, "lt_eq": -1}


class _UnusableError(ValueError):
    """A filter that can't be used, as the refusal it leads to."""

    def __init__(self, cause: str, name: str, value: Any = None) -> None:
        super().__init__(cause)
        self.refusal = Refusal(cause, {"name": name, "param": name, "value": value})


def steps(group: Group, api: Api, served: Served) -> dict[Stage, Step]:
    """Reads the filters of a list and adds them to what it wants."""
    if served.effect != "list" or served.resource is None:
        return {}
    parameters: Filtering = group.parameters
    members = _Members(api, served.resource, parameters)
    readers: dict[str, Callable[[Call], None]] = {
        "equality": _equality(members, api.taken_parameters(served) - members.names),
        "brackets": _brackets(members),
        "expression": _expression(members),
        "object": _object(members),
    }
    read = readers[parameters.style]

    def narrow(call: Call) -> Answer:
        try:
            read(call)
        except _UnusableError as error:
            return error.refusal
        return None

    return {Stage.VALIDATION: narrow}


class _Members:
    """The members of one resource that filter, with their schemas."""

    def __init__(self, api: Api, resource: Resource, parameters: Filtering) -> None:
        self.parameters = parameters
        listed = parameters.members.get(resource.name)
        names = listed if listed is not None else [resource.key, *properties(resource.schema)]
        self._schemas = {name: api.member_schema(resource, name) or {} for name in (*names, *parameters.also.get(resource.name, ()))}
        self._validators = {name: Validator(_closed(schema)) for name, schema in self._schemas.items()}
        self.names = frozenset(self._schemas)
        self.told = tokens(parameters.told_at) if parameters.told_at is not None else None

    def test(self, name: str, operator: str, value: Any) -> Test:
        """The test of one filter; `value` is text, or JSON from a body. Raises `_UnusableError`."""
        if name not in self._schemas:
            raise _UnusableError("unsupported_filter", name, value)
        if operator in ("contains", "not_contain", "similar"):
            return comparison(name, operator, value if isinstance(value, str) else str(value))
        schema = self._schemas[name]
        typed = coerce(value, schema) if isinstance(value, str) else value
        if typed is MISFIT or not (typed is None or self._validators[name].accepts(typed)):
            raise _UnusableError("unsupported_filter_value", name, value)
        if operator in _ORDERED and not isinstance(typed, str | int | float):
            raise _UnusableError("unsupported_filter_value", name, value)
        return comparison(name, operator, typed)

    def add(self, call: Call, name: str, operator: str, value: Any) -> None:
        """Adds a filter to what a call wants."""
        self.test(name, operator, value)
        call.wanted.tests.append(self.test(name, operator, value))


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What of a member's schema a filter's value must keep: type, closed set and form, but not bounds."""
    kept = {key: schema[key] for key in ("enum", "const", "format") if key in schema}
    types = types_of(schema)
    return {**kept, "type": sorted(types)} if types else kept


def comparison(name: str, operator: str, value: Any) -> Test:
    """The test that a record's member stands in a relation to a value. Null stands in no order, and contains nothing."""
    match operator:
        case "eq":
            return lambda record: _same(record.get(name), value)
        case "not_eq":
            return lambda record: not _same(record.get(name), value)
        case "contains":
            return lambda record: _contains(record.get(name), value)
        case "not_contain":
            return lambda record: not _contains(record.get(name), value)
        case "similar":
            similar = like(value)
            return lambda record: record.get(name) is not None and similar(_text(record[name]))
    sign, also_equal = _ORDERED[operator], operator.endswith("_eq")

    def ordered(record: Mapping[str, Any]) -> bool:
        own = record.get(name)
        if own is None or isinstance(own, str) != isinstance(value, str) or not isinstance(own, str | int | float):
            return False
        return (own > value if sign > 0 else own < value) or (also_equal and own == value)

    return ordered


def _same(own: Any, value: Any) -> bool:
    return bool(own == value) and isinstance(own, bool) == isinstance(value, bool)


def _contains(own: Any, value: str) -> bool:
    if isinstance(own, list):
        return any(_text(item) == value for item in own)
    return own is not None and value in _text(own)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _equality(members: _Members, taken: frozenset[str]) -> Callable[[Call], None]:
    refuses = members.parameters.unknown == "refuse"

    def read(call: Call) -> None:
        for name, text in call.query.items():
            if name in taken:
                continue
            if name in members.names:
                members.add(call, name, "eq", text)
            elif refuses:
                raise _UnusableError("unsupported_filter", name, text)

    return read


def _brackets(members: _Members) -> Callable[[Call], None]:
    parameters = members.parameters
    head, refuses = parameters.parameter, parameters.unknown == "refuse"

    def read(call: Call) -> None:
        for key, text in call.query.items():
            if key != head and not key.startswith(head + "["):
                continue
            parts = _BRACKETS.findall(key)
            if not parts or len(parts) > 2 or head + "".join(f"[{part}]" for part in parts) != key:
                raise _UnusableError("unsupported_filter", key[len(head) :].strip("[]") or head, text)
            name = parts[0]
            if name not in members.names:
                if refuses:
                    raise _UnusableError("unsupported_filter", name, text)
                continue
            operator = "eq" if len(parts) == 1 else parameters.operators.get(parts[1])
            if operator is None:
                raise _UnusableError("unsupported_filter", f"{name}[{parts[1]}]", text)
            members.add(call, name, operator, text)

    return read


def _expression(members: _Members) -> Callable[[Call], None]:
    parameters = members.parameters

    def resolve(found: Comparison) -> Test:
        operator = parameters.operators.get(found.operator)
        if operator is None:
            raise BadExpressionError(f"{found.operator!r}: expected one of {', '.join(parameters.operators)}")
        if found.bare and found.text.lower() == "null":
            return comparison(found.column, operator, None) if operator in ("eq", "not_eq") and found.column in members.names else _no_record
        if found.column not in members.names and parameters.unknown == "ignore":
            return lambda record: True  # noqa: ARG005
        return members.test(found.column, operator, found.text)

    def read(call: Call) -> None:
        text = _argument(call, parameters)
        if text is None or text == "":
            return
        if not isinstance(text, str):
            raise _UnusableError("invalid_query", parameters.parameter, text)
        try:
            call.wanted.tests.append(compile_expression(text, resolve))
        except BadExpressionError as error:
            raise _UnusableError("invalid_query", parameters.parameter, str(error)) from error

    return read


def _no_record(record: Mapping[str, Any]) -> bool:  # noqa: ARG001
    return False


def _argument(call: Call, parameters: Filtering) -> Any:
    return (call.inputs if parameters.place == "body" else call.query).get(parameters.parameter)


def _object(members: _Members) -> Callable[[Call], None]:
    parameters = members.parameters

    def read(call: Call) -> None:
        given = _argument(call, parameters)
        if isinstance(given, str):
            given = _parsed(given, parameters.parameter)
        if given is None:
            return
        if not isinstance(given, dict):
            raise _UnusableError("invalid_parameter", parameters.parameter, given)
        for name, wanted in given.items():
            for operator, value in _relations(name, wanted, parameters):
                if name in members.names or parameters.unknown == "refuse":
                    members.add(call, name, operator, value)
        if members.told is not None:
            call.extras.append((members.told, given))

    return read


def _parsed(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _UnusableError("invalid_parameter", name, text) from error


def _relations(name: str, wanted: Any, parameters: Filtering) -> Iterable[tuple[str, Any]]:
    """The operators and values that one member of the object asks for: a value, `{operator, value}`, or a list of such."""
    for part in wanted if isinstance(wanted, list) and wanted and all(isinstance(item, dict) for item in wanted) else [wanted]:
        if not isinstance(part, dict):
            yield "eq", part
            continue
        operator = parameters.operators.get(part.get("operator", "")) if isinstance(part.get("operator", ""), str) else None
        if operator is None or "value" not in part:
            raise _UnusableError("unsupported_filter_value", name, None)
        yield operator, part["value"]


def _unfiltered(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Looks at no filter."""
    return lambda call: None  # noqa: ARG005


def _one_left_out(call: Call, site: Site) -> None:  # noqa: ARG001
    """Leaves out the first of the records that match."""
    if call.wanted.tests:
        met: list[bool] = []

        def not_first(record: Mapping[str, Any]) -> bool:  # noqa: ARG001
            met.append(True)
            return len(met) > 1

        call.wanted.tests.append(not_first)


def _any_of(call: Call, site: Site) -> None:  # noqa: ARG001
    tests = list(call.wanted.tests)
    if len(tests) > 1:
        call.wanted.tests[:] = [lambda record: any(test(record) for test in tests)]


def _first_filter_only(call: Call, site: Site) -> None:  # noqa: ARG001
    del call.wanted.tests[1:]


def _unfiltered_later(call: Call, site: Site) -> None:  # noqa: ARG001
    if call.wanted.offset > 0:
        call.wanted.tests.clear()


def _filtered_after_the_cut(step: Step, site: Site) -> Step:  # noqa: ARG001
    """Cuts the pages first, and filters each."""

    def broken(call: Call) -> Answer:
        tests = list(call.wanted.tests)
        call.wanted.tests.clear()
        answer = step(call)
        call.rows = [row for row in call.rows if all(test(row.record) for test in tests)]
        return answer

    return broken


def _asking(change: Callable[[dict[str, str], Site], dict[str, str]]) -> Wrap:
    """The wrap that shows the honest step another query than the one that came."""

    def wrap(step: Step, site: Site) -> Step:
        def broken(call: Call) -> Answer:
            own = call.query
            call.query = change(own, site)
            answer = step(call)
            call.query = own
            return answer

        return broken

    return wrap


_NEAR = {"eq": "contains", "not_eq": "not_contain", "contains": "eq", "not_contain": "not_eq", "gt": "gt_eq", "gt_eq": "gt", "lt": "lt_eq", "lt_eq": "lt"}
_OPPOSITE = {"eq": "not_eq", "contains": "not_contain", "gt": "lt_eq", "gt_eq": "lt"}
_OPPOSITE.update({right: left for left, right in _OPPOSITE.items()})


def _as_operator(others: Mapping[str, str]) -> Callable[[dict[str, str], Site], dict[str, str]]:
    """Takes the clause's operator for another one."""

    def change(query: dict[str, str], site: Site) -> dict[str, str]:
        spelled = {meaning: written for written, meaning in site.parameters.operators.items()}
        own = f"[{spelled[site.arguments.operator]}]"
        other = f"[{spelled[others[site.arguments.operator]]}]"
        return {name[: -len(own)] + other if name.endswith(own) else name: text for name, text in query.items()}

    return change


def _without_operator(query: dict[str, str], site: Site) -> dict[str, str]:
    own = "".join(f"[{written}]" for written, meaning in site.parameters.operators.items() if meaning == site.arguments.operator)
    return {name: text for name, text in query.items() if not name.endswith(own)}


def _in_text(old: str, new: str) -> Callable[[dict[str, str], Site], dict[str, str]]:
    """Reads one operator of an expression as another."""

    def change(query: dict[str, str], site: Site) -> dict[str, str]:
        return {name: text.replace(old, new) if name == site.parameters.parameter else text for name, text in query.items()}

    return change


def _raw(*, plus_only: bool) -> Wrap:
    """The wrap that reads the expression without undoing its encoding, or with plus signs left as they are."""

    def wrap(step: Step, site: Site) -> Step:
        head = site.parameters.parameter + "="

        def broken(call: Call) -> Answer:
            own = call.query
            for part in call.request.query.split("&"):
                if part.startswith(head):
                    text = part[len(head) :]
                    call.query = {**own, site.parameters.parameter: (unquote(text) if plus_only else text)}
            answer = step(call)
            call.query = own
            return answer

        return broken

    return wrap


def _matches_nothing(call: Call, site: Site) -> None:
    if "~=" in call.query.get(site.parameters.parameter, ""):
        call.wanted.tests.append(_no_record)


def _restatus(status: int, *causes: str) -> Wrap:
    def change(call: Call, site: Site) -> None:
        assert call.refusal is not None
        own, passing = status_of(site, call.refusal.cause)
        call.status = pick_status((status, 404, 500), [own, *passing])

    return refused(change, *causes)


def _retitled(*causes: str) -> Wrap:
    def change(call: Call, site: Site) -> None:
        members = site.api.parameters("errors", site.served).members
        for name in ("title", "detail"):
            call.document = rewrite(thaw(call), members.get(name, []), lambda value: "Bad Request")  # noqa: ARG005

    return refused(change, *causes)


def _listed_empty(cause: str) -> Wrap:
    """The wrap that gives an empty list where it should refuse."""

    def wrap(step: Step, site: Site) -> Step:  # noqa: ARG001
        def broken(call: Call) -> Answer:
            answer = step(call)
            if isinstance(answer, Refusal) and answer.cause == cause:
                call.wanted.tests.append(_no_record)
                return None
            return answer

        return broken

    return wrap


def _failing(cause: str) -> Fault:
    return Fault("It makes the server fail.", Stage.RENDERING, refused(server_error, cause))


_READ = Stage.VALIDATION

FAULTS = {
    "equality_is_sound_and_complete": {
        "ignored": Fault("Filters are not looked at.", _READ, _unfiltered),
        "incomplete": Fault("One of the records that match is left out.", _READ, after(_one_left_out)),
        "any_of": Fault("Of several filters, one is enough.", _READ, after(_any_of)),
        "first_only": Fault("Of several filters, only the first counts.", _READ, after(_first_filter_only)),
    },
    "filters_combine_with_pages": {
        "first_page_only": Fault("Pages after the first are not filtered.", Stage.EFFECT, before(_unfiltered_later), kind="lifecycle"),
        "after_the_cut": Fault("Pages are cut before they are filtered.", Stage.EFFECT, _filtered_after_the_cut, kind="lifecycle"),
    },
    "operator_is_sound_and_complete": {
        "near": Fault("The operator is taken for the one next to it.", _READ, _asking(_as_operator(_NEAR))),
        "opposite": Fault("The operator is taken for its opposite.", _READ, _asking(_as_operator(_OPPOSITE))),
        "ignored": Fault("Filters with the operator are not looked at.", _READ, _asking(_without_operator)),
    },
    "unsupported_filter_is_refused": {
        "ignored": Fault("An unknown filter is not looked at.", _READ, forgiving("unsupported_filter")),
        "empty": Fault("An unknown filter gives an empty list.", _READ, _listed_empty("unsupported_filter")),
        "other_text": Fault("The refusal has other texts than documented.", Stage.RENDERING, _retitled("unsupported_filter")),
        "other_status": Fault("The refusal has another status.", Stage.RENDERING, _restatus(422, "unsupported_filter")),
    },
    "unsupported_value_is_refused": {
        "ignored": Fault("A value that can't be one is not looked at.", _READ, forgiving("unsupported_filter_value")),
        "other_text": Fault("The refusal has other texts than documented.", Stage.RENDERING, _retitled("unsupported_filter_value")),
        "fails": _failing("unsupported_filter_value"),
    },
    "expression_is_sound_and_complete": {
        "ignored": Fault("The expression is not looked at.", _READ, _unfiltered),
        "incomplete": Fault("One of the records that match is left out.", _READ, after(_one_left_out)),
        "and_is_or": Fault("And is taken for or.", _READ, _asking(_in_text("&&", "||"))),
        "not_is_equal": Fault("Not equal is taken for equal.", _READ, _asking(_in_text("!=", "="))),
    },
    "similar_matches_the_text": {
        "nothing": Fault("No record is similar to anything.", _READ, after(_matches_nothing)),
        "not_equal": Fault("Similar is taken for not equal.", _READ, _asking(_in_text("~=", "!="))),
        "ignored": Fault("The expression is not looked at.", _READ, _unfiltered),
    },
    "encoding_is_undone": {
        "not_undone": Fault("The expression is read as it was sent, with its encoding.", _READ, _raw(plus_only=False)),
        "plus_stays": Fault("A plus is not taken for a space.", _READ, _raw(plus_only=True)),
    },
    "invalid_expression_is_not_ignored": {
        "ignored": Fault("An expression that does not parse is not looked at.", _READ, forgiving("invalid_query")),
        "fails": _failing("invalid_query"),
    },
}
