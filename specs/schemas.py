"""Makes the schemas of a spec self-contained: references resolved, OpenAPI 3.0's dialect turned into JSON Schema 2020-12.

A reference is replaced by what it names. Only where that would not end (a schema that contains itself) or would swell (one that is
used again and again, level upon level) `{"$ref": "#/$defs/…"}` stays, and the schema carries those `$defs` with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from specs.errors import nearest
from specs.references import Files, Node, unique_name
from specs.tree import Pointer

__all__ = ["TYPES", "Schemas"]

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

MAX_INLINE = 4_000
"""Parts of a schema, all references replaced, up to which it is put in the place of its references."""
MAX_SCHEMA = 60_000

_SINGLE = frozenset({
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_SAME_PLACE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_DROPPED = frozenset({"$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "$vocabulary", "definitions"})
_ANNOTATIONS = frozenset({
    "default", "deprecated", "description", "discriminator", "example", "examples", "externalDocs", "nullable", "readOnly", "title", "writeOnly", "xml",
})  # fmt: skip
_FLAT = _ANNOTATIONS | {"type", "required", "enum", "const", "format", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern"}

_Key: TypeAlias = tuple[str, Pointer]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_type(value: Any) -> bool:
    written = value if isinstance(value, list) else [value]
    return bool(written) and all(isinstance(item, str) and item in TYPES for item in written)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}, or a list of them"),
    "required": (_is_texts, "a list of names of members"),
    "enum": (lambda value: isinstance(value, list), "a list of values"),
    "examples": (lambda value: isinstance(value, list), "a list of values"),
    "pattern": (lambda value: isinstance(value, str), "a regular expression"),
    "format": (lambda value: isinstance(value, str), "the name of a format"),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
    "nullable": (lambda value: isinstance(value, bool), "true or false"),
    "minimum": (_is_number, "a number"),
    "maximum": (_is_number, "a number"),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "exclusiveMinimum": (lambda value: isinstance(value, bool) or _is_number(value), "a number"),
    "exclusiveMaximum": (lambda value: isinstance(value, bool) or _is_number(value), "a number"),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"),
        (_is_count, "a whole number, not negative"),
    ),
    "dependentRequired": (lambda value: isinstance(value, dict) and all(_is_texts(names) for names in value.values()), "lists of names by name"),
}


@dataclass(slots=True)
class _Target:
    """A schema that references name: where it stands, what it refers to, how large it is with that put in."""

    node: Node
    uses: list[_Key]
    size: int = 0
    inline: bool = False
    expanded: Any = None
    names: set[str] = field(default_factory=set)


class Schemas:
    """The schemas of one spec.

    First `add` each place of a schema, then `settle` once, then ask for each with `expanded`. Problems go to the files' problems.
    """

    def __init__(self, files: Files, *, dialect: str) -> None:
        """Keep the schemas of these files; `dialect` is "3.0" or "3.1"."""
        self.files = files
        self.old = dialect == "3.0"
        self.unusable_patterns: list[Node] = []
        self._targets: dict[_Key, _Target] = {}
        self._same_place: dict[_Key, list[tuple[_Key, Node]]] = {}
        self._waiting: list[Node] = []
        self._names: dict[str, _Key] = {}
        self._name_of: dict[_Key, str] = {}

    def add(self, node: Node) -> None:
        """Check the schema at a place and note what it refers to."""
        self._scan(node, node.key, same_place=True)
        while self._waiting:
            waiting = self._waiting.pop()
            target = self._targets[waiting.key]
            target.uses, target.size = self._scan(waiting, waiting.key, same_place=True)

    def settle(self) -> None:
        """Decide which references are replaced; to be called once, after the last `add`."""
        self._refuse_endless()
        waiting_for = {key: {use for use in target.uses if use in self._targets} for key, target in self._targets.items()}
        users: dict[_Key, list[_Key]] = {}
        for key, uses in waiting_for.items():
            for use in uses:
                users.setdefault(use, []).append(key)
        ready = [key for key, uses in waiting_for.items() if not uses]
        while ready:
            key = ready.pop()
            self._settle_one(self._targets[key])
            for user in users.get(key, ()):
                waiting_for[user].discard(key)
                if not waiting_for[user]:
                    ready.append(user)
        for target in self._targets.values():
            if not target.inline:
                target.expanded, target.names = self._expansion(target.node, inline=target.size <= MAX_SCHEMA)

    def expanded(self, node: Node | None) -> dict[str, Any]:
        """The self-contained schema at a place; `{}` where there is none."""
        if node is None or node.value is True:
            return {}
        if node.value is False:
            return {"not": {}}
        inline = sum(self._targets[use].size for use in self._uses(node) if use in self._targets) <= MAX_SCHEMA
        made, names = self._expansion(node, inline=inline)
        made = _as_mapping(made)
        seen: set[str] = set()
        while set(made) == {"$ref"} and made["$ref"] not in seen:  # what stands at the root should be seen there, not behind a reference
            seen.add(made["$ref"])
            target = self._targets[self._names[made["$ref"].removeprefix("#/$defs/")]]
            made, names = _as_mapping(target.expanded), names | target.names
        return {**made, "$defs": self._definitions(names)} if names else dict(made)

    def _definitions(self, names: set[str]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        waiting = sorted(names)
        while waiting:
            name = waiting.pop()
            if name not in made:
                target = self._targets[self._names[name]]
                made[name] = target.expanded
                waiting.extend(sorted(target.names))
        return made

    def _settle_one(self, target: _Target) -> None:
        inner = [self._targets[use] for use in target.uses if use in self._targets]
        target.size += sum(use.size if use.inline else 1 for use in inner)
        if target.size <= MAX_INLINE:
            target.expanded, target.names = self._expansion(target.node, inline=True)
            target.inline = True

    def _uses(self, node: Node) -> list[_Key]:
        return [target.key for ref, _ in _references(node) if (target := self.files.target(ref, schema=True)) is not None]

    # First pass: what is written, and what it refers to.

    def _scan(self, node: Node, owner: _Key, *, same_place: bool) -> tuple[list[_Key], int]:
        value = node.value
        if isinstance(value, bool):
            return [], 1
        if not isinstance(value, dict):
            self._problem(node, f"a schema is {_called(value)}", "a mapping", "")
            return [], 1
        uses: list[_Key] = []
        if "$ref" in value:
            uses.extend(self._scan_reference(node, owner, same_place))
        size = 1 + len(value)
        for name in value:
            self._check_keyword(node, name)
            for inner in _inner(node, name):
                more, added = self._scan(inner, owner, same_place=same_place and name in _SAME_PLACE)
                uses, size = uses + more if more else uses, size + added
        return uses, size

    def _scan_reference(self, node: Node, owner: _Key, same_place: bool) -> list[_Key]:
        target = self.files.target(node, schema=True)
        if target is None:
            return []
        if same_place:
            self._same_place.setdefault(owner, []).append((target.key, node))
        if target.key not in self._targets:
            self._targets[target.key] = _Target(target, [])
            self._waiting.append(target)
        return [target.key]

    def _check_keyword(self, node: Node, name: str) -> None:
        value = node.value[name]
        if name in _CHECKS:
            holds, expected = _CHECKS[name]
            if not holds(value):
                near = nearest(value, TYPES) if name == "type" and isinstance(value, str) else ""
                self._problem(node.child(name), f"{name} is {_called(value)}", expected, near)
            elif name == "pattern" and not _compiles(value):
                self.unusable_patterns.append(node.child(name))
        elif name in ("$dynamicRef", "$recursiveRef"):
            self._problem(node.child(name), f"{name} is not supported", "$ref", "use $ref")
        elif (name in _LISTS and not (isinstance(value, list) and value)) or (name in _MAPS and not isinstance(value, dict)):
            self._problem(node.child(name), f"{name} is {_called(value)}", "schemas by name" if name in _MAPS else "a list of schemas", "")

    def _problem(self, node: Node, message: str, expected: str, hint: str) -> None:
        self.files.problems.append(node.problem(message, expected, hint))

    def _refuse_endless(self) -> None:
        """Refuse schemas that contain themselves without going a step deeper into the value: no validator comes to an end with them."""
        done: set[_Key] = set()
        for start in self._same_place:
            path: list[tuple[_Key, Iterator[tuple[_Key, Node]]]] = []
            if start not in done:
                path.append((start, iter(self._same_place[start])))
            on_path = {start}
            while path:
                key, rest = path[-1]
                following = next(rest, None)
                if following is None:
                    path.pop()
                    on_path.discard(key)
                    done.add(key)
                elif following[0] in on_path:
                    self._problem(following[1], f"the reference {following[1].value['$ref']!r} leads back to itself", "a schema that ends", "")
                elif following[0] not in done:
                    on_path.add(following[0])
                    path.append((following[0], iter(self._same_place.get(following[0], ()))))

    # Second pass: what it becomes.

    def _expansion(self, node: Node, *, inline: bool) -> tuple[Any, set[str]]:
        names: set[str] = set()
        return self._made(node, inline, names), names

    def _made(self, node: Node, inline: bool, names: set[str]) -> Any:
        value = node.value
        if not isinstance(value, dict):
            return value if isinstance(value, bool) else {}
        if "$ref" in value:
            return self._made_reference(node, inline, names)
        made: dict[str, Any] = {}
        for name, written in value.items():
            if name in _DROPPED or (name == "pattern" and not _compiles(written)):
                continue
            if name in _SINGLE and isinstance(written, dict):
                made[name] = self._made(node.child(name), inline, names)
            elif name in _LISTS:
                made[name] = [self._made(inner, inline, names) for inner in node.child(name).elements()]
            elif name in _MAPS:
                made[name] = {key: _as_mapping(self._made(inner, inline, names)) for key, inner in node.child(name).members()}
            else:
                made[name] = written
        return self._modern(made)

    def _made_reference(self, node: Node, inline: bool, names: set[str]) -> Any:
        target = self.files.target(node, schema=True)
        found = self._targets.get(target.key) if target is not None else None
        if found is None:
            return {}
        if inline and found.inline:
            made = found.expanded
            names |= found.names
        else:
            name = self._defined(found.node)
            names.add(name)
            made = {"$ref": f"#/$defs/{name}"}
        beside = {key: written for key, written in node.value.items() if key != "$ref" and (not self.old or key in _ANNOTATIONS)}
        if not beside:
            return made
        rest = self._made(Node(node.tree, node.pointer, beside), inline, names)
        return self._merged(made, rest)

    def _merged(self, made: Any, beside: dict[str, Any]) -> Any:
        if not isinstance(made, dict):
            return {**beside, "allOf": [*beside.get("allOf", []), made]}
        if "anyOf" in beside and set(beside) >= {"anyOf"} and beside["anyOf"] == _NULL_TOO:
            rest = {name: value for name, value in beside.items() if name != "anyOf"}
            return {**rest, "anyOf": [made, {"type": "null"}]}
        same = set(made) & set(beside) - _ANNOTATIONS
        if set(beside) <= _FLAT and same <= {"required"}:
            required = list(dict.fromkeys([*made.get("required", []), *beside.get("required", [])]))
            return {**made, **beside, **({"required": required} if required else {})}
        return {**beside, "allOf": [*beside.get("allOf", []), made]}

    def _defined(self, node: Node) -> str:
        if node.key not in self._name_of:
            name = unique_name(node, set(self._names))
            self._name_of[node.key], self._names[name] = name, node.key
        return self._name_of[node.key]

    def _modern(self, made: dict[str, Any]) -> dict[str, Any]:
        """The schema without what OpenAPI 3.0 has of its own, and `example` among `examples`."""
        if "example" in made:
            example = made.pop("example")
            made.setdefault("examples", [example])
        for limit, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if isinstance(made.get(strict), bool) and made.pop(strict) and limit in made:
                made[strict] = made.pop(limit)
        return _with_null(made) if made.pop("nullable", False) is True else made


_NULL_TOO = [{}, {"type": "null"}]
"""What `nullable` beside a reference becomes, until the reference's schema takes the place of `{}`."""


