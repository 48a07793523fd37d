"""Narrows a list to the records that match: by equality, by operators in brackets, by an expression or by an object."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from mockserver.expression import BadExpressionError, Comparison, compile_expression, like
from mockserver.misbehaviours.filtering import FAULTS
from mockserver.pipeline import Answer, Call, Refusal, Stage, Step
from mockserver.pointer import tokens
from mockserver.schemas import Validator, properties
from mockserver.store import Equal, Test
from mockserver.values import MISFIT, coerce, types_of
from specs.conventions.filtering import Filtering
from specs.conventions.lifecycle import Lifecycle

if TYPE_CHECKING:
    from mockserver.api import Api, Served
    from specs.conventions.filtering import NamedFilter
    from specs.model import Group, Parent, Resource

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
    members = _Members(api, served.resource, parameters, api.parameters("lifecycle", served))
    readers: dict[str, Callable[[Call], None]] = {
        "equality": _equality(members, api.taken_parameters(served) - members.names - set(members.named)),
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
    """The members of one resource that filter, with their schemas: of those that are kept as text, as text."""

    def __init__(self, api: Api, resource: Resource, parameters: Filtering, lifecycle: Lifecycle) -> None:
        self.parameters = parameters
        texts = lifecycle.as_text.get(resource.name, ())
        self._lower_case = {*texts, *lifecycle.lower_case.get(resource.name, ())}
        listed = parameters.members.get(resource.name)
        names = listed if listed is not None else [resource.key, *properties(resource.schema)]
        schemas = {name: api.member_schema(resource, name) or {} for name in (*names, *parameters.also.get(resource.name, ()))}
        self._schemas = {name: {**schema, "type": "string"} if name in texts else schema for name, schema in schemas.items()}
        self._validators = {name: Validator(_closed(schema)) for name, schema in self._schemas.items()}
        self.names = frozenset(self._schemas)
        self.named = {name: self._made(api, resource, name, named) for name, named in parameters.named.get(resource.name, {}).items()}
        self.told = tokens(parameters.told_at) if parameters.told_at is not None else None

    def test(self, name: str, operator: str, value: Any) -> Test:
        """The test of one filter; `value` is text, or JSON from a body. Raises `_UnusableError`."""
        if name not in self._schemas:
            raise _UnusableError("unsupported_filter", name, value)
        if operator in ("contains", "not_contain", "similar"):
            try:
                return comparison(name, operator, value if isinstance(value, str) else str(value))
            except BadExpressionError as error:
                raise _UnusableError("unsupported_filter_value", name, value) from error
        schema = self._schemas[name]
        return comparison(name, operator, _typed(name, operator, value, schema, self._validators[name]))

    @staticmethod
    def _made(api: Api, resource: Resource, name: str, named: NamedFilter) -> Callable[[Call, str], Test]:
        """What makes the test of a filter with a name of its own."""
        parent = next((parent for parent in resource.parents if parent.member == named.through), None)
        schema = api.member_schema(resource if parent is None else api.spec.resources[parent.resource], named.member) or {}
        validator = Validator(_closed(schema))

        def made(call: Call, text: str) -> Test:
            own = comparison(named.member, named.operator, _typed(name, named.operator, text, schema, validator))
            return own if parent is None else _of_parent(call, api, parent, own)

        return made

    def compared(self, name: str, operator: str, text: str) -> Test:
        """The test of a comparison as SQL makes it: text with any text, a number with any number. Raises `_UnusableError`."""
        types = types_of(self._schemas[name])
        if "string" in types or not types or operator in ("contains", "not_contain"):
            return comparison(name, operator, text.lower() if name in self._lower_case else text)
        value = coerce(text, {"type": sorted(types - {"null"} | ({"number"} if "integer" in types else set()))})
        if value is MISFIT:
            raise _UnusableError("unsupported_filter_value", name, text)
        return comparison(name, operator, value)

    def add(self, call: Call, name: str, operator: str, value: Any) -> None:
        """Adds a filter to what a call wants."""
        call.wanted.tests.append(self.test(name, operator, value))


def _typed(name: str, operator: str, value: Any, schema: Mapping[str, Any], validator: Validator) -> Any:
    """A filter's value, of the type that its member has. Raises `_UnusableError`."""
    typed = coerce(value, schema) if isinstance(value, str) else value
    if typed is MISFIT or not (typed is None or validator.accepts(typed)):
        raise _UnusableError("unsupported_filter_value", name, value)
    if operator in _ORDERED and not isinstance(typed, str | int | float):
        raise _UnusableError("unsupported_filter_value", name, value)
    return typed


