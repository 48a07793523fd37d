"""Makes values that a JSON Schema allows: the same for the same seed, different for different ones."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from specs.patterns import matching

__all__ = ["sample"]

MAX_DEPTH = 6
"""Levels after which what is optional is left out, so that a schema that contains itself comes to an end."""

_VERIFIED = frozenset({"contains", "dependentSchemas", "if", "not", "oneOf", "patternProperties", "propertyNames", "unevaluatedProperties"})
_OF_TYPE = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def sample(schema: Mapping[str, Any] | bool, seed: int = 0, *, prefer_examples: bool = False) -> Any:
    """A value that a JSON Schema (2020-12, self-contained) allows.

    The same schema and seed give the same value; other seeds give other strings, numbers and ids, as far as the schema has room.
    Optional members are there, too. `prefer_examples` takes the schema's examples and defaults where it has some. Where keywords
    exclude each other no value is right: then the nearest is given.
    """
    root = schema if isinstance(schema, Mapping) else {}
    return _Sampler(root, seed, prefer_examples).value(root, _Spot("value", seed, 0))


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value is needed: the name it goes by, the seed there, and how deep."""

    name: str
    seed: int
    depth: int

    def member(self, name: str) -> _Spot:
        """The spot of a member."""
        return _Spot(name, self.seed, self.depth + 1)

    def element(self, index: int) -> _Spot:
        """The spot of an element; far from those of other seeds."""
        return _Spot(self.name, self.seed + index * 1_000_003 if index else self.seed, self.depth + 1)