def _with_null(made: dict[str, Any]) -> dict[str, Any]:
    if "type" in made:
        written = made["type"] if isinstance(made["type"], list) else [made["type"]]
        made["type"] = written if "null" in written else [*written, "null"]
        if "enum" in made and None not in made["enum"]:
            made["enum"] = [*made["enum"], None]
        return made
    beside = {name: value for name, value in made.items() if name in _ANNOTATIONS}
    rest = {name: value for name, value in made.items() if name not in _ANNOTATIONS}
    return {**beside, "anyOf": [rest, {"type": "null"}]}


def _inner(node: Node, name: str) -> Iterator[Node]:
    """The schemas directly under one keyword."""
    if name in _SINGLE:
        yield node.child(name)
    elif name in _LISTS:
        yield from node.child(name).elements()
    elif name in _MAPS:
        yield from (inner for _, inner in node.child(name).members())


def _references(node: Node) -> Iterator[tuple[Node, str]]:
    if isinstance(node.value, dict):
        if "$ref" in node.value:
            yield node, "$ref"
        for name in node.value:
            for inner in _inner(node, name):
                yield from _references(inner)


def _as_mapping(schema: Any) -> Any:
    # A member's schema may be true or false; a mapping says the same and can be asked for its keywords.
    return {True: {}, False: {"not": {}}}[schema] if isinstance(schema, bool) else schema


def _called(value: Any) -> str:
    if isinstance(value, dict | list):
        return ("an empty " if not value else "a ") + ("mapping" if isinstance(value, dict) else "list")
    return "empty" if value is None else repr(value)[:80]


def _compiles(pattern: Any) -> bool:
    try:
        re.compile(pattern)
    except (re.error, TypeError, OverflowError, RecursionError):
        return False
    return True