def _of_parent(call: Call, api: Api, parent: Parent, own: Test) -> Test:
    """The test that the record which a member names passes another test."""

    def passes(record: Mapping[str, Any]) -> bool:
        row = api.row_of(call, parent.resource, record.get(parent.member))
        return row is not None and own(row.record)

    return passes


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What of a member's schema a filter's value must keep: type, closed set and form, but not bounds."""
    kept = {key: schema[key] for key in ("enum", "const", "format") if key in schema}
    types = types_of(schema)
    return {**kept, "type": sorted(types)} if types else kept


def comparison(name: str, operator: str, value: Any) -> Test:
    """The test that a record's member stands in a relation to a value. Null stands in no order, and contains nothing."""
    match operator:
        case "eq":
            return Equal(name, value)
        case "not_eq":
            equal = Equal(name, value)
            return lambda record: not equal(record)
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
            elif name in members.named:
                call.wanted.tests.append(members.named[name](call, text))
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
                raise _UnusableError("unsupported_filter", _spelled(key[len(head) :]) or head, text)
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


def _spelled(brackets: str) -> str:
    """What stands in the first brackets of a key, with the brackets after them: `name[eq][x]`."""
    name, _, rest = brackets.removeprefix("[").partition("]")
    return name + rest


def _expression(members: _Members) -> Callable[[Call], None]:
    parameters = members.parameters

    def resolve(found: Comparison) -> Test:
        operator = parameters.operators.get(found.operator)
        if operator is None:
            raise BadExpressionError(f"{found.operator!r}: expected one of {', '.join(parameters.operators)}")
        if found.column not in members.names:
            if parameters.unknown == "ignore":
                return lambda record: True  # noqa: ARG005
            raise _UnusableError("unsupported_filter", found.column, found.text)
        if found.bare and found.text.lower() == "null":
            return comparison(found.column, operator, None) if operator in ("eq", "not_eq") else _no_record
        if operator == "similar":
            return comparison(found.column, operator, found.written)
        return members.compared(found.column, operator, found.text)

    def read(call: Call) -> None:
        text = _argument(call, parameters)
        if text is None or text == "":
            return
        if not isinstance(text, str):
            raise _UnusableError("invalid_query", parameters.parameter, text)
        try:
            call.wanted.tests.append(compile_expression(text, resolve, parameters.operators))
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
        told: dict[str, Any] = {}
        for name, wanted in given.items():
            relations = list(_relations(name, wanted, parameters))
            if name not in members.names and parameters.unknown == "ignore":
                continue
            for spelled, value in relations:
                members.add(call, name, parameters.operators.get(spelled, "eq"), value)
            said = [{"operator": spelled, "value": value} for spelled, value in relations]
            told[name] = said if isinstance(wanted, list) and len(said) > 1 else said[0]
        if members.told is not None:
            call.extras.append((members.told, told))

    return read


def _parsed(text: str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _UnusableError("invalid_parameter", name, text) from error


def _relations(name: str, wanted: Any, parameters: Filtering) -> Iterable[tuple[str, Any]]:
    """What one member of the object asks for, as operators in the API's spelling, and values.

    It asks with a value, with `{operator, value}`, or with a list of such; where no operator is named, for equality.
    """
    equal = next((spelled for spelled, operator in parameters.operators.items() if operator == "eq"), "eq")
    for part in wanted if isinstance(wanted, list) and wanted and all(isinstance(item, dict) for item in wanted) else [wanted]:
        if not isinstance(part, dict):
            yield equal, part
            continue
        operator = part.get("operator", equal)
        if not isinstance(operator, str) or (operator not in parameters.operators and operator != equal) or "value" not in part:
            raise _UnusableError("unsupported_filter_value", name, None)
        yield operator, part["value"]