class _Sampler:
    def __init__(self, root: Mapping[str, Any], seed: int, prefer_examples: bool) -> None:
        self.root, self.seed, self.prefer_examples = root, seed, prefer_examples

    def value(self, schema: Any, spot: _Spot) -> Any:
        """A value for a schema at a spot."""
        if not isinstance(schema, Mapping):
            return _text({}, spot)
        if "const" in schema:
            return schema["const"]
        flat = self._flat(schema, spot.depth)
        if "const" in flat:
            return flat["const"]
        if self.prefer_examples and (found := _given(flat)):
            return found[spot.seed % len(found)]
        if not _VERIFIED & schema.keys():
            return self._plain(flat, spot)
        return self._first_right(schema, spot)

    def _first_right(self, schema: Mapping[str, Any], spot: _Spot) -> Any:
        """The first candidate that the schema allows; only for keywords that can't be followed by construction."""
        import jsonschema_rs

        whole = {**schema, "$defs": self.root["$defs"]} if "$defs" in self.root else dict(schema)
        first: Any = None
        for number, candidate in enumerate(self._candidates(schema, spot)):
            first = candidate if number == 0 else first
            try:
                if jsonschema_rs.is_valid(whole, candidate):
                    return candidate
            except ValueError:
                return candidate
        return first

    def _candidates(self, schema: Mapping[str, Any], spot: _Spot) -> Iterator[Any]:
        branches = list(schema.get("oneOf") or [{}])
        rest = {name: value for name, value in schema.items() if name != "oneOf"}
        flats = [self._flat({**rest, "allOf": [*rest.get("allOf", []), branch]}, spot.depth) for branch in branches]
        for nudge in range(4 if spot.depth < 3 else 1):  # deeper down, trying everything would take too long
            for flat in flats:
                for variant in (flat, self._then(flat, "then"), self._then(flat, "else")) if "if" in flat else (flat,):
                    yield self._plain(variant, _Spot(spot.name, spot.seed + nudge * 7919, spot.depth))
        for flat in flats:
            yield self._plain(flat, _Spot(spot.name, spot.seed, MAX_DEPTH))  # only what is required: optional members may fit another branch

    def _then(self, flat: Mapping[str, Any], branch: str) -> Mapping[str, Any]:
        added = [flat.get("if", {}), flat.get("then", {})] if branch == "then" else [flat.get("else", {})]
        return self._flat({**{name: value for name, value in flat.items() if name not in ("if", "then", "else")}, "allOf": added}, 0)

    # One schema out of several that hold together.

    def _flat(self, schema: Mapping[str, Any], depth: int, seen: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The schema with references, `allOf` and the first fitting `anyOf` or `oneOf` merged into it."""
        made = {name: value for name, value in schema.items() if name not in ("$ref", "allOf", "anyOf", "oneOf", "$defs")}
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/$defs/") and ref not in seen:
            target = self.root.get("$defs", {}).get(ref.removeprefix("#/$defs/"), {})
            made = _merged(made, self._flat(target, depth, seen | {ref}) if isinstance(target, Mapping) else {})
        for part in schema.get("allOf") or ():
            made = _merged(made, self._flat(part, depth, seen) if isinstance(part, Mapping) else {})
        for name in ("anyOf", "oneOf"):
            options = [option for option in schema.get(name) or () if isinstance(option, Mapping)]
            if options:
                made = _merged(made, self._flat(_option(options, deep=depth >= MAX_DEPTH), depth, seen))
        return made

    def _plain(self, schema: Mapping[str, Any], spot: _Spot) -> Any:
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            values = [value for value in schema["enum"] if value is not None] or schema["enum"]
            return values[(spot.seed // 1_000_003 + spot.seed) % len(values)]
        match _type(schema, spot):
            case "object":
                return self._object(schema, spot)
            case "array":
                return self._array(schema, spot)
            case "string":
                return _text(schema, spot)
            case "integer":
                return _integer(schema, spot.seed)
            case "number":
                return _number(schema, spot.seed)
            case "boolean":
                return spot.seed % 2 == 0
            case _:
                return None

    def _object(self, schema: Mapping[str, Any], spot: _Spot) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        required = list(dict.fromkeys(schema.get("required") or ()))
        optional = [name for name, inner in properties.items() if name not in required and inner != {"not": {}} and inner is not False]
        if spot.depth >= MAX_DEPTH:
            optional = []
        room = max(int(schema.get("maxProperties", len(required) + len(optional))) - len(required), 0)
        wanted = {*required, *optional[:room]}
        names = [name for name in properties if name in wanted] + [name for name in required if name not in properties]
        other = schema.get("additionalProperties")
        made = {name: self.value(properties.get(name, other if isinstance(other, Mapping) else {}), spot.member(name)) for name in names}
        extra = 1
        while len(made) < int(schema.get("minProperties", 0)) and other is not False:
            made.setdefault(f"key_{extra}", self.value(other if isinstance(other, Mapping) else {}, spot.member(f"key_{extra}")))
            extra += 1
        return made

    def _array(self, schema: Mapping[str, Any], spot: _Spot) -> list[Any]:
        first = schema.get("prefixItems") or []
        items = schema.get("items", {})
        least = int(schema.get("minItems", 0))
        wanted = max(least, len(first) or (0 if items is False or spot.depth >= MAX_DEPTH else 1))
        wanted = min(wanted, int(schema.get("maxItems", wanted)))
        made = [self.value(first[index] if index < len(first) else items, spot.element(index)) for index in range(min(wanted, 1000))]
        if "contains" in schema and not first:
            made[: max(int(schema.get("minContains", 1)), 1)] = [
                self.value(schema["contains"], spot.element(index)) for index in range(max(int(schema.get("minContains", 1)), 1))
            ]
        return made


def _given(schema: Mapping[str, Any]) -> list[Any]:
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        return list(schema["examples"])
    return [schema[name] for name in ("example", "default") if name in schema][:1]


def _option(options: list[Mapping[str, Any]], *, deep: bool) -> Mapping[str, Any]:
    """The option to take: the first that is not null alone, and the other way round where it is deep enough."""
    nulls = [option for option in options if option.get("type") == "null"]
    others = [option for option in options if option.get("type") != "null"]
    return (nulls or others)[0] if deep else (others or nulls)[0]


def _type(schema: Mapping[str, Any], spot: _Spot) -> str:
    written = schema.get("type")
    if isinstance(written, str):
        return written
    if isinstance(written, list) and written:
        if spot.depth >= MAX_DEPTH and "null" in written:
            return "null"
        return next((name for name in written if name != "null"), "null")
    return next((name for name, keywords in _OF_TYPE.items() if any(keyword in schema for keyword in keywords)), "string")


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """A schema that holds where both do, as far as that can be written down."""
    made = dict(one)
    for name, value in other.items():
        if name not in made or made[name] == value:
            made[name] = value
        elif name == "properties":
            made[name] = {**made[name], **{key: {"allOf": [made[name][key], inner]} if key in made[name] else inner for key, inner in value.items()}}
        elif name == "required":
            made[name] = list(dict.fromkeys([*made[name], *value]))
        elif name in ("minimum", "minLength", "minItems", "minProperties", "exclusiveMinimum"):
            made[name] = max(made[name], value)
        elif name in ("maximum", "maxLength", "maxItems", "maxProperties", "exclusiveMaximum"):
            made[name] = min(made[name], value)
        elif name == "enum":
            made[name] = [item for item in made[name] if item in value] or value
        elif name == "type":
            made[name] = _both_types(made[name], value)
        elif name in ("items", "additionalProperties"):
            made[name] = False if False in (made[name], value) else {"allOf": [made[name], value]}
    return made


def _both_types(one: Any, other: Any) -> Any:
    first, second = ([one] if isinstance(one, str) else one), ([other] if isinstance(other, str) else other)
    both = [name for name in first if name in second or (name == "integer" and "number" in second)]
    both += [name for name in second if name == "integer" and "number" in first and name not in both]
    return both or one


# Strings.


def _digest(spot: _Spot) -> bytes:
    from hashlib import blake2b  # here, since few specs need a sample

    return blake2b(f"{spot.name}/{spot.seed}".encode(), digest_size=16).digest()


def _base36(number: int) -> str:
    digits = ""
    number = abs(number) * 2 + (number < 0) if number < 0 else number
    while number or not digits:
        number, last = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[last] + digits
    return digits


def _text(schema: Mapping[str, Any], spot: _Spot) -> str:
    least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
    if isinstance(schema.get("pattern"), str):
        found = matching(schema["pattern"], spot.seed, least=least, most=None if most is None else int(most))
        if found is not None:
            return found
    made = _of_format(str(schema.get("format", "")), spot)
    if made is None:
        made = f"{spot.name}-{_base36(spot.seed)}"
        if most is not None and len(made) > int(most):
            made = _base36(spot.seed)[-int(most) :] if most else ""
    return made if len(made) >= least else made + "x" * (least - len(made))


def _of_format(name: str, spot: _Spot) -> str | None:
    word = f"{''.join(letter for letter in spot.name if letter.isascii() and letter.isalnum()) or 'value'}-{_base36(spot.seed)}".lower()
    moment = _EPOCH + timedelta(seconds=spot.seed * 3_601 % 1_000_000_000)
    number = int.from_bytes(_digest(spot)[:4], "big")
    match name:
        case "uuid":
            return str(uuid.UUID(bytes=_digest(spot), version=4))
        case "date":
            return (_EPOCH + timedelta(days=spot.seed % 20_000)).strftime("%Y-%m-%d")
        case "date-time":
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "time":
            return moment.strftime("%H:%M:%SZ")
        case "duration":
            return f"PT{spot.seed % 100_000}S"
        case "email" | "idn-email":
            return f"{word}@example.com"
        case "hostname" | "idn-hostname":
            return f"{word}.example.com"
        case "ipv4":
            return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        case "ipv6":
            return f"2001:db8::{number >> 16:x}:{number & 65535:x}"
        case "uri" | "url" | "iri":
            return f"https://example.com/{word}"
        case "uri-reference" | "iri-reference" | "json-pointer" | "uri-template":
            return f"/{word}"
        case "byte":
            return "c2FtcGxl" + _digest(spot).hex()[:8]
        case "regex":
            return f"^{word}$"
        case _:
            return None


# Numbers.


def _bounds(schema: Mapping[str, Any]) -> tuple[float | None, float | None]:
    lows = [schema[name] for name in ("minimum", "exclusiveMinimum") if _is_number(schema.get(name))]
    highs = [schema[name] for name in ("maximum", "exclusiveMaximum") if _is_number(schema.get(name))]
    if schema.get("format") == "int32":
        lows, highs = [*lows, -(2**31)] if highs else lows, [*highs, 2**31 - 1]
    return max(lows, default=None), min(highs, default=None)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _integer(schema: Mapping[str, Any], seed: int) -> int:
    low, high = _bounds(schema)
    least = None if low is None else math.floor(low) + 1 if low == schema.get("exclusiveMinimum") else math.ceil(low)
    most = None if high is None else math.ceil(high) - 1 if high == schema.get("exclusiveMaximum") else math.floor(high)
    step = schema.get("multipleOf", 1)
    step = int(step) if step == int(step) and step >= 1 else 1
    if least is None:
        least = 1 if most is None or most >= 1 else most - 10_000 * step
    first = -(-least // step) * step
    if most is None:
        return first + step * seed
    room = (most - first) // step + 1
    return first + step * (seed % room) if room > 0 else first


def _number(schema: Mapping[str, Any], seed: int) -> int | float:
    low, high = _bounds(schema)
    step = schema.get("multipleOf")
    if step:
        return _multiple(step, low, high, schema, seed)
    if low is None and high is None:
        return 1.5 + seed
    if high is None or low is None:
        return low + 1.5 + seed if low is not None else (high or 0) - 1.5 - seed
    part = (seed * 0.618_033_988_75 + 0.5) % 1
    value = low + (high - low) * (0.01 + 0.98 * part)
    rounded = round(value, 4)
    return rounded if low < rounded < high or (low == high) else value


def _multiple(step: float, low: float | None, high: float | None, schema: Mapping[str, Any], seed: int) -> int | float:
    number = 1 if low is None else math.ceil(low / step)
    if low is not None and number * step == schema.get("exclusiveMinimum"):
        number += 1
    if high is not None:
        if low is None and number * step > high:
            number = math.floor(high / step) - 10_000
        room = math.floor(high / step) - number + 1 - (math.floor(high / step) * step == schema.get("exclusiveMaximum"))
        return _tidy((number + seed % room if room > 0 else number) * step)
    return _tidy((number + seed) * step)


def _tidy(value: float) -> int | float:
    rounded = round(value, 10)
    return int(rounded) if rounded == int(rounded) else rounded
