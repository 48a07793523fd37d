"""Writes the target file that `proctor init` begins with: what must be said, and every choice of the spec as a comment."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from conformance.binding import callers_of, collection_path
from conformance.payloads import Payloads
from conformance.target import Target
from specs.model import Group, Resource, Spec

__all__ = ["starter"]

_SAMPLES = {"string", "integer", "number", "boolean", "array", "object"}


def starter(spec: Spec) -> str:
    """The text of a `proctor.toml` for an API, with comments; it loads as soon as URL and the variables of `full` are there."""
    blocks = [_head(spec), _credentials(spec), *(_resource(spec, resource) for resource in spec.resources.values()), *_choices(spec), _permit(spec)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(spec: Spec) -> str:
    lines = [
        f"# Target file of Proctor for {spec.title}. Lines that begin with # are what may be added.",
        f'api = "{spec.api}"',
        'url = "https://staging.example.com"',
        f'# base_path = "{spec.base_path or "/"}"  # where the paths begin; found out if it is not said',
        "# timeout = 10  # seconds for one read",
        '# ca_file = "ca.pem"  # the CA of a private certificate',
    ]
    if spec.group_of_kind("transport") is not None:
        lines.insert(3, '# plain_url = "http://staging.example.com"  # only to see that it refuses')
    return "\n".join(lines)


def _credentials(spec: Spec) -> str:
    group = spec.group_of_kind("authentication")
    if group is None:
        return ""
    lines = ["# One caller a role; ${NAME} is an environment variable.", "[credentials]"]
    for role, meaning in callers_of(spec).items():
        values = ", ".join(f'{_key(field)} = "${{{_variable(spec.api, role, field)}}}"' for field in group.parameters.fields)
        lines.append(f"{'' if role == 'full' else '# '}{role} = {{{values}}}  # {meaning}")
    return "\n".join(lines)


def _variable(api: str, role: str, field: str) -> str:
    name = f"{api}_{role}_{field}".upper()
    return re.sub(r"^(?=\d)", "_", re.sub(r"[^A-Z0-9]+", "_", name))


def _resource(spec: Spec, resource: Resource) -> str:
    comment = "Named by the document." if resource.names == "documented" else "Representative: the document names no such resource; bind it to one of yours."
    table = f"resources.{_key(resource.name)}"
    path = collection_path(spec, resource)
    lines = [f"# {comment}", f"# [{table}]", "# absent = true  # the target has no such resource", *([f'# path = "{path}"'] if path else [])]
    if resource.names == "choice":
        lines += [f'# singular = "{resource.singular}"', f'# plural = "{resource.plural}"', f'# key = "{resource.key}"']
    if "create" in resource.operations:
        lines += [f"# [{table}.create]  # a JSON type, a schema, or {{value = …}} as it stands{_reference(resource)}"]
        lines += [f"# {line}" for line in _create(spec, resource)]
    return "\n".join(lines)


def _reference(resource: Resource) -> str:
    """How a create names the id of another record, for resources that have such a member."""
    parent = next(iter(resource.parents), None)
    return f'; {{value = "{{{parent.resource}}}"}} is the id of one of {parent.resource}' if parent is not None else ""


def _create(spec: Spec, resource: Resource) -> Iterator[str]:
    schema = Payloads(spec, Target(spec.api, "https://staging.example.com")).schema(resource)
    wanted = {*schema.get("required", ()), *resource.create}
    for name, inner in schema.get("properties", {}).items():
        if name != resource.key and (name in wanted or not wanted) and not inner.get("readOnly"):
            yield f"{_key(name)} = {_sample(resource, name, inner)}"


def _sample(resource: Resource, name: str, schema: Mapping[str, Any]) -> str:
    if name in resource.create:
        return f"{{value = {_literal(resource.create[name])}}}"
    if "enum" in schema:
        return f"{{enum = {json.dumps(schema['enum'], ensure_ascii=False)}}}"
    kind = schema.get("type", "string")
    named = kind if isinstance(kind, str) else next((one for one in kind if one != "null"), "string")
    return f'"{named if named in _SAMPLES else "string"}"'


def _choices(spec: Spec) -> Iterator[str]:
    for group in spec.groups.values():
        if group.choices:
            yield "\n".join([f"# [{_key(group.name)}]", *(line for name, text in group.choices.items() for line in _choice(group, name, text))])


def _choice(group: Group, name: str, text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, 110):
        yield f"#   {line}"
    written = msgspec.to_builtins(group.parameters) if isinstance(group.parameters, msgspec.Struct) else {}
    if name in written and written[name] is not None:
        yield f"# {_key(name)} = {_literal(written[name])}"


def _permit(spec: Spec) -> str:
    lines = ["[permit]", "write = false  # true: makes records of its own, and deletes them at the end"]
    if spec.group_of_kind("rate_limit") is not None:
        lines.append("# exhaust_rate_limit = true  # sends more than the limit allows, last of all")
    return "\n".join(lines)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _literal(value: Any) -> str:
    """The value as TOML; TOML has no null, so members that are null are left out."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(name))} = {_literal(inner)}" for name, inner in value.items() if inner is not None) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(inner) for inner in value if inner is not None) + "]"
    return json.dumps(value, ensure_ascii=False) if value is not None else '""'
